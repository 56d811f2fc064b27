//! What is discarded or has lain there for long enough is gone, and counted.

use crate::released::files;
use crate::{club, discard_in, keys, lake, release_all, table, totals};
use chrono::{DateTime, Utc};
use lakewarden_lake::Zone;
use lakewarden_pipeline::quarantine::{Selection, list};
use lakewarden_pipeline::record::{Outcome, RunRecord};
use lakewarden_pipeline::{Request, Silent, run};
use lakewarden_policy::Knowledge;
use std::fs;
use uuid::Uuid;

/// A run as of an instant, by a clock that shows another.
async fn run_at(club: &crate::club::Club, as_of: &str, clock: &str) -> RunRecord {
    let now = crate::club::at(clock);
    let clock = move || -> DateTime<Utc> { now };
    let request = Request {
        days: None,
        accept_thresholds: &[],
        reload: None,
        pipeline: None,
        lake: None,
        as_of: Some(crate::club::at(as_of)),
        consent: Knowledge::Then,
        clock: &clock,
        run: Uuid::new_v4(),
        seed: 5,
        owner: "a test",
        take_over: true,
    };
    run(&club.open(), &keys(), &request, &Silent).await.unwrap().record
}

fn counts(record: &RunRecord) -> (u64, u64) {
    let visits = record.datasets.iter().find(|d| d.dataset == "visits").unwrap();
    (visits.quarantine_expired, visits.in_quarantine)
}

#[tokio::test(flavor = "multi_thread")]
async fn records_end_when_their_time_is_over_in_the_run_s_own_publication() {
    let club = club().await;
    // 90 days after 1 July is 29 September.
    assert_eq!(counts(&run_at(&club, "2026-09-29", "2026-09-29").await), (0, 5));
    // A run that is as of the future ends nothing before its time, and one of the past nothing later.
    assert_eq!(counts(&run_at(&club, "2027-01-01", "2026-09-29").await), (0, 5));
    let held = table(&lake(&club), Zone::Quarantine, "visits").await;
    assert_eq!((held.rows(), held.version), (5, 0));
    let ended = run_at(&club, "2026-09-29", "2026-09-30").await;
    assert_eq!((counts(&ended), ended.outcome), ((5, 0), Outcome::Published));
    let lake = lake(&club);
    assert_eq!(files(&club, "lake/quarantine/visits"), 0, "their files are gone");
    let conformed = table(&lake, Zone::Conformed, "visits").await;
    assert_eq!(totals(&conformed), [6, 1, 0, 0, 0, 0, 5]);
    for (zone, name) in [(Zone::Conformed, "visits"), (Zone::Quarantine, "visits"), (Zone::Curated, "counted")] {
        let by = table(&lake, zone, name).await.transactions;
        assert!(by.contains_key(&format!("lakewarden/publication/{}", ended.run)), "{name}: one publication");
    }
    let again = run_at(&club, "2026-09-29", "2026-10-01").await;
    assert_eq!((again.outcome, again.datasets.len()), (Outcome::Unchanged, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn younger_records_stay_and_new_ones_come_in_the_same_run() {
    let club = club().await;
    club.write("exports/visits/august.csv", "visit,member_no,device_id,at\nv7,M1,,soon\n");
    assert_eq!(counts(&run_at(&club, "2026-08-15", "2026-08-15").await), (0, 6));
    club.write(
        "exports/visits/october.csv",
        "visit,member_no,device_id,at\nv8,M1,,late\nv9,M1,,2026-09-30T10:00:00Z\n",
    );
    assert_eq!(counts(&run_at(&club, "2026-10-01", "2026-10-01").await), (5, 2));
    let listing = list(&club.open(), None, &Selection::default(), 9).await.unwrap();
    let mut files_of: Vec<&str> = listing.entries.iter().map(|e| e.file.rsplit('/').next().unwrap()).collect();
    files_of.sort_unstable();
    assert_eq!(files_of, ["august.csv", "october.csv"]);
    assert_eq!(totals(&table(&lake(&club), Zone::Conformed, "visits").await), [9, 2, 2, 0, 0, 0, 5]);
    let open = club.open();
    let of = Selection { file: Some("october.csv".into()), ..Selection::default() };
    assert_eq!(list(&open, None, &of, 9).await.unwrap().records, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn how_long_is_declared() {
    let club = club().await;
    let path = club.path("lakewarden.yaml");
    let settings = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{settings}quarantine_retention: P7D\n")).unwrap();
    assert_eq!(counts(&run_at(&club, "2026-07-08", "2026-07-08").await), (0, 5));
    let entry = club.path("schemas/channels/visits.yaml");
    let text = fs::read_to_string(&entry).unwrap();
    fs::write(&entry, text.replace("key: [visit]\n", "key: [visit]\nquarantine_retention: P1M\n")).unwrap();
    assert_eq!(counts(&run_at(&club, "2026-07-31", "2026-07-31").await), (0, 5));
    fs::write(&entry, text).unwrap();
    assert_eq!(counts(&run_at(&club, "2026-07-09", "2026-07-09").await), (5, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_discarded_is_counted_and_written_down() {
    let club = club().await;
    let open = club.open();
    let never = list(&open, None, &Selection::default(), 9).await.unwrap();
    let id = never.entries.iter().find(|e| e.row == 4).unwrap().id.clone();
    let gone = discard_in(&club, &Selection::default().of(std::slice::from_ref(&id))).await.unwrap();
    assert_eq!((gone.datasets[0].records(), gone.datasets[0].stay, &gone.ids), (1, 4, &vec![id.clone()]));
    assert_eq!(totals(&table(&lake(&club), Zone::Conformed, "visits").await), [6, 1, 4, 0, 0, 1, 0]);
    let audit = lake(&club).audit().read_all().await.unwrap();
    let [.., prepared, done] = audit.as_slice() else { panic!("{audit:?}") };
    assert_eq!(prepared.record["event"], "quarantine_discard_prepared");
    assert_eq!((&done.record["event"], &done.record["who"]), (&"quarantine_discard".into(), &"tester".into()));
    assert_eq!(done.record["discard"]["discard"]["ids"][0], id.as_str());
    assert_eq!(files(&club, "lake/quarantine/visits"), 1);
    assert_eq!(discard_in(&club, &Selection::default().of(&[id])).await.unwrap_err().code(), "LW6036");
    // The rest, of all datasets.
    let rest = discard_in(&club, &Selection::default()).await.unwrap();
    assert_eq!(rest.datasets[0].records(), 4);
    assert_eq!(files(&club, "lake/quarantine/visits"), 0);
    assert!(release_all(&club, &keys()).await.unwrap().datasets.is_empty());
    assert_eq!(run_at(&club, "2026-07-01", "2026-07-03").await.outcome, Outcome::Published, "its totals are told anew");
    assert_eq!(run_at(&club, "2026-07-01", "2026-07-04").await.outcome, Outcome::Unchanged);
}

/// A table that an earlier version of Lakewarden wrote has no column `run`.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_without_runs_is_read_and_grows() {
    let club = club().await;
    let lake = lake(&club);
    let held = table(&lake, Zone::Quarantine, "visits").await;
    let columns: Vec<String> = held.schema.fields().iter().map(|f| f.name().clone()).filter(|n| n != "run").collect();
    let names: Vec<&str> = columns.iter().map(String::as_str).collect();
    crate::tampered::replace(&lake, &held, Some(&names), |batch| batch).await;
    club.write("exports/visits/more.csv", "visit,member_no,device_id,at\nv7,M1,,soon\n");
    assert_eq!(counts(&run_at(&club, "2026-07-02", "2026-07-02").await), (0, 6));
    let listing = list(&club.open(), None, &Selection::default(), 9).await.unwrap();
    let runs = listing.entries.iter().filter(|e| e.run.is_some()).count();
    assert_eq!((listing.entries.len(), runs), (6, 1));
    crate::mend(&club);
    let released = release_all(&club, &keys()).await.unwrap();
    assert_eq!((released.datasets[0].left(), released.datasets[0].stays()), (4, 2));
}
