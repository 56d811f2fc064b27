//! Versions of tables that are no longer current: which of them may be removed, and removing them for good.
//!
//! Delta keeps the data files and log entries of earlier versions so that those can still be read. For as long as they
//! are there, so are the rows, columns and statistics that later versions left out. Removing the versions up to an
//! instant leaves, of each table, the version that was current at that instant and every later one.

mod find;
mod remove;

use chrono::{DateTime, Utc};
use object_store::path::Path;
use serde::Serialize;

use crate::error::LakeError;
use crate::zone::Zone;

/// Which versions stay readable.
#[derive(Debug, Clone, Copy)]
pub struct VersionsKept {
    /// The version that was current at this instant stays, and every later one. Versions are dated by their commits, by
    /// the publisher's clock.
    pub since: DateTime<Utc>,
    /// Files that no version names are removed if the store dates them before this instant. It has to be longer ago
    /// than the longest run: the files of a run are named by no version until it publishes.
    pub unnamed_before: DateTime<Utc>,
    /// The clock. Commits that are dated later are dated by the store instead.
    pub now: DateTime<Utc>,
    /// Whether tables without old versions are searched for unnamed files as well, which reads their whole logs.
    pub all_tables: bool,
}

/// What can be removed from one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OldVersions {
    /// The zone.
    pub zone: Zone,
    /// The table.
    pub table: String,
    /// The oldest version that stays readable.
    pub oldest_kept: u64,
    /// When that version was committed.
    pub oldest_kept_at: DateTime<Utc>,
    /// Data files that only older versions name, or none.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Objects of Delta's log that only older versions need.
    pub log_objects: u64,
    /// The table's version when it was looked at.
    #[serde(skip)]
    newest: u64,
    #[serde(skip)]
    data: Vec<Path>,
    /// By ascending version.
    #[serde(skip)]
    log: Vec<Path>,
    /// An old commit whose info is still needed, and nothing else of it.
    #[serde(skip)]
    info_only: Option<Path>,
    /// Half-written files of a lake on a disk, relative to its root.
    #[serde(skip)]
    half_written: Vec<String>,
}

/// What can be removed from all tables.
#[derive(Debug, Default)]
pub struct OldVersionsFound {
    /// The tables that have something, by zone and name.
    pub tables: Vec<OldVersions>,
    /// Of each table that keeps everything because it cannot be read: `LW5081`.
    pub unreadable: Vec<LakeError>,
}
