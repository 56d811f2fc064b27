//! Rows, and the few steps that every test takes.

use std::num::NonZeroUsize;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array, Int64Array,
    RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef, TimeUnit};
use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt;
use lakewarden_lake::{Change, Lake, LakeError, Mode, Publication, Published, StagedTable, WriterOptions, Zone};
use tokio::runtime::Handle;
use uuid::Uuid;

pub const ID: &str = "id";

/// One column of each type that a table holds.
pub fn schema() -> SchemaRef {
    let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    Arc::new(Schema::new(vec![
        Field::new(ID, DataType::Int64, false),
        Field::new("member", DataType::Utf8, true),
        Field::new("amount", DataType::Decimal128(18, 2), true),
        Field::new("at", utc, true),
        Field::new("day", DataType::Date32, true),
        Field::new("score", DataType::Float64, true),
        Field::new("member_since_online", DataType::Boolean, true),
        Field::new("sealed", DataType::Binary, true),
        Field::new("quantity", DataType::Int32, true),
    ]))
}

/// The pseudonym of row `id`: what must be in no log.
pub fn token(id: i64) -> String {
    format!("k1_secrettoken{id:08}")
}

/// Rows `first..first + count`. Every tenth has nulls where it may.
pub fn rows(first: i64, count: i64) -> RecordBatch {
    let ids = || first..first + count;
    let some = |id: i64| id % 10 != 9;
    let micros = |id: i64| 1_700_000_000_000_000 + id * 1_000_001;
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values(ids())),
        Arc::new(ids().map(|id| some(id).then(|| token(id))).collect::<StringArray>()),
        Arc::new(
            ids()
                .map(|id| some(id).then_some(i128::from(id) * 101 - 500))
                .collect::<Decimal128Array>()
                .with_precision_and_scale(18, 2)
                .unwrap(),
        ),
        Arc::new(
            ids().map(|id| some(id).then(|| micros(id))).collect::<TimestampMicrosecondArray>().with_timezone("UTC"),
        ),
        Arc::new(ids().map(|id| some(id).then(|| 19_000 + i32::try_from(id % 365).unwrap())).collect::<Date32Array>()),
        Arc::new(ids().map(|id| some(id).then(|| id as f64 / 8.0)).collect::<Float64Array>()),
        Arc::new(ids().map(|id| some(id).then_some(id % 2 == 0)).collect::<BooleanArray>()),
        Arc::new(BinaryArray::from_iter(ids().map(|id| some(id).then(|| token(id).into_bytes())))),
        Arc::new(ids().map(|id| some(id).then(|| i32::try_from(id % 7).unwrap())).collect::<Int32Array>()),
    ];
    RecordBatch::try_new(schema(), columns).unwrap()
}

pub fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_750_000_000, 0).unwrap()
}

pub fn minutes(count: i64) -> TimeDelta {
    TimeDelta::minutes(count)
}

pub fn options(id: Uuid) -> WriterOptions {
    let mut options = WriterOptions::new(id, Handle::current());
    options.rows_per_file = NonZeroUsize::new(100).unwrap();
    options
}

/// Writes batches to staged files, as a run does: from a thread that may block.
pub async fn stage_with(
    lake: &Lake,
    zone: Zone,
    name: &str,
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    options: WriterOptions,
) -> Result<StagedTable, LakeError> {
    let (lake, name) = (lake.clone(), name.to_owned());
    tokio::task::spawn_blocking(move || {
        let mut writer = lake.writer(zone, &name, schema, options)?;
        for batch in batches {
            writer.write(batch)?;
        }
        writer.finish()
    })
    .await
    .unwrap()
}

pub async fn stage(lake: &Lake, zone: Zone, name: &str, batch: RecordBatch) -> Result<StagedTable, LakeError> {
    stage_with(lake, zone, name, batch.schema(), vec![batch], options(Uuid::new_v4())).await
}

pub fn change(staged: StagedTable, mode: Mode) -> Change {
    Change { staged, mode, transactions: Vec::new(), info: serde_json::Map::new() }
}

pub fn publication(id: Uuid, changes: Vec<Change>) -> Publication {
    Publication { id, at: noon(), changes }
}

/// Stages and publishes one batch.
pub async fn publish(
    lake: &Lake,
    zone: Zone,
    name: &str,
    mode: Mode,
    batch: RecordBatch,
) -> Result<Vec<Published>, LakeError> {
    let staged = stage(lake, zone, name, batch).await?;
    lake.publish(publication(Uuid::new_v4(), vec![change(staged, mode)])).await
}

/// The ids of a table's rows, in the order in which they are read. None where there is no table.
pub async fn ids(lake: &Lake, zone: Zone, name: &str) -> Option<Vec<i64>> {
    let table = lake.table(zone, name).await.unwrap()?;
    let batches: Vec<RecordBatch> = lake.read_table_batches(&table, Some(&[ID])).unwrap().try_collect().await.unwrap();
    let mut ids = Vec::new();
    for batch in batches {
        ids.extend_from_slice(batch.column(0).as_primitive::<Int64Type>().values());
    }
    assert_eq!(ids.len() as u64, table.rows());
    Some(ids)
}

pub fn sorted(mut ids: Vec<i64>) -> Vec<i64> {
    ids.sort_unstable();
    ids
}

pub fn to(end: i64) -> Vec<i64> {
    (0..end).collect()
}
