//! The made-up retail run.

use super::dictionary;
use super::exports::{datasets, steps, values};
use super::picture::picture;
use chrono::DateTime;
use lakewarden_report::Label;
use lakewarden_report::data::*;
use std::error::Error;

pub(crate) fn run() -> Result<Run, chrono::ParseError> {
    let at = |text: &str| DateTime::parse_from_rfc3339(text).map(Some);
    Ok(Run {
        project: "apparel-demo".into(),
        pipeline: "retail".into(),
        label: Label::new("零售客户主数据", "Retail customer master"),
        id: "7d0c2a54-6f1b-4a86-9c6e-2b1f0c9d5e11".into(),
        started: at("2026-07-01T02:00:04.120+08:00")?,
        ended: at("2026-07-01T02:00:17.930+08:00")?,
        as_of: at("2026-07-01T00:00:00+08:00")?,
        dictionary_fingerprint: "9f2c41d07be8a6533c1e".into(),
        key: Some(Key { version: 1, fingerprint: "5ac19e02".into() }),
        engine: "DataFusion 55.2, embedded".into(),
        outcome: Outcome::Published,
        failure: None,
    })
}

pub(crate) fn full() -> Result<Report, Box<dyn Error>> {
    let (datasets, models) = (datasets(), models());
    let table = |zone: &str, name: &str, version, rows: u64| PublishedTable {
        zone: zone.into(),
        name: name.into(),
        version,
        rows: Some(rows),
        files: 1 + rows / 500_000,
        bytes: 4_000 + rows * 23,
    };
    let mut tables: Vec<PublishedTable> = datasets.iter().map(|d| table("conformed", &d.name, 3, d.written)).collect();
    tables.push(table("identity", "customers", 3, 21_066));
    tables.extend(models.iter().map(|m| table("curated", &m.name, 7, m.rows_out)));
    let audit = Some(AuditRecord {
        number: 42,
        hash: "3b7e0c51f2a94d8866d0a17c5e93b2f401c8d7a65e4f30912bb8d6c7a1904ef5".into(),
    });
    Ok(Report {
        run: run()?,
        lake: Some(dictionary::lake(&datasets, &models)?),
        minimum_subjects: 5,
        consent: dictionary::consent(),
        origins: dictionary::origins(),
        fields: dictionary::fields(),
        steps: steps(&datasets, &models),
        values: values(&datasets),
        lineage: lineage(),
        identity: Some(identity()),
        customers: Some(picture()?),
        publication: Some(Publication { tables, audit }),
        datasets,
        models,
    })
}

pub(crate) fn withheld(purpose: &str, reasons: &[(&str, u64)]) -> Vec<Withheld> {
    let one =
        |(reason, rows): &(&str, u64)| Withheld { purpose: purpose.into(), reason: (*reason).into(), rows: *rows };
    reasons.iter().map(one).collect()
}

pub(crate) fn relation(relation: &str, read: u64, without_subject: u64, withheld: Vec<Withheld>) -> RelationRead {
    let used = read - withheld.iter().map(|w| w.rows).sum::<u64>();
    RelationRead { relation: relation.into(), read, used, withheld, without_subject }
}

fn models() -> Vec<Model> {
    let model = |name: &str, zh: &str, en: &str, purpose: (&str, &str, &str), reads, rows_out, columns| Model {
        name: name.into(),
        label: Label::new(zh, en),
        purpose: purpose.0.into(),
        purpose_label: Label::new(purpose.1, purpose.2),
        reads,
        rows_out,
        columns,
        noise: None,
        held_back: 0,
        warnings: Vec::new(),
        anonymity: Vec::new(),
    };
    let analytics = ("analytics", "分析", "analytics");
    let marketing = ("marketing", "营销", "marketing");
    let governance = ("governance", "数据治理", "data governance");
    let gate = |rows: u64| {
        withheld("analytics", &[("no_consent", rows / 14), ("withdrawn", rows / 60), ("restricted", rows / 900)])
    };
    let sales = vec![
        relation("pos_sales", 480_188, 96_400, gate(480_188)),
        relation("tmall_orders", 241_431, 1_802, gate(241_431)),
        relation("products", 3_200, 0, vec![]),
    ];
    let master = vec![
        relation("customers", 21_066, 0, gate(21_066)),
        relation("crm_members", 20_237, 0, gate(20_237)),
        relation("sales", 644_930, 92_000, vec![]),
        relation("miniapp_events", 1_855_981, 712_004, gate(1_855_981)),
        relation("app_events", 1_104_518, 401_220, gate(1_104_518)),
        relation("service_tickets", 18_034, 0, gate(18_034)),
    ];
    let touches = withheld("marketing", &[("no_consent", 218_040), ("withdrawn", 41_007), ("suppressed", 1_204)]);
    vec![
        model("sales", "全渠道销售", "Sales, all channels", analytics, sales, 644_930, 14),
        model("customer_master", "客户主数据", "Customer master", analytics, master, 19_322, 24),
        model(
            "customer_rfm",
            "客户 RFM",
            "Customer RFM",
            analytics,
            vec![relation("sales", 644_930, 92_000, vec![])],
            15_204,
            9,
        ),
        model(
            "channel_monthly",
            "渠道月报",
            "Channels by month",
            analytics,
            vec![relation("sales", 644_930, 92_000, vec![]), relation("stores", 148, 0, vec![])],
            96,
            7,
        ),
        model(
            "campaign_response",
            "营销响应",
            "Campaign response",
            marketing,
            vec![relation("campaign_touches", 654_538, 0, touches), relation("sales", 644_930, 92_000, vec![])],
            1_120,
            11,
        ),
        model("data_asset_value", "数据资产价值", "Data asset value", governance, vec![], 12, 10),
    ]
}

fn lineage() -> Vec<LineageEdge> {
    let edge = |from: &str, to: &str, direct, indirect, purpose: Option<&str>| LineageEdge {
        from: from.into(),
        to: to.into(),
        direct,
        indirect,
        purpose: purpose.map(str::to_owned),
    };
    let mut edges: Vec<LineageEdge> = [
        ("crm_members", 4),
        ("pos_sales", 2),
        ("tmall_orders", 2),
        ("miniapp_events", 3),
        ("app_events", 3),
        ("service_tickets", 1),
        ("loyalty_ledger", 1),
        ("campaign_touches", 1),
        ("consent_log", 1),
    ]
    .map(|(from, columns)| edge(from, "customers", columns, 0, None))
    .into();
    let a = Some("analytics");
    edges.extend([
        edge("customers", "sales", 1, 1, a),
        edge("pos_sales", "sales", 9, 2, a),
        edge("tmall_orders", "sales", 7, 2, a),
        edge("products", "sales", 3, 1, None),
        edge("customers", "customer_master", 2, 1, a),
        edge("crm_members", "customer_master", 8, 1, a),
        edge("sales", "customer_master", 5, 2, a),
        edge("miniapp_events", "customer_master", 1, 2, a),
        edge("app_events", "customer_master", 1, 2, a),
        edge("service_tickets", "customer_master", 3, 1, a),
        edge("loyalty_ledger", "customer_master", 2, 1, a),
        edge("sales", "customer_rfm", 4, 3, a),
        edge("sales", "channel_monthly", 5, 2, a),
        edge("stores", "channel_monthly", 2, 1, None),
        edge("campaign_touches", "campaign_response", 6, 2, Some("marketing")),
        edge("sales", "campaign_response", 2, 2, Some("marketing")),
    ]);
    edges
}

fn identity() -> Identity {
    let tokens = [
        ("phone", 19_870),
        ("member_no", 18_244),
        ("unionid", 14_902),
        ("openid", 15_310),
        ("device_id", 12_004),
        ("app_user_id", 9_870),
        ("tmall_buyer", 8_122),
        ("email", 6_540),
    ];
    let identifiers = [(1, 3_120), (2, 4_410), (3, 5_230), (4, 3_902), (5, 2_310), (6, 1_240), (7, 610), (8, 244)];
    Identity {
        tokens: tokens.map(|(domain, tokens)| DomainTokens { domain: domain.into(), tokens }).into(),
        customers: 21_066,
        merged: 38,
        shared_tokens: 5,
        consent_doubted: 2,
        consent_in_future: 1,
        consent_for_unknown_purposes: 3,
        consent_without_effect: 0,
        consent_unmatched: 0,
        identifiers: identifiers.map(|(identifiers, customers)| IdentifierCount { identifiers, customers }).into(),
    }
}
