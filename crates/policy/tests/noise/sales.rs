//! Sales of a few people, planned with noise over plain DataFusion.

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, Decimal128Array, Int64Array, RecordBatch, StringArray,
};
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::Result;
use datafusion::datasource::MemTable;
use datafusion::logical_expr::{
    ColumnarValue, Extension, LogicalPlan, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::prelude::{SessionConfig, SessionContext};
use lakewarden_dictionary::{ExactNumber, LawfulBasis, Noise, NoiseBound, NoisedColumn, Period, Span, Spanned};
use lakewarden_policy::noise::{NoiseGate, Noised, NotNoised, noised};
use lakewarden_policy::{Ruling, Rulings};
use std::sync::Arc;

/// Whose, where, how many, for how much in cents. `None`: nobody knows whose.
#[derive(Debug, Clone, PartialEq)]
pub struct Sale {
    pub person: Option<u8>,
    pub city: Option<u8>,
    pub pieces: Option<i64>,
    pub cents: Option<i64>,
}

fn spanned<T>(value: T) -> Spanned<T> {
    Spanned { value, span: Span::file(&"sales.yaml".into()) }
}

pub fn number(text: &str) -> ExactNumber {
    text.parse().unwrap()
}

pub fn between(low: &str, high: &str) -> NoiseBound {
    NoiseBound::Between { low: number(low), high: number(high) }
}

pub fn noise(rows_per_person: u32, columns: &[(&str, NoiseBound)]) -> Noise {
    Noise {
        epsilon: spanned(number("1.0")),
        delta: spanned(1e-6),
        rows_per_person: spanned(rows_per_person),
        every: spanned(Period { months: 1, days: 0 }),
        columns: columns
            .iter()
            .map(|(name, bound)| NoisedColumn { name: spanned((*name).into()), bound: *bound })
            .collect(),
        span: Span::file(&"sales.yaml".into()),
    }
}

pub fn rulings() -> Rulings {
    let mut rulings = Rulings::new("analytics");
    let gated = || Ruling::Gated { basis: LawfulBasis::Contract, forbidden_columns: Vec::new() };
    rulings.set("sales", gated());
    rulings.set("people", gated());
    rulings.set("shops", Ruling::Open);
    rulings
}

fn text(prefix: &str, number: Option<u8>) -> Option<String> {
    number.map(|n| format!("{prefix}{n}"))
}

/// Some function of the arguments that is hard to foresee.
pub fn place_of(person: &str, city: Option<&str>) -> [u8; 8] {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    for byte in format!("{person}|{city:?}").bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        hash ^= hash >> 29;
    }
    hash.to_be_bytes()
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Place(Signature);

impl ScalarUDFImpl for Place {
    fn name(&self) -> &str {
        "place_of"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Binary)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays: Vec<ArrayRef> = args.args.iter().map(|a| a.to_array(args.number_rows).unwrap()).collect();
        let text = |at: usize, row: usize| {
            let array = arrays.get(at)?.as_string::<i32>();
            array.is_valid(row).then(|| array.value(row).to_owned())
        };
        let places = (0..args.number_rows).map(|row| place_of(&text(0, row).unwrap(), text(1, row).as_deref()));
        Ok(ColumnarValue::Array(Arc::new(BinaryArray::from_iter_values(places))))
    }
}

fn place() -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::new_from_impl(Place(Signature::variadic_any(Volatility::Immutable))))
}

pub fn context(sales: &[Sale]) -> SessionContext {
    let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(3).with_batch_size(7));
    let each = |of: fn(&Sale) -> Option<String>| Arc::new(sales.iter().map(of).collect::<StringArray>()) as ArrayRef;
    let cents: Decimal128Array = sales.iter().map(|s| s.cents.map(i128::from)).collect();
    let rows = RecordBatch::try_from_iter_with_nullable([
        ("customer_id", each(|s| text("p", s.person)), true),
        ("city", each(|s| text("c", s.city)), true),
        ("pieces", Arc::new(sales.iter().map(|s| s.pieces).collect::<Int64Array>()) as ArrayRef, true),
        ("paid", Arc::new(cents.with_precision_and_scale(12, 2).unwrap()) as ArrayRef, true),
    ])
    .unwrap();
    let ages: Vec<Option<i64>> = (0..8).map(|n| Some(20 + n)).collect();
    let people = RecordBatch::try_from_iter_with_nullable([
        ("customer_id", Arc::new((0..8).map(|n| text("p", Some(n))).collect::<StringArray>()) as ArrayRef, true),
        ("age", Arc::new(Int64Array::from(ages)) as ArrayRef, true),
    ])
    .unwrap();
    let shops = RecordBatch::try_from_iter_with_nullable([
        ("city", Arc::new((0..4).map(|n| text("c", Some(n))).collect::<StringArray>()) as ArrayRef, true),
        ("region", Arc::new(StringArray::from(vec!["n", "n", "s", "s"])) as ArrayRef, true),
        ("rent", Arc::new(datafusion::arrow::array::Float64Array::from(vec![1.5; 4])) as ArrayRef, true),
    ])
    .unwrap();
    for (name, rows) in [("sales", rows), ("people", people), ("shops", shops)] {
        let table = MemTable::try_new(rows.schema(), vec![vec![rows]]).unwrap();
        context.register_table(name, Arc::new(table)).unwrap();
    }
    context
}

pub async fn planned(context: &SessionContext, sql: &str, noise: &Noise) -> std::result::Result<Noised, NotNoised> {
    let plan = context.state().create_logical_plan(sql).await.unwrap();
    noised(plan, &rulings(), noise, &place())
}

/// The gate of a plan.
pub fn gate(plan: &LogicalPlan) -> &NoiseGate {
    match plan {
        LogicalPlan::Extension(Extension { node }) => node.as_any().downcast_ref().unwrap(),
        other => gate(other.inputs()[0]),
    }
}

/// What stands below the gate of a query, row by row as text, in order.
pub async fn below_the_gate(context: &SessionContext, sql: &str, noise: &Noise) -> Vec<Vec<String>> {
    let noised = planned(context, sql, noise).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
    let below = gate(&noised.plan).input.clone();
    let batches = context.execute_logical_plan(below).await.unwrap().collect().await.unwrap();
    let mut rows: Vec<Vec<String>> = batches.iter().flat_map(cells).collect();
    rows.sort();
    rows
}

pub fn cells(batch: &RecordBatch) -> Vec<Vec<String>> {
    let options = FormatOptions::default().with_null("∅");
    let columns: Vec<_> =
        batch.columns().iter().map(|c| ArrayFormatter::try_new(c.as_ref(), &options).unwrap()).collect();
    (0..batch.num_rows()).map(|row| columns.iter().map(|c| c.value(row).to_string()).collect()).collect()
}
