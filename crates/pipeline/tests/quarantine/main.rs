//! Rejected records after their run: released under a mended rule, discarded, ended; all or nothing, and nothing left behind.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, dead_code)]

#[path = "../who_is_read/club.rs"]
mod club;
#[path = "../common/mod.rs"]
mod common;
#[path = "../../../lake/tests/lake/fault_store.rs"]
mod fault_store;
#[path = "../clear_text/search.rs"]
mod search;
#[path = "../clear_text/secrets.rs"]
mod secrets;

mod clear;
mod consent;
mod ended;
mod faults;
mod released;
mod tampered;

use chrono::{DateTime, Utc};
use club::Club;
use lakewarden_lake::{Lake, TableSnapshot, Zone};
use lakewarden_pipeline::PipelineError;
use lakewarden_pipeline::quarantine::{Discarded, Handling, Released, Selection, discard, release};
use lakewarden_privacy::{KeyRing, MasterKey};
use uuid::Uuid;

/// Visits whose time has a spelling that nobody declared, twice one that is no visit at all, and one that is fine.
const VISITS: &str = "\
visit,member_no,device_id,at
v1,M1,,2026-05-01T10:00:00Z
v2,M2,,1 May 2026
v3,M3,,1 May 2026
v4,M4,,never
v1,M1,,1 May 2026
v5,M5,,1 May 2019
";

const MEMBERS: &str = "nick,member_no,phone,born\nann,M1,13100000001,1990-02-03\nben,M2,13100000002,1990-02-03\n";

/// The club with its exports and its first run, of 1 July.
async fn club() -> Club {
    let club = Club::new();
    club.write("exports/members/members.csv", MEMBERS);
    club.write("exports/visits/visits.csv", VISITS);
    club.write(
        "exports/consents/consents.csv",
        "id_type,id_value,purpose,action,notice_version,jurisdiction,given_by,at,expires_at,recorded_at\n",
    );
    club.write("exports/blocked/blocked.csv", "phone,since\n");
    club.run("2026-07-01", lakewarden_policy::Knowledge::Then).await;
    club
}

/// Declares the spellings.
fn mend(club: &Club) {
    let path = club.path("schemas/channels/visits.yaml");
    let entry = std::fs::read_to_string(&path).unwrap();
    let at = "name: at, type: timestamp,";
    let mended = entry.replace(at, &format!("{at} time_format: ['%Y-%m-%dT%H:%M:%SZ', '%d %B %Y'],"));
    assert_ne!(mended, entry);
    std::fs::write(path, mended).unwrap();
}

fn keys() -> KeyRing {
    KeyRing::new(MasterKey::from_bytes([9; 32]), 1)
}

fn clock() -> DateTime<Utc> {
    club::at("2026-07-02")
}

fn handling(take_over: bool) -> Handling<'static> {
    Handling { clock: &clock, id: Uuid::new_v4(), seed: 7, owner: "a test", who: "tester".to_owned(), take_over }
}

fn lake(club: &Club) -> Lake {
    Lake::open(&club.open().lake_url(None).unwrap()).unwrap()
}

async fn release_all(club: &Club, keys: &KeyRing) -> Result<Released, PipelineError> {
    let at = Some(club::at("2026-07-02"));
    release(&club.open(), lake(club), keys, &Selection::default(), at, false, &handling(false)).await
}

async fn discard_in(club: &Club, selection: &Selection) -> Result<Discarded, PipelineError> {
    discard(&club.open(), lake(club), selection, "a test", &handling(false)).await
}

async fn table(lake: &Lake, zone: Zone, name: &str) -> TableSnapshot {
    lake.table(zone, name).await.unwrap().unwrap()
}

/// The totals that a dataset's table tells: read, written, quarantined, duplicates and key
/// conflicts, outside retention, discarded, expired.
fn totals(table: &TableSnapshot) -> [u64; 7] {
    let told = &table.metadata["lakewarden.totals"];
    let told = match told.as_str() {
        Some(text) => serde_json::from_str(text).unwrap(),
        None => told.clone(),
    };
    let count = |key: &str| told[key].as_u64().unwrap();
    let mut all =
        ["read", "written", "quarantined", "duplicates", "outside_retention", "discarded", "expired"].map(count);
    all[3] += count("key_conflicts");
    assert_eq!(all[0], all[1..].iter().sum::<u64>(), "the totals close: {all:?}");
    all
}
