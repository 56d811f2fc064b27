//! For tests: a made-up run, the reference project, and tables to ask.

#![allow(clippy::unwrap_used)]

use super::answer::Answer;
use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{Field, Schema};
use chrono::DateTime;
use lakewarden_dictionary::DataType as Declared;
use lakewarden_engine::{Content, Engine, EngineOptions, Relation, Session, SessionSpec};
use lakewarden_extract::arrow_type;
use lakewarden_lake::{Change, Lake, Mode, Publication, WriterOptions, Zone};
use lakewarden_pipeline::OpenProject;
use lakewarden_pipeline::record::RunRecord;
use lakewarden_policy::Ruling;
use serde_json::{Map, Value, json};
use std::path::Path;
use std::sync::Arc;

/// The project of this repository.
pub(super) fn reference_project() -> OpenProject {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    OpenProject::open(&root).unwrap()
}

/// A run of the retail pipeline with four datasets and two models, some fields of it replaced.
pub(crate) fn record(changed: Value) -> RunRecord {
    let mut record = json!({
        "run": "7d0c2a54-6f1b-4a86-9c6e-2b1f0c9d5e11",
        "project": "lakewarden-reference",
        "pipeline": "retail",
        "started": "2026-06-30T18:00:04Z",
        "millis": 13_810,
        "as_of": "2026-06-30T16:00:00Z",
        "outcome": "published",
        "dictionary": "9f2c41d07be8a653",
        "key": { "version": 1, "fingerprint": "5ac19e02" },
        "version": "0.1.0",
        "steps": steps(),
        "datasets": datasets(),
        "identity": {
            "tokens": { "phone": 38, "member_no": 21 }, "customers": 40, "merged": 2, "shared": 1,
            "histogram": { "1": 21, "2": 19 }, "consent": {},
            "consent_doubted": 3,
        },
        "models": models(),
        "publication": [
            { "zone": "conformed", "table": "pos_sales", "version": 3, "rows": 90, "files": 1, "bytes": 9_000 },
            { "zone": "curated", "table": "sales", "version": 7, "rows": 118, "files": 1, "bytes": 5_000 },
        ],
        "failure": null,
    });
    for (field, value) in changed.as_object().unwrap() {
        record[field] = value.clone();
    }
    serde_json::from_value(record).unwrap()
}

fn steps() -> Value {
    json!([
        { "kind": "extract", "name": "pos_sales", "millis": 40, "rows_in": 100, "rows_out": 90, "losses": {
            "quarantined: 手机号 phone": 3, "quarantined: record columns": 2, "duplicates": 4,
            "outside retention": 1 } },
        { "kind": "extract", "name": "tmall_orders", "millis": 20, "rows_in": 30, "rows_out": 30, "losses": {} },
        { "kind": "extract", "name": "stores", "millis": 1, "rows_in": 0, "rows_out": 0, "losses": {} },
        { "kind": "extract", "name": "consent_log", "millis": 9, "rows_in": 20, "rows_out": 20, "losses": {} },
        { "kind": "identity", "name": "customers", "millis": 12, "rows_in": 59, "rows_out": 40, "losses": {} },
        { "kind": "model", "name": "sales", "millis": 80, "rows_in": 130, "rows_out": 118, "losses": {
            "withheld: consent_withdrawn": 6, "withheld: consent_not_granted": 9 } },
        { "kind": "model", "name": "data_asset_value", "millis": 5, "rows_in": 0, "rows_out": 12, "losses": {} },
        { "kind": "publish", "name": "lake", "millis": 30, "rows_in": 208, "rows_out": 208, "losses": {} },
    ])
}

fn dataset(name: &str, read: u64, loaded: bool) -> Value {
    let file = json!({ "file": format!("{name}.csv"), "sha256": "00", "bytes": 1_000, "read": read,
        "written": read, "encoding": "UTF-8" });
    json!({
        "dataset": name, "files": if loaded { vec![file] } else { vec![] },
        "already_loaded": if loaded { vec![] } else { vec![format!("{name}.csv")] },
        "bytes": 1_000, "read": read, "written": read, "quarantined": [], "duplicates": 0,
        "outside_retention": 0, "exact_duplicates": 0, "over_collected": {}, "redactions": {}, "warnings": [],
    })
}

fn datasets() -> Value {
    let mut pos = dataset("pos_sales", 100, true);
    let again = pos["files"][0].clone();
    pos["files"].as_array_mut().unwrap().push(again);
    pos["already_loaded"] = json!(["pos_sales-again.csv"]);
    pos["written"] = json!(90);
    pos["quarantined"] = json!([
        { "field": "手机号", "rule": "phone", "rows": 3 },
        { "field": null, "rule": "columns", "rows": 2 },
    ]);
    pos["duplicates"] = json!(4);
    pos["outside_retention"] = json!(1);
    pos["exact_duplicates"] = json!(7);
    pos["replaced"] = json!(5);
    pos["skipped_lines"] = json!(3);
    pos["over_collected"] = json!({ "clipboard": 12 });
    pos["redactions"] = json!({ "phone": 8 });
    let differs = json!({ "encoding_differs": { "declared": "GB18030", "found": "UTF-8" } });
    pos["warnings"] = json!([{ "file": "pos_sales.csv", "warning": { "extraction": differs } }]);
    json!([pos, dataset("tmall_orders", 30, true), dataset("stores", 0, false), dataset("consent_log", 20, true),])
}

/// `sales` scans `pos_sales` twice; `data_asset_value` reads nothing that is governed.
fn models() -> Value {
    let scan = |relation: &str, read: u64, nobody: u64, withdrawn: u64, not_granted: u64| {
        let withheld: Map<String, Value> = [("consent_withdrawn", withdrawn), ("consent_not_granted", not_granted)]
            .into_iter()
            .filter(|(_, rows)| *rows > 0)
            .map(|(reason, rows)| (reason.to_owned(), json!(rows)))
            .collect();
        json!({ "relation": relation, "basis": "consent", "read": read,
            "used": read - withdrawn - not_granted, "without_subject": nobody, "withheld": withheld })
    };
    let usage = |relation: &str, column: &str, output: Option<&str>, direct: bool| json!({ "relation": relation, "column": column, "output": output, "direct": direct });
    json!([
        {
            "table": "sales", "purpose": "analytics", "rows": 118,
            "scans": [
                scan("pos_sales", 60, 4, 5, 0),
                scan("tmall_orders", 30, 0, 1, 2),
                scan("pos_sales", 40, 3, 0, 7),
            ],
            "lineage": [
                usage("pos_sales", "paid_amount", Some("revenue"), true),
                usage("pos_sales", "kind", Some("revenue"), false),
                usage("pos_sales", "sku", Some("sku"), true),
                usage("pos_sales", "sku", None, false),
                usage("products", "sku", None, false),
                usage("tmall_orders", "sku", Some("sku"), true),
            ],
        },
        {
            "table": "data_asset_value", "purpose": "asset_management", "rows": 12, "scans": [],
            "lineage": [usage("lakewarden.datasets", "rows", Some("scale"), true)],
        },
    ])
}

/// Asks a table that holds these columns, and about nobody.
pub(super) async fn ask(table: &str, columns: Vec<(&str, ArrayRef)>, sql: &str) -> Answer {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let content = Content::Memory { schema: batch.schema(), batches: vec![batch] };
    let relation = Relation { name: table.to_owned(), content, ruling: Ruling::Open, governance: None };
    let folder = tempfile::tempdir().unwrap();
    let url = reference_project().lake_url(folder.path().to_str()).unwrap();
    let options = EngineOptions { partitions: 2, ..EngineOptions::default() };
    let engine = Engine::new(Lake::open(&url).unwrap().store().clone(), options).unwrap();
    let spec = SessionSpec {
        purpose: "analytics".to_owned(),
        as_of: DateTime::UNIX_EPOCH,
        zone: chrono_tz::UTC,
        minimum_subjects: 1,
    };
    let session = Session::new(&engine, &spec, vec![relation]).unwrap();
    Answer::collect(table, session.run(sql).await.unwrap()).await.unwrap()
}

/// Publishes a curated table of the reference project, columns in the contract's order; gives its version.
/// `round` tells several publications apart.
pub(super) async fn publish(open: &OpenProject, folder: &str, table: &str, columns: Vec<ArrayRef>, round: u32) -> i64 {
    let lake = Lake::open(&open.lake_url(Some(folder)).unwrap()).unwrap();
    let contract = open.project.table(table).unwrap();
    let field = |name: &str, declared: Declared| Field::new(name, arrow_type(declared), true);
    let fields: Vec<Field> = contract.columns.iter().map(|c| field(&c.name.value, c.data_type.value)).collect();
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(schema.clone(), columns).unwrap();
    let run = format!("00000000-0000-0000-0000-{round:012}");
    let id = record(json!({ "run": run })).run;
    let options = WriterOptions::new(id, tokio::runtime::Handle::current());
    let staged = tokio::task::block_in_place(|| {
        let mut writer = lake.writer(Zone::Curated, table, schema, options).unwrap();
        writer.write(batch).unwrap();
        writer.finish().unwrap()
    });
    let change = Change { staged, mode: Mode::Replace, transactions: Vec::new(), info: Map::new() };
    let publication = Publication { id, at: DateTime::UNIX_EPOCH, changes: vec![change] };
    lake.publish(publication).await.unwrap()[0].version
}
