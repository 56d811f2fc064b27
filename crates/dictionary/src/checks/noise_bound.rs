//! A bound of noise that bounds nothing.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{DataType, NoiseBound};

const CODE: &str = "LW1145";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "what one person may add to a noised column has no bounds",
        what: "`between` of a noised column is not two numbers in ascending order, both are 0, or they have more digits after the point than the column.",
        why: "Noise hides one person behind the most that one person can add. Without that figure there is no noise that would.",
        mend: "Write the least and the most that one person's own count or sum in a row is taken for, in the column's digits. Choose them without looking at the data, for nothing hides them.",
        example: Example::Edit {
            path: "schemas/curated/member_spend.yaml",
            good: "anonymity:\n  k: 2\n  quasi_identifiers: [spend]\n",
            bad: "noise:\n  epsilon: 1.0\n  delta: 0.000001\n  rows_per_person: 1\n  every: P1M\n  columns:\n    spend: { between: [5000.00, 0] }\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for table in &context.project.tables {
        let Some(noise) = &table.noise else { continue };
        if context.is_broken(&noise.span, &["columns"]) {
            continue;
        }
        for noised in &noise.columns {
            let mut refuse = |message: String, hint: &str| {
                problems.push(Problem::error(CODE, noised.name.span.clone(), message).hint(hint));
            };
            let name = &noised.name.value;
            let (low, high) = match noised.bound {
                NoiseBound::People => continue,
                NoiseBound::Unclear => {
                    refuse(format!("the bounds of `{name}` are not two numbers"), "write `between: [0, 100]`");
                    continue;
                }
                NoiseBound::Between { low, high } => (low, high),
            };
            let scale = match table.column(name).map(|c| c.data_type.value) {
                Some(DataType::Decimal { scale, .. }) => u8::try_from(scale).unwrap_or(0),
                _ => 0,
            };
            match (low.at_scale(scale), high.at_scale(scale)) {
                (Some(low), Some(high)) if low > high => {
                    refuse(format!("the bounds of `{name}` are not in ascending order"), "write the lower one first");
                }
                (Some(0), Some(0)) => refuse(
                    format!("the bounds of `{name}` leave nothing to add"),
                    "write the most that one person may add to a row",
                ),
                (Some(_), Some(_)) => {}
                _ => refuse(
                    format!("the bounds of `{name}` have more digits after the point than the column"),
                    "write them in the column's digits",
                ),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after_all;

    fn with(between: &str) -> Vec<String> {
        let noise = format!(
            "noise:\n  epsilon: 1.0\n  delta: 0.000001\n  rows_per_person: 1\n  every: P1M\n  columns: {{ spend: {{ between: {between} }} }}\n"
        );
        let edits = [
            ("subject: customer_id\n", ""),
            ("    pseudonym: true\n", ""),
            ("anonymity:\n  k: 2\n  quasi_identifiers: [spend]\n", &noise[..]),
        ];
        after_all("schemas/curated/member_spend.yaml", &edits).into_iter().filter(|p| !p.contains("LW1120")).collect()
    }

    #[test]
    fn bounds_are_two_numbers_in_order_and_in_the_columns_digits() {
        assert_eq!(with("[0, 5000.00]"), [""; 0]);
        assert_eq!(with("[-20.5, -1]"), [""; 0]);
        assert_eq!(
            with("[1, 0]"),
            [
                "schemas/curated/member_spend.yaml:31:14 LW1145 the bounds of `spend` are not in ascending order (write the lower one first)"
            ]
        );
        assert!(with("[1]")[0].contains("LW1145 the bounds of `spend` are not two numbers"));
        assert!(with("[0, 1, 2]")[0].contains("LW1145 the bounds of `spend` are not two numbers"));
        assert!(with("[0, 0.00]")[0].contains("leave nothing to add"));
        assert!(with("[0, 0.005]")[0].contains("more digits after the point"));
        let malformed = with("[0, many]");
        assert!(malformed.len() == 1 && malformed[0].contains("LW1008"), "{malformed:?}");
    }
}
