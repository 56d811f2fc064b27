//! Rows of an aggregate behind which too few people stand are held back, and counted.

use crate::queries::UNORDERED;
use crate::shop::*;
use lakewarden_dictionary::LawfulBasis;
use lakewarden_engine::{EngineError, Session, SessionSpec};
use lakewarden_policy::witness::NotThreaded;

async fn session_of(k: u32) -> Session {
    let (engine, relations) = relations(Source::Memory, LawfulBasis::Consent).await;
    Session::new(&engine, &SessionSpec { minimum_subjects: k, ..spec() }, relations).unwrap()
}

/// The rows of a query, and how many were held back.
async fn run(session: &Session, sql: &str) -> Result<(Vec<String>, u64), EngineError> {
    let mut running = session.run(sql).await?;
    let mut batches = Vec::new();
    while let Some(batch) = running.next().await? {
        batches.push(batch);
    }
    running.accounts()?;
    let mut rows = lines(&batches);
    rows.sort();
    Ok((rows, running.suppressed()))
}

async fn reference(sql: &str) -> Vec<String> {
    let mut rows = lines(&filtered().sql(sql).await.unwrap().collect().await.unwrap());
    rows.sort();
    rows
}

/// A query, and the same with what the gate does written out: `{k}` or more people, or nobody at all.
const GATED: &[(&str, &str)] = &[
    (
        "SELECT age, count(*) FROM people GROUP BY age",
        "SELECT age, count(*) FROM people GROUP BY age HAVING count(DISTINCT customer_id) NOT BETWEEN 1 AND {k} - 1",
    ),
    (
        "SELECT day, sum(amount) FROM orders GROUP BY day",
        "SELECT day, sum(amount) FROM orders GROUP BY day HAVING count(DISTINCT customer_id) NOT BETWEEN 1 AND {k} - 1 \
         AND count(DISTINCT customer_id) FILTER (WHERE amount <> 0) NOT BETWEEN 1 AND {k} - 1",
    ),
    // A row of the inner query is one person's; those of the outer are many's.
    (
        "SELECT n, count(*) FROM (SELECT customer_id, count(*) AS n FROM orders GROUP BY customer_id) GROUP BY n",
        "SELECT n, count(*) FROM (SELECT customer_id, count(*) AS n FROM orders GROUP BY customer_id) GROUP BY n \
         HAVING count(DISTINCT customer_id) NOT BETWEEN 1 AND {k} - 1",
    ),
    // Groups within groups that do not name the person: the sets of witnesses are put together.
    (
        "SELECT status, sum(s) FROM (SELECT status, day, sum(amount) AS s FROM orders GROUP BY status, day) \
         WHERE day < DATE '2011-01-25' GROUP BY status",
        "SELECT status, sum(amount) FROM orders WHERE day < DATE '2011-01-25' GROUP BY status \
         HAVING count(DISTINCT customer_id) NOT BETWEEN 1 AND {k} - 1 \
         AND count(DISTINCT customer_id) FILTER (WHERE amount <> 0) NOT BETWEEN 1 AND {k} - 1",
    ),
    (
        "SELECT DISTINCT age FROM people",
        "SELECT age FROM people GROUP BY age HAVING count(DISTINCT customer_id) NOT BETWEEN 1 AND {k} - 1",
    ),
    (
        "SELECT s.region, sum(p.spend) FROM shops s JOIN people p ON s.city = p.city WHERE p.age > 27 GROUP BY s.region",
        "SELECT s.region, sum(p.spend) FROM shops s JOIN people p ON s.city = p.city WHERE p.age > 27 \
         GROUP BY s.region HAVING count(DISTINCT p.customer_id) NOT BETWEEN 1 AND {k} - 1 \
         AND count(DISTINCT p.customer_id) FILTER (WHERE p.spend <> 0) NOT BETWEEN 1 AND {k} - 1",
    ),
    (
        "SELECT o.day, avg(p.spend) FROM people p JOIN orders o USING (customer_id) GROUP BY o.day",
        "SELECT o.day, avg(p.spend) FROM people p JOIN orders o USING (customer_id) GROUP BY o.day \
         HAVING count(DISTINCT p.customer_id) NOT BETWEEN 1 AND {k} - 1",
    ),
    (
        "SELECT p.age, count(o.order_id) FROM people p LEFT JOIN orders o ON o.customer_id = p.customer_id GROUP BY p.age",
        "SELECT p.age, count(o.order_id) FROM people p LEFT JOIN orders o ON o.customer_id = p.customer_id \
         GROUP BY p.age HAVING count(DISTINCT p.customer_id) NOT BETWEEN 1 AND {k} - 1 \
         AND count(DISTINCT p.customer_id) FILTER (WHERE o.order_id IS NOT NULL) NOT BETWEEN 1 AND {k} - 1",
    ),
    // What an aggregate takes in has to be many people's, and not only the group.
    (
        "SELECT city, count(*), sum(spend) FILTER (WHERE age = 22) FROM people GROUP BY city",
        "SELECT city, count(*), sum(spend) FILTER (WHERE age = 22) FROM people GROUP BY city \
         HAVING count(DISTINCT customer_id) NOT BETWEEN 1 AND {k} - 1 \
         AND count(DISTINCT customer_id) FILTER (WHERE age = 22 AND spend <> 0) NOT BETWEEN 1 AND {k} - 1",
    ),
    (
        "SELECT city, avg(CASE WHEN age = 22 THEN spend END) FROM people GROUP BY city",
        "SELECT city, avg(CASE WHEN age = 22 THEN spend END) FROM people GROUP BY city \
         HAVING count(DISTINCT customer_id) FILTER (WHERE age = 22) NOT BETWEEN 1 AND {k} - 1",
    ),
    // Who adds nothing to a sum is not behind it, however nothing is written.
    (
        "SELECT city, sum(CASE WHEN age = 22 THEN spend ELSE 0 END) FROM people GROUP BY city",
        "SELECT city, sum(CASE WHEN age = 22 THEN spend ELSE 0 END) FROM people GROUP BY city \
         HAVING count(DISTINCT customer_id) NOT BETWEEN 1 AND {k} - 1 \
         AND count(DISTINCT customer_id) FILTER (WHERE age = 22 AND spend <> 0) NOT BETWEEN 1 AND {k} - 1",
    ),
    (
        "SELECT city, sum(coalesce(CASE WHEN age = 22 THEN spend END, 0)) FROM people GROUP BY city",
        "SELECT city, sum(coalesce(CASE WHEN age = 22 THEN spend END, 0)) FROM people GROUP BY city \
         HAVING count(DISTINCT customer_id) NOT BETWEEN 1 AND {k} - 1 \
         AND count(DISTINCT customer_id) FILTER (WHERE age = 22 AND spend <> 0) NOT BETWEEN 1 AND {k} - 1",
    ),
    (
        "SELECT city, sum(v + 1) FROM (SELECT city, spend * CASE WHEN age = 22 THEN 1 ELSE 0 END AS v FROM people) GROUP BY city",
        "SELECT city, sum(v + 1) FROM (SELECT city, customer_id, spend * CASE WHEN age = 22 THEN 1 ELSE 0 END AS v \
         FROM people) GROUP BY city HAVING count(DISTINCT customer_id) NOT BETWEEN 1 AND {k} - 1 \
         AND count(DISTINCT customer_id) FILTER (WHERE v <> 0) NOT BETWEEN 1 AND {k} - 1",
    ),
    // Nor who adds a constant, however it is written.
    (
        "SELECT city, sum(age * 0 + CASE WHEN age = 22 THEN spend ELSE 0 END) FROM people GROUP BY city",
        "SELECT city, sum(age * 0 + CASE WHEN age = 22 THEN spend ELSE 0 END) FROM people GROUP BY city \
         HAVING count(DISTINCT customer_id) NOT BETWEEN 1 AND {k} - 1 \
         AND count(DISTINCT customer_id) FILTER (WHERE age = 22 AND spend <> 0) NOT BETWEEN 1 AND {k} - 1",
    ),
    (
        "SELECT city, sum(v) FROM (SELECT city, CASE WHEN age = 22 THEN spend + 0.5 ELSE 0 END + CASE WHEN age = 22 THEN 0 \
         ELSE 7 END AS v FROM people) GROUP BY city",
        "SELECT city, sum(v) FROM (SELECT city, customer_id, age, CASE WHEN age = 22 THEN spend + 0.5 ELSE 7 END AS v \
         FROM people) GROUP BY city HAVING count(DISTINCT customer_id) NOT BETWEEN 1 AND {k} - 1 \
         AND count(DISTINCT customer_id) FILTER (WHERE v NOT IN (0, 7, 0.5, 7.5)) NOT BETWEEN 1 AND {k} - 1 \
         AND count(DISTINCT customer_id) FILTER (WHERE v = 7) NOT BETWEEN 1 AND {k} - 1 \
         AND count(DISTINCT customer_id) FILTER (WHERE v = 0.5) NOT BETWEEN 1 AND {k} - 1",
    ),
    // Nor who has it from a step of each person's own.
    (
        "SELECT city, sum(m) FROM (SELECT city, customer_id, max(CASE WHEN age = 22 THEN spend ELSE 1 END) AS m FROM people \
         GROUP BY city, customer_id) GROUP BY city",
        "SELECT city, sum(CASE WHEN age = 22 THEN spend ELSE 1 END) FROM people GROUP BY city \
         HAVING count(DISTINCT customer_id) NOT BETWEEN 1 AND {k} - 1 \
         AND count(DISTINCT customer_id) FILTER (WHERE age = 22 AND spend NOT IN (0, 1)) NOT BETWEEN 1 AND {k} - 1 \
         AND count(DISTINCT customer_id) FILTER (WHERE age <> 22 OR spend = 1) NOT BETWEEN 1 AND {k} - 1",
    ),
    (
        "SELECT status, sum(amount) FROM (SELECT status, customer_id, amount FROM orders UNION ALL \
         SELECT 'paid', customer_id, 0 FROM people) GROUP BY status",
        "SELECT status, sum(amount) FROM (SELECT status, customer_id, amount, 1 AS own FROM orders UNION ALL \
         SELECT 'paid', customer_id, 0, 0 FROM people) GROUP BY status \
         HAVING count(DISTINCT customer_id) NOT BETWEEN 1 AND {k} - 1 \
         AND count(DISTINCT customer_id) FILTER (WHERE own = 0) NOT BETWEEN 1 AND {k} - 1 \
         AND count(DISTINCT customer_id) FILTER (WHERE own = 1) NOT BETWEEN 1 AND {k} - 1 \
         AND count(DISTINCT customer_id) FILTER (WHERE own = 1 AND amount <> 0) NOT BETWEEN 1 AND {k} - 1",
    ),
    // A condition on a total of enough people; below, it is null.
    (
        "SELECT city, count(*) FROM people WHERE spend > (SELECT avg(spend) FROM people WHERE age = 22) GROUP BY city",
        "SELECT city, count(*) FROM people WHERE spend > (SELECT avg(spend) FROM people WHERE age = 22 \
         HAVING count(DISTINCT customer_id) NOT BETWEEN 1 AND {k} - 1) GROUP BY city \
         HAVING count(DISTINCT customer_id) NOT BETWEEN 1 AND {k} - 1",
    ),
    // A condition on the row's own person.
    (
        "SELECT p.age, count(*) FROM people p WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = p.customer_id \
         AND o.amount > 3) GROUP BY p.age",
        "SELECT p.age, count(*) FROM people p WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = p.customer_id \
         AND o.amount > 3) GROUP BY p.age HAVING count(DISTINCT p.customer_id) NOT BETWEEN 1 AND {k} - 1",
    ),
    // In steps, too: the inner count is of one person's orders, and nought for all others.
    (
        "SELECT city, sum(n) FROM (SELECT city, customer_id, count(*) FILTER (WHERE age = 22) AS n FROM people \
         GROUP BY city, customer_id) GROUP BY city",
        "SELECT city, count(*) FILTER (WHERE age = 22) FROM people GROUP BY city \
         HAVING count(DISTINCT customer_id) FILTER (WHERE age = 22) NOT BETWEEN 1 AND {k} - 1",
    ),
    (
        "SELECT what, count(*) FROM (SELECT customer_id, page AS what FROM visits UNION ALL \
         SELECT customer_id, status FROM orders) GROUP BY what",
        "SELECT what, count(*) FROM (SELECT customer_id, page AS what FROM visits UNION ALL \
         SELECT customer_id, status FROM orders) GROUP BY what \
         HAVING count(DISTINCT customer_id) NOT BETWEEN 1 AND {k} - 1",
    ),
    // One row without groups.
    (
        "SELECT sum(spend) FROM people WHERE age = 22",
        "SELECT sum(spend) FROM people WHERE age = 22 HAVING count(DISTINCT customer_id) NOT BETWEEN 1 AND {k} - 1 \
         AND count(DISTINCT customer_id) FILTER (WHERE spend <> 0) NOT BETWEEN 1 AND {k} - 1",
    ),
    // A scalar subquery gives its value away as well.
    (
        "SELECT region, (SELECT sum(spend) FROM people WHERE age = 22) FROM shops",
        "SELECT region, (SELECT sum(spend) FROM people WHERE age = 22 \
         HAVING count(DISTINCT customer_id) NOT BETWEEN 1 AND {k} - 1 \
         AND count(DISTINCT customer_id) FILTER (WHERE spend <> 0) NOT BETWEEN 1 AND {k} - 1) FROM shops",
    ),
    // About nobody.
    ("SELECT region, count(*) FROM shops GROUP BY region", "SELECT region, count(*) FROM shops GROUP BY region"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_gate_is_as_if_its_condition_had_been_written() {
    let (mut held_back, mut kept) = (0, 0);
    for k in [2, 3, 5] {
        let session = session_of(k).await;
        for (sql, written_out) in GATED {
            let (rows, suppressed) = run(&session, sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
            assert_eq!(rows, reference(&written_out.replace("{k}", &k.to_string())).await, "k = {k}: {sql}");
            if !sql.contains("(SELECT sum") && !sql.contains("(SELECT avg") {
                let all = reference(sql).await.len();
                assert_eq!(rows.len() as u64 + suppressed, all as u64, "k = {k}: {sql}");
            }
            held_back += suppressed;
            kept += rows.len();
        }
    }
    assert!(held_back > 20 && kept > 100, "{held_back} held back, {kept} kept");
}

/// Whatever is asked: with a gate come some of the rows that come without one, and no others.
#[tokio::test(flavor = "multi_thread")]
async fn a_gate_only_takes_rows_away() {
    let (free, gated) = (session_of(1).await, session_of(4).await);
    let (mut ran, mut refused, mut held_back) = (0, Vec::new(), 0);
    for sql in UNORDERED {
        // What the gate does to a scalar subquery changes a value, and not which rows there are.
        if sql.matches("(SELECT").count() > sql.matches("FROM (SELECT").count() + sql.matches("IN (SELECT").count() {
            continue;
        }
        let all = match run(&free, sql).await {
            Ok((all, _)) => all,
            Err(_) => continue,
        };
        match run(&gated, sql).await {
            Ok((rows, suppressed)) => {
                ran += 1;
                held_back += suppressed;
                let mut rest = all.clone();
                for row in &rows {
                    let at = rest.iter().position(|r| r == row);
                    assert!(at.is_some(), "{sql}: a row that was not there: {row}");
                    rest.remove(at.unwrap());
                }
            }
            Err(error) => refused.push((sql, error.to_string())),
        }
    }
    for (sql, why) in &refused {
        let known = [
            "without asking that they are about the same person",
            "it cannot be told who stands behind",
            "about other people than the row's own, who are not counted",
            "over several people, which gives one person's value",
            "which takes in rows of other people",
            "is not a number between 0.05 and 0.95",
            "cannot be told from its argument",
        ];
        assert!(known.iter().any(|k| why.contains(k)), "{sql}: {why}");
    }
    assert!(ran > 60 && held_back > 100, "{ran} ran, {held_back} rows held back, {} refused", refused.len());
}

#[tokio::test]
async fn rows_about_one_person_each_are_known_as_such() {
    let session = session_of(5).await;
    for (sql, single) in [
        ("SELECT name FROM people", true),
        ("SELECT customer_id, count(*) FROM orders GROUP BY customer_id", true),
        ("SELECT customer_id, count(*) FROM orders GROUP BY ROLLUP (customer_id)", false),
        ("SELECT status, row_number() OVER (ORDER BY day) FROM orders", true),
        ("SELECT status, count(*) FROM orders GROUP BY status", false),
        ("SELECT DISTINCT status FROM orders", false),
    ] {
        let strands = session.compile(sql).await.unwrap().standing.unwrap().strands;
        assert_eq!(strands.iter().any(|s| s.single), single, "{sql}");
    }
}

#[tokio::test]
async fn joins_that_put_people_together_are_refused() {
    let session = session_of(5).await;
    let refused = [
        "SELECT count(*) FROM people a JOIN people b ON a.city = b.city",
        "SELECT count(*) FROM people, visits",
        "SELECT count(*) FROM people a JOIN orders o ON a.customer_id = o.customer_id OR a.age = 3",
        "SELECT count(*) FROM people a LEFT JOIN visits v ON a.city = v.page",
        "SELECT count(*) FROM people a JOIN orders o ON a.customer_id = o.customer_id JOIN visits v ON v.seconds = o.amount",
        // Of an outer join's condition on one side: its rows stay, whatever it says.
        "SELECT count(*) FROM people a CROSS JOIN people b LEFT JOIN orders o ON a.customer_id = b.customer_id",
    ];
    for sql in refused {
        let found = session.compile(sql).await.unwrap().standing;
        assert!(matches!(found, Err(NotThreaded::Multiplies { .. })), "{sql}: {found:?}");
    }
    let fine = [
        "SELECT count(*) FROM people a JOIN orders o ON a.customer_id = o.customer_id",
        "SELECT count(*) FROM people a, orders o WHERE a.customer_id = o.customer_id AND o.amount > 3",
        "SELECT count(*) FROM people a JOIN orders o ON a.customer_id IS NOT DISTINCT FROM o.customer_id",
        "SELECT count(*) FROM people a LEFT JOIN orders o ON a.customer_id = o.customer_id \
         LEFT JOIN visits v ON v.customer_id = o.customer_id",
        "SELECT count(*) FROM people a JOIN shops s ON a.city = s.city",
        "SELECT count(*) FROM people a JOIN (SELECT age, avg(spend) AS usual FROM people GROUP BY age) b ON a.age = b.age",
        "SELECT count(*) FROM people a WHERE a.customer_id IN (SELECT customer_id FROM orders)",
    ];
    for sql in fine {
        assert!(session.compile(sql).await.unwrap().standing.is_ok(), "{sql}");
    }
}

/// A row for each threshold that one person is above tells that person's value, whoever is counted for it.
#[tokio::test]
async fn conditions_on_other_peoples_rows_are_refused() {
    let session = session_of(2).await;
    let thresholds = "(VALUES (1), (2), (3)) t(v) CROSS JOIN people p";
    let refused = [
        format!(
            "SELECT v, count(*) FROM {thresholds} WHERE EXISTS (SELECT 1 FROM orders o WHERE o.amount > t.v) GROUP BY v"
        ),
        format!(
            "SELECT v, count(*) FROM {thresholds} WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.status = 'x') GROUP BY v"
        ),
        format!("SELECT v, count(*) FROM {thresholds} WHERE v IN (SELECT o.amount FROM orders o) GROUP BY v"),
        format!(
            "SELECT v, count(*) FROM {thresholds} WHERE v < (SELECT avg(o.amount) FROM orders o WHERE o.order_id > t.v) GROUP BY v"
        ),
        format!("SELECT v, count(*) FROM {thresholds} LEFT SEMI JOIN orders o ON o.amount > t.v GROUP BY v"),
        format!("SELECT v, count(*) FROM {thresholds} LEFT ANTI JOIN orders o ON o.amount > t.v GROUP BY v"),
        format!(
            "SELECT v, sum(CASE WHEN EXISTS (SELECT 1 FROM orders o WHERE o.amount > t.v) THEN 1 ELSE 0 END) FROM {thresholds} GROUP BY v"
        ),
    ];
    for sql in refused {
        let compiled = session.compile(&sql).await;
        let found = compiled.map(|c| c.standing);
        let is_refused = matches!(&found, Ok(Err(NotThreaded::Condition { relation })) if relation == "orders");
        assert!(is_refused, "{sql}: {:?}", found.map(|f| f.map_err(|e| e.to_string())).map_err(|e| e.to_string()));
    }
    let fine = [
        "SELECT p.city, count(*) FROM people p LEFT SEMI JOIN orders o ON o.customer_id = p.customer_id GROUP BY p.city",
        "SELECT p.city, count(*) FROM people p WHERE p.city IN (SELECT city FROM shops) GROUP BY p.city",
        "SELECT p.city, count(*) FROM people p WHERE p.city IN (SELECT city FROM people GROUP BY city) GROUP BY p.city",
        "SELECT p.city, count(*) FROM people p WHERE p.spend > (SELECT avg(q.spend) FROM people q \
         WHERE q.customer_id = p.customer_id) GROUP BY p.city",
    ];
    for sql in fine {
        let standing = session.compile(sql).await.unwrap_or_else(|e| panic!("{sql}: {e}")).standing;
        assert!(standing.is_ok(), "{sql}: {}", standing.unwrap_err());
        run(&session, sql).await.unwrap();
    }
}

/// Witnesses are found by their columns' names: a forged one would let any row through.
#[tokio::test]
async fn columns_named_like_witnesses_are_refused() {
    let session = session_of(5).await;
    let forged = "arrow_cast(repeat('x', 80), 'Binary') AS \"__lakewarden_witness_0\"";
    for sql in [
        format!("SELECT p.name, s.* FROM (SELECT region, {forged} FROM shops) s CROSS JOIN people p"),
        format!("SELECT count(*) FROM people p JOIN (SELECT city, {forged} FROM shops) s ON s.city = p.city"),
        format!("SELECT city, (SELECT max(\"__lakewarden_witness_0\") FROM (SELECT {forged})) FROM people"),
    ] {
        let error = run(&session, &sql).await.unwrap_err().to_string();
        assert!(error.contains("__lakewarden_witness_"), "{sql}: {error}");
    }
}

#[tokio::test]
async fn what_picks_one_of_many_is_known() {
    let session = session_of(5).await;
    for sql in [
        "SELECT city, avg(m) FROM people CROSS JOIN (SELECT max(spend) AS m FROM people) GROUP BY city",
        "SELECT city, avg((SELECT max(spend) FROM people)) FROM people GROUP BY city",
        "SELECT avg(v) FROM (SELECT unnest(array_agg(spend)) AS v FROM people)",
        "SELECT city, max(spend) FROM people GROUP BY city",
    ] {
        let found = session.compile(sql).await.unwrap().standing;
        assert!(matches!(found, Err(NotThreaded::OfOthers { .. })), "{sql}: {found:?}");
    }
    for sql in [
        "SELECT city, avg(m) FROM (SELECT city, customer_id, max(spend) AS m FROM people GROUP BY 1, 2) GROUP BY city",
        "SELECT city, sum(spend), count(*) FROM people GROUP BY city",
        "SELECT region, max(city) FROM shops GROUP BY region",
    ] {
        assert!(!session.compile(sql).await.unwrap().standing.unwrap().picks_one_of_many, "{sql}");
    }
}

/// A row for each threshold that the greatest of many is above tells the greatest, which no label sees.
#[tokio::test]
async fn what_picks_one_of_many_decides_about_no_row() {
    let session = session_of(5).await;
    let from = "FROM people CROSS JOIN (VALUES (1), (2)) t(v)";
    let case = "CASE WHEN name = 'Person 03' AND spend > v THEN 1 ELSE 0 END";
    let refused = [
        format!("SELECT v, count(*) {from} GROUP BY v HAVING max({case}) > 0"),
        format!("SELECT v, count(*) {from} GROUP BY v HAVING median(spend) > v"),
        format!("SELECT v, CASE WHEN max({case}) > 0 THEN 1 ELSE 0 END {from} GROUP BY v"),
        format!("SELECT v, CASE WHEN bool_or(name = 'Person 03' AND spend > v) THEN 1 ELSE 0 END {from} GROUP BY v"),
        format!("SELECT v, CASE WHEN array_has(array_agg({case}), 1) THEN 1 ELSE 0 END {from} GROUP BY v"),
        format!("SELECT v, CASE m WHEN 1 THEN 1 ELSE 0 END FROM (SELECT v, max({case}) AS m {from} GROUP BY v)"),
        format!(
            "SELECT v, string_agg(CASE WHEN name = 'Person 03' AND spend > v THEN 'y' ELSE 'n' END, '') {from} GROUP BY v"
        ),
        format!("SELECT v, count(*) {from} WHERE v < (SELECT max(spend) FROM people) GROUP BY v"),
        format!("SELECT v, count(*) {from} WHERE v IN (SELECT max(spend) FROM people GROUP BY city) GROUP BY v"),
        format!("SELECT v, sum(CASE WHEN v < (SELECT max(spend) FROM people) THEN 1 ELSE 0 END) {from} GROUP BY v"),
        format!("SELECT v, sum(m) FROM (SELECT v, city, max({case}) AS m {from} GROUP BY v, city) GROUP BY v"),
        format!("SELECT m, count(*) FROM (SELECT v, city, max({case}) AS m {from} GROUP BY v, city) GROUP BY m"),
        format!("SELECT DISTINCT m FROM (SELECT v, max({case}) AS m {from} GROUP BY v)"),
        format!(
            "SELECT v, count(*) FROM (SELECT v, max({case}) AS m {from} GROUP BY v) a JOIN shops ON m > 0 GROUP BY v"
        ),
        format!("SELECT v, count(*) AS n {from} GROUP BY v ORDER BY max({case}) LIMIT 1"),
        format!("SELECT v, count(*), rank() OVER (ORDER BY max({case})) {from} GROUP BY v"),
        format!(
            "SELECT v, count(*) {from} WHERE EXISTS (SELECT 1 FROM shops WHERE region = city) GROUP BY v \
             HAVING EXISTS (SELECT 1 FROM shops WHERE length(region) > max({case}))"
        ),
        format!(
            "SELECT v, count(*) FROM (SELECT v, m FROM (SELECT v, max({case}) AS m {from} GROUP BY v) \
             UNION ALL SELECT 1, 0) WHERE m > 0 GROUP BY v"
        ),
    ];
    for sql in &refused {
        let found = session.compile(sql).await.map(|c| c.standing);
        assert!(matches!(found, Ok(Err(NotThreaded::OfOthers { .. })) | Err(_)), "{sql}");
        if let Err(error) = found {
            // Not planned by DataFusion in this form.
            assert!(run(&session, sql).await.is_err(), "{sql}: {error}");
        }
    }
    let fine = [
        "SELECT city, count(*) FROM people GROUP BY city HAVING avg(spend) > 10",
        "SELECT city, median(spend) FROM people GROUP BY city",
        "SELECT city, CASE WHEN grouping(city) = 1 THEN 1 ELSE 0 END, count(*) FROM people GROUP BY ROLLUP (city)",
        "SELECT m > 10, count(*) FROM (SELECT customer_id, max(amount) AS m FROM orders GROUP BY customer_id) GROUP BY 1",
    ];
    for sql in fine {
        let standing = session.compile(sql).await.unwrap_or_else(|e| panic!("{sql}: {e}")).standing;
        assert!(standing.is_ok(), "{sql}: {}", standing.unwrap_err());
    }
}

/// A window takes in rows of other people than those who are counted for its row.
#[tokio::test]
async fn a_window_over_several_people_decides_about_no_row() {
    let session = session_of(5).await;
    let from = "FROM people CROSS JOIN (VALUES (1), (2)) t(v)";
    let over = "OVER (PARTITION BY v)";
    let case = "CASE WHEN name = 'Person 03' AND spend > v THEN 1 END";
    let refused = [
        format!("SELECT v, count(*) FROM (SELECT v, count({case}) {over} AS c {from}) WHERE c > 0 GROUP BY v"),
        format!("SELECT v, count(*) FROM (SELECT v {from} QUALIFY count({case}) {over} > 0) GROUP BY v"),
        format!("SELECT v, sum(c) FROM (SELECT v, count({case}) {over} AS c {from}) GROUP BY v"),
        format!("SELECT v, sum(c) FROM (SELECT v, sum({case}) {over} AS c {from}) GROUP BY v"),
        format!("SELECT v, c, count(*) FROM (SELECT v, count({case}) {over} AS c {from}) GROUP BY v, c"),
        format!(
            "SELECT v, count(*) FROM (SELECT v, rank() OVER (PARTITION BY v ORDER BY {case}) AS c {from}) WHERE c = 2 GROUP BY v"
        ),
        format!(
            "SELECT v, sum(CASE WHEN c > 0 THEN 1 ELSE 0 END) FROM (SELECT v, count({case}) {over} AS c {from}) GROUP BY v"
        ),
        "SELECT city, count(*), count(CASE WHEN sum(spend) > 100 THEN 1 END) OVER () FROM people GROUP BY city"
            .to_owned(),
        "SELECT city, count(*), rank() OVER (ORDER BY sum(spend)) FROM people GROUP BY city".to_owned(),
    ];
    for sql in &refused {
        let found = session.compile(sql).await.unwrap_or_else(|e| panic!("{sql}: {e}")).standing;
        assert!(matches!(found, Err(NotThreaded::OfOthers { .. })), "{sql}: {found:?}");
    }
    let fine = [
        "SELECT status, count(*) FROM (SELECT status, row_number() OVER (PARTITION BY customer_id ORDER BY day, order_id) AS n \
         FROM orders) WHERE n = 1 GROUP BY status",
        "SELECT region, count(*), rank() OVER (ORDER BY count(*)) FROM shops GROUP BY region",
    ];
    for sql in fine {
        let standing = session.compile(sql).await.unwrap_or_else(|e| panic!("{sql}: {e}")).standing;
        assert!(standing.is_ok(), "{sql}: {}", standing.unwrap_err());
    }
}

/// What may be the same for everybody hides the one for whom it is not.
#[tokio::test]
async fn numbers_whose_people_cannot_be_told_are_refused() {
    let session = session_of(5).await;
    let refused = [
        "SELECT sum(DISTINCT CASE WHEN name = 'Person 03' THEN spend ELSE 1 END) FROM people",
        "SELECT sum(CASE WHEN name = 'Person 03' THEN spend ELSE age / age END) FROM people",
        "SELECT sum(CASE WHEN name = 'Person 03' THEN spend ELSE a / b END) FROM (SELECT *, age AS a, age AS b FROM people)",
        "SELECT sum(CASE WHEN name = 'Person 03' THEN spend ELSE a / b END) FROM \
         (SELECT x.*, age AS b FROM (SELECT *, age AS a FROM people) x)",
        "SELECT sum(v / w) FROM (SELECT age AS v, age AS w FROM people UNION ALL SELECT spend, 1 FROM people)",
        "SELECT sum(CASE WHEN name = 'Person 03' THEN spend ELSE length(region) END) FROM people p JOIN shops s ON s.city = p.city",
        "SELECT sum(CASE WHEN name = 'Person 03' THEN spend ELSE n END) FROM people p \
         JOIN (SELECT city, count(*) AS n FROM shops GROUP BY city) s ON s.city = p.city",
        "SELECT sum(spend * n + n) FROM people p JOIN (SELECT city, count(*) AS n FROM shops GROUP BY city) s ON s.city = p.city",
        "SELECT sum(CASE WHEN customer_id = 'x' THEN s ELSE n END) FROM \
         (SELECT customer_id, sum(amount) AS s, count(*) AS n FROM orders GROUP BY customer_id)",
        "SELECT percentile_cont(0.99999999) WITHIN GROUP (ORDER BY spend) FROM people",
        "SELECT percentile_cont(spend, 0.01) FROM people",
        "SELECT approx_percentile_cont(spend, 0.97) FROM people",
    ];
    for sql in refused {
        let found = session.compile(sql).await.unwrap_or_else(|e| panic!("{sql}: {e}")).standing;
        let is_refused = matches!(found, Err(NotThreaded::Unrecognised { .. } | NotThreaded::Quantile { .. }));
        assert!(is_refused, "{sql}: {found:?}");
    }
    let fine = [
        "SELECT sum(amount - coalesce(order_id, 0)) FROM orders",
        "SELECT avg(hi - lo) FROM (SELECT max(amount) AS hi, min(amount) AS lo FROM orders GROUP BY customer_id)",
        "SELECT avg(now.s - before.s) FROM (SELECT customer_id, sum(amount) AS s FROM orders GROUP BY customer_id) now \
         JOIN (SELECT customer_id, sum(amount) AS s FROM orders GROUP BY customer_id) before \
         ON now.customer_id = before.customer_id",
        "SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY spend), median(spend) FROM people",
        "SELECT avg(q) FROM (SELECT percentile_cont(amount, 1.0) AS q FROM orders GROUP BY customer_id)",
    ];
    for sql in fine {
        let standing = session.compile(sql).await.unwrap_or_else(|e| panic!("{sql}: {e}")).standing;
        assert!(standing.is_ok(), "{sql}: {}", standing.unwrap_err());
    }
}
