//! A former name that no log had.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::DatasetRole;

const CODE: &str = "LW1209";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "`renamed_from` is not the former name of a log",
        what: "A dataset declares `renamed_from` and is neither a consent log nor a suppression list; or the name belongs to a dataset of the project.",
        why: "What the lake has under that name counts as statements of this log. Only a log makes statements, and a name that is in use has not been given up.",
        mend: "Remove `renamed_from`, or write the name that this log had before.",
        example: Example::Edit {
            path: "schemas/channels/consents.yaml",
            good: "role: consent_log\n",
            bad: "role: consent_log\nrenamed_from: members\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in &context.project.datasets {
        let Some(former) = &dataset.renamed_from else { continue };
        let is_log = match dataset.role {
            DatasetRole::Data => context.is_broken(&dataset.span, &["role"]),
            DatasetRole::ConsentLog | DatasetRole::SuppressionList => true,
        };
        let (message, hint) = if !is_log {
            let message = format!("`{}` is neither a consent log nor a suppression list", dataset.name.value);
            (message, "remove `renamed_from`, or declare the `role`")
        } else if context.project.dataset(&former.value).is_some() {
            (format!("`{}` is the name of a dataset", former.value), "write the name that this log had before")
        } else {
            continue;
        };
        problems.push(Problem::error(CODE, former.span.clone(), message).hint(hint));
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn only_logs_have_former_names() {
        let consents = |name: &str| {
            let lines = format!("role: consent_log\nrenamed_from: {name}\n");
            after("schemas/channels/consents.yaml", "role: consent_log\n", &lines)
        };
        assert!(consents("consent_log").is_empty());
        for name in ["members", "consents"] {
            let found = consents(name);
            assert!(
                found.len() == 1 && found[0].contains("LW1209") && found[0].contains("name of a dataset"),
                "{found:?}"
            );
        }
        let found =
            after("schemas/channels/stores.yaml", "key: store_code\n", "key: store_code\nrenamed_from: shops\n");
        assert!(found.len() == 1 && found[0].contains("LW1209 `stores` is neither"), "{found:?}");
    }
}
