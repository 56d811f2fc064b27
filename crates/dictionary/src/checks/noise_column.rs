//! Noise for what is no column, or for a column that cannot have any.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{DataType, NoiseBound};
use crate::nearest::hint_for;

const CODE: &str = "LW1144";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "noise is declared for a column that cannot have it",
        what: "`columns` under `noise` of a curated table names a column that the table does not have, that is of its grain, or that is neither an integer nor a decimal; or it names none.",
        why: "Noise is drawn in whole units of a column's last digit, so that what is published tells no more than the arithmetic promises. The digits of a `double` would tell more.",
        mend: "Name the columns that count or sum. Publish money and measures as `decimal`, counts as `integer`.",
        example: Example::Edit {
            path: "schemas/curated/member_spend.yaml",
            good: "anonymity:\n  k: 2\n  quasi_identifiers: [spend]\n",
            bad: "noise:\n  epsilon: 1.0\n  delta: 0.000001\n  rows_per_person: 1\n  every: P1M\n  columns:\n    spent: { between: [0, 5000.00] }\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for table in &context.project.tables {
        let Some(noise) = &table.noise else { continue };
        if noise.columns.is_empty() && !context.is_broken(&noise.span, &["columns"]) {
            problems.push(
                Problem::error(CODE, noise.epsilon.span.clone(), "noise is declared for no column")
                    .hint("name the columns that count or sum under `columns`"),
            );
        }
        for noised in &noise.columns {
            let at = || noised.name.span.clone();
            let name = &noised.name.value;
            let Some(column) = table.column(name) else {
                let columns = table.columns.iter().map(|c| c.name.as_str());
                problems.push(
                    Problem::error(CODE, at(), format!("the noised column is no column: `{name}`")).hint(hint_for(
                        name,
                        columns,
                        "name columns of this table",
                    )),
                );
                continue;
            };
            let data_type = column.data_type.value;
            let counts = noised.bound == NoiseBound::People;
            let problem = if table.grain.iter().any(|g| g.value == *name) {
                Problem::error(CODE, at(), format!("the noised column `{name}` is of the grain"))
                    .hint("what names a row cannot have noise; noise what is counted or summed in it")
            } else if counts && data_type != DataType::Integer {
                Problem::error(CODE, at(), format!("`{name}` counts people and is no integer"))
                    .related(column.data_type.span.clone(), "declared here")
                    .hint("write `type: integer`")
            } else if !matches!(data_type, DataType::Integer | DataType::Decimal { .. }) {
                Problem::error(CODE, at(), format!("the noised column `{name}` is neither an integer nor a decimal"))
                    .related(column.data_type.span.clone(), "declared here")
                    .hint("declare it `decimal(p, s)` and CAST what is summed to it in the model")
            } else {
                continue;
            };
            if !context.is_broken(&column.span, &["type"]) {
                problems.push(problem);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after_all;

    const TABLE: &str = "schemas/curated/member_spend.yaml";

    fn with(noised: &str, more: &[(&str, &str)]) -> Vec<String> {
        let noise = format!(
            "noise:\n  epsilon: 1.0\n  delta: 0.000001\n  rows_per_person: 1\n  every: P1M\n  columns: {{ {noised} }}\n"
        );
        let edits = [("subject: customer_id\n", ""), ("anonymity:\n  k: 2\n  quasi_identifiers: [spend]\n", &noise)];
        let found = after_all(TABLE, &[&edits[..], more].concat());
        found.into_iter().filter(|p| p.contains("LW1144")).collect()
    }

    #[test]
    fn noised_columns_are_columns_that_count_or_sum() {
        assert_eq!(with("spend: { between: [0, 5000] }", &[]), [""; 0]);
        let place = |line: u32| format!("{TABLE}:{line}:14 LW1144");
        assert_eq!(
            with("spent: { between: [0, 1] }", &[]),
            [format!("{} the noised column is no column: `spent` (did you mean `spend`?)", place(32))]
        );
        assert!(with("customer_id: { count: people }", &[])[0].contains("is of the grain"));
        assert!(with("spend: { count: people }", &[])[0].contains("counts people and is no integer"));
        let double = [("type: decimal(14, 2)", "type: double")];
        assert!(with("spend: { between: [0, 1] }", &double)[0].contains("is neither an integer nor a decimal"));
        assert!(with("", &[])[0].contains("noise is declared for no column"));
    }
}
