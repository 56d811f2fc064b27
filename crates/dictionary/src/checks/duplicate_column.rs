//! Two fields that would be one column.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use std::collections::BTreeMap;

const CODE: &str = "LW1103";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "two fields have one column",
        what: "Two fields of a dataset go to the same column of its conformed table.",
        why: "One of them would overwrite the other.",
        mend: "Give one of them another `column`.",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "    column: name\n",
            bad: "    column: phone\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in &context.project.datasets {
        let mut seen = BTreeMap::new();
        for field in &dataset.fields {
            let column = &field.column;
            let Some(first) = seen.insert(column.as_str(), &column.span) else {
                continue;
            };
            problems.push(
                Problem::error(CODE, column.span.clone(), format!("two fields go to the column `{}`", column.value))
                    .related(first.clone(), "the other")
                    .hint("give one of them another `column`"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn columns_are_fields_own() {
        assert_eq!(
            after("schemas/channels/members.yaml", "    column: name\n", "    column: phone\n"),
            [
                "schemas/channels/members.yaml:42:13 LW1103 two fields go to the column `phone` (give one of them another `column`) [schemas/channels/members.yaml:25:13 the other]"
            ]
        );
    }
}
