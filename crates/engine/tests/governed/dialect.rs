//! Functions that analysts expect, and functions that DataFusion 55.2 answers inexactly.

use crate::shop::{Source, ask, session};
use lakewarden_dictionary::LawfulBasis;
use lakewarden_engine::{EngineError, Session, sql_macros};

const NUMBERS: &str = "(VALUES (1), (2), (4), (NULL)) AS t(x)";
const SALES: &str =
    "(VALUES ('a', 3, 10), ('b', 1, 20), ('c', NULL, 30), (NULL, 9, 40), ('a', 2, 50)) AS t(sku, rank, paid)";

async fn answer(sql: &str) -> Vec<String> {
    let governed = session(Source::Memory, LawfulBasis::Consent).await;
    ask(&governed, sql).await.unwrap_or_else(|e| panic!("{sql}: {e}")).0
}

async fn code(session: &Session, sql: &str) -> Option<&'static str> {
    match session.compile(sql).await {
        Ok(_) => None,
        Err(EngineError::Sql(problem)) => problem.code,
        Err(other) => panic!("{sql}: {other:?}"),
    }
}

#[tokio::test]
async fn added_functions_give_the_documented_results() {
    for (sql, expected) in [
        ("SELECT last_day(DATE '2024-02-10')", "2024-02-29"),
        ("SELECT last_day(DATE '2023-12-31')", "2023-12-31"),
        ("SELECT date_diff('month', DATE '2024-01-31', DATE '2024-03-01')", "2"),
        ("SELECT datediff('day', DATE '2024-03-01', DATE '2024-02-28')", "-2"),
        ("SELECT date_diff('week', DATE '2024-03-03', DATE '2024-03-04')", "1"),
        ("SELECT date_diff('quarter', DATE '2023-12-31', DATE '2024-01-01')", "1"),
        ("SELECT date_diff('year', DATE '2023-12-31', DATE '2024-01-01')", "1"),
        ("SELECT width_bucket(35, 0, 100, 10)", "4"),
        ("SELECT width_bucket(-1, 0, 100, 10)", "0"),
        ("SELECT width_bucket(100, 0, 100, 10)", "11"),
        ("SELECT width_bucket(35, 100, 0, 10)", "7"),
        ("SELECT width_bucket(35, 5, 5, 10)", "∅"),
        ("SELECT safe_divide(1.5, 0)", "∅"),
        ("SELECT iff(2 > 1, 'yes', 'no')", "yes"),
    ] {
        assert_eq!(answer(sql).await, [expected], "{sql}");
    }
    for (select, expected) in [
        ("count_if(x > 1)", "2"),
        ("count_if(x > 1) FILTER (WHERE x < 4)", "1"),
        ("median(x)", "2.0"),
        ("percentile_cont(0.5) WITHIN GROUP (ORDER BY x)", "2.0"),
        ("percentile_cont(0.25) WITHIN GROUP (ORDER BY x DESC)", "3.0"),
    ] {
        assert_eq!(answer(&format!("SELECT {select} FROM {NUMBERS}")).await, [expected], "{select}");
    }
    for (select, expected) in
        [("arg_max(sku, rank)", "a"), ("min_by(sku, rank)", "b"), ("mode(sku)", "a"), ("mode(paid)", "10")]
    {
        assert_eq!(answer(&format!("SELECT {select} FROM {SALES}")).await, [expected], "{select}");
    }
}

#[tokio::test]
async fn medians_of_whole_numbers_are_not_cut() {
    assert_eq!(answer("SELECT median(x) FROM (VALUES (1), (2)) AS t(x)").await, ["1.5"]);
    let per_group = answer("SELECT g, median(x) FROM (VALUES (1, 1), (1, 2), (2, 7)) AS t(g, x) GROUP BY g ORDER BY g");
    assert_eq!(per_group.await, ["1 | 1.5", "2 | 7.0"]);
}

#[tokio::test]
async fn similar_to_matches_the_whole_text() {
    for (test, expected) in [
        ("'GROCERY1' SIMILAR TO 'GROC%'", "true"),
        ("'GROCERY1' SIMILAR TO 'GROC'", "false"),
        ("'GROCERY1' NOT SIMILAR TO 'GROC'", "true"),
        ("'ab' SIMILAR TO '(a|b)+'", "true"),
        ("'a%' SIMILAR TO 'a#%' ESCAPE '#'", "true"),
    ] {
        assert_eq!(answer(&format!("SELECT {test}")).await, [expected], "{test}");
    }
}

#[tokio::test]
async fn calls_that_cannot_be_rewritten_are_refused() {
    let governed = session(Source::Memory, LawfulBasis::Consent).await;
    for (expected, sql) in [
        ("LW3106", "SELECT count(*) FROM visits TABLESAMPLE SYSTEM (10)"),
        ("LW3113", "SELECT now() AS at"),
        ("LW3113", "SELECT page FROM visits WHERE random() < 0.1"),
        ("LW3113", "SELECT page FROM visits WHERE EXISTS (SELECT current_date)"),
        ("LW3121", "SELECT last_day()"),
        ("LW3121", "SELECT date_diff('fortnight', DATE '2024-01-01', DATE '2024-01-02')"),
        ("LW3121", "SELECT count_if(DISTINCT page = '/') FROM visits"),
        ("LW3122", "SELECT 1 FROM visits WHERE page SIMILAR TO page"),
        ("LW3122", "SELECT 1 FROM visits WHERE page SIMILAR TO '(a'"),
    ] {
        assert_eq!(code(&governed, sql).await, Some(expected), "{sql}");
    }
    assert_eq!(code(&governed, "SELECT as_of() AS at").await, None);
}

/// The page that lists the functions names each of them.
#[test]
fn every_added_function_is_documented() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/sql-functions.md"));
    let page = page.unwrap();
    for function in sql_macros() {
        assert!(page.contains(&format!("`{}", function.name)), "{}", function.name);
        assert!(page.contains(function.meaning.split([';', ',']).next().unwrap()), "{}", function.meaning);
    }
}
