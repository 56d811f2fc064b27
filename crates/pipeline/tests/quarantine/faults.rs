//! A release or discard that dies, or meets an error, at every single call to the store: all or nothing, and in the end
//! no sealed record lies where no table names it.

use crate::club::Club;
use crate::fault_store::{Fault, FaultStore};
use crate::{club, handling, keys, mend};
use lakewarden_lake::{Lake, Zone};
use lakewarden_pipeline::PipelineError;
use lakewarden_pipeline::quarantine::{Selection, discard, release};
use object_store::memory::InMemory;
use object_store::{ObjectStore, ObjectStoreExt};
use std::sync::Arc;

/// The club's lake, in memory.
async fn in_memory(club: &Club) -> InMemory {
    let store = InMemory::new();
    let root = club.path("lake");
    for path in crate::common::files_below(&root) {
        let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        let bytes = std::fs::read(&path).unwrap();
        store.put(&object_store::path::Path::from(format!("lake/{name}")), bytes.into()).await.unwrap();
    }
    store
}

fn lake_on(store: Arc<dyn ObjectStore>) -> Lake {
    Lake::with_store(&"memory:///lake".parse().unwrap(), store).unwrap()
}

/// Rows of both tables, and the files below the quarantine that no version names now.
async fn state(lake: &Lake) -> ((u64, u64), usize) {
    let conformed = lake.table(Zone::Conformed, "visits").await.unwrap().unwrap();
    let sealed = lake.table(Zone::Quarantine, "visits").await.unwrap().unwrap();
    crate::totals(&conformed);
    let folder = object_store::path::Path::from("quarantine/visits");
    let all: Vec<_> = futures::TryStreamExt::try_collect(lake.store().list(Some(&folder))).await.unwrap();
    let all: Vec<object_store::ObjectMeta> = all;
    let data = all.iter().filter(|o| !o.location.as_ref().contains("_delta_log")).count();
    ((conformed.rows(), sealed.rows()), data - sealed.files.len())
}

async fn act(club: &Club, lake: Lake, verb: &str, take_over: bool) -> Result<(), PipelineError> {
    let (open, all) = (club.open(), Selection::default());
    let handling = handling(take_over);
    if verb == "release" {
        let at = Some(crate::club::at("2026-07-02"));
        release(&open, lake, &keys(), &all, at, false, &handling).await.map(drop)
    } else {
        discard(&open, lake, &all, "a test", &handling).await.map(drop)
    }
}

async fn every_call(verb: &str, fault: Fault) {
    let club = club().await;
    mend(&club);
    let base = in_memory(&club).await;
    let undisturbed: Arc<dyn ObjectStore> = Arc::new(base.fork());
    let before = state(&lake_on(undisturbed.clone())).await.0;
    act(&club, lake_on(undisturbed.clone()), verb, false).await.unwrap();
    let after = state(&lake_on(undisturbed)).await;
    assert_eq!((before, after), ((1, 5), if verb == "release" { ((3, 1), 0) } else { ((1, 0), 0) }));
    let (mut saw_before, mut saw_after) = (0, 0);
    for at in 1.. {
        let store: Arc<dyn ObjectStore> = Arc::new(base.fork());
        let faulty = FaultStore::new(Arc::clone(&store), at, fault);
        let result = act(&club, lake_on(faulty.clone()), verb, false).await;
        if !faulty.struck() {
            result.unwrap();
            assert!(at > 40, "only {at} calls");
            break;
        }
        // The next process: it completes what was decided, or begins anew.
        let lake = lake_on(store.clone());
        lake.recover().await.unwrap();
        let found = state(&lake).await.0;
        assert!(found == before || found == after.0, "call {at}: {found:?}");
        if found == before {
            saw_before += 1;
        } else {
            saw_after += 1;
        }
        act(&club, lake_on(store.clone()), verb, true).await.unwrap();
        assert_eq!(state(&lake_on(store)).await, after, "call {at}: rows, and files that nothing names");
        lake.audit().verify().await.unwrap();
    }
    assert!(saw_before > 20 && saw_after > 3, "{saw_before} before, {saw_after} after");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_dies_anywhere_happens_wholly_or_not_at_all() {
    every_call("release", Fault::DiesBefore).await;
    every_call("release", Fault::DiesAfter).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_meets_an_error_anywhere_happens_wholly_or_not_at_all() {
    every_call("release", Fault::FailsOnce).await;
    every_call("release", Fault::AnswerLost).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discard_that_dies_or_meets_an_error_anywhere_happens_wholly_or_not_at_all() {
    for fault in [Fault::DiesBefore, Fault::DiesAfter, Fault::FailsOnce, Fault::AnswerLost] {
        every_call("discard", fault).await;
    }
}
