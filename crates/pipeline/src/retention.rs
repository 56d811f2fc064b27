//! From when on the rows of a dataset are kept.

use crate::tables::TableView;
use chrono::{DateTime, Days, Months, NaiveDate, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use lakewarden_dictionary::{Dataset, Period};
use lakewarden_engine::Retention;
use lakewarden_lake::DataFile;

/// What scans of a dataset withhold as of an instant: rows whose `event_time` is further back than its `retention`, by
/// the wall clock of the dataset's zone, as when rows are loaded. `None` if it keeps rows for ever, or for longer than
/// the calendar goes back. An event time that was generalised counts from where its period begins.
pub fn of_dataset(dataset: &Dataset, as_of: DateTime<Utc>, zone: Tz) -> Option<Retention> {
    let (event_time, period) = (dataset.event_time.as_ref()?, dataset.retention.as_ref()?.value);
    let zone = dataset.time_zone.as_ref().and_then(|z| z.value.parse().ok()).unwrap_or(zone);
    let (from, day) = back(as_of, period, zone)?;
    Some(Retention {
        column: event_time.value.clone(),
        from_instant: from.timestamp_micros(),
        from_day: day.to_epoch_days(),
    })
}

/// The instant a period before another by the wall clock of a zone, and its day there. `None` if the calendar does not
/// go back so far.
pub(crate) fn back(at: DateTime<Utc>, period: Period, zone: Tz) -> Option<(DateTime<Utc>, NaiveDate)> {
    let local = at.with_timezone(&zone).naive_local();
    let from = local
        .checked_sub_months(Months::new(period.months))
        .and_then(|t| t.checked_sub_days(Days::new(u64::from(period.days))))?;
    Some((wall_clock_instant(from, zone), from.date()))
}

/// Whether a row of these files may be older than it is kept, as far as the files' bounds say: a scan that cannot find
/// one need not read when its rows are from.
pub fn may_end(retention: &Retention, rows: &TableView) -> bool {
    // A date's bound is its midnight in UTC, and what it is held against the beginning of a day in some zone.
    const LEEWAY: TimeDelta = TimeDelta::days(2);
    let from = DateTime::from_timestamp_micros(retention.from_instant).and_then(|from| from.checked_add_signed(LEEWAY));
    let Some(from) = from else { return true };
    let young = |file: &DataFile| file.time_range(&retention.column).is_some_and(|range| range.min >= from);
    !rows.files.iter().all(young)
}

/// The instant of a wall-clock time: the earlier of two; of one that a clock skips, as if it had not been put forward.
pub(crate) fn wall_clock_instant(local: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    match zone.from_local_datetime(&local).earliest() {
        Some(instant) => instant.with_timezone(&Utc),
        None => local.and_utc() - zone.offset_from_utc_datetime(&local).fix(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use arrow::datatypes::Schema;
    use lakewarden_dictionary::{SourceFile, load};

    fn dataset(keys: &str) -> Dataset {
        let text = format!(
            "dataset: visits\nlabel: {{ zh: 访问, en: Visits }}\nmeaning: One visit.\nsource: Door\nowner: o@shop.example\n\
             update_frequency: daily\nformat: {{ container: csv }}\n{keys}fields:\n  - name: at\n    label: {{ zh: 时间, en: At }}\n    \
             meaning: When.\n    type: timestamp\n    identifier: none\n    treatment: keep\n"
        );
        let file = SourceFile { path: "schemas/channels/visits.yaml".into(), text: text.into() };
        load(&[file]).project.datasets.remove(0)
    }

    fn from(keys: &str, as_of: &str) -> Option<(String, i32)> {
        let as_of = DateTime::parse_from_rfc3339(as_of).unwrap().with_timezone(&Utc);
        of_dataset(&dataset(keys), as_of, chrono_tz::Asia::Shanghai).map(|r| {
            assert_eq!(r.column, "at");
            (DateTime::from_timestamp_micros(r.from_instant).unwrap().to_rfc3339(), r.from_day)
        })
    }

    #[test]
    fn periods_are_counted_back_by_the_dataset_s_clock() {
        let kept = "event_time: at\nretention: P1M\n";
        let expected = ("2026-02-27T17:00:00+00:00".to_owned(), 20_512);
        assert_eq!(from(kept, "2026-03-30T17:00:00Z"), Some(expected), "the 31st at 01:00 in Shanghai");
        let here = format!("time_zone: UTC\n{kept}");
        assert_eq!(from(&here, "2026-03-30T17:00:00Z").unwrap().0, "2026-02-28T17:00:00+00:00");
        let skipped = "time_zone: Europe/Berlin\nevent_time: at\nretention: P1D\n";
        assert_eq!(from(skipped, "2026-03-30T00:30:00Z").unwrap().0, "2026-03-29T00:30:00+00:00");
    }

    #[test]
    fn without_a_period_or_a_time_rows_are_kept() {
        for keys in ["", "event_time: at\n", "retention: P1M\n", "event_time: at\nretention: P400000Y\n"] {
            assert_eq!(from(keys, "2026-03-30T17:00:00Z"), None, "{keys}");
        }
    }

    #[test]
    fn files_that_are_young_as_a_whole_need_no_times() {
        let day = |day: &str| DateTime::parse_from_rfc3339(&format!("{day}T00:00:00Z")).unwrap().timestamp_micros();
        let from_day = (day("2026-03-10") / 86_400_000_000) as i32;
        let retention = Retention { column: "at".into(), from_instant: day("2026-03-10"), from_day };
        let file = |bounds: Option<(&str, &str)>| {
            let of = |bound: &str| [("at".to_owned(), serde_json::json!(bound))].into();
            let (min_values, max_values) = bounds.map(|(min, max)| (of(min), of(max))).unwrap_or_default();
            DataFile { path: "x".into(), size: 1, rows: 1, null_counts: [].into(), min_values, max_values }
        };
        let may = |files: &[Option<(&str, &str)>]| {
            let files = files.iter().map(|bounds| file(*bounds)).collect();
            may_end(&retention, &TableView { schema: Schema::empty().into(), files })
        };
        let (young, old) = (("2026-03-13", "2026-04-01"), ("2026-03-09", "2026-04-01"));
        assert!(!may(&[]) && !may(&[Some(young)]) && !may(&[Some(young), Some(young)]));
        assert!(may(&[Some(old)]) && may(&[Some(young), Some(old)]));
        assert!(may(&[None]) && may(&[Some(young), None]), "nobody knows");
        assert!(may(&[Some(("2026-03-11", "2026-04-01"))]), "too near to tell whose midnight it was");
        assert!(!may(&[Some(("2026-03-13T08:00:00.000Z", "2026-04-01T00:00:00.000Z"))]));
    }
}
