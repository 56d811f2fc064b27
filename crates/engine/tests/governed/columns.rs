//! A column that the dictionary keeps from the purpose is read by nothing.

use crate::shop::{Source, ask, relations, spec};
use lakewarden_dictionary::LawfulBasis;
use lakewarden_engine::{EngineError, Session};
use lakewarden_policy::Ruling;

async fn without_secret(source: Source) -> Session {
    let (engine, mut all) = relations(source, LawfulBasis::Consent).await;
    all[0].ruling =
        Ruling::Gated { basis: LawfulBasis::Consent, forbidden_columns: vec!["secret".into(), "place".into()] };
    Session::new(&engine, &spec(), all).unwrap()
}

#[tokio::test]
async fn forbidden_columns_are_refused_wherever_they_stand() {
    let session = without_secret(Source::Memory).await;
    let mut places = 0;
    for sql in [
        "SELECT * FROM people",
        "SELECT p.* FROM people AS p JOIN shops USING (city)",
        "SELECT secret FROM people",
        "SELECT secret AS harmless FROM people",
        "SELECT s FROM people AS t(customer_id, name, age, city, spend, code, place, s)",
        "SELECT upper(\"secret\") FROM people",
        "SELECT place['town'] FROM people",
        "SELECT name FROM people WHERE secret = 'secret 3'",
        "SELECT name FROM people WHERE secret IS NULL",
        "SELECT count(*) FROM people WHERE length(secret) > 3 OR age > 3",
        "SELECT name FROM people ORDER BY secret",
        "SELECT name FROM people ORDER BY secret LIMIT 1",
        "SELECT city FROM people GROUP BY city, secret",
        "SELECT city FROM people GROUP BY city HAVING max(secret) > 'a'",
        "SELECT count(DISTINCT secret) FROM people",
        "SELECT name, row_number() OVER (PARTITION BY secret) FROM people",
        "SELECT o.order_id FROM orders o JOIN people p ON o.status = p.secret",
        "SELECT o.order_id FROM orders o JOIN people p ON o.customer_id = p.customer_id AND p.secret > o.status",
        "SELECT a.name FROM people a JOIN people b USING (secret)",
        "SELECT DISTINCT ON (secret) name FROM people",
        "WITH t AS (SELECT name, secret AS x FROM people) SELECT name FROM t WHERE x LIKE 's%'",
        "SELECT * FROM (SELECT name, secret FROM people)",
        "SELECT city FROM shops WHERE city IN (SELECT secret FROM people)",
        "SELECT city FROM shops s WHERE EXISTS (SELECT 1 FROM people p WHERE p.secret = s.city)",
        "SELECT (SELECT max(secret) FROM people)",
        "SELECT name FROM people UNION SELECT secret FROM people",
        "SELECT page FROM visits EXCEPT SELECT secret FROM people",
        "SELECT CASE WHEN secret = 'x' THEN 1 END FROM people",
    ] {
        for outcome in [session.plan(sql).await.map(|_| ()), session.run(sql).await.map(|_| ())] {
            let Err(error @ EngineError::Forbidden { .. }) = outcome else { panic!("passed: {sql}") };
            let message = error.to_string();
            assert!(message.contains("may not be used for purpose \"analytics\""), "{sql}: {message}");
            let EngineError::Forbidden { columns, .. } = error else { panic!() };
            assert!(columns.iter().all(|c| c.relation == "people"), "{sql}: {message}");
            // The place, if one is told, is where the SQL names it, its qualifier included.
            for told in &columns {
                let Some((line, column)) = told.at else { continue };
                let start = sql.find(&told.column).unwrap() as u32 + 1;
                assert!(line == 1 && column <= start && column + 8 > start, "{sql}: {column}");
                places += 1;
            }
        }
    }
    assert!(places > 30, "{places}");
}

/// What does not read it may run: the refusal is of the column, not of the relation.
#[tokio::test]
async fn other_columns_are_free() {
    let session = without_secret(Source::Parquet).await;
    for sql in [
        "SELECT name, age FROM people",
        "SELECT count(*) FROM people",
        "SELECT name FROM (SELECT name, secret FROM people)",
        "SELECT city FROM shops WHERE EXISTS (SELECT secret FROM people)",
        "WITH t AS (SELECT * FROM people) SELECT city, count(*) FROM t GROUP BY city",
    ] {
        assert!(!ask(&session, sql).await.unwrap_or_else(|e| panic!("{sql}: {e}")).0.is_empty(), "{sql}");
    }
}

/// A pseudonym that the query may not read still says whose a row is.
#[tokio::test]
async fn a_forbidden_pseudonym_still_governs() {
    let orders = crate::shop::tables().into_iter().find(|t| t.name == "orders").unwrap();
    let (engine, mut all) = relations(Source::Parquet, LawfulBasis::Consent).await;
    let forbidden_columns = vec!["phone_token".into(), "email_token".into()];
    all[1].ruling = Ruling::Gated { basis: LawfulBasis::Consent, forbidden_columns };
    let session = Session::new(&engine, &spec(), all).unwrap();
    assert!(matches!(ask(&session, "SELECT email_token FROM orders").await, Err(EngineError::Forbidden { .. })));
    let (rows, figures) = ask(&session, "SELECT order_id, customer_id FROM orders").await.unwrap();
    assert_eq!(figures, [orders.figures(LawfulBasis::Consent)]);
    assert_eq!(rows.len() as u64, figures[0].used);
}
