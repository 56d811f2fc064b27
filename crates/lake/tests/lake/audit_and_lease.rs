//! The audit chain and the lease.

use lakewarden_lake::{AuditBreak, AuditHead, Lake, LakeError, Mode, Zone};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use serde_json::json;

use crate::sample::*;

fn record(number: u64) -> Path {
    Path::from(format!("_lakewarden/audit/{number:08}.json"))
}

async fn filled(lake: &Lake) -> AuditHead {
    let audit = lake.audit();
    let mut head = audit.verify().await.unwrap();
    assert_eq!(head.sequence, 0);
    for step in 0..5 {
        head = audit.append(json!({"step": step}), noon() + minutes(step)).await.unwrap();
    }
    head
}

pub async fn the_chain_holds(lake: &Lake) {
    let head = filled(lake).await;
    let audit = lake.audit();
    assert_eq!(audit.verify().await.unwrap(), head);
    let records = audit.read_all().await.unwrap();
    assert_eq!(records.len(), 5);
    assert_eq!((records[2].sequence, &records[2].record), (3, &json!({"step": 2})));
    assert_eq!(records[2].at, noon() + minutes(2));
    assert_eq!(records[0].previous, None);
    assert_eq!(records[4].previous.as_ref().unwrap().len(), 64);

    let mut tasks = Vec::new();
    for writer in 0..4 {
        let audit = lake.audit();
        tasks.push(tokio::spawn(async move {
            for step in 0..5 {
                audit.append(json!({"writer": writer, "step": step}), noon()).await.unwrap();
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(audit.verify_holds(&head).await.unwrap().sequence, 25);
    assert_eq!(audit.append(json!("last"), noon()).await.unwrap().sequence, 26);
}

pub async fn the_chain_shows_what_was_done_to_it(lake: &Lake) {
    let head = filled(lake).await;
    let audit = lake.audit();
    let found = |result: Result<AuditHead, LakeError>| match result.unwrap_err() {
        LakeError::AuditBroken { sequence, why } => (sequence, why),
        other => panic!("{other}"),
    };
    let store = lake.store();
    let original = |number: u64| async move { store.get(&record(number)).await.unwrap().bytes().await.unwrap() };
    // Changed in the middle: the next one tells.
    let third = original(3).await;
    let text = String::from_utf8(third.to_vec()).unwrap();
    let forged = text.replace("\"step\":2", "\"step\":9");
    assert_ne!(forged, text);
    store.put(&record(3), forged.into_bytes().into()).await.unwrap();
    assert_eq!(found(audit.verify().await), (4, AuditBreak::Unchained));
    // Removed in the middle.
    store.delete(&record(3)).await.unwrap();
    assert_eq!(found(audit.verify().await), (3, AuditBreak::Missing));
    // Put under another number.
    store.put(&record(3), original(4).await.into()).await.unwrap();
    assert_eq!(found(audit.verify().await), (3, AuditBreak::Renumbered));
    store.put(&record(3), b"{}".to_vec().into()).await.unwrap();
    assert_eq!(found(audit.verify().await), (3, AuditBreak::Unreadable));
    store.put(&record(3), third.into()).await.unwrap();
    assert_eq!(audit.verify().await.unwrap(), head);
    // The last one: the head beside the log shows it, and nothing is added.
    let last = original(5).await;
    store.delete(&record(5)).await.unwrap();
    assert_eq!(found(audit.verify().await), (5, AuditBreak::Missing));
    assert_eq!(found(audit.verify_holds(&head).await), (5, AuditBreak::Missing));
    assert_eq!(found(lake.audit().append(json!("more"), noon()).await), (5, AuditBreak::Missing));
    let text = String::from_utf8(last.to_vec()).unwrap().replace("\"step\":4", "\"step\":5");
    store.put(&record(5), text.into_bytes().into()).await.unwrap();
    assert_eq!(found(audit.verify().await), (5, AuditBreak::Changed));
    assert_eq!(found(audit.verify_holds(&head).await), (5, AuditBreak::Changed));
    assert_eq!(found(lake.audit().append(json!("more"), noon()).await), (5, AuditBreak::Changed));
    // Without that head, only one that was kept elsewhere shows it.
    store.delete(&Path::from("_lakewarden/audit_head/00000005.json")).await.unwrap();
    assert_eq!(lake.audit().append(json!("more"), noon()).await.unwrap_err().code(), "LW5101");
    let trail = audit.examine(Some(&head)).await.unwrap();
    assert_eq!(trail.problems.iter().map(LakeError::code).collect::<Vec<_>>(), ["LW5060", "LW5101"]);
    // What a person accepts is added all the same, and the log goes on from there.
    lake.audit().append_regardless(json!("accepted"), noon()).await.unwrap();
    assert_eq!(lake.audit().append(json!("more"), noon()).await.unwrap().sequence, 7);
}

pub async fn one_writer_at_a_time(lake: &Lake) {
    let mut first = lake.lease("first", noon(), minutes(10)).await.unwrap();
    let refused = lake.lease("second", noon() + minutes(9), minutes(10)).await.unwrap_err();
    assert_eq!(refused.code(), "LW5050");
    assert!(refused.to_string().contains("first"));
    first.renew(noon() + minutes(9), minutes(10)).await.unwrap();
    assert_eq!(first.expires(), noon() + minutes(19));
    first.check(noon() + minutes(18)).await.unwrap();
    assert_eq!(first.check(noon() + minutes(19)).await.unwrap_err().code(), "LW5051");
    assert_eq!(lake.lease("second", noon() + minutes(18), minutes(10)).await.unwrap_err().code(), "LW5050");
    // It dies, and the second takes over, renews (which deletes old generations), and is safe.
    let mut second = lake.lease("second", noon() + minutes(19), minutes(10)).await.unwrap();
    second.renew(noon() + minutes(20), minutes(10)).await.unwrap();
    second.renew(noon() + minutes(21), minutes(10)).await.unwrap();
    assert_eq!(first.renew(noon() + minutes(21), minutes(10)).await.unwrap_err().code(), "LW5051");
    assert_eq!(first.check(noon()).await.unwrap_err().code(), "LW5051");
    assert_eq!(first.release().await.unwrap_err().code(), "LW5051");
    second.check(noon() + minutes(22)).await.unwrap();
    second.release().await.unwrap();
    let third = lake.lease("third", noon() + minutes(22), minutes(10)).await.unwrap();
    third.check(noon() + minutes(23)).await.unwrap();
    // Somebody knows that the third is dead. If it was not after all, it is stopped before it publishes.
    assert_eq!(lake.lease("fourth", noon() + minutes(23), minutes(10)).await.unwrap_err().code(), "LW5050");
    let fourth = lake.take_over_lease("fourth", noon() + minutes(23), minutes(10)).await.unwrap();
    fourth.check(noon() + minutes(24)).await.unwrap();
    assert_eq!(third.check(noon() + minutes(24)).await.unwrap_err().code(), "LW5051");
    assert_eq!(lake.lease("third", noon() + minutes(24), minutes(10)).await.unwrap_err().code(), "LW5050");
}

pub async fn one_of_many_gets_the_lease(lake: &Lake) {
    for round in 0..5 {
        let now = noon() + minutes(round * 60);
        let mut tasks = Vec::new();
        for task in 0..8 {
            let lake = lake.clone();
            tasks.push(tokio::spawn(async move { lake.lease(&format!("task {task}"), now, minutes(30)).await }));
        }
        let mut winners = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(lease) => {
                    lease.check(now).await.unwrap();
                    winners += 1;
                }
                Err(error) => assert_eq!(error.code(), "LW5050", "{error}"),
            }
        }
        assert_eq!(winners, 1, "round {round}");
    }
}

/// The clock of one machine jumps, as after a sleep or a correction: nobody writes who has lost the lease.
pub async fn a_clock_that_jumps(lake: &Lake) {
    let mut slow = lake.lease("slow", noon(), minutes(15)).await.unwrap();
    // Its machine sleeps for two hours. Nobody wanted the lake meanwhile: it goes on.
    slow.renew(noon() + minutes(120), minutes(15)).await.unwrap();
    slow.check(noon() + minutes(121)).await.unwrap();
    // It sleeps again, and another one takes over. Its clock comes back an hour behind.
    let other = lake.lease("other", noon() + minutes(136), minutes(15)).await.unwrap();
    assert_eq!(slow.check(noon() + minutes(76)).await.unwrap_err().code(), "LW5051");
    assert_eq!(slow.renew(noon() + minutes(76), minutes(15)).await.unwrap_err().code(), "LW5051");
    // Nor may it take the lake again while the other one has it, by whichever of the two clocks.
    for at in [76, 137, 150] {
        assert_eq!(lake.lease("slow", noon() + minutes(at), minutes(15)).await.unwrap_err().code(), "LW5050");
    }
    // A clock that runs ahead takes the lake from one that lives. The living one learns of it before it publishes.
    let ahead = lake.lease("ahead", noon() + minutes(9_000), minutes(15)).await.unwrap();
    assert_eq!(other.check(noon() + minutes(140)).await.unwrap_err().code(), "LW5051");
    // From then on the others would wait for days: a person takes it, or the one ahead gives it back.
    assert_eq!(lake.lease("third", noon() + minutes(141), minutes(15)).await.unwrap_err().code(), "LW5050");
    let third = lake.take_over_lease("third", noon() + minutes(141), minutes(15)).await.unwrap();
    assert_eq!(ahead.check(noon() + minutes(9_001)).await.unwrap_err().code(), "LW5051");
    third.check(noon() + minutes(142)).await.unwrap();
    third.release().await.unwrap();
    assert_eq!(lake.lease_holder().await.unwrap(), None);
}

/// Two that write at once, each with the lease when it may: every row once, no record lost.
pub async fn two_runs_at_once(lake: &Lake) {
    let run = |name: &'static str, first: i64| {
        let lake = lake.clone();
        async move {
            let mut done = 0;
            while done < 4 {
                let lease = match lake.lease(name, noon(), minutes(10)).await {
                    Ok(lease) => lease,
                    Err(error) => {
                        assert_eq!(error.code(), "LW5050", "{error}");
                        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
                        continue;
                    }
                };
                lake.recover().await.unwrap();
                publish(&lake, Zone::Conformed, "t", Mode::Append, rows(first + done * 5, 5)).await.unwrap();
                lake.audit().append(json!({ "run": name, "step": done }), noon()).await.unwrap();
                lease.release().await.unwrap();
                done += 1;
            }
        }
    };
    let (one, two) = (tokio::spawn(run("one", 0)), tokio::spawn(run("two", 20)));
    one.await.unwrap();
    two.await.unwrap();
    assert_eq!(ids(lake, Zone::Conformed, "t").await.map(sorted), Some(to(40)));
    assert_eq!(lake.audit().verify().await.unwrap().sequence, 8);
    assert_eq!(lake.table(Zone::Conformed, "t").await.unwrap().unwrap().version, 7);
}
