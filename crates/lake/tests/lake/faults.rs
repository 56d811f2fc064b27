//! A run that dies, or meets an error, at every single call to the store.

use std::sync::Arc;

use lakewarden_lake::{Lake, LakeError, Mode, Publication, Zone};
use object_store::ObjectStore;
use object_store::memory::InMemory;
use url::Url;
use uuid::Uuid;

use crate::fault_store::{Fault, FaultStore, contents};
use crate::sample::*;

const TABLES: [(Zone, &str); 3] = [(Zone::Conformed, "old"), (Zone::Curated, "replaced"), (Zone::Curated, "new")];
const FILE: &str = "lakewarden/file/0123";

fn url() -> Url {
    Url::parse("memory:///lake").unwrap()
}

fn lake_on(store: &Arc<dyn ObjectStore>) -> Lake {
    Lake::with_store(&url(), Arc::clone(store)).unwrap()
}

/// What a run does: takes the lease, completes what others left, and, unless the ledger says that
/// it is done, stages three tables, publishes them and says so in the audit log.
async fn run(lake: &Lake, hour: i64) -> Result<(), LakeError> {
    let lease = lake.lease("run", noon() + minutes(hour * 60), minutes(30)).await?;
    lake.recover().await?;
    let ledger = lake.table(Zone::Conformed, "old").await?.unwrap().transactions;
    if !ledger.contains_key(FILE) {
        let mut changes = Vec::new();
        for ((zone, name), mode) in TABLES.into_iter().zip([Mode::Append, Mode::Replace, Mode::Append]) {
            let staged = stage(lake, zone, name, rows(100, 150)).await?;
            changes.push(change(staged, mode));
        }
        changes[0].transactions.push((FILE.to_owned(), 1));
        lake.publish(publication(Uuid::new_v4(), changes)).await?;
        lake.audit().append(serde_json::json!("published"), noon()).await?;
    }
    lease.release().await
}

async fn state(lake: &Lake) -> [Option<Vec<i64>>; 3] {
    let mut state = [None, None, None];
    for (slot, (zone, name)) in state.iter_mut().zip(TABLES) {
        *slot = ids(lake, zone, name).await.map(sorted);
    }
    state
}

async fn prepared() -> InMemory {
    let memory = Arc::new(InMemory::new());
    let store: Arc<dyn ObjectStore> = memory.clone();
    let lake = lake_on(&store);
    // Nine versions, so that the run's own commit makes a checkpoint.
    for version in 0..9 {
        publish(&lake, Zone::Conformed, "old", Mode::Append, rows(version, 1)).await.unwrap();
    }
    publish(&lake, Zone::Curated, "replaced", Mode::Replace, rows(0, 7)).await.unwrap();
    memory.fork()
}

async fn every_call(fault: Fault) {
    let base = prepared().await;
    let undisturbed: Arc<dyn ObjectStore> = Arc::new(base.fork());
    let before = state(&lake_on(&undisturbed)).await;
    run(&lake_on(&undisturbed), 0).await.unwrap();
    let after = state(&lake_on(&undisturbed)).await;
    assert_ne!(before, after);
    let (mut saw_before, mut saw_after) = (0, 0);
    for at in 1.. {
        let store: Arc<dyn ObjectStore> = Arc::new(base.fork());
        let faulty = FaultStore::new(Arc::clone(&store), at, fault);
        let disturbed: Arc<dyn ObjectStore> = faulty.clone();
        let result = run(&lake_on(&disturbed), 0).await;
        if !faulty.struck() {
            result.unwrap();
            assert!(at > if fault.of_puts() { 12 } else { 60 }, "only {at} calls");
            break;
        }
        if let Err(error) = &result {
            assert_ne!(fault, Fault::Echoes, "call {at}: {error}");
            assert!(error.is_retryable(), "call {at}: {} {error}", error.code());
        }
        // The next process.
        let lake = lake_on(&store);
        lake.recover().await.unwrap();
        let found = state(&lake).await;
        assert!(found == before || found == after, "call {at}: neither as before nor as after");
        if found == before {
            saw_before += 1
        } else {
            saw_after += 1
        }
        if result.is_ok() {
            assert_eq!(found, after, "call {at}: said it was done");
        }
        run(&lake, 1).await.unwrap();
        assert_eq!(state(&lake).await, after, "call {at}: after another run");
        lake.audit().verify().await.unwrap();

        lake.remove_orphans(minutes(0), chrono::Utc::now() + minutes(1)).await.unwrap();
        assert_eq!(state(&lake).await, after, "call {at}: after tidying up");
        let objects = contents(lake.store().as_ref()).await;
        let intents = objects.iter().filter(|(path, _)| path.contains("_lakewarden/publication"));
        assert_eq!(intents.count(), 0, "call {at}");
        let files = objects.iter().filter(|(path, _)| path.ends_with(".zstd.parquet")).count();
        // 9 + 2 of `old`, 1 removed and 2 of `replaced`, 2 of `new`.
        assert_eq!(files, 16, "call {at}: files that nobody needs are left");
    }
    match fault {
        Fault::Echoes => assert!(saw_before == 0 && saw_after > 10, "{saw_before} {saw_after}"),
        _ => assert!(saw_before > 20 && saw_after > 5, "{saw_before} {saw_after}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dies_before_any_call() {
    every_call(Fault::DiesBefore).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dies_after_any_call() {
    every_call(Fault::DiesAfter).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_call_fails_once() {
    every_call(Fault::FailsOnce).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_put_is_told_of_itself() {
    every_call(Fault::Echoes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_answer_to_any_call_is_lost() {
    every_call(Fault::AnswerLost).await;
}

/// Leaves a publication as a run does that dies right after it recorded its intent.
pub async fn record_intent_only(lake: &Lake, publication: Publication) {
    use object_store::ObjectStoreExt;
    use object_store::path::Path;
    let intent = Path::from(format!("_lakewarden/publication/{}.json", publication.id));
    // The same publication on a copy of the lake in memory, dying later and later.
    for at in 1.. {
        let copy: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        for (path, bytes) in contents(lake.store().as_ref()).await {
            copy.put(&Path::from(format!("lake/{path}")), bytes.into()).await.unwrap();
        }
        let faulty: Arc<dyn ObjectStore> = FaultStore::new(Arc::clone(&copy), at, Fault::DiesBefore);
        lake_on(&faulty).publish(publication.clone()).await.unwrap_err();
        if let Ok(found) = lake_on(&copy).store().get(&intent).await {
            let bytes = found.bytes().await.unwrap();
            lake.store().put(&intent, bytes.into()).await.unwrap();
            return;
        }
    }
}

/// Commits to a table as a program does that knows Delta and not Lakewarden.
pub async fn foreign_append(lake: &Lake, zone: Zone, name: &str) {
    use object_store::ObjectStoreExt;
    use object_store::path::Path;
    let version = lake.table(zone, name).await.unwrap().unwrap().version + 1;
    let path = Path::from(format!("{}/{name}/_delta_log/{version:020}.json", zone.folder()));
    let commit = r#"{"commitInfo":{"operation":"OPTIMIZE"}}"#;
    lake.store().put(&path, commit.as_bytes().to_vec().into()).await.unwrap();
}
