//! A reload that is killed leaves the lake as it was before, or as it is after.

use crate::fault_store::{Fault, FaultStore};
use crate::shop::{Shop, contents};
use lakewarden_lake::Lake;
use object_store::ObjectStore;
use object_store::memory::InMemory;
use std::sync::Arc;
use url::Url;

/// A fault at every so many calls.
const EVERY: usize = 29;

fn lake_on(store: Arc<dyn ObjectStore>) -> Lake {
    Lake::with_store(&Url::parse("memory:///lake").unwrap(), store).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_reload_leaves_before_or_after() {
    for reload in [&["members"][..], &["calls/a.csv"]] {
        let shop = Shop::new();
        let memory = InMemory::new();
        shop.write("exports/calls/b.csv", "phone,minutes\n+49 30 901822,7\n");
        shop.run_on(&lake_on(Arc::new(memory.fork())), &[]).await.unwrap();
        let memory = InMemory::new();
        shop.run_on(&lake_on(Arc::new(memory.clone())), &[]).await.unwrap();
        let before = contents(&lake_on(Arc::new(memory.clone()))).await;
        // The exports were corrected.
        shop.write("exports/members/a.csv", "member_no,email,phone,city\nM1,ada@example.com,+49 30 901820,Ulm\n");
        shop.write("exports/calls/a.csv", "phone,minutes\n+49 30 901820,33\n");
        let reload: Vec<&str> = match reload {
            ["members"] => vec!["members", "members/a.csv"],
            other => other.to_vec(),
        };
        // What is new of the other dataset comes with it.
        let counting = FaultStore::counting(Arc::new(memory.fork()));
        shop.run_on(&lake_on(counting.clone()), &reload).await.unwrap();
        let calls = counting.take();
        let after = contents(&lake_on(counting.clone())).await;
        assert_ne!(before, after);
        let (mut as_before, mut as_after) = (0, 0);
        for fault in [Fault::DiesBefore, Fault::DiesAfter] {
            for at in (1..=calls).step_by(EVERY) {
                let fork = memory.fork();
                let store: Arc<dyn ObjectStore> = Arc::new(fork.clone());
                let faulty = FaultStore::new(store.clone(), at, fault);
                let ended = shop.run_on(&lake_on(faulty.clone()), &reload).await;
                assert!(faulty.struck() || ended.is_ok(), "{fault:?} at {at}");
                let lake = lake_on(store);
                lake.recover().await.unwrap();
                let found = contents(&lake).await;
                assert!(found == before || found == after, "{fault:?} at {at} of {calls}");
                *if found == before { &mut as_before } else { &mut as_after } += 1;
                let again = shop.run_on(&lake, &reload).await.unwrap();
                assert_eq!(contents(&lake).await, after, "{fault:?} at {at}: {:?}", again.outcome);
            }
        }
        assert!(as_before > 5 && as_after > 0, "{as_before} before, {as_after} after");
    }
}
