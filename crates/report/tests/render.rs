//! The whole file, as a reader or a hostile name meets it.
#![allow(clippy::unwrap_used)]

#[path = "browser_scenes/small.rs"]
mod small;

use lakewarden_report::data::*;
use lakewarden_report::{Language, render};
use small::small;

/// Replaces every text of a report, wherever it stands, by `text`.
fn hostile(report: &Report, text: &str) -> Report {
    fn walk(value: &mut serde_json::Value, key: &str, text: &str) {
        let fixed = [
            "started",
            "ended",
            "as_of",
            "month",
            "kind",
            "state",
            "outcome",
            "currency",
            "kept_from",
            "published",
            "treatment",
        ];
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
    let class = if language == Language::English { "en" } else { "zh" };
    let tag = format!("<article class=\"{class}\" lang=\"{}\">", language.tag());
    let start = html.find(&tag).unwrap() + tag.len();
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
        assert_eq!(html.matches("<script").count(), 1, "{name}");
        assert!(!html.contains("<script>alert") && !html.contains("<img"), "{name}");
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
        assert_eq!(article(&html, language).matches("class=\"none\"").count(), 11);
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
    assert!(html.contains("<title>demo / 零售 · Lakewarden 运行记录</title>"));
    assert!(html.contains("data-title=\"demo / Retail · Lakewarden run record\""), "what the switch changes it to");
}

#[test]
fn sections_come_in_the_order_in_which_an_officer_asks() {
    let html = render(&small(), Language::English);
    let ids = ["lake", "purposes", "consent", "lineage", "fields", "rows", "identity", "picture", "value", "steps"];
    let places: Vec<usize> = ids.map(|id| html.find(&format!("<section id=\"en-{id}\"")).unwrap()).into();
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn no_count_of_too_few_people_is_shown_or_can_be_computed() {
    let mut report = small();
    // 4 rows withheld of 1,000 read would be given away by 996 rows used.
    report.models[0].reads[0].used = 996;
    report.models[0].reads[0].withheld[0].rows = 4;
    report.steps.clear();
    report.customers = None;
    report.identity = Some(Identity { customers: 75, merged: 2, consent_doubted: 3, ..Identity::default() });
    for language in Language::ALL {
        let html = render(&report, language);
        let lines = text(article(&html, language));
        let lines: Vec<&str> = lines.lines().collect();
        let at = |line: &str| lines.iter().filter(|l| **l == line).count();
        // People of `sales` (4, in two tables), withdrawn people (3) and rows (4), withheld in all, merged, in doubt.
        assert!(at("&lt;\u{a0}5") >= 6, "{lines:#?}");
        assert_eq!(at("996"), 0, "rows used are a lower bound: {lines:#?}");
        assert_eq!(at("≥\u{a0}996"), 1);
        assert_eq!(at("70"), 0, "permitted people would give the others away");
    }
}

#[test]
fn a_failed_run_says_why_where_and_what_fixes_it_beside_the_lake() {
    let mut report = small();
    report.run.outcome = Outcome::Failed;
    report.publication = None;
    report.run.failure = Some(Failure {
        code: "LW6001".into(),
        message: "the project does not compile".into(),
        help: "lakewarden check".into(),
        problems: vec![FailureProblem {
            code: "LW2004".into(),
            message: "the model gives no column \"sku\"".into(),
            at: "schemas/curated/sales.yaml:12:5".into(),
            help: "add it to the SELECT".into(),
        }],
    });
    let html = render(&report, Language::English);
    let lines = text(article(&html, Language::English));
    for said in ["LW6001", "lakewarden check", "schemas/curated/sales.yaml:12:5", "add it to the SELECT", "41,000"] {
        assert!(lines.contains(said), "{said}: {lines}");
    }
    assert!(lines.contains("Nothing was published") && lines.contains("would have been written"), "{lines}");
}
