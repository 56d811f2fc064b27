//! Quarantine goes by the clock, whatever instant a run is as of.

use crate::{Lines, account, at};
use lakewarden_pipeline::quarantine::{Selection, list, state};
use lakewarden_pipeline::record::Outcome;

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_as_old_as_its_time_in_quarantine() {
    let lines = Lines::new("");
    lines.deliver("a.csv", &["1,A,10", "2,B,much"]);
    let first = account(&lines.run_at("2018-01-01T00:00:00Z", "2026-07-01T08:00:00Z", &[]).await.unwrap());
    assert_eq!((first.in_quarantine, first.quarantine_expired), (1, 0));
    let listing = list(&lines.0.open(), None, &Selection::default(), 9).await.unwrap();
    assert_eq!(listing.entries[0].quarantined_at, at("2026-07-01T08:00:00Z"));
    assert_eq!(listing.reasons[0].oldest, at("2026-07-01T08:00:00Z"));
    assert_eq!(state(&lines.lake()).await.unwrap().oldest, Some(at("2026-07-01T08:00:00Z")));

    // 90 days after 1 July is 29 September, and no instant that a run is as of changes that.
    for as_of in ["2018-01-01T00:00:00Z", "2026-09-29T07:00:00Z", "2040-01-01T00:00:00Z"] {
        let record = lines.run_at(as_of, "2026-09-29T07:00:00Z", &[]).await.unwrap();
        assert!(record.datasets.iter().all(|d| d.quarantine_expired == 0), "{as_of}");
        assert_eq!(state(&lines.lake()).await.unwrap().records, 1, "{as_of}");
    }
    let ended = lines.run_at("2018-01-01T00:00:00Z", "2026-09-30T08:00:00Z", &[]).await.unwrap();
    assert_eq!(ended.outcome, Outcome::Published);
    assert_eq!(account(&ended).quarantine_expired, 1);
    assert_eq!(state(&lines.lake()).await.unwrap().records, 0);
}
