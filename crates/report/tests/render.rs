//! The whole file, as a reader or a hostile name meets it.
#![allow(clippy::unwrap_used)]

use lakewarden_report::data::*;
use lakewarden_report::{Label, Language, render};

/// A report in which every part is present and small.
fn small() -> Report {
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

/// Replaces every text of a report, wherever it stands, by `text`.
fn hostile(report: &Report, text: &str) -> Report {
    fn walk(value: &mut serde_json::Value, key: &str, text: &str) {
        let fixed = ["started", "ended", "as_of", "month", "kind", "state", "outcome", "currency"];
        match value {
            serde_json::Value::String(s) if !fixed.contains(&key) => *s = text.to_owned(),
            serde_json::Value::Array(items) => items.iter_mut().for_each(|i| walk(i, key, text)),
            serde_json::Value::Object(fields) => fields.iter_mut().for_each(|(k, v)| walk(v, k, text)),
            _ => {}
        }
    }
    let mut value = serde_json::to_value(report).unwrap();
    walk(&mut value, "", text);
    serde_json::from_value(value).unwrap()
}

/// The article of one language.
fn article(html: &str, language: Language) -> &str {
    let tag = format!("lang=\"{}\">", language.tag());
    let start = html.rfind(&tag).unwrap() + tag.len();
    &html[start..start + html[start..].find("</article>").unwrap()]
}

/// What a reader sees: the text between tags, one line an element that has any.
fn text(html: &str) -> String {
    let mut out = Vec::new();
    for piece in html.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').unwrap();
        // Titles and descriptions of drawings say again what stands beside them.
        let silent = ["title", "desc", "style"].iter().any(|t| tag.starts_with(t));
        if !silent && !text.trim().is_empty() {
            out.push(text.trim().to_owned());
        }
    }
    out.join("\n")
}

/// Checks that tags are balanced, attributes quoted and text escaped, as XML wants it.
fn well_formed(svg: &str) {
    let mut open: Vec<&str> = Vec::new();
    for piece in svg.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').expect("a tag ends");
        assert_eq!(tag.matches('"').count() % 2, 0, "quotes of <{tag}>");
        for entity in tag.split('&').skip(1).chain(text.split('&').skip(1)) {
            let known = ["amp;", "lt;", "gt;", "quot;", "#39;"].iter().any(|e| entity.starts_with(e));
            assert!(known, "a bare & in <{tag}>{text}");
        }
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "what </{name}> closes");
        } else {
            let mut attributes: Vec<&str> =
                tag.split('"').step_by(2).filter_map(|a| a.trim().strip_suffix('=')).collect();
            let count = attributes.len();
            attributes.sort_unstable();
            attributes.dedup();
            assert_eq!(attributes.len(), count, "an attribute twice in <{tag}>");
            open.push(tag.split_whitespace().next().unwrap());
        }
    }
    assert!(open.is_empty(), "not closed: {open:?}");
}

fn drawings(html: &str) -> Vec<&str> {
    html.match_indices("<svg")
        .map(|(start, _)| &html[start..start + html[start..].find("</svg>").unwrap() + 6])
        .collect()
}

#[test]
fn a_small_report_reads_like_this() {
    let html = render(&small(), Language::English);
    insta::assert_snapshot!("english", text(article(&html, Language::English)));
    insta::assert_snapshot!("chinese", text(article(&html, Language::Chinese)));
}

#[test]
fn names_cannot_become_markup() {
    for name in ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "</style></svg>&'"] {
        let html = render(&hostile(&small(), name), Language::Chinese);
        assert!(!html.contains("<script") && !html.contains("<img"), "{name}");
        assert_eq!(html.matches("</style>").count(), 1);
        assert_eq!(html.matches("<svg").count(), html.matches("</svg>").count());
        assert!(html.contains("&lt;"));
        drawings(&html).into_iter().for_each(well_formed);
    }
}

#[test]
fn nothing_outside_the_file_is_referred_to() {
    let html = render(&hostile(&small(), "https://example.com/x.js"), Language::English);
    for (attribute, _) in html.match_indices("href=\"").chain(html.match_indices("src=\"")) {
        let value = html[attribute..].split('"').nth(1).unwrap();
        assert!(value.starts_with('#'), "{value}");
        assert!(html.contains(&format!("id=\"{}\"", &value[1..])), "nothing is called {value}");
    }
    let style = &html[html.find("<style>").unwrap()..html.find("</style>").unwrap()];
    assert!(!style.contains("@import") && !style.contains("http"));
    assert!(style.match_indices("url(").all(|(at, _)| style[at..].starts_with("url(#")));
    assert!(html.contains("default-src 'none'") || html.contains("default-src &#39;none&#39;"));
}

#[test]
fn drawings_are_well_formed_and_named_and_their_ids_are_unique() {
    let html = render(&small(), Language::English);
    let drawings = drawings(&html);
    assert!(drawings.len() > 20);
    for drawing in drawings {
        well_formed(drawing);
        let named = drawing.contains("role=\"img\"") && drawing.contains("<title") && drawing.contains("<desc");
        assert!(named || drawing.contains("aria-hidden=\"true\""));
        assert!(!drawing.contains("NaN") && !drawing.contains("inf\""));
    }
    let mut ids: Vec<&str> = html.split(" id=\"").skip(1).map(|s| s.split('"').next().unwrap()).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
}

#[test]
fn an_empty_report_says_what_is_missing() {
    for language in Language::ALL {
        let html = render(&Report::default(), language);
        assert_eq!(article(&html, language).matches("class=\"none\"").count(), 8);
        assert!(!html.contains("NaN"));
    }
    insta::assert_snapshot!("empty", text(article(&render(&Report::default(), Language::English), Language::English)));
}

#[test]
fn any_part_may_be_missing_or_absurd() {
    let mut report = small();
    report.customers = Some(CustomerPicture::default());
    report.identity = Some(Identity::default());
    report.publication = Some(Publication::default());
    report.steps = vec![Step::default()];
    report.models = vec![Model::default()];
    report.datasets.push(Dataset { read: u64::MAX, written: u64::MAX, ..Dataset::default() });
    report.values =
        vec![AssetValue { index: Some(f64::NAN), completeness: Some(f64::INFINITY), ..AssetValue::default() }];
    for language in Language::ALL {
        assert!(!render(&report, language).contains("NaN"));
    }
    let picture = small().customers.map(|mut picture| {
        picture.revenue = Some(f64::NAN);
        picture.spend[0].from = f64::NEG_INFINITY;
        picture.concentration[0].revenue_share = f64::NAN;
        picture.rfm[0].mean_money = Some(f64::INFINITY);
        picture.segments[0].revenue_share = f64::NAN;
        picture.revenue_by_month[0].amount = f64::MAX;
        picture
    });
    report.customers = picture;
    let html = render(&report, Language::English);
    assert!(!html.contains("NaN") && !html.contains(">inf"));
}

#[test]
fn an_account_that_does_not_close_is_said_aloud() {
    let mut report = small();
    report.datasets[0].written -= 12;
    let html = render(&report, Language::English);
    assert!(text(article(&html, Language::English)).contains("off by 12"));
    assert!(html.contains("rows without a name: 12"));
}

#[test]
fn a_report_survives_json() {
    let report = small();
    let text = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
    assert_eq!(serde_json::from_str::<Report>("{}").unwrap(), Report::default());
}

#[test]
fn the_language_asked_for_is_the_one_shown() {
    let html = render(&small(), Language::Chinese);
    assert!(html.contains("<html lang=\"zh-CN\">"));
    let input = &html[html.find("id=\"language-zh\"").unwrap()..];
    assert!(input[..input.find('>').unwrap()].contains("checked"));
    assert_eq!(html.matches(" checked").count(), 2, "one language and one colour scheme");
}
