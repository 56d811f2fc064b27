//! The k-gate as an operator: counts what it holds back.

use async_trait::async_trait;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::Session;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, plan_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{LogicalPlan, UserDefinedLogicalNode};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, ReplaceChildrenOptions};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties};
use datafusion::physical_planner::{ExtensionPlanner, PhysicalPlanner};
use futures::StreamExt;
use lakewarden_policy::witness::KGate;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Rows that the k-gates of a run held back.
pub(crate) type Suppressed = Arc<AtomicU64>;

/// Plans [`KGate`]s.
pub(crate) struct KGatePlanner {
    pub(crate) suppressed: Suppressed,
}

#[async_trait]
impl ExtensionPlanner for KGatePlanner {
    async fn plan_extension(
        &self,
        _planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _logical_inputs: &[&LogicalPlan],
        physical_inputs: &[Arc<dyn ExecutionPlan>],
        _session: &dyn Session,
        _context: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let Some(gate) = node.as_any().downcast_ref::<KGate>() else { return Ok(None) };
        let [input] = physical_inputs else { return plan_err!("a k-gate has one input") };
        let schema: SchemaRef = Arc::new(node.schema().as_arrow().clone());
        Ok(Some(Arc::new(KGateExec::new(input.clone(), gate.k, schema, self.suppressed.clone()))))
    }
}

/// Holds back rows behind which fewer than k people stand.
#[derive(Debug)]
pub(crate) struct KGateExec {
    input: Arc<dyn ExecutionPlan>,
    k: u32,
    schema: SchemaRef,
    suppressed: Suppressed,
    properties: Arc<PlanProperties>,
}

impl KGateExec {
    fn new(input: Arc<dyn ExecutionPlan>, k: u32, schema: SchemaRef, suppressed: Suppressed) -> Self {
        let partitions = input.properties().output_partitioning().partition_count();
        let properties = Arc::new(PlanProperties::new(
            EquivalenceProperties::new(schema.clone()),
            Partitioning::UnknownPartitioning(partitions),
            EmissionType::Incremental,
            Boundedness::Bounded,
        ));
        Self { input, k, schema, suppressed, properties }
    }

    fn over(&self, mut inputs: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        match (inputs.pop(), inputs.is_empty()) {
            (Some(input), true) => Ok(Arc::new(Self::new(input, self.k, self.schema.clone(), self.suppressed.clone()))),
            _ => plan_err!("a k-gate has one input"),
        }
    }
}

fn judge(k: u32, schema: &SchemaRef, suppressed: &AtomicU64, batch: &RecordBatch) -> Result<RecordBatch> {
    let (rows, pass) = KGate::judge(k, batch)?;
    let kept = filter_record_batch(&rows, &pass)?;
    suppressed.fetch_add((rows.num_rows() - kept.num_rows()) as u64, Ordering::Relaxed);
    Ok(kept.with_schema(schema.clone())?)
}

impl DisplayAs for KGateExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "KGateExec: k={}", self.k)
    }
}

impl ExecutionPlan for KGateExec {
    fn name(&self) -> &str {
        "KGateExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
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
        children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.over(children)
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.over(children)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let (k, schema, suppressed) = (self.k, self.schema.clone(), self.suppressed.clone());
        let rows = self.input.execute(partition, context)?.map(move |batch| judge(k, &schema, &suppressed, &batch?));
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema.clone(), rows)))
    }
}
