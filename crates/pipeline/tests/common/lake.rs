//! A lake as a test sees it: what is published, which bytes lie there, and every row.

use super::{Shop, files_below};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use futures::TryStreamExt;
use lakewarden_lake::{Lake, Zone};
use std::collections::{BTreeMap, BTreeSet};

/// What is published of a table.
#[derive(Debug, PartialEq, Eq)]
pub struct Published {
    pub version: i64,
    pub files: BTreeSet<String>,
    pub rows: u64,
    pub transactions: BTreeMap<String, i64>,
}

/// Opens the shop's lake.
pub fn lake(shop: &Shop) -> Lake {
    Lake::open(&shop.open().lake_url(None).unwrap()).unwrap()
}

/// Every table of every zone.
pub async fn published(lake: &Lake) -> BTreeMap<(Zone, String), Published> {
    let mut tables = BTreeMap::new();
    for zone in Zone::ALL {
        for name in lake.tables(zone).await.unwrap() {
            let table = lake.table(zone, &name).await.unwrap().unwrap();
            let published = Published {
                version: table.version,
                files: table.files.iter().map(|f| f.path.clone()).collect(),
                rows: table.rows(),
                transactions: table.transactions.into_iter().collect(),
            };
            tables.insert((zone, name), published);
        }
    }
    tables
}

/// The paths of all objects of the zones, relative to the lake, published or not.
pub fn objects(shop: &Shop) -> Vec<String> {
    let root = shop.path("lake");
    let below = Zone::ALL.iter().flat_map(|zone| files_below(&root.join(zone.folder())));
    below.map(|path| path.strip_prefix(&root).unwrap().display().to_string()).collect()
}

/// All batches of a table.
pub async fn batches(lake: &Lake, zone: Zone, name: &str) -> Vec<RecordBatch> {
    let table = lake.table(zone, name).await.unwrap().unwrap();
    lake.read_table_batches(&table, None).unwrap().try_collect().await.unwrap()
}

/// Named columns of a table as text, sorted; nulls empty.
pub async fn rows(lake: &Lake, zone: Zone, name: &str, columns: impl Fn(&str) -> bool) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for batch in batches(lake, zone, name).await {
        let schema = batch.schema();
        let wanted = schema.fields().iter().zip(batch.columns()).filter(|(f, _)| columns(f.name()));
        let texts: Vec<Vec<Vec<u8>>> = wanted.map(|(_, column)| cells(column)).collect();
        rows.extend(
            (0..batch.num_rows()).map(|row| texts.iter().map(|c| String::from_utf8(c[row].clone()).unwrap()).collect()),
        );
    }
    rows.sort();
    rows
}

/// A column's cells: bytes as they are, everything else as text.
pub fn cells(column: &ArrayRef) -> Vec<Vec<u8>> {
    match column.data_type() {
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            let bytes = cast(column, &DataType::LargeBinary).unwrap();
            bytes.as_binary::<i64>().iter().map(|cell| cell.unwrap_or_default().to_vec()).collect()
        }
        _ => {
            let options = FormatOptions::default();
            let text = ArrayFormatter::try_new(column.as_ref(), &options).unwrap();
            (0..column.len()).map(|row| text.value(row).to_string().into_bytes()).collect()
        }
    }
}
