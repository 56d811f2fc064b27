//! Everything that an examination finds, planted.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use lakewarden_lake::{Checkup, Finding, Health, Lake, LakeError, Mode, Severity, Zone};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use serde_json::json;
use url::Url;
use uuid::Uuid;

use crate::bad_store::{BadStore, Badness};
use crate::fault_store::{Fault, FaultStore, contents};
use crate::sample::*;

/// Later than every file of a test, by the store's clock and by ours.
fn later() -> DateTime<Utc> {
    Utc::now() + minutes(2)
}

/// All findings but those that tell of a server whose conditional puts race.
async fn examined(lake: &Lake, grace: TimeDelta) -> Health {
    let clock = later;
    let mut health = lake.examine(&Checkup { clock: &clock, probe: Uuid::new_v4(), grace }).await.unwrap();
    health.findings.retain(|finding| finding.code != "LW5064");
    health
}

async fn findings(lake: &Lake) -> Vec<Finding> {
    examined(lake, TimeDelta::zero()).await.findings
}

fn codes(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.code).collect()
}

/// The one finding that there should be.
async fn only(lake: &Lake, code: &str, severity: Severity, at: &str, mend: &str) -> Finding {
    let found = findings(lake).await;
    assert_eq!(codes(&found), [code], "{found:#?}");
    let finding = found.into_iter().next().unwrap();
    assert_eq!(finding.severity, severity, "{finding:?}");
    assert!(finding.at.contains(at), "{finding:?}");
    assert!(finding.mend.contains(mend), "{finding:?}");
    finding
}

fn path(path: &str) -> Path {
    Path::from(path)
}

async fn put(lake: &Lake, at: &str, bytes: impl Into<bytes::Bytes>) {
    lake.store().put(&path(at), bytes.into().into()).await.unwrap();
}

async fn get(lake: &Lake, at: &str) -> bytes::Bytes {
    lake.store().get(&path(at)).await.unwrap().bytes().await.unwrap()
}

fn commit(version: u64) -> String {
    format!("conformed/t/_delta_log/{version:020}.json")
}

/// Eleven versions with a checkpoint, a record, and a lease that was given back.
async fn furnished(lake: &Lake) {
    for version in 0..11 {
        publish(lake, Zone::Conformed, "t", Mode::Append, rows(version, 1)).await.unwrap();
    }
    lake.audit().append(json!("one"), noon()).await.unwrap();
    lake.audit().append(json!("two"), noon()).await.unwrap();
    lake.lease("run", noon(), minutes(15)).await.unwrap().release().await.unwrap();
}

pub async fn a_sound_lake_is_healthy(lake: &Lake) {
    assert_eq!(findings(lake).await, []);
    furnished(lake).await;
    let before = contents(lake.store().as_ref()).await;
    let health = examined(lake, TimeDelta::zero()).await;
    assert_eq!(health.findings, []);
    assert_eq!((health.tables, health.files, health.young), (1, 11, 0));
    assert_eq!(health.audit.unwrap().sequence, 2);
    assert!(health.bytes > 1000 && health.latency.is_some());
    let changed = |objects: Vec<(String, bytes::Bytes)>| -> Vec<_> {
        objects.into_iter().filter(|(path, _)| path != "_lakewarden/store.json").collect()
    };
    assert_eq!(changed(contents(lake.store().as_ref()).await), changed(before), "examining changes nothing");
}

pub async fn what_runs_left_is_found_and_mended(lake: &Lake) {
    furnished(lake).await;
    // A run dies with the lease in its hand ...
    let dead = lake.lease("the dead", noon(), minutes(15)).await.unwrap();
    drop(dead);
    let held = only(lake, "LW5050", Severity::Warning, "_lakewarden/lease", "--fix").await;
    assert!(held.what.contains("the dead") && held.fixable, "{held:?}");
    // ... after staging files, which are not left over while they are young ...
    let lost = stage(lake, Zone::Conformed, "t", rows(50, 5)).await.unwrap();
    let never = stage(lake, Zone::Curated, "never", rows(0, 5)).await.unwrap();
    put(lake, "_lakewarden/probe/left.txt", "probe").await;
    let health = examined(lake, minutes(60)).await;
    assert_eq!((codes(&health.findings), health.young), (vec!["LW5050"], 3));
    let found = findings(lake).await;
    assert_eq!(codes(&found), ["LW5050", "LW5066"]);
    let left = &found[1];
    assert!(left.fixable && left.severity == Severity::Warning && left.what.starts_with("3 files"), "{left:?}");
    for orphan in [&lost.files[0].path, &never.files[0].path] {
        assert!(left.at.contains(orphan.as_str()), "{left:?}");
    }
    // ... and after it had decided to publish.
    let planned = stage(lake, Zone::Conformed, "t", rows(11, 4)).await.unwrap();
    let planned = publication(Uuid::new_v4(), vec![change(planned, Mode::Append)]);
    crate::faults::record_intent_only(lake, planned.clone()).await;
    let found = findings(lake).await;
    assert_eq!(codes(&found), ["LW5050", "LW5042", "LW5066"]);
    let decided = &found[1];
    assert!(decided.what.contains("decided and not begun") && decided.at.contains(&planned.id.to_string()));
    assert!(found[2].what.starts_with("3 files"), "what is about to be published is not left over: {:?}", found[2]);

    let lease = lake.lease("doctor", later(), minutes(15)).await.unwrap();
    assert_eq!(lake.recover().await.unwrap().completed, [planned.id]);
    let removed = lake.tidy(TimeDelta::zero(), later()).await.unwrap();
    lease.release().await.unwrap();
    assert_eq!(removed.len(), 3);
    assert_eq!(findings(lake).await, []);
    assert_eq!(ids(lake, Zone::Conformed, "t").await.map(sorted), Some(to(15)));

    // One that no longer fits its table is going to be withdrawn, and says so.
    publish(lake, Zone::Curated, "r", Mode::Replace, rows(0, 3)).await.unwrap();
    let stale = stage(lake, Zone::Curated, "r", rows(90, 5)).await.unwrap();
    crate::faults::record_intent_only(lake, publication(Uuid::new_v4(), vec![change(stale, Mode::Replace)])).await;
    crate::faults::foreign_append(lake, Zone::Curated, "r").await;
    let withdrawn = only(lake, "LW5042", Severity::Warning, "_lakewarden/publication", "--fix").await;
    assert!(withdrawn.what.contains("will be withdrawn") && withdrawn.what.contains("curated/r"));
    assert_eq!(lake.recover().await.unwrap().withdrawn.len(), 1);
    only(lake, "LW5066", Severity::Warning, "curated/r", "--fix").await;
    lake.tidy(TimeDelta::zero(), later()).await.unwrap();

    // A lease that lives is good to know.
    let alive = lake.lease("the living", later(), minutes(15)).await.unwrap();
    only(lake, "LW5050", Severity::Advice, "_lakewarden/lease", "--take-over").await;
    alive.release().await.unwrap();
    assert_eq!(findings(lake).await, []);
}

pub async fn damaged_logs_are_told_with_what_mends_them(lake: &Lake) {
    furnished(lake).await;
    let checkpoint = "conformed/t/_delta_log/00000000000000000009.checkpoint.parquet";
    let whole = get(lake, checkpoint).await;
    let lost = stage(lake, Zone::Conformed, "t", rows(50, 5)).await.unwrap();
    let only_lost = async |lake: &Lake| only(lake, "LW5066", Severity::Warning, &lost.files[0].path, "--fix").await;
    only_lost(lake).await;

    // A checkpoint that is cut: every commit is there, so it may go.
    put(lake, checkpoint, whole.slice(..whole.len() / 2)).await;
    let cut = only(lake, "LW5067", Severity::Error, checkpoint, &format!("delete {checkpoint}")).await;
    assert!(cut.what.contains("cannot be read"), "{cut:?}");
    assert_eq!(lake.tidy(TimeDelta::zero(), later()).await.unwrap(), [], "no file of a table that cannot be read");
    lake.store().delete(&path(checkpoint)).await.unwrap();
    let pointer = "conformed/t/_delta_log/_last_checkpoint";
    assert!(cut.mend.contains("_last_checkpoint"), "{cut:?}");
    only(lake, "LW5067", Severity::Error, pointer, &format!("delete {pointer}")).await;
    let pointed = get(lake, pointer).await;
    lake.store().delete(&path(pointer)).await.unwrap();
    only_lost(lake).await;
    assert_eq!(ids(lake, Zone::Conformed, "t").await.map(sorted), Some(to(11)), "as the finding says, it is read");
    put(lake, checkpoint, whole.clone()).await;
    put(lake, pointer, pointed).await;
    only_lost(lake).await;

    // One of three parts.
    let part = "conformed/t/_delta_log/00000000000000000008.checkpoint.0000000001.0000000003.parquet";
    put(lake, part, whole.clone()).await;
    let found = findings(lake).await;
    assert!(found.iter().any(|f| f.code == "LW5067" && f.at == part && f.what.contains("lacks parts")), "{found:?}");
    lake.store().delete(&path(part)).await.unwrap();

    // A commit that is gone before the newest checkpoint costs history only; after it, the table.
    let tenth = get(lake, &commit(10)).await;
    lake.store().delete(&path(checkpoint)).await.unwrap();
    lake.store().delete(&path(pointer)).await.unwrap();
    only_lost(lake).await;
    let fifth = get(lake, &commit(5)).await;
    lake.store().delete(&path(&commit(5))).await.unwrap();
    let gap = only(lake, "LW5067", Severity::Error, &commit(5), "restore").await;
    assert!(gap.what.contains("version 5 is missing"), "{gap:?}");
    assert_eq!(lake.tidy(TimeDelta::zero(), later()).await.unwrap(), [], "files of the missing version may be its own");
    assert_eq!(lake.remove_orphans(TimeDelta::zero(), later()).await.unwrap(), []);
    put(lake, &commit(5), fifth).await;

    // A commit that is cut.
    put(lake, &commit(10), tenth.slice(..tenth.len() / 2)).await;
    only(lake, "LW5011", Severity::Error, "conformed/t", "backup").await;
    put(lake, &commit(10), tenth).await;

    // A file of the newest version is gone, another one is cut.
    let files = lake.table(Zone::Conformed, "t").await.unwrap().unwrap().files;
    let kept = get(lake, &files[3].path).await;
    lake.store().delete(&path(&files[2].path)).await.unwrap();
    put(lake, &files[3].path, kept.slice(..kept.len() - 1)).await;
    let found = findings(lake).await;
    assert_eq!(codes(&found), ["LW5065", "LW5066"]);
    assert!(found[0].at.contains(&files[2].path) && found[0].at.contains(&files[3].path), "{found:?}");
    assert!(found[0].what.contains("2 of its 11 files"), "{found:?}");
}

pub async fn damaged_records_are_told_with_what_mends_them(lake: &Lake) {
    furnished(lake).await;
    let first = get(lake, "_lakewarden/audit/00000001.json").await;
    lake.store().delete(&path("_lakewarden/audit/00000001.json")).await.unwrap();
    only(lake, "LW5060", Severity::Error, "_lakewarden/audit", "backup").await;
    put(lake, "_lakewarden/audit/00000001.json", first).await;

    put(lake, "_lakewarden/lease/00000009.json", "{\"owner\":").await;
    let torn = "_lakewarden/lease/00000009.json";
    only(lake, "LW5006", Severity::Error, torn, &format!("delete {torn}")).await;
    lake.store().delete(&path(torn)).await.unwrap();

    let intent = format!("_lakewarden/publication/{}.json", Uuid::from_u128(5));
    put(lake, &intent, "{}").await;
    only(lake, "LW5006", Severity::Error, &intent, "").await;
    // What it names is not known: nothing is left over meanwhile.
    stage(lake, Zone::Conformed, "t", rows(50, 5)).await.unwrap();
    assert_eq!(lake.tidy(TimeDelta::zero(), later()).await.unwrap(), []);
    lake.store().delete(&path(&intent)).await.unwrap();
    only(lake, "LW5066", Severity::Warning, "conformed/t", "--fix").await;

    // A table of another program's making.
    let protocol = r#"{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["deletionVectors"],"writerFeatures":["deletionVectors"]}}"#;
    lake.tidy(TimeDelta::zero(), later()).await.unwrap();
    put(lake, &commit(11), format!("{protocol}\n")).await;
    only(lake, "LW5010", Severity::Error, "conformed/t", "another program").await;
}

/// Of eight that put one object at once, one wins.
pub async fn a_race_is_won_by_one(lake: &Lake) {
    let clock = later;
    for _ in 0..5 {
        let checkup = Checkup { clock: &clock, probe: Uuid::new_v4(), grace: minutes(60) };
        assert_eq!(lake.examine(&checkup).await.unwrap().findings, []);
    }
}

fn on(store: Arc<dyn ObjectStore>) -> Lake {
    Lake::with_store(&Url::parse("memory:///lake").unwrap(), store).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_not_fit_is_the_worst_finding() {
    for (badness, code) in [
        (Badness::Overwrites, "LW5062"),
        (Badness::RefusesAndOverwrites, "LW5062"),
        (Badness::ReadsThePast, "LW5063"),
        (Badness::Races, "LW5064"),
    ] {
        let lake = on(BadStore::new(Arc::new(InMemory::new()), badness));
        let health = lake.examine(&Checkup { clock: &later, probe: Uuid::new_v4(), grace: minutes(0) }).await.unwrap();
        let found = &health.findings[0];
        assert_eq!((found.code, found.severity), (code, Severity::Error), "{badness:?}");
        assert!(found.at.starts_with("memory:///lake/") && !found.mend.is_empty(), "{found:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_does_not_answer_is_no_finding() {
    for at in [1, 2, 6, 20] {
        let lake = on(FaultStore::new(Arc::new(InMemory::new()), at, Fault::DiesBefore));
        let clock = later;
        let error =
            lake.examine(&Checkup { clock: &clock, probe: Uuid::new_v4(), grace: minutes(0) }).await.unwrap_err();
        assert!(matches!(error, LakeError::Store { .. }) && error.is_retryable(), "{at}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_wrong_is_told_of() {
    let lake = on(Arc::new(InMemory::new()));
    let ahead = || Utc::now() + minutes(50);
    let health = lake.examine(&Checkup { clock: &ahead, probe: Uuid::new_v4(), grace: minutes(0) }).await.unwrap();
    assert_eq!(codes(&health.findings), ["LW5069"]);
    assert!(health.findings[0].what.contains("ahead of the store's"), "{:?}", health.findings);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_small_files_are_good_to_know() {
    let lake = on(Arc::new(InMemory::new()));
    let mut writing = options(Uuid::new_v4());
    writing.rows_per_file = std::num::NonZeroUsize::MIN;
    let staged = stage_with(&lake, Zone::Conformed, "t", schema(), vec![rows(0, 100)], writing).await.unwrap();
    lake.publish(publication(Uuid::new_v4(), vec![change(staged, Mode::Append)])).await.unwrap();
    let found = only(&lake, "LW5068", Severity::Advice, "conformed/t", "larger").await;
    assert!(found.what.contains("100 files"), "{found:?}");
}
