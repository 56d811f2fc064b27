//! Files that mean harm: each is refused with an error that says which limit to change, and little memory is taken.
#![allow(clippy::unwrap_used)]

#[path = "common/archives.rs"]
mod archives;
mod common;
use archives::{Cell, Packed, book_parts, deflated, xls, zip};
use common::*;
use lakewarden_dictionary::*;
use lakewarden_extract::{ExtractError, SourceFile};
use std::io::{Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const MIB: usize = 1 << 20;
const GIB: u64 = 1 << 30;

fn table(container: Container) -> Dataset {
    dataset("table", container, Encoding::Utf8, vec![field("a", DataType::String)])
}

/// A stream that is made while it is read, and how much of it was.
fn made(parts: Vec<(Vec<u8>, u64)>) -> (SourceFile, Arc<AtomicU64>) {
    struct Made {
        parts: std::vec::IntoIter<(Vec<u8>, u64)>,
        now: Cursor<Vec<u8>>,
        again: u64,
        given: Arc<AtomicU64>,
    }
    impl Read for Made {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            loop {
                let n = self.now.read(buffer)?;
                if n > 0 {
                    self.given.fetch_add(n as u64, Ordering::SeqCst);
                    return Ok(n);
                }
                if self.again > 0 {
                    self.again -= 1;
                    self.now.set_position(0);
                } else if let Some((bytes, times)) = self.parts.next() {
                    (self.now, self.again) = (Cursor::new(bytes), times.saturating_sub(1));
                } else {
                    return Ok(0);
                }
            }
        }
    }
    let given = Arc::new(AtomicU64::new(0));
    let counter = given.clone();
    let open = move || {
        let parts = parts.clone().into_iter();
        let made = Made { parts, now: Cursor::new(Vec::new()), again: 0, given: counter.clone() };
        Ok(Box::new(made) as Box<dyn Read + Send>)
    };
    (SourceFile::new("f", 0, open), given)
}

fn refusal(data: &Dataset, source: SourceFile) -> ExtractError {
    let error = run(data, &[source]).unwrap_err();
    assert!(!error.to_string().contains("xxxx"), "{error}");
    error
}

/// Says that the hint names the limit.
fn named(error: &ExtractError, code: &str, limit: &str) {
    assert_eq!(error.code(), code, "{error}");
    assert!(error.hint().contains(&format!("`format: limits: {limit}`")), "{}", error.hint());
}

#[test]
fn a_field_of_two_gibibytes_is_not_held() {
    let long = || vec![b'x'; MIB];
    for head in ["a\n1\n\"", "a\n1\n"] {
        let (source, given) = made(vec![(head.into(), 1), (long(), 2048)]);
        let error = refusal(&table(Container::Csv), source);
        named(&error, "LW4033", "field");
        assert!(matches!(&error, ExtractError::FieldTooLarge { row: 2, column: Some(c), .. } if c == "a"), "{error}");
        let read = given.load(Ordering::SeqCst);
        assert!(read < 40 * MIB as u64, "{read} bytes were read of 2 GiB");
    }
    for (container, head) in [(Container::Ndjson, "{\"a\":1}\n{\"a\":\""), (Container::Json, "[{\"a\":1},{\"a\":\"")] {
        let (source, given) = made(vec![(head.into(), 1), (long(), 2048)]);
        let mut data = table(container);
        (data.format.limits.record, data.format.limits.field) = (4 * MIB as u64, 4 * MIB as u64);
        let error = refusal(&data, source);
        named(&error, "LW4011", "record");
        assert!(matches!(&error, ExtractError::RecordTooLarge { row: 2, .. }), "{error}");
        assert!(given.load(Ordering::SeqCst) < 8 * MIB as u64);
    }
    // Beside the records, where nobody wants it.
    let mut data = table(Container::Json);
    data.format.records = "$.rows".parse().unwrap();
    data.format.limits.field = 4 * MIB as u64;
    for head in ["{\"other\":\"", "{\"", "{\"rows\":[{\"a\":1}],\"other\":\""] {
        let (source, given) = made(vec![(head.into(), 1), (long(), 2048)]);
        named(&refusal(&data, source), "LW4033", "field");
        assert!(given.load(Ordering::SeqCst) < 8 * MIB as u64);
    }
    // The header as well, and a comment costs nothing at all.
    let (source, _) = made(vec![(long(), 2048)]);
    named(&refusal(&table(Container::Csv), source), "LW4033", "field");
    let mut data = table(Container::Csv);
    data.format.comment = Some(here("#".into()));
    let (source, given) = made(vec![(b"#".to_vec(), 1), (long(), 128), (b"\na\n1\n".to_vec(), 1)]);
    let outcome = run(&data, &[source]).unwrap();
    assert_eq!((outcome.column("a"), outcome.accounts[0].skipped.comments), (vec!["1".into()], 1));
    assert!(given.load(Ordering::SeqCst) > 128 * MIB as u64);
}

#[test]
fn a_large_value_in_a_sound_record_is_named() {
    let mut data = table(Container::Csv);
    data.format.limits.field = 1000;
    let long = "x".repeat(1001);
    for (container, text) in [
        (Container::Csv, format!("a\n1\n{long}\n")),
        (Container::Ndjson, format!("{{\"a\":1}}\n{{\"a\":\"{long}\"}}\n")),
        (Container::Json, format!("[{{\"a\":1}},{{\"a\":\"{long}\"}}]")),
    ] {
        data.format.container = container;
        let error = refusal(&data, file("f", text));
        assert!(matches!(&error, ExtractError::FieldTooLarge { row: 2, column: Some(c), .. } if c == "a"), "{error}");
    }
    data.format.container = Container::Xlsx;
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write(0, 0, "a").unwrap();
    sheet.write(1, 0, long.as_str()).unwrap();
    let bytes = book.save_to_buffer().unwrap();
    named(&refusal(&data, file("f", bytes)), "LW4033", "field");
    data.format.container = Container::Parquet;
    let column = Arc::new(arrow::array::StringArray::from(vec!["1", &long])) as arrow::array::ArrayRef;
    let batch = arrow::array::RecordBatch::try_from_iter(vec![("a", column)]).unwrap();
    let mut bytes = Vec::new();
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let error = refusal(&data, file("f", bytes));
    assert!(matches!(&error, ExtractError::FieldTooLarge { row: 2, .. }), "{error}");
}

#[test]
fn a_million_columns() {
    let data = table(Container::Csv);
    for text in [format!("a{}\n", ",x".repeat(1_000_000)), format!("a\n1{}\n", ",".repeat(1_000_000))] {
        named(&refusal(&data, file("f", text)), "LW4034", "columns");
    }
    let mut wide = table(Container::Csv);
    wide.format.limits.columns = 1_000_000;
    let header: String = (0..200_000).map(|i| format!("c{i},")).collect();
    let outcome = run(&wide, &[file("f", format!("{header}a\n{}1\n", "y,".repeat(200_000)))]).unwrap();
    assert_eq!(outcome.column("a"), ["1"]);
    // A sheet that says its only cell is in column XFD.
    let part = |name: &str, text: &str| Packed::new(name, text.as_bytes());
    let sheet = r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="XFD1" t="inlineStr"><is><t>a</t></is></c></row></sheetData></worksheet>"#;
    let mut data = table(Container::Xlsx);
    data.format.limits.columns = 16_383;
    named(&refusal(&data, file("f", zip(&book_parts(part("xl/worksheets/sheet1.xml", sheet))))), "LW4034", "columns");
}

#[test]
fn nesting_of_a_hundred_thousand() {
    let deep = |open: &str, close: &str, n: usize| format!("{}1{}", open.repeat(n), close.repeat(n));
    for value in [deep("[", "]", 100_000), deep("{\"b\":", "}", 100_000)] {
        for (container, text) in [
            (Container::Ndjson, format!("{{\"a\":2}}\n{{\"a\":{value}}}\n")),
            (Container::Json, format!("[{{\"a\":2}},{{\"a\":{value}}}]")),
        ] {
            let error = refusal(&table(container), file("f", text));
            named(&error, "LW4035", "nesting");
            assert!(matches!(&error, ExtractError::NestedTooDeep { row: 2, limit: 128, .. }), "{error}");
        }
        // Where nobody declared it, it is passed over; a record that is itself no object is one bad record.
        let lines = format!("{{\"b\":{value},\"a\":2}}\n{value}\n{{\"a\":3}}\n");
        let outcome = run(&table(Container::Ndjson), &[file("f", lines)]).unwrap();
        let (rows, refused) = (outcome.column("a"), outcome.refused().len());
        if value.starts_with('[') {
            assert_eq!((rows, refused), (vec!["2".into(), "3".into()], 1));
        } else {
            assert_eq!((rows, refused), (vec!["2".into(), "-".into(), "3".into()], 0));
        }
        let mut data = table(Container::Json);
        data.format.records = "$.rows".parse().unwrap();
        named(&refusal(&data, file("f", format!("{{\"x\":{value},\"rows\":[]}}"))), "LW4035", "nesting");
    }
    let mut data = table(Container::Ndjson);
    data.fields[0].json = true;
    let at_limit = format!("{{\"a\":{}}}\n", deep("[", "]", 127));
    assert_eq!(run(&data, &[file("f", at_limit.clone())]).unwrap().rows.num_rows(), 1);
    data.format.limits.nesting = 127;
    named(&refusal(&data, file("f", at_limit)), "LW4035", "nesting");
    let (source, given) = made(vec![(b"{\"x\":".to_vec(), 1), (vec![b'['; MIB], 10_240)]);
    let mut data = table(Container::Json);
    data.format.records = "$.rows".parse().unwrap();
    named(&refusal(&data, source), "LW4035", "nesting");
    assert!(given.load(Ordering::SeqCst) < 2 * MIB as u64);
}

/// Ten gibibytes of a remark that never ends.
const TIMES: usize = 640;

fn block() -> Vec<u8> {
    vec![b'x'; 16 * MIB]
}

fn remarked() -> Dataset {
    let mut data = table(Container::Csv);
    data.format.comment = Some(here("#".into()));
    data
}

fn gzip_best(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut encoder, bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn ten_gibibytes_in_a_gzip_or_zstd() {
    let gzip_block = gzip_best(&block());
    let zstd_block = zstd::encode_all(block().as_slice(), 3).unwrap();
    for (head, block) in [(gzip(b"#"), gzip_block), (zstd::encode_all(&b"#"[..], 1).unwrap(), zstd_block)] {
        assert!(block.len() < MIB);
        let whole = block.len() as u64 * TIMES as u64;
        let (source, given) = made(vec![(head.clone(), 1), (block.clone(), TIMES as u64)]);
        let error = refusal(&remarked(), source);
        named(&error, "LW4031", "expansion");
        assert!(given.load(Ordering::SeqCst) < whole / 4, "most of the bomb was left");
        // With all the expansion there is, the size stops it.
        let mut data = remarked();
        data.format.limits.expansion = 1_000_000;
        data.format.limits.size = 100 * MIB as u64;
        let (source, _) = made(vec![(head, 1), (block, TIMES as u64)]);
        named(&refusal(&data, source), "LW4032", "size");
    }
}

#[test]
fn ten_gibibytes_in_a_zip() {
    let content = deflated(b"#", &block(), TIMES);
    let bomb = |told: u32| Packed { content: content.clone(), told, crc: 0, ..Packed::new("a.csv", b"") };
    named(&refusal(&remarked(), file("f", zip(&[bomb(u32::MAX - 1)]))), "LW4031", "expansion");
    // One that tells less than it holds is found out sooner.
    assert_eq!(refusal(&remarked(), file("f", zip(&[bomb(4)]))).code(), "LW4004");
    // Many members, each of them harmless.
    let mut data = remarked();
    data.format.limits.size = 100 * MIB as u64;
    let long = vec![b'x'; 30 * MIB];
    let mut crc = flate2::Crc::new();
    crc.update(b"a\n1\n#");
    crc.update(&long);
    let (content, crc, told) = (deflated(b"a\n1\n#", &long, 1), crc.sum(), (30 * MIB + 5) as u32);
    let member = |i: usize| Packed { content: content.clone(), told, crc, ..Packed::new(&format!("{i}.csv"), b"") };
    let members: Vec<Packed> = (0..4).map(member).collect();
    named(&refusal(&data, file("f", zip(&members))), "LW4032", "size");

    let many: Vec<Packed> = (0..1001).map(|i| Packed::stored(&format!("{i}.csv"), b"a\n1\n")).collect();
    named(&refusal(&table(Container::Csv), file("f", zip(&many))), "LW4036", "members");
    assert_eq!(run(&table(Container::Csv), &[file("f", zip(&many[..1000]))]).unwrap().rows.num_rows(), 1000);
}

#[test]
fn ten_gibibytes_in_a_workbook() {
    let content = deflated(b"<sst xmlns=\"x\">", &block(), TIMES);
    for name in ["xl/sharedStrings.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml"] {
        let own = Packed { content: content.clone(), told: 15, crc: 0, ..Packed::new(name, b"") };
        assert_eq!(refusal(&table(Container::Xlsx), file("f", zip(&book_parts(own)))).code(), "LW4004");
        let own = Packed { content: content.clone(), told: u32::MAX - 1, crc: 0, ..Packed::new(name, b"") };
        named(&refusal(&table(Container::Xlsx), file("f", zip(&book_parts(own)))), "LW4031", "expansion");
    }
    let mut data = table(Container::Xlsx);
    data.format.limits.held = 1000;
    let error = refusal(&data, file("f", zip(&book_parts(Packed::stored("xl/x", &[b'x'; 2000])))));
    named(&error, "LW4032", "held");
}

#[test]
fn terabytes_in_a_workbook_of_the_old_kind() {
    // Two cells in far corners, and a thousand sheets that are one.
    let corners = || vec![(0, 0, Cell::Text("a")), (65_535, 255, Cell::Number(1.0))];
    let mut data = table(Container::Xls);
    let bytes = xls(&[("s", corners())], false, 1000);
    assert!(bytes.len() < MIB);
    named(&refusal(&data, file("f", bytes)), "LW4032", "held");
    // One such sheet is what Excel itself may write.
    data.format.limits.held = 2 * GIB;
    let small = xls(&[("s", vec![(0, 0, Cell::Text("a")), (900, 0, Cell::Number(1.0))])], false, 1);
    assert_eq!(run(&data, &[file("f", small)]).unwrap().column("a"), ["1"]);
    // A long text that every cell refers to.
    let long: &'static str = Box::leak("x".repeat(30_000).into_boxed_str());
    let cells = (0..60_000u16).map(|row| (row, 0, Cell::Text(long))).collect();
    named(&refusal(&data, file("f", xls(&[("s", cells)], false, 1))), "LW4032", "held");
}

#[test]
fn what_must_be_held_is_bounded() {
    let mut data = table(Container::Parquet);
    data.format.limits.held = 10 * MIB as u64;
    let (source, given) = made(vec![(b"PAR1".to_vec(), 1), (vec![0; MIB], 2048)]);
    named(&refusal(&data, source), "LW4032", "held");
    assert!(given.load(Ordering::SeqCst) < 12 * MIB as u64);
    data.format.container = Container::Csv;
    let (source, _) = made(vec![(b"PK\x03\x04".to_vec(), 1), (vec![0; MIB], 2048)]);
    named(&refusal(&data, source), "LW4032", "held");
}
