//! Each kind of dirt that the exports are known to hold, and what must become of it.
#![allow(clippy::unwrap_used)]

mod common;
use common::*;
use lakewarden_dictionary::*;
use lakewarden_extract::{KeyRoom, KeySet, QuarantineReason, Warning, checksum};
use sha2::{Digest, Sha256};

fn text(name: &str) -> Field {
    field(name, DataType::String)
}

fn csv(fields: Vec<Field>) -> Dataset {
    dataset("test", Container::Csv, Encoding::Utf8, fields)
}

fn triple(row: &str, field: &str, rule: &str) -> (String, String, String) {
    (row.into(), field.into(), rule.into())
}

#[test]
fn one_phone_has_one_token_however_it_is_spelled() {
    let data = csv(vec![text("phone").token("phone", Normaliser::Phone)]);
    let spellings = "phone\n+86 131-8701-3211\n0086 13187013211\n１３１８７０１３２１１\n13187013211\n\"\"\nlost it\n";
    let outcome = run(&data, &[file("f.csv", spellings)]).unwrap();
    let token = ring().tokeniser("phone").token_of("+8613187013211");
    assert_eq!(outcome.column("phone"), [token.as_str(), &token, &token, &token]);
    assert_eq!(outcome.refused(), [triple("5", "phone", "phone")]);
}

#[test]
fn spellings_become_codes_and_empty_is_null() {
    let data = csv(vec![
        text("id"),
        text("gender")
            .mapped(&[("男", "M"), ("女", "F")])
            .nulls(&["未知"])
            .rule(Rule::In(vec!["M".into(), "F".into()])),
    ]);
    let outcome =
        run(&data, &[file("f.csv", "id,gender\n1,男\n2,女\n3,F\n4,M\n5,\n6,未知\n7, \n8,Ｍ\n9,X\n")]).unwrap();
    assert_eq!(outcome.column("gender"), ["M", "F", "F", "M", "-", "-", "-", "M"]);
    assert_eq!(outcome.refused(), [triple("9", "gender", "in")]);
}

#[test]
fn a_value_that_does_not_parse_costs_its_row_alone() {
    let sales = pos_sales(Encoding::Gb18030);
    let lines: String = (0..9).map(|i| sale(i, 1)).collect();
    let mut lines: Vec<String> = lines.lines().map(str::to_owned).collect();
    let set = |line: &mut String, column: usize, value: &str| {
        let mut cells: Vec<&str> = line.split(',').collect();
        cells[column] = value;
        *line = cells.join(",");
    };
    set(&mut lines[1], 3, "昨天");
    set(&mut lines[2], 9, "N/A");
    set(&mut lines[3], 7, "两件");
    set(&mut lines[4], 9, "1,000.00\"");
    set(&mut lines[5], 9, "12.345");
    set(&mut lines[6], 3, "2031-01-01 00:00:00");
    set(&mut lines[7], 7, "1000");
    set(&mut lines[8], 11, "");
    let bytes = gb18030(&format!("{SALES_HEADER}{}\n", lines.join("\n")));
    let outcome = run(&sales, &[file("sales.csv", bytes.clone())]).unwrap();
    assert_eq!(
        outcome.refused(),
        [
            triple("2", "交易时间", "type"),
            triple("3", "实付金额", "type"),
            triple("4", "数量", "type"),
            triple("5", "-", "quote"),
            triple("6", "实付金额", "type"),
            triple("7", "交易时间", "not_in_future"),
            triple("8", "数量", "between"),
            triple("9", "类型", "required"),
        ]
    );
    let account = &outcome.accounts[0];
    assert_eq!((account.read, account.written, account.encoding), (9, 1, Some("GB18030")));
    assert_eq!(account.quarantined[&QuarantineReason { field: Some("数量".into()), rule: "type".into() }], 1);
    assert_eq!(account.sha256, Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect::<String>());
    assert_eq!(account.bytes, bytes.len() as u64);
    assert_eq!(texts(&outcome.quarantine, "dataset")[0], "pos_sales");
    assert_eq!(texts(&outcome.quarantine, "file")[0], "sales.csv");
    let record = outcome.open(0);
    assert_eq!((record["交易时间"].as_str(), record["小票号"].as_str()), (Some("昨天"), Some("R00000001")));
}

#[test]
fn a_good_row_is_typed_to_the_last_digit() {
    let sales = pos_sales(Encoding::Utf8);
    let row = "R1,1,S001,2024-05-01 08:03:07,M1,13187013211,SKU-1,2,19.90,39.8,微信,退货\n";
    let outcome = run(&sales, &[file("f.csv", format!("{SALES_HEADER}{row}"))]).unwrap();
    let get = |c: &str| outcome.column(c).remove(0);
    assert_eq!(get("sold_at"), "2024-05-01T00:03:07");
    assert_eq!((get("unit_price"), get("paid"), get("kind")), ("19.90".into(), "39.80".into(), "return".into()));
    assert_eq!(get("member"), ring().tokeniser("member_no").token_of("M1"));
    assert_eq!(outcome.rows.schema(), lakewarden_extract::conformed_schema(&sales));
}

#[test]
fn a_row_delivered_twice_survives_once() {
    let sales = pos_sales(Encoding::Utf8);
    let first = format!("{SALES_HEADER}{}{}{}", sale(1, 1), sale(1, 2), sale(1, 1));
    let second = format!("{SALES_HEADER}{}{}", sale(1, 2), sale(2, 1));
    let outcome = run(&sales, &[file("a.csv", first.clone()), file("b.csv", second)]).unwrap();
    assert_eq!(outcome.rows.num_rows(), 3);
    assert_eq!(outcome.accounts.iter().map(|a| a.duplicates).collect::<Vec<_>>(), [1, 1]);

    // What the lake holds counts too, in memory or not.
    for room in [KeyRoom::default(), room(0)] {
        let mut seen = KeySet::within(&room, SEED);
        seen.observe(&outcome.rows, &["receipt_no", "line_no"]).unwrap();
        let again = run_with(&sales, &[file("c.csv", first.clone())], 10, 1, &mut seen).unwrap();
        assert_eq!((again.rows.num_rows(), again.accounts[0].duplicates), (0, 3));
    }
}

#[test]
fn a_row_in_quarantine_does_not_make_the_good_one_a_duplicate() {
    let sales = pos_sales(Encoding::Utf8);
    let bad = sale(1, 1).replace("销售", "赠送");
    let outcome = run(&sales, &[file("a.csv", format!("{SALES_HEADER}{bad}{}", sale(1, 1)))]).unwrap();
    assert_eq!((outcome.accounts[0].duplicates, outcome.rows.num_rows(), outcome.refused().len()), (0, 1, 1));
}

#[test]
fn a_file_delivered_twice_is_recognised_by_its_checksum() {
    let one = file("a.csv.gz", gzip(b"a\n1\n"));
    let other = file("b.csv.gz", gzip(b"a\n1\n"));
    assert_eq!(checksum(&one).unwrap(), checksum(&other).unwrap());
    let account = run(&csv(vec![text("a")]), &[one]).unwrap().accounts.remove(0);
    assert_eq!(account.sha256, checksum(&other).unwrap());
}

#[test]
fn undeclared_fields_are_counted_and_left_behind() {
    let mut events = dataset("events", Container::Ndjson, Encoding::Utf8, vec![text("id"), text("sku").optional()]);
    events.drift.ignored = vec![here("clipboard".into())];
    let lines = concat!(
        r#"{"id":"1","clipboard":"CANARY","sku":null}"#,
        "\n",
        r#"{"clipboard":{"deep":["CANARY"]},"id":"2"}"#,
        "\n",
        r#"{"id":"3","13812345678":1}"#,
        "\n",
    );
    let outcome = run(&events, &[file("e.ndjson", lines)]).unwrap();
    let over: Vec<_> = outcome.accounts[0].over_collected.iter().map(|(n, c)| (n.as_str(), *c)).collect();
    assert_eq!((over.len(), over[0], over[1].1), (2, ("clipboard", 2), 1));
    assert!(over[1].0.starts_with("field-") && !format!("{over:?}").contains("13812345678"), "{over:?}");
    assert!(!format!("{outcome:?}").contains("CANARY"));

    let mut data = csv(vec![text("id")]);
    data.drift.ignored = vec![here("x".into())];
    let outcome = run(&data, &[file("f.csv", "x,id,y\nCANARY,1,\n,2, \nCANARY,3,\n")]).unwrap();
    assert_eq!(outcome.accounts[0].over_collected.iter().collect::<Vec<_>>(), [(&"x".to_owned(), &2)]);
    assert_eq!(outcome.column("id"), ["1", "2", "3"]);
}

#[test]
fn columns_are_found_by_name() {
    let data = csv(vec![text("a"), text("b"), text("c").optional()]);
    let outcome = run(&data, &[file("f.csv", "\u{feff}b , a\n1,2\n")]).unwrap();
    assert_eq!(
        (outcome.column("a"), outcome.column("b"), outcome.column("c")),
        (vec!["2".into()], vec!["1".into()], vec!["-".into()])
    );
}

#[test]
fn the_wrong_encoding_is_read_right_and_reported() {
    let body: String = (0..20).map(|i| sale(i, 1)).collect();
    let whole = format!("{SALES_HEADER}{body}");
    let right = run(&pos_sales(Encoding::Utf8), &[file("f", whole.clone())]).unwrap();
    for (declared, bytes, name, found) in [
        (Encoding::Utf8, gb18030(&whole), "UTF-8", "GB18030"),
        (Encoding::Gb18030, whole.clone().into_bytes(), "GB18030", "UTF-8"),
    ] {
        let outcome = run(&pos_sales(declared), &[file("f", bytes)]).unwrap();
        assert_eq!(outcome.rows, right.rows);
        assert_eq!(
            outcome.accounts[0].warnings,
            [Warning::EncodingDiffers { declared: name.into(), found: found.into() }]
        );
        assert_eq!(outcome.accounts[0].encoding, Some(found));
    }
    assert!(right.accounts[0].warnings.is_empty());
}

#[test]
fn free_text_names_nobody() {
    let data = csv(vec![text("id"), text("note").treated(Treatment::Redact)]);
    let outcome =
        run(&data, &[file("f.csv", "id,note\n1,call 13187013211 or mail person@example.com\n2,尺码偏小\n")]).unwrap();
    let notes = outcome.column("note");
    assert!(!notes[0].contains("13187013211") && !notes[0].contains("person@example.com"), "{}", notes[0]);
    assert_eq!(notes[1], "尺码偏小");
    let redactions = &outcome.accounts[0].redactions;
    assert_eq!((redactions["phone"], redactions["email"]), (1, 1));
}

#[test]
fn each_treatment_is_applied() {
    let data = csv(vec![
        text("name").treated(Treatment::Mask { keep_first: 1, keep_last: 0 }),
        field("born", DataType::Date).treated(Treatment::Generalise(Generalisation::Decade)),
        field("joined", DataType::Timestamp)
            .treated(Treatment::Generalise(Generalisation::Month))
            .times(&["%Y-%m-%d %H:%M:%S"]),
        field("lat", DataType::Double).treated(Treatment::Generalise(Generalisation::Grid { millidegrees: 100 })),
        text("address").treated(Treatment::Generalise(Generalisation::City)),
        text("secret").treated(Treatment::Drop),
    ]);
    // The last day of a month in UTC is the first of the next in Shanghai.
    let body = "name,born,joined,lat,address,secret\n王示例,1987-05-02,2024-04-01 02:00:00,31.2345,浙江省杭州市西湖区某路1号,CANARY\n";
    let outcome = run(&data, &[file("f.csv", body)]).unwrap();
    let get = |c: &str| outcome.column(c).remove(0);
    assert_eq!((get("name"), get("born"), get("joined")), ("王**".into(), "1980".into(), "2024-04-01".into()));
    assert_eq!((get("lat"), get("address")), ("31.2".into(), "杭州市".into()));
    assert!(outcome.rows.column_by_name("secret").is_none());
}

#[test]
fn each_row_may_name_its_own_kind_of_identifier() {
    let mut data = csv(vec![
        text("id_type").mapped(&[("手机", "phone")]),
        text("id_value").column("id_token").treated(Treatment::Pseudonymise(TokenDomain::ByField("id_type".into()))),
    ]);
    let body =
        "id_type,id_value\nphone,131 8701 3211\nunionid,o1\n手机,+8613187013211\nphone,ask her\nfax,1\n,2\nunionid,\n";
    data.fields[0].rules.push(here(Rule::In(vec!["phone".into(), "unionid".into(), "fax?".into()])).into());
    let outcome = run(&data, &[file("f.csv", body)]).unwrap();
    let keys = ring();
    let phone = keys.tokeniser("phone").token_of("+8613187013211");
    assert_eq!(outcome.column("id_token"), [phone.as_str(), &keys.tokeniser("unionid").token_of("o1"), &phone, "-"]);
    assert_eq!(
        outcome.refused(),
        [triple("4", "id_value", "phone"), triple("5", "id_type", "in"), triple("6", "id_value", "domain")]
    );
}

#[test]
fn old_rows_are_outside_retention() {
    let mut data = csv(vec![text("id"), field("day", DataType::Date), text("v")]);
    data.event_time = Some(here("day".into()));
    data.retention = Some(here(Period { months: 12, days: 0 }));
    // As of 2024-12-31 08:00 in Shanghai, a year back is 2023-12-31.
    let outcome = run(&data, &[file("f.csv", "id,day,v\n1,2023-12-30,\n2,2023-12-31,\n3,,\n4,2024-06-01,\n")]).unwrap();
    assert_eq!(outcome.column("id"), ["2", "3", "4"]);
    assert_eq!(outcome.accounts[0].outside_retention, 1);

    // Such a row holds no key: a later one with the same is no duplicate.
    data.key = vec![here("id".into())];
    let outcome = run(&data, &[file("f.csv", "id,day,v\n1,2023-12-30,\n1,2024-06-01,\n")]).unwrap();
    assert_eq!(outcome.column("day"), ["2024-06-01"]);
    assert_eq!((outcome.accounts[0].outside_retention, outcome.accounts[0].duplicates), (1, 0));
}

#[test]
fn without_a_key_equal_records_are_counted_and_kept() {
    let data = csv(vec![text("id"), text("v"), text("gone").treated(Treatment::Drop)]);
    let body = "id,v,gone\n1,a,x\n1,a,x\n1,a,y\n2,a,x\n1,a,x\n";
    let outcome = run_with(&data, &[file("f.csv", body), file("g.csv", body)], 2, 2, &mut KeySet::new(SEED)).unwrap();
    assert_eq!(outcome.accounts.iter().map(|a| (a.written, a.exact_duplicates)).collect::<Vec<_>>(), [(5, 2), (5, 2)]);
}

#[test]
fn a_row_without_its_key_is_not_a_duplicate() {
    let mut data = csv(vec![text("id"), text("v")]);
    data.key = vec![here("id".into())];
    let outcome = run(&data, &[file("f.csv", "id,v\n,a\n,b\n1,c\n")]).unwrap();
    assert_eq!((outcome.accounts[0].duplicates, outcome.accounts[0].written), (0, 1));
    assert_eq!(outcome.refused(), [triple("1", "id", "required"), triple("2", "id", "required")]);
}

#[test]
fn ragged_and_quoted_records() {
    let data = csv(vec![text("a").multiline(), text("b")]);
    let outcome = run(&data, &[file("f.csv", "a,b\r\n\"x, \"\"y\"\"\nz\",1\r\n2\r\n3,4,5\r\n\r\n6,7\r\n")]).unwrap();
    assert_eq!(outcome.column("a"), ["x, \"y\"\nz", "6"]);
    assert_eq!(outcome.refused(), [triple("2", "-", "columns"), triple("3", "-", "columns")]);
}

#[test]
fn numbers_of_spreadsheets_are_identifiers_again() {
    let data = csv(vec![text("CustomerID").token("customer_no", Normaliser::IntegerIdentifier)]);
    let outcome = run(&data, &[file("f.csv", "CustomerID\n17850.0\n17850\n1.5\n")]).unwrap();
    let token = ring().tokeniser("customer_no").token_of("17850");
    assert_eq!(outcome.column("CustomerID"), [token.as_str(), &token]);
    assert_eq!(outcome.refused(), [triple("3", "CustomerID", "integer_identifier")]);
}

#[test]
fn a_file_that_was_saved_again_has_the_same_records() {
    let mut data = csv(vec![
        text("order_no"),
        field("amount", DataType::Decimal { precision: 10, scale: 2 }),
        field("day", DataType::Date).times(&["%Y-%m-%d", "%d.%m.%Y"]),
    ]);
    data.fields[0].optional = true;
    let lines = "order_no,amount,day\n\"1\",\"3.00\",2026-10-01\n1,3,01.10.2026\n 1 ,+3.0,2026-10-01\n1,3.01,2026-10-01\n1,x,2026-10-01\n1,y,2026-10-01\n";
    let outcome = run(&data, &[file("f.csv", lines)]).unwrap();
    assert_eq!(outcome.accounts[0].exact_duplicates, 2, "what is no value counts as it is written");
}

#[test]
fn a_last_record_that_is_named_like_a_total_is_reported() {
    use lakewarden_extract::Warning;
    let data = csv(vec![text("receipt"), field("amount", DataType::Integer)]);
    let warnings = |data: &Dataset, lines: &str| {
        let outcome = run(data, &[file("f.csv", format!("receipt,amount\n{lines}"))]).unwrap();
        (outcome.accounts[0].warnings.clone(), outcome.accounts[0].written)
    };
    let told = Warning::TotalRow { record: 3 };
    assert_eq!(warnings(&data, "R1,1\nR2,2\n合计,3\n,\n"), (vec![told], 3));
    assert_eq!(warnings(&data, "R1,1\nTotal,2\nR3,3\n"), (vec![], 3));
    assert_eq!(warnings(&data, "Total,2\n"), (vec![], 1), "the only one");
    let mut declared = csv(vec![text("receipt"), field("amount", DataType::Integer)]);
    declared.format.footer = Some(here("Total".into()));
    assert_eq!(warnings(&declared, "R1,1\n合计,2\n"), (vec![], 2));
}
