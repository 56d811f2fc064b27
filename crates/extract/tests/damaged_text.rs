//! Text that software or people damaged: what costs a record, what is read all the same, and what accounts say of it.
#![allow(clippy::unwrap_used)]

mod common;
use common::*;
use lakewarden_dictionary::*;
use lakewarden_extract::{SkippedLines, Warning};

fn csv(names: &[&str]) -> Dataset {
    dataset("test", Container::Csv, Encoding::Utf8, names.iter().map(|n| field(n, DataType::String)).collect())
}

fn rules(outcome: &Outcome) -> Vec<(String, String)> {
    outcome.refused().into_iter().map(|(row, _, rule)| (row, rule)).collect()
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(row, rule)| (row.to_string(), rule.to_string())).collect()
}

/// Inch marks at the beginning of one value and at the end of another do not move addresses into the column `sku`.
#[test]
fn a_stray_pair_of_quotation_marks_swallows_no_record() {
    let text = "no,email,sku,amount\n1,ada@example.com,\"15 inch sleeve,1.00\n2,ben@example.com,TEE,2.00\n3,cleo@example.com,17 inch sleeve\",3.00\n4,dan@example.com,TEE,4.00\n";
    for multiline in [false, true] {
        let mut data = csv(&["no", "email", "sku", "amount"]);
        data.fields[2].multiline = multiline;
        let outcome = run(&data, &[file("f.csv", text)]).unwrap();
        assert_eq!((outcome.column("no"), outcome.column("sku")), (vec!["4".into()], vec!["TEE".into()]));
        assert_eq!(rules(&outcome), pairs(&[("1", "quote"), ("2", "quote"), ("3", "quote")]));
        let account = &outcome.accounts[0];
        assert_eq!((account.lines, account.read), (5, 4));
        let damaged = Warning::DamagedRecords { rule: "quote".into(), records: 3, lines: vec![2, 3, 4] };
        assert_eq!(account.warnings, [damaged]);
        assert!(texts(&outcome.quarantine, "reason")[0].starts_with("line 2: a quotation mark"));
    }
}

#[test]
fn line_ends_are_in_fields_that_say_so() {
    let text = "no,note\n1,\"one\ntwo\"\n2,x\n";
    let mut data = csv(&["no", "note"]);
    let outcome = run(&data, &[file("f.csv", text)]).unwrap();
    assert_eq!((outcome.column("no"), rules(&outcome)), (vec!["2".into()], pairs(&[("1", "multiline")])));
    assert_eq!(outcome.open(0)["note"], "one\ntwo", "sealed in its own column, to be released");
    data.fields[1].multiline = true;
    let outcome = run(&data, &[file("f.csv", text)]).unwrap();
    assert_eq!(outcome.column("note"), ["one\ntwo", "x"]);
    assert_eq!((outcome.accounts[0].lines, outcome.accounts[0].read), (4, 2));
}

#[test]
fn one_bad_byte_costs_its_record() {
    let names = ["code", "name"];
    let mut lines: Vec<Vec<u8>> = (0..200).map(|i| gb18030(&format!("S{i},门店{i}\n"))).collect();
    lines.insert(100, [gb18030("S,门").as_slice(), b"\xb5\n"].concat());
    let bytes = [b"code,name\n".to_vec(), lines.concat()].concat();
    let mut data = csv(&names);
    data.format.encoding = Encoding::Gb18030;
    let outcome = run(&data, &[file("f.csv", bytes)]).unwrap();
    let account = &outcome.accounts[0];
    assert_eq!((account.read, account.written, rules(&outcome)), (201, 200, pairs(&[("101", "bytes")])));

    let utf8 = [b"code,name\nS1,\xe9\x97\xa8\nS2,\xe9\x97\nS3,\xff,\nS4,\xe9\x97\xa8\nS5,\xe9".as_slice()].concat();
    let outcome = run(&csv(&names), &[file("f.csv", utf8)]).unwrap();
    assert_eq!(outcome.column("code"), ["S1", "S4"]);
    assert_eq!(rules(&outcome), pairs(&[("2", "bytes"), ("3", "bytes"), ("5", "bytes")]));

    let mut lines = csv(&["a"]);
    lines.format.container = Container::Ndjson;
    let outcome = run(&lines, &[file("f", b"{\"a\":\"x\"}\n{\"a\":\"\xff\"}\n{\"a\":\"y\"}\n".to_vec())]).unwrap();
    assert_eq!((outcome.column("a"), rules(&outcome)), (vec!["x".into(), "y".into()], pairs(&[("2", "bytes")])));
}

#[test]
fn delimiters_at_the_ends_of_lines_hold_no_value() {
    let data = csv(&["no", "amount"]);
    for text in ["no,amount,\n1,10\n2,20,\n", "no,amount\n1,10,\n2,20, ,\n", "no,amount,,\n1,10,,\n2,20\n"] {
        assert_eq!(run(&data, &[file("f.csv", text)]).unwrap().column("amount"), ["10", "20"], "{text:?}");
    }
    let outcome = run(&data, &[file("f.csv", "no,amount\n1,10,x\n2\n3,30\n")]).unwrap();
    assert_eq!(rules(&outcome), pairs(&[("1", "columns"), ("2", "columns")]));
    assert_eq!(
        texts(&outcome.quarantine, "reason"),
        ["line 2: 3 values for 2 columns", "line 3: 1 value for 2 columns"]
    );
}

#[test]
fn headers_of_concatenated_exports_are_no_records() {
    let data = csv(&["no", "city"]);
    let text =
        "\u{feff}no,city,x\nM1,上海,\n\u{feff}no,city,x\nM2,杭州,\n\u{feff}M3,北京,\rM4,广州,\ncity,no\n深圳,M5\n";
    let outcome = run(&data, &[file("f.csv", text)]).unwrap();
    assert_eq!(outcome.column("no"), ["M1", "M2", "M3", "M4", "M5"]);
    assert_eq!(outcome.column("city"), ["上海", "杭州", "北京", "广州", "深圳"]);
    let skipped = SkippedLines { repeated_headers: 2, ..SkippedLines::default() };
    assert_eq!((outcome.accounts[0].skipped, outcome.accounts[0].lines), (skipped, 8));
}

#[test]
fn columns_without_a_header_are_the_declared_ones() {
    let mut data = csv(&["no", "city"]);
    data.format.header = CsvHeader::None;
    let outcome = run(&data, &[file("f.csv", "M1,上海\nM2\nM3,北京\n")]).unwrap();
    assert_eq!((outcome.column("no"), rules(&outcome)), (vec!["M1".into(), "M3".into()], pairs(&[("2", "columns")])));
}

#[test]
fn names_of_columns_are_found_however_they_are_spaced() {
    let mut data = csv(&["收货地址 ", "ＳＫＵ", "单价（元）"]);
    data.fields.iter_mut().zip(["a", "b", "c"]).for_each(|(field, column)| field.column.value = column.into());
    let outcome = run(&data, &[file("f.csv", "\u{a0}收货地址\u{3000},\u{200b}SKU,单价(元)\n1,2,3\n")]).unwrap();
    assert_eq!(["a", "b", "c"].map(|c| outcome.column(c).remove(0)), ["1", "2", "3"]);
}

#[test]
fn separators_may_be_named_by_the_file_or_be_spaces() {
    let mut data = csv(&["a", "b"]);
    let outcome = run(&data, &[file("f.csv", "sep=;\r\na;b\r\n1;2\r\n")]).unwrap();
    assert_eq!((outcome.column("b"), outcome.accounts[0].skipped.preamble), (vec!["2".into()], 1));
    (data.format.delimiter, data.format.delimiter_runs) = (b' ', true);
    assert_eq!(run(&data, &[file("f.csv", "a    b\n  1  2\n")]).unwrap().column("b"), ["2"]);
}

#[test]
fn signs_that_protect_values_are_no_part_of_them() {
    let mut data = csv(&["no", "goods"]);
    let outcome = run(&data, &[file("f.csv", "no,goods\n=\"001\",茶\n`002,`咖啡\n003,`糖\n")]).unwrap();
    assert_eq!(
        (outcome.column("no"), outcome.column("goods")[..2].to_vec()),
        (vec!["001".into(), "002".into(), "003".into()], vec!["茶".into(), "咖啡".into()])
    );
    assert_eq!(outcome.column("goods")[2], "`糖", "a text is kept where not every value has the mark");
    data.fields[1].trim_chars = "`".into();
    assert_eq!(run(&data, &[file("f.csv", "no,goods\n003, `糖` \n")]).unwrap().column("goods"), ["糖"]);
}

#[test]
fn records_of_json_are_found_whatever_separates_them() {
    let mut data = csv(&["a"]);
    data.format.container = Container::Ndjson;
    for text in
        ["{\"a\":1}\r{\"a\":2}\r{\"a\":3}", "{\"a\":1}{\"a\":2}\n{\"a\":3}\r\n", "{\"a\":1} {\"a\":2},{\"a\":3}"]
    {
        let outcome = run(&data, &[file("f", text)]).unwrap();
        assert_eq!(
            (outcome.column("a"), outcome.refused().len()),
            (vec!["1".into(), "2".into(), "3".into()], 0),
            "{text:?}"
        );
    }
}

/// An object in a field of one value may hold any other field: it is not stored.
#[test]
fn nested_values_are_no_text() {
    let mut data = csv(&["no", "sku"]);
    data.format.container = Container::Ndjson;
    let text = "{\"no\":\"1\",\"sku\":{\"phone\":\"13187013211\"}}\n{\"no\":\"2\",\"sku\":[\"13187013211\"]}\n{\"no\":\"3\",\"sku\":\"[x]\"}\n";
    let outcome = run(&data, &[file("f", text)]).unwrap();
    assert_eq!(outcome.column("sku"), ["[x]"]);
    assert_eq!(rules(&outcome), pairs(&[("1", "type"), ("2", "type")]));
    assert_eq!(outcome.open(0)["_lakewarden"]["nested"][0], "sku");
    data.fields[1].json = true;
    data.fields[1].treatment = Treatment::Redact;
    let outcome = run(&data, &[file("f", text)]).unwrap();
    assert_eq!(outcome.column("no"), ["1", "2", "3"]);
    assert!(!format!("{:?}", outcome.rows).contains("13187013211"));
}
