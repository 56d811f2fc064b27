//! What the policy gate costs: each model of a pipeline, and joins over its tables, under the gate and over tables that
//! hold just the rows the gate lets through, customer ids included.
//!
//! ```text
//! cargo run --release -p lakewarden-pipeline --example gate_cost -- PROJECT [--pipeline retail] [--runs 5]
//! ```
//!
//! PROJECT has a published lake. Runs alternate between the two; printed are the medians, in seconds.
#![allow(clippy::print_stdout, clippy::disallowed_methods, clippy::unwrap_used, reason = "a program that measures")]

use lakewarden_dictionary::Pipeline;
use lakewarden_engine::{
    Content, DataFile, Engine, EngineOptions, Relation, Running, Session, SessionSpec, references,
};
use lakewarden_pipeline::{Asker, OpenProject};
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
        "scan and aggregate, five million rows' largest part",
        "analytics",
        "SELECT event, count(*), count(DISTINCT customer_id) FROM miniapp_events GROUP BY event",
    ),
];

async fn drain(mut running: Running) -> u64 {
    let mut rows = 0;
    while let Some(batch) = running.next().await.unwrap() {
        rows += batch.num_rows() as u64;
    }
    running.accounts().unwrap();
    rows
}

/// Writes what a purpose may see of a relation as one Parquet file, as the lake would.
async fn materialise(open: &OpenProject, asker: &Asker<'_>, relation: &str, purpose: &str, folder: &Path) -> Relation {
    let columns = match open.project.dataset(relation) {
        None => "*".to_owned(),
        Some(dataset) => {
            let serving = dataset.stored().filter(|f| field_serves(&open.project.purposes, f, purpose));
            let mut names: Vec<&str> = serving.map(|f| f.column.value.as_str()).collect();
            names.extend(dataset.is_personal().then_some(SUBJECT_COLUMN));
            names.join(", ")
        }
    };
    let mut running = asker.ask(&format!("SELECT {columns} FROM {relation}"), purpose).await.unwrap();
    let path = folder.join(format!("{purpose}.{relation}.parquet"));
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).unwrap()))
        .set_max_row_group_row_count(Some(500_000))
        .build();
    let schema = running.schema.clone();
    let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), schema.clone(), Some(properties)).unwrap();
    while let Some(batch) = running.next().await.unwrap() {
        writer.write(&batch).unwrap();
    }
    writer.close().unwrap();
    let file = DataFile {
        path: path.file_name().unwrap().to_str().unwrap().to_owned(),
        size: fs::metadata(&path).unwrap().len(),
    };
    let content = Content::Files { schema, files: vec![file] };
    Relation { name: relation.to_owned(), content, ruling: Ruling::Open, governance: None }
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

fn arguments() -> (PathBuf, String, usize) {
    let mut arguments = std::env::args().skip(1);
    let (mut project, mut pipeline, mut runs) = (None, "retail".to_owned(), 5);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--pipeline" => pipeline = arguments.next().unwrap(),
            "--runs" => runs = arguments.next().unwrap().parse().unwrap(),
            other => project = Some(PathBuf::from(other)),
        }
    }
    (project.unwrap_or_else(|| PathBuf::from(".")), pipeline, runs)
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
    let (project, pipeline, runs) = arguments();
    let open = OpenProject::open(&project).unwrap();
    let pipeline = open.pipeline(Some(&pipeline)).unwrap();
    let as_of = chrono::Utc::now();
    let asker = Asker::new(&open, pipeline, None, as_of).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let engine =
        Engine::new(Arc::new(LocalFileSystem::new_with_prefix(folder.path()).unwrap()), EngineOptions::default())
            .unwrap();

    println!("{:<55} {:>9} {:>9} {:>9} {:>8}", "", "rows", "gate, s", "free, s", "cost");
    let mut free_relations: BTreeMap<(String, String), Relation> = BTreeMap::new();
    let mut costs = Vec::new();
    for (name, purpose, sql) in questions(&open, pipeline) {
        let mut relations = Vec::new();
        for read in references(&sql).unwrap() {
            let key = (purpose.clone(), read.name.clone());
            if !free_relations.contains_key(&key) {
                let relation = materialise(&open, &asker, &read.name, &purpose, folder.path()).await;
                free_relations.insert(key.clone(), relation);
            }
            relations.push(free_relations[&key].clone());
        }
        let zone = open.project.settings.time_zone.as_ref().unwrap().value.parse().unwrap();
        let spec = SessionSpec { purpose: purpose.clone(), as_of, zone, minimum_subjects: 1 };
        let free = Session::new(&engine, &spec, relations).unwrap();
        let (mut gated_seconds, mut free_seconds, mut rows) = (Vec::new(), Vec::new(), [0, 0]);
        for _ in 0..runs {
            let begun = Instant::now();
            rows[0] = drain(asker.ask(&sql, &purpose).await.unwrap()).await;
            gated_seconds.push(begun.elapsed().as_secs_f64());
            let begun = Instant::now();
            rows[1] = drain(free.run(&sql).await.unwrap()).await;
            free_seconds.push(begun.elapsed().as_secs_f64());
        }
        assert_eq!(rows[0], rows[1], "{name}: the same rows");
        let (gated, without) = (median(gated_seconds), median(free_seconds));
        let cost = (gated / without - 1.0) * 100.0;
        costs.push(cost);
        println!("{name:<55} {:>9} {gated:>9.3} {without:>9.3} {cost:>7.1}%", rows[0]);
    }
    println!(
        "median cost {:.1} %, worst {:.1} %",
        median(costs.clone()),
        costs.iter().copied().fold(f64::MIN, f64::max)
    );
}
