//! Every account closes, and says what a plain count says.

use crate::{Lines, account};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Written, duplicates and key conflicts by the book, of runs of files of (key, value).
fn by_the_book(runs: &[Vec<Vec<(u8, u8)>>]) -> Vec<[u64; 3]> {
    let mut kept: BTreeMap<u8, u8> = BTreeMap::new();
    let count = |files: &Vec<Vec<(u8, u8)>>| {
        let (mut counts, mut lost) = ([0; 3], BTreeSet::new());
        for (key, value) in files.iter().flatten() {
            let what = match kept.get(key) {
                None => {
                    kept.insert(*key, *value);
                    0
                }
                Some(first) if first == value => 1,
                Some(_) if lost.insert((*key, *value)) => 2,
                Some(_) => 1,
            };
            counts[what] += 1;
        }
        counts
    };
    runs.iter().map(count).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn rows_are_counted_as_by_hand(
        runs in prop::collection::vec(prop::collection::vec(prop::collection::vec((0..9_u8, 0..3_u8), 1..9), 1..4), 1..4),
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let lines = Lines::new("key: [line]\nthresholds: { quarantine_at_most: 100% }\n");
            for (run, (files, expected)) in runs.iter().zip(by_the_book(&runs)).enumerate() {
                for (file, rows) in files.iter().enumerate() {
                    let records: Vec<String> = rows.iter().map(|(key, value)| format!("{key},A,{value}")).collect();
                    let name = format!("{run}-{file}.csv");
                    let records: Vec<&str> = records.iter().map(String::as_str).collect();
                    lines.deliver(&name, &records);
                }
                let before = lines.rows().await;
                let record = lines.run().await.unwrap();
                let Some(found) = record.datasets.iter().find(|d| d.read > 0) else { continue };
                let all_new = found.files.len() == files.len();
                let found = account(&record);
                assert_eq!(lines.rows().await, before + found.written);
                if all_new {
                    assert_eq!([found.written, found.duplicates, found.key_conflicts], expected);
                }
            }
        });
    }
}
