//! Files that are refused whole, and entries that are refused before a byte is read. No message holds a cell.
#![allow(clippy::unwrap_used)]

mod common;
use common::*;
use lakewarden_dictionary::*;
use lakewarden_extract::{ExtractError, KeySet, SourceFile};
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const CANARY: &str = "13187013211";

fn text(name: &str) -> Field {
    field(name, DataType::String)
}

fn csv(fields: Vec<Field>) -> Dataset {
    dataset("test", Container::Csv, Encoding::Utf8, fields)
}

fn members() -> Dataset {
    csv(vec![text("会员卡号"), text("手机号"), text("备注").optional()])
}

fn refusal(data: &Dataset, bytes: impl Into<Vec<u8>>) -> ExtractError {
    let error = run(data, &[file("dir/the-file", bytes)]).unwrap_err();
    let said = format!("{error} {error:?} {}", error.hint());
    assert!(!said.contains(CANARY), "{said}");
    assert!(said.contains("dir/the-file"), "{said}");
    assert_eq!(error.file(), Some("dir/the-file"));
    assert!(!error.hint().is_empty());
    error
}

#[test]
fn a_renamed_column_is_named_with_the_nearest() {
    let error = refusal(&members(), format!("会员卡号,手机,备注\nM1,{CANARY},\n"));
    assert_eq!(error.code(), "LW4007");
    let said = error.to_string();
    // The name in the file may be a person's: its place is given.
    assert!(said.contains("`手机号` (column 2 of the file has nearly that name)"), "{said}");
    assert!(!said.contains("`手机`") && error.hint().contains("column 2"), "{said}");
}

#[test]
fn headerless_empty_and_doubled() {
    assert_eq!(refusal(&members(), format!("M1,{CANARY},x\nM2,{CANARY},y\n")).code(), "LW4006");
    for empty in ["", "\u{feff}", "\n\n  \n"] {
        assert_eq!(refusal(&members(), empty).code(), "LW4002", "{empty:?}");
    }
    assert_eq!(refusal(&members(), gzip(b"")).code(), "LW4002");
    let error = refusal(&members(), format!("会员卡号,手机号,手机号\nM1,{CANARY},{CANARY}\n"));
    assert_eq!(error.code(), "LW4008");
    // A header alone is a file without rows.
    assert_eq!(run(&members(), &[file("f", "会员卡号,手机号\n")]).unwrap().accounts[0].read, 0);
}

#[test]
fn truncated_and_damaged_streams() {
    let body: String = (0..20_000).map(|i| format!("M{i},{CANARY}{},\n", i * 7919)).collect();
    let whole = format!("会员卡号,手机号,备注\n{body}");
    for (packed, what) in [(gzip(whole.as_bytes()), "gzip"), (zstd::encode_all(whole.as_bytes(), 1).unwrap(), "zstd")] {
        for keep in [packed.len() / 2, packed.len() - 3] {
            let error = refusal(&members(), &packed[..keep]);
            assert_eq!(error.code(), "LW4003", "{error}");
            assert!(error.to_string().contains(what), "{error}");
        }
        let mut damaged = packed.clone();
        let middle = damaged.len() / 2;
        damaged[middle..middle + 100].fill(0x55);
        assert!(["LW4003", "LW4004"].contains(&refusal(&members(), damaged).code()));
    }
}

#[test]
fn a_header_in_no_encoding_is_refused() {
    let error = refusal(&members(), b"\xe4\xbc\x9a\xe5\x91\x98\xff\xfe,\xe6\x89\x8b\n1,13187013211\n".to_vec());
    assert!(matches!(error, ExtractError::InvalidBytes { .. }), "{error}");
    assert_eq!(error.code(), "LW4009");
}

#[test]
fn containers_that_were_not_declared() {
    assert_eq!(refusal(&members(), format!("{{\"手机号\":\"{CANARY}\"}}\n")).code(), "LW4005");
    assert_eq!(refusal(&members(), format!("[{{\"手机号\":\"{CANARY}\"}}]")).code(), "LW4005");
    let mut data = members();
    data.format.container = Container::Json;
    assert_eq!(refusal(&data, format!("会员卡号,手机号\n1,{CANARY}\n")).code(), "LW4005");
    data.format.container = Container::Parquet;
    assert_eq!(refusal(&data, format!("会员卡号,手机号\n1,{CANARY}\n")).code(), "LW4005");
}

#[test]
fn json_arrays_that_are_cut_or_broken() {
    let mut data = members();
    data.format.container = Container::Json;
    let element = format!("{{\"会员卡号\":\"M\",\"手机号\":\"{CANARY}\"}}");
    let error = refusal(&data, format!("[{element},{element},{{\"会员卡号\":\"M"));
    assert!(matches!(error, ExtractError::CutShort { what: "JSON array", rows: 2, .. }), "{error}");
    for broken in [format!("[{element} {element}]"), format!("[{element}] {element}"), format!("[{element},]")] {
        let error = refusal(&data, broken);
        assert!(matches!(error, ExtractError::Damaged { what: "JSON array", rows: 1, .. }), "{error}");
    }
    assert_eq!(run(&data, &[file("f", "[]")]).unwrap().accounts[0].read, 0);
}

#[test]
fn parquet_and_workbooks_that_are_cut() {
    let batch = arrow::array::RecordBatch::try_from_iter(vec![
        ("会员卡号", Arc::new(arrow::array::StringArray::from(vec!["M1"; 500])) as arrow::array::ArrayRef),
        ("手机号", Arc::new(arrow::array::StringArray::from(vec![CANARY; 500]))),
    ])
    .unwrap();
    let mut bytes = Vec::new();
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let mut data = members();
    data.format.container = Container::Parquet;
    assert_eq!(run(&data, &[file("f", bytes.clone())]).unwrap().accounts[0].written, 500);
    assert_eq!(refusal(&data, &bytes[..bytes.len() - 4]).code(), "LW4003");
    assert_eq!(refusal(&data, b"PAR1".to_vec()).code(), "LW4003");
    let mut broken = bytes.clone();
    let footer = broken.len() - 60;
    broken[footer..footer + 40].fill(0xee);
    assert_eq!(refusal(&data, broken).code(), "LW4004");

    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (column, name) in ["会员卡号", "手机号"].iter().enumerate() {
        sheet.write(0, column as u16, *name).unwrap();
        sheet.write(1, column as u16, CANARY).unwrap();
    }
    let bytes = book.save_to_buffer().unwrap();
    data.format.container = Container::Xlsx;
    assert_eq!(run(&data, &[file("f", bytes.clone())]).unwrap().accounts[0].written, 1);
    assert_eq!(refusal(&data, &bytes[..bytes.len() - 30]).code(), "LW4003");
    let mut broken = bytes.clone();
    broken[100..400].fill(0xee);
    assert_eq!(refusal(&data, broken).code(), "LW4004");
}

#[test]
fn storage_that_fails_is_said_so() {
    let missing = SourceFile::new("dir/the-file", 0, || Err(std::io::ErrorKind::NotFound.into()));
    let error = run(&members(), &[missing]).unwrap_err();
    assert!(matches!(error, ExtractError::Unreadable { kind: std::io::ErrorKind::NotFound, .. }));
    assert!(!error.is_retryable());

    struct Dies;
    impl Read for Dies {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::ConnectionReset.into())
        }
    }
    let open = || Ok(Box::new("会员卡号,手机号\nM1,".as_bytes().chain(Dies)) as Box<dyn Read + Send>);
    let dies = SourceFile::new("f", 0, open);
    let error = run(&members(), &[dies]).unwrap_err();
    assert_eq!((error.code(), error.is_retryable()), ("LW4001", true), "{error}");
}

#[test]
fn a_json_file_whose_required_field_was_renamed() {
    let mut data = csv(vec![text("event_id").required(), text("sku")]);
    data.format.container = Container::Ndjson;
    let error = refusal(&data, format!("{{\"eventid\":\"{CANARY}\",\"sku\":\"x\"}}\n"));
    assert_eq!(error.code(), "LW4007");
    assert!(error.to_string().contains("`event_id` (an undeclared field has nearly that name)"), "{error}");
    // One bad record alone is a bad record; many are a file without the field.
    assert_eq!(run(&data, &[file("f", "{\"sku\":\"x\"}\n")]).unwrap().refused().len(), 1);
    assert_eq!(refusal(&data, "{\"sku\":\"x\"}\n".repeat(30)).code(), "LW4007");
}

#[test]
fn entries_are_refused_before_a_byte_is_read() {
    let opened = Arc::new(AtomicBool::new(false));
    let check = |data: &Dataset, code: &str| {
        let flag = opened.clone();
        let source = SourceFile::new("f", 0, move || {
            flag.store(true, Ordering::SeqCst);
            Err(std::io::ErrorKind::NotFound.into())
        });
        let error = run(data, &[source]).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(!opened.load(Ordering::SeqCst));
    };
    check(&csv(vec![text("a").rule(Rule::Matches("(".into()))]), "LW4020");
    check(&csv(vec![text("a").rule(Rule::NotInFuture)]), "LW4020");
    let between = Rule::Between { min: Some("zero".into()), max: None };
    check(&csv(vec![field("a", DataType::Integer).rule(between)]), "LW4020");
    check(&csv(vec![field("a", DataType::Date).times(&["%Q"])]), "LW4022");
    check(&csv(vec![field("a", DataType::Integer).treated(Treatment::Redact)]), "LW4024");
    let by = Treatment::Pseudonymise(TokenDomain::ByField("b".into()));
    check(&csv(vec![text("a").treated(by)]), "LW4023");
    let mut data = csv(vec![text("a")]);
    data.key = vec![here("b".into())];
    check(&data, "LW4023");
    let mut data = csv(vec![text("a")]);
    data.time_zone = Some(here("Mars/Olympus".into()));
    check(&data, "LW4021");
    let mut data = csv(vec![text("a")]);
    data.format.delimiter = b'"';
    check(&data, "LW4025");
}

#[test]
fn a_sink_that_fails_stops_everything() {
    use lakewarden_extract::{ExtractContext, Sink, SinkError, UnreadLog, extract};
    struct Full;
    impl Sink for Full {
        fn rows(&mut self, _: arrow::array::RecordBatch) -> Result<(), SinkError> {
            Err(SinkError::new(std::io::Error::from(std::io::ErrorKind::StorageFull)))
        }
        fn quarantine(&mut self, _: arrow::array::RecordBatch) -> Result<(), SinkError> {
            Ok(())
        }
    }
    let data = members();
    let keys = ring();
    let context = ExtractContext {
        dataset: &data,
        zone: chrono_tz::UTC,
        keys: &keys,
        as_of: as_of(),
        now: as_of(),
        seed: 1,
        batch_rows: 10,
        rules: &lakewarden_extract::RuleInputs::default(),
        workers: 3,
    };
    let body = format!("会员卡号,手机号\n{}", format!("M,{CANARY}\n").repeat(100_000));
    let error =
        extract(&context, &[file("f", body)], &mut KeySet::new(1), &mut UnreadLog::default(), &mut Full, &|_| {})
            .unwrap_err();
    assert_eq!(error.code(), "LW4030");
    assert!(
        std::error::Error::source(&error).unwrap().to_string().contains("full") || error.to_string().contains("stored")
    );
}
