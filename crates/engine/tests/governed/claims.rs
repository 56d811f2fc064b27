//! Queries over operators that claim more of their rows' order than is true.

use crate::mended::{Case, check};

const CASES: &[Case] = &[
    // A final aggregate takes the constant key for sorted, and gives out a page's group whenever the key becomes null.
    Case {
        sql: "SELECT page, k, count(*) FROM (SELECT page, 7 AS k FROM visits) \
              GROUP BY GROUPING SETS ((page, k), (page), ())",
        expected: &[
            "/p0 | 7 | 7",
            "/p0 | ∅ | 7",
            "/p1 | 7 | 32",
            "/p1 | ∅ | 32",
            "/p2 | 7 | 35",
            "/p2 | ∅ | 35",
            "/p3 | 7 | 37",
            "/p3 | ∅ | 37",
            "/p4 | 7 | 35",
            "/p4 | ∅ | 35",
            "∅ | ∅ | 146",
        ],
        partitions: 1,
    },
    // The key that is null in one set is not sorted by.
    Case {
        sql: "SELECT k, page FROM (SELECT page, 7 AS k FROM visits) \
              GROUP BY GROUPING SETS ((page, k), (page)) ORDER BY k, page",
        expected: &[
            "7 | /p0",
            "7 | /p1",
            "7 | /p2",
            "7 | /p3",
            "7 | /p4",
            "∅ | /p0",
            "∅ | /p1",
            "∅ | /p2",
            "∅ | /p3",
            "∅ | /p4",
        ],
        partitions: 3,
    },
    // Nor is the second of two keys that are equal below the sets.
    Case {
        sql: "SELECT b, a FROM (SELECT page AS a, page AS b FROM visits) GROUP BY CUBE (a, b) ORDER BY b, a LIMIT 4",
        expected: &["/p0 | /p0", "/p0 | ∅", "/p1 | /p1", "/p1 | ∅"],
        partitions: 3,
    },
    // Over sorted rows, a limit does not wait for the second set's rows.
    Case {
        sql: "SELECT c FROM (SELECT seconds AS c, page AS b FROM visits ORDER BY seconds LIMIT 60) \
              GROUP BY GROUPING SETS ((b, c), (c)) ORDER BY c LIMIT 6",
        expected: &["0", "0", "0", "0", "1", "1"],
        partitions: 1,
    },
    // The branches of a union share a threshold that leaves their constants out.
    Case {
        sql: "SELECT * FROM (SELECT DISTINCT 2 AS part, page AS p FROM visits UNION ALL SELECT 1, page FROM visits) \
              ORDER BY part DESC, p LIMIT 7",
        expected: &["2 | /p0", "2 | /p1", "2 | /p2", "2 | /p3", "2 | /p4", "1 | /p0", "1 | /p0"],
        partitions: 3,
    },
    // One rule takes the one row for constant and another does not.
    Case {
        sql: "SELECT row_number() OVER (ORDER BY v.seconds, a.c, v.visit_id) AS r FROM visits v \
              CROSS JOIN (SELECT approx_distinct(city) AS c FROM shops) a \
              JOIN (SELECT count(*) AS d, max(city) AS m FROM shops) b ON a.c = b.d % 9 ORDER BY r LIMIT 2",
        expected: &["1", "2"],
        partitions: 1,
    },
    // What is constant in the side of a join that may be null.
    Case {
        sql: "SELECT t.k, s.city FROM shops s LEFT JOIN (SELECT city, 5 AS k FROM shops WHERE region = 'east') t \
              ON s.city = t.city ORDER BY t.k, s.city",
        expected: &["5 | Kyoto", "5 | Nanjing", "∅ | Leeds", "∅ | Porto"],
        partitions: 1,
    },
    // With a constant and a column twice, of which the optimiser may know.
    Case {
        sql: "SELECT 4 AS four, t.k, s.city, s.city AS again FROM shops s \
              LEFT JOIN (SELECT city, 5 AS k FROM shops WHERE region = 'east') t \
              ON s.city = t.city ORDER BY four, k DESC, city, again LIMIT 3",
        expected: &["4 | ∅ | Leeds | Leeds", "4 | ∅ | Porto | Porto", "4 | 5 | Kyoto | Kyoto"],
        partitions: 1,
    },
    Case {
        sql: "SELECT t.region, s.city FROM (SELECT * FROM shops WHERE region = 'east') t RIGHT JOIN shops s \
              ON s.city = t.city ORDER BY t.region, s.city",
        expected: &["east | Kyoto", "east | Nanjing", "∅ | Leeds", "∅ | Porto"],
        partitions: 3,
    },
    Case {
        sql: "SELECT t.k, s.city FROM (SELECT city, 5 AS k FROM shops WHERE region = 'east') t FULL JOIN shops s \
              ON s.city = t.city ORDER BY t.k, s.city",
        expected: &["5 | Kyoto", "5 | Nanjing", "∅ | Leeds", "∅ | Porto"],
        partitions: 3,
    },
    Case {
        sql: "SELECT t.k, s.city FROM shops s LEFT JOIN (SELECT city, 5 AS k FROM shops WHERE region = 'east') t \
              ON s.city < t.city ORDER BY t.k DESC, s.city",
        expected: &["∅ | Nanjing", "∅ | Porto", "5 | Kyoto", "5 | Leeds"],
        partitions: 1,
    },
    // Many rows of one key: those of the other side come anew for each.
    Case {
        sql: "SELECT b.region, p.city FROM (SELECT * FROM shops ORDER BY city LIMIT 9) p \
              JOIN (SELECT s.region FROM shops s, shops t ORDER BY s.region LIMIT 12) b ON p.region = b.region \
              ORDER BY b.region, p.city LIMIT 3",
        expected: &["east | Kyoto", "east | Kyoto", "east | Kyoto"],
        partitions: 1,
    },
];

#[tokio::test(flavor = "multi_thread")]
async fn the_governed_session_answers_rightly() {
    check::governed(CASES).await;
    check::with_rules(CASES).await;
}

/// In one thread, since it depends on which branch of a union is read first.
#[tokio::test]
async fn datafusion_alone_is_wrong() {
    check::alone(CASES).await;
}
