//! Columns that arrive typed (Parquet) → the dictionary's types, without the detour through text where
//! nothing can be lost.

use super::binary::{text_of_binary, widen_binary};
use super::clock::{day_in_calendar, instant_in_calendar};
use super::{TimeParser, UTC, ZoneCache};
use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, StringArray, TimestampMicrosecondArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType as Arrow, Date32Type, Int64Type, TimeUnit, TimestampMicrosecondType};
use lakewarden_dictionary::DataType;
use std::sync::Arc;

const SAFE: CastOptions<'static> =
    CastOptions { safe: true, format_options: arrow::util::display::FormatOptions::new() };

fn cast(array: &ArrayRef, to: &Arrow) -> Option<ArrayRef> {
    cast_with_options(array, to, &SAFE).ok()
}

/// A column as text; instants in ISO 8601 with `Z`. `None` if its values have no text.
pub(crate) fn as_text(array: &ArrayRef) -> Option<StringArray> {
    if let Some(text) = array.as_string_opt::<i32>() {
        return Some(text.clone());
    }
    let text = match array.data_type() {
        Arrow::Timestamp(unit, Some(_)) => {
            let utc = cast(array, &Arrow::Timestamp(*unit, Some("+00:00".into())))?;
            let naive = cast(&utc, &Arrow::Timestamp(*unit, None))?;
            let text = cast(&naive, &Arrow::Utf8)?;
            return Some(text.as_string::<i32>().iter().map(|t| t.map(|t| format!("{t}Z"))).collect());
        }
        Arrow::Float16 | Arrow::Float32 | Arrow::Float64 => return text_of_binary(array),
        Arrow::Dictionary(_, values) if **values != Arrow::Utf8 => return as_text(&cast(array, values)?),
        Arrow::Binary | Arrow::LargeBinary | Arrow::BinaryView | Arrow::FixedSizeBinary(_) => {
            // Text that a writer forgot to mark as such; what is not UTF-8 becomes null and is refused by the caller.
            cast(&cast(array, &Arrow::Binary)?, &Arrow::Utf8)?
        }
        _ => cast(array, &Arrow::Utf8)?,
    };
    text.as_string_opt::<i32>().cloned()
}

/// Casts a typed column straight to a type, if that loses nothing; `None`: it must go through text. Places
/// that do not fit become null and are given to `refuse` with the rule they break, `type` or `calendar`.
pub(crate) fn direct(
    array: &ArrayRef,
    to: DataType,
    times: &TimeParser,
    refuse: &mut dyn FnMut(usize, &'static str),
) -> Option<ArrayRef> {
    let from = array.data_type();
    let result = match to {
        DataType::String => return None,
        DataType::Integer if from.is_integer() => cast(array, &Arrow::Int64)?,
        DataType::Integer => return None,
        DataType::Double if from.is_numeric() => {
            let doubles = match widen_binary(array) {
                Some(doubles) => Arc::new(doubles) as ArrayRef,
                None => cast(array, &Arrow::Float64)?,
            };
            let finite = doubles.as_primitive::<arrow::datatypes::Float64Type>();
            if finite.iter().all(|v| v.is_none_or(f64::is_finite)) {
                doubles
            } else {
                return None;
            }
        }
        DataType::Double => return None,
        DataType::Decimal { precision, scale } => {
            let exact =
                from.is_integer() || matches!(from, Arrow::Decimal128(_, s) | Arrow::Decimal256(_, s) if *s <= scale);
            if !exact {
                return None;
            }
            cast(array, &Arrow::Decimal128(precision, scale))?
        }
        DataType::Boolean if *from == Arrow::Boolean => Arc::new(array.as_boolean().clone()) as ArrayRef,
        DataType::Boolean => return None,
        DataType::Date => match from {
            Arrow::Date32 => array.clone(),
            Arrow::Date64 => cast(array, &Arrow::Date32)?,
            Arrow::Timestamp(..) => {
                let instants = instants(array, times)?;
                let zone = times.zone();
                Arc::new(instants.unary::<_, arrow::datatypes::Date32Type>(|at| zone.day(at)))
            }
            _ => return None,
        },
        DataType::Timestamp => match from {
            Arrow::Timestamp(..) => Arc::new(instants(array, times)?.with_timezone(UTC)),
            _ if from.is_integer() => {
                let places = times.epoch_places()?;
                let factor = 10i64.pow(u32::from(places.unsigned_abs()));
                let numbers = cast(array, &Arrow::Int64)?;
                let micros: TimestampMicrosecondArray = numbers
                    .as_primitive::<Int64Type>()
                    .unary_opt(|n| if places < 0 { Some(n.div_euclid(factor)) } else { n.checked_mul(factor) });
                let unlikely = |at: i64| times.is_unlikely(places, at);
                let doubtful = |place: &usize| micros.is_valid(*place) && unlikely(micros.value(*place));
                let doubtful: Vec<usize> = (0..micros.len()).filter(doubtful).collect();
                refuse_lost(array, &(Arc::new(micros.clone()) as ArrayRef), refuse);
                doubtful.iter().for_each(|place| refuse(*place, "epoch_unit"));
                let micros =
                    if doubtful.is_empty() { micros } else { micros.unary_opt(|at| (!unlikely(at)).then_some(at)) };
                return Some(within_calendar(Arc::new(micros.with_timezone(UTC)), refuse));
            }
            _ => return None,
        },
    };
    refuse_lost(array, &result, refuse);
    Some(within_calendar(result, refuse))
}

/// Times before 1900 and after 9999 become null and are told.
fn within_calendar(times: ArrayRef, refuse: &mut dyn FnMut(usize, &'static str)) -> ArrayRef {
    fn checked<T: ArrowPrimitiveType>(
        times: &ArrayRef,
        fits: impl Fn(T::Native) -> bool,
        refuse: &mut dyn FnMut(usize, &'static str),
    ) -> Option<ArrayRef> {
        let values = times.as_primitive_opt::<T>()?;
        let beyond = |place: usize| values.is_valid(place) && !fits(values.value(place));
        // Nulls may hold anything; where all values fit, nothing is looked at twice.
        if values.values().iter().all(|v| fits(*v)) || !(0..values.len()).any(beyond) {
            return None;
        }
        (0..values.len()).filter(|place| beyond(*place)).for_each(|place| refuse(place, "calendar"));
        Some(Arc::new(values.unary_opt::<_, T>(|v| fits(v).then_some(v)).with_data_type(times.data_type().clone())))
    }
    match times.data_type() {
        Arrow::Date32 => checked::<Date32Type>(&times, day_in_calendar, refuse),
        Arrow::Timestamp(TimeUnit::Microsecond, _) => {
            checked::<TimestampMicrosecondType>(&times, instant_in_calendar, refuse)
        }
        _ => None,
    }
    .unwrap_or(times)
}

/// Instants (µs, UTC) of a timestamp column; times without a zone are wall clock.
fn instants(array: &ArrayRef, times: &TimeParser) -> Option<TimestampMicrosecondArray> {
    let Arrow::Timestamp(unit, zone) = array.data_type() else {
        return None;
    };
    let micros = if *unit == TimeUnit::Microsecond {
        array.clone()
    } else {
        cast(array, &Arrow::Timestamp(TimeUnit::Microsecond, zone.clone()))?
    };
    let micros = micros.as_primitive::<TimestampMicrosecondType>();
    if zone.is_some() {
        return Some(micros.clone());
    }
    let mut cache = ZoneCache::new(times.zone());
    Some(micros.iter().map(|local| local.and_then(|local| cache.instant(local))).collect())
}

/// Tells of values that were there and did not survive the cast.
fn refuse_lost(before: &ArrayRef, after: &ArrayRef, refuse: &mut dyn FnMut(usize, &'static str)) {
    if after.null_count() > before.null_count() {
        (0..before.len()).filter(|i| before.is_valid(*i) && after.is_null(*i)).for_each(|i| refuse(i, "type"));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::Zone;
    use super::*;
    use arrow::array::*;

    fn run(array: ArrayRef, to: DataType, formats: &[&str]) -> (Option<ArrayRef>, Vec<usize>) {
        let formats: Vec<String> = formats.iter().map(|f| (*f).to_owned()).collect();
        let times = TimeParser::compile(&formats, Zone(chrono_tz::Asia::Shanghai)).unwrap();
        let mut lost = Vec::new();
        let result = direct(&array, to, &times, &mut |i, _| lost.push(i));
        (result, lost)
    }

    #[test]
    fn instants_and_wall_clocks() {
        let utc: ArrayRef = Arc::new(TimestampMillisecondArray::from(vec![Some(0), None]).with_timezone("UTC"));
        let (at, lost) = run(utc.clone(), DataType::Timestamp, &[]);
        assert_eq!(at.unwrap().as_primitive::<TimestampMicrosecondType>().iter().collect::<Vec<_>>(), [Some(0), None]);
        assert!(lost.is_empty());
        let wall: ArrayRef = Arc::new(TimestampMillisecondArray::from(vec![28_800_000]));
        assert_eq!(
            run(wall, DataType::Timestamp, &[]).0.unwrap().as_primitive::<TimestampMicrosecondType>().value(0),
            0
        );
        let epoch: ArrayRef = Arc::new(Int64Array::from(vec![1000, i64::MAX]));
        let (at, lost) = run(epoch, DataType::Timestamp, &["epoch_ms"]);
        assert_eq!(at.unwrap().as_primitive::<TimestampMicrosecondType>().value(0), 1_000_000);
        assert_eq!(lost, [1]);
        assert_eq!(as_text(&utc).unwrap().value(0), "1970-01-01T00:00:00Z");
        let nanos: ArrayRef = Arc::new(Int64Array::from(vec![-1, 2_500]));
        let at = run(nanos, DataType::Timestamp, &["epoch_ns"]).0.unwrap();
        assert_eq!(at.as_primitive::<TimestampMicrosecondType>().values().to_vec(), [-1, 2]);
        let days: ArrayRef = Arc::new(Date32Array::from(vec![Some(0), None, Some(-719_162), Some(3_000_000)]));
        let (at, lost) = run(days, DataType::Date, &[]);
        assert_eq!((at.unwrap().null_count(), lost), (3, vec![2, 3]));
    }

    #[test]
    fn what_does_not_fit_is_told() {
        let (_, lost) = run(Arc::new(UInt64Array::from(vec![1, u64::MAX])), DataType::Integer, &[]);
        assert_eq!(lost, [1]);
        let decimals = Decimal128Array::from(vec![150i128, 123_456]).with_precision_and_scale(10, 2).unwrap();
        let (array, lost) = run(Arc::new(decimals), DataType::Decimal { precision: 5, scale: 3 }, &[]);
        assert_eq!((array.unwrap().as_primitive::<arrow::datatypes::Decimal128Type>().value(0), lost), (1500, vec![1]));
        assert!(
            run(Arc::new(Float64Array::from(vec![2.55])), DataType::Decimal { precision: 5, scale: 2 }, &[])
                .0
                .is_none()
        );
        assert_eq!(as_text(&(Arc::new(Float64Array::from(vec![2.55])) as ArrayRef)).unwrap().value(0), "2.55");
        let (doubles, lost) = run(Arc::new(Float32Array::from(vec![19.9])), DataType::Double, &[]);
        assert_eq!(doubles.unwrap().as_primitive::<arrow::datatypes::Float64Type>().value(0), 19.9);
        assert!(lost.is_empty());
    }
}
