//! A subject that names no pseudonym.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::nearest::hint_for;

const CODE: &str = "LW1117";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "the subject names no pseudonym column",
        what: "`subject` of a curated table names a column that the table does not have, or one that is not declared `pseudonym: true`.",
        why: "The subject's column is how rights (access, erasure, withdrawal) reach the table's rows.",
        mend: "Name the column with the customer id, and declare it `pseudonym: true`.",
        example: Example::Edit {
            path: "schemas/curated/member_spend.yaml",
            good: "subject: customer_id",
            bad: "subject: customer",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for table in &context.project.tables {
        let Some(subject) = &table.subject else {
            continue;
        };
        let Some(column) = table.column(subject) else {
            let columns = table.columns.iter().map(|c| c.name.as_str());
            problems.push(
                Problem::error(CODE, subject.span.clone(), format!("the subject names no column: `{}`", subject.value))
                    .hint(hint_for(subject, columns, "name a column of this table")),
            );
            continue;
        };
        if !column.pseudonym && !context.is_broken(&column.span, &["pseudonym"]) {
            let message = format!("the subject's column `{}` is not declared a pseudonym", subject.value);
            problems.push(
                Problem::error(CODE, subject.span.clone(), message)
                    .related(column.name.span.clone(), "declared here")
                    .hint("add `pseudonym: true` to the column, or name the one with the customer id"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    const TABLE: &str = "schemas/curated/member_spend.yaml";

    #[test]
    fn subjects_are_pseudonyms() {
        assert_eq!(
            after(TABLE, "subject: customer_id", "subject: customer"),
            [
                "schemas/curated/member_spend.yaml:8:10 LW1117 the subject names no column: `customer` (did you mean `customer_id`?)"
            ]
        );
        assert_eq!(
            after(TABLE, "    pseudonym: true\n", ""),
            [
                "schemas/curated/member_spend.yaml:8:10 LW1117 the subject's column `customer_id` is not declared a pseudonym (add `pseudonym: true` to the column, or name the one with the customer id) [schemas/curated/member_spend.yaml:10:11 declared here]"
            ]
        );
    }
}
