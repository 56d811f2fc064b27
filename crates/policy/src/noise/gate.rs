//! The node over a model's last aggregate that lets only noised figures through.

use super::functions::whole;
use super::mechanism::{Figure, Mechanism};
use datafusion::arrow::array::{ArrayRef, BooleanArray, Decimal128Array, Int64Array, RecordBatch, UInt64Array};
use datafusion::arrow::compute::{cast, filter};
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::arrow::row::{RowConverter, SortField};
use datafusion::common::{DFSchema, DFSchemaRef, Result, exec_err, plan_err};
use datafusion::logical_expr::{Expr, LogicalPlan, UserDefinedLogicalNodeCore};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Adds noise to the figures of its input, and lets rows through whose noised number of people reaches the threshold.
///
/// Its input has what was grouped by, then the number of people, then sums in units; its output has the columns of the
/// aggregate that the model wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoiseGate {
    /// The bounded aggregate.
    pub input: LogicalPlan,
    /// The noise.
    pub mechanism: Mechanism,
    /// What each of the model's aggregates is, in their order.
    pub shown: Vec<Shown>,
    /// The columns of the model's aggregate.
    schema: DFSchemaRef,
}

/// Gives the noise of a figure for the row of a key, whose exact value is this.
pub type Draw<'d> = dyn Fn(&Figure, &[u8], i128) -> Result<i128> + 'd;

/// A figure as the model's aggregate shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd)]
pub enum Shown {
    /// The number of people.
    People,
    /// One of the sums, by its place among them.
    Sum(usize),
}

impl NoiseGate {
    /// Puts a gate over a bounded aggregate; `schema` is that of the aggregate that it stands for.
    ///
    /// # Errors
    /// If the columns do not go together.
    pub fn try_new(input: LogicalPlan, mechanism: Mechanism, shown: Vec<Shown>, schema: &DFSchemaRef) -> Result<Self> {
        let given = input.schema().fields();
        let figures = 1 + mechanism.sums.len();
        let groups = given.len().checked_sub(figures);
        if groups.is_none_or(|groups| groups + shown.len() != schema.fields().len()) {
            return plan_err!("a noise gate over other columns than its own");
        }
        let groups = groups.unwrap_or_default();
        // What is grouped by may get another type while the plan is analysed.
        let fields = schema.iter().enumerate().map(|(at, (qualifier, field))| {
            let field = match (at < groups).then(|| &given[at]) {
                Some(own) => Arc::new(field.as_ref().clone().with_data_type(own.data_type().clone())),
                None => field.clone(),
            };
            (qualifier.cloned(), field)
        });
        let schema = DFSchema::new_with_metadata(fields.collect(), schema.metadata().clone())?;
        Ok(Self { input, mechanism, shown, schema: Arc::new(schema) })
    }

    /// The rows of a batch of its input that are published, as they are published.
    ///
    /// # Errors
    /// If the figures are not within their bounds: then what is below is not what was planned.
    pub fn publish(&self, schema: &SchemaRef, batch: &RecordBatch, draw: &Draw<'_>) -> Result<RecordBatch> {
        let groups = schema.fields().len() - self.shown.len();
        let rows = batch.num_rows();
        let keys = &batch.columns()[..groups];
        let fields = keys.iter().map(|k| SortField::new(k.data_type().clone())).collect();
        let converted = if groups == 0 { None } else { Some(RowConverter::new(fields)?.convert_columns(keys)?) };
        let key = |row: usize| converted.as_ref().map(|rows| rows.row(row).as_ref().to_vec()).unwrap_or_default();

        let people = whole(batch.column(groups))?;
        let mut noised_people = Vec::with_capacity(rows);
        for (row, exact) in people.iter().enumerate() {
            let exact = exact.unwrap_or(0);
            noised_people.push(exact.saturating_add(draw(&self.mechanism.people, &key(row), exact)?));
        }
        let pass: BooleanArray = noised_people.iter().map(|n| Some(*n >= self.mechanism.threshold)).collect();
        let passing = || (0..rows).filter(|row| pass.value(*row));
        let noised_people: Vec<i128> = passing().map(|row| noised_people[row]).collect();

        let mut noised_sums = Vec::with_capacity(self.mechanism.sums.len());
        for (at, figure) in self.mechanism.sums.iter().enumerate() {
            let exact = whole(batch.column(groups + 1 + at))?;
            let mut noised = Vec::with_capacity(noised_people.len());
            for row in passing() {
                let (exact, people) = (exact[row].unwrap_or(0), people[row].unwrap_or(0));
                if exact < figure.low * people || exact > figure.high * people {
                    return exec_err!("what people add to a figure is not within its bounds");
                }
                noised.push(exact.saturating_add(draw(figure, &key(row), exact)?));
            }
            noised_sums.push(noised);
        }

        let mut columns = Vec::with_capacity(schema.fields().len());
        for (column, field) in keys.iter().zip(schema.fields()) {
            columns.push(cast(&filter(column, &pass)?, field.data_type())?);
        }
        for (shown, field) in self.shown.iter().zip(&schema.fields()[groups..]) {
            let noised = match shown {
                Shown::People => Some(&noised_people),
                Shown::Sum(at) => noised_sums.get(*at),
            };
            let Some(noised) = noised else { return exec_err!("a figure is missing") };
            columns.push(of_type(noised, field.data_type())?);
        }
        Ok(RecordBatch::try_new(schema.clone(), columns)?)
    }
}

/// Values in units as the type that the model's aggregate has. What does not fit becomes the nearest that does: an
/// error would tell of the value.
fn of_type(units: &[i128], data_type: &DataType) -> Result<ArrayRef> {
    let within = |low: i128, high: i128| units.iter().map(move |v| (*v).clamp(low, high));
    Ok(match data_type {
        DataType::Int64 => {
            let fits = within(i64::MIN.into(), i64::MAX.into()).map(|v| v as i64);
            Arc::new(Int64Array::from_iter_values(fits))
        }
        DataType::UInt64 => Arc::new(UInt64Array::from_iter_values(within(0, u64::MAX.into()).map(|v| v as u64))),
        DataType::Decimal128(precision, scale) => {
            let most = 10i128.pow(u32::from(*precision).min(38)) - 1;
            let array = Decimal128Array::from_iter_values(within(-most, most));
            Arc::new(array.with_precision_and_scale(*precision, *scale)?)
        }
        _ => return exec_err!("a figure is neither an integer nor a decimal"),
    })
}

impl Hash for NoiseGate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.input, &self.mechanism, &self.shown).hash(state);
    }
}

impl PartialOrd for NoiseGate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (&self.input, &self.mechanism, &self.shown).partial_cmp(&(&other.input, &other.mechanism, &other.shown))
    }
}

impl UserDefinedLogicalNodeCore for NoiseGate {
    fn name(&self) -> &str {
        "NoiseGate"
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
        write!(f, "NoiseGate: threshold={}, figures={}", self.mechanism.threshold, 1 + self.mechanism.sums.len())
    }

    fn with_exprs_and_inputs(&self, exprs: Vec<Expr>, mut inputs: Vec<LogicalPlan>) -> Result<Self> {
        match (inputs.pop(), inputs.is_empty() && exprs.is_empty()) {
            (Some(input), true) => Self::try_new(input, self.mechanism.clone(), self.shown.clone(), &self.schema),
            _ => plan_err!("a noise gate has one input and no expressions"),
        }
    }

    /// All columns, whatever is asked of the gate.
    fn necessary_children_exprs(&self, _: &[usize]) -> Option<Vec<Vec<usize>>> {
        Some(vec![(0..self.input.schema().fields().len()).collect()])
    }
}
