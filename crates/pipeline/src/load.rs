//! Export files → rows staged for a dataset's conformed table, and sealed ones for quarantine.

use crate::error::PipelineError;
use crate::observe::Observer;
use crate::people::People;
use crate::record::{Counts, DatasetAccount, FileFacts, FileWarning, KeyFacts, Quarantined};
use crate::references::{Gathered, References};
use crate::tables::TableView;
use crate::thresholds::{self, LastLoads};
use crate::unread;
use arrow::array::RecordBatch;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use futures::TryStreamExt;
use lakewarden_dictionary::{Dataset, UnreadableSubject};
use lakewarden_extract::{
    FileAccount, KeySet, RuleInputs, Sink, SinkError, SourceFile, UnreadLog, checksum, conformed_schema, extract,
    quarantine_schema, unique_columns, unread_schema,
};
use lakewarden_lake::{Change, Lake, Mode, StagedTable, TableSnapshot, TableWriter, WriterOptions, Zone};
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
    /// What rules refer to in other datasets.
    pub references: &'a References,
    /// Datasets whose thresholds may be crossed this time.
    pub accept_thresholds: &'a [String],
}

/// A dataset's files before loading.
pub struct Arrivals<'d> {
    /// The dataset.
    pub dataset: &'d Dataset,
    /// Its table as it is.
    published: Option<TableSnapshot>,
    /// Files whose bytes it does not have.
    pub new: Vec<SourceFile>,
    /// Names of files whose bytes it has.
    already_loaded: Vec<String>,
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
    /// Rows outside retention.
    pub outside_retention: u64,
    /// Undeclared fields in the last load.
    pub over_collected_fields: u64,
}

/// Key of [`KeyFacts`] in a commit's information.
const KEY: &str = "lakewarden.key";
/// Key of [`Totals`] in a commit's information.
const TOTALS: &str = "lakewarden.totals";

/// Key of [`LastLoads`] in a commit's information.
const LAST_LOADS: &str = "lakewarden.last_loads";

/// The transaction ids under which files are noted in their table. The version is the file's size, so that a file
/// of another size need not be read to be known as new.
const FILE: &str = "lakewarden/file/";

fn transaction(sha256: &str) -> String {
    format!("{FILE}{sha256}")
}

/// A size as a transaction's version.
fn version(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// Files whose bytes no table holds yet, and the names of those that one does.
///
/// # Errors
/// [`PipelineError::Read`] if a file cannot be read.
pub fn new_files(
    files: Vec<SourceFile>,
    published: Option<&TableSnapshot>,
) -> Result<(Vec<SourceFile>, Vec<String>), PipelineError> {
    let noted = published.iter().flat_map(|p| &p.transactions).filter(|(id, _)| id.starts_with(FILE));
    let mut sizes: BTreeMap<i64, usize> = BTreeMap::new();
    for size in noted.map(|(_, size)| *size).chain(files.iter().map(|f| version(f.size))) {
        *sizes.entry(size).or_default() += 1;
    }
    let mut seen = BTreeSet::new();
    let (mut new, mut known) = (Vec::new(), Vec::new());
    for file in files {
        if sizes.get(&version(file.size)) == Some(&1) {
            new.push(file);
            continue;
        }
        let sum = checksum(&file).map_err(|e| PipelineError::Read { path: file.name.clone(), why: e.kind() })?;
        let loaded = published.is_some_and(|p| p.transactions.contains_key(&transaction(&sum)));
        if loaded || !seen.insert(sum) {
            known.push(file.name);
        } else {
            new.push(file);
        }
    }
    Ok((new, known))
}

/// Finds out which files of a dataset are new. Reads those that have the size of another, for their checksums.
///
/// # Errors
/// [`PipelineError::Read`]; those of the lake.
pub async fn arrivals<'d>(
    lake: &Lake,
    keys: &KeyRing,
    dataset: &'d Dataset,
    files: Vec<SourceFile>,
) -> Result<Arrivals<'d>, PipelineError> {
    let published = lake.table(Zone::Conformed, &dataset.name.value).await?;
    let facts: Option<KeyFacts> = published.as_ref().map_or(Ok(None), |p| information(p, KEY))?;
    if let Some(facts) = facts {
        facts.refuse_another(keys)?;
    }
    let (new, already_loaded) = block_in_place(|| new_files(files, published.as_ref()))?;
    Ok(Arrivals { dataset, published, new, already_loaded })
}

impl Loading<'_> {
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
        let mut seen = KeySet::new(self.seed);
        let people = people.filter(|_| dataset.is_personal());
        let mut gathered = self.references.gather(dataset);
        if let Some(published) = &published {
            self.read_published(dataset, published, new.is_empty(), &mut seen, &mut gathered, people).await?;
        }
        let rules = if new.is_empty() { RuleInputs::default() } else { self.rule_inputs(dataset)? };
        let (new, set_aside) = block_in_place(|| self.without_stopped(dataset, new, &rules, &seen))?;
        let schema = conformed_schema(dataset);
        let before = totals(published.as_ref())?;
        let mut unread = unread::read(self.lake, dataset).await?;
        if new.is_empty() {
            doubt(people, &unread)?;
            self.references.put(gathered)?;
            let account =
                DatasetAccount { dataset: name.clone(), already_loaded, set_aside, ..DatasetAccount::default() };
            let table = TableView::appended(published.as_ref(), None, schema);
            return Ok(Loaded { account, table, changes: Vec::new(), totals: before });
        }
        let Extracted { accounts, rows, sealed, unread: whom } = block_in_place(|| {
            self.extract(dataset, &new, &rules, &mut seen, &mut unread, &mut gathered, people, observer)
        })?;
        let last: LastLoads = published.as_ref().map_or(Ok(None), |p| information(p, LAST_LOADS))?.unwrap_or_default();
        let mut account = sum_up(name, &accounts, already_loaded);
        account.set_aside = set_aside;
        account.thresholds = thresholds::judge(dataset, &account, &rows.files, &last);
        let refused = refuse_changed(name, &new, &accounts, published.as_ref());
        let refused = refused.and_then(|()| refuse_nobody(dataset, &accounts));
        if let Err(error) = refused.and_then(|()| self.refuse_crossed(&mut account)) {
            for staged in [rows, sealed, whom] {
                // Files that stay because the store does not answer are `Lake::orphans`.
                let _ = self.lake.discard(staged).await;
            }
            return Err(error);
        }
        doubt(people, &unread)?;
        self.references.put(gathered)?;
        let totals = before.and(&account);
        let table = TableView::appended(published.as_ref(), Some(&rows), schema);
        let transactions: Vec<(String, i64)> =
            accounts.iter().map(|a| (transaction(&a.sha256), version(a.bytes))).collect();
        let info: Map<String, Value> = [
            ("lakewarden.run".to_owned(), json!(self.run.to_string())),
            (KEY.to_owned(), json!(KeyFacts::of(self.keys))),
            (TOTALS.to_owned(), json!(totals)),
            (LAST_LOADS.to_owned(), json!(last.and(account.read))),
        ]
        .into_iter()
        .collect();
        let mut changes = vec![Change { staged: rows, mode: Mode::Append, transactions, info: info.clone() }];
        for staged in [sealed, whom].into_iter().filter(|staged| staged.rows > 0) {
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
                seen.observe(&batch, &keys).map_err(|_| PipelineError::Damaged {
                    table: dataset.name.value.clone(),
                    column: keys.join(", "),
                })?;
            }
            seen.observe_unique(&batch, &unique)
                .map_err(|_| PipelineError::Damaged { table: dataset.name.value.clone(), column: unique.join(", ") })?;
            gathered.observe(&batch)?;
            if let Some(people) = people {
                observe(people, dataset, &batch)?;
            }
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "what one dataset's rows are held against")]
    fn extract(
        &self,
        dataset: &Dataset,
        files: &[SourceFile],
        rules: &RuleInputs,
        seen: &mut KeySet,
        unread: &mut UnreadLog,
        gathered: &mut Gathered,
        people: Option<&Mutex<People>>,
        observer: &dyn Observer,
    ) -> Result<Extracted, PipelineError> {
        let name = &dataset.name.value;
        let context = self.context(dataset, rules);
        let threads = NonZeroUsize::new(self.workers).unwrap_or(NonZeroUsize::MIN);
        let options = || WriterOptions::new(self.run, Handle::current()).with_threads(threads);
        let mut sink = LoadSink {
            rows: self.lake.writer(Zone::Conformed, name, conformed_schema(dataset), options())?,
            sealed: self.lake.writer(Zone::Quarantine, name, quarantine_schema(), options())?,
            dataset,
            gathered,
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
        let written: u64 = accounts.iter().map(|a| a.written).sum();
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
fn observe(people: &Mutex<People>, dataset: &Dataset, batch: &RecordBatch) -> Result<(), PipelineError> {
    people.lock().map_err(|_| PipelineError::Worker)?.observe(dataset, batch)
}

struct LoadSink<'a> {
    rows: TableWriter,
    sealed: TableWriter,
    dataset: &'a Dataset,
    gathered: &'a mut Gathered,
    people: Option<&'a Mutex<People>>,
}

impl Sink for LoadSink<'_> {
    fn rows(&mut self, batch: RecordBatch) -> Result<(), SinkError> {
        if let Some(people) = self.people {
            observe(people, self.dataset, &batch).map_err(SinkError::new)?;
        }
        self.gathered.observe(&batch).map_err(SinkError::new)?;
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
            outside_retention: self.outside_retention + account.outside_retention,
            over_collected_fields: account.over_collected.len() as u64,
        }
    }
}

fn sum_up(dataset: &str, files: &[FileAccount], already_loaded: Vec<String>) -> DatasetAccount {
    let mut quarantined: BTreeMap<(Option<String>, String), u64> = BTreeMap::new();
    let mut warned: BTreeMap<(Option<String>, String), u64> = BTreeMap::new();
    let mut account = DatasetAccount { dataset: dataset.to_owned(), already_loaded, ..DatasetAccount::default() };
    for file in files {
        account.bytes += file.bytes;
        account.read += file.read;
        account.written += file.written;
        account.duplicates += file.duplicates;
        account.outside_retention += file.outside_retention;
        account.exact_duplicates += file.exact_duplicates;
        account.consent_unreadable += file.unread;
        account.consent_unreadable_nobody += file.unread_nobody;
        for (reason, rows) in &file.quarantined {
            *quarantined.entry((reason.field.clone(), reason.rule.to_string())).or_default() += rows;
        }
        for (reason, rows) in &file.warned {
            *warned.entry((reason.field.clone(), reason.rule.to_string())).or_default() += rows;
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
    account.warned = warned.into_iter().map(|((field, rule), rows)| Quarantined { field, rule, rows }).collect();
    account.quarantined =
        quarantined.into_iter().map(|((field, rule), rows)| Quarantined { field, rule, rows }).collect();
    account
}

fn add(counts: &mut Counts, more: impl Iterator<Item = (String, u64)>) {
    for (key, rows) in more {
        *counts.entry(key).or_default() += rows;
    }
}
