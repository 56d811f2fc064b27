//! A pseudonym in a table of aggregates.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};

const CODE: &str = "LW1221";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a pseudonym in a table without a subject",
        what: "A column of a curated table says `pseudonym: true`, and the table has no `subject`.",
        why: "A pseudonym stands for one person, so that a row with one is about that person. Without `subject` no gate can be put over the table: a withdrawal or a restriction would not reach its rows.",
        mend: "Publish `customer_id` and declare `subject: customer_id`, or leave the pseudonym out and aggregate over people.",
        example: Example::Edit {
            path: "schemas/curated/member_spend.yaml",
            good: "subject: customer_id\ncolumns:\n",
            bad: "minimum_subjects: 5\ncolumns:\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for table in context.project.tables.iter().filter(|t| t.subject.is_none()) {
        if context.is_broken(&table.span, &["subject"]) {
            continue;
        }
        for column in table.columns.iter().filter(|c| c.pseudonym) {
            let name = &column.name.value;
            let message = format!("the column `{name}` holds a pseudonym, and the table has no `subject`");
            problems.push(
                Problem::error(CODE, column.name.span.clone(), message)
                    .related(table.name.span.clone(), "the table, without `subject`")
                    .hint("publish `customer_id` and write `subject: customer_id`, or remove the column"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn a_pseudonym_needs_a_subject() {
        assert_eq!(
            after("schemas/curated/member_spend.yaml", "subject: customer_id\n", ""),
            [
                "schemas/curated/member_spend.yaml:9:11 LW1221 the column `customer_id` holds a pseudonym, and the table has no `subject` (publish `customer_id` and write `subject: customer_id`, or remove the column) [schemas/curated/member_spend.yaml:1:8 the table, without `subject`]"
            ]
        );
    }
}
