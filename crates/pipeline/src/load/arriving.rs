//! What has arrived of a dataset, and what of it is new.

use super::noted::{KEY, information};
use crate::arrivals;
use crate::database;
use crate::drift;
use crate::error::PipelineError;
use crate::ledger::{self, Known, LedgerLine};
use crate::quarantine::{self, InQuarantine};
use crate::record::{DatasetAccount, HeldFile, KeyFacts, ReplacementCause};
use crate::reload::{ReloadScope, Replacement, Selected, select};
use crate::removal::DueRemoval;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use lakewarden_dictionary::{Database, Dataset, Settings, Snapshot};
use lakewarden_extract::{FileAccount, SourceFile, checksum};
use lakewarden_lake::{FILE_TRANSACTION, Lake, TableSnapshot, Zone};
use lakewarden_privacy::KeyRing;
use lakewarden_source::database::DatabaseRead;
use lakewarden_source::{Listing, Origins};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use tokio::task::block_in_place;

/// A dataset's files before loading.
pub struct Arrivals<'d> {
    /// The dataset.
    pub dataset: &'d Dataset,
    /// Its table as it is.
    pub(crate) published: Option<TableSnapshot>,
    /// Files whose bytes it does not have.
    pub new: Vec<SourceFile>,
    /// Files whose bytes it has.
    pub(super) already_loaded: Vec<Known>,
    /// What else is known of its files.
    pub(super) origins: Origins,
    /// Files that wait for a review.
    pub(super) held: Vec<HeldFile>,
    /// The database that `new` is a read of, if it is.
    pub(super) read: Option<DatabaseRead>,
    /// What lies in its quarantine.
    pub(super) quarantine: InQuarantine,
    /// Whose rows those of the new files take the place of, if of any.
    pub(super) replacement: Option<Replacement>,
    /// Full exports that are not read, because a later one came with them.
    pub(super) skipped: Vec<Known>,
    /// What has to be removed from its tables. Nothing, where rows are replaced: the next run looks again.
    pub(crate) removal: DueRemoval,
}

impl Arrivals<'_> {
    /// Whether every row that the lake has of the dataset is replaced.
    pub fn replaces_all(&self) -> bool {
        self.replacement.as_ref().is_some_and(|replacement| replacement.whole)
    }

    /// Whether there is nothing to load, and nothing in quarantine or in its tables whose time is over.
    pub fn nothing_to_do(&self) -> bool {
        self.new.is_empty() && !self.quarantine.is_due() && self.removal.is_empty()
    }

    /// The version of the dataset's table as it is.
    pub fn version(&self) -> Option<i64> {
        self.published.as_ref().map(|table| table.version)
    }

    /// The dataset's table as it is.
    pub(crate) fn published(&self) -> Option<&TableSnapshot> {
        self.published.as_ref()
    }

    /// What a person should know of files that wait or are not there, where nothing is loaded.
    pub fn remarks(self) -> Option<DatasetAccount> {
        let Self { dataset, held, origins, skipped, .. } = self;
        let dataset = dataset.name.value.clone();
        let skipped_exports = skipped.into_iter().map(|known| known.file).collect();
        let mut account = DatasetAccount { dataset, held, skipped_exports, ..DatasetAccount::default() };
        arrivals::note(&mut account, &origins);
        let nothing = account.held.is_empty() && account.arrivals.is_empty() && account.skipped_exports.is_empty();
        (!nothing).then_some(account)
    }
}

/// The transaction id under which a file is noted in its table. The version is the file's size, so that a file
/// of another size need not be read to be known as new.
pub(super) fn transaction(sha256: &str) -> String {
    format!("{FILE_TRANSACTION}{sha256}")
}

/// The transactions that note files.
pub(super) fn transactions(accounts: &[FileAccount]) -> Vec<(String, i64)> {
    accounts.iter().map(|a| (transaction(&a.sha256), version(a.bytes))).collect()
}

/// A size as a transaction's version.
pub(super) fn version(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// Whether the lake has a file with these bytes.
pub(crate) fn is_loaded(table: &TableSnapshot, sha256: &str) -> bool {
    table.transactions.contains_key(&transaction(sha256))
}

/// Whether the lake has a file of this size.
pub(crate) fn may_be_loaded(table: &TableSnapshot, bytes: u64) -> bool {
    let size = version(bytes);
    table.transactions.iter().any(|(id, known)| id.starts_with(FILE_TRANSACTION) && *known == size)
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
        let held = block_in_place(|| drift::hold(dataset, new, self.keys));
        let (new, held) = held.map_err(|error| arrivals::explained(&origins, error))?;
        let (replacement, new, skipped) = self.later_snapshot(dataset, published.as_ref(), new, &origins).await?;
        let quarantine = self.quarantine(dataset).await?;
        let removal = self.find_removal(dataset, published.as_ref(), replacement.as_ref()).await?;
        Ok(Arrivals {
            dataset,
            published,
            new,
            already_loaded,
            origins,
            held,
            read: None,
            quarantine,
            replacement,
            skipped,
            removal,
        })
    }

    /// Finds the files of a dataset that are to be loaded again, and those that are new. `archived` finds the loaded files
    /// that were moved away.
    ///
    /// # Errors
    /// As [`Arriving::files`]; those of [`select`]; [`PipelineError::ReloadSkipped`].
    pub async fn files_again<'d>(
        &self,
        dataset: &'d Dataset,
        listing: Listing,
        scope: &ReloadScope,
        archived: impl AsyncFn(&LedgerLine) -> Result<Option<SourceFile>, PipelineError>,
    ) -> Result<Arrivals<'d>, PipelineError> {
        let name = &dataset.name.value;
        let Some(table) = self.lake.table(Zone::Conformed, name).await? else {
            return self.files(dataset, listing).await;
        };
        if !scope.whole {
            refuse_rotated(&KeyFacts::of(self.keys), &table)?;
        }
        let Listing { files, origins } = listing;
        let lines = ledger::all_lines(self.lake, &table).await?;
        let selected = select(name, scope, lines, files, archived).await;
        let Selected { whole, lines, files, rest } = selected.map_err(|error| arrivals::explained(&origins, error))?;
        let again: BTreeSet<String> = files.iter().map(|file| file.name.clone()).collect();
        let known = block_in_place(|| new_files(rest, Some(&table)));
        let (new, already_loaded) = known.map_err(|error| arrivals::explained(&origins, error))?;
        let new = files.into_iter().chain(new).collect();
        let held = block_in_place(|| drift::hold(dataset, new, self.keys));
        let (new, held) = held.map_err(|error| arrivals::explained(&origins, error))?;
        if let Some(held) = held.iter().find(|held| again.contains(&held.file)) {
            return Err(PipelineError::ReloadSkipped {
                dataset: name.clone(),
                file: held.file.clone(),
                why: "it waits for a review of its undeclared fields",
            });
        }
        let replacement =
            Replacement { cause: ReplacementCause::Reload, whole, lines, files: again, table: table.clone() };
        let quarantine = self.quarantine(dataset).await?;
        Ok(Arrivals {
            dataset,
            published: Some(table),
            new,
            already_loaded,
            origins,
            held,
            read: None,
            quarantine,
            // A dataset of which nothing was loaded has nothing that could be replaced.
            replacement: Some(replacement).filter(|replacement| !replacement.lines.is_empty()),
            skipped: Vec::new(),
            removal: DueRemoval::default(),
        })
    }

    /// Of a dataset whose files are full exports, only the latest is read, and takes the place of all rows.
    async fn later_snapshot(
        &self,
        dataset: &Dataset,
        published: Option<&TableSnapshot>,
        mut new: Vec<SourceFile>,
        origins: &Origins,
    ) -> Result<(Option<Replacement>, Vec<SourceFile>, Vec<Known>), PipelineError> {
        if dataset.snapshot.as_ref().map(|said| said.value) != Some(Snapshot::Replace) {
            return Ok((None, new, Vec::new()));
        }
        // Stable: files without a day in their path come in the order of their names.
        new.sort_by_key(|file| origins.interval(&file.name).map(|interval| interval.from));
        let Some(latest) = new.pop() else { return Ok((None, new, Vec::new())) };
        let skip = |file: SourceFile| {
            let sha256 = block_in_place(|| checksum(&file));
            let sha256 = sha256.map_err(|error| PipelineError::Read { path: file.name.clone(), why: error.kind() })?;
            Ok::<_, PipelineError>(Known { file: file.name, sha256, bytes: file.size, same: None })
        };
        let mut skipped = new.into_iter().map(skip).collect::<Result<Vec<_>, _>>()?;
        let Some(table) = published else { return Ok((None, vec![latest], skipped)) };
        let lines: Vec<LedgerLine> = ledger::all_lines(self.lake, table).await?;
        let lines: Vec<LedgerLine> = lines.into_iter().filter(LedgerLine::is_effective).collect();
        let from = |file: &str| origins.interval(file).map(|interval| interval.from);
        let loaded = lines.iter().filter_map(|line| from(&line.file.file).or(line.file.data_from)).max();
        if let (Some(loaded), Some(own)) = (loaded, from(&latest.name))
            && own < loaded
        {
            // An export of an earlier day that came late.
            skipped.push(skip(latest)?);
            return Ok((None, Vec::new(), skipped));
        }
        let replacement = Replacement {
            cause: ReplacementCause::Snapshot,
            whole: true,
            lines,
            files: [latest.name.clone()].into(),
            table: table.clone(),
        };
        Ok((Some(replacement), vec![latest], skipped))
    }

    /// Finds out what a database has that the lake has not, or reads all of it again.
    ///
    /// # Errors
    /// Those of [`database::look`] and of the lake.
    pub async fn database<'d>(
        &self,
        dataset: &'d Dataset,
        database: &Database,
        root: &Path,
        again: bool,
    ) -> Result<Arrivals<'d>, PipelineError> {
        let (published, replacement) = match again {
            false => (published(self.lake, self.keys, dataset).await?, None),
            true => {
                let table = self.lake.table(Zone::Conformed, &dataset.name.value).await?;
                let replacement = self.whole_database(table.clone()).await?;
                (table, replacement)
            }
        };
        // What was read is forgotten where it is to be read again.
        let known = published.as_ref().filter(|_| replacement.is_none());
        let read = database::look(dataset, database, root, known, Some(self.keys)).await?;
        let new = if read.has_news() { vec![read.file()] } else { Vec::new() };
        let quarantine = self.quarantine(dataset).await?;
        let removal = self.find_removal(dataset, published.as_ref(), replacement.as_ref()).await?;
        Ok(Arrivals {
            dataset,
            published,
            new,
            already_loaded: Vec::new(),
            origins: Origins::default(),
            held: Vec::new(),
            read: Some(read),
            quarantine,
            replacement,
            skipped: Vec::new(),
            removal,
        })
    }

    /// All that was read of a database.
    async fn whole_database(&self, table: Option<TableSnapshot>) -> Result<Option<Replacement>, PipelineError> {
        let Some(table) = table else { return Ok(None) };
        let lines = ledger::lines(self.lake, &table.name).await?;
        Ok(Some(Replacement {
            cause: ReplacementCause::Reload,
            whole: true,
            lines: lines.into_iter().filter(LedgerLine::is_effective).collect(),
            files: BTreeSet::new(),
            table,
        }))
    }

    /// What has to be removed from the dataset's tables. Nothing where rows are replaced: the next run looks again.
    async fn find_removal(
        &self,
        dataset: &Dataset,
        published: Option<&TableSnapshot>,
        replacement: Option<&Replacement>,
    ) -> Result<DueRemoval, PipelineError> {
        if replacement.is_some() {
            return Ok(DueRemoval::default());
        }
        DueRemoval::find(self.lake, dataset, published, (self.as_of, self.now), self.zone).await
    }

    async fn quarantine(&self, dataset: &Dataset) -> Result<InQuarantine, PipelineError> {
        let kept = self.settings.quarantine_retention_of(dataset);
        let from = quarantine::horizon(dataset, kept, self.now, self.zone);
        InQuarantine::find(self.lake, dataset, from).await
    }
}

/// Finds a dataset's table as it is, if it was written with the key at hand.
///
/// # Errors
/// [`PipelineError::OtherKey`], [`PipelineError::KeyRotated`]; those of the lake.
pub async fn published(lake: &Lake, keys: &KeyRing, dataset: &Dataset) -> Result<Option<TableSnapshot>, PipelineError> {
    let published = lake.table(Zone::Conformed, &dataset.name.value).await?;
    published.as_ref().map_or(Ok(()), |table| refuse_rotated(&KeyFacts::of(keys), table))?;
    Ok(published)
}

/// Refuses a table whose pseudonyms were made with another key than today's.
///
/// # Errors
/// [`PipelineError::OtherKey`], [`PipelineError::KeyRotated`]; [`PipelineError::Damaged`].
pub(crate) fn refuse_rotated(today: &KeyFacts, table: &TableSnapshot) -> Result<(), PipelineError> {
    let facts: Option<KeyFacts> = information(table, KEY)?;
    facts.map_or(Ok(()), |facts| facts.refuse_other(&table.name, today))
}
