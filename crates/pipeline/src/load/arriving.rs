//! What has arrived of a dataset, and what of it is new.

use super::noted::{KEY, information};
use crate::arrivals;
use crate::database;
use crate::drift;
use crate::error::PipelineError;
use crate::ledger::Known;
use crate::quarantine::{self, InQuarantine};
use crate::record::{DatasetAccount, HeldFile, KeyFacts};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use lakewarden_dictionary::{Database, Dataset, Settings};
use lakewarden_extract::{FileAccount, SourceFile, checksum};
use lakewarden_lake::{FILE_TRANSACTION, Lake, TableSnapshot, Zone};
use lakewarden_privacy::KeyRing;
use lakewarden_source::database::DatabaseRead;
use lakewarden_source::{Listing, Origins};
use std::collections::BTreeMap;
use std::path::Path;
use tokio::task::block_in_place;

/// A dataset's files before loading.
pub struct Arrivals<'d> {
    /// The dataset.
    pub dataset: &'d Dataset,
    /// Its table as it is.
    pub(super) published: Option<TableSnapshot>,
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

    /// The dataset's table as it is.
    pub(crate) fn published(&self) -> Option<&TableSnapshot> {
        self.published.as_ref()
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
        let read = database::look(dataset, database, root, published.as_ref(), Some(self.keys)).await?;
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
        let from = quarantine::horizon(dataset, kept, self.now, self.zone);
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
