//! What can go wrong. Messages name relations, columns and operators; never a value.

use datafusion::common::{Column, TableReference};

use crate::columns::SourceColumn;

/// Why no lineage, or no event, could be given.
///
/// None of these is worth a retry: the same input gives the same error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LineageError {
    /// An expression names a column that none of the operator's inputs has.
    #[error("column `{column}` is not in the input of {operator}")]
    UnresolvedColumn {
        /// The column as the plan spells it.
        column: Column,
        /// The operator that uses it, e.g. `Projection`.
        operator: &'static str,
    },
    /// An expression of a subquery names a column of an enclosing query, but the plan that was
    /// passed in does not hold that query.
    #[error("column `{column}` belongs to an enclosing query that is not part of this plan")]
    UnresolvedOuterColumn {
        /// The column as the plan spells it.
        column: Column,
    },
    /// The statement computes no columns: `SET`, `DROP TABLE`, `EXPLAIN`, `DELETE`, …
    #[error("{statement} is not a query: it has no output columns to follow")]
    NotAQuery {
        /// The kind of statement.
        statement: String,
    },
    /// An operator's schema and its inputs or expressions do not fit together.
    #[error("malformed plan: {operator} has {found} columns where {expected} were expected")]
    ColumnCount {
        /// The operator.
        operator: &'static str,
        /// Columns by the operator's own schema.
        expected: usize,
        /// Columns that its inputs and expressions make.
        found: usize,
    },
    /// The schema of a scanned relation cannot be used, e.g. two columns have one name.
    #[error("the schema of relation `{relation}` has duplicate column names")]
    DuplicateColumns {
        /// The relation.
        relation: TableReference,
    },
    /// A source column gets into one output column on more ways than are told apart, e.g. through
    /// a long row of doublings: `f(x) || g(x)` of `h(x) || i(x)` of …
    #[error("values of `{column}` get into one output of {operator} on more than {limit} different ways")]
    TooManyWays {
        /// The source column.
        column: SourceColumn,
        /// The operator at which there are too many.
        operator: &'static str,
        /// The most that are told apart.
        limit: usize,
    },
    /// Parts of the plan are not understood, so its lineage is not complete.
    #[error("not understood: {}", constructs.join(", "))]
    NotUnderstood {
        /// What they are, e.g. ``extension node `Sample` ``.
        constructs: Vec<String>,
    },
    /// A subquery that must give one column gives none.
    #[error("malformed plan: a subquery used as a value has no column")]
    EmptySubquery,
    /// An event could not be written as JSON.
    #[error("the OpenLineage event could not be written as JSON")]
    Serialise(#[source] serde_json::Error),
}
