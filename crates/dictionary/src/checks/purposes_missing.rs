//! Personal data without purposes.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};

const CODE: &str = "LW1124";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a dataset about people has no purposes",
        what: "The rows of a dataset are about people, and it declares no `purposes`.",
        why: "Personal data is collected for specified purposes, each on a lawful basis. Without any, no model may ever read it.",
        mend: "Declare each purpose that the data was collected for, with its lawful basis.",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "retention: P5Y\npurposes:\n  analytics: consent\n",
            bad: "retention: P5Y\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in context.project.datasets.iter().filter(|d| d.is_about_people() && d.purposes.is_empty()) {
        let unclear = ["identifier", "category", "treatment"];
        if context.is_broken(&dataset.span, &["purposes", "subject"])
            || dataset.fields.iter().any(|f| context.is_broken(&f.span, &unclear))
        {
            continue;
        }
        let message = format!("the dataset `{}` is about people but serves no purpose", dataset.name.value);
        problems.push(
            Problem::error(CODE, dataset.name.span.clone(), message)
                .hint("add `purposes:` with a lawful basis for each, such as `analytics: consent`"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn personal_data_has_purposes() {
        assert_eq!(
            after("schemas/channels/members.yaml", "purposes:\n  analytics: consent\n", ""),
            [
                "schemas/channels/members.yaml:1:10 LW1124 the dataset `members` is about people but serves no purpose (add `purposes:` with a lawful basis for each, such as `analytics: consent`)"
            ]
        );
    }

    #[test]
    fn data_without_subjects_needs_none() {
        assert_eq!(
            after("schemas/channels/stores.yaml", "key: store_code\n", "key: store_code\npurposes: {}\n").len(),
            0
        );
    }
}
