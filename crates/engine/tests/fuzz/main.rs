//! Random SQL against the gate: no canary in any result, and every result equal to the same query over tables
//! without the withheld rows.
//!
//! `cargo run -p xtask -- fuzz --queries 100000 --seed 1` runs many; `LAKEWARDEN_FUZZ_QUERIES`, `…_SEED` and
//! `…_FROM` (the number of the first query) say the same to the ignored test here; with `…_SHOW` it prints the
//! queries, with `…_FAILURES` those that failed on both sides.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stderr, missing_docs)]

mod corpus;
mod draw;
mod expressions;
mod forbidden;
mod generator;
mod outcome;
#[allow(dead_code)]
#[path = "../governed/people.rs"]
mod people;
mod run;
mod scope;
mod shape;
#[allow(dead_code)]
#[path = "../governed/shop.rs"]
mod shop;
mod subqueries;
mod unstated;

use run::{Asked, Report, run};
use std::sync::Arc;

/// The run of every day: these seeds, so many queries each.
const SEEDS: [u64; 2] = [1, 20_261_001];
const QUERIES: u64 = 250;

fn judge(report: &Report) {
    assert!(report.findings.is_empty(), "{report}\n{}", report.findings.join("\n"));
    assert!(report.ran() > 90.0, "{report}\n{}", report.failures.join("\n"));
    assert!(report.refused > 0 && report.not_empty * 2 > report.equal, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn random_queries_see_nothing_that_is_withheld() {
    let asked = Arc::new(Asked::new().await);
    for seed in SEEDS {
        judge(&run(seed, 0..QUERIES, asked.clone(), |_| ()).await);
    }
}

/// The long run.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes hours: cargo run -p xtask -- fuzz"]
async fn as_many_as_asked_for() {
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    let queries = number("LAKEWARDEN_FUZZ_QUERIES").unwrap_or(10_000);
    let seed = number("LAKEWARDEN_FUZZ_SEED").unwrap_or(1);
    let from = number("LAKEWARDEN_FUZZ_FROM").unwrap_or(0);
    let show = std::env::var("LAKEWARDEN_FUZZ_SHOW").is_ok();
    for number in (from..from + queries).filter(|_| show) {
        eprintln!("-- seed {seed}, query {number}\n{};", generator::Generator::new(seed, number).statement().sql);
    }
    let told = |report: &Report| {
        if report.queries.is_multiple_of(1_000) {
            eprintln!("{report}");
        }
    };
    let report = run(seed, from..from + queries, Arc::new(Asked::new().await), told).await;
    eprintln!("seed {seed}, from {from}: {report}");
    if std::env::var("LAKEWARDEN_FUZZ_FAILURES").is_ok() {
        eprintln!("{}", report.failures.join("\n"));
        eprintln!("{}", report.divided.join("\n"));
    }
    eprintln!("{}", report.findings.join("\n"));
    judge(&report);
}
