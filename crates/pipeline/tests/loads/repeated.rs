//! Files that have grown, or were exported again with more rows.

use crate::{Lines, account};
use lakewarden_lake::Zone;

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_the_records_of_an_earlier_one_is_refused() {
    for name in ["today.csv", "all.csv"] {
        let lines = Lines::new("");
        lines.deliver("today.csv", &["1,A,10", "2,B,20"]);
        let first = lines.run().await.unwrap();
        lines.deliver(name, &["1,A,10", "2,B,20", "3,C,30"]);
        let error = lines.run().await.unwrap_err();
        assert_eq!((error.code(), error.is_refusal()), ("LW6066", true));
        let whose = match name {
            "today.csv" => "it had when it was loaded before,".to_owned(),
            _ => "of the earlier file exports/today.csv, loaded".to_owned(),
        };
        let told = format!("lines: exports/{name} (3 records) has all 2 records {whose} by run {}", first.run);
        assert_eq!(error.to_string(), told);
        assert!(error.hint().unwrap().contains("declare `key` in schemas/channels/lines.yaml"));
        assert_eq!(lines.rows().await, 2, "nothing was published");

        lines.replace("schemas/channels/lines.yaml", "fields:\n", "snapshot: append\nfields:\n");
        let appended = account(&lines.run().await.unwrap());
        assert_eq!((appended.written, appended.repeated_files.len()), (3, 1));
        assert_eq!(lines.rows().await, 5);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_one_run_are_compared_as_well() {
    let lines = Lines::new("");
    lines.deliver("a.csv", &["1,A,10", "2,B,20"]);
    lines.deliver("b.csv", &["0,Z,1", "1,A,10", "2,B,20"]);
    let error = lines.run().await.unwrap_err();
    assert!(
        error.to_string().contains("exports/b.csv (3 records) has all 2 records of the earlier file exports/a.csv"),
        "{error}"
    );
    assert!(lines.lake().tables(Zone::Conformed).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_recognises_rows_by_itself_and_other_rows_are_no_matter() {
    let keyed = Lines::new("key: [line]\n");
    keyed.deliver("today.csv", &["1,A,10", "2,B,20"]);
    keyed.run().await.unwrap();
    keyed.deliver("today.csv", &["1,A,10", "2,B,20", "3,C,30"]);
    let second = account(&keyed.run().await.unwrap());
    assert_eq!((second.written, second.duplicates, second.key_conflicts), (1, 2, 0));

    // The same name every day, with other rows; and rows that occur often.
    let plain = Lines::new("");
    let often: Vec<&str> = ["5,A,10", "6,B,20", "7,C,30"].into_iter().cycle().take(60).collect();
    for records in [&["1,A,10", "2,B,20"][..], &["3,A,10", "4,B,20"], &["4,B,21"], &often, &often[1..]] {
        plain.deliver("today.csv", records);
        let account = account(&plain.run().await.unwrap());
        assert_eq!(account.written, records.len() as u64);
    }
}
