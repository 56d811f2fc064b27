//! Prints rows and megabytes a second for each container, from memory: `cargo run --release -p
//! lakewarden-extract --example throughput [ROWS] [WORKERS]`.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::print_stdout)]

#[path = "../tests/common/mod.rs"]
mod common;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray};
use common::*;
use lakewarden_dictionary::*;
use lakewarden_extract::{ExtractContext, KeySet, Sink, SinkError, SourceFile, UnreadLog, extract};
use std::fmt::Write;
use std::sync::Arc;
use std::time::Instant;

struct Nowhere(usize);
impl Sink for Nowhere {
    fn rows(&mut self, rows: RecordBatch) -> Result<(), SinkError> {
        self.0 += rows.num_rows();
        Ok(())
    }
    fn quarantine(&mut self, records: RecordBatch) -> Result<(), SinkError> {
        self.0 += records.num_rows();
        Ok(())
    }
}

fn measure(name: &str, dataset: &Dataset, file: SourceFile, bytes: usize, workers: usize) {
    let keys = ring();
    let context = ExtractContext {
        dataset,
        zone: chrono_tz::Asia::Shanghai,
        keys: &keys,
        as_of: as_of(),
        now: as_of(),
        seed: SEED,
        batch_rows: 16_384,
        rules: &lakewarden_extract::RuleInputs::default(),
        workers,
    };
    let mut best = f64::MAX;
    let mut rows = 0;
    for _ in 0..3 {
        let mut sink = Nowhere(0);
        let start = Instant::now();
        let accounts = extract(
            &context,
            std::slice::from_ref(&file),
            &mut KeySet::new(SEED),
            &mut UnreadLog::default(),
            &mut sink,
            &|_| {},
        )
        .unwrap();
        best = best.min(start.elapsed().as_secs_f64());
        rows = accounts[0].read;
        assert_eq!(accounts[0].written, rows, "{:?}", accounts[0].quarantined);
    }
    println!(
        "{name:<14} {rows:>8} rows  {best:6.2} s  {:>9.0} rows/s  {:6.1} MB/s of text",
        rows as f64 / best,
        bytes as f64 / best / 1e6
    );
}

fn events() -> Dataset {
    let text = |name: &str| field(name, DataType::String);
    let mut events = dataset(
        "miniapp_events",
        Container::Ndjson,
        Encoding::Utf8,
        vec![
            text("event_id").required(),
            text("unionid").token("unionid", Normaliser::Identifier),
            text("openid").token("openid", Normaliser::Identifier),
            text("event").required(),
            text("sku"),
            field("ts", DataType::Timestamp).times(&["epoch_ms"]).required(),
            field("lat", DataType::Double).treated(Treatment::Generalise(Generalisation::Grid { millidegrees: 100 })),
            field("lng", DataType::Double).treated(Treatment::Generalise(Generalisation::Grid { millidegrees: 100 })),
            text("campaign").optional(),
            text("phone").token("phone", Normaliser::Phone).optional(),
        ],
    );
    events.key = vec![here("event_id".into())];
    events
}

fn main() {
    let argument = |n: usize| std::env::args().nth(n).and_then(|a| a.parse().ok());
    let rows: u64 = argument(1).unwrap_or(500_000);
    let workers = argument(2).unwrap_or(2) as usize;

    let mut csv = SALES_HEADER.to_owned();
    (0..rows).for_each(|i| csv.push_str(&sale(i / 3, i % 3)));
    let gb = gb18030(&csv);
    measure("CSV UTF-8", &pos_sales(Encoding::Utf8), file("sales.csv", csv.clone()), csv.len(), workers);
    measure("CSV GB18030", &pos_sales(Encoding::Gb18030), file("sales.csv", gb.clone()), gb.len(), workers);

    let mut json = String::new();
    for i in 0..rows {
        writeln!(
            json,
            r#"{{"event_id":"e{i:09}","unionid":"o{:020}","openid":"p{:020}","event":"view","sku":"SKU-{:05}","ts":{},"lat":31.{:06},"lng":121.{:06}}}"#,
            i % 80_000, i % 90_000, i % 4000, 1_700_000_000_000 + i * 977, i % 1_000_000, i % 999_983
        )
        .unwrap();
    }
    measure("NDJSON gzip", &events(), file("events.ndjson.gz", gzip(json.as_bytes())), json.len(), workers);
    let array = format!("[{}]", json.trim_end().replace('\n', ","));
    let mut as_array = events();
    as_array.format.container = Container::Json;
    measure("JSON array", &as_array, file("events.json", array.clone()), array.len(), workers);

    let batch = RecordBatch::try_from_iter(vec![
        ("event_id", Arc::new(StringArray::from_iter_values((0..rows).map(|i| format!("a{i:09}")))) as ArrayRef),
        ("device_id", Arc::new(StringArray::from_iter_values((0..rows).map(|i| format!("d{:016}", i % 70_000))))),
        ("user_id", Arc::new(StringArray::from_iter_values((0..rows).map(|i| format!("u{:08}", i % 60_000))))),
        ("event", Arc::new(StringArray::from_iter_values((0..rows).map(|_| "open")))),
        (
            "ts",
            Arc::new(
                TimestampMillisecondArray::from_iter_values((0..rows as i64).map(|i| 1_700_000_000_000 + i))
                    .with_timezone("UTC"),
            ),
        ),
        ("duration_ms", Arc::new(Int64Array::from_iter_values(0..rows as i64))),
    ])
    .unwrap();
    let mut bytes = Vec::new();
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let mut app = dataset(
        "app_events",
        Container::Parquet,
        Encoding::Utf8,
        vec![
            field("event_id", DataType::String).required(),
            field("device_id", DataType::String).token("device_id", Normaliser::Identifier),
            field("user_id", DataType::String).token("app_user_id", Normaliser::Identifier),
            field("event", DataType::String).required(),
            field("ts", DataType::Timestamp).required(),
            field("duration_ms", DataType::Integer),
        ],
    );
    app.key = vec![here("event_id".into())];
    measure("Parquet", &app, file("app.parquet", bytes.clone()), bytes.len(), workers);
}
