//! From text or foreign types to the dictionary's types, a column at a time.

mod arrow_types;
mod binary;
mod clock;
mod compact;
mod epoch;
mod format;
mod iso;
mod number;
mod time;
mod words;
mod zone;

pub(crate) use arrow_types::{as_text, direct};
pub(crate) use binary::{fifteen_digits, has_lost_digits, lost_digits};
pub(crate) use compact::compact_width;
pub(crate) use format::{NumberParser, currencies_of};
pub(crate) use number::{decimal, double, integer};
use number::{integer_of, rounded, whole, without_noise};
pub(crate) use time::TimeParser;
pub(crate) use words::{BooleanParser, FoldedWords};
pub(crate) use zone::{Zone, ZoneCache};

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanBuilder, Date32Array, Decimal128Array, Float64Array, Int64Array,
    PrimitiveArray, StringArray, TimestampMicrosecondArray,
};
use arrow::buffer::{NullBuffer, ScalarBuffer};
use lakewarden_dictionary::DataType;
use std::cell::Cell;
use std::sync::Arc;

/// The name of the zone that instants are stored in.
pub(crate) const UTC: &str = "UTC";

/// How the texts of a field are written.
pub(crate) struct Forms<'a> {
    pub times: &'a TimeParser,
    /// How numbers are written, if otherwise than plainly.
    pub numbers: Option<&'a NumberParser>,
    pub booleans: &'a BooleanParser,
    /// Whether digits beyond the scale are rounded away.
    pub round: bool,
    /// How many values were rounded: noise of binary arithmetic always, other digits where it is declared.
    pub rounded: &'a Cell<u64>,
}

impl Forms<'_> {
    /// A number that [`decimal`] refuses, if only digits beyond its scale are in the way.
    fn round(&self, text: &str, precision: u8, scale: i8) -> Option<i128> {
        let declared = || self.round.then(|| rounded(text, precision, scale)).flatten();
        let value = without_noise(text, precision, scale).or_else(declared)?;
        self.rounded.set(self.rounded.get() + 1);
        Some(value)
    }

    fn round_integer(&self, text: &str) -> Option<i64> {
        self.round(text, 19, 0).and_then(|value| i64::try_from(value).ok())
    }
}

/// Parses a column of trimmed text. Places whose text is not a value of the type become null and are given to `refuse`
/// with the rule they break: `type`; `number_format` where one is declared; `calendar` for years before 1900 and after
/// 9999; `two_digit_year` for years without a century that would lie in the future; `epoch_unit` for counts since 1970 in another unit than the declared one.
pub(crate) fn parse(
    text: &StringArray,
    data_type: DataType,
    forms: &Forms<'_>,
    refuse: &mut dyn FnMut(usize, &'static str),
) -> ArrayRef {
    let times = forms.times;
    let mut plain = String::new();
    // A place without a value of the type, and whether it is one beyond the calendar.
    let mut refuse_time = |place: usize| {
        let text = text.value(place);
        let rule = if times.is_of_other_unit(text) {
            "epoch_unit"
        } else if times.is_of_doubtful_century(text) {
            "two_digit_year"
        } else if times.is_beyond_calendar(text) {
            "calendar"
        } else {
            "type"
        };
        refuse(place, rule);
    };
    match data_type {
        DataType::String => Arc::new(text.clone()),
        DataType::Integer => Arc::new(match forms.numbers {
            None => {
                let whole = |t: &str| integer(t).or_else(|| whole(t)).or_else(|| forms.round_integer(t));
                Int64Array::from(primitive(text, whole, &mut |place| refuse(place, "type")))
            }
            Some(numbers) => {
                let whole = |t: &str| {
                    let plain = numbers.plain(t, &mut plain)?;
                    integer_of(plain).or_else(|| forms.round_integer(plain))
                };
                Int64Array::from(primitive(text, whole, &mut |place| refuse(place, "number_format")))
            }
        }),
        DataType::Double => Arc::new(match forms.numbers {
            None => Float64Array::from(primitive(text, double, &mut |place| refuse(place, "type"))),
            Some(numbers) => {
                let number = |t: &str| double(numbers.plain(t, &mut plain)?);
                Float64Array::from(primitive(text, number, &mut |place| refuse(place, "number_format")))
            }
        }),
        DataType::Decimal { precision, scale } => {
            let parsed: Decimal128Array = match forms.numbers {
                None => {
                    let exact =
                        |t: &str| decimal(t.as_bytes(), precision, scale).or_else(|| forms.round(t, precision, scale));
                    primitive(text, exact, &mut |place| refuse(place, "type"))
                }
                Some(numbers) => {
                    let exact = |t: &str| {
                        let plain = numbers.plain(t, &mut plain)?;
                        decimal(plain.as_bytes(), precision, scale).or_else(|| forms.round(plain, precision, scale))
                    };
                    primitive(text, exact, &mut |place| refuse(place, "number_format"))
                }
            };
            Arc::new(parsed.with_data_type(arrow::datatypes::DataType::Decimal128(precision, scale)))
        }
        DataType::Boolean => {
            let mut builder = BooleanBuilder::with_capacity(text.len());
            for (place, value) in text.iter().enumerate() {
                let parsed = value.and_then(|value| forms.booleans.parse(value));
                if value.is_some() && parsed.is_none() {
                    refuse(place, "type");
                }
                builder.append_option(parsed);
            }
            Arc::new(builder.finish())
        }
        DataType::Date => {
            let mut cache = ZoneCache::new(times.zone());
            let parsed: Date32Array = primitive(text, |t| times.day(t, &mut cache), &mut refuse_time);
            Arc::new(parsed)
        }
        DataType::Timestamp => {
            let mut cache = ZoneCache::new(times.zone());
            let parsed: TimestampMicrosecondArray = primitive(text, |t| times.instant(t, &mut cache), &mut refuse_time);
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
