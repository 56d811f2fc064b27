//! What comes out of one file: encodings, signs, preambles and footers, documents, workbooks, archives.
#![allow(clippy::unwrap_used)]

#[path = "common/archives.rs"]
mod archives;
mod common;
use archives::{Cell, Packed, xls, zip};
use common::*;
use lakewarden_dictionary::*;
use lakewarden_extract::{ExtractError, SkippedLines, Warning};
use proptest::prelude::*;

fn text(name: &str) -> Field {
    field(name, DataType::String)
}

fn table(container: Container, names: &[&str]) -> Dataset {
    dataset("table", container, Encoding::Utf8, names.iter().map(|n| text(n)).collect())
}

fn csv(names: &[&str]) -> Dataset {
    table(Container::Csv, names)
}

fn code(data: &Dataset, bytes: impl Into<Vec<u8>>) -> &'static str {
    let error = run(data, &[file("f", bytes)]).unwrap_err();
    assert!(!error.hint().is_empty() && error.file().is_some_and(|f| f.starts_with('f')), "{error:?}");
    error.code()
}

fn encode(text: &str, encoding: Encoding, mark: bool) -> Vec<u8> {
    let wide = |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
    let (bom, body): (&[u8], Vec<u8>) = match encoding {
        Encoding::Utf8 => (b"\xef\xbb\xbf", text.as_bytes().to_vec()),
        Encoding::Utf16 => (b"\xff\xfe", wide(u16::to_le_bytes)),
        Encoding::Gb18030 => (b"\x84\x31\x95\x33", encoding_rs::GB18030.encode(text).0.into_owned()),
        Encoding::Big5 => (b"", encoding_rs::BIG5.encode(text).0.into_owned()),
        Encoding::Latin1 => (b"", encoding_rs::WINDOWS_1252.encode(text).0.into_owned()),
    };
    if mark { [bom, &body].concat() } else { body }
}

#[test]
fn every_encoding_is_read_and_a_wrong_declaration_is_reported() {
    let chinese = "編號,備註\n1,這位客人喜歡黑色的長褲與襯衫，請於週末上午送貨\n2,請先以電話聯絡，謝謝您的幫忙\n";
    let western =
        "id,note\n1,Jürgen Müller wohnt in der Königstraße\n2,très élégant, déjà vu à l'Évêché\n".replace(", d", " d");
    let long = western.clone() + &western.split_once('\n').unwrap().1.repeat(3);
    for (encoding, body, names, found) in [
        (Encoding::Big5, chinese, ["編號", "備註"], "Big5"),
        (Encoding::Utf16, chinese, ["編號", "備註"], "UTF-16LE"),
        (Encoding::Gb18030, chinese, ["編號", "備註"], "GB18030"),
        (Encoding::Latin1, long.as_str(), ["id", "note"], "windows-1252"),
    ] {
        let right = run(&csv(&names), &[file("f", body)]).unwrap();
        let mut data = csv(&names);
        data.format.encoding = encoding;
        let outcome = run(&data, &[file("f", encode(body, encoding, false))]).unwrap();
        assert_eq!(outcome.rows, right.rows, "{encoding:?}");
        assert_eq!((outcome.accounts[0].encoding, outcome.accounts[0].warnings.len()), (Some(found), 0));
        if encoding != Encoding::Gb18030 {
            data.format.encoding = Encoding::Utf8;
            let outcome = run(&data, &[file("f", encode(body, encoding, false))]).unwrap();
            assert_eq!(outcome.rows, right.rows, "{encoding:?} declared UTF-8");
            assert_eq!(
                outcome.accounts[0].warnings,
                [Warning::EncodingDiffers { declared: "UTF-8".into(), found: found.into() }]
            );
        }
    }
    // UTF-16 in lines of JSON.
    let mut lines = table(Container::Ndjson, &["a"]);
    lines.format.encoding = Encoding::Utf16;
    let wide = encode("{\"a\":\"上海\"}\n{\"a\":\"x\"}\n", Encoding::Utf16, false);
    assert_eq!(run(&lines, &[file("f", wide)]).unwrap().column("a"), ["上海", "x"]);
}

#[test]
fn what_is_no_record_is_counted() {
    let mut data = csv(&["id", "n"]);
    data.format.skip_rows = 3;
    data.format.comment = Some(here("--".into()));
    data.format.footer = Some(here("合计|Total.*".into()));
    let body = "门店\"日报\r\n\r\n导出于 2026-09-30\r\n-- \"x\r\nid ,n\t\r\n1,a\r\n--,b\r\n合计员,c\r\n合计 ,7\r\n,8\r\n9,ignored\r\n";
    let outcome = run_with(&data, &[file("f", body)], 1, 2, &mut lakewarden_extract::KeySet::new(SEED)).unwrap();
    assert_eq!(outcome.column("id"), ["1", "合计员"]);
    let account = &outcome.accounts[0];
    assert_eq!(account.skipped, SkippedLines { preamble: 3, comments: 2, footer: 3, repeated_headers: 0 });
    assert_eq!((account.read, account.skipped.total()), (2, 8));

    // A footer that goes on and on was a record.
    let long = format!("\n\n\nid,n\n1,a\n合计,7\n{}", "2,b\n".repeat(100));
    let error = run(&data, &[file("f", long.clone())]).unwrap_err();
    assert!(matches!(error, ExtractError::FooterTooLong { row: 1, limit: 100, .. }), "{error}");
    data.format.limits.footer = 101;
    assert_eq!(run(&data, &[file("f", long)]).unwrap().accounts[0].skipped.footer, 101);
    assert_eq!(code(&data, "only\ntwo\n"), "LW4002");
}

#[test]
fn signs_are_as_declared() {
    let mut data = csv(&["a", "b"]);
    data.format.delimiter = b'|';
    data.format.quote = Some(b'\'');
    assert_eq!(run(&data, &[file("f", "a|b\r'x|''y'|\"1\r")]).unwrap().column("a"), ["x|'y"]);
    data.format.quote = None;
    let outcome = run(&data, &[file("f", "a|b\n\"x|5\"\n'|\"\n")]).unwrap();
    assert_eq!(
        (outcome.column("a"), outcome.column("b")),
        (vec!["\"x".into(), "'".into()], vec!["5\"".into(), "\"".into()])
    );
}

#[test]
fn columns_nobody_declared_may_be_called_as_they_like() {
    let mut data = csv(&["a"]);
    data.drift.ignored = vec![here("x".into())];
    let outcome = run(&data, &[file("f", "x,,a  ,x,,\n1,2,3,4,,\n")]).unwrap();
    assert_eq!(outcome.column("a"), ["3"]);
    let over: Vec<_> = outcome.accounts[0].over_collected.iter().map(|(n, c)| (n.as_str(), *c)).collect();
    assert!(over[0].0.starts_with("field-"), "{over:?}");
    assert_eq!((over.len(), over[0].1, over[1]), (2, 1, ("x", 2)));
    assert_eq!(code(&csv(&["a"]), "a,x, a\n1,2,3\n"), "LW4008");
}

#[test]
fn a_formula_is_a_text() {
    let cells = ["=cmd|'/C calc'!A0", "+1+1", "-2", "@SUM(1)", "=HYPERLINK(\"\"x\"\")"];
    let body: String = cells.iter().map(|c| format!("\"{c}\"\n")).collect();
    let outcome = run(&csv(&["a"]), &[file("f", format!("a\n{body}"))]).unwrap();
    assert_eq!(outcome.column("a"), cells.map(|c| c.replace("\"\"", "\"")));
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write(0, 0, "a").unwrap();
    sheet.write_string(1, 0, "=cmd|'/C calc'!A0").unwrap();
    sheet.write_formula(2, 0, rust_xlsxwriter::Formula::new("=1+1").set_result("2")).unwrap();
    let outcome = run(&table(Container::Xlsx, &["a"]), &[file("f", book.save_to_buffer().unwrap())]).unwrap();
    assert_eq!(outcome.column("a"), ["=cmd|'/C calc'!A0", "2"]);
}

#[test]
fn a_header_with_a_misplaced_quotation_mark_refuses_the_file() {
    assert_eq!(code(&csv(&["a"]), "\"a\n1\n"), "LW4040");
}

#[test]
fn records_are_found_in_a_document() {
    let mut data = table(Container::Json, &["id"]);
    data.format.records = "$.data.items".parse().unwrap();
    let document = r#" {"meta":{"items":[{"id":0}],"x":[[["]"]]]},"data":{"page":1,"items":[{"id":1},{"id":2}],"next":null},"data2":[]} "#;
    for bytes in [document.as_bytes().to_vec(), gzip(document.as_bytes()), encode(document, Encoding::Utf16, true)] {
        let outcome = run_with(&data, &[file("f", bytes)], 1, 2, &mut lakewarden_extract::KeySet::new(SEED)).unwrap();
        assert_eq!(outcome.column("id"), ["1", "2"]);
    }
    for (document, expected) in [
        (r#"{"data":{"rows":[{"id":1}]}}"#, "LW4043"),
        (r#"{"data":{"items":{"id":1}}}"#, "LW4043"),
        (r#"{"data":[]}"#, "LW4043"),
        (r#"{"data":{"items":[{"id":1},"#, "LW4003"),
        (r#"{"data":{"items":[{"id":1}]}"#, "LW4003"),
        (r#"{"data":{"items":[{"id":1}]},}"#, "LW4004"),
        (r#"{"data":{"items":[{"id":1}]}} x"#, "LW4004"),
    ] {
        assert_eq!(code(&data, document), expected, "{document}");
    }
    assert_eq!(run(&data, &[file("f", r#"{"data":{"items":[]}}"#)]).unwrap().accounts[0].read, 0);
}

fn sales_book() -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    book.add_worksheet().set_name("说明").unwrap().write(0, 0, "nothing here").unwrap();
    let sheet = book.add_worksheet().set_name("明细").unwrap();
    sheet.merge_range(0, 0, 0, 2, "九月销售", &rust_xlsxwriter::Format::new()).unwrap();
    sheet.write(1, 0, "门店").unwrap();
    for (column, name) in ["id", "day", "at"].iter().enumerate() {
        sheet.write(3, column as u16, *name).unwrap();
    }
    for (row, (id, day)) in [("1", 45_413.0), ("2", 45_413.75)].iter().enumerate() {
        sheet.write(4 + row as u32, 0, *id).unwrap();
        sheet.write(4 + row as u32, 1, *day).unwrap();
        sheet.write(4 + row as u32, 2, *day).unwrap();
    }
    sheet.write_formula(6, 0, rust_xlsxwriter::Formula::new("=1/0").set_result("#DIV/0!")).unwrap();
    sheet.write(7, 0, "合计").unwrap();
    book.save_to_buffer().unwrap()
}

fn sales() -> Dataset {
    let fields = vec![text("id"), field("day", DataType::Date).optional(), field("at", DataType::Timestamp).optional()];
    let mut data = dataset("sales", Container::Xlsx, Encoding::Utf8, fields);
    data.format.sheet = Some(here("明细".into()));
    data.format.header_row = Some(4);
    data.format.footer = Some(here("合计".into()));
    data.time_zone = Some(here("UTC".into()));
    data
}

#[test]
fn a_sheet_is_read_as_declared() {
    let mut data = sales();
    let outcome = run(&data, &[file("f.xlsx", sales_book())]).unwrap();
    assert_eq!(outcome.column("day"), ["2024-05-01", "2024-05-01"]);
    assert_eq!(outcome.column("at"), ["2024-05-01T00:00:00", "2024-05-01T18:00:00"]);
    assert_eq!(outcome.refused(), [("3".into(), "id".into(), "error_cell".into())]);
    assert_eq!(outcome.accounts[0].skipped, SkippedLines { preamble: 2, comments: 0, footer: 1, repeated_headers: 0 });
    data.fields[0].null_values = vec!["#DIV/0!".into()];
    assert_eq!(run(&data, &[file("f", sales_book())]).unwrap().rows.num_rows(), 3);
    data.format.sheet = Some(here("明细表".into()));
    let error = run(&data, &[file("f", sales_book())]).unwrap_err();
    assert_eq!(
        (error.code(), error.to_string().contains("its sheet 2 has nearly that name")),
        ("LW4042", true),
        "{error}"
    );
    data.format.sheet = None;
    assert_eq!(code(&data, sales_book()), "LW4125");
}

fn old_book(from_1904: bool, listed: usize) -> Vec<u8> {
    let rest = vec![
        (0, 0, Cell::Text("九月销售")),
        (3, 0, Cell::Text("id")),
        (3, 1, Cell::Text("day")),
        (4, 0, Cell::Number(17.0)),
        (4, 1, Cell::Number(43_951.0)),
        (5, 0, Cell::Text("上海")),
        (6, 0, Cell::Error),
        (7, 0, Cell::Text("合计")),
    ];
    xls(&[("说明", vec![]), ("明细", rest)], from_1904, listed)
}

#[test]
fn old_workbooks_are_read_the_same_way() {
    let mut data = sales();
    data.format.container = Container::Xls;
    let outcome = run(&data, &[file("f.xls", old_book(true, 1))]).unwrap();
    assert_eq!(
        (outcome.column("id"), outcome.column("day")),
        (vec!["17".into(), "上海".into()], vec!["2024-05-01".into(), "-".into()])
    );
    assert_eq!(outcome.refused(), [("3".into(), "id".into(), "error_cell".into())]);
    assert_eq!(outcome.accounts[0].skipped, SkippedLines { preamble: 1, comments: 0, footer: 1, repeated_headers: 0 });
    assert_eq!(run(&data, &[file("f", old_book(false, 1))]).unwrap().column("day")[0], "2020-04-30");
    assert_eq!(code(&csv(&["id"]), old_book(true, 1)), "LW4005");
    let bytes = old_book(true, 1);
    for keep in [30, 600, bytes.len() / 2] {
        assert_eq!(code(&data, &bytes[..keep]), "LW4004", "cut at {keep}");
    }
    assert_eq!(code(&data, archives::compound("EncryptedPackage", b"x")), "LW4039");
}

#[test]
fn members_of_an_archive_are_one_file() {
    let mut data = csv(&["id"]);
    let second = encoding_rs::GB18030.encode("id\n乙的资料在这里\n丙的资料也在这里\n").0.into_owned();
    let archive = zip(&[
        Packed::new("b/2.csv", &second),
        Packed::stored("a.csv", b"id\n1\n2\n"),
        Packed::new("readme.txt", b"hello"),
        Packed::new("__MACOSX/._a.csv", b"\0\0"),
        Packed::new("b/", b""),
    ]);
    let error = run(&data, &[file("f.zip", archive.clone())]).unwrap_err();
    assert!(matches!(&error, ExtractError::NoHeader { file, .. } if file == "f.zip › readme.txt"), "{error}");
    data.format.members = Some(here("*.csv".into()));
    data.fields[0].rules.push(here(Rule::In(vec!["1".into(), "乙的资料在这里".into()])).into());
    for bytes in [archive.clone(), gzip(&archive)] {
        let outcome = run(&data, &[file("f.zip", bytes)]).unwrap();
        assert_eq!(outcome.column("id"), ["1", "乙的资料在这里"]);
        let refused: Vec<_> = outcome.refused().into_iter().map(|(row, ..)| row).collect();
        assert_eq!(refused, ["2", "4"], "records are counted on");
        let left = Warning::MembersSkipped { members: 1, names: vec!["__MACOSX/._a.csv".into()] };
        let differs = Warning::EncodingDiffers { declared: "UTF-8".into(), found: "GB18030".into() };
        assert_eq!(outcome.accounts[0].warnings, [left, differs]);
        assert_eq!(outcome.accounts[0].read, 4);
    }
    data.format.members = Some(here("*.tsv".into()));
    assert_eq!(code(&data, archive), "LW4038");
    assert_eq!(code(&data, zip(&[])), "LW4038");
    let lines = table(Container::Ndjson, &["id"]);
    let archive = zip(&[Packed::new("a", b"{\"id\":1}\n\n[]\n"), Packed::new("b", b"oops\n{\"id\":2}\n")]);
    let outcome = run(&lines, &[file("f", archive)]).unwrap();
    assert_eq!((outcome.column("id"), outcome.refused()[1].0.as_str()), (vec!["1".into(), "2".into()], "4"));
}

#[test]
fn archives_that_are_refused() {
    let plain = || Packed::new("a.csv", b"id\n1\n");
    for (member, expected) in [
        (Packed { name: "../a.csv".into(), ..plain() }, "LW4037"),
        (Packed { name: "/etc/a.csv".into(), ..plain() }, "LW4037"),
        (Packed { name: "..\\a.csv".into(), ..plain() }, "LW4037"),
        (Packed { name: "C:\\a.csv".into(), ..plain() }, "LW4037"),
        (Packed { mode: 0o120_777, ..plain() }, "LW4037"),
        (Packed { flags: 0x0801, ..plain() }, "LW4039"),
        (Packed { method: 14, ..plain() }, "LW4044"),
        (Packed { crc: 1, ..plain() }, "LW4004"),
        (Packed { content: vec![0xff; 40], ..plain() }, "LW4004"),
        (Packed::stored("in.zip", &zip(&[plain()])), "LW4005"),
        (Packed::stored("in.csv.gz", &gzip(b"id\n1\n")), "LW4005"),
        (Packed::new("empty.csv", b""), "LW4002"),
    ] {
        let name = member.name.clone();
        assert_eq!(code(&csv(&["id"]), zip(&[Packed::new("first.csv", b"id\n0\n"), member])), expected, "{name}");
    }
    let whole = zip(&[plain()]);
    assert_eq!(code(&csv(&["id"]), &whole[..whole.len() - 30]), "LW4003");
    assert_eq!(code(&csv(&["id"]), zip(&[plain(), plain()])), "LW4037");
    let error =
        run(&csv(&["id"]), &[file("f", zip(&[Packed { name: "../13100000001".into(), ..plain() }]))]).unwrap_err();
    assert!(!error.to_string().contains("13100000001"), "{error}");
}

/// How a table is written.
#[derive(Debug, Clone)]
struct Writing {
    encoding: Encoding,
    mark: bool,
    delimiter: u8,
    quote: u8,
    always: bool,
    end: &'static str,
    last_end: bool,
    packing: u8,
}

fn writing() -> impl Strategy<Value = Writing> {
    let encoding = prop::sample::select(vec![
        Encoding::Utf8,
        Encoding::Utf16,
        Encoding::Gb18030,
        Encoding::Big5,
        Encoding::Latin1,
    ]);
    let signs = (prop::sample::select(b",;|\t ".to_vec()), prop::sample::select(b"\"'".to_vec()));
    let ends = (prop::sample::select(vec!["\n", "\r\n", "\r"]), any::<bool>());
    (encoding, any::<bool>(), signs, any::<bool>(), ends, 0u8..4).prop_map(
        |(encoding, mark, (delimiter, quote), always, (end, last_end), packing)| Writing {
            encoding,
            mark,
            delimiter,
            quote,
            always,
            end,
            last_end,
            packing,
        },
    )
}

/// Values that an encoding has.
fn value(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Utf8 | Encoding::Utf16 => "[a-z,;|\t \"'\r\n上海é😀]{0,9}",
        Encoding::Gb18030 => "[a-z,;|\t \"'\r\n上海市的一是了我]{0,9}",
        Encoding::Big5 => "[a-z,;|\t \"'\r\n臺灣的一是了我]{0,9}",
        Encoding::Latin1 => "[a-z,;|\t \"'\r\néüñ]{0,9}",
    }
}

fn written(how: &Writing, rows: &[[String; 3]]) -> Vec<u8> {
    let (delimiter, quote) = (how.delimiter as char, how.quote as char);
    let cell = |value: &str| {
        if how.always || value.is_empty() || value.contains([delimiter, quote, '\r', '\n']) {
            format!("{quote}{}{quote}", value.replace(quote, &format!("{quote}{quote}")))
        } else {
            value.to_owned()
        }
    };
    let lines: Vec<String> =
        rows.iter().map(|row| row.iter().map(|v| cell(v)).collect::<Vec<_>>().join(&delimiter.to_string())).collect();
    let text = lines.join(how.end) + if how.last_end { how.end } else { "" };
    let bytes = encode(&text, how.encoding, how.mark);
    match how.packing {
        0 => bytes,
        1 => gzip(&bytes),
        2 => zstd::encode_all(bytes.as_slice(), 1).unwrap(),
        _ => zip(&[Packed::new("table.csv", &bytes)]),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn any_table_reads_back_however_it_is_written(
        (how, rows) in writing().prop_flat_map(|how| {
            let cell = value(how.encoding);
            (Just(how), prop::collection::vec([cell, cell, cell], 0..12))
        }),
        batch_rows in 1usize..6,
    ) {
        let mut data = csv(&["a", "b", "c"]);
        data.format.encoding = how.encoding;
        data.format.delimiter = how.delimiter;
        data.format.quote = Some(how.quote);
        data.fields.iter_mut().for_each(|field| field.multiline = true);
        // Where the lines of a value may be records by themselves, it is no table that any reader could read.
        let rows: Vec<[String; 3]> = rows.into_iter().map(|row| row.map(|cell| match cell.contains(['\r', '\n']) {
            true => cell.replace(how.delimiter as char, ""),
            false => cell,
        })).collect();
        let header = ["a", "b", "c"].map(str::to_owned);
        let all: Vec<[String; 3]> = std::iter::once(header).chain(rows.iter().cloned()).collect();
        let bytes = written(&how, &all);
        let outcome = run_with(&data, &[file("f", bytes)], batch_rows, 2, &mut lakewarden_extract::KeySet::new(SEED)).unwrap();
        for (position, name) in ["a", "b", "c"].iter().enumerate() {
            // What is stored is trimmed, what is blank is null, and a line of nothing else is no record.
            let records = rows.iter().filter(|row| row.iter().any(|cell| !cell.trim().is_empty()));
            let expected: Vec<String> = records.map(|r| match r[position].trim() {
                "" => "-".to_owned(),
                value => value.to_owned(),
            }).collect();
            prop_assert_eq!(outcome.column(name), expected);
        }
    }
}
