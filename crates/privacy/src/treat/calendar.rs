//! Days and instants → months, years and decades.

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Int64Array, TimestampMicrosecondArray, TimestampMillisecondArray,
    TimestampNanosecondArray, TimestampSecondArray,
};
use arrow::datatypes::{
    DataType, Date32Type, Date64Type, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};
use chrono::{Datelike, NaiveDate};

const SECONDS: i64 = 86_400;
/// Days from 0001-01-01 (day 1) to 1970-01-01.
const EPOCH: i64 = 719_163;

/// Date or timestamp → the first year of its decade (1987-05-02 → 1980).
///
/// Timestamps are read in UTC; days that are outside chrono's calendar (years beyond ±262,000) become null.
///
/// # Panics
/// If the array holds neither dates nor timestamps.
pub fn decade(values: &ArrayRef) -> Int64Array {
    years(values, |year| year.div_euclid(10) * 10)
}

/// Date or timestamp → its year; otherwise as [`decade`].
///
/// # Panics
/// If the array holds neither dates nor timestamps.
pub fn year(values: &ArrayRef) -> Int64Array {
    years(values, |year| year)
}

/// Date or timestamp → the first day of its month; otherwise as [`decade`].
///
/// # Panics
/// If the array holds neither dates nor timestamps.
pub fn month(values: &ArrayRef) -> Date32Array {
    days(values).unary_opt(|day| {
        let first = date(day)?.with_day(1)?;
        Some((i64::from(first.num_days_from_ce()) - EPOCH) as i32)
    })
}

fn years(values: &ArrayRef, f: impl Fn(i64) -> i64) -> Int64Array {
    days(values).unary_opt(|day| Some(f(date(day)?.year().into())))
}

fn date(day: i32) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(i32::try_from(i64::from(day) + EPOCH).ok()?)
}

/// The UTC day of each value.
fn days(values: &ArrayRef) -> Date32Array {
    fn floor(ticks: i64, a_day: i64) -> Option<i32> {
        i32::try_from(ticks.div_euclid(a_day)).ok()
    }
    match values.data_type() {
        DataType::Date32 => values.as_primitive::<Date32Type>().clone(),
        DataType::Date64 => values.as_primitive::<Date64Type>().unary_opt(|t| floor(t, SECONDS * 1_000)),
        DataType::Timestamp(unit, _) => match unit {
            TimeUnit::Second => {
                let values: &TimestampSecondArray = values.as_primitive::<TimestampSecondType>();
                values.unary_opt(|t| floor(t, SECONDS))
            }
            TimeUnit::Millisecond => {
                let values: &TimestampMillisecondArray = values.as_primitive::<TimestampMillisecondType>();
                values.unary_opt(|t| floor(t, SECONDS * 1_000))
            }
            TimeUnit::Microsecond => {
                let values: &TimestampMicrosecondArray = values.as_primitive::<TimestampMicrosecondType>();
                values.unary_opt(|t| floor(t, SECONDS * 1_000_000))
            }
            TimeUnit::Nanosecond => {
                let values: &TimestampNanosecondArray = values.as_primitive::<TimestampNanosecondType>();
                values.unary_opt(|t| floor(t, SECONDS * 1_000_000_000))
            }
        },
        other => panic!("{other} is neither a date nor a timestamp"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn day(text: &str) -> i32 {
        (i64::from(text.parse::<NaiveDate>().unwrap().num_days_from_ce()) - EPOCH) as i32
    }

    #[test]
    fn days_become_coarser() {
        let values = vec![Some(day("1987-05-02")), None, Some(day("1969-12-31")), Some(day("2000-01-01"))];
        let values: ArrayRef = Arc::new(Date32Array::from(values));
        assert_eq!(decade(&values), Int64Array::from(vec![Some(1980), None, Some(1960), Some(2000)]));
        assert_eq!(year(&values), Int64Array::from(vec![Some(1987), None, Some(1969), Some(2000)]));
        let months = vec![Some(day("1987-05-01")), None, Some(day("1969-12-01")), Some(day("2000-01-01"))];
        assert_eq!(month(&values), Date32Array::from(months));
    }

    #[test]
    fn every_unit_is_read_and_instants_before_1970_too() {
        let before = -1; // the last tick of 1969
        let arrays: [ArrayRef; 6] = [
            Arc::new(TimestampSecondArray::from(vec![before])),
            Arc::new(TimestampMillisecondArray::from(vec![before])),
            Arc::new(TimestampMicrosecondArray::from(vec![before])),
            Arc::new(TimestampMicrosecondArray::from(vec![before]).with_timezone("UTC")),
            Arc::new(TimestampNanosecondArray::from(vec![before])),
            Arc::new(arrow::array::Date64Array::from(vec![before])),
        ];
        for values in arrays {
            assert_eq!(year(&values), Int64Array::from(vec![1969]), "{}", values.data_type());
            assert_eq!(month(&values), Date32Array::from(vec![day("1969-12-01")]), "{}", values.data_type());
        }
    }

    proptest! {
        #[test]
        fn no_day_panics_and_coarser_is_earlier(days: Vec<i32>) {
            let values: ArrayRef = Arc::new(Date32Array::from(days.clone()));
            for ((month, day), year) in month(&values).iter().zip(days).zip(year(&values).iter()) {
                prop_assert!(month.is_none_or(|month| (0..31).contains(&(day - month))));
                prop_assert_eq!(month.is_some(), year.is_some());
            }
        }
    }
}
