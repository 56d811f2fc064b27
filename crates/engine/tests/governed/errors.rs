//! No message carries what a cell holds.

use crate::people::CANARY;
use crate::shop::{Source, ask, engine, relations, session, spec};
use lakewarden_dictionary::LawfulBasis;
use lakewarden_engine::{Content, DataFile, EngineError, Session};
use object_store::{ObjectStoreExt, memory::InMemory, path::Path};
use std::sync::Arc;

/// On a ground that shows all rows, computations fail on canaries: the message must not quote them.
#[tokio::test(flavor = "multi_thread")]
async fn running_errors_quote_no_cell() {
    for source in [Source::Memory, Source::Parquet, Source::Placed] {
        let session = session(source, LawfulBasis::Contract).await;
        for sql in [
            "SELECT CAST(code AS INT) FROM people",
            "SELECT name FROM people WHERE CAST(code AS DOUBLE) > 1",
            "SELECT CAST(name AS DATE) FROM people",
            "SELECT CAST(name AS TIMESTAMP) FROM people",
            "SELECT CAST(secret AS BOOLEAN) FROM people",
            "SELECT CAST(secret AS DECIMAL(10, 2)) FROM people",
            "SELECT to_timestamp(name) FROM people",
            "SELECT to_date(secret) FROM people",
            "SELECT arrow_cast(name, 'Int64') FROM people",
            "SELECT date_trunc(name, now()) FROM people",
            "SELECT 1 / (age - 41) FROM people",
            "SELECT CAST(spend AS SMALLINT) FROM people",
            "SELECT spend * 9223372036854775807 FROM people WHERE CAST(code AS INT) = 1",
            "SELECT regexp_like('x', name || '(') FROM people",
            "SELECT CAST(max(code) AS INT) FROM people",
            "SELECT (SELECT name FROM people)",
            "SELECT repeat(name, 1 / (age - 41)) FROM people",
            "SELECT sum(CAST(code AS INT)) OVER () FROM people",
        ] {
            let Err(error) = ask(&session, sql).await else { panic!("no error: {sql}") };
            for text in [error.to_string(), format!("{error:?}")] {
                for cell in [CANARY, "Person", "secret 1", "66600"] {
                    assert!(!text.contains(cell), "{sql}: {text}");
                }
            }
        }
    }
}

/// What is wrong with the SQL is said with the words of the SQL.
#[tokio::test]
async fn planning_errors_speak_of_the_sql() {
    let session = session(Source::Memory, LawfulBasis::Contract).await;
    for sql in [
        "SELECT nme FROM people",
        "SELECT * FROM peeple",
        "SELECT name FROM people WHERE",
        "SELECT no_such_function(name) FROM people",
        "SELECT CAST('x' AS INT), name FROM people",
        "SELECT name + DATE '2020-01-01' FROM people",
        "SELECT sum(name, age) FROM people",
        "SELECT name FROM people GROUP BY city",
        "SELECT (SELECT name, age FROM people)",
        "SELECT name FROM people ORDER BY 99",
    ] {
        let Err(error) = ask(&session, sql).await else { panic!("no error: {sql}") };
        let text = format!("{error} {error:?}");
        assert!(!text.contains(CANARY) && !text.contains("Person"), "{sql}: {text}");
        assert!(!error.to_string().is_empty());
    }
    let Err(EngineError::Sql(problem)) = session.plan("SELECT name,\n  nme FROM people").await else { panic!() };
    assert_eq!(problem.at, Some((2, 3)), "{problem:?}");
}

/// A call that no form of the function takes is said as such, in its place, whatever the planner tried.
#[tokio::test]
async fn a_call_with_other_arguments_has_a_code_and_a_place() {
    let session = session(Source::Memory, LawfulBasis::Contract).await;
    for (sql, message, at) in [
        ("SELECT sum(name) FROM people", "the function sum does not take arguments of the types (Utf8)", Some((1, 8))),
        (
            "SELECT city,\n  avg(name) AS a FROM people GROUP BY city",
            "the function avg does not take arguments of the types (Utf8)",
            Some((2, 3)),
        ),
        (
            "SELECT city FROM people GROUP BY city HAVING sum(name) > 1",
            "the function sum does not take arguments of the types (Utf8)",
            Some((1, 46)),
        ),
        (
            "SELECT date_trunc(age, name) FROM people",
            "the function date_trunc does not take arguments of the types (Int64, Utf8)",
            Some((1, 8)),
        ),
        (
            "SELECT sum(age), sum(name) OVER (ORDER BY city) FROM people",
            "the function sum does not take arguments of the types (Utf8)",
            None,
        ),
    ] {
        let Err(EngineError::Sql(problem)) = session.plan(sql).await else { panic!("planned: {sql}") };
        assert_eq!((problem.code, problem.message.as_str(), problem.at), (Some("LW3112"), message, at), "{sql}");
        assert!(problem.hint.is_some_and(|hint| hint.contains("cast") && !hint.contains("bug")), "{sql}");
    }
}

/// A file that is none, is missing or holds another type is an error without its bytes.
#[tokio::test(flavor = "multi_thread")]
async fn damaged_files_are_errors_without_their_content() {
    let (_, all) = relations(Source::Memory, LawfulBasis::Consent).await;
    let Content::Memory { schema, .. } = all[0].content.clone() else { panic!("in memory") };
    let store = Arc::new(InMemory::new());
    // The end of the file says that its metadata are the 20 bytes before.
    let bytes = [format!("PAR1 {CANARY} no Parquet {CANARY}").as_bytes(), &20u32.to_le_bytes(), b"PAR1"].concat();
    let size = bytes.len() as u64;
    store.put(&Path::from("people/damaged.parquet"), bytes.into()).await.unwrap();
    for (path, is_damaged) in [("people/damaged.parquet", true), ("people/missing.parquet", false)] {
        let mut relation = all[0].clone();
        relation.content = Content::Files { schema: schema.clone(), files: vec![DataFile { path: path.into(), size }] };
        let session = Session::new(&engine(store.clone()), &spec(), vec![relation]).unwrap();
        let Err(error) = ask(&session, "SELECT * FROM people").await else { panic!("no error: {path}") };
        // That a file is missing is the storage's word, not the file's.
        assert_eq!(matches!(error, EngineError::Run { .. }), is_damaged, "{error:?}");
        assert_eq!(matches!(error, EngineError::Storage), !is_damaged, "{error:?}");
        assert!(!format!("{error} {error:?}").contains(CANARY), "{error:?}");
    }
}

/// What a subject column holds instead of a pseudonym may be clear text: it is refused and not quoted.
#[tokio::test]
async fn clear_text_in_a_subject_column_is_refused_unquoted() {
    use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray};
    let (engine, mut all) = relations(Source::Memory, LawfulBasis::Contract).await;
    let mut relation = all.remove(2);
    let clear: ArrayRef = Arc::new(StringArray::from(vec!["canary@example.com"]));
    let row = RecordBatch::try_from_iter_with_nullable([("device_token", clear, true)]).unwrap();
    relation.content = Content::Memory { schema: row.schema(), batches: vec![row] };
    let session = Session::new(&engine, &spec(), vec![relation]).unwrap();
    let Err(error) = ask(&session, "SELECT count(*) FROM visits").await else { panic!("passed") };
    assert!(!format!("{error} {error:?}").contains("canary@"), "{error:?}");
}
