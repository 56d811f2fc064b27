//! Corrections of a row that nothing may change.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::Corrections;

const CODE: &str = "LW1180";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "corrections of rows of which the first survives",
        what: "A dataset says `corrections: replace` or `corrections: keep_history`, and the first of several rows with one key survives.",
        why: "The two contradict each other: what is kept would depend on whether two files come in one run or in two.",
        mend: "Say which row survives: `survivor: last` or `survivor: { latest: COLUMN }`; or remove `corrections`.",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "key: [member_no]\n",
            bad: "key: [member_no]\ncorrections: replace\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in context.project.datasets.iter().filter(|d| !d.repeats.compete() && !d.key.is_empty()) {
        let Some(said) = dataset.repeats.corrections.as_ref().filter(|c| c.value != Corrections::Ignore) else {
            continue;
        };
        if context.is_broken(&dataset.span, &["survivor", "key"]) {
            continue;
        }
        problems.push(
            Problem::error(CODE, said.span.clone(), "the first row survives, and a correction is never the first")
                .hint("add `survivor: last`, or `survivor: { latest: COLUMN }`"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn what_comes_later_must_be_able_to_survive() {
        let with = |lines: &str| {
            let lines = format!("key: [member_no]\n{lines}");
            after("schemas/channels/members.yaml", "key: [member_no]\n", &lines)
        };
        for word in ["replace", "keep_history"] {
            let found = with(&format!("corrections: {word}\n"));
            assert!(found.len() == 1 && found[0].contains("9:14 LW1180"), "{found:?}");
        }
        assert!(with("corrections: ignore\n").is_empty());
        assert!(with("survivor: last\ncorrections: keep_history\n").is_empty());
    }
}
