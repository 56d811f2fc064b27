//! Datasets, files and a sink for tests and the throughput example.
#![allow(dead_code, clippy::unwrap_used, missing_docs)]

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::concat_batches;
use chrono::{DateTime, Utc};
use lakewarden_dictionary::diagnostic::Spanned;
use lakewarden_dictionary::*;
use lakewarden_extract::{
    ExtractContext, ExtractError, FileAccount, KeyRoom, KeySet, RuleInputs, Sink, SinkError, SourceFile, UnreadLog,
    conformed_schema, extract, quarantine_schema,
};
use lakewarden_privacy::{KeyRing, MasterKey};
use std::io::{Cursor, Read, Write};
use std::sync::Arc;

pub const SEED: u64 = 42;

pub fn here<T>(value: T) -> Spanned<T> {
    Spanned { value, span: Span::file(&Arc::from("schemas/channels/test.yaml")) }
}

pub fn field(name: &str, data_type: DataType) -> Field {
    Field {
        name: here(name.into()),
        column: here(name.into()),
        label: Label::default(),
        meaning: String::new(),
        data_type: here(data_type),
        unit: None,
        identifier: IdentifierClass::None,
        category: None,
        treatment: Treatment::Keep,
        normalise: Normaliser::Trim,
        purposes: vec![],
        time_formats: vec![],
        values: ValueForms::default(),
        map: vec![],
        null_values: vec![],
        optional: false,
        multiline: false,
        json: false,
        trim_chars: String::new(),
        since: None,
        rules: vec![],
        statistical_period: None,
        span: here(()).span,
    }
}

pub trait With: Sized {
    fn column(self, column: &str) -> Self;
    fn rule(self, rule: Rule) -> Self;
    fn treated(self, treatment: Treatment) -> Self;
    fn token(self, domain: &str, normalise: Normaliser) -> Self;
    fn times(self, formats: &[&str]) -> Self;
    fn mapped(self, pairs: &[(&str, &str)]) -> Self;
    fn nulls(self, values: &[&str]) -> Self;
    fn optional(self) -> Self;
    fn multiline(self) -> Self;
    fn required(self) -> Self;
}

impl With for Field {
    fn column(mut self, column: &str) -> Self {
        self.column = here(column.into());
        self
    }
    fn rule(mut self, rule: Rule) -> Self {
        self.rules.push(here(rule).into());
        self
    }
    fn treated(mut self, treatment: Treatment) -> Self {
        self.treatment = treatment;
        self
    }
    fn token(mut self, domain: &str, normalise: Normaliser) -> Self {
        self.treatment = Treatment::Pseudonymise(TokenDomain::Fixed(domain.into()));
        self.normalise = normalise;
        self
    }
    fn times(mut self, formats: &[&str]) -> Self {
        self.time_formats = formats.iter().map(|f| (*f).into()).collect();
        self
    }
    fn mapped(mut self, pairs: &[(&str, &str)]) -> Self {
        self.map = pairs.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect();
        self
    }
    fn nulls(mut self, values: &[&str]) -> Self {
        self.null_values = values.iter().map(|v| (*v).into()).collect();
        self
    }
    fn optional(mut self) -> Self {
        self.optional = true;
        self
    }
    fn multiline(mut self) -> Self {
        self.multiline = true;
        self
    }
    fn required(self) -> Self {
        self.rule(Rule::Required)
    }
}

pub fn dataset(name: &str, container: Container, encoding: Encoding, fields: Vec<Field>) -> Dataset {
    Dataset {
        name: here(name.into()),
        label: Label::default(),
        meaning: String::new(),
        source: String::new(),
        owner: String::new(),
        update_frequency: "daily".into(),
        format: Format { encoding, ..Format::new(container) },
        time_zone: None,
        key: vec![],
        repeats: Repeats::default(),
        snapshot: None,
        event_time: None,
        retention: None,
        quarantine_retention: None,
        purposes: vec![],
        fields,
        coordinates: vec![],
        role: DatasetRole::Data,
        subject: Default::default(),
        subject_reason: None,
        unreadable_subject: UnreadableSubject::Refuse,
        demands: Demands::default(),
        drift: Drift::default(),
        terms: ProjectTerms::default(),
        renamed_from: None,
        span: here(()).span,
    }
}

/// The shop sales of the reference project, twelve columns.
pub fn pos_sales(encoding: Encoding) -> Dataset {
    let money = DataType::Decimal { precision: 12, scale: 2 };
    let text = |name: &str, column: &str| field(name, DataType::String).column(column);
    let mut sales = dataset(
        "pos_sales",
        Container::Csv,
        encoding,
        vec![
            text("小票号", "receipt_no").required(),
            field("行号", DataType::Integer).column("line_no").required(),
            text("门店编码", "store").required(),
            field("交易时间", DataType::Timestamp)
                .column("sold_at")
                .times(&["%Y-%m-%d %H:%M:%S"])
                .required()
                .rule(Rule::NotInFuture),
            text("会员卡号", "member").token("member_no", Normaliser::Identifier),
            text("手机号", "phone").token("phone", Normaliser::Phone),
            text("SKU", "sku").required(),
            field("数量", DataType::Integer)
                .column("quantity")
                .rule(Rule::Between { min: Some("1".into()), max: Some("999".into()) }),
            field("单价", money).column("unit_price").required(),
            field("实付金额", money).column("paid").required().rule(Rule::Between { min: Some("0".into()), max: None }),
            text("支付方式", "payment"),
            text("类型", "kind")
                .mapped(&[("销售", "sale"), ("退货", "return")])
                .required()
                .rule(Rule::In(vec!["sale".into(), "return".into()])),
        ],
    );
    sales.key = vec![here("receipt_no".into()), here("line_no".into())];
    sales.event_time = Some(here("sold_at".into()));
    sales.retention = Some(here(Period { months: 60, days: 0 }));
    sales
}

pub const SALES_HEADER: &str = "小票号,行号,门店编码,交易时间,会员卡号,手机号,SKU,数量,单价,实付金额,支付方式,类型\n";

pub fn sale(receipt: u64, line: u64) -> String {
    format!(
        "R{receipt:08},{line},S{:03},2024-0{}-{:02} 1{}:{:02}:07,M{:07},131{:08},SKU-{:05},{},{}.{:02},{}.{:02},{},{}\n",
        receipt % 120,
        receipt % 9 + 1,
        receipt % 28 + 1,
        receipt % 10,
        receipt % 60,
        receipt % 30_000,
        (receipt % 50_000) * 1733,
        receipt * 7 % 4000,
        line % 3 + 1,
        receipt % 900,
        receipt % 100,
        receipt % 2000,
        line * 13 % 100,
        ["微信", "支付宝", "现金"][receipt as usize % 3],
        if receipt.is_multiple_of(20) { "退货" } else { "销售" },
    )
}

pub fn gb18030(text: &str) -> Vec<u8> {
    encoding_rs::GB18030.encode(text).0.into_owned()
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn file(name: &str, bytes: impl Into<Vec<u8>>) -> SourceFile {
    let bytes: Arc<[u8]> = bytes.into().into();
    let size = bytes.len() as u64;
    SourceFile::new(name, size, move || Ok(Box::new(Cursor::new(bytes.clone())) as Box<dyn Read + Send>))
}

pub fn ring() -> KeyRing {
    KeyRing::new(MasterKey::from_bytes([7; 32]), 1)
}

/// So much room for keys.
pub fn room(bytes: u64) -> KeyRoom {
    KeyRoom::of(bytes, ring().blinding("keys", SEED))
}

pub fn as_of() -> DateTime<Utc> {
    "2024-12-31T00:00:00Z".parse().unwrap()
}

#[derive(Default)]
pub struct Collected {
    pub rows: Vec<RecordBatch>,
    pub quarantine: Vec<RecordBatch>,
}

impl Sink for Collected {
    fn rows(&mut self, rows: RecordBatch) -> Result<(), SinkError> {
        self.rows.push(rows);
        Ok(())
    }
    fn quarantine(&mut self, records: RecordBatch) -> Result<(), SinkError> {
        self.quarantine.push(records);
        Ok(())
    }
}

#[derive(Debug)]
pub struct Outcome {
    pub accounts: Vec<FileAccount>,
    pub rows: RecordBatch,
    pub quarantine: RecordBatch,
}

impl Outcome {
    /// A column of what was written, as text; `-` for null.
    pub fn column(&self, name: &str) -> Vec<String> {
        texts(&self.rows, name)
    }

    /// (row, field, rule) of what is in quarantine.
    pub fn refused(&self) -> Vec<(String, String, String)> {
        let [rows, fields, rules] = ["row", "field", "rule"].map(|c| texts(&self.quarantine, c));
        rows.into_iter().zip(fields).zip(rules).map(|((a, b), c)| (a, b, c)).collect()
    }

    /// The content of a quarantined record.
    pub fn open(&self, at: usize) -> serde_json::Value {
        let get = |c: &str| texts(&self.quarantine, c)[at].clone();
        let aad = lakewarden_extract::quarantine_aad(&get("dataset"), &get("file"), get("row").parse().unwrap());
        let bytes = |c: &str| self.quarantine.column_by_name(c).unwrap().as_binary::<i32>().value(at).to_vec();
        let sealer = ring().sealer(lakewarden_extract::QUARANTINE_SEALER);
        let plain = sealer.open(bytes("nonce").try_into().unwrap(), &aad, &bytes("sealed")).unwrap();
        serde_json::from_slice(&plain).unwrap()
    }
}

pub fn texts(batch: &RecordBatch, name: &str) -> Vec<String> {
    let column = batch.column_by_name(name).unwrap_or_else(|| panic!("no column {name}"));
    let options = arrow::util::display::FormatOptions::new().with_null("-");
    // Instants are shown without their zone, which needs no time zone database then.
    let column = match column.data_type() {
        arrow::datatypes::DataType::Timestamp(unit, _) => {
            arrow::compute::cast(column, &arrow::datatypes::DataType::Timestamp(*unit, None)).unwrap()
        }
        _ => column.clone(),
    };
    let formatter = arrow::util::display::ArrayFormatter::try_new(&column, &options).unwrap();
    (0..column.len()).map(|i| formatter.value(i).to_string()).collect()
}

pub fn run_with(
    dataset: &Dataset,
    files: &[SourceFile],
    batch_rows: usize,
    workers: usize,
    seen: &mut KeySet,
) -> Result<Outcome, ExtractError> {
    run_logged(dataset, files, batch_rows, workers, seen, &mut UnreadLog::default(), as_of())
}

/// The same with what is known of unread records, at an instant.
pub fn run_logged(
    dataset: &Dataset,
    files: &[SourceFile],
    batch_rows: usize,
    workers: usize,
    seen: &mut KeySet,
    unread: &mut UnreadLog,
    as_of: DateTime<Utc>,
) -> Result<Outcome, ExtractError> {
    let keys = ring();
    let context = ExtractContext {
        dataset,
        zone: chrono_tz::Asia::Shanghai,
        keys: &keys,
        as_of,
        now: as_of,
        seed: SEED,
        batch_rows,
        rules: &RuleInputs::default(),
        workers,
    };
    let mut sink = Collected::default();
    let accounts = extract(&context, files, seen, unread, &mut sink, &|_| {})?;
    for account in &accounts {
        assert!(account.closes(), "{account:?}");
    }
    let written: u64 = accounts.iter().map(|a| a.written + a.duplicates_by.superseded).sum();
    let rows = concat_batches(&conformed_schema(dataset), &sink.rows).unwrap();
    let quarantine = concat_batches(&quarantine_schema(), &sink.quarantine).unwrap();
    assert_eq!(rows.num_rows() as u64, written);
    assert_eq!(quarantine.num_rows() as u64, accounts.iter().map(FileAccount::quarantined_total).sum::<u64>());
    Ok(Outcome { accounts, rows, quarantine })
}

pub fn run(dataset: &Dataset, files: &[SourceFile]) -> Result<Outcome, ExtractError> {
    run_with(dataset, files, 1000, 2, &mut KeySet::new(SEED))
}
