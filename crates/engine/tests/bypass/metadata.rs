//! What is known of rows without reading them, and what accounts tell.

use crate::asked::{as_if_absent, refused_with, sessions};
use crate::people::{CANARY, id};
use crate::shop::ask;

/// Parquet's footer knows how many rows a file has.
#[tokio::test(flavor = "multi_thread")]
async fn counts_do_not_come_from_the_files() {
    as_if_absent("SELECT count(*) FROM people").await;
    as_if_absent("SELECT count(1), count(name), count(customer_id) FROM people").await;
    as_if_absent("SELECT count(*) FROM (SELECT 1 FROM orders)").await;
    as_if_absent("SELECT count(*) FROM visits WHERE page IS NOT NULL").await;
}

/// It also knows the least and the greatest value of each column; canaries are both.
#[tokio::test(flavor = "multi_thread")]
async fn bounds_do_not_come_from_the_files() {
    as_if_absent("SELECT min(amount), max(amount), min(day), max(day) FROM orders").await;
    as_if_absent("SELECT min(name), max(name) FROM people").await;
    as_if_absent("SELECT max(spend) FROM people WHERE spend > 60000000").await;
}

/// CVE-2017-7484, CVE-2019-10130, CVE-2025-8713: the planner's statistics answered an operator that the asker
/// chose. Here the planner knows no statistics: whether there is a value changes no plan.
#[tokio::test]
async fn plans_do_not_depend_on_what_is_there() {
    for session in sessions().await {
        let plan = async |name: &str| {
            let sql = format!(
                "SELECT p.name FROM people p JOIN orders o ON p.customer_id = o.customer_id WHERE p.name = '{name}'"
            );
            session.operators(&sql).await.unwrap().replace(name, "…")
        };
        assert_eq!(plan(&format!("{CANARY}-Person 00")).await, plan("nobody-by-name 00").await);
    }
}

#[tokio::test]
async fn plans_are_not_explained() {
    for sql in [
        "EXPLAIN SELECT * FROM people",
        "EXPLAIN ANALYZE SELECT * FROM people WHERE age = 41",
        "EXPLAIN ANALYZE VERBOSE SELECT count(*) FROM people",
        "EXPLAIN FORMAT INDENT SELECT 1 FROM people",
        "DESCRIBE people",
    ] {
        refused_with("LW3104", sql).await;
    }
}

/// The rows that `EXPLAIN ANALYZE` would count are in the accounts too: a chosen predicate must not change them.
#[tokio::test(flavor = "multi_thread")]
async fn accounts_answer_no_predicate() {
    for session in sessions().await {
        for (column, there, absent) in [
            ("name", format!("'{CANARY}-Person 00'"), "'nobody'".to_owned()),
            ("age", "41".to_owned(), "-5".to_owned()),
            ("code", format!("'{CANARY}-0'"), "'none'".to_owned()),
            ("customer_id", format!("'{}'", id(0)), format!("'{}'", id(9_999))),
        ] {
            let ask = async |value: &str| {
                ask(&session, &format!("SELECT city FROM people WHERE {column} = {value}")).await.unwrap()
            };
            assert_eq!(ask(&there).await, ask(&absent).await, "{column}");
        }
    }
}

#[tokio::test]
async fn the_catalogue_is_not_there() {
    for sql in [
        "SELECT * FROM information_schema.tables",
        "SELECT table_rows FROM information_schema.tables WHERE table_name = 'people'",
        "SELECT * FROM information_schema.df_settings",
        "SELECT reltuples FROM pg_catalog.pg_class",
        "SELECT most_common_vals FROM pg_catalog.pg_stats",
    ] {
        refused_with("LW3105", sql).await;
    }
}

#[tokio::test]
async fn files_are_not_there() {
    for sql in [
        "SELECT * FROM 'conformed/people/part-0.parquet'",
        "SELECT * FROM \"lakewarden://lake/conformed/people/part-0.parquet\"",
        "SELECT * FROM read_parquet('conformed/people/*.parquet')",
        "SELECT * FROM parquet_metadata('conformed/people/part-0.parquet')",
        "SELECT name FROM people UNION SELECT name FROM 'conformed/people/part-0.parquet'",
        "SELECT (SELECT count(*) FROM 'conformed/people/part-0.parquet')",
    ] {
        refused_with("LW3105", sql).await;
    }
}

/// Functions about types and values are told nothing about tables.
#[tokio::test(flavor = "multi_thread")]
async fn functions_about_types_see_no_withheld_row() {
    as_if_absent("SELECT DISTINCT arrow_typeof(name) FROM people").await;
    as_if_absent("SELECT approx_distinct(customer_id), approx_median(age) FROM people").await;
    as_if_absent("SELECT unnest(generate_series(1, count(*))) FROM people WHERE age = 41").await;
}
