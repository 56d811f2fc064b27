//! What the policy gate costs: each model of a pipeline, and joins over its tables.
//!
//! Under the gate, in a session such as a run has, k-gate included; and without any, over two copies of the tables to
//! which the customers' ids were added as a column: `all`, with every row, as a lake without governance would have them;
//! and `allowed`, with just the rows that the gate lets through, which gives the same result, and spares the reading of
//! the others as no lake can for every purpose at once.
//!
//! ```text
//! cargo run --release -p lakewarden-pipeline --example gate_cost -- PROJECT [--pipeline retail] [--runs 5] [--only join]
//! ```
//!
//! PROJECT has a published local lake. Runs alternate between the three; printed are the medians, in seconds.
#![allow(clippy::print_stdout, clippy::disallowed_methods, clippy::unwrap_used, reason = "a program that measures")]

use lakewarden_dictionary::{Dataset, Pipeline};
use lakewarden_engine::{
    Content, DataFile, Engine, EngineOptions, Relation, Running, Session, SessionSpec, references,
};
use lakewarden_lake::{Lake, Zone};
use lakewarden_pipeline::{Asker, Judgement, OpenProject, compile};
use lakewarden_policy::Ruling;
use lakewarden_policy::gate::SUBJECT_COLUMN;
use lakewarden_policy::ruling::field_serves;
use object_store::local::LocalFileSystem;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// Joins in the manner of TPC-H over the retail project's tables.
const JOINS: &[(&str, &str, &str)] = &[
    (
        "two-way join, revenue by tier",
        "analytics",
        "SELECT m.tier, count(*), sum(s.revenue) FROM crm_members m JOIN sales s ON s.customer_id = m.customer_id GROUP BY m.tier",
    ),
    (
        "three-way join, events by tier",
        "analytics",
        "SELECT m.tier, e.event, count(*) FROM crm_members m JOIN sales s ON s.customer_id = m.customer_id \
         JOIN app_events e ON e.customer_id = m.customer_id WHERE s.revenue > 500 GROUP BY m.tier, e.event",
    ),
    (
        "four-way join with a dimension",
        "analytics",
        "SELECT p.category, m.tier, sum(s.revenue) FROM sales s JOIN crm_members m ON m.customer_id = s.customer_id \
         JOIN products p ON p.sku = s.sku JOIN customers c ON c.customer_id = s.customer_id \
         WHERE c.identifiers > 1 GROUP BY p.category, m.tier",
    ),
    (
        "semi and anti join",
        "analytics",
        "SELECT count(*) FROM crm_members m WHERE m.customer_id IN (SELECT customer_id FROM sales) \
         AND NOT EXISTS (SELECT 1 FROM service_tickets t WHERE t.customer_id = m.customer_id)",
    ),
    (
        "scan and aggregate, the largest dataset",
        "analytics",
        "SELECT event, count(*), count(DISTINCT customer_id) FROM miniapp_events GROUP BY event",
    ),
];

async fn drain(mut running: Running) -> (u64, u64) {
    let mut rows = 0;
    while let Some(batch) = running.next().await.unwrap() {
        rows += batch.num_rows() as u64;
    }
    (rows, running.accounts().unwrap().iter().map(|scan| scan.read - scan.used).sum())
}

/// Reads what a purpose may see of a relation.
async fn allowed(open: &OpenProject, asker: &Asker<'_>, relation: &str, purpose: &str) -> Running {
    let columns = match open.project.dataset(relation) {
        None => "*".to_owned(),
        Some(dataset) => {
            let mut names = serving(open, dataset, purpose);
            names.extend(dataset.has_subjects().then_some(SUBJECT_COLUMN));
            names.join(", ")
        }
    };
    asker.ask(&format!("SELECT {columns} FROM {relation}"), purpose).await.unwrap()
}

fn serving<'d>(open: &OpenProject, dataset: &'d Dataset, purpose: &str) -> Vec<&'d str> {
    let serving = dataset.stored().filter(|f| field_serves(&open.project.purposes, f, purpose));
    serving.map(|f| f.column.value.as_str()).collect()
}

/// Reads all of a relation, past any policy, each row with the id of its customer.
async fn all(open: &OpenProject, pipeline: &Pipeline, lake: &Lake, relation: &str, spec: &SessionSpec) -> Running {
    let identity = format!("{}_customer_identity", pipeline.name.value);
    let dataset = open.project.dataset(relation);
    let (zone, stored) = match dataset {
        Some(_) => (Zone::Conformed, relation.to_owned()),
        None if relation == "customers" => (Zone::Identity, format!("{}_customers", pipeline.name.value)),
        None => (Zone::Curated, relation.to_owned()),
    };
    let mut relations = Vec::new();
    for (name, zone, stored) in [(relation, zone, &stored), (&identity, Zone::Identity, &identity)] {
        let table = lake.table(zone, stored).await.unwrap().unwrap();
        let files = table.files.iter().map(|f| DataFile { path: f.path.clone(), size: f.size }).collect();
        relations.push(ungoverned(name, Content::Files { schema: table.schema, files }));
    }
    let sql = match dataset {
        Some(dataset) if dataset.has_subjects() => {
            let columns = serving(open, dataset, &spec.purpose).join(", d.");
            let pseudonyms: Vec<&str> = dataset.pseudonyms().map(|f| f.column.value.as_str()).collect();
            let ids: Vec<String> = (0..pseudonyms.len()).map(|at| format!("i{at}.customer_id")).collect();
            let join = |(at, column)| format!("LEFT JOIN {identity} i{at} ON i{at}.token = d.{column}");
            let joins: Vec<String> = pseudonyms.iter().enumerate().map(join).collect();
            let ids = if ids.len() > 1 { format!("coalesce({})", ids.join(", ")) } else { ids.join("") };
            format!("SELECT d.{columns}, {ids} AS customer_id FROM {relation} d {}", joins.join(" "))
        }
        _ => format!("SELECT * FROM {relation}"),
    };
    let engine = Engine::new(lake.store().clone(), EngineOptions::default()).unwrap();
    Session::new(&engine, spec, relations).unwrap().run(&sql).await.unwrap()
}

fn ungoverned(name: &str, content: Content) -> Relation {
    Relation { name: name.to_owned(), content, ruling: Ruling::Open, governance: None }
}

/// Writes rows as one Parquet file, as the lake would.
async fn materialise(mut running: Running, relation: &str, path: &Path) -> Relation {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).unwrap()))
        .set_max_row_group_row_count(Some(500_000))
        .build();
    let schema = running.schema.clone();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), schema.clone(), Some(properties)).unwrap();
    while let Some(batch) = running.next().await.unwrap() {
        writer.write(&batch).unwrap();
    }
    writer.close().unwrap();
    let file = DataFile {
        path: path.file_name().unwrap().to_str().unwrap().to_owned(),
        size: fs::metadata(path).unwrap().len(),
    };
    ungoverned(relation, Content::Files { schema, files: vec![file] })
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

fn arguments() -> (PathBuf, String, usize, String) {
    let mut arguments = std::env::args().skip(1);
    let (mut project, mut pipeline, mut runs, mut only) = (None, "retail".to_owned(), 5, String::new());
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--pipeline" => pipeline = arguments.next().unwrap(),
            "--runs" => runs = arguments.next().unwrap().parse().unwrap(),
            "--only" => only = arguments.next().unwrap(),
            other => project = Some(PathBuf::from(other)),
        }
    }
    (project.unwrap_or_else(|| PathBuf::from(".")), pipeline, runs, only)
}

/// What is measured: name, purpose, SQL.
fn questions(open: &OpenProject, pipeline: &Pipeline) -> Vec<(String, String, String)> {
    let models = pipeline.models.iter().filter_map(|model| {
        let purpose = open.project.table(&model.name)?.purpose.value.clone();
        Some((format!("model {}", model.name), purpose, model.sql.to_string()))
    });
    let joins = JOINS.iter().map(|(name, purpose, sql)| ((*name).to_owned(), (*purpose).to_owned(), (*sql).to_owned()));
    let all = models.chain(joins.filter(|_| pipeline.name.value == "retail"));
    // The engine's own relations are about datasets, and of no run.
    all.filter(|(_, _, sql)| !references(sql).unwrap().iter().any(|r| r.name.starts_with("lakewarden."))).collect()
}

#[tokio::main]
async fn main() {
    let (project, pipeline, runs, only) = arguments();
    let open = OpenProject::open(&project).unwrap();
    let pipeline = open.pipeline(Some(&pipeline)).unwrap();
    let as_of = chrono::Utc::now();
    let asker = Asker::new(&open, pipeline, None, Judgement::current(as_of, as_of)).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let engine =
        Engine::new(Arc::new(LocalFileSystem::new_with_prefix(folder.path()).unwrap()), EngineOptions::default())
            .unwrap();

    let lake = Lake::open(&open.lake_url(None).unwrap()).unwrap();
    let zone = open.project.settings.time_zone.as_ref().unwrap().value.parse().unwrap();
    let (compiled, _) = compile(&open, pipeline).await.unwrap();

    println!(
        "{:<45} {:>9} {:>9} {:>8} {:>8} {:>8} {:>8} {:>8}",
        "", "rows", "withheld", "gate, s", "all, s", "cost", "allowed", "cost"
    );
    let mut copies: BTreeMap<(String, String), [Relation; 2]> = BTreeMap::new();
    let mut costs = [Vec::new(), Vec::new()];
    for (name, purpose, sql) in questions(&open, pipeline).into_iter().filter(|(name, ..)| name.contains(&only)) {
        let spec = SessionSpec { purpose: purpose.clone(), as_of, zone, minimum_subjects: 1 };
        let mut relations = [Vec::new(), Vec::new()];
        for read in references(&sql).unwrap() {
            let key = (purpose.clone(), read.name.clone());
            if !copies.contains_key(&key) {
                let (relation, place) =
                    (&read.name, |what: &str| folder.path().join(format!("{purpose}.{}.{what}", read.name)));
                let every =
                    materialise(all(&open, pipeline, &lake, relation, &spec).await, relation, &place("all")).await;
                let some =
                    materialise(allowed(&open, &asker, relation, &purpose).await, relation, &place("allowed")).await;
                copies.insert(key.clone(), [every, some]);
            }
            relations.iter_mut().zip(copies[&key].clone()).for_each(|(relations, copy)| relations.push(copy));
        }
        // Asked about twice, whose rows are is known by their places, as in a run.
        asker.session(&sql, &purpose).await.unwrap();
        let gated = asker.session(&sql, &purpose).await.unwrap();
        // Models' accounts have to close; predicates of questions go below the gates.
        let gated = match compiled.iter().find(|m| name == format!("model {}", m.model.name)) {
            Some(model) => gated.of_at_least(model.minimum_subjects),
            None => gated.narrowing(),
        };
        let [every, some] = relations.map(|relations| Session::new(&engine, &spec, relations).unwrap());
        let mut seconds = [Vec::new(), Vec::new(), Vec::new()];
        let (mut rows, mut withheld) = ([0; 3], 0);
        for _ in 0..runs {
            for (at, session) in [&gated, &every, &some].into_iter().enumerate() {
                let begun = Instant::now();
                let (found, kept_back) = drain(session.run(&sql).await.unwrap()).await;
                seconds[at].push(begun.elapsed().as_secs_f64());
                rows[at] = found;
                withheld = withheld.max(kept_back);
            }
        }
        assert!(rows[0] <= rows[2] && rows[2] - rows[0] < 10, "{name}: the same rows but for what a k-gate holds back");
        let [gated, every, some] = seconds.map(median);
        let cost = |without: f64| (gated / without - 1.0) * 100.0;
        costs[0].push(cost(every));
        costs[1].push(cost(some));
        println!(
            "{name:<45} {:>9} {withheld:>9} {gated:>8.3} {every:>8.3} {:>7.1}% {some:>8.3} {:>7.1}%",
            rows[0],
            cost(every),
            cost(some)
        );
    }
    for (what, costs) in ["all", "allowed"].into_iter().zip(costs) {
        let worst = costs.iter().copied().fold(f64::MIN, f64::max);
        println!("over {what}: median cost {:.1} %, worst {worst:.1} %", median(costs));
    }
}
