//! Rows that are older than their dataset is kept.

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::datatypes::{DataType, Date32Type, TimeUnit, TimestampMicrosecondType};
use datafusion::common::{Result, exec_err};
use lakewarden_policy::Decision;

/// How long the rows of a relation are kept: those from before are withheld. A row without a time has no age.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// The column with the time a row is about, a date or a timestamp.
    pub column: String,
    /// The first instant that is kept, µs UTC.
    pub from_instant: i64,
    /// The first day that is kept, days since 1970.
    pub from_day: i32,
}

impl Retention {
    /// Joins the decision on each row with whether the row's time is over.
    pub(crate) fn mark(&self, times: &ArrayRef, decisions: &mut [Decision]) -> Result<()> {
        match times.data_type() {
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                let times = times.as_primitive::<TimestampMicrosecondType>();
                mark(times.values(), self.from_instant, |row| times.is_valid(row), decisions);
            }
            DataType::Date32 => {
                let days = times.as_primitive::<Date32Type>();
                mark(days.values(), self.from_day, |row| days.is_valid(row), decisions);
            }
            DataType::Null => {}
            _ => return exec_err!("the column that retention counts from holds no times"),
        }
        Ok(())
    }
}

fn mark<T: PartialOrd + Copy>(values: &[T], from: T, valid: impl Fn(usize) -> bool, decisions: &mut [Decision]) {
    for (row, (value, decision)) in values.iter().zip(decisions).enumerate() {
        if *value < from && valid(row) {
            *decision = Decision::RetentionEnded.max(*decision);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use datafusion::arrow::array::{Date32Array, Int64Array, TimestampMicrosecondArray};
    use std::sync::Arc;

    fn marked(times: ArrayRef) -> Result<Vec<Decision>> {
        let retention = Retention { column: "at".into(), from_instant: 500, from_day: 5 };
        let mut decisions = vec![Decision::Permit, Decision::Permit, Decision::Permit, Decision::Withdrawn];
        retention.mark(&times, &mut decisions).map(|()| decisions)
    }

    #[test]
    fn older_rows_are_over_and_a_stricter_reason_stays() {
        let expected = [Decision::RetentionEnded, Decision::Permit, Decision::Permit, Decision::Withdrawn];
        let instants = TimestampMicrosecondArray::from(vec![Some(499), Some(500), None, Some(1)]);
        assert_eq!(marked(Arc::new(instants.clone())).unwrap(), expected);
        assert_eq!(marked(Arc::new(instants.with_timezone("UTC"))).unwrap(), expected);
        assert_eq!(marked(Arc::new(Date32Array::from(vec![Some(4), Some(5), None, Some(-9)]))).unwrap(), expected);
    }

    #[test]
    fn what_is_no_time_is_an_error() {
        assert!(marked(Arc::new(Int64Array::from(vec![1, 2, 3, 4]))).is_err());
    }
}
