//! Claims of operators about their rows that are not true, and how they are kept from the optimiser.
//!
//! An operator says in which order its rows come, which columns are equal and which are constant. On the strength of
//! that DataFusion leaves out sorts, and lets aggregates give out groups before their end. In 55.2 these are wrong:
//!
//! | operator | what it claims | what comes of it | upstream |
//! |---|---|---|---|
//! | an aggregate over grouping sets | keys that are constant or equal below it are so above it, though each set has nulls for others; and sorted keys stay sorted | groups twice or lost, wrong order | apache/datafusion#16965, #24421 |
//! | `UNION ALL` | what is constant in each branch is constant | rows lost by `LIMIT`, wrong order | apache/datafusion#23528 |
//! | an aggregate without keys | its row is constant, which one rule believes and another does not | the plan is refused | apache/datafusion#23528 |
//! | an outer join | what is constant in the side that may be null is constant | wrong order | |
//! | a join | for rows of one side with the same key, those of the other side are sorted | wrong order | apache/datafusion#25052 |
//! | a join on ranges | the columns that it compares are equal | wrong order | apache/datafusion#24360 |
//!
//! So an [`UnclaimedExec`] is put over them, before any other rule has believed them. It costs a sort at times where
//! a claim would have been true, and nothing for each row. `tests/governed/claims.rs` has a query for each, and fails
//! when a release of DataFusion has mended one.

use crate::unclaimed::{Kept, UnclaimedExec};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{JoinType, Result};
use datafusion::physical_expr::equivalence::AcrossPartitions;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode};
use datafusion::physical_plan::joins::{HashJoinExec, NestedLoopJoinExec, PiecewiseMergeJoinExec, SortMergeJoinExec};
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::union::UnionExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use std::sync::Arc;

type Plan = Arc<dyn ExecutionPlan>;

/// Rules that give other rows or have the plan fail, and otherwise only save work.
///
/// - Predicates go to the wrong side of a join where both have a column of that name: `LEFT JOIN … WHERE b.id IS NULL`
///   loses its rows (apache/datafusion#21246, #25244, #25296). The logical optimiser has pushed them down before.
/// - Groups that a window above needs are not made (apache/datafusion#25066).
/// - For two windows, one over the other, only the longer look ahead is allowed for.
/// - A limit on groups that come sorted fails when it runs (apache/datafusion#25350).
const LEFT_OUT: [&str; 5] = [
    "FilterPushdown",
    "FilterPushdown(Post)",
    "LimitAggregation",
    "LimitPushPastWindows",
    "LimitedDistinctAggregation",
];

/// Lists the rules of the physical optimiser: DataFusion's own but for a few, after one that keeps untrue claims from
/// them.
pub fn physical_rules() -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let mut rules: Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> = vec![Arc::new(DropClaims)];
    rules.extend(PhysicalOptimizer::new().rules.into_iter().filter(|rule| !LEFT_OUT.contains(&rule.name())));
    rules
}

/// Puts an [`UnclaimedExec`] over each operator whose claims may be untrue.
#[derive(Debug)]
struct DropClaims;

impl PhysicalOptimizerRule for DropClaims {
    fn optimize(&self, plan: Plan, _: &ConfigOptions) -> Result<Plan> {
        let unclaimed = plan.transform_up(|node| {
            Ok(match kept(&node) {
                Some(kept) => Transformed::yes(Arc::new(UnclaimedExec::new(node, kept)) as Plan),
                None => Transformed::no(node),
            })
        });
        Ok(unclaimed?.data)
    }

    fn name(&self) -> &str {
        "drop_claims"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// What can be believed of an operator's claims, if not all.
fn kept(plan: &Plan) -> Option<Kept> {
    if let Some(aggregate) = plan.downcast_ref::<AggregateExec>() {
        if aggregate.group_expr().has_grouping_set() {
            // The final aggregate above then knows of no order and keeps its groups to the end.
            return Some(Kept::Nothing);
        }
        let is_whole = !matches!(aggregate.mode(), AggregateMode::Partial | AggregateMode::PartialReduce);
        return (is_whole && aggregate.group_expr().is_true_no_grouping()).then_some(Kept::Distribution);
    }
    if plan.is::<UnionExec>() {
        let constants = plan.equivalence_properties().constants();
        let differ = constants.iter().any(|constant| constant.across_partitions == AcrossPartitions::Heterogeneous);
        return differ.then_some(Kept::Distribution);
    }
    if plan.is::<PiecewiseMergeJoinExec>() {
        return Some(Kept::Distribution);
    }
    let (join, sorts) = join_type(plan)?;
    let children = plan.children();
    let [left, right] = children.as_slice() else { return None };
    let (left_nulls, right_nulls) = match join {
        JoinType::Left => (false, true),
        JoinType::Right => (true, false),
        JoinType::Full => (true, true),
        _ => (false, false),
    };
    if (left_nulls && !holds_for_nulls(left)) || (right_nulls && !holds_for_nulls(right)) {
        return Some(Kept::Distribution);
    }
    let of_both = matches!(join, JoinType::Inner | JoinType::Left | JoinType::Right);
    let doubtful = sorts && of_both && (may_be_sorted(left) || may_be_sorted(right));
    doubtful.then_some(Kept::Equalities)
}

/// Of which type a join is, and whether it makes claims about the order of its rows.
fn join_type(plan: &Plan) -> Option<(JoinType, bool)> {
    if let Some(join) = plan.downcast_ref::<HashJoinExec>() {
        return Some((*join.join_type(), true));
    }
    if let Some(join) = plan.downcast_ref::<SortMergeJoinExec>() {
        return Some((join.join_type(), true));
    }
    plan.downcast_ref::<NestedLoopJoinExec>().map(|join| (*join.join_type(), false))
}

/// Whether what a side of a join claims is true of a row of nulls as well, as it is that two columns are equal.
fn holds_for_nulls(side: &Plan) -> bool {
    let claims = side.equivalence_properties();
    claims.constants().is_empty()
        && claims.eq_group().iter().flat_map(|class| class.iter()).all(|expression| expression.is::<Column>())
}

/// Whether rows are sorted, or may be so when the optimiser has given operators the order that they ask for.
fn may_be_sorted(plan: &Plan) -> bool {
    plan.is::<SortExec>()
        || !plan.equivalence_properties().oeq_class().is_empty()
        || plan.required_input_ordering().iter().any(Option::is_some)
        || plan.children().into_iter().any(may_be_sorted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_called_so() {
        let own = PhysicalOptimizer::new().rules;
        assert!(LEFT_OUT.iter().all(|name| own.iter().any(|rule| rule.name() == *name)));
        assert_eq!(physical_rules().len(), own.len() + 1 - LEFT_OUT.len());
    }
}
