//! Predicates and columns do go below the gates, into the reading of files; and nobody can tell by it what is withheld.

use crate::people::{CANARY, PEOPLE, id, refusal};
use crate::shop::{Source, ask, session, tables};
use lakewarden_dictionary::LawfulBasis;
use lakewarden_engine::Session;

async fn asker() -> Session {
    session(Source::Parquet, LawfulBasis::Consent).await.narrowing()
}

/// The lines of the plan that read governed files.
async fn readers(session: &Session, sql: &str) -> Vec<String> {
    let plan = session.operators(sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
    plan.lines().map(str::trim).filter(|l| l.starts_with("GovernedScanExec")).map(str::to_owned).collect()
}

#[tokio::test]
async fn the_reader_gets_columns_and_predicates() {
    let session = asker().await;
    for (sql, columns, predicate, pruning) in [
        ("SELECT name FROM people WHERE age = 25", "[customer_id, name, age]", "age@2 = 25", "age_min@0 <= 25"),
        (
            "SELECT count(*) FROM orders WHERE day >= DATE '2011-03-01' AND status LIKE 'pa%'",
            "[day, status, phone_token, email_token]",
            "day@4 >= 2011-03-01 AND status@5 LIKE pa%",
            "day_max@0 >= 2011-03-01",
        ),
        (
            "SELECT page FROM visits WHERE seconds IN (1, 2)",
            "[page, seconds, device_token]",
            "seconds@3 = 1 OR",
            "seconds_min",
        ),
        (
            "SELECT page FROM visits WHERE seconds BETWEEN 3 AND 4",
            "[page, seconds, device_token]",
            "seconds@3 >= 3",
            "seconds_max",
        ),
        (
            "SELECT order_id FROM orders WHERE phone_token IS NULL",
            "[order_id, phone_token, email_token]",
            "phone_token@1 IS NULL",
            "phone_token_null_count",
        ),
    ] {
        let [reader] = readers(&session, sql).await.try_into().unwrap();
        assert!(reader.contains(&format!("projection={columns}")), "{sql}: {reader}");
        let own = reader.split("predicate=").nth(1).unwrap_or_else(|| panic!("{sql}: {reader}"));
        assert!(own.contains(predicate), "{sql}: {own}");
        assert!(reader.split("pruning_predicate=").nth(1).is_some_and(|p| p.contains(pruning)), "{sql}: {reader}");
    }
}

/// Below joins, aggregates, CTEs and subqueries too.
#[tokio::test]
async fn predicates_find_their_way_through_a_query() {
    let session = asker().await;
    for (sql, narrowed) in [
        (
            "SELECT o.order_id FROM people p JOIN orders o ON p.customer_id = o.customer_id WHERE p.age = 25 AND o.amount > 50",
            2,
        ),
        ("WITH t AS (SELECT * FROM people) SELECT * FROM t WHERE city = 'Leeds'", 1),
        ("SELECT city FROM shops WHERE city IN (SELECT city FROM people WHERE age > 30)", 1),
        ("SELECT (SELECT max(amount) FROM orders WHERE status = 'paid')", 1),
        ("SELECT name FROM people WHERE age > 30 UNION ALL SELECT page FROM visits WHERE seconds < 9", 2),
        ("SELECT status, count(*) FROM orders GROUP BY status HAVING status <> 'sent'", 1),
    ] {
        let readers = readers(&session, sql).await;
        let own = readers.iter().filter(|r| r.contains(", predicate=")).count();
        assert_eq!(own, narrowed, "{sql}: {readers:#?}");
    }
}

/// What could fail, observe or needs whose the row is stays above; and without being asked, all of it does.
#[tokio::test]
async fn what_may_not_be_below_is_not() {
    let (open, shut) = (asker().await, session(Source::Parquet, LawfulBasis::Consent).await);
    for sql in [
        "SELECT name FROM people WHERE 100 / (age - 41) > 0",
        "SELECT name FROM people WHERE CAST(code AS INT) > 3",
        "SELECT name FROM people WHERE age = CAST(code AS BIGINT)",
        "SELECT name FROM people WHERE upper(name) = 'X'",
        "SELECT name FROM people WHERE name ~ 'x.*[0-9]+y'",
        "SELECT name FROM people WHERE random() < 2",
        "SELECT name FROM people WHERE customer_id = 'x'",
        "SELECT order_id FROM orders WHERE customer_id IS NULL",
        "SELECT name FROM people WHERE place['town'] = 'x'",
        "SELECT order_id FROM orders WHERE items[1] = 'x'",
        "SELECT name FROM people WHERE age > (SELECT avg(seconds) FROM visits)",
        "SELECT name FROM people WHERE age = 25 OR CAST(code AS INT) > 3",
        "SELECT name FROM people LIMIT 3",
        "SELECT name FROM people ORDER BY age LIMIT 3",
        "SELECT max(age) FROM people",
    ] {
        let readers = readers(&open, sql).await;
        assert!(readers.iter().all(|r| !r.contains("predicate=") && !r.contains("limit=")), "{sql}: {readers:#?}");
    }
    for sql in ["SELECT name FROM people WHERE age = 25", "SELECT count(*) FROM orders WHERE status = 'paid'"] {
        assert!(readers(&shut, sql).await.iter().all(|r| !r.contains("predicate=")), "{sql}");
    }
}

/// Joins hand bounds of one side to the other, and sorts with a limit their threshold, while they run. Not below a gate.
#[tokio::test]
async fn nothing_goes_below_while_a_query_runs() {
    let session = asker().await;
    for sql in [
        "SELECT o.order_id FROM people p JOIN orders o ON p.customer_id = o.customer_id WHERE p.name = 'Person 01'",
        "SELECT p.name FROM shops s JOIN people p ON s.city = p.city WHERE s.region = 'east'",
        "SELECT order_id FROM orders ORDER BY amount LIMIT 1",
        "SELECT min(amount) FROM orders",
    ] {
        for reader in readers(&session, sql).await {
            assert!(!reader.contains("DynamicFilter"), "{sql}: {reader}");
        }
    }
}

/// Nothing is answered from what files say of themselves, with predicates below or without.
#[tokio::test]
async fn statistics_answer_nothing() {
    for session in [asker().await, session(Source::Parquet, LawfulBasis::Consent).await] {
        for sql in [
            "SELECT count(*) FROM people",
            "SELECT min(order_id), max(order_id) FROM orders",
            "SELECT count(*) FROM orders WHERE amount > 0",
            "SELECT min(day) FROM orders WHERE status = 'paid'",
        ] {
            assert_eq!(readers(&session, sql).await.len(), 1, "{sql}: answered without reading");
        }
    }
}

/// The account of a narrowed scan is the same whether somebody is withheld behind the predicate or nobody is.
#[tokio::test(flavor = "multi_thread")]
async fn accounts_do_not_tell_what_withheld_rows_hold() {
    let session = asker().await;
    let withheld = (0..PEOPLE).find(|n| refusal(*n).is_some()).unwrap();
    for (there, absent) in [
        (
            format!("SELECT name FROM people WHERE name = '{CANARY}-Person {withheld:02}'"),
            "SELECT name FROM people WHERE name = 'nobody'",
        ),
        ("SELECT count(*) FROM people WHERE age = 41".to_owned(), "SELECT count(*) FROM people WHERE age = 999"),
        (
            "SELECT amount FROM orders WHERE amount > 60000000".to_owned(),
            "SELECT amount FROM orders WHERE amount > 90000000",
        ),
    ] {
        let (rows, told) = ask(&session, &there).await.unwrap();
        assert_eq!(
            (&rows, &told),
            (&ask(&session, absent).await.unwrap().0, &ask(&session, absent).await.unwrap().1),
            "{there}"
        );
        assert_eq!((told[0].complete, told[0].read, told[0].used), (false, 0, 0), "{there}");
        assert!(told[0].withheld.is_empty());
    }
    // A query that stops early does not tell who lies before the row that it found.
    for sql in ["SELECT name FROM people LIMIT 1", "SELECT 1 FROM visits LIMIT 2"] {
        let (_, told) = ask(&session, sql).await.unwrap();
        assert!(!told[0].complete && told[0].withheld.is_empty() && told[0].read == told[0].used, "{sql}: {told:?}");
    }
    // Of a whole table the account is as ever.
    for table in tables().into_iter().filter(|t| ["people", "orders", "visits"].contains(&t.name)) {
        let (_, told) = ask(&session, &format!("SELECT * FROM {}", table.name)).await.unwrap();
        assert_eq!(told, [table.figures(LawfulBasis::Consent)]);
    }
    // A predicate that stays above leaves the account as it was, whatever it asks.
    let (_, told) =
        ask(&session, &format!("SELECT name FROM people WHERE customer_id = '{}'", id(withheld))).await.unwrap();
    let people = tables().into_iter().find(|t| t.name == "people").unwrap();
    assert_eq!(told, [people.figures(LawfulBasis::Consent)]);
}
