//! Queries that read a column which the purpose may not use, somewhere in a query of any shape.

use crate::generator::Generator;

/// Columns that the second session keeps from its purpose, and ways to read them. `{q}` is another query, whose
/// column `c0` is there.
pub const FORBIDDEN: &[(&str, &[&str])] =
    &[("people", &["secret", "place"]), ("orders", &["email_token"]), ("crm.cards", &["card"])];

const WAYS: &[&str] = &[
    "SELECT f.{c} FROM {t} AS f CROSS JOIN ({q}) AS q",
    "SELECT q.c0, f.{c} AS harmless FROM ({q}) AS q, {t} AS f",
    "SELECT q.c0 FROM ({q}) AS q WHERE EXISTS (SELECT 1 FROM {t} AS f WHERE f.{c} = CAST(q.c0 AS VARCHAR))",
    "SELECT q.c0 FROM ({q}) AS q WHERE CAST(q.c0 AS VARCHAR) NOT IN (SELECT f.{c} FROM {t} AS f)",
    "SELECT count(*) FROM ({q}) AS q JOIN {t} AS f ON f.{c} > CAST(q.c0 AS VARCHAR)",
    "WITH w AS (SELECT f.customer_id FROM {t} AS f WHERE f.{c} LIKE '%1%') SELECT w.customer_id, q.c0 FROM w, ({q}) AS q",
    "SELECT q.c0, (SELECT max(f.{c}) FROM {t} AS f) FROM ({q}) AS q",
    "SELECT CAST(q.c0 AS VARCHAR) FROM ({q}) AS q UNION ALL SELECT f.{c} FROM {t} AS f",
    "SELECT f.customer_id, row_number() OVER (PARTITION BY f.{c} ORDER BY f.customer_id, q.c0) FROM {t} AS f, ({q}) AS q",
    "SELECT f.customer_id, count(*) FROM {t} AS f CROSS JOIN ({q}) AS q GROUP BY f.customer_id, f.{c}",
    "SELECT count(DISTINCT f.{c}) FROM {t} AS f, ({q}) AS q",
    "SELECT f.customer_id FROM {t} AS f, ({q}) AS q ORDER BY f.{c} LIMIT 3",
    "SELECT CASE WHEN f.{c} = 'x' THEN 1 ELSE 0 END FROM {t} AS f, ({q}) AS q",
    "SELECT q.c0 FROM ({q}) AS q JOIN LATERAL (SELECT max(f.{c}) AS m FROM {t} AS f WHERE f.customer_id = CAST(q.c0 AS VARCHAR)) AS l ON true WHERE l.m IS NOT NULL",
    "SELECT sum(length(f.{c})) FILTER (WHERE f.{c} <> 'x') FROM {t} AS f, ({q}) AS q",
    "SELECT i.x FROM (SELECT upper(f.{c}) AS x FROM {t} AS f) AS i, ({q}) AS q",
    "SELECT q.c0 FROM ({q}) AS q WHERE 'a' < ALL (SELECT f.{c} FROM {t} AS f)",
    "SELECT f.{c}, q.c0 FROM {t} AS f FULL JOIN ({q}) AS q ON f.{c} = CAST(q.c0 AS VARCHAR)",
];

impl Generator {
    /// A query that must be refused, and the table whose column it reads.
    pub fn forbidden(&mut self) -> (String, &'static str) {
        let (table, columns) = *self.draw.pick(FORBIDDEN);
        let column = match *self.draw.pick(columns) {
            "place" => "place['town']",
            other => other,
        };
        let way = *self.draw.pick(WAYS);
        let mut query = self.query(1);
        while query.columns[0].0 == crate::scope::Type::Shown {
            query = self.query(1);
        }
        (way.replace("{q}", &query.sql).replace("{t}", table).replace("{c}", column), table)
    }
}
