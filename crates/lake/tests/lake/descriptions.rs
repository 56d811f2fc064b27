//! What tables say of themselves to readers that know Delta and nothing of Lakewarden.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use lakewarden_lake::{COMMENT, Lake, Mode, TableDescription, Zone};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use parquet::file::reader::FileReader;
use parquet::file::serialized_reader::SerializedFileReader;
use serde_json::Value;
use uuid::Uuid;

use crate::sample::*;

const TABLE: &str = "sales";

fn columns(names: &[(&str, bool)]) -> SchemaRef {
    let field = |(name, nullable): &(&str, bool)| Field::new(*name, DataType::Int64, *nullable);
    Arc::new(Schema::new(names.iter().map(field).collect::<Vec<_>>()))
}

fn batch(schema: &SchemaRef, value: Option<i64>) -> RecordBatch {
    let column = |_: &Arc<Field>| Arc::new(Int64Array::from(vec![value])) as ArrayRef;
    RecordBatch::try_new(schema.clone(), schema.fields().iter().map(column).collect()).unwrap()
}

fn description(comment: &str) -> TableDescription {
    let entries = [(COMMENT, comment), ("lakewarden.unit", "CNY")];
    TableDescription {
        text: "销售 / Sales".to_owned(),
        properties: [("lakewarden.purpose".to_owned(), "analytics".to_owned())].into(),
        columns: [("paid".to_owned(), entries.map(|(k, v)| (k.to_owned(), v.to_owned())).into())].into(),
    }
}

/// Publishes one row of `schema`, or none, under a description, or without one.
async fn put(lake: &Lake, mode: Mode, schema: &SchemaRef, rows: bool, says: Option<TableDescription>) -> i64 {
    let batches = if rows { vec![batch(schema, Some(7))] } else { Vec::new() };
    let mut options = options(Uuid::new_v4());
    options.description = says;
    let staged = stage_with(lake, Zone::Curated, TABLE, schema.clone(), batches, options).await.unwrap();
    let done = lake.publish(publication(Uuid::new_v4(), vec![change(staged, mode)])).await.unwrap();
    done[0].version
}

/// The `metaData` action of a commit, if it has one.
async fn metadata_of(lake: &Lake, version: i64) -> Option<Value> {
    let path = Path::from(format!("curated/{TABLE}/_delta_log/{version:020}.json"));
    let bytes = lake.store().get(&path).await.unwrap().bytes().await.unwrap();
    let text = std::str::from_utf8(&bytes).unwrap();
    let mut actions = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    actions.find_map(|action| action.get("metaData").cloned())
}

pub async fn descriptions_reach_the_log(lake: &Lake) {
    let schema = columns(&[("paid", true), ("sku", true)]);
    let first = put(lake, Mode::Append, &schema, true, Some(description("Amount paid"))).await;
    let metadata = metadata_of(lake, first).await.unwrap();
    assert_eq!(metadata["description"], "销售 / Sales");
    assert_eq!(metadata["configuration"]["lakewarden.purpose"], "analytics");
    let stored: Value = serde_json::from_str(metadata["schemaString"].as_str().unwrap()).unwrap();
    assert_eq!(stored["fields"][0]["metadata"]["comment"], "Amount paid");
    assert_eq!(stored["fields"][0]["metadata"]["lakewarden.unit"], "CNY");
    assert_eq!(stored["fields"][1]["metadata"], serde_json::json!({}));
    assert_eq!(lake.description(Zone::Curated, TABLE).await.unwrap(), Some(description("Amount paid")));
    // The files say the same to whoever has nothing but them.
    let table = lake.table(Zone::Curated, TABLE).await.unwrap().unwrap();
    assert_eq!(table.schema, schema, "the columns that rows are read with carry no metadata");
    let file = lake.store().get(&Path::from(table.files[0].path.as_str())).await.unwrap().bytes().await.unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    let notes = reader.metadata().file_metadata().key_value_metadata().unwrap();
    let note = notes.iter().find(|note| note.key == "lakewarden.description").unwrap();
    let own: TableDescription = serde_json::from_str(note.value.as_ref().unwrap()).unwrap();
    assert_eq!(own, description("Amount paid"));
}

pub async fn descriptions_change_only_when_they_differ(lake: &Lake) {
    let schema = columns(&[("paid", true)]);
    put(lake, Mode::Append, &schema, true, Some(description("Amount paid"))).await;
    for says in [None, Some(description("Amount paid"))] {
        let same = put(lake, Mode::Append, &schema, true, says).await;
        assert_eq!(metadata_of(lake, same).await, None);
    }
    // A new label alone: no row is touched.
    let table = lake.table(Zone::Curated, TABLE).await.unwrap().unwrap();
    let changed = put(lake, Mode::Append, &schema, false, Some(description("Paid by the customer"))).await;
    let metadata = metadata_of(lake, changed).await.unwrap();
    assert_eq!(metadata["createdTime"], serde_json::json!(noon().timestamp_millis()));
    let after = lake.table(Zone::Curated, TABLE).await.unwrap().unwrap();
    assert_eq!((after.rows(), after.files), (3, table.files));
    assert_eq!(lake.description(Zone::Curated, TABLE).await.unwrap(), Some(description("Paid by the customer")));
    // A table that grows keeps what its columns say.
    let grown = columns(&[("paid", true), ("sku", true)]);
    let version = put(lake, Mode::Append, &grown, true, None).await;
    assert!(metadata_of(lake, version).await.is_some());
    assert_eq!(lake.description(Zone::Curated, TABLE).await.unwrap(), Some(description("Paid by the customer")));
}

pub async fn a_replaced_table_may_become_not_nullable(lake: &Lake) {
    put(lake, Mode::Replace, &columns(&[("paid", true)]), true, None).await;
    let required = columns(&[("paid", false)]);
    let version = put(lake, Mode::Replace, &required, true, None).await;
    let metadata = metadata_of(lake, version).await.unwrap();
    let stored: Value = serde_json::from_str(metadata["schemaString"].as_str().unwrap()).unwrap();
    assert_eq!(stored["fields"][0]["nullable"], false);
    assert_eq!(lake.table(Zone::Curated, TABLE).await.unwrap().unwrap().schema, required);
}
