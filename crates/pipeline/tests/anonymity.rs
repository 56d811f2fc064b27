//! A table is measured before it is published: its figures are recorded, and what is too little changes nothing.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod common;

use chrono::Utc;
use common::lake::{lake, rows};
use common::{Shop, files_below, keys};
use lakewarden_dictionary::DiversityKind;
use lakewarden_lake::Zone;
use lakewarden_pipeline::record::{
    AnonymityAccount, ClosenessFigure, Counted, DistanceKind, DiversityFigure, KFigure, Outcome, RunRecord,
};
use lakewarden_pipeline::{PipelineError, Request, Silent, run};
use std::fs;
use uuid::Uuid;

const FILES: [(&str, &str); 6] = [
    ("lakewarden.yaml", "project: ward\nlake: ./lake\ntime_zone: UTC\nconsent_log: none\nconsent_log_reason: Invented people refuse nothing.\nreplay_purposes: [research]\n"),
    (
        "schemas/purposes.yaml",
        "purposes: { research: { label: { zh: 研究, en: Research }, meaning: How illnesses spread. } }\n",
    ),
    (
        "schemas/channels/stays.yaml",
        "dataset: stays
label: { zh: 住院, en: Stays }
meaning: One stay of one patient.
source: Ward
owner: ward@example.com
update_frequency: daily
format: { container: csv }
purposes: { research: legitimate_interests }
fields:
  - { name: patient, label: { zh: 病人, en: Patient }, meaning: Who., type: string, identifier: direct, category: user.unique_id, treatment: { pseudonymise: patient } }
  - { name: city, label: { zh: 市, en: City }, meaning: Where., type: string, identifier: quasi, category: user.contact.address.city, treatment: keep }
  - { name: illness, label: { zh: 病, en: Illness }, meaning: What., type: string, identifier: none, treatment: keep }
  - { name: days, label: { zh: 天数, en: Days }, meaning: How long., type: integer, identifier: none, treatment: keep }
",
    ),
    (
        "schemas/curated/ward.yaml",
        "table: ward
label: { zh: 病房, en: Ward }
meaning: One stay of one patient.
owner: ward@example.com
update_frequency: daily
purpose: research
lawful_basis: legitimate_interests
grain: [customer_id, days]
subject: customer_id
anonymity: { k: 2, l: 2, diversity: entropy, t: 0.5, sensitive: [illness, days] }
columns:
  - { name: customer_id, label: { zh: 病人, en: Patient }, meaning: Who., type: string, identifier: quasi, pseudonym: true, category: user.unique_id.pseudonymous }
  - { name: city, label: { zh: 市, en: City }, meaning: Where., type: string, identifier: quasi, category: user.contact.address.city }
  - { name: illness, label: { zh: 病, en: Illness }, meaning: What., type: string, identifier: none }
  - { name: days, label: { zh: 天数, en: Days }, meaning: How long., type: integer, identifier: none, statistical_period: lifetime }
",
    ),
    (
        "pipelines/ward/pipeline.yaml",
        "pipeline: ward\nlabel: { zh: 病房, en: Ward }\nchannels: { stays: exports/stays/* }\nidentity: { link_on: [patient] }\n",
    ),
    ("pipelines/ward/models/ward.sql", "SELECT customer_id, city, illness, days FROM stays\n"),
];

/// Two cities, in each two patients or three, one with two stays.
const STAYS: &str = "patient,city,illness,days
p1,Arles,flu,1
p1,Arles,cold,4
p2,Arles,flu,2
p2,Arles,cold,3
p3,Bourges,flu,4
p4,Bourges,cold,1
";

fn write(shop: &Shop, path: &str, text: &str) {
    let path = shop.path(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn ward(stays: &[&str]) -> Shop {
    let shop = Shop::bare();
    for (path, text) in FILES {
        write(&shop, path, text);
    }
    for (number, text) in stays.iter().enumerate() {
        write(&shop, &format!("exports/stays/{number}.csv"), text);
    }
    shop
}

async fn run_with(shop: &Shop, seed: u64) -> Result<RunRecord, PipelineError> {
    let request = Request {
        pipeline: None,
        lake: None,
        as_of: Some(common::as_of()),
        days: None,
        clock: &Utc::now,
        run: Uuid::new_v4(),
        seed,
        owner: "a test",
        take_over: false,
        accept_thresholds: &[],
        reload: None,
        consent: lakewarden_policy::Knowledge::default(),
    };
    run(&shop.open(), &keys(), &request, &Silent).await.map(|ran| ran.record)
}

fn expected() -> AnonymityAccount {
    AnonymityAccount {
        quasi_identifiers: vec!["city".into()],
        counted: Counted::Subjects,
        rows: 6,
        classes: 2,
        k: KFigure { declared: 2, found: Some(2) },
        diversity: ["illness", "days"]
            .map(|column| DiversityFigure {
                column: column.into(),
                kind: DiversityKind::Entropy,
                declared: 2,
                found: Some(2.0),
            })
            .into(),
        closeness: vec![
            ClosenessFigure {
                column: "illness".into(),
                distance: DistanceKind::Equal,
                declared: 0.5,
                found: Some(0.0),
            },
            // Bourges has half at 1 and half at 4; of all there are 2, 1, 1, 2 sixths: (1/6 + 0 + 1/6) / 3.
            ClosenessFigure {
                column: "days".into(),
                distance: DistanceKind::Ordered,
                declared: 0.5,
                found: Some(1.0 / 9.0),
            },
        ],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_figures_are_recorded() {
    let shop = ward(&[STAYS]);
    let record = run_with(&shop, 1).await.unwrap();
    assert_eq!(record.models[0].anonymity.as_ref(), Some(&expected()));
    let kept = lake(&shop).runs(5).await.unwrap();
    let kept: RunRecord = serde_json::from_value(kept[0].record.clone()).unwrap();
    assert_eq!(kept.models[0].anonymity, record.models[0].anonymity);
    let shown = serde_json::to_value(&record.models[0].anonymity).unwrap();
    assert_eq!(shown["counted"], "subjects");
    assert_eq!(shown["diversity"][0]["kind"], "entropy");
    let audited = files_below(&shop.path("lake")).into_iter().filter(|p| p.display().to_string().contains("audit"));
    let audited: Vec<String> = audited.map(|p| fs::read_to_string(p).unwrap()).collect();
    assert!(audited.iter().any(|text| text.contains("\"quasi_identifiers\":[\"city\"]")), "in the audit log as well");
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_seeds_nor_deliveries_change_a_figure() {
    let (header, body) = STAYS.split_once('\n').unwrap();
    let files: Vec<String> = body.lines().rev().map(|line| format!("{header}\n{line}\n")).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let record = run_with(&ward(&files), 99).await.unwrap();
    assert_eq!(record.models[0].anonymity.as_ref(), Some(&expected()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_little_is_not_published_and_says_no_value() {
    let shop = ward(&[STAYS]);
    run_with(&shop, 1).await.unwrap();
    let before = rows(&lake(&shop), Zone::Curated, "ward", |_| true).await;
    write(&shop, "exports/stays/late.csv", "patient,city,illness,days\np9,Quimper,plague,77\np9,Quimper,ague,78\n");
    let error = run_with(&shop, 1).await.unwrap_err();
    assert_eq!((error.code(), error.is_refusal()), ("LW6020", true));
    assert_eq!(
        error.to_string(),
        "ward is less anonymous than its entry demands: k-anonymity in data subjects over city is 1, demanded is 2; \
         2 of 8 rows are in 1 class that misses it"
    );
    assert_eq!(
        error.hint().unwrap(),
        "nothing was published; make `city` coarser in the model, or leave its rare values out"
    );
    assert_eq!(rows(&lake(&shop), Zone::Curated, "ward", |_| true).await, before);
    let record: RunRecord = lake(&shop)
        .runs(5)
        .await
        .unwrap()
        .into_iter()
        .map(|r| serde_json::from_value(r.record).unwrap())
        .next()
        .unwrap();
    assert_eq!(record.outcome, Outcome::Failed);
    assert_eq!(record.failure.unwrap().code, "LW6020");
    // Tables hold these cells; whatever else the run wrote must not.
    let texts = files_below(&shop.path("lake")).into_iter().filter(|p| p.extension().is_none_or(|e| e != "parquet"));
    for path in texts {
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
        assert!(!["Quimper", "plague"].iter().any(|cell| text.contains(cell)), "{}", path.display());
    }
}
