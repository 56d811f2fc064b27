//! Queries that were interesting once.

use crate::outcome::Outcome;
use crate::run::Asked;

/// Each ends with `;`; lines that start with `--` say why it is there.
const CORPUS: &str = include_str!("corpus.sql");

#[tokio::test(flavor = "multi_thread")]
async fn the_corpus_is_answered_as_without_the_withheld_rows() {
    let asked = Asked::new().await;
    let text: String = CORPUS.lines().filter(|l| !l.starts_with("--")).map(|l| format!("{l}\n")).collect();
    let queries: Vec<&str> = text.split(';').map(str::trim).filter(|q| !q.is_empty()).collect();
    assert!(queries.len() >= 30, "{}", queries.len());
    for sql in queries {
        for (at, outcome) in asked.everywhere(sql).await.into_iter().enumerate() {
            assert!(matches!(outcome, Outcome::Equal(_)), "session {at}: {outcome:?}\n{sql}");
        }
    }
}
