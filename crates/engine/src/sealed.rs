//! A scan of personal data that refuses to run until a gate is planned over it.

use crate::stored::StoredRelation;
use crate::whose::Whose;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, exec_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, ReplaceChildrenOptions};
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties};
use std::fmt;
use std::sync::Arc;

/// Where an output column of a governed scan comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// From this column of the stored rows.
    Stored(usize),
    /// From whose the row is.
    CustomerId,
    /// From whether the row is about a person who is not known.
    Unknown,
}

/// The scan without its gate. It has no reader inside and no children, so that no optimiser rule can take
/// one out; it has no statistics; and it does not execute.
#[derive(Debug)]
pub(crate) struct SealedScanExec {
    pub(crate) stored: Arc<StoredRelation>,
    /// The stored columns to read.
    pub(crate) columns: Vec<usize>,
    /// What of the columns read says whose a row is.
    pub(crate) whose: Whose,
    /// The one of them that says how old a row is, if rows are kept for a time.
    pub(crate) time_at: Option<usize>,
    pub(crate) output: Vec<Place>,
    properties: Arc<PlanProperties>,
}

impl SealedScanExec {
    pub(crate) fn new(
        stored: Arc<StoredRelation>,
        columns: Vec<usize>,
        whose: Whose,
        time_at: Option<usize>,
        output: Vec<Place>,
        schema: SchemaRef,
    ) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self { stored, columns, whose, time_at, output, properties: Arc::new(properties) }
    }

    /// The relation's name.
    pub(crate) fn relation(&self) -> &str {
        &self.stored.relation.name
    }
}

impl DisplayAs for SealedScanExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "SealedScanExec: relation={}", self.relation())
    }
}

impl ExecutionPlan for SealedScanExec {
    fn name(&self) -> &str {
        "SealedScanExec"
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

    fn execute(&self, _: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        exec_err!("a scan of {:?} has no policy gate", self.relation())
    }
}
