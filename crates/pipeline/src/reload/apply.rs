//! The lake's rows without those that are replaced, as a load sees them; and the change that publishes the new ones.

use super::{PartReason, Replacement, part};
use crate::declared::StoredDeclarations;
use crate::error::PipelineError;
use crate::history;
use crate::ledger;
use crate::load::{LAST_LOADS, Loading, TOTALS, Totals, totals};
use crate::quarantine::Removal;
use crate::record::{DatasetAccount, Quarantined, ReplacementAccount, SupersededFile};
use crate::row_files::SOURCE_COLUMN;
use crate::settle::bounds;
use crate::unread;
use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::Int64Type;
use futures::TryStreamExt;
use lakewarden_dictionary::Dataset;
use lakewarden_extract::KeySet;
use lakewarden_lake::{Basis, Change, DataFile, FILE_TRANSACTION, Mode, StagedTable, TableSnapshot, TableWriter, Zone};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tokio::task::block_in_place;
use uuid::Uuid;

/// A replacement under way: which rows go, and what is staged of those that stay.
pub(crate) struct Superseding {
    pub replacement: Replacement,
    /// The table without the rows that go: what new rows are compared with.
    pub remaining: TableSnapshot,
    /// What leaves quarantine with them.
    pub removal: Removal,
    /// Files of the table in which rows go.
    removed: Vec<DataFile>,
    /// The other rows of those files.
    rewritten: StagedTable,
    /// The numbers of the files whose rows go, where not all do.
    numbers: BTreeSet<i64>,
    rows_removed: u64,
    before: Totals,
    /// What is wrong with replacing a part, if a key of the rows that go is nowhere afterwards.
    depends_on_keys: Option<PartReason>,
}

impl Loading<'_> {
    /// Finds out which rows go, and stages the other rows of their files.
    ///
    /// # Errors
    /// [`PipelineError::ReloadHistory`], [`PipelineError::ReloadInPart`]; those of the lake. Nothing is left staged then.
    pub(crate) async fn supersede(
        &self,
        dataset: &Dataset,
        replacement: Replacement,
    ) -> Result<Superseding, PipelineError> {
        if dataset.keeps_history() {
            return Err(PipelineError::ReloadHistory { dataset: dataset.name.value.clone() });
        }
        let before = totals(Some(&replacement.table))?;
        match replacement.whole {
            true => Ok(self.supersede_all(dataset, replacement, before)),
            false => self.supersede_part(dataset, replacement, before).await,
        }
    }

    fn supersede_all(&self, dataset: &Dataset, replacement: Replacement, before: Totals) -> Superseding {
        let table = &replacement.table;
        let kept = |key: &str| key == LAST_LOADS;
        let remaining = TableSnapshot {
            schema: history::stored_schema(dataset, false),
            files: Vec::new(),
            transactions: without_files(table, &replacement.checksums()),
            noted: table.noted.iter().filter(|(key, _)| kept(key)).map(|(k, v)| (k.clone(), v.clone())).collect(),
            ..table.clone()
        };
        Superseding {
            remaining,
            removal: Removal::All,
            removed: table.files.clone(),
            rewritten: nothing(table),
            numbers: BTreeSet::new(),
            depends_on_keys: None,
            rows_removed: table.rows(),
            before,
            replacement,
        }
    }

    async fn supersede_part(
        &self,
        dataset: &Dataset,
        replacement: Replacement,
        before: Totals,
    ) -> Result<Superseding, PipelineError> {
        let table = replacement.table.clone();
        let lines = ledger::lines(self.lake, &table.name).await?;
        let depends_on_keys = part::check(self.lake, dataset, &replacement, &lines).await?;
        let numbers: BTreeSet<i64> = replacement.lines.iter().filter_map(|line| line.file.source).collect();
        let touched = self.touched(dataset, &table, &numbers).await?;
        let removal = Removal::of_files(&replacement.lines);
        let mut rows = BTreeMap::new();
        for counts in touched.iter().map(|(_, counts)| counts) {
            counts.iter().for_each(|(number, count)| *rows.entry(*number).or_insert(0) += count);
        }
        let after = part::reduced(self.lake, dataset, &replacement, &removal, &rows, before).await?;
        let removed: Vec<DataFile> = touched.into_iter().map(|(file, _)| file).collect();
        let rewritten = self.without(&table, &removed, &numbers).await?;
        let rows_removed = rows.values().sum();
        let all: u64 = removed.iter().map(|file| file.rows).sum();
        if rewritten.rows + rows_removed != all {
            let accounted = rewritten.rows + rows_removed;
            let _ = self.lake.discard(rewritten).await;
            let (dataset, file) = (dataset.name.value.clone(), "rows that stay".to_owned());
            return Err(PipelineError::Account { dataset, file, read: all, accounted });
        }
        let gone: BTreeSet<&str> = removed.iter().map(|file| file.path.as_str()).collect();
        let stay = table.files.iter().filter(|file| !gone.contains(file.path.as_str()));
        let mut noted = table.noted.clone();
        noted.insert(TOTALS.to_owned(), json!(after));
        let gone_files = replacement.checksums();
        let left = lines.iter().filter(|line| line.is_effective() && !gone_files.contains(&line.file.sha256));
        let declared = left.map(|line| line.file.facts.as_ref().and_then(|facts| facts.declaration.as_deref()));
        noted.extend([StoredDeclarations::of_published(Some(&table))?.of_files(declared).to_info()]);
        let remaining = TableSnapshot {
            files: stay.chain(&rewritten.files).cloned().collect(),
            transactions: without_files(&table, &replacement.checksums()),
            noted,
            ..table
        };
        Ok(Superseding {
            remaining,
            removal,
            removed,
            rewritten,
            numbers,
            rows_removed,
            before,
            depends_on_keys,
            replacement,
        })
    }

    /// The files of a table that have rows of the files numbered so, and how many of each.
    async fn touched(
        &self,
        dataset: &Dataset,
        table: &TableSnapshot,
        numbers: &BTreeSet<i64>,
    ) -> Result<Vec<(DataFile, BTreeMap<i64, u64>)>, PipelineError> {
        let mut touched = Vec::new();
        let mut unknown = 0;
        let has_column = table.schema.field_with_name(SOURCE_COLUMN).is_ok();
        for file in &table.files {
            let nulls = file.null_counts.get(SOURCE_COLUMN).copied();
            if !has_column || nulls.is_none_or(|nulls| nulls > 0) {
                unknown += nulls.unwrap_or(file.rows);
                continue;
            }
            let may_have = |(low, high)| numbers.range(low..=high).next().is_some();
            if !bounds(file, SOURCE_COLUMN).is_none_or(may_have) {
                continue;
            }
            let mut counts: BTreeMap<i64, u64> = BTreeMap::new();
            let mut batches = self.lake.open_file(table, file, Some(&[SOURCE_COLUMN])).await?;
            while let Some(batch) = batches.try_next().await? {
                for number in source_of(dataset, &batch)?.iter().flatten().filter(|number| numbers.contains(number)) {
                    *counts.entry(*number).or_insert(0) += 1;
                }
            }
            if !counts.is_empty() {
                touched.push((file.clone(), counts));
            }
        }
        match unknown {
            0 => Ok(touched),
            rows => Err(part::refused(dataset, PartReason::UnknownRows { rows })),
        }
    }

    /// Stages the rows of files of a table that are not of the files numbered so.
    async fn without(
        &self,
        table: &TableSnapshot,
        files: &[DataFile],
        numbers: &BTreeSet<i64>,
    ) -> Result<StagedTable, PipelineError> {
        let id = Uuid::new_v5(&self.run, b"rows that stay");
        let mut writer =
            self.lake.writer(Zone::Conformed, &table.name, table.schema.clone(), self.writer_options(id))?;
        let result = self.write_without(table, files, numbers, &mut writer).await;
        match result {
            Ok(()) => Ok(block_in_place(|| writer.finish())?),
            Err(error) => {
                // Files that stay because the store does not answer are `Lake::orphans`.
                let _ = block_in_place(|| writer.abort());
                Err(error)
            }
        }
    }

    async fn write_without(
        &self,
        table: &TableSnapshot,
        files: &[DataFile],
        numbers: &BTreeSet<i64>,
        writer: &mut TableWriter,
    ) -> Result<(), PipelineError> {
        let damaged = || PipelineError::Damaged { table: table.name.clone(), column: SOURCE_COLUMN.to_owned() };
        for file in files {
            let mut batches = self.lake.open_file(table, file, None).await?;
            while let Some(batch) = batches.try_next().await? {
                let source = batch.column_by_name(SOURCE_COLUMN).ok_or_else(damaged)?;
                let source = source.as_primitive_opt::<Int64Type>().ok_or_else(damaged)?;
                let stays: BooleanArray =
                    source.iter().map(|number| Some(number.is_none_or(|number| !numbers.contains(&number)))).collect();
                let batch = filter_record_batch(&batch, &stays).map_err(|_| damaged())?;
                block_in_place(|| writer.write(batch))?;
            }
        }
        Ok(())
    }
}

impl Superseding {
    /// Refuses files that lack a key that they had, where rows of other files were left out for such keys. `seen` has the
    /// keys of all rows that there will be.
    ///
    /// # Errors
    /// [`PipelineError::ReloadInPart`]; those of the lake.
    pub async fn check_keys(
        &self,
        loading: &Loading<'_>,
        dataset: &Dataset,
        seen: &KeySet,
    ) -> Result<(), PipelineError> {
        let Some(reason) = &self.depends_on_keys else { return Ok(()) };
        let keys: Vec<&str> = dataset.key.iter().map(|key| key.value.as_str()).collect();
        let columns: Vec<&str> = keys.iter().copied().chain([SOURCE_COLUMN]).collect();
        for file in &self.removed {
            let mut batches = loading.lake.open_file(&self.replacement.table, file, Some(&columns)).await?;
            while let Some(batch) = batches.try_next().await? {
                let goes = |number: &Option<i64>| number.map(|number| self.numbers.contains(&number));
                let goes: BooleanArray = source_of(dataset, &batch)?.iter().map(goes).collect();
                let gone = filter_record_batch(&batch, &goes).map_err(|_| PipelineError::Damaged {
                    table: dataset.name.value.clone(),
                    column: keys.join(", "),
                })?;
                let lacking = seen.count_lacking(&gone, &keys);
                if lacking.map_err(PipelineError::of_keys(&dataset.name.value, &keys))? > 0 {
                    return Err(part::refused(dataset, reason.clone()));
                }
            }
        }
        Ok(())
    }

    /// Removes what was staged: the load failed.
    pub async fn discard(self, loading: &Loading<'_>) {
        // Files that stay because the store does not answer are `Lake::orphans`.
        let _ = loading.lake.discard(self.rewritten).await;
    }

    /// Transactions that the table has already.
    pub fn is_noted(&self, transaction: &str) -> bool {
        self.replacement.table.transactions.contains_key(transaction)
    }

    /// The account of what was replaced; `after` are the dataset's totals, and `rows` the rows that the load adds.
    pub fn account(&self, account: &DatasetAccount, rows: u64, after: Totals) -> ReplacementAccount {
        let Replacement { cause, whole, lines, table, .. } = &self.replacement;
        let mut quarantined: BTreeMap<(Option<String>, String), u64> = BTreeMap::new();
        let facts = || lines.iter().filter_map(|line| line.file.facts.as_ref());
        for reason in facts().flat_map(|facts| &facts.quarantined) {
            *quarantined.entry((reason.field.clone(), reason.rule.clone())).or_default() += reason.rows;
        }
        let file = |line: &crate::ledger::LedgerLine| SupersededFile {
            file: line.file.file.clone(),
            sha256: line.file.sha256.clone(),
            run: line.file.facts.as_ref().map(|facts| facts.run),
            read: line.file.facts.as_ref().map(|facts| facts.read),
            written: line.file.facts.as_ref().map(|facts| facts.written),
        };
        ReplacementAccount {
            cause: *cause,
            whole: *whole,
            files: lines.iter().map(file).collect(),
            rows_before: table.rows(),
            rows_removed: self.rows_removed,
            rows_after: table.rows() - self.rows_removed + rows,
            before: self.before,
            after,
            quarantined_before: quarantined
                .into_iter()
                .map(|((field, rule), rows)| Quarantined { field, rule, rows })
                .collect(),
            quarantine_removed: account.quarantine_superseded,
        }
    }

    /// The change of the dataset's table: the new rows, and what stays of the files that go.
    pub fn change(&self, mut rows: StagedTable, transactions: Vec<(String, i64)>, info: Map<String, Value>) -> Change {
        let mode = if self.replacement.whole { Mode::Replace } else { Mode::Append };
        if !self.replacement.whole {
            rows = rows.instead_of(&self.removed);
            rows.files.splice(0..0, self.rewritten.files.iter().cloned());
            rows.rows += self.rewritten.rows;
        }
        Change { staged: rows, mode, transactions, info }
    }

    /// The changes of the tables beside it: unread statements and history, where all rows go. `unread` are the statements
    /// of the files that are loaded.
    pub async fn changes_beside(
        &self,
        loading: &Loading<'_>,
        dataset: &Dataset,
        unread: StagedTable,
        info: &Map<String, Value>,
    ) -> Result<Vec<Change>, PipelineError> {
        let change = |staged, mode| Change { staged, mode, transactions: Vec::new(), info: info.clone() };
        if !self.replacement.whole {
            return Ok((unread.rows > 0).then(|| change(unread, Mode::Append)).into_iter().collect());
        }
        let mut changes = Vec::new();
        let known = loading.lake.table(Zone::Conformed, &unread::table_name(dataset)).await?;
        if known.is_some() || unread.rows > 0 {
            changes.push(change(unread.based_on(known.as_ref()), Mode::Replace));
        }
        if let Some(history) = loading.lake.table(Zone::Conformed, &history::table_name(dataset)).await? {
            changes.push(change(nothing(&history).based_on(Some(&history)), Mode::Replace));
        }
        Ok(changes)
    }
}

/// The transactions of a table without those that note these files.
fn without_files(table: &TableSnapshot, sums: &BTreeSet<String>) -> std::collections::HashMap<String, i64> {
    let goes = |id: &str| id.strip_prefix(FILE_TRANSACTION).is_some_and(|sum| sums.contains(sum));
    table.transactions.iter().filter(|(id, _)| !goes(id)).map(|(id, version)| (id.clone(), *version)).collect()
}

fn nothing(table: &TableSnapshot) -> StagedTable {
    StagedTable {
        zone: table.zone,
        name: table.name.clone(),
        schema: table.schema.clone(),
        files: Vec::new(),
        rows: 0,
        basis: Basis::default(),
        description: None,
    }
}

fn source_of(dataset: &Dataset, batch: &RecordBatch) -> Result<Vec<Option<i64>>, PipelineError> {
    let damaged = || PipelineError::Damaged { table: dataset.name.value.clone(), column: SOURCE_COLUMN.to_owned() };
    let column = batch.column_by_name(SOURCE_COLUMN).ok_or_else(damaged)?;
    let numbers = column.as_primitive_opt::<Int64Type>().ok_or_else(damaged)?;
    Ok((0..numbers.len()).map(|at| numbers.is_valid(at).then(|| numbers.value(at))).collect())
}
