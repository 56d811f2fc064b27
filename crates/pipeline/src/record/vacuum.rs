//! Versions of tables that were removed because they are no longer current.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Versions that were removed for good, or, in a plan or dry run, that would be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RemovedVersions {
    /// Versions that were current at this instant or later stay.
    pub kept_since: DateTime<Utc>,
    /// The tables that had older ones.
    pub tables: Vec<VacuumedTable>,
    /// Tables that keep all versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remaining: Vec<RemainingVersions>,
}

/// A table of which old versions were removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VacuumedTable {
    /// `conformed`, `quarantine`, `identity` or `curated`.
    pub zone: String,
    /// The table.
    pub table: String,
    /// Data files that no remaining version has.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Objects of the table's log: commits and checkpoints, with the statistics of files.
    pub log_objects: u64,
    /// The oldest version that can still be read.
    pub oldest_kept: u64,
    /// When it was committed.
    pub oldest_kept_at: DateTime<Utc>,
}

/// A table that keeps all its versions, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemainingVersions {
    /// The code of the reason.
    pub code: String,
    /// The reason, with the table's name.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl RemovedVersions {
    /// Data files of all tables.
    pub fn files(&self) -> u64 {
        self.tables.iter().map(|table| table.files).sum()
    }

    /// Bytes of data files of all tables.
    pub fn bytes(&self) -> u64 {
        self.tables.iter().map(|table| table.bytes).sum()
    }

    /// Whether there was nothing to remove and nothing that stays.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.remaining.is_empty()
    }
}
