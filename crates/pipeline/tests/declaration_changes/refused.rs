//! Changes that make stored rows mean something else.

use crate::shop::{ORDERS, Till};
use lakewarden_pipeline::ChangeKind;
use lakewarden_privacy::{KeyRing, MasterKey};

const SCORE: &str = "  - { name: score, label: { zh: 分, en: Score }, meaning: Score., type: integer, identifier: none, treatment: keep }\n";

fn line(name: &str) -> &'static str {
    ORDERS.lines().find(|line| line.contains(&format!("name: {name}"))).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_resolved_is_not_published() {
    let till = Till::loaded().await;
    till.expect_same().await;
    let city = "meaning: Where., type: string, identifier: none, treatment: keep";
    let cases: [(&str, &str, &str, ChangeKind, Option<&str>); 12] = [
        (
            city,
            "meaning: Where., type: string, identifier: none, treatment: redact",
            "LW2022",
            ChangeKind::TreatmentChanged,
            Some("city"),
        ),
        ("'decimal(10, 2)'", "double", "LW2022", ChangeKind::TypeChanged, Some("amount")),
        ("'decimal(10, 2)'", "'decimal(14, 2)'", "LW2022", ChangeKind::TypeChanged, Some("amount")),
        ("'decimal(10, 2)'", "'decimal(6, 2)'", "LW2022", ChangeKind::TypeChanged, Some("amount")),
        (
            "{ pseudonymise: phone }",
            "{ mask: { keep_last: 4 } }",
            "LW2022",
            ChangeKind::TreatmentChanged,
            Some("phone"),
        ),
        ("normalise: phone", "normalise: phone, region: US", "LW2032", ChangeKind::PseudonymChanged, Some("phone")),
        ("normalise: phone", "normalise: identifier", "LW2032", ChangeKind::PseudonymChanged, Some("phone")),
        ("map: { m: male, f: female }", "map: { m: M, f: F }", "LW2032", ChangeKind::ReadingChanged, Some("gender")),
        ("'%Y-%m-%d %H:%M'", "'%Y-%d-%m %H:%M'", "LW2032", ChangeKind::ReadingChanged, Some("ordered_at")),
        ("name: city", "name: town", "LW2033", ChangeKind::FieldRenamed, Some("town")),
        (
            "event_time: ordered_at\n",
            "event_time: ordered_at\nrole: suppression_list\n",
            "LW2038",
            ChangeKind::RoleChanged,
            None,
        ),
        (
            "update_frequency: daily\n",
            "update_frequency: daily\ntime_zone: UTC\n",
            "LW2032",
            ChangeKind::ReadingChanged,
            Some("ordered_at"),
        ),
    ];
    for (good, bad, code, kind, column) in cases {
        till.declare(&[(good, bad)]);
        // A phone that is no pseudonym leaves the rows without a data subject, which does not compile: stored rows are
        // not even compared then.
        if bad.contains("mask") {
            assert_eq!(till.run().await.unwrap_err().code(), "LW6001");
            continue;
        }
        // A list of statements has another key, and does not compile with that of orders.
        if bad.contains("suppression_list") {
            assert_eq!(till.run().await.unwrap_err().code(), "LW6001");
            continue;
        }
        let change = till.expect_refused_by_all(code).await;
        assert_eq!((change.change, change.column.as_deref()), (kind, column), "{bad}");
        assert_eq!(change.rows, 2, "{bad}: {change:?}");
    }
    // As it was declared, it is read again; labels and the like change nothing.
    till.declare(&[
        ("en: Amount", "en: Paid amount"),
        ("meaning: When.", "meaning: Time of the order."),
        ("unit: CNY", "unit: yuan"),
    ]);
    till.expect_same().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_field_is_not_null_for_everyone() {
    let till = Till::loaded().await;
    let declared = format!("{ORDERS}{SCORE}");
    till.write("schemas/channels/orders.yaml", &declared);
    let change = till.expect_refused_by_all("LW2030").await;
    assert_eq!((change.change, change.column.as_deref()), (ChangeKind::FieldAdded, Some("score")));
    assert_eq!((change.files, change.rows), (1, 2));
    assert_eq!(change.message, "2 rows were stored in orders without column score, which it now declares");
    let hint = "lakewarden run --reload orders, if the exports have it; or declare the first day of rows that have it: `since: YYYY-MM-DD`";
    assert_eq!(change.remedy, hint);
    // Today's silent zero.
    assert_eq!(till.ask("SELECT count(DISTINCT score) AS n FROM orders").await.unwrap_err().code(), "LW2030");
    assert_eq!(till.ask("SELECT max(score) AS n FROM (SELECT * FROM orders)").await.unwrap_err().code(), "LW2030");
    // Optional or not: no stored row has it.
    till.write(
        "schemas/channels/orders.yaml",
        &declared.replace("meaning: Score.,", "meaning: Score., optional: true,"),
    );
    till.expect_refused_by_all("LW2030").await;
    // A field that was optional all along is no new one.
    let other = Till::new();
    other.write(
        "schemas/channels/orders.yaml",
        &declared.replace("meaning: Score.,", "meaning: Score., optional: true,"),
    );
    other.run().await.unwrap();
    other.expect_same().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_required_field_is_not_null_in_stored_rows() {
    let till = Till::new();
    till.write(
        "exports/orders/b.csv",
        "order_no,phone,city,gender,amount,ordered_at\nO7,13512345678,,m,1.00,2026-05-01 10:00\n",
    );
    till.run().await.unwrap();
    let city = line("city");
    let required = city.replace("treatment: keep", "treatment: keep, rules: [required]");
    till.declare(&[(city, &required)]);
    let change = till.expect_refused_by_all("LW2031").await;
    assert_eq!((change.change, change.rows), (ChangeKind::RequiredNull, 1));
    assert_eq!(change.message, "column city of orders is required, and null in 1 stored row");
    // From a day on that is later than the row's.
    let since =
        |day: &str| city.replace("treatment: keep", &format!("treatment: keep, rules: [required], since: {day}"));
    till.declare(&[(city, &since("2026-05-01"))]);
    let change = till.expect_refused_by_all("LW2031").await;
    assert_eq!(
        change.message,
        "column city of orders is required from 2026-05-01 on, and null in 1 stored row from then on"
    );
    till.declare(&[(city, &since("2026-05-02"))]);
    till.expect_same().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pseudonyms_of_two_keys_are_not_mixed() {
    let till = Till::loaded().await;
    let rotated = || KeyRing::new(MasterKey::from_bytes([42; 32]), 2);
    let change = till.expect_refused("LW6070", rotated()).await;
    assert_eq!(change.change, ChangeKind::SecretKeyRotated);
    assert_eq!(
        change.message,
        "2 rows were stored in orders with pseudonyms of key version 1; those of today's key, version 2, match none of them"
    );
    // Also where a new file comes.
    till.write(
        "exports/orders/b.csv",
        "order_no,phone,city,gender,amount,ordered_at\nO8,13512345678,Bath,m,1.00,2026-05-01 10:00\n",
    );
    assert_eq!(till.run_with(&rotated()).await.unwrap_err().code(), "LW6070");
    till.run().await.unwrap();
    till.expect_same().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_another_key_left_out_are_missing() {
    let till = Till::new();
    till.write(
        "exports/orders/b.csv",
        "order_no,phone,city,gender,amount,ordered_at\nO1,13512345678,Bath,m,9.00,2026-03-01 10:00\nO4,13712345678,Bath,m,5.00,2026-05-02 10:00\n",
    );
    let record = till.run().await.unwrap();
    let orders = record.datasets.iter().find(|d| d.dataset == "orders").unwrap();
    assert_eq!(orders.key_conflicts, 1, "two lines of one order");
    for key in ["key: [order_no, amount]\n", ""] {
        till.declare(&[("key: [order_no]\n", key)]);
        let change = till.expect_refused_by_all("LW2034").await;
        assert_eq!((change.change, change.rows), (ChangeKind::RowKeyFiner, 1), "{key}");
    }
    // Rows that a new key tells to be the same were stored twice.
    let till = Till::new();
    till.declare(&[("key: [order_no]\n", "")]);
    till.run().await.unwrap();
    till.declare(&[("key: [order_no]\n", "key: [city]\n")]);
    let change = till.expect_published("LW2034", lakewarden_pipeline::Decision::Note).await;
    assert_eq!(change.change, ChangeKind::RowKeyChanged, "Bath and York are stored once each");
    let till = Till::new();
    till.declare(&[("key: [order_no]\n", "")]);
    till.write(
        "exports/orders/b.csv",
        "order_no,phone,city,gender,amount,ordered_at\nO5,13512345678,Bath,m,9.00,2026-03-02 10:00\n",
    );
    till.run().await.unwrap();
    till.declare(&[("key: [order_no]\n", "key: [city]\n")]);
    let change = till.expect_refused_by_all("LW2034").await;
    assert_eq!((change.change, change.rows), (ChangeKind::RowKeyChanged, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_earlier_loads_are_remembered() {
    let till = Till::loaded().await;
    let declared = ORDERS.replace("map: { m: male, f: female }", "map: { m: male, f: female, d: diverse }");
    till.write("schemas/channels/orders.yaml", &declared);
    let second = "order_no,phone,city,gender,amount,ordered_at\nO9,13512345678,Bath,d,1.00,2026-05-01 10:00\n";
    till.write("exports/orders/b.csv", second);
    till.run().await.unwrap();
    // Of both loads, each by its own declaration.
    till.declare(&[("map: { m: male, f: female }", "map: { m: M, f: female, d: diverse }")]);
    let (_, changes) = till.check(None).await;
    let rows: Vec<_> = changes.iter().map(|c| (c.change, c.files, c.rows)).collect();
    assert_eq!(rows, [(ChangeKind::ReadingChanged, 2, 3)]);
    // The second file's is today's; the first is not made good by it.
    till.write("schemas/channels/orders.yaml", &declared.replace("d: diverse", "d: other"));
    let (_, changes) = till.check(None).await;
    let rows: Vec<_> = changes.iter().map(|c| (c.change, c.files, c.rows)).collect();
    assert_eq!(rows, [(ChangeKind::ReadingChanged, 1, 1), (ChangeKind::SpellingAdded, 1, 2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_without_a_city_is_not_a_missing_one() {
    let till = Till::new();
    let city = line("city");
    let coarse = city.replace("treatment: keep", "treatment: { generalise: city }, rules: [required]");
    till.declare(&[(city, &coarse)]);
    till.run().await.unwrap();
    assert_eq!(till.ask("SELECT count(city) AS n FROM orders").await.unwrap(), ["0"], "Bath is no Chinese city");
    till.expect_same().await;
}
