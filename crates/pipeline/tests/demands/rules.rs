//! References across datasets and runs, rules on rows, files that a rule stops.

use crate::common::lake::{objects, published};
use crate::market::{Market, ORDERS, Says, account, refused};
use lakewarden_pipeline::record::Outcome;

const REFERS: &str = ", rules: [{ references: products.sku }]";

fn order(no: &str, sku: &str) -> String {
    format!("{no},B1,{sku},10.00,0.00,2026-05-01T10:00:00Z\n")
}

fn orders(list: &[(&str, &str)]) -> String {
    format!("{ORDERS}{}", list.iter().map(|(no, sku)| order(no, sku)).collect::<String>())
}

#[tokio::test(flavor = "multi_thread")]
async fn references_lead_to_this_runs_rows_and_to_the_lakes() {
    let market = Market::new(&Says { sku: REFERS, ..Says::default() });
    assert_eq!(market.problems().await, [""; 0]);
    market.deliver("orders", "1.csv", &orders(&[("O1", "S1"), ("O2", "S9"), ("O3", "")]));
    let first = market.run(1).await;
    assert_eq!(refused(&first, "orders"), [("sku".to_owned(), "references".to_owned(), 1)]);
    assert_eq!(market.stored("orders", &["order_no", "sku"]).await, ["O1|S1", "O3|"]);

    // Nothing new of the products: what the lake holds counts. Then a new product and its order in one run.
    market.deliver("orders", "2.csv", &orders(&[("O4", "S2"), ("O5", "S3")]));
    assert_eq!(refused(&market.run(2).await, "orders").len(), 1);
    market.deliver("products", "more.csv", "sku,price\nS3,30\n");
    market.deliver("orders", "3.csv", &orders(&[("O6", "S3"), ("O7", "S1")]));
    assert_eq!(refused(&market.run(3).await, "orders"), []);
    assert_eq!(account(&market.run(4).await, "orders").files, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dataset_of_another_pipeline_is_looked_up_in_the_lake() {
    let market = Market::new(&Says { sku: REFERS, ..Says::default() });
    market.orders("1.csv", 0, 1);
    market.run(1).await;
    let without = "pipeline: market\nlabel: { zh: 市场, en: Market }\nchannels:\n  orders: exports/orders/*\nidentity: { link_on: [buyer] }\n";
    market.write("pipelines/market/pipeline.yaml", without);
    market.deliver("orders", "2.csv", &orders(&[("X1", "S2"), ("X2", "S9")]));
    assert_eq!(refused(&market.run(2).await, "orders").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_on_rows_quarantine_or_warn() {
    let rules = "\
rules:
  - { name: refund_is_paid_back, sql: refunded <= paid }
  - { name: of_this_year, sql: \"at >= TIMESTAMP '2026-01-01T00:00:00Z' AND at <= as_of()\", on_failure: warn }
";
    let market = Market::new(&Says { orders: rules, ..Says::default() });
    assert_eq!(market.problems().await, [""; 0]);
    let body = "\
O1,B1,S1,10.00,10.00,2026-05-01T10:00:00Z
O2,B1,S1,10.00,10.01,2026-05-01T10:00:00Z
O3,B1,S1,10.00,,2025-05-01T10:00:00Z
O4,B1,S1,10.00,,2026-08-01T10:00:00Z
O4,B1,S1,10.00,,2026-08-01T10:00:00Z
";
    market.deliver("orders", "1.csv", &format!("{ORDERS}{body}"));
    let record = market.run(1).await;
    assert_eq!(refused(&record, "orders"), [(String::new(), "refund_is_paid_back".to_owned(), 1)]);
    let orders = account(&record, "orders");
    let warned: Vec<_> = orders.warned.iter().map(|w| (w.field.clone(), w.rule.as_str(), w.rows)).collect();
    assert_eq!(warned, [(None, "of_this_year", 2)], "the duplicate was not written");
    assert_eq!((orders.written, orders.duplicates), (3, 1));
    let lake = market.lake();
    let reasons = crate::common::lake::rows(&lake, lakewarden_lake::Zone::Quarantine, "orders", |c| {
        ["rule", "reason"].contains(&c)
    });
    assert_eq!(reasons.await, [["refund_is_paid_back", "the row breaks a rule on rows"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn check_says_where_a_rule_on_rows_does_not_compile() {
    let rule = |sql: &str| format!("rules:\n  - {{ name: sound, sql: \"{sql}\" }}\n");
    for (sql, told) in [
        ("refund <= paid", "LW6022 the SQL of rule `sound` does not compile"),
        ("paid", "a rule is true or false"),
        ("sku IN (SELECT sku FROM products)", "no subquery"),
        ("at < now()", "another result each time"),
        ("buyer = 'ann' AND", "LW6022"),
    ] {
        let market = Market::new(&Says { orders: &rule(sql), ..Says::default() });
        let problems = market.problems().await;
        assert_eq!(problems.len(), 1, "{sql}: {problems:?}");
        assert!(problems[0].starts_with("schemas/channels/orders.yaml:11:25 LW6022 "), "{problems:?}");
        assert!(problems[0].contains(told) && problems[0].ends_with(')'), "{sql}: {problems:?}");
        market.orders("1.csv", 0, 1);
        assert_eq!(market.try_run(1).await.unwrap_err().code(), "LW6001", "a run refuses it as well");
    }
}

const STOPS: &str = ", rules: [{ between: { min: 0 }, on_failure: stop_file, name: no_negative }]";

fn with_a_bad_file(says: &Says<'_>) -> Market {
    let market = Market::new(says);
    market.orders("1.csv", 0, 10);
    market.deliver(
        "orders",
        "2.csv",
        &format!("{ORDERS}N1,B1,S1,5.00,0.00,2026-05-01T10:00:00Z\nN2,B1,S1,-5.00,0.00,2026-05-01T10:00:00Z\n"),
    );
    market.deliver("orders", "3.csv", &format!("{ORDERS}N1,B1,S1,7.00,0.00,2026-05-01T10:00:00Z\n"));
    market
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_file_stops_the_run_unless_it_may_be_set_aside() {
    let market = with_a_bad_file(&Says { paid: STOPS, ..Says::default() });
    let error = market.try_run(1).await.unwrap_err();
    assert_eq!(error.code(), "LW4051");
    assert!(error.to_string().contains("2.csv: record 2 breaks rule `no_negative` of `paid`"), "{error}");
    assert!(error.is_refusal() && error.hint().unwrap().contains("stopped_files: set_aside"));
    assert!(published(&market.lake()).await.is_empty() && objects(&market.0).is_empty());

    let market = with_a_bad_file(&Says { paid: STOPS, orders: "stopped_files: set_aside\n", ..Says::default() });
    let record = market.run(1).await;
    let orders = account(&record, "orders");
    assert_eq!((orders.files.len(), orders.written, orders.set_aside.len()), (2, 11, 1));
    assert!(orders.set_aside[0].file.ends_with("2.csv"), "{orders:?}");
    let stored = market.stored("orders", &["order_no", "paid"]).await;
    assert!(stored.contains(&"N1|7.00".to_owned()), "what a refused file held was never seen: {stored:?}");

    // It is tried again by each run, and loaded once it is mended.
    assert_eq!(account(&market.run(2).await, "orders").set_aside.len(), 1);
    market.deliver("orders", "2.csv", &format!("{ORDERS}N2,B1,S1,5.00,0.00,2026-05-01T10:00:00Z\n"));
    let mended = market.run(3).await;
    let orders = account(&mended, "orders");
    assert_eq!((orders.files.len(), orders.written, orders.set_aside.len()), (1, 1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_stops_the_run_sets_no_file_aside() {
    let stops = STOPS.replace("stop_file", "stop_run");
    let market = with_a_bad_file(&Says { paid: &stops, orders: "stopped_files: set_aside\n", ..Says::default() });
    assert_eq!(market.try_run(1).await.unwrap_err().code(), "LW4052");
    assert!(published(&market.lake()).await.is_empty() && objects(&market.0).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_must_be_unique_is_compared_with_the_lake() {
    let market = Market::new(&Says { sku: ", rules: [unique]", ..Says::default() });
    market.deliver("orders", "1.csv", &orders(&[("O1", "S1"), ("O2", "S2")]));
    market.run(1).await;
    market.deliver("orders", "2.csv", &orders(&[("O3", "S2"), ("O4", "S4"), ("O5", "S4")]));
    let second = market.run(2).await;
    assert_eq!(refused(&second, "orders"), [("sku".to_owned(), "unique".to_owned(), 2)]);
    assert_eq!(market.stored("orders", &["order_no"]).await, ["O1", "O2", "O4"]);
    assert_eq!(second.outcome, Outcome::Published);
}
