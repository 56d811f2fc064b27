//! The result: where the columns of a query come from.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::common::TableReference;

use super::way::{Direct, SourceColumn};
use crate::LineageError;

/// How a source column decides about values without being part of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IndirectKind {
    /// Decides which rows there are: `WHERE`, `HAVING`, `FILTER (WHERE …)`, `EXISTS`, `LIMIT`.
    Filter,
    /// Decides which rows meet: join keys and conditions, `INTERSECT`, `EXCEPT`, and the lists
    /// that `UNNEST` expands (a row joined to its own elements).
    Join,
    /// Decides which rows are one: `GROUP BY`, `DISTINCT`, `UNION` without `ALL`.
    GroupBy,
    /// Decides the order: `ORDER BY`, also inside an aggregate or a `DISTINCT ON`.
    Sort,
    /// `PARTITION BY` or `ORDER BY` of a window.
    Window,
    /// Decides between values: the conditions of `CASE`, `coalesce`, `nullif`, `nvl`, `nvl2`.
    Conditional,
}

/// Source columns with the ways in which each decides.
pub type Indirect = BTreeMap<SourceColumn, BTreeSet<IndirectKind>>;

/// A part of the plan that is not understood. Lineage that has one is incomplete there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unknown {
    /// What it is, e.g. ``extension node `Sample` ``.
    pub what: String,
    /// The source columns that go into it: any may come out of it, changed or not.
    pub reached: BTreeSet<SourceColumn>,
}

/// Where one output column comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputColumn {
    /// The column's name, without qualifier.
    pub name: String,
    /// The source columns whose values it is made of. Empty for a constant and for `count(*)`.
    pub direct: BTreeMap<SourceColumn, Direct>,
    /// The source columns that decide about this column only. See also [`Lineage::indirect`].
    pub indirect: Indirect,
    /// What is not understood on the way to this column.
    pub unknown: BTreeSet<Unknown>,
}

/// Where the columns of a query come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lineage {
    /// The output columns, in order.
    pub outputs: Vec<OutputColumn>,
    /// The source columns that decide about all outputs: which rows there are, in which order.
    pub indirect: Indirect,
    /// Everything that is not understood, for whichever output. Empty: the lineage is complete.
    pub unknown: BTreeSet<Unknown>,
    /// The relations that are scanned, also those of which no column is used (`count(*)`).
    pub relations: BTreeSet<TableReference>,
}

impl Lineage {
    /// True where every part of the plan was understood.
    pub fn is_complete(&self) -> bool {
        self.unknown.is_empty()
    }

    /// The lineage itself where every part of the plan was understood, for those who can use no other.
    ///
    /// # Errors
    /// [`LineageError::NotUnderstood`] with the names of all parts that were not.
    pub fn complete(self) -> Result<Self, LineageError> {
        if self.unknown.is_empty() {
            return Ok(self);
        }
        let constructs: BTreeSet<_> = self.unknown.into_iter().map(|unknown| unknown.what).collect();
        Err(LineageError::NotUnderstood { constructs: constructs.into_iter().collect() })
    }

    /// Every source column that has any part in the result, also through what is unknown.
    pub fn sources(&self) -> BTreeSet<&SourceColumn> {
        let of_outputs = self.outputs.iter().flat_map(|output| output.direct.keys().chain(output.indirect.keys()));
        let unknown = self.unknown.iter().flat_map(|unknown| &unknown.reached);
        of_outputs.chain(self.indirect.keys()).chain(unknown).collect()
    }
}
