//! An operator that passes rows on and says nothing of their order.

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, Statistics, plan_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{CardinalityEffect, ReplaceChildrenOptions};
use datafusion::physical_plan::filter_pushdown::{
    ChildPushdownResult, FilterDescription, FilterPushdownPhase, FilterPushdownPropagation,
};
use datafusion::physical_plan::projection::{ProjectionExec, make_with_child};
use datafusion::physical_plan::statistics::{ChildStats, StatisticsArgs};
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning,
    PlanProperties,
};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// What is believed of the claims of the operator below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// Nothing but how many partitions there are.
    Nothing,
    /// In which partition a row is.
    Distribution,
    /// That, and which columns are equal or constant.
    Equalities,
}

/// Passes rows on, and of the claims of the operator below those that are believed.
#[derive(Debug, Clone)]
pub(crate) struct UnclaimedExec {
    input: Arc<dyn ExecutionPlan>,
    kept: Kept,
    properties: Arc<PlanProperties>,
}

impl UnclaimedExec {
    pub(crate) fn new(input: Arc<dyn ExecutionPlan>, kept: Kept) -> Self {
        let mut claims = EquivalenceProperties::new(input.schema());
        let mut partitioning = input.output_partitioning().clone();
        match kept {
            Kept::Nothing => partitioning = Partitioning::UnknownPartitioning(partitioning.partition_count()),
            Kept::Distribution => {}
            Kept::Equalities => {
                let equal = input.equivalence_properties().eq_group().clone();
                // Fails only where orders have to be made anew, of which there are none.
                if claims.add_equivalence_group(equal).is_err() {
                    claims = EquivalenceProperties::new(input.schema());
                }
            }
        }
        let properties =
            PlanProperties::clone(input.properties()).with_eq_properties(claims).with_partitioning(partitioning);
        Self { input, kept, properties: Arc::new(properties) }
    }
}

impl DisplayAs for UnclaimedExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "UnclaimedExec: kept={:?}", self.kept)
    }
}

impl ExecutionPlan for UnclaimedExec {
    fn name(&self) -> &str {
        "UnclaimedExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![false]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match (children.pop(), children.is_empty()) {
            (Some(input), true) => Ok(Arc::new(Self::new(input, self.kept))),
            _ => plan_err!("an operator without claims has one input"),
        }
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
        self.replace_children(children, options)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        self.input.execute(partition, context)
    }

    fn child_stats_requests(&self, partition: Option<usize>) -> Vec<ChildStats> {
        vec![ChildStats::At(partition)]
    }

    fn statistics_from_inputs(&self, inputs: &[Arc<Statistics>], _: &StatisticsArgs) -> Result<Arc<Statistics>> {
        match inputs.first() {
            Some(statistics) => Ok(statistics.clone()),
            None => plan_err!("an operator without claims has one input"),
        }
    }

    fn supports_limit_pushdown(&self) -> bool {
        true
    }

    fn cardinality_effect(&self) -> CardinalityEffect {
        CardinalityEffect::Equal
    }

    fn try_swapping_with_projection(&self, projection: &ProjectionExec) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        // A constant or a column twice are claims of the projection's own, true ones, that would be lost below.
        let names = projection.expr().iter().map(|column| column.expr.downcast_ref::<Column>().map(Column::index));
        let columns: Option<BTreeSet<usize>> = names.collect();
        let only_fewer = columns.is_some_and(|columns| {
            columns.len() == projection.expr().len() && columns.len() < self.input.schema().fields().len()
        });
        if !only_fewer {
            return Ok(None);
        }
        Ok(Some(Arc::new(Self::new(make_with_child(projection, &self.input)?, self.kept))))
    }

    fn gather_filters_for_pushdown(
        &self,
        _: FilterPushdownPhase,
        filters: Vec<Arc<dyn PhysicalExpr>>,
        _: &ConfigOptions,
    ) -> Result<FilterDescription> {
        FilterDescription::from_children(filters, &self.children())
    }

    fn handle_child_pushdown_result(
        &self,
        _: FilterPushdownPhase,
        result: ChildPushdownResult,
        _: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn ExecutionPlan>>> {
        Ok(FilterPushdownPropagation::if_all(result))
    }
}
