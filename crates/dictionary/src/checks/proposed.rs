//! An entry that nobody has reviewed.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};

const CODE: &str = "LW1186";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "an entry that is only proposed",
        what: "A dataset's entry says `proposed: true`, as `lakewarden dictionary infer` writes it.",
        why: "What a field is was guessed from names and shapes of values. A wrong guess about an identifier or a treatment would store what must not be stored, and lawful bases cannot be guessed at all.",
        mend: "Go through the entry field by field, say what each means and for which purposes it serves, then remove `proposed: true`.",
        example: Example::Edit {
            path: "schemas/channels/stores.yaml",
            good: "key: store_code\n",
            bad: "key: store_code\nproposed: true\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in &context.project.datasets {
        if let Some(span) = &dataset.drift.proposed {
            let message = format!("the entry of `{}` is proposed and not reviewed", dataset.name.value);
            problems.push(
                Problem::error(CODE, span.clone(), message).hint("review every field, then remove `proposed: true`"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn a_proposal_does_not_pass() {
        let stores = "schemas/channels/stores.yaml";
        assert_eq!(
            after(stores, "key: store_code\n", "key: store_code\nproposed: true\n"),
            [
                "schemas/channels/stores.yaml:9:11 LW1186 the entry of `stores` is proposed and not reviewed (review every field, then remove `proposed: true`)"
            ]
        );
        assert_eq!(after(stores, "key: store_code\n", "key: store_code\nproposed: false\n").len(), 0);
    }
}
