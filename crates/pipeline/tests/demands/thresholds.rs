//! Limits of a load.

use crate::common::files_below;
use crate::common::lake::published;
use crate::market::{Market, ORDERS, Says, account};
use lakewarden_lake::Zone;
use lakewarden_pipeline::PipelineError;
use lakewarden_pipeline::record::Outcome;
use sha2::{Digest, Sha256};
use std::fs;

const LIMITS: &str = "\
thresholds:
  quarantine_at_most: 10%
  duplicates_at_most: 20%
  rows_at_least: 80%
  usual_of: 5
  null_at_most: { sku: 25% }
";

fn market() -> Market {
    Market::new(&Says { orders: LIMITS, paid: ", rules: [{ between: { min: 0 } }]", ..Says::default() })
}

/// Every object of the lake's zones, with what is in it.
fn bytes(market: &Market) -> Vec<(String, Vec<u8>)> {
    let root = market.0.path("lake");
    let files = Zone::ALL.iter().flat_map(|zone| files_below(&root.join(zone.folder())));
    files.map(|path| (path.display().to_string(), Sha256::digest(fs::read(path).unwrap()).to_vec())).collect()
}

fn with(lines: &[(&str, u32)]) -> String {
    let mut body = ORDERS.to_owned();
    for (line, times) in lines {
        (0..*times).for_each(|n| body.push_str(&line.replace('#', &n.to_string())));
    }
    body
}

const GOOD: &str = "G#,B1,S1,5.00,0.00,2026-05-01T10:00:00Z\n";
const NEGATIVE: &str = "X#,B1,S1,-5.00,0.00,2026-05-01T10:00:00Z\n";
const TWICE: &str = "T,B1,S1,5.00,0.00,2026-05-01T10:00:00Z\n";
const NULL: &str = "N#,B1,,5.00,0.00,2026-05-01T10:00:00Z\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_crossed_threshold_leaves_the_lake_as_it_was() {
    for (lines, told) in [
        (
            vec![(GOOD, 17), (NEGATIVE, 3)],
            "orders crosses a threshold: 3 of 20 rows read are lost (quarantined, or their key belongs to another row), at most 10% may be; rows were lost by rule `between` of `paid`: 3",
        ),
        (
            vec![(GOOD, 14), (TWICE, 6)],
            "orders crosses a threshold: 5 of 20 rows read are duplicates, at most 20% may be",
        ),
        (
            vec![(GOOD, 14), (NULL, 6)],
            "orders crosses a threshold: sku is null in 6 of 20 rows written, at most 25% may be",
        ),
        (
            vec![(GOOD, 5), (NULL, 4), (NEGATIVE, 4), (TWICE, 7)],
            "orders crosses 3 thresholds: 4 of 20 rows read are lost (quarantined, or their key belongs to another row), at most 10% may be; 6 of 20 rows read are duplicates, at most 20% may be; \
             sku is null in 4 of 10 rows written, at most 25% may be; rows were lost by rule `between` of `paid`: 4",
        ),
    ] {
        let market = market();
        market.orders("0.csv", 0, 20);
        market.run(1).await;
        let (tables, before) = (published(&market.lake()).await, bytes(&market));
        market.deliver("orders", "1.csv", &with(&lines));
        market.deliver("products", "more.csv", "sku,price\nS3,30\n");
        let error = market.try_run(2).await.unwrap_err();
        assert_eq!((error.code(), error.to_string().as_str()), ("LW6023", told));
        assert!(error.is_refusal() && error.hint().unwrap().contains("lakewarden run --accept-thresholds orders"));
        assert_eq!((published(&market.lake()).await, bytes(&market)), (tables, before), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_just_allowed_passes() {
    let market = market();
    market.deliver(
        "orders",
        "1.csv",
        &with(&[(GOOD, 9), (NULL, 3), (NEGATIVE, 2), (TWICE, 5), ("U,B1,S1,5.00,0.00,\n", 1)]),
    );
    let record = market.run(1).await;
    let found: Vec<_> = account(&record, "orders").thresholds.iter().map(|t| (t.rows, t.of, t.crossed)).collect();
    assert_eq!(found, [(2, Some(20), false), (4, Some(20), false), (20, None, false), (3, Some(14), false)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_usual_shows_after_three_loads() {
    let market = market();
    for (day, rows) in [(1, 1000), (2, 10), (3, 100)] {
        market.orders(&format!("{day}.csv"), day * 10_000, rows);
        let record = market.run(day).await;
        let usual = &account(&record, "orders").thresholds[2];
        assert_eq!((usual.threshold.as_str(), usual.of, usual.crossed), ("rows_at_least", None, false));
    }
    // 80 % of the median of 1000, 10 and 100.
    market.orders("4.csv", 40_000, 79);
    let error = market.try_run(4).await.unwrap_err();
    let told = "orders crosses a threshold: 79 rows were read, at least 80% of the usual 100 must be";
    assert_eq!(error.to_string(), told);
    // A stopped load is no load: the usual is as before. One that is long enough passes, and counts.
    market.orders("4.csv", 40_000, 80);
    assert_eq!(account(&market.run(5).await, "orders").thresholds[2].of, Some(100));
    market.orders("5.csv", 50_000, 200);
    assert_eq!(account(&market.run(6).await, "orders").thresholds[2].of, Some(90), "of 1000, 10, 100, 80");
    // A day without a file is no load either; the one after is held against the last five.
    assert_eq!(account(&market.run(7).await, "orders").thresholds, []);
    market.orders("6.csv", 60_000, 90);
    assert_eq!(account(&market.run(8).await, "orders").thresholds[2].of, Some(100), "of 1000, 10, 100, 80, 200");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_accepts_is_written_down() {
    let market = market();
    market.deliver("orders", "1.csv", &with(&[(GOOD, 10), (NEGATIVE, 10)]));
    for name in ["ordres", "nothing"] {
        let error = market.run_accepting(1, &[name]).await.unwrap_err();
        assert_eq!(error.code(), "LW6024");
        assert_eq!(error.hint().unwrap(), "datasets of the pipeline: products, orders, events");
    }
    assert!(matches!(market.try_run(1).await, Err(PipelineError::Threshold(_))));
    let record = market.run_accepting(1, &["orders"]).await.unwrap();
    assert_eq!(record.outcome, Outcome::Published);
    let accepted: Vec<_> = account(&record, "orders").thresholds.iter().map(|t| (t.crossed, t.accepted)).collect();
    assert_eq!(accepted[0], (true, true));
    assert!(accepted[1..].iter().all(|found| *found == (false, false)));
    let events = market.lake().audit().read_all().await.unwrap();
    let event = events.iter().find(|e| e.record["event"] == "thresholds accepted").unwrap();
    assert_eq!((&event.record["by"], &event.record["dataset"]), (&"a test".into(), &"orders".into()));
    assert_eq!(event.record["thresholds"][0]["rows"], 10);
    let prepared = events.iter().position(|e| e.record["event"] == "prepared").unwrap();
    assert!(events.iter().position(|e| e.sequence == event.sequence).unwrap() < prepared);
}
