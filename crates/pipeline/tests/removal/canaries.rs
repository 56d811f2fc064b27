//! Planted values of a dropped column, an expired row and a withdrawn person, looked for in every byte.

use crate::bytes::objects_with;
use crate::stall::*;
use lakewarden_lake::Zone;
use lakewarden_pipeline::record::Outcome;
use std::collections::BTreeSet;

const CANARIES: [&str; 6] = [DROPPED_TEXT, DROPPED_NUMBER, ENDED_TEXT, ENDED_NUMBER, WITHDRAWN_TEXT, WITHDRAWN_NUMBER];

async fn seen(stall: &Stall) -> BTreeSet<&'static str> {
    let lake = stall.lake();
    let mut seen = BTreeSet::new();
    for canary in CANARIES {
        if !objects_with(lake.store().as_ref(), canary).await.is_empty() {
            seen.insert(canary);
        }
    }
    seen
}

fn all() -> BTreeSet<&'static str> {
    CANARIES.into()
}

async fn planted(settings: &str) -> Stall {
    let stall = Stall::new(settings).with_canaries();
    let record = stall.run(1).await;
    assert_eq!((record.outcome, record.vacuum), (Outcome::Published, None));
    assert_eq!(seen(&stall).await, all(), "what is not there cannot be missed");
    let log = objects_with(stall.lake().store().as_ref(), ENDED_NUMBER).await;
    assert!(log.iter().any(|path| path.ends_with("00000000000000000000.json")), "a bound in the log: {log:?}");
    stall
}

async fn expect_gone_from_tables(stall: &Stall) {
    let visits = stall.table(Zone::Conformed, "visits").await.unwrap();
    assert!(visits.schema.field_with_name("shoe").is_err() && visits.schema.field_with_name("size").is_err());
    assert_eq!(stall.rows("visits", &["visit", "note"]).await, ["2|later", "3|canary-withdrawn", "4|plain"]);
    assert_eq!(stall.ask("SELECT note FROM visits", 6, 6).await, ["later", "plain"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_policy_removed_is_in_no_byte_once_the_history_is_over() {
    let stall = planted("").await;
    stall.change_policy();
    let record = stall.run(7).await;
    let visits = account(&record, "visits");
    assert_eq!(visits.retention_ended, 1);
    assert_eq!(visits.columns_removed, ["shoe", "size"]);
    expect_gone_from_tables(&stall).await;
    assert_eq!(seen(&stall).await, all(), "the version of the 1st can be restored for a week");

    // The version of the 1st was current until noon of the 7th.
    let record = stall.run(13).await;
    assert_eq!((record.vacuum, seen(&stall).await), (None, all()), "within the week");
    let record = stall.run(14).await;
    let removed = record.vacuum.unwrap();
    assert_eq!(removed.kept_since, day(7));
    let tables: BTreeSet<&str> = removed.tables.iter().map(|table| table.table.as_str()).collect();
    assert!(tables.contains("visits") && tables.contains("visitors"), "{tables:?}");
    assert_eq!(seen(&stall).await, BTreeSet::new());
    expect_gone_from_tables(&stall).await;

    // Time travel brings nothing back.
    let lake = stall.lake();
    for (path, _) in crate::fault_store::contents(lake.store().as_ref()).await {
        assert!(!path.ends_with("_delta_log/00000000000000000000.json") || path.contains(".unread/"), "{path}");
    }
    assert_eq!(stall.ask("SELECT note FROM visits", 1, 14).await, ["later", "plain"]);
    // Everything else goes on: what is loaded is loaded, totals and ledger are known.
    let record = stall.try_run(&lake, Some(day(14)), day(14)).await.unwrap();
    assert_eq!(record.outcome, Outcome::Unchanged);
    let ledger = lakewarden_pipeline::ledger(&stall.open(), &lake, None).await.unwrap();
    assert_eq!(ledger.iter().map(|set| set.files.len()).sum::<usize>(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_history_the_run_itself_removes_the_old_versions() {
    let stall = planted("history: P0D\n").await;
    stall.change_policy();
    let record = stall.run(7).await;
    assert!(record.vacuum.is_some());
    assert_eq!(seen(&stall).await, BTreeSet::new());
    expect_gone_from_tables(&stall).await;
    let again = stall.try_run(&stall.lake(), Some(day(7)), day(7)).await.unwrap();
    assert_eq!((again.outcome, again.vacuum), (Outcome::Unchanged, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vacuum_removes_them_without_a_run() {
    let stall = planted("").await;
    stall.change_policy();
    stall.run(7).await;
    assert!(stall.vacuum(13, false, false).await.unwrap().removed.tables.is_empty());
    assert_eq!(seen(&stall).await, all());
    stall.vacuum(14, false, true).await.unwrap();
    assert_eq!(seen(&stall).await, all(), "a dry run");
    let vacuumed = stall.vacuum(14, false, false).await.unwrap();
    assert!(vacuumed.removed.files() > 0 && vacuumed.removed.bytes() > 0);
    assert_eq!(seen(&stall).await, BTreeSet::new());
    expect_gone_from_tables(&stall).await;

    let stall = planted("").await;
    stall.change_policy();
    stall.run(7).await;
    stall.vacuum(7, true, false).await.unwrap();
    assert_eq!(seen(&stall).await, BTreeSet::new(), "all history, at once");
    expect_gone_from_tables(&stall).await;
}
