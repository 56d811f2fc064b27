//! Writing the files again that hold what has to be removed, and loading on top of that.

use super::due::{DueRemoval, DueTable};
use super::ended::EndedRows;
use crate::declared::{StoredDeclarations, forget_columns};
use crate::error::PipelineError;
use crate::history;
use crate::load::{Arrivals, Loaded, Loading, TOTALS};
use crate::observe::Observer;
use crate::people::People;
use crate::quarantine;
use arrow::array::BooleanArray;
use arrow::compute::{filter_record_batch, not};
use arrow::datatypes::Schema;
use futures::TryStreamExt;
use lakewarden_dictionary::Dataset;
use lakewarden_lake::{Change, LEDGER_KEY, Mode, StagedTable, TableSnapshot, Zone};
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use tokio::task::block_in_place;
use uuid::Uuid;

/// A table without what had to be removed.
struct Rewritten {
    due: DueTable,
    /// The rows that stay of the files that are replaced.
    staged: StagedTable,
    /// The table as it will be, if nothing is added.
    after: TableSnapshot,
}

impl Loading<'_> {
    /// Loads the files of one dataset that are new into its tables without what has to be removed from them, and shows
    /// every row of it to `people`.
    ///
    /// # Errors
    /// Those of [`Loading::load_files`]; then nothing is removed.
    pub async fn load(
        &self,
        mut arrivals: Arrivals<'_>,
        people: Option<&Mutex<People>>,
        observer: &dyn Observer,
    ) -> Result<Loaded, PipelineError> {
        let dataset = arrivals.dataset;
        let due = std::mem::take(&mut arrivals.removal);
        if due.is_empty() {
            return self.load_files(arrivals, people, observer).await;
        }
        let mut rewritten = Vec::new();
        let result = self.load_without(due, &mut rewritten, arrivals, people, observer).await;
        let mut unused = Vec::new();
        let result = result.and_then(|mut loaded| {
            unused = self.publish_removal(dataset, &rewritten, &mut loaded)?;
            Ok(loaded)
        });
        if result.is_err() {
            unused = rewritten.into_iter().map(|table| table.staged).collect();
        }
        for staged in unused {
            // Files that stay because the store does not answer are `Lake::orphans`.
            let _ = self.lake.discard(staged).await;
        }
        result
    }

    async fn load_without(
        &self,
        due: DueRemoval,
        rewritten: &mut Vec<Rewritten>,
        mut arrivals: Arrivals<'_>,
        people: Option<&Mutex<People>>,
        observer: &dyn Observer,
    ) -> Result<Loaded, PipelineError> {
        let dataset = arrivals.dataset;
        for table in due.tables {
            let ended =
                due.retention.as_ref().and_then(|retention| EndedRows::new(dataset, retention, &table.table.schema));
            rewritten.push(self.rewrite(dataset, table, ended.as_ref()).await?);
        }
        let conformed = rewritten.iter().find(|table| table.after.name == dataset.name.value);
        if let Some(table) = conformed {
            arrivals.published = Some(table.after.clone());
        }
        self.load_files(arrivals, people, observer).await
    }

    /// Stages the rows that stay of the files that have something to be removed.
    async fn rewrite(
        &self,
        dataset: &Dataset,
        due: DueTable,
        ended: Option<&EndedRows<'_>>,
    ) -> Result<Rewritten, PipelineError> {
        let name = &due.table.name;
        let damaged = |_| PipelineError::Damaged { table: name.clone(), column: "all columns".to_owned() };
        let kept = due.table.schema.fields().iter().filter(|field| !due.columns.contains(field.name()));
        let schema = Arc::new(Schema::new(kept.cloned().collect::<Vec<_>>()));
        let mut after = TableSnapshot { schema: schema.clone(), ..due.table.clone() };
        let mut declared = StoredDeclarations::of_published(Some(&due.table))?.without_columns(&due.columns);
        if let (true, Some(retention)) = (due.ended > 0, &dataset.retention) {
            declared = declared.after_removal(retention.value);
        }
        after.noted.extend([declared.to_info()]);
        let options = self.writer_options(Uuid::new_v5(&self.run, b"what stays after a removal"));
        let mut writer = self.lake.writer(Zone::Conformed, name, schema, options)?;
        let mut gone = 0;
        for file in &due.files {
            let mut batches = self.lake.open_file(&due.table, file, None).await?;
            while let Some(batch) = batches.try_next().await? {
                let ended = match ended {
                    Some(ended) => ended.mark(&batch)?,
                    None => BooleanArray::from(vec![false; batch.num_rows()]),
                };
                gone += ended.true_count() as u64;
                let stays = filter_record_batch(&batch, &not(&ended).map_err(damaged)?).map_err(damaged)?;
                let stays = history::fitted(&stays, &after.schema).map_err(damaged)?;
                block_in_place(|| writer.write(stays))?;
            }
        }
        let staged = block_in_place(|| writer.finish())?;
        let before: u64 = due.files.iter().map(|file| file.rows).sum();
        if gone != due.ended || staged.rows != before - due.ended {
            let account = PipelineError::Account {
                dataset: name.clone(),
                file: "rows past their retention".to_owned(),
                read: before,
                accounted: staged.rows + due.ended,
            };
            let _ = self.lake.discard(staged).await;
            return Err(account);
        }
        let replaced: HashSet<&str> = due.files.iter().map(|file| file.path.as_str()).collect();
        after.files.retain(|file| !replaced.contains(file.path.as_str()));
        after.files.extend(staged.files.iter().cloned());
        let staged =
            staged.based_on(Some(&due.table)).instead_of(&due.files).without_columns(due.columns.iter().cloned());
        Ok(Rewritten { due, staged, after })
    }

    /// Adds the removal to what is published of a dataset, and to its accounts. Returns files that were staged and are
    /// not part of it, because rows of the run took the place of rows in them.
    fn publish_removal(
        &self,
        dataset: &Dataset,
        rewritten: &[Rewritten],
        loaded: &mut Loaded,
    ) -> Result<Vec<StagedTable>, PipelineError> {
        let name = &dataset.name.value;
        let mut unused = Vec::new();
        for table in rewritten {
            let account = &mut loaded.account;
            if table.after.name == *name {
                account.retention_ended = table.due.ended;
                loaded.totals.retention_ended += table.due.ended;
            } else {
                account.history_retention_ended = table.due.ended;
            }
            account.columns_removed.extend(table.due.columns.iter().cloned());
        }
        loaded.account.columns_removed.sort_unstable();
        loaded.account.columns_removed.dedup();
        let of_table =
            |change: &Change, table: &str| change.staged.zone == Zone::Conformed && change.staged.name == table;
        for table in rewritten {
            let added = loaded.changes.iter().position(|change| of_table(change, &table.after.name));
            let at = match added {
                Some(at) => at,
                None => {
                    let info = self.noted_info(dataset, table, loaded);
                    loaded.changes.push(Change {
                        staged: StagedTable { files: Vec::new(), rows: 0, ..table.staged.clone() },
                        mode: Mode::Append,
                        transactions: Vec::new(),
                        info,
                    });
                    loaded.changes.len() - 1
                }
            };
            let staged = &mut loaded.changes[at].staged;
            unused.push(combine(staged, table, added.is_none()));
            let replaced: HashSet<&str> = staged.basis.replaces.iter().map(String::as_str).collect();
            let before = &table.due.table;
            let stay = before.files.iter().filter(|file| !replaced.contains(file.path.as_str())).map(|file| file.rows);
            let found = stay.sum::<u64>() + staged.rows;
            let account = &loaded.account;
            let (added, gone) = match (before.name == *name, dataset.keeps_history()) {
                (true, _) => (account.written, account.replaced + table.due.ended),
                (false, true) => (account.replaced, table.due.ended),
                (false, false) => (0, table.due.ended),
            };
            let expected = (before.rows() + added).saturating_sub(gone);
            if found != expected {
                return Err(PipelineError::Account {
                    dataset: before.name.clone(),
                    file: "the whole table".to_owned(),
                    read: expected,
                    accounted: found,
                });
            }
        }
        for change in loaded.changes.iter_mut().filter(|change| change.info.contains_key(TOTALS)) {
            change.info.insert(TOTALS.to_owned(), json!(loaded.totals));
        }
        unused.retain(|staged| !staged.files.is_empty());
        Ok(unused)
    }

    /// What the commit of a table notes that nothing but a removal changes.
    fn noted_info(&self, dataset: &Dataset, table: &Rewritten, loaded: &Loaded) -> Map<String, Value> {
        let conformed = loaded
            .changes
            .iter()
            .find(|change| change.staged.zone == Zone::Conformed && change.staged.name == dataset.name.value);
        let mut info = match conformed {
            Some(change) => change.info.clone(),
            None => quarantine::told(&table.after, self.run, None, &loaded.totals).info,
        };
        info.remove(LEDGER_KEY);
        forget_columns(&mut info, &table.due.columns);
        info
    }
}

/// Adds the rows that stay to those of a change. Returns the files of them that the change replaces.
fn combine(staged: &mut StagedTable, table: &Rewritten, alone: bool) -> StagedTable {
    let own = &table.staged;
    let is_replaced = |path: &String| staged.basis.replaces.contains(path);
    let (unused, kept): (Vec<_>, Vec<_>) = if alone {
        (Vec::new(), own.files.clone())
    } else {
        own.files.iter().cloned().partition(|f| is_replaced(&f.path))
    };
    if !alone {
        let mine: HashSet<&str> = own.files.iter().map(|file| file.path.as_str()).collect();
        staged.basis.replaces.retain(|path| !mine.contains(path.as_str()));
        staged.basis.replaces.extend(own.basis.replaces.iter().cloned());
        staged.basis.drops.extend(own.basis.drops.iter().cloned());
        staged.basis.seen = own.basis.seen;
    }
    staged.rows += kept.iter().map(|file| file.rows).sum::<u64>();
    staged.files = kept.into_iter().chain(std::mem::take(&mut staged.files)).collect();
    StagedTable { files: unused, rows: 0, ..own.clone() }
}
