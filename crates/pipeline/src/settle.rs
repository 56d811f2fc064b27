//! Rows of a run against those of the lake: which of them stay.
//!
//! Files of the lake that hold a row that gives way are written anew without it, and leave the table in the commit that
//! adds the rest: readers see plain Parquet files of a plain Delta table. What is read of the lake is its key columns,
//! but for files whose bounds say that no key of the run can be in them; and all columns of the files that may change.

use crate::error::PipelineError;
use crate::history::{self, Stamp, fitted};
use crate::load::{Loading, observe};
use crate::people::People;
use crate::references::Gathered;
use crate::tables::TableView;
use arrow::array::{BooleanArray, Int64Array, RecordBatch};
use arrow::compute::{filter, filter_record_batch};
use arrow::error::ArrowError;
use chrono::NaiveDate;
use futures::TryStreamExt;
use lakewarden_dictionary::{Corrections, Dataset};
use lakewarden_extract::{FileAccount, KeyError, Standings, conformed_schema};
use lakewarden_lake::{BatchStream, DataFile, StagedTable, TableSnapshot, TableWriter, Zone};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Mutex;
use tokio::task::block_in_place;
use uuid::Uuid;

/// What is to be published of a dataset.
pub(crate) struct Settled {
    /// The rows of the run that stay, and those of files that they change.
    pub rows: StagedTable,
    /// The rows that gave way, where they are kept.
    pub history: Option<StagedTable>,
    /// How many rows of the lake gave way.
    pub replaced: u64,
}

/// A file of the lake, and which of its rows may give way.
struct Touched<'a> {
    file: &'a DataFile,
    differs: Vec<bool>,
}

impl Loading<'_> {
    /// Finds out which rows stay, and stages them. `staged` are those of the run's files; what of them is not to be
    /// published is discarded once nothing can fail any more. The accounts learn which rows the lake's survive.
    ///
    /// # Errors
    /// [`PipelineError::HistoryInPast`], [`PipelineError::Account`]; those of the lake.
    pub(crate) async fn settle(
        &self,
        dataset: &Dataset,
        published: Option<&TableSnapshot>,
        staged: &StagedTable,
        mut standings: Standings,
        accounts: &mut [FileAccount],
    ) -> Result<Settled, PipelineError> {
        let may_replace = dataset.repeats.corrections() != Corrections::Ignore;
        let mut touched = match published {
            Some(table) => self.met(dataset, table, &mut standings, may_replace).await?,
            None => Vec::new(),
        };
        for (account, rows) in accounts.iter_mut().zip(standings.beaten()) {
            account.lose_to_lake(*rows);
        }
        let stamp = Stamp::of(dataset, published, self.as_of);
        if stamp.is_some() {
            // Rows from before the history was kept get its columns, once.
            let [.., current] = lakewarden_dictionary::HISTORY_COLUMNS;
            let lacks = |file: &&DataFile| !file.null_counts.contains_key(current) && file.rows > 0;
            let known: Vec<&str> = touched.iter().map(|t| t.file.path.as_str()).collect();
            let older = published.iter().flat_map(|p| &p.files).filter(lacks);
            let older: Vec<_> = older.filter(|file| !known.contains(&file.path.as_str())).collect();
            touched.extend(older.into_iter().map(|file| Touched { file, differs: vec![false; file.rows as usize] }));
        }
        let mut writers = Writers::open(self, dataset, stamp)?;
        let mut replaced = 0;
        for Touched { file, differs } in &touched {
            let Some(table) = published else { continue };
            replaced += self.without_replaced(dataset, table, file, differs, &mut standings, &mut writers).await?;
        }
        let (kept, dropped) = self.without_lost(dataset, staged, &standings, &mut writers).await?;
        let (rewritten, old) = writers.finish()?;
        let mut rows = staged.clone().instead_of(touched.iter().map(|t| t.file));
        rows.files = kept.into_iter().chain(rewritten.files).collect();
        rows.rows = rows.files.iter().map(|f| f.rows).sum();

        let taken: u64 = touched.iter().map(|t| t.file.rows).sum();
        let written: u64 = accounts.iter().map(|a| a.written).sum();
        let old_rows = old.as_ref().map_or(replaced, |old| old.rows);
        if rows.rows != taken - replaced + written || (dataset.keeps_history() && old_rows != replaced) {
            return Err(PipelineError::Account {
                dataset: dataset.name.value.clone(),
                file: "all files".to_owned(),
                read: taken - replaced + written,
                accounted: rows.rows,
            });
        }
        // Files that stay because the store does not answer are `Lake::orphans`.
        let _ = self.lake.discard(StagedTable { files: dropped, ..staged.clone() }).await;
        Ok(Settled { rows, history: old.filter(|old| old.rows > 0), replaced })
    }

    /// Shows the rows that stay to those who gather people and what others refer to, in the order of the table's files.
    pub(crate) async fn show(
        &self,
        dataset: &Dataset,
        staged: &StagedTable,
        view: &TableView,
        people: Option<&Mutex<People>>,
        gathered: &mut Gathered,
    ) -> Result<(), PipelineError> {
        let table = TableSnapshot { files: view.files.clone(), ..as_table(staged) };
        let referred: Vec<String> = gathered.columns().map(str::to_owned).collect();
        let mut columns = if people.is_some() { People::columns(dataset) } else { Vec::new() };
        columns.extend(referred.iter().map(String::as_str));
        columns.sort_unstable();
        columns.dedup();
        if columns.is_empty() {
            return Ok(());
        }
        let mut batches = self.lake.read_table_batches(&table, Some(&columns))?;
        while let Some(batch) = batches.try_next().await? {
            gathered.observe(&batch)?;
            if let Some(people) = people {
                observe(people, dataset, &batch)?;
            }
        }
        Ok(())
    }

    /// Holds the lake's rows against the run's. Answers the files in which some may give way.
    async fn met<'t>(
        &self,
        dataset: &Dataset,
        table: &'t TableSnapshot,
        standings: &mut Standings,
        may_replace: bool,
    ) -> Result<Vec<Touched<'t>>, PipelineError> {
        let damaged = key_damaged(dataset);
        let columns: Vec<String> = standings.columns_met().map(str::to_owned).collect();
        let columns = held(table, columns.iter().map(String::as_str));
        let mut met = Vec::new();
        for file in &table.files {
            if !standings.may_be_in(|column| bounds(file, column)) {
                continue;
            }
            let mut flags = Vec::with_capacity(file.rows as usize);
            let mut batches = self.lake.open_file(table, file, Some(&columns)).await?;
            while let Some(batch) = batches.try_next().await? {
                flags.extend(standings.meet(&batch, may_replace).map_err(&damaged)?);
            }
            if flags.contains(&true) {
                met.push((file, flags));
            }
        }
        let schema = conformed_schema(dataset);
        let columns = held(table, schema.fields().iter().map(|f| f.name().as_str()));
        let mut touched = Vec::new();
        for (file, flags) in met {
            let mut differs = Vec::with_capacity(flags.len());
            let mut batches = self.lake.open_file(table, file, Some(&columns)).await?;
            while let Some(batch) = batches.try_next().await? {
                let batch = fitted(&batch, &schema).map_err(unfit(dataset))?;
                let own = &flags[differs.len()..][..batch.num_rows()];
                differs.extend(standings.compare(&batch, own).map_err(&damaged)?);
            }
            if differs.contains(&true) {
                touched.push(Touched { file, differs });
            }
        }
        Ok(touched)
    }

    /// Writes a file of the lake anew without the rows that give way. Answers how many did.
    async fn without_replaced(
        &self,
        dataset: &Dataset,
        table: &TableSnapshot,
        file: &DataFile,
        differs: &[bool],
        standings: &mut Standings,
        writers: &mut Writers<'_>,
    ) -> Result<u64, PipelineError> {
        let (mut at, mut replaced) = (0, 0);
        let mut batches: BatchStream = self.lake.open_file(table, file, None).await?;
        while let Some(batch) = batches.try_next().await? {
            let own = &differs[at..][..batch.num_rows()];
            at += batch.num_rows();
            let winners = standings.winners(&batch, own).map_err(key_damaged(dataset))?;
            let gone: BooleanArray = winners.iter().map(|winner| Some(winner.is_some())).collect();
            replaced += gone.true_count() as u64;
            writers.take_apart(dataset, &batch, &gone, &winners)?;
        }
        Ok(replaced)
    }

    /// Writes those files of the run anew in which rows are that do not stay. Answers the files that remain as they
    /// are, and those that are not needed any more.
    async fn without_lost(
        &self,
        dataset: &Dataset,
        staged: &StagedTable,
        standings: &Standings,
        writers: &mut Writers<'_>,
    ) -> Result<(Vec<DataFile>, Vec<DataFile>), PipelineError> {
        let table = as_table(staged);
        let (mut kept, mut dropped) = (Vec::new(), Vec::new());
        let mut place = 0;
        for file in &staged.files {
            let end = place + file.rows;
            if (place..end).any(|place| standings.is_lost(place)) {
                let mut batches = self.lake.open_file(&table, file, None).await?;
                while let Some(batch) = batches.try_next().await? {
                    let rows = place..place + batch.num_rows() as u64;
                    place = rows.end;
                    let stays: BooleanArray = rows.map(|place| Some(!standings.is_lost(place))).collect();
                    let batch = filter_record_batch(&batch, &stays).map_err(unfit(dataset))?;
                    block_in_place(|| writers.rows.write(batch))?;
                }
                dropped.push(file.clone());
            } else {
                kept.push(file.clone());
            }
            place = end;
        }
        Ok((kept, dropped))
    }
}

/// Where rows go that are written once more.
struct Writers<'a> {
    stamp: Option<Stamp<'a>>,
    schema: arrow::datatypes::SchemaRef,
    rows: TableWriter,
    history: Option<TableWriter>,
}

impl<'a> Writers<'a> {
    fn open(loading: &Loading<'_>, dataset: &'a Dataset, stamp: Option<Stamp<'a>>) -> Result<Self, PipelineError> {
        // Other names than the files that the run's rows were put into at first.
        let id = Uuid::new_v5(&loading.run, b"settled");
        let options = || loading.writer_options(id);
        let schema = match &stamp {
            Some(stamp) => stamp.schema().clone(),
            None => history::stored_schema(dataset, false),
        };
        let rows = loading.lake.writer(Zone::Conformed, &dataset.name.value, schema.clone(), options())?;
        let history = match &stamp {
            Some(_) if dataset.keeps_history() => {
                Some(loading.lake.writer(Zone::Conformed, &history::table_name(dataset), schema.clone(), options())?)
            }
            _ => None,
        };
        Ok(Self { stamp, schema, rows, history })
    }

    /// Rows of the lake: those that stay, and those that are gone.
    fn take_apart(
        &mut self,
        dataset: &Dataset,
        rows: &RecordBatch,
        gone: &BooleanArray,
        winners: &[Option<i64>],
    ) -> Result<(), PipelineError> {
        let unfit = unfit(dataset);
        let stay = filter_record_batch(rows, &arrow::compute::not(gone).map_err(&unfit)?).map_err(&unfit)?;
        let stay = match &self.stamp {
            Some(stamp) => stamp.kept(&stay).map_err(&unfit)?,
            None => fitted(&stay, &self.schema).map_err(&unfit)?,
        };
        block_in_place(|| self.rows.write(stay))?;
        let (Some(stamp), Some(history)) = (&self.stamp, &mut self.history) else { return Ok(()) };
        if gone.true_count() == 0 {
            return Ok(());
        }
        let old = filter_record_batch(rows, gone).map_err(&unfit)?;
        let ranks = filter(&Int64Array::from(winners.to_vec()), gone).map_err(&unfit)?;
        let ranks: Vec<i64> =
            arrow::array::AsArray::as_primitive::<arrow::datatypes::Int64Type>(&ranks).values().to_vec();
        let closed = stamp.closed(&old, &ranks).map_err(&unfit)?;
        if stamp.begins_late(&closed).map_err(&unfit)? {
            return Err(PipelineError::HistoryInPast { dataset: dataset.name.value.clone() });
        }
        Ok(block_in_place(|| history.write(closed))?)
    }

    fn finish(self) -> Result<(StagedTable, Option<StagedTable>), PipelineError> {
        block_in_place(|| {
            let history = self.history.map(TableWriter::finish).transpose()?;
            Ok((self.rows.finish()?, history))
        })
    }
}

/// Staged files as a table that can be read.
fn as_table(staged: &StagedTable) -> TableSnapshot {
    TableSnapshot {
        zone: staged.zone,
        name: staged.name.clone(),
        version: 0,
        schema: staged.schema.clone(),
        files: staged.files.clone(),
        transactions: HashMap::new(),
        metadata: serde_json::Map::new(),
        noted: serde_json::Map::new(),
    }
}

/// Those of the columns that the table has.
fn held<'c>(table: &TableSnapshot, columns: impl Iterator<Item = &'c str>) -> Vec<&'c str> {
    columns.filter(|c| table.schema.field_with_name(c).is_ok()).collect()
}

/// Between which values a column of a file lies: whole numbers, days, or microseconds, as far as the log says.
pub(crate) fn bounds(file: &DataFile, column: &str) -> Option<(i64, i64)> {
    let (min, max) = (file.min_values.get(column)?, file.max_values.get(column)?);
    if let (Some(min), Some(max)) = (min.as_i64(), max.as_i64()) {
        return Some((min, max));
    }
    if let (Some(min), Some(max)) = (day(min), day(max)) {
        return Some((min, max));
    }
    let range = file.time_range(column)?;
    Some((range.min.timestamp_micros(), range.max.timestamp_micros()))
}

fn day(value: &Value) -> Option<i64> {
    NaiveDate::parse_from_str(value.as_str()?, "%Y-%m-%d").ok().map(|day| i64::from(day.to_epoch_days()))
}

fn key_damaged(dataset: &Dataset) -> impl Fn(KeyError) -> PipelineError + '_ {
    |error| {
        let keys: Vec<&str> = dataset.key.iter().map(|k| k.value.as_str()).collect();
        PipelineError::of_keys(&dataset.name.value, &keys)(error)
    }
}

fn unfit(dataset: &Dataset) -> impl Fn(ArrowError) -> PipelineError + '_ {
    |_| PipelineError::Damaged { table: dataset.name.value.clone(), column: "all columns".to_owned() }
}
