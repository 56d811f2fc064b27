//! Export files → rows staged for a dataset's conformed table, and sealed ones for quarantine.

mod account;
mod arriving;
mod extracting;
mod noted;
mod refusals;

pub use arriving::{Arrivals, Arriving, new_files};
pub(crate) use arriving::{is_loaded, may_be_loaded, refuse_rotated};
pub(crate) use extracting::observe;
pub(crate) use noted::{KEY, LAST_LOADS, RUN, TOTALS, information};
pub use noted::{Totals, key_facts, totals};

use account::{names, sum_up};
use arriving::{transaction, transactions, version};
use extracting::{Extracted, Watch};
use refusals::{doubt, refuse_changed, refuse_nobody, refuse_unread};

use crate::arrivals;
use crate::database;
use crate::declared::{StoredDeclaration, StoredDeclarations};
use crate::drift;
use crate::error::PipelineError;
use crate::ledger::Known;
use crate::observe::Observer;
use crate::people::People;
use crate::project::OpenProject;
use crate::quarantine::{self, InQuarantine};
use crate::record::{DatasetAccount, KeyFacts};
use crate::references::References;
use crate::reload::{ReloadRequest, Superseding};
use crate::repeats::compare_repeats;
use crate::row_files::{SOURCES, next_source, source_at};
use crate::tables::TableView;
use crate::thresholds::{self, LastLoads};
use crate::undeclared_logs::{self, ROLE};
use crate::unread;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use lakewarden_dictionary::Dataset;
use lakewarden_extract::{KeyRoom, KeySet, RuleInputs, UnreadLog, conformed_schema};
use lakewarden_lake::{Change, LEDGER_KEY, Lake, Mode, StagedTable, TableSnapshot, WriterOptions};
use lakewarden_privacy::KeyRing;
use lakewarden_source::database::DatabaseRead;
use serde_json::{Map, Value, json};
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
    /// The clock when the run began.
    pub now: DateTime<Utc>,
    /// The run.
    pub run: Uuid,
    /// Seed of hash sets and nonces.
    pub seed: u64,
    /// Memory for the keys of all datasets together.
    pub room: &'a KeyRoom,
    /// Memory for each writer of a dataset, in bytes.
    pub writing: usize,
    /// Worker threads.
    pub workers: usize,
    /// What rules refer to in other datasets.
    pub references: &'a References,
    /// Datasets whose thresholds may be crossed this time.
    pub accept_thresholds: &'a [String],
    /// What the run was asked to load again.
    pub reload: Option<&'a ReloadRequest>,
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

impl Loading<'_> {
    /// How rows are written to files that are named by `id`.
    pub(crate) fn writer_options(&self, id: Uuid) -> WriterOptions {
        let threads = NonZeroUsize::new(self.workers).unwrap_or(NonZeroUsize::MIN);
        WriterOptions::new(id, Handle::current()).with_threads(threads).within(self.writing)
    }

    /// Loads the files of one dataset that are new, and shows every row of it, old and new, to `people`.
    ///
    /// # Errors
    /// The first file that is refused, or whose account does not close, refuses the whole dataset.
    pub async fn load_files(
        &self,
        mut arrivals: Arrivals<'_>,
        people: Option<&Mutex<People>>,
        observer: &dyn Observer,
    ) -> Result<Loaded, PipelineError> {
        let Some(replacement) = arrivals.replacement.take() else {
            return self.load_onto(arrivals, None, people, observer).await;
        };
        let superseding = self.supersede(arrivals.dataset, replacement).await?;
        arrivals.published = Some(superseding.remaining.clone());
        arrivals.quarantine = arrivals.quarantine.removing(superseding.removal.clone());
        let loaded = self.load_onto(arrivals, Some(&superseding), people, observer).await;
        if loaded.is_err() {
            superseding.discard(self).await;
        }
        loaded
    }

    /// Loads new files onto what the table has, or onto what `superseding` leaves of it.
    async fn load_onto(
        &self,
        arrivals: Arrivals<'_>,
        superseding: Option<&Superseding>,
        people: Option<&Mutex<People>>,
        observer: &dyn Observer,
    ) -> Result<Loaded, PipelineError> {
        let Arrivals { dataset, published, new, already_loaded, origins, held, read, quarantine, skipped, .. } =
            arrivals;
        let name = &dataset.name.value;
        // Rows that may still lose against others are shown when it is known which stay.
        let competing = dataset.repeats.compete() && !dataset.key.is_empty() && !new.is_empty();
        let mut seen = match competing {
            true => KeySet::competing(self.room, self.seed, dataset),
            false => KeySet::within(self.room, self.seed),
        };
        let people = people.filter(|_| dataset.has_subjects());
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
        refuse_unread(dataset, superseding, &new, &set_aside)?;
        let superseded = superseding.map(|s| s.replacement.checksums()).unwrap_or_default();
        let all_replaced = superseding.is_some_and(|s| s.replacement.whole);
        let schema = conformed_schema(dataset);
        let before = totals(published.as_ref())?;
        let first_source = next_source(published.as_ref())?;
        let mut unread = match all_replaced {
            true => UnreadLog::default(),
            false => unread::read(self.lake, dataset).await?,
        };
        if new.is_empty() {
            // All that arrived was set aside: nothing competes, and the lake's rows have not been looked at.
            if let (true, Some(published)) = (competing, &published) {
                self.read_published(dataset, published, true, &mut seen, &mut gathered, people).await?;
            }
            doubt(people, &unread)?;
            self.references.put(gathered)?;
            let already_loaded = names(already_loaded, read.as_ref());
            let mut account = DatasetAccount {
                dataset: name.clone(),
                already_loaded,
                held,
                set_aside,
                skipped_exports: skipped.into_iter().map(|known| known.file).collect(),
                ..DatasetAccount::default()
            };
            arrivals::note(&mut account, &origins);
            return self.as_it_was(dataset, published.as_ref(), quarantine, account, before).await;
        }
        if read.is_none()
            && let Some(known) = self.known_files(dataset, &superseded).await?
        {
            seen = seen.recognising(known);
        }
        // A file with the bytes of one that waits is not loaded either.
        let waits = |name: &String| held.iter().any(|h| h.file == *name) || set_aside.iter().any(|s| s.file == *name);
        let already_loaded: Vec<Known> =
            already_loaded.into_iter().filter(|known| !known.same.as_ref().is_some_and(waits)).collect();
        let also = self.other_names(dataset, &already_loaded).await?;
        let as_read = read.as_ref().map(|read| read.as_read(dataset));
        let arriving = as_read.as_ref().unwrap_or(dataset);
        // Rows that may still lose are shown when it is known which stay.
        let mut watch =
            Watch { people: people.filter(|_| !competing), gathered: (!competing).then_some(&mut gathered) };
        let extracted = block_in_place(|| {
            self.extract(
                arriving,
                published.as_ref(),
                first_source,
                &new,
                &rules,
                &mut seen,
                &mut unread,
                &mut watch,
                observer,
            )
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
        let repeated_files = match self.judge_repeated(dataset, &accounts).await {
            Ok(repeated) => repeated,
            Err(error) => return Err(self.throw_away([rows, sealed, whom], error).await),
        };
        if let Some(published) = &published
            && let Err(error) = compare_repeats(self.lake, dataset, published, &mut seen).await
        {
            return Err(self.throw_away([rows, sealed, whom], error).await);
        }
        if let Some(superseding) = superseding
            && let Err(error) = superseding.check_keys(self, dataset, &seen).await
        {
            return Err(self.throw_away([rows, sealed, whom], error).await);
        }
        seen.settle_conflicts(&mut accounts);
        // Of what arrived: rows of the lake that are written anew beside them are no news.
        let arrived = rows.files.clone();
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
        account.repeated_files = repeated_files;
        account.replaced = replaced;
        account.same_bytes = also.iter().map(|other| other.same.clone()).collect();
        if let Some(read) = &read {
            database::tell(read, dataset, self.keys, &mut account);
        }
        account.skipped_exports = skipped.iter().map(|known| known.file.clone()).collect();
        let as_before = superseding.is_none() && read.as_ref().is_some_and(DatabaseRead::is_as_before);
        let nothing_came = rows.rows == 0 && replaced == 0 && as_before;
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
        account.thresholds =
            thresholds::judge(dataset.demands.thresholds.as_ref(), dataset.role, &account, &arrived, &last);
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
        let mut entries =
            self.ledger_of(dataset, &accounts, first_source, &also, &skipped, superseded.into_iter().collect());
        for (entry, file) in entries.iter_mut().zip(&account.files) {
            entry.data_from = file.interval.map(|interval| interval.from);
        }
        // A load of everything says nothing of what usually comes.
        let usual = if superseding.is_some() { last } else { last.and(account.read) };
        let stored = StoredDeclarations::of_published(published.as_ref())?;
        let mut info: Map<String, Value> = [
            (RUN.to_owned(), json!(self.run.to_string())),
            (KEY.to_owned(), json!(KeyFacts::of(self.keys))),
            (TOTALS.to_owned(), json!(totals)),
            (LAST_LOADS.to_owned(), json!(usual)),
            (SOURCES.to_owned(), json!(source_at(first_source, accounts.len()) - 1)),
            stored.with(self.declaration(dataset)).to_info(),
            (ROLE.to_owned(), undeclared_logs::role(dataset)),
            (LEDGER_KEY.to_owned(), json!(entries)),
        ]
        .into_iter()
        .collect();
        let transactions: Vec<(String, i64)> = transactions
            .into_iter()
            .chain(skipped.iter().map(|known| (transaction(&known.sha256), version(known.bytes))))
            .filter(|(id, _)| superseding.is_none_or(|s| !s.is_noted(id)))
            .collect();
        let mut changes = quarantined;
        let Some(superseding) = superseding else {
            changes.insert(0, Change { staged: rows, mode: Mode::Append, transactions, info: info.clone() });
            info.remove(LEDGER_KEY);
            for staged in [whom].into_iter().chain(old).filter(|staged| staged.rows > 0) {
                changes.push(Change { staged, mode: Mode::Append, transactions: Vec::new(), info: info.clone() });
            }
            return Ok(Loaded { account, table, changes, totals });
        };
        account.replacement = Some(Box::new(superseding.account(&account, rows.rows, totals)));
        changes.insert(0, superseding.change(rows, transactions, info.clone()));
        info.remove(LEDGER_KEY);
        match superseding.changes_beside(self, dataset, whom, &info).await {
            Ok(beside) => changes.extend(beside),
            Err(error) => {
                return Err(self.throw_away(changes.into_iter().map(|change| change.staged), error).await);
            }
        }
        Ok(Loaded { account, table, changes, totals })
    }

    /// What rows are stored under that are loaded now.
    pub(crate) fn declaration(&self, dataset: &Dataset) -> StoredDeclaration {
        StoredDeclaration::from_dataset(dataset, self.zone, Some(self.keys))
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
}
