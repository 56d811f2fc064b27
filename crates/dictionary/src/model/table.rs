//! One published table: `schemas/curated/<table>.yaml`, the contract of the model of the same name.

use super::anonymity::Anonymity;
use super::noise::Noise;
use super::terms::*;
use crate::diagnostic::{Span, Spanned};

/// A curated table's contract.
#[derive(Debug, Clone)]
pub struct Table {
    /// Name of the table and of its model; the file's stem.
    pub name: Spanned<String>,
    /// What people call it.
    pub label: Label,
    /// What one row means.
    pub meaning: String,
    /// Who answers for it.
    pub owner: String,
    /// How often it is rebuilt.
    pub update_frequency: String,
    /// The purpose it serves: what its model's scans are governed by.
    pub purpose: Spanned<String>,
    /// Its lawful basis, if it declares one; else the strictest of what it is made of.
    pub lawful_basis: Option<LawfulBasis>,
    /// Columns that name a row.
    pub grain: Names,
    /// The column that carries the data subject's id; absent for aggregates over people.
    pub subject: Option<Spanned<String>>,
    /// How many data subjects have to stand behind each row, if it has no subject; the project's figure if absent.
    pub minimum_subjects: Option<Spanned<u32>>,
    /// How long it is kept.
    pub retention: Option<Spanned<Period>>,
    /// How anonymous it must be before it is published.
    pub anonymity: Option<Anonymity>,
    /// The noise that its aggregates are published with.
    pub noise: Option<Noise>,
    /// Its columns, in the order its model gives them.
    pub columns: Vec<TableColumn>,
    /// Where the entry stands.
    pub span: Span,
}

impl Table {
    /// Finds a column by name.
    pub fn column(&self, name: &str) -> Option<&TableColumn> {
        self.columns.iter().find(|c| c.name.value == name)
    }
}

/// One column of a curated table.
#[derive(Debug, Clone)]
pub struct TableColumn {
    /// Its name.
    pub name: Spanned<String>,
    /// What people call it.
    pub label: Label,
    /// What it means, formula included.
    pub meaning: String,
    /// Its type.
    pub data_type: Spanned<DataType>,
    /// Its unit, if it measures something.
    pub unit: Option<String>,
    /// How near it brings a reader to a person. `customer_id` is a pseudonym: [`IdentifierClass::Direct`] is refused here.
    pub identifier: IdentifierClass,
    /// Whether it holds a pseudonym (a token or a customer id).
    pub pseudonym: bool,
    /// fideslang data category, if it is about people.
    pub category: Option<Spanned<String>>,
    /// Where it comes from, in words, for readers of the dictionary.
    pub source: Option<String>,
    /// The span of time it counts over (`lifetime`, `P12M`, `calendar_month`, `as_of`), demanded of metrics.
    pub statistical_period: Option<String>,
    /// What is demanded of its values before publication.
    pub tests: Vec<Spanned<Rule>>,
    /// Where it is declared.
    pub span: Span,
}
