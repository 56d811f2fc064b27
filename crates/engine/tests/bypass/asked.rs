//! How an attempt is asked, and what must come of it.

use crate::people::{CANARY, CANARY_NUMBER, PEOPLE, id, refusal};
use crate::shop::{Source, ask, filtered, lines, session};
use lakewarden_dictionary::LawfulBasis;
use lakewarden_engine::{EngineError, Session};

/// Over memory; over files, and with predicates below the gates; and both where it is known whose rows stand where.
pub async fn sessions() -> [Session; 5] {
    [
        session(Source::Memory, LawfulBasis::Consent).await,
        session(Source::Parquet, LawfulBasis::Consent).await,
        session(Source::Parquet, LawfulBasis::Consent).await.narrowing(),
        session(Source::Placed, LawfulBasis::Consent).await,
        session(Source::Placed, LawfulBasis::Consent).await.narrowing(),
    ]
}

/// Whether a text shows anything of withheld rows.
pub fn sings(text: &str) -> bool {
    let numbers = text.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse::<i64>().ok());
    let mut numbers = numbers.map(i64::abs);
    text.contains(CANARY)
        || numbers.any(|n| (CANARY_NUMBER..CANARY_NUMBER + 1_000).contains(&n))
        || (0..PEOPLE).any(|n| refusal(n).is_some() && text.contains(&id(n)))
}

/// Asks everywhere: each answer is that of tables from which the withheld rows were taken away. Gives its rows, sorted.
pub async fn as_if_absent(sql: &str) -> Vec<String> {
    let expected = filtered().sql(sql).await.unwrap_or_else(|e| panic!("{sql}: {e}")).collect().await;
    let mut expected = lines(&expected.unwrap_or_else(|e| panic!("{sql}: {e}")));
    expected.sort();
    for (at, session) in sessions().await.iter().enumerate() {
        let (mut rows, _) = ask(session, sql).await.unwrap_or_else(|e| panic!("session {at}: {sql}: {e}"));
        rows.sort();
        assert_eq!(rows, expected, "session {at}: {sql}");
        assert!(!rows.iter().any(|row| sings(row)), "session {at}: {sql}: {rows:?}");
    }
    expected
}

/// The same, for an answer that is known.
pub async fn gives(sql: &str, rows: &[&str]) {
    assert_eq!(as_if_absent(sql).await, rows, "{sql}");
}

/// Asks everywhere: it fails, as over tables without the withheld rows, and the error shows nothing.
pub async fn fails_quietly(sql: &str) {
    let free = async { filtered().sql(sql).await?.collect().await };
    assert!(free.await.is_err(), "{sql} fails for other reasons than rows that are there");
    for session in sessions().await {
        let Err(error) = ask(&session, sql).await else { panic!("passed: {sql}") };
        let text = format!("{error} {error:?}");
        assert!(!sings(&text) && !text.contains("Person"), "{sql}: {text}");
    }
}

/// A session that will not have it, in planning as in running. Gives the code and the message.
pub async fn refused(session: &Session, sql: &str) -> (Option<&'static str>, String) {
    let Err(error) = session.plan(sql).await.map(|_| ()) else { panic!("planned: {sql}") };
    let Err(again) = ask(session, sql).await.map(|_| ()) else { panic!("ran: {sql}") };
    assert!(matches!(&error, EngineError::Sql(_) | EngineError::Forbidden { .. }), "{sql}: {error:?}");
    assert_eq!(error.to_string(), again.to_string());
    assert!(!error.to_string().contains(CANARY), "{sql}: {error}");
    (error.code(), error.to_string())
}

/// Refused with this code.
pub async fn refused_with(code: &str, sql: &str) {
    for session in sessions().await {
        assert_eq!(refused(&session, sql).await.0, Some(code), "{sql}");
    }
}
