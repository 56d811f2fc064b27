//! The second project on real data: UCI Online Retail, against its published figures.
#![allow(clippy::unwrap_used)]

mod common;

use chrono::{DateTime, TimeZone, Utc};
use common::{Shop, keys};
use lakewarden_pipeline::record::{Outcome, RunRecord};
use std::path::PathBuf;

const PIPELINE: &str = "online_retail";

/// 2011-12-10, midnight in Shanghai, the project's zone.
fn as_of() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2011, 12, 9, 16, 0, 0).unwrap()
}

/// The daily files, oldest first.
fn days() -> Vec<PathBuf> {
    let folder = std::env::var("LAKEWARDEN_REFERENCE_DATA").expect("LAKEWARDEN_REFERENCE_DATA names the folder");
    let days = common::files_below(&PathBuf::from(folder).join("online_retail"));
    assert_eq!(days.len(), 305);
    days
}

/// The project's consent log has no events: these customers are read by legitimate interest.
fn deliver(shop: &Shop, days: &[PathBuf]) {
    std::fs::create_dir_all(shop.path("exports/online_retail")).unwrap();
    std::fs::create_dir_all(shop.path("exports/consent_log")).unwrap();
    let header = "id_type,id_value,purpose,action,at,channel,notice_version,jurisdiction\n";
    std::fs::write(shop.path("exports/consent_log/none.csv"), header).unwrap();
    let path = shop.path("pipelines/online_retail/pipeline.yaml");
    let declared = std::fs::read_to_string(&path).unwrap();
    let log = "channels:\n  consent_log: exports/consent_log/*\n";
    if !declared.contains(log) {
        std::fs::write(path, declared.replace("channels:\n", log)).unwrap();
    }
    for day in days {
        std::fs::copy(day, shop.path("exports/online_retail").join(day.file_name().unwrap())).unwrap();
    }
}

async fn run(shop: &Shop) -> RunRecord {
    shop.run_as(PIPELINE, &keys(), as_of()).await.unwrap()
}

async fn ask(shop: &Shop, sql: &str) -> Vec<String> {
    shop.ask_as(sql, "analytics", Some(PIPELINE), as_of()).await.unwrap()
}

const TABLES: [&str; 4] = [
    "SELECT customer_id, identifiers, domains FROM customers ORDER BY customer_id",
    "SELECT * FROM online_retail_rfm ORDER BY customer_id",
    "SELECT * FROM online_retail_monthly ORDER BY 1, 2",
    "SELECT customer_id, count(*), sum(amount) FROM online_retail_sales GROUP BY customer_id ORDER BY customer_id",
];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs LAKEWARDEN_REFERENCE_DATA"]
async fn published_figures_are_met_to_the_last_digit_however_the_files_arrive() {
    let days = days();
    let at_once = Shop::empty();
    deliver(&at_once, &days);
    let record = run(&at_once).await;
    assert_eq!(record.outcome, Outcome::Published);
    let loaded = record.datasets.iter().find(|d| d.dataset == "online_retail_lines").unwrap();
    assert_eq!((loaded.read, loaded.written, loaded.exact_duplicates), (541_909, 541_909, 5_268));
    let sales = record.models.iter().find(|m| m.table == "online_retail_sales").unwrap();
    assert_eq!(sales.rows, 397_884);
    figures(&at_once).await;

    let in_parts = Shop::empty();
    for part in [&days[..1], &days[1..2], &days[2..150], &days[150..304], &days[304..]] {
        deliver(&in_parts, part);
        assert_eq!(run(&in_parts).await.outcome, Outcome::Published);
    }
    for sql in TABLES {
        assert_eq!(ask(&at_once, sql).await, ask(&in_parts, sql).await, "{sql}");
    }
    assert_eq!(run(&in_parts).await.outcome, Outcome::Unchanged);
}

async fn figures(shop: &Shop) {
    let total = "SELECT count(*), sum(frequency), sum(monetary) FROM online_retail_rfm";
    assert_eq!(ask(shop, total).await, ["4338|18532|8911407.904"]);
    let tokeniser = keys().tokeniser("online_customer");
    for (customer, expected) in [("14646", "2|73|280206.02"), ("18102", "1|60|259657.30"), ("17450", "9|46|194550.79")]
    {
        let token = tokeniser.token_of(customer);
        let sql = format!(
            "SELECT r.recency_days, r.frequency, CAST(r.monetary AS DECIMAL(14, 2)) \
             FROM online_retail_rfm r \
             WHERE r.customer_id IN (SELECT customer_id FROM online_retail_lines WHERE customer_no = '{token}')"
        );
        assert_eq!(ask(shop, &sql).await, [expected], "customer {customer}");
    }
}
