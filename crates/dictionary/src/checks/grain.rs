//! A grain that names no column.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::nearest::hint_for;

const CODE: &str = "LW1116";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "the grain names no column",
        what: "`grain` of a curated table names a column that the table does not have.",
        why: "The grain is what one row means; it is tested to be unique before publication.",
        mend: "Name columns of the table.",
        example: Example::Edit {
            path: "schemas/curated/member_spend.yaml",
            good: "grain: customer_id",
            bad: "grain: customer",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for table in &context.project.tables {
        for name in table.grain.iter().filter(|name| table.column(name).is_none()) {
            let columns = table.columns.iter().map(|c| c.name.as_str());
            problems.push(
                Problem::error(CODE, name.span.clone(), format!("the grain names no column: `{}`", name.value))
                    .hint(hint_for(name, columns, "name columns of this table")),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn grains_are_columns() {
        assert_eq!(
            after("schemas/curated/member_spend.yaml", "grain: customer_id", "grain: [customer_id, month]"),
            [
                "schemas/curated/member_spend.yaml:7:22 LW1116 the grain names no column: `month` (known: `customer_id`, `spend`)"
            ]
        );
    }
}
