//! The optimiser rule that keeps gates on their scans.

use crate::gate::PolicyGate;
use datafusion::common::Result;
use datafusion::common::tree_node::Transformed;
use datafusion::logical_expr::{Extension, Filter, LogicalPlan, Projection};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};
use std::sync::Arc;

/// Takes what other rules have pushed below a gate back above it. The optimiser pushes a predicate that
/// names no column (`random() < 0.1`, `(SELECT …) > 3`) through any node, and the reading of a struct's
/// field through any node too; a gate has no way to forbid it. It belongs last.
#[derive(Debug, Default)]
pub struct LiftAboveGates;

impl OptimizerRule for LiftAboveGates {
    fn name(&self) -> &str {
        "lift_above_gates"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::TopDown)
    }

    fn rewrite(&self, plan: LogicalPlan, _config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let LogicalPlan::Extension(Extension { node }) = &plan else { return Ok(Transformed::no(plan)) };
        let Some(gate) = node.as_any().downcast_ref::<PolicyGate>() else { return Ok(Transformed::no(plan)) };
        let lifted = match &gate.input {
            LogicalPlan::Filter(filter) => {
                let below = Arc::new(gate.over(&filter.input)?);
                LogicalPlan::Filter(Filter::try_new(filter.predicate.clone(), below)?)
            }
            LogicalPlan::Projection(projection) => {
                let below = Arc::new(gate.over(&projection.input)?);
                LogicalPlan::Projection(Projection::try_new(projection.expr.clone(), below)?)
            }
            _ => return Ok(Transformed::no(plan)),
        };
        Ok(Transformed::yes(lifted))
    }
}
