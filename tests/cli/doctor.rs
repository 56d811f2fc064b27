use crate::support::{Place, expect};
use std::fs;

/// What was said, without how long the store took.
fn steady(said: &str) -> String {
    let line = |line: &str| match line.split_once("; the store takes ") {
        Some((before, _)) => format!("{before}; the store takes [TIMES]"),
        None => line.to_owned(),
    };
    said.lines().map(|l| line(l) + "\n").collect()
}

fn lose_files(place: &Place) -> usize {
    let lost = ["curated/customer_orders/part-00000-lost.zstd.parquet", "_lakewarden/audit/00000009.json#1"];
    lost.iter().for_each(|path| place.write(&format!("lake/{path}"), "left by a run that died"));
    lost.len()
}

#[test]
fn a_healthy_lake() {
    let place = Place::published();
    let tables = place.tables();
    expect(&place, "doctor_good", steady(&place.ends(0, &["doctor"])));
    assert_eq!(place.tables(), tables);
}

#[test]
fn what_a_killed_run_left_is_found_and_removed() {
    let place = Place::published();
    let tables = place.tables();
    let lost = lose_files(&place);
    // Younger than a day: it may be a run's that is under way.
    let young = place.json(0, &["doctor"]);
    assert_eq!((&young["young"], &young["healthy"]), (&lost.into(), &true.into()));
    std::thread::sleep(std::time::Duration::from_millis(5));
    expect(&place, "doctor_left_over", steady(&place.ends(1, &["doctor", "--grace", "0"])));
    let fixed = place.json(0, &["doctor", "--grace", "0", "--fix"]);
    assert_eq!((&fixed["fixed"]["removed"], &fixed["findings"]), (&lost.into(), &serde_json::json!([])));
    assert_eq!(place.tables(), tables, "and nothing else");
    place.good(&["run", "--as-of", crate::support::AS_OF]);
}

#[test]
fn what_is_damaged_is_told_with_what_mends_it() {
    let place = Place::published();
    let first = place.read("lake/_lakewarden/audit/00000001.json");
    place.write("lake/_lakewarden/audit/00000001.json", &first.replacen("shop", "shap", 1));
    place.write("lake/curated/customer_orders/_delta_log/00000000000000000001.json", "{");
    fs::remove_file(place.key()).unwrap();
    expect(&place, "doctor_damaged", steady(&place.ends(1, &["doctor"])));
}

#[test]
fn where_it_cannot_look() {
    let place = Place::project();
    expect(&place, "doctor_nowhere", place.ends(2, &["doctor", "--lake", "ftp://example.com/lake"]));
}

#[test]
fn a_lake_that_is_not_there_yet_is_healthy() {
    let place = Place::keyed();
    let said = place.json(0, &["doctor"]);
    assert_eq!((&said["tables"], &said["healthy"]), (&0.into(), &true.into()));
}
