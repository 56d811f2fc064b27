//! A file with fields that nobody declared waits for a person, if its dataset asks for that; the others are loaded.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod common;

use common::lake::{lake, rows};
use common::{Shop, as_of};
use lakewarden_lake::Zone;
use lakewarden_pipeline::record::{HeldFile, Outcome};
use std::fs;

const ENTRY: &str = "schemas/channels/stores.yaml";
const NEW: &str = "exports/stores/stores_new.csv";

fn rewrite(shop: &Shop, path: &str, change: impl FnOnce(String) -> String) {
    let path = shop.path(path);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(path, change(text)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_waits_until_its_new_field_is_known() {
    let shop = Shop::with_sample(100, false);
    rewrite(&shop, ENTRY, |text| text.replace("fields:\n", "undeclared_fields: review\nfields:\n"));
    shop.run("retail").await.unwrap();
    let before = rows(&lake(&shop), Zone::Conformed, "stores", |_| true).await.len();

    let header = "store_code,name,province,city,lat,lng,opened_on,manager_phone\n";
    fs::write(shop.path(NEW), format!("{header}S9999,新店,上海,上海,31.2,121.4,2026-01-01,13187013211\n")).unwrap();
    for _ in 0..2 {
        let record = shop.run("retail").await.unwrap();
        assert_eq!(record.outcome, Outcome::Unchanged, "a file that waits is no reason to build anew");
        let held: Vec<HeldFile> = record.datasets.iter().flat_map(|d| d.held.clone()).collect();
        // A name that nobody declared is not stored: the record has its label.
        assert_eq!((held.len(), held[0].file.as_str(), held[0].fields.len()), (1, NEW, 1));
        assert!(held[0].fields[0].starts_with("field-"), "{held:?}");
        assert_eq!(rows(&lake(&shop), Zone::Conformed, "stores", |_| true).await.len(), before);
    }
    let open = shop.open();
    let plan = lakewarden_pipeline::plan(&open, Some("retail"), None, Some(as_of()), None, as_of()).await.unwrap();
    let action = plan.actions.iter().find(|a| a.subject == "stores").unwrap();
    assert!(
        action.because.ends_with("exports/stores/stores_new.csv is held for review: 1 undeclared field"),
        "{action:?}"
    );
    assert!(action.files.is_empty());

    rewrite(&shop, ENTRY, |text| text.replace("fields:\n  -", "ignored_fields: [manager_phone]\nfields:\n  -"));
    let record = shop.run("retail").await.unwrap();
    assert_eq!(record.outcome, Outcome::Published);
    let stores = record.datasets.iter().find(|d| d.dataset == "stores").unwrap();
    assert_eq!((stores.written, stores.over_collected["manager_phone"], stores.held.len()), (1, 1, 0));
    assert_eq!(rows(&lake(&shop), Zone::Conformed, "stores", |_| true).await.len(), before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dataset_may_refuse_the_run() {
    let shop = Shop::with_sample(100, true);
    let events = "schemas/channels/miniapp_events.yaml";
    rewrite(&shop, events, |text| text.replace("ignored_fields: [clipboard]", "undeclared_fields: refuse"));
    let error = shop.run("retail").await.unwrap_err();
    assert_eq!(error.code(), "LW4065");
    // The name may be a person's: the message has its label.
    assert!(error.to_string().contains("field-") && !error.to_string().contains("clipboard"), "{error}");
    assert!(error.is_refusal());
    assert!(common::lake::published(&lake(&shop)).await.is_empty());
}
