//! The noise gate as an operator, and the function that chooses among a person's rows.

use crate::error::EngineError;
use async_trait::async_trait;
use datafusion::arrow::array::{ArrayRef, BinaryArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::arrow::row::{RowConverter, SortField};
use datafusion::catalog::Session;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result, exec_err, plan_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{
    ColumnarValue, LogicalPlan, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, UserDefinedLogicalNode,
    Volatility,
};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, ReplaceChildrenOptions};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties};
use datafusion::physical_planner::{ExtensionPlanner, PhysicalPlanner};
use futures::StreamExt;
use lakewarden_dictionary::Noise;
use lakewarden_policy::noise::{Figure, NoiseGate};
use lakewarden_privacy::noise::{DiscreteLaplace, NoiseSource};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The noise that a table is published with.
#[derive(Debug, Clone)]
pub struct TableNoise {
    /// What its entry declares.
    pub declared: Noise,
    /// The name of its publication, which does not depend on the data. Each has noise of its own.
    pub publication: String,
    /// Where it is drawn from: that of this very table. Without it queries are planned, and do not run.
    pub source: Option<Arc<NoiseSource>>,
}

/// `lakewarden_place(person, group…)`: the place of a person's row among theirs, 16 bytes.
pub(crate) fn place(source: Option<Arc<NoiseSource>>) -> Arc<ScalarUDF> {
    let signature = Signature::variadic_any(Volatility::Immutable);
    Arc::new(ScalarUDF::new_from_impl(Place { source, signature }))
}

#[derive(Debug)]
struct Place {
    source: Option<Arc<NoiseSource>>,
    signature: Signature,
}

/// Of one source or of none.
impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        match (&self.source, &other.source) {
            (Some(own), Some(others)) => Arc::ptr_eq(own, others),
            (None, None) => true,
            _ => false,
        }
    }
}

impl Eq for Place {}

impl Hash for Place {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl ScalarUDFImpl for Place {
    fn name(&self) -> &str {
        "lakewarden_place"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Binary)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let Some(source) = &self.source else { return exec_err!("there is no key to choose rows by") };
        let columns: Vec<ArrayRef> = args.args.iter().map(|a| a.to_array(args.number_rows)).collect::<Result<_>>()?;
        let fields = columns.iter().map(|c| SortField::new(c.data_type().clone())).collect();
        let rows = RowConverter::new(fields)?.convert_columns(&columns)?;
        let places = rows.iter().map(|row| source.place(&[row.as_ref()]).to_be_bytes());
        Ok(ColumnarValue::Array(Arc::new(BinaryArray::from_iter_values(places))))
    }
}

/// Plans [`NoiseGate`]s.
pub(crate) struct NoiseGatePlanner {
    draws: Arc<Draws>,
}

/// Where noise is drawn from, and for which publication.
#[derive(Debug)]
struct Draws {
    source: Arc<NoiseSource>,
    publication: String,
}

impl Draws {
    /// The noise of a figure in the row of this key. The exact value is a part of what it is drawn for, so that no two
    /// values ever have the same noise and could be told apart by their difference.
    fn of(&self, figure: &Figure, key: &[u8], exact: i128) -> Result<i128> {
        let (t, s) = figure.scale;
        let Some(law) = DiscreteLaplace::new(t, s) else { return exec_err!("a figure without a scale of noise") };
        let column = figure.column.as_deref().unwrap_or_default();
        Ok(self.source.draw(law, &[column.as_bytes(), self.publication.as_bytes(), key, &exact.to_le_bytes()]))
    }
}

impl NoiseGatePlanner {
    /// For one publication.
    ///
    /// # Errors
    /// [`EngineError::Start`] if there is no key.
    pub(crate) fn new(noise: &TableNoise) -> std::result::Result<Self, EngineError> {
        let source = noise.source.clone().ok_or(EngineError::Start { what: "there is no key to draw noise with" })?;
        Ok(Self { draws: Arc::new(Draws { source, publication: noise.publication.clone() }) })
    }
}

#[async_trait]
impl ExtensionPlanner for NoiseGatePlanner {
    async fn plan_extension(
        &self,
        _planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _logical_inputs: &[&LogicalPlan],
        physical_inputs: &[Arc<dyn ExecutionPlan>],
        _session: &dyn Session,
        _context: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let Some(gate) = node.as_any().downcast_ref::<NoiseGate>() else { return Ok(None) };
        let [input] = physical_inputs else { return plan_err!("a noise gate has one input") };
        let schema: SchemaRef = Arc::new(node.schema().as_arrow().clone());
        Ok(Some(Arc::new(NoiseGateExec::new(input.clone(), Arc::new(gate.clone()), schema, self.draws.clone()))))
    }
}

/// Adds noise, and holds back rows that too few people stand behind. How many it does not count: that would tell.
#[derive(Debug)]
struct NoiseGateExec {
    input: Arc<dyn ExecutionPlan>,
    gate: Arc<NoiseGate>,
    schema: SchemaRef,
    draws: Arc<Draws>,
    properties: Arc<PlanProperties>,
}

impl NoiseGateExec {
    fn new(input: Arc<dyn ExecutionPlan>, gate: Arc<NoiseGate>, schema: SchemaRef, draws: Arc<Draws>) -> Self {
        let partitions = input.properties().output_partitioning().partition_count();
        let properties = Arc::new(PlanProperties::new(
            EquivalenceProperties::new(schema.clone()),
            Partitioning::UnknownPartitioning(partitions),
            EmissionType::Incremental,
            Boundedness::Bounded,
        ));
        Self { input, gate, schema, draws, properties }
    }

    fn over(&self, mut inputs: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        match (inputs.pop(), inputs.is_empty()) {
            (Some(input), true) => {
                Ok(Arc::new(Self::new(input, self.gate.clone(), self.schema.clone(), self.draws.clone())))
            }
            _ => plan_err!("a noise gate has one input"),
        }
    }
}

impl DisplayAs for NoiseGateExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "NoiseGateExec: threshold={}", self.gate.mechanism.threshold)
    }
}

impl ExecutionPlan for NoiseGateExec {
    fn name(&self) -> &str {
        "NoiseGateExec"
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
        let (gate, schema, draws) = (self.gate.clone(), self.schema.clone(), self.draws.clone());
        let publish = move |batch: Result<RecordBatch, DataFusionError>| {
            gate.publish(&schema, &batch?, &|figure, key, exact| draws.of(figure, key, exact))
        };
        let rows = self.input.execute(partition, context)?.map(publish);
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema.clone(), rows)))
    }
}
