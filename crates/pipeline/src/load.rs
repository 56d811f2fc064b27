//! Export files → rows staged for a dataset's conformed table, and sealed ones for quarantine.

use crate::error::PipelineError;
use crate::history;
use crate::ledger::Known;
use crate::observe::Observer;
use crate::people::People;
use crate::project::OpenProject;
use crate::record::{Counts, DatasetAccount, FileFacts, FileWarning, KeyFacts, Quarantined};
use crate::tables::TableView;
use crate::unread;
use arrow::array::RecordBatch;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use futures::TryStreamExt;
use lakewarden_dictionary::{Dataset, UnreadableSubject};
use lakewarden_extract::{
    ExtractContext, FileAccount, KeySet, Sink, SinkError, SourceFile, UnreadLog, checksum, conformed_schema, extract,
    quarantine_schema, unread_schema,
};
use lakewarden_lake::{
    Change, FILE_TRANSACTION, LEDGER_KEY, Lake, Mode, StagedTable, TableSnapshot, TableWriter, WriterOptions, Zone,
};
use lakewarden_privacy::KeyRing;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::Mutex;
use tokio::runtime::Handle;
use tokio::task::block_in_place;
use uuid::Uuid;

/// What loading needs of the run.
pub struct Loading<'a> {
    /// The lake.
    pub lake: &'a Lake,
    /// The keys.
    pub keys: &'a KeyRing,
    /// The project.
    pub open: &'a OpenProject,
    /// The project's zone.
    pub zone: Tz,
    /// The run's instant.
    pub as_of: DateTime<Utc>,
    /// The run.
    pub run: Uuid,
    /// Seed of hash sets and nonces.
    pub seed: u64,
    /// Worker threads.
    pub workers: usize,
}

/// A dataset's files before loading.
pub struct Arrivals<'d> {
    /// The dataset.
    pub dataset: &'d Dataset,
    /// Its table as it is.
    published: Option<TableSnapshot>,
    /// Files whose bytes it does not have.
    pub new: Vec<SourceFile>,
    /// Files whose bytes it has.
    already_loaded: Vec<Known>,
}

/// A dataset after loading.
pub struct Loaded {
    /// What happened to its rows.
    pub account: DatasetAccount,
    /// The table as it will be.
    pub table: TableView,
    /// What to publish; empty if no file was new.
    pub changes: Vec<Change>,
    /// Totals over all runs, this one included.
    pub totals: Totals,
}

/// What became of all rows a dataset ever brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Totals {
    /// Rows read.
    pub read: u64,
    /// Rows written.
    pub written: u64,
    /// Rows quarantined.
    pub quarantined: u64,
    /// Duplicates.
    pub duplicates: u64,
    /// Rows that later runs took the place of.
    #[serde(default)]
    pub replaced: u64,
    /// Rows outside retention.
    pub outside_retention: u64,
    /// Undeclared fields in the last load.
    pub over_collected_fields: u64,
}

/// Key of [`KeyFacts`] in a commit's information.
const KEY: &str = "lakewarden.key";
/// Key of [`Totals`] in a commit's information.
const TOTALS: &str = "lakewarden.totals";

/// The transaction id under which a file is noted in its table. The version is the file's size, so that a file
/// of another size need not be read to be known as new.
fn transaction(sha256: &str) -> String {
    format!("{FILE_TRANSACTION}{sha256}")
}

/// A size as a transaction's version.
fn version(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// Files whose bytes no table holds yet, and those that one does.
///
/// # Errors
/// [`PipelineError::Read`] if a file cannot be read.
pub fn new_files(
    files: Vec<SourceFile>,
    published: Option<&TableSnapshot>,
) -> Result<(Vec<SourceFile>, Vec<Known>), PipelineError> {
    let noted = published.iter().flat_map(|p| &p.transactions).filter(|(id, _)| id.starts_with(FILE_TRANSACTION));
    let mut sizes: BTreeMap<i64, usize> = BTreeMap::new();
    for size in noted.map(|(_, size)| *size).chain(files.iter().map(|f| version(f.size))) {
        *sizes.entry(size).or_default() += 1;
    }
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    let (mut new, mut known) = (Vec::new(), Vec::new());
    for file in files {
        if sizes.get(&version(file.size)) == Some(&1) {
            new.push(file);
            continue;
        }
        let sum = checksum(&file).map_err(|e| PipelineError::Read { path: file.name.clone(), why: e.kind() })?;
        let loaded = published.is_some_and(|p| p.transactions.contains_key(&transaction(&sum)));
        let same = seen.get(&sum).cloned();
        if loaded || same.is_some() {
            known.push(Known { file: file.name, sha256: sum, bytes: file.size, same });
        } else {
            seen.insert(sum, file.name.clone());
            new.push(file);
        }
    }
    Ok((new, known))
}

impl Loading<'_> {
    /// Finds out which files of a dataset are new. Reads those that have the size of another, for their checksums.
    ///
    /// # Errors
    /// [`PipelineError::Read`]; those of the lake.
    pub async fn arrivals<'d>(
        &self,
        dataset: &'d Dataset,
        files: Vec<SourceFile>,
    ) -> Result<Arrivals<'d>, PipelineError> {
        let published = self.lake.table(Zone::Conformed, &dataset.name.value).await?;
        let facts: Option<KeyFacts> = published.as_ref().map_or(Ok(None), |p| information(p, KEY))?;
        if let Some(facts) = facts {
            facts.refuse_another(self.keys)?;
        }
        let (new, already_loaded) = block_in_place(|| new_files(files, published.as_ref()))?;
        Ok(Arrivals { dataset, published, new, already_loaded })
    }

    /// Loads the files of one dataset that are new, and shows every row of it, old and new, to `people`.
    ///
    /// # Errors
    /// The first file that is refused, or whose account does not close, refuses the whole dataset.
    pub async fn load(
        &self,
        arrivals: Arrivals<'_>,
        people: Option<&Mutex<People>>,
        observer: &dyn Observer,
    ) -> Result<Loaded, PipelineError> {
        let Arrivals { dataset, published, new, already_loaded } = arrivals;
        let name = &dataset.name.value;
        // Rows that may still lose against others are shown when it is known which stay.
        let competing = dataset.repeats.compete() && !dataset.key.is_empty() && !new.is_empty();
        let mut seen = match competing {
            true => KeySet::competing(self.seed, dataset),
            false => KeySet::new(self.seed),
        };
        let people = people.filter(|_| dataset.is_personal());
        if let Some(published) = published.as_ref().filter(|_| !competing) {
            self.read_published(dataset, published, new.is_empty(), &mut seen, people).await?;
        }
        let schema = conformed_schema(dataset);
        let before = totals(published.as_ref())?;
        let mut unread = unread::read(self.lake, dataset).await?;
        if new.is_empty() {
            doubt(people, &unread)?;
            let already_loaded = already_loaded.into_iter().map(|known| known.file).collect();
            let account = DatasetAccount { dataset: name.clone(), already_loaded, ..DatasetAccount::default() };
            let table = TableView::appended(published.as_ref(), None, schema);
            return Ok(Loaded { account, table, changes: Vec::new(), totals: before });
        }
        let also = self.other_names(dataset, &already_loaded).await?;
        let shown = people.filter(|_| !competing);
        let Extracted { mut accounts, rows, sealed, unread: whom } = block_in_place(|| {
            self.extract(dataset, published.as_ref(), &new, &mut seen, &mut unread, shown, observer)
        })?;
        let refused = refuse_changed(name, &new, &accounts, published.as_ref());
        if let Err(error) = refused.and_then(|()| refuse_nobody(dataset, &accounts)) {
            for staged in [rows, sealed, whom] {
                // Files that stay because the store does not answer are `Lake::orphans`.
                let _ = self.lake.discard(staged).await;
            }
            return Err(error);
        }
        let (rows, old, replaced) = match seen.into_standings() {
            None => (rows, None, 0),
            Some(standings) => {
                let settled = self.settle(dataset, published.as_ref(), &rows, standings, &mut accounts).await;
                match settled {
                    Ok(settled) => (settled.rows, settled.history, settled.replaced),
                    Err(error) => {
                        for staged in [rows, sealed, whom] {
                            let _ = self.lake.discard(staged).await;
                        }
                        return Err(error);
                    }
                }
            }
        };
        let rows = rows.based_on(published.as_ref());
        let table = TableView::appended(published.as_ref(), Some(&rows), schema);
        if let Some(people) = people.filter(|_| competing) {
            self.show(dataset, &rows, &table, people).await?;
        }
        doubt(people, &unread)?;
        let mut account = sum_up(name, &accounts, already_loaded);
        account.replaced = replaced;
        account.same_bytes = also.iter().map(|other| other.same.clone()).collect();
        let totals = before.and(&account);
        let transactions: Vec<(String, i64)> =
            accounts.iter().map(|a| (transaction(&a.sha256), version(a.bytes))).collect();
        let info: Map<String, Value> = [
            ("lakewarden.run".to_owned(), json!(self.run.to_string())),
            (KEY.to_owned(), json!(KeyFacts::of(self.keys))),
            (TOTALS.to_owned(), json!(totals)),
            (LEDGER_KEY.to_owned(), json!(self.ledger_of(dataset, &accounts, &also))),
        ]
        .into_iter()
        .collect();
        let mut changes = vec![Change { staged: rows, mode: Mode::Append, transactions, info: info.clone() }];
        let mut info = info;
        info.remove(LEDGER_KEY);
        for staged in [sealed, whom].into_iter().chain(old).filter(|staged| staged.rows > 0) {
            changes.push(Change { staged, mode: Mode::Append, transactions: Vec::new(), info: info.clone() });
        }
        Ok(Loaded { account, table, changes, totals })
    }

    /// Reads what the lake holds: keys, if new rows are to be compared with them, and people.
    async fn read_published(
        &self,
        dataset: &Dataset,
        published: &TableSnapshot,
        nothing_new: bool,
        seen: &mut KeySet,
        people: Option<&Mutex<People>>,
    ) -> Result<(), PipelineError> {
        let keys: Vec<&str> = dataset.key.iter().map(|k| k.value.as_str()).collect();
        let compare = !nothing_new && !keys.is_empty();
        let mut columns = if compare { keys.clone() } else { Vec::new() };
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
                seen.observe(&batch, &keys).map_err(|_| PipelineError::Damaged {
                    table: dataset.name.value.clone(),
                    column: keys.join(", "),
                })?;
            }
            if let Some(people) = people {
                observe(people, dataset, &batch)?;
            }
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "the state of one load, lent for one phase")]
    fn extract(
        &self,
        dataset: &Dataset,
        published: Option<&TableSnapshot>,
        files: &[SourceFile],
        seen: &mut KeySet,
        unread: &mut UnreadLog,
        people: Option<&Mutex<People>>,
        observer: &dyn Observer,
    ) -> Result<Extracted, PipelineError> {
        let name = &dataset.name.value;
        let zone = dataset.time_zone.as_ref().and_then(|z| z.value.parse().ok()).unwrap_or(self.zone);
        let context = ExtractContext {
            dataset,
            zone,
            keys: self.keys,
            as_of: self.as_of,
            seed: self.seed,
            batch_rows: 8192,
            workers: self.workers,
        };
        let threads = NonZeroUsize::new(self.workers).unwrap_or(NonZeroUsize::MIN);
        let options = || WriterOptions::new(self.run, Handle::current()).with_threads(threads);
        let stamp = history::Stamp::of(dataset, published, self.as_of);
        let mut sink = LoadSink {
            rows: self.lake.writer(
                Zone::Conformed,
                name,
                history::stored_schema(dataset, stamp.is_some()),
                options(),
            )?,
            stamp,
            sealed: self.lake.writer(Zone::Quarantine, name, quarantine_schema(), options())?,
            dataset,
            people,
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
                    accounted: account.written
                        + account.quarantined_total()
                        + account.duplicates
                        + account.outside_retention,
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
struct Extracted {
    accounts: Vec<FileAccount>,
    rows: StagedTable,
    sealed: StagedTable,
    unread: StagedTable,
}

/// Refuses files that may hold a withdrawal of which nobody can tell whose it is, unless the dataset says otherwise.
fn refuse_nobody(dataset: &Dataset, accounts: &[FileAccount]) -> Result<(), PipelineError> {
    let records = accounts.iter().map(|a| a.unread_nobody).sum();
    let first = accounts.iter().find_map(|a| Some((a.file.clone(), a.nobody_at?)));
    match first {
        Some((file, row)) if dataset.unreadable_subject == UnreadableSubject::Refuse => {
            Err(PipelineError::NobodyNamed { dataset: dataset.name.value.clone(), records, file, row })
        }
        _ => Ok(()),
    }
}

/// Tells those who gather people of records that could not be read.
fn doubt(people: Option<&Mutex<People>>, unread: &UnreadLog) -> Result<(), PipelineError> {
    if let Some(people) = people {
        unread::note(&mut people.lock().map_err(|_| PipelineError::Worker)?.consent, unread);
    }
    Ok(())
}

/// Refuses files whose bytes were not those that [`new_files`] judged.
fn refuse_changed(
    dataset: &str,
    files: &[SourceFile],
    accounts: &[FileAccount],
    published: Option<&TableSnapshot>,
) -> Result<(), PipelineError> {
    let mut seen = BTreeSet::new();
    for (file, account) in files.iter().zip(accounts) {
        let known = published.is_some_and(|p| p.transactions.contains_key(&transaction(&account.sha256)));
        if account.bytes != file.size || known || !seen.insert(&account.sha256) {
            return Err(PipelineError::FileChanged { dataset: dataset.to_owned(), file: file.name.clone() });
        }
    }
    Ok(())
}

/// Shows rows to those who gather people. Several datasets do at the same time; the order does not matter.
pub(crate) fn observe(people: &Mutex<People>, dataset: &Dataset, batch: &RecordBatch) -> Result<(), PipelineError> {
    people.lock().map_err(|_| PipelineError::Worker)?.observe(dataset, batch)
}

struct LoadSink<'a> {
    rows: TableWriter,
    stamp: Option<history::Stamp<'a>>,
    sealed: TableWriter,
    dataset: &'a Dataset,
    people: Option<&'a Mutex<People>>,
}

impl Sink for LoadSink<'_> {
    fn rows(&mut self, batch: RecordBatch) -> Result<(), SinkError> {
        if let Some(people) = self.people {
            observe(people, self.dataset, &batch).map_err(SinkError::new)?;
        }
        let batch = match &self.stamp {
            Some(stamp) => stamp.current(&batch).map_err(SinkError::new)?,
            None => batch,
        };
        self.rows.write(batch).map_err(SinkError::new)
    }

    fn quarantine(&mut self, batch: RecordBatch) -> Result<(), SinkError> {
        self.sealed.write(batch).map_err(SinkError::new)
    }
}

/// The totals that the last load of a table left.
///
/// # Errors
/// [`PipelineError::Damaged`] if they cannot be read.
pub fn totals(published: Option<&TableSnapshot>) -> Result<Totals, PipelineError> {
    Ok(published.map_or(Ok(None), |p| information(p, TOTALS))?.unwrap_or_default())
}

/// Something that the last load of a table left in its commit's information. What is there but cannot be
/// read is an error: taken for absent, it would let another key pass.
fn information<T: serde::de::DeserializeOwned>(
    published: &TableSnapshot,
    key: &str,
) -> Result<Option<T>, PipelineError> {
    let Some(value) = published.metadata.get(key) else { return Ok(None) };
    let read = match value {
        Value::String(text) => serde_json::from_str(text),
        other => serde_json::from_value(other.clone()),
    };
    let damaged = |_| PipelineError::Damaged { table: published.name.clone(), column: key.to_owned() };
    read.map(Some).map_err(damaged)
}

impl Totals {
    fn and(self, account: &DatasetAccount) -> Self {
        Self {
            read: self.read + account.read,
            written: self.written + account.written,
            quarantined: self.quarantined + account.quarantined_total(),
            duplicates: self.duplicates + account.duplicates,
            replaced: self.replaced + account.replaced,
            outside_retention: self.outside_retention + account.outside_retention,
            over_collected_fields: account.over_collected.len() as u64,
        }
    }
}

fn sum_up(dataset: &str, files: &[FileAccount], already_loaded: Vec<Known>) -> DatasetAccount {
    let already_loaded = already_loaded.into_iter().map(|known| known.file).collect();
    let mut quarantined: BTreeMap<(Option<String>, String), u64> = BTreeMap::new();
    let mut account = DatasetAccount { dataset: dataset.to_owned(), already_loaded, ..DatasetAccount::default() };
    for file in files {
        account.bytes += file.bytes;
        account.read += file.read;
        account.written += file.written;
        account.duplicates += file.duplicates;
        account.duplicates_by.add(&file.duplicates_by);
        account.outside_retention += file.outside_retention;
        account.exact_duplicates += file.exact_duplicates;
        account.consent_unreadable += file.unread;
        account.consent_unreadable_nobody += file.unread_nobody;
        for (reason, rows) in &file.quarantined {
            *quarantined.entry((reason.field.clone(), reason.rule.to_owned())).or_default() += rows;
        }
        add(&mut account.over_collected, file.over_collected.iter().map(|(k, v)| (k.clone(), *v)));
        add(&mut account.redactions, file.redactions.iter().map(|(k, v)| (k.to_string(), *v)));
        account
            .warnings
            .extend(file.warnings.iter().map(|w| FileWarning { file: file.file.clone(), warning: w.to_string() }));
        account.files.push(FileFacts {
            file: file.file.clone(),
            sha256: file.sha256.clone(),
            bytes: file.bytes,
            read: file.read,
            written: file.written,
            encoding: file.encoding.map(str::to_owned),
        });
    }
    account.quarantined =
        quarantined.into_iter().map(|((field, rule), rows)| Quarantined { field, rule, rows }).collect();
    account
}

fn add(counts: &mut Counts, more: impl Iterator<Item = (String, u64)>) {
    for (key, rows) in more {
        *counts.entry(key).or_default() += rows;
    }
}
