//! What customers spend, how it concentrates, recency against frequency, and segments.

use super::answer::Answer;
use super::disclosure::{LEAST, fold_segments, hide_small_means, merge_bins};
use super::names;
use super::published::Published;
use lakewarden_pipeline::PipelineError;
use lakewarden_report::data::{CustomerPicture, RfmCell, Segment, SpendBin, TopShare};

/// Tables with one scored buyer a row, and the column of segments, if they have one.
const TABLES: &[(&str, Option<&str>)] = &[("customer_rfm", Some("segment")), ("online_retail_rfm", None)];
/// The columns needed of them.
const COLUMNS: [&str; 3] = ["recency_score", "frequency_score", "monetary"];
/// Lower bounds of spend. What is less than the first is in its bin, the last bin has no upper bound.
const BOUNDS: [i64; 27] = [
    -100_000,
    -10_000,
    -1_000,
    -100,
    0,
    10,
    20,
    50,
    100,
    200,
    500,
    1_000,
    2_000,
    5_000,
    10_000,
    20_000,
    50_000,
    100_000,
    200_000,
    500_000,
    1_000_000,
    2_000_000,
    5_000_000,
    10_000_000,
    20_000_000,
    50_000_000,
    100_000_000,
];
/// The best so many percent, of whom the share of revenue is told.
const PERCENTS: [u8; 5] = [1, 5, 10, 20, 40];
/// A bin with fewer than one in this many buyers is merged with its neighbour.
const THIN: u64 = 200;

/// Draws the part of the picture that the first table at hand tells; `false` if there is none.
///
/// # Errors
/// Those of the lake and of the query.
pub(super) async fn draw(published: &Published<'_>, picture: &mut CustomerPicture) -> Result<bool, PipelineError> {
    for (name, segment) in TABLES {
        let needed: Vec<&str> = COLUMNS.into_iter().chain(*segment).collect();
        let Some(table) = published.offers(name, &needed).await? else {
            continue;
        };
        let answer = published.ask(table, &sql(name, *segment)).await?;
        picture.currency = table.column("monetary").and_then(|c| c.unit.clone());
        fill(picture, &answer)?;
        return Ok(true);
    }
    Ok(false)
}

/// One query for all parts; each row says its `part`, one or two keys (`a`, `b`) or a `name`, how many
/// customers and their money.
fn sql(table: &str, segment: Option<&str>) -> String {
    let upper = |(bin, to): (usize, &i64)| format!("WHEN monetary < {to} THEN {bin} ");
    let bins: String = BOUNDS[1..].iter().enumerate().map(upper).collect();
    let last = BOUNDS.len() - 1;
    let percent = |p: &u8| format!("WHEN place * 100 <= buyers * {p} THEN {p} ");
    let best: String = PERCENTS.iter().map(percent).collect();
    let mut parts = vec![
        part("all", [None; 3], table),
        part(
            "spend",
            [Some("bin"), None, None],
            &format!("(SELECT monetary, CASE {bins}ELSE {last} END AS bin FROM {table}) AS binned"),
        ),
        part(
            "best",
            [Some("best"), None, None],
            &format!("(SELECT monetary, CASE {best}ELSE 100 END AS best FROM placed) AS ranked"),
        ),
        part("rfm", [Some("recency_score"), Some("frequency_score"), None], table),
    ];
    parts.extend(segment.map(|_| part("segment", [None, None, segment], table)));
    format!(
        "WITH placed AS (SELECT monetary, \
         CAST(row_number() OVER (ORDER BY monetary DESC) AS BIGINT) AS place, \
         CAST(count(*) OVER () AS BIGINT) AS buyers FROM {table}) {}",
        parts.join(" UNION ALL ")
    )
}

/// The groups of one part, by the keys `a`, `b` and `name` that it has; without any, everybody.
fn part(part: &str, keys: [Option<&str>; 3], from: &str) -> String {
    let [a, b, name] = keys.map(|key| key.unwrap_or("NULL"));
    let by: Vec<&str> = keys.into_iter().flatten().collect();
    let grouped = if by.is_empty() { String::new() } else { format!(" GROUP BY {}", by.join(", ")) };
    format!(
        "SELECT '{part}' AS part, CAST({a} AS BIGINT) AS a, CAST({b} AS BIGINT) AS b, \
         CAST({name} AS VARCHAR) AS name, CAST(count(*) AS BIGINT) AS customers, \
         CAST(sum(monetary) AS DOUBLE) AS money FROM {from}{grouped}"
    )
}

/// One group of customers.
struct Group {
    part: String,
    a: Option<i64>,
    b: Option<i64>,
    name: Option<String>,
    customers: u64,
    money: f64,
}

fn groups(answer: &Answer) -> Result<Vec<Group>, PipelineError> {
    let keys = answer.integers("a")?.into_iter().zip(answer.integers("b")?);
    let named = answer.texts("part")?.into_iter().zip(answer.texts("name")?);
    let measured = answer.counts("customers")?.into_iter().zip(answer.numbers("money")?);
    Ok(keys
        .zip(named)
        .zip(measured)
        .map(|(((a, b), (part, name)), (customers, money))| Group {
            part: part.unwrap_or_default(),
            a,
            b,
            name,
            customers,
            money: money.unwrap_or(0.0),
        })
        .collect())
}

fn fill(picture: &mut CustomerPicture, answer: &Answer) -> Result<(), PipelineError> {
    let groups = groups(answer)?;
    let of = |part: &'static str| groups.iter().filter(move |g| g.part == part);
    let buyers: u64 = of("all").map(|g| g.customers).sum();
    let revenue: f64 = of("all").map(|g| g.money).sum();
    picture.buyers = Some(buyers);
    picture.rfm = cells(of("rfm"));
    picture.spend = bins(of("spend"), buyers);
    if buyers < LEAST {
        return Ok(());
    }
    picture.revenue = Some(revenue);
    // Returns can take a group below nothing, and with it the others above the whole: shares are held at 0 and 1.
    if revenue > 0.0 {
        picture.concentration = shares(of("best"), buyers, revenue);
        picture.segments = segments(of("segment"), revenue);
    }
    Ok(())
}

/// The bins from the first to the last that has a customer.
fn bins<'a>(groups: impl Iterator<Item = &'a Group>, buyers: u64) -> Vec<SpendBin> {
    let mut counts = [0u64; BOUNDS.len()];
    for group in groups {
        if let Some(count) = group.a.and_then(|a| usize::try_from(a).ok()).and_then(|a| counts.get_mut(a)) {
            *count += group.customers;
        }
    }
    let used = |i: &usize| counts[*i] > 0;
    let (Some(first), Some(last)) = ((0..counts.len()).find(used), (0..counts.len()).rfind(used)) else {
        return Vec::new();
    };
    let bin = |i: usize| SpendBin {
        from: BOUNDS[i] as f64,
        to: BOUNDS.get(i + 1).map(|to| *to as f64),
        customers: counts[i],
    };
    merge_bins((first..=last).map(bin), LEAST.max(buyers / THIN))
}

/// The shares of the best, where both they and the others are enough.
fn shares<'a>(groups: impl Iterator<Item = &'a Group>, buyers: u64, revenue: f64) -> Vec<TopShare> {
    let groups: Vec<&Group> = groups.collect();
    let share = |percent: &u8| {
        let best = || groups.iter().filter(|g| g.a.is_some_and(|a| a <= i64::from(*percent)));
        let customers: u64 = best().map(|g| g.customers).sum();
        let enough = customers >= LEAST && buyers - customers >= LEAST;
        enough.then(|| TopShare {
            top_percent: f64::from(*percent),
            revenue_share: (best().map(|g| g.money).sum::<f64>() / revenue).clamp(0.0, 1.0),
        })
    };
    PERCENTS.iter().filter_map(share).collect()
}

fn cells<'a>(groups: impl Iterator<Item = &'a Group>) -> Vec<RfmCell> {
    let score = |score: Option<i64>| score.and_then(|s| u8::try_from(s).ok()).filter(|s| (1..=5).contains(s));
    let mut cells: Vec<RfmCell> = groups
        .filter_map(|g| {
            Some(RfmCell {
                recency: score(g.a)?,
                frequency: score(g.b)?,
                customers: g.customers,
                mean_money: Some(g.money / g.customers as f64),
            })
        })
        .collect();
    cells.sort_by_key(|c| (c.recency, c.frequency));
    hide_small_means(&mut cells);
    cells
}

fn segments<'a>(groups: impl Iterator<Item = &'a Group>, revenue: f64) -> Vec<Segment> {
    let segment = |g: &Group| {
        let name = g.name.clone()?;
        Some(Segment { label: names::segment(&name), name, customers: g.customers, revenue_share: g.money / revenue })
    };
    let mut segments = fold_segments(groups.filter_map(segment).collect());
    for segment in &mut segments {
        segment.revenue_share = segment.revenue_share.clamp(0.0, 1.0);
    }
    segments.sort_by_key(|s| (names::segment_place(&s.name), s.name.clone()));
    segments
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::testing::{ask, reference_project};
    use super::*;
    use arrow::array::{ArrayRef, Decimal128Array, Int64Array, StringArray};
    use std::sync::Arc;

    const SEGMENTS: [&str; 3] = ["champion", "dormant", "new"];

    /// Spend in cents: skewed, a few below nothing.
    fn cents(buyers: i128) -> Vec<i128> {
        (0..buyers).map(|i| if i % 97 == 0 { -500 } else { (i * i * 37) % 9_000_000 / (1 + i % 50) }).collect()
    }

    async fn picture(cents: &[i128], segment: Option<&str>) -> CustomerPicture {
        let scores = |by: i64| -> ArrayRef {
            Arc::new((0..cents.len() as i64).map(|i| Some(1 + i / by % 5)).collect::<Int64Array>())
        };
        let names = (0..cents.len()).map(|i| if i < 3 { "loyal" } else { SEGMENTS[i % 3] });
        let money = Decimal128Array::from(cents.to_vec()).with_precision_and_scale(14, 2).unwrap();
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("recency_score", scores(1)),
            ("frequency_score", scores(5)),
            ("monetary", Arc::new(money)),
            ("segment", Arc::new(StringArray::from_iter_values(names))),
        ];
        let answer = ask("customer_rfm", columns, &sql("customer_rfm", segment)).await;
        let mut picture = CustomerPicture::default();
        fill(&mut picture, &answer).unwrap();
        picture
    }

    #[tokio::test]
    async fn every_buyer_and_all_money_is_in_the_picture() {
        let cents = cents(2_000);
        let picture = picture(&cents, Some("segment")).await;
        let whole = cents.iter().sum::<i128>() as f64 / 100.0;
        assert_eq!(picture.buyers, Some(2_000));
        assert_eq!(picture.revenue, Some(whole), "to the last digit");
        assert_eq!(picture.spend.iter().map(|b| b.customers).sum::<u64>(), 2_000);
        assert_eq!(picture.rfm.iter().map(|c| c.customers).sum::<u64>(), 2_000);
        assert_eq!(picture.rfm.len(), 25);
        let spent: f64 = picture.rfm.iter().map(|c| c.mean_money.unwrap() * c.customers as f64).sum();
        assert!((spent - whole).abs() < 0.01);
        assert_eq!(picture.segments.iter().map(|s| s.customers).sum::<u64>(), 2_000);
        let shares: f64 = picture.segments.iter().map(|s| s.revenue_share).sum();
        assert!((shares - 1.0).abs() < 1e-9);
        let names: Vec<_> = picture.segments.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(names, ["champion", "dormant", "other"], "three loyal ones join the smallest");
    }

    #[tokio::test]
    async fn bins_and_shares_are_those_of_the_rows() {
        let mut cents = cents(2_000);
        let picture = picture(&cents, None).await;
        assert_eq!(picture.segments, []);
        for bin in &picture.spend {
            let inside = |c: &&i128| {
                let money = **c as f64 / 100.0;
                money >= bin.from && bin.to.is_none_or(|to| money < to)
            };
            assert_eq!(cents.iter().filter(inside).count() as u64, bin.customers, "{bin:?}");
        }
        cents.sort_unstable_by(|a, b| b.cmp(a));
        let whole: i128 = cents.iter().sum();
        assert_eq!(picture.concentration.len(), PERCENTS.len());
        for share in &picture.concentration {
            let best = (cents.len() as f64 * share.top_percent / 100.0) as usize;
            let expected = cents[..best].iter().sum::<i128>() as f64 / whole as f64;
            assert!((share.revenue_share - expected).abs() < 1e-9, "{share:?}");
        }
    }

    #[tokio::test]
    async fn few_buyers_are_counted_without_money() {
        let few = picture(&[100, 200, 300, 400], Some("segment")).await;
        assert_eq!((few.buyers, few.revenue), (Some(4), None));
        assert_eq!((few.spend, few.concentration, few.segments), (vec![], vec![], vec![]));
        assert!(few.rfm.iter().all(|c| c.mean_money.is_none()));
        let nobody = picture(&[], Some("segment")).await;
        assert_eq!((nobody.buyers, nobody.revenue, nobody.rfm.len()), (Some(0), None, 0));
    }

    #[test]
    fn the_reference_project_has_the_columns() {
        let open = reference_project();
        for (name, segment) in TABLES {
            let table = open.project.table(name).unwrap();
            for column in COLUMNS.iter().chain(segment) {
                assert!(table.column(column).is_some(), "{name}.{column}");
            }
            assert!(table.column("monetary").unwrap().unit.is_some(), "{name}");
        }
    }
}
