//! A report in which every part is present and small.

use lakewarden_report::Label;
use lakewarden_report::data::*;

/// A report in which every part is present and small.
pub fn small() -> Report {
    let at = |text: &str| Some(chrono::DateTime::parse_from_rfc3339(text).unwrap());
    let quarantined = vec![Quarantined { field: "phone".into(), rule: "phone".into(), rows: 3 }];
    let withheld = vec![Withheld { purpose: "analytics".into(), reason: "withdrawn".into(), rows: 10 }];
    let month = "2026-05-01".parse().unwrap();
    Report {
        run: Run {
            project: "demo".into(),
            pipeline: "retail".into(),
            label: Label::new("零售", "Retail"),
            id: "run-1".into(),
            started: at("2026-07-01T02:00:00+08:00"),
            ended: at("2026-07-01T02:00:02.500+08:00"),
            as_of: at("2026-07-01T00:00:00+08:00"),
            dictionary_fingerprint: "0123456789abcdef".into(),
            key: Some(Key { version: 2, fingerprint: "5ac19e02".into() }),
            engine: "DataFusion".into(),
            outcome: Outcome::Published,
            failure: None,
        },
        lake: Some(lake()),
        minimum_subjects: 5,
        consent: vec![PurposeConsent {
            purpose: "analytics".into(),
            label: Label::new("分析", "analytics"),
            permitted: 70,
            refused: vec![PeopleByReason { reason: "withdrawn".into(), people: 3 }],
        }],
        origins: vec![origins()],
        fields: vec![fields()],
        steps: vec![Step {
            name: "pos_sales".into(),
            duration_ms: 1_250,
            rows_in: Some(1_010),
            rows_out: Some(1_000),
            losses: vec![Loss { name: "duplicate".into(), rows: 5 }],
            ..Step::default()
        }],
        datasets: vec![Dataset {
            name: "pos_sales".into(),
            label: Label::new("门店销售流水", "Shop till sales"),
            files: 2,
            files_already_loaded: 1,
            read: 1_010,
            written: 1_000,
            quarantined,
            consent_unreadable: 2,
            consent_unreadable_nobody: 1,
            in_quarantine: 17,
            quarantine_expired: 19,
            duplicates: 5,
            key_conflicts: 0,
            outside_retention: 2,
            exact_duplicates_kept: 4,
            replaced: 23,
            skipped_lines: 29,
            over_collected: vec![OverCollected { field: "clipboard".into(), rows: 7 }],
            warnings: vec![Warning::Encoding {
                file: "a.csv".into(),
                declared: "GB18030".into(),
                found: "UTF-8".into(),
            }],
            redactions: vec![Redaction { kind: "email".into(), count: 6 }],
            treatments: Treatments { kept: 3, pseudonymised: 1, ..Treatments::default() },
            without_subject: String::new(),
        }],
        models: vec![Model {
            name: "sales".into(),
            label: Label::new("销售", "Sales"),
            purpose: "analytics".into(),
            purpose_label: Label::new("分析", "analytics"),
            reads: vec![RelationRead {
                relation: "pos_sales".into(),
                read: 1_000,
                used: 990,
                withheld,
                without_subject: 40,
            }],
            rows_out: 990,
            columns: 5,
            held_back: 12,
            warnings: Vec::new(),
            anonymity: vec![
                Anonymity { measure: "k".into(), declared: "5".into(), found: "7".into(), ..Anonymity::default() },
                Anonymity {
                    measure: "t".into(),
                    column: "revenue".into(),
                    declared: "0.3".into(),
                    found: String::new(),
                },
            ],
            noise: Some(Noise {
                epsilon: "0.5".into(),
                delta: "0.000001".into(),
                rows_per_person: 3,
                threshold: 86,
                every: "P1M".into(),
                kept: true,
                publications: 4,
                epsilon_spent: "2".into(),
            }),
        }],
        lineage: vec![LineageEdge {
            from: "pos_sales".into(),
            to: "sales".into(),
            direct: 4,
            indirect: 1,
            purpose: Some("analytics".into()),
        }],
        identity: Some(Identity {
            tokens: vec![DomainTokens { domain: "phone".into(), tokens: 80 }],
            customers: 75,
            merged: 1,
            shared_tokens: 2,
            consent_doubted: 3,
            consent_in_future: 2,
            consent_for_unknown_purposes: 0,
            consent_without_effect: 0,
            consent_unmatched: 0,
            identifiers: vec![IdentifierCount { identifiers: 1, customers: 75 }],
        }),
        customers: Some(CustomerPicture {
            currency: Some("CNY".into()),
            buyers: Some(70),
            revenue: Some(12_345.0),
            spend: vec![SpendBin { from: 0.0, to: Some(100.0), customers: 70 }],
            concentration: vec![TopShare { top_percent: 20.0, revenue_share: 0.6 }],
            rfm: vec![RfmCell { recency: 5, frequency: 5, customers: 9, mean_money: Some(40.0) }],
            segments: vec![Segment { name: "new".into(), customers: 70, revenue_share: 1.0, ..Segment::default() }],
            channels: vec![ChannelName { name: "store".into(), label: Label::new("门店", "Shops") }],
            combinations: vec![ChannelCombination { channels: vec!["store".into()], customers: 70 }],
            revenue_by_month: vec![ChannelRevenue { channel: "store".into(), month, amount: 12_345.0 }],
        }),
        values: vec![AssetValue {
            dataset: "pos_sales".into(),
            scale: 1_000,
            completeness: Some(0.98),
            consistency: Some(0.5),
            timeliness: None,
            usage: Some(4),
            index: Some(81.25),
        }],
        publication: Some(Publication {
            tables: vec![PublishedTable {
                zone: "curated".into(),
                name: "sales".into(),
                version: 3,
                rows: Some(990),
                files: 1,
                bytes: 20_480,
            }],
            audit: Some(AuditRecord { number: 12, hash: "ab".repeat(32) }),
        }),
    }
}

/// A lake with one dataset and one table.
fn lake() -> Lake {
    let published = Some(chrono::DateTime::parse_from_rfc3339("2026-07-01T02:00:02+08:00").unwrap());
    Lake {
        datasets: vec![StoredDataset {
            name: "pos_sales".into(),
            label: Label::new("门店销售流水", "Shop till sales"),
            files: 31,
            files_added: 2,
            rows: 41_000,
            rows_change: 977,
            people: Some(812),
            quarantined: 17,
            quarantined_change: -16,
            retention: "P5Y".into(),
            kept_from: Some("2021-07-01".parse().unwrap()),
            published,
        }],
        tables: vec![StoredTable {
            name: "sales".into(),
            label: Label::new("销售", "Sales"),
            rows: Some(990),
            rows_change: Some(0),
            people: Some(4),
            purpose: "analytics".into(),
            purpose_label: Label::new("分析", "analytics"),
            lawful_basis: "consent".into(),
            retention: String::new(),
            published,
            by_this_run: true,
        }],
        people: Some(75),
    }
}

fn origins() -> TableOrigins {
    let field = |field: &str| ExportField { dataset: "pos_sales".into(), field: field.into() };
    TableOrigins {
        table: "sales".into(),
        columns: vec![ColumnOrigins {
            column: "revenue".into(),
            label: Label::new("销售额", "Revenue"),
            values: vec![field("实付金额")],
            conditions: vec![field("类型")],
        }],
        rows_decided_by: vec![field("交易时间")],
    }
}

fn fields() -> DescribedTable {
    DescribedTable {
        name: "pos_sales".into(),
        label: Label::new("门店销售流水", "Shop till sales"),
        zone: "conformed".into(),
        meaning: "One line of a receipt.".into(),
        fields: vec![
            DescribedField {
                field: "手机号".into(),
                column: "phone".into(),
                label: Label::new("手机号", "Phone"),
                meaning: "The member's number, if given at the till.".into(),
                data_type: "string".into(),
                identifiability: "direct".into(),
                treatment: Treatment::Pseudonymise("phone".into()),
                purposes: vec![Label::new("分析", "analytics")],
                ..DescribedField::default()
            },
            DescribedField {
                field: "收银员".into(),
                label: Label::new("收银员", "Cashier"),
                meaning: "Who stood at the till.".into(),
                identifiability: "direct".into(),
                treatment: Treatment::Drop,
                retention: "P30D".into(),
                ..DescribedField::default()
            },
        ],
    }
}
