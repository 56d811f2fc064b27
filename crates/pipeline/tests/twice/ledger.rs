//! What is known of the files that came.

use crate::house::House;
use lakewarden_pipeline::{LedgerLine, ledger};
use std::fs;

async fn lines(house: &House) -> Vec<LedgerLine> {
    let ledgers = ledger(&house.open(), &house.lake(), Some("members")).await.unwrap();
    ledgers.into_iter().flat_map(|ledger| ledger.files).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_file_is_told_of_after_many_runs_and_a_cleaned_log() {
    let house = House::new("survivor: last\n");
    assert!(lines(&house).await.is_empty());
    for day in 0..25i64 {
        house.deliver(&format!("{day:02}.csv"), &[(1, "p1", day, 1), (100 + day as u32, "p2", 1, 1)]);
        let account = house.load(day).await;
        assert_eq!((account.written, account.replaced), (2, u64::from(day > 0)));
    }
    let all = lines(&house).await;
    assert_eq!(all.len(), 25);
    for (day, line) in all.iter().enumerate() {
        let facts = line.file.facts.as_ref().unwrap();
        assert_eq!(line.file.file, format!("exports/members/{day:02}.csv"));
        assert_eq!((line.version, line.file.sha256.len(), facts.read, facts.written), (Some(day as i64), 64, 2, 2));
        assert_eq!((facts.container.as_str(), facts.encoding.as_deref()), ("csv", Some("UTF-8")));
        assert_eq!((facts.dictionary.len(), facts.key.version), (64, 1));
    }
    // Another program cleans the log up to its last checkpoint.
    let log = house.path("lake/conformed/members/_delta_log");
    let names = || fs::read_dir(&log).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let last = names().filter(|name| name.ends_with(".checkpoint.parquet")).max().unwrap();
    for name in names().filter(|name| name.ends_with(".json") && !name.starts_with('_') && name[..20] < last[..20]) {
        fs::remove_file(log.join(name)).unwrap();
    }
    assert_eq!(lines(&house).await, all);
    // Without the fold as well, that they were loaded is still known.
    fs::remove_dir_all(house.path("lake/_lakewarden/ledger")).unwrap();
    let left = lines(&house).await;
    assert_eq!(left.len(), 25);
    let untold = left.iter().filter(|line| line.file.facts.is_none()).count();
    assert!(untold >= 15, "{untold}");
    let sums = |lines: &[LedgerLine]| -> Vec<String> {
        let mut sums: Vec<String> = lines.iter().map(|line| line.file.sha256.clone()).collect();
        sums.sort();
        sums
    };
    assert_eq!(sums(&left), sums(&all));
    assert!(house.load(30).await.files.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_bytes_under_another_name_are_known_by_the_first() {
    let house = House::new("");
    house.deliver("1.csv", &[(1, "p1", 10, 1)]);
    house.deliver("2.csv", &[(1, "p1", 10, 1)]);
    let account = house.load(0).await;
    let told = |account: &lakewarden_pipeline::record::DatasetAccount| -> Vec<(String, String)> {
        let short = |name: &str| name.rsplit('/').next().unwrap().to_owned();
        account.same_bytes.iter().map(|same| (short(&same.file), short(&same.loaded_as))).collect()
    };
    assert_eq!(told(&account), [("2.csv".to_owned(), "1.csv".to_owned())]);
    house.deliver("3.csv", &[(2, "p2", 20, 1)]);
    house.deliver("4.csv", &[(1, "p1", 10, 1)]);
    let account = house.load(1).await;
    assert_eq!(account.already_loaded.len(), 3);
    let copy = |name: &str| (name.to_owned(), "1.csv".to_owned());
    assert_eq!(told(&account), [copy("2.csv"), copy("4.csv")]);
    let lines = lines(&house).await;
    let same: Vec<_> = lines.iter().map(|line| (line.file.file.as_str(), line.file.same_as.is_some())).collect();
    let at = |name: &str| format!("exports/members/{name}");
    let expected = [("1.csv", false), ("2.csv", true), ("3.csv", false), ("4.csv", true)];
    assert_eq!(
        same,
        expected.map(|(name, same)| (at(name), same)).iter().map(|(n, s)| (n.as_str(), *s)).collect::<Vec<_>>()
    );
    let unknown = ledger(&house.open(), &house.lake(), Some("member")).await.unwrap_err();
    assert_eq!(unknown.code(), "LW6031");
}
