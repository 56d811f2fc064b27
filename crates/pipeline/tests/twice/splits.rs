//! The table follows from the rows, not from the files and runs they come in; and the history has no holes.

use crate::house::{House, november};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::collections::BTreeMap;

const PHONES: [&str; 3] = ["p1", "p2", "p3"];

/// Key, phone, points, day.
type Row = (u32, usize, i64, u32);
type Runs = Vec<Vec<Vec<Row>>>;

fn runs() -> impl Strategy<Value = Runs> {
    let row = (0u32..5, 0usize..3, 0i64..3, 1u32..5);
    let file = prop::collection::vec(row, 1..7);
    prop::collection::vec(prop::collection::vec(file, 1..3), 1..5)
}

/// Delivers and loads all runs; answers the house and how many rows were replaced.
async fn loaded(repeats: &str, runs: &Runs) -> (House, u64) {
    let house = House::new(repeats);
    let (mut number, mut held, mut all_replaced) = (0, 0, 0);
    for (day, files) in runs.iter().enumerate() {
        let mut names = Vec::new();
        for file in files {
            let rows: Vec<_> =
                file.iter().map(|(no, phone, points, day)| (*no, PHONES[*phone], *points, *day)).collect();
            names.push(format!("{number:03}.csv"));
            house.deliver(&names[names.len() - 1], &rows);
            number += 1;
        }
        let account = house.load(day as i64).await;
        let now = house.rows("members", &["no"]).await.len() as u64;
        assert_eq!(now, held + account.written - account.replaced);
        held = now;
        all_replaced += account.replaced;
    }
    (house, all_replaced)
}

const COLUMNS: [&str; 3] = ["no", "points", "changed"];

async fn table(house: &House) -> Vec<Vec<String>> {
    house.rows("members", &COLUMNS).await
}

fn reference(runs: &Runs, by_time: bool) -> Vec<Vec<String>> {
    let mut kept: BTreeMap<u32, Row> = BTreeMap::new();
    for row in runs.iter().flatten().flatten() {
        if !kept.get(&row.0).is_some_and(|old| by_time && row.3 < old.3) {
            kept.insert(row.0, *row);
        }
    }
    kept.values()
        .map(|(no, _, points, day)| vec![no.to_string(), points.to_string(), format!("2026-10-{day:02}T00:00:00Z")])
        .collect()
}

/// Every version of every key: intervals that follow each other, the last of which is open.
async fn check_history(house: &House, replaced: u64) {
    let columns = ["no", "valid_from", "valid_to", "is_current"];
    let current = house.rows("members", &columns).await;
    let old = house.rows("members.history", &columns).await;
    assert_eq!(old.len() as u64, replaced);
    assert!(current.iter().all(|row| row[2].is_empty() && row[3] == "true"), "{current:?}");
    assert!(old.iter().all(|row| !row[2].is_empty() && row[3] == "false"), "{old:?}");
    let mut by_key: BTreeMap<&str, Vec<&Vec<String>>> = BTreeMap::new();
    for row in old.iter().chain(&current) {
        by_key.entry(&row[0]).or_default().push(row);
    }
    for (key, mut versions) in by_key {
        // Of those that begin together all but one are empty, and the open one is the last.
        versions.sort_by_key(|row| (&row[1], row[2].is_empty(), &row[2]));
        for pair in versions.windows(2) {
            assert_eq!(pair[0][2], pair[1][1], "{key}: {versions:?}");
        }
        assert_eq!(versions.iter().filter(|row| row[2].is_empty()).count(), 1, "{key}: {versions:?}");
    }
}

fn held_against_the_reference(cases: u32) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let config = Config { failure_persistence: None, ..Config::with_cases(cases) };
    let mut runner = TestRunner::new_with_rng(
        config,
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    runner
        .run(&(runs(), any::<bool>(), any::<bool>()), |(runs, by_time, history)| {
            runtime.block_on(async {
                let survivor = if by_time { "survivor: { latest: changed }\n" } else { "survivor: last\n" };
                let repeats = format!("{survivor}corrections: {}\n", if history { "keep_history" } else { "replace" });
                let (house, replaced) = loaded(&repeats, &runs).await;
                assert_eq!(table(&house).await, reference(&runs, by_time));
                if history {
                    check_history(&house, replaced).await;
                }
                let at_once: Runs = vec![vec![runs.iter().flatten().flatten().copied().collect()]];
                let (other, none) = loaded(&repeats, &at_once).await;
                assert_eq!(table(&other).await, table(&house).await);
                assert_eq!(none, 0);
            });
            Ok(())
        })
        .unwrap();
}

#[test]
fn the_lake_is_that_of_the_reference_however_the_rows_come() {
    held_against_the_reference(8);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_comes_again_changes_nothing_and_a_correction_only_its_file() {
    let house = House::new("survivor: last\ncorrections: keep_history\n");
    house.deliver("1.csv", &[(1, "p1", 10, 1), (2, "p2", 20, 1)]);
    house.deliver("2.csv", &[(3, "p3", 30, 1)]);
    assert_eq!(house.load(0).await.written, 3);
    house.deliver("3.csv", &[(4, "p1", 40, 1)]);
    assert_eq!(house.load(1).await.written, 1);
    let files =
        |table: lakewarden_lake::TableSnapshot| -> Vec<String> { table.files.into_iter().map(|f| f.path).collect() };
    let members =
        || async { files(house.lake().table(lakewarden_lake::Zone::Conformed, "members").await.unwrap().unwrap()) };
    let before = members().await;
    assert_eq!(before.len(), 2);

    // All of it again, in another order: duplicates, and no file is written.
    house.deliver("4.csv", &[(4, "p1", 40, 1), (2, "p2", 20, 1), (1, "p1", 10, 1), (3, "p3", 30, 1)]);
    let account = house.load(2).await;
    assert_eq!((account.written, account.duplicates_by.lake, account.replaced), (0, 4, 0));
    assert_eq!(members().await, before);

    // The first of two files holds the row that is corrected; the other stays.
    house.deliver("5.csv", &[(2, "p2", 21, 2)]);
    let account = house.load(3).await;
    assert_eq!((account.written, account.replaced), (1, 1));
    let after = members().await;
    assert!(after.contains(&before[1]) && !after.contains(&before[0]), "{before:?} {after:?}");
    let history = house.rows("members.history", &["no", "points", "valid_from", "valid_to"]).await;
    let instant = |days: i64| november(days).format("%FT%TZ").to_string();
    assert_eq!(history, [["2".to_owned(), "20".to_owned(), instant(0), instant(3)]]);
    // What models read is what is current, in the columns that are declared.
    assert_eq!(house.ask("SELECT sum(points) FROM members").await, [["101"]]);
    assert_eq!(house.ask("SELECT * FROM members WHERE no = 2").await[0].len(), 6);

    // The run's instant must not be before that of what it would correct.
    house.deliver("6.csv", &[(2, "p2", 22, 2)]);
    let refused = house.run(1).await.unwrap_err();
    assert_eq!((refused.code(), refused.is_refusal()), ("LW6030", true));
    assert_eq!(members().await, after);
    assert_eq!(house.load(4).await.replaced, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_can_begin_later_and_end() {
    let house = House::new("survivor: { latest: changed }\n");
    house.deliver("1.csv", &[(1, "p1", 10, 1), (2, "p2", 20, 1)]);
    house.load(0).await;
    house.declare("survivor: { latest: changed }\ncorrections: keep_history\n");
    house.deliver("2.csv", &[(2, "p2", 21, 4)]);
    assert_eq!(house.load(1).await.replaced, 1);
    check_history(&house, 1).await;
    let day = |day: u32| format!("2026-10-{day:02}T00:00:00Z");
    let old = house.rows("members.history", &["no", "valid_from", "valid_to"]).await;
    assert_eq!(old, [["2".to_owned(), day(1), day(4)]]);
    // An older row than the lake's is neither current nor history.
    house.deliver("3.csv", &[(2, "p2", 22, 2)]);
    let account = house.load(2).await;
    assert_eq!((account.duplicates_by.lake, account.replaced), (1, 0));
    house.declare("survivor: { latest: changed }\n");
    house.deliver("4.csv", &[(2, "p2", 23, 5), (3, "p3", 30, 5)]);
    assert_eq!(house.load(3).await.replaced, 1);
    assert_eq!(house.rows("members.history", &["no"]).await.len(), 1);
    assert_eq!(house.ask("SELECT sum(points) FROM members").await, [["63"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn corrections_that_are_ignored_are_duplicates() {
    let house = House::new("survivor: last\ncorrections: ignore\n");
    house.deliver("1.csv", &[(1, "p1", 10, 1), (1, "p1", 11, 1)]);
    let account = house.load(0).await;
    assert_eq!((account.written, account.duplicates_by.superseded), (1, 1));
    house.deliver("2.csv", &[(1, "p1", 12, 1)]);
    let account = house.load(1).await;
    assert_eq!((account.written, account.duplicates_by.lake, account.replaced), (0, 1, 0));
    assert_eq!(house.rows("members", &["points"]).await, [["11"]]);
}
