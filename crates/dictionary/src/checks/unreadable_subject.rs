//! What to do about unreadable statements, said of a dataset that makes none.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{DatasetRole, UnreadableSubject};

const CODE: &str = "LW1137";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "`unreadable_subject` of a dataset that is no log of statements",
        what: "A dataset says `unreadable_subject: warn`, and has neither `role: consent_log` nor `role: suppression_list`.",
        why: "The key says what a run does about a record that may be somebody's withdrawal and does not say whose. Records of other datasets withdraw nothing: what the key was meant to do there would not happen.",
        mend: "Remove `unreadable_subject`, or give the dataset the role that it was meant to have.",
        example: Example::Edit {
            path: "schemas/channels/stores.yaml",
            good: "key: store_code\n",
            bad: "key: store_code\nunreadable_subject: warn\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    let says = |d: &&crate::model::Dataset| d.unreadable_subject == UnreadableSubject::Warn;
    for dataset in context.project.datasets.iter().filter(says) {
        if dataset.role != DatasetRole::Data || context.is_broken(&dataset.span, &["role"]) {
            continue;
        }
        let message = format!("`{}` bears no statements that could be unreadable", dataset.name.value);
        problems.push(
            Problem::error(CODE, dataset.name.span.clone(), message)
                .hint("remove `unreadable_subject`, or add `role: consent_log` or `role: suppression_list`"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn only_logs_of_statements_say_it() {
        assert_eq!(
            after("schemas/channels/stores.yaml", "key: store_code\n", "key: store_code\nunreadable_subject: warn\n"),
            [
                "schemas/channels/stores.yaml:1:10 LW1137 `stores` bears no statements that could be unreadable (remove `unreadable_subject`, or add `role: consent_log` or `role: suppression_list`)"
            ]
        );
        let consents = "schemas/channels/consents.yaml";
        for word in ["warn", "refuse"] {
            let role = format!("role: consent_log\nunreadable_subject: {word}\n");
            assert_eq!(after(consents, "role: consent_log\n", &role).len(), 0);
        }
    }
}
