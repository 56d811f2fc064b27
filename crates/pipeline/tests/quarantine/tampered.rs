//! Records that were altered, and keys that do not fit, are told of; nothing is shown or lost.

use crate::{club, keys, lake, mend, release_all, table};
use arrow::array::{ArrayRef, AsArray, BinaryArray, RecordBatch};
use arrow::datatypes::DataType;
use chrono::Utc;
use futures::TryStreamExt;
use lakewarden_lake::{Change, Lake, Mode, Publication, TableSnapshot, WriterOptions, Zone};
use lakewarden_pipeline::quarantine::{Fields, Reveal, Selection, list, show};
use lakewarden_privacy::{KeyRing, MasterKey};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::runtime::Handle;
use uuid::Uuid;

/// Writes a table anew, as somebody may who can write to the lake.
pub async fn replace(
    lake: &Lake,
    held: &TableSnapshot,
    columns: Option<&[&str]>,
    change: impl Fn(RecordBatch) -> RecordBatch,
) {
    let batches: Vec<RecordBatch> = lake.read_table_batches(held, columns).unwrap().try_collect().await.unwrap();
    let changed: Vec<RecordBatch> = batches.into_iter().map(change).collect();
    let staged = tokio::task::block_in_place(|| {
        let options = WriterOptions::new(Uuid::new_v4(), Handle::current());
        let mut writer = lake.writer(held.zone, &held.name, changed[0].schema(), options).unwrap();
        changed.into_iter().for_each(|batch| writer.write(batch).unwrap());
        writer.finish().unwrap()
    });
    let change = Change { staged, mode: Mode::Replace, transactions: Vec::new(), info: serde_json::Map::new() };
    lake.publish(Publication { id: Uuid::new_v4(), at: Utc::now(), changes: vec![change] }).await.unwrap();
}

/// Flips a bit of what is sealed of the first record.
fn altered(batch: RecordBatch) -> RecordBatch {
    let place = batch.schema().index_of("sealed").unwrap();
    let sealed = arrow::compute::cast(batch.column(place), &DataType::Binary).unwrap();
    let mut all: Vec<Vec<u8>> = sealed.as_binary::<i32>().iter().map(|bytes| bytes.unwrap().to_vec()).collect();
    all[0][3] ^= 1;
    let mut columns = batch.columns().to_vec();
    columns[place] = Arc::new(BinaryArray::from_iter_values(all)) as ArrayRef;
    columns[place] = arrow::compute::cast(&columns[place], batch.schema().field(place).data_type()).unwrap();
    RecordBatch::try_new(batch.schema(), columns).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_altered_record_stays_and_the_others_leave() {
    let club = club().await;
    mend(&club);
    let lake = lake(&club);
    replace(&lake, &table(&lake, Zone::Quarantine, "visits").await, None, altered).await;
    let released = release_all(&club, &keys()).await.unwrap();
    let visits = &released.datasets[0];
    assert_eq!((visits.selected, visits.left(), visits.stays(), visits.shut), (5, 3, 1, 1));
    let listing = list(&club.open(), None, &Selection::default(), 9).await.unwrap();
    assert_eq!(listing.records, 2);
    assert!(listing.entries.iter().any(|e| Some(&e.id) == visits.first_shut.as_ref()));
    // Of several records, none is shown if one does not open; that they were asked for is written down.
    let ids: BTreeSet<String> = listing.entries.iter().map(|e| e.id.clone()).collect();
    let keys = keys();
    let reveal = Reveal { keys: &keys, fields: Fields::All, why: "a test", who: "tester", at: crate::clock() };
    let Err(refused) = show(&club.open(), None, &ids, Some(&reveal)).await else { panic!("it was shown") };
    assert_eq!((refused.code(), refused.is_refusal()), ("LW6038", true));
    assert!(refused.to_string().contains(visits.first_shut.as_ref().unwrap()) && refused.hint().is_some());
    let last = lake.audit().read_all().await.unwrap().pop().unwrap().record;
    assert_eq!((&last["event"], last["ids"].as_array().unwrap().len()), (&"quarantine_revealed".into(), 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_key_or_version_of_it_than_the_rows_have_releases_nothing() {
    let club = club().await;
    mend(&club);
    let other = KeyRing::new(MasterKey::from_bytes([10; 32]), 1);
    assert_eq!(release_all(&club, &other).await.unwrap_err().code(), "LW6007");
    // Under a new version the released rows would be of other people than those that are there.
    for byte in [9, 10] {
        let raised = KeyRing::new(MasterKey::from_bytes([byte; 32]), 2);
        let refused = release_all(&club, &raised).await.unwrap_err();
        assert_eq!((refused.code(), refused.is_refusal()), ("LW6070", true));
        assert_eq!(table(&lake(&club), Zone::Quarantine, "visits").await.rows(), 5);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn identifiers_are_shown_to_whoever_names_them() {
    let club = club().await;
    let open = club.open();
    let listing = list(&open, None, &Selection::default(), 1).await.unwrap();
    let ids: BTreeSet<String> = [listing.entries[0].id.clone()].into();
    let keys = keys();
    let cells = async |fields: Fields| -> Vec<(String, Option<String>, bool)> {
        let reveal = Reveal { keys: &keys, fields, why: "a test", who: "tester", at: crate::clock() };
        let shown = show(&open, None, &ids, Some(&reveal)).await.unwrap().remove(0);
        shown.content.unwrap().into_iter().map(|c| (c.field, c.text, c.masked)).collect()
    };
    let of = |text: &str| Some(text.to_owned());
    let harmless = cells(Fields::Harmless).await;
    assert_eq!(
        harmless,
        [
            ("visit".to_owned(), of("v2"), false),
            ("member_no".to_owned(), of("A9"), true),
            ("device_id".to_owned(), None, false),
            ("at".to_owned(), of("1 May 2026"), false),
        ]
    );
    assert_eq!(cells(Fields::Named(["member_no".to_owned()].into())).await[1].1, of("M2"));
    assert_eq!(cells(Fields::All).await[1], ("member_no".to_owned(), of("M2"), false));
    let entry = show(&open, None, &ids, None).await.unwrap().remove(0);
    assert!(entry.content.is_none());
    assert_eq!(entry.sha256.map(|s| s.len()), Some(64), "its run's record tells the file's checksum");
}
