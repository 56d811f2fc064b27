//! Errors as a side channel: an error that only a withheld row would cause, and what errors say.

use crate::asked::{as_if_absent, fails_quietly};
use crate::people::CANARY;

/// `1/0` where somebody is 41, which only withheld people are.
#[tokio::test(flavor = "multi_thread")]
async fn division_by_zero_does_not_tell_who_is_there() {
    as_if_absent("SELECT name FROM people WHERE 1 / (age - 41) < 5").await;
    as_if_absent("SELECT 1 / (age - 41) FROM people").await;
    as_if_absent("SELECT sum(1 % (age - 41)) FROM people").await;
}

/// The same behind a condition that ought to guard it, in any order.
#[tokio::test(flavor = "multi_thread")]
async fn a_guarded_division_tells_nothing_in_either_order() {
    as_if_absent("SELECT name FROM people WHERE age = 41 AND 1 / (age - 41) > 0").await;
    as_if_absent("SELECT name FROM people WHERE 1 / (age - 41) > 0 AND age = 41").await;
    as_if_absent("SELECT CASE WHEN age = 41 THEN 1 / (age - 41) ELSE 0 END FROM people").await;
    as_if_absent("SELECT coalesce(nullif(age, 41), 1 / 0) FROM people WHERE age = 41").await;
}

/// PostgreSQL quotes the text that a cast could not read: `invalid input syntax for type integer: "…"`.
#[tokio::test(flavor = "multi_thread")]
async fn casts_neither_fail_on_withheld_rows_nor_quote_them() {
    as_if_absent("SELECT CAST(code AS INT) FROM people").await;
    as_if_absent("SELECT name FROM people WHERE CAST(code AS INT) > 3").await;
    as_if_absent("SELECT arrow_cast(code, 'Int16') FROM people").await;
    fails_quietly("SELECT CAST(name AS INT) FROM people").await;
    fails_quietly("SELECT CAST(city AS DATE) FROM people").await;
}

/// A cast that fails is a boolean answer about one value, if a predicate chooses whose.
#[tokio::test(flavor = "multi_thread")]
async fn a_cast_chosen_by_a_predicate_tells_nothing() {
    as_if_absent(&format!("SELECT count(*) FROM people WHERE name LIKE '{CANARY}%' AND CAST(code AS INT) = 1")).await;
    as_if_absent(&format!("SELECT CASE WHEN secret LIKE '{CANARY}%' THEN CAST(secret AS INT) END FROM people")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn overflow_does_not_tell_how_large_a_number_is() {
    as_if_absent("SELECT name FROM people WHERE CAST(spend AS SMALLINT) >= 0").await;
    as_if_absent("SELECT CAST(spend * 40 AS INT) FROM people").await;
    as_if_absent("SELECT factorial(abs(spend) % 66600000 / 100) FROM people").await;
}

/// Functions that complain of their arguments: PostgreSQL calls them leaky and keeps them above a barrier.
#[tokio::test(flavor = "multi_thread")]
async fn leaky_functions_see_no_withheld_row() {
    as_if_absent("SELECT name FROM people WHERE to_timestamp(CAST(age AS VARCHAR) || '-01-01') IS NULL OR true").await;
    as_if_absent("SELECT chr(age - 41 + 65) FROM people").await;
    as_if_absent("SELECT name FROM people WHERE regexp_like(name, code)").await;
    as_if_absent("SELECT repeat('x', age - 40) FROM people").await;
    as_if_absent("SELECT CAST(code AS DECIMAL(9, 2)) FROM people").await;
}

/// CVE-2014-8161, CVE-2021-3393: a violated constraint is told with the row that violates it.
#[tokio::test(flavor = "multi_thread")]
async fn a_subquery_of_too_many_rows_does_not_say_which() {
    fails_quietly("SELECT (SELECT name FROM people)").await;
    fails_quietly("SELECT city FROM shops WHERE city = (SELECT city FROM people)").await;
    as_if_absent("SELECT (SELECT name FROM people WHERE age = 41)").await;
}

/// Whether a scalar subquery gives more than one row is an answer too, if a withheld row may be the second.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_row_that_is_withheld_is_no_second_row() {
    as_if_absent("SELECT (SELECT name FROM people WHERE name = 'Person 01' OR age = 41)").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_in_aggregates_windows_and_joins_see_no_withheld_row() {
    as_if_absent("SELECT city, max(CAST(code AS INT)) FROM people GROUP BY city").await;
    as_if_absent("SELECT sum(CAST(code AS INT)) OVER (PARTITION BY city) FROM people").await;
    as_if_absent("SELECT count(*) FROM people p JOIN visits v ON CAST(p.code AS INT) = v.seconds").await;
    as_if_absent("SELECT city FROM people GROUP BY city HAVING min(1 / (age - 41)) >= 0").await;
    as_if_absent("SELECT name FROM people ORDER BY CAST(code AS INT)").await;
    as_if_absent("SELECT count(*) FILTER (WHERE 1 / (age - 41) > 0) FROM people").await;
}
