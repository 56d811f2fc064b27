//! The made-up exports: what was read of them, their worth, and the steps of the run.

use lakewarden_report::Label;
use lakewarden_report::data::*;

/// Name, labels, files, rows read, duplicates, outside retention, and fields kept, pseudonymised, generalised, redacted, dropped.
type Export = (&'static str, &'static str, &'static str, u64, u64, u64, u64, [u32; 5]);

const EXPORTS: &[Export] = &[
    ("crm_members", "会员档案", "Members", 1, 20_412, 96, 0, [7, 4, 3, 0, 3]),
    ("pos_sales", "门店销售流水", "Shop till sales", 31, 486_230, 1_204, 2_310, [10, 2, 0, 0, 0]),
    ("tmall_orders", "天猫订单", "Tmall orders", 6, 241_870, 388, 0, [7, 2, 1, 0, 2]),
    ("miniapp_events", "小程序行为", "Mini-app events", 31, 1_862_004, 5_120, 0, [5, 3, 1, 0, 1]),
    ("app_events", "App 行为", "App events", 12, 1_104_518, 0, 0, [6, 3, 0, 0, 0]),
    ("service_tickets", "客服工单", "Service tickets", 1, 18_220, 14, 160, [6, 1, 0, 1, 1]),
    ("loyalty_ledger", "积分流水", "Loyalty ledger", 4, 402_330, 72, 0, [4, 1, 0, 0, 0]),
    ("campaign_touches", "营销触达", "Campaign touches", 9, 655_108, 240, 0, [7, 1, 0, 0, 0]),
    ("consent_log", "同意记录", "Consent log", 2, 61_144, 9, 0, [7, 1, 0, 0, 0]),
    ("products", "商品", "Products", 1, 3_200, 0, 0, [7, 0, 0, 0, 0]),
    ("stores", "门店", "Shops", 1, 148, 0, 0, [7, 0, 0, 0, 0]),
    ("inventory_snapshots", "库存快照", "Stock snapshots", 30, 142_080, 0, 0, [5, 0, 0, 0, 0]),
];

const REJECTED: &[(&str, &str, &str, u64)] = &[
    ("pos_sales", "交易时间", "type", 412),
    ("pos_sales", "实付金额", "type", 208),
    ("pos_sales", "数量", "type", 131),
    ("pos_sales", "手机号", "phone", 1_977),
    ("crm_members", "手机号", "phone", 61),
    ("crm_members", "出生日期", "type", 18),
    ("tmall_orders", "实付款", "between", 44),
    ("tmall_orders", "订单状态", "in", 7),
    ("miniapp_events", "ts", "required", 903),
    ("service_tickets", "satisfaction", "between", 12),
    ("campaign_touches", "id_value", "required", 330),
    ("loyalty_ledger", "change", "type", 1),
];

pub(crate) fn datasets() -> Vec<Dataset> {
    EXPORTS
        .iter()
        .map(|(name, zh, en, files, read, duplicates, outside_retention, fields)| {
            let quarantined: Vec<Quarantined> = REJECTED
                .iter()
                .filter(|r| r.0 == *name)
                .map(|(_, field, rule, rows)| Quarantined { field: (*field).into(), rule: (*rule).into(), rows: *rows })
                .collect();
            let lost = quarantined.iter().map(|q| q.rows).sum::<u64>() + duplicates + outside_retention;
            let [kept, pseudonymised, generalised, redacted, dropped] = *fields;
            let mut dataset = Dataset {
                name: (*name).into(),
                label: Label::new(*zh, *en),
                files: *files,
                read: *read,
                written: read - lost,
                quarantined,
                duplicates: *duplicates,
                outside_retention: *outside_retention,
                treatments: Treatments { kept, pseudonymised, generalised, redacted, dropped },
                ..Dataset::default()
            };
            surprises(&mut dataset);
            dataset
        })
        .collect()
}

fn surprises(dataset: &mut Dataset) {
    match dataset.name.as_str() {
        "miniapp_events" => {
            dataset.over_collected = vec![OverCollected { field: "clipboard".into(), rows: 12_404 }];
        }
        "pos_sales" => {
            dataset.files_already_loaded = 1;
            dataset.warnings = vec![Warning::Encoding {
                file: "pos_sales/2026-06-18.csv".into(),
                declared: "GB18030".into(),
                found: "UTF-8".into(),
            }];
        }
        "service_tickets" => {
            let redaction = |kind: &str, count| Redaction { kind: kind.into(), count };
            dataset.redactions = vec![redaction("phone", 1_820), redaction("email", 214), redaction("resident_id", 37)];
        }
        "inventory_snapshots" => dataset.exact_duplicates_kept = 58,
        _ => {}
    }
}

pub(crate) fn values(datasets: &[Dataset]) -> Vec<AssetValue> {
    let value = |(i, d): (usize, &Dataset)| {
        let completeness = 1.0 - 0.012 * (i as f64 * 1.7).sin().abs() - 0.004 * i as f64;
        let consistency = d.written as f64 / d.read as f64;
        let timeliness = [1.0, 1.0, 0.92, 1.0, 0.98, 0.71, 1.0, 0.88, 1.0, 0.45, 0.3, 1.0][i % 12];
        AssetValue {
            dataset: d.name.clone(),
            scale: d.written,
            completeness: Some(completeness),
            consistency: Some(consistency),
            timeliness: Some(timeliness),
            usage: Some((37 + 13 * i as u64) % 23),
            index: Some(100.0 * completeness * consistency * (0.4 + 0.6 * timeliness)),
        }
    };
    datasets.iter().enumerate().map(value).collect()
}

pub(crate) fn steps(datasets: &[Dataset], models: &[Model]) -> Vec<Step> {
    let loss = |name: &str, rows| Loss { name: name.into(), rows };
    let extracted = datasets.iter().map(|d| Step {
        name: d.name.clone(),
        kind: StepKind::Extract,
        duration_ms: 40 + d.read / 420,
        rows_in: Some(d.read),
        rows_out: Some(d.written),
        losses: vec![
            loss("quarantined", d.quarantined_rows()),
            loss("duplicate", d.duplicates),
            loss("outside_retention", d.outside_retention),
        ],
        ..Step::default()
    });
    let identity = Step {
        name: "customers".into(),
        kind: StepKind::Identity,
        duration_ms: 640,
        rows_in: Some(104_862),
        rows_out: Some(21_066),
        ..Step::default()
    };
    let built = models.iter().map(|m| Step {
        name: m.name.clone(),
        kind: StepKind::Model,
        duration_ms: 90 + m.read() / 9_000,
        rows_in: Some(m.read()),
        rows_out: Some(m.rows_out),
        losses: vec![loss("withheld", m.withheld())],
        ..Step::default()
    });
    let publish = Step { name: "publish".into(), kind: StepKind::Publish, duration_ms: 180, ..Step::default() };
    extracted.chain([identity]).chain(built).chain([publish]).collect()
}
