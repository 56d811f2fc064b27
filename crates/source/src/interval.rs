//! The data interval of a file, and the days that a run looks at.

use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};
use lakewarden_dictionary::TimePart;
use std::fmt;

/// The time that a file's data is of: from its beginning up to, and without, its end. Wall-clock time of the export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interval {
    /// The first instant.
    pub from: NaiveDateTime,
    /// The first instant after it.
    pub until: NaiveDateTime,
}

/// The days that a run looks at, the first and the last included. An end that is absent is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Window {
    /// The first day.
    pub from: Option<NaiveDate>,
    /// The last day.
    pub to: Option<NaiveDate>,
}

impl Window {
    /// Whether an interval lies in it, in part at least.
    pub fn overlaps(&self, interval: &Interval) -> bool {
        self.from.is_none_or(|from| interval.until > from.and_time(NaiveTime::MIN))
            && self.to.is_none_or(|to| interval.from.date() <= to)
    }

    /// Whether it has no end open.
    pub fn is_closed(&self) -> bool {
        self.from.is_some() && self.to.is_some()
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.from, self.to) {
            (Some(from), Some(to)) => write!(f, "from {from} to {to}"),
            (Some(from), None) => write!(f, "from {from} on"),
            (None, Some(to)) => write!(f, "up to {to}"),
            (None, None) => f.write_str("of all days"),
        }
    }
}

impl Interval {
    /// The interval of this length that an instant lies in.
    pub fn around(at: NaiveDateTime, step: TimePart) -> Option<Self> {
        let day = at.date();
        let (first, next) = match step {
            TimePart::Hour => {
                let from = day.and_hms_opt(at.hour(), 0, 0)?;
                return Some(Self { from, until: from.checked_add_signed(TimeDelta::hours(1))? });
            }
            TimePart::Day => (day, day.checked_add_days(Days::new(1))?),
            TimePart::Month => (day.with_day(1)?, day.with_day(1)?.checked_add_months(Months::new(1))?),
            TimePart::Year => (day.with_ordinal(1)?, day.with_ordinal(1)?.checked_add_months(Months::new(12))?),
        };
        Some(Self { from: first.and_time(NaiveTime::MIN), until: next.and_time(NaiveTime::MIN) })
    }

    /// All intervals of a length that lie in closed days, in order; at most `most`, or `None` if there are more.
    pub fn all(first: NaiveDate, last: NaiveDate, step: TimePart, most: usize) -> Option<Vec<Self>> {
        let mut found = Vec::new();
        let mut next = Self::around(first.and_time(NaiveTime::MIN), step)?;
        while next.from.date() <= last {
            if found.len() == most {
                return None;
            }
            found.push(next);
            next = Self::around(next.until, step)?;
        }
        Some(found)
    }

    /// Its name, as short as its length allows: `2026`, `2026-09`, `2026-09-30`, `2026-09-30T08`.
    pub fn name(&self, step: TimePart) -> String {
        let format = match step {
            TimePart::Year => "%Y",
            TimePart::Month => "%Y-%m",
            TimePart::Day => "%Y-%m-%d",
            TimePart::Hour => "%Y-%m-%dT%H",
        };
        self.from.format(format).to_string()
    }
}

/// What is known of a date while a path is read from its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Stamp {
    parts: [Option<u32>; 4],
}

/// A name that holds two dates, or one that there is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoDate;

impl Stamp {
    /// What an interval's beginning says.
    pub(crate) fn of(interval: &Interval) -> Self {
        let at = interval.from;
        // Years of four digits, as patterns have them.
        let year = u32::try_from(at.year()).unwrap_or(0);
        Self { parts: [Some(year), Some(at.month()), Some(at.day()), Some(at.hour())] }
    }

    /// Adds a part; the same part again must be the same.
    pub(crate) fn with(mut self, part: TimePart, value: u32) -> Result<Self, NoDate> {
        match self.parts[part as usize].replace(value) {
            Some(before) if before != value => Err(NoDate),
            _ => Ok(self),
        }
    }

    /// A part as a path has it.
    pub(crate) fn written(&self, part: TimePart) -> Option<String> {
        let value = self.parts[part as usize]?;
        Some(if part == TimePart::Year { format!("{value:04}") } else { format!("{value:02}") })
    }

    /// The interval that follows from what is known so far, from the year on; `None` as long as there is no year.
    pub(crate) fn interval(&self) -> Result<Option<Interval>, NoDate> {
        let [year, month, day, hour] = self.parts;
        let Some(year) = year else { return Ok(None) };
        let year = i32::try_from(year).map_err(|_| NoDate)?;
        let (month, day, hour, step) = match (month, day, hour) {
            (Some(month), Some(day), Some(hour)) => (month, day, hour, TimePart::Hour),
            (Some(month), Some(day), None) => (month, day, 0, TimePart::Day),
            (Some(month), None, _) => (month, 1, 0, TimePart::Month),
            (None, ..) => (1, 1, 0, TimePart::Year),
        };
        let at = NaiveDate::from_ymd_opt(year, month, day).and_then(|day| day.and_hms_opt(hour, 0, 0)).ok_or(NoDate)?;
        Interval::around(at, step).map(Some).ok_or(NoDate)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn both_days_of_a_window_are_in_it() {
        let window = Window { from: Some(day("2026-09-01")), to: Some(day("2026-09-30")) };
        let of = |text: &str| Interval::around(day(text).and_time(NaiveTime::MIN), TimePart::Day).unwrap();
        let inside = ["2026-08-31", "2026-09-01", "2026-09-30", "2026-10-01"].map(|d| window.overlaps(&of(d)));
        assert_eq!(inside, [false, true, true, false]);
        let month = Interval::around(day("2026-09-15").and_time(NaiveTime::MIN), TimePart::Month).unwrap();
        assert!(Window { from: Some(day("2026-09-30")), to: None }.overlaps(&month));
        assert!(!Window { from: Some(day("2026-10-01")), to: None }.overlaps(&month));
    }

    #[test]
    fn intervals_follow_each_other_without_gaps() {
        for (step, count) in [(TimePart::Hour, 29 * 24), (TimePart::Day, 29), (TimePart::Month, 1), (TimePart::Year, 1)]
        {
            let all = Interval::all(day("2028-02-01"), day("2028-02-29"), step, 1_000).unwrap();
            assert_eq!(all.len(), count, "{step}");
            assert!(all.windows(2).all(|pair| pair[0].until == pair[1].from), "{step}");
        }
        assert_eq!(Interval::all(day("2026-01-01"), day("2026-12-31"), TimePart::Day, 364), None);
        let hour = Interval::all(day("2026-09-30"), day("2026-09-30"), TimePart::Hour, 24).unwrap()[23];
        assert_eq!(hour.name(TimePart::Hour), "2026-09-30T23");
        assert_eq!(hour.until.to_string(), "2026-10-01 00:00:00");
    }

    #[test]
    fn a_date_is_read_in_any_order() {
        let stamp = Stamp::default().with(TimePart::Day, 30).unwrap();
        assert_eq!(stamp.interval(), Ok(None));
        let stamp = stamp.with(TimePart::Year, 2026).unwrap();
        assert_eq!(stamp.interval().unwrap().unwrap().name(TimePart::Year), "2026");
        let stamp = stamp.with(TimePart::Month, 9).unwrap();
        assert_eq!(stamp.interval().unwrap().unwrap().name(TimePart::Day), "2026-09-30");
        assert_eq!(stamp.with(TimePart::Day, 29), Err(NoDate));
        assert_eq!(stamp.with(TimePart::Day, 30), Ok(stamp));
        let never = Stamp::default().with(TimePart::Year, 2026).unwrap().with(TimePart::Month, 2).unwrap();
        assert_eq!(never.with(TimePart::Day, 30).unwrap().interval(), Err(NoDate));
        assert_eq!(stamp.written(TimePart::Month).as_deref(), Some("09"));
    }
}
