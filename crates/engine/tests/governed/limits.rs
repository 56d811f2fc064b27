//! Queries with a limit or a predicate that some rule of DataFusion's takes further down than it may go.

use crate::mended::{Case, check};

const CASES: &[Case] = &[
    // The groups that the window looks at beyond the limit are not made.
    Case {
        sql: "SELECT p, sum(p) OVER (ORDER BY p ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING) AS s \
              FROM (SELECT DISTINCT \"Points\" AS p FROM \"Loyalty\") ORDER BY p NULLS FIRST LIMIT 7",
        expected: &["0 | 1", "1 | 3", "2 | 6", "3 | 10", "4 | 14", "5 | 18", "6 | 22"],
        partitions: 1,
    },
    // Two windows, one over the other: what they look ahead adds up.
    Case {
        sql: "SELECT v, lead(a, 2) OVER (ORDER BY v ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS b FROM \
              (SELECT v, sum(v) OVER (ORDER BY v ROWS BETWEEN CURRENT ROW AND 2 FOLLOWING) AS a FROM \
              (SELECT DISTINCT \"Points\" AS v FROM \"Loyalty\")) ORDER BY v LIMIT 3",
        expected: &["0 | 9", "1 | 12", "2 | 15"],
        partitions: 1,
    },
    // Both sides of the join have a `customer_id`: whose is null is asked of the wrong one.
    Case {
        sql: "SELECT count(*) FROM visits v RIGHT JOIN \"Loyalty\" l ON l.customer_id = v.customer_id \
              AND v.seconds > 50 WHERE l.\"Points\" IS NOT NULL AND v.customer_id IS NULL",
        expected: &["10"],
        partitions: 1,
    },
    // A limit on groups over a window fails.
    Case {
        sql: "SELECT DISTINCT page, count(*) OVER (PARTITION BY page) AS n FROM visits LIMIT 30",
        expected: &["/p0 | 7", "/p1 | 32", "/p2 | 35", "/p3 | 37", "/p4 | 35"],
        partitions: 1,
    },
];

/// The governed session has no figures of its tables by which to turn the join above around, and is wrong of this one,
/// over files.
const OVER_FILES: &[Case] = &[Case {
    sql: "SELECT l.city, v.region FROM shops l LEFT JOIN (SELECT city, region FROM shops WHERE region = 'east') v \
          ON l.city = v.city WHERE l.region > 'a' AND v.city IS NULL ORDER BY 1",
    expected: &["Leeds | ∅", "Porto | ∅"],
    partitions: 1,
}];

#[tokio::test(flavor = "multi_thread")]
async fn the_governed_session_answers_rightly() {
    check::governed(CASES).await;
    check::governed(OVER_FILES).await;
    check::with_rules(CASES).await;
}

#[tokio::test]
async fn datafusion_alone_is_wrong() {
    check::alone(CASES).await;
}
