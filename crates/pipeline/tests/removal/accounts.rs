//! Every row that a run removes is accounted for, and nothing is removed that has to stay.

use crate::stall::*;
use lakewarden_lake::Zone;
use lakewarden_pipeline::Verb;
use lakewarden_pipeline::record::Outcome;
use serde_json::Value;

/// The totals that the last commit of the visits notes, and the rows that there are.
async fn totals(stall: &Stall) -> (Value, u64) {
    let table = stall.table(Zone::Conformed, "visits").await.unwrap();
    (table.noted["lakewarden.totals"].clone(), table.rows())
}

async fn expect_closed(stall: &Stall) {
    let (totals, rows) = totals(stall).await;
    let of = |key: &str| totals[key].as_u64().unwrap();
    assert_eq!(rows, of("written") - of("replaced") - of("retention_ended"), "{totals}");
    let gone = ["quarantined", "discarded", "expired", "duplicates", "key_conflicts", "outside_retention"].map(of);
    assert_eq!(of("read"), of("written") + gone.iter().sum::<u64>(), "{totals}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_with_nothing_else_to_do_removes_what_is_due_and_then_nothing() {
    let stall = Stall::new("").with_canaries();
    stall.run(1).await;
    let before = stall.try_run(&stall.lake(), Some(day(1)), day(1)).await.unwrap();
    assert_eq!(before.outcome, Outcome::Unchanged);
    // A shorter retention, or time: both end rows.
    stall.declare_visits("", true);
    let path = "schemas/channels/visits.yaml";
    let text = std::fs::read_to_string(stall.path(path)).unwrap();
    stall.write(path, &text.replace("retention: P1Y", "retention: P31D"));
    let plan = stall.plan(2).await;
    let planned = plan.actions.iter().find(|action| action.verb == Verb::Remove).unwrap();
    assert_eq!((planned.subject.as_str(), planned.because.as_str()), ("visits", "2 rows are past retention"));
    let account = stall.load(2).await;
    assert_eq!((account.read, account.written, account.retention_ended), (0, 0, 2));
    assert_eq!(stall.rows("visits", &["visit"]).await, ["3", "4"]);
    expect_closed(&stall).await;
    let version = stall.table(Zone::Conformed, "visits").await.unwrap().version;
    let again = stall.try_run(&stall.lake(), Some(day(2)), day(2)).await.unwrap();
    assert_eq!(again.outcome, Outcome::Unchanged);
    assert_eq!(stall.table(Zone::Conformed, "visits").await.unwrap().version, version);
    assert!(stall.plan(2).await.actions.iter().all(|action| action.verb != Verb::Remove));
    // The row of visit 3 is of 2 September.
    assert_eq!(stall.load(3).await.retention_ended, 1);
    expect_closed(&stall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_end_as_of_the_run_s_instant_and_never_before_their_time() {
    let stall = Stall::new("").with_canaries();
    stall.run(1).await;
    // The visit of 6 October 2025 ends on 6 October 2026: as of the 1st it is kept, whatever the clock shows.
    let past = stall.try_run(&stall.lake(), Some(day(1)), day(9)).await.unwrap();
    assert_eq!(account(&past, "visits").retention_ended, 0);
    let future = stall.try_run(&stall.lake(), Some(day(300)), day(2)).await.unwrap();
    assert_eq!(account(&future, "visits").retention_ended, 0);
    assert_eq!(stall.rows("visits", &["visit"]).await.len(), 4);
    assert_eq!(stall.load(9).await.retention_ended, 1);
    expect_closed(&stall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_end_and_are_corrected_and_added_in_one_publication() {
    let stall = Stall::new("");
    stall.declare_visits("survivor: last\n", true);
    let stall = stall.with_canaries();
    stall.run(1).await;
    stall.declare_visits("survivor: last\n", false);
    // Visit 2 is in the file that loses visit 1, and takes new values; visit 5 is new; visit 1 comes again and is too old.
    stall.deliver(
        "b.csv",
        &[
            (2, "m1", "2026-09-01", "corrected", "6", "x", "9"),
            (5, "m3", "2026-09-20", "new", "1", "x", "9"),
            (1, "m1", "2025-10-06", "again", "1", "x", "9"),
        ],
    );
    let account = stall.load(7).await;
    assert_eq!((account.read, account.written, account.outside_retention), (3, 2, 1));
    assert_eq!((account.replaced, account.retention_ended), (1, 1));
    assert_eq!(account.columns_removed, ["shoe", "size"]);
    let rows = ["2|corrected", "3|canary-withdrawn", "4|plain", "5|new"];
    assert_eq!(stall.rows("visits", &["visit", "note"]).await, rows);
    expect_closed(&stall).await;
    // No file of the rewriting that lost against the correction is left.
    let table = stall.table(Zone::Conformed, "visits").await.unwrap();
    stall.vacuum(7, true, false).await.unwrap();
    let files = std::fs::read_dir(stall.path("lake/conformed/visits"))
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|extension| extension == "parquet"));
    let lake = stall.lake();
    let orphans = lake.orphans(chrono::TimeDelta::zero(), chrono::Utc::now() + chrono::TimeDelta::hours(1));
    assert_eq!((files.count(), orphans.await.unwrap().len()), (table.files.len(), 0));
    assert_eq!(stall.rows("visits", &["visit", "note"]).await, rows);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_of_rows_ends_with_them() {
    let more = "survivor: last\ncorrections: keep_history\n";
    let stall = Stall::new("");
    stall.declare_visits(more, true);
    let stall = stall.with_canaries();
    stall.run(1).await;
    stall.deliver(
        "b.csv",
        &[(1, "m1", "2025-10-06", "one again", "1", "x", "1"), (2, "m1", "2026-09-01", "two again", "1", "x", "1")],
    );
    assert_eq!(stall.load(2).await.replaced, 2);
    let history = "visits.history";
    assert_eq!(stall.rows(history, &["visit", "note"]).await, [format!("1|{ENDED_TEXT}"), "2|later".to_owned()]);
    stall.declare_visits(more, false);
    stall.deliver("c.csv", &[(2, "m1", "2026-09-01", "two once more", "1", "x", "1")]);
    let account = stall.load(7).await;
    assert_eq!((account.retention_ended, account.history_retention_ended, account.replaced), (1, 1, 1));
    assert_eq!(account.columns_removed, ["shoe", "size"]);
    assert_eq!(stall.rows(history, &["visit", "note"]).await, ["2|later", "2|two again"]);
    let rows = ["2|two once more|true", "3|canary-withdrawn|true", "4|plain|true"];
    assert_eq!(stall.rows("visits", &["visit", "note", "is_current"]).await, rows);
    assert!(stall.table(Zone::Conformed, history).await.unwrap().schema.field_with_name("shoe").is_err());
    expect_closed(&stall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn retention_ends_grants_and_never_refusals() {
    let stall = Stall::new("");
    stall.deliver(
        "a.csv",
        &[(1, "m1", "2026-09-01", "one", "1", "x", "1"), (2, "m2", "2026-09-01", "two", "1", "x", "1")],
    );
    let records = [
        ("m1", "grant", "2026-08-01"),
        ("m2", "grant", "2026-08-01"),
        ("m2", "withdraw", "2026-08-02"),
        ("m3", "restrict", "2026-08-02"),
        ("m3", "no_effect", "2026-08-02"),
    ];
    stall.consent("a.csv", &records);
    stall.run(1).await;
    assert_eq!(stall.ask("SELECT note FROM visits", 1, 1).await, ["one"]);
    stall.declare_consents("retention: P30D\n");
    let record = stall.run(2).await;
    assert_eq!(account(&record, "consents").retention_ended, 3);
    assert_eq!(stall.rows("consents", &["action"]).await, ["restrict", "withdraw"]);
    assert!(stall.ask("SELECT note FROM visits", 2, 2).await.is_empty(), "the grant has ended");
    let again = stall.try_run(&stall.lake(), Some(day(2)), day(2)).await.unwrap();
    assert_eq!(again.outcome, Outcome::Unchanged, "refusals are old and stay");
}
