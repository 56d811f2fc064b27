//! Good physical plans with their gates dropped, moved, doubled and changed: each is refused.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use crate::account::ScanAccount;
use crate::checker::Checker;
use crate::engine::{Engine, EngineOptions};
use crate::error::EngineError;
use crate::gate::Accounts;
use crate::governed::GovernedScanExec;
use crate::kgate::Suppressed;
use crate::proof::Proof;
use crate::relation::{Content, DataFile, Governance, Relation, SubjectColumns};
use crate::scan::RelationProvider;
use crate::sealed::Place;
use crate::session::{Session, SessionSpec, gate_planners};
use crate::subjects::SubjectIndexBuilder;
use crate::whose::Whose;
use chrono::DateTime;
use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use datafusion::catalog::TableProvider;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfig, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::logical_expr::Operator;
use datafusion::logical_expr::physical_planning_context::{ScalarSubqueryResults, SubqueryIndex};
use datafusion::physical_expr::expressions::{BinaryExpr, col, lit};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::joins::CrossJoinExec;
use datafusion::physical_plan::limit::GlobalLimitExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::scalar_subquery::{ScalarSubqueryExec, ScalarSubqueryLink};
use datafusion::physical_plan::streaming::StreamingTableExec;
use datafusion::physical_plan::union::UnionExec;
use datafusion::physical_planner::{DefaultPhysicalPlanner, PhysicalPlanner};
use lakewarden_dictionary::LawfulBasis;
use lakewarden_policy::{Decisions, GateRule, Ruling};
use lakewarden_privacy::token_text;
use object_store::memory::InMemory;
use object_store::{ObjectStoreExt, path::Path};
use parquet::arrow::ArrowWriter;
use std::any::Any;
use std::sync::Arc;

type Plan = Arc<dyn ExecutionPlan>;

const QUERIES: &[&str] = &[
    "SELECT * FROM people",
    "SELECT count(*) FROM people",
    "SELECT name FROM people WHERE age > 3 ORDER BY name LIMIT 2",
    "SELECT p.name, o.amount FROM people p JOIN orders o ON p.customer_id = o.customer_id",
    "SELECT name FROM people UNION ALL SELECT city FROM shops UNION ALL SELECT customer_id FROM orders",
    "SELECT city FROM shops WHERE EXISTS (SELECT 1 FROM people p WHERE p.name = city)",
    "SELECT city, (SELECT max(name) FROM people) FROM shops",
    "SELECT name, sum(age) OVER (PARTITION BY name ORDER BY age) FROM people",
    "SELECT b.note FROM notes b WHERE b.note IN (SELECT name FROM people) OR b.note = (SELECT max(name) FROM people)",
    "SELECT age, count(*) FROM people GROUP BY ROLLUP (age) EXCEPT SELECT amount, 1 FROM orders",
];

fn text(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

async fn files(store: &InMemory, name: &str, rows: &RecordBatch) -> Content {
    let mut files = Vec::new();
    for at in 0..rows.num_rows() {
        let mut writer = ArrowWriter::try_new(Vec::new(), rows.schema(), None).unwrap();
        writer.write(&rows.slice(at, 1)).unwrap();
        let bytes = writer.into_inner().unwrap();
        let path = format!("conformed/{name}/part-{at}.parquet");
        files.push(DataFile { path: path.clone(), size: bytes.len() as u64 });
        store.put(&Path::from(path), bytes.into()).await.unwrap();
    }
    Content::Files { schema: rows.schema(), files }
}

/// The rule of the session's gates.
const CONSENT: GateRule = GateRule::Subject(LawfulBasis::Consent);

/// `people` in files and `orders` in memory are gated; `notes` in files and `shops` in memory are open.
async fn session() -> Session {
    let ids = [token_text('c', 1, 1), token_text('c', 1, 2)];
    let mut subjects = SubjectIndexBuilder::default();
    ids.iter().for_each(|id| assert!(subjects.customer(id).is_some()));
    let subjects = Arc::new(subjects.finish());
    let id = text(&[&ids[0], &ids[1]]);
    let ages: ArrayRef = Arc::new(Int64Array::from(vec![4, 5]));
    let people =
        RecordBatch::try_from_iter([("customer_id", id), ("name", text(&["a", "b"])), ("age", ages.clone())]).unwrap();
    let token = token_text('k', 1, 1);
    let orders = RecordBatch::try_from_iter([("phone_token", text(&[&token, &token])), ("amount", ages)]).unwrap();
    let notes = RecordBatch::try_from_iter([("note", text(&["a", "c"]))]).unwrap();
    let shops = RecordBatch::try_from_iter([("city", text(&["a"]))]).unwrap();
    let store = Arc::new(InMemory::new());
    let governance = |subject| {
        Some(Governance {
            subject,
            subjects: subjects.clone(),
            decisions: Arc::new(Decisions::default()),
            rows: None,
            retention: None,
        })
    };
    let gated = || Ruling::Gated { basis: LawfulBasis::Consent, forbidden_columns: Vec::new() };
    let memory = |rows: &RecordBatch| Content::Memory { schema: rows.schema(), batches: vec![rows.clone()] };
    let relations = vec![
        Relation {
            name: "people".into(),
            content: files(&store, "people", &people).await,
            ruling: gated(),
            governance: governance(SubjectColumns::CustomerId),
        },
        Relation {
            name: "orders".into(),
            content: memory(&orders),
            ruling: gated(),
            governance: governance(SubjectColumns::linking(["phone_token"])),
        },
        Relation {
            name: "notes".into(),
            content: files(&store, "notes", &notes).await,
            ruling: Ruling::Open,
            governance: None,
        },
        Relation { name: "shops".into(), content: memory(&shops), ruling: Ruling::Open, governance: None },
    ];
    let engine = Engine::new(store, EngineOptions { partitions: 2, ..Default::default() }).unwrap();
    let spec = SessionSpec {
        purpose: "analytics".into(),
        as_of: DateTime::UNIX_EPOCH,
        zone: chrono_tz::UTC,
        minimum_subjects: 1,
    };
    Session::new(&engine, &spec, relations).unwrap()
}

fn gate(plan: &Plan) -> Option<&GovernedScanExec> {
    (plan.as_ref() as &dyn Any).downcast_ref()
}

fn gates(plan: &Plan) -> usize {
    let mut found = 0;
    plan.apply(|node| {
        found += usize::from(gate(node).is_some());
        Ok(TreeNodeRecursion::Continue)
    })
    .unwrap();
    found
}

/// The reader of the first gate.
fn first_reader(plan: &Plan) -> Plan {
    let mut found = None;
    plan.apply(|node| {
        found = found.take().or_else(|| gate(node).map(|g| g.reader.clone()));
        Ok(TreeNodeRecursion::Continue)
    })
    .unwrap();
    found.unwrap()
}

/// The plan with gate number `at` replaced by what `change` makes of it, unless it makes nothing, or nothing
/// that fits into the plan: the operator above may lack the columns that only a gate gives.
fn change_gate(plan: &Plan, at: usize, change: &mut dyn FnMut(&GovernedScanExec) -> Option<Plan>) -> Option<Plan> {
    let mut seen = 0;
    let mut done = false;
    let changed = plan
        .clone()
        .transform_down(|node| {
            let Some(own) = gate(&node) else { return Ok(Transformed::no(node)) };
            seen += 1;
            let new = (seen == at + 1).then(|| change(own)).flatten();
            done |= new.is_some();
            Ok(match new {
                Some(new) => Transformed::new(new, true, TreeNodeRecursion::Jump),
                None => Transformed::no(node),
            })
        })
        .ok()?
        .data;
    done.then_some(changed)
}

fn with_checker(gate: &GovernedScanExec, change: impl FnOnce(&mut Checker)) -> Option<Plan> {
    let mut checker = gate.checker.as_ref().clone();
    change(&mut checker);
    Some(Arc::new(GovernedScanExec::new(gate.reader.clone(), Arc::new(checker))))
}

fn with_reader(gate: &GovernedScanExec, reader: Plan) -> Option<Plan> {
    Some(Arc::new(GovernedScanExec::new(reader, gate.checker.clone())))
}

/// A gate that says it is of something else, of which the run has an account.
fn with_account(gate: &GovernedScanExec, relation: &str, purpose: &str, rule: GateRule) -> Option<Plan> {
    with_checker(gate, |c| c.account = Arc::new(ScanAccount::new(relation, purpose, rule, false, 1)))
}

fn config(gate: &GovernedScanExec) -> Option<FileScanConfig> {
    config_of(gate.reader.clone())
}

fn config_of(reader: Plan) -> Option<FileScanConfig> {
    let exec = (reader.as_ref() as &dyn Any).downcast_ref::<DataSourceExec>()?;
    exec.data_source().downcast_ref::<FileScanConfig>().cloned()
}

/// What is done to one gate, and words of the refusal.
type Mutation = (&'static str, fn(&GovernedScanExec) -> Option<Plan>, &'static str);

const MUTATIONS: &[Mutation] = &[
    ("dropped", |g| Some(g.reader.clone()), "missing or stands twice|has no policy gate"),
    ("emptied", |g| Some(Arc::new(EmptyExec::new(g.schema()))), "missing or stands twice"),
    (
        "doubled",
        |g| UnionExec::try_new(vec![with_reader(g, g.reader.clone())?, with_reader(g, g.reader.clone())?]).ok(),
        "missing or stands twice",
    ),
    (
        "beside a branch without it",
        |g| UnionExec::try_new(vec![with_reader(g, g.reader.clone())?, g.reader.clone()]).ok(),
        "has no policy gate",
    ),
    (
        "joined with a reader without it",
        |g| Some(Arc::new(CrossJoinExec::new(with_reader(g, g.reader.clone())?, g.reader.clone()))),
        "has no policy gate",
    ),
    ("over a limit", |g| with_reader(g, Arc::new(GlobalLimitExec::new(g.reader.clone(), 0, Some(1)))), "whole reader"),
    ("over a limited reader", |g| with_reader(g, g.reader.with_fetch(Some(1))?), "whole reader"),
    (
        "over a filter",
        |g| {
            let always = Arc::new(BinaryExpr::new(lit(1i64), Operator::Eq, lit(1i64)));
            with_reader(g, Arc::new(FilterExec::try_new(always, g.reader.clone()).ok()?))
        },
        "whole reader",
    ),
    ("over another node", |g| with_reader(g, Arc::new(CoalescePartitionsExec::new(g.reader.clone()))), "whole reader"),
    ("over a union", |g| with_reader(g, UnionExec::try_new(vec![g.reader.clone(); 2]).ok()?), "whole reader"),
    (
        "over a projection",
        |g| {
            let schema = g.reader.schema();
            let name = schema.field(0).name();
            let twice = vec![(col(name, &schema).ok()?, "a".to_owned()), (col(name, &schema).ok()?, "b".to_owned())];
            with_reader(g, Arc::new(ProjectionExec::try_new(twice, g.reader.clone()).ok()?))
        },
        "whole reader",
    ),
    ("over another gate", |g| with_reader(g, with_reader(g, g.reader.clone())?), "whole reader"),
    ("over nothing", |g| with_reader(g, Arc::new(EmptyExec::new(g.reader.schema()))), "whole reader"),
    (
        "over one file of two",
        |g| {
            let mut config = config(g)?;
            config.file_groups = vec![FileGroup::new(config.file_groups[0].files()[..1].to_vec())];
            with_reader(g, DataSourceExec::from_data_source(config))
        },
        "whole reader",
    ),
    (
        "over half a file",
        |g| {
            let mut config = config(g)?;
            let mut file = config.file_groups[0].files()[0].clone();
            file.range = Some(datafusion::datasource::listing::FileRange { start: 0, end: 1 });
            config.file_groups = vec![FileGroup::new(vec![file]), config.file_groups.last()?.clone()];
            with_reader(g, DataSourceExec::from_data_source(config))
        },
        "whole reader",
    ),
    (
        "over a predicate that nobody handed down",
        |g| {
            let config = config(g)?;
            let source = config.file_source().downcast_ref::<ParquetSource>()?.with_predicate(lit(true));
            let config = FileScanConfigBuilder::from(config).with_source(Arc::new(source)).build();
            with_reader(g, DataSourceExec::from_data_source(config))
        },
        "whole reader",
    ),
    ("of another purpose", |g| with_account(g, "people", "marketing", CONSENT), "missing or stands twice"),
    (
        "that decides by no subject",
        |g| {
            with_checker(g, |c| {
                c.resolver.rule = GateRule::NotPersonal;
                c.resolver.whose = Whose::Unresolved;
            })
        },
        "another purpose or ground",
    ),
    (
        "that leaves its subject unresolved",
        |g| with_checker(g, |c| c.resolver.whose = Whose::Unresolved),
        "other columns",
    ),
    (
        "of another ground",
        |g| with_checker(g, |c| c.resolver.rule = GateRule::Subject(LawfulBasis::Contract)),
        "another purpose or ground",
    ),
    ("of another relation", |g| with_account(g, "shops", "analytics", CONSENT), "missing or stands twice"),
    (
        "of another's decisions",
        |g| with_checker(g, |c| c.resolver.governance.decisions = Arc::new(Decisions::default())),
        "other columns",
    ),
    (
        "that finds its subjects elsewhere",
        |g| with_checker(g, |c| c.resolver.governance.subject = SubjectColumns::linking([])),
        "other columns",
    ),
    (
        "that reads no subject",
        |g| with_checker(g, |c| c.resolver.whose = Whose::Named { columns: Vec::new(), unidentified: None }),
        "other columns",
    ),
    (
        "that takes another column for the subject",
        |g| with_checker(g, |c| c.resolver.whose = Whose::Named { columns: vec![7], unidentified: None }),
        "other columns",
    ),
    (
        "that takes any columns for the rows' places",
        |g| with_checker(g, |c| c.resolver.whose = Whose::Placed { file: 0, row: 0 }),
        "other columns",
    ),
    (
        "that shows other columns",
        |g| with_checker(g, |c| c.output.iter_mut().for_each(|p| *p = Place::Stored(7))),
        "other columns|",
    ),
];

async fn planned(session: &Session, sql: &str) -> (Plan, Accounts, datafusion::logical_expr::LogicalPlan) {
    let written = session.as_written(sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
    let (_, optimised) = session.governed(&written, 1).unwrap_or_else(|e| panic!("{sql}: {e}"));
    let accounts = Accounts::default();
    let state = session.context.state();
    let planners = gate_planners(&accounts, &Suppressed::default());
    let planner = DefaultPhysicalPlanner::with_extension_planners(planners);
    let plan = planner.create_physical_plan(&optimised, &state).await.unwrap();
    (plan, accounts, optimised)
}

#[tokio::test]
async fn good_plans_pass_and_hold_all_gates() {
    let session = session().await;
    for sql in QUERIES {
        let (plan, accounts, optimised) = planned(&session, sql).await;
        Proof::new(&session.rulings, &session.relations, &accounts, &optimised).unwrap().check(&plan).unwrap();
        assert!(gates(&plan) > 0 && gates(&plan) == accounts.lock().unwrap().len(), "{sql}");
    }
}

/// Large files are read in ranges, by several at once: together they are the whole.
#[tokio::test]
async fn a_reader_in_ranges_is_whole() {
    let session = session().await;
    let mut config = datafusion::config::ConfigOptions::default();
    config.optimizer.repartition_file_min_size = 1;
    let (plan, accounts, optimised) = planned(&session, "SELECT name FROM people").await;
    let proof = Proof::new(&session.rulings, &session.relations, &accounts, &optimised).unwrap();
    let split = |gate: &GovernedScanExec| with_reader(gate, gate.reader.repartitioned(5, &config).unwrap()?);
    let ranged = change_gate(&plan, 0, &mut |gate| split(gate)).unwrap();
    assert_eq!(first_reader(&ranged).properties().output_partitioning().partition_count(), 5);
    proof.check(&ranged).unwrap();
    let rest = |gate: &GovernedScanExec| {
        let mut config = config_of(first_reader(&ranged))?;
        config.file_groups.pop();
        with_reader(gate, DataSourceExec::from_data_source(config))
    };
    let partial = change_gate(&plan, 0, &mut |gate| rest(gate)).unwrap();
    assert!(proof.check(&partial).unwrap_err().to_string().contains("whole reader"));
}

/// Every mutation of every gate of every plan.
#[tokio::test]
async fn every_change_to_a_gate_is_refused() {
    let session = session().await;
    let mut tried = 0;
    for (name, change, words) in MUTATIONS {
        let mut own = 0;
        for sql in QUERIES {
            let (plan, accounts, optimised) = planned(&session, sql).await;
            let proof = Proof::new(&session.rulings, &session.relations, &accounts, &optimised).unwrap();
            for at in 0..gates(&plan) {
                let mut whole = true;
                let mutant = change_gate(&plan, at, &mut |gate| {
                    whole = !(*name == "that shows other columns" && gate.checker.output.is_empty());
                    change(gate)
                });
                let Some(mutant) = mutant.filter(|_| whole) else { continue };
                own += 1;
                let Err(error) = proof.check(&mutant) else { panic!("{name} passed: {sql}") };
                let text = error.to_string();
                assert!(words.split('|').any(|w| text.contains(w)), "{name}: {sql}: {text}");
            }
        }
        assert!(own > 3, "{name} was tried on {own} gates only");
        tried += own;
    }
    assert!(tried > 200, "{tried}");
}

/// A gate that agrees with itself in all but one thing, its account among those of the run.
#[tokio::test]
async fn an_account_of_something_else_is_refused() {
    let session = session().await;
    for (relation, purpose, rule, words) in [
        ("people", "marketing", CONSENT, "another purpose or ground"),
        ("people", "analytics", GateRule::Subject(LawfulBasis::Contract), "another purpose or ground"),
        ("people", "analytics", GateRule::WithoutSubject(LawfulBasis::Consent), "another purpose or ground"),
        ("people", "analytics", GateRule::NotPersonal, "another purpose or ground"),
        ("orders", "analytics", CONSENT, "whole reader"),
        ("shops", "analytics", CONSENT, "asks for no gate"),
        ("nobody", "analytics", CONSENT, "no such relation"),
    ] {
        let (plan, accounts, optimised) = planned(&session, "SELECT name FROM people").await;
        let other = Arc::new(ScanAccount::new(relation, purpose, rule, false, 1));
        *accounts.lock().unwrap() = vec![other.clone()];
        let mutant = change_gate(&plan, 0, &mut |g| with_checker(g, |c| c.account = other.clone())).unwrap();
        let proof = Proof::new(&session.rulings, &session.relations, &accounts, &optimised).unwrap();
        let text = proof.check(&mutant).unwrap_err().to_string();
        assert!(text.contains(words), "{relation} {purpose}: {text}");
        // A gate says that it was narrowed, and its reader has no predicate.
        let narrowed = Arc::new(ScanAccount::new("people", "analytics", CONSENT, true, 1));
        *accounts.lock().unwrap() = vec![narrowed.clone()];
        let mutant = change_gate(&plan, 0, &mut |g| with_checker(g, |c| c.account = narrowed.clone())).unwrap();
        let proof = Proof::new(&session.rulings, &session.relations, &accounts, &optimised).unwrap();
        assert!(proof.check(&mutant).unwrap_err().to_string().contains("whole reader"));
    }
}

/// A gate of an earlier run of the same session does not serve this one: its rows would be counted there.
#[tokio::test]
async fn a_gate_of_another_run_is_refused() {
    let session = session().await;
    let (earlier, _, _) = planned(&session, "SELECT name FROM people").await;
    let (_, accounts, optimised) = planned(&session, "SELECT name FROM people").await;
    let proof = Proof::new(&session.rulings, &session.relations, &accounts, &optimised).unwrap();
    assert!(proof.check(&earlier).unwrap_err().to_string().contains("missing or stands twice"));
    let nobody = Accounts::default();
    let proof = Proof::new(&session.rulings, &session.relations, &nobody, &optimised).unwrap();
    assert!(proof.check(&earlier).unwrap_err().to_string().contains("another run"));
}

/// Scans that a plan could hide: below a scalar subquery, an explanation, an operator of somebody else's, a stream.
#[tokio::test]
async fn hidden_scans_are_found() {
    let session = session().await;
    let (plan, accounts, optimised) = planned(&session, "SELECT name FROM people").await;
    let proof = Proof::new(&session.rulings, &session.relations, &accounts, &optimised).unwrap();
    let reader = first_reader(&plan);
    let link = ScalarSubqueryLink { plan: reader.clone(), index: SubqueryIndex::new(0) };
    let scalar: Plan = Arc::new(ScalarSubqueryExec::new(plan.clone(), vec![link], ScalarSubqueryResults::new(1)));
    assert!(matches!(proof.check(&scalar), Err(EngineError::Ungoverned { .. })));
    let prepared = RelationProvider::new(session.relations[0].clone());
    let sealed = prepared.scan(&session.context.state(), None, &[], None).await.unwrap();
    for hidden in [sealed, reader] {
        let beside: Plan = Arc::new(CrossJoinExec::new(plan.clone(), hidden));
        assert!(matches!(proof.check(&beside), Err(EngineError::Ungoverned { .. })));
    }
    let explained: Plan = Arc::new(datafusion::physical_plan::explain::ExplainExec::new(plan.schema(), vec![], false));
    let stream: Plan = Arc::new(StreamingTableExec::try_new(plan.schema(), vec![], None, [], false, None).unwrap());
    for unknown in [explained, stream] {
        let beside: Plan = Arc::new(CrossJoinExec::new(plan.clone(), unknown));
        assert!(matches!(proof.check(&beside), Err(EngineError::UnknownOperator { .. })));
    }
}
