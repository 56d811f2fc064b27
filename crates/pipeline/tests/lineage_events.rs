//! The lineage that a real run writes, against OpenLineage's own schemas.
#![allow(clippy::unwrap_used)]

mod common;

use common::Shop;
use jsonschema::{Retrieve, Uri};
use lakewarden_lake::Lake;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;

const RUN_EVENT: &str = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";

/// Schemas by `$id`. What is not among them is an error: nothing is fetched.
#[derive(Clone)]
struct Schemas(HashMap<String, Value>);

impl Retrieve for Schemas {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        self.0.get(uri.as_str()).cloned().ok_or_else(|| format!("no schema {uri}").into())
    }
}

impl Schemas {
    fn read() -> Self {
        let folder = std::env::var("LAKEWARDEN_REFERENCE_DATA").expect("LAKEWARDEN_REFERENCE_DATA names the folder");
        let mut files = common::files_below(&Path::new(&folder).join("openlineage"));
        files.extend(common::files_below(&common::repository().join("crates/lineage/schemas")));
        let json = files.iter().filter(|f| f.extension().is_some_and(|e| e == "json"));
        let schemas = json.map(|f| serde_json::from_slice::<Value>(&std::fs::read(f).unwrap()).unwrap());
        Self(schemas.filter_map(|s| Some((s["$id"].as_str()?.to_owned(), s))).collect())
    }

    fn check(&self, url: &str, value: &Value) {
        let schema = json!({ "$schema": "https://json-schema.org/draft/2020-12/schema", "$ref": url });
        let options = jsonschema::options().with_retriever(self.clone()).should_validate_formats(true);
        let errors: Vec<String> =
            options.build(&schema).unwrap().iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{url}\n{value:#}\n{}", errors.join("\n"));
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs LAKEWARDEN_REFERENCE_DATA"]
async fn every_event_and_facet_of_a_run_is_valid() {
    let schemas = Schemas::read();
    let shop = Shop::with_sample(100, true);
    let record = shop.run("retail").await.unwrap();
    let lake = Lake::open(&shop.open().lake_url(None).unwrap()).unwrap();
    let events = lake.lineage(record.run).await.unwrap();
    // A START and a COMPLETE for each step but the publication.
    assert_eq!(events.len(), 2 * (record.steps.len() - 1));
    let mut facets = BTreeSet::new();
    for event in &events {
        schemas.check(RUN_EVENT, event);
        let parts = [&event["run"], &event["job"]].into_iter();
        let datasets = ["inputs", "outputs"].iter().flat_map(|side| event[side].as_array().unwrap());
        for part in parts.chain(datasets) {
            for kind in ["facets", "inputFacets", "outputFacets"] {
                for (name, facet) in part[kind].as_object().into_iter().flatten() {
                    schemas.check(facet["_schemaURL"].as_str().unwrap(), facet);
                    facets.insert(name.clone());
                }
            }
        }
    }
    for needed in ["columnLineage", "schema", "sql", "parent", "lakewarden_rowAccount", "outputStatistics"] {
        assert!(facets.contains(needed), "no event has {needed}: {facets:?}");
    }
}
