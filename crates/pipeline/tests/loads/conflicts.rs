//! Rows with the key of another row.

use crate::{Lines, account};
use lakewarden_extract::DuplicatesBy;
use lakewarden_pipeline::ledger;

#[tokio::test(flavor = "multi_thread")]
async fn other_values_are_no_duplicates() {
    let lines = Lines::new("key: [line]\n");
    lines.deliver("a.csv", &["1,A,10", "2,A,20", "1,B,30", "2,B,40", "2,B,40"]);
    let first = account(&lines.run().await.unwrap());
    assert_eq!((first.read, first.written, first.duplicates, first.key_conflicts), (5, 2, 1, 2));
    assert_eq!(lines.rows().await, 2);

    // The lake's rows are compared as well: equal to them, equal to another row that was not kept, and neither.
    lines.deliver("b.csv", &["1,A,10.00", "2,A,21", "2,A,21", "3,C,1", "1,A,10"]);
    lines.deliver("c.csv", &["2,A,21", "3,C,1", "3,C,2", "2,A,20", "4,D,1"]);
    let second = account(&lines.run().await.unwrap());
    assert_eq!((second.read, second.written, second.duplicates, second.key_conflicts), (10, 2, 6, 2));
    let by = DuplicatesBy { same_file: 2, other_file: 2, lake: 2, superseded: 0 };
    assert_eq!(second.duplicates_by, by);
    let by_file: Vec<_> = ledger(&lines.0.open(), &lines.lake(), None).await.unwrap()[0]
        .files
        .iter()
        .map(|line| line.file.facts.as_ref().unwrap())
        .map(|facts| (facts.read, facts.written, facts.duplicates, facts.key_conflicts))
        .collect();
    assert_eq!(by_file, [(5, 2, 1, 2), (5, 1, 3, 1), (5, 1, 3, 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_declared_about_versions_of_a_row_is_no_conflict() {
    for (extra, replaced) in [("survivor: last\n", 1), ("survivor: last\ncorrections: ignore\n", 0)] {
        let lines = Lines::new(&format!("key: [line]\n{extra}"));
        lines.deliver("a.csv", &["1,A,10", "2,A,20", "1,B,30"]);
        let first = account(&lines.run().await.unwrap());
        assert_eq!((first.written, first.duplicates, first.key_conflicts), (2, 1, 0));
        lines.deliver("b.csv", &["2,A,21", "3,A,1"]);
        let second = account(&lines.run().await.unwrap());
        assert_eq!((second.key_conflicts, second.replaced), (0, replaced));
    }
}
