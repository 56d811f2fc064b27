//! The proof, after optimisation, that no gate was lost.

use crate::gate::PolicyGate;
use crate::narrow::{eligible, gate_under};
use crate::noise::NoiseGate;
use crate::ruling::{Ruling, Rulings};
use crate::witness::KGate;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{Expr, LogicalPlan};

/// Walks a plan, subqueries included, and refuses it
/// - if a scan that must be gated stands anywhere but directly below its own gate, of this purpose and ground,
/// - if a scan carries a predicate or a limit below the gate, other than predicates that may be there and
///   that the filter above the gate repeats,
/// - if it does anything but read: defines, writes, explains, recurs, or holds a node that nobody knows.
///
/// # Errors
/// A plan error that names the relation or the node.
pub fn verify(plan: &LogicalPlan, rulings: &Rulings) -> Result<()> {
    let (mut narrowed, mut vouched) = (Vec::new(), 0);
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::Filter(filter) = node
            && let Some(gate) = gate_under(&filter.input)
        {
            verify_narrowing(gate, &eligible(&filter.predicate, gate))?;
            vouched += usize::from(!gate.narrowed().is_empty());
        }
        if let Some(gate) = PolicyGate::of(node) {
            verify_gate(gate, rulings)?;
            if !gate.narrowed().is_empty() {
                narrowed.push(gate.clone());
            }
            return Ok(TreeNodeRecursion::Jump);
        }
        verify_node(node, rulings)?;
        Ok(TreeNodeRecursion::Continue)
    })?;
    // A gate has one filter above it at most: as many filters as narrowed gates means that each has its own.
    match narrowed.first() {
        Some(gate) if vouched != narrowed.len() => verify_narrowing(gate, &[]),
        _ => Ok(()),
    }
}

/// Every kind of node is here: one that is new in DataFusion does not compile until somebody has thought of it.
fn verify_node(node: &LogicalPlan, rulings: &Rulings) -> Result<()> {
    match node {
        LogicalPlan::TableScan(scan) => match rulings.get(&scan.table_name.to_string()) {
            Some(Ruling::Open) => Ok(()),
            Some(
                Ruling::Gated { .. } | Ruling::WithoutSubject { .. } | Ruling::Limited { .. } | Ruling::Refused(_),
            )
            | None => plan_err!("the optimised plan scans {:?} without its policy gate", scan.table_name.to_string()),
        },
        // They only take rows away, or add noise; what is below them is looked at like the rest.
        LogicalPlan::Extension(extension)
            if extension.node.as_any().is::<KGate>() || extension.node.as_any().is::<NoiseGate>() =>
        {
            Ok(())
        }
        LogicalPlan::Extension(extension) => {
            plan_err!("the plan holds a node that the policy does not know: {}", extension.node.name())
        }
        LogicalPlan::Projection(_)
        | LogicalPlan::Filter(_)
        | LogicalPlan::Window(_)
        | LogicalPlan::Aggregate(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::Join(_)
        | LogicalPlan::Repartition(_)
        | LogicalPlan::Union(_)
        | LogicalPlan::EmptyRelation(_)
        | LogicalPlan::Subquery(_)
        | LogicalPlan::SubqueryAlias(_)
        | LogicalPlan::Limit(_)
        | LogicalPlan::Values(_)
        | LogicalPlan::Distinct(_)
        | LogicalPlan::Unnest(_) => Ok(()),
        LogicalPlan::Statement(_)
        | LogicalPlan::Explain(_)
        | LogicalPlan::Analyze(_)
        | LogicalPlan::Dml(_)
        | LogicalPlan::Ddl(_)
        | LogicalPlan::Copy(_)
        | LogicalPlan::DescribeTable(_)
        | LogicalPlan::RecursiveQuery(_) => plan_err!("the plan does more than read: {}", kind(node)),
    }
}

fn kind(node: &LogicalPlan) -> &'static str {
    match node {
        LogicalPlan::Statement(_) => "a statement",
        LogicalPlan::Explain(_) | LogicalPlan::Analyze(_) | LogicalPlan::DescribeTable(_) => "an explanation",
        LogicalPlan::RecursiveQuery(_) => "a recursion",
        _ => "a definition or a write",
    }
}

fn verify_gate(gate: &PolicyGate, rulings: &Rulings) -> Result<()> {
    let LogicalPlan::TableScan(scan) = &gate.input else {
        return plan_err!("the policy gate of {:?} no longer stands on its scan", gate.relation);
    };
    let whole = scan.filters.is_empty() && scan.fetch.is_none();
    let own = scan.table_name.to_string() == gate.relation && gate.purpose == rulings.purpose;
    let rule = rulings.get(&gate.relation).and_then(Ruling::gate);
    if whole && own && rule == Some(gate.rule()) {
        return Ok(());
    }
    plan_err!("the policy gate of {:?} was changed by the optimiser", gate.relation)
}

/// What goes below a gate must be allowed there and must stand above as well.
fn verify_narrowing(gate: &PolicyGate, allowed: &[Expr]) -> Result<()> {
    if gate.narrowed().iter().all(|p| allowed.contains(p)) {
        return Ok(());
    }
    plan_err!("a predicate went below the policy gate of {:?} that may not be there", gate.relation)
}
