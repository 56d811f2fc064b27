//! Consent belongs to the project: a pipeline honours logs and lists that it does not load; people are judged as of now;
//! replays are permitted and recorded.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, dead_code)]

#[path = "who_is_read/club.rs"]
mod club;

use chrono::{DateTime, Utc};
use club::{Club, Withheld, at};
use lakewarden_lake::Lake;
use lakewarden_pipeline::record::{ConsentKnown, ConsentWarnings, Outcome, RunRecord, UnmatchedRefusals};
use lakewarden_pipeline::{PipelineError, Question};
use lakewarden_policy::Knowledge;

const MEMBERS: &str = "\
nick,member_no,phone,born
ann,M1,13100000001,1990-02-03
ben,M2,13100000002,1990-02-03
cat,M3,13100000003,1990-02-03
dan,M4,13100000004,1990-02-03
";

const HEADER: &str = "id_type,id_value,purpose,action,at,notice_version,jurisdiction,expires_at,recorded_at,given_by\n";

/// All agree; ben is restricted, and cat withdraws in September.
const CONSENTS: &str = "\
member_no,M1,analytics,grant,2026-01-01T00:00:00Z,v2,CN,,,
member_no,M2,analytics,grant,2026-01-01T00:00:00Z,v2,CN,,,
member_no,M2,,restrict,2026-02-01T00:00:00Z,,CN,,,
member_no,M3,analytics,grant,2026-01-01T00:00:00Z,v2,CN,,,
member_no,M3,analytics,withdraw,2026-09-20T00:00:00Z,v2,CN,,,
member_no,M4,analytics,grant,2026-01-01T00:00:00Z,v2,CN,,,
";

/// Loads members, and neither the log nor the list.
const OTHER: &str = "\
pipeline: other
label: { zh: 另一条, en: Other }
channels:
  members: exports/members/*
identity: { link_on: [member_no, phone], max_links: 2 }
";

fn club() -> Club {
    let club = Club::new();
    club.write("exports/members/members.csv", MEMBERS);
    club.write("exports/visits/visits.csv", "visit,member_no,device_id,at\n");
    club.write("exports/consents/all.csv", &format!("{HEADER}{CONSENTS}"));
    club.write("exports/blocked/blocked.csv", "phone,since\n13100000004,2026-03-01T00:00:00Z\n");
    club
}

fn now() -> DateTime<Utc> {
    at("2026-10-01")
}

async fn run(club: &Club, pipeline: &str, as_of: &str, consent: Knowledge) -> Result<RunRecord, PipelineError> {
    club.try_run_pipeline(Some(pipeline), at(as_of), consent, &now).await
}

async fn ask(
    club: &Club,
    pipeline: &str,
    purpose: &str,
    as_of: &str,
    consent: Knowledge,
) -> Result<(Vec<String>, Withheld), PipelineError> {
    let (sql, who) = ("SELECT nick FROM members", "a test");
    let question =
        Question { sql, purpose, pipeline: Some(pipeline), lake: None, as_of: at(as_of), now: now(), consent, who };
    club.ask_question(&question).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_without_the_log_honours_it_all_the_same() {
    let club = club();
    club.write("pipelines/other/pipeline.yaml", OTHER);
    run(&club, "club", "2026-10-01", Knowledge::Now).await.unwrap();
    let other = run(&club, "other", "2026-10-01", Knowledge::Now).await.unwrap();
    assert_eq!(other.outcome, Outcome::Published);
    assert!(other.inputs.contains_key("consents") && other.inputs.contains_key("blocked"), "{:?}", other.inputs);
    for pipeline in ["club", "other"] {
        let (nicks, withheld) = ask(&club, pipeline, "analytics", "2026-10-01", Knowledge::Now).await.unwrap();
        assert_eq!(nicks, ["ann"], "{pipeline}: {withheld:?}");
        let (nicks, withheld) = ask(&club, pipeline, "service", "2026-10-01", Knowledge::Now).await.unwrap();
        assert_eq!(nicks, ["ann", "cat"], "{pipeline}: a restriction holds under a contract, {withheld:?}");
    }
    // A withdrawal that the one pipeline loads ends the other's rest.
    club.write(
        "exports/consents/more.csv",
        &format!("{HEADER}member_no,M1,analytics,withdraw,2026-09-30T00:00:00Z,,CN,,,\n"),
    );
    assert_eq!(run(&club, "other", "2026-10-01", Knowledge::Now).await.unwrap().outcome, Outcome::Unchanged);
    run(&club, "club", "2026-10-01", Knowledge::Now).await.unwrap();
    assert_eq!(run(&club, "other", "2026-10-01", Knowledge::Now).await.unwrap().outcome, Outcome::Published);
    assert!(ask(&club, "other", "analytics", "2026-10-01", Knowledge::Now).await.unwrap().0.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_was_never_loaded_refuses_runs_and_queries() {
    let club = club();
    club.write("pipelines/other/pipeline.yaml", OTHER);
    let refused = run(&club, "other", "2026-10-01", Knowledge::Now).await.unwrap_err();
    assert!(matches!(&refused, PipelineError::ConsentNeverLoaded { .. }), "{refused}");
    assert_eq!((refused.code(), refused.is_refusal()), ("LW6055", true));
    assert!(refused.hint().unwrap().starts_with("lakewarden run --pipeline club loads "), "{:?}", refused.hint());
    // The lease was given back, and the command that the message names repairs it.
    run(&club, "club", "2026-10-01", Knowledge::Now).await.unwrap();
    run(&club, "other", "2026-10-01", Knowledge::Now).await.unwrap();
    for pipeline in ["club", "other"] {
        std::fs::remove_dir_all(club.path("lake/conformed/blocked")).unwrap_or_default();
        let refused = ask(&club, pipeline, "service", "2026-10-01", Knowledge::Now).await.unwrap_err();
        assert_eq!(refused.code(), "LW6055", "{pipeline}: {refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_as_of_a_past_day_publishes_nobody_who_has_withdrawn_since() {
    let club = club();
    let record = run(&club, "club", "2026-09-10", Knowledge::Now).await.unwrap();
    assert_eq!((record.consent, record.judged_at), (ConsentKnown::Now, Some(now())));
    assert_eq!(record.models[0].rows, 1, "ann");
    let warnings = record.identity.unwrap().consent_warnings;
    assert_eq!(warnings, ConsentWarnings { future_refusals: 1, ..ConsentWarnings::default() });
    let (nicks, _) = ask(&club, "club", "analytics", "2026-09-10", Knowledge::Now).await.unwrap();
    assert_eq!(nicks, ["ann"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn replays_are_permitted_by_the_project_and_recorded_before_they_are_answered() {
    let club = club();
    run(&club, "club", "2026-10-01", Knowledge::Now).await.unwrap();
    let replay = async || ask(&club, "club", "analytics", "2026-09-10", Knowledge::Then).await;
    assert_eq!(replay().await.unwrap().0, ["ann", "cat"]);
    let events = || async {
        let lake = Lake::open(&club.open().lake_url(None).unwrap()).unwrap();
        let records = lake.audit().read_all().await.unwrap();
        records.into_iter().map(|r| r.record).filter(|r| r["event"] == "query_replayed").collect::<Vec<_>>()
    };
    let recorded = events().await;
    assert_eq!(recorded.len(), 1);
    assert_eq!((&recorded[0]["who"], &recorded[0]["purpose"]), (&"a test".into(), &"analytics".into()));
    assert!(!recorded[0].to_string().contains("SELECT"), "the SQL may name people");

    let settings = std::fs::read_to_string(club.path("lakewarden.yaml")).unwrap();
    let (before, _) = settings.split_once("replay_purposes").unwrap();
    club.write("lakewarden.yaml", before);
    assert_eq!(replay().await.unwrap_err().code(), "LW6058");
    assert_eq!(run(&club, "club", "2026-09-10", Knowledge::Then).await.unwrap_err().code(), "LW6058");
    assert_eq!(events().await.len(), 1, "what is refused is not a replay");
    assert_eq!(ask(&club, "club", "analytics", "2026-09-10", Knowledge::Now).await.unwrap().0, ["ann"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_for_unknown_purposes_and_without_effect_are_counted() {
    let club = club();
    let more = "\
member_no,M1,astrology,grant,2026-01-01T00:00:00Z,v2,CN,,,
member_no,M1,marketing,no_effect,2026-01-01T00:00:00Z,v2,CN,,,
member_no,M4,astrology,withdraw,2026-01-01T00:00:00Z,v2,CN,,,
member_no,M1,marketing,grant,2027-01-01T00:00:00Z,v2,CN,,,
";
    club.write("exports/consents/more.csv", &format!("{HEADER}{more}"));
    let record = run(&club, "club", "2026-10-01", Knowledge::Now).await.unwrap();
    let expected = ConsentWarnings {
        future_refusals: 0,
        future_grants: 1,
        unknown_purpose_refusals: 1,
        unknown_purpose_grants: 1,
        without_effect: 1,
    };
    assert_eq!(record.identity.unwrap().consent_warnings, expected);
}

/// Everybody who is shown for a contract while the log and the list are declared.
const SERVED: [&str; 2] = ["ann", "cat"];

/// Changes a file of the project.
fn edit(club: &Club, path: &str, from: &str, to: &str) {
    let text = std::fs::read_to_string(club.path(path)).unwrap();
    assert!(text.contains(from), "{path}: {from}");
    club.write(path, &text.replace(from, to));
}

async fn assert_closed(club: &Club, log: &str, hint: &str) {
    let ran = run(club, "club", "2026-10-01", Knowledge::Now).await.unwrap_err();
    let asked = ask(club, "club", "service", "2026-10-01", Knowledge::Now).await.unwrap_err();
    for refused in [ran, asked] {
        // Of a log that is still declared, and as data, the stored rows are compared before roles are.
        assert!(["LW6052", "LW2038"].contains(&refused.code()) && refused.is_refusal(), "{refused}");
        assert!(refused.to_string().contains(log), "{refused}");
        assert!(refused.code() == "LW2038" || refused.hint().is_some_and(|h| h.contains(hint)), "{:?}", refused.hint());
    }
}

async fn assert_served(club: &Club, expected: &[&str]) {
    let (nicks, _) = ask(club, "club", "service", "2026-10-01", Knowledge::Now).await.unwrap();
    assert_eq!(nicks, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_declared_no_more_closes_runs_and_queries() {
    let club = club();
    run(&club, "club", "2026-10-01", Knowledge::Now).await.unwrap();
    assert_served(&club, &SERVED).await;
    for (name, role) in [("consents", "role: consent_log\n"), ("blocked", "role: suppression_list\n")] {
        let path = format!("schemas/channels/{name}.yaml");
        let channel = format!("  {name}: exports/{name}/*\n");
        let entry = std::fs::read_to_string(club.path(&path)).unwrap();
        // Its role.
        edit(&club, &path, role, "");
        if club_problems(&club).is_empty() {
            assert_closed(&club, name, "role:").await;
        }
        // Its entry.
        std::fs::remove_file(club.path(&path)).unwrap();
        edit(&club, "pipelines/club/pipeline.yaml", &channel, "");
        assert_closed(&club, name, &format!("renamed_from: {name}")).await;
        // Neither its exports nor a new run bring it back; its entry does.
        club.write(&path, &entry);
        edit(&club, "pipelines/club/pipeline.yaml", "channels:\n", &format!("channels:\n{channel}"));
        run(&club, "club", "2026-10-01", Knowledge::Now).await.unwrap();
        assert_served(&club, &SERVED).await;
    }
}

fn club_problems(club: &Club) -> Vec<String> {
    let open = lakewarden_pipeline::OpenProject::open(&club.path("")).unwrap();
    open.problems.iter().map(|problem| problem.message.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_with_a_new_name_keeps_what_was_said_under_the_former() {
    let club = club();
    run(&club, "club", "2026-10-01", Knowledge::Now).await.unwrap();
    for (former, name, header) in
        [("consents", "statements", HEADER.to_owned()), ("blocked", "stops", "phone,since\n".to_owned())]
    {
        let entry = std::fs::read_to_string(club.path(&format!("schemas/channels/{former}.yaml"))).unwrap();
        std::fs::remove_file(club.path(&format!("schemas/channels/{former}.yaml"))).unwrap();
        let path = format!("schemas/channels/{name}.yaml");
        club.write(&path, &entry.replace(&format!("dataset: {former}\n"), &format!("dataset: {name}\n")));
        let (before, after) = (format!("  {former}: exports/{former}/*\n"), format!("  {name}: exports/{name}/*\n"));
        edit(&club, "pipelines/club/pipeline.yaml", &before, &after);
        // It has delivered nothing yet.
        club.write(&format!("exports/{name}/new.csv"), &header);
        assert_closed(&club, former, &format!("renamed_from: {former}")).await;
        edit(&club, &path, "role: ", &format!("renamed_from: {former}\nrole: "));
        let record = run(&club, "club", "2026-10-01", Knowledge::Now).await.unwrap();
        assert!(record.inputs.contains_key(former), "{:?}", record.inputs);
        assert_served(&club, &SERVED).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_that_match_no_row_are_counted_by_log_and_domain() {
    let unmatched = |record: RunRecord| record.identity.unwrap().unmatched_refusals;
    let of = |log: &str, id_type: &str, pseudonyms| UnmatchedRefusals {
        log: log.to_owned(),
        id_type: id_type.to_owned(),
        pseudonyms,
    };
    let club = club();
    assert_eq!(unmatched(run(&club, "club", "2026-10-01", Knowledge::Now).await.unwrap()), [], "all are members");
    // Another case and lost zeros are other members; a sign without width is none. Grants and signals refuse nobody.
    let more = "\
member_no,m1,analytics,withdraw,2026-09-01T00:00:00Z,,CN,,,
member_no,M01,,restrict,2026-09-01T00:00:00Z,,CN,,,
member_no,M01,analytics,withdraw,2026-09-02T00:00:00Z,,CN,,,
member_no,M\u{200B}4,analytics,withdraw,2026-09-01T00:00:00Z,,CN,,,
member_no,M9,analytics,grant,2026-09-01T00:00:00Z,v2,CN,,,
phone,13100000099,analytics,withdraw,2026-09-01T00:00:00Z,,CN,,,
device_id,d9,analytics,gpc,2026-09-01T00:00:00Z,,CN,,,
";
    club.write("exports/consents/more.csv", &format!("{HEADER}{more}"));
    club.write("exports/blocked/more.csv", "phone,since\n13100000098,2026-03-01T00:00:00Z\n");
    let expected = [of("blocked", "phone", 1), of("consents", "member_no", 2), of("consents", "phone", 1)];
    assert_eq!(unmatched(run(&club, "club", "2026-10-01", Knowledge::Now).await.unwrap()), expected);

    // A pipeline that does not load the log counts alike: members of its own, and what others have published.
    club.write(
        "pipelines/other/pipeline.yaml",
        &OTHER
            .replace("  members: exports/members/*\n", "  visits: exports/visits/*\n")
            .replace("[member_no, phone]", "[member_no, device_id]"),
    );
    assert_eq!(unmatched(run(&club, "other", "2026-10-01", Knowledge::Now).await.unwrap()), expected);

    // Once such a row arrives, the refusal counts for it.
    club.write("exports/members/more.csv", "nick,member_no,phone,born\neve,M01,13100000099,1990-02-03\n");
    let record = run(&club, "club", "2026-10-01", Knowledge::Now).await.unwrap();
    assert_eq!(unmatched(record), [of("blocked", "phone", 1), of("consents", "member_no", 1)]);
    let (nicks, _) = ask(&club, "club", "analytics", "2026-10-01", Knowledge::Now).await.unwrap();
    assert_eq!(nicks, ["ann"]);
}
