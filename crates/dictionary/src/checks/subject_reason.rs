//! `subject: none` without a reason.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::DatasetSubject;

const CODE: &str = "LW1201";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "`subject: none` and `subject_reason` go together",
        what: "A dataset declares `subject: none` without a `subject_reason`, or a `subject_reason` without `subject: none`.",
        why: "Without a data subject, a withdrawal or restriction cannot reach the row of the person who asks for it. Whoever signs for the data has to know why that is so; reports print the reason.",
        mend: "Write one sentence that says why the export names no person, such as `subject_reason: The survey asks for no name.`, or remove the key that stands alone.",
        example: Example::Edit {
            path: "schemas/channels/stores.yaml",
            good: "key: store_code\n",
            bad: "key: store_code\npurposes: { analytics: contract }\nsubject: none\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in &context.project.datasets {
        if context.is_broken(&dataset.span, &["subject", "subject_reason"]) || dataset.demands.marks_rows_of.is_some() {
            continue;
        }
        let reason = dataset.subject_reason.as_ref();
        match (dataset.subject, reason) {
            (DatasetSubject::None, Some(_)) => {}
            (DatasetSubject::None, None) => {
                let message = format!("`{}` declares `subject: none` and gives no reason", dataset.name.value);
                problems.push(
                    Problem::error(CODE, dataset.name.span.clone(), message)
                        .hint("add `subject_reason:` with one sentence that says why its rows name no person"),
                );
            }
            (DatasetSubject::Pseudonym, None) => {}
            (DatasetSubject::Pseudonym, Some(reason)) => {
                let message =
                    format!("`{}` gives a reason for `subject: none`, which it does not declare", dataset.name.value);
                problems.push(
                    Problem::error(CODE, reason.span.clone(), message)
                        .hint("add `subject: none`, or remove the reason"),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn one_needs_the_other() {
        let stores = |keys: &str| {
            let keys = format!("key: store_code\npurposes: {{ analytics: contract }}\n{keys}");
            after("schemas/channels/stores.yaml", "key: store_code\n", &keys)
        };
        let alone = "LW1201 `stores` declares `subject: none` and gives no reason (add `subject_reason:` with one sentence that says why its rows name no person)";
        assert_eq!(stores("subject: none\n"), [format!("schemas/channels/stores.yaml:1:10 {alone}")]);
        let blank = stores("subject: none\nsubject_reason: ' '\n");
        assert_eq!(blank, ["schemas/channels/stores.yaml:11:17 LW1006 `subject_reason` is empty (write what it says)"]);
        assert_eq!(
            stores("subject_reason: The survey asks for no name.\n"),
            [
                "schemas/channels/stores.yaml:10:17 LW1201 `stores` gives a reason for `subject: none`, which it does not declare (add `subject: none`, or remove the reason)"
            ]
        );
        assert_eq!(stores("subject: none\nsubject_reason: The survey asks for no name.\n"), [""; 0]);
        assert_eq!(stores("subject: pseudonym\n"), [""; 0]);
    }
}
