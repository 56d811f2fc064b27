use crate::support::{AS_OF, Place, expect};

/// Where the reference shop's one bad record stands in its dictionary.
const AMOUNT: &str = "    type: decimal(10, 2)\n    unit: EUR\n";

/// How long ago differs from day to day, and ids from run to run.
fn settled(said: String) -> String {
    let mut words: Vec<String> = said.split(' ').map(str::to_owned).collect();
    let mut at = 0;
    while at + 2 < words.len() {
        let ago = words[at + 2].starts_with("ago") && words[at + 1].starts_with("day");
        if ago {
            let rest = words[at + 2]["ago".len()..].to_owned();
            let before: String = words[at].chars().take_while(|c| !c.is_ascii_digit()).collect();
            words.splice(at..at + 3, [format!("{before}[AGE]{rest}")]);
        }
        at += 1;
    }
    let said = words.join(" ").replace("oldest today", "oldest [AGE]").replace("(today)", "([AGE])");
    let mut out = String::new();
    let mut rest = said.as_str();
    while let Some((before, after)) = rest.split_once("orders/") {
        out.push_str(before);
        out.push_str("orders/");
        let digits = after.len() >= 16 && after.as_bytes()[..16].iter().all(u8::is_ascii_hexdigit);
        if digits {
            out.push_str("[RECORD]");
        }
        rest = if digits { &after[16..] } else { after };
    }
    out + rest
}

fn id(place: &Place) -> String {
    place.json(0, &["quarantine", "list"])["entries"][0]["id"].as_str().unwrap().to_owned()
}

fn mend(place: &Place) {
    place.edit("schemas/channels/orders.yaml", AMOUNT, &format!("{AMOUNT}    map: {{ nineteen: \"19.00\" }}\n"));
}

#[test]
fn what_lies_there_and_single_records() {
    let place = Place::published();
    expect(&place, "quarantine_list", settled(place.ends(0, &["quarantine", "list"])));
    expect(&place, "quarantine_filter", place.ends(0, &["quarantine", "list", "orders", "--rule", "required"]));
    let id = id(&place);
    expect(&place, "quarantine_show", settled(place.ends(0, &["quarantine", "show", &id])));
    let reveal = ["quarantine", "show", &id, "--reveal", "--reason", "ticket 7"];
    expect(&place, "quarantine_reveal", settled(place.ends(0, &reveal)));
    let all = place.good(&[&reveal[..], &["--fields", "email"]].concat());
    assert!(all.stdout.contains("email = \"ben@example.com\"\n") && !all.stderr.contains("ben@"), "{}", all.stdout);
}

#[test]
fn who_opens_a_record_is_written_down_first() {
    let place = Place::published();
    let id = id(&place);
    let before = audit(&place).len();
    place.good(&["quarantine", "show", &id]);
    assert_eq!(audit(&place).len(), before, "a place is no content");
    place.good(&["quarantine", "show", &id, "--reveal", "--reason", "ticket 7", "--fields", "email"]);
    let said = audit(&place).pop().unwrap();
    assert_eq!((&said["event"], &said["why"]), (&"quarantine_revealed".into(), &"ticket 7".into()));
    assert_eq!(said["ids"], serde_json::json!([id]));
    assert_eq!(said["fields"], serde_json::json!({ "named": ["email"] }));
    assert!(said["who"].as_str().is_some_and(|who| !who.is_empty()));
    // What cannot be written down is not shown.
    let log = place.path("lake/_lakewarden/audit");
    let aside = place.path("aside");
    std::fs::rename(&log, &aside).unwrap();
    std::fs::write(&log, "no folder").unwrap();
    let refused = place.say(&["quarantine", "show", &id, "--reveal", "--reason", "ticket 8"]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.starts_with("error[LW6037]: nothing was opened: "), "{}", refused.stderr);
    assert!(!refused.stdout.contains("nineteen"));
}

fn audit(place: &Place) -> Vec<serde_json::Value> {
    let mut files = Vec::new();
    crate::support::files(&place.path("lake/_lakewarden/audit"), &mut files);
    files.sort();
    let record = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).unwrap()["record"].clone();
    files.iter().map(|(_, bytes)| record(bytes)).collect()
}

#[test]
fn a_mended_rule_drains_it() {
    let place = Place::published();
    let release = ["quarantine", "release", "--as-of", AS_OF];
    expect(&place, "quarantine_release_none", place.ends(0, &release));
    mend(&place);
    let before = place.tables();
    expect(&place, "quarantine_release_dry", place.ends(0, &[&release[..], &["--dry-run"]].concat()));
    assert_eq!(place.tables(), before, "a dry run changes nothing");
    expect(&place, "quarantine_release", place.ends(0, &release));
    expect(&place, "quarantine_empty", place.ends(0, &["quarantine", "list"]));
    let orders =
        place.json(0, &["query", "SELECT amount FROM orders WHERE order_no = '1005'", "--purpose", "analytics"]);
    assert_eq!(orders["rows"], serde_json::json!([{ "amount": "19.00" }]), "of somebody who is known already");
    let plan = place.good(&["plan", "--as-of", AS_OF]);
    assert!(plan.stdout.contains("build"), "{}", plan.stdout);
    let run = place.json(0, &["run", "--as-of", AS_OF]);
    assert_eq!((&run["outcome"], &run["datasets"][0]["in_quarantine"]), (&"published".into(), &0.into()));
    assert_eq!(place.json(0, &["run", "--as-of", AS_OF])["outcome"], "unchanged");
    let orders =
        place.json(0, &["query", "SELECT amount FROM orders WHERE order_no = '1005'", "--purpose", "analytics"]);
    assert_eq!(orders["rows"], serde_json::json!([{ "amount": "19.00" }]));
}

#[test]
fn what_is_discarded_is_gone() {
    let place = Place::published();
    expect(&place, "quarantine_discard_what", place.ends(2, &["quarantine", "discard", "--reason", "a test order"]));
    let discard = ["quarantine", "discard", "orders", "--rule", "type", "--reason", "a test order"];
    expect(&place, "quarantine_discard", place.ends(0, &discard));
    let left: Vec<_> = place.tables().into_iter().map(|(path, _)| path).collect();
    let sealed =
        left.iter().filter(|p| p.to_str().unwrap().contains("quarantine") && p.extension().unwrap() == "parquet");
    assert_eq!(sealed.count(), 0, "{left:?}");
    assert!(place.good(&["status"]).stdout.lines().all(|line| !line.starts_with("quarantine:")));
    expect(&place, "quarantine_discard_none", place.ends(0, &discard));
}

#[test]
fn what_is_asked_wrongly() {
    let place = Place::published();
    expect(&place, "quarantine_no_dataset", place.ends(2, &["quarantine", "list", "ordres"]));
    expect(&place, "quarantine_no_id", place.ends(2, &["quarantine", "show", "orders/0123456789abcdef"]));
    expect(
        &place,
        "quarantine_no_reason",
        place.ends(2, &["quarantine", "show", &id(&place), "--reveal"]).replace(&id(&place), "orders/[RECORD]"),
    );
    expect(&place, "quarantine_not_an_id", place.ends(2, &["quarantine", "show", "orders"]));
    expect(&place, "quarantine_since", place.ends(2, &["quarantine", "list", "--since", "yesterday"]));
    std::fs::remove_file(place.key()).unwrap();
    place.good(&["quarantine", "list"]);
    assert_eq!(place.say(&["quarantine", "release"]).code, 2);
}

#[test]
fn another_key_opens_nothing() {
    let place = Place::published();
    let id = id(&place);
    std::fs::remove_file(place.key()).unwrap();
    place.good(&["keys", "init"]);
    let refused = place.ends(1, &["quarantine", "show", &id, "--reveal", "--reason", "ticket 7"]);
    expect(&place, "quarantine_other_key", settled(refused));
    assert!(place.say(&["quarantine", "release"]).stderr.starts_with("error[LW6007]"));
}
