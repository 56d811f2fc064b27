//! A run that removes rows, columns and old versions, and dies or meets an error at any of its calls.

use crate::fault_store::{Fault, FaultStore, contents};
use crate::stall::*;
use lakewarden_lake::{Lake, Zone};
use object_store::ObjectStore;
use object_store::memory::InMemory;
use std::collections::BTreeSet;
use std::sync::Arc;
use url::Url;

fn lake_on(store: Arc<dyn ObjectStore>) -> Lake {
    Lake::with_store(&Url::parse("memory:///lake").unwrap(), store).unwrap()
}

/// The values of a lake's tables that a canary test looks for, and which versions there are.
async fn state(lake: &Lake) -> (Vec<String>, Vec<(String, i64, u64)>) {
    let mut canaries = Vec::new();
    for canary in [DROPPED_TEXT, ENDED_TEXT, WITHDRAWN_TEXT] {
        if !crate::bytes::objects_with(lake.store().as_ref(), canary).await.is_empty() {
            canaries.push(canary.to_owned());
        }
    }
    let mut tables = Vec::new();
    for zone in [Zone::Conformed, Zone::Curated] {
        for name in lake.tables(zone).await.unwrap() {
            let table = lake.table(zone, &name).await.unwrap().unwrap();
            tables.push((name, table.schema.fields().len() as i64, table.rows()));
        }
    }
    (canaries, tables)
}

async fn at_calls(fault: Fault, step: usize) {
    let stall = Stall::new("history: P0D\n").with_canaries();
    let memory = Arc::new(InMemory::new());
    stall.try_run(&lake_on(memory.clone()), None, day(1)).await.unwrap();
    stall.change_policy();
    let undisturbed = lake_on(Arc::new(memory.fork()));
    stall.try_run(&undisturbed, None, day(7)).await.unwrap();
    let expected = state(&undisturbed).await;
    assert!(expected.0.is_empty(), "{expected:?}");
    let mut struck = 0;
    for at in (1..).step_by(step) {
        let store: Arc<dyn ObjectStore> = Arc::new(memory.fork());
        let faulty = FaultStore::new(Arc::clone(&store), at, fault);
        let result = stall.try_run(&lake_on(faulty.clone()), None, day(7)).await;
        if !faulty.struck() {
            result.unwrap();
            break;
        }
        struck += 1;
        let lake = lake_on(store);
        // A day later, so that the run publishes: what the first left is completed and removed, by age at the latest.
        stall.try_run(&lake, None, day(8)).await.unwrap();
        lake.tidy(chrono::TimeDelta::zero(), chrono::Utc::now() + chrono::TimeDelta::hours(1)).await.unwrap();
        assert_eq!(state(&lake).await, expected, "{fault:?} at call {at}: {:?}", result.err());
        let logs: BTreeSet<String> = contents(lake.store().as_ref()).await.into_iter().map(|(path, _)| path).collect();
        assert!(!logs.iter().any(|path| path.contains("conformed/visits/_delta_log/00000000000000000000.json")));
    }
    assert!(struck * step > 100, "{struck}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_run_completes_what_one_that_died_began() {
    at_calls(Fault::DiesBefore, 7).await;
    at_calls(Fault::DiesAfter, 11).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_fails_once_changes_nothing_in_the_end() {
    at_calls(Fault::FailsOnce, 11).await;
}
