//! The node that stands over every scan of personal data.

use datafusion::common::{DFSchemaRef, Result, plan_err};
use datafusion::logical_expr::{Expr, Extension, LogicalPlan, UserDefinedLogicalNodeCore};
use lakewarden_dictionary::LawfulBasis;
use std::fmt;
use std::sync::Arc;

/// The column that says whose a row is.
pub const SUBJECT_COLUMN: &str = "customer_id";

/// By what a gate decides on rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GateRule {
    /// By the decision on each row's data subject, on this lawful basis, and by retention.
    Subject(LawfulBasis),
    /// By retention alone: rows are about people who cannot be resolved, and are used on this lawful basis.
    WithoutSubject(LawfulBasis),
    /// By retention alone: rows are not about people.
    NotPersonal,
}

impl GateRule {
    /// The lawful basis on which rows about people are read.
    pub fn lawful_basis(self) -> Option<LawfulBasis> {
        match self {
            GateRule::Subject(basis) | GateRule::WithoutSubject(basis) => Some(basis),
            GateRule::NotPersonal => None,
        }
    }

    /// Whether rows are decided on by their data subjects, whose column the relation must have.
    pub fn resolves_subjects(self) -> bool {
        match self {
            GateRule::Subject(_) => true,
            GateRule::WithoutSubject(_) | GateRule::NotPersonal => false,
        }
    }

    /// A number for the order that plan nodes need.
    fn rank(self) -> (u8, u8) {
        match self {
            GateRule::Subject(basis) => (0, basis as u8),
            GateRule::WithoutSubject(basis) => (1, basis as u8),
            GateRule::NotPersonal => (2, 0),
        }
    }
}

impl PartialOrd for GateRule {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        self.rank().partial_cmp(&other.rank())
    }
}

/// Lets through the rows of a scan that may be read for the purpose: those of data subjects who may be, within their
/// retention. The optimiser passes no predicate, limit or projection of the subject's column below it; what
/// [`crate::narrow()`] hands it goes below by the gate's own planner.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd)]
pub struct PolicyGate {
    /// The scan.
    pub input: LogicalPlan,
    /// The relation that is scanned.
    pub relation: String,
    /// What it is read for.
    pub purpose: String,
    /// By what it decides.
    rule: GateRule,
    /// Predicates that the scan may evaluate before the gate. They are not expressions of the node: no rule
    /// may change them, and each of them still stands in the filter above.
    narrowed: Vec<Expr>,
}

impl PolicyGate {
    /// Puts a gate over `input`, a scan of `relation`, that decides by data subjects.
    ///
    /// # Errors
    /// If the relation has no column that carries its subject.
    pub fn try_new(input: LogicalPlan, relation: &str, purpose: &str, basis: LawfulBasis) -> Result<Self> {
        Self::with_rule(input, relation, purpose, GateRule::Subject(basis))
    }

    /// Puts a gate over `input`, a scan of `relation`, that decides by this rule.
    ///
    /// # Errors
    /// If it decides by data subjects and the relation has no column that carries them.
    pub fn with_rule(input: LogicalPlan, relation: &str, purpose: &str, rule: GateRule) -> Result<Self> {
        if rule.resolves_subjects() && input.schema().index_of_column_by_name(None, SUBJECT_COLUMN).is_none() {
            return plan_err!("relation {relation:?} has no column {SUBJECT_COLUMN:?} to govern it by");
        }
        let (relation, purpose) = (relation.to_owned(), purpose.to_owned());
        Ok(Self { input, relation, purpose, rule, narrowed: Vec::new() })
    }

    /// The same gate over another plan.
    pub(crate) fn over(&self, input: &LogicalPlan) -> Result<LogicalPlan> {
        let gate = Self::with_rule(input.clone(), &self.relation, &self.purpose, self.rule)?;
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

    /// By what it decides.
    pub fn rule(&self) -> GateRule {
        self.rule
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
        write!(f, "PolicyGate: relation={}, purpose={}, rule={:?}", self.relation, self.purpose, self.rule)?;
        if self.narrowed.is_empty() {
            return Ok(());
        }
        let narrowed: Vec<String> = self.narrowed.iter().map(ToString::to_string).collect();
        write!(f, ", narrowed by {}", narrowed.join(" AND "))
    }

    fn with_exprs_and_inputs(&self, exprs: Vec<Expr>, mut inputs: Vec<LogicalPlan>) -> Result<Self> {
        match (inputs.pop(), inputs.is_empty() && exprs.is_empty()) {
            (Some(input), true) => {
                let gate = Self::with_rule(input, &self.relation, &self.purpose, self.rule)?;
                Ok(gate.narrowed_by(self.narrowed.clone()))
            }
            _ => plan_err!("a policy gate has one input and no expressions"),
        }
    }

    /// What is asked of the gate, and always the subject's column, where it decides by subjects.
    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        if !self.rule.resolves_subjects() {
            return Some(vec![output_columns.to_vec()]);
        }
        let subject = self.input.schema().index_of_column_by_name(None, SUBJECT_COLUMN)?;
        let mut columns = output_columns.to_vec();
        if !columns.contains(&subject) {
            columns.push(subject);
        }
        columns.sort_unstable();
        Some(vec![columns])
    }
}
