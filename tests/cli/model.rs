use crate::support::{Place, expect};

const MODEL: &str = "pipelines/shop/models/buyers.sql";

#[test]
fn the_entry_of_a_model_is_drafted_written_and_refused_until_it_is_filled_in() {
    let place = Place::project();
    place.write(MODEL, "SELECT customer_id, count(*) AS orders, sum(amount) AS spend FROM orders WHERE customer_id IS NOT NULL GROUP BY customer_id\n");
    let contract = ["model", "contract", "buyers"];
    expect(&place, "model_contract_good", place.ends(0, &contract));
    let json = place.json(0, &contract);
    assert_eq!((&json["subject"], &json["grain"][0]), (&"customer_id".into(), &"customer_id".into()));

    let write = ["model", "contract", "buyers", "--write"];
    expect(&place, "model_contract_written", place.ends(0, &write));
    expect(&place, "model_contract_unfilled", place.ends(1, &["check"]));
    expect(&place, "model_contract_exists", place.ends(2, &write));
    assert_eq!(place.good(&contract).stdout.trim_end(), place.read("schemas/curated/buyers.yaml").trim_end());
}

#[test]
fn a_model_that_does_not_compile_gets_none() {
    let place = Place::project();
    expect(&place, "model_contract_unknown", place.ends(2, &["model", "contract", "buyer"]));
    place.write(MODEL, "SELECT nothing FROM orders\n");
    expect(&place, "model_contract_wrong", place.ends(1, &["model", "contract", "buyers", "--write"]));
    assert!(!place.path("schemas/curated/buyers.yaml").exists());
}
