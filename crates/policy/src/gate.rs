//! The node that stands over every scan of personal data.

use datafusion::common::{DFSchemaRef, Result, plan_err};
use datafusion::logical_expr::{Expr, Extension, LogicalPlan, UserDefinedLogicalNodeCore};
use lakewarden_dictionary::LawfulBasis;
use std::fmt;
use std::sync::Arc;

/// The column that says whose a row is.
pub const SUBJECT_COLUMN: &str = "customer_id";

/// Lets through the rows of a scan whose data subjects may be read for the purpose. The optimiser passes no
/// predicate, limit or projection of the subject's column below it; what [`crate::narrow()`] hands it goes
/// below by the gate's own planner.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd)]
pub struct PolicyGate {
    /// The scan.
    pub input: LogicalPlan,
    /// The relation that is scanned.
    pub relation: String,
    /// What it is read for.
    pub purpose: String,
    /// The ground, by its declared name.
    basis: Basis,
    /// Predicates that the scan may evaluate before the gate. They are not expressions of the node: no rule
    /// may change them, and each of them still stands in the filter above.
    narrowed: Vec<Expr>,
}

/// [`LawfulBasis`] with the orders that plan nodes need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Basis(LawfulBasis);

impl PartialOrd for Basis {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        (self.0 as u8).partial_cmp(&(other.0 as u8))
    }
}

impl PolicyGate {
    /// Puts a gate over `input`, a scan of `relation`.
    ///
    /// # Errors
    /// If the relation has no column that carries its subject.
    pub fn try_new(input: LogicalPlan, relation: &str, purpose: &str, basis: LawfulBasis) -> Result<Self> {
        if input.schema().index_of_column_by_name(None, SUBJECT_COLUMN).is_none() {
            return plan_err!("relation {relation:?} has no column {SUBJECT_COLUMN:?} to govern it by");
        }
        let (relation, purpose) = (relation.to_owned(), purpose.to_owned());
        Ok(Self { input, relation, purpose, basis: Basis(basis), narrowed: Vec::new() })
    }

    /// The same gate over another plan.
    pub(crate) fn over(&self, input: &LogicalPlan) -> Result<LogicalPlan> {
        let gate = Self::try_new(input.clone(), &self.relation, &self.purpose, self.basis.0)?;
        Ok(LogicalPlan::Extension(Extension { node: Arc::new(gate.narrowed_by(self.narrowed.clone())) }))
    }

    /// The same gate, with these predicates for the scan below instead of those it had. That each may go
    /// there, and stands above as well, is for [`crate::verify()`] to say.
    pub fn narrowed_by(self, narrowed: Vec<Expr>) -> Self {
        Self { narrowed, ..self }
    }

    /// Predicates that the scan may evaluate before the gate; their columns are unqualified.
    pub fn narrowed(&self) -> &[Expr] {
        &self.narrowed
    }

    /// The ground on which the relation is read.
    pub fn basis(&self) -> LawfulBasis {
        self.basis.0
    }

    /// The gate that a node is, if it is one.
    pub fn of(plan: &LogicalPlan) -> Option<&Self> {
        match plan {
            LogicalPlan::Extension(Extension { node }) => node.as_any().downcast_ref(),
            _ => None,
        }
    }
}

impl UserDefinedLogicalNodeCore for PolicyGate {
    fn name(&self) -> &str {
        "PolicyGate"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        self.input.schema()
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "PolicyGate: relation={}, purpose={}, basis={:?}", self.relation, self.purpose, self.basis.0)?;
        if self.narrowed.is_empty() {
            return Ok(());
        }
        let narrowed: Vec<String> = self.narrowed.iter().map(ToString::to_string).collect();
        write!(f, ", narrowed by {}", narrowed.join(" AND "))
    }

    fn with_exprs_and_inputs(&self, exprs: Vec<Expr>, mut inputs: Vec<LogicalPlan>) -> Result<Self> {
        match (inputs.pop(), inputs.is_empty() && exprs.is_empty()) {
            (Some(input), true) => {
                let gate = Self::try_new(input, &self.relation, &self.purpose, self.basis.0)?;
                Ok(gate.narrowed_by(self.narrowed.clone()))
            }
            _ => plan_err!("a policy gate has one input and no expressions"),
        }
    }

    /// What is asked of the gate, and always the subject's column.
    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        let subject = self.input.schema().index_of_column_by_name(None, SUBJECT_COLUMN)?;
        let mut columns = output_columns.to_vec();
        if !columns.contains(&subject) {
            columns.push(subject);
        }
        columns.sort_unstable();
        Some(vec![columns])
    }
}
