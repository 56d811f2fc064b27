//! Queries over a grouped join or an unnested list, where a key below is not one above.

use crate::mended::{Case, check};

/// Each shop once for each shop's city, which is a key of `a` and none of the join, nor of its groups.
macro_rules! pairs {
    () => {
        "(SELECT a.c, s.city, count(*) AS n FROM shops s \
         CROSS JOIN (SELECT city AS c, count(*) AS m FROM shops GROUP BY city) a GROUP BY a.c, s.city)"
    };
}

/// Each page once for each time it was seen.
macro_rules! seen {
    () => {
        "(SELECT k, unnest(l) AS u FROM \
         (SELECT page AS k, array_agg(DISTINCT seconds % 2) AS l FROM visits GROUP BY page))"
    };
}

const CASES: &[Case] = &[
    // A key of the order is left out.
    Case {
        sql: concat!("SELECT c, city FROM ", pairs!(), " ORDER BY c, city LIMIT 5"),
        expected: &["Kyoto | Kyoto", "Kyoto | Leeds", "Kyoto | Nanjing", "Kyoto | Porto", "Leeds | Kyoto"],
        partitions: 1,
    },
    Case {
        sql: concat!("SELECT k, u FROM ", seen!(), " ORDER BY k, u LIMIT 3"),
        expected: &["/p0 | 0", "/p0 | 1", "/p1 | 0"],
        partitions: 1,
    },
    // A DISTINCT is left out.
    Case {
        sql: concat!("SELECT DISTINCT c FROM ", pairs!()),
        expected: &["Kyoto", "Leeds", "Nanjing", "Porto"],
        partitions: 1,
    },
    Case {
        sql: concat!("SELECT DISTINCT k FROM ", seen!()),
        expected: &["/p0", "/p1", "/p2", "/p3", "/p4"],
        partitions: 1,
    },
    Case {
        sql: "SELECT DISTINCT c FROM (SELECT DISTINCT a.c, s.city FROM shops s \
              CROSS JOIN (SELECT city AS c, count(*) AS m FROM shops GROUP BY city) a)",
        expected: &["Kyoto", "Leeds", "Nanjing", "Porto"],
        partitions: 1,
    },
    // A key of the groups is left out.
    Case {
        sql: concat!("SELECT count(*) FROM (SELECT c, sum(n) FROM ", pairs!(), " GROUP BY c, city)"),
        expected: &["16"],
        partitions: 1,
    },
    // A join is left out, and the rows that it would have made.
    Case {
        sql: concat!("SELECT count(*) FROM (SELECT s.city FROM shops s LEFT JOIN ", pairs!(), " q ON s.city = q.c)"),
        expected: &["16"],
        partitions: 1,
    },
];

/// A window's frame ends at the row itself. The frame is in the plan before there are rules.
const FRAMES: &[Case] = &[
    Case {
        sql: concat!("SELECT DISTINCT c, sum(n) OVER (ORDER BY c) FROM ", pairs!()),
        expected: &["Kyoto | 4", "Leeds | 8", "Nanjing | 12", "Porto | 16"],
        partitions: 1,
    },
    Case {
        sql: concat!("SELECT DISTINCT c, sum(n) OVER w FROM ", pairs!(), " WINDOW w AS (ORDER BY c)"),
        expected: &["Kyoto | 4", "Leeds | 8", "Nanjing | 12", "Porto | 16"],
        partitions: 1,
    },
];

#[tokio::test(flavor = "multi_thread")]
async fn the_governed_session_answers_rightly() {
    check::governed(CASES).await;
    check::governed(FRAMES).await;
    check::with_rules(CASES).await;
}

#[tokio::test]
async fn datafusion_alone_is_wrong() {
    check::alone(CASES).await;
    check::alone(FRAMES).await;
}
