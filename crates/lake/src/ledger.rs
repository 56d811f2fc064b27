//! The ledger of loaded files: written in the same commit as their rows, readable when the log is not.
//!
//! A commit that loads files says, in its info under [`LEDGER_KEY`], what each of them was. Delta's checkpoints do not
//! hold a commit's info, and other programs may clean old commits away; so what the log says is folded, every
//! [`FOLD_AFTER`] commits, into one object that holds everything up to a version. It can be deleted as long as the log is
//! whole: the next fold makes it again. That a file was loaded at all is a transaction of the table, which every
//! checkpoint keeps.

use chrono::{DateTime, Utc};
use object_store::path::Path;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::LakeError;
use crate::lake::Lake;
use crate::log::LogListing;
use crate::zone::{TableId, Zone};

/// Begins the application transactions that note loaded files; the SHA-256 of the file's bytes follows.
pub const FILE_TRANSACTION: &str = "lakewarden/file/";

/// The key of a commit's info whose value lists the files that the commit loads.
pub const LEDGER_KEY: &str = "lakewarden.files";

/// Commits after which what the log says is folded. As many as between checkpoints: no commit is cleaned away before.
const FOLD_AFTER: u64 = 10;

/// A loaded file, as its commit tells of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerEntry {
    /// The version of the table that has its rows.
    pub version: i64,
    /// When that was committed, by the publisher's clock.
    pub at: DateTime<Utc>,
    /// What the publisher said of it.
    pub file: Value,
}

impl Lake {
    /// Reads what is known of the files that were loaded into a table, in the order in which they were.
    ///
    /// # Errors
    /// `LW5002`, `LW5003`, `LW5006`, `LW5011`.
    pub async fn ledger(&self, zone: Zone, name: &str) -> Result<Vec<LedgerEntry>, LakeError> {
        let table = TableId::new(zone, name)?;
        let folded = self.folded(&table).await?;
        let mut entries = folded.entries;
        let log = LogListing::read(self, &table).await?;
        entries.extend(unfolded(self, &table, &log, folded.upto).await?);
        Ok(entries)
    }

    /// Folds the ledger of a table if its log has grown enough since the last time; says whether it did.
    ///
    /// # Errors
    /// As [`Lake::ledger`].
    pub async fn fold_ledger(&self, zone: Zone, name: &str) -> Result<bool, LakeError> {
        self.fold_after(&TableId::new(zone, name)?, FOLD_AFTER).await
    }

    /// Folds everything that the log says of loaded files, so that its commits may go. A table that lists none gets no
    /// fold.
    pub(crate) async fn fold_whole_ledger(&self, table: &TableId) -> Result<bool, LakeError> {
        self.fold_after(table, 1).await
    }

    async fn fold_after(&self, table: &TableId, commits: u64) -> Result<bool, LakeError> {
        let log = LogListing::read(self, table).await?;
        let Some(version) = log.version() else { return Ok(false) };
        let folder = folder_of(table);
        let before = self.list(&folder).await?;
        let newest = before.iter().filter_map(|object| upto(&object.location)).max();
        if version < newest.map_or(0, |upto| upto + 1) + commits - 1 {
            return Ok(false);
        }
        let folded = self.folded(table).await?;
        let mut entries = folded.entries;
        entries.extend(unfolded(self, table, &log, folded.upto).await?);
        if entries.is_empty() && commits < FOLD_AFTER {
            return Ok(false);
        }
        let mut text = String::new();
        for entry in &entries {
            text.push_str(&serde_json::to_string(entry).map_err(|_| damaged(&folder))?);
            text.push('\n');
        }
        match self.create(&folder.clone().join(format!("{version:020}.ndjson")), text.into()).await {
            // Another run folded the same log.
            Err(LakeError::AlreadyExists { .. }) => {}
            put => put?,
        }
        for old in before.into_iter().filter(|object| upto(&object.location).is_some_and(|upto| upto < version)) {
            self.delete(&old.location).await?;
        }
        Ok(true)
    }

    async fn folded(&self, table: &TableId) -> Result<Folded, LakeError> {
        let objects = self.list(&folder_of(table)).await?;
        let newest = objects.iter().filter_map(|o| Some((upto(&o.location)?, &o.location))).max();
        let Some((upto, path)) = newest else { return Ok(Folded::default()) };
        // A run that folds may have put a newer one and deleted this between the two calls.
        let Some(bytes) = self.read(path).await? else { return Box::pin(self.folded(table)).await };
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let entries = lines.map(|line| serde_json::from_slice(line).map_err(|_| damaged(path)));
        Ok(Folded { upto: Some(upto), entries: entries.collect::<Result<_, _>>()? })
    }
}

/// What was folded last.
#[derive(Default)]
struct Folded {
    /// The last version that it speaks of.
    upto: Option<u64>,
    entries: Vec<LedgerEntry>,
}

/// What the commits after the fold say.
async fn unfolded(
    lake: &Lake,
    table: &TableId,
    log: &LogListing,
    upto: Option<u64>,
) -> Result<Vec<LedgerEntry>, LakeError> {
    let misfit = |what: &str| LakeError::DamagedTable { table: table.to_string(), what: what.to_owned() };
    let mut entries = Vec::new();
    for (version, info) in log.infos(lake, upto.map_or(0, |upto| upto + 1)).await? {
        let Some(files) = files_of(&info).map_err(|()| misfit("a commit's list of files is not one"))? else {
            continue;
        };
        let at = info.get("timestamp").and_then(Value::as_i64).and_then(DateTime::from_timestamp_millis);
        let at = at.ok_or_else(|| misfit("a commit without a time"))?;
        let version = i64::try_from(version).map_err(|_| misfit("an impossible version"))?;
        entries.extend(files.into_iter().map(|file| LedgerEntry { version, at, file }));
    }
    Ok(entries)
}

/// The files of a commit; some writers of Delta store a value of the info as text.
fn files_of(info: &Map<String, Value>) -> Result<Option<Vec<Value>>, ()> {
    match info.get(LEDGER_KEY) {
        None => Ok(None),
        Some(Value::Array(files)) => Ok(Some(files.clone())),
        Some(Value::String(text)) => serde_json::from_str(text).map(Some).map_err(|_| ()),
        Some(_) => Err(()),
    }
}

fn folder_of(table: &TableId) -> Path {
    Path::from_iter(["_lakewarden", "ledger", table.zone.folder(), table.name.as_str()])
}

fn upto(path: &Path) -> Option<u64> {
    path.filename()?.strip_suffix(".ndjson").filter(|digits| digits.len() == 20)?.parse().ok()
}

fn damaged(path: &Path) -> LakeError {
    LakeError::DamagedDocument { path: path.to_string() }
}
