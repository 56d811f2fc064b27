//! What marks rows, in SQL over a conformed table. Every operator sorts, counts or joins with one row a product: what
//! is larger than memory spills.

use lakewarden_dictionary::{ANOMALY_RULE, ANOMALY_SCORE, Anomaly, AnomalyKind, Dataset, Percent, Spanned, Within};

/// The query that names the rows which a rule marks: the columns of the dataset's table of marked rows.
pub(crate) fn query(dataset: &Dataset, anomaly: &Anomaly) -> String {
    let marked = match &anomaly.kind {
        AnomalyKind::Brushing { by, at, within, orders_at_least, paid, refunded, refunded_at_least } => {
            brushing(&Source::new(dataset, by), at, *within, *orders_at_least, [paid, refunded], *refunded_at_least)
        }
        AnomalyKind::TryOn { by, at, event, tried, bought, product, within } => {
            let by: Vec<Spanned<String>> = by.iter().chain(product).cloned().collect();
            try_on(&Source::new(dataset, &by), at, event, [tried, bought], *within)
        }
        AnomalyKind::Outlier { amount, by, history_at_least, score_thousandths } => {
            outlier(&Source::new(dataset, by), amount, *history_at_least, *score_thousandths)
        }
    };
    let columns = Source::columns(dataset);
    let rule = literal(&anomaly.name.value);
    format!(
        "{marked}\nSELECT {columns}, {rule} AS {ANOMALY_RULE}, \"_score\" AS {ANOMALY_SCORE} FROM \"_marked\" ORDER BY {columns}"
    )
}

/// The rows that a rule looks at: those that belong to somebody or something.
struct Source {
    /// What every step carries along: the columns of the table of marked rows, and `_by0`, ….
    carried: String,
    /// `_by0, _by1`: what rows belong together by.
    by: Vec<String>,
    from: String,
    key: String,
}

impl Source {
    fn new(dataset: &Dataset, by: &[Spanned<String>]) -> Self {
        let own: Vec<String> = (0..by.len()).map(|at| format!("\"_by{at}\"")).collect();
        let named: Vec<String> = by.iter().zip(&own).map(|(from, to)| format!("{} AS {to}", name(from))).collect();
        let known: Vec<String> = by.iter().map(|column| format!("{} IS NOT NULL", name(column))).collect();
        let key: Vec<String> = dataset.key.iter().map(name).collect();
        Self {
            carried: format!("{}, {}", Self::columns(dataset), named.join(", ")),
            by: own,
            from: format!("FROM {} WHERE {}", quoted(&dataset.name.value), known.join(" AND ")),
            key: key.join(", "),
        }
    }

    fn columns(dataset: &Dataset) -> String {
        let columns = dataset.anomaly_columns().into_iter().map(|f| quoted(&f.column.value));
        columns.collect::<Vec<_>>().join(", ")
    }

    fn by(&self) -> String {
        self.by.join(", ")
    }

    fn by_of(&self, relation: &str) -> String {
        self.by.iter().map(|by| format!("{relation}.{by}")).collect::<Vec<_>>().join(", ")
    }

    fn same(&self, one: &str, other: &str) -> String {
        self.by.iter().map(|by| format!("{one}.{by} = {other}.{by}")).collect::<Vec<_>>().join(" AND ")
    }
}

fn quoted(column: &str) -> String {
    format!("\"{}\"", column.replace('"', "\"\""))
}

fn name(column: &Spanned<String>) -> String {
    quoted(&column.value)
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn micros(within: Within) -> u64 {
    u64::from(within.seconds) * 1_000_000
}

/// An order is of a burst if some stretch of time holds it and enough others. Such a stretch begins with an order: of
/// the orders of one buyer by time, the one `orders - 1` places later is not too late. What follows in that stretch is
/// within as many places.
fn brushing(
    source: &Source,
    at: &Spanned<String>,
    within: Within,
    orders: u32,
    [paid, refunded]: [&Spanned<String>; 2],
    share: Percent,
) -> String {
    let (carried, from, by, key) = (&source.carried, &source.from, source.by(), &source.key);
    let (at, paid, refunded) = (name(at), name(paid), name(refunded));
    let (within, others, share) = (micros(within), orders - 1, f64::from(share.millionths));
    format!(
        "WITH \"_refunded\" AS (SELECT {carried}, CAST({at} AS BIGINT) AS \"_at\" {from} AND {at} IS NOT NULL \
         AND CAST({paid} AS DOUBLE) > 0 AND CAST({refunded} AS DOUBLE) * 1000000.0 >= CAST({paid} AS DOUBLE) * {share:?}),\n\
         \"_followed\" AS (SELECT *, lead(\"_at\", {others}) OVER (PARTITION BY {by} ORDER BY \"_at\", {key}) AS \"_last\" FROM \"_refunded\"),\n\
         \"_begun\" AS (SELECT *, CASE WHEN \"_last\" - \"_at\" <= {within} THEN 1 ELSE 0 END AS \"_begins\" FROM \"_followed\"),\n\
         \"_held\" AS (SELECT *, max(\"_begins\") OVER (PARTITION BY {by} ORDER BY \"_at\", {key} ROWS BETWEEN {others} PRECEDING AND CURRENT ROW) AS \"_burst\", \
         count(*) OVER (PARTITION BY {by} ORDER BY \"_at\" RANGE BETWEEN {within} PRECEDING AND {within} FOLLOWING) AS \"_near\" FROM \"_begun\"),\n\
         \"_marked\" AS (SELECT *, CAST(\"_near\" AS DOUBLE) AS \"_score\" FROM \"_held\" WHERE \"_burst\" = 1)"
    )
}

/// For each event the next purchase, found by walking back through time.
fn try_on(
    source: &Source,
    at: &Spanned<String>,
    event: &Spanned<String>,
    [tried, bought]: [&String; 2],
    within: Within,
) -> String {
    let (carried, from, by) = (&source.carried, &source.from, source.by());
    let (at, event, tried, bought) = (name(at), name(event), literal(tried), literal(bought));
    let within = micros(within);
    format!(
        "WITH \"_events\" AS (SELECT {carried}, CAST({at} AS BIGINT) AS \"_at\", {event} AS \"_event\" {from} \
         AND {at} IS NOT NULL AND {event} IN ({tried}, {bought})),\n\
         \"_followed\" AS (SELECT *, min(CASE WHEN \"_event\" = {bought} THEN \"_at\" END) OVER (PARTITION BY {by} ORDER BY \"_at\" DESC \
         RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS \"_next\" FROM \"_events\"),\n\
         \"_marked\" AS (SELECT *, CAST(1 AS DOUBLE) AS \"_score\" FROM \"_followed\" WHERE \"_event\" = {tried} \
         AND \"_at\" + {within} <= CAST(as_of() AS BIGINT) AND (\"_next\" IS NULL OR \"_next\" - \"_at\" > {within}))"
    )
}

/// The modified z-score: B. Iglewicz and D. C. Hoaglin, "How to Detect and Handle Outliers", ASQC Basic References in
/// Quality Control 16, 1993, section 3.4: 0.6745 (x − median) / MAD. Where the MAD is 0 the mean absolute deviation
/// takes its place with the factor that makes it a standard deviation of normal values: (x − median) / (1.253314 mean).
///
/// Medians are taken by rank, which needs a sort and no set of all values in memory.
fn outlier(source: &Source, amount: &Spanned<String>, history: u32, score_thousandths: u32) -> String {
    let (carried, from, by) = (&source.carried, &source.from, source.by());
    let amount = format!("CAST({} AS DOUBLE)", name(amount));
    let score = f64::from(score_thousandths) / 1000.0;
    let middle = "(r.\"_rank\" = (n.\"_n\" + 1) / 2 OR r.\"_rank\" = (n.\"_n\" + 2) / 2)";
    let (by_r, by_x) = (source.by_of("r"), source.by_of("x"));
    let (r_n, x_m, x_s) = (source.same("r", "n"), source.same("x", "m"), source.same("x", "s"));
    format!(
        "WITH \"_amounts\" AS (SELECT {carried}, {amount} AS \"_amount\" {from} AND abs({amount}) < 1e300),\n\
         \"_counts\" AS (SELECT {by}, count(*) AS \"_n\" FROM \"_amounts\" GROUP BY {by} HAVING count(*) >= {history}),\n\
         \"_ranked\" AS (SELECT {by}, \"_amount\", row_number() OVER (PARTITION BY {by} ORDER BY \"_amount\") AS \"_rank\" FROM \"_amounts\"),\n\
         \"_medians\" AS (SELECT {by_r}, avg(r.\"_amount\") AS \"_median\" FROM \"_ranked\" r JOIN \"_counts\" n ON {r_n} WHERE {middle} GROUP BY {by_r}),\n\
         \"_distances\" AS (SELECT {by_x}, abs(x.\"_amount\" - m.\"_median\") AS \"_distance\" FROM \"_amounts\" x JOIN \"_medians\" m ON {x_m}),\n\
         \"_far\" AS (SELECT {by}, \"_distance\", row_number() OVER (PARTITION BY {by} ORDER BY \"_distance\") AS \"_rank\" FROM \"_distances\"),\n\
         \"_spreads\" AS (SELECT {by_r}, avg(CASE WHEN {middle} THEN r.\"_distance\" END) AS \"_mad\", avg(r.\"_distance\") AS \"_mean\" \
         FROM \"_far\" r JOIN \"_counts\" n ON {r_n} GROUP BY {by_r}),\n\
         \"_scored\" AS (SELECT x.*, CASE WHEN s.\"_mad\" > 0 THEN 0.6745 * (x.\"_amount\" - m.\"_median\") / s.\"_mad\" \
         WHEN s.\"_mean\" > 0 THEN (x.\"_amount\" - m.\"_median\") / (1.253314 * s.\"_mean\") END AS \"_score\" \
         FROM \"_amounts\" x JOIN \"_medians\" m ON {x_m} JOIN \"_spreads\" s ON {x_s}),\n\
         \"_marked\" AS (SELECT * FROM \"_scored\" WHERE abs(\"_score\") >= {score:?})"
    )
}
