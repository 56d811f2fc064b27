//! Every query gives what it would give if the withheld rows had never been there.

use crate::people::{CANARY, CANARY_NUMBER};
use crate::queries::{ORDERED, UNORDERED};
use crate::shop::{Source, ask, filtered, lines, session, tables};
use datafusion::prelude::SessionContext;
use lakewarden_dictionary::LawfulBasis;

/// Whether a line of a result shows a canary's text or number.
fn sings(line: &str) -> bool {
    let numbers = line.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse::<i64>().ok());
    let mut numbers = numbers.map(i64::abs);
    line.contains(CANARY) || numbers.any(|n| (CANARY_NUMBER..CANARY_NUMBER + 1_000).contains(&n))
}

async fn plain(context: &SessionContext, sql: &str) -> datafusion::error::Result<Vec<String>> {
    Ok(lines(&context.sql(sql).await?.collect().await?))
}

async fn equal_over(source: Source, narrowing: bool) {
    let mut governed = session(source, LawfulBasis::Consent).await;
    if narrowing {
        governed = governed.narrowing();
    }
    let free = filtered();
    let whole: Vec<_> = tables().iter().map(|t| t.figures(LawfulBasis::Consent)).collect();
    let mut wrong = Vec::new();
    for (sql, ordered) in UNORDERED.iter().map(|q| (*q, false)).chain(ORDERED.iter().map(|q| (*q, true))) {
        let mut expected = match plain(&free, sql).await {
            Ok(expected) => expected,
            Err(error) => {
                wrong.push(format!("{sql}\n    is no query to compare with: {error}"));
                continue;
            }
        };
        let (mut found, figures) = match ask(&governed, sql).await {
            Ok(answer) => answer,
            Err(error) => {
                wrong.push(format!("{sql}\n    {error}"));
                continue;
            }
        };
        if !ordered {
            expected.sort();
            found.sort();
        }
        if found != expected {
            wrong.push(format!("{sql}\n    found    {found:?}\n    expected {expected:?}"));
        }
        if let Some(line) = found.iter().find(|l| sings(l)) {
            wrong.push(format!("{sql}\n    shows {line}"));
        }
        for figures in figures {
            let whole = whole.iter().find(|w| w.relation == figures.relation).unwrap();
            let over = figures.read > whole.read || figures.used > whole.used;
            // What a predicate left out below the gate is not told.
            let told = !narrowing || figures.complete || (figures.read == figures.used && figures.withheld.is_empty());
            if over || !told || (figures.complete && figures != *whole) {
                wrong.push(format!("{sql}\n    counts {figures:?}\n    not    {whole:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong of {source:?}:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn over_memory() {
    equal_over(Source::Memory, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_parquet() {
    equal_over(Source::Parquet, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_parquet_with_predicates_below_the_gates() {
    equal_over(Source::Parquet, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_parquet_whose_rows_are_known_by_their_places() {
    equal_over(Source::Placed, false).await;
    equal_over(Source::Placed, true).await;
}

/// The comparison can fail: over all rows, the canaries are there, and only they are.
#[test]
fn canaries_would_sing() {
    for table in tables() {
        let rows = lines(std::slice::from_ref(&table.rows));
        for (line, withheld) in rows.iter().zip(&table.withheld) {
            assert_eq!(sings(line), withheld.is_some(), "{}: {line}", table.name);
        }
        assert_eq!(table.subject.is_some(), table.withheld.iter().any(Option::is_some), "{}", table.name);
    }
    assert!(UNORDERED.len() + ORDERED.len() >= 60);
}
