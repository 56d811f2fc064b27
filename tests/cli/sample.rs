use crate::support::{Place, expect, files};

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let place = Place::empty();
    expect(&place, "sample_good", place.ends(0, &["sample", "out", "--customers", "10", "--seed", "7"]));
    let written = |folder: &str| {
        let mut found = Vec::new();
        files(&place.path(folder), &mut found);
        found.sort();
        let root = place.path(folder);
        found.into_iter().map(|(path, bytes)| (path.strip_prefix(&root).unwrap().to_owned(), bytes)).collect::<Vec<_>>()
    };
    place.good(&["sample", "same", "--customers", "10", "--seed", "7"]);
    place.good(&["sample", "other", "--customers", "10", "--seed", "8"]);
    assert!(written("out").len() > 12);
    assert_eq!(written("out"), written("same"));
    assert_ne!(written("out"), written("other"));
}

#[test]
fn a_place_that_cannot_be_written() {
    let place = Place::empty();
    place.write("taken", "a file");
    expect(&place, "sample_taken", place.ends(2, &["sample", "taken", "--customers", "10"]));
    expect(&place, "sample_no_day", place.ends(2, &["sample", "out", "--end", "tomorrow"]));
}
