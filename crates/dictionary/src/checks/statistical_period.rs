//! A metric that does not say over which time it counts.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};

const CODE: &str = "LW1130";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a metric has no statistical period",
        what: "A numeric column of a curated table has a unit or is outside the grain, but no `statistical_period`.",
        why: "\"Spend\" over a lifetime, a year or a month are different numbers. Whoever reads the table must not have to guess.",
        mend: "Say over which time it counts: `lifetime`, `P12M`, `calendar_month`; for what holds at a moment, `as_of`.",
        example: Example::Edit {
            path: "schemas/curated/member_spend.yaml",
            good: "    unit: CNY\n    identifier: none\n    category: user.behavior.purchase_history\n    source: members.points\n    statistical_period: lifetime\n",
            bad: "    unit: CNY\n    identifier: none\n    category: user.behavior.purchase_history\n    source: members.points\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for table in &context.project.tables {
        for column in &table.columns {
            let in_grain = table.grain.iter().any(|g| g.value == column.name.value);
            let metric = column.data_type.value.is_numeric() && (column.unit.is_some() || !in_grain);
            if !metric
                || column.statistical_period.is_some()
                || context.is_broken(&column.span, &["type", "statistical_period"])
            {
                continue;
            }
            let message = format!("the metric `{}` has no `statistical_period`", column.name.value);
            problems.push(
                Problem::error(CODE, column.name.span.clone(), message)
                    .hint("say over which time it counts, such as `lifetime`, `P12M`, `calendar_month`, `as_of`"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    const TABLE: &str = "schemas/curated/member_spend.yaml";

    #[test]
    fn metrics_say_over_which_time_they_count() {
        assert_eq!(
            after(TABLE, "    statistical_period: lifetime\n", ""),
            [
                "schemas/curated/member_spend.yaml:18:11 LW1130 the metric `spend` has no `statistical_period` (say over which time it counts, such as `lifetime`, `P12M`, `calendar_month`, `as_of`)"
            ]
        );
    }

    #[test]
    fn a_number_of_the_grain_is_no_metric_unless_it_has_a_unit() {
        let column = |unit: &str| {
            format!(
                "columns:\n  - name: year\n    label: {{ zh: 年, en: Year }}\n    meaning: Year.\n    type: integer\n{unit}    identifier: none\n"
            )
        };
        let with = |unit: &str| {
            let found = crate::testing::after_all(
                TABLE,
                &[("grain: customer_id", "grain: [customer_id, year]"), ("columns:\n", &column(unit))],
            );
            found.len()
        };
        assert_eq!(with(""), 0);
        assert_eq!(with("    unit: a\n"), 1);
    }
}
