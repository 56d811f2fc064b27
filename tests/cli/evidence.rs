//! What is done to the audit log, and what `status`, `doctor` and the next run say of it.

use crate::support::{AS_OF, Place, expect};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

fn record(number: u64) -> String {
    format!("lake/_lakewarden/audit/{number:08}.json")
}

/// A lake with three runs.
fn three_runs() -> Place {
    let place = Place::published();
    place.good(&["run", "--as-of", "2026-10-02"]);
    place.good(&["run", "--as-of", "2026-10-03"]);
    place
}

fn files(place: &Place, folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(place.path(folder)).unwrap();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

/// The codes that `status` and `doctor` both find, as errors.
fn found(place: &Place) -> Vec<String> {
    let codes = |said: Value| {
        let findings = said["findings"].as_array().unwrap().clone();
        let errors = findings.into_iter().filter(|finding| finding["severity"] == "error");
        let mut codes: Vec<String> = errors.map(|finding| finding["code"].as_str().unwrap().to_owned()).collect();
        codes.sort();
        codes.dedup();
        codes
    };
    let status = codes(place.json(1, &["status"]));
    assert_eq!(status, codes(place.json(1, &["doctor"])));
    status
}

#[test]
fn every_manipulation_of_the_end_is_found() {
    let place = three_runs();
    let last = place.read(&record(6));
    let edit = |text: &str| place.write(&record(6), text);

    edit(&last.replacen("\"event\":\"published\"", "\"event\":\"publishex\"", 1));
    assert_eq!(found(&place), ["LW5060"]);
    edit(&last.replace("analytics", "analyticz"));
    assert_eq!(found(&place), ["LW5060", "LW5103"]);
    edit(&format!("{},\"record\":{{\"event\":\"nothing\"}}}}", &last[..last.len() - 1]));
    assert!(found(&place).contains(&"LW5060".to_owned()));
    edit("");
    assert!(found(&place).contains(&"LW5060".to_owned()));
    edit(&last);
    place.json(0, &["status"]);
    place.json(0, &["doctor"]);

    for name in ["1.json", "+7.json", "notes.txt"] {
        let path = format!("lake/_lakewarden/audit/{name}");
        place.write(&path, &last);
        assert_eq!(found(&place), ["LW5100"], "{name}");
        fs::remove_file(place.path(&path)).unwrap();
    }
    place.write(&record(99_999_999_999), &last);
    assert_eq!(found(&place), ["LW5060"]);
}

#[test]
fn records_that_were_removed_are_found_and_their_numbers_not_used_again() {
    let place = three_runs();
    for number in [5, 6] {
        fs::remove_file(place.path(&record(number))).unwrap();
    }
    assert_eq!(found(&place), ["LW5060", "LW5102", "LW5105"]);
    let tables = place.tables();
    expect(&place, "evidence_cut_run", place.ends(1, &["run", "--as-of", "2026-10-04"]));
    assert_eq!(place.tables(), tables);
    assert!(!place.path(&record(5)).exists());
    // Whoever removes the head as well leaves what the commits and the run records say.
    fs::remove_dir_all(place.path("lake/_lakewarden/audit_head")).unwrap();
    assert_eq!(found(&place), ["LW5101", "LW5102", "LW5105"]);
    assert_eq!(place.say(&["run", "--as-of", "2026-10-04"]).code, 1);

    place.good(&["doctor", "--accept-audit", "the disk of 3 October was lost"]);
    let accepted = place.json(0, &["doctor"]);
    assert!(accepted["findings"].as_array().unwrap().iter().all(|finding| finding["severity"] == "advice"));
    let record = place.read(&record(5));
    assert!(record.contains("audit_accepted") && record.contains("the disk of 3 October was lost"));
    place.good(&["run", "--as-of", "2026-10-04"]);
    place.good(&["status"]);
}

#[test]
fn a_lake_without_its_log_is_not_a_new_one() {
    let place = three_runs();
    fs::remove_dir_all(place.path("lake/_lakewarden/audit")).unwrap();
    assert_eq!(found(&place), ["LW5060", "LW5102", "LW5105"]);
    fs::remove_dir_all(place.path("lake/_lakewarden/runs")).unwrap();
    fs::remove_dir_all(place.path("lake/_lakewarden/audit_head")).unwrap();
    assert_eq!(found(&place), ["LW5102", "LW5105"]);
}

#[test]
fn a_forged_run_record_is_not_printed() {
    let place = three_runs();
    let before = place.json(0, &["status"])["runs"].clone();
    for path in files(&place, "lake/_lakewarden/runs") {
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replacen("\"read\":6", "\"read\":1", 1)).unwrap();
    }
    assert_eq!(found(&place), ["LW5103"]);
    assert_eq!(place.json(1, &["status"])["runs"], before);
    expect(&place, "evidence_forged", place.ends(1, &["status", "--last", "1"]));
    for path in files(&place, "lake/_lakewarden/runs") {
        fs::remove_file(path).unwrap();
    }
    let fixed = place.json(0, &["doctor", "--fix"]);
    assert_eq!(fixed["fixed"]["run_records"], 3);
    assert_eq!(place.json(0, &["status"])["runs"], before);
}

#[test]
fn a_head_that_was_kept_elsewhere() {
    let place = Place::published();
    let audit = place.json(0, &["status"])["audit"].clone();
    let head = format!("{}:{}", audit["sequence"], audit["sha256"].as_str().unwrap());
    place.good(&["run", "--as-of", "2026-10-02"]);
    expect(&place, "evidence_head_good", place.ends(0, &["status", "--last", "1", "--head", &head]));
    let other = format!("2:{}", "0".repeat(64));
    expect(&place, "evidence_head_bad", place.ends(1, &["status", "--last", "1", "--head", &other]));
    assert_eq!(place.say(&["status", "--head", "2"]).code, 2);
    assert_eq!(place.say(&["run", "--as-of", AS_OF]).code, 0);
}
