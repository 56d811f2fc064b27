//! Which of several rows with one key stays: against a slow reference, however the rows come in files and runs.
#![allow(clippy::unwrap_used)]

mod common;
use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::{concat_batches, filter_record_batch};
use arrow::datatypes::Int64Type;
use common::*;
use lakewarden_dictionary::*;
use lakewarden_extract::{FileAccount, KeyRoom, KeySet, conformed_schema};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// A row: its key, the column that says which is the latest, and what it says.
type Row = (i64, i64, i64);

/// Runs, each of files, each of rows.
type Runs = Vec<Vec<Vec<Row>>>;

fn items(survivor: Survivor, corrections: Corrections) -> Dataset {
    let number = |name: &str| field(name, DataType::Integer).optional();
    let fields = vec![number("id"), number("at"), number("says")];
    let mut items = dataset("items", Container::Csv, Encoding::Utf8, fields);
    items.key = vec![here("id".into())];
    items.repeats = Repeats { survivor, survivor_span: None, corrections: Some(here(corrections)) };
    items
}

fn latest() -> Survivor {
    Survivor::Latest(here("at".into()))
}

fn body(rows: &[Row]) -> String {
    let lines: String = rows.iter().map(|(id, at, says)| format!("{id},{at},{says}\n")).collect();
    format!("id,at,says\n{lines}")
}

fn rows_of(batch: &RecordBatch) -> Vec<Row> {
    let [ids, ats, says] = [0, 1, 2].map(|c| batch.column(c).as_primitive::<Int64Type>().values());
    (0..batch.num_rows()).map(|row| (ids[row], ats[row], says[row])).collect()
}

/// What the lake holds after a run, and what became of the rows.
struct Ran {
    lake: RecordBatch,
    accounts: Vec<FileAccount>,
    /// Rows of the lake that gave way, and the rank of those that took their place.
    replaced: Vec<(Row, i64)>,
}

/// Loads files over a lake, in the steps that a pipeline takes.
fn load(items: &Dataset, lake: &RecordBatch, files: &[Vec<Row>], batch_rows: usize, chunk: usize) -> Ran {
    let may_replace = items.repeats.corrections() != Corrections::Ignore;
    let sources: Vec<_> = files.iter().enumerate().map(|(n, rows)| file(&format!("{n}.csv"), body(rows))).collect();
    // With and without room in memory.
    let room = if chunk.is_multiple_of(2) { room(0) } else { KeyRoom::default() };
    let mut seen = KeySet::competing(&room, SEED, items);
    let mut outcome = run_with(items, &sources, batch_rows, 2, &mut seen).unwrap();
    let mut standings = seen.into_standings().unwrap();
    assert_eq!(standings.places(), outcome.rows.num_rows() as u64);

    let slices: Vec<RecordBatch> = (0..lake.num_rows())
        .step_by(chunk)
        .map(|at| lake.slice(at, chunk.min(lake.num_rows() - at)))
        .filter(|slice| {
            // What a log says of a file: a slice that is left out has no key of the files.
            let ids = slice.column(0).as_primitive::<Int64Type>();
            standings.may_be_in(|_| Some((arrow::compute::min(ids)?, arrow::compute::max(ids)?)))
        })
        .collect();
    let met: Vec<Vec<bool>> = slices.iter().map(|s| standings.meet(s, may_replace).unwrap()).collect();
    let differs: Vec<Vec<bool>> = slices.iter().zip(&met).map(|(s, met)| standings.compare(s, met).unwrap()).collect();
    let mut gone = BTreeMap::new();
    for (slice, differs) in slices.iter().zip(&differs) {
        let winners = standings.winners(slice, differs).unwrap();
        gone.extend(rows_of(slice).into_iter().zip(winners).filter_map(|(row, winner)| Some((row, winner?))));
    }
    for (account, rows) in outcome.accounts.iter_mut().zip(standings.beaten()) {
        account.lose_to_lake(*rows);
    }
    let stay: BooleanArray = rows_of(lake).iter().map(|row| Some(!gone.contains_key(row))).collect();
    let new: BooleanArray = (0..standings.places()).map(|place| Some(!standings.is_lost(place))).collect();
    let parts = [filter_record_batch(lake, &stay).unwrap(), filter_record_batch(&outcome.rows, &new).unwrap()];
    let written: u64 = outcome.accounts.iter().map(|a| a.written).sum();
    assert_eq!(parts[1].num_rows() as u64, written);
    Ran {
        lake: concat_batches(&conformed_schema(items), &parts).unwrap(),
        accounts: outcome.accounts,
        replaced: gone.into_iter().collect(),
    }
}

fn empty(items: &Dataset) -> RecordBatch {
    RecordBatch::new_empty(conformed_schema(items))
}

/// The slow way: one row after the other.
fn reference(rows: impl Iterator<Item = Row>, by_time: bool, kept: &mut BTreeMap<i64, Row>) {
    for row in rows {
        let stays = kept.get(&row.0).is_some_and(|old| by_time && row.1 < old.1);
        if !stays {
            kept.insert(row.0, row);
        }
    }
}

fn sorted(batch: &RecordBatch) -> Vec<Row> {
    let mut rows = rows_of(batch);
    rows.sort_unstable();
    rows
}

fn row() -> impl Strategy<Value = Row> {
    // Few keys and times, so that most rows meet others; some exactly the same.
    (0i64..8, 0i64..5, 0i64..4)
}

fn runs() -> impl Strategy<Value = Runs> {
    let file = prop::collection::vec(row(), 0..9);
    prop::collection::vec(prop::collection::vec(file, 1..4), 1..5)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn the_table_follows_from_the_rows_and_not_from_how_they_come(
        runs in runs(), by_time in any::<bool>(), batch_rows in 1usize..6, chunk in 1usize..6,
    ) {
        let items = items(if by_time { latest() } else { Survivor::Last }, Corrections::Replace);
        let (mut lake, mut read, mut accounted) = (empty(&items), 0, 0);
        for files in &runs {
            let before = lake.num_rows() as u64;
            let ran = load(&items, &lake, files, batch_rows, chunk);
            for (account, rows) in ran.accounts.iter().zip(files) {
                prop_assert!(account.closes(), "{:?}", account);
                prop_assert_eq!(account.read, rows.len() as u64);
                read += account.read;
                accounted += account.written + account.duplicates;
            }
            let written: u64 = ran.accounts.iter().map(|a| a.written).sum();
            prop_assert_eq!(ran.lake.num_rows() as u64, before + written - ran.replaced.len() as u64);
            lake = ran.lake;
        }
        prop_assert_eq!(read, accounted);
        let mut kept = BTreeMap::new();
        reference(runs.iter().flatten().flatten().copied(), by_time, &mut kept);
        prop_assert_eq!(sorted(&lake), kept.into_values().collect::<Vec<_>>());

        // All in one run, and each row in a file of its own.
        let all: Vec<Row> = runs.iter().flatten().flatten().copied().collect();
        let at_once = load(&items, &empty(&items), std::slice::from_ref(&all), 3, 3);
        prop_assert_eq!(sorted(&at_once.lake), sorted(&lake));
        let singly: Vec<Vec<Row>> = all.into_iter().map(|row| vec![row]).collect();
        prop_assert_eq!(sorted(&load(&items, &empty(&items), &singly, 3, 3).lake), sorted(&lake));
    }

    #[test]
    fn the_lake_s_row_stays_where_corrections_are_ignored(runs in runs(), by_time in any::<bool>()) {
        let items = items(if by_time { latest() } else { Survivor::Last }, Corrections::Ignore);
        let mut lake = empty(&items);
        let mut kept: BTreeMap<i64, Row> = BTreeMap::new();
        for files in &runs {
            let ran = load(&items, &lake, files, 4, 4);
            prop_assert!(ran.replaced.is_empty());
            let mut run = BTreeMap::new();
            reference(files.iter().flatten().copied(), by_time, &mut run);
            for (key, row) in run {
                kept.entry(key).or_insert(row);
            }
            lake = ran.lake;
        }
        prop_assert_eq!(sorted(&lake), kept.into_values().collect::<Vec<_>>());
    }

    #[test]
    fn what_replaces_is_never_older_and_never_the_same(runs in runs()) {
        let items = items(latest(), Corrections::KeepHistory);
        let mut lake = empty(&items);
        for files in &runs {
            let ran = load(&items, &lake, files, 4, 4);
            let now: BTreeMap<i64, Row> = rows_of(&ran.lake).into_iter().map(|row| (row.0, row)).collect();
            for (old, rank) in &ran.replaced {
                let new = now[&old.0];
                prop_assert!(new.1 == *rank && old.1 <= *rank && new != *old, "{old:?} gives way to {new:?}");
            }
            lake = ran.lake;
        }
    }
}

#[test]
fn the_account_says_where_the_survivor_is() {
    let items = items(latest(), Corrections::Replace);
    let held = load(&items, &empty(&items), &[vec![(1, 5, 0), (2, 5, 0), (3, 5, 0)]], 9, 9).lake;
    let files = [
        // An older one than the lake's, the lake's once more, a correction, a new one and the same again.
        vec![(1, 4, 0), (2, 5, 0), (3, 6, 0), (4, 1, 0), (4, 1, 0)],
        // One that an earlier file survives, and one that takes the place of an earlier.
        vec![(3, 5, 9), (4, 2, 0)],
    ];
    let ran = load(&items, &held, &files, 9, 9);
    let by: Vec<[u64; 5]> = (ran.accounts.iter())
        .map(|a| {
            let d = a.duplicates_by;
            [a.written, d.same_file, d.other_file, d.lake, d.superseded]
        })
        .collect();
    assert_eq!(by, [[1, 1, 0, 2, 1], [1, 0, 1, 0, 0]]);
    assert_eq!(ran.replaced, [((3, 5, 0), 6)]);
    assert_eq!(sorted(&ran.lake), [(1, 5, 0), (2, 5, 0), (3, 6, 0), (4, 2, 0)]);
}

#[test]
fn a_row_without_a_time_cannot_be_the_latest() {
    let items = items(latest(), Corrections::Replace);
    let outcome = run_with(
        &items,
        &[file("a.csv", "id,at,says\n1,,7\n1,2,8\n")],
        9,
        1,
        &mut KeySet::competing(&KeyRoom::default(), SEED, &items),
    );
    let outcome = outcome.unwrap();
    assert_eq!(outcome.refused(), [("1".into(), "at".into(), "required".into())]);
    assert_eq!(outcome.column("says"), ["8"]);
}
