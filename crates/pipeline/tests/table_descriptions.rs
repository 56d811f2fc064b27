//! What the dictionary says of tables and columns reaches the tables themselves, and follows it.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod common;

use common::Shop;
use common::lake::lake;
use lakewarden_lake::Zone;
use lakewarden_pipeline::record::Outcome;
use std::fs;

fn edit(shop: &Shop, file: &str, from: &str, to: &str) {
    let path = shop.path(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file} has no {from:?}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_meanings_units_and_nullability_reach_the_tables_and_follow_the_dictionary() {
    let shop = Shop::with_sample(60, false);
    shop.run("retail").await.unwrap();
    let own = lake(&shop);

    let pos = own.description(Zone::Conformed, "pos_sales").await.unwrap().unwrap();
    assert!(pos.text.contains("门店销售流水") && pos.properties["lakewarden.retention"].starts_with('P'), "{pos:?}");
    let paid = &pos.columns["paid_amount"];
    assert_eq!((paid["lakewarden.unit"].as_str(), paid["lakewarden.currency"].as_str()), ("CNY", "CNY"));
    assert!(paid["comment"].ends_with("[CNY]") && paid["comment"].contains(&paid["lakewarden.meaning"]), "{paid:?}");
    assert_eq!(pos.columns["phone"]["lakewarden.treatment"], "pseudonymise: phone");
    assert_eq!(pos.columns["phone"]["lakewarden.identifiability"], "direct");

    let sales = own.description(Zone::Curated, "sales").await.unwrap().unwrap();
    assert_eq!(sales.properties["lakewarden.purposes"], "analytics");
    assert_eq!(sales.columns["sale_id"]["lakewarden.label.zh"], "销售行编号");
    let table = own.table(Zone::Curated, "sales").await.unwrap().unwrap();
    let nullable = |column: &str| table.schema.field_with_name(column).unwrap().is_nullable();
    assert!(!nullable("sale_id") && !nullable("channel"), "tests: [required]");
    assert!(nullable("customer_id") && nullable("sku"), "nothing is required of them");

    // A new label is a commit of its own: no file is loaded again and no row is written.
    let before = own.table(Zone::Conformed, "pos_sales").await.unwrap().unwrap();
    edit(&shop, "schemas/channels/pos_sales.yaml", "门店销售流水", "门店收银流水");
    let record = shop.run("retail").await.unwrap();
    assert_eq!(record.outcome, Outcome::Published);
    let after = own.table(Zone::Conformed, "pos_sales").await.unwrap().unwrap();
    assert_eq!((after.version, &after.files), (before.version + 1, &before.files));
    let text = own.description(Zone::Conformed, "pos_sales").await.unwrap().unwrap().text;
    assert!(text.contains("门店收银流水"), "{text}");
    for key in ["lakewarden.totals", "lakewarden.key", "lakewarden.last_loads", "lakewarden.treatments"] {
        assert_eq!(after.noted.get(key), before.noted.get(key), "{key}");
    }
    let published: Vec<&str> = record.publication.iter().filter(|t| t.zone == "conformed").map(|t| &*t.table).collect();
    assert_eq!(published, ["pos_sales"], "of the datasets, only the one whose entry has changed");
    let again = shop.run("retail").await.unwrap();
    assert_eq!(again.outcome, Outcome::Unchanged);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_null_in_a_required_column_is_counted_and_nothing_is_published() {
    let shop = Shop::with_sample(60, false);
    edit(
        &shop,
        "schemas/curated/sales.yaml",
        "    source: pos_sales.sku; tmall_orders.sku\n",
        "    source: pos_sales.sku; tmall_orders.sku\n    tests: [required]\n",
    );
    let sql = fs::read_to_string(shop.path("pipelines/retail/models/sales.sql")).unwrap();
    assert!(sql.contains("sku"));
    let broken =
        format!("SELECT * EXCEPT (sku), NULLIF(sku, sku) AS sku FROM ({}) AS made", sql.trim().trim_end_matches(';'));
    fs::write(shop.path("pipelines/retail/models/sales.sql"), broken).unwrap();
    let error = shop.run("retail").await.unwrap_err();
    assert_eq!(error.code(), "LW6011", "{error}");
    assert!(error.to_string().contains("sku") && error.to_string().contains("required"), "{error}");
    let rows: u64 =
        error.to_string().split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).max().unwrap();
    assert!(rows > 100, "every row is counted, not the first batch: {error}");
    assert!(lake(&shop).table(Zone::Curated, "sales").await.unwrap().is_none());
}
