use crate::support::{Place, expect};

#[test]
fn an_export_that_nobody_described_gets_a_proposal() {
    let place = Place::project();
    let infer = ["dictionary", "infer", "exports/orders/orders_2026-09.csv"];
    expect(&place, "dictionary_infer_good", place.ends(0, &infer));
    // It is an entry that the check understands, and does not pass.
    place.write("schemas/channels/orders.yaml", &place.good(&infer).stdout);
    expect(&place, "dictionary_infer_unreviewed", place.ends(1, &["check"]));
}

#[test]
fn what_cannot_be_read_gets_none() {
    let place = Place::empty();
    expect(&place, "dictionary_infer_nothing", place.ends(2, &["dictionary", "infer", "nothing.csv"]));
    place.write("empty.csv", "");
    expect(&place, "dictionary_infer_empty", place.ends(1, &["dictionary", "infer", "empty.csv"]));
}
