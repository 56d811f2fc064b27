//! Everything about people that the exports of a sample say in clear, read from the raw files.

use crate::common::{Shop, files_below};
use arrow::array::AsArray;
use arrow::datatypes::DataType;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use encoding_rs::GB18030;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::Path;

/// Which fields of the exports name somebody, and as what; `text` is searched for what it contains.
const FIELDS: [(&str, &str); 19] = [
    ("会员卡号", "member_no"),
    ("member_no", "member_no"),
    ("手机号", "phone"),
    ("联系手机", "phone"),
    ("phone", "phone"),
    ("clipboard", "text"),
    ("text", "text"),
    ("邮箱", "email"),
    ("unionid", "unionid"),
    ("openid", "openid"),
    ("device_id", "device_id"),
    ("user_id", "app_user_id"),
    ("买家昵称", "tmall_buyer"),
    ("姓名", "name"),
    ("收货人姓名", "name"),
    ("详细地址", "address"),
    ("收货地址", "address"),
    ("身份证号", "resident_id"),
    ("id_value", "by id_type"),
];

/// Secrets by kind, in the spellings that the exports and the truth have.
#[derive(Default)]
pub struct Secrets {
    pub by_kind: BTreeMap<String, BTreeSet<String>>,
}

impl Secrets {
    /// All of a shop's exports and its truth.
    pub fn of(shop: &Shop) -> Self {
        let mut secrets = Self::default();
        for row in csv_rows(&fs::read_to_string(shop.path("truth/customers.csv")).unwrap()) {
            secrets.add(&row["domain"], &row["value"]);
        }
        for path in files_below(&shop.path("exports")) {
            for row in rows(&path) {
                for (field, kind) in FIELDS {
                    let Some(value) = row.get(field) else { continue };
                    match kind {
                        "text" => secrets.add_text(value),
                        "by id_type" => secrets.add(&row["id_type"], value),
                        kind => secrets.add(kind, value),
                    }
                }
            }
        }
        secrets
    }

    fn add(&mut self, kind: &str, value: &str) {
        let kind = match kind {
            "手机号" | "mobile" => "phone",
            "邮箱" | "mail" => "email",
            "union_id" => "unionid",
            "会员卡号" | "member" => "member_no",
            "open_id" => "openid",
            kind => kind,
        };
        let spelled = value.trim();
        let mut spellings = vec![spelled.to_owned()];
        match kind {
            "phone" => {
                let digits = digits(spelled);
                // What is not a number names nobody: the sample's own spoiled cells.
                if digits.len() < 11 {
                    return;
                }
                spellings.push(digits[digits.len() - 11..].to_owned());
            }
            "email" => spellings.push(plain(spelled).to_lowercase()),
            _ => (),
        }
        let known = self.by_kind.entry(kind.to_owned()).or_default();
        // Six bytes are two Chinese characters, the shortest name. Nothing that identifies is shorter.
        known.extend(spellings.into_iter().filter(|s| s.len() >= 6));
    }

    /// Telephones, resident ids, addresses and names that stand in a text.
    fn add_text(&mut self, text: &str) {
        let mut rest = text;
        while let Some(from) = rest.find(|c: char| c.is_ascii_digit()) {
            let end = rest[from..].find(|c: char| !c.is_ascii_alphanumeric()).map_or(rest.len(), |n| from + n);
            match rest[from..end].len() {
                11 => self.add("phone", &rest[from..end]),
                18 => self.add("resident_id", &rest[from..end]),
                _ => (),
            }
            rest = &rest[end..];
        }
        for word in text.split(|c: char| !c.is_ascii() || c == ' ').filter(|w| w.contains('@')) {
            self.add("email", word);
        }
        if let Some((_, name)) = text.split_once("我叫") {
            self.add("name", name.trim_end_matches('。'));
        }
    }
}

/// Full-width forms as ASCII.
pub fn plain(text: &str) -> String {
    let narrow = |c: char| match c {
        '！'..='～' => char::from_u32(c as u32 - 0xfee0).unwrap(),
        c => c,
    };
    text.chars().map(narrow).collect()
}

/// Only the digits, full-width ones as ASCII.
pub fn digits(text: &str) -> String {
    plain(text).chars().filter(char::is_ascii_digit).collect()
}

type Row = BTreeMap<String, String>;

fn rows(path: &Path) -> Vec<Row> {
    let bytes = fs::read(path).unwrap();
    let name = path.file_name().unwrap().to_str().unwrap();
    let (name, bytes) = match name.rsplit_once('.').unwrap() {
        (inner, "gz") => {
            let mut plain = Vec::new();
            flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut plain).unwrap();
            (inner, plain)
        }
        (inner, "zst") => (inner, zstd::decode_all(bytes.as_slice()).unwrap()),
        _ => (name, bytes),
    };
    if name.ends_with(".parquet") {
        return parquet_rows(path);
    }
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => GB18030.decode(error.as_bytes()).0.into_owned(),
    };
    let objects = |values: Vec<serde_json::Value>| -> Vec<Row> {
        let text = |v: &serde_json::Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
        let row = |v: &serde_json::Value| v.as_object().unwrap().iter().map(|(k, v)| (k.clone(), text(v))).collect();
        values.iter().map(row).collect()
    };
    match name.rsplit_once('.').unwrap().1 {
        "csv" => csv_rows(&text),
        "json" => objects(serde_json::from_str(&text).unwrap()),
        "ndjson" => objects(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()),
        other => panic!("a sample file of a kind that this test does not read: {other}"),
    }
}

fn csv_rows(text: &str) -> Vec<Row> {
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let row = |record: csv::StringRecord| {
        header.iter().zip(&record).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    reader.records().map(|record| row(record.unwrap())).collect()
}

fn parquet_rows(path: &Path) -> Vec<Row> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(path).unwrap()).unwrap().build().unwrap();
    let mut rows = Vec::new();
    for batch in reader {
        let batch = batch.unwrap();
        let schema = batch.schema();
        let mut made = vec![Row::new(); batch.num_rows()];
        for (field, column) in schema.fields().iter().zip(batch.columns()) {
            let Ok(text) = arrow::compute::cast(column, &DataType::Utf8) else { continue };
            for (row, value) in made.iter_mut().zip(text.as_string::<i32>().iter()) {
                row.extend(value.map(|v| (field.name().clone(), v.to_owned())));
            }
        }
        assert_eq!(made.len(), batch.num_rows());
        rows.append(&mut made);
    }
    rows
}
