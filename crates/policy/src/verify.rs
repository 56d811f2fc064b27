//! The proof, after optimisation, that no gate was lost.

use crate::gate::PolicyGate;
use crate::ruling::{Ruling, Rulings};
use crate::witness::KGate;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{Extension, LogicalPlan};

/// Walks a plan, subqueries included, and refuses it if a scan that must be gated stands anywhere but
/// directly below its own gate, or if a scan carries a predicate or a limit below the gate.
///
/// # Errors
/// A plan error that names the relation.
pub fn verify(plan: &LogicalPlan, rulings: &Rulings) -> Result<()> {
    plan.apply_with_subqueries(|node| match node {
        LogicalPlan::Extension(Extension { node }) => match node.as_any().downcast_ref::<PolicyGate>() {
            Some(gate) => {
                verify_gate(gate, rulings)?;
                Ok(TreeNodeRecursion::Jump)
            }
            // It only takes rows away; what is below it is looked at like the rest.
            None if node.as_any().is::<KGate>() => Ok(TreeNodeRecursion::Continue),
            None => plan_err!("the plan holds a node that the policy does not know: {}", node.name()),
        },
        LogicalPlan::TableScan(scan) => match rulings.get(&scan.table_name.to_string()) {
            Some(Ruling::Open) => Ok(TreeNodeRecursion::Continue),
            _ => plan_err!("the optimised plan scans {:?} without its policy gate", scan.table_name.to_string()),
        },
        _ => Ok(TreeNodeRecursion::Continue),
    })
    .map(|_| ())
}

fn verify_gate(gate: &PolicyGate, rulings: &Rulings) -> Result<()> {
    let LogicalPlan::TableScan(scan) = &gate.input else {
        return plan_err!("the policy gate of {:?} no longer stands on its scan", gate.relation);
    };
    let whole = scan.filters.is_empty() && scan.fetch.is_none();
    let own = scan.table_name.to_string() == gate.relation && gate.purpose == rulings.purpose;
    match rulings.get(&gate.relation) {
        Some(Ruling::Gated { basis, .. }) if whole && own && *basis == gate.basis() => Ok(()),
        _ => plan_err!("the policy gate of {:?} was changed by the optimiser", gate.relation),
    }
}
