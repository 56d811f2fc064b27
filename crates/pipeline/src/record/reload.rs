//! The account of rows that were replaced as a whole: by loading their files again, or by a later full export.

use super::Quarantined;
use crate::load::Totals;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Why rows of files were replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplacementCause {
    /// The operator asked for it: `run --reload`.
    Reload,
    /// The dataset declares `snapshot: replace`, and a later full export came.
    Snapshot,
}

/// What a dataset had before some or all of its files were replaced, and what it has since.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplacementAccount {
    /// Why.
    pub cause: ReplacementCause,
    /// Whether all its rows were replaced, or those of `files`.
    pub whole: bool,
    /// The files whose rows are gone.
    pub files: Vec<SupersededFile>,
    /// Rows of the dataset before.
    pub rows_before: u64,
    /// Of those, the rows that are gone.
    pub rows_removed: u64,
    /// Rows of the dataset after.
    pub rows_after: u64,
    /// What had become of all records of the dataset before.
    pub before: Totals,
    /// What has become of them after.
    pub after: Totals,
    /// Records of the files that went to quarantine before, by field and rule. Those of today are in the account of the
    /// load.
    pub quarantined_before: Vec<Quarantined>,
    /// Records of the files that were taken out of quarantine: they were read again.
    pub quarantine_removed: u64,
}

/// A file whose rows were replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupersededFile {
    /// Its name; empty if the ledger does not know it any more.
    pub file: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// The run that had loaded it, if known.
    pub run: Option<Uuid>,
    /// Records that had been read of it, if known.
    pub read: Option<u64>,
    /// Rows that had been written of it, if known.
    pub written: Option<u64>,
}

impl ReplacementAccount {
    /// What changed of the dataset's records, by what became of them: name, before, after. Only what differs.
    pub fn differences(&self) -> Vec<(&'static str, u64, u64)> {
        let Self { before, after, .. } = self;
        let all = [
            ("read", before.read, after.read),
            ("written", before.written, after.written),
            ("in quarantine", before.quarantined, after.quarantined),
            ("discarded", before.discarded, after.discarded),
            ("expired", before.expired, after.expired),
            ("duplicates", before.duplicates, after.duplicates),
            ("key conflicts", before.key_conflicts, after.key_conflicts),
            ("replaced", before.replaced, after.replaced),
            ("outside retention", before.outside_retention, after.outside_retention),
        ];
        all.into_iter().filter(|(_, before, after)| before != after).collect()
    }
}
