//! An optimiser that evaluates something before the gate.

use crate::asked::{as_if_absent, sessions};
use crate::people::CANARY;
use crate::shop::ask;

/// The planner may put a cheap predicate before a dear one: PostgreSQL's views leaked so until `security_barrier`.
#[tokio::test(flavor = "multi_thread")]
async fn a_cheap_predicate_is_not_evaluated_before_the_gate() {
    as_if_absent("SELECT name FROM (SELECT * FROM people) v WHERE 100 / (age - 41) <> 7").await;
    as_if_absent(
        "WITH v AS (SELECT name, age FROM people WHERE city = 'Leeds') SELECT name FROM v WHERE 1 / (age - 41) < 9",
    )
    .await;
    as_if_absent("SELECT x FROM (SELECT CAST(code AS INT) AS x, age FROM people) v WHERE x > 3 AND age < 30").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn predicates_without_a_column_do_not_count_withheld_rows() {
    as_if_absent("SELECT count(*) FROM people WHERE random() >= 0").await;
    as_if_absent("SELECT count(*) FROM people WHERE (SELECT count(*) FROM visits) > 0").await;
    as_if_absent("SELECT count(*) FROM people WHERE EXISTS (SELECT 1 FROM shops) AND random() < 2").await;
}

/// CVE-2024-10976: row security below subqueries, CTEs and views.
#[tokio::test(flavor = "multi_thread")]
async fn subqueries_at_any_depth_have_gates_of_their_own() {
    as_if_absent("SELECT city FROM shops WHERE city IN (SELECT city FROM people WHERE age = 41)").await;
    as_if_absent("SELECT (SELECT max(age) FROM people WHERE spend > (SELECT max(amount) FROM orders)) FROM shops")
        .await;
    as_if_absent("SELECT city FROM shops s WHERE EXISTS (SELECT 1 FROM people p WHERE p.city = s.city AND p.age = 41)")
        .await;
    as_if_absent("WITH a AS (WITH b AS (SELECT * FROM people) SELECT * FROM b) SELECT count(*) FROM a WHERE age = 41")
        .await;
}

/// A correlated subquery becomes a join, whose order is the optimiser's choice.
#[tokio::test(flavor = "multi_thread")]
async fn correlated_subqueries_are_joined_above_the_gates() {
    as_if_absent("SELECT name, (SELECT count(*) FROM orders o WHERE o.customer_id = p.customer_id) FROM people p")
        .await;
    as_if_absent(
        "SELECT order_id FROM orders o WHERE NOT EXISTS (SELECT 1 FROM people p WHERE p.customer_id = o.customer_id)",
    )
    .await;
    as_if_absent("SELECT name FROM people p WHERE 1 / (SELECT count(*) + 1 FROM visits v WHERE v.customer_id = p.customer_id) >= 0").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_projection_is_not_computed_below_the_gate() {
    as_if_absent("SELECT place['town'] FROM people WHERE place['town'] LIKE '%Town%'").await;
    as_if_absent("SELECT upper(name), length(secret) FROM people").await;
    as_if_absent("SELECT DISTINCT age FROM (SELECT age, 7 / (age - 41) AS x FROM people)").await;
}

/// A literal in a UNION takes part in its type: nothing of the gate's branch is evaluated to find it.
#[tokio::test(flavor = "multi_thread")]
async fn a_union_with_literals_tells_nothing() {
    as_if_absent("SELECT age FROM people UNION SELECT 41").await;
    as_if_absent("SELECT name FROM people UNION ALL SELECT CAST(1 AS VARCHAR)").await;
    as_if_absent("SELECT age FROM people WHERE age = 41 EXCEPT SELECT 41").await;
    as_if_absent("SELECT 41 INTERSECT SELECT age FROM people").await;
}

/// A limit below the gate would be spent on withheld rows: it counts those that may be seen.
#[tokio::test(flavor = "multi_thread")]
async fn limits_are_not_pushed_below_the_gate() {
    for session in sessions().await {
        for limit in [1, 5, 20] {
            // The first person withdrew: a limit below the gate would leave nothing.
            let (rows, figures) = ask(&session, &format!("SELECT name FROM people LIMIT {limit}")).await.unwrap();
            assert_eq!(rows.len(), limit);
            assert!(rows.iter().all(|r| !r.contains(CANARY)));
            figures[0].close().unwrap();
        }
    }
}

/// What a join learns of one side while it runs, it hands to the other as a filter: not below a gate.
#[tokio::test(flavor = "multi_thread")]
async fn filters_made_while_running_stay_above() {
    as_if_absent("SELECT p.name FROM shops s JOIN people p ON s.city = p.city WHERE s.region = 'east'").await;
    as_if_absent("SELECT p.name FROM (VALUES (41), (21)) AS t(age) JOIN people p ON t.age = p.age").await;
    as_if_absent("SELECT o.amount FROM people p JOIN orders o ON p.spend = o.amount WHERE p.name = 'Person 01'").await;
}

/// CVE-2016-2193: a plan made for one was used for another. Plans are made anew, and accounts are of one run.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_another_ground_gives_its_plan_to_nobody() {
    use crate::shop::{Source, session};
    use lakewarden_dictionary::LawfulBasis;
    let consent = session(Source::Memory, LawfulBasis::Consent).await;
    let contract = session(Source::Memory, LawfulBasis::Contract).await;
    let sql = "SELECT count(*) FROM people WHERE age = 41";
    for _ in 0..2 {
        assert_ne!(ask(&contract, sql).await.unwrap().0, ["0"]);
        assert_eq!(ask(&consent, sql).await.unwrap().0, ["0"]);
    }
}
