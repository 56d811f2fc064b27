//! How anonymous a curated table must be before it is published.

use super::table::{Table, TableColumn};
use super::terms::{IdentifierClass, Names};
use crate::diagnostic::{Span, Spanned};
use serde::{Deserialize, Serialize};

/// What a table's entry demands under `anonymity:`.
#[derive(Debug, Clone)]
pub struct Anonymity {
    /// k of k-anonymity, from 2.
    pub k: Spanned<u32>,
    /// Quasi-identifiers as listed; empty if none are. [`Table::quasi_identifiers`] says which columns count.
    pub quasi_identifiers: Names,
    /// l of l-diversity, from 2.
    pub l: Option<Spanned<u32>>,
    /// What diversity is.
    pub diversity: DiversityKind,
    /// t of t-closeness, 0 ≤ t < 1.
    pub t: Option<Spanned<f64>>,
    /// Sensitive columns.
    pub sensitive: Names,
    /// Where it stands.
    pub span: Span,
}

/// What l-diversity counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiversityKind {
    /// Different values.
    #[default]
    Distinct,
    /// e to the entropy of the values, in nats.
    Entropy,
}

impl Table {
    /// The columns that could single somebody out in combination, in the table's order: those that say `identifier:
    /// quasi` and hold no pseudonym, and those listed under `anonymity`. A pseudonym is no quasi-identifier: nobody
    /// outside knows it.
    pub fn quasi_identifiers(&self) -> impl Iterator<Item = &TableColumn> {
        let listed = self.anonymity.as_ref().map_or(&[][..], |a| &a.quasi_identifiers);
        self.columns.iter().filter(|c| self.says_quasi(c) || listed.iter().any(|name| name.value == c.name.value))
    }

    /// Whether a column says itself that it is a quasi-identifier, and holds no pseudonym.
    pub fn says_quasi(&self, column: &TableColumn) -> bool {
        let subject = self.subject.as_ref().is_some_and(|s| s.value == column.name.value);
        column.identifier == IdentifierClass::Quasi && !column.pseudonym && !subject
    }
}
