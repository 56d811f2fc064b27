//! Functional dependencies that do not hold, and how they are kept from the optimiser.
//!
//! DataFusion 55.2 notes in a plan's schema which columns decide others: after `GROUP BY a`, `a` decides all. With
//! that it leaves out `DISTINCT`, keys of `GROUP BY` and `ORDER BY`, and joins. Two of its notes are wrong:
//!
//! - After `GROUP BY a, b`, where `a` decided something below but not `b`, it takes `a` to decide the whole row.
//! - After `UNNEST` it takes a row's key to be unique still, though the row is there once for each element.
//!
//! The first hangs on names: a key that is called otherwise than the column below is not recognised. So such keys are
//! renamed, and named back above. The second note is taken out. `tests/governed/dependencies.rs` has a query for each
//! use that the optimiser makes of them.

use datafusion::common::tree_node::{Transformed, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, FunctionalDependencies, Result};
use datafusion::logical_expr::{Aggregate, Distinct, Expr, LogicalPlan, Projection};
use datafusion::optimizer::{Optimizer, OptimizerConfig, OptimizerRule};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The rules that use functional dependencies.
const USERS: [&str; 4] =
    ["replace_distinct_aggregate", "eliminate_join", "eliminate_duplicated_expr", "optimize_projections"];

/// Lists the rules of the logical optimiser: DataFusion's own, those that use functional dependencies after one that
/// takes out what does not hold.
pub fn logical_rules() -> Vec<Arc<dyn OptimizerRule + Send + Sync>> {
    let mut rules: Vec<Arc<dyn OptimizerRule + Send + Sync>> = Vec::new();
    for rule in Optimizer::new().rules {
        if USERS.contains(&rule.name()) {
            rules.push(Arc::new(DropDependencies));
        }
        rules.push(rule);
    }
    rules
}

/// Takes functional dependencies that do not hold out of a plan.
#[derive(Debug)]
struct DropDependencies;

impl OptimizerRule for DropDependencies {
    fn name(&self) -> &str {
        "drop_dependencies"
    }

    fn rewrite(&self, plan: LogicalPlan, _: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let mut any = false;
        plan.apply_with_subqueries(|node| {
            any |= is_doubtful(node);
            Ok(if any { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
        })?;
        if !any {
            return Ok(Transformed::no(plan));
        }
        // Nodes above hold a copy of what those below said.
        plan.transform_up_with_subqueries(|node| without(anew(node)?).map(Transformed::yes))
    }
}

fn anew(node: LogicalPlan) -> Result<LogicalPlan> {
    match node {
        LogicalPlan::Extension(_) => Ok(node),
        other => other.recompute_schema(),
    }
}

fn is_doubtful(node: &LogicalPlan) -> bool {
    match node {
        LogicalPlan::Aggregate(aggregate) => !misread_keys(aggregate).is_empty(),
        LogicalPlan::Unnest(unnest) => !unnest.schema.functional_dependencies().is_empty(),
        // The rule that makes a group of it looks at what it has made in the same pass.
        LogicalPlan::Distinct(Distinct::All(input)) => !input.schema().functional_dependencies().is_empty(),
        _ => false,
    }
}

fn without(node: LogicalPlan) -> Result<LogicalPlan> {
    match node {
        LogicalPlan::Aggregate(aggregate) => renamed(aggregate),
        LogicalPlan::Unnest(mut unnest) if !unnest.schema.functional_dependencies().is_empty() => {
            let schema = DFSchema::clone(&unnest.schema);
            unnest.schema = Arc::new(schema.with_functional_dependencies(FunctionalDependencies::empty())?);
            Ok(LogicalPlan::Unnest(unnest))
        }
        LogicalPlan::Distinct(Distinct::All(input)) if !input.schema().functional_dependencies().is_empty() => {
            let keys = input.schema().iter().map(|column| Expr::Column(Column::from(column))).collect();
            renamed(Aggregate::try_new(input, keys, Vec::new())?)
        }
        other => Ok(other),
    }
}

/// The keys of an aggregate that decide something below it and would be taken to decide all of its keys.
fn misread_keys(aggregate: &Aggregate) -> BTreeSet<String> {
    let below = aggregate.input.schema();
    if below.functional_dependencies().is_empty() || matches!(aggregate.group_expr[..], [Expr::GroupingSet(_)]) {
        return BTreeSet::new();
    }
    let columns = below.field_names();
    let named = |at: &[usize]| at.iter().filter_map(|at| columns.get(*at).cloned()).collect::<BTreeSet<String>>();
    let keys: BTreeSet<String> = aggregate.group_expr.iter().map(|key| key.schema_name().to_string()).collect();
    let mut misread = BTreeSet::new();
    for dependency in below.functional_dependencies().iter() {
        let deciding = named(&dependency.source_indices);
        let decided = named(&dependency.target_indices);
        if deciding.is_subset(&keys) && !keys.iter().all(|key| decided.contains(key) || deciding.contains(key)) {
            misread.extend(deciding);
        }
    }
    misread
}

/// Gives such keys another name, and names them back.
fn renamed(aggregate: Aggregate) -> Result<LogicalPlan> {
    let misread = misread_keys(&aggregate);
    if misread.is_empty() {
        return Ok(LogicalPlan::Aggregate(aggregate));
    }
    let other_name = |at: usize| format!("__key_{at}");
    let is_misread: Vec<bool> =
        aggregate.group_expr.iter().map(|key| misread.contains(&key.schema_name().to_string())).collect();
    let keys = aggregate.group_expr.into_iter().zip(&is_misread).enumerate();
    let keys = keys.map(|(at, (key, misread))| if *misread { key.alias(other_name(at)) } else { key }).collect();
    let columns = aggregate.schema.iter().enumerate().map(|(at, (qualifier, field))| {
        if is_misread.get(at) == Some(&true) {
            let renamed = Expr::Column(Column::new_unqualified(other_name(at)));
            return renamed.alias_qualified(qualifier.cloned(), field.name());
        }
        Expr::Column(Column::from((qualifier, field)))
    });
    let columns = columns.collect();
    let grouped = Aggregate::try_new(aggregate.input, keys, aggregate.aggr_expr)?;
    Projection::try_new(columns, Arc::new(LogicalPlan::Aggregate(grouped))).map(LogicalPlan::Projection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_user_comes_after_the_rule() {
        let rules = logical_rules();
        let names: Vec<&str> = rules.iter().map(|rule| rule.name()).collect();
        for user in USERS {
            let at: Vec<usize> = (0..names.len()).filter(|at| names[*at] == user).collect();
            assert!(!at.is_empty(), "{user} is not in {names:?}");
            assert!(at.iter().all(|at| *at > 0 && names[at - 1] == "drop_dependencies"), "{names:?}");
        }
    }
}
