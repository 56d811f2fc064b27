//! Values stay what they were, are what they mean, or go to quarantine: kept text, digits, epochs, Parquet times.
#![allow(clippy::unwrap_used)]

mod common;
use arrow::array::{
    ArrayRef, Float32Array, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use common::*;
use lakewarden_dictionary::*;
use lakewarden_extract::KeySet;
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
    let lines = "a,b\n\u{3000} x \u{200b},\u{3000} x \n\" \",y\nz,\" \"\n";
    let outcome = run(&data, &[file("f.csv", lines)]).unwrap();
    assert_eq!(outcome.column("a"), ["x", "-", "z"]);
    assert_eq!(outcome.column("b"), ["\u{3000} x ", "y", "-"]);
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
    // Not 2069: nobody knows the future's days, and 1969 is as likely.
    assert_eq!(outcome.column("day"), ["1970-05-01"]);
    assert_eq!(outcome.refused(), [fault("1", "day", "two_digit_year")]);
}

#[test]
fn lines_of_nothing_but_delimiters_are_no_records() {
    let data = csv(vec![text("a"), text("b")]);
    let lines = "a,b\n1,x\n,\n\" \",\n\"\",\"\u{3000}\"\n2,\n,,,\n,y\n , \n";
    for batch in [1, 100] {
        let outcome = run_with(&data, &[file("f.csv", lines)], batch, 1, &mut KeySet::new(SEED)).unwrap();
        assert_eq!(outcome.column("a"), ["1", "2", "-"]);
        assert_eq!(outcome.column("b"), ["x", "-", "y"]);
        assert_eq!((outcome.accounts[0].read, outcome.refused().len()), (3, 0));
    }
}

#[test]
fn whole_numbers_of_columns_with_gaps_are_whole_numbers() {
    let fields = || vec![field("qty", DataType::Integer).optional(), field("paid", DataType::Boolean).optional()];
    let lines = "qty,paid\n1.0,1.0\n,0.0\n12.00,\n3,True\n1.000,0\n1.5,0\n1,2.0\n";
    let outcome = run(&csv(fields()), &[file("f.csv", lines)]).unwrap();
    assert_eq!(outcome.column("qty"), ["1", "-", "12", "3"]);
    assert_eq!(outcome.column("paid"), ["true", "false", "-", "true"]);
    let expected = [fault("5", "qty", "type"), fault("6", "qty", "type"), fault("7", "paid", "type")];
    assert_eq!(outcome.refused(), expected);
    let mut data = csv(fields());
    data.format = Format::new(Container::Parquet);
    let numbers = [Some(1.0), None, Some(12.0), Some(1.5), Some(1e17)];
    let truth = [Some(1.0), Some(0.0), None, Some(1.0), Some(1.0)];
    let bytes = parquet(vec![
        ("qty", Arc::new(Float64Array::from(numbers.to_vec()))),
        ("paid", Arc::new(Float64Array::from(truth.to_vec()))),
    ]);
    let outcome = run(&data, &[file("f", bytes)]).unwrap();
    assert_eq!(outcome.column("qty"), ["1", "-", "12"]);
    assert_eq!(outcome.column("paid"), ["true", "false", "-"]);
    assert_eq!(outcome.refused(), [fault("4", "qty", "type"), fault("5", "qty", "lost_digits")]);
}

#[test]
fn identifiers_of_binary_numbers_are_those_of_text() {
    let fields = || vec![text("member").token("member", Normaliser::Identifier), text("ref")];
    let plain = run(&csv(fields()), &[file("f.csv", "member,ref\n1001,7\n1002,8\n")]).unwrap();
    let mut data = csv(fields());
    data.format = Format::new(Container::Parquet);
    let doubles = |values: &[f64]| -> ArrayRef { Arc::new(Float64Array::from(values.to_vec())) };
    let members = doubles(&[1001.0, 1002.0, 1e17, 6_228_480_402_000_010_123.0, 5.0]);
    let references = doubles(&[7.0, 8.0, 9.0, 9.0, 1e15]);
    let outcome = run(&data, &[file("f", parquet(vec![("member", members), ("ref", references)]))]).unwrap();
    assert_eq!(outcome.column("member"), plain.column("member"));
    assert_eq!(outcome.column("ref"), ["7", "8"]);
    let lost = [("3", "member"), ("4", "member"), ("5", "ref")];
    assert_eq!(outcome.refused(), lost.map(|(row, field)| fault(row, field, "lost_digits")));
    // Of 32 bits, every whole number below 2^24.
    let floats = |values: &[f32]| -> ArrayRef { Arc::new(Float32Array::from(values.to_vec())) };
    let columns = vec![("member", floats(&[1001.0, 1002.0, 13_187_013_000.0])), ("ref", floats(&[7.0, 8.0, 9.0]))];
    let outcome = run(&data, &[file("f", parquet(columns))]).unwrap();
    assert_eq!(outcome.column("member"), plain.column("member"));
    assert_eq!(outcome.refused(), [fault("3", "member", "lost_digits")]);
}

#[test]
fn numbers_of_32_bits_are_those_of_their_digits() {
    let mut data = csv(vec![field("price", DataType::Double), field("amount", MONEY)]);
    data.format = Format::new(Container::Parquet);
    let floats = |values: &[f32]| -> ArrayRef { Arc::new(Float32Array::from(values.to_vec())) };
    let columns = vec![("price", floats(&[19.9, 0.1])), ("amount", floats(&[19.9, 1_234_567.1]))];
    let outcome = run(&data, &[file("f", parquet(columns))]).unwrap();
    assert_eq!(outcome.column("price"), ["19.9", "0.1"]);
    assert_eq!(outcome.column("amount"), ["19.90", "1234567.10"]);
}
