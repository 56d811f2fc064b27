use crate::support::{Place, expect};

const MODEL: &str = "pipelines/shop/models/customer_orders.sql";
const CONTRACT: &str = "schemas/curated/customer_orders.yaml";
const ORDERS: &str = "schemas/channels/orders.yaml";

/// A contract like the first project's, for another model.
fn contract(place: &Place, table: &str) {
    let text = place.read(CONTRACT).replace("table: customer_orders", &format!("table: {table}"));
    place.write(&format!("schemas/curated/{table}.yaml"), &text);
}

#[test]
fn a_sound_project() {
    let place = Place::project();
    expect(&place, "check_good", place.ends(0, &["check"]));
    assert!(!place.path("lake").exists());
    assert_eq!(place.read(".lakewarden/.gitignore"), "*\n");
    assert!(place.path(".lakewarden/check.cache").exists());
}

#[test]
fn every_problem_of_every_file_at_once() {
    let place = Place::project();
    for table in ["lost", "first_half", "second_half", "offers"] {
        contract(&place, table);
    }
    place.edit(MODEL, "amount", "amout");
    place.write("pipelines/shop/models/lost.sql", "SELECT customer_id, 1 AS orders, 1.00 AS spent\nFROM ordrs\n");
    place.write("pipelines/shop/models/first_half.sql", "SELECT *\nFROM second_half\n");
    place.write("pipelines/shop/models/second_half.sql", "SELECT *\nFROM first_half\n");
    place.write("pipelines/shop/models/offers.sql", "SELECT customer_id, 1 AS orders, 1.00 AS spent\nFROM orders\n");
    place.edit("schemas/curated/offers.yaml", "purpose: analytics", "purpose: marketing");
    place.edit(ORDERS, "owner: shop", "ownr: shop");
    let said = place.ends(1, &["check"]);
    for code in ["LW1003", "LW2001", "LW2002", "LW2003"] {
        assert!(said.contains(&format!("error[{code}]")), "{code} is missing");
    }
    assert!(said.contains("may not be used for purpose \"marketing\""));
    expect(&place, "check_many", said);
}

#[test]
fn chinese_lines_are_underlined_where_they_are() {
    let place = Place::project();
    place.edit(ORDERS, "label: { zh: 订单号, en: Order number }", "label: { zh: 订单号, 英文: Order number }");
    expect(&place, "check_chinese", place.ends(1, &["check"]));
}

#[test]
fn a_contract_far_away_is_shown_beside_its_model() {
    let place = Place::project();
    place.edit(CONTRACT, "type: decimal(14, 2)", "type: string");
    place.edit(MODEL, "AS orders", "AS order_count");
    expect(&place, "check_contract", place.ends(1, &["check"]));
}

#[test]
fn no_project() {
    let place = Place::empty();
    expect(&place, "check_nowhere", place.ends(2, &["check"]));
}

#[test]
fn what_is_kept_changes_nothing_that_is_said() {
    let place = Place::project();
    let everything = |place: &Place, code| {
        let cold = place.ends(code, &["check", "--no-cache"]);
        for _ in 0..2 {
            assert_eq!(place.ends(code, &["check"]), cold.replace(" --no-cache", ""));
        }
    };
    everything(&place, 0);
    place.edit(MODEL, "amount", "amout");
    everything(&place, 1);
    place.edit(MODEL, "amout", "amount");
    everything(&place, 0);
    place.edit(ORDERS, "type: decimal(10, 2)", "type: timestamp");
    everything(&place, 1);
}

#[test]
fn nothing_is_kept_where_nothing_is_to_be() {
    let place = Place::project();
    place.good(&["check", "--no-cache"]);
    assert!(!place.path(".lakewarden").exists());
    place.write(".lakewarden", "a file");
    place.good(&["check"]);
    assert_eq!(place.read(".lakewarden"), "a file");
}
