//! Anomaly rules over columns that cannot serve.

use super::{Check, Context};
use crate::diagnostic::{Problem, Spanned};
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{AnomalyKind, DataType, Dataset};
use crate::nearest::hint_for;

const CODE: &str = "LW1174";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "an anomaly rule is on a column that cannot serve",
        what: "An anomaly rule names a column that the dataset does not store, or one of another type than it needs: amounts are numbers, `at` is a timestamp, `event` is text.",
        why: "The rule would mark no row, or every one.",
        mend: "Name stored columns (`column`, not the name in the export) of the right types.",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "retention: P5Y\n",
            bad: "retention: P5Y\nanomalies: [{ outlier: { amount: pionts, by: birth_decade } }]\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in &context.project.datasets {
        for anomaly in &dataset.demands.anomalies {
            for column in anomaly.kind.columns() {
                problems.extend(absent(context, dataset, column));
            }
            for (column, needed, fits) in typed(&anomaly.kind) {
                let Some(field) = dataset.stored().find(|f| f.column.value == column.value) else { continue };
                if context.is_broken(&field.span, &["type", "treatment"]) || fits(field.stored_type()) {
                    continue;
                }
                let message = format!(
                    "`{}` is stored as {}, and `{}` needs {needed}",
                    column.value,
                    field.stored_type(),
                    anomaly.name.value
                );
                problems.push(
                    Problem::error(CODE, column.span.clone(), message)
                        .related(field.column.span.clone(), "declared here")
                        .hint(format!("name a column that is {needed}")),
                );
            }
        }
    }
}

fn absent(context: &Context<'_>, dataset: &Dataset, column: &Spanned<String>) -> Option<Problem> {
    if dataset.stored().any(|f| f.column.value == column.value)
        || dataset.column(column).is_some_and(|f| context.is_broken(&f.span, &["treatment"]))
    {
        return None;
    }
    let hint = hint_for(column, dataset.stored().map(|f| f.column.as_str()), "name a stored column");
    let message = format!("an anomaly rule names no stored column: `{}`", column.value);
    Some(Problem::error(CODE, column.span.clone(), message).hint(hint))
}

/// A column, what it must be, and whether a type is that.
type Needed<'a> = (&'a Spanned<String>, &'static str, fn(DataType) -> bool);

fn typed(kind: &AnomalyKind) -> Vec<Needed<'_>> {
    const NUMBER: (&str, fn(DataType) -> bool) = ("a number", DataType::is_numeric);
    const INSTANT: (&str, fn(DataType) -> bool) = ("a timestamp", |t| t == DataType::Timestamp);
    const TEXT: (&str, fn(DataType) -> bool) = ("text", |t| t == DataType::String);
    let of = |column, (needed, fits): (&'static str, fn(DataType) -> bool)| (column, needed, fits);
    match kind {
        AnomalyKind::Brushing { at, paid, refunded, .. } => {
            vec![of(at, INSTANT), of(paid, NUMBER), of(refunded, NUMBER)]
        }
        AnomalyKind::TryOn { at, event, .. } => vec![of(at, INSTANT), of(event, TEXT)],
        AnomalyKind::Outlier { amount, .. } => vec![of(amount, NUMBER)],
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    fn with(rule: &str) -> Vec<String> {
        after("schemas/channels/members.yaml", "fields:\n", &format!("anomalies: [{{ {rule} }}]\nfields:\n"))
    }

    #[test]
    fn columns_are_stored_and_of_the_right_type() {
        assert_eq!(with("outlier: { amount: points, by: birth_decade }").len(), 0);
        assert_eq!(
            with("outlier: { amount: pionts, by: birth_decade }"),
            [
                "schemas/channels/members.yaml:13:34 LW1174 an anomaly rule names no stored column: `pionts` (did you mean `points`?)"
            ]
        );
        let told = with("outlier: { amount: phone, by: [birth_decade, name] }");
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].contains("`phone` is stored as string, and `outlier` needs a number"), "{told:?}");
        let burst = |at: &str| {
            with(&format!(
                "brushing: {{ by: phone, at: {at}, within: PT1H, orders_at_least: 5, paid: points, refunded: points }}"
            ))
        };
        assert_eq!((burst("registered_at").len(), burst("birth_decade").len()), (0, 1));
        let tried =
            |event: &str| with(&format!("try_on: {{ by: phone, at: registered_at, event: {event}, within: P7D }}"));
        assert_eq!((tried("phone").len(), tried("points").len()), (0, 1));
    }
}
