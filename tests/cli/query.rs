use crate::support::{Place, expect};

fn asked(place: &Place, name: &str, code: i32, sql: &str, purpose: &str) {
    expect(place, name, place.ends(code, &["query", sql, "--purpose", purpose]));
}

const KINDS: &str = "SELECT order_no, ordered_at, CAST(ordered_at AS DATE) AS day, \
    CASE WHEN amount > 20 THEN amount END AS large, amount > 20 AS is_large \
    FROM orders ORDER BY order_no, sku LIMIT 3";

#[test]
fn what_may_be_seen() {
    let place = Place::published();
    asked(&place, "query_curated", 0, "SELECT * FROM customer_orders ORDER BY spent", "analytics");
    asked(&place, "query_kinds", 0, KINDS, "analytics");
    asked(&place, "query_nothing", 0, "SELECT sku FROM orders WHERE amount > 9999", "analytics");
    let limited =
        place.ends(0, &["query", "SELECT 1 AS one UNION ALL SELECT 1", "--purpose", "analytics", "--limit", "1"]);
    expect(&place, "query_limit", limited);
}

#[test]
fn json_keeps_every_digit_and_every_null() {
    let place = Place::published();
    let answer = place.json(0, &["query", KINDS, "--purpose", "analytics"]);
    assert_eq!(
        answer["rows"][1],
        serde_json::json!({
            "order_no": "1001", "ordered_at": "2026-09-01T07:12:00Z", "day": "2026-09-01", "large": null, "is_large": false
        })
    );
    let wide = "SELECT CAST('12345678901234567890.12' AS DECIMAL(38, 2)) AS wide";
    let answer = place.json(0, &["query", wide, "--purpose", "analytics"]);
    assert_eq!(answer["rows"][0]["wide"], "12345678901234567890.12");
}

#[test]
fn two_columns_of_one_name_are_both_shown() {
    let place = Place::published();
    let sql = "SELECT a.order_no, b.order_no FROM orders a JOIN orders b ON a.order_no = b.order_no LIMIT 1";
    let answer = place.json(0, &["query", sql, "--purpose", "analytics"]);
    assert_eq!(answer["columns"][1]["name"], "order_no_2");
    assert_eq!(answer["rows"][0]["order_no"], answer["rows"][0]["order_no_2"]);
}

#[test]
fn results_that_grow_beyond_the_budget_are_refused() {
    let place = Place::published();
    place.edit("lakewarden.yaml", "jurisdiction:", "memory_budget: 512MiB\njurisdiction:");
    for sql in [
        "SELECT length(repeat('a', 2000000000))",
        "SELECT sum(length(repeat(order_no, 100000000))) FROM orders",
        "SELECT cardinality(generate_series(1, 700000000))",
        "SELECT cardinality(range(0, 9223372036854775807))",
        "SELECT length(lpad('a', 2000000000))",
        "SELECT length(rpad(order_no, 2000000000, 'xy')) FROM orders",
        "SELECT cardinality(array_repeat(1, 2000000000))",
        "SELECT length(replace(repeat('a', 100000), 'a', repeat('b', 100000)))",
        "SELECT length(regexp_replace(repeat('a', 100000), 'a', repeat('b', 100000), 'g'))",
    ] {
        let said = place.say(&["query", sql, "--purpose", "analytics"]);
        assert_eq!(said.code, 1, "{sql}: {}{}", said.stdout, said.stderr);
        assert!(said.stderr.contains("memory") || said.stderr.contains("exceeds"), "{sql}: {}", said.stderr);
    }
    let fine =
        "SELECT length(repeat('a', 1000000)) AS a, cardinality(generate_series(1, 1000)) AS b, lpad('7', 3, '0') AS c";
    let answer = place.json(0, &["query", fine, "--purpose", "analytics"]);
    assert_eq!(answer["rows"][0], serde_json::json!({ "a": 1_000_000, "b": 1000, "c": "007" }));
}

#[test]
fn what_may_not() {
    let place = Place::published();
    asked(&place, "query_purpose", 1, "SELECT * FROM orders", "marketing");
    asked(&place, "query_no_purpose", 2, "SELECT * FROM orders", "analitics");
    asked(&place, "query_no_column", 1, "SELECT customer_id,\n  amout FROM orders", "analytics");
    asked(&place, "query_no_table", 1, "SELECT * FROM ordrs", "analytics");
    asked(&place, "query_copy", 1, "COPY orders TO 'orders.csv'", "analytics");
    asked(&place, "query_file", 1, "SELECT * FROM 'exports/orders/orders_2026-09.csv'", "analytics");
    asked(&place, "query_no_sql", 1, "SELEC 1", "analytics");
    asked(&place, "query_fails", 1, "SELECT 1 / (amount - amount) FROM orders", "analytics");
    assert!(!place.path("orders.csv").exists());
}

#[test]
fn a_column_for_another_purpose() {
    let place = Place::keyed();
    let orders = "schemas/channels/orders.yaml";
    place.edit(orders, "purposes:\n  analytics: consent\n", "purposes:\n  analytics: consent\n  marketing: consent\n");
    place.edit(orders, "    normalise: email\n", "    normalise: email\n    purposes: [marketing]\n");
    place.good(&["run"]);
    asked(&place, "query_column", 1, "SELECT o.sku, o.email FROM orders AS o", "analytics");
    place.good(&["query", "SELECT sku FROM orders", "--purpose", "analytics"]);
}

#[test]
fn an_instant_that_is_asked_for_moves_no_people() {
    let place = Place::published();
    let orders = |more: &[&str]| {
        let asked = ["query", "SELECT DISTINCT order_no FROM orders ORDER BY 1", "--purpose", "analytics"];
        place.json(0, &[&asked[..], more].concat())["rows"].clone()
    };
    // Cleo withdrew on 20 September.
    let today = orders(&[]);
    assert_eq!(orders(&["--as-of", "2026-09-10"]), today);
    assert_eq!(orders(&["--as-of", "2090-01-01"]), today);
    const REPLAY: [&str; 4] = ["--as-of", "2026-09-10", "--consent", "known-then"];
    let refused = [&["query", "SELECT sku FROM orders", "--purpose", "analytics"][..], &REPLAY].concat();
    expect(&place, "query_replay_refused", place.ends(1, &refused));
    place.edit("lakewarden.yaml", "jurisdiction: ", "replay_purposes: [analytics]\njurisdiction: ");
    assert_ne!(orders(&REPLAY), today, "a declared replay shows what was seen then");
}

#[cfg(target_os = "linux")]
#[test]
fn a_result_that_nobody_got_is_no_success() {
    let place = Place::published();
    let mut command = place.command(&["query", "SELECT 1", "--purpose", "analytics"]);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = command.stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("error[LW9001]: cannot write stdout"));
}
