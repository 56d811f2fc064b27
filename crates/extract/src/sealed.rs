//! What is sealed of a rejected record: enough to read it again later, and nothing that was not declared.
//!
//! It is a JSON object: the text of each declared field by its name in the export, as it came, null where it was empty;
//! or, of a JSON record that is no object, its text under `_record`. What the text alone does not tell stands under
//! `_lakewarden`, if there is anything to tell.

use crate::held::Held;
use crate::quarantine::QUARANTINE_SEALER;
use arrow::array::{Array, ArrayRef, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType as Arrow, TimeUnit};
use hashbrown::HashMap;
use lakewarden_privacy::{KeyRing, Sealer};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// The key of the text of a record that is no object.
pub(crate) const UNPARSED: &str = "_record";
/// The key of [`About`].
const ABOUT: &str = "_lakewarden";

/// What the fields' texts do not tell.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct About {
    /// The record did not have as many fields as the header: its texts may stand under wrong names.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub shifted: bool,
    /// By field: the type it arrived with, if not as text.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub types: BTreeMap<String, String>,
    /// Fields that are dropped, so that their texts are not here, and that broke a rule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub broke: Vec<String>,
    /// Fields with an object or an array instead of one value: their texts are JSON.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub nested: Vec<String>,
}

impl About {
    /// Adds it to a record, if it says anything. `None` if it cannot be written.
    pub fn put(self, record: &mut Map<String, Value>) -> Option<()> {
        if self != Self::default() {
            record.insert(ABOUT.to_owned(), serde_json::to_value(self).ok()?);
        }
        Some(())
    }
}

/// A sealed record that does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealedError {
    /// The key is another, or the record was altered or moved.
    #[error("it does not open with this key")]
    Refused,
    /// It opens, and holds something else than a record.
    #[error("it holds no record")]
    NoRecord,
}

/// A record in clear. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Opened {
    /// The text of each declared field by its name in the export; `None` where it was empty.
    pub fields: BTreeMap<String, Option<String>>,
    /// The text of a record that is no JSON object; there are no fields then.
    pub unparsed: Option<String>,
    /// Whether its texts may stand under wrong names, because there were more or fewer than the header has.
    pub shifted: bool,
    pub(crate) types: BTreeMap<String, String>,
    pub(crate) broke: Vec<String>,
    pub(crate) nested: Vec<String>,
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opened(…)")
    }
}

impl Opened {
    fn of(plain: &[u8]) -> Result<Self, SealedError> {
        let mut record: Map<String, Value> = serde_json::from_slice(plain).map_err(|_| SealedError::NoRecord)?;
        let about = match record.remove(ABOUT) {
            Some(about) => serde_json::from_value(about).map_err(|_| SealedError::NoRecord)?,
            None => About::default(),
        };
        let mut fields = BTreeMap::new();
        for (name, value) in record {
            let text = match value {
                Value::Null => None,
                Value::String(text) => Some(text),
                _ => return Err(SealedError::NoRecord),
            };
            fields.insert(name, text);
        }
        // A record that is no object has its text, and no other field.
        let unparsed = if fields.len() == 1 { fields.remove(UNPARSED).flatten() } else { None };
        let About { shifted, types, broke, nested } = about;
        Ok(Self { fields, unparsed, shifted, types, broke, nested })
    }
}

/// Opens sealed records with the key version that each was sealed with.
pub struct Opener<'a> {
    keys: &'a KeyRing,
    sealers: HashMap<u32, Sealer>,
}

impl<'a> Opener<'a> {
    /// For records that this master key sealed, in this version or another.
    pub fn new(keys: &'a KeyRing) -> Self {
        Self { keys, sealers: HashMap::new() }
    }

    /// Opens a record.
    ///
    /// # Errors
    /// [`SealedError`]; which record it is, is for the caller to say.
    pub fn open(&mut self, held: &Held<'_>) -> Result<Opened, SealedError> {
        let version = held.key_version;
        let sealer = self.sealers.entry(version).or_insert_with(|| self.keys.sealer_of(QUARANTINE_SEALER, version));
        let nonce = held.nonce.try_into().map_err(|_| SealedError::Refused)?;
        let plain = sealer.open(nonce, &held.aad(), held.sealed).map_err(|_| SealedError::Refused)?;
        Opened::of(&plain)
    }
}

/// The name of a type whose values text alone does not give back; `None` for text, and for what is read as text.
pub(crate) fn type_name(data_type: &Arrow) -> Option<String> {
    let unit = |unit: &TimeUnit| match unit {
        TimeUnit::Second => "s",
        TimeUnit::Millisecond => "ms",
        TimeUnit::Microsecond => "us",
        TimeUnit::Nanosecond => "ns",
    };
    Some(match data_type {
        Arrow::UInt64 => "unsigned".to_owned(),
        other if other.is_integer() => "integer".to_owned(),
        Arrow::Float16 | Arrow::Float32 => "single".to_owned(),
        Arrow::Float64 => "double".to_owned(),
        Arrow::Boolean => "boolean".to_owned(),
        Arrow::Date32 | Arrow::Date64 => "date".to_owned(),
        Arrow::Decimal32(p, s) | Arrow::Decimal64(p, s) | Arrow::Decimal128(p, s) => format!("decimal {p} {s}"),
        Arrow::Timestamp(u, None) => format!("local {}", unit(u)),
        Arrow::Timestamp(u, Some(_)) => format!("instant {}", unit(u)),
        _ => return None,
    })
}

fn named(name: &str) -> Option<Arrow> {
    let (kind, rest) = name.split_once(' ').unwrap_or((name, ""));
    let unit = || {
        Some(match rest {
            "s" => TimeUnit::Second,
            "ms" => TimeUnit::Millisecond,
            "us" => TimeUnit::Microsecond,
            "ns" => TimeUnit::Nanosecond,
            _ => return None,
        })
    };
    Some(match kind {
        "unsigned" => Arrow::UInt64,
        "integer" => Arrow::Int64,
        "single" => Arrow::Float32,
        "double" => Arrow::Float64,
        "boolean" => Arrow::Boolean,
        "date" => Arrow::Date32,
        "decimal" => {
            let (precision, scale) = rest.split_once(' ')?;
            Arrow::Decimal128(precision.parse().ok()?, scale.parse().ok()?)
        }
        "local" => Arrow::Timestamp(unit()?, None),
        "instant" => Arrow::Timestamp(unit()?, Some(crate::values::UTC.into())),
        _ => return None,
    })
}

/// A column of texts in the type that they arrived with. `None` for a type that nobody gave a name, or if a text is no
/// value of it.
pub(crate) fn typed(texts: StringArray, type_of: Option<&str>) -> Option<ArrayRef> {
    let Some(data_type) = type_of else { return Some(Arc::new(texts)) };
    let nulls = texts.null_count();
    let column = match named(data_type)? {
        // Of a day with its time the day counts.
        Arrow::Date32 => {
            let days = texts.iter().map(|text| text.map(|text| text.split('T').next().unwrap_or(text)));
            cast(&days.collect::<StringArray>(), &Arrow::Date32)
        }
        // Written in UTC with a `Z`, which is not asked of every time zone database.
        Arrow::Timestamp(unit, Some(zone)) => {
            let local = texts.iter().map(|text| text.map(|text| text.trim_end_matches('Z')));
            cast(&local.collect::<StringArray>(), &Arrow::Timestamp(unit, None))
                .and_then(|times| cast(&times, &Arrow::Int64))
                .and_then(|times| cast(&times, &Arrow::Timestamp(unit, Some(zone))))
        }
        other => cast(&texts, &other),
    };
    column.ok().filter(|column| column.null_count() == nulls)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::values::as_text;
    use arrow::array::*;
    use proptest::prelude::*;

    fn back(array: ArrayRef, to: &Arrow) {
        let name = type_name(array.data_type()).unwrap();
        let again = typed(as_text(&array).unwrap(), Some(&name)).unwrap();
        assert_eq!(&cast(&array, to).unwrap(), &cast(&again, to).unwrap(), "{name}");
    }

    proptest! {
        #[test]
        fn typed_values_come_back_from_their_text(
            integers: Vec<Option<i64>>, bits: Vec<u64>, floats: Vec<f64>, singles: Vec<f32>, flags: Vec<Option<bool>>,
            days in prop::collection::vec(-700_000..2_900_000i32, 0..9),
            instants in prop::collection::vec(-60_000_000_000_000_000..250_000_000_000_000_000i64, 0..9),
            money in prop::collection::vec(-999_999_999_999i128..999_999_999_999, 0..9),
        ) {
            back(Arc::new(Int64Array::from(integers)), &Arrow::Int64);
            back(Arc::new(UInt64Array::from(bits)), &Arrow::UInt64);
            let finite: Vec<f64> = floats.into_iter().filter(|f| f.is_finite()).collect();
            back(Arc::new(Float64Array::from(finite)), &Arrow::Float64);
            let finite: Vec<f32> = singles.into_iter().filter(|f| f.is_finite()).collect();
            back(Arc::new(Float32Array::from(finite)), &Arrow::Float64);
            back(Arc::new(BooleanArray::from(flags)), &Arrow::Boolean);
            back(Arc::new(Date32Array::from(days.clone())), &Arrow::Date32);
            let milliseconds = days.iter().map(|d| i64::from(*d) * 86_400_000).collect::<Vec<_>>();
            back(Arc::new(Date64Array::from(milliseconds)), &Arrow::Date32);
            let local = TimestampMicrosecondArray::from(instants.clone());
            back(Arc::new(local.clone()), &Arrow::Timestamp(TimeUnit::Microsecond, None));
            let utc = Arrow::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
            back(Arc::new(local.with_timezone("+08:00")), &utc);
            let seconds = TimestampSecondArray::from(instants.iter().map(|i| i / 1_000_000).collect::<Vec<_>>());
            back(Arc::new(seconds.with_timezone("UTC")), &utc);
            let money = Decimal128Array::from(money).with_precision_and_scale(14, 2).unwrap();
            back(Arc::new(money), &Arrow::Decimal128(14, 2));
        }
    }

    #[test]
    fn what_a_type_cannot_hold_is_no_value_of_it() {
        assert!(typed(StringArray::from(vec!["1", "x"]), Some("integer")).is_none());
        assert!(typed(StringArray::from(vec!["1"]), Some("complex")).is_none());
        assert_eq!(typed(StringArray::from(vec!["x"]), None).unwrap().len(), 1);
        assert_eq!(type_name(&Arrow::Utf8), None);
        assert_eq!(type_name(&Arrow::Binary), None);
    }

    #[test]
    fn only_records_are_read_and_nothing_is_shown_of_them() {
        let opened = Opened::of(br#"{"a":"13187013211","b":null,"_lakewarden":{"shifted":true}}"#).unwrap();
        assert!(opened.shifted && opened.unparsed.is_none());
        assert_eq!(opened.fields["a"].as_deref(), Some("13187013211"));
        assert_eq!(format!("{opened:?}"), "Opened(…)");
        assert_eq!(Opened::of(br#"{"_record":"[1]"}"#).unwrap().unparsed.as_deref(), Some("[1]"));
        for wrong in ["", "[]", r#"{"a":1}"#, r#"{"_lakewarden":{"later":1}}"#, r#"{"_lakewarden":null}"#] {
            assert_eq!(Opened::of(wrong.as_bytes()), Err(SealedError::NoRecord), "{wrong}");
        }
    }
}
