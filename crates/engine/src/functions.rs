//! The two functions that models have beyond SQL: `as_of()` and `local_date(timestamp)`.

use chrono::{Offset, TimeZone, Utc};
use chrono_tz::Tz;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, Date32Array, PrimitiveArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, TimeUnit, TimestampMicrosecondType};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};
use std::sync::Arc;

const MICROS_PER_DAY: i64 = 86_400_000_000;
/// Offsets change on quarters of an hour.
const BUCKET: i64 = 900_000_000;

fn utc_timestamp() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// `as_of()`: the run's instant, a timestamp in UTC.
pub(crate) fn as_of(micros: i64) -> ScalarUDF {
    ScalarUDF::new_from_impl(AsOf { micros, signature: Signature::nullary(Volatility::Stable) })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct AsOf {
    micros: i64,
    signature: Signature,
}

impl ScalarUDFImpl for AsOf {
    fn name(&self) -> &str {
        "as_of"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(utc_timestamp())
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Ok(ColumnarValue::Scalar(ScalarValue::TimestampMicrosecond(Some(self.micros), Some("UTC".into()))))
    }
}

/// `local_date(timestamp)`: the calendar day in the project's time zone.
pub(crate) fn local_date(zone: Tz) -> ScalarUDF {
    let signature = Signature::one_of(vec![TypeSignature::Exact(vec![utc_timestamp()])], Volatility::Immutable);
    ScalarUDF::new_from_impl(LocalDate { zone, signature })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct LocalDate {
    zone: Tz,
    signature: Signature,
}

impl LocalDate {
    fn days(&self, timestamps: &ArrayRef) -> Result<Date32Array> {
        let timestamps = cast(timestamps, &utc_timestamp())?;
        let micros: &PrimitiveArray<TimestampMicrosecondType> = timestamps.as_primitive();
        let mut bucket = i64::MIN;
        let mut offset = 0i64;
        let mut days = Vec::with_capacity(micros.len());
        for instant in micros.values() {
            let own = instant.div_euclid(BUCKET);
            if own != bucket {
                let Some(at) = Utc.timestamp_micros(*instant).single() else {
                    return exec_err!("a timestamp is out of range");
                };
                let shift = self.zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc();
                offset = i64::from(shift) * 1_000_000;
                bucket = own;
            }
            days.push((instant + offset).div_euclid(MICROS_PER_DAY) as i32);
        }
        Ok(Date32Array::new(days.into(), micros.nulls().cloned()))
    }
}

impl ScalarUDFImpl for LocalDate {
    fn name(&self) -> &str {
        "local_date"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Date32)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match args.args.as_slice() {
            [ColumnarValue::Array(array)] => Ok(ColumnarValue::Array(Arc::new(self.days(array)?))),
            [ColumnarValue::Scalar(scalar)] => {
                let days = self.days(&scalar.to_array()?)?;
                Ok(ColumnarValue::Scalar(ScalarValue::Date32(days.is_valid(0).then(|| days.value(0)))))
            }
            _ => exec_err!("local_date takes one timestamp"),
        }
    }
}

/// Days since 1970-01-01.
#[cfg(test)]
fn day_number(date: chrono::NaiveDate) -> i32 {
    (date - chrono::NaiveDate::default()).num_days() as i32
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use chrono::NaiveDate;
    use datafusion::arrow::array::TimestampMicrosecondArray;

    #[test]
    fn days_are_those_of_the_wall_clock() {
        let function =
            LocalDate { zone: chrono_tz::Europe::London, signature: Signature::nullary(Volatility::Immutable) };
        let instants = [
            (2011, 3, 27, 0, 30, (2011, 3, 27)), // before the clocks go forward
            (2011, 6, 30, 23, 30, (2011, 7, 1)), // summer time
            (2011, 12, 31, 23, 59, (2011, 12, 31)),
        ];
        let array: TimestampMicrosecondArray = instants
            .iter()
            .map(|(y, m, d, h, min, _)| Some(Utc.with_ymd_and_hms(*y, *m, *d, *h, *min, 0).unwrap().timestamp_micros()))
            .collect();
        let days = function.days(&(Arc::new(array.with_timezone("UTC")) as ArrayRef)).unwrap();
        for (row, (.., (y, m, d))) in instants.iter().enumerate() {
            assert_eq!(days.value(row), day_number(NaiveDate::from_ymd_opt(*y, *m, *d).unwrap()));
        }
    }
}
