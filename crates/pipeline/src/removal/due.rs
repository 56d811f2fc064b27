//! What has to be removed from the tables of a dataset.

use super::ended::EndedRows;
use crate::error::{PipelineError, counted};
use crate::history::{self, Stamp};
use crate::retention;
use crate::tables::TableView;
use arrow::datatypes::SchemaRef;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use futures::TryStreamExt;
use lakewarden_dictionary::{Dataset, HISTORY_COLUMNS};
use lakewarden_engine::Retention;
use lakewarden_lake::{DataFile, Lake, TableSnapshot, Zone};

/// What a run has to remove from the tables of a dataset before it publishes.
#[derive(Debug, Default)]
pub(crate) struct DueRemoval {
    /// From when on rows are kept, if not for ever.
    pub(super) retention: Option<Retention>,
    /// The tables that have something, the conformed one first.
    pub(super) tables: Vec<DueTable>,
}

/// What has to be removed from one table.
#[derive(Debug)]
pub(super) struct DueTable {
    /// The table as it is.
    pub table: TableSnapshot,
    /// Columns that leave it.
    pub columns: Vec<String>,
    /// The files that have some of it, in the table's order.
    pub files: Vec<DataFile>,
    /// Rows past their retention in all of them.
    pub ended: u64,
}

impl DueRemoval {
    /// Finds it. Of rows, it reads when they are from, in files that may have old ones; of files, their footers, while the
    /// table has a column that is no longer stored.
    ///
    /// Rows are past their retention as of the run's instant, so that a run as of a past day keeps what that day did; as
    /// of now, where that instant has not come yet.
    ///
    /// # Errors
    /// Those of the lake; [`PipelineError::Damaged`].
    pub(crate) async fn find(
        lake: &Lake,
        dataset: &Dataset,
        published: Option<&TableSnapshot>,
        (as_of, now): (DateTime<Utc>, DateTime<Utc>),
        zone: Tz,
    ) -> Result<Self, PipelineError> {
        let Some(published) = published else { return Ok(Self::default()) };
        let mut due = Self { retention: retention::of_dataset(dataset, as_of.min(now), zone), tables: Vec::new() };
        let has_history = Stamp::of(dataset, Some(published), as_of).is_some();
        due.look(lake, dataset, published, &history::stored_schema(dataset, has_history)).await?;
        let [.., current] = HISTORY_COLUMNS;
        if has_history || published.schema.field_with_name(current).is_ok() {
            let old = lake.table(Zone::Conformed, &history::table_name(dataset)).await?;
            if let Some(old) = old {
                due.look(lake, dataset, &old, &history::stored_schema(dataset, true)).await?;
            }
        }
        Ok(due)
    }

    async fn look(
        &mut self,
        lake: &Lake,
        dataset: &Dataset,
        table: &TableSnapshot,
        stored: &SchemaRef,
    ) -> Result<(), PipelineError> {
        let undeclared = |name: &&String| stored.field_with_name(name).is_err();
        let columns: Vec<String> =
            table.schema.fields().iter().map(|field| field.name()).filter(undeclared).cloned().collect();
        let retention = self.retention.as_ref();
        let ended = retention.and_then(|retention| EndedRows::new(dataset, retention, &table.schema));
        let (mut files, mut rows) = (Vec::new(), 0);
        for file in &table.files {
            let has_column = match columns.is_empty() {
                true => false,
                false => lake.file_columns(file).await?.iter().any(|name| columns.contains(name)),
            };
            let old = match &ended {
                Some(ended) if may_have_old(file, self.retention.as_ref(), &table.schema) => {
                    count(lake, table, file, ended).await?
                }
                Some(_) | None => 0,
            };
            rows += old;
            if has_column || old > 0 {
                files.push(file.clone());
            }
        }
        if !columns.is_empty() || !files.is_empty() {
            self.tables.push(DueTable { table: table.clone(), columns, files, ended: rows });
        }
        Ok(())
    }

    /// Whether nothing has to be removed.
    pub(crate) fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// What has to be removed, in words.
    pub(crate) fn describe(&self) -> String {
        let mut parts = Vec::new();
        let rows: u64 = self.tables.iter().map(|table| table.ended).sum();
        if rows > 0 {
            let are = if rows == 1 { "is" } else { "are" };
            parts.push(format!("{} {are} past retention", counted(rows, "row")));
        }
        let mut columns: Vec<&str> = self.tables.iter().flat_map(|table| &table.columns).map(String::as_str).collect();
        columns.sort_unstable();
        columns.dedup();
        match columns.as_slice() {
            [] => {}
            [one] => parts.push(format!("column {one} is no longer stored")),
            several => parts.push(format!("columns {} are no longer stored", several.join(", "))),
        }
        parts.join("; ")
    }
}

/// Whether a file may have rows past their retention, as far as its bounds say.
fn may_have_old(file: &DataFile, retention: Option<&Retention>, schema: &SchemaRef) -> bool {
    let Some(retention) = retention else { return false };
    let without_time = file.null_counts.get(&retention.column) == Some(&file.rows);
    let view = TableView { schema: schema.clone(), files: vec![file.clone()] };
    !without_time && retention::may_end(retention, &view)
}

async fn count(
    lake: &Lake,
    table: &TableSnapshot,
    file: &DataFile,
    ended: &EndedRows<'_>,
) -> Result<u64, PipelineError> {
    let mut batches = lake.open_file(table, file, Some(&ended.columns())).await?;
    let mut rows = 0;
    while let Some(batch) = batches.try_next().await? {
        rows += ended.mark(&batch)?.true_count() as u64;
    }
    Ok(rows)
}
