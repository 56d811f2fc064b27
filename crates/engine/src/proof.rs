//! The proof, on the very plan that is about to run, that every scan of personal data is under its gate.
//!
//! What reads is known by what it reads: files by their paths, rows in memory by their buffers. So a reader
//! that lost its gate is found whatever was done to the plan, and whatever it is called.

use crate::account::ScanAccount;
use crate::error::EngineError;
use crate::gate::Accounts;
use crate::governed::GovernedScanExec;
use crate::reader::{Reads, reads};
use crate::relation::{Content, Relation, SubjectColumns};
use crate::scan::{placed, subject_names};
use crate::sealed::{Place, SealedScanExec};
use crate::stored::{FILE_COLUMN, ROW_COLUMN, StoredRelation};
use crate::whose::Whose;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::placeholder_row::PlaceholderRowExec;
use lakewarden_dictionary::UNIDENTIFIED_COLUMN;
use lakewarden_policy::gate::SUBJECT_COLUMN;
use lakewarden_policy::witness::UNKNOWN_COLUMN;
use lakewarden_policy::{Ruling, Rulings};
use std::any::Any;
use std::sync::Arc;

/// Operators of DataFusion that compute on what their children give them and read nothing themselves.
const OPERATORS: &[&str] = &[
    "AggregateExec",
    "BoundedWindowAggExec",
    "BufferExec",
    "CoalesceBatchesExec",
    "CoalescePartitionsExec",
    "CooperativeExec",
    "CrossJoinExec",
    "FilterExec",
    "GlobalLimitExec",
    "HashJoinExec",
    "InterleaveExec",
    "KGateExec",
    "LocalLimitExec",
    "NestedLoopJoinExec",
    "NoiseGateExec",
    "PartialSortExec",
    "PartitionedTopKExec",
    "PiecewiseMergeJoinExec",
    "ProjectionExec",
    "RepartitionExec",
    "ScalarSubqueryExec",
    "SortExec",
    "SortMergeJoinExec",
    "SortPreservingMergeExec",
    "UnclaimedExec",
    "UnionExec",
    "UnnestExec",
    "WindowAggExec",
];

/// What a plan is held against.
pub(crate) struct Proof<'a> {
    rulings: &'a Rulings,
    relations: &'a [Arc<StoredRelation>],
    /// Accounts of the gates that were planned for this run.
    accounts: Vec<Arc<ScanAccount>>,
    /// Rows and columns of the literal tables of the query.
    literals: Vec<(usize, usize)>,
}

impl<'a> Proof<'a> {
    /// For a run of `optimised`, whose gates were planned with these accounts.
    ///
    /// # Errors
    /// [`EngineError::Run`] if the accounts are lost.
    pub(crate) fn new(
        rulings: &'a Rulings,
        relations: &'a [Arc<StoredRelation>],
        accounts: &Accounts,
        optimised: &LogicalPlan,
    ) -> Result<Self, EngineError> {
        let lost = |_| EngineError::Run { what: "the row accounts are lost" };
        let accounts = accounts.lock().map_err(lost)?.clone();
        let mut literals = Vec::new();
        optimised
            .apply_with_subqueries(|node| {
                if let LogicalPlan::Values(values) = node {
                    literals.push((values.values.len(), values.schema.fields().len()));
                }
                Ok(TreeNodeRecursion::Continue)
            })
            .map_err(|e| EngineError::planning(&e))?;
        Ok(Self { rulings, relations, accounts, literals })
    }

    /// Refuses a plan
    /// - that reads a governed relation outside its gate, or holds a sealed scan,
    /// - with a gate of another relation, purpose or ground, over anything but its relation's whole reader, or
    ///   that takes other columns than the relation's for the subject's or for its result,
    /// - in which a gate that was planned is missing or stands twice,
    /// - with an operator or a reader that is not known.
    ///
    /// # Errors
    /// [`EngineError::Ungoverned`] or [`EngineError::Unproven`].
    pub(crate) fn check(&self, plan: &Arc<dyn ExecutionPlan>) -> Result<(), EngineError> {
        let mut gates = Vec::new();
        self.walk(plan, &mut gates)?;
        for account in &self.accounts {
            let own = gates.iter().filter(|gate| Arc::ptr_eq(&gate.checker.account, account)).count();
            if own != 1 {
                let relation = account.figures().relation;
                return Err(EngineError::Unproven { relation, why: "a gate is missing or stands twice" });
            }
        }
        for gate in gates {
            self.check_gate(gate)?;
        }
        Ok(())
    }

    fn walk<'p>(
        &self,
        plan: &'p Arc<dyn ExecutionPlan>,
        gates: &mut Vec<&'p GovernedScanExec>,
    ) -> Result<(), EngineError> {
        let node = plan.as_ref() as &dyn Any;
        if let Some(gate) = node.downcast_ref::<GovernedScanExec>() {
            gates.push(gate);
            return Ok(());
        }
        if let Some(sealed) = node.downcast_ref::<SealedScanExec>() {
            return Err(EngineError::Ungoverned { relation: sealed.relation().to_owned() });
        }
        let children = plan.children();
        if children.is_empty() {
            return self.check_free_reader(plan);
        }
        // `SortExec(TopK)` is a `SortExec`.
        let kind = plan.name().split('(').next().unwrap_or_default();
        if !OPERATORS.contains(&kind) {
            return Err(EngineError::UnknownOperator { operator: plan.name().to_owned() });
        }
        children.into_iter().try_for_each(|child| self.walk(child, gates))
    }

    /// A leaf outside all gates reads open relations, literals or nothing.
    fn check_free_reader(&self, plan: &Arc<dyn ExecutionPlan>) -> Result<(), EngineError> {
        let node = plan.as_ref() as &dyn Any;
        if node.is::<EmptyExec>() || node.is::<PlaceholderRowExec>() {
            return Ok(());
        }
        let unknown = || EngineError::UnknownOperator { operator: plan.name().to_owned() };
        let read = reads(plan).ok_or_else(unknown)?;
        if let Some(governed) = self.relations.iter().find(|r| !is_open(&r.relation) && read.touches(r)) {
            return Err(EngineError::Ungoverned { relation: governed.relation.name.clone() });
        }
        if self.relations.iter().any(|r| is_open(&r.relation) && read.is_within(r)) {
            return Ok(());
        }
        match read {
            Reads::Rows { rows, columns, .. } if self.literals.contains(&(rows, columns)) => Ok(()),
            _ => Err(unknown()),
        }
    }

    fn check_gate(&self, gate: &GovernedScanExec) -> Result<(), EngineError> {
        let figures = gate.checker.account.figures();
        let refuse = |why| Err(EngineError::Unproven { relation: figures.relation.clone(), why });
        let Some(stored) = self.relations.iter().find(|r| r.relation.name == figures.relation) else {
            return refuse("there is no such relation");
        };
        let Some(rule) = self.rulings.get(&figures.relation).and_then(Ruling::gate) else {
            return refuse("its ruling asks for no gate");
        };
        let same_rule = gate.checker.account.rule() == rule && gate.checker.resolver.rule == rule;
        if figures.purpose != self.rulings.purpose || !same_rule {
            return refuse("the gate is of another purpose or ground");
        }
        if !self.accounts.iter().any(|own| Arc::ptr_eq(own, &gate.checker.account)) {
            return refuse("the gate is of another run");
        }
        if !reads_the_whole_of(stored, gate) {
            return refuse("the gate does not stand on the relation's whole reader");
        }
        if !takes_its_own_columns(&stored.relation, gate) {
            return refuse("the gate takes other columns for its own");
        }
        Ok(())
    }
}

fn is_open(relation: &Relation) -> bool {
    relation.ruling == Ruling::Open && relation.governance.is_none()
}

fn reads_the_whole_of(stored: &StoredRelation, gate: &GovernedScanExec) -> bool {
    let empty = match &stored.relation.content {
        Content::Declared(_) => true,
        Content::Files { files, .. } => files.is_empty(),
        Content::Memory { .. } => false,
    };
    if empty {
        return (gate.reader.as_ref() as &dyn Any).is::<EmptyExec>();
    }
    reads(&gate.reader).is_some_and(|read| {
        let narrowed = gate.checker.account.narrowed() && matches!(stored.relation.content, Content::Files { .. });
        read.is_whole(stored) && read.has_predicate() == narrowed
    })
}

/// By name, since positions are what a rule that moves columns would mix up.
fn takes_its_own_columns(relation: &Relation, gate: &GovernedScanExec) -> bool {
    let Some(governance) = &relation.governance else { return false };
    let checker = &gate.checker;
    let read = gate.reader.schema();
    let is = |at: usize, name: &str| read.fields().get(at).is_some_and(|f| f.name() == name);
    let names = subject_names(governance);
    let own = &checker.resolver.governance;
    let same_rows = match (&governance.rows, &own.rows) {
        (Some(rows), Some(own)) => Arc::ptr_eq(rows, own),
        (None, None) => true,
        _ => false,
    };
    let same_subjects = Arc::ptr_eq(&governance.subjects, &own.subjects)
        && Arc::ptr_eq(&governance.decisions, &own.decisions)
        && governance.subject == own.subject
        && same_rows;
    let tokens = matches!(governance.subject, SubjectColumns::Tokens { .. });
    let asks_the_right_columns = match &checker.resolver.whose {
        Whose::Unresolved => governance.subject == SubjectColumns::Unresolvable,
        Whose::Named { columns, unidentified } => {
            let marked = match unidentified {
                Some(at) => is(*at, UNIDENTIFIED_COLUMN),
                None => !tokens || relation.content.schema().index_of(UNIDENTIFIED_COLUMN).is_err(),
            };
            marked
                && !names.is_empty()
                && names.len() == columns.len()
                && names.iter().zip(columns).all(|(name, at)| is(*at, name))
        }
        Whose::Placed { file, row } => placed(relation).is_some() && is(*file, FILE_COLUMN) && is(*row, ROW_COLUMN),
    };
    let same_retention = governance.retention == own.retention
        && match (&governance.retention, checker.time_at) {
            (Some(retention), Some(at)) => is(at, &retention.column),
            (None, None) => true,
            _ => false,
        };
    same_subjects
        && same_retention
        && asks_the_right_columns
        && checker.output.len() == checker.schema.fields().len()
        && checker.output.iter().zip(checker.schema.fields()).all(|(place, field)| match place {
            Place::Stored(at) => is(*at, field.name()),
            Place::CustomerId => tokens && field.name() == SUBJECT_COLUMN,
            Place::Unknown => field.name() == UNKNOWN_COLUMN,
        })
}
