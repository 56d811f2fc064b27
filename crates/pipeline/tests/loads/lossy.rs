//! Loads that lose most of their rows.

use crate::{Lines, account};
use lakewarden_lake::Zone;
use lakewarden_pipeline::PipelineError;

fn records(good: usize, bad: usize) -> Vec<String> {
    let bad = (0..bad).map(|n| format!("b{n},A,much"));
    (0..good).map(|n| format!("g{n},A,{n}")).chain(bad).collect()
}

fn deliver(lines: &Lines, good: usize, bad: usize) {
    let records = records(good, bad);
    lines.deliver("a.csv", &records.iter().map(String::as_str).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_that_loses_more_than_half_its_rows_is_not_published() {
    for (good, bad) in [(0, 3), (2, 3), (0, 40), (1, 199)] {
        let lines = Lines::new("");
        deliver(&lines, good, bad);
        let error = lines.run().await.unwrap_err();
        assert_eq!((error.code(), error.is_refusal()), ("LW6023", true));
        let told = format!(
            "lines crosses a threshold: {bad} of {} rows read are lost (quarantined, or their key belongs to another row), \
             at most 50% may be; rows were lost by rule `type` of `amount`: {bad}",
            good + bad
        );
        assert_eq!(error.to_string(), told);
        let hint = error.hint().unwrap();
        for part in
            ["--accept-thresholds lines", "lakewarden quarantine list lines", "thresholds: { quarantine_at_most: … }"]
        {
            assert!(hint.contains(part), "{hint}");
        }
        assert!(lines.lake().tables(Zone::Quarantine).await.unwrap().is_empty());
        assert_eq!(lines.rows().await, 0);
        let accepted = account(&lines.run_at(crate::NOW, crate::NOW, &["lines"]).await.unwrap());
        assert_eq!((accepted.written, accepted.quarantined_total()), (good as u64, bad as u64));
        assert!(accepted.thresholds[0].accepted);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn few_bad_rows_stop_nothing_and_a_declaration_decides() {
    for (extra, good, bad) in [
        ("", 0, 1),
        ("", 0, 2),
        ("", 1, 2),
        ("", 3, 3),
        ("thresholds: { quarantine_at_most: 90% }\n", 1, 9),
        ("thresholds: { quarantine_at_most: 100% }\n", 0, 50),
    ] {
        let lines = Lines::new(extra);
        deliver(&lines, good, bad);
        let account = account(&lines.run().await.unwrap());
        assert_eq!((account.written, account.quarantined_total()), (good as u64, bad as u64), "{extra}");
    }
    let strict = Lines::new("thresholds: { quarantine_at_most: 1% }\n");
    deliver(&strict, 10, 1);
    assert!(matches!(strict.run().await, Err(PipelineError::Threshold(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_whose_key_belongs_to_another_are_lost_rows() {
    let lines = Lines::new("key: [line]\n");
    lines.deliver("a.csv", &["1,A,1", "1,B,1", "1,C,1", "1,D,1"]);
    let error = lines.run().await.unwrap_err();
    assert!(error.to_string().contains("3 of 4 rows read are lost"), "{error}");
    assert!(error.to_string().ends_with("rows were lost by key conflicts: 3"), "{error}");
    // The same row again and again is no loss.
    lines.deliver("a.csv", &["1,A,1", "1,A,1", "1,A,1", "1,A,1"]);
    let account = account(&lines.run().await.unwrap());
    assert_eq!((account.written, account.duplicates), (1, 3));
}
