use crate::support::{AS_OF, Place, settings};

/// Adds columns that nobody declared to the sample's orders: a person's name, and one that would clear the screen.
fn with_people_as_columns() -> Place {
    let place = Place::project();
    let orders = place.path("exports/orders/orders_2026-09.csv");
    let text = std::fs::read_to_string(&orders).unwrap();
    let mut lines = text.lines().map(|line| format!("{line},1,2\n"));
    let header = lines.next().unwrap().replace(",1,2", ",张伟,\u{1b}[2J\u{202e}x");
    std::fs::write(&orders, header + &lines.collect::<String>()).unwrap();
    place.good(&["keys", "init"]);
    place
}

#[test]
fn names_are_shown_to_whoever_asks_and_stored_nowhere() {
    let place = with_people_as_columns();
    place.good(&["run", "--as-of", AS_OF]);
    let mut settings = settings(&place);
    settings.add_filter(r"field-[\w-]{12}", "[LABEL]");
    settings.bind(|| insta::assert_snapshot!("drift_good", place.ends(0, &["drift", "show", "orders"])));
    for told in [place.ends(0, &["drift", "show", "orders"]), place.ends(0, &["status"])] {
        assert!(!told.contains('\u{1b}') && !told.contains('\u{202e}'), "{told}");
    }
    assert!(!place.ends(0, &["status"]).contains("张伟"));
    let mut folders = vec![place.path("lake")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = std::fs::read(&path).unwrap();
                assert!(!String::from_utf8_lossy(&bytes).contains("张伟"), "{}", path.display());
            }
        }
    }
}

#[test]
fn a_dataset_that_no_pipeline_loads() {
    let place = with_people_as_columns();
    settings(&place).bind(|| insta::assert_snapshot!("drift_unknown", place.ends(2, &["drift", "show", "order"])));
}
