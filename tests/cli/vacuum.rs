use crate::support::{Place, expect};

/// What was said, without sizes and instants.
fn steady(said: &str) -> String {
    let mut text = said.to_owned();
    for unit in [" B", " KiB", " MiB"] {
        while let Some(at) = text.find(unit).filter(|at| text[..*at].ends_with(|c: char| c.is_ascii_digit())) {
            let begin = text[..at].rfind(' ').map_or(0, |space| space + 1);
            text.replace_range(begin..at + unit.len(), "[BYTES]");
        }
    }
    text
}

#[test]
fn old_versions_are_shown_and_removed() {
    let place = Place::published();
    place.good(&["run"]);
    let tables = place.tables();
    expect(&place, "vacuum_young", place.ends(0, &["vacuum"]));
    expect(&place, "vacuum_dry", steady(&place.ends(0, &["vacuum", "--all-history", "--dry-run"])));
    assert_eq!(place.tables(), tables);
    expect(&place, "vacuum_good", steady(&place.ends(0, &["vacuum", "--all-history"])));
    assert_ne!(place.tables(), tables);
    expect(&place, "vacuum_nothing", place.ends(0, &["vacuum", "--all-history"]));
    // Nothing else is amiss, and the next run goes on.
    place.good(&["doctor"]);
    place.good(&["status"]);
    place.good(&["run"]);
}

#[test]
fn a_grace_that_is_none() {
    let place = Place::keyed();
    place.edit("lakewarden.yaml", "lake:", "history: seven days\nlake:");
    expect(&place, "vacuum_grace", place.ends(1, &["check"]));
}
