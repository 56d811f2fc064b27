//! A withdrawal that could not be read counts for the worst until it is released; then for what it says.

use crate::{club, discard_in, keys, release_all};
use lakewarden_pipeline::quarantine::Selection;
use lakewarden_policy::Knowledge;
use std::fs;

const HEADER: &str = "id_type,id_value,purpose,action,notice_version,jurisdiction,given_by,at,expires_at,recorded_at\n";

/// M1 and M2 agree to both; M1 withdraws from marketing, on a date that nobody can read.
async fn agreed() -> crate::club::Club {
    let club = club().await;
    let grants: String = ["M1", "M2"]
        .iter()
        .flat_map(|m| {
            ["analytics", "marketing"].map(|p| format!("member_no,{m},{p},grant,v2,CN,,2026-01-01T00:00:00Z,,\n"))
        })
        .collect();
    let withdrawn = "member_no,M1,marketing,withdraw,v2,CN,,1 June 2026,,\n";
    club.write("exports/consents/later.csv", &format!("{HEADER}{grants}{withdrawn}"));
    club.run("2026-07-01", Knowledge::Then).await;
    club
}

fn mend(club: &crate::club::Club) {
    let path = club.path("schemas/channels/consents.yaml");
    let entry = fs::read_to_string(&path).unwrap();
    let at = "name: at, type: timestamp,";
    let mended = entry.replace(at, &format!("{at} time_format: ['%Y-%m-%dT%H:%M:%SZ', '%d %B %Y'],"));
    assert_ne!(mended, entry);
    fs::write(path, mended).unwrap();
}

async fn read(club: &crate::club::Club, purpose: &str) -> String {
    club.ask("SELECT nick FROM members", purpose, "2026-07-02").await.unwrap().0.join(" ")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_released_withdrawal_counts_for_what_it_says() {
    let club = agreed().await;
    assert_eq!(read(&club, "analytics").await, "ben", "until it is mended it withdraws from everything");
    mend(&club);
    let released = release_all(&club, &keys()).await.unwrap();
    let consents = released.datasets.iter().find(|d| d.dataset == "consents").unwrap();
    assert_eq!((consents.selected, consents.written), (1, 1));
    let run = club.run("2026-07-02", Knowledge::Then).await;
    assert_eq!(run.identity.as_ref().unwrap().consent_doubted, 0);
    assert_eq!(read(&club, "analytics").await, "ann ben");
    assert_eq!(read(&club, "marketing").await, "ben", "it is heard");
}

#[tokio::test(flavor = "multi_thread")]
async fn to_discard_a_withdrawal_does_not_undo_it() {
    let club = agreed().await;
    discard_in(&club, &Selection::default().of(&["consents".into()])).await.unwrap();
    let run = club.run("2026-07-02", Knowledge::Then).await;
    assert_eq!(run.identity.as_ref().unwrap().consent_doubted, 1);
    assert_eq!(read(&club, "analytics").await, "ben");
}
