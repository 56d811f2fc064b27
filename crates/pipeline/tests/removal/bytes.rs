//! Every byte of a lake, and every cell and statistic of its Parquet files.

use arrow::util::display::{ArrayFormatter, FormatOptions};
use object_store::ObjectStore;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::BTreeSet;

use crate::fault_store::contents;

/// The objects that hold a text, as they are stored or in a cell.
pub async fn objects_with(store: &dyn ObjectStore, needle: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (path, bytes) in contents(store).await {
        let raw = bytes.windows(needle.len()).any(|window| window == needle.as_bytes());
        if raw || (path.ends_with(".parquet") && cells(bytes).iter().any(|cell| cell.contains(needle))) {
            found.insert(path);
        }
    }
    found
}

/// Every cell of a Parquet file as text, those of nested columns included, and its columns' names.
fn cells(bytes: bytes::Bytes) -> Vec<String> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap();
    let mut found: Vec<String> = reader.schema().fields().iter().map(|field| field.name().clone()).collect();
    let groups = reader.metadata().row_groups();
    let statistics = groups.iter().flat_map(|group| group.columns()).filter_map(|column| column.statistics());
    found.extend(statistics.map(|statistics| format!("{statistics:?}")));
    for batch in reader.build().unwrap() {
        let batch = batch.unwrap();
        for column in batch.columns() {
            let options = FormatOptions::default();
            let text = ArrayFormatter::try_new(column.as_ref(), &options).unwrap();
            found.extend((0..column.len()).map(|row| text.value(row).to_string()));
        }
    }
    found
}
