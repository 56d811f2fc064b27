//! The retail pipeline against the truth of its sample: every row, every customer, every consent, every sale.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Shop, keys};
use lakewarden_dictionary::DatasetRole;
use lakewarden_lake::Zone;
use lakewarden_pipeline::record::Outcome;
use lakewarden_sample::{Accounts, Sales};
use std::collections::{BTreeMap, BTreeSet};

/// Rows of a small CSV of truth, without its header.
fn truth(shop: &Shop, name: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(shop.path("truth").join(name)).unwrap();
    text.lines().skip(1).map(|l| l.split(',').map(str::to_owned).collect()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_customer_consent_and_sale_is_as_the_sample_says() {
    let shop = Shop::with_sample(1_500, true);
    let record = shop.run("retail").await.unwrap();
    assert_eq!(record.outcome, Outcome::Published);

    rows(&shop, &record);
    let customer_of = customers(&shop).await;
    consents(&shop, &customer_of).await;
    sales(&shop).await;
}

/// Each file's rows, quarantine by field and rule, duplicates and over-collection.
fn rows(shop: &Shop, record: &lakewarden_pipeline::record::RunRecord) {
    let accounts = Accounts::read(&shop.path("truth")).unwrap();
    assert_eq!(accounts.datasets.len(), 12);
    for (name, files) in &accounts.datasets {
        let found = record.datasets.iter().find(|d| d.dataset == *name).unwrap();
        let loaded: Vec<_> = files.iter().filter(|(_, f)| f.repeats.is_none()).collect();
        assert_eq!(found.files.len(), loaded.len(), "{name}: files");
        assert_eq!(found.already_loaded.len(), files.len() - loaded.len(), "{name}: files delivered twice");
        let sum =
            |pick: &dyn Fn(&lakewarden_sample::FileAccount) -> u64| loaded.iter().map(|(_, f)| pick(f)).sum::<u64>();
        assert_eq!(found.read, sum(&|f| f.rows), "{name}: read");
        assert_eq!(found.written, sum(&|f| f.written), "{name}: written");
        assert_eq!(found.duplicates, sum(&|f| f.duplicates), "{name}: duplicates");
        let mut quarantined: BTreeMap<(String, String), u64> = BTreeMap::new();
        let mut set_null: BTreeMap<(String, String), u64> = BTreeMap::new();
        let mut over: BTreeMap<String, u64> = BTreeMap::new();
        for (_, file) in &loaded {
            for (field, rules) in &file.quarantined {
                for (rule, rows) in rules {
                    *quarantined.entry((field.clone(), rule.clone())).or_default() += rows;
                }
            }
            for (field, rules) in &file.set_null {
                for (rule, values) in rules {
                    *set_null.entry((field.clone(), rule.clone())).or_default() += values;
                }
            }
            for (field, rows) in &file.over_collected {
                *over.entry(field.clone()).or_default() += rows;
            }
        }
        let own = found.quarantined.iter().map(|q| ((q.field.clone().unwrap_or_default(), q.rule.clone()), q.rows));
        assert_eq!(own.collect::<BTreeMap<_, _>>(), quarantined, "{name}: quarantine");
        let own = found.set_null.iter().map(|s| ((s.field.clone(), s.rule.clone()), s.values));
        assert_eq!(own.collect::<BTreeMap<_, _>>(), set_null, "{name}: set to null");
        assert_eq!(found.over_collected, over, "{name}: over-collection");
    }
}

/// The pseudonyms of the true identifiers fall into customers exactly as the truth groups them.
async fn customers(shop: &Shop) -> BTreeMap<(String, String), String> {
    let keys = keys();
    let lake = lakewarden_lake::Lake::open(&shop.open().lake_url(None).unwrap()).unwrap();
    let members = read(&lake, Zone::Identity, "retail_customer_identity", &["token", "customer_id", "shared"]).await;
    let customer_of_token: BTreeMap<String, String> =
        members.iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    let mut customers: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for row in truth(shop, "customers.csv") {
        let [customer, domain, value, group] = <[String; 4]>::try_from(row).unwrap();
        let token = keys.tokeniser(&domain).token_of(&value);
        let id = customer_of_token.get(&token).unwrap_or_else(|| panic!("a {domain} of the truth has no customer"));
        customers.entry((customer, group)).or_default().insert(id.clone());
    }
    let split: Vec<_> = customers.iter().filter(|(_, ids)| ids.len() > 1).collect();
    assert!(split.is_empty(), "{} true customers came apart", split.len());
    let ids: BTreeSet<&String> = customers.values().flatten().collect();
    assert_eq!(ids.len(), customers.len(), "true customers that were taken for one");
    let shared = members.iter().filter(|row| row[2] == "true").count();
    assert_eq!(shared, 1, "the shop's own telephone is set aside");
    customers.into_iter().map(|(key, ids)| (key, ids.into_iter().next().unwrap())).collect()
}

/// The customers that the rows of datasets name which serve a purpose: it knows of no others. One that all datasets serve
/// knows those of the consent log as well.
async fn named_for(shop: &Shop, purpose: &str) -> BTreeSet<String> {
    let open = shop.open();
    let lake = lakewarden_lake::Lake::open(&open.lake_url(None).unwrap()).unwrap();
    let members = read(&lake, Zone::Identity, "retail_customer_identity", &["token", "customer_id", "shared"]).await;
    let customer_of: BTreeMap<&str, &str> =
        members.iter().filter(|row| row[2] != "true").map(|row| (row[0].as_str(), row[1].as_str())).collect();
    let channels = &open.project.pipeline("retail").unwrap().channels;
    let loaded = channels.iter().map(|c| open.project.dataset(&c.dataset.value).unwrap());
    let (serving, refusing): (Vec<_>, Vec<_>) = loaded
        .filter(|d| d.role == DatasetRole::Data && d.has_subjects())
        .partition(|d| d.purposes.iter().any(|p| p.purpose.value == purpose));
    if refusing.is_empty() {
        return members.into_iter().map(|row| row[1].clone()).collect();
    }
    let mut named: BTreeSet<&str> = BTreeSet::new();
    for dataset in serving {
        let columns: Vec<&str> = dataset.pseudonyms().map(|f| f.column.value.as_str()).collect();
        let tokens = read(&lake, Zone::Conformed, &dataset.name.value, &columns).await;
        named.extend(tokens.iter().flatten().filter_map(|token| customer_of.get(token.as_str()).copied()));
    }
    named.into_iter().map(str::to_owned).collect()
}

/// Who may be seen for each purpose is whom the truth permits, of those whom data for the purpose names.
async fn consents(shop: &Shop, customer_of: &BTreeMap<(String, String), String>) {
    for purpose in ["analytics", "marketing", "personalization"] {
        let named = named_for(shop, purpose).await;
        let visible: BTreeSet<String> =
            shop.ask("SELECT customer_id FROM customers", purpose).await.unwrap().into_iter().collect();
        let (mut permitted, mut refused) = (0, 0);
        for row in truth(shop, "consent.csv").into_iter().filter(|r| r[2] == purpose) {
            let Some(id) = customer_of.get(&(row[0].clone(), row[1].clone())) else { continue };
            // Where opt-out rules, and the log says that it does, silence permits.
            let silent_opt_out = row[3] == "none" && row[5] == "US-CA" && row[6] == "yes";
            let permit = (row[3] == "granted" || silent_opt_out) && named.contains(id);
            assert_eq!(visible.contains(id), permit, "{purpose} of a customer whose truth is {row:?}");
            if permit { permitted += 1 } else { refused += 1 }
        }
        assert!(permitted > 100 && refused > 100, "{purpose}: {permitted} permitted, {refused} refused");
    }
}

/// Revenue by channel, which bookkeeping sees whole.
async fn sales(shop: &Shop) {
    let truth = Sales::read(&shop.path("truth")).unwrap();
    let found = shop
        .ask("SELECT channel, sum(revenue) FROM channel_monthly GROUP BY channel ORDER BY channel", "accounting")
        .await
        .unwrap();
    let expected: Vec<String> = truth
        .channels
        .iter()
        .map(|(channel, sales)| {
            let channel = if channel == "pos" { "store" } else { channel };
            format!("{channel}|{}", serde_json::to_value(sales.revenue).unwrap().as_str().unwrap())
        })
        .collect();
    assert_eq!(found, expected);
}

async fn read(lake: &lakewarden_lake::Lake, zone: Zone, table: &str, columns: &[&str]) -> Vec<Vec<String>> {
    use futures::TryStreamExt;
    let table = lake.table(zone, table).await.unwrap().unwrap();
    let mut batches = lake.read_table_batches(&table, Some(columns)).unwrap();
    let mut rows = Vec::new();
    while let Some(batch) = batches.try_next().await.unwrap() {
        let options = arrow::util::display::FormatOptions::default();
        for row in 0..batch.num_rows() {
            rows.push(
                batch
                    .columns()
                    .iter()
                    .map(|c| {
                        arrow::util::display::ArrayFormatter::try_new(c.as_ref(), &options)
                            .unwrap()
                            .value(row)
                            .to_string()
                    })
                    .collect(),
            );
        }
    }
    rows
}
