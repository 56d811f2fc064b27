//! A rule that no value of the type could be held against.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::diagnostic::Spanned;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{DataType, Rule};
use chrono::{DateTime, NaiveDate, NaiveDateTime};

const CODE: &str = "LW1126";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a rule does not fit the type",
        what: "`between` is declared for a type without an order or with a bound that is no value of the type, `matches` for something other than text, `not_in_future` for something that is not a time, or the bounds of `between` are the wrong way round.",
        why: "The rule would quarantine every row, or none.",
        mend: "Correct the type, the rule or its bounds.",
        example: Example::Edit {
            path: "schemas/curated/member_spend.yaml",
            good: "{ between: { min: 0 } }",
            bad: "{ between: { min: nothing } }",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    let project = context.project;
    let fields = project.datasets.iter().flat_map(|d| &d.fields);
    for field in fields.filter(|f| !context.is_broken(&f.span, &["type", "rules"])) {
        let own: Vec<_> = field.rules.iter().map(|r| r.rule.clone()).collect();
        rules(&field.column.value, field.data_type.value, &own, problems);
    }
    let columns = project.tables.iter().flat_map(|t| &t.columns);
    for column in columns.filter(|c| !context.is_broken(&c.span, &["type", "tests"])) {
        rules(&column.name.value, column.data_type.value, &column.tests, problems);
    }
}

fn rules(column: &str, of: DataType, rules: &[Spanned<Rule>], problems: &mut Vec<Problem>) {
    for rule in rules {
        let wrong = match &rule.value {
            Rule::Matches(_) if of != DataType::String => Some("`matches` takes a string"),
            Rule::NotInFuture if !of.is_temporal() => Some("`not_in_future` takes a date or timestamp"),
            Rule::Between { .. } if !of.is_numeric() && !of.is_temporal() => {
                Some("`between` takes a number, a date or a timestamp")
            }
            _ => None,
        };
        if let Some(hint) = wrong {
            let message = format!("`{}` does not fit `{column}` of type `{of}`", rule.value.name());
            problems.push(Problem::error(CODE, rule.span.clone(), message).hint(hint));
        } else if let Rule::Between { min, max } = &rule.value {
            bounds(column, of, min.as_deref(), max.as_deref(), rule, problems);
        }
    }
}

fn bounds(
    column: &str,
    of: DataType,
    min: Option<&str>,
    max: Option<&str>,
    rule: &Spanned<Rule>,
    problems: &mut Vec<Problem>,
) {
    let mut sound = true;
    for bound in [min, max].into_iter().flatten().filter(|bound| ordinal(of, bound).is_none()) {
        let message = format!("the bound `{bound}` of `{column}` is not a value of type `{of}`");
        let hint = match of {
            DataType::Date => "write a day such as `2024-12-31`",
            DataType::Timestamp => "write a day or a time such as `2024-12-31T23:59:59Z`",
            DataType::Integer => "write a whole number",
            _ => "write a number",
        };
        problems.push(Problem::error(CODE, rule.span.clone(), message).hint(hint));
        sound = false;
    }
    let order = min.zip(max).map(|(min, max)| (ordinal(of, min), ordinal(of, max)));
    if let (true, Some((Some(min), Some(max)))) = (sound, order)
        && min > max
    {
        let message = format!("no value of `{column}` lies between these bounds");
        problems.push(Problem::error(CODE, rule.span.clone(), message).hint("exchange `min` and `max`"));
    }
}

/// Where a bound lies in the order of its type, near enough to compare two; `None` if it is no such value.
fn ordinal(of: DataType, bound: &str) -> Option<f64> {
    let day = |text: &str| text.parse::<NaiveDate>().ok();
    let seconds = |time: NaiveDateTime| time.and_utc().timestamp_micros() as f64;
    match of {
        DataType::Integer => bound.parse::<i64>().ok().map(|n| n as f64),
        DataType::Double | DataType::Decimal { .. } => bound.parse::<f64>().ok().filter(|n| n.is_finite()),
        DataType::Date => day(bound).and_then(|d| d.and_hms_opt(0, 0, 0)).map(seconds),
        DataType::Timestamp => DateTime::parse_from_rfc3339(bound)
            .map(|t| t.naive_utc())
            .ok()
            .or_else(|| bound.replace(' ', "T").parse::<NaiveDateTime>().ok())
            .or_else(|| day(bound).and_then(|d| d.and_hms_opt(0, 0, 0)))
            .map(seconds),
        DataType::String | DataType::Boolean => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    use super::*;

    const MEMBERS: &str = "schemas/channels/members.yaml";

    #[test]
    fn rules_fit_types() {
        assert_eq!(
            after(MEMBERS, "rules: [required, not_in_future]", "rules: [{ matches: '2.*' }]"),
            [
                "schemas/channels/members.yaml:59:15 LW1126 `matches` does not fit `registered_at` of type `timestamp` (`matches` takes a string)"
            ]
        );
        assert_eq!(
            after(MEMBERS, "    rules: [required]\n", "    rules: [not_in_future, { between: { min: 1 } }]\n"),
            [
                "schemas/channels/members.yaml:23:13 LW1126 `not_in_future` does not fit `member_no` of type `string` (`not_in_future` takes a date or timestamp)",
                "schemas/channels/members.yaml:23:30 LW1126 `between` does not fit `member_no` of type `string` (`between` takes a number, a date or a timestamp)",
            ]
        );
    }

    #[test]
    fn bounds_are_values_in_order() {
        let between =
            |bounds: &str| after(MEMBERS, "{ between: { min: 0, max: 1000000 } }", &format!("{{ between: {bounds} }}"));
        assert_eq!(
            between("{ min: 0.5, max: many }"),
            [
                "schemas/channels/members.yaml:69:15 LW1126 the bound `0.5` of `points` is not a value of type `integer` (write a whole number)",
                "schemas/channels/members.yaml:69:15 LW1126 the bound `many` of `points` is not a value of type `integer` (write a whole number)",
            ]
        );
        assert_eq!(
            between("{ min: 9, max: 1 }"),
            [
                "schemas/channels/members.yaml:69:15 LW1126 no value of `points` lies between these bounds (exchange `min` and `max`)"
            ]
        );
        assert_eq!(between("{ max: -1 }").len(), 0);
    }

    #[test]
    fn bounds_are_read_as_their_type_is() {
        assert!(ordinal(DataType::Date, "2024-02-29").is_some() && ordinal(DataType::Date, "2023-02-29").is_none());
        assert!(
            ordinal(DataType::Timestamp, "2024-01-01T08:00:00+08:00") == ordinal(DataType::Timestamp, "2024-01-01")
        );
        assert!(ordinal(DataType::Timestamp, "2024-01-01 00:00:01") > ordinal(DataType::Timestamp, "2024-01-01"));
        assert_eq!(ordinal(DataType::Double, "inf"), None);
        assert_eq!(ordinal(DataType::Integer, "1.0"), None);
        assert_eq!(ordinal(DataType::Decimal { precision: 5, scale: 2 }, "1.25"), Some(1.25));
    }
}
