//! The ways of values: what they pass through between a source column and an output column.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use datafusion::common::TableReference;

/// A column of a relation that the plan scans.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceColumn {
    /// The relation as the plan's table scan names it: `t`, `schema.t` or `catalog.schema.t`.
    /// Two spellings of one table are two relations here; resolve them if both may occur.
    pub relation: TableReference,
    /// The column's name. A field inside a struct is reported as its whole column.
    pub column: String,
}

impl SourceColumn {
    /// Names column `column` of `relation`.
    pub fn new(relation: impl Into<TableReference>, column: impl Into<String>) -> Self {
        Self { relation: relation.into(), column: column.into() }
    }
}

impl fmt::Display for SourceColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.relation, self.column)
    }
}

/// What happens to a value on its way from a source column into an output column.
///
/// Ordered from "the value itself" to "least of the value". One step after another gives the
/// greater of the two; two ways side by side (`UNION`, both operands of `||`) give the lesser,
/// so an output column is never reported as further from its source than its shortest way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DirectKind {
    /// The value as it is, perhaps renamed or in another physical layout of the same type.
    Identity,
    /// Computed from the value of one row, or the value of another row.
    Transformation,
    /// Computed from the values of many rows.
    Aggregation,
}

/// Of which kind a function is that a value went through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AppliedKind {
    /// An operator that SQL has a word or a sign for: `+`, `||`, `=`, `AND`, `NOT`, `LIKE`, `IN`,
    /// `BETWEEN`, `IS NULL`, `CAST`, `TRY_CAST`, `UNNEST`.
    Operator,
    /// A scalar function: computed from the values of one row.
    Scalar,
    /// An aggregate function that makes one row of many.
    Aggregate,
    /// An aggregate function with `OVER`. Every row stays, and a frame may be as small as the row
    /// itself, so this is *not* a statement about many rows.
    WindowAggregate,
    /// A window function, e.g. `lag` or `first_value` with `OVER`: mostly the value of another row.
    Window,
}

impl AppliedKind {
    /// What the step does to the value.
    pub fn direct_kind(self) -> DirectKind {
        match self {
            Self::Operator | Self::Scalar | Self::Window => DirectKind::Transformation,
            Self::Aggregate | Self::WindowAggregate => DirectKind::Aggregation,
        }
    }
}

impl fmt::Display for AppliedKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Operator => "operator",
            Self::Scalar => "scalar",
            Self::Aggregate => "aggregate",
            Self::WindowAggregate => "window aggregate",
            Self::Window => "window",
        })
    }
}

/// A function or an operator that a value went through.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Applied {
    /// Its kind: `sum` as an aggregate and `sum` over a window are two things.
    pub kind: AppliedKind,
    /// The function's name as it is registered (an alias is resolved), or the operator in upper case.
    pub name: Arc<str>,
}

impl Applied {
    /// The function or operator `name`.
    pub fn new(kind: AppliedKind, name: &str) -> Self {
        Self { kind, name: name.into() }
    }
}

impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.kind, self.name)
    }
}

/// One way from a source column into an output column.
///
/// What only chooses between values (`CASE`, `coalesce`, `nullif`, `nvl`, `nvl2`) leaves the value
/// that it gives as it is, and is no step; neither is a cast that cannot change a value.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Way {
    pub(super) through: BTreeSet<Applied>,
    pub(super) last_aggregate: Option<Arc<str>>,
    pub(super) masking: bool,
}

impl Way {
    /// Everything that the value went through, each once, in no order. Empty for the value as it is.
    pub fn through(&self) -> &BTreeSet<Applied> {
        &self.through
    }

    /// The name of the last [`AppliedKind::Aggregate`] on the way, i.e. of the outermost: `max` for
    /// the greatest of sums. `None` where no rows were made one.
    pub fn last_aggregate(&self) -> Option<&str> {
        self.last_aggregate.as_deref()
    }

    /// The names of all [`AppliedKind::Aggregate`]s on the way.
    pub fn aggregates(&self) -> impl Iterator<Item = &str> {
        let aggregates = self.through.iter().filter(|applied| applied.kind == AppliedKind::Aggregate);
        aggregates.map(|applied| &*applied.name)
    }

    /// The strongest step: [`DirectKind::Identity`] where there is none.
    pub fn kind(&self) -> DirectKind {
        let kinds = self.through.iter().map(|applied| applied.kind.direct_kind());
        kinds.max().unwrap_or(DirectKind::Identity)
    }

    /// True where one of the steps is a function of [`Options::masking_functions`].
    ///
    /// [`Options::masking_functions`]: super::Options::masking_functions
    pub fn masking(&self) -> bool {
        self.masking
    }

    /// The way with one more step at its end.
    fn then(&self, step: &Applied, masking: bool) -> Self {
        let mut way = self.clone();
        way.through.insert(step.clone());
        if step.kind == AppliedKind::Aggregate {
            way.last_aggregate = Some(Arc::clone(&step.name));
        }
        way.masking |= masking;
        way
    }
}

/// How a source column's values get into an output column: on one way, or on several side by side.
///
/// `max(name) || count(name)` has two ways, through `max` and through `count`. Whoever judges
/// whether a value is still there must ask it of each of them; what is lost on one is not lost.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Direct {
    /// Never empty. Shared, for most columns are handed on unchanged by most operators.
    ways: Arc<BTreeSet<Way>>,
}

impl Direct {
    /// The way of a column that is taken as it is.
    pub fn identity() -> Self {
        Self { ways: Arc::new(BTreeSet::from([Way::default()])) }
    }

    /// The ways, at least one. Ways through the same functions are one.
    pub fn ways(&self) -> &BTreeSet<Way> {
        &self.ways
    }

    /// Everything that lies on any of the ways.
    pub fn through(&self) -> BTreeSet<&Applied> {
        self.ways.iter().flat_map(|way| &way.through).collect()
    }

    /// The kind of the shortest way.
    pub fn kind(&self) -> DirectKind {
        self.ways.iter().map(Way::kind).min().unwrap_or(DirectKind::Identity)
    }

    /// True where every way goes through a function of [`Options::masking_functions`], after
    /// which the value is no longer there.
    ///
    /// [`Options::masking_functions`]: super::Options::masking_functions
    pub fn masking(&self) -> bool {
        self.ways.iter().all(Way::masking)
    }

    /// These ways and others, side by side.
    pub(super) fn merge(&mut self, other: Self) {
        if !Arc::ptr_eq(&self.ways, &other.ways) && !other.ways.is_subset(&self.ways) {
            Arc::make_mut(&mut self.ways).extend(other.ways.iter().cloned());
        }
    }

    /// One more step at the end of each way.
    pub(super) fn then(&self, step: &Applied, masking: bool) -> Self {
        Self { ways: Arc::new(self.ways.iter().map(|way| way.then(step, masking)).collect()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(kind: AppliedKind, name: &str) -> Applied {
        Applied::new(kind, name)
    }

    #[test]
    fn the_last_aggregate_is_the_outermost() {
        let sum = Direct::identity().then(&step(AppliedKind::Aggregate, "sum"), false);
        let best = sum.then(&step(AppliedKind::Operator, "+"), false).then(&step(AppliedKind::Aggregate, "max"), false);
        let way = best.ways().first().expect("one way");
        assert_eq!(way.last_aggregate(), Some("max"));
        assert_eq!(way.aggregates().collect::<Vec<_>>(), ["max", "sum"]);
        assert_eq!(way.through().len(), 3);
        let over = best.then(&step(AppliedKind::WindowAggregate, "sum"), false);
        assert_eq!(over.ways().first().expect("one way").last_aggregate(), Some("max"), "a window keeps its rows");
    }

    #[test]
    fn ways_side_by_side_stay_apart() {
        let mut both = Direct::identity().then(&step(AppliedKind::Aggregate, "max"), false);
        both.merge(Direct::identity().then(&step(AppliedKind::Aggregate, "count"), true));
        assert_eq!(both.ways().len(), 2);
        assert!(!both.masking(), "the greatest is there to see");
        assert_eq!(both.through().len(), 2);
        let both = both.then(&step(AppliedKind::Operator, "||"), false);
        assert!(both.ways().iter().all(|way| way.through().len() == 2));
    }

    #[test]
    fn ways_through_the_same_are_one() {
        let upper = step(AppliedKind::Scalar, "upper");
        let mut both = Direct::identity().then(&upper, false).then(&upper, false);
        both.merge(Direct::identity().then(&upper, false));
        assert_eq!(both.ways().len(), 1);
    }

    #[test]
    fn the_kind_is_that_of_the_shortest_way() {
        let mut both = Direct::identity().then(&step(AppliedKind::Aggregate, "max"), false);
        assert_eq!(both.kind(), DirectKind::Aggregation);
        both.merge(Direct::identity());
        assert_eq!(both.kind(), DirectKind::Identity);
    }
}
