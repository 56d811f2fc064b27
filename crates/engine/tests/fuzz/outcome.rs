//! One query, asked of the governed session and of DataFusion as it is over tables without the withheld rows.

use crate::people::{CANARY, CANARY_NUMBER, PEOPLE, id, refusal};
use crate::shop::{ask, lines};
use datafusion::prelude::SessionContext;
use lakewarden_engine::{EngineError, Session};
use std::sync::Arc;

/// What became of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Both gave the same rows, this many.
    Equal(usize),
    /// Neither gave any rows, but an error.
    BothFailed(String),
    /// The governed session would not have it.
    Refused(String),
    /// It names a forbidden column and is known to be empty without reading it.
    Unread,
    /// DataFusion disagrees with itself over the same tables, and the governed session with one of the answers.
    Divided(String),
    /// Something that must not be.
    Finding(String),
}

/// Whether a text shows anything of withheld rows: what stands in every text and number of one, or whose it is.
pub fn sings(text: &str) -> bool {
    let numbers = text.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse::<i64>().ok());
    let mut numbers = numbers.map(i64::abs);
    text.contains(CANARY)
        || numbers.any(|n| (CANARY_NUMBER..CANARY_NUMBER + 1_000).contains(&n))
        || (0..PEOPLE).any(|n| refusal(n).is_some() && text.contains(&id(n)))
}

/// Runs a future in a task of its own, so that a panic is an answer.
async fn caught<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> Result<T, String> {
    tokio::spawn(future).await.map_err(|_| "panicked".to_owned())
}

async fn plain(context: Arc<SessionContext>, sql: String) -> Result<Vec<String>, String> {
    let rows = async { context.sql(&sql).await?.collect().await };
    rows.await.map(|b| lines(&b)).map_err(|e: datafusion::error::DataFusionError| e.to_string())
}

/// Sessions of DataFusion's own over tables without the withheld rows, with the engine's rules against wrong results:
/// without those it would be no measure.
pub struct Free {
    /// As one would have them.
    pub usual: Arc<SessionContext>,
    /// Over tables without statistics, in small batches and three partitions, like the governed sessions.
    pub unstated: Arc<SessionContext>,
}

/// Asks both. `ordered`: the query's rows have one order only.
pub async fn compare(governed: Arc<Session>, free: &Free, sql: String, ordered: bool) -> Outcome {
    let own = sql.clone();
    let found = caught(async move { ask(&governed, &own).await.map(|(rows, _)| rows) }).await;
    let found: Result<Vec<String>, String> = match found {
        Ok(Ok(rows)) => Ok(rows),
        Ok(Err(error)) => {
            let text = format!("{error} {error:?}");
            // What is wrong with the SQL is said in the SQL's own words.
            if sings(&text) && !matches!(&error, EngineError::Sql(_) if sings(&sql)) {
                return Outcome::Finding(format!("an error tells: {text}"));
            }
            if text.contains("may not be used for purpose") {
                return Outcome::Refused(text);
            }
            Err(text)
        }
        Err(panic) => Err(panic),
    };
    let mut finding = None;
    for asked in [&free.usual, &free.unstated, &free.usual, &free.unstated] {
        let expected = caught(plain(asked.clone(), sql.clone())).await.and_then(|r| r);
        let outcome = judge(found.clone(), expected, &sql, ordered);
        match (outcome, finding.take()) {
            (Outcome::Finding(what), first) => finding = first.or(Some(what)),
            (_, Some(what)) => return Outcome::Divided(what),
            (equal, None) => return equal,
        }
    }
    Outcome::Finding(finding.unwrap_or_default())
}

type Answer = Result<Vec<String>, String>;

fn judge(found: Answer, expected: Answer, sql: &str, ordered: bool) -> Outcome {
    match (found, expected) {
        (Ok(mut found), Ok(mut expected)) => {
            if !ordered {
                found.sort();
                expected.sort();
            }
            if found != expected {
                return Outcome::Finding(format!(
                    "other rows:\n  found    {}\n  expected {}",
                    few(&found),
                    few(&expected)
                ));
            }
            // A query may name a canary itself: then it shows its own literal, and the expectation shows it too.
            match found.iter().find(|row| sings(row) && !sings(sql)) {
                Some(row) => Outcome::Finding(format!("a canary sings: {row}")),
                None => Outcome::Equal(found.len()),
            }
        }
        (Err(found), Err(_)) => Outcome::BothFailed(found),
        (Err(found), Ok(rows)) => {
            Outcome::Finding(format!("only the governed one failed ({} rows): {found}", rows.len()))
        }
        (Ok(rows), Err(expected)) => {
            Outcome::Finding(format!("only the free one failed ({} rows): {expected}", rows.len()))
        }
    }
}

fn few(rows: &[String]) -> String {
    format!("{} rows: {:?}", rows.len(), &rows[..rows.len().min(8)])
}
