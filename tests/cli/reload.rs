use crate::support::{AS_OF, Place, expect, settings};

const RUN: &[&str] = &["run", "--as-of", AS_OF];
const ENTRY: &str = "schemas/channels/orders.yaml";

fn reload(more: &[&'static str]) -> Vec<&'static str> {
    [RUN, more].concat()
}

#[test]
fn a_type_that_was_too_narrow() {
    let place = Place::published();
    place.edit(ENTRY, "decimal(10, 2)", "decimal(12, 2)");
    expect(&place, "reload_refused", place.ends(1, RUN));
    expect(&place, "reload_good", place.ends(0, &reload(&["--reload", "orders"])));
    let mut without_sums = settings(&place);
    without_sums.add_filter(r"\b[0-9a-f]{12}\b", "[12 DIGITS]");
    without_sums.add_filter(r"\bkey [0-9a-f]{8} of", "key [KEY] of");
    without_sums.bind(|| insta::assert_snapshot!("reload_ledger", place.ends(0, &["ledger", "orders"])));
    let status = place.json(0, &["status"]);
    let orders = status["runs"][0]["datasets"].as_array().unwrap().iter().find(|d| d["dataset"] == "orders").unwrap();
    let replacement = &orders["replacement"];
    assert_eq!((&replacement["cause"], &replacement["whole"]), (&"reload".into(), &true.into()));
    let rows = ["rows_before", "rows_removed", "rows_after"].map(|key| replacement[key].as_u64());
    assert_eq!(rows, [Some(5); 3]);
    assert_eq!(replacement["before"], replacement["after"]);
    assert!(place.read("report.html").contains("5 rows of 1 file replaced"), "the report tells of it");
    // The evidence holds.
    place.ends(0, &["doctor"]);
}

#[test]
fn a_corrected_export_under_its_name() {
    let place = Place::published();
    let file = "exports/orders/orders_2026-09.csv";
    place.edit(file, "nineteen", "19.00");
    expect(&place, "reload_file", place.ends(0, &reload(&["--reload", "orders/orders_2026-09.csv"])));
    assert_eq!(place.json(0, &["quarantine", "list"])["records"], 0);
}

#[test]
fn exports_that_are_gone() {
    let place = Place::published();
    place.write(
        "exports/orders/more.csv",
        "order_no,email,ordered_at,sku,amount\n2001,ada@example.com,2026-09-30 09:12:00,TEE,1.00\n",
    );
    place.good(RUN);
    let before = place.tables();
    std::fs::remove_file(place.path("exports/orders/more.csv")).unwrap();
    let mut without_sums = settings(&place);
    without_sums.add_filter(r"sha256 [0-9a-f]{12}", "sha256 [12 DIGITS]");
    without_sums.bind(|| insta::assert_snapshot!("reload_gone", place.ends(2, &reload(&["--reload", "orders"]))));
    expect(&place, "reload_unknown", place.ends(2, &reload(&["--reload", "ordres"])));
    assert_eq!(before, place.tables());
}

#[test]
fn a_rotated_key() {
    let place = Place::published();
    std::fs::remove_file(place.key()).unwrap();
    place.good(&["keys", "init"]);
    let key = place.declared_key();
    place.edit("lakewarden.yaml", &format!("{{ file: {key} }}"), &format!("{{ file: {key}, version: 2 }}"));
    let mut without_keys = settings(&place);
    without_keys.add_filter(r"\(key [0-9a-f]{8}\)", "(key [KEY])");
    without_keys.bind(|| insta::assert_snapshot!("reload_key_rotated", place.ends(1, RUN)));
    expect(&place, "reload_all", place.ends(0, &reload(&["--reload-all"])));
    place.ends(0, &["doctor"]);
}
