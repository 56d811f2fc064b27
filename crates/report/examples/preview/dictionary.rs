//! The made-up lake, its dictionary and what its people decided.

use chrono::{DateTime, NaiveDate};
use lakewarden_report::Label;
use lakewarden_report::data::*;
use std::error::Error;

pub(crate) fn lake(datasets: &[Dataset], models: &[Model]) -> Result<Lake, Box<dyn Error>> {
    let published = Some(DateTime::parse_from_rfc3339("2026-07-01T02:00:17+08:00")?);
    let people = [20_237, 18_244, 8_122, 15_310, 12_004, 9_120, 19_870, 18_004, 20_002];
    let stored = |(i, d): (usize, &Dataset)| StoredDataset {
        name: d.name.clone(),
        label: d.label.clone(),
        files: d.files * 12,
        files_added: d.files,
        rows: d.written * 11,
        rows_change: i64::try_from(d.written).unwrap_or(0),
        people: people.get(i).copied(),
        quarantined: d.quarantined_rows() * 3,
        quarantined_change: i64::try_from(d.quarantined_rows()).unwrap_or(0) - if i == 2 { 120 } else { 0 },
        retention: if i < 9 { "P5Y".into() } else { String::new() },
        kept_from: (i < 9).then(|| NaiveDate::from_ymd_opt(2021, 7, 1)).flatten(),
        published,
    };
    let table = |m: &Model| StoredTable {
        name: m.name.clone(),
        label: m.label.clone(),
        rows: Some(m.rows_out),
        rows_change: Some(i64::try_from(m.rows_out / 40).unwrap_or(0) - 60),
        people: (m.columns > 8).then_some(m.rows_out.min(19_322)),
        purpose: m.purpose.clone(),
        purpose_label: m.purpose_label.clone(),
        lawful_basis: if m.purpose == "governance" { String::new() } else { "consent".into() },
        retention: "P3Y".into(),
        published,
        by_this_run: true,
    };
    Ok(Lake {
        datasets: datasets.iter().enumerate().map(stored).collect(),
        tables: models.iter().map(table).collect(),
        people: Some(21_066),
    })
}

pub(crate) fn consent() -> Vec<PurposeConsent> {
    let purpose = |purpose: &str, zh: &str, en: &str, permitted, refused: &[(&str, u64)]| PurposeConsent {
        purpose: purpose.into(),
        label: Label::new(zh, en),
        permitted,
        refused: refused.iter().map(|(r, people)| PeopleByReason { reason: (*r).into(), people: *people }).collect(),
    };
    vec![
        purpose(
            "analytics",
            "分析",
            "analytics",
            19_322,
            &[("no_consent", 1_390), ("withdrawn", 351), ("restricted", 3)],
        ),
        purpose("marketing", "营销", "marketing", 9_140, &[("no_consent", 11_240), ("withdrawn", 686)]),
    ]
}

pub(crate) fn origins() -> Vec<TableOrigins> {
    let of = |fields: &[(&str, &str)]| -> Vec<ExportField> {
        fields.iter().map(|(d, f)| ExportField { dataset: (*d).into(), field: (*f).into() }).collect()
    };
    let column =
        |column: &str, zh: &str, en: &str, values: &[(&str, &str)], conditions: &[(&str, &str)]| ColumnOrigins {
            column: column.into(),
            label: Label::new(zh, en),
            values: of(values),
            conditions: of(conditions),
        };
    vec![TableOrigins {
        table: "sales".into(),
        columns: vec![
            column(
                "revenue",
                "销售额",
                "Revenue",
                &[("pos_sales", "实付金额"), ("tmall_orders", "实付款")],
                &[("pos_sales", "类型"), ("tmall_orders", "订单状态")],
            ),
            column("sold_at", "销售时间", "Sold at", &[("pos_sales", "交易时间"), ("tmall_orders", "付款时间")], &[]),
        ],
        rows_decided_by: of(&[("tmall_orders", "付款时间")]),
    }]
}

pub(crate) fn fields() -> Vec<DescribedTable> {
    let field = |field: &str, column: &str, en: &str, meaning: &str, identifiability: &str, treatment| DescribedField {
        field: field.into(),
        column: column.into(),
        label: Label::new(field, en),
        meaning: meaning.into(),
        data_type: "string".into(),
        identifiability: identifiability.into(),
        treatment,
        ..DescribedField::default()
    };
    let phone = Treatment::Pseudonymise("phone".into());
    vec![DescribedTable {
        name: "pos_sales".into(),
        label: Label::new("门店销售流水", "Shop till sales"),
        zone: "conformed".into(),
        meaning: "One line of a receipt, as the till of a shop writes it.".into(),
        fields: vec![
            field("手机号", "phone", "Phone", "The member's number, if it was given at the till.", "direct", phone),
            field("收银员", "", "Cashier", "Who stood at the till; never stored.", "direct", Treatment::Drop),
            DescribedField {
                data_type: "decimal(12, 2)".into(),
                unit: "CNY".into(),
                purposes: vec![Label::new("分析", "analytics"), Label::new("记账", "accounting")],
                retention: "P7Y".into(),
                ..field(
                    "实付金额",
                    "paid_amount",
                    "Amount paid",
                    "What was paid for the line.",
                    "none",
                    Treatment::Keep,
                )
            },
        ],
    }]
}
