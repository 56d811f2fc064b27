//! A whole run that meets a fault at any of its calls to the store, and the run after it.
//!
//! Whatever the fault, the second run ends in the tables of runs that nobody disturbed: the same Parquet bytes in the
//! same order, the same schemas, the same ledger of files. And what the first left behind is found and removed.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod essence;
#[path = "../../../lake/tests/lake/fault_store.rs"]
mod fault_store;
mod findings;
#[path = "../../../lake/tests/lake/s3_server.rs"]
mod s3_server;
mod shop;

use essence::{essence, whole};
use fault_store::{Fault, FaultStore, Surroundings};
use lakewarden_lake::Lake;
use lakewarden_pipeline::record::Outcome;
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use s3_server::{Manner, S3Server};
use shop::{Clock, FIRST, SECOND, Shop, THIRD};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tempfile::TempDir;
use url::Url;

type Whole = BTreeMap<String, Vec<u8>>;

/// A store that can be copied as it is.
enum Base {
    Memory(InMemory),
    Folder(TempDir),
}

/// A copy of a base, and what has to live as long.
struct Copied {
    store: Arc<dyn ObjectStore>,
    folder: Option<TempDir>,
}

impl Base {
    fn copied(&self) -> Copied {
        match self {
            Self::Memory(memory) => Copied { store: Arc::new(memory.fork()), folder: None },
            Self::Folder(from) => {
                let to = tempfile::tempdir().unwrap();
                shop::copy(from.path(), to.path());
                Copied { store: Arc::new(LocalFileSystem::new()), folder: Some(to) }
            }
        }
    }
}

impl Copied {
    fn lake(&self) -> Lake {
        self.lake_on(Arc::clone(&self.store))
    }

    fn lake_on(&self, store: Arc<dyn ObjectStore>) -> Lake {
        let url = match &self.folder {
            Some(folder) => Url::from_directory_path(folder.path()).unwrap(),
            None => Url::parse("memory:///lake").unwrap(),
        };
        Lake::with_store(&url, store).unwrap()
    }
}

/// What happened over all faults of a kind.
#[derive(Debug, Default)]
struct Tally {
    struck: usize,
    failed: usize,
    completed: usize,
    left_files: usize,
}

/// A lake with one delivery loaded, and what undisturbed runs over the next make of it.
struct Scene {
    shop: Shop,
    base: Base,
    /// All objects of the zones after one run, after another one, and after both where the first left no record.
    expected: Vec<Whole>,
    essence: BTreeMap<String, String>,
}

impl Scene {
    async fn new(on_disk: bool) -> Self {
        let shop = Shop::new();
        let memory = InMemory::new();
        let base = match on_disk {
            true => Base::Folder(tempfile::tempdir().unwrap()),
            false => Base::Memory(memory.fork()),
        };
        let first = base.copied();
        // Files are in the order of their times.
        shop.run(&first.lake(), FIRST, &Clock::hours(-1)).await.unwrap();
        shop.second_delivery();
        let base = match first {
            Copied { folder: Some(folder), .. } => Base::Folder(folder),
            Copied { store, .. } => Base::Memory(memory_of(&store).await),
        };
        let mut expected = Vec::new();
        let mut seen = Vec::new();
        for runs in [&[SECOND][..], &[THIRD], &[SECOND, THIRD]] {
            let copy = base.copied();
            let lake = copy.lake();
            for (number, run) in runs.iter().enumerate() {
                if number > 0 {
                    shop::forget_records(&lake).await;
                }
                let record = shop.run(&lake, *run, &Clock::default()).await.unwrap();
                assert_eq!(record.outcome, Outcome::Published);
            }
            expected.push(whole(&lake).await);
            seen.push(essence(&lake).await);
        }
        assert!(seen.iter().all(|other| *other == seen[0]), "undisturbed runs differ in more than their ids");
        let essence = seen.swap_remove(0);
        Self { shop, base, expected, essence }
    }

    /// The calls of an undisturbed run that such a fault may strike.
    async fn calls(&self, fault: Fault) -> usize {
        let copy = self.base.copied();
        let counting = FaultStore::counting_for(Arc::clone(&copy.store), fault);
        self.shop.run(&copy.lake_on(counting.clone()), SECOND, &Clock::default()).await.unwrap();
        counting.take()
    }

    /// One fault at one call, the run after it, and the doctor after that.
    async fn disturbed(&self, fault: Fault, at: usize, tally: &mut Tally) {
        let place = format!("{fault:?} at call {at}");
        let copy = self.base.copied();
        let clock = Clock::default();
        let jump = clock.clone();
        let prefix = copy.folder.as_ref().map_or(String::from("lake"), |f| f.path().to_str().unwrap()[1..].to_owned());
        let surroundings = Surroundings {
            folder: copy.folder.as_ref().map(|_| "/".into()),
            hang: Arc::new(move || {
                jump.0.fetch_add(20 * 60_000, Ordering::SeqCst);
            }),
            rival: Arc::new(move |path| shop::rival(path.as_ref().strip_prefix(&prefix)?.strip_prefix('/')?)),
        };
        let faulty = FaultStore::among(Arc::clone(&copy.store), at, fault, surroundings);
        let first = self.shop.run(&copy.lake_on(faulty.clone()), SECOND, &clock).await;
        tally.struck += usize::from(faulty.struck());
        tally.failed += usize::from(first.is_err());
        if let Err(error) = &first {
            assert!(error.hint().is_some(), "{place}: {} {error}", error.code());
        }

        let lake = copy.lake();
        let second = self.shop.run(&lake, THIRD, &clock).await;
        let second = second.unwrap_or_else(|error| panic!("{place}: run again: {} {error}", error.code()));
        if first.is_ok() {
            assert_eq!(second.outcome, Outcome::Unchanged, "{place}: the first said it was done");
        }
        let found = essence(&lake).await;
        for (table, expected) in &self.essence {
            assert_eq!(found.get(table), Some(expected), "{place}: {table}");
        }
        assert_eq!(found.len(), self.essence.len(), "{place}");
        let audit = lake.audit().read_all().await.unwrap();
        tally.completed += usize::from(audit.iter().any(|entry| entry.record["event"] == "recovered"));

        let mended = self.shop.doctor(&lake, true).await.unwrap();
        assert!(mended.healthy, "{place}: {:#?}", mended.health.findings);
        tally.left_files += usize::from(mended.fixed.unwrap().removed > 0);
        let objects = whole(&lake).await;
        // A rival's commit and a clock that jumped are in the logs for good.
        if !matches!(fault, Fault::Hangs | Fault::Conflicts) {
            assert!(self.expected.contains(&objects), "{place}: {:#?}", differing(&self.expected, &objects));
        }
        assert_eq!(essence(&lake).await, self.essence, "{place}: after mending");
        if let Some(folder) = &copy.folder {
            assert_eq!(half_written(folder.path()), Vec::<String>::new(), "{place}");
        }
    }

    /// Every so many calls, beginning at one that the seed says.
    async fn sampled(&self, fault: Fault, every: usize, seed: usize) -> Tally {
        let calls = self.calls(fault).await;
        let mut tally = Tally::default();
        for at in (1 + seed % every..=calls).step_by(every) {
            self.disturbed(fault, at, &mut tally).await;
        }
        tally
    }
}

/// What differs from the likeliest of the expected states.
fn differing(expected: &[Whole], found: &Whole) -> Vec<String> {
    let against = |state: &Whole| -> Vec<String> {
        let paths = state.keys().chain(found.keys());
        let mut paths: Vec<String> = paths.filter(|path| state.get(*path) != found.get(*path)).cloned().collect();
        paths.sort();
        paths.dedup();
        paths
    };
    expected.iter().map(against).min_by_key(Vec::len).unwrap_or_default()
}

async fn memory_of(store: &Arc<dyn ObjectStore>) -> InMemory {
    use object_store::ObjectStoreExt;
    let memory = InMemory::new();
    for (path, bytes) in fault_store::contents(store.as_ref()).await {
        memory.put(&object_store::path::Path::from(path), bytes.into()).await.unwrap();
    }
    memory
}

fn half_written(folder: &Path) -> Vec<String> {
    shop::files_below(folder).into_iter().map(|p| p.display().to_string()).filter(|path| path.contains('#')).collect()
}

/// A few calls of each kind: the places differ from kind to kind, so that together they cover most.
async fn a_few_of_each(scene: &Scene, every: usize) {
    let mut all = Tally::default();
    for (seed, fault) in Fault::ALL.into_iter().enumerate() {
        let every = if fault.of_puts() { every / 4 } else { every };
        let tally = scene.sampled(fault, every.max(1), seed * 5 + 1).await;
        assert!(tally.struck > 0, "{fault:?} struck nothing");
        match fault {
            Fault::Echoes | Fault::Throttles | Fault::Hangs => {}
            _ => assert!(tally.failed > 0, "{fault:?}: {tally:?}"),
        }
        if fault == Fault::Echoes {
            assert_eq!(tally.failed, 0, "who is told of its own put goes on: {tally:?}");
        }
        all.struck += tally.struck;
        all.failed += tally.failed;
        all.completed += tally.completed;
        all.left_files += tally.left_files;
    }
    assert!(all.left_files > 0 && all.failed * 2 > all.struck, "{all:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_undisturbed_runs_write_the_same_bytes() {
    let scene = Scene::new(false).await;
    let copy = scene.base.copied();
    scene.shop.run(&copy.lake(), SECOND, &Clock::default()).await.unwrap();
    let again = whole(&copy.lake()).await;
    assert_eq!(differing(&scene.expected[..1], &again), Vec::<String>::new());
    assert!(scene.essence.len() >= 6, "{:?}", scene.essence.keys());
    assert_ne!(scene.expected[0], scene.expected[1], "runs name their files by their ids");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_over_a_bucket_meets_a_fault() {
    a_few_of_each(&Scene::new(false).await, 24).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_over_a_folder_meets_a_fault() {
    a_few_of_each(&Scene::new(true).await, 40).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes; LAKEWARDEN_THOROUGH"]
async fn every_fault_at_every_call_over_a_bucket() {
    every_call(&Scene::new(false).await).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes; LAKEWARDEN_THOROUGH"]
async fn every_fault_at_every_call_over_a_folder() {
    every_call(&Scene::new(true).await).await;
}

#[allow(clippy::print_stderr)]
async fn every_call(scene: &Scene) {
    let mut struck = 0;
    for fault in Fault::ALL {
        let tally = scene.sampled(fault, 1, 0).await;
        eprintln!("{fault:?}: {tally:?}");
        assert!(tally.struck > 10, "{fault:?}: {tally:?}");
        struck += tally.struck;
    }
    assert!(struck > 500, "{struck} faults");
}

/// The first run of all, which makes every table.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_run_of_a_lake_meets_a_fault() {
    let shop = Shop::new();
    let undisturbed = Base::Memory(InMemory::new()).copied();
    let counting = FaultStore::counting(Arc::clone(&undisturbed.store));
    shop.run(&undisturbed.lake_on(counting.clone()), SECOND, &Clock::default()).await.unwrap();
    let (calls, expected) = (counting.take(), essence(&undisturbed.lake()).await);
    for (fault, from) in [(Fault::DiesBefore, 3), (Fault::DiesAfter, 9), (Fault::FailsOnce, 15)] {
        for at in (from..=calls).step_by(21) {
            let copy = Base::Memory(InMemory::new()).copied();
            let faulty = FaultStore::new(Arc::clone(&copy.store), at, fault);
            let first = shop.run(&copy.lake_on(faulty), SECOND, &Clock::default()).await;
            let lake = copy.lake();
            shop.run(&lake, THIRD, &Clock::default()).await.unwrap();
            assert_eq!(essence(&lake).await, expected, "{fault:?} at call {at}, first: {:?}", first.err());
            assert!(shop.doctor(&lake, true).await.unwrap().healthy, "{fault:?} at call {at}");
        }
    }
}

/// A store that answers slowly: a run takes longer than its lease, and nobody wants the lake meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_outlives_its_lease_goes_on_unless_somebody_took_it() {
    let scene = Scene::new(false).await;
    let copy = scene.base.copied();
    let clock = Clock::default();
    let slow = shop::SlowStore::new(Arc::clone(&copy.store), clock.clone(), 60_000, None);
    let record = scene.shop.run(&copy.lake_on(slow.clone()), SECOND, &clock).await.unwrap();
    assert_eq!(record.outcome, Outcome::Published);
    assert!(clock.minutes() > 60, "the run took {} minutes of its clock", clock.minutes());
    assert_eq!(essence(&copy.lake()).await, scene.essence);

    // The same, and at some call another run finds the lease expired, takes the lake and publishes.
    let mut lost = 0;
    let calls = slow.calls();
    // At the last one the run has decided what it publishes, and has not ended.
    for at in [20, 40, 60, 80, calls - 22] {
        let copy = scene.base.copied();
        let clock = Clock::default();
        let slow = shop::SlowStore::new(Arc::clone(&copy.store), clock.clone(), 60_000, Some(at));
        let (lake, rival) = (copy.lake_on(slow.clone()), copy.lake());
        let (handle, shop) = (tokio::runtime::Handle::current(), &scene.shop);
        let (first, second) = tokio::task::block_in_place(|| {
            std::thread::scope(|threads| {
                let first = threads.spawn(|| handle.block_on(shop.run(&lake, SECOND, &clock)));
                // The first stays at its call. By its rival's clock, its lease has ended.
                let second = handle.block_on(async {
                    slow.reached().await;
                    shop.run_late(&rival, THIRD, &clock).await
                });
                slow.go_on();
                (first.join().unwrap(), second)
            })
        });
        let second = second.unwrap();
        assert_eq!(second.outcome, Outcome::Published, "at {at}");
        let audit = copy.lake().audit().read_all().await.unwrap();
        let recovered = audit.iter().any(|e| e.record["event"] == "recovered" && e.record["run"] == SECOND.to_string());
        match first {
            Err(error) => {
                assert!(
                    ["LW5051", "LW5041", "LW5040", "LW5070"].contains(&error.code()),
                    "at {at}: {} {error}",
                    error.code()
                );
                assert!(!recovered, "at {at}");
                lost += 1;
            }
            // It had decided: its rival has completed it, and both are right.
            Ok(_) => assert!(recovered, "at {at}"),
        }
        assert_eq!(essence(&copy.lake()).await, scene.essence, "at {at}");
        assert!(scene.shop.doctor(&copy.lake(), true).await.unwrap().healthy, "at {at}");
    }
    assert!((1..5).contains(&lost), "{lost} of 5 lost the lake before they had decided");
}

/// Over a real server, with authentication: throttled, then cut off at some requests, then run again.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_over_an_s3_server_meets_faults() {
    let shop = Shop::new();
    let url = Url::parse("s3://lakewarden/some/lake").unwrap();
    let server = S3Server::start(Manner::Throttles { every: 4, busy: 1 }).await;
    let lake = Lake::with_store(&url, server.store()).unwrap();
    shop.run(&lake, FIRST, &Clock::default()).await.unwrap();
    let expected = essence(&lake).await;
    assert!(server.refused() > 30, "{} of {}", server.refused(), server.requests());
    let counting = FaultStore::counting(Arc::new(InMemory::new()));
    shop.run(&Lake::with_store(&url, counting.clone()).unwrap(), FIRST, &Clock::default()).await.unwrap();
    let calls = counting.take();
    for (fault, part) in [(Fault::DiesBefore, 3), (Fault::DiesAfter, 6), (Fault::DiesAfter, 9), (Fault::AnswerLost, 8)]
    {
        let at = calls * part / 10;
        let server = S3Server::start(Manner::Good).await;
        let faulty = FaultStore::new(server.store(), at, fault);
        let first = shop.run(&Lake::with_store(&url, faulty.clone()).unwrap(), SECOND, &Clock::default()).await;
        assert!(faulty.struck(), "{fault:?} at {at}");
        let lake = Lake::with_store(&url, server.store()).unwrap();
        shop.run(&lake, THIRD, &Clock::default()).await.unwrap();
        assert_eq!(essence(&lake).await, expected, "{fault:?} at {at}, first: {:?}", first.err());
        let health = shop.doctor(&lake, true).await.unwrap().health;
        // Its conditional puts are not atomic when they race, which is what LW5064 says.
        let rest: Vec<_> = health.findings.iter().filter(|found| found.code != "LW5064").collect();
        assert!(rest.is_empty(), "{fault:?} at {at}: {rest:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_on_a_server_that_overwrites_is_refused_before_it_writes() {
    let server = S3Server::start(Manner::Overwrites).await;
    let url = Url::parse("s3://lakewarden/some/lake").unwrap();
    let lake = Lake::with_store(&url, server.store()).unwrap();
    let error = Shop::new().run(&lake, FIRST, &Clock::default()).await.unwrap_err();
    assert_eq!(error.code(), "LW5062");
    assert!(error.to_string().contains("overwrites") && error.hint().is_some());
    let left: Vec<_> = shop::files_below(&server.bucket()).into_iter().filter(|p| p.extension().is_some()).collect();
    assert!(
        left.iter().all(|path| path.to_str().unwrap().contains("_lakewarden/probe")) && left.is_empty(),
        "{left:?}"
    );
}
