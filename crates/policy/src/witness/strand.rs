//! One hidden column, and what is known of it.

use datafusion::common::{Column, DFSchema};
use datafusion::logical_expr::Expr;

/// How names of hidden columns begin. SQL cannot name them: they are added after it was planned.
pub(super) const PREFIX: &str = "__lakewarden_witness_";

/// The name of the column of a scan that marks rows about persons who are not known, such as those whose identifiers were
/// masked. SQL cannot name it.
pub const UNKNOWN_COLUMN: &str = "__lakewarden_witness_of_unknown";

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
    /// Whether rows may be there without it, for it comes from the side of an outer join that may have no match.
    pub(super) optional: bool,
    /// The relation it began at.
    pub relation: String,
    /// Columns of the query around this subquery that hold the subject's id.
    pub(super) outer: Vec<Column>,
    /// Columns that these people stand behind, of a strand that has some of the people of a row only: those with a part
    /// in an aggregate, or those of one branch of a union. All of them are in another strand, for which this is `None`.
    pub(super) behind: Option<Vec<Column>>,
}

impl Strand {
    /// The strand of a scan.
    pub(super) fn of_scan(name: String, subject: Column, relation: String) -> Self {
        Self { same_as: vec![subject], single: true, ..Self::of_many(name, relation) }
    }

    /// A strand of several people, none of whose ids is in a column.
    pub(super) fn of_many(name: String, relation: String) -> Self {
        let (same_as, or_null, outer) = (Vec::new(), Vec::new(), Vec::new());
        Self { name, same_as, or_null, single: false, optional: false, relation, outer, behind: None }
    }

    /// Some of the people of this strand, behind these columns.
    pub(super) fn part(&self, name: String, behind: Vec<Column>) -> Self {
        let outer = self.outer.clone();
        Self { outer, behind: Some(behind), ..Self::of_many(name, self.relation.clone()) }
    }

    /// Whether it has everyone behind a row, as far as its scans go.
    pub(super) fn is_whole(&self) -> bool {
        self.behind.is_none()
    }

    /// Whether the output column of this name is the subject of every row: the customer's id of the one scan, as it is.
    pub fn is_subject(&self, output: &str) -> bool {
        let named = self.same_as.iter().any(|column| column.name == output);
        named && self.is_whole() && self.single && !self.optional
    }

    /// Whether an expression is made of a column that these people stand behind.
    pub(super) fn is_behind(&self, expr: &Expr) -> bool {
        let columns = expr.column_refs();
        self.behind.iter().flatten().any(|column| columns.contains(column))
    }

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
