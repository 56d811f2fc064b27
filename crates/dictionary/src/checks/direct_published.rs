//! A direct identifier in a curated table.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::IdentifierClass;

const CODE: &str = "LW1121";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a direct identifier in a curated table",
        what: "A column of a curated table is declared `identifier: direct`.",
        why: "Curated tables are safe to hand to any BI tool. What names a person by itself is never in them; pseudonyms are not direct identifiers.",
        mend: "Remove the column, or, if it holds a pseudonym, declare it `pseudonym: true` and `identifier: quasi`.",
        example: Example::Edit {
            path: "schemas/curated/member_spend.yaml",
            good: "    identifier: quasi\n    pseudonym: true\n",
            bad: "    identifier: direct\n    pseudonym: true\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for column in context.project.tables.iter().flat_map(|t| &t.columns) {
        if column.identifier == IdentifierClass::Direct && !context.is_broken(&column.span, &["identifier"]) {
            let message = format!("the column `{}` would publish a direct identifier", column.name.value);
            let hint = if column.pseudonym {
                "a pseudonym is not a direct identifier: write `identifier: quasi`"
            } else {
                "remove the column; if it holds a pseudonym, write `pseudonym: true` and `identifier: quasi`"
            };
            problems.push(Problem::error(CODE, column.name.span.clone(), message).hint(hint));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn direct_identifiers_are_not_published() {
        assert_eq!(
            after("schemas/curated/member_spend.yaml", "    identifier: quasi", "    identifier: direct"),
            [
                "schemas/curated/member_spend.yaml:10:11 LW1121 the column `customer_id` would publish a direct identifier (a pseudonym is not a direct identifier: write `identifier: quasi`)"
            ]
        );
    }
}
