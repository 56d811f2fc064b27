//! The lake as it is, beside what the run changed of it.

use crate::Label;
use chrono::{DateTime, FixedOffset, NaiveDate};
use serde::{Deserialize, Serialize};

/// The lake as it is after the run, with what the run changed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Lake {
    /// The conformed tables, one a dataset of the pipeline.
    pub datasets: Vec<StoredDataset>,
    /// The curated tables of the pipeline.
    pub tables: Vec<StoredTable>,
    /// Customers that are known.
    pub people: Option<u64>,
}

impl Lake {
    /// Adds up the rows of all conformed tables.
    pub(crate) fn rows(&self) -> u64 {
        super::total(self.datasets.iter().map(|dataset| dataset.rows))
    }

    /// Adds up the records in quarantine.
    pub(crate) fn quarantined(&self) -> u64 {
        super::total(self.datasets.iter().map(|dataset| dataset.quarantined))
    }

    /// Whether nothing has been stored yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.datasets.iter().all(|d| d.files == 0 && d.rows == 0) && self.tables.iter().all(|t| t.rows.is_none())
    }
}

/// One dataset's conformed table.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct StoredDataset {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub label: Label,
    /// Files that were loaded into it.
    pub files: u64,
    /// Of these, files that this run loaded.
    pub files_added: u64,
    /// Its rows.
    pub rows: u64,
    /// By how many rows this run changed it.
    pub rows_change: i64,
    /// Data subjects of its rows, if they can be resolved.
    pub people: Option<u64>,
    /// Records of it in quarantine.
    pub quarantined: u64,
    /// By how many records this run changed that.
    pub quarantined_change: i64,
    /// How long rows are kept, ISO 8601; empty: without an end.
    pub retention: String,
    /// The day before which rows are no longer kept.
    pub kept_from: Option<NaiveDate>,
    /// When it was last published.
    pub published: Option<DateTime<FixedOffset>>,
}

/// One curated table.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct StoredTable {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub label: Label,
    /// Its rows; absent before it was published.
    pub rows: Option<u64>,
    /// By how many rows this run changed it, if that is known.
    pub rows_change: Option<i64>,
    /// Data subjects of its rows, if it names them.
    pub people: Option<u64>,
    /// The purpose it serves.
    pub purpose: String,
    /// What people call the purpose.
    pub purpose_label: Label,
    /// Its lawful basis (`consent`, `contract`, …); empty: that of what it is made of.
    pub lawful_basis: String,
    /// How long it is kept, ISO 8601; empty: as long as what it is made of.
    pub retention: String,
    /// When it was last published.
    pub published: Option<DateTime<FixedOffset>>,
    /// Whether this run published it.
    pub by_this_run: bool,
}
