//! What the doctor finds beyond the lake itself, planted; what is wrong with a lake is planted in the lake's own tests.

use crate::shop::{Clock, FIRST, SECOND, Shop, keys};
use chrono::{TimeDelta, Utc};
use lakewarden_lake::{Lake, Severity, Zone};
use lakewarden_pipeline::{Diagnosis, OpenProject, PipelineError, Visit, doctor_on, key_ring};
use lakewarden_privacy::{KeyRing, MasterKey};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use std::sync::Arc;
use url::Url;
use uuid::Uuid;

fn lake() -> Lake {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    Lake::with_store(&Url::parse("memory:///lake").unwrap(), store).unwrap()
}

struct Asked {
    keys: Result<KeyRing, PipelineError>,
    free: Option<u64>,
    fix: bool,
}

async fn ask(open: &OpenProject, lake: &Lake, asked: Asked) -> Result<Diagnosis, PipelineError> {
    let Asked { keys, free, fix } = asked;
    let visit = Visit {
        lake: None,
        accept: None,
        grace: TimeDelta::minutes(-10),
        fix,
        clock: &Utc::now,
        id: Uuid::new_v4(),
        owner: "a doctor",
        free: &|_| free,
    };
    doctor_on(open, &keys, &visit, lake).await
}

fn codes(diagnosis: &Diagnosis) -> Vec<&'static str> {
    diagnosis.health.findings.iter().map(|finding| finding.code).collect()
}

fn plain() -> Asked {
    Asked { keys: Ok(keys()), free: Some(1 << 40), fix: false }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_space_and_project_are_examined() {
    let (shop, lake) = (Shop::new(), lake());
    shop.run(&lake, FIRST, &Clock::default()).await.unwrap();
    let open = shop.open();
    let sound = ask(&open, &lake, plain()).await.unwrap();
    assert!(sound.healthy && sound.fixed.is_none() && codes(&sound).is_empty(), "{:?}", sound.health.findings);
    assert!(sound.health.tables >= 6 && sound.health.audit.is_some());

    let stranger = Ok(KeyRing::new(MasterKey::from_bytes([6; 32]), 1));
    let other = ask(&open, &lake, Asked { keys: stranger, ..plain() }).await.unwrap();
    assert_eq!(codes(&other), ["LW6007", "LW6046"], "{:?}", other.health.findings);
    assert!(!other.healthy && other.health.findings[0].mend.contains("key"));
    assert!(
        other.health.findings[1].at.contains("quarantine/orders")
            && other.health.findings[1].what.starts_with("1 of 1")
    );
    // A new version of the key opens what it has sealed itself; of what the lake has, runs would match nothing.
    let newer = Ok(KeyRing::new(MasterKey::from_bytes([6; 32]), 2));
    let newer = ask(&open, &lake, Asked { keys: newer, ..plain() }).await.unwrap();
    assert_eq!(codes(&newer), ["LW6070", "LW6070"], "{:?}", newer.health.findings);
    assert!(newer.health.findings[0].mend.contains("lakewarden run --reload-all"));

    let mut keyless = open.project.settings.clone();
    keyless.key = None;
    let missing = ask(&open, &lake, Asked { keys: key_ring(&keyless), ..plain() }).await.unwrap();
    assert_eq!(codes(&missing), ["LW6006"]);
    assert!(missing.health.findings[0].mend.contains("there again"), "{:?}", missing.health.findings);
    let empty = crate::findings::lake();
    let missing = ask(&open, &empty, Asked { keys: key_ring(&keyless), ..plain() }).await.unwrap();
    assert!(missing.health.findings[0].mend.contains("key:"), "{:?}", missing.health.findings);

    let full = ask(&open, &lake, Asked { free: Some(1 << 20), ..plain() }).await.unwrap();
    assert_eq!(codes(&full), ["LW6045"]);
    assert_eq!(full.health.findings[0].severity, Severity::Warning);
    assert!(full.health.findings[0].mend.contains("TMPDIR") && !full.healthy);

    let broken = shop.with_problem();
    let broken = ask(&broken, &lake, plain()).await.unwrap();
    assert_eq!(codes(&broken), ["LW6001"]);
    assert_eq!(broken.health.findings[0].mend, "lakewarden check");
}

#[tokio::test(flavor = "multi_thread")]
async fn quarantine_whose_bytes_were_changed_is_told_of() {
    let (shop, lake) = (Shop::new(), lake());
    shop.run(&lake, FIRST, &Clock::default()).await.unwrap();
    let table = lake.table(Zone::Quarantine, "orders").await.unwrap().unwrap();
    let path = Path::from(table.files[0].path.as_str());
    // The same size, and no Parquet.
    lake.store().put(&path, vec![0; usize::try_from(table.files[0].size).unwrap()].into()).await.unwrap();
    let found = ask(&shop.open(), &lake, plain()).await.unwrap();
    assert_eq!(codes(&found), ["LW6046"], "{:?}", found.health.findings);
}

#[tokio::test(flavor = "multi_thread")]
async fn mending_is_for_the_lake_s_only_writer_and_is_written_down() {
    let (shop, lake) = (Shop::new(), lake());
    shop.run(&lake, FIRST, &Clock::default()).await.unwrap();
    let lost = Path::from("conformed/orders/part-00000-lost.zstd.parquet");
    lake.store().put(&lost, "lost".into()).await.unwrap();
    let open = shop.open();

    let living = lake.lease("a run", Utc::now(), TimeDelta::minutes(15)).await.unwrap();
    let refused = ask(&open, &lake, Asked { fix: true, ..plain() }).await.unwrap_err();
    assert_eq!((refused.code(), refused.is_refusal()), ("LW5050", false));
    assert!(lake.store().head(&lost).await.is_ok(), "nothing is removed while a run is under way");
    let looked = ask(&open, &lake, plain()).await.unwrap();
    assert_eq!(codes(&looked), ["LW5066", "LW5050"]);
    living.release().await.unwrap();

    let mended = ask(&open, &lake, Asked { fix: true, ..plain() }).await.unwrap();
    assert!(mended.healthy, "{:?}", mended.health.findings);
    let fixed = mended.fixed.unwrap();
    assert_eq!((fixed.removed, fixed.bytes, fixed.completed.len()), (1, 4, 0));
    assert!(lake.store().head(&lost).await.is_err());
    let audit = lake.audit().read_all().await.unwrap();
    let last = &audit.last().unwrap().record;
    assert_eq!((&last["event"], &last["files"], &last["bytes"]), (&"tidied".into(), &1.into(), &4.into()));
    assert_eq!(lake.lease_holder().await.unwrap(), None, "the lake is free again");
    // Nothing to do, nothing to write down; and the next run knows nothing of it.
    let again = ask(&open, &lake, Asked { fix: true, ..plain() }).await.unwrap();
    assert_eq!(again.fixed.unwrap().removed, 0);
    assert_eq!(lake.audit().read_all().await.unwrap().len(), audit.len());
    shop.second_delivery();
    shop.run(&lake, SECOND, &Clock::default()).await.unwrap();
}
