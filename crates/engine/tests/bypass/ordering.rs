//! Order, LIMIT and OFFSET as an oracle; DISTINCT and sorts that spill.

use crate::asked::{as_if_absent, sings};
use crate::people::{decisions, index};
use crate::shop::{ask, spec};
use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use lakewarden_dictionary::LawfulBasis;
use lakewarden_engine::{Content, Engine, EngineOptions, Governance, Relation, Session, SubjectColumns};
use lakewarden_policy::Ruling;
use object_store::memory::InMemory;
use std::sync::Arc;

/// A canary is first or last of every order.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_and_the_last_are_visible() {
    for sql in [
        "SELECT amount FROM orders ORDER BY amount LIMIT 1",
        "SELECT amount FROM orders ORDER BY amount DESC LIMIT 1",
        "SELECT name FROM people ORDER BY name LIMIT 1",
        "SELECT name FROM people ORDER BY length(secret) DESC, name LIMIT 1",
        "SELECT max(name) FROM (SELECT name FROM people ORDER BY spend DESC, name LIMIT 2)",
    ] {
        assert_eq!(as_if_absent(sql).await.len(), 1, "{sql}");
    }
}

/// Where a visible row stands tells how many are before it.
#[tokio::test(flavor = "multi_thread")]
async fn offsets_count_visible_rows() {
    as_if_absent("SELECT name FROM people ORDER BY name OFFSET 3 LIMIT 1").await;
    as_if_absent("SELECT count(*) FROM (SELECT * FROM people OFFSET 20)").await;
    as_if_absent("SELECT count(*) FROM (SELECT * FROM orders LIMIT 100000 OFFSET 150)").await;
    as_if_absent("SELECT count(*) FROM (SELECT 1 FROM people LIMIT 41)").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_is_a_query_is_no_way_in() {
    for session in crate::asked::sessions().await {
        let answer = ask(&session, "SELECT city FROM shops LIMIT (SELECT count(*) FROM people WHERE age = 41)").await;
        // DataFusion may learn to plan it; then nobody is 41.
        assert!(answer.is_err() || answer.is_ok_and(|(rows, _)| rows.is_empty()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ordering_by_what_is_not_shown_orders_visible_rows() {
    as_if_absent("SELECT row_number() OVER (ORDER BY secret), city FROM people").await;
    as_if_absent("SELECT city FROM people ORDER BY secret DESC, spend LIMIT 4").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn duplicates_of_withheld_rows_remove_nothing() {
    as_if_absent("SELECT DISTINCT age, city FROM people").await;
    as_if_absent("SELECT city FROM people UNION SELECT city FROM people WHERE age = 41").await;
    as_if_absent("SELECT city FROM people EXCEPT ALL SELECT city FROM people WHERE age = 41").await;
    as_if_absent("SELECT DISTINCT ON (city) city, name FROM people ORDER BY city, spend DESC, name").await;
}

/// A sort of more than the budget holds writes what it has to disk: only what came through the gate.
#[tokio::test(flavor = "multi_thread")]
async fn what_spills_came_through_the_gate() {
    const ROWS: usize = 200_000;
    let whose: Vec<u32> = (0..ROWS).map(|row| row as u32 % 40).collect();
    let ids: ArrayRef = Arc::new(whose.iter().map(|n| Some(crate::people::id(*n))).collect::<StringArray>());
    let said = |row: usize| match crate::people::refusal(whose[row]) {
        Some(_) => format!("CANARY {row} {}", "x".repeat(60)),
        None => format!("said {row:06} {}", "y".repeat(60)),
    };
    let text: ArrayRef = Arc::new((0..ROWS).map(|row| Some(said(row))).collect::<StringArray>());
    let number: ArrayRef = Arc::new((0..ROWS).map(|row| Some(row as i64 * 7919 % ROWS as i64)).collect::<Int64Array>());
    let rows = RecordBatch::try_from_iter([("customer_id", ids), ("said", text), ("number", number)]).unwrap();
    let relation = Relation {
        name: "talk".into(),
        content: Content::Memory { schema: rows.schema(), batches: vec![rows] },
        ruling: Ruling::Gated { basis: LawfulBasis::Consent, forbidden_columns: Vec::new() },
        governance: Some(Governance {
            subject: SubjectColumns::CustomerId,
            subjects: index(),
            decisions: decisions(),
            rows: None,
            retention: None,
        }),
    };
    let options = EngineOptions { memory: 16 << 20, partitions: 1, batch_rows: 1_024 };
    let session =
        Session::new(&Engine::new(Arc::new(InMemory::new()), options).unwrap(), &spec(), vec![relation]).unwrap();
    let visible = whose.iter().filter(|n| crate::people::refusal(**n).is_none()).count();
    let (sorted, _) = ask(&session, "SELECT said, number FROM talk ORDER BY number, said").await.unwrap();
    assert_eq!(sorted.len(), visible);
    assert!(!sorted.iter().any(|row| sings(row)));
    assert!(sorted.windows(2).all(|w| w[0].split(" | ").nth(1).unwrap().parse::<i64>().unwrap()
        <= w[1].split(" | ").nth(1).unwrap().parse::<i64>().unwrap()));
}
