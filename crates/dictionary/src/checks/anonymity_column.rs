//! A demand of anonymity that names no column.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::nearest::hint_for;

const CODE: &str = "LW1140";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a demand of anonymity names no column",
        what: "`quasi_identifiers` or `sensitive` under `anonymity` of a curated table names a column that the table does not have.",
        why: "Anonymity is measured over these columns before publication. One that is misspelt would be left out, and the table seem more anonymous than it is.",
        mend: "Name columns of the table.",
        example: Example::Edit {
            path: "schemas/curated/member_spend.yaml",
            good: "quasi_identifiers: [spend]",
            bad: "quasi_identifiers: [spent]",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for table in &context.project.tables {
        let Some(demand) = &table.anonymity else { continue };
        let lists = [("quasi-identifier", &demand.quasi_identifiers), ("sensitive column", &demand.sensitive)];
        for (what, name) in lists.into_iter().flat_map(|(what, names)| names.iter().map(move |name| (what, name))) {
            if table.column(name).is_none() {
                let columns = table.columns.iter().map(|c| c.name.as_str());
                problems.push(
                    Problem::error(CODE, name.span.clone(), format!("the {what} is no column: `{}`", name.value))
                        .hint(hint_for(name, columns, "name columns of this table")),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn quasi_identifiers_and_sensitive_columns_are_columns() {
        let after = |bad| after("schemas/curated/member_spend.yaml", "quasi_identifiers: [spend]", bad);
        assert_eq!(
            after("quasi_identifiers: [spend, spent]"),
            [
                "schemas/curated/member_spend.yaml:30:30 LW1140 the quasi-identifier is no column: `spent` (did you mean `spend`?)"
            ]
        );
        assert_eq!(
            after("quasi_identifiers: spend\n  l: 2\n  sensitive: tier"),
            [
                "schemas/curated/member_spend.yaml:32:14 LW1140 the sensitive column is no column: `tier` (known: `customer_id`, `spend`)"
            ]
        );
    }
}
