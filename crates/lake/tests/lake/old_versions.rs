//! Versions that are no longer current: removed for good, whatever interrupts it, and no more than those.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt;
use lakewarden_lake::{
    Change, Checkup, FILE_TRANSACTION, LEDGER_KEY, Lake, LakeError, Mode, OldVersions, Publication, StagedTable,
    VersionsKept, Zone,
};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use crate::fault_store::{Fault, FaultStore, contents};
use crate::sample::*;

const TABLE: &str = "orders";

fn lake_on(store: &Arc<dyn ObjectStore>) -> Lake {
    Lake::with_store(&Url::parse("memory:///lake").unwrap(), Arc::clone(store)).unwrap()
}

fn memory() -> (Arc<InMemory>, Lake) {
    let memory = Arc::new(InMemory::new());
    let store: Arc<dyn ObjectStore> = memory.clone();
    (memory, lake_on(&store))
}

fn day(number: i64) -> DateTime<Utc> {
    noon() + TimeDelta::days(number)
}

/// Keeps what was current at noon of a day and later; no file is too young to be left over.
fn since(number: i64) -> VersionsKept {
    let now = day(400);
    VersionsKept { since: day(number), unnamed_before: DateTime::<Utc>::MIN_UTC, now, all_tables: false }
}

async fn commit(lake: &Lake, at: DateTime<Utc>, staged: StagedTable, mode: Mode, file: Option<&str>) {
    let mut change = change(staged, mode);
    if let Some(file) = file {
        change.transactions.push((format!("{FILE_TRANSACTION}{file}"), 1));
        change.info.insert(LEDGER_KEY.to_owned(), json!([{ "file": file }]));
        change.info.insert("lakewarden.totals".to_owned(), json!({ "read": 7 }));
    }
    lake.publish(Publication { id: Uuid::new_v4(), at, changes: vec![change] }).await.unwrap();
}

/// Version `n` is of day `n`, replaces all rows by ten, and notes a loaded file.
async fn replaced_daily(lake: &Lake, days: i64) {
    for number in 0..days {
        let staged = stage(lake, Zone::Conformed, TABLE, rows(1000 + 10 * number, 10)).await.unwrap();
        commit(lake, day(number), staged, Mode::Replace, Some(&format!("file-{number}"))).await;
    }
}

async fn found(lake: &Lake, kept: &VersionsKept) -> Vec<OldVersions> {
    let found = lake.find_old_versions(kept).await.unwrap();
    assert!(found.unreadable.is_empty(), "{:?}", found.unreadable);
    found.tables
}

async fn remove(lake: &Lake, kept: &VersionsKept) -> Result<(), LakeError> {
    for old in lake.find_old_versions(kept).await?.tables {
        lake.remove_old_versions(&old).await?;
    }
    Ok(())
}

async fn names(lake: &Lake, below: &str) -> Vec<String> {
    let objects = contents(lake.store().as_ref()).await;
    objects.into_iter().filter(|(path, _)| path.contains(below)).map(|(path, _)| path).collect()
}

/// The ids of a version, if it can still be read, by the same library as other programs.
async fn ids_of_version(lake: &Lake, version: u64) -> Option<i64> {
    use deltalake_core::kernel::EagerSnapshot;
    use deltalake_core::logstore::{StorageConfig, default_logstore};
    use object_store::prefix::PrefixStore;
    let url = Url::parse("memory:///conformed/orders/").unwrap();
    let root = Arc::clone(lake.store());
    let folder = Arc::new(PrefixStore::new(Arc::clone(&root), Path::from("conformed/orders")));
    let log = default_logstore(folder, root, &url, &StorageConfig::default());
    let snapshot = EagerSnapshot::try_new(log.as_ref(), Some(version)).await.ok()?;
    let data = snapshot.try_log_data().unwrap();
    let mut rows = 0;
    for file in data.iter() {
        let path = Path::from(format!("conformed/orders/{}", file.object_store_path()));
        lake.store().head(&path).await.ok()?;
        rows += file.num_records().unwrap() as i64;
    }
    Some(rows)
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_within_the_grace_stay_and_older_ones_vanish() {
    let (_, lake) = memory();
    replaced_daily(&lake, 13).await;
    assert!(found(&lake, &since(-1)).await.is_empty(), "all are younger");
    assert!(found(&lake, &since(0)).await.is_empty(), "the first was current then");
    let old = found(&lake, &since(5)).await;
    let [old] = old.as_slice() else { panic!("{old:?}") };
    assert_eq!((old.oldest_kept, old.oldest_kept_at, old.files, old.log_objects), (5, day(5), 5, 5));
    assert!(old.bytes > 0);
    assert_eq!(ids_of_version(&lake, 4).await, Some(10), "nothing has changed yet");

    lake.remove_old_versions(old).await.unwrap();
    for version in 0..5 {
        assert_eq!(ids_of_version(&lake, version).await, None, "version {version}");
    }
    for version in 5..13 {
        assert_eq!(ids_of_version(&lake, version).await, Some(10), "version {version}");
    }
    assert_eq!(names(&lake, "zstd.parquet").await.len(), 8);
    assert_eq!(ids(&lake, Zone::Conformed, TABLE).await.unwrap(), (1120..1130).collect::<Vec<_>>());
    assert!(found(&lake, &since(5)).await.is_empty(), "once is enough");

    // Between two commits the earlier one is current.
    let later = VersionsKept { since: day(7) - TimeDelta::hours(1), ..since(0) };
    assert_eq!(found(&lake, &later).await[0].oldest_kept, 6);
    remove(&lake, &since(300)).await.unwrap();
    assert_eq!(names(&lake, "zstd.parquet").await.len(), 1, "only the newest");
    let table = lake.table(Zone::Conformed, TABLE).await.unwrap().unwrap();
    assert_eq!((table.version, table.rows()), (12, 10));
    assert_eq!(table.noted["lakewarden.totals"], json!({ "read": 7 }));
    let checkup = Checkup { clock: &|| day(400), probe: Uuid::nil(), grace: TimeDelta::zero() };
    let findings = lake.examine(&checkup).await.unwrap().findings;
    assert!(findings.iter().all(|found| found.code == "LW5069"), "{findings:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn statistics_of_removed_files_are_in_no_byte_of_the_log() {
    let (_, lake) = memory();
    replaced_daily(&lake, 4).await;
    // The smallest id of day 1 is a bound in the log.
    let has = async |needle: &str| {
        let objects = contents(lake.store().as_ref()).await;
        objects.iter().any(|(path, bytes)| {
            path.contains("_delta_log") && bytes.windows(needle.len()).any(|w| w == needle.as_bytes())
        })
    };
    assert!(has("\\\"id\\\":1010").await);
    remove(&lake, &since(3)).await.unwrap();
    assert!(!has("\\\"id\\\":1010").await);
    for (path, bytes) in contents(lake.store().as_ref()).await.iter().filter(|(p, _)| p.ends_with("checkpoint.parquet"))
    {
        let read = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(bytes.clone()).unwrap();
        let batches: Vec<RecordBatch> = read.build().unwrap().map(Result::unwrap).collect();
        let text = arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string();
        assert!(text.contains("1030") && !text.contains("\"id\":1010"), "{path}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_and_its_transactions_outlive_the_log() {
    let (_, lake) = memory();
    replaced_daily(&lake, 4).await;
    let before = lake.ledger(Zone::Conformed, TABLE).await.unwrap();
    assert_eq!(before.len(), 4);
    remove(&lake, &since(300)).await.unwrap();
    assert_eq!(lake.ledger(Zone::Conformed, TABLE).await.unwrap(), before);
    let table = lake.table(Zone::Conformed, TABLE).await.unwrap().unwrap();
    for number in 0..4 {
        assert!(table.transactions.contains_key(&format!("{FILE_TRANSACTION}file-{number}")), "{number}");
    }
    // What is loaded next is in it once.
    let staged = stage(&lake, Zone::Conformed, TABLE, rows(1, 1)).await.unwrap();
    commit(&lake, day(30), staged, Mode::Append, Some("next")).await;
    remove(&lake, &since(300)).await.unwrap();
    let files: Vec<Value> = lake.ledger(Zone::Conformed, TABLE).await.unwrap().into_iter().map(|e| e.file).collect();
    assert_eq!(files.len(), 5);
    assert_eq!(files[4], json!({ "file": "next" }));
    assert_eq!(ids(&lake, Zone::Conformed, TABLE).await.unwrap().len(), 11);
}

/// Another program's commit: removes a file of the table.
async fn foreign_remove(lake: &Lake, version: u64, at: Option<DateTime<Utc>>, path: &str) {
    let name = path.rsplit('/').next().unwrap();
    let millis = at.map(|at| at.timestamp_millis());
    let info = json!({ "commitInfo": { "operation": "DELETE", "engineInfo": "other", "timestamp": millis } });
    let remove = json!({ "remove": { "path": name, "dataChange": true, "deletionTimestamp": millis.unwrap_or(0) } });
    let text = format!("{info}\n{remove}\n");
    let path = Path::from(format!("conformed/{TABLE}/_delta_log/{version:020}.json"));
    lake.store().put(&path, PutPayload::from(text)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_last_own_commit_notes_stays_and_its_statistics_go() {
    let (_, lake) = memory();
    let staged = stage(&lake, Zone::Conformed, TABLE, rows(5000, 150)).await.unwrap();
    commit(&lake, day(0), staged, Mode::Append, Some("one")).await;
    let table = lake.table(Zone::Conformed, TABLE).await.unwrap().unwrap();
    foreign_remove(&lake, 1, Some(day(1)), &table.files[1].path).await;
    remove(&lake, &since(300)).await.unwrap();
    let table = lake.table(Zone::Conformed, TABLE).await.unwrap().unwrap();
    assert_eq!((table.version, table.rows()), (1, 100));
    assert_eq!(table.noted["lakewarden.totals"], json!({ "read": 7 }));
    let own = Path::from(format!("conformed/{TABLE}/_delta_log/{:020}.json", 0));
    let bytes = lake.store().get(&own).await.unwrap().bytes().await.unwrap();
    let lines: Vec<&[u8]> = bytes.split(|b| *b == b'\n').filter(|line| !line.is_empty()).collect();
    assert_eq!(lines.len(), 1, "only its info");
    assert!(lines[0].starts_with(b"{\"commitInfo\""));
    assert!(found(&lake, &since(300)).await.is_empty(), "once is enough");
    assert_eq!(lake.ledger(Zone::Conformed, TABLE).await.unwrap().len(), 1);
    // Once Lakewarden has committed again, it is not needed.
    let staged = stage(&lake, Zone::Conformed, TABLE, rows(1, 1)).await.unwrap();
    commit(&lake, day(2), staged, Mode::Append, Some("two")).await;
    remove(&lake, &since(300)).await.unwrap();
    assert!(lake.store().head(&own).await.is_err());
    assert_eq!(ids(&lake, Zone::Conformed, TABLE).await.unwrap().len(), 101);
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_without_a_time_or_of_a_time_to_come_are_dated_by_the_store() {
    let (_, lake) = memory();
    let staged = stage(&lake, Zone::Conformed, TABLE, rows(0, 150)).await.unwrap();
    commit(&lake, day(0), staged, Mode::Append, None).await;
    let table = lake.table(Zone::Conformed, TABLE).await.unwrap().unwrap();
    foreign_remove(&lake, 1, None, &table.files[1].path).await;
    let staged = stage(&lake, Zone::Conformed, TABLE, rows(900, 1)).await.unwrap();
    commit(&lake, day(40_000), staged, Mode::Append, None).await;
    // The store's clock is the machine's.
    let (now, none) = (Utc::now(), DateTime::<Utc>::MIN_UTC);
    let hour = TimeDelta::hours(1);
    let kept = VersionsKept { since: now - hour, unnamed_before: none, now: now + hour, all_tables: false };
    assert!(found(&lake, &kept).await.is_empty(), "it was removed a moment ago");
    let kept = VersionsKept { since: now + hour, ..kept };
    assert_eq!(found(&lake, &kept).await[0].oldest_kept, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_a_later_version_names_again_stays() {
    let (_, lake) = memory();
    let staged = stage(&lake, Zone::Conformed, TABLE, rows(0, 150)).await.unwrap();
    commit(&lake, day(0), staged, Mode::Append, None).await;
    let table = lake.table(Zone::Conformed, TABLE).await.unwrap().unwrap();
    let file = table.files[1].clone();
    foreign_remove(&lake, 1, Some(day(1)), &file.path).await;
    // As Delta's RESTORE does it.
    let info = json!({ "commitInfo": { "engineInfo": "other", "timestamp": day(9).timestamp_millis() } });
    let name = file.path.rsplit('/').next().unwrap();
    let add = json!({ "add": { "path": name, "size": file.size, "modificationTime": 1, "dataChange": true,
        "partitionValues": {}, "stats": json!({ "numRecords": file.rows }).to_string() } });
    let path = Path::from(format!("conformed/{TABLE}/_delta_log/{:020}.json", 2));
    lake.store().put(&path, PutPayload::from(format!("{info}\n{add}\n"))).await.unwrap();
    remove(&lake, &since(5)).await.unwrap();
    assert_eq!(ids(&lake, Zone::Conformed, TABLE).await.map(sorted).unwrap(), to(150));
    // Also if that happens between looking and removing.
    let late = VersionsKept { all_tables: true, unnamed_before: Utc::now() + TimeDelta::hours(1), ..since(300) };
    let staged = stage(&lake, Zone::Conformed, TABLE, rows(900, 1)).await.unwrap();
    let old = found(&lake, &late).await;
    commit(&lake, day(10), staged, Mode::Append, None).await;
    let refused = lake.remove_old_versions(&old[0]).await.unwrap_err();
    assert!(refused.code() == "LW5080" && refused.is_retryable(), "{refused}");
    assert_eq!(ids(&lake, Zone::Conformed, TABLE).await.unwrap().len(), 151);
}

#[tokio::test(flavor = "multi_thread")]
async fn unnamed_files_go_once_they_are_old() {
    let (_, lake) = memory();
    replaced_daily(&lake, 2).await;
    let staged = stage(&lake, Zone::Conformed, TABLE, rows(0, 5)).await.unwrap();
    let kept = VersionsKept { all_tables: true, ..since(0) };
    assert!(found(&lake, &kept).await.is_empty(), "it may be being written");
    let old = VersionsKept { unnamed_before: Utc::now() + TimeDelta::hours(1), ..kept };
    let unnamed = found(&lake, &old).await;
    assert_eq!((unnamed[0].files, unnamed[0].log_objects), (1, 0));
    lake.remove_old_versions(&unnamed[0]).await.unwrap();
    assert!(lake.store().head(&Path::from(staged.files[0].path.as_str())).await.is_err());
    assert_eq!(ids_of_version(&lake, 0).await, Some(10), "the old version stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_pending_publication_needs_stays() {
    let (memory, lake) = memory();
    replaced_daily(&lake, 2).await;
    let staged = stage(&lake, Zone::Conformed, TABLE, rows(0, 5)).await.unwrap();
    let whole = Arc::new(memory.fork());
    let mut pending = 0;
    for at in 1.. {
        let store: Arc<dyn ObjectStore> = Arc::new(whole.fork());
        let faulty = FaultStore::new(Arc::clone(&store), at, Fault::DiesBefore);
        let disturbed: Arc<dyn ObjectStore> = faulty.clone();
        let change = change(staged.clone(), Mode::Replace);
        let publication = Publication { id: Uuid::new_v4(), at: day(2), changes: vec![change] };
        let _ = lake_on(&disturbed).publish(publication).await;
        if !faulty.struck() {
            break;
        }
        let lake = lake_on(&store);
        if names(&lake, "_lakewarden/publication").await.is_empty() {
            continue;
        }
        pending += 1;
        // Readers see the version before it until it is completed, and its files are not part of any version.
        let unnamed_before = Utc::now() + TimeDelta::hours(1);
        remove(&lake, &VersionsKept { all_tables: true, unnamed_before, ..since(300) }).await.unwrap();
        let before = lake.between_publications().await.unwrap();
        assert_eq!(ids(&before, Zone::Conformed, TABLE).await.unwrap(), (1010..1020).collect::<Vec<_>>(), "call {at}");
        lake.recover().await.unwrap();
        assert_eq!(ids(&lake, Zone::Conformed, TABLE).await.unwrap(), to(5), "call {at}");
    }
    assert!(pending > 3, "{pending}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_cannot_be_read_keeps_everything_and_is_reported() {
    let (_, lake) = memory();
    replaced_daily(&lake, 4).await;
    publish(&lake, Zone::Curated, "other", Mode::Replace, rows(0, 1)).await.unwrap();
    publish(&lake, Zone::Curated, "other", Mode::Replace, rows(0, 2)).await.unwrap();
    let gap = Path::from(format!("conformed/{TABLE}/_delta_log/{:020}.json", 2));
    lake.store().delete(&gap).await.unwrap();
    let before = names(&lake, "conformed").await;
    let found = lake.find_old_versions(&since(300)).await.unwrap();
    assert_eq!(found.unreadable.len(), 1);
    let text = "old versions of conformed/orders stay, because the table cannot be read";
    assert!(found.unreadable[0].code() == "LW5081" && found.unreadable[0].to_string().starts_with(text));
    assert_eq!(found.tables.iter().map(|t| t.table.as_str()).collect::<Vec<_>>(), ["other"]);
    remove(&lake, &since(300)).await.unwrap();
    assert_eq!(names(&lake, "conformed").await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_leave_a_table_with_the_files_that_have_them() {
    let (_, lake) = memory();
    let staged = stage(&lake, Zone::Conformed, TABLE, rows(0, 10)).await.unwrap();
    commit(&lake, day(0), staged, Mode::Append, None).await;
    let table = lake.table(Zone::Conformed, TABLE).await.unwrap().unwrap();
    assert!(lake.file_columns(&table.files[0]).await.unwrap().contains(&"member".to_owned()));
    let whole = rows(0, 10);
    let columns: Vec<usize> =
        (0..whole.num_columns()).filter(|i| whole.schema().field(*i).name() != "member").collect();
    let narrow = whole.project(&columns).unwrap();
    let narrow =
        RecordBatch::try_new(Arc::new(Schema::new(narrow.schema().fields().clone())), narrow.columns().to_vec());
    let staged = stage(&lake, Zone::Conformed, TABLE, narrow.unwrap()).await.unwrap();
    let refused = Change { staged: staged.clone().instead_of(&table.files), ..change(staged.clone(), Mode::Append) };
    let publication = |change| Publication { id: Uuid::new_v4(), at: day(1), changes: vec![change] };
    assert_eq!(lake.publish(publication(refused)).await.unwrap_err().code(), "LW5021");
    let narrowed = staged.clone().instead_of(&table.files).without_columns(["member".to_owned()]);
    lake.publish(publication(change(narrowed, Mode::Append))).await.unwrap();
    let table = lake.table(Zone::Conformed, TABLE).await.unwrap().unwrap();
    assert!(table.schema.field_with_name("member").is_err());
    assert_eq!(table.rows(), 10);
    assert_eq!(ids(&lake, Zone::Conformed, TABLE).await.unwrap(), to(10));
    remove(&lake, &since(300)).await.unwrap();
    for (path, bytes) in contents(lake.store().as_ref()).await {
        let has = |needle: &[u8]| bytes.windows(needle.len()).any(|w| w == needle);
        assert!(!has(b"member\\\"") && !has(&token(1).into_bytes()), "{path}");
    }
    let batches = lake.read_table_batches(&table, None).unwrap().try_collect::<Vec<_>>().await.unwrap();
    assert_eq!(batches[0].num_columns(), whole.num_columns() - 1);
}

/// Interrupts it at every call; what is published is read the same in between, and the next attempt completes it.
async fn every_call(fault: Fault) {
    let (memory, lake) = memory();
    replaced_daily(&lake, 12).await;
    publish(&lake, Zone::Curated, "other", Mode::Replace, rows(0, 5)).await.unwrap();
    let kept = since(6);
    let undisturbed: Arc<dyn ObjectStore> = Arc::new(memory.fork());
    remove(&lake_on(&undisturbed), &kept).await.unwrap();
    let expected = names(&lake_on(&undisturbed), "conformed/").await;
    let ledger = lake.ledger(Zone::Conformed, TABLE).await.unwrap();
    let mut struck = 0;
    for at in 1.. {
        let store: Arc<dyn ObjectStore> = Arc::new(memory.fork());
        let faulty = FaultStore::new(Arc::clone(&store), at, fault);
        let disturbed: Arc<dyn ObjectStore> = faulty.clone();
        let result = remove(&lake_on(&disturbed), &kept).await;
        if !faulty.struck() {
            result.unwrap();
            break;
        }
        struck += 1;
        let lake = lake_on(&store);
        for version in 6..12 {
            assert_eq!(ids_of_version(&lake, version).await, Some(10), "call {at}: version {version}");
        }
        let table = lake.table(Zone::Conformed, TABLE).await.unwrap().unwrap();
        assert_eq!(table.noted["lakewarden.totals"], json!({ "read": 7 }), "call {at}");
        assert_eq!(lake.ledger(Zone::Conformed, TABLE).await.unwrap(), ledger, "call {at}");
        remove(&lake, &kept).await.unwrap();
        assert_eq!(names(&lake, "conformed/").await, expected, "call {at}: {result:?}");
        assert_eq!(ids(&lake, Zone::Curated, "other").await.unwrap(), to(5), "call {at}");
    }
    assert!(struck > if fault.of_puts() { 1 } else { 30 }, "{struck}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dies_before_or_after_any_call() {
    every_call(Fault::DiesBefore).await;
    every_call(Fault::DiesAfter).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_fails_once_or_whose_answer_is_lost() {
    every_call(Fault::FailsOnce).await;
    every_call(Fault::AnswerLost).await;
}
