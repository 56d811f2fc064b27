//! The command: who did what is recorded, and nothing happens beside a run.

use crate::fault_store::contents;
use crate::stall::*;
use chrono::TimeDelta;
use lakewarden_lake::LakeError;
use lakewarden_pipeline::{PipelineError, Verb};
use serde_json::Value;

async fn audited(stall: &Stall, event: &str) -> Vec<Value> {
    let trail = stall.lake().audit().examine(None).await.unwrap();
    assert!(trail.problems.is_empty(), "{:?}", trail.problems);
    trail.records.iter().map(|record| record.record.clone()).filter(|record| record["event"] == event).collect()
}

async fn changed() -> Stall {
    let stall = Stall::new("").with_canaries();
    stall.run(1).await;
    stall.change_policy();
    stall.run(7).await;
    stall
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_removed_is_in_the_audit_log_before_and_after() {
    let stall = changed().await;
    assert!(audited(&stall, "vacuum_prepared").await.is_empty());
    let dry = stall.vacuum(14, false, true).await.unwrap();
    assert!(dry.dry_run && audited(&stall, "vacuum_prepared").await.is_empty());
    let planned = stall.plan(14).await;
    let action = planned.actions.iter().find(|action| action.subject == "old versions").unwrap();
    assert_eq!((action.verb, action.bytes), (Verb::Remove, dry.removed.bytes()));
    assert!(action.because.ends_with("with versions that ended before 2026-10-07 12:00:00 UTC"), "{}", action.because);
    let vacuumed = stall.vacuum(14, false, false).await.unwrap();
    assert_eq!(vacuumed.removed, dry.removed);
    let (prepared, done) = (audited(&stall, "vacuum_prepared").await, audited(&stall, "vacuumed").await);
    assert_eq!((prepared.len(), done.len()), (1, 1));
    assert_eq!(done[0]["removed"], serde_json::to_value(&vacuumed.removed).unwrap());
    assert_eq!(prepared[0]["removed"], done[0]["removed"]);
    assert_eq!(done[0]["by"], "a test");
    let visits = vacuumed.removed.tables.iter().find(|table| table.table == "visits").unwrap();
    assert_eq!((visits.files, visits.log_objects, visits.oldest_kept, visits.oldest_kept_at), (1, 1, 1, day(7)));
    // Nothing more: nothing is written.
    let before = contents(stall.lake().store().as_ref()).await.len();
    assert!(stall.vacuum(14, false, false).await.unwrap().removed.is_empty());
    assert_eq!(contents(stall.lake().store().as_ref()).await.len(), before);
    let evidence = lakewarden_pipeline::examine_evidence(&stall.lake(), None).await.unwrap();
    assert!(evidence.holds(), "{:?}", evidence.findings);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_waits_for_a_run_that_holds_the_lake() {
    let stall = changed().await;
    let lease = stall.lake().lease("a run", day(14), TimeDelta::minutes(15)).await.unwrap();
    let refused = stall.vacuum(14, false, false).await.unwrap_err();
    assert!(matches!(refused, PipelineError::Lake(LakeError::LeaseHeld { .. })), "{refused}");
    assert!(stall.vacuum(14, false, true).await.is_ok(), "a dry run needs no lease");
    lease.release().await.unwrap();
    assert!(!stall.vacuum(14, false, false).await.unwrap().removed.tables.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_cannot_be_read_keeps_its_versions_and_is_reported() {
    let stall = changed().await;
    std::fs::write(stall.path("lake/conformed/visits/_delta_log/00000000000000000001.json"), "{").unwrap();
    let removed = stall.vacuum(14, false, false).await.unwrap().removed;
    assert!(removed.tables.iter().all(|table| table.table != "visits") && !removed.tables.is_empty());
    assert_eq!(removed.remaining.len(), 1);
    assert_eq!(removed.remaining[0].code, "LW5081");
}
