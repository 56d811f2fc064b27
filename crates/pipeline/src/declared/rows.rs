//! How many stored rows are without a value that the dictionary demands of them.

use crate::error::PipelineError;
use crate::retention::wall_clock_instant;
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{Date32Type, TimeUnit, TimestampMicrosecondType};
use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;
use futures::TryStreamExt;
use lakewarden_dictionary::Dataset;
use lakewarden_lake::{DataFile, Lake, TableSnapshot};

/// Which rows count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Without {
    /// Those whose file does not have the column at all.
    Column,
    /// Those in which it is null.
    Value,
}

/// The rows of a table that are from a day on.
pub(super) struct FromDay<'d> {
    event: &'d str,
    day: NaiveDate,
    /// The beginning of the day by the dataset's clock, in microseconds.
    instant: i64,
}

impl<'d> FromDay<'d> {
    /// `None` where no row says when it is from. `zone` is the project's.
    pub fn new(dataset: &'d Dataset, day: NaiveDate, zone: Tz) -> Option<Self> {
        let event = dataset.event_time.as_ref()?;
        let zone = dataset.time_zone.as_ref().and_then(|z| z.value.parse().ok()).unwrap_or(zone);
        let instant = wall_clock_instant(day.and_time(NaiveTime::MIN), zone).timestamp_micros();
        Some(Self { event: &event.value, day, instant })
    }

    /// Whether each row is from the day on; one that does not say is. `None` if the column holds no times.
    fn flags(&self, event: &ArrayRef) -> Option<Vec<bool>> {
        if let Some(days) = event.as_primitive_opt::<Date32Type>() {
            let from = self.day.to_epoch_days();
            return Some(days.iter().map(|day| day.is_none_or(|day| day >= from)).collect());
        }
        let micros = arrow::datatypes::DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let instants = arrow::compute::cast(event, &micros).ok()?;
        let instants = instants.as_primitive_opt::<TimestampMicrosecondType>()?;
        Some(instants.iter().map(|instant| instant.is_none_or(|instant| instant >= self.instant)).collect())
    }

    /// Whether no row of a file can be from the day on, as far as the log says.
    fn ends_before(&self, file: &DataFile) -> bool {
        let last = file.time_range(self.event).map(|range| range.max);
        // A date's bound is its midnight in UTC, and the day begins by some zone's clock.
        let latest = last.and_then(|last| last.checked_add_signed(chrono::TimeDelta::days(2)));
        latest.is_some_and(|latest| latest.timestamp_micros() < self.instant)
    }
}

/// Counts rows without a column, or without a value in it: all, or those from a day on.
///
/// # Errors
/// [`PipelineError::Damaged`] if the event time holds something else; those of the lake.
pub(super) async fn count_without(
    lake: &Lake,
    table: &TableSnapshot,
    column: &str,
    without: Without,
    from: Option<&FromDay<'_>>,
) -> Result<u64, PipelineError> {
    let mut all = 0;
    let stored = table.schema.field_with_name(column).is_ok();
    for file in &table.files {
        let lacks = !stored || (!file.null_counts.is_empty() && !file.null_counts.contains_key(column));
        let nulls = match (lacks, without) {
            (true, Without::Column | Without::Value) => Some(file.rows),
            (false, Without::Column) => Some(0),
            // `None` where another program wrote the file and does not say.
            (false, Without::Value) => file.null_counts.get(column).copied(),
        };
        match (nulls, from) {
            (Some(0), _) => {}
            (Some(nulls), None) => all += nulls,
            (_, Some(from)) if from.ends_before(file) => {}
            (Some(_) | None, _) => all += scan(lake, table, file, (!lacks).then_some(column), from).await?,
        }
    }
    Ok(all)
}

/// Counts such rows of one file; without a column every row counts that is from the day on.
async fn scan(
    lake: &Lake,
    table: &TableSnapshot,
    file: &DataFile,
    column: Option<&str>,
    from: Option<&FromDay<'_>>,
) -> Result<u64, PipelineError> {
    let event = from.map(|from| from.event).filter(|event| table.schema.field_with_name(event).is_ok());
    let wanted: Vec<&str> = column.into_iter().chain(event).collect();
    if wanted.is_empty() {
        return Ok(file.rows);
    }
    let damaged = |column: &str| PipelineError::Damaged { table: table.name.clone(), column: column.to_owned() };
    let mut batches = lake.open_file(table, file, Some(&wanted)).await?;
    let mut rows = 0;
    while let Some(batch) = batches.try_next().await? {
        let later = match (from, event.and_then(|event| batch.column_by_name(event))) {
            (Some(from), Some(event)) => from.flags(event).ok_or_else(|| damaged(from.event))?,
            (None, _) | (_, None) => vec![true; batch.num_rows()],
        };
        let is_null = |row: usize| match column.and_then(|column| batch.column_by_name(column)) {
            Some(values) => values.is_null(row),
            None => true,
        };
        rows += (0..batch.num_rows()).filter(|row| later[*row] && is_null(*row)).count() as u64;
    }
    Ok(rows)
}
