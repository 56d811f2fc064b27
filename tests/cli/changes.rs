//! A dictionary that has changed since its exports were loaded.

use crate::support::{AS_OF, Place, expect};
use serde_json::json;

const ORDERS: &str = "schemas/channels/orders.yaml";
const SCORE: &str = "\n  - name: score\n    label: { zh: 评分, en: Score }\n    meaning: What the buyer gave.\n    type: integer\n    identifier: none\n    treatment: keep\n";

fn without_times(said: &str) -> String {
    let line = |line: &str| match line.split_once("; the store takes ") {
        Some((before, _)) => format!("{before}; the store takes [TIMES]"),
        None => line.to_owned(),
    };
    said.lines().map(|l| line(l) + "\n").collect()
}

#[test]
fn a_field_that_no_stored_row_has() {
    let place = Place::published();
    let text = place.read(ORDERS);
    place.write(ORDERS, &(text.trim_end().to_owned() + SCORE));
    let tables = place.tables();
    expect(&place, "changes_check", place.ends(1, &["check"]));
    expect(&place, "changes_plan", place.ends(0, &["plan", "--as-of", AS_OF]));
    expect(&place, "changes_run", place.ends(1, &["run", "--as-of", AS_OF]));
    let sql = "SELECT count(DISTINCT score) AS scores FROM orders";
    expect(&place, "changes_query", place.ends(1, &["query", sql, "--purpose", "analytics"]));
    expect(&place, "changes_doctor", without_times(&place.ends(1, &["doctor"])));
    assert_eq!(place.tables(), tables, "nothing is published");

    let checked = place.json(1, &["check"]);
    let change = &checked["stored"]["changes"][0];
    assert_eq!((&checked["ok"], &checked["stored"]["compared"]), (&json!(false), &json!(true)));
    assert_eq!(
        (&change["code"], &change["change"], &change["decision"]),
        (&json!("LW2030"), &json!("field_added"), &json!("refused"))
    );
    assert_eq!(&place.json(0, &["plan", "--as-of", AS_OF])["declaration_changes"][0], change);
    assert_eq!(place.json(1, &["run", "--as-of", AS_OF])["error"]["code"], json!("LW2030"));

    // Exports have it from a day on that no stored row is of.
    place.write(ORDERS, &(place.read(ORDERS).trim_end().to_owned() + "\n    since: 2026-10-01\n"));
    expect(&place, "changes_since_check", place.ends(0, &["check"]));
    expect(&place, "changes_since_plan", place.ends(0, &["plan", "--as-of", AS_OF]));
    let run = place.json(0, &["run", "--as-of", AS_OF]);
    assert_eq!(run["declaration_changes"][0]["decision"], json!("note"));
}

#[test]
fn a_lake_that_cannot_be_read_is_not_compared() {
    let place = Place::published();
    place.write("lake/conformed/orders/_delta_log/00000000000000000000.json", "{");
    let said = place.good(&["check"]);
    assert!(said.stderr.contains("the lake could not be read, so stored rows were not compared: "), "{}", said.stderr);
    let checked = place.json(0, &["check"]);
    assert_eq!((&checked["ok"], &checked["stored"]["compared"]), (&json!(true), &json!(false)));
    // Nor is a project that does not compile, or that has no lake.
    place.edit(ORDERS, "owner: shop", "ownr: shop");
    assert_eq!(place.json(1, &["check"]).get("stored"), None);
    assert_eq!(Place::project().json(0, &["check"]).get("stored"), None);
}
