//! The policy's gate as an operator: reads, resolves whose a row is, decides, counts.

use crate::account::ScanAccount;
use crate::relation::{Governance, SubjectColumns};
use crate::sealed::{Place, SealedScanExec};
use crate::subjects::{NOBODY, SubjectIndex};
use async_trait::async_trait;
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, BooleanBufferBuilder, RecordBatch, RecordBatchOptions,
};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::Session;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, exec_err, plan_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{LogicalPlan, UserDefinedLogicalNode};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, ReplaceChildrenOptions};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties};
use datafusion::physical_planner::{ExtensionPlanner, PhysicalPlanner};
use futures::StreamExt;
use lakewarden_dictionary::LawfulBasis;
use lakewarden_policy::{Decision, PolicyGate};
use lakewarden_privacy::token_bits;
use std::fmt;
use std::sync::{Arc, Mutex};

/// The accounts of a session's scans, in the order they were planned.
pub(crate) type Accounts = Arc<Mutex<Vec<Arc<ScanAccount>>>>;

/// Marks a row without a pseudonym in a column; no customer has this number either.
const ABSENT: u32 = NOBODY - 1;

/// Plans [`PolicyGate`]s: takes what is inside the sealed scan below and puts it under the gate.
pub(crate) struct GatePlanner {
    pub(crate) accounts: Accounts,
}

#[async_trait]
impl ExtensionPlanner for GatePlanner {
    async fn plan_extension(
        &self,
        _planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _logical_inputs: &[&LogicalPlan],
        physical_inputs: &[Arc<dyn ExecutionPlan>],
        _session: &dyn Session,
        _context: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let Some(gate) = node.as_any().downcast_ref::<PolicyGate>() else { return Ok(None) };
        let [input] = physical_inputs else { return plan_err!("a policy gate has one input") };
        let sealed = (input.as_ref() as &dyn std::any::Any).downcast_ref::<SealedScanExec>();
        let Some(sealed) = sealed.filter(|s| s.relation.name == gate.relation) else {
            return plan_err!("the policy gate of {:?} does not stand on its scan", gate.relation);
        };
        let Some(governance) = sealed.relation.governance.clone() else {
            return plan_err!("relation {:?} has no identity to govern it by", gate.relation);
        };
        let account = Arc::new(ScanAccount::new(&gate.relation, &gate.purpose, gate.basis()));
        match self.accounts.lock() {
            Ok(mut accounts) => accounts.push(account.clone()),
            Err(_) => return exec_err!("the row accounts are lost"),
        }
        let checker = Checker {
            governance,
            basis: gate.basis(),
            time_at: sealed.time_at,
            subject_at: sealed.subject_at.clone(),
            output: sealed.output.clone(),
            schema: sealed.schema(),
            account,
        };
        Ok(Some(Arc::new(GovernedScanExec::new(sealed.inner.clone(), Arc::new(checker)))))
    }
}

/// What the gate does to a batch.
#[derive(Debug)]
struct Checker {
    governance: Governance,
    /// The ground; which reasons withhold a row depends on it.
    basis: LawfulBasis,
    time_at: Option<usize>,
    subject_at: Vec<usize>,
    output: Vec<Place>,
    schema: SchemaRef,
    account: Arc<ScanAccount>,
}

impl Checker {
    fn check(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let rows = batch.num_rows();
        self.account.add_read(rows);
        let mut subjects = vec![NOBODY; rows];
        let mut decisions = vec![Decision::Permit; rows];
        for at in &self.subject_at {
            self.resolve(batch.column(*at), &mut subjects, &mut decisions)?;
        }
        match (&self.governance.retention, self.time_at) {
            (Some(retention), Some(at)) => retention.mark(batch.column(at), &mut decisions)?,
            (None, None) => {}
            _ => return exec_err!("a relation whose rows are kept for a time is read without it"),
        }
        let mut withheld = [0u64; Decision::ALL.len()];
        decisions.iter().for_each(|decision| withheld[*decision as usize] += 1);
        withheld[Decision::Permit as usize] = 0;
        let kept = withheld.iter().any(|rows| *rows > 0).then(|| {
            let mut keep = BooleanBufferBuilder::new(rows);
            decisions.iter().for_each(|decision| keep.append(*decision == Decision::Permit));
            BooleanArray::new(keep.finish(), None)
        });
        let (kept_batch, kept_subjects) = match kept {
            Some(mask) => {
                let batch = filter_record_batch(batch, &mask)?;
                let subjects = subjects.iter().zip(mask.values().iter()).filter(|(_, k)| *k).map(|(s, _)| *s).collect();
                (batch, subjects)
            }
            None => (batch.clone(), subjects),
        };
        self.account.add_withheld(&withheld);
        self.account.add_used(kept_batch.num_rows());
        self.account.add_without_subject(kept_subjects.iter().filter(|s| **s == NOBODY).count());
        self.emit(&kept_batch, &kept_subjects)
    }

    /// Resolves one column of pseudonyms (or ids): the first that knows the customer names it, and the
    /// strictest decision of all of them stands, as far as the ground leaves it standing. A pseudonym that belongs to
    /// no known customer is refused.
    fn resolve(&self, column: &ArrayRef, subjects: &mut [u32], decisions: &mut [Decision]) -> Result<()> {
        let Some(values) = column.as_string_opt::<i32>() else {
            return exec_err!("a subject column is not text");
        };
        let index: &SubjectIndex = &self.governance.subjects;
        let by_id = self.governance.subject == SubjectColumns::CustomerId;
        let mut bits = Vec::with_capacity(values.len());
        for value in values {
            match value.map(token_bits) {
                Some(None) => return exec_err!("a subject column holds no pseudonym"),
                other => bits.push(other.flatten()),
            }
        }
        // Looking a pseudonym up waits for memory: a loop that does nothing else lets the processor wait for several.
        let find = |bits: Option<u128>| match bits {
            None => ABSENT,
            Some(bits) if by_id => index.of_id(bits).unwrap_or(NOBODY),
            Some(bits) => index.of_token(bits).unwrap_or(NOBODY),
        };
        let found: Vec<u32> = bits.into_iter().map(find).collect();
        for (row, found) in found.into_iter().enumerate().filter(|(_, found)| *found != ABSENT) {
            let decision = match found {
                NOBODY => Decision::NotGranted,
                subject => {
                    if subjects[row] == NOBODY {
                        subjects[row] = subject;
                    }
                    self.governance.decisions.of(subject)
                }
            };
            decisions[row] = decisions[row].max(decision.under(self.basis));
        }
        Ok(())
    }

    fn emit(&self, batch: &RecordBatch, subjects: &[u32]) -> Result<RecordBatch> {
        let columns: Vec<ArrayRef> = self
            .output
            .iter()
            .map(|place| match place {
                Place::Stored(at) => Ok(batch.column(*at).clone()),
                Place::CustomerId => self.governance.subjects.ids_of(subjects),
            })
            .collect::<Result<_, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        Ok(RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?)
    }
}

/// A scan of personal data under its gate.
#[derive(Debug)]
pub(crate) struct GovernedScanExec {
    input: Arc<dyn ExecutionPlan>,
    checker: Arc<Checker>,
    properties: Arc<PlanProperties>,
}

impl GovernedScanExec {
    fn new(input: Arc<dyn ExecutionPlan>, checker: Arc<Checker>) -> Self {
        let partitions = input.properties().output_partitioning().partition_count();
        let properties = Arc::new(PlanProperties::new(
            EquivalenceProperties::new(checker.schema.clone()),
            Partitioning::UnknownPartitioning(partitions),
            EmissionType::Incremental,
            Boundedness::Bounded,
        ));
        Self { input, checker, properties }
    }
}

impl DisplayAs for GovernedScanExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        let figures = self.checker.account.figures();
        write!(f, "GovernedScanExec: relation={}, purpose={}", figures.relation, figures.purpose)
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
        let Ok([input]) = <[_; 1]>::try_from(children) else { return plan_err!("a governed scan has one input") };
        Ok(Arc::new(Self::new(input, self.checker.clone())))
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let Ok([input]) = <[_; 1]>::try_from(children) else { return plan_err!("a governed scan has one input") };
        Ok(Arc::new(Self::new(input, self.checker.clone())))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let checker = self.checker.clone();
        let rows = self.input.execute(partition, context)?.map(move |batch| checker.check(&batch?));
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.checker.schema.clone(), rows)))
    }
}
