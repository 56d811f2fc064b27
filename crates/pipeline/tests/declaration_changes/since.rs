//! Fields that exports have had from a day on.

use crate::shop::{ORDERS, Till};
use lakewarden_pipeline::{ChangeKind, Decision};

fn score(keys: &str) -> String {
    format!(
        "{ORDERS}  - {{ name: score, label: {{ zh: 分, en: Score }}, meaning: Score., type: integer, identifier: none, treatment: keep{keys} }}\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_says_since_when_it_is_there_is_null_before() {
    let till = Till::loaded().await;
    // The stored rows are of March and April.
    till.write("schemas/channels/orders.yaml", &score(", since: 2026-04-01"));
    let change = till.expect_refused_by_all("LW2030").await;
    assert_eq!((change.change, change.rows), (ChangeKind::FieldAddedSince, 1));
    till.write("schemas/channels/orders.yaml", &score(", since: 2026-05-01, rules: [required]"));
    let change = till.expect_published("LW2030", Decision::Note).await;
    assert_eq!((change.change, change.rows), (ChangeKind::FieldAddedSince, 2));
    // A file with the field, and one from before it had it.
    till.write(
        "exports/orders/b.csv",
        "order_no,phone,city,gender,amount,ordered_at,score\nO4,13512345678,Bath,m,1.00,2026-05-01 00:00,9\nO5,13612345678,Bath,m,1.00,2026-05-02 00:00,\nO6,13712345678,Bath,m,1.00,2026-04-30 23:59,\n",
    );
    till.write(
        "exports/orders/c.csv",
        "order_no,phone,city,gender,amount,ordered_at\nO7,13512345678,Bath,m,1.00,2026-04-30 23:59\n",
    );
    let record = till.run().await.unwrap();
    let orders = record.datasets.iter().find(|d| d.dataset == "orders").unwrap();
    let quarantined: Vec<_> =
        orders.quarantined.iter().map(|q| (q.field.as_deref(), q.rule.as_str(), q.rows)).collect();
    assert_eq!(quarantined, [(Some("score"), "required", 1)], "of May, without a score");
    let mut rows = till.ask("SELECT order_no, score FROM orders").await.unwrap();
    rows.sort();
    assert_eq!(rows, ["O1|", "O2|", "O4|9", "O6|", "O7|"]);
    assert_eq!(till.ask("SELECT count(DISTINCT score) AS n FROM orders").await.unwrap(), ["1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_later_days_has_the_field() {
    let till = Till::loaded().await;
    // Not required: a later row may be without a score, a later file not.
    till.write("schemas/channels/orders.yaml", &score(", since: 2026-05-01"));
    till.write(
        "exports/orders/b.csv",
        "order_no,phone,city,gender,amount,ordered_at\nO4,13512345678,Bath,m,1.00,2026-04-30 12:00\nO5,13612345678,Bath,m,1.00,2026-04-30 13:00\nO6,13712345678,Bath,m,1.00,2026-05-01 00:00\n",
    );
    till.write(
        "exports/orders/c.csv",
        "order_no,phone,city,gender,amount,ordered_at,score\nO7,13512345678,Bath,m,1.00,2026-05-03 12:00,\n",
    );
    let record = till.run().await.unwrap();
    let orders = record.datasets.iter().find(|d| d.dataset == "orders").unwrap();
    let quarantined: Vec<_> =
        orders.quarantined.iter().map(|q| (q.field.as_deref(), q.rule.as_str(), q.rows)).collect();
    assert_eq!(quarantined, [(Some("score"), "since", 1)]);
    assert_eq!(till.ask("SELECT count(*) AS n FROM orders").await.unwrap(), ["5"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_that_are_written_otherwise_say_since_when() {
    let till = Till::loaded().await;
    let (good, bad) = ("map: { m: male, f: female }", "map: { 1: male, 2: female }");
    till.declare(&[(good, bad)]);
    till.expect_refused_by_all("LW2032").await;
    till.declare(&[(good, &format!("{bad}, since: 2026-05-01"))]);
    let change = till.expect_published("LW2032", Decision::Note).await;
    assert_eq!(change.change, ChangeKind::ReadingChangedSince);
    // Not of pseudonyms, nor of what is done to a value.
    till.declare(&[("normalise: phone", "normalise: phone, region: US, since: 2026-05-01")]);
    till.expect_refused_by_all("LW2032").await;
}
