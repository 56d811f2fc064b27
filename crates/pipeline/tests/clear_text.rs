//! No identifier, name or address of the exports is anywhere in the lake, in a run's record or in an error.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod common;
#[path = "clear_text/search.rs"]
mod search;
#[path = "clear_text/secrets.rs"]
mod secrets;

use arrow::array::{ArrayRef, BinaryArray, RecordBatch, StringArray};
use chrono::Utc;
use common::Shop;
use common::lake::lake;
use lakewarden_lake::{Change, Lake, Mode, Publication, WriterOptions, Zone};
use lakewarden_pipeline::PipelineError;
use lakewarden_sample::{Fault, plant};
use search::{Finding, Search};
use secrets::Secrets;
use std::sync::Arc;
use tokio::runtime::Handle;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_said_in_clear_is_in_the_lake_in_records_or_in_errors() {
    let shop = Shop::with_sample(700, true);
    let secrets = Secrets::of(&shop);
    let few = [("resident_id", 3), ("app_user_id", 30)];
    for kind in ["member_no", "phone", "email", "unionid", "openid", "device_id", "tmall_buyer", "name", "address"] {
        assert!(secrets.by_kind[kind].len() > 100, "{kind}: {}", secrets.by_kind[kind].len());
    }
    for (kind, at_least) in few {
        assert!(secrets.by_kind[kind].len() > at_least, "{kind}: {}", secrets.by_kind[kind].len());
    }
    let search = Search::new(&secrets);

    let record = shop.run("retail").await.unwrap();
    let mut found = Vec::new();
    search.text("the run's record", &serde_json::to_string(&record).unwrap(), &mut found);
    assert_eq!(found, []);
    let (found, searched) = search.lake(&shop).await;
    assert_eq!(found, known());
    assert!(searched.files > 50 && searched.cells > 200_000, "{searched:?}");
    assert_eq!(searched.tables[&Zone::Conformed], 13, "twelve datasets, and the consent log's unread records");
    assert!(searched.tables[&Zone::Quarantine] >= 8, "{searched:?}");

    // Runs that fail leave their reasons behind.
    for fault in Fault::ALL {
        let broken = shop.copied();
        plant(&broken.path("exports"), fault).unwrap();
        let error = broken.run("retail").await.unwrap_err();
        assert_eq!(in_error(&search, &error), [], "{fault:?}");
        let (found, _) = search.lake(&broken).await;
        assert_eq!(found, known(), "{fault:?}");
    }
    let broken = shop.copied();
    let other = lakewarden_privacy::KeyRing::new(lakewarden_privacy::MasterKey::from_bytes([7; 32]), 1);
    let error = broken.run_as("retail", &other, common::as_of()).await.unwrap_err();
    assert_eq!(in_error(&search, &error), []);

    canaries_are_found(&shop, &search, &secrets).await;
}

/// What is left in clear, which is nothing: of names in a text redaction promises only those behind a label, such as the
/// 我叫 of these exports (`lakewarden_privacy::redact`).
fn known() -> [Finding; 0] {
    []
}

fn in_error(search: &Search, error: &PipelineError) -> Vec<Finding> {
    let mut found = Vec::new();
    search.text("message", &error.to_string(), &mut found);
    search.text("debug", &format!("{error:?}"), &mut found);
    search.text("hint", &error.hint().unwrap_or_default(), &mut found);
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        search.text("cause", &cause.to_string(), &mut found);
        source = cause.source();
    }
    found
}

/// What the search would say if something leaked: into a compressed column in odd spelling, into bytes, into a log.
async fn canaries_are_found(shop: &Shop, search: &Search, secrets: &Secrets) {
    let one = |kind: &str| secrets.by_kind[kind].iter().next_back().unwrap().clone();
    let phone = secrets.by_kind["phone"].iter().find(|p| p.len() == 11 && p.is_ascii()).unwrap();
    let wide: String = phone.chars().map(|d| char::from_u32(d as u32 + 0xfee0).unwrap()).collect();
    let spaced = format!("+86 {}-{} {}", &phone[..3], &phone[3..7], &phone[7..]);
    let shouted = one("email").to_uppercase();
    let texts = vec![wide, spaced, shouted, format!("致{}的信", one("name")), "nothing".repeat(200)];
    let sealed: Vec<Vec<u8>> = texts.iter().map(|_| [&[0xff, 0xfe][..], one("address").as_bytes()].concat()).collect();
    let lake = lake(shop);
    for (zone, column) in [
        (Zone::Curated, Arc::new(StringArray::from(texts)) as ArrayRef),
        (Zone::Quarantine, Arc::new(BinaryArray::from_iter_values(&sealed)) as ArrayRef),
    ] {
        put(&lake, zone, column).await;
    }
    lake.put_new("_lakewarden/canary", one("unionid")).await.unwrap();
    let (found, _) = search.lake(shop).await;
    let kinds = |place: &str| -> Vec<String> {
        found.iter().filter(|f| f.place.ends_with(place)).map(|f| f.kind.clone()).collect()
    };
    assert_eq!(kinds("_lakewarden/canary"), ["unionid"]);
    assert_eq!(kinds("curated.canary.cell"), ["email", "name", "phone"]);
    assert_eq!(kinds("quarantine.canary.cell"), ["address"]);
}

async fn put(lake: &Lake, zone: Zone, column: ArrayRef) {
    let batch = RecordBatch::try_from_iter([("cell", column)]).unwrap();
    let options = WriterOptions::new(Uuid::new_v4(), Handle::current());
    let staged = tokio::task::block_in_place(|| {
        let mut writer = lake.writer(zone, "canary", batch.schema(), options).unwrap();
        writer.write(batch).unwrap();
        writer.finish().unwrap()
    });
    let change = Change { staged, mode: Mode::Replace, transactions: Vec::new(), info: serde_json::Map::new() };
    lake.publish(Publication { id: Uuid::new_v4(), at: Utc::now(), changes: vec![change] }).await.unwrap();
}
