//! Datasets whose files are full exports.

use crate::shop::{Shop, account};
use lakewarden_pipeline::record::{Outcome, ReplacementCause};

const CALLS: &str = "schemas/channels/calls.yaml";

fn snapshots(key: &str) -> Shop {
    let shop = Shop::new();
    shop.replace(CALLS, "thresholds:", &format!("{key}snapshot: replace\nthresholds:"));
    shop
}

fn calls(minutes: &[u32]) -> String {
    minutes.iter().fold("phone,minutes\n".to_owned(), |text, m| format!("{text}+49 30 901820,{m}\n"))
}

async fn minutes(shop: &Shop) -> Vec<String> {
    shop.column("calls", "minutes").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_export_takes_the_place_of_the_one_before() {
    for key in ["", "key: [minutes]\n"] {
        let shop = snapshots(key);
        for (file, days) in
            [("a.csv", &[1, 2, 3][..]), ("a.csv", &[1, 2, 3, 4]), ("b.csv", &[2, 3, 4, 5]), ("a.csv", &[9])]
        {
            let before = minutes(&shop).await.len() as u64;
            shop.write(&format!("exports/calls/{file}"), &calls(days));
            let record = shop.run(&[]).await.unwrap();
            let account = account(&record, "calls");
            let expected: Vec<String> = days.iter().map(u32::to_string).collect();
            assert_eq!(minutes(&shop).await, expected, "{key} {file}");
            match account.replacement {
                None => assert_eq!(before, 0),
                Some(replacement) => {
                    assert_eq!((replacement.cause, replacement.whole), (ReplacementCause::Snapshot, true));
                    let rows = (replacement.rows_before, replacement.rows_removed, replacement.rows_after);
                    assert_eq!(rows, (before, before, days.len() as u64));
                    assert_eq!(replacement.after.read, days.len() as u64);
                    assert_eq!(replacement.files.len(), 1);
                }
            }
            assert_eq!(shop.run(&[]).await.unwrap().outcome, Outcome::Unchanged);
        }
        let events = shop.lake().audit().read_all().await.unwrap();
        assert_eq!(events.iter().filter(|event| event.record["event"] == "snapshot replaced").count(), 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_full_exports_the_latest_is_read_and_an_older_one_that_comes_late_is_not() {
    let shop = snapshots("");
    std::fs::remove_file(shop.path("exports/calls/a.csv")).unwrap();
    shop.replace(
        "pipelines/shop/pipeline.yaml",
        "calls: exports/calls/*",
        "calls: \"exports/calls/{date:%d-%m-%Y}.csv\"",
    );
    for (day, days) in [("28-09-2026", [1, 2]), ("01-10-2026", [1, 3])] {
        shop.write(&format!("exports/calls/{day}.csv"), &calls(&days));
    }
    let first = account(&shop.run(&[]).await.unwrap(), "calls");
    assert_eq!((minutes(&shop).await, first.read), (vec!["1".to_owned(), "3".to_owned()], 2));
    assert_eq!(first.skipped_exports, ["exports/calls/28-09-2026.csv"]);
    assert_eq!(shop.run(&[]).await.unwrap().outcome, Outcome::Unchanged);
    // An older day that comes late changes nothing, even once the later export is gone.
    std::fs::remove_file(shop.path("exports/calls/01-10-2026.csv")).unwrap();
    shop.write("exports/calls/30-09-2026.csv", &calls(&[7]));
    let record = shop.run(&[]).await.unwrap();
    assert_eq!((record.outcome, minutes(&shop).await.len()), (Outcome::Unchanged, 2));
    assert_eq!(account(&record, "calls").skipped_exports, ["exports/calls/30-09-2026.csv"]);
    shop.write("exports/calls/02-10-2026.csv", &calls(&[8]));
    shop.run(&[]).await.unwrap();
    assert_eq!(minutes(&shop).await, ["8"]);
}

/// What a person has withdrawn does not come back, and what an export no longer has does not stay.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_export_may_change_what_its_columns_mean() {
    let shop = snapshots("");
    shop.run(&[]).await.unwrap();
    shop.replace(CALLS, "type: integer", "type: string");
    assert_eq!(shop.run(&[]).await.unwrap_err().code(), "LW2022", "until the next export is there");
    shop.write("exports/calls/b.csv", "phone,minutes\n+49 30 901820,one\n");
    shop.run(&[]).await.unwrap();
    assert_eq!(minutes(&shop).await, ["one"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_export_that_a_rule_stops_leaves_the_one_before() {
    let shop = snapshots("stopped_files: set_aside\n");
    shop.write("exports/calls/a.csv", &calls(&[1, 2]));
    shop.replace(
        CALLS,
        "category: user.behavior, treatment: keep }",
        "category: user.behavior, treatment: keep, rules: [{ between: { min: 1, max: 9 }, on_failure: stop_file }] }",
    );
    shop.run(&[]).await.unwrap();
    shop.write("exports/calls/b.csv", &calls(&[3, 30]));
    assert_eq!(shop.run(&[]).await.unwrap_err().code(), "LW6075");
    assert_eq!(minutes(&shop).await, ["1", "2"]);
}
