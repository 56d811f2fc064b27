//! Export files → rows staged for a dataset's conformed table, and sealed ones for quarantine.

use crate::arrivals;
use crate::database;
use crate::drift;
use crate::error::PipelineError;
use crate::history;
use crate::ledger::Known;
use crate::observe::Observer;
use crate::people::People;
use crate::project::OpenProject;
use crate::quarantine::{self, InQuarantine};
use crate::record::{Counts, DatasetAccount, FileFacts, FileWarning, HeldFile, KeyFacts, Quarantined};
use crate::references::{Gathered, References};
use crate::tables::TableView;
use crate::thresholds::{self, LastLoads};
use crate::unread;
use arrow::array::RecordBatch;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use futures::TryStreamExt;
use lakewarden_dictionary::{Database, Dataset, Settings, UnreadableSubject};
use lakewarden_extract::{
    FileAccount, KeySet, RuleInputs, Sink, SinkError, SourceFile, UnreadLog, checksum, conformed_schema, extract,
    unique_columns, unread_schema,
};
use lakewarden_lake::{
    Change, FILE_TRANSACTION, LEDGER_KEY, Lake, Mode, StagedTable, TableSnapshot, TableWriter, WriterOptions, Zone,
};
use lakewarden_privacy::KeyRing;
use lakewarden_source::database::DatabaseRead;
use lakewarden_source::{Listing, Origins};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::Path;
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
    /// Files whose bytes it has.
    already_loaded: Vec<Known>,
    /// What else is known of its files.
    origins: Origins,
    /// Files that wait for a review.
    held: Vec<HeldFile>,
    /// The database that `new` is a read of, if it is.
    read: Option<DatabaseRead>,
    /// What lies in its quarantine.
    quarantine: InQuarantine,
}

impl Arrivals<'_> {
    /// Whether there is nothing to load, and nothing in quarantine whose time is over.
    pub fn nothing_to_do(&self) -> bool {
        self.new.is_empty() && !self.quarantine.is_due()
    }

    /// The version of the dataset's table as it is.
    pub fn version(&self) -> Option<i64> {
        self.published.as_ref().map(|table| table.version)
    }

    /// What a person should know of files that wait or are not there, where nothing is loaded.
    pub fn remarks(self) -> Option<DatasetAccount> {
        let Self { dataset, held, origins, .. } = self;
        let dataset = dataset.name.value.clone();
        let mut account = DatasetAccount { dataset, held, ..DatasetAccount::default() };
        arrivals::note(&mut account, &origins);
        (!account.held.is_empty() || !account.arrivals.is_empty()).then_some(account)
    }
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

/// What became of all rows a dataset ever brought: `read` is the sum of the next six.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Totals {
    /// Rows read.
    pub read: u64,
    /// Rows written.
    pub written: u64,
    /// Rows that lie in quarantine.
    pub quarantined: u64,
    /// Rows that were in quarantine and were discarded.
    #[serde(default)]
    pub discarded: u64,
    /// Rows that were in quarantine until their time there was over.
    #[serde(default)]
    pub expired: u64,
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

/// Key of the run that committed, in a commit's information.
pub(crate) const RUN: &str = "lakewarden.run";
/// Key of [`KeyFacts`] in a commit's information.
pub(crate) const KEY: &str = "lakewarden.key";
/// Key of [`Totals`] in a commit's information.
pub(crate) const TOTALS: &str = "lakewarden.totals";

/// Key of [`LastLoads`] in a commit's information.
pub(crate) const LAST_LOADS: &str = "lakewarden.last_loads";

/// The transaction id under which a file is noted in its table. The version is the file's size, so that a file
/// of another size need not be read to be known as new.
fn transaction(sha256: &str) -> String {
    format!("{FILE_TRANSACTION}{sha256}")
}

/// The transactions that note files.
fn transactions(accounts: &[FileAccount]) -> Vec<(String, i64)> {
    accounts.iter().map(|a| (transaction(&a.sha256), version(a.bytes))).collect()
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

/// What it takes to find out what has arrived.
#[derive(Clone, Copy)]
pub struct Arriving<'a> {
    /// The lake.
    pub lake: &'a Lake,
    /// The keys.
    pub keys: &'a KeyRing,
    /// The project's settings.
    pub settings: &'a Settings,
    /// The project's zone.
    pub zone: Tz,
    /// The run's instant.
    pub as_of: DateTime<Utc>,
    /// The run's clock, when it began.
    pub now: DateTime<Utc>,
}

impl Arriving<'_> {
    /// Finds out which files of a dataset are new. Reads those that have the size of another, for their checksums.
    ///
    /// # Errors
    /// [`PipelineError::Read`]; those of the lake.
    pub async fn files<'d>(&self, dataset: &'d Dataset, listing: Listing) -> Result<Arrivals<'d>, PipelineError> {
        let published = published(self.lake, self.keys, dataset).await?;
        let Listing { files, origins } = listing;
        let known = block_in_place(|| new_files(files, published.as_ref()));
        let (new, already_loaded) = known.map_err(|error| arrivals::explained(&origins, error))?;
        let held = block_in_place(|| drift::hold(dataset, new));
        let (new, held) = held.map_err(|error| arrivals::explained(&origins, error))?;
        let quarantine = self.quarantine(dataset).await?;
        Ok(Arrivals { dataset, published, new, already_loaded, origins, held, read: None, quarantine })
    }

    /// Finds out what a database has that the lake has not.
    ///
    /// # Errors
    /// Those of [`database::look`] and of the lake.
    pub async fn database<'d>(
        &self,
        dataset: &'d Dataset,
        database: &Database,
        root: &Path,
    ) -> Result<Arrivals<'d>, PipelineError> {
        let published = published(self.lake, self.keys, dataset).await?;
        let read = database::look(dataset, database, root, published.as_ref(), true).await?;
        let new = if read.has_news() { vec![read.file()] } else { Vec::new() };
        let quarantine = self.quarantine(dataset).await?;
        Ok(Arrivals {
            dataset,
            published,
            new,
            already_loaded: Vec::new(),
            origins: Origins::default(),
            held: Vec::new(),
            read: Some(read),
            quarantine,
        })
    }

    async fn quarantine(&self, dataset: &Dataset) -> Result<InQuarantine, PipelineError> {
        let kept = self.settings.quarantine_retention_of(dataset);
        let from = quarantine::horizon(dataset, kept, self.as_of.min(self.now), self.zone);
        InQuarantine::find(self.lake, dataset, from).await
    }
}

/// Finds a dataset's table as it is, if it was written with the key at hand.
///
/// # Errors
/// [`PipelineError::OtherKey`]; those of the lake.
pub async fn published(lake: &Lake, keys: &KeyRing, dataset: &Dataset) -> Result<Option<TableSnapshot>, PipelineError> {
    let published = lake.table(Zone::Conformed, &dataset.name.value).await?;
    let facts: Option<KeyFacts> = published.as_ref().map_or(Ok(None), |p| information(p, KEY))?;
    if let Some(facts) = facts {
        facts.refuse_another(keys)?;
    }
    Ok(published)
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
        let Arrivals { dataset, published, new, already_loaded, origins, held, read, quarantine } = arrivals;
        let name = &dataset.name.value;
        // Rows that may still lose against others are shown when it is known which stay.
        let competing = dataset.repeats.compete() && !dataset.key.is_empty() && !new.is_empty();
        let mut seen = match competing {
            true => KeySet::competing(self.seed, dataset),
            false => KeySet::new(self.seed),
        };
        let people = people.filter(|_| dataset.is_personal());
        let mut gathered = self.references.gather(dataset);
        if let Some(published) = published.as_ref().filter(|_| !competing) {
            self.read_published(dataset, published, new.is_empty(), &mut seen, &mut gathered, people).await?;
        }
        let rules = if new.is_empty() { RuleInputs::default() } else { self.rule_inputs(dataset)? };
        // A snapshot is read once: a rule that stops files stops the run there.
        let (new, set_aside) = match &read {
            Some(_) => (new, Vec::new()),
            None => block_in_place(|| self.without_stopped(dataset, new, &rules, &seen))?,
        };
        let schema = conformed_schema(dataset);
        let before = totals(published.as_ref())?;
        let mut unread = unread::read(self.lake, dataset).await?;
        if new.is_empty() {
            doubt(people, &unread)?;
            self.references.put(gathered)?;
            let already_loaded = names(already_loaded, read.as_ref());
            let mut account =
                DatasetAccount { dataset: name.clone(), already_loaded, held, set_aside, ..DatasetAccount::default() };
            arrivals::note(&mut account, &origins);
            return self.as_it_was(dataset, published.as_ref(), quarantine, account, before).await;
        }
        let also = self.other_names(dataset, &already_loaded).await?;
        let as_read = read.as_ref().map(|read| read.as_read(dataset));
        let arriving = as_read.as_ref().unwrap_or(dataset);
        // Rows that may still lose are shown when it is known which stay.
        let mut watch =
            Watch { people: people.filter(|_| !competing), gathered: (!competing).then_some(&mut gathered) };
        let extracted = block_in_place(|| {
            self.extract(arriving, published.as_ref(), &new, &rules, &mut seen, &mut unread, &mut watch, observer)
        });
        let Extracted { mut accounts, rows, sealed, unread: whom } =
            extracted.map_err(|error| arrivals::explained(&origins, database::broken_off(read.as_ref(), error)))?;
        let transactions = match &read {
            Some(read) => database::finish(read, &accounts),
            None => refuse_changed(name, &new, &accounts, published.as_ref()).map(|()| transactions(&accounts)),
        };
        let transactions = transactions.and_then(|kept| drift::refuse_unreviewed(dataset, &accounts).map(|()| kept));
        let transactions = match transactions.and_then(|kept| refuse_nobody(dataset, &accounts).map(|()| kept)) {
            Ok(transactions) => transactions,
            Err(error) => return Err(self.throw_away([rows, sealed, whom], error).await),
        };
        let (rows, old, replaced) = match seen.into_standings() {
            None => (rows, None, 0),
            Some(standings) => match self.settle(dataset, published.as_ref(), &rows, standings, &mut accounts).await {
                Ok(settled) => (settled.rows, settled.history, settled.replaced),
                Err(error) => return Err(self.throw_away([rows, sealed, whom], error).await),
            },
        };
        let rows = rows.based_on(published.as_ref());
        let last: LastLoads = published.as_ref().map_or(Ok(None), |p| information(p, LAST_LOADS))?.unwrap_or_default();
        let mut account = sum_up(name, &accounts, names(already_loaded, None));
        account.held = held;
        account.set_aside = set_aside;
        account.replaced = replaced;
        account.same_bytes = also.iter().map(|other| other.same.clone()).collect();
        if let Some(read) = &read {
            database::tell(read, &mut account);
        }
        let nothing_came = rows.rows == 0 && replaced == 0 && read.as_ref().is_some_and(DatabaseRead::is_as_before);
        if nothing_came {
            // All of it was read and is in the lake or in quarantine.
            let table = TableView::appended(published.as_ref(), None, schema);
            if competing {
                self.show(dataset, &rows, &table, people, &mut gathered).await?;
            }
            self.discard([rows, sealed, whom].into_iter().chain(old)).await;
            doubt(people, &unread::read(self.lake, dataset).await?)?;
            self.references.put(gathered)?;
            let already_loaded = new.into_iter().map(|file| file.name).collect();
            let account = DatasetAccount { dataset: name.clone(), already_loaded, ..DatasetAccount::default() };
            return self.as_it_was(dataset, published.as_ref(), quarantine, account, before).await;
        }
        account.thresholds = thresholds::judge(dataset, &account, &rows.files, &last);
        if let Err(error) = self.refuse_crossed(&mut account) {
            return Err(self.throw_away([rows, sealed, whom].into_iter().chain(old), error).await);
        }
        let table = TableView::appended(published.as_ref(), Some(&rows), schema);
        if competing {
            self.show(dataset, &rows, &table, people, &mut gathered).await?;
        }
        doubt(people, &unread)?;
        arrivals::note(&mut account, &origins);
        self.references.put(gathered)?;
        let kept = match quarantine.keep(self.lake, dataset, self.run).await {
            Ok(kept) => kept,
            Err(error) => return Err(self.throw_away([rows, sealed, whom].into_iter().chain(old), error).await),
        };
        let mut quarantined = Vec::new();
        kept.publish(Some(sealed), &mut account, &mut quarantined, self.run);
        let totals = before.and(&account).without_expired(&account);
        let mut info: Map<String, Value> = [
            (RUN.to_owned(), json!(self.run.to_string())),
            (KEY.to_owned(), json!(KeyFacts::of(self.keys))),
            (TOTALS.to_owned(), json!(totals)),
            (LAST_LOADS.to_owned(), json!(last.and(account.read))),
            (LEDGER_KEY.to_owned(), json!(self.ledger_of(dataset, &accounts, &also))),
        ]
        .into_iter()
        .collect();
        let mut changes = vec![Change { staged: rows, mode: Mode::Append, transactions, info: info.clone() }];
        info.remove(LEDGER_KEY);
        changes.append(&mut quarantined);
        for staged in [whom].into_iter().chain(old).filter(|staged| staged.rows > 0) {
            changes.push(Change { staged, mode: Mode::Append, transactions: Vec::new(), info: info.clone() });
        }
        Ok(Loaded { account, table, changes, totals })
    }

    /// A dataset of which nothing is loaded: only its quarantine may have changed, by the passing of time.
    async fn as_it_was(
        &self,
        dataset: &Dataset,
        published: Option<&TableSnapshot>,
        quarantine: InQuarantine,
        mut account: DatasetAccount,
        before: Totals,
    ) -> Result<Loaded, PipelineError> {
        let table = TableView::appended(published, None, conformed_schema(dataset));
        let mut changes = Vec::new();
        let kept = quarantine.keep(self.lake, dataset, self.run).await?;
        let left = kept.publish(None, &mut account, &mut changes, self.run);
        let totals = before.without_expired(&account);
        if let (true, Some(published)) = (left, published) {
            changes.push(quarantine::told(published, self.run, None, &totals));
        }
        Ok(Loaded { account, table, changes, totals })
    }

    /// Removes what was staged. Files that stay because the store does not answer are `Lake::orphans`.
    async fn discard(&self, staged: impl IntoIterator<Item = StagedTable>) {
        for staged in staged {
            let _ = self.lake.discard(staged).await;
        }
    }

    /// Removes what was staged, for a reason.
    async fn throw_away(&self, staged: impl IntoIterator<Item = StagedTable>, error: PipelineError) -> PipelineError {
        self.discard(staged).await;
        error
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

    #[expect(clippy::too_many_arguments, reason = "the state of one load, lent for one phase")]
    fn extract(
        &self,
        dataset: &Dataset,
        published: Option<&TableSnapshot>,
        files: &[SourceFile],
        rules: &RuleInputs,
        seen: &mut KeySet,
        unread: &mut UnreadLog,
        watch: &mut Watch<'_>,
        observer: &dyn Observer,
    ) -> Result<Extracted, PipelineError> {
        let name = &dataset.name.value;
        let context = self.context(dataset, rules);
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
            sealed: self.lake.writer(Zone::Quarantine, name, quarantine::stored_schema(), options())?,
            run: self.run,
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

/// Who looks at rows while they are written.
struct Watch<'w> {
    people: Option<&'w Mutex<People>>,
    gathered: Option<&'w mut Gathered>,
}

struct LoadSink<'a, 'w> {
    rows: TableWriter,
    stamp: Option<history::Stamp<'a>>,
    sealed: TableWriter,
    run: Uuid,
    dataset: &'a Dataset,
    watch: &'a mut Watch<'w>,
}

impl Sink for LoadSink<'_, '_> {
    fn rows(&mut self, batch: RecordBatch) -> Result<(), SinkError> {
        if let Some(people) = self.watch.people {
            observe(people, self.dataset, &batch).map_err(SinkError::new)?;
        }
        if let Some(gathered) = &mut self.watch.gathered {
            gathered.observe(&batch).map_err(SinkError::new)?;
        }
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

/// The totals that the last load of a table left.
///
/// # Errors
/// [`PipelineError::Damaged`] if they cannot be read.
pub fn totals(published: Option<&TableSnapshot>) -> Result<Totals, PipelineError> {
    Ok(published.map_or(Ok(None), |p| information(p, TOTALS))?.unwrap_or_default())
}

/// The key that the rows of a table were written with, where it says so.
///
/// # Errors
/// [`PipelineError::Damaged`] if it cannot be read.
pub fn key_facts(published: &TableSnapshot) -> Result<Option<KeyFacts>, PipelineError> {
    information(published, KEY)
}

/// Something that the last load of a table left in its commit's information. What is there but cannot be
/// read is an error: taken for absent, it would let another key pass.
pub(crate) fn information<T: serde::de::DeserializeOwned>(
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
            ..self
        }
    }

    /// Less what a run removed from quarantine because its time was over.
    fn without_expired(self, account: &DatasetAccount) -> Self {
        let gone = account.quarantine_expired;
        Self { quarantined: self.quarantined.saturating_sub(gone), expired: self.expired + gone, ..self }
    }
}

/// What was not loaded because the lake has it.
fn names(known: Vec<Known>, read: Option<&DatabaseRead>) -> Vec<String> {
    let read = read.map(|read| read.name().to_owned());
    known.into_iter().map(|known| known.file).chain(read).collect()
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
        account.duplicates_by.add(&file.duplicates_by);
        account.outside_retention += file.outside_retention;
        account.exact_duplicates += file.exact_duplicates;
        account.skipped_lines += file.skipped.total();
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
            interval: None,
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
