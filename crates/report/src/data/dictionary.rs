//! What the dictionary says of every stored column, and where curated columns come from.

use crate::Label;
use serde::{Deserialize, Serialize};

/// The columns of one table.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DescribedTable {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub label: Label,
    /// Its zone (`conformed`, `curated`).
    pub zone: String,
    /// What one row is.
    pub meaning: String,
    /// Its fields: those of an export, stored or not, or the columns of a curated table.
    pub fields: Vec<DescribedField>,
}

/// One field or column.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DescribedField {
    /// Name in the export; empty for columns of curated tables.
    pub field: String,
    /// Name of the column; empty if nothing of it is stored.
    pub column: String,
    /// What people call it.
    pub label: Label,
    /// What it means.
    pub meaning: String,
    /// Its type as stored.
    pub data_type: String,
    /// Its unit, if it measures something.
    pub unit: String,
    /// How near it brings a reader to a person: `direct`, `quasi`, `none`, or of curated columns `pseudonym(domain)`,
    /// `attribute`, `aggregate(k)`.
    pub identifiability: String,
    /// What is done to it before it is stored; empty for columns of curated tables.
    pub treatment: Treatment,
    /// What people call the purposes that it may serve; empty: all those of its table.
    pub purposes: Vec<Label>,
    /// How long it is kept, ISO 8601; empty: without an end.
    pub retention: String,
}

/// What is done to a field before it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Treatment {
    /// Nothing is said of it: a column of a curated table.
    #[default]
    None,
    /// Stored as typed.
    Keep,
    /// Replaced by a keyed pseudonym; the domain, or the column that names it.
    Pseudonymise(String),
    /// Masked, but for the first and last characters.
    Mask(u8, u8),
    /// Made coarser: how (`decade`, `year`, `month`, `city`, `grid`).
    Generalise(String),
    /// Identifiers in free text replaced.
    Redact,
    /// Read, counted, never stored.
    Drop,
}

/// Where the columns of one curated table come from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TableOrigins {
    /// The table.
    pub table: String,
    /// Its columns.
    pub columns: Vec<ColumnOrigins>,
    /// Export fields that only decide which rows there are.
    pub rows_decided_by: Vec<ExportField>,
}

/// Where one column comes from, followed back to the fields of exports.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ColumnOrigins {
    /// The column.
    pub column: String,
    /// What people call it.
    pub label: Label,
    /// Fields whose values reach it.
    pub values: Vec<ExportField>,
    /// Fields that only decide its values.
    pub conditions: Vec<ExportField>,
}

/// A field of an export, or a column of what the engine itself knows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ExportField {
    /// The dataset.
    pub dataset: String,
    /// The field, by its name in the export.
    pub field: String,
}

/// People by what they decided, for one purpose.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PurposeConsent {
    /// The purpose.
    pub purpose: String,
    /// What people call it.
    pub label: Label,
    /// Customers whose data may be used.
    pub permitted: u64,
    /// Customers whose data may not, by reason (`not_granted`, `withdrawn`, …).
    pub refused: Vec<PeopleByReason>,
}

/// People for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PeopleByReason {
    /// The reason.
    pub reason: String,
    /// Customers.
    pub people: u64,
}
