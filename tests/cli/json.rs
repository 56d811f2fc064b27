//! Holds the examples of docs/reference/json.md against what the commands print.

use crate::support::{AS_OF, Place};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// Objects whose keys are names of the project, not of the shape.
const FREE: &[&str] =
    &["losses", "over_collected", "redactions", "tokens", "histogram", "consent", "withheld", "unread", "rows"];

/// The example under this heading.
fn example(heading: &str) -> Value {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/json.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, section) = page.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no section {heading}"));
    let section = section.split("\n## ").next().unwrap();
    let (_, block) = section.split_once("```json\n").unwrap_or_else(|| panic!("no example under {heading}"));
    serde_json::from_str(block.split("\n```").next().unwrap()).unwrap_or_else(|e| panic!("{heading}: {e}"))
}

/// Where the two differ in keys or kinds of values. Null may stand for anything, and lists are compared by their firsts.
fn differences(path: &str, told: &Value, given: &Value, found: &mut Vec<String>) {
    match (told, given) {
        (Value::Null, _) | (_, Value::Null) => {}
        (Value::Object(told), Value::Object(given)) => {
            for key in told.keys().filter(|k| !given.contains_key(*k)) {
                found.push(format!("{path}.{key} is in the page only"));
            }
            for key in given.keys().filter(|k| !told.contains_key(*k)) {
                found.push(format!("{path}.{key} is not in the page"));
            }
            for (key, value) in told {
                let Some(other) = given.get(key) else { continue };
                if FREE.contains(&key.as_str()) {
                    if (value.is_object(), value.is_array()) != (other.is_object(), other.is_array()) {
                        found.push(format!("{path}.{key} is of another kind"));
                    }
                    continue;
                }
                differences(&format!("{path}.{key}"), value, other, found);
            }
        }
        (Value::Array(told), Value::Array(given)) => {
            if let (Some(told), Some(given)) = (told.first(), given.first()) {
                differences(&format!("{path}[]"), told, given, found);
            }
        }
        (Value::String(_), Value::String(_))
        | (Value::Number(_), Value::Number(_))
        | (Value::Bool(_), Value::Bool(_)) => {}
        _ => found.push(format!("{path} is of another kind")),
    }
}

fn same(heading: &str, given: &Value) {
    let mut found = Vec::new();
    differences("", &example(heading), given, &mut found);
    assert!(found.is_empty(), "docs/reference/json.md, {heading}: {found:#?}\n{given:#}");
}

#[test]
fn the_page_tells_what_the_commands_print() {
    let place = Place::empty();
    same("init", &place.json(0, &["init", "other"]));
    same("sample", &place.json(0, &["sample", "out", "--customers", "5"]));
    let place = Place::project();
    same("check", &place.json(0, &["check"]));
    let export = "exports/orders/orders_2026-09.csv";
    same("dictionary infer", &place.json(0, &["dictionary", "infer", export]));
    same("model contract", &place.json(0, &["model", "contract", "customer_orders"]));
    same("keys init", &place.json(0, &["keys", "init"]));
    same("drift show", &place.json(0, &["drift", "show", "orders"]));
    same("plan", &place.json(0, &["plan", "--as-of", AS_OF]));
    same("run", &place.json(0, &["run", "--as-of", AS_OF]));
    same("status", &place.json(0, &["status"]));
    same("tables", &place.json(0, &["tables"]));
    same("describe", &place.json(0, &["describe", "customer_orders"]));
    let sql = "SELECT * FROM orders ORDER BY order_no LIMIT 1";
    same("query", &place.json(0, &["query", sql, "--purpose", "analytics"]));
    same("Errors", &place.json(1, &["query", "SELECT amout FROM orders", "--purpose", "analytics"]));
    place.edit("schemas/channels/orders.yaml", "owner: shop", "ownr: shop");
    same("Problems", &place.json(1, &["plan"]));
    let check = place.json(1, &["check"]);
    same("check", &check);
    let mut found = Vec::new();
    differences(".problems", &example("Problems")["problems"], &check["problems"], &mut found);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_page_tells_what_quarantine_prints() {
    let place = Place::published();
    let listed = place.json(0, &["quarantine", "list"]);
    same("quarantine list", &listed);
    let id = listed["entries"][0]["id"].as_str().unwrap().to_owned();
    same("quarantine show", &place.json(0, &["quarantine", "show", &id]));
    same("quarantine show", &place.json(0, &["quarantine", "show", &id, "--reveal", "--reason", "a test"]));
    same("quarantine release", &place.json(0, &["quarantine", "release", "--as-of", AS_OF]));
    same("quarantine discard", &place.json(0, &["quarantine", "discard", &id, "--reason", "a test order"]));
}

#[test]
fn a_difference_is_seen() {
    let mut found = Vec::new();
    let (told, given) =
        (serde_json::json!({ "a": [{ "b": 1 }], "c": 1 }), serde_json::json!({ "a": [{ "d": 1 }], "c": "" }));
    differences("", &told, &given, &mut found);
    assert_eq!(found, [".a[].b is in the page only", ".a[].d is not in the page", ".c is of another kind"]);
}

#[test]
fn doctor() {
    let place = Place::published();
    place.write("lake/curated/customer_orders/part-00000-lost.zstd.parquet", "lost");
    std::thread::sleep(std::time::Duration::from_millis(5));
    same("doctor", &place.json(1, &["doctor", "--grace", "0"]));
    same("doctor", &place.json(0, &["doctor", "--grace", "0", "--fix"]));
}

#[test]
fn vacuum() {
    let place = Place::published();
    place.good(&["run"]);
    same("vacuum", &place.json(0, &["vacuum", "--all-history", "--dry-run"]));
    same("vacuum", &place.json(0, &["vacuum", "--all-history"]));
}
