//! What the dictionary demands of a field's values, before they are treated.

use super::faults::{Faults, RuleRef};
use super::plan::FieldPlan;
use crate::values::{TimeParser, Zone, ZoneCache, decimal, double, integer};
use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, StringArray};
use arrow::datatypes::{Date32Type, Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType};
use lakewarden_dictionary::{DataType, Field, OnFailure, Rule};
use regex::Regex;
use std::collections::HashSet;

/// A rule, ready to be applied.
pub(crate) struct CompiledRule {
    by: RuleRef,
    check: Check,
}

enum Check {
    Required,
    /// One of few texts, or of many.
    In(Vec<String>),
    InMany(HashSet<String>),
    Matches(Regex),
    Integers(Option<i64>, Option<i64>),
    Doubles(Option<f64>, Option<f64>),
    Decimals(Option<i128>, Option<i128>),
    Days(Option<i32>, Option<i32>),
    Instants(Option<i64>, Option<i64>),
    Texts(Option<String>, Option<String>),
}

/// Up to so many texts are compared one by one.
const FEW: usize = 8;

impl CompiledRule {
    /// Compiles a rule of a field; the error says what is wrong with it.
    pub(super) fn compile(
        rule: &Rule,
        by: RuleRef,
        field: &Field,
        times: &TimeParser,
        zone: Zone,
        as_of: i64,
    ) -> Result<Self, String> {
        let data_type = field.data_type.value;
        let check = match rule {
            Rule::Required => Check::Required,
            Rule::In(values) if values.is_empty() => return Err("it lists no values".into()),
            Rule::In(values) if values.len() <= FEW => Check::In(values.clone()),
            Rule::In(values) => Check::InMany(values.iter().cloned().collect()),
            Rule::Matches(pattern) => {
                let whole = Regex::new(&format!("^(?:{pattern})$")).map_err(|e| e.to_string())?;
                Check::Matches(whole)
            }
            Rule::NotInFuture => match data_type {
                DataType::Date => Check::Days(None, Some(zone.day(as_of))),
                DataType::Timestamp => Check::Instants(None, Some(as_of)),
                _ => return Err("only dates and timestamps lie in the future".into()),
            },
            Rule::Between { min: None, max: None } => return Err("it has no bound".into()),
            Rule::Between { min, max } => between(data_type, min.as_deref(), max.as_deref(), times, zone)?,
            Rule::Unique | Rule::References { .. } => return Err("it looks beyond one value".into()),
        };
        Ok(Self { by, check })
    }

    /// Whether it looks at the text rather than at the typed value.
    pub(super) fn needs_text(&self) -> bool {
        matches!(self.check, Check::In(_) | Check::InMany(_) | Check::Matches(_))
    }
}

fn between(
    data_type: DataType,
    min: Option<&str>,
    max: Option<&str>,
    times: &TimeParser,
    zone: Zone,
) -> Result<Check, String> {
    fn bound<T>(text: Option<&str>, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, String> {
        text.map(|t| parse(t.trim()).ok_or_else(|| format!("bound `{t}` is not a value of the field's type")))
            .transpose()
    }
    // Bounds may be written in the field's own format or in ISO 8601.
    let times = times.or_iso();
    let day = |t: &str| times.day(t, &mut ZoneCache::new(zone));
    let instant = |t: &str| times.instant(t, &mut ZoneCache::new(zone));
    Ok(match data_type {
        DataType::Integer => Check::Integers(bound(min, integer)?, bound(max, integer)?),
        DataType::Double => Check::Doubles(bound(min, double)?, bound(max, double)?),
        DataType::Decimal { precision, scale } => {
            let exact = |t: &str| decimal(t.as_bytes(), precision, scale);
            Check::Decimals(bound(min, exact)?, bound(max, exact)?)
        }
        DataType::Date => Check::Days(bound(min, day)?, bound(max, day)?),
        DataType::Timestamp => Check::Instants(bound(min, instant)?, bound(max, instant)?),
        DataType::String => Check::Texts(min.map(str::to_owned), max.map(str::to_owned)),
        DataType::Boolean => return Err("truth values have no order".into()),
    })
}

/// Applies a field's rules in their order. Only `required` concerns nulls. Returns the rows of which the value is to become
/// null, in no order.
pub(super) fn judge(
    field: &FieldPlan<'_>,
    text: Option<&StringArray>,
    values: &ArrayRef,
    faults: &mut Faults,
) -> Vec<usize> {
    let mut left_out = Vec::new();
    for rule in &field.rules {
        let nulls = rule.by.on_failure == OnFailure::SetNull;
        let mut fail = |place| {
            if nulls {
                left_out.push(place);
            }
            faults.fail(place, rule.by);
        };
        match &rule.check {
            Check::Required => {
                if values.null_count() > 0 {
                    (0..values.len()).filter(|p| values.is_null(*p)).for_each(&mut fail);
                }
            }
            Check::In(all) => texts(text, |t| all.iter().any(|a| a == t), &mut fail),
            Check::InMany(all) => texts(text, |t| all.contains(t), &mut fail),
            Check::Matches(pattern) => texts(text, |t| pattern.is_match(t), &mut fail),
            Check::Texts(min, max) => texts(text, |t| within(t, min.as_deref(), max.as_deref()), &mut fail),
            Check::Integers(min, max) => numbers::<Int64Type>(values, *min, *max, &mut fail),
            Check::Doubles(min, max) => numbers::<Float64Type>(values, *min, *max, &mut fail),
            Check::Decimals(min, max) => numbers::<Decimal128Type>(values, *min, *max, &mut fail),
            Check::Days(min, max) => numbers::<Date32Type>(values, *min, *max, &mut fail),
            Check::Instants(min, max) => numbers::<TimestampMicrosecondType>(values, *min, *max, &mut fail),
        }
    }
    left_out
}

fn within<T: PartialOrd>(value: T, min: Option<T>, max: Option<T>) -> bool {
    min.is_none_or(|m| value >= m) && max.is_none_or(|m| value <= m)
}

fn texts(text: Option<&StringArray>, mut passes: impl FnMut(&str) -> bool, fail: &mut dyn FnMut(usize)) {
    for (place, value) in text.into_iter().flatten().enumerate() {
        if value.is_some_and(|v| !passes(v)) {
            fail(place);
        }
    }
}

fn numbers<T: ArrowPrimitiveType>(
    values: &ArrayRef,
    min: Option<T::Native>,
    max: Option<T::Native>,
    fail: &mut dyn FnMut(usize),
) where
    T::Native: PartialOrd,
{
    let array = values.as_primitive::<T>();
    for (place, value) in array.values().iter().enumerate() {
        if !within(*value, min, max) && array.is_valid(place) {
            fail(place);
        }
    }
}
