//! The same rows from every container; what is particular to each; bounded memory.
#![allow(clippy::unwrap_used)]

mod common;
use arrow::array::*;
use common::*;
use lakewarden_dictionary::*;
use lakewarden_extract::SourceFile;
use std::io::Read;
use std::sync::Arc;

fn people(container: Container) -> Dataset {
    let mut data = dataset(
        "people",
        container,
        Encoding::Utf8,
        vec![
            field("no", DataType::String).required(),
            field("phone", DataType::String).token("phone", Normaliser::Phone),
            field("points", DataType::Integer),
            field("spent", DataType::Decimal { precision: 10, scale: 2 }),
            field("born", DataType::Date),
            field("seen", DataType::Timestamp),
            field("active", DataType::Boolean),
        ],
    );
    data.key = vec![here("no".into())];
    data
}

fn book() -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let day = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd");
    let time = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd hh:mm:ss");
    let sheet = book.add_worksheet();
    for (column, name) in ["no", "phone", "extra", "points", "spent", "born", "seen", "active"].iter().enumerate() {
        sheet.write(0, column as u16, *name).unwrap();
    }
    sheet.write(1, 0, "A1").unwrap();
    sheet.write(1, 1, 13_187_013_211f64).unwrap();
    sheet.write(1, 2, "x").unwrap();
    sheet.write(1, 3, 12).unwrap();
    sheet.write(1, 4, 19.9).unwrap();
    sheet.write_with_format(1, 5, rust_xlsxwriter::ExcelDateTime::from_ymd(1990, 2, 3).unwrap(), &day).unwrap();
    let seen = rust_xlsxwriter::ExcelDateTime::from_ymd(2024, 5, 1).unwrap().and_hms(8, 3, 7).unwrap();
    sheet.write_with_format(1, 6, &seen, &time).unwrap();
    sheet.write(1, 7, true).unwrap();
    // Row 2 is blank; the next is the second record.
    sheet.write(3, 0, "A2").unwrap();
    book.save_to_buffer().unwrap()
}

fn parquet() -> Vec<u8> {
    let batch = RecordBatch::try_from_iter_with_nullable(vec![
        ("no", Arc::new(StringViewArray::from(vec!["A1", "A2"])) as ArrayRef, true),
        ("phone", Arc::new(Int64Array::from(vec![Some(13_187_013_211), None])), true),
        ("extra", Arc::new(StringArray::from(vec![Some("x"), None])), true),
        ("points", Arc::new(Int32Array::from(vec![Some(12), None])), true),
        ("spent", Arc::new(Float64Array::from(vec![Some(19.9), None])), true),
        ("born", Arc::new(Date32Array::from(vec![Some(7338), None])), true),
        (
            "seen",
            Arc::new(TimestampMillisecondArray::from(vec![Some(1_714_521_787_000), None]).with_timezone("UTC")),
            true,
        ),
        ("active", Arc::new(BooleanArray::from(vec![Some(true), None])), true),
    ])
    .unwrap();
    let mut bytes = Vec::new();
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

#[test]
fn every_container_gives_the_same_rows() {
    let csv = "no,phone,extra,points,spent,born,seen,active\nA1,13187013211,x,12,19.9,1990-02-03,2024-05-01 08:03:07,true\nA2,,,,,,,\n";
    let object = r#"{"no":"A1","phone":13187013211,"extra":"x","points":12,"spent":19.90,"born":"1990-02-03","seen":"2024-05-01T00:03:07Z","active":true}"#;
    let other = r#"{"no":"\u00412","phone":null}"#;
    let expected = run(&people(Container::Csv), &[file("f.csv", csv)]).unwrap();
    assert_eq!(expected.column("seen"), ["2024-05-01T00:03:07", "-"]);
    assert_eq!(expected.column("spent"), ["19.90", "-"]);
    for (container, bytes) in [
        (Container::Ndjson, format!("{object}\n\n{other}\n").into_bytes()),
        (Container::Ndjson, gzip(format!("{object}\r\n{other}").as_bytes())),
        (Container::Ndjson, zstd::encode_all(format!("\u{feff}{object}\n{other}").as_bytes(), 1).unwrap()),
        (Container::Json, format!(" [{object},\n {other} ]\n").into_bytes()),
        (Container::Parquet, parquet()),
        (Container::Parquet, gzip(&parquet())),
        (Container::Xlsx, book()),
    ] {
        let mut data = people(container);
        data.drift.ignored = vec![here("extra".into())];
        let outcome = run(&data, &[file("f", bytes)]).unwrap();
        assert_eq!(outcome.rows, expected.rows, "{container:?}");
        let over: Vec<_> = outcome.accounts[0].over_collected.iter().map(|(n, c)| (n.as_str(), *c)).collect();
        assert_eq!(over, [("extra", 1)], "{container:?}");
    }
}

#[test]
fn another_container_must_be_accepted() {
    let mut data = people(Container::Csv);
    assert_eq!(run(&data, &[file("f.xlsx", book())]).unwrap_err().code(), "LW4005");
    data.format.accept = vec![Container::Xlsx];
    let outcome = run(&data, &[file("f.xlsx", book())]).unwrap();
    assert_eq!(
        (outcome.rows.num_rows(), outcome.accounts[0].warnings.len(), outcome.accounts[0].encoding),
        (2, 1, None)
    );
}

#[test]
fn a_line_that_is_no_object_is_one_bad_record() {
    let mut data = people(Container::Ndjson);
    data.fields.truncate(1);
    let lines = "{\"no\":\"A1\"}\n[1]\n\n{\"no\":\"A2\"} x\n{\"no\":\"A3\"\n\"no\"\n{\"no\":\"A4\",\"no\":\"A5\"}\n{\"no\":\"\\ud800\"}\n{\"no\":{\"a\":[1]}}";
    let outcome = run(&data, &[file("f", lines)]).unwrap();
    assert_eq!(outcome.column("no"), ["A1", "A5"]);
    let refused: Vec<_> = outcome.refused().into_iter().map(|(row, _, rule)| format!("{row} {rule}")).collect();
    assert_eq!(refused, ["2 json", "4 json", "5 json", "6 json", "8 json", "9 type"]);
    assert_eq!(outcome.open(0)["_record"], "[1]");
}

#[test]
fn numbers_keep_their_digits() {
    let data = dataset(
        "n",
        Container::Ndjson,
        Encoding::Utf8,
        vec![field("d", DataType::Decimal { precision: 38, scale: 10 }), field("t", DataType::String)],
    );
    let outcome = run(
        &data,
        &[file("f", "{\"d\":1234567890123456789012345678.0123456789,\"t\":1.10}\n{\"d\":1e-3,\"t\":\"\\u4e0a\\n\"}")],
    )
    .unwrap();
    assert_eq!(outcome.column("d"), ["1234567890123456789012345678.0123456789", "0.0010000000"]);
    assert_eq!(outcome.column("t"), ["1.10", "上"]);
}

#[test]
fn wall_clock_timestamps_in_parquet_are_in_the_dataset_zone() {
    let batch = RecordBatch::try_from_iter(vec![(
        "seen",
        Arc::new(TimestampMillisecondArray::from(vec![28_800_000])) as ArrayRef,
    )])
    .unwrap();
    let mut bytes = Vec::new();
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let mut data = dataset("p", Container::Parquet, Encoding::Utf8, vec![field("seen", DataType::Timestamp)]);
    assert_eq!(run(&data, &[file("f", bytes.clone())]).unwrap().column("seen"), ["1970-01-01T00:00:00"]);
    data.time_zone = Some(here("UTC".into()));
    assert_eq!(run(&data, &[file("f", bytes)]).unwrap().column("seen"), ["1970-01-01T08:00:00"]);
}

#[test]
fn typed_values_that_do_not_fit_cost_their_row() {
    let batch = RecordBatch::try_from_iter(vec![
        ("n", Arc::new(Float64Array::from(vec![1.0, 1.5, f64::NAN])) as ArrayRef),
        ("d", Arc::new(Float64Array::from(vec![2.55, 2.0, 2.0]))),
    ])
    .unwrap();
    let mut bytes = Vec::new();
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let data = dataset(
        "p",
        Container::Parquet,
        Encoding::Utf8,
        vec![field("n", DataType::Double), field("d", DataType::Decimal { precision: 5, scale: 2 })],
    );
    let outcome = run(&data, &[file("f", bytes)]).unwrap();
    assert_eq!(
        (outcome.column("n"), outcome.column("d")),
        (vec!["1.0".into(), "1.5".into()], vec!["2.55".into(), "2.00".into()])
    );
    assert_eq!(outcome.refused(), [("3".into(), "n".into(), "type".into())]);
}

/// Gives an endless-looking JSON array and counts how far ahead of the sink it is read.
struct Endless {
    element: Vec<u8>,
    left: u64,
    at: usize,
    started: bool,
    given: Arc<std::sync::atomic::AtomicU64>,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        use std::sync::atomic::Ordering;
        if !self.started {
            self.started = true;
            buffer[0] = b'[';
            return Ok(1);
        }
        if self.left == 0 {
            return Ok(0);
        }
        let n = buffer.len().min(self.element.len() - self.at);
        buffer[..n].copy_from_slice(&self.element[self.at..self.at + n]);
        self.at += n;
        if self.at == self.element.len() {
            self.at = 0;
            self.left -= 1;
            if self.left == 0 {
                buffer[n - 1] = b']';
            }
        }
        self.given.fetch_add(n as u64, Ordering::SeqCst);
        Ok(n)
    }
}

#[test]
fn a_json_array_is_never_held_whole() {
    use lakewarden_extract::{ExtractContext, KeySet, Sink, SinkError, UnreadLog, extract};
    use std::sync::atomic::{AtomicU64, Ordering};
    let given = Arc::new(AtomicU64::new(0));
    let element = format!("{{\"no\":\"{}\"}},", "x".repeat(2000)).into_bytes();
    let (bytes, rows) = (element.len() as u64, 8_000);
    let counter = given.clone();
    let source = SourceFile::new("big.json", 0, move || {
        Ok(Box::new(Endless { element: element.clone(), left: rows, at: 0, started: false, given: counter.clone() }))
    });
    struct Behind(Arc<AtomicU64>, u64, u64, u64);
    impl Sink for Behind {
        fn rows(&mut self, rows: RecordBatch) -> Result<(), SinkError> {
            self.1 += rows.num_rows() as u64;
            self.2 = self.2.max(self.0.load(Ordering::SeqCst).saturating_sub(self.1 * self.3));
            Ok(())
        }
        fn quarantine(&mut self, _: RecordBatch) -> Result<(), SinkError> {
            Ok(())
        }
    }
    let data = dataset("b", Container::Json, Encoding::Utf8, vec![field("no", DataType::String)]);
    let keys = ring();
    let context = ExtractContext {
        dataset: &data,
        zone: chrono_tz::UTC,
        keys: &keys,
        as_of: as_of(),
        now: as_of(),
        seed: 1,
        batch_rows: 100,
        rules: &lakewarden_extract::RuleInputs::default(),
        workers: 2,
    };
    let mut sink = Behind(given, 0, 0, bytes);
    let accounts =
        extract(&context, &[source], &mut KeySet::new(1), &mut UnreadLog::default(), &mut sink, &|_| {}).unwrap();
    assert_eq!((accounts[0].written, sink.1), (rows, rows));
    // 16 MB in all; batches in flight, the encoding sample and buffers are a few.
    assert!(sink.2 < 4 << 20, "read {} bytes ahead of the sink", sink.2);
}
