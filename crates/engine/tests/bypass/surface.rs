//! SQL that is more than a query, and queries over what is no table.

use crate::asked::refused;
use crate::people::CANARY;
use crate::shop::{Source, ask, session};
use lakewarden_dictionary::LawfulBasis;

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
        let code = refused(&session, &sql).await.0;
        assert!(matches!(code, Some("LW3101" | "LW3102" | "LW3103" | "LW3104")), "{sql}: {code:?}");
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
async fn the_functions_of_models_are_there() {
    let session = session(Source::Memory, LawfulBasis::Consent).await;
    let (rows, _) = ask(&session, "SELECT local_date(as_of())").await.unwrap();
    assert_eq!(rows, ["2023-11-15"]);
}
