//! From text or foreign types to the dictionary's types, a column at a time.

mod arrow_types;
mod number;
mod time;
mod zone;

pub(crate) use arrow_types::{as_text, direct};
pub(crate) use number::{boolean, decimal, double, integer};
pub(crate) use time::TimeParser;
pub(crate) use zone::{Zone, ZoneCache};

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanBuilder, Date32Array, Decimal128Array, Float64Array, Int64Array,
    PrimitiveArray, StringArray, TimestampMicrosecondArray,
};
use arrow::buffer::{NullBuffer, ScalarBuffer};
use lakewarden_dictionary::DataType;
use std::sync::Arc;

/// The name of the zone that instants are stored in.
pub(crate) const UTC: &str = "UTC";

/// Parses a column of trimmed text. Places whose text is not a value of the type become null and are
/// given to `refuse`.
pub(crate) fn parse(
    text: &StringArray,
    data_type: DataType,
    times: &TimeParser,
    refuse: &mut dyn FnMut(usize),
) -> ArrayRef {
    match data_type {
        DataType::String => Arc::new(text.clone()),
        DataType::Integer => Arc::new(Int64Array::from(primitive(text, integer, refuse))),
        DataType::Double => Arc::new(Float64Array::from(primitive(text, double, refuse))),
        DataType::Decimal { precision, scale } => {
            let parsed: Decimal128Array = primitive(text, |t| decimal(t.as_bytes(), precision, scale), refuse);
            Arc::new(parsed.with_data_type(arrow::datatypes::DataType::Decimal128(precision, scale)))
        }
        DataType::Boolean => {
            let mut builder = BooleanBuilder::with_capacity(text.len());
            for (place, value) in text.iter().enumerate() {
                let parsed = value.and_then(boolean);
                if value.is_some() && parsed.is_none() {
                    refuse(place);
                }
                builder.append_option(parsed);
            }
            Arc::new(builder.finish())
        }
        DataType::Date => {
            let mut cache = ZoneCache::new(times.zone());
            let parsed: Date32Array = primitive(text, |t| times.day(t, &mut cache), refuse);
            Arc::new(parsed)
        }
        DataType::Timestamp => {
            let mut cache = ZoneCache::new(times.zone());
            let parsed: TimestampMicrosecondArray = primitive(text, |t| times.instant(t, &mut cache), refuse);
            Arc::new(parsed.with_timezone(UTC))
        }
    }
}

/// Parses each text that is not null.
fn primitive<T: ArrowPrimitiveType>(
    text: &StringArray,
    mut parse: impl FnMut(&str) -> Option<T::Native>,
    refuse: &mut dyn FnMut(usize),
) -> PrimitiveArray<T> {
    let mut values = Vec::with_capacity(text.len());
    let mut refused: Vec<usize> = Vec::new();
    for place in 0..text.len() {
        let parsed = if text.is_null(place) {
            None
        } else {
            let parsed = parse(text.value(place));
            if parsed.is_none() {
                refused.push(place);
            }
            parsed
        };
        values.push(parsed.unwrap_or_default());
    }
    PrimitiveArray::new(ScalarBuffer::from(values), without(text.nulls(), text.len(), &refused, refuse))
}

/// The nulls, and those places besides.
fn without(
    nulls: Option<&NullBuffer>,
    len: usize,
    refused: &[usize],
    refuse: &mut dyn FnMut(usize),
) -> Option<NullBuffer> {
    if refused.is_empty() {
        return nulls.cloned();
    }
    let mut valid = nulls.map_or_else(|| vec![true; len], |n| n.iter().collect());
    for place in refused {
        valid[*place] = false;
        refuse(*place);
    }
    Some(NullBuffer::from(valid))
}
