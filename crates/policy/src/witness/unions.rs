//! Rows of several branches, one after another.

use super::forms::Definitions;
use super::others::OfOthers;
use super::strand::{PREFIX, Strand};
use super::thread::Threader;
use super::threaded::{Result, Threaded};
use datafusion::common::{Column, ScalarValue};
use datafusion::logical_expr::{Expr, LogicalPlan, Projection, Union};
use std::sync::Arc;

impl Threader<'_> {
    /// Branches have as many whole strands as the one with the most; where one has fewer, nobody is behind it. Parts of
    /// strands stay their branch's own.
    ///
    /// Where one branch gives constants and another people's data, the rows of the first may be there only to make up the
    /// number of the second: then each branch has to have its own k.
    pub(super) fn union(&self, union: Union, number: &mut usize) -> Result<Threaded> {
        let branches = union
            .inputs
            .into_iter()
            .map(|input| self.plan(Arc::unwrap_or_clone(input), number))
            .collect::<Result<Vec<_>>>()?;
        branches.iter().try_for_each(Threaded::together)?;
        let whole: Vec<Vec<&Strand>> =
            branches.iter().map(|b| b.strands.iter().filter(|s| s.is_whole()).collect()).collect();
        let mixed = mixed_columns(&branches, &whole);
        let mut next = || {
            let name = format!("{PREFIX}{number}");
            *number += 1;
            name
        };
        // A strand, and the expression for it in each branch.
        let mut strands: Vec<(Strand, Vec<Option<Expr>>)> = Vec::new();
        for at in 0..whole.iter().map(Vec::len).max().unwrap_or(0) {
            let own: Vec<Option<&Strand>> = whole.iter().map(|strands| strands.get(at).copied()).collect();
            let hidden = own.iter().zip(&branches).map(|(s, b)| s.map(|s| b.hidden_of(s)).transpose());
            let hidden = hidden.collect::<Result<Vec<_>>>()?;
            let known: Vec<&Strand> = own.iter().flatten().copied().collect();
            let relation = known.first().map(|s| s.relation.clone()).unwrap_or_default();
            let mut strand = Strand::of_many(next(), relation);
            strand.single = known.iter().any(|s| s.single);
            strand.optional = known.iter().any(|s| s.optional);
            if known.len() == branches.len() {
                let in_all = |c: &&Column| known.iter().all(|s| s.outer.contains(c));
                strand.outer = known[0].outer.iter().filter(in_all).cloned().collect();
            }
            strands.push((strand, hidden));
        }
        for (at, branch) in branches.iter().enumerate() {
            let parts = branch.strands.iter().filter(|s| !s.is_whole() || !mixed.is_empty());
            for own in parts {
                let mut hidden = vec![None; branches.len()];
                hidden[at] = Some(branch.hidden_of(own)?);
                strands.push((own.part(next(), Vec::new()), hidden));
            }
        }
        let mut inputs = Vec::new();
        for (at, branch) in branches.iter().enumerate() {
            let mut exprs: Vec<Expr> = branch.shown().map(Expr::Column).collect();
            for (strand, hidden) in &strands {
                let hidden = hidden[at].clone().unwrap_or(Expr::Literal(ScalarValue::Binary(None), None));
                exprs.push(hidden.alias(&strand.name));
            }
            inputs.push(Arc::new(LogicalPlan::Projection(Projection::try_new(exprs, Arc::new(branch.plan.clone()))?)));
        }
        let plan = Union::try_new_with_loose_types(inputs)?;
        let columns: Vec<Column> = plan.schema.columns();
        let shown: Vec<Vec<Column>> = branches.iter().map(|b| b.shown().collect()).collect();
        let visible = shown.first().map_or(0, Vec::len);
        let at_all = |holds: &dyn Fn(usize, &Column) -> bool| -> Vec<Column> {
            let everywhere = |at: &usize| shown.iter().enumerate().all(|(b, own)| holds(b, &own[*at]));
            (0..visible).filter(everywhere).map(|at| columns[at].clone()).collect()
        };
        for (at, (strand, _)) in strands.iter_mut().enumerate().filter(|(_, (s, _))| s.is_whole()) {
            strand.same_as = at_all(&|b, c| whole[b].get(at).is_some_and(|s| s.same_as.contains(c)));
        }
        // What a part was behind in its branch it is behind in the union, and in any column where branches differ.
        let mut of_parts = strands.iter_mut().filter(|(s, _)| !s.is_whole());
        for (branch, own) in branches.iter().zip(&shown) {
            for part in branch.strands.iter().filter(|s| !s.is_whole() || !mixed.is_empty()) {
                let Some((strand, _)) = of_parts.next() else { break };
                let known = part.behind.as_deref();
                let behind = |at: &usize| match known {
                    Some(known) => known.contains(&own[*at]),
                    None => mixed.contains(at),
                };
                strand.behind = Some((0..visible).filter(behind).map(|at| columns[at].clone()).collect());
            }
        }
        let definitions = Definitions::of_union(&columns[..visible], branches.iter().zip(&shown));
        let impersonal = at_all(&|b, c| branches[b].impersonal.contains(c));
        let mut of_others = Vec::new();
        for (branch, own) in branches.iter().zip(&shown) {
            for other in &branch.of_others {
                let at = own.iter().position(|c| *c == other.column);
                let column = at.and_then(|at| columns.get(at)).cloned();
                of_others.extend(column.map(|column| OfOthers { column, ..other.clone() }));
            }
        }
        let strands = strands.into_iter().map(|(strand, _)| strand).collect();
        Ok(Threaded { strands, impersonal, of_others, definitions, ..Threaded::without(LogicalPlan::Union(plan)) })
    }
}

/// The columns, by position, that are constants in one branch with people and people's data in another; all of them, if
/// branches differ in how many people a row of theirs is about.
fn mixed_columns(branches: &[Threaded], whole: &[Vec<&Strand>]) -> Vec<usize> {
    let with_people: Vec<(&Threaded, usize)> =
        branches.iter().zip(whole).map(|(b, strands)| (b, strands.len())).filter(|(_, strands)| *strands > 0).collect();
    let columns = with_people.first().map_or(0, |(b, _)| b.shown().count());
    let differ = with_people.windows(2).any(|pair| pair[0].1 != pair[1].1);
    let is_mixed = |at: &usize| {
        let impersonal = |(b, _): &(&Threaded, usize)| b.shown().nth(*at).is_some_and(|c| b.impersonal.contains(&c));
        differ || with_people.iter().any(impersonal) && !with_people.iter().all(impersonal)
    };
    (0..columns).filter(is_mixed).collect()
}
