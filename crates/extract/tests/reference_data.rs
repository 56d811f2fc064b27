//! Real inputs with published answers. Without `LAKEWARDEN_REFERENCE_DATA` these are ignored, not passed:
//! `LAKEWARDEN_REFERENCE_DATA=… cargo test -p lakewarden-extract --test reference_data -- --ignored`.
#![allow(clippy::unwrap_used)]

mod common;
use arrow::array::AsArray;
use common::*;
use lakewarden_dictionary::*;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

fn folder(name: &str) -> PathBuf {
    let root = std::env::var("LAKEWARDEN_REFERENCE_DATA").expect("LAKEWARDEN_REFERENCE_DATA names the folder");
    Path::new(&root).join(name)
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files_below(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

#[test]
#[ignore = "needs LAKEWARDEN_REFERENCE_DATA"]
fn online_retail_to_the_last_row() {
    let text = |name: &str| field(name, DataType::String);
    let price = DataType::Decimal { precision: 12, scale: 3 };
    let data = dataset(
        "online_retail",
        Container::Csv,
        Encoding::Utf8,
        vec![
            text("InvoiceNo").required(),
            text("StockCode").required(),
            text("Description"),
            field("Quantity", DataType::Integer).required(),
            field("InvoiceDate", DataType::Timestamp).times(&["%Y-%m-%d %H:%M:%S"]).required(),
            field("UnitPrice", price).required(),
            text("CustomerID").token("customer_no", Normaliser::IntegerIdentifier),
            text("Country"),
        ],
    );
    let files: Vec<_> = files_below(&folder("online_retail"))
        .iter()
        .filter(|p| p.to_string_lossy().ends_with(".csv.gz"))
        .map(|p| file(&p.file_name().unwrap().to_string_lossy(), std::fs::read(p).unwrap()))
        .collect();
    assert_eq!(files.len(), 305);
    let outcome = run(&data, &files).unwrap();
    let sum = |f: fn(&lakewarden_extract::FileAccount) -> u64| outcome.accounts.iter().map(f).sum::<u64>();
    assert_eq!(sum(|a| a.read), 541_909);
    assert_eq!(sum(|a| a.exact_duplicates), 5268);
    assert_eq!(sum(|a| a.quarantined_total()), 0, "{:?}", outcome.refused().first());
    let distinct = |c: &str| {
        let column = outcome.rows.column_by_name(c).unwrap().as_string::<i32>().clone();
        column.iter().flatten().map(str::to_owned).collect::<HashSet<_>>().len()
    };
    assert_eq!((distinct("InvoiceNo"), distinct("CustomerID")), (25_900, 4372));
    let quantity = outcome.rows.column_by_name("Quantity").unwrap().as_primitive::<arrow::datatypes::Int64Type>();
    let price = outcome.rows.column_by_name("UnitPrice").unwrap().as_primitive::<arrow::datatypes::Decimal128Type>();
    let gross: i128 = quantity.values().iter().zip(price.values()).map(|(q, p)| i128::from(*q) * p).sum();
    assert_eq!(gross, 9_747_747_934);
}

/// Malformed files are refused or read; none panics, none loses count (`run` asserts that accounts close).
#[test]
#[ignore = "needs LAKEWARDEN_REFERENCE_DATA"]
fn messy_files_do_no_harm() {
    let all = [Container::Csv, Container::Ndjson, Container::Json, Container::Parquet, Container::Xlsx];
    let (mut read, mut refused) = (0, 0);
    for path in files_below(&folder("messy")) {
        let bytes = std::fs::read(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        for container in all {
            let mut data = dataset(
                "messy",
                container,
                Encoding::Utf8,
                ["a", "b", "x", "n", "id", "name", "value", "item", "item_id"]
                    .iter()
                    .map(|n| field(n, DataType::String).optional())
                    .collect(),
            );
            data.format.accept = all.to_vec();
            match run(&data, &[file(&name, bytes.clone())]) {
                Ok(_) => read += 1,
                Err(error) => {
                    assert_ne!(error.code(), "LW4090", "{name}: {error}");
                    refused += 1;
                }
            }
        }
    }
    assert!(read > 0 && refused > 0, "{read} read, {refused} refused");
}
