//! What other programs do to a table, and how little memory there is, changes nothing of what is loaded.

use crate::house::House;
use lakewarden_pipeline::record::DatasetAccount;
use lakewarden_privacy::{KeyRing, MasterKey};
use std::fs;

/// What a program that compacts files leaves.
const OPTIMIZED: &str = r#"{"commitInfo":{"operation":"OPTIMIZE","engineInfo":"another"}}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_was_compacted_keeps_its_totals_and_its_key() {
    let house = House::new("survivor: last\n");
    house.deliver("1.csv", &[(1, "p1", 10, 1), (2, "p2", 20, 1)]);
    house.load(0).await;
    fs::write(house.path("lake/conformed/members/_delta_log/00000000000000000001.json"), OPTIMIZED).unwrap();

    house.deliver("2.csv", &[(2, "p2", 21, 2), (3, "p3", 30, 2)]);
    let other = KeyRing::new(MasterKey::from_bytes([8; 32]), 1);
    let refused = house.run_with(1, false, &other).await.unwrap_err();
    assert_eq!(refused.code(), "LW6007", "{refused}");
    let account = house.load(1).await;
    assert_eq!((account.read, account.written, account.replaced), (2, 2, 1));
    let table = house.lake().table(lakewarden_lake::Zone::Conformed, "members").await.unwrap().unwrap();
    let totals = &table.noted["lakewarden.totals"];
    assert_eq!((&totals["read"], &totals["written"], &totals["replaced"]), (&4.into(), &4.into(), &1.into()));
}

/// Twenty thousand rows of fifty members; then half of them again, every fourth of which is older than the lake's.
async fn loaded(settings: &str) -> (House, Vec<DatasetAccount>) {
    let house = House::new("survivor: { latest: changed }\ncorrections: replace\n");
    let declared = fs::read_to_string(house.path("lakewarden.yaml")).unwrap();
    house.write("lakewarden.yaml", &format!("{declared}{settings}"));
    let file = |name: &str, numbers: &mut dyn Iterator<Item = u32>, points: u32| {
        let line = |no: u32| {
            let (who, day) = (no % 50, if points > 1 && no.is_multiple_of(4) { 1 } else { 1 + points });
            format!("{no},m{who},p{who},{points},2026-10-{day:02} 00:00:00\n")
        };
        let lines: String = numbers.map(line).collect();
        house.write(&format!("exports/members/{name}"), &format!("no,member_no,phone,points,changed\n{lines}"));
    };
    file("1.csv", &mut (0..20_000), 1);
    let first = house.load(0).await;
    file("2.csv", &mut (10_000..25_000), 2);
    let second = house.load(1).await;
    (house, vec![first, second])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_budget_changes_no_row() {
    let ((plain, expected), (small, accounts)) = (loaded("").await, loaded("memory_budget: 1MiB\n").await);
    let figures = |accounts: &[DatasetAccount]| -> Vec<_> {
        accounts.iter().map(|a| (a.read, a.written, a.duplicates_by, a.replaced, a.outside_retention)).collect()
    };
    assert_eq!(figures(&accounts), figures(&expected));
    assert!(accounts[1].replaced > 5_000 && accounts[1].duplicates > 2_000, "{:?}", accounts[1]);
    let columns = ["no", "member_no", "phone", "points", "changed"];
    let rows = small.rows("members", &columns).await;
    assert_eq!(rows.len(), 25_000);
    assert!(rows == plain.rows("members", &columns).await);
}
