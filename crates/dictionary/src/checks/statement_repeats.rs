//! Statements that a later row would take back.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::DatasetRole;

const CODE: &str = "LW1181";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a log of statements in which later rows take the place of earlier",
        what: "A consent log or suppression list says that the last or the latest of several rows with one key survives.",
        why: "A withdrawal is not undone by another row with its key: somebody who consents again says so in a statement of its own. A mistake in the export would otherwise make people reachable who have withdrawn.",
        mend: "Remove `survivor` and `corrections` from the dataset; have corrections arrive as statements of their own.",
        example: Example::Edit {
            path: "schemas/channels/consents.yaml",
            good: "role: consent_log\n",
            bad: "role: consent_log\nkey: [id_token, purpose, action, at]\nsurvivor: last\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    let bears = |d: &&crate::model::Dataset| d.role != DatasetRole::Data && d.repeats.compete();
    for dataset in context.project.datasets.iter().filter(bears) {
        if context.is_broken(&dataset.span, &["role"]) {
            continue;
        }
        let at = dataset.repeats.survivor_span.as_ref().unwrap_or(&dataset.name.span);
        let message = format!("statements of `{}` cannot be taken back by a later row", dataset.name.value);
        problems.push(Problem::error(CODE, at.clone(), message).hint("remove `survivor`: the first row stays"));
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn statements_stay() {
        let with = |lines: &str| {
            let lines = format!("role: consent_log\nkey: [id_token, purpose, action, at]\n{lines}");
            after("schemas/channels/consents.yaml", "role: consent_log\n", &lines)
        };
        for survivor in ["last", "{ latest: at }"] {
            let found = with(&format!("survivor: {survivor}\n"));
            assert!(found.len() == 1 && found[0].contains("LW1181"), "{found:?}");
        }
        assert!(with("survivor: first\n").is_empty());
    }
}
