//! Values stay what they were, are what they mean, or go to quarantine: kept text, digits, epochs, Parquet times.
#![allow(clippy::unwrap_used)]

mod common;
use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use common::*;
use lakewarden_dictionary::*;
use parquet::arrow::ArrowWriter;
use parquet::data_type::{Int96, Int96Type};
use parquet::file::writer::SerializedFileWriter;
use std::sync::Arc;

const MONEY: DataType = DataType::Decimal { precision: 12, scale: 2 };

fn csv(fields: Vec<Field>) -> Dataset {
    dataset("d", Container::Csv, Encoding::Utf8, fields)
}

fn text(name: &str) -> Field {
    field(name, DataType::String)
}

fn fault(row: &str, field: &str, rule: &str) -> (String, String, String) {
    (row.into(), field.into(), rule.into())
}

fn parquet(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

#[test]
fn kept_text_stays_and_digits_of_other_kinds_are_none() {
    let mut data = csv(vec![text("sku"), field("stock", DataType::Integer), field("price", MONEY), text("size")]);
    data.key = vec![here("sku".into())];
    let lines = "sku,stock,price,size\nA1,12,19.90,42½\nA①,１２,￥,10²\nA2,12¹,1,ﬁ\nA3,1,19.90¹,㎏\nA4,④,1,x\nA5,½,1,x\nA6,Ⅻ,1,x\nA7,١٢,1,x\nA8,३,1,x\nＡ９,1,１.５,Ｌａｒｇｅ　ﾊﾟﾝﾂ\n";
    let outcome = run(&data, &[file("f.csv", lines)]).unwrap();
    assert_eq!(outcome.column("sku"), ["A1", "Ａ９"]);
    assert_eq!(outcome.column("size"), ["42½", "Ｌａｒｇｅ　ﾊﾟﾝﾂ"]);
    assert_eq!(outcome.column("price"), ["19.90", "1.50"]);
    assert_eq!(outcome.accounts[0].duplicates, 0);
    let refused = outcome.refused();
    assert_eq!(refused[0], fault("2", "price", "type"));
    assert_eq!(refused[1], fault("3", "stock", "type"));
    assert_eq!(refused.len(), 8);
}

#[test]
fn text_is_trimmed_unless_it_is_declared_to_stay() {
    let mut data = csv(vec![text("a"), text("b")]);
    data.fields[1].normalise = Normaliser::None;
    let outcome = run(&data, &[file("f.csv", "a,b\n\u{3000} x \u{200b},\u{3000} x \n\" \",\" \"\n")]).unwrap();
    assert_eq!(outcome.column("a"), ["x", "-"]);
    assert_eq!(outcome.column("b"), ["\u{3000} x ", "-"]);
}

#[test]
fn identifiers_fold_widths_only() {
    let data = csv(vec![
        text("id").token("id", Normaliser::Identifier),
        text("id2").column("plain").token("id", Normaliser::Trim),
    ]);
    let lines = "id,id2\nA1,A1\nＡ１,Ａ１\nA①,A①\nA²,A²\n1.38E+10,x\nx,1.38E+10\n12E5,12E5\n";
    let outcome = run(&data, &[file("f.csv", lines)]).unwrap();
    let tokens = outcome.column("id");
    assert_eq!(tokens, outcome.column("plain"));
    assert_eq!(tokens[0], tokens[1]);
    let different: std::collections::BTreeSet<_> = tokens.iter().collect();
    assert_eq!(different.len(), 4);
    assert_eq!(outcome.refused(), [fault("5", "id", "identifier"), fault("6", "id2", "identifier")]);
}

#[test]
fn keys_in_scientific_notation_have_lost_digits() {
    let mut data = csv(vec![text("order"), text("note")]);
    data.key = vec![here("order".into())];
    let outcome = run(&data, &[file("f.csv", "order,note\n2.02605E+15,1E+10\n2.02605E+15,x\nO1,1.5E+3\n")]).unwrap();
    assert_eq!((outcome.column("order"), outcome.column("note")), (vec!["O1".to_owned()], vec!["1.5E+3".to_owned()]));
    assert_eq!(outcome.refused(), [fault("1", "order", "lost_digits"), fault("2", "order", "lost_digits")]);
}

#[test]
fn listed_words_are_known_in_every_width() {
    let data = csv(vec![
        text("sex").rule(Rule::In(vec!["F".into(), "M".into()])),
        text("state").mapped(&[("在职", "active"), ("Ｎ", "none")]).nulls(&["无Ａ"]),
    ]);
    let lines = "sex,state\nＦ,在职\nM,N\nF,Ｎ\nF,无A\nX,其他\n";
    let outcome = run(&data, &[file("f.csv", lines)]).unwrap();
    assert_eq!(outcome.column("sex"), ["F", "M", "F", "F"]);
    assert_eq!(outcome.column("state"), ["active", "none", "none", "-"]);
    assert_eq!(outcome.refused(), [fault("5", "sex", "in")]);
}

#[test]
fn noise_of_doubles_is_rounded_whatever_the_container() {
    let fields = || vec![text("id"), field("v", MONEY)];
    let values = [59.7, 0.1 + 0.2, 5.39 - 5.29, 1.0 - 0.9 - 0.1, 19.995];
    let ids: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "c", "d", "e"]));
    let columnar = parquet(vec![("id", ids), ("v", Arc::new(Float64Array::from(values.to_vec())))]);
    let lines: String = ["a", "b", "c", "d", "e"].iter().zip(values).map(|(id, v)| format!("{id},{v:e}\n")).collect();
    let objects: String = (0..5).map(|i| format!("{{\"id\":\"{i}\",\"v\":{:?}}}\n", values[i])).collect();
    for (container, bytes) in [
        (Container::Parquet, columnar),
        (Container::Csv, format!("id,v\n{lines}").into_bytes()),
        (Container::Ndjson, objects.into_bytes()),
    ] {
        let mut data = dataset("d", container, Encoding::Utf8, fields());
        let outcome = run(&data, &[file("f", bytes.clone())]).unwrap();
        assert_eq!(outcome.column("v"), ["59.70", "0.30", "0.10", "0.00"], "{container:?}");
        assert_eq!(outcome.refused(), [fault("5", "v", "type")]);
        assert_eq!(outcome.accounts[0].rounded["v"], 3);
        data.fields[1].values.round = true;
        let outcome = run(&data, &[file("f", bytes)]).unwrap();
        assert_eq!(outcome.column("v")[4], "20.00");
        assert_eq!(outcome.accounts[0].rounded["v"], 4);
    }
}

#[test]
fn epochs_in_another_unit_are_not_of_1970() {
    let at = |formats: &[&str]| field("at", DataType::Timestamp).times(formats);
    let lines = "at\n1714521787123\n1714521787\n1714521787123456\n";
    let outcome = run(&csv(vec![at(&["epoch_ms"])]), &[file("f", lines)]).unwrap();
    assert_eq!(outcome.column("at"), ["2024-05-01T00:03:07.123"]);
    assert_eq!(outcome.refused(), [fault("2", "at", "epoch_unit"), fault("3", "at", "epoch_unit")]);
    let outcome = run(&csv(vec![at(&["epoch_ms", "epoch_s", "epoch_us"])]), &[file("f", lines)]).unwrap();
    assert_eq!(outcome.column("at")[1..], ["2024-05-01T00:03:07", "2024-05-01T00:03:07.123456"]);
    let mut trusting = at(&["epoch_ms"]);
    trusting.values.epoch_as_declared = true;
    let outcome = run(&csv(vec![trusting]), &[file("f", "at\n1714521787\n")]).unwrap();
    assert_eq!(outcome.column("at"), ["1970-01-20T20:15:21.787"]);
    // Numbers that arrive as numbers.
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1_714_521_787_123, 1_714_521_787, i64::MAX]));
    let data = dataset("d", Container::Parquet, Encoding::Utf8, vec![at(&["epoch_ms"])]);
    let outcome = run(&data, &[file("f", parquet(vec![("at", numbers)]))]).unwrap();
    assert_eq!(outcome.column("at"), ["2024-05-01T00:03:07.123"]);
    assert_eq!(outcome.refused(), [fault("2", "at", "epoch_unit"), fault("3", "at", "type")]);
}

/// A Parquet file with a column `at` of 96-bit times: days since the Julian epoch, and nanoseconds of the day.
fn int96(times: &[(u32, u64)]) -> Vec<u8> {
    let schema = parquet::schema::parser::parse_message_type("message m { required int96 at; }").unwrap();
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, Arc::new(schema), Default::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let values: Vec<Int96> = times
        .iter()
        .map(|(day, nanos)| {
            let mut value = Int96::new();
            value.set_data(*nanos as u32, (*nanos >> 32) as u32, *day);
            value
        })
        .collect();
    column.typed::<Int96Type>().write_batch(&values, None, None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    bytes
}

#[test]
fn ninety_six_bit_times_are_instants() {
    let data = dataset("d", Container::Parquet, Encoding::Utf8, vec![field("at", DataType::Timestamp)]);
    // 2024-05-01T02:00Z; 9999-12-31T00:00Z, beyond what nanoseconds of 64 bits reach; 1899-12-31.
    let times = [(2_460_432, 7_200_000_000_000), (5_373_484, 0), (2_415_020, 0)];
    let outcome = run(&data, &[file("f", int96(&times))]).unwrap();
    assert_eq!(outcome.column("at"), ["2024-05-01T02:00:00", "9999-12-31T00:00:00"]);
    assert_eq!(outcome.refused(), [fault("3", "at", "calendar")]);
    let days = dataset("d", Container::Parquet, Encoding::Utf8, vec![field("at", DataType::Date)]);
    // 18:00 UTC is the next day in Shanghai.
    let outcome = run(&days, &[file("f", int96(&[(2_460_432, 64_800_000_000_000)]))]).unwrap();
    assert_eq!(outcome.column("at"), ["2024-05-02"]);
}

#[test]
fn times_of_parquet_are_instants_or_wall_clocks_as_they_say() {
    let data = dataset("d", Container::Parquet, Encoding::Utf8, vec![field("at", DataType::Timestamp)]);
    let micros = vec![1_714_521_787_123_456i64];
    let wall: ArrayRef = Arc::new(TimestampMicrosecondArray::from(micros.clone()));
    let utc: ArrayRef = Arc::new(TimestampMicrosecondArray::from(micros).with_timezone("UTC"));
    let of = |array: ArrayRef| run(&data, &[file("f", parquet(vec![("at", array)]))]).unwrap().column("at");
    assert_eq!(of(utc), ["2024-05-01T00:03:07.123456"]);
    assert_eq!(of(wall), ["2024-04-30T16:03:07.123456"]);
}

#[test]
fn numbers_and_times_that_are_written_otherwise_are_refused() {
    let data = csv(vec![field("n", MONEY)]);
    let numbers =
        ["(12.00)", "12-", "$5", "1.234,56", "1\u{a0}234.50", "1,234.50", "12%", "1.2.3", "--1", "0x1F", "1_000"];
    let lines: String = numbers.iter().map(|n| format!("\"{n}\"\n")).collect();
    let outcome = run(&data, &[file("f", format!("n\n{lines}"))]).unwrap();
    assert_eq!((outcome.accounts[0].written, outcome.accounts[0].quarantined_total()), (0, numbers.len() as u64));
    let data = csv(vec![field("at", DataType::Timestamp)]);
    let times = [
        "0000-00-00",
        "0000-00-00 00:00:00",
        "2024-05-01 24:00:00",
        "2016-12-31T23:59:60Z",
        "2024-02-30",
        "2023-02-29",
    ];
    let lines: String = times.iter().map(|t| format!("{t}\n")).collect();
    let outcome = run(&data, &[file("f", format!("at\n{lines}"))]).unwrap();
    assert_eq!((outcome.accounts[0].written, outcome.accounts[0].quarantined_total()), (0, times.len() as u64));
    let years = csv(vec![field("day", DataType::Date).times(&["%d.%m.%y"])]);
    let outcome = run(&years, &[file("f", "day\n01.05.69\n01.05.70\n")]).unwrap();
    assert_eq!(outcome.column("day"), ["2069-05-01", "1970-05-01"]);
}
