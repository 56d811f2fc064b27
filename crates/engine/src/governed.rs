//! The policy's gate as an operator.

use crate::checker::Checker;
use datafusion::common::Result;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, ReplaceChildrenOptions};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties};
use futures::StreamExt;
use std::fmt;
use std::sync::Arc;
use std::task::Poll;

/// A scan of personal data under its gate. It shows no children: no rule of the optimiser can take the gate
/// off its reader, put something between them, or pass a limit or a filter of its own below. It has no
/// statistics.
#[derive(Debug)]
pub(crate) struct GovernedScanExec {
    pub(crate) reader: Arc<dyn ExecutionPlan>,
    pub(crate) checker: Arc<Checker>,
    properties: Arc<PlanProperties>,
}

impl GovernedScanExec {
    pub(crate) fn new(reader: Arc<dyn ExecutionPlan>, checker: Arc<Checker>) -> Self {
        let partitions = reader.properties().output_partitioning().partition_count();
        let properties = PlanProperties::new(
            EquivalenceProperties::new(checker.schema.clone()),
            Partitioning::UnknownPartitioning(partitions),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        let properties = properties.with_scheduling_type(reader.properties().scheduling_type);
        Self { reader, checker, properties: Arc::new(properties) }
    }
}

impl DisplayAs for GovernedScanExec {
    fn fmt_as(&self, kind: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        let figures = self.checker.account.figures();
        write!(f, "GovernedScanExec: relation={}, purpose={}, over ", figures.relation, figures.purpose)?;
        self.reader.fmt_as(kind, f)
    }
}

impl ExecutionPlan for GovernedScanExec {
    fn name(&self) -> &str {
        "GovernedScanExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        _: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn with_new_children(self: Arc<Self>, _: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let checker = self.checker.clone();
        let rows = self.reader.execute(partition, context)?.map(move |batch| checker.check(&batch?));
        let account = self.checker.account.clone();
        let mut ended = false;
        let end = futures::stream::poll_fn(move |_| {
            if !std::mem::replace(&mut ended, true) {
                account.end_partition();
            }
            Poll::Ready(None)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.checker.schema.clone(), rows.chain(end))))
    }
}
