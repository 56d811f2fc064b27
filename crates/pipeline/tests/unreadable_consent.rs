//! A record of a consent log or suppression list that cannot be read is heard all the same: in its run, in the next
//! ones, in queries, until it is mended; and a replay knows what was known.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, dead_code)]

#[path = "who_is_read/club.rs"]
mod club;

use club::{Club, Withheld, dataset, kept};
use lakewarden_lake::{Lake, Zone};
use lakewarden_pipeline::PipelineError;
use lakewarden_pipeline::record::{Outcome, RunRecord};
use lakewarden_policy::Knowledge;

const MEMBERS: &str = "\
nick,member_no,phone,born
ann,M1,13100000001,1990-02-03
ben,M2,13100000002,1990-02-03
cat,M3,13100000003,1990-02-03
dan,M4,13100000004,1990-02-03
";

const VISITS: &str = "visit,member_no,device_id,at\nv1,M1,,2026-05-01T10:00:00Z\n";

const HEADER: &str = "id_type,id_value,purpose,action,at\n";

/// All four agree.
const GRANTS: &str = "\
member_no,M1,analytics,grant,2026-01-01T00:00:00Z
member_no,M2,analytics,grant,2026-01-01T00:00:00Z
member_no,M3,analytics,grant,2026-01-01T00:00:00Z
member_no,M4,analytics,grant,2026-01-01T00:00:00Z
";

fn club() -> Club {
    let club = Club::new();
    let id = "name: id_value, column: id_token, type: string, identifier: direct, category: user.unique_id, treatment: { pseudonymise: { by_field: id_type } }, rules: [required]";
    let purpose = kept("purpose", "string") + ", rules: [required, { in: [analytics, marketing] }]";
    let fields = [kept("id_type", "string"), id.to_owned(), purpose, kept("action", "string"), kept("at", "timestamp")];
    let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
    let more = "role: consent_log\nkey: [id_type, id_token, purpose, action, at]\nevent_time: at\npurposes: { accounting: legal_obligation }";
    club.write("schemas/channels/consents.yaml", &dataset("consents", more, &fields));
    club.write("exports/members/members.csv", MEMBERS);
    club.write("exports/visits/visits.csv", VISITS);
    club.write("exports/blocked/blocked.csv", "phone,since\n");
    deliver(&club, "grants", GRANTS);
    club
}

fn deliver(club: &Club, name: &str, records: &str) {
    club.write(&format!("exports/consents/{name}.csv"), &format!("{HEADER}{records}"));
}

async fn run(club: &Club, day: &str) -> RunRecord {
    club.run(day, Knowledge::Then).await
}

async fn read(club: &Club, purpose: &str, day: &str) -> (String, Withheld) {
    let (nicks, withheld) = club.ask("SELECT nick FROM members", purpose, day).await.unwrap();
    (nicks.join(" "), withheld)
}

fn consents(record: &RunRecord) -> (u64, u64, u64) {
    let account = record.datasets.iter().find(|d| d.dataset == "consents").unwrap();
    let accounted = account.accounted();
    assert_eq!(account.read, accounted, "every record is accounted for");
    (account.quarantined_total(), account.consent_unreadable, account.consent_unreadable_nobody)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_that_cannot_be_read_holds_in_its_run_and_in_the_next() {
    let club = club();
    let first = run(&club, "2026-07-01").await;
    assert_eq!((consents(&first), first.models[0].rows), ((0, 0, 0), 4));
    // A purpose that no rule lets pass, and a date that is none; the second by the telephone of who agreed by card.
    let unreadable = "\
member_no,M1,astrology,withdraw,2026-06-01T00:00:00Z
phone,13100000002,analytics,withdraw,yesterday
";
    deliver(&club, "unreadable", unreadable);
    let second = run(&club, "2026-07-02").await;
    assert_eq!((consents(&second), second.models[0].rows), ((2, 2, 0), 2));
    assert_eq!(second.models[0].scans[0].withheld["consent_withdrawn"], 2);
    assert_eq!(second.identity.as_ref().unwrap().consent_doubted, 2);
    let (nicks, withheld) = read(&club, "analytics", "2026-07-02").await;
    assert_eq!((nicks.as_str(), withheld["consent_withdrawn"]), ("cat dan", 2), "a query sees what a run sees");
    assert_eq!(read(&club, "service", "2026-07-02").await.0, "ann ben cat dan", "a withdrawal ends no contract");

    // A run that loads nothing of the log, and one that loads more of it, know as much.
    club.write("exports/visits/more.csv", "visit,member_no,device_id,at\nv2,M2,,2026-05-01T10:00:00Z\n");
    assert_eq!(run(&club, "2026-07-03").await.models[0].rows, 2);
    deliver(&club, "more", "member_no,M3,analytics,withdraw,2026-07-03T00:00:00Z\n");
    let later = run(&club, "2026-07-04").await;
    assert_eq!((consents(&later), later.models[0].rows), ((0, 0, 0), 1));
    assert_eq!(later.identity.as_ref().unwrap().consent_doubted, 2, "earlier ones are told of in every run");

    // As of before nobody had seen it, known then; now it is known.
    let replayed = club.run("2026-07-01", Knowledge::Then).await;
    assert_eq!((replayed.outcome, replayed.models[0].rows), (Outcome::Published, 4));
    assert_eq!(read(&club, "analytics", "2026-07-01").await.0, "ann ben cat dan");
    assert_eq!(club.run("2026-07-01", Knowledge::Now).await.models[0].rows, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_agrees_later_is_read_again_for_that_purpose() {
    let club = club();
    deliver(
        &club,
        "unreadable",
        "member_no,M1,astrology,withdraw,2026-06-01T00:00:00Z\nmember_no,M2,analytics,no,today\n",
    );
    run(&club, "2026-07-01").await;
    let again = "\
member_no,M1,analytics,grant,2026-06-02T00:00:00Z
member_no,M2,analytics,grant,2026-06-30T00:00:00Z
";
    deliver(&club, "again", again);
    run(&club, "2026-07-02").await;
    assert_eq!(
        read(&club, "analytics", "2026-07-02").await.0,
        "ann cat dan",
        "nobody knows when ben's was said: it counts from when it was seen"
    );
    deliver(&club, "anew", "member_no,M2,analytics,grant,2026-07-02T00:00:00Z\n");
    run(&club, "2026-07-03").await;
    assert_eq!(read(&club, "analytics", "2026-07-03").await.0, "ann ben cat dan");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mended_record_takes_the_place_of_the_unreadable_one() {
    let club = club();
    deliver(&club, "june", "member_no,M1,marketing,withdraw,1 June\nmember_no,M2,marketing,withdraw,1 June\n");
    assert_eq!(run(&club, "2026-07-01").await.models[0].rows, 2);
    deliver(&club, "june_mended", "member_no,M1,marketing,withdraw,2026-06-01T00:00:00Z\n");
    let mended = run(&club, "2026-07-02").await;
    assert_eq!((mended.models[0].rows, mended.identity.as_ref().unwrap().consent_doubted), (3, 1));
    assert_eq!(read(&club, "analytics", "2026-07-02").await.0, "ann cat dan");
    assert_eq!(read(&club, "analytics", "2026-07-01").await.0, "cat dan", "it was mended later");
    let (_, withheld) = read(&club, "marketing", "2026-07-02").await;
    assert_eq!(withheld["consent_withdrawn"], 2, "what it says is now known: ann has withdrawn from marketing");
    assert_eq!(club.run("2026-07-01", Knowledge::Then).await.models[0].rows, 2);
    assert_eq!(club.run("2026-07-01", Knowledge::Now).await.models[0].rows, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restriction_and_a_line_of_a_suppression_list_count_as_such() {
    let club = club();
    deliver(&club, "restricted", "member_no,M1,,restrict,never\n");
    club.write("exports/blocked/blocked.csv", "phone,since\n13100000002,someday\n13100000003,2026-06-01T00:00:00Z\n");
    let record = run(&club, "2026-07-01").await;
    let blocked = record.datasets.iter().find(|d| d.dataset == "blocked").unwrap();
    assert_eq!((blocked.written, blocked.consent_unreadable), (1, 1));
    let (nicks, withheld) = read(&club, "service", "2026-07-01").await;
    assert_eq!(nicks, "dan");
    assert_eq!((withheld["restricted"], withheld["suppressed"]), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_refused_where_nobody_can_tell_who_has_withdrawn() {
    let club = club();
    run(&club, "2026-07-01").await;
    let objects = || walk(&club.path("lake/conformed"));
    let before = objects();
    deliver(
        &club,
        "nobody",
        "member_no,M1,analytics,withdraw,never\nmember_no,,analytics,withdraw,2026-06-01T00:00:00Z\n",
    );
    let refused = club.try_run("2026-07-02", Knowledge::Then).await.unwrap_err();
    assert!(matches!(&refused, PipelineError::NobodyNamed { records: 1, row: 2, .. }), "{refused}");
    assert_eq!((refused.code(), refused.is_refusal()), ("LW6021", true));
    assert!(
        refused.to_string().contains("1 record of consents cannot be read and does not say for certain whom it names")
    );
    assert_eq!(objects(), before, "nothing of it is in the lake");
    assert_eq!(read(&club, "analytics", "2026-07-02").await.0, "ann ben cat dan");

    let path = club.path("schemas/channels/consents.yaml");
    let entry = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, entry.replace("role: consent_log", "role: consent_log\nunreadable_subject: warn")).unwrap();
    let warned = run(&club, "2026-07-02").await;
    assert_eq!((consents(&warned), warned.models[0].rows), ((2, 2, 1), 3));
    let account = warned.datasets.iter().find(|d| d.dataset == "consents").unwrap();
    assert!(
        account.warnings.iter().any(|w| w.warning.to_string().contains("do not say for certain whom they name: 1"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_of_unread_records_is_the_engine_s_own() {
    let club = club();
    deliver(&club, "unreadable", "member_no,M1,13100000001,13100000002,13100000003\n");
    run(&club, "2026-07-01").await;
    let lake = Lake::open(&club.open().lake_url(None).unwrap()).unwrap();
    let table = lake.table(Zone::Conformed, "consents.unread").await.unwrap().unwrap();
    assert_eq!(table.rows(), 1);
    for sql in ["SELECT * FROM consents.unread", "SELECT * FROM \"consents.unread\""] {
        assert!(club.ask(sql, "accounting", "2026-07-01").await.is_err(), "{sql}");
    }
}

/// Every file below a folder.
fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(walk(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}
