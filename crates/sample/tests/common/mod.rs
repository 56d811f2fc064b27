//! A naive reader of exports, which knows nothing of how they were written.
#![allow(dead_code)]

use lakewarden_sample::{Accounts, Options, Summary};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A row: field name → text. Fields without a value are absent.
pub type Row = BTreeMap<String, String>;

pub struct Sample {
    pub dir: tempfile::TempDir,
    pub summary: Summary,
    pub accounts: Accounts,
}

impl Sample {
    pub fn new(options: &Options) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let summary =
            lakewarden_sample::write(&dir.path().join("exports"), &dir.path().join("truth"), options, &|_, _| ())
                .unwrap();
        let accounts = Accounts::read(&dir.path().join("truth")).unwrap();
        Sample { dir, summary, accounts }
    }

    pub fn truth(&self) -> PathBuf {
        self.dir.path().join("truth")
    }

    pub fn folder(&self, dataset: &str) -> PathBuf {
        self.dir.path().join("exports").join(dataset)
    }

    /// Every row of a dataset's files that do not repeat others, with its file, in order.
    pub fn rows(&self, dataset: &str) -> Vec<(String, Row)> {
        let files = self.accounts.datasets[dataset].iter().filter(|(_, account)| account.repeats.is_none());
        files
            .flat_map(|(file, _)| {
                let path = self.folder(dataset).join(file);
                rows(&path).into_iter().map(|row| (file.clone(), row)).collect::<Vec<_>>()
            })
            .collect()
    }

    /// The rows that must reach the lake: those without a planted defect, each key once.
    pub fn surviving(&self, dataset: &str) -> Vec<Row> {
        self.kept_rows(dataset, |defect| defect.is_none())
    }

    /// The same, with those of which only a field is lost.
    pub fn stored(&self, dataset: &str) -> Vec<Row> {
        let files = || self.accounts.datasets[dataset].values();
        let set_null = |field: &str, rule: &str| {
            files().any(|file| file.set_null.get(field).is_some_and(|rules| rules.contains_key(rule)))
        };
        self.kept_rows(dataset, |defect| defect.is_none_or(|(field, rule)| set_null(&field, &rule)))
    }

    fn kept_rows(&self, dataset: &str, stays: impl Fn(Option<(String, String)>) -> bool) -> Vec<Row> {
        let key: &[&str] = match dataset {
            "crm_members" => &["会员卡号"],
            "pos_sales" => &["小票号", "行号"],
            "tmall_orders" => &["订单编号", "SKU"],
            "miniapp_events" | "app_events" => &["event_id"],
            _ => &[],
        };
        let mut met = std::collections::BTreeSet::new();
        self.rows(dataset)
            .into_iter()
            .map(|(_, row)| row)
            .filter(|row| stays(defect_of(dataset, row)))
            .filter(|row| key.is_empty() || met.insert(key.iter().map(|k| row[*k].clone()).collect::<Vec<_>>()))
            .collect()
    }
}

/// 1,200 dirty customers, written once.
pub fn sample() -> &'static Sample {
    static SAMPLE: OnceLock<Sample> = OnceLock::new();
    SAMPLE.get_or_init(|| Sample::new(&Options::new(1200, 7, "2026-03-31".parse().unwrap())))
}

/// The planted defect a row shows, if any.
pub fn defect_of(dataset: &str, row: &Row) -> Option<(String, String)> {
    let (_, defects) = lakewarden_sample::DIRT.iter().find(|(name, _)| *name == dataset).unwrap();
    let shows = |text: &str, field: &str| row.get(field).map_or(text.is_empty(), |value| value == text);
    defects.iter().find(|d| shows(d.text, d.field)).map(|d| (d.field.to_owned(), d.rule.to_owned()))
}

/// A file's bytes, decompressed.
pub fn bytes(path: &Path) -> Vec<u8> {
    let raw = std::fs::read(path).unwrap();
    let mut out = Vec::new();
    if raw.starts_with(&[0x1f, 0x8b]) {
        flate2::read::GzDecoder::new(raw.as_slice()).read_to_end(&mut out).unwrap();
    } else if raw.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        out = zstd::decode_all(raw.as_slice()).unwrap();
    } else {
        out = raw;
    }
    out
}

/// A file's text: UTF-8 if it is that, else GB18030.
pub fn text(path: &Path) -> String {
    let bytes = bytes(path);
    match String::from_utf8(bytes) {
        Ok(text) => text.trim_start_matches('\u{feff}').to_owned(),
        Err(error) => {
            let (text, broken) = encoding_rs::GB18030.decode_without_bom_handling(error.as_bytes());
            assert!(!broken, "{}", path.display());
            text.into_owned()
        }
    }
}

pub fn rows(path: &Path) -> Vec<Row> {
    let name = path.to_string_lossy();
    if name.ends_with(".parquet") {
        return parquet_rows(path);
    }
    let text = text(path);
    if name.contains(".csv") {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().unwrap().clone();
        let row = |record: csv::StringRecord| {
            let pairs = header.iter().zip(record.iter()).filter(|(_, value)| !value.is_empty());
            pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
        };
        return reader.records().map(|record| row(record.unwrap())).collect();
    }
    let values: Vec<serde_json::Value> = if name.contains(".ndjson") {
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    } else {
        serde_json::from_str(&text).unwrap()
    };
    values.iter().map(json_row).collect()
}

fn json_row(value: &serde_json::Value) -> Row {
    let fields = value.as_object().unwrap().iter().filter(|(_, value)| !value.is_null());
    fields
        .map(|(name, value)| (name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        .collect()
}

fn parquet_rows(path: &Path) -> Vec<Row> {
    let reader = SerializedFileReader::new(std::fs::File::open(path).unwrap()).unwrap();
    let rows = reader.get_row_iter(None).unwrap();
    rows.map(|row| {
        let row = row.unwrap();
        let fields = row.get_column_iter().filter(|(_, field)| **field != Field::Null);
        fields
            .map(|(name, field)| {
                let text = match field {
                    Field::Str(text) => text.clone(),
                    other => other.to_string(),
                };
                (name.clone(), text)
            })
            .collect()
    })
    .collect()
}

/// A phone in E.164, whatever its spelling.
pub fn e164(phone: &str) -> String {
    let digits: String = phone
        .chars()
        .map(|c| if ('０'..='９').contains(&c) { char::from((c as u32 - 0xfee0) as u8) } else { c })
        .filter(char::is_ascii_digit)
        .collect();
    format!("+86{}", &digits[digits.len() - 11..])
}

/// An e-mail address in its canonical form.
pub fn email(text: &str) -> String {
    text.trim().replace('＠', "@").to_lowercase()
}
