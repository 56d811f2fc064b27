//! Windows, grouping sets and aggregates that could reach beside the rows of their own.

use crate::asked::as_if_absent;

#[tokio::test(flavor = "multi_thread")]
async fn neighbours_in_a_window_are_visible_rows() {
    as_if_absent("SELECT name, lag(name) OVER (ORDER BY name), lead(name) OVER (ORDER BY name) FROM people").await;
    as_if_absent("SELECT name, lag(spend, 3, -1) OVER (ORDER BY spend, name) FROM people").await;
    as_if_absent("SELECT order_id, nth_value(status, 2) OVER (ORDER BY order_id) FROM orders").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_reach_over_visible_rows_only() {
    as_if_absent("SELECT order_id, sum(amount) OVER (ORDER BY order_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM orders").await;
    as_if_absent(
        "SELECT order_id, max(amount) OVER (ORDER BY order_id ROWS BETWEEN 5 PRECEDING AND 5 FOLLOWING) FROM orders",
    )
    .await;
    as_if_absent("SELECT name, count(*) OVER (ORDER BY age RANGE BETWEEN 20 PRECEDING AND 20 FOLLOWING) FROM people")
        .await;
    as_if_absent("SELECT name, sum(spend) OVER (ORDER BY age GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM people")
        .await;
}

/// Gaps in ranks would tell how many are withheld in between.
#[tokio::test(flavor = "multi_thread")]
async fn ranks_have_no_gaps_for_withheld_rows() {
    as_if_absent("SELECT name, row_number() OVER (ORDER BY name), rank() OVER (ORDER BY spend) FROM people").await;
    as_if_absent("SELECT name, percent_rank() OVER (ORDER BY spend), cume_dist() OVER (ORDER BY spend) FROM people")
        .await;
    as_if_absent("SELECT name, ntile(4) OVER (ORDER BY name) FROM people").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_count_visible_rows_only() {
    as_if_absent(
        "SELECT DISTINCT city, count(*) OVER (PARTITION BY city), max(age) OVER (PARTITION BY city) FROM people",
    )
    .await;
    as_if_absent("SELECT name FROM people QUALIFY count(*) OVER (PARTITION BY age) > 4").await;
}

/// The total of a grouping set is the total of the visible: with the parts known, it would tell the rest.
#[tokio::test(flavor = "multi_thread")]
async fn totals_of_grouping_sets_are_of_visible_rows() {
    as_if_absent("SELECT city, age, count(*), sum(spend) FROM people GROUP BY GROUPING SETS ((city, age), (city), ())")
        .await;
    as_if_absent("SELECT city, count(*) FROM people GROUP BY ROLLUP (city)").await;
    as_if_absent("SELECT city, age, grouping(city, age), max(name) FROM people GROUP BY CUBE (city, age)").await;
    as_if_absent("SELECT count(*) FROM people WHERE age = 41 GROUP BY GROUPING SETS ((), ())").await;
}

/// No group of whom all are withheld.
#[tokio::test(flavor = "multi_thread")]
async fn empty_groups_do_not_appear() {
    as_if_absent("SELECT age, count(*) FROM people GROUP BY age HAVING age = 41").await;
    as_if_absent("SELECT customer_id, count(*) FROM orders GROUP BY customer_id").await;
    as_if_absent("SELECT DISTINCT age = 41 FROM people").await;
}

/// An aggregate of a filter must not be an aggregate of all with the rest null.
#[tokio::test(flavor = "multi_thread")]
async fn filtered_and_ordered_aggregates_see_visible_rows_only() {
    as_if_absent(
        "SELECT count(*) FILTER (WHERE age = 41), count(*) FILTER (WHERE age IS DISTINCT FROM 41) FROM people",
    )
    .await;
    as_if_absent("SELECT first_value(name ORDER BY spend), last_value(name ORDER BY spend) FROM people").await;
    as_if_absent("SELECT array_agg(name ORDER BY spend DESC), string_agg(code, '' ORDER BY code) FROM people").await;
    as_if_absent("SELECT bool_or(age = 41), bool_and(age <> 41), bit_xor(spend) FROM people").await;
    as_if_absent(
        "SELECT approx_percentile_cont(spend, 0.0), approx_percentile_cont(spend, 1.0), median(age) FROM people",
    )
    .await;
}
