use crate::support::{Place, expect};

#[test]
fn tables_and_their_columns() {
    let place = Place::project();
    expect(&place, "tables_none", place.ends(0, &["tables"]));
    place.good(&["keys", "init"]);
    place.good(&["run", "--as-of", crate::support::AS_OF]);
    expect(&place, "tables_good", place.ends(0, &["tables"]));
    expect(&place, "describe_dataset", place.ends(0, &["describe", "orders"]));
    expect(&place, "describe_table", place.ends(0, &["describe", "customer_orders"]));
    expect(&place, "describe_unknown", place.ends(2, &["describe", "ordres"]));
}
