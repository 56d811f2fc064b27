//! Renders a report of made-up numbers, to look at.
//!
//! `cargo run -p lakewarden-report --example preview -- report.html [SCENE] [zh|en]`, where SCENE is
//! `full` (default), `one` (a single dataset, one row lost), `many` (twenty datasets with long names),
//! `failed`, `unchanged` or `empty`. Every number is invented; no person stands behind any of them.

mod dictionary;
mod exports;
mod picture;
mod retail;

use chrono::NaiveDate;
use exports::{steps, values};
use lakewarden_report::data::*;
use lakewarden_report::{Label, Language, render};
use retail::{full, relation, run, withheld};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("usage: preview FILE [SCENE] [zh|en]")?;
    let report = match arguments.next().as_deref().unwrap_or("full") {
        "full" => full()?,
        "one" => one()?,
        "many" => many()?,
        "failed" => failed()?,
        "unchanged" => Report { run: Run { outcome: Outcome::NothingChanged, ..run()? }, ..Report::default() },
        "empty" => Report::default(),
        other => return Err(format!("no scene is called {other}").into()),
    };
    let language = match arguments.next().as_deref() {
        Some("zh") => Language::Chinese,
        _ => Language::English,
    };
    std::fs::write(path, render(&report, language))?;
    Ok(())
}

fn one() -> Result<Report, Box<dyn Error>> {
    let dataset = Dataset {
        name: "online_retail".into(),
        label: Label::new("在线零售", "Online retail"),
        files: 305,
        read: 5_000_000,
        written: 4_999_999,
        quarantined: vec![Quarantined { field: "InvoiceDate".into(), rule: "type".into(), rows: 1 }],
        exact_duplicates_kept: 5_268,
        ..Dataset::default()
    };
    let month = NaiveDate::from_ymd_opt(2026, 6, 1).ok_or("a month")?;
    let picture = CustomerPicture {
        currency: Some("GBP".into()),
        spend: vec![SpendBin { from: 0.0, to: None, customers: 3 }],
        concentration: vec![TopShare { top_percent: 20.0, revenue_share: 0.99 }],
        rfm: vec![RfmCell { recency: 5, frequency: 1, customers: 3, mean_money: None }],
        segments: vec![Segment { name: "all".into(), customers: 3, revenue_share: 1.0, ..Segment::default() }],
        combinations: vec![ChannelCombination { channels: vec!["web".into()], customers: 3 }],
        revenue_by_month: vec![ChannelRevenue { channel: "web".into(), month, amount: -120.5 }],
        ..CustomerPicture::default()
    };
    let model = Model {
        name: "rfm".into(),
        purpose: "analytics".into(),
        reads: vec![relation("online_retail", 4_999_999, 3, withheld("analytics", &[("no_consent", 1)]))],
        rows_out: 3,
        columns: 4,
        ..Model::default()
    };
    let edge = LineageEdge {
        from: "online_retail".into(),
        to: "rfm".into(),
        direct: 3,
        indirect: 2,
        purpose: Some("analytics".into()),
    };
    Ok(Report {
        run: run()?,
        steps: steps(std::slice::from_ref(&dataset), std::slice::from_ref(&model)),
        values: values(std::slice::from_ref(&dataset)),
        datasets: vec![dataset],
        models: vec![model],
        lineage: vec![edge],
        customers: Some(picture),
        publication: Some(Publication::default()),
        ..Report::default()
    })
}

fn many() -> Result<Report, Box<dyn Error>> {
    let mut report = full()?;
    let stem = "an_export_with_a_name_that_its_owners_found_reasonable";
    report.datasets = (0..20)
        .map(|i| Dataset {
            name: format!("{stem}_{i:02}"),
            label: Label::new(
                format!("名字长得超出任何一列宽度的渠道导出数据集第{i}号"),
                format!("An export whose label its owners did not want to shorten, no. {i}"),
            ),
            files: 1_000 * i,
            read: 900_000_000 + i,
            written: 610_000_000,
            quarantined: (0..i)
                .map(|q| Quarantined {
                    field: format!("a_field_with_a_rather_long_name_{q}"),
                    rule: "matches".into(),
                    rows: 1_000_000 * q,
                })
                .collect(),
            duplicates: 290_000_000 + i - (0..i).map(|q| 1_000_000 * q).sum::<u64>(),
            treatments: Treatments { kept: 40, pseudonymised: 12, generalised: 4, redacted: 2, dropped: 9 },
            ..Dataset::default()
        })
        .collect();
    for model in &mut report.models {
        model.label =
            Label::new("一张名字很长很长而且还要更长一些的发布表", "A curated table of a remarkably long name");
    }
    let models: Vec<String> = report.models.iter().map(|m| m.name.clone()).collect();
    report.lineage = (0..20u32)
        .flat_map(|i| models.iter().enumerate().map(move |(m, name)| (i, m as u32, name.clone())))
        .filter(|(i, m, _)| (i + m) % 3 != 0)
        .map(|(i, m, to)| LineageEdge {
            from: format!("{stem}_{i:02}"),
            to,
            direct: 1 + (i * m) % 9,
            indirect: m,
            purpose: (i % 4 > 0).then(|| "analytics".into()),
        })
        .collect();
    report.values = values(&report.datasets);
    report.steps = steps(&report.datasets, &report.models);
    Ok(report)
}

fn failed() -> Result<Report, Box<dyn Error>> {
    let mut report = full()?;
    report.run.outcome = Outcome::Failed;
    report.run.failure = Some(Failure {
        code: "LW6010".into(),
        message: "the account of pos_sales does not close: 486230 read, 486218 accounted for".into(),
        help: "nothing was published; lakewarden doctor".into(),
        problems: Vec::new(),
    });
    report.datasets[1].written -= 12;
    for step in report.steps.iter_mut().skip(1) {
        step.state = if step.name == "pos_sales" { StepState::Failed } else { StepState::Skipped };
    }
    Ok(Report {
        models: vec![],
        lineage: vec![],
        identity: None,
        customers: None,
        values: vec![],
        publication: None,
        ..report
    })
}
