use crate::support::{AS_OF, Place, expect};

#[test]
fn before_and_after_the_first_run() {
    let place = Place::keyed();
    expect(&place, "plan_first", place.ends(0, &["plan", "--as-of", AS_OF]));
    assert!(!place.path("lake/conformed").exists());
    place.good(&["run", "--as-of", AS_OF]);
    expect(&place, "plan_nothing", place.ends(0, &["plan", "--as-of", AS_OF]));
    let said = place.good(&["plan", "--as-of", "2026-10-02 08:00:00"]).stdout;
    assert!(said.ends_with("\nlakewarden run --as-of '2026-10-02 08:00:00' does it\n"), "{said}");
    place.write(
        "exports/orders/orders_2026-10.csv",
        "order_no,email,ordered_at,sku,amount\n2001,ada@example.com,2026-09-30 12:00:00,TEE-RED-M,19.90\n",
    );
    expect(&place, "plan_more", place.ends(0, &["plan", "--as-of", AS_OF]));
}

#[test]
fn what_cannot_be_planned() {
    let place = Place::project();
    expect(&place, "plan_no_instant", place.ends(2, &["plan", "--as-of", "yesterday"]));
    expect(&place, "plan_no_pipeline", place.ends(2, &["plan", "--pipeline", "shopp"]));
    expect(&place, "plan_no_lake", place.ends(2, &["plan", "--lake", "ftp://example.com/lake"]));
    place.edit("pipelines/shop/models/customer_orders.sql", "amount", "amout");
    expect(&place, "plan_problems", place.ends(1, &["plan"]));
}
