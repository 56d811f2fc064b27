//! What was published, and what it is worth.

use serde::{Deserialize, Serialize};

/// What a run published.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Publication {
    /// The tables that changed.
    pub tables: Vec<PublishedTable>,
    /// The audit record that seals the run.
    pub audit: Option<AuditRecord>,
}

/// A table that changed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PublishedTable {
    /// Zone of the lake (`conformed`, `quarantine`, `identity`, `curated`).
    pub zone: String,
    /// Its name.
    pub name: String,
    /// The version it has now.
    pub version: i64,
    /// Rows written by this run, if known.
    pub rows: Option<u64>,
    /// Files written by this run.
    pub files: u64,
    /// Bytes of these files.
    pub bytes: u64,
}

/// A record of the audit chain.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditRecord {
    /// Its number in the chain.
    pub number: u64,
    /// SHA-256 of its bytes, hexadecimal.
    pub hash: String,
}

/// What a dataset is worth. Measures are shares, 0 to 1; absent where they could not be measured.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AssetValue {
    /// Name of the dataset.
    pub dataset: String,
    /// Rows it has.
    pub scale: u64,
    /// Share of declared values that are present.
    pub completeness: Option<f64>,
    /// Share of rows that keep every rule.
    pub consistency: Option<f64>,
    /// How fresh it is against its update frequency.
    pub timeliness: Option<f64>,
    /// Curated columns that use it.
    pub usage: Option<u64>,
    /// The index, 0 to 100.
    pub index: Option<f64>,
}
