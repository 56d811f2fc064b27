//! From the export of a consent log to who is read: every rule of `docs/policy/consent.md`, through a run and a query.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

#[path = "who_is_read/club.rs"]
mod club;

use club::{Club, Withheld, at};
use lakewarden_pipeline::Question;
use lakewarden_pipeline::record::{ConsentKnown, Outcome};
use lakewarden_policy::Knowledge;

/// Who each one is an example of is in the consents below.
const MEMBERS: &str = "\
nick,member_no,phone,born
ann,M1,13100000001,1990-02-03
ben,M2,13100000002,2015-02-03
cat,M3,13100000003,2015-02-03
dan,M4,13100000004,1990-02-03
eve,M5,13100000005,1990-02-03
fay,M6,13100000006,1990-02-03
gus,M7,13100000007,1990-02-03
hal,M8,13100000008,1990-02-03
ivy,M9,13100000009,1990-02-03
jon,M10,13100000010,1990-02-03
kim,M11,13100000011,1990-02-03
lee,M12,13100000012,1990-02-03
";

/// Three share a tablet, which is one link more than joins members.
const VISITS: &str = "\
visit,member_no,device_id,at
v1,M1,,2026-05-01T10:00:00Z
v2,M7,tablet,2026-05-01T10:00:00Z
v3,M8,tablet,2026-05-02T10:00:00Z
v4,M9,tablet,2026-05-03T10:00:00Z
v5,,,2026-05-03T10:00:00Z
old,M1,,2025-11-01T10:00:00Z
";

const CONSENTS: &str = "\
id_type,id_value,purpose,action,at,notice_version,jurisdiction,expires_at,recorded_at,given_by
member_no,M1,analytics,grant,2026-01-01T00:00:00Z,v2,CN,,,
member_no,M1,marketing,grant,2026-01-01T00:00:00Z,v2.1,CN,,,
member_no,M2,analytics,grant,2026-01-01T00:00:00Z,v2,CN,,,self
member_no,M3,analytics,grant,2026-01-01T00:00:00Z,v2,CN,,,guardian
member_no,M4,analytics,grant,2026-01-01T00:00:00Z,v2,CN,2026-06-01T00:00:00Z,,
member_no,M5,analytics,grant,2026-01-01T00:00:00Z,v2,CN,,,
phone,13100000005,,restrict,2026-03-01T00:00:00Z,,CN,,,
member_no,M6,analytics,grant,2026-01-01T00:00:00Z,v2,CN,,,
member_no,M7,analytics,grant,2026-01-01T00:00:00Z,v2,CN,,,
member_no,M7,marketing,grant,2026-01-01T00:00:00Z,v2,CN,,,
member_no,M8,analytics,grant,2026-01-01T00:00:00Z,v2,CN,,,
member_no,M8,marketing,grant,2026-01-01T00:00:00Z,v2,CN,,,
member_no,M9,analytics,grant,2026-01-01T00:00:00Z,v2,CN,,,
device_id,tablet,gpc,gpc,2026-04-01T00:00:00Z,,CN,,,
member_no,M10,analytics,grant,2026-01-01T00:00:00Z,v1,CN,,,
member_no,M10,marketing,grant,2026-01-01T00:00:00Z,v1,CN,,,
member_no,M12,analytics,grant,2026-01-01T00:00:00Z,v2,CN,,,
member_no,M12,analytics,withdraw,2026-05-20T00:00:00Z,v2,CN,,2026-07-10T00:00:00Z,
";

const BLOCKED: &str = "phone,since\n13100000006,2026-06-15T00:00:00Z\n";

fn club() -> Club {
    let club = Club::new();
    club.write("exports/members/members.csv", MEMBERS);
    club.write("exports/visits/visits.csv", VISITS);
    club.write("exports/consents/consents.csv", CONSENTS);
    club.write("exports/blocked/blocked.csv", BLOCKED);
    club
}

fn counts<const N: usize>(reasons: [(&'static str, u64); N]) -> Withheld {
    reasons.into_iter().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_member_is_read_where_the_rules_let_them() {
    let club = club();
    let record = club.run("2026-07-01", Knowledge::Then).await;
    assert_eq!((record.outcome, record.consent), (Outcome::Published, ConsentKnown::Then));
    let analytics = counts([
        ("consent_expired", 1),
        ("consent_guardian_missing", 1),
        ("consent_not_granted", 1),
        ("restricted", 1),
        ("suppressed", 1),
    ]);
    let named = ["ann", "cat", "gus", "hal", "ivy", "jon", "lee"];
    let ask = async |sql: &str, purpose: &str| club.ask(sql, purpose, "2026-07-01").await.unwrap();
    assert_eq!(
        ask("SELECT nick FROM members", "analytics").await,
        (named.map(str::to_owned).to_vec(), analytics.clone())
    );
    // What a run builds and what a query may see are one.
    assert_eq!(ask("SELECT nick FROM counted", "analytics").await.0, named);
    let built = record.models[0].scans[0].withheld.iter().map(|(reason, rows)| (reason.as_str(), *rows));
    assert!(built.eq(analytics.iter().map(|(reason, rows)| (*reason, *rows))));
    let customers = &record.identity.as_ref().unwrap().consent["analytics"];
    assert_eq!(customers["suppressed"], 1);

    // The signal of a tablet that joins nobody still reaches those who used it, for the purpose it withdraws.
    let (nicks, withheld) = ask("SELECT nick FROM members", "marketing").await;
    assert_eq!(nicks, ["ann"]);
    assert_eq!(withheld["consent_withdrawn"], 3, "gus, hal and ivy: {withheld:?}");
    assert_eq!(withheld["consent_notice_outdated"], 1, "jon");

    // Other grounds ask nobody, but for restriction and suppression; a legal obligation asks nobody at all.
    let (nicks, withheld) = ask("SELECT nick FROM members", "service").await;
    assert_eq!((nicks.len(), withheld), (10, counts([("restricted", 1), ("suppressed", 1)])));
    let (nicks, withheld) = ask("SELECT nick FROM members", "accounting").await;
    assert_eq!((nicks.len(), withheld), (12, counts([])));

    for table in ["consents", "blocked"] {
        let refused = club.ask(&format!("SELECT count(*) FROM {table}"), "accounting", "2026-07-01").await;
        assert!(refused.is_err_and(|e| e.to_string().contains("only the engine reads")), "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_whose_retention_ended_since_they_were_loaded_are_withheld_on_every_ground() {
    let club = club();
    let first = club.run("2026-07-01", Knowledge::Then).await;
    assert!(first.datasets.iter().all(|d| d.outside_retention == 0));
    let ask = async |purpose: &str, day: &str| club.ask("SELECT visit FROM visits", purpose, day).await.unwrap();
    assert_eq!(
        ask("accounting", "2026-11-01").await,
        (["old", "v1", "v2", "v3", "v4", "v5"].map(str::to_owned).to_vec(), counts([]))
    );
    for purpose in ["accounting", "service"] {
        let (visits, withheld) = ask(purpose, "2026-11-02").await;
        assert_eq!((visits.len(), withheld), (5, counts([("retention_ended", 1)])), "{purpose}");
    }
    let (visits, withheld) = ask("analytics", "2026-11-02").await;
    // A tablet that several share is no person: its silence says nothing of those who use it. And v5 is about no one.
    assert_eq!((visits.join(" "), withheld["retention_ended"]), ("v1 v2 v3 v4 v5".to_owned(), 1));
    // Of an instant to come people are judged as of now, so the clock has to get there.
    let later = Question {
        sql: "SELECT count(*) FROM visits",
        purpose: "accounting",
        pipeline: None,
        lake: None,
        as_of: at("2027-06-01"),
        now: at("2027-06-01"),
        consent: Knowledge::Now,
        who: "a test",
    };
    let (count, _) = club.ask_question(&later).await.unwrap();
    assert_eq!(count, ["0"], "rows of nobody are not kept longer");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_replayed_with_the_consent_known_then_or_now() {
    let club = club();
    club.write(
        "exports/consents/later.csv",
        &format!(
            "{}\nmember_no,M1,analytics,withdraw,2026-08-01T00:00:00Z,v2,CN,,,\n",
            CONSENTS.lines().next().unwrap()
        ),
    );
    let read = async || club.ask("SELECT nick FROM counted", "accounting", "2026-07-01").await.map(|a| a.0);
    let then = club.run("2026-07-01", Knowledge::Then).await;
    assert_eq!(then.models[0].rows, 7);
    let now = club.run("2026-07-01", Knowledge::Now).await;
    assert_eq!((now.outcome, now.consent), (Outcome::Published, ConsentKnown::Now), "another knowledge is another run");
    assert_eq!(
        now.models[0].rows, 5,
        "without ann, who withdrew later, and lee, whose withdrawal was written down late"
    );
    assert_eq!(now.models[0].scans[0].withheld["consent_withdrawn"], 2);
    assert_eq!(club.run("2026-07-01", Knowledge::Now).await.outcome, Outcome::Unchanged);
    assert_eq!(club.run("2026-07-01", Knowledge::Then).await.models[0].rows, 7);
    assert!(read().await.is_err(), "a curated table serves its own purpose only");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_asked_with_the_consent_known_then_or_now() {
    let club = club();
    let later = "member_no,M1,analytics,withdraw,2026-08-01T00:00:00Z,v2,CN,,,";
    club.write("exports/consents/later.csv", &format!("{}\n{later}\n", CONSENTS.lines().next().unwrap()));
    club.run("2026-07-01", Knowledge::Then).await;
    let members = async |known| {
        let ask = club.ask_knowing("SELECT nick FROM members", "analytics", "2026-07-01", known).await;
        ask.unwrap().0
    };
    let (then, now) = (members(Knowledge::Then).await, members(Knowledge::Now).await);
    let gone: Vec<&str> = then.iter().filter(|nick| !now.contains(nick)).map(String::as_str).collect();
    assert_eq!((gone, then.len() - now.len()), (vec!["ann", "lee"], 2), "who said otherwise later, or was heard later");
}
