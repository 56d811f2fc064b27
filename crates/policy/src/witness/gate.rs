//! The node at the root of a plan that holds back rows with too few people behind them.

use super::functions::count_witnesses;
use super::strand::{is_hidden, shown};
use datafusion::arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use datafusion::common::{DFSchema, DFSchemaRef, Result, exec_err, plan_err};
use datafusion::logical_expr::{Expr, LogicalPlan, UserDefinedLogicalNodeCore};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Lets through rows behind which at least k people stand, strand by strand, and rows about no person. A row about unknown
/// persons only is held back. Takes the hidden columns off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KGate {
    /// What it stands over, hidden columns included.
    pub input: LogicalPlan,
    /// How many people have to stand behind a row.
    pub k: u32,
    schema: DFSchemaRef,
}

impl KGate {
    /// Puts a gate over a plan.
    ///
    /// # Errors
    /// If the plan has no hidden column: there would be nothing to judge by.
    pub fn try_new(input: LogicalPlan, k: u32) -> Result<Self> {
        let schema = input.schema();
        let fields: Vec<_> = schema
            .iter()
            .filter(|(_, field)| !is_hidden(field.name()))
            .map(|(qualifier, field)| (qualifier.cloned(), field.clone()))
            .collect();
        if fields.len() == schema.fields().len() {
            return plan_err!("nothing says who stands behind the rows");
        }
        let schema = Arc::new(DFSchema::new_with_metadata(fields, schema.metadata().clone())?);
        Ok(Self { input, k, schema })
    }

    /// Which rows of a batch of its input pass, and the batch without hidden columns.
    ///
    /// # Errors
    /// If a hidden column is damaged.
    pub fn judge(k: u32, batch: &RecordBatch) -> Result<(RecordBatch, BooleanArray)> {
        let schema = batch.schema();
        let hidden: Vec<usize> = (0..batch.num_columns()).filter(|at| is_hidden(schema.field(*at).name())).collect();
        let rest: Vec<usize> = (0..batch.num_columns()).filter(|at| !hidden.contains(at)).collect();
        let mut pass = vec![true; batch.num_rows()];
        for at in hidden {
            let Some(sets) = batch.column(at).as_binary_opt::<i32>() else {
                return exec_err!("a column of witnesses is damaged");
            };
            for (row, pass) in pass.iter_mut().enumerate().filter(|(row, _)| sets.is_valid(*row)) {
                let Some((known, unknown)) = count_witnesses(sets.value(row)) else {
                    return exec_err!("a column of witnesses is damaged");
                };
                let of_no_person = known == 0 && !unknown;
                *pass &= of_no_person || known >= k as usize;
            }
        }
        Ok((batch.project(&rest)?, BooleanArray::from(pass)))
    }
}

impl Hash for KGate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.input, self.k).hash(state);
    }
}

impl PartialOrd for KGate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (&self.input, self.k).partial_cmp(&(&other.input, other.k))
    }
}

impl UserDefinedLogicalNodeCore for KGate {
    fn name(&self) -> &str {
        "KGate"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "KGate: k={}", self.k)
    }

    fn with_exprs_and_inputs(&self, exprs: Vec<Expr>, mut inputs: Vec<LogicalPlan>) -> Result<Self> {
        match (inputs.pop(), inputs.is_empty() && exprs.is_empty()) {
            (Some(input), true) => Self::try_new(input, self.k),
            _ => plan_err!("a k-gate has one input and no expressions"),
        }
    }

    /// What is asked of the gate, and always the hidden columns.
    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        let schema = self.input.schema();
        let places: Vec<usize> = shown(schema).map(|c| schema.maybe_index_of_column(&c)).collect::<Option<_>>()?;
        let mut columns: Vec<usize> =
            output_columns.iter().map(|at| places.get(*at).copied()).collect::<Option<_>>()?;
        columns.extend((0..schema.fields().len()).filter(|at| is_hidden(schema.field(*at).name())));
        columns.sort_unstable();
        Some(vec![columns])
    }
}
