//! A table with noise is published once an interval, with noise that a repeated run draws again; and a run says so.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod common;

use chrono::{DateTime, TimeZone, Utc};
use common::lake::{lake, rows};
use common::{Shop, keys};
use lakewarden_lake::Zone;
use lakewarden_pipeline::record::{NoiseAccount, NoiseFigure, NoiseMechanism, Outcome, RunRecord};
use lakewarden_privacy::{KeyRing, MasterKey};
use std::fmt::Write;
use std::fs;

const FILES: [(&str, &str); 8] = [
    ("lakewarden.yaml", "project: till\nlake: ./lake\ntime_zone: Asia/Shanghai\nconsent_log: none\nconsent_log_reason: Invented people refuse nothing.\nreplay_purposes: [analytics]\n"),
    (
        "schemas/purposes.yaml",
        "purposes: { analytics: { label: { zh: 分析, en: Analytics }, meaning: How the shops do. } }\n",
    ),
    (
        "schemas/channels/orders.yaml",
        "dataset: orders
label: { zh: 订单, en: Orders }
meaning: One order.
source: Till
owner: till@example.com
update_frequency: daily
format: { container: csv }
purposes: { analytics: legitimate_interests }
fields:
  - { name: email, label: { zh: 邮箱, en: E-mail }, meaning: Who., type: string, identifier: direct, category: user.contact.email, treatment: { pseudonymise: email } }
  - { name: city, label: { zh: 市, en: City }, meaning: Where., type: string, identifier: none, treatment: keep }
  - { name: amount, label: { zh: 金额, en: Amount }, meaning: Paid., type: 'decimal(12, 2)', identifier: none, treatment: keep }
",
    ),
    (
        "schemas/curated/takings.yaml",
        "table: takings
label: { zh: 收入, en: Takings }
meaning: One city.
owner: till@example.com
update_frequency: monthly
purpose: analytics
grain: city
noise:
  epsilon: 1.5
  delta: 0.000001
  rows_per_person: 2
  every: P1M
  columns: { buyers: { count: people }, amount: { between: [0, 50.00] } }
columns:
  - { name: city, label: { zh: 市, en: City }, meaning: Where., type: string, identifier: none }
  - { name: buyers, label: { zh: 顾客数, en: Buyers }, meaning: How many., type: integer, identifier: none, statistical_period: lifetime }
  - { name: amount, label: { zh: 金额, en: Amount }, meaning: Paid., type: 'decimal(22, 2)', unit: CNY, identifier: none, statistical_period: lifetime }
",
    ),
    (
        "schemas/curated/large_cities.yaml",
        "table: large_cities
label: { zh: 大城市, en: Large cities }
meaning: One city.
owner: till@example.com
update_frequency: monthly
purpose: analytics
grain: city
columns:
  - { name: city, label: { zh: 市, en: City }, meaning: Where., type: string, identifier: none }
",
    ),
    (
        "pipelines/till/pipeline.yaml",
        "pipeline: till\nlabel: { zh: 收银, en: Till }\nchannels: { orders: exports/orders/* }\nidentity: { link_on: [email] }\n",
    ),
    (
        "pipelines/till/models/takings.sql",
        "SELECT city, count(DISTINCT customer_id) AS buyers, sum(amount) AS amount FROM orders GROUP BY city\n",
    ),
    ("pipelines/till/models/large_cities.sql", "SELECT city FROM takings WHERE buyers > 150\n"),
];

fn write(shop: &Shop, path: &str, text: &str) {
    let path = shop.path(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Two cities with 200 and 120 people, and one with 12.
fn orders() -> String {
    let mut text = "email,city,amount\n".to_owned();
    for n in 0..332 {
        let city = if n < 200 {
            "Nanjing"
        } else if n < 320 {
            "Leeds"
        } else {
            "Porto"
        };
        writeln!(text, "person{n}@example.com,{city},{}.50", n % 70).unwrap();
    }
    text
}

fn till() -> Shop {
    let shop = Shop::bare();
    for (path, text) in FILES {
        write(&shop, path, text);
    }
    write(&shop, "exports/orders/1.csv", &orders());
    shop
}

/// An instant of 2026, by Shanghai's clock.
fn at(month: u32, day: u32, hour: u32) -> DateTime<Utc> {
    chrono_tz::Asia::Shanghai.with_ymd_and_hms(2026, month, day, hour, 0, 0).unwrap().to_utc()
}

async fn run_at(shop: &Shop, instant: DateTime<Utc>) -> RunRecord {
    shop.run_as("till", &keys(), instant).await.unwrap_or_else(|e| panic!("{e}"))
}

async fn takings(shop: &Shop) -> Vec<Vec<String>> {
    rows(&lake(shop), Zone::Curated, "takings", |_| true).await
}

async fn version(shop: &Shop, table: &str) -> i64 {
    lake(shop).table(Zone::Curated, table).await.unwrap().unwrap().version
}

fn noise(record: &RunRecord) -> &NoiseAccount {
    let model = record.models.iter().find(|m| m.table == "takings").unwrap();
    assert_eq!(model.suppressed, 0, "how many rows are held back is not told");
    model.noise.as_ref().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_publication_an_interval() {
    let shop = till();
    let record = run_at(&shop, at(9, 1, 8)).await;
    let first = takings(&shop).await;
    assert_eq!(first.iter().map(|row| row[0].as_str()).collect::<Vec<_>>(), ["Leeds", "Nanjing"], "Porto is too small");
    let figure = |column: &str, high: f64, scale: f64| NoiseFigure {
        column: Some(column.into()),
        low: if high > 1.0 { 0.0 } else { 1.0 },
        high,
        scale,
    };
    // Two rows a person and two figures: 2·B/(1.5/2).
    let expected = NoiseAccount {
        mechanism: NoiseMechanism::DiscreteLaplace,
        epsilon: 1.5,
        delta: 1e-6,
        rows_per_person: 2,
        // 1 + ⌈(ln(2/10⁻⁶) − ln(1 + e^−0.375)) · 2/0.75⌉
        threshold: 39,
        figures: vec![figure("buyers", 1.0, 2.0 / 0.75), figure("amount", 50.0, 100.0 / 0.75)],
        every: "P1M".into(),
        kept: false,
        publications: 1,
        epsilon_spent: 1.5,
        delta_spent: 1e-6,
    };
    assert_eq!(noise(&record), &expected);
    assert!(record.steps.iter().any(|s| s.name == "takings" && s.losses.is_empty()));

    // The same again changes nothing.
    assert_eq!(run_at(&shop, at(9, 1, 8)).await.outcome, Outcome::Unchanged);

    // More data in the same month: what reads it is built anew, the table itself stays.
    write(&shop, "exports/orders/2.csv", "email,city,amount\nperson1@example.com,Porto,9.00\n");
    let before = (version(&shop, "takings").await, version(&shop, "large_cities").await);
    let record = run_at(&shop, at(9, 30, 23)).await;
    assert_eq!(record.outcome, Outcome::Published);
    assert_eq!(noise(&record), &NoiseAccount { kept: true, ..expected.clone() });
    assert_eq!(takings(&shop).await, first);
    assert_eq!((version(&shop, "takings").await, version(&shop, "large_cities").await), (before.0, before.1 + 1));
    assert!(record.publication.iter().all(|p| p.table != "takings"));
    assert_eq!(run_at(&shop, at(9, 30, 23)).await.outcome, Outcome::Unchanged);

    // A month later, by the shop's clock.
    let record = run_at(&shop, at(10, 1, 0)).await;
    let second = NoiseAccount { publications: 2, epsilon_spent: 3.0, delta_spent: 2e-6, ..expected.clone() };
    assert_eq!(noise(&record), &second);
    assert_ne!(takings(&shop).await, first, "with noise of its own");

    // Another table under the same name is published at once, and counted all the same.
    write(&shop, "pipelines/till/models/takings.sql", &(FILES[6].1.replace("GROUP", "WHERE amount < 60 GROUP")));
    let record = run_at(&shop, at(10, 2, 0)).await;
    assert_eq!((noise(&record).publications, noise(&record).kept), (3, false));
    let kept: RunRecord = serde_json::from_value(lake(&shop).runs(1).await.unwrap()[0].record.clone()).unwrap();
    assert!(kept.models.iter().any(|m| m.noise.is_some()), "the record says so");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_repeated_elsewhere_publishes_the_same() {
    let (one, other, with_another_key) = (till(), till(), till());
    run_at(&one, at(9, 1, 8)).await;
    run_at(&other, at(9, 1, 8)).await;
    assert_eq!(takings(&one).await, takings(&other).await);
    let key = KeyRing::new(MasterKey::from_bytes([43; 32]), 1);
    with_another_key.run_as("till", &key, at(9, 1, 8)).await.unwrap();
    assert_ne!(takings(&one).await, takings(&with_another_key).await);
}

/// The published figures are near the exact ones, and not them.
#[tokio::test(flavor = "multi_thread")]
async fn figures_are_near_the_exact_ones() {
    let shop = till();
    run_at(&shop, at(9, 1, 8)).await;
    let exact = |from: u32, to: u32| {
        let cents = (from..to).map(|n| (i64::from(n % 70) * 100 + 50).min(5000)).sum::<i64>();
        (f64::from(to - from), cents as f64 / 100.0)
    };
    for (row, (buyers, amount)) in takings(&shop).await.iter().zip([exact(200, 320), exact(0, 200)]) {
        let found: Vec<f64> = row[1..].iter().map(|n| n.parse().unwrap()).collect();
        // A draw is beyond ten scales once in twenty thousand.
        assert!((found[0] - buyers).abs() < 10.0 * 2.7 && (found[1] - amount).abs() < 10.0 * 134.0, "{row:?}");
        assert!(found[1] != amount, "{row:?}");
    }
}
