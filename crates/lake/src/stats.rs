//! What Delta's log says of a file: rows, nulls, smallest and largest values. Never of text.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float32Type, Float64Type, Schema, TimeUnit};
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use parquet::file::metadata::ParquetMetaData;
use parquet::file::statistics::Statistics;
use serde_json::{Map, Number, Value};

use crate::schema::has_bounds;

/// Decimal digits that a JSON number carries exactly in every reader.
const EXACT_DIGITS: u32 = 15;

/// The statistics of one data file, keyed by column, in the form of Delta's log.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct FileStats {
    pub(crate) rows: u64,
    pub(crate) null_counts: BTreeMap<String, u64>,
    pub(crate) min: BTreeMap<String, Value>,
    pub(crate) max: BTreeMap<String, Value>,
}

impl FileStats {
    /// Writes the statistics as Delta does.
    pub(crate) fn to_json(&self) -> String {
        let object = |values: &BTreeMap<String, Value>| {
            Value::Object(values.iter().map(|(k, v)| (k.clone(), v.clone())).collect())
        };
        let nulls: Map<String, Value> = self.null_counts.iter().map(|(k, v)| (k.clone(), Value::from(*v))).collect();
        serde_json::json!({
            "numRecords": self.rows,
            "minValues": object(&self.min),
            "maxValues": object(&self.max),
            "nullCount": nulls,
        })
        .to_string()
    }

    /// Reads what Delta's log says. None where it does not even say how many rows there are.
    pub(crate) fn from_json(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        let flat = |key: &str| -> BTreeMap<String, Value> {
            let values = value.get(key).and_then(Value::as_object);
            values.into_iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect()
        };
        Some(Self {
            rows: value.get("numRecords")?.as_u64()?,
            null_counts: flat("nullCount")
                .into_iter()
                .filter_map(|(k, v)| v.as_u64().map(|count| (k, count)))
                .collect(),
            min: flat("minValues"),
            max: flat("maxValues"),
        })
    }
}

/// Reads a bound of a date or timestamp column: a date is its midnight in UTC.
pub(crate) fn instant(bound: &Value) -> Option<DateTime<Utc>> {
    let text = bound.as_str()?;
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Some(instant.to_utc());
    }
    let date: NaiveDate = text.parse().ok()?;
    Some(date.and_hms_opt(0, 0, 0)?.and_utc())
}

/// Counts what the Parquet footer does not say, batch by batch.
pub(crate) struct Counter {
    nulls: Vec<u64>,
    /// Columns with a NaN, which has no place between a smallest and a largest value.
    with_nan: BTreeSet<usize>,
    rows: u64,
}

impl Counter {
    pub(crate) fn new(schema: &Schema) -> Self {
        Self { nulls: vec![0; schema.fields().len()], with_nan: BTreeSet::new(), rows: 0 }
    }

    pub(crate) fn count(&mut self, batch: &RecordBatch) {
        self.rows += batch.num_rows() as u64;
        for (index, column) in batch.columns().iter().enumerate() {
            self.nulls[index] += column.null_count() as u64;
            let nan = match column.data_type() {
                DataType::Float64 => column.as_primitive::<Float64Type>().iter().flatten().any(f64::is_nan),
                DataType::Float32 => column.as_primitive::<Float32Type>().iter().flatten().any(f32::is_nan),
                _ => false,
            };
            if nan {
                self.with_nan.insert(index);
            }
        }
    }

    /// Adds what was counted of other rows of the same file.
    pub(crate) fn merge(&mut self, other: Self) {
        self.nulls.iter_mut().zip(other.nulls).for_each(|(all, more)| *all += more);
        self.with_nan.extend(other.with_nan);
        self.rows += other.rows;
    }

    /// Joins the counts with the bounds in the footer of the file that was written.
    pub(crate) fn finish(self, schema: &Schema, footer: &ParquetMetaData) -> FileStats {
        let mut stats = FileStats { rows: self.rows, ..FileStats::default() };
        for (index, field) in schema.fields().iter().enumerate() {
            stats.null_counts.insert(field.name().clone(), self.nulls[index]);
            if !has_bounds(field.data_type()) || self.with_nan.contains(&index) {
                continue;
            }
            let Some((low, high)) = bounds(index, footer) else {
                continue;
            };
            let (min, max) = (low.render(field.data_type(), false), high.render(field.data_type(), true));
            if let (Some(min), Some(max)) = (min, max) {
                stats.min.insert(field.name().clone(), min);
                stats.max.insert(field.name().clone(), max);
            }
        }
        stats
    }
}

#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Bound {
    Whole(i128),
    Float(f64),
}

/// The bounds of one column over all row groups. None where a row group with values has none.
fn bounds(column: usize, footer: &ParquetMetaData) -> Option<(Bound, Bound)> {
    let mut all: Option<(Bound, Bound)> = None;
    for group in footer.row_groups() {
        let chunk = group.column(column);
        let statistics = chunk.statistics()?;
        if statistics.null_count_opt() == Some(chunk.num_values() as u64) {
            continue;
        }
        let (low, high) = of_chunk(statistics)?;
        all = Some(match all {
            None => (low, high),
            Some((l, h)) => (if low < l { low } else { l }, if high > h { high } else { h }),
        });
    }
    all
}

fn of_chunk(statistics: &Statistics) -> Option<(Bound, Bound)> {
    Some(match statistics {
        Statistics::Int32(s) => (Bound::Whole((*s.min_opt()?).into()), Bound::Whole((*s.max_opt()?).into())),
        Statistics::Int64(s) => (Bound::Whole((*s.min_opt()?).into()), Bound::Whole((*s.max_opt()?).into())),
        Statistics::Float(s) => (Bound::Float((*s.min_opt()?).into()), Bound::Float((*s.max_opt()?).into())),
        Statistics::Double(s) => (Bound::Float(*s.min_opt()?), Bound::Float(*s.max_opt()?)),
        // Decimals of more than 18 digits: big-endian two's complement.
        Statistics::FixedLenByteArray(s) => {
            (Bound::Whole(big_endian(s.min_opt()?.data())?), Bound::Whole(big_endian(s.max_opt()?.data())?))
        }
        _ => return None,
    })
}

fn big_endian(bytes: &[u8]) -> Option<i128> {
    if bytes.is_empty() || bytes.len() > 16 {
        return None;
    }
    let sign = if bytes[0] & 0x80 == 0 { 0 } else { 0xff };
    let mut full = [sign; 16];
    full[16 - bytes.len()..].copy_from_slice(bytes);
    Some(i128::from_be_bytes(full))
}

impl Bound {
    /// Writes the bound as Delta does; None where JSON or Delta cannot say it exactly. Instants
    /// are rounded outwards to milliseconds, because that is all that some readers compare.
    fn render(self, data_type: &DataType, upper: bool) -> Option<Value> {
        match (self, data_type) {
            (Self::Whole(value), DataType::Date32) => {
                let days = i64::try_from(value).ok()?;
                let date = DateTime::from_timestamp(days.checked_mul(86_400)?, 0)?.date_naive();
                within_four_digits(date).then(|| Value::from(date.format("%Y-%m-%d").to_string()))
            }
            (Self::Whole(value), DataType::Timestamp(TimeUnit::Microsecond, _)) => {
                let micros = i64::try_from(value).ok()?;
                let millis = micros.div_euclid(1000);
                let inexact = micros.rem_euclid(1000) != 0;
                let instant = DateTime::from_timestamp_millis(millis + i64::from(upper && inexact))?;
                within_four_digits(instant.date_naive())
                    .then(|| Value::from(instant.to_rfc3339_opts(SecondsFormat::Millis, true)))
            }
            (Self::Whole(value), DataType::Decimal128(_, scale)) => {
                if value.unsigned_abs() >= 10u128.pow(EXACT_DIGITS) {
                    return None;
                }
                let text = decimal_text(value, u32::try_from(*scale).ok()?);
                Number::from_f64(text.parse().ok()?).map(Value::Number)
            }
            (Self::Whole(value), _) => i64::try_from(value).ok().map(Value::from),
            (Self::Float(value), _) => Number::from_f64(value).map(Value::Number),
        }
    }
}

fn within_four_digits(date: NaiveDate) -> bool {
    use chrono::Datelike;
    (1..=9999).contains(&date.year())
}

fn decimal_text(value: i128, scale: u32) -> String {
    let Some(unit) = 10u128.checked_pow(scale) else {
        return String::new();
    };
    let sign = if value < 0 { "-" } else { "" };
    let (whole, part) = (value.unsigned_abs() / unit, value.unsigned_abs() % unit);
    format!("{sign}{whole}.{part:0width$}", width = scale.max(1) as usize)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn timestamp() -> DataType {
        DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
    }

    #[test]
    fn instants_are_rounded_outwards() {
        let bound = Bound::Whole(1_700_000_000_123_456);
        let low = bound.render(&timestamp(), false).unwrap();
        let high = bound.render(&timestamp(), true).unwrap();
        assert_eq!(low, "2023-11-14T22:13:20.123Z");
        assert_eq!(high, "2023-11-14T22:13:20.124Z");
        let before = Bound::Whole(-1);
        assert_eq!(before.render(&timestamp(), false).unwrap(), "1969-12-31T23:59:59.999Z");
        assert_eq!(before.render(&timestamp(), true).unwrap(), "1970-01-01T00:00:00.000Z");
        assert_eq!(instant(&low).unwrap().timestamp_millis(), 1_700_000_000_123);
    }

    #[test]
    fn what_cannot_be_said_is_not_said() {
        assert_eq!(Bound::Whole(i64::MAX.into()).render(&timestamp(), true), None);
        assert_eq!(Bound::Float(f64::INFINITY).render(&DataType::Float64, true), None);
        let long = Bound::Whole(1_234_567_890_123_456_789);
        assert_eq!(long.render(&DataType::Decimal128(38, 2), true), None);
    }

    #[test]
    fn decimals_and_dates() {
        let decimal = DataType::Decimal128(18, 2);
        assert_eq!(Bound::Whole(-105).render(&decimal, true).unwrap(), Value::from(-1.05));
        assert_eq!(Bound::Whole(7).render(&DataType::Decimal128(9, 0), true).unwrap(), Value::from(7.0));
        assert_eq!(Bound::Whole(0).render(&DataType::Date32, true).unwrap(), "1970-01-01");
        assert_eq!(instant(&Value::from("1970-01-02")).unwrap().timestamp(), 86_400);
        assert_eq!(big_endian(&[0xff, 0x97]), Some(-105));
    }

    #[test]
    fn json_there_and_back() {
        let stats = FileStats {
            rows: 3,
            null_counts: [("a".to_owned(), 1)].into(),
            min: [("b".to_owned(), Value::from(-2))].into(),
            max: [("b".to_owned(), Value::from(9))].into(),
        };
        assert_eq!(FileStats::from_json(&stats.to_json()).unwrap(), stats);
        assert_eq!(FileStats::from_json("{}"), None);
    }
}
