//! Changes that stored rows outlive: they are told, and stop nothing.

use crate::common::keys;
use crate::shop::{ORDERS, Till};
use lakewarden_pipeline::{ChangeKind, Decision};
use std::fs;

#[tokio::test(flavor = "multi_thread")]
async fn changes_that_leave_stored_rows_as_they_are_are_told() {
    let city = ORDERS.lines().find(|line| line.contains("name: city")).unwrap();
    let city_line = format!("{city}\n");
    let dropped = city.replace("treatment: keep", "treatment: drop");
    let cases: [(&str, &str, &str, Decision, ChangeKind); 9] = [
        (&city_line, "", "LW2037", Decision::Note, ChangeKind::FieldDropped),
        (city, &dropped, "LW2037", Decision::Note, ChangeKind::FieldDropped),
        ("retention: P5Y", "retention: P1Y", "LW2037", Decision::Note, ChangeKind::RetentionShorter),
        ("retention: P5Y", "retention: P10Y", "LW2036", Decision::Warning, ChangeKind::RetentionLonger),
        ("retention: P5Y\n", "", "LW2036", Decision::Warning, ChangeKind::RetentionLonger),
        ("f: female }", "f: female, w: female }", "LW2032", Decision::Warning, ChangeKind::SpellingAdded),
        ("'%Y-%m-%d %H:%M'", "['%Y-%m-%d %H:%M', '%Y/%m/%d']", "LW2032", Decision::Note, ChangeKind::ReadingExtended),
        ("name: city", "name: town, column: city", "LW2039", Decision::Note, ChangeKind::SourceChanged),
        ("key: [order_no]", "key: [order_no, amount]", "LW2034", Decision::Note, ChangeKind::RowKeyFiner),
    ];
    let loaded = Till::loaded().await;
    for (good, bad, code, decision, kind) in cases {
        let till = Till(loaded.0.copied());
        till.declare(&[(good, bad)]);
        let change = till.expect_published(code, decision).await;
        assert_eq!(change.change, kind, "{bad}");
        if kind == ChangeKind::RetentionLonger {
            assert_eq!(change.rows, 1, "the row that was left out");
            assert!(change.remedy.starts_with("lakewarden run --reload orders"), "{}", change.remedy);
        }
        assert!(till.ask("SELECT count(*) FROM orders").await.is_ok(), "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_told_of_a_lake_that_has_no_rows() {
    let till = Till::new();
    till.declare(&[("'decimal(10, 2)'", "double")]);
    till.expect_same().await;
    let empty = Till::new();
    empty.write(
        "exports/orders/a.csv",
        "order_no,phone,city,gender,amount,ordered_at\nO3,13512345678,Bath,x,7.25,2019-05-01 10:00\n",
    );
    empty.run().await.unwrap();
    empty.declare(&[("'decimal(10, 2)'", "'decimal(12, 2)'")]);
    let (problems, changes) = empty.check(None).await;
    assert_eq!((problems.len(), changes.len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_a_shorter_retention_removed_are_missing_under_a_longer_one() {
    let till = Till::loaded().await;
    till.declare(&[("retention: P5Y", "retention: P75D")]);
    let shorter = till.expect_published("LW2037", Decision::Note).await;
    assert!(shorter.message.contains("a run removes them from the table"), "{}", shorter.message);
    assert!(shorter.remedy.contains("lakewarden vacuum --all-history"), "{}", shorter.remedy);
    till.run().await.unwrap();
    till.expect_same().await;

    till.declare(&[]);
    for _ in 0..2 {
        let missing = till.expect_published("LW2036", Decision::Warning).await;
        assert_eq!((missing.change, missing.rows), (ChangeKind::RetentionRemoved, 1), "{}", missing.message);
        assert_eq!(
            missing.message,
            "1 row was removed from orders by earlier runs, being older than its retention of then, P75D; it is now P5Y"
        );
        // A later file does not make the rows of the first one complete.
        till.write(
            "exports/orders/b.csv",
            "order_no,phone,city,gender,amount,ordered_at\nO4,13512345678,Bath,m,5.00,2026-05-01 10:00\n",
        );
        till.run().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_that_a_run_removed_is_told_no_more_although_the_run_loaded_a_file() {
    let city = ORDERS.lines().find(|line| line.contains("name: city")).unwrap();
    let till = Till::loaded().await;
    till.declare(&[(city, &city.replace("treatment: keep", "treatment: drop"))]);
    till.write(
        "exports/orders/b.csv",
        "order_no,phone,city,gender,amount,ordered_at\nO4,13512345678,Bath,m,5.00,2026-05-01 10:00\n",
    );
    let change = till.expect_published("LW2037", Decision::Note).await;
    assert_eq!(change.change, ChangeKind::FieldDropped);
    till.expect_same().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_table_that_is_no_longer_declared_is_told() {
    let till = Till::loaded().await;
    assert!(till.plan().await.undeclared_tables.is_empty());
    for path in ["schemas/curated/rents.yaml", "pipelines/shop/models/rents.sql"] {
        fs::remove_file(till.0.path(path)).unwrap();
    }
    let folder = till.0.path("lake/curated/rents");
    let plan = till.plan().await;
    let [table] = plan.undeclared_tables.as_slice() else { panic!("{:?}", plan.undeclared_tables) };
    assert_eq!((table.code, table.table.as_str()), ("LW5083", "curated/rents"));
    assert!(table.message.contains("with 2 rows,"), "{}", table.message);
    assert!(table.folder.ends_with("lake/curated/rents") && table.remedy.contains(&table.folder), "{}", table.remedy);
    assert!(table.remedy.contains("schemas/curated/rents.yaml"), "{}", table.remedy);
    let warned = |findings: Vec<lakewarden_lake::Finding>| findings.into_iter().find(|f| f.code == "LW5083");
    let finding = warned(till.doctor(keys()).await).unwrap();
    assert_eq!(finding.severity, lakewarden_lake::Severity::Warning);
    assert_eq!((finding.at.as_str(), &finding.mend), ("curated/rents", &table.remedy));

    // The remedy removes the warning, and nothing else of the lake is found wrong for it.
    fs::remove_dir_all(folder).unwrap();
    assert!(till.plan().await.undeclared_tables.is_empty());
    let findings = till.doctor(keys()).await;
    assert!(findings.iter().all(|f| f.severity == lakewarden_lake::Severity::Advice), "{findings:?}");
}
