//! Calendar lengths counted back from an instant.

use chrono::{DateTime, Days, Months, NaiveDate, TimeDelta};
use lakewarden_dictionary::Period;

/// The instant a period before another, in µs UTC by the UTC calendar; the last day of a shorter month stands for
/// days that it lacks. `None` if that is before the calendar begins, so that nothing is older.
pub(super) fn micros_before(instant: i64, period: Period) -> Option<i64> {
    let back = DateTime::from_timestamp_micros(instant)?
        .checked_sub_months(Months::new(period.months))?
        .checked_sub_days(Days::new(u64::from(period.days)))?;
    Some(back.timestamp_micros())
}

/// The last day of birth, in days since 1970, of those who are at least so many years old at an instant everywhere
/// on earth (the day there is counted twelve hours behind UTC). `i32::MIN` if that is before the calendar begins.
pub(super) fn born_by(instant: i64, years: u32) -> i32 {
    let day = || {
        let here = DateTime::from_timestamp_micros(instant)?.checked_sub_signed(TimeDelta::hours(12))?.date_naive();
        here.checked_sub_months(Months::new(years.checked_mul(12)?))
    };
    day().map_or(i32::MIN, |day: NaiveDate| day.to_epoch_days())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn at(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text).unwrap().timestamp_micros()
    }

    #[test]
    fn periods_are_counted_by_the_calendar() {
        let back = |months, days| micros_before(at("2026-03-31T08:00:00Z"), Period { months, days });
        assert_eq!(back(1, 0), Some(at("2026-02-28T08:00:00Z")));
        assert_eq!(back(25, 1), Some(at("2024-02-28T08:00:00Z")));
        assert_eq!(back(u32::MAX, 0), None);
        assert_eq!(micros_before(i64::MIN, Period { months: 1, days: 0 }), None);
    }

    #[test]
    fn a_birthday_counts_once_it_has_come_everywhere() {
        let day = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap().to_epoch_days();
        assert_eq!(born_by(at("2026-10-02T11:59:59Z"), 14), day("2012-10-01"));
        assert_eq!(born_by(at("2026-10-02T12:00:00Z"), 14), day("2012-10-02"));
        assert_eq!(born_by(at("2026-03-01T00:00:00Z"), 14), day("2012-02-28"), "born on the 29th: a day later");
        assert_eq!(born_by(i64::MIN, 14), i32::MIN);
    }
}
