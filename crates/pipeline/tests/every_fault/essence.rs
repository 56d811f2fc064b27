//! What two lakes must have in common: everything but the ids and times of the runs that wrote them.

use crate::fault_store::contents;
use arrow::array::RecordBatch;
use arrow::util::pretty::pretty_format_batches;
use futures::TryStreamExt;
use lakewarden_lake::{Lake, TableSnapshot, Zone};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Of every table: its columns, the SHA-256 of its files in their order, its ledger, and what its writer noted.
///
/// Left out are the names of files, which carry the run's id, the run's own id, the marks of publications, and the
/// times in logs. The bytes of the Parquet files carry none of these.
pub async fn essence(lake: &Lake) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for zone in Zone::ALL {
        for name in lake.tables(zone).await.unwrap() {
            let table = lake.table(zone, &name).await.unwrap().unwrap();
            let mut text = format!("{:?}\n", table.schema);
            if zone == Zone::Quarantine {
                text += &rejected(lake, &table).await;
            }
            for file in table.files.iter().filter(|_| zone != Zone::Quarantine) {
                let bytes = lake.store().get(&Path::from(file.path.as_str())).await.unwrap().bytes().await.unwrap();
                writeln!(text, "{:x?} {} rows", Sha256::digest(&bytes), file.rows).unwrap();
            }
            let ledger: BTreeMap<_, _> =
                table.transactions.iter().filter(|(id, _)| !id.starts_with("lakewarden/publication/")).collect();
            let noted: BTreeMap<_, _> = table
                .noted
                .iter()
                // Both name the run, the second by the hash of its audit record.
                .filter(|(key, _)| {
                    key.starts_with("lakewarden.") && !["lakewarden.run", "lakewarden.audit"].contains(&key.as_str())
                })
                .map(|(key, value)| (key, without_runs(value)))
                .collect();
            write!(text, "{ledger:?}\n{noted:?}").unwrap();
            all.insert(format!("{zone}/{name}"), text);
        }
    }
    all
}

/// The rows of a quarantine, in their order, without the run that rejected each and the clock's time then.
async fn rejected(lake: &Lake, table: &TableSnapshot) -> String {
    let columns = table.schema.fields().iter().map(|f| f.name().as_str());
    let columns: Vec<&str> = columns.filter(|column| !["run", "quarantined_at"].contains(column)).collect();
    let batches: Vec<RecordBatch> =
        lake.read_table_batches(table, Some(&columns)).unwrap().try_collect().await.unwrap();
    format!("{}\n", pretty_format_batches(&batches).unwrap())
}

/// What was noted of a commit, without the ids of the runs that loaded its files.
fn without_runs(noted: &Value) -> Value {
    // A note is a value, or the text of one.
    let told = noted.as_str().and_then(|text| serde_json::from_str(text).ok());
    let mut value = told.unwrap_or_else(|| noted.clone());
    for file in value.as_array_mut().into_iter().flatten() {
        file.as_object_mut().map(|file| file.remove("run"));
    }
    value
}

/// Every object of the zones, logs included, with its bytes; of commits, whose keys Delta's writer puts in the order of
/// a hash map, the lines with their keys in order.
pub async fn whole(lake: &Lake) -> BTreeMap<String, Vec<u8>> {
    let objects = contents(lake.store().as_ref()).await;
    let zones = objects.into_iter().filter(|(path, _)| !path.starts_with("_lakewarden/"));
    zones
        .map(|(path, bytes)| if path.ends_with(".json") { (path, ordered(&bytes)) } else { (path, bytes.to_vec()) })
        .collect()
}

fn ordered(commit: &[u8]) -> Vec<u8> {
    let lines = commit.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let value = |line: &[u8]| {
        let mut value: Value = serde_json::from_slice(line).unwrap();
        // The head of the audit log is the hash of a record with the run's id and its times.
        if let Some(info) = value.get_mut("commitInfo").and_then(Value::as_object_mut) {
            info.remove("lakewarden.audit");
        }
        value.sort_all_objects();
        value.to_string()
    };
    lines.map(value).collect::<Vec<_>>().join("\n").into_bytes()
}
