//! How sources add up along a plan: side by side, and one step after another.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::model::{Indirect, IndirectKind, Unknown};
use super::way::{Applied, Direct, SourceColumn};

/// What decides without being part of the value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Influence {
    pub(super) columns: Indirect,
    pub(super) unknown: BTreeSet<Unknown>,
}

impl Influence {
    /// Both together.
    pub(super) fn merge(&mut self, other: Self) {
        for (column, kinds) in other.columns {
            self.columns.entry(column).or_default().extend(kinds);
        }
        self.unknown.extend(other.unknown);
    }
}

/// Where one value comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sources {
    pub(super) direct: BTreeMap<SourceColumn, Direct>,
    pub(super) influence: Influence,
}

impl Sources {
    /// The value of a scanned column.
    pub(super) fn column(column: SourceColumn) -> Self {
        Self { direct: BTreeMap::from([(column, Direct::identity())]), influence: Influence::default() }
    }

    /// A value about which only `influence` decides.
    pub(super) fn influenced(influence: Influence) -> Self {
        Self { direct: BTreeMap::new(), influence }
    }

    /// A value that comes out of something not understood, into which `inputs` go.
    pub(super) fn unknown(what: String, inputs: &Sources) -> Self {
        let unknown = Unknown { what, reached: inputs.all_columns() };
        let mut influence = inputs.influence.clone();
        influence.unknown.insert(unknown);
        Self { direct: BTreeMap::new(), influence }
    }

    /// Side by side: the value is made of both, or is one of both.
    pub(super) fn merge(&mut self, other: Self) {
        for (column, theirs) in other.direct {
            match self.direct.entry(column) {
                Entry::Occupied(mut ours) => ours.get_mut().merge(theirs),
                Entry::Vacant(free) => {
                    free.insert(theirs);
                }
            }
        }
        self.influence.merge(other.influence);
    }

    /// One step after another: the value goes through this.
    pub(super) fn through(mut self, step: &Applied, masking: bool) -> Self {
        for direct in self.direct.values_mut() {
            *direct = direct.then(step, masking);
        }
        self
    }

    /// The value is only looked at, to decide in the way of `kind`. What decided about the value
    /// decides in that way as well.
    pub(super) fn deciding(self, kind: IndirectKind) -> Influence {
        let mut influence = self.influence;
        for kinds in influence.columns.values_mut() {
            kinds.insert(kind);
        }
        for column in self.direct.into_keys() {
            influence.columns.entry(column).or_default().insert(kind);
        }
        influence
    }

    /// Every column that has a part in the value.
    pub(super) fn all_columns(&self) -> BTreeSet<SourceColumn> {
        let unknown = self.influence.unknown.iter().flat_map(|u| &u.reached);
        self.direct.keys().chain(self.influence.columns.keys()).chain(unknown).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::way::{AppliedKind, DirectKind};
    use super::*;

    fn of(name: &str) -> Sources {
        Sources::column(SourceColumn::new("t", name))
    }

    fn step(kind: AppliedKind) -> Applied {
        Applied::new(kind, "f")
    }

    fn merged(mut left: Sources, right: Sources) -> Sources {
        left.merge(right);
        left
    }

    #[test]
    fn side_by_side_the_shortest_way_counts() {
        let a = of("a").through(&step(AppliedKind::Aggregate), true);
        let both = merged(a.clone(), of("a"));
        assert_eq!(both, merged(of("a"), a));
        let direct = &both.direct[&SourceColumn::new("t", "a")];
        assert_eq!((direct.kind(), direct.masking(), direct.ways().len()), (DirectKind::Identity, false, 2));
    }

    #[test]
    fn one_after_another_the_strongest_step_counts() {
        let hashed = of("a").through(&step(AppliedKind::Scalar), true).through(&step(AppliedKind::Operator), false);
        let direct = &hashed.direct[&SourceColumn::new("t", "a")];
        assert_eq!((direct.kind(), direct.masking(), direct.ways().len()), (DirectKind::Transformation, true, 1));
    }

    #[test]
    fn merging_is_idempotent_and_associative() {
        let (a, b, c) = (
            of("a"),
            Sources::influenced(of("a").through(&step(AppliedKind::Aggregate), true).deciding(IndirectKind::Sort)),
            of("c").through(&step(AppliedKind::Scalar), true),
        );
        assert_eq!(merged(a.clone(), a.clone()), a);
        assert_eq!(merged(merged(a.clone(), b.clone()), c.clone()), merged(a, merged(b, c)));
    }

    #[test]
    fn what_decided_about_a_value_decides_with_it() {
        let mut rank = Sources::influenced(of("at").deciding(IndirectKind::Window));
        rank.merge(of("n").through(&step(AppliedKind::Scalar), false));
        let influence = rank.deciding(IndirectKind::Filter);
        assert_eq!(
            influence.columns[&SourceColumn::new("t", "at")],
            BTreeSet::from([IndirectKind::Filter, IndirectKind::Window])
        );
        assert_eq!(influence.columns[&SourceColumn::new("t", "n")], BTreeSet::from([IndirectKind::Filter]));
    }

    #[test]
    fn the_unknown_reaches_all_that_went_in() {
        let mut input = of("a");
        input.merge(Sources::influenced(of("b").deciding(IndirectKind::Filter)));
        let out = Sources::unknown("x".into(), &input);
        assert!(out.direct.is_empty());
        let unknown = out.influence.unknown.first().expect("one unknown");
        assert_eq!(unknown.reached, input.all_columns());
        assert_eq!(unknown.reached.len(), 2);
    }
}
