//! Subqueries: whose rows they read, beside whose the rows are that they decide about.
//!
//! A condition gives no value and still tells something: rows that are there because *one order* was above 22.37 tell
//! that order's amount, once there is a row for each threshold. So a subquery over personal data is either about the
//! person of the row itself, who is counted anyway, or it has a k-gate of its own, or it is refused.

use super::gate::KGate;
use super::thread::Threader;
use super::threaded::{NotThreaded, Result, Threaded};
use datafusion::common::Column;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::logical_expr::expr::{Exists, InSubquery, SetComparison};
use datafusion::logical_expr::{Expr, Extension, LogicalPlan, LogicalPlanBuilder, Subquery};
use std::sync::Arc;

/// What the subqueries of an expression are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// Their values go on.
    Value,
    /// They decide about rows.
    Condition,
}

/// Puts a gate over a plan with hidden columns.
pub(super) fn gated(threaded: Threaded, k: u32) -> Result<LogicalPlan> {
    if threaded.strands.is_empty() {
        return Ok(threaded.plan);
    }
    let gate = KGate::try_new(threaded.plan, k)?;
    Ok(LogicalPlan::Extension(Extension { node: Arc::new(gate) }))
}

/// The relation of the first strand.
fn relation_of(threaded: &Threaded) -> String {
    threaded.strands.first().map(|s| s.relation.clone()).unwrap_or_default()
}

impl Threader<'_> {
    /// Looks at the subqueries of expressions over rows of `outer`, and puts gates over those that need one.
    pub(super) fn subqueries(&self, exprs: Vec<Expr>, outer: &Threaded, used: Use) -> Result<Vec<Expr>> {
        if self.k <= 1 && used == Use::Condition {
            return Ok(exprs);
        }
        let picked = self.picks_one_of_many.get();
        let mut failed = None;
        let exprs = exprs
            .into_iter()
            .map(|expr| {
                expr.transform_down(|expr| match self.subquery(&expr, outer) {
                    Ok(Some(instead)) => Ok(Transformed::yes(instead)),
                    Ok(None) => Ok(Transformed::no(expr)),
                    Err(error) => {
                        failed = Some(error);
                        Ok(Transformed::no(expr))
                    }
                })
                .map(|t| t.data)
            })
            .collect::<std::result::Result<Vec<_>, _>>()?;
        if used == Use::Condition {
            // What a condition picks does not go on.
            self.picks_one_of_many.set(picked);
        }
        match failed {
            Some(error) => Err(error),
            None => Ok(exprs),
        }
    }

    /// What stands in the place of an expression that is a subquery; `None` if it stays.
    fn subquery(&self, expr: &Expr, outer: &Threaded) -> Result<Option<Expr>> {
        match expr {
            Expr::ScalarSubquery(subquery) => Ok(self.gate(subquery, outer, None, true)?.map(Expr::ScalarSubquery)),
            Expr::Exists(Exists { subquery, negated }) => {
                let gate = self.gate(subquery, outer, None, false)?;
                Ok(gate.map(|subquery| Expr::Exists(Exists { subquery, negated: *negated })))
            }
            Expr::InSubquery(InSubquery { expr, subquery, negated }) => {
                let gate = self.gate(subquery, outer, super::equalities::column(expr), false)?;
                Ok(gate
                    .map(|subquery| Expr::InSubquery(InSubquery { expr: expr.clone(), subquery, negated: *negated })))
            }
            Expr::SetComparison(comparison) => {
                let gate = self.gate(&comparison.subquery, outer, None, false)?;
                Ok(gate.map(|subquery| Expr::SetComparison(SetComparison { subquery, ..comparison.clone() })))
            }
            _ => Ok(None),
        }
    }

    /// The subquery under a gate; `None` if it needs none. `equal_to` is the column of the outer row that its result is
    /// compared with; `one_row` says that it gives one row, which is null where too few people are behind it.
    fn gate(
        &self,
        subquery: &Subquery,
        outer: &Threaded,
        equal_to: Option<&Column>,
        one_row: bool,
    ) -> Result<Option<Subquery>> {
        let own = self.whole(subquery.subquery.as_ref().clone())?;
        if self.k <= 1 || own.strands.is_empty() || is_about_the_same(&own, outer, equal_to) {
            return Ok(None);
        }
        let of_one = own.strands.iter().any(|s| s.single);
        if !subquery.outer_ref_columns.is_empty() || of_one && !one_row {
            return Err(NotThreaded::Condition { relation: relation_of(&own) });
        }
        let gate = gated(own, self.k)?;
        // Who rewrites a set that is compared with expects a node that names its columns.
        let named = gate.schema().columns().into_iter().map(Expr::Column).collect::<Vec<_>>();
        let plan = if one_row { gate } else { LogicalPlanBuilder::from(gate).project(named)?.build()? };
        Ok(Some(Subquery { subquery: Arc::new(plan), ..subquery.clone() }))
    }

    /// The side of a semi-join that only decides which rows there are, as it may be joined: as it is, if it is about the
    /// person of the row (`tied`), else under a gate.
    pub(super) fn deciding_side(&self, side: Threaded, tied: bool) -> Result<LogicalPlan> {
        if self.k <= 1 || tied || side.strands.is_empty() {
            return Ok(side.plan);
        }
        if side.strands.iter().any(|s| s.single) {
            return Err(NotThreaded::Condition { relation: relation_of(&side) });
        }
        gated(side, self.k)
    }
}

/// Whether everyone behind the rows of a subquery is the person of the outer row.
fn is_about_the_same(own: &Threaded, outer: &Threaded, equal_to: Option<&Column>) -> bool {
    let is_outer = |column: &Column| outer.strands.iter().any(|s| s.is_named_by(column, false));
    let compared = equal_to.filter(|column| is_outer(column)).and_then(|_| own.shown().next());
    own.strands.iter().all(|strand| {
        strand.outer.iter().any(is_outer) || compared.as_ref().is_some_and(|c| strand.same_as.contains(c))
    })
}
