//! Each thing that the last look refuses.

use datafusion::arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::common::Result;
use datafusion::config::ConfigOptions;
use datafusion::datasource::MemTable;
use datafusion::logical_expr::{Extension, LogicalPlan, LogicalPlanBuilder, TableScan};
use datafusion::optimizer::AnalyzerRule;
use datafusion::prelude::{SessionContext, col, lit};
use lakewarden_dictionary::LawfulBasis;
use lakewarden_policy::{GovernScans, PolicyGate, Ruling, Rulings, verify};
use std::sync::Arc;

pub fn schema() -> SchemaRef {
    let town = Fields::from(vec![Field::new("town", DataType::Utf8, true)]);
    Arc::new(Schema::new(vec![
        Field::new("customer_id", DataType::Utf8, true),
        Field::new("name", DataType::Utf8, true),
        Field::new("city", DataType::Utf8, true),
        Field::new("place", DataType::Struct(town), true),
    ]))
}

pub fn rulings() -> Rulings {
    let mut rulings = Rulings::new("analytics");
    rulings.set("people", Ruling::Gated { basis: LawfulBasis::Consent, forbidden_columns: vec![] });
    rulings.set("shops", Ruling::Open);
    rulings
}

/// A query as DataFusion plans it, ungoverned.
pub async fn plan(sql: &str) -> LogicalPlan {
    let context = SessionContext::new();
    let table = |schema| Arc::new(MemTable::try_new(schema, vec![vec![]]).unwrap()) as Arc<dyn TableProvider>;
    context.register_table("people", table(schema())).unwrap();
    let shops = Schema::new(vec![Field::new("city", DataType::Utf8, true)]);
    context.register_table("shops", table(Arc::new(shops))).unwrap();
    context.state().create_logical_plan(sql).await.unwrap()
}

pub fn govern(plan: LogicalPlan) -> Result<LogicalPlan> {
    GovernScans::new(Arc::new(rulings())).analyze(plan, &ConfigOptions::default())
}

/// A query as a session analyses it: types brought together, then governed.
pub async fn analysed(sql: &str) -> LogicalPlan {
    let analyzer = datafusion::optimizer::Analyzer::new();
    let plan = analyzer.execute_and_check(plan(sql).await, &ConfigOptions::default(), |_, _| {}).unwrap();
    govern(plan).unwrap()
}

async fn scan() -> TableScan {
    match plan("SELECT * FROM people").await {
        LogicalPlan::Projection(projection) => match projection.input.as_ref() {
            LogicalPlan::TableScan(scan) => scan.clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn gated(input: LogicalPlan, relation: &str, purpose: &str, basis: LawfulBasis) -> LogicalPlan {
    let gate = PolicyGate::try_new(input, relation, purpose, basis).unwrap();
    LogicalPlan::Extension(Extension { node: Arc::new(gate) })
}

fn own(input: LogicalPlan) -> LogicalPlan {
    gated(input, "people", "analytics", LawfulBasis::Consent)
}

fn refusal(plan: &LogicalPlan) -> String {
    verify(plan, &rulings()).map(|()| panic!("passed: {}", plan.display_indent())).unwrap_err().to_string()
}

#[tokio::test]
async fn a_scan_under_its_own_gate_passes() {
    verify(&own(LogicalPlan::TableScan(scan().await)), &rulings()).unwrap();
    verify(&plan("SELECT * FROM shops").await, &rulings()).unwrap();
}

#[tokio::test]
async fn a_scan_without_gate_is_refused_wherever_it_stands() {
    for sql in [
        "SELECT * FROM people",
        "SELECT 1 FROM shops WHERE EXISTS (SELECT 1 FROM people)",
        "SELECT (SELECT max(name) FROM people)",
        "SELECT city FROM shops UNION ALL SELECT city FROM people",
        "SELECT city FROM shops WHERE city = ANY (SELECT city FROM people)",
    ] {
        assert!(refusal(&plan(sql).await).contains("scans \"people\" without its policy gate"), "{sql}");
    }
}

#[tokio::test]
async fn a_scan_that_nobody_ruled_upon_is_refused() {
    let known = Rulings::new("analytics");
    assert!(verify(&plan("SELECT * FROM shops").await, &known).is_err());
    assert!(verify(&own(LogicalPlan::TableScan(scan().await)), &known).is_err());
}

#[tokio::test]
async fn a_gate_that_stands_on_something_else_is_refused() {
    let scan = LogicalPlan::TableScan(scan().await);
    let build = || LogicalPlanBuilder::from(scan.clone());
    for input in [
        build().filter(col("city").eq(lit("x"))).unwrap().build().unwrap(),
        build().limit(0, Some(1)).unwrap().build().unwrap(),
        build().project(vec![col("customer_id")]).unwrap().build().unwrap(),
        build().sort(vec![col("city").sort(true, true)]).unwrap().build().unwrap(),
        build().alias("p").unwrap().build().unwrap(),
        own(scan.clone()),
    ] {
        assert!(refusal(&own(input)).contains("no longer stands on its scan"));
    }
}

#[tokio::test]
async fn a_predicate_or_a_limit_in_the_scan_is_refused() {
    let mut filtered = scan().await;
    filtered.filters = vec![col("city").eq(lit("x"))];
    let mut limited = scan().await;
    limited.fetch = Some(1);
    for changed in [filtered, limited] {
        assert!(refusal(&own(LogicalPlan::TableScan(changed))).contains("was changed by the optimiser"));
    }
}

#[tokio::test]
async fn a_gate_of_another_relation_purpose_or_ground_is_refused() {
    let scan = LogicalPlan::TableScan(scan().await);
    for gate in [
        gated(scan.clone(), "shops", "analytics", LawfulBasis::Consent),
        gated(scan.clone(), "unknown", "analytics", LawfulBasis::Consent),
        gated(scan.clone(), "people", "marketing", LawfulBasis::Consent),
        gated(scan.clone(), "people", "analytics", LawfulBasis::Contract),
    ] {
        assert!(refusal(&gate).contains("was changed by the optimiser"));
    }
}

/// A node that is not ours may do anything with its input.
#[tokio::test]
async fn a_node_that_the_policy_does_not_know_is_refused() {
    use datafusion::common::DFSchemaRef;
    use datafusion::logical_expr::{Expr, UserDefinedLogicalNodeCore};
    #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd)]
    struct Foreign(LogicalPlan);
    impl UserDefinedLogicalNodeCore for Foreign {
        fn name(&self) -> &str {
            "Foreign"
        }
        fn inputs(&self) -> Vec<&LogicalPlan> {
            vec![&self.0]
        }
        fn schema(&self) -> &DFSchemaRef {
            self.0.schema()
        }
        fn expressions(&self) -> Vec<Expr> {
            Vec::new()
        }
        fn fmt_for_explain(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
            f.write_str("Foreign")
        }
        fn with_exprs_and_inputs(&self, _: Vec<Expr>, mut inputs: Vec<LogicalPlan>) -> Result<Self> {
            Ok(Self(inputs.remove(0)))
        }
    }
    let node = Arc::new(Foreign(own(LogicalPlan::TableScan(scan().await))));
    assert!(refusal(&LogicalPlan::Extension(Extension { node })).contains("does not know: Foreign"));
}
