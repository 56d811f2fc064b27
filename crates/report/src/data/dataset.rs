//! The account of one dataset's rows.

use super::total;
use crate::Label;
use serde::{Deserialize, Serialize};

/// What one run read of a dataset, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Dataset {
    /// Name of the dataset and of its conformed table.
    pub name: String,
    /// What people call it.
    pub label: Label,
    /// Files loaded by this run.
    pub files: u64,
    /// Files left alone because the same bytes had been loaded before.
    pub files_already_loaded: u64,
    /// Rows read.
    pub read: u64,
    /// Rows written to the conformed table.
    pub written: u64,
    /// Rows sealed in quarantine, by field and rule.
    pub quarantined: Vec<Quarantined>,
    /// Of those, records of a consent log or suppression list: each counts as a withdrawal, or as listed.
    pub consent_unreadable: u64,
    /// Of those, records that do not say for certain whom they name.
    pub consent_unreadable_nobody: u64,
    /// Records that lie in quarantine after this run, those of earlier runs included.
    pub in_quarantine: u64,
    /// Records of earlier runs that this one removed from quarantine, because their time there was over.
    pub quarantine_expired: u64,
    /// Rows left out because an equal row was read before, or a declared rule ranks another row of their key above them.
    pub duplicates: u64,
    /// Rows left out although no row with their values was read: another row with their key came first.
    pub key_conflicts: u64,
    /// Rows older than the retention of the dataset.
    pub outside_retention: u64,
    /// Rows that equal an earlier row of a dataset without a key. They are kept: part of `written`.
    pub exact_duplicates_kept: u64,
    /// Rows of earlier runs that rows of this one took the place of.
    pub replaced: u64,
    /// Lines that are no records by the dictionary's word: before a header, remarks, totals. Not in `read`.
    pub skipped_lines: u64,
    /// Undeclared fields that arrived and did not enter the lake.
    pub over_collected: Vec<OverCollected>,
    /// What was read in another way than declared.
    pub warnings: Vec<Warning>,
    /// Identifiers replaced by placeholders inside free text.
    pub redactions: Vec<Redaction>,
    /// How many declared fields got which treatment; all zero if unknown.
    pub treatments: Treatments,
    /// Why its rows, which are about people, name no data subject; empty if they do, or are not about people.
    pub without_subject: String,
}

impl Dataset {
    /// Counts the rows in quarantine.
    pub fn quarantined_rows(&self) -> u64 {
        total(self.quarantined.iter().map(|q| q.rows))
    }

    /// Counts the rows read that are neither written nor lost under a name: 0 when the account closes.
    pub fn unaccounted(&self) -> i128 {
        let named =
            [self.written, self.quarantined_rows(), self.duplicates, self.key_conflicts, self.outside_retention];
        i128::from(self.read) - named.into_iter().map(i128::from).sum::<i128>()
    }
}

/// Rows rejected by one rule on one field.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Quarantined {
    /// Name of the field.
    pub field: String,
    /// The rule's name.
    pub rule: String,
    /// Rows.
    pub rows: u64,
}

/// A field that nobody declared.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OverCollected {
    /// Its name, as it arrived.
    pub field: String,
    /// Rows that carried it.
    pub rows: u64,
}

/// What was read in another way than declared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Warning {
    /// A file was in another encoding than declared; it was read right.
    Encoding {
        /// The file's name.
        file: String,
        /// The encoding declared.
        declared: String,
        /// The encoding found in its bytes.
        found: String,
    },
    /// Something else worth knowing about a file.
    Note {
        /// The file's name.
        file: String,
        /// What it is, without data.
        text: Label,
    },
}

/// Identifiers of one kind replaced inside free text.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Redaction {
    /// Kind of identifier (`phone`, `email`, `resident_id`).
    pub kind: String,
    /// How many were replaced.
    pub count: u64,
}

/// How many fields got which treatment between the parser and the lake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Treatments {
    /// Stored as typed.
    pub kept: u32,
    /// Replaced by a keyed pseudonym.
    pub pseudonymised: u32,
    /// Masked, or made coarser.
    pub generalised: u32,
    /// Free text with identifiers replaced.
    pub redacted: u32,
    /// Read, counted, never stored.
    pub dropped: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_closes_only_when_every_row_has_a_name() {
        let quarantined = vec![Quarantined { field: "phone".into(), rule: "phone".into(), rows: 2 }];
        let mut dataset = Dataset {
            read: 10,
            written: 5,
            quarantined,
            duplicates: 1,
            key_conflicts: 1,
            outside_retention: 1,
            exact_duplicates_kept: 4,
            ..Dataset::default()
        };
        assert_eq!(dataset.unaccounted(), 0);
        dataset.written = 4;
        assert_eq!(dataset.unaccounted(), 1);
        dataset.written = 7;
        assert_eq!(dataset.unaccounted(), -2);
    }
}
