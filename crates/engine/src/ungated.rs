//! Plans that have lost their gate do not run: each line of defence alone, the others taken away.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use crate::engine::{Engine, EngineOptions};
use crate::error::EngineError;
use crate::gate::Accounts;
use crate::proof::Proof;
use crate::relation::{Content, Governance, Relation, SubjectColumns};
use crate::scan::RelationProvider;
use crate::session::{Session, SessionSpec};
use crate::stored::StoredRelation;
use crate::subjects::SubjectIndex;
use chrono::DateTime;
use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::catalog::TableProvider;
use datafusion::common::Result;
use datafusion::common::tree_node::Transformed;
use datafusion::execution::SessionStateBuilder;
use datafusion::logical_expr::{Extension, LogicalPlan, LogicalPlanBuilder};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};
use datafusion::physical_plan::{ExecutionPlan, collect};
use datafusion::prelude::{SessionContext, col, lit};
use lakewarden_dictionary::LawfulBasis;
use lakewarden_policy::{Decisions, PolicyGate, Ruling};
use object_store::memory::InMemory;
use std::sync::Arc;

fn relation(ruling: Ruling) -> Relation {
    let ids: ArrayRef = Arc::new(StringArray::from(vec![lakewarden_privacy::token_text('c', 1, 1)]));
    let names: ArrayRef = Arc::new(StringArray::from(vec!["CANARY"]));
    let row = RecordBatch::try_from_iter([("customer_id", ids), ("name", names)]).unwrap();
    let governance = Governance {
        subject: SubjectColumns::CustomerId,
        subjects: Arc::new(SubjectIndex::default()),
        decisions: Arc::new(Decisions::default()),
        rows: None,
        retention: None,
    };
    let content = Content::Memory { schema: row.schema(), batches: vec![row] };
    Relation { name: "people".into(), content, ruling, governance: Some(governance) }
}

fn provider(relation: Relation) -> RelationProvider {
    RelationProvider::new(Arc::new(StoredRelation::try_new(relation).unwrap()))
}

/// The last look alone, at a plan for which no gate was planned.
fn refuse_sealed(plan: &Arc<dyn ExecutionPlan>) -> std::result::Result<(), EngineError> {
    let session = session();
    let nothing = LogicalPlanBuilder::empty(false).build().unwrap();
    Proof::new(&session.rulings, &session.relations, &Accounts::default(), &nothing)?.check(plan)
}

fn gated() -> Ruling {
    Ruling::Gated { basis: LawfulBasis::Consent, forbidden_columns: Vec::new() }
}

fn session() -> Session {
    let engine = Engine::new(Arc::new(InMemory::new()), EngineOptions { partitions: 1, ..Default::default() }).unwrap();
    let spec = SessionSpec {
        purpose: "analytics".into(),
        as_of: DateTime::UNIX_EPOCH,
        zone: chrono_tz::UTC,
        minimum_subjects: 1,
    };
    Session::new(&engine, &spec, vec![relation(gated())]).unwrap()
}

/// A rule of somebody else's that does this to gates.
struct Meddling(fn(&PolicyGate) -> Option<LogicalPlan>);

impl std::fmt::Debug for Meddling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Meddling")
    }
}

impl OptimizerRule for Meddling {
    fn name(&self) -> &str {
        "meddling"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn rewrite(&self, plan: LogicalPlan, _: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let LogicalPlan::Extension(Extension { node }) = &plan else { return Ok(Transformed::no(plan)) };
        let changed = node.as_any().downcast_ref::<PolicyGate>().and_then(self.0);
        Ok(changed.map_or_else(|| Transformed::no(plan), Transformed::yes))
    }
}

async fn refused_with(meddling: fn(&PolicyGate) -> Option<LogicalPlan>, words: &str) {
    let mut session = session();
    let state = SessionStateBuilder::new_from_existing(session.context.state())
        .with_optimizer_rule(Arc::new(Meddling(meddling)))
        .build();
    session.context = SessionContext::new_with_state(state);
    for sql in ["SELECT name FROM people", "SELECT 1 WHERE (SELECT count(*) FROM people) = 1"] {
        let Err(EngineError::Sql(problem)) = session.run(sql).await.map(|_| ()) else { panic!("ran: {sql}") };
        assert!(problem.message.contains(words) && problem.message.contains("people"), "{sql}: {problem:?}");
    }
}

fn on_gate(gate: &PolicyGate, change: impl FnOnce(LogicalPlan) -> LogicalPlan) -> Option<LogicalPlan> {
    let mut gate = gate.clone();
    gate.input = change(gate.input);
    Some(LogicalPlan::Extension(Extension { node: Arc::new(gate) }))
}

#[tokio::test]
async fn without_meddling_it_runs() {
    let mut running = session().run("SELECT name FROM people").await.unwrap();
    while running.next().await.unwrap().is_some() {}
    let figures = running.accounts().unwrap();
    assert_eq!((figures[0].read, figures[0].used), (1, 0));
}

#[tokio::test]
async fn an_optimiser_rule_that_takes_gates_away_is_noticed() {
    refused_with(|gate| Some(gate.input.clone()), "without its policy gate").await;
}

#[tokio::test]
async fn an_optimiser_rule_that_reaches_below_gates_is_noticed() {
    let limited = |gate: &PolicyGate| {
        on_gate(gate, |plan| match plan {
            LogicalPlan::TableScan(mut scan) => {
                scan.fetch = Some(1);
                LogicalPlan::TableScan(scan)
            }
            other => other,
        })
    };
    refused_with(limited, "was changed by the optimiser").await;
    let filtered = |gate: &PolicyGate| {
        on_gate(gate, |plan| match plan {
            LogicalPlan::TableScan(mut scan) => {
                scan.filters = vec![col("customer_id").eq(lit("x"))];
                LogicalPlan::TableScan(scan)
            }
            other => other,
        })
    };
    refused_with(filtered, "was changed by the optimiser").await;
    let elsewhere = |gate: &PolicyGate| {
        let mut gate = gate.clone();
        gate.purpose = "marketing".into();
        Some(LogicalPlan::Extension(Extension { node: Arc::new(gate) }))
    };
    refused_with(elsewhere, "was changed by the optimiser").await;
}

#[tokio::test]
async fn a_sealed_scan_does_not_execute_and_is_refused_before_it_could() {
    let context = SessionContext::new();
    let sealed = provider(relation(gated())).scan(&context.state(), None, &[], None).await.unwrap();
    assert!(sealed.children().is_empty(), "no rule may take out what is inside");
    let refused = refuse_sealed(&sealed);
    assert!(matches!(&refused, Err(EngineError::Ungoverned { relation }) if relation == "people"), "{refused:?}");
    let error = collect(sealed, context.task_ctx()).await.unwrap_err().to_string();
    assert!(error.contains("has no policy gate") && !error.contains("CANARY"), "{error}");
}

/// The analyser left out: the scan that comes of it is sealed.
#[tokio::test]
async fn a_plan_that_was_never_analysed_does_not_run() {
    let context = SessionContext::new();
    context.register_table("people", Arc::new(provider(relation(gated())))).unwrap();
    for sql in ["SELECT * FROM people", "SELECT count(*) FROM people", "SELECT 1 + (SELECT count(*) FROM people)"] {
        let physical = context.sql(sql).await.unwrap().create_physical_plan().await.unwrap();
        assert!(matches!(refuse_sealed(&physical), Err(EngineError::Ungoverned { .. })), "{sql}");
        let error = collect(physical, context.task_ctx()).await.unwrap_err().to_string();
        assert!(error.contains("has no policy gate"), "{sql}: {error}");
    }
}

/// The session's context used past the session: nothing of it plans gates.
#[tokio::test]
async fn the_sessions_own_planner_runs_no_gated_plan() {
    let session = session();
    let error = session.context.sql("SELECT * FROM people").await.unwrap().collect().await.unwrap_err().to_string();
    assert!(error.contains("PolicyGate") && !error.contains("CANARY"), "{error}");
}

#[tokio::test]
async fn a_ruling_that_does_not_fit_yields_no_scan() {
    let context = SessionContext::new();
    let scan = async |relation| provider(relation).scan(&context.state(), None, &[], None).await;
    assert!(scan(relation(Ruling::Open)).await.is_err(), "data subjects, ruled open");
    let unknown = Relation { governance: None, ..relation(gated()) };
    assert!(scan(unknown).await.is_err(), "gated, but nobody knows by what");
}

/// A model may use every function that a session has: each has a declared behaviour.
#[tokio::test]
async fn every_function_of_a_session_has_a_declared_behaviour() {
    use lakewarden_policy::labels::{of_aggregate, of_scalar, of_window, of_window_aggregate};
    let state = session().context.state();
    let undeclared = |names: Vec<&String>, known: &dyn Fn(&str) -> bool| -> Vec<String> {
        names.into_iter().filter(|name| !known(name)).cloned().collect()
    };
    let scalars = state.scalar_functions().keys().collect();
    assert_eq!(undeclared(scalars, &|n| of_scalar(n).is_some()), [""; 0]);
    let aggregates: Vec<&String> = state.aggregate_functions().keys().collect();
    assert_eq!(undeclared(aggregates.clone(), &|n| of_aggregate(n).is_some()), [""; 0]);
    assert_eq!(undeclared(aggregates, &|n| of_window_aggregate(n).is_some()), [""; 0]);
    assert_eq!(undeclared(state.window_functions().keys().collect(), &|n| of_window(n).is_some()), [""; 0]);
}
