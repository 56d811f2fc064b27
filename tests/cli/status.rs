use crate::support::{AS_OF, Place, expect};

#[test]
fn no_run_yet() {
    let place = Place::project();
    expect(&place, "status_none", place.ends(0, &["status"]));
}

#[test]
fn good_and_failed_runs() {
    let place = Place::published();
    expect(&place, "status_good", place.ends(0, &["status"]));
    place.write("exports/orders/orders_2026-10.csv", "");
    assert_eq!(place.say(&["run", "--as-of", AS_OF]).code, 1);
    expect(&place, "status_failed", place.ends(0, &["status", "--last", "1"]));
    let runs = place.json(0, &["status"])["runs"].as_array().unwrap().len();
    assert_eq!(runs, 2);
}

#[test]
fn a_record_that_was_changed() {
    let place = Place::published();
    place.good(&["run", "--as-of", "2026-10-02"]);
    let first = place.read("lake/_lakewarden/audit/00000001.json");
    place.write("lake/_lakewarden/audit/00000001.json", &first.replacen("shop", "shap", 1));
    expect(&place, "status_broken", place.ends(1, &["status"]));
}

#[test]
fn nothing_to_show() {
    let place = Place::project();
    expect(&place, "status_zero", place.ends(2, &["status", "--last", "0"]));
}
