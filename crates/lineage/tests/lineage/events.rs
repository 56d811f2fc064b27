//! Events, against OpenLineage's own JSON Schemas.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use datafusion::common::TableReference;
use jsonschema::{Retrieve, Uri, Validator};
use lakewarden_lineage::column_lineage;
use lakewarden_lineage::openlineage::*;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cases::corpus;
use crate::tables::session;

/// Schemas by `$id`. What is not among them is an error: nothing is fetched.
#[derive(Clone)]
struct Schemas(HashMap<String, Value>);

impl Retrieve for Schemas {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let schema = self.0.get(uri.as_str()).cloned();
        schema.ok_or_else(|| format!("no schema {uri}").into())
    }
}

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path);
    let text = text.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

impl Schemas {
    /// The schemas of OpenLineage, and our own.
    fn load() -> Self {
        let data = std::env::var_os("LAKEWARDEN_REFERENCE_DATA")
            .expect("LAKEWARDEN_REFERENCE_DATA names the folder with `openlineage`");
        let folder = PathBuf::from(data).join("openlineage");
        let mut paths = vec![
            folder.join("OpenLineage.json"),
            Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/RowAccountFacet.json"),
        ];
        let facets = std::fs::read_dir(folder.join("facets")).unwrap();
        paths.extend(facets.map(|entry| entry.unwrap().path()));
        let schemas = paths.iter().map(|path| {
            let schema = read(path);
            let id = schema["$id"].as_str().expect("each schema has an $id");
            (id.to_owned(), schema)
        });
        Self(schemas.collect())
    }

    fn validator(&self, url: &str) -> Validator {
        jsonschema::options()
            .with_retriever(self.clone())
            .should_validate_formats(true)
            .build(&json!({
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "$ref": url,
            }))
            .unwrap_or_else(|error| panic!("{url}: {error}"))
    }

    /// Panics unless `value` fits the schema at `url`.
    fn check(&self, url: &str, value: &Value) {
        let validator = self.validator(url);
        let errors: Vec<_> =
            validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{url}\n{value:#}\n{}", errors.join("\n"));
    }

    /// Checks an event against the schema of events, and each facet against the schema that it
    /// names itself. Returns the names of the facets.
    fn check_event(&self, event: &Value) -> Vec<String> {
        const ROOT: &str = "https://openlineage.io/spec/2-0-2/OpenLineage.json";
        assert_eq!(event["schemaURL"], format!("{ROOT}#/$defs/RunEvent"));
        self.check(ROOT, event);
        let datasets = |key: &str| event[key].as_array().cloned().unwrap_or_default();
        let mut homes = vec![event["run"]["facets"].clone(), event["job"]["facets"].clone()];
        for dataset in datasets("inputs").iter().chain(&datasets("outputs")) {
            homes
                .extend(["facets", "inputFacets", "outputFacets"].iter().filter_map(|home| dataset.get(home).cloned()));
        }
        let mut names = Vec::new();
        for (name, facet) in homes.iter().flat_map(|home| home.as_object().unwrap()) {
            let url = facet["_schemaURL"].as_str().expect("each facet names one");
            self.check(url, facet);
            // Also under its name, as the facet's document has it.
            let document = url.split('#').next().unwrap();
            let whole = self.0.get(document).expect("a known schema");
            assert!(whole["properties"].get(name).is_some(), "{document} does not know `{name}`");
            self.check(document, &json!({ name: facet }));
            names.push(name.clone());
        }
        names
    }
}

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_735_689_600 + second, 250_000_000).unwrap()
}

fn row_account() -> RowAccount {
    RowAccount {
        read: 12,
        written: 7,
        quarantined: vec![
            Quarantined { field: Some("qty".into()), rule: "integer".into(), rows: 1 },
            Quarantined { field: None, rule: "too many fields".into(), rows: 1 },
        ],
        duplicates: 1,
        key_conflicts: 0,
        outside_retention: 1,
        withheld: vec![Withheld { purpose: "marketing".into(), reason: "no consent".into(), rows: 1 }],
    }
}

async fn lineage_of(sql: &str) -> ColumnLineage {
    let session = session(None).await;
    let plan = session.state().create_logical_plan(sql).await.unwrap();
    ColumnLineage::new(&column_lineage(&plan).unwrap(), named)
}

fn named(relation: &TableReference) -> DatasetId {
    DatasetId::new("file", format!("/lake/conformed/{}", relation.table()))
}

/// An event with every facet there is.
async fn full_event(event_type: EventType) -> RunEvent {
    let producer = Producer::new("https://example.org/lakewarden/v0.1.0");
    let mut run = Run::new(Uuid::from_u128(1));
    run.facets = RunFacets {
        processing_engine: Some(producer.facet(ProcessingEngine {
            version: "55.2.0".into(),
            name: Some("DataFusion".into()),
            adapter_version: Some("0.1.0".into()),
        })),
        parent: Some(producer.facet(ParentRun {
            run: RunId { run_id: Uuid::from_u128(2) },
            job: JobId { namespace: "retail".into(), name: "daily".into() },
            root: Some(RootRun {
                run: RunId { run_id: Uuid::from_u128(3) },
                job: JobId { namespace: "retail".into(), name: "backfill".into() },
            }),
        })),
        nominal_time: Some(producer.facet(NominalTime { start: at(0), end: Some(at(86_400)) })),
        error_message: Some(producer.facet(ErrorMessage {
            message: "the account does not close".into(),
            programming_language: "Rust".into(),
            stack_trace: Some("pipeline::publish".into()),
        })),
        row_account: Some(producer.facet(row_account())),
    };
    let mut job = Job::new("retail", "model.spend");
    let owner = Owner { name: "team:data".into(), kind: Some("MAINTAINER".into()) };
    let sql = "SELECT c.city, sum(o.price) AS spend FROM orders o JOIN customers c
               ON c.id = o.customer_id WHERE o.state = 'done' GROUP BY c.city";
    job.facets = JobFacets {
        job_type: Some(producer.facet(JobType {
            processing_type: ProcessingType::Batch,
            integration: "LAKEWARDEN".into(),
            job_type: Some("MODEL".into()),
        })),
        sql: Some(producer.facet(Sql { query: sql.into(), dialect: Some("datafusion".into()) })),
        ownership: Some(producer.facet(JobOwnership { owners: vec![owner.clone()] })),
        documentation: Some(producer.facet(JobDocumentation {
            description: "spend by city\n按城市".into(),
            content_type: Some("text/markdown".into()),
        })),
    };
    let mut event = RunEvent::new(&producer, event_type, at(1), run, job);
    let mut input = InputDataset::new(DatasetId::new("file", "/lake/conformed/orders"));
    input.input_facets = InputFacets {
        input_statistics: Some(producer.facet(InputStatistics {
            row_count: Some(12),
            size: Some(4096),
            file_count: Some(1),
        })),
        row_account: Some(producer.facet(row_account())),
    };
    let mut output = OutputDataset::new(DatasetId::new("file", "/lake/curated/spend"));
    output.facets = DatasetFacets {
        schema: Some(producer.facet(Schema {
            fields: vec![SchemaField {
                name: "city".into(),
                data_type: Some("struct".into()),
                description: Some("城市".into()),
                ordinal_position: Some(1),
                fields: vec![SchemaField {
                    name: "code".into(),
                    data_type: None,
                    description: None,
                    ordinal_position: None,
                    fields: vec![],
                }],
            }],
        })),
        data_source: Some(producer.facet(DataSource { name: "lake".into(), uri: "file:///lake".into() })),
        version: Some(producer.facet(DatasetVersion { dataset_version: "4".into() })),
        column_lineage: Some(producer.facet(lineage_of(sql).await)),
        data_quality_metrics: Some(producer.facet(DataQualityMetrics {
            row_count: Some(5),
            bytes: Some(900),
            file_count: Some(1),
            last_updated: Some(at(2)),
            column_metrics: BTreeMap::from([(
                "city".into(),
                ColumnMetrics { null_count: Some(1), distinct_count: Some(4), count: Some(4) },
            )]),
        })),
        ownership: Some(producer.facet(DatasetOwnership { owners: vec![owner] })),
        documentation: Some(
            producer.facet(DatasetDocumentation { description: "spend by city".into(), content_type: None }),
        ),
    };
    output.output_facets = OutputFacets {
        output_statistics: Some(producer.facet(OutputStatistics {
            row_count: Some(5),
            size: Some(900),
            file_count: Some(1),
        })),
        row_account: Some(producer.facet(row_account())),
    };
    event.inputs.push(input);
    event.outputs.push(output);
    event
}

const ALL_TYPES: [EventType; 4] = [EventType::Start, EventType::Complete, EventType::Fail, EventType::Abort];

#[tokio::test]
#[ignore = "needs LAKEWARDEN_REFERENCE_DATA"]
async fn every_event_and_facet_fits_its_schema() {
    let schemas = Schemas::load();
    for event_type in ALL_TYPES {
        let line = full_event(event_type).await.to_line().unwrap();
        let mut names = schemas.check_event(&serde_json::from_str(&line).unwrap());
        names.sort();
        names.dedup();
        assert_eq!(
            names,
            [
                "columnLineage",
                "dataQualityMetrics",
                "dataSource",
                "documentation",
                "errorMessage",
                "inputStatistics",
                "jobType",
                "lakewarden_rowAccount",
                "nominalTime",
                "outputStatistics",
                "ownership",
                "parent",
                "processing_engine",
                "schema",
                "sql",
                "version",
            ]
        );
    }
}

#[test]
#[ignore = "needs LAKEWARDEN_REFERENCE_DATA"]
fn an_event_without_facets_fits() {
    let producer = Producer::new("https://example.org/lakewarden/v0.1.0");
    let (run, job) = (Run::new(Uuid::from_u128(9)), Job::new("retail", "extract"));
    let mut event = RunEvent::new(&producer, EventType::Start, at(0), run, job);
    event.outputs.push(OutputDataset::new(DatasetId::new("file", "/lake/x")));
    let event = serde_json::to_value(&event).unwrap();
    assert!(Schemas::load().check_event(&event).is_empty());
}

/// The check itself must be able to fail.
#[tokio::test]
#[ignore = "needs LAKEWARDEN_REFERENCE_DATA"]
async fn broken_events_do_not_fit() {
    let schemas = Schemas::load();
    let validator = schemas.validator("https://openlineage.io/spec/2-0-2/OpenLineage.json");
    let event = serde_json::to_value(full_event(EventType::Complete).await).unwrap();
    assert!(validator.is_valid(&event));
    let breaks: [fn(&mut Value); 4] = [
        |event| event["eventTime"] = json!("yesterday"),
        |event| event["eventType"] = json!("DONE"),
        |event| event["run"]["runId"] = json!("7"),
        |event| {
            let facet = event["job"]["facets"]["sql"].as_object_mut().unwrap();
            facet.remove("_producer").unwrap();
        },
    ];
    for (index, break_it) in breaks.iter().enumerate() {
        let mut event = event.clone();
        break_it(&mut event);
        assert!(!validator.is_valid(&event), "break {index}");
    }
    let mut account = event["run"]["facets"]["lakewarden_rowAccount"].clone();
    let url = account["_schemaURL"].as_str().unwrap().to_owned();
    account["read"] = json!(-1);
    assert!(!schemas.validator(&url).is_valid(&account));
}

#[tokio::test]
#[ignore = "needs LAKEWARDEN_REFERENCE_DATA"]
async fn the_lineage_of_every_case_of_the_corpus_fits_the_facet() {
    let session = session(None).await;
    let url = <ColumnLineage as FacetBody>::SCHEMA_URL;
    let validator = Schemas::load().validator(url);
    let producer = Producer::new("https://example.org/lakewarden/v0.1.0");
    for case in corpus() {
        let plan = session.state().create_logical_plan(&case.sql).await;
        let lineage = column_lineage(&plan.unwrap()).unwrap();
        let facet = producer.facet(ColumnLineage::new(&lineage, named));
        let facet = serde_json::to_value(facet).unwrap();
        assert!(validator.is_valid(&facet), "{}\n{facet:#}", case.name);
    }
}

#[tokio::test]
async fn an_event_is_one_line_and_reads_back_as_it_was() {
    for event_type in ALL_TYPES {
        let event = full_event(event_type).await;
        let line = event.to_line().unwrap();
        assert!(!line.contains('\n'));
        assert_eq!(serde_json::from_str::<RunEvent>(&line).unwrap(), event);
    }
}

#[tokio::test]
async fn column_lineage_is_written_in_the_words_of_openlineage() {
    let facet = lineage_of(
        "SELECT CASE WHEN city = 'x' THEN email END AS contact, count(name) OVER (PARTITION BY id) AS n
         FROM customers ORDER BY born",
    )
    .await;
    let input = |field: &str, kind: &str, subtype: &str, masking: bool| {
        json!({
            "namespace": "file",
            "name": "/lake/conformed/customers",
            "field": field,
            "transformations": [{ "type": kind, "subtype": subtype, "masking": masking }],
        })
    };
    assert_eq!(
        serde_json::to_value(&facet).unwrap(),
        json!({
            "fields": {
                "contact": { "inputFields": [
                    input("city", "INDIRECT", "CONDITIONAL", false),
                    input("email", "DIRECT", "IDENTITY", false),
                ]},
                "n": { "inputFields": [
                    input("id", "INDIRECT", "WINDOW", false),
                    input("name", "DIRECT", "AGGREGATION", true),
                ]},
            },
            "dataset": [input("born", "INDIRECT", "SORT", false)],
        })
    );
}

#[test]
fn times_and_types_are_written_as_the_specification_has_them() {
    let producer = Producer::new("https://example.org/p");
    let (run, job) = (Run::new(Uuid::from_u128(5)), Job::new("n", "j"));
    let event = RunEvent::new(&producer, EventType::Abort, at(0), run, job);
    assert_eq!(
        serde_json::to_value(&event).unwrap(),
        json!({
            "eventType": "ABORT",
            "eventTime": "2025-01-01T00:00:00.250Z",
            "producer": "https://example.org/p",
            "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
            "run": { "runId": "00000000-0000-0000-0000-000000000005", "facets": {} },
            "job": { "namespace": "n", "name": "j", "facets": {} },
            "inputs": [],
            "outputs": [],
        })
    );
}
