//! What the lake asks of a store before it trusts it, and how it says what is wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lakewarden_lake::{Lake, LakeError, Mode, Zone};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use url::Url;
use uuid::Uuid;

use crate::bad_store::{BadStore, Badness};
use crate::fault_store::{FaultStore, contents};
use crate::s3_server::{Manner, S3Server};
use crate::sample::*;

fn memory_url() -> Url {
    Url::parse("memory:///lake").unwrap()
}

fn s3_url() -> Url {
    Url::parse("s3://lakewarden/some/lake").unwrap()
}

pub async fn a_good_store_is_asked_once(lake: &Lake) {
    lake.check_store(Uuid::from_u128(1), noon()).await.unwrap();
    let objects = contents(lake.store().as_ref()).await;
    let paths: Vec<&str> = objects.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["_lakewarden/store.json"], "the probe is gone, the answer is kept");
    let marker: serde_json::Value = serde_json::from_slice(&objects[0].1).unwrap();
    assert!(marker["store"].as_str().unwrap().starts_with(lake.url().as_str()), "{marker}");
    lake.check_store(Uuid::from_u128(2), noon() + minutes(9)).await.unwrap();
    assert_eq!(contents(lake.store().as_ref()).await, objects, "not asked again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_known_store_costs_one_read_a_run() {
    let counting = FaultStore::counting(Arc::new(InMemory::new()));
    let store: Arc<dyn ObjectStore> = counting.clone();
    let lake = Lake::with_store(&memory_url(), Arc::clone(&store)).unwrap();
    lake.check_store(Uuid::from_u128(1), noon()).await.unwrap();
    assert_eq!(counting.take(), 10, "the marker is looked for, eight calls ask, one keeps the answer");
    lake.check_store(Uuid::from_u128(2), noon()).await.unwrap();
    assert_eq!(counting.take(), 1);
    // A lake that was copied to another address is asked again, and so is one whose answer nobody can read.
    let moved = Lake::with_store(&Url::parse("memory:///elsewhere").unwrap(), store).unwrap();
    let marker = lake.store().get(&Path::from("_lakewarden/store.json")).await.unwrap().bytes().await.unwrap();
    moved.store().put(&Path::from("_lakewarden/store.json"), marker.into()).await.unwrap();
    counting.take();
    moved.check_store(Uuid::from_u128(3), noon()).await.unwrap();
    assert_eq!(counting.take(), 10);
    moved.store().put(&Path::from("_lakewarden/store.json"), "{".into()).await.unwrap();
    counting.take();
    moved.check_store(Uuid::from_u128(4), noon()).await.unwrap();
    assert_eq!(counting.take(), 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_broken_promise_is_refused_by_its_name() {
    for (badness, code, words) in [
        (Badness::Overwrites, "LW5062", "If-None-Match"),
        (Badness::RefusesAndOverwrites, "LW5062", "If-None-Match"),
        (Badness::ReadsThePast, "LW5063", "is not given back"),
        (Badness::ListsThePast, "LW5063", "is not listed"),
        (Badness::ListsTheDeleted, "LW5063", "deleted is listed"),
    ] {
        let memory = Arc::new(InMemory::new());
        let store = BadStore::new(memory.clone(), badness);
        let lake = Lake::with_store(&memory_url(), store).unwrap();
        for _ in 0..2 {
            let error = lake.check_store(Uuid::new_v4(), noon()).await.unwrap_err();
            assert_eq!(error.code(), code, "{badness:?}: {error}");
            assert!(error.to_string().contains(words) && error.to_string().contains("memory:///lake/"), "{error}");
            assert!(error.hint().is_some() && !error.is_retryable());
        }
        assert!(contents(memory.as_ref()).await.is_empty(), "{badness:?}: nothing is left, nothing remembered");
    }
}

/// The server that the issue warns of: it takes the header and overwrites.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_overwrites_is_refused_by_the_name_of_the_fault() {
    let server = S3Server::start(Manner::Overwrites).await;
    let lake = Lake::with_store(&s3_url(), server.store()).unwrap();
    let error = lake.check_store(Uuid::new_v4(), noon()).await.unwrap_err();
    assert_eq!(error.code(), "LW5062");
    assert!(error.to_string().contains("overwrites"), "{error}");
    // What it would have led to: two hold the lease.
    lake.lease("first", noon(), minutes(10)).await.unwrap();
    let good = S3Server::start(Manner::Good).await;
    let lake = Lake::with_store(&s3_url(), good.store()).unwrap();
    lake.check_store(Uuid::new_v4(), noon()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_knows_us_not_says_so() {
    let server = S3Server::start(Manner::Good).await;
    let stranger = Arc::new(server.client("another secret").build().unwrap());
    let lake = Lake::with_store(&s3_url(), stranger).unwrap();
    let error = lake.check_store(Uuid::new_v4(), noon()).await.unwrap_err();
    assert_eq!(error.code(), "LW5003");
    assert!(!error.is_retryable() && error.hint().is_some(), "{error}");
    assert!(!error.to_string().contains("another secret"));
    assert!(crate::s3_server::is_empty(&server.bucket()), "nothing was written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_throttles_is_asked_again_until_it_answers() {
    let server = S3Server::start(Manner::Throttles { every: 3, busy: 1 }).await;
    let lake = Lake::with_store(&s3_url(), server.store()).unwrap();
    lake.check_store(Uuid::new_v4(), noon()).await.unwrap();
    let mut lease = lake.lease("one", noon(), minutes(10)).await.unwrap();
    for version in 0..12 {
        publish(&lake, Zone::Conformed, "t", Mode::Append, rows(version * 10, 10)).await.unwrap();
        lease.renew(noon() + minutes(version), minutes(10)).await.unwrap();
        lake.audit().append(serde_json::json!(version), noon()).await.unwrap();
    }
    lease.release().await.unwrap();
    assert_eq!(ids(&lake, Zone::Conformed, "t").await.map(sorted), Some(to(120)));
    assert_eq!(lake.audit().verify().await.unwrap().sequence, 12);
    assert!(server.refused() > 50, "only {} of {} requests were refused", server.refused(), server.requests());
}

/// A put whose answer is lost is made again by the store's client, and is told that it is there already.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_told_that_its_own_put_is_there_already_goes_on() {
    let echo = Arc::new(AtomicBool::new(false));
    let store = BadStore::echoing(Arc::new(InMemory::new()), echo.clone());
    let lake = Lake::with_store(&memory_url(), store).unwrap();
    echo.store(true, Ordering::SeqCst);
    let mut lease = lake.lease("one", noon(), minutes(10)).await.unwrap();
    lease.renew(noon(), minutes(20)).await.unwrap();
    for step in 0..3 {
        lake.audit().append(serde_json::json!(step), noon()).await.unwrap();
    }
    let run = Uuid::from_u128(7);
    lake.record_run(run, &serde_json::json!({"rows": 1})).await.unwrap();
    assert_eq!(lake.audit().verify().await.unwrap().sequence, 3, "no record twice");
    let other = lake.lease("other", noon(), minutes(10)).await.unwrap_err();
    assert!(matches!(other, LakeError::LeaseHeld { ref owner, .. } if owner == "one"), "{other}");
    lease.release().await.unwrap();
    lake.lease("other", noon(), minutes(10)).await.unwrap();
    let staged = stage(&lake, Zone::Curated, "t", rows(0, 5)).await.unwrap();
    lake.publish(publication(run, vec![change(staged, Mode::Append)])).await.unwrap();
    assert_eq!(ids(&lake, Zone::Curated, "t").await, Some(to(5)));
}
