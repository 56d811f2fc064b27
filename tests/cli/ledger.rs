use crate::support::{AS_OF, Place, settings};

/// Compares with the snapshot of this name, without the parts of checksums and the key that `ledger` shows.
fn expect(place: &Place, name: &str, said: &str) {
    let mut settings = settings(place);
    settings.add_filter(r"\b[0-9a-f]{12}\b", "[12 DIGITS]");
    settings.add_filter(r"\bkey [0-9a-f]{8} of", "key [KEY] of");
    settings.bind(|| insta::assert_snapshot!(name, said));
}

#[test]
fn no_file_yet() {
    let place = Place::project();
    expect(&place, "ledger_none", &place.ends(0, &["ledger"]));
}

#[test]
fn files_and_those_with_the_same_bytes() {
    let place = Place::published();
    let orders = std::fs::read_dir(place.path("exports/orders")).unwrap().next().unwrap().unwrap().path();
    std::fs::copy(&orders, place.path("exports/orders/again.csv")).unwrap();
    let text = std::fs::read_to_string(&orders).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    let first = rows.lines().next().unwrap();
    place.write("exports/orders/late.csv", &format!("{header}\n{first}\n{first}\n"));
    place.good(&["run", "--as-of", AS_OF]);
    expect(&place, "ledger_good", &place.ends(0, &["ledger", "orders"]));

    let told = place.json(0, &["ledger"]);
    let datasets = told["datasets"].as_array().unwrap();
    assert!(datasets.len() >= 2, "{told}");
    let orders = datasets.iter().find(|d| d["dataset"] == "orders").unwrap()["files"].as_array().unwrap();
    assert_eq!(orders.len(), 3);
    for file in orders.iter().filter(|file| file["same_as"].is_null()) {
        let number = |key: &str| file[key].as_u64().unwrap();
        let quarantined: u64 =
            file["quarantined"].as_array().unwrap().iter().map(|q| q["rows"].as_u64().unwrap()).sum();
        assert_eq!(
            number("read"),
            number("written")
                + quarantined
                + number("duplicates")
                + number("key_conflicts")
                + number("outside_retention"),
            "{file}"
        );
    }
}

#[test]
fn an_unknown_dataset() {
    let place = Place::published();
    expect(&place, "ledger_unknown", &place.ends(2, &["ledger", "order"]));
}
