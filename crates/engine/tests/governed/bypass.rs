//! Ways past the gate.

use crate::people::CANARY;
use crate::shop::{Source, ask, relations, session, spec};
use lakewarden_dictionary::LawfulBasis;
use lakewarden_engine::{EngineError, Session};
use lakewarden_policy::{Refusal, Ruling};

async fn refused(session: &Session, sql: &str) -> String {
    let Err(error) = session.plan(sql).await.map(|_| ()) else { panic!("planned: {sql}") };
    let Err(again) = ask(session, sql).await.map(|_| ()) else { panic!("ran: {sql}") };
    assert!(matches!(&error, EngineError::Sql(_)), "{sql}: {error:?}");
    assert_eq!(error.to_string(), again.to_string());
    assert!(!error.to_string().contains(CANARY), "{sql}: {error}");
    error.to_string()
}

#[tokio::test]
async fn what_is_no_query_is_refused() {
    let session = session(Source::Parquet, LawfulBasis::Consent).await;
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("out.csv");
    let target = target.display();
    for sql in [
        format!("COPY people TO '{target}'"),
        format!("COPY (SELECT * FROM people) TO '{target}' STORED AS CSV"),
        format!("CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION '{target}'"),
        "CREATE TABLE t AS SELECT * FROM people".into(),
        "CREATE VIEW v AS SELECT * FROM people".into(),
        "CREATE FUNCTION f(INT) RETURNS INT RETURN $1".into(),
        "SELECT * INTO t FROM people".into(),
        "INSERT INTO shops VALUES ('x', 'y')".into(),
        "INSERT INTO shops SELECT name, city FROM people".into(),
        "UPDATE people SET name = 'x'".into(),
        "DELETE FROM people".into(),
        "TRUNCATE TABLE people".into(),
        "DROP TABLE people".into(),
        "WITH t AS (INSERT INTO shops VALUES ('x', 'y') RETURNING *) SELECT * FROM t".into(),
        "WITH t AS (DELETE FROM people RETURNING *) SELECT * FROM t".into(),
        "SET datafusion.catalog.information_schema = true".into(),
        "SET datafusion.optimizer.max_passes = 0".into(),
        "RESET datafusion.optimizer.max_passes".into(),
        "SHOW TABLES".into(),
        "SHOW ALL".into(),
        "SHOW COLUMNS FROM people".into(),
        "SHOW FUNCTIONS".into(),
        "DESCRIBE people".into(),
        "EXPLAIN SELECT * FROM people".into(),
        "EXPLAIN ANALYZE SELECT * FROM people".into(),
        "EXPLAIN ANALYZE VERBOSE SELECT * FROM people".into(),
        "PREPARE p AS SELECT * FROM people".into(),
        "EXECUTE p".into(),
        "BEGIN".into(),
        "SELECT 1; SELECT * FROM people".into(),
        "SELECT 1; SET datafusion.optimizer.max_passes = 0".into(),
        "".into(),
        ";".into(),
        "-- nothing".into(),
    ] {
        refused(&session, &sql).await;
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "something was written");
}

#[tokio::test]
async fn what_is_not_registered_is_not_there() {
    let session = session(Source::Parquet, LawfulBasis::Consent).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("clear.csv");
    std::fs::write(&file, format!("name\n{CANARY}\n")).unwrap();
    let file = file.display();
    for sql in [
        "SELECT * FROM information_schema.tables".into(),
        "SELECT * FROM information_schema.columns".into(),
        "SELECT * FROM information_schema.df_settings".into(),
        "SELECT * FROM pg_catalog.pg_class".into(),
        "SELECT * FROM lakewarden.datasets".into(),
        "SELECT * FROM lakewarden.columns".into(),
        format!("SELECT * FROM '{file}'"),
        format!("SELECT * FROM \"{file}\""),
        format!("SELECT * FROM \"file://{file}\""),
        "SELECT * FROM 'conformed/people/part-0.parquet'".into(),
        "SELECT * FROM \"lakewarden://lake/conformed/people/part-0.parquet\"".into(),
        "SELECT * FROM 'https://lakewarden.example/people.parquet'".into(),
        "SELECT * FROM 's3://bucket/people.parquet'".into(),
        format!("SELECT * FROM read_csv('{file}')"),
        format!("SELECT * FROM read_parquet('{file}')"),
        "SELECT * FROM parquet_metadata('conformed/people/part-0.parquet')".into(),
        "SELECT * FROM metadata_cache()".into(),
        "SELECT * FROM statistics_cache()".into(),
        "SELECT * FROM list_files_cache()".into(),
        "SELECT * FROM generate_series(1, 3)".into(),
        "SELECT * FROM \"PEOPLE\"".into(),
        "SELECT * FROM Loyalty".into(),
        "SELECT * FROM cards".into(),
        "SELECT * FROM \"crm.cards\"".into(),
        "SELECT * FROM other.people".into(),
        // Another way to write a relation's name has no ruling of its own.
        "SELECT * FROM public.people".into(),
        "SELECT * FROM datafusion.public.people".into(),
        "SELECT name FROM people WHERE EXISTS (SELECT 1 FROM public.orders)".into(),
        "WITH t AS (SELECT 1) SELECT * FROM t UNION ALL SELECT age FROM datafusion.public.people".into(),
        // Recursion scans its own work table.
        "WITH RECURSIVE t AS (SELECT name FROM people UNION ALL SELECT name FROM t) SELECT * FROM t".into(),
        "WITH RECURSIVE shops AS (SELECT city FROM people UNION ALL SELECT city FROM shops) SELECT * FROM shops".into(),
        // Variables.
        "SELECT @@version".into(),
    ] {
        refused(&session, &sql).await;
    }
}

#[tokio::test]
async fn a_refused_relation_is_refused_by_every_way() {
    for (refusal, words) in [
        (Refusal::ConsentLog, "consent log"),
        (Refusal::SuppressionList, "suppression list"),
        (
            Refusal::Purpose { allowed: vec!["service".into()] },
            "may not be used for purpose \"analytics\"; it serves service",
        ),
        (Refusal::Purpose { allowed: vec![] }, "it serves none"),
    ] {
        let (engine, mut all) = relations(Source::Memory, LawfulBasis::Consent).await;
        all[0].ruling = Ruling::Refused(refusal);
        let session = Session::new(&engine, &spec(), all).unwrap();
        for sql in [
            "SELECT * FROM people",
            "SELECT 1 FROM people",
            "SELECT count(*) FROM people",
            "SELECT * FROM people WHERE false",
            "SELECT * FROM people LIMIT 0",
            "WITH t AS (SELECT * FROM people) SELECT 1 FROM t",
            "WITH t AS (SELECT * FROM people) SELECT p.n FROM (SELECT name AS n FROM t) p",
            "SELECT city FROM shops WHERE EXISTS (SELECT 1 FROM people)",
            "SELECT city FROM shops WHERE city IN (SELECT name FROM people)",
            "SELECT city FROM shops WHERE city > ALL (SELECT name FROM people)",
            "SELECT (SELECT max(name) FROM people)",
            "SELECT city FROM shops ORDER BY (SELECT max(name) FROM people)",
            "SELECT max(city) OVER (ORDER BY (SELECT max(name) FROM people)) FROM shops",
            "SELECT city FROM shops GROUP BY city HAVING count(*) > (SELECT count(*) FROM people)",
            "SELECT city FROM shops JOIN visits ON seconds > (SELECT count(*) FROM people)",
            "SELECT city FROM shops UNION SELECT name FROM people",
            "SELECT s.city FROM shops s, LATERAL (SELECT name FROM people p WHERE p.city = s.city) l",
            "SELECT CASE WHEN city = 'x' THEN (SELECT min(name) FROM people) END FROM shops",
            "SELECT city FROM shops LIMIT (SELECT count(*) FROM people)",
            "VALUES ((SELECT max(name) FROM people))",
        ] {
            let message = refused(&session, sql).await;
            // A few of these DataFusion cannot plan at all.
            assert!(message.contains(words) || message.to_lowercase().contains("not support"), "{sql}: {message}");
        }
        assert!(ask(&session, "SELECT * FROM shops").await.is_ok());
    }
}

#[tokio::test]
async fn a_session_does_not_take_a_relation_whose_ruling_and_subjects_disagree() {
    for source in [Source::Memory, Source::Parquet] {
        let (engine, mut all) = relations(source, LawfulBasis::Consent).await;
        all[0].ruling = Ruling::Open;
        let Err(error) = Session::new(&engine, &spec(), all).map(|_| ()) else { panic!("taken") };
        assert!(matches!(&error, EngineError::Ungoverned { relation } if relation == "people"), "{error:?}");
        let (engine, mut all) = relations(source, LawfulBasis::Consent).await;
        all[1].governance = None;
        let Err(error) = Session::new(&engine, &spec(), all).map(|_| ()) else { panic!("taken") };
        assert!(matches!(&error, EngineError::Ungoverned { relation } if relation == "orders"), "{error:?}");
        let (engine, mut all) = relations(source, LawfulBasis::Consent).await;
        all.push(all[0].clone());
        assert!(matches!(Session::new(&engine, &spec(), all), Err(EngineError::Start { .. })));
    }
}

/// A limit counts rows that may be seen: it is not spent on withheld ones below the gate.
#[tokio::test(flavor = "multi_thread")]
async fn limits_are_not_pushed_below_the_gate() {
    for source in [Source::Memory, Source::Parquet] {
        let session = session(source, LawfulBasis::Consent).await;
        for limit in [1, 5, 20] {
            // The first person withdrew: a limit below the gate would leave nothing.
            let (rows, figures) = ask(&session, &format!("SELECT name FROM people LIMIT {limit}")).await.unwrap();
            assert_eq!(rows.len(), limit);
            assert!(rows.iter().all(|r| !r.contains(CANARY)));
            figures[0].close().unwrap();
        }
    }
}

#[tokio::test]
async fn the_functions_of_models_are_there() {
    let session = session(Source::Memory, LawfulBasis::Consent).await;
    let (rows, _) = ask(&session, "SELECT local_date(as_of())").await.unwrap();
    assert_eq!(rows, ["2023-11-15"]);
}
