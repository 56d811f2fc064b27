//! One hidden column, and what is known of it.

use datafusion::common::{Column, DFSchema};

/// How names of hidden columns begin. SQL cannot name them: they are added after it was planned.
pub(super) const PREFIX: &str = "__lakewarden_witness_";

/// The witnesses of the subjects of one scan, or of several that are about the same people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strand {
    /// The hidden column's name.
    pub(super) name: String,
    /// Columns of the plan that hold the subject's id itself.
    pub(super) same_as: Vec<Column>,
    /// Columns that hold it, or null.
    pub(super) or_null: Vec<Column>,
    /// Whether a row has one subject at most, for it is not a group of rows.
    pub single: bool,
    /// The relation it began at.
    pub relation: String,
}

impl Strand {
    /// Whether an equality that mentions this column is about the subject.
    pub(super) fn is_named_by(&self, column: &Column, or_null: bool) -> bool {
        self.same_as.contains(column) || (!or_null && self.or_null.contains(column))
    }

    /// The hidden column as the schema qualifies it.
    pub(super) fn column(&self, schema: &DFSchema) -> Option<Column> {
        schema
            .iter()
            .find(|(_, field)| *field.name() == self.name)
            .map(|(qualifier, field)| Column::new(qualifier.cloned(), field.name()))
    }
}

/// Whether a column of this name is hidden.
pub(super) fn is_hidden(name: &str) -> bool {
    name.starts_with(PREFIX)
}

/// The columns of a schema that its query shows, in their order.
pub(super) fn shown(schema: &DFSchema) -> impl Iterator<Item = Column> {
    schema
        .iter()
        .filter(|(_, field)| !is_hidden(field.name()))
        .map(|(qualifier, field)| Column::new(qualifier.cloned(), field.name()))
}
