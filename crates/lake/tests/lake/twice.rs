//! A file's rows are published once, also by two who do not know of each other.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use lakewarden_lake::{LEDGER_KEY, Lake, LakeError, Mode, Publication, TableSnapshot, Zone};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use serde_json::json;
use tokio::sync::Barrier;
use url::Url;
use uuid::Uuid;

use crate::fault_store::contents;
use crate::sample::*;

fn lake_on(store: Arc<dyn ObjectStore>) -> Lake {
    Lake::with_store(&Url::parse("memory:///lake").unwrap(), store).unwrap()
}

/// Loads one file of ten rows: what a run does that saw the tables as given.
async fn load(lake: &Lake, seen: &[(&str, Option<TableSnapshot>)], file: i64) -> Publication {
    let mut changes = Vec::new();
    for (name, table) in seen {
        let staged = stage(lake, Zone::Conformed, name, rows(file * 10, 10)).await.unwrap();
        let mut one = change(staged.based_on(table.as_ref()), Mode::Append);
        one.transactions.push((format!("lakewarden/file/{file}"), 7));
        one.info.insert(LEDGER_KEY.to_owned(), json!([{ "file": format!("{file}.csv") }]));
        changes.push(one);
    }
    publication(Uuid::new_v4(), changes)
}

async fn seen(lake: &Lake, name: &'static str) -> (&'static str, Option<TableSnapshot>) {
    (name, lake.table(Zone::Conformed, name).await.unwrap())
}

/// Two that hold no lease, and load the same file at the same moment.
async fn race(store: Arc<dyn ObjectStore>) -> [u32; 2] {
    let (mut both, mut none) = (0, 0);
    for round in 0..40 {
        let lake = lake_on(Arc::clone(&store));
        let before = seen(&lake, "sales").await;
        let held = before.1.as_ref().map_or(0, TableSnapshot::rows);
        let start = Arc::new(Barrier::new(2));
        let one = |lake: Lake| {
            let (before, start) = (before.clone(), Arc::clone(&start));
            tokio::spawn(async move {
                let ready = load(&lake, &[before], round).await;
                start.wait().await;
                lake.publish(ready).await
            })
        };
        let (a, b) = (one(lake.clone()), one(lake.clone()));
        let outcomes = [a.await.unwrap(), b.await.unwrap()];
        for refused in outcomes.iter().filter_map(|o| o.as_ref().err()) {
            assert!(["LW5040", "LW5041", "LW5070"].contains(&refused.code()), "{refused}");
        }
        let published = outcomes.iter().filter(|o| o.is_ok()).count();
        let after = lake.table(Zone::Conformed, "sales").await.unwrap().map_or(0, |t| t.rows());
        assert_eq!(after - held, 10 * published as u64, "round {round}");
        match published {
            2 => both += 1,
            0 => {
                none += 1;
                // Both have stepped back; whoever comes again loads it.
                lake.publish(load(&lake, &[seen(&lake, "sales").await], round).await).await.unwrap();
            }
            _ => {}
        }
    }
    let lake = lake_on(store);
    assert_eq!(sorted(ids(&lake, Zone::Conformed, "sales").await.unwrap()), to(400));
    assert_eq!(lake.ledger(Zone::Conformed, "sales").await.unwrap().len(), 40);
    [both, none]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_without_a_lease_load_a_file_once_in_memory() {
    assert_eq!(race(Arc::new(InMemory::new())).await[0], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_without_a_lease_load_a_file_once_on_a_disk() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalFileSystem::new_with_prefix(folder.path()).unwrap();
    assert_eq!(race(Arc::new(store)).await[0], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_decided_on_another_state_is_refused() {
    let lake = lake_on(Arc::new(InMemory::new()));
    let nothing = seen(&lake, "sales").await;
    lake.publish(load(&lake, std::slice::from_ref(&nothing), 1).await).await.unwrap();
    let before = contents(lake.store().as_ref()).await;
    let other = load(&lake, std::slice::from_ref(&nothing), 2).await;
    let late = lake.publish(other.clone()).await.unwrap_err();
    assert!(matches!(late, LakeError::Conflict { .. }) && late.is_retryable(), "{late}");
    let same = load(&lake, &[seen(&lake, "sales").await], 1).await;
    let again = lake.publish(same.clone()).await.unwrap_err();
    assert!(matches!(again, LakeError::LoadedMeanwhile { files: 1, .. }) && again.is_retryable(), "{again}");
    for publication in [other, same] {
        for change in publication.changes {
            lake.discard(change.staged).await.unwrap();
        }
    }
    assert_eq!(contents(lake.store().as_ref()).await, before, "nothing is left of either");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_take_the_place_of_files_in_one_commit() {
    let lake = lake_on(Arc::new(InMemory::new()));
    for file in 0..3 {
        publish(&lake, Zone::Conformed, "sales", Mode::Append, rows(file * 10, 10)).await.unwrap();
    }
    let table = lake.table(Zone::Conformed, "sales").await.unwrap().unwrap();
    let middle = table.files.iter().find(|f| f.min_values["id"] == 10).unwrap();
    let stage = || async { stage(&lake, Zone::Conformed, "sales", rows(100, 5)).await.unwrap() };
    let instead = stage().await.based_on(Some(&table)).instead_of([middle]);
    lake.publish(publication(Uuid::new_v4(), vec![change(instead, Mode::Append)])).await.unwrap();
    let expected: Vec<i64> = (0..10).chain(20..30).chain(100..105).collect();
    assert_eq!(sorted(ids(&lake, Zone::Conformed, "sales").await.unwrap()), expected);
    let after = lake.table(Zone::Conformed, "sales").await.unwrap().unwrap();
    assert_eq!((after.version, after.metadata["operation"].as_str()), (3, Some("MERGE")));
    // The file is gone: it cannot be replaced twice.
    let twice = stage().await.instead_of([middle]);
    let refused = lake.publish(publication(Uuid::new_v4(), vec![change(twice, Mode::Append)])).await.unwrap_err();
    assert_eq!(refused.code(), "LW5040");
}

type Hook = Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>;

/// A store in which something happens right before the first intent is put.
struct Interrupted {
    inner: Arc<dyn ObjectStore>,
    hook: Mutex<Option<Hook>>,
}

impl fmt::Debug for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Interrupted")
    }
}

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Interrupted")
    }
}

#[async_trait]
impl ObjectStore for Interrupted {
    async fn put_opts(&self, at: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        let hook = match at.as_ref().contains("_lakewarden/publication/") {
            true => self.hook.lock().unwrap().take(),
            false => None,
        };
        if let Some(hook) = hook {
            hook().await;
        }
        self.inner.put_opts(at, payload, opts).await
    }

    async fn put_multipart_opts(&self, at: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(at, opts).await
    }

    async fn get_opts(&self, at: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(at, options).await
    }

    async fn get_ranges(&self, at: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.inner.get_ranges(at, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

/// The other publishes wholly between this one's look at the tables and its intent; and only the second of this one's
/// tables has changed, so that its first commit would pass.
#[tokio::test(flavor = "multi_thread")]
async fn one_that_publishes_between_the_look_and_the_intent_is_seen() {
    let memory: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let quiet = lake_on(Arc::clone(&memory));
    let before = [seen(&quiet, "first").await, seen(&quiet, "second").await];
    let other = load(&quiet, &before[1..], 1).await;
    let hook: Hook = {
        let quiet = quiet.clone();
        Box::new(move || Box::pin(async move { drop(quiet.publish(other).await.unwrap()) }))
    };
    let lake = lake_on(Arc::new(Interrupted { inner: memory, hook: Mutex::new(Some(hook)) }));
    let refused = lake.publish(load(&lake, &before, 1).await).await.unwrap_err();
    assert_eq!(refused.code(), "LW5040");
    assert!(quiet.table(Zone::Conformed, "first").await.unwrap().is_none());
    assert_eq!(ids(&quiet, Zone::Conformed, "second").await.unwrap().len(), 10);
    let recovery = quiet.recover().await.unwrap();
    assert!(recovery.completed.is_empty() && recovery.withdrawn.is_empty());
}

/// Checkpoints, and other programs that clean the log, take nothing from the ledger.
#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_outlives_the_log() {
    let lake = lake_on(Arc::new(InMemory::new()));
    let mut folds = 0;
    for file in 0..25 {
        let ready = load(&lake, &[seen(&lake, "sales").await], file).await;
        lake.publish(ready).await.unwrap();
        folds += u32::from(lake.fold_ledger(Zone::Conformed, "sales").await.unwrap());
    }
    assert_eq!(folds, 2);
    let whole = lake.ledger(Zone::Conformed, "sales").await.unwrap();
    let files: Vec<String> = whole.iter().map(|e| e.file["file"].as_str().unwrap().to_owned()).collect();
    assert_eq!(files, (0..25).map(|n| format!("{n}.csv")).collect::<Vec<_>>());
    assert!(whole.iter().map(|e| e.version).eq(0..25) && whole.iter().all(|e| e.at == noon()));

    // Every commit before the last checkpoint, as Delta's own cleaning deletes them.
    let log = Path::from("conformed/sales/_delta_log");
    let objects = contents(lake.store().as_ref()).await;
    let version = |path: &str| -> u64 { path.rsplit('/').next().unwrap()[..20].parse().unwrap() };
    let named =
        |ending: &str| objects.iter().map(|(path, _)| path.clone()).filter(move |p| p.ends_with(ending)).collect();
    let checkpoints: Vec<String> = named(".checkpoint.parquet");
    let last = checkpoints.iter().map(|path| version(path)).max().unwrap();
    let commits: Vec<String> = named(".json");
    let old = commits.iter().filter(|path| path.starts_with(log.as_ref()) && !path.contains("checkpoint"));
    let old: Vec<&String> = old.filter(|path| !path.ends_with("_last_checkpoint") && version(path) < last).collect();
    assert!(last >= 19 && old.len() >= 19, "{last}, {}", old.len());
    for path in old {
        lake.store().delete(&Path::from(path.as_str())).await.unwrap();
    }
    assert_eq!(lake.ledger(Zone::Conformed, "sales").await.unwrap(), whole);
    assert_eq!(ids(&lake, Zone::Conformed, "sales").await.unwrap().len(), 250);
    let again = load(&lake, &[seen(&lake, "sales").await], 3).await;
    assert_eq!(lake.publish(again).await.unwrap_err().code(), "LW5070");
}

/// The fold is only a reading aid: without it the log says the same.
#[tokio::test(flavor = "multi_thread")]
async fn the_fold_can_be_made_again() {
    let lake = lake_on(Arc::new(InMemory::new()));
    for file in 0..12 {
        let ready = load(&lake, &[seen(&lake, "sales").await], file).await;
        lake.publish(ready).await.unwrap();
    }
    let whole = lake.ledger(Zone::Conformed, "sales").await.unwrap();
    assert!(lake.fold_ledger(Zone::Conformed, "sales").await.unwrap());
    assert!(!lake.fold_ledger(Zone::Conformed, "sales").await.unwrap());
    let folded: Vec<_> = contents(lake.store().as_ref()).await;
    let folded: Vec<_> = folded.into_iter().filter(|(path, _)| path.starts_with("_lakewarden/ledger/")).collect();
    assert_eq!(folded.len(), 1);
    assert_eq!(lake.ledger(Zone::Conformed, "sales").await.unwrap(), whole);
    lake.store().delete(&Path::from(folded[0].0.as_str())).await.unwrap();
    assert_eq!(lake.ledger(Zone::Conformed, "sales").await.unwrap(), whole);
    assert!(lake.fold_ledger(Zone::Conformed, "sales").await.unwrap());
    assert_eq!(lake.ledger(Zone::Conformed, "sales").await.unwrap(), whole);
    // One that is torn is not taken for an empty one.
    let path = Path::from(folded[0].0.as_str());
    lake.store().put(&path, PutPayload::from_static(b"{\"version\":0")).await.unwrap();
    assert_eq!(lake.ledger(Zone::Conformed, "sales").await.unwrap_err().code(), "LW5006");
}
