//! Files → staged rows, and what is looked at on the way.

use super::Loading;
use crate::error::PipelineError;
use crate::history;
use crate::observe::Observer;
use crate::people::People;
use crate::quarantine::{self};
use crate::references::Gathered;
use crate::row_files::{source_at, with_source};
use crate::unread;
use arrow::array::RecordBatch;
use futures::TryStreamExt;
use lakewarden_dictionary::Dataset;
use lakewarden_extract::{
    FileAccount, KeySet, RowOrigin, RuleInputs, Sink, SinkError, SourceFile, UnreadLog, extract, unique_columns,
    unread_schema,
};
use lakewarden_lake::{StagedTable, TableSnapshot, TableWriter, Zone};
use std::sync::Mutex;
use uuid::Uuid;

impl Loading<'_> {
    /// Reads what the lake holds: keys, if new rows are to be compared with them, and people.
    pub(super) async fn read_published(
        &self,
        dataset: &Dataset,
        published: &TableSnapshot,
        nothing_new: bool,
        seen: &mut KeySet,
        gathered: &mut Gathered,
        people: Option<&Mutex<People>>,
    ) -> Result<(), PipelineError> {
        let keys: Vec<&str> = dataset.key.iter().map(|k| k.value.as_str()).collect();
        let compare = !nothing_new && !keys.is_empty();
        let mut unique = if nothing_new { Vec::new() } else { unique_columns(dataset) };
        unique.retain(|c| published.schema.field_with_name(c).is_ok());
        let mut columns = if compare { keys.clone() } else { Vec::new() };
        columns.extend(&unique);
        let referred: Vec<String> = gathered.columns().map(str::to_owned).collect();
        columns.extend(referred.iter().map(String::as_str));
        if people.is_some() {
            columns.extend(People::columns(dataset));
        }
        columns.sort_unstable();
        columns.dedup();
        columns.retain(|c| published.schema.field_with_name(c).is_ok());
        if columns.is_empty() {
            return Ok(());
        }
        let mut batches = self.lake.read_table_batches(published, Some(&columns))?;
        while let Some(batch) = batches.try_next().await? {
            if compare {
                seen.observe(&batch, &keys).map_err(PipelineError::of_keys(&dataset.name.value, &keys))?;
            }
            seen.observe_unique(&batch, &unique).map_err(PipelineError::of_keys(&dataset.name.value, &unique))?;
            gathered.observe(&batch)?;
            if let Some(people) = people {
                observe(people, dataset, &batch)?;
            }
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "the state of one load, lent for one phase")]
    pub(super) fn extract(
        &self,
        dataset: &Dataset,
        published: Option<&TableSnapshot>,
        first_source: i64,
        files: &[SourceFile],
        rules: &RuleInputs,
        seen: &mut KeySet,
        unread: &mut UnreadLog,
        watch: &mut Watch<'_>,
        observer: &dyn Observer,
    ) -> Result<Extracted, PipelineError> {
        let name = &dataset.name.value;
        let context = self.context(dataset, rules);
        let options = || self.writer_options(self.run);
        let stamp = history::Stamp::of(dataset, published, self.as_of);
        let mut sink = LoadSink {
            rows: self.lake.writer(
                Zone::Conformed,
                name,
                history::stored_schema(dataset, stamp.is_some()),
                options(),
            )?,
            stamp,
            sealed: self.lake.writer(Zone::Quarantine, name, quarantine::stored_schema(), options())?,
            run: self.run,
            first_source,
            source: None,
            dataset,
            watch,
        };
        let accounts = extract(&context, files, seen, unread, &mut sink, &|p| {
            observer.progressed(name, p.bytes, p.rows);
        })?;
        for account in &accounts {
            if !account.closes() {
                return Err(PipelineError::Account {
                    dataset: name.clone(),
                    file: account.file.clone(),
                    read: account.read,
                    accounted: account.accounted(),
                });
            }
        }
        let (rows, sealed) = (sink.rows.finish()?, sink.sealed.finish()?);
        // Rows whose place a later one took are taken out when it is known which stay.
        let written: u64 = accounts.iter().map(|a| a.written + a.duplicates_by.superseded).sum();
        let quarantined: u64 = accounts.iter().map(FileAccount::quarantined_total).sum();
        if (rows.rows, sealed.rows) != (written, quarantined) {
            return Err(PipelineError::Account {
                dataset: name.clone(),
                file: "all files".to_owned(),
                read: written + quarantined,
                accounted: rows.rows + sealed.rows,
            });
        }
        let mut whom = self.lake.writer(Zone::Conformed, &unread::table_name(dataset), unread_schema(), options())?;
        for records in unread.rows(self.keys.version()).map_err(unread::damaged(dataset))? {
            whom.write(records)?;
        }
        Ok(Extracted { accounts, rows, sealed, unread: whom.finish()? })
    }
}

/// What the files of a dataset gave.
pub(super) struct Extracted {
    pub(super) accounts: Vec<FileAccount>,
    pub(super) rows: StagedTable,
    pub(super) sealed: StagedTable,
    pub(super) unread: StagedTable,
}

/// Shows rows to those who gather people. Several datasets do at the same time; the order does not matter.
pub(crate) fn observe(people: &Mutex<People>, dataset: &Dataset, batch: &RecordBatch) -> Result<(), PipelineError> {
    people.lock().map_err(|_| PipelineError::Worker)?.observe(dataset, batch)
}

/// Who looks at rows while they are written.
pub(super) struct Watch<'w> {
    pub(super) people: Option<&'w Mutex<People>>,
    pub(super) gathered: Option<&'w mut Gathered>,
}

struct LoadSink<'a, 'w> {
    rows: TableWriter,
    stamp: Option<history::Stamp<'a>>,
    sealed: TableWriter,
    run: Uuid,
    /// The number of the first file.
    first_source: i64,
    /// The number of the file that rows come from.
    source: Option<i64>,
    dataset: &'a Dataset,
    watch: &'a mut Watch<'w>,
}

impl Sink for LoadSink<'_, '_> {
    fn begin(&mut self, origin: RowOrigin<'_>) {
        self.source = match origin {
            RowOrigin::File(index) => Some(source_at(self.first_source, index)),
            RowOrigin::Quarantine { .. } => None,
        };
    }

    fn rows(&mut self, batch: RecordBatch) -> Result<(), SinkError> {
        if let Some(people) = self.watch.people {
            observe(people, self.dataset, &batch).map_err(SinkError::new)?;
        }
        if let Some(gathered) = &mut self.watch.gathered {
            gathered.observe(&batch).map_err(SinkError::new)?;
        }
        let batch = with_source(&batch, self.source).map_err(SinkError::new)?;
        let batch = match &self.stamp {
            Some(stamp) => stamp.current(&batch).map_err(SinkError::new)?,
            None => batch,
        };
        self.rows.write(batch).map_err(SinkError::new)
    }

    fn quarantine(&mut self, batch: RecordBatch) -> Result<(), SinkError> {
        self.sealed.write(quarantine::of_run(&batch, Some(self.run)).map_err(SinkError::new)?).map_err(SinkError::new)
    }
}
