//! What a table is at one version: schema, files, transactions.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use chrono::{DateTime, Utc};
use deltalake_core::DeltaTableError;
use deltalake_core::kernel::EagerSnapshot;
use deltalake_core::logstore::{LogStoreRef, StorageConfig, default_logstore};
use object_store::ObjectStore;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use crate::delta_store::{DeltaStore, Trouble};
use crate::error::LakeError;
use crate::fault::delta_error;
use crate::lake::Lake;
use crate::log::{LogFacts, LogListing};
use crate::schema::from_delta;
use crate::stats::{FileStats, instant};
use crate::zone::{TableId, Zone};

/// One Parquet file of a table, with what Delta's log says of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataFile {
    /// Where it is, relative to the lake's root.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// Rows.
    pub rows: u64,
    /// Nulls by column.
    pub null_counts: BTreeMap<String, u64>,
    /// Smallest values of number, date and timestamp columns, as in Delta's log.
    pub min_values: BTreeMap<String, Value>,
    /// Largest values of number, date and timestamp columns, as in Delta's log.
    pub max_values: BTreeMap<String, Value>,
}

/// From when to when, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeRange {
    /// The earliest instant, at most a millisecond too early.
    pub min: DateTime<Utc>,
    /// The latest instant, at most a millisecond too late.
    pub max: DateTime<Utc>,
}

impl DataFile {
    pub(crate) fn new(path: &Path, size: u64, stats: FileStats) -> Self {
        Self {
            path: path.to_string(),
            size,
            rows: stats.rows,
            null_counts: stats.null_counts,
            min_values: stats.min,
            max_values: stats.max,
        }
    }

    pub(crate) fn stats(&self) -> FileStats {
        FileStats {
            rows: self.rows,
            null_counts: self.null_counts.clone(),
            min: self.min_values.clone(),
            max: self.max_values.clone(),
        }
    }

    /// Returns the range of a date or timestamp column in this file; a date is its midnight in
    /// UTC. None for other columns, for a column of nulls, and where the log does not say.
    pub fn time_range(&self, column: &str) -> Option<TimeRange> {
        Some(TimeRange { min: instant(self.min_values.get(column)?)?, max: instant(self.max_values.get(column)?)? })
    }
}

/// A table as it was when it was looked up. Later commits do not change it.
#[derive(Debug, Clone)]
pub struct TableSnapshot {
    /// The zone it lies in.
    pub zone: Zone,
    /// Its name, which is its folder's.
    pub name: String,
    /// Delta's version, 0 for the first.
    pub version: i64,
    /// Its columns. Files written before a column was added lack it; it is null there.
    pub schema: SchemaRef,
    /// Its files, in the order in which they were published.
    pub files: Vec<DataFile>,
    /// The last version of each application's transaction, by app id.
    pub transactions: HashMap<String, i64>,
    /// The info of the last commit: `operation`, `engineInfo`, `timestamp`, and what the publisher
    /// added.
    pub metadata: Map<String, Value>,
    /// The info of the last commit that Lakewarden made, whoever has committed since, such as a program that compacts
    /// files: what is known of the table's rows.
    pub noted: Map<String, Value>,
}

impl TableSnapshot {
    /// Returns the number of rows.
    pub fn rows(&self) -> u64 {
        self.files.iter().map(|file| file.rows).sum()
    }

    pub(crate) fn id(&self) -> TableId {
        TableId { zone: self.zone, name: self.name.clone() }
    }
}

/// A snapshot together with Delta's own.
pub(crate) struct LoadedTable {
    pub(crate) snapshot: TableSnapshot,
    pub(crate) delta: EagerSnapshot,
}

/// Delta's access to one table's log, and what the store said meanwhile.
pub(crate) struct LogAccess {
    table: String,
    pub(crate) store: LogStoreRef,
    trouble: Trouble,
}

impl LogAccess {
    /// Makes an error of Delta's ours: the store's, where the store failed.
    pub(crate) fn error(&self, doing: &'static str, error: &DeltaTableError) -> LakeError {
        match self.trouble.take() {
            Some((fault, detail)) => LakeError::Store { doing, path: self.table.clone(), fault, detail },
            None => delta_error(&self.table, doing, error),
        }
    }
}

impl Lake {
    /// Looks a table up at its newest version. None where there is no such table.
    ///
    /// # Errors
    /// `LW5002`, `LW5003`; `LW5010` where another program gave the table features that Lakewarden
    /// does not know, `LW5011` where its log is damaged, `LW5020` for column types it never writes.
    pub async fn table(&self, zone: Zone, name: &str) -> Result<Option<TableSnapshot>, LakeError> {
        let id = TableId::new(zone, name)?;
        Ok(self.load(&id).await?.map(|loaded| loaded.snapshot))
    }

    /// Lists the names of the tables of a zone, sorted.
    ///
    /// # Errors
    /// `LW5003`.
    pub async fn tables(&self, zone: Zone) -> Result<Vec<String>, LakeError> {
        let mut names = Vec::new();
        for name in self.table_folders(zone).await? {
            let id = TableId { zone, name };
            if LogListing::read(self, &id).await?.version().is_some() {
                names.push(id.name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Lists the folders of a zone that may be a table's.
    pub(crate) async fn table_folders(&self, zone: Zone) -> Result<Vec<String>, LakeError> {
        let folder = Path::from(zone.folder());
        let listed = self
            .store()
            .list_with_delimiter(Some(&folder))
            .await
            .map_err(|error| crate::fault::store_error("listing", &folder, &error))?;
        let folders = listed.common_prefixes;
        Ok(folders.iter().filter_map(|prefix| Some(TableId::new(zone, prefix.filename()?).ok()?.name)).collect())
    }

    /// Returns Delta's access to a table's log.
    ///
    /// Delta is shown a store whose root is the lake. So it never sees the lake's own address,
    /// whose percent signs and non-ASCII letters it takes apart wrongly.
    pub(crate) fn log_access(&self, table: &TableId) -> Result<LogAccess, LakeError> {
        let url = Url::parse(&format!("memory:///{}/{}/", table.zone.folder(), table.name))
            .map_err(|_| LakeError::InvalidName { name: table.name.clone() })?;
        let trouble = Trouble::default();
        let root: Arc<dyn ObjectStore> = Arc::new(DeltaStore::new(Arc::clone(self.store()), trouble.clone()));
        let folder = Arc::new(PrefixStore::new(Arc::clone(&root), table.folder()));
        let store = default_logstore(folder, root, &url, &StorageConfig::default());
        Ok(LogAccess { table: table.to_string(), store, trouble })
    }

    /// The paths of the files of one version of a table, relative to the lake's root.
    pub(crate) async fn files_at(&self, table: &TableId, version: u64) -> Result<HashSet<Path>, LakeError> {
        let access = self.log_access(table)?;
        let delta = EagerSnapshot::try_new(access.store.as_ref(), Some(version))
            .await
            .map_err(|error| access.error("reading the log of", &error))?;
        check_readable(table, &delta)?;
        let log = delta.try_log_data().map_err(|error| access.error("reading the log of", &error))?;
        let folder = table.folder();
        let within = |file: Path| Path::from_iter(folder.parts().chain(file.parts()));
        Ok(log.iter().map(|file| within(file.object_store_path())).collect())
    }

    pub(crate) async fn load(&self, table: &TableId) -> Result<Option<LoadedTable>, LakeError> {
        let listing = LogListing::read(self, table).await?;
        let Some(version) = listing.version() else {
            return Ok(None);
        };
        let access = self.log_access(table)?;
        let delta = EagerSnapshot::try_new(access.store.as_ref(), Some(version))
            .await
            .map_err(|error| access.error("reading the log of", &error))?;
        check_readable(table, &delta)?;
        let facts = listing.facts(self).await?;
        let snapshot = describe(table, &delta, facts)?;
        Ok(Some(LoadedTable { snapshot, delta }))
    }
}

/// Refuses a table that this crate would read wrongly.
fn check_readable(table: &TableId, delta: &EagerSnapshot) -> Result<(), LakeError> {
    let unsupported = |feature: String| Err(LakeError::UnsupportedTable { table: table.to_string(), feature });
    let protocol = delta.protocol();
    if protocol.min_reader_version() != 1 {
        let features: Vec<String> =
            protocol.reader_features().unwrap_or_default().iter().map(ToString::to_string).collect();
        let version = protocol.min_reader_version();
        return unsupported(format!("reader version {version} ({})", features.join(", ")));
    }
    if !delta.metadata().partition_columns().is_empty() {
        return unsupported("partition columns".to_owned());
    }
    Ok(())
}

fn describe(table: &TableId, delta: &EagerSnapshot, facts: LogFacts) -> Result<TableSnapshot, LakeError> {
    let damaged = |what: &str| LakeError::DamagedTable { table: table.to_string(), what: what.to_owned() };
    let log = delta.try_log_data().map_err(|error| delta_error(&table.to_string(), "reading the log of", &error))?;
    let mut files = Vec::new();
    for view in log.iter() {
        if view.path().contains("://") || view.path().starts_with('/') {
            return Err(LakeError::UnsupportedTable {
                table: table.to_string(),
                feature: "files outside the table's folder".to_owned(),
            });
        }
        let stats = view
            .stats()
            .and_then(|stats| FileStats::from_json(&stats))
            .ok_or_else(|| damaged("a file without a row count, added by another program"))?;
        let size = u64::try_from(view.size()).map_err(|_| damaged("a file of negative size"))?;
        let path = Path::from_iter(table.folder().parts().chain(view.object_store_path().parts()));
        files.push((view.modification_time(), DataFile::new(&path, size, stats)));
    }
    files.sort_by(|a, b| (a.0, &a.1.path).cmp(&(b.0, &b.1.path)));
    Ok(TableSnapshot {
        zone: table.zone,
        name: table.name.clone(),
        version: i64::try_from(delta.version()).map_err(|_| damaged("an impossible version"))?,
        schema: from_delta(table, &delta.schema())?,
        files: files.into_iter().map(|(_, file)| file).collect(),
        transactions: facts.transactions,
        metadata: facts.commit_info,
        noted: facts.own_info,
    })
}
