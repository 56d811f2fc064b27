//! A column that the purpose may not use, read without naming it.

use crate::asked::refused;
use crate::shop::{Source, ask, relations, spec};
use lakewarden_dictionary::LawfulBasis;
use lakewarden_engine::Session;
use lakewarden_policy::Ruling;

async fn without_secret(narrowing: bool) -> Session {
    let (engine, mut all) = relations(Source::Parquet, LawfulBasis::Consent).await;
    all[0].ruling = Ruling::Gated { basis: LawfulBasis::Consent, forbidden_columns: vec!["secret".into()] };
    let session = Session::new(&engine, &spec(), all).unwrap();
    if narrowing { session.narrowing() } else { session }
}

async fn all_refused(queries: &[&str]) {
    for narrowing in [false, true] {
        let session = without_secret(narrowing).await;
        for sql in queries {
            let Err(error) = ask(&session, sql).await else { panic!("passed: {sql}") };
            assert_eq!(error.code(), Some("LW3111"), "{sql}: {error}");
        }
    }
}

/// CVE-2021-20229: the right to one column gave all of the row.
#[tokio::test]
async fn a_row_is_not_taken_whole() {
    all_refused(&[
        "SELECT * FROM people",
        "SELECT p.* FROM people p",
        "SELECT * EXCLUDE (name) FROM people",
        "SELECT * FROM people NATURAL JOIN shops",
        "SELECT count(DISTINCT x) FROM (SELECT struct(secret) AS x FROM people)",
    ])
    .await;
}

#[tokio::test]
async fn another_name_is_the_same_column() {
    all_refused(&[
        "SELECT t.h FROM people AS t(a, b, c, d, e, f, g, h)",
        "SELECT \"people\".\"secret\" FROM \"people\"",
        "SELECT SECRET FROM PEOPLE",
        "WITH t(x) AS (SELECT secret FROM people) SELECT x FROM t",
        "SELECT x FROM (SELECT secret FROM people) AS t(x)",
    ])
    .await;
}

/// A condition tells as much as a value: one bit at a time.
#[tokio::test]
async fn a_condition_reads_the_column_too() {
    all_refused(&[
        "SELECT count(*) FROM people WHERE secret > 'm'",
        "SELECT name FROM people WHERE secret IS NOT NULL",
        "SELECT name FROM people WHERE secret LIKE 'secret 1%' OR age < 0",
        "SELECT a.name FROM people a JOIN people b ON a.secret = b.secret",
        "SELECT name FROM people GROUP BY name HAVING max(secret) > 'a'",
        "SELECT name FROM people ORDER BY secret LIMIT 1",
        "SELECT name FROM people p WHERE EXISTS (SELECT 1 FROM shops WHERE p.secret > 'm')",
        "SELECT name FROM people WHERE 'secret 1' IN (SELECT secret FROM people)",
    ])
    .await;
}

#[tokio::test]
async fn what_never_reads_it_is_free() {
    let session = without_secret(true).await;
    for sql in ["SELECT name FROM (SELECT name, secret FROM people)", "SELECT count(*) FROM people WHERE name > 'm'"] {
        ask(&session, sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
    }
    assert_eq!(refused(&session, "SELECT secret FROM people").await.0, Some("LW3111"));
}
