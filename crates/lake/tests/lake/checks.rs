//! What is refused, and what is tidied up.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use lakewarden_lake::{Lake, Mode, Zone};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use uuid::Uuid;

use crate::fault_store::contents;
use crate::sample::*;

pub async fn bad_publications_change_nothing(lake: &Lake) {
    publish(lake, Zone::Curated, "t", Mode::Append, rows(0, 5)).await.unwrap();
    let before = contents(lake.store().as_ref()).await;
    let stage = async || stage(lake, Zone::Curated, "t", rows(5, 5)).await.unwrap();

    let twice = vec![change(stage().await, Mode::Append), change(stage().await, Mode::Append)];
    let mut reserved = change(stage().await, Mode::Append);
    reserved.info.insert("operation".to_owned(), "mine".into());
    let mut impostor = change(stage().await, Mode::Append);
    impostor.transactions.push(("lakewarden/publication/x".to_owned(), 1));
    let gone = change(stage().await, Mode::Append);
    lake.store().delete(&Path::from(gone.staged.files[0].path.as_str())).await.unwrap();
    let cut = change(stage().await, Mode::Append);
    let path = Path::from(cut.staged.files[0].path.as_str());
    lake.store().put(&path, b"PAR1".to_vec().into()).await.unwrap();

    for (changes, code) in [
        (twice, "LW5043"),
        (vec![reserved], "LW5044"),
        (vec![impostor], "LW5044"),
        (vec![gone], "LW5045"),
        (vec![cut], "LW5045"),
    ] {
        let staged: Vec<_> = changes.iter().map(|change| change.staged.clone()).collect();
        let error = lake.publish(publication(Uuid::new_v4(), changes)).await.unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(!error.is_retryable());
        for staged in staged {
            lake.discard(staged).await.unwrap();
        }
    }
    assert_eq!(contents(lake.store().as_ref()).await, before);
    assert!(lake.publish(publication(Uuid::new_v4(), Vec::new())).await.unwrap().is_empty());
}

pub async fn bad_batches_are_refused(lake: &Lake) {
    let column = |values: Vec<Option<i64>>| Arc::new(Int64Array::from(values)) as ArrayRef;
    let declared = Arc::new(Schema::new(vec![Field::new("id", DataType::Int64, false)]));
    let good = RecordBatch::try_from_iter([("id", column(vec![Some(1)]))]).unwrap();
    let null = RecordBatch::try_from_iter([("id", column(vec![None]))]).unwrap();
    let name = RecordBatch::try_from_iter([("di", column(vec![Some(1)]))]).unwrap();
    let more = RecordBatch::try_from_iter([("id", column(vec![Some(1)])), ("x", column(vec![None]))]).unwrap();
    let text: ArrayRef = Arc::new(arrow::array::StringArray::from(vec!["13187013211"]));
    let text = RecordBatch::try_from_iter([("id", text)]).unwrap();
    for (batch, code) in [(null, "LW5027"), (name, "LW5026"), (more, "LW5026"), (text, "LW5026")] {
        let batches = vec![good.clone(), batch];
        let options = options(Uuid::new_v4());
        let staged = stage_with(lake, Zone::Conformed, "t", Arc::clone(&declared), batches, options).await;
        let error = staged.unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(!error.to_string().contains("1318"), "{error}");
    }
    let bad_name = stage(lake, Zone::Conformed, "../t", good.clone()).await.unwrap_err();
    assert_eq!(bad_name.code(), "LW5002");
    let local = DataType::Timestamp(arrow::datatypes::TimeUnit::Microsecond, None);
    let local = Arc::new(Schema::new(vec![Field::new("at", local, true)]));
    let local = stage_with(lake, Zone::Conformed, "t", local, Vec::new(), options(Uuid::nil())).await;
    assert_eq!(local.unwrap_err().code(), "LW5020");
    assert!(contents(lake.store().as_ref()).await.is_empty());
    // Two writers that were given the same id do not overwrite each other's files.
    let id = Uuid::new_v4();
    let schema = good.schema();
    let other =
        RecordBatch::try_from_iter([("id", column(vec![Some(2)]))]).unwrap().with_schema(schema.clone()).unwrap();
    let first = stage_with(lake, Zone::Conformed, "t", schema.clone(), vec![other], options(id));
    first.await.unwrap();
    let second = stage_with(lake, Zone::Conformed, "t", schema, vec![good], options(id)).await;
    assert_eq!(second.unwrap_err().code(), "LW5005");
}

pub async fn foreign_features_are_refused(lake: &Lake) {
    let schema =
        r#"{\"type\":\"struct\",\"fields\":[{\"name\":\"id\",\"type\":\"long\",\"nullable\":true,\"metadata\":{}}]}"#;
    let metadata = |partition: &str| {
        format!(
            r#"{{"metaData":{{"id":"x","format":{{"provider":"parquet","options":{{}}}},"schemaString":"{schema}","partitionColumns":[{partition}],"configuration":{{}},"createdTime":0}}}}"#
        )
    };
    let known = r#"{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["deletionVectors"],"writerFeatures":["deletionVectors"]}}"#;
    let unknown = known.replace("deletionVectors", "quantumRows");
    let plain = r#"{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}"#;
    for (name, protocol, metadata, code) in [
        ("vectors", known, metadata(""), "LW5010"),
        ("unknown", unknown.as_str(), metadata(""), "LW5010"),
        ("partitioned", plain, metadata(r#""id""#), "LW5010"),
        ("damaged", plain, "{".to_owned(), "LW5011"),
    ] {
        let path = Path::from(format!("curated/{name}/_delta_log/00000000000000000000.json"));
        let log = format!("{protocol}\n{metadata}\n");
        lake.store().put(&path, log.into_bytes().into()).await.unwrap();
        let error = lake.table(Zone::Curated, name).await.unwrap_err();
        assert_eq!(error.code(), code, "{name}: {error}");
        let error = publish(lake, Zone::Curated, name, Mode::Append, rows(0, 1)).await.unwrap_err();
        assert_eq!(error.code(), code, "{name}: {error}");
    }
}

pub async fn aborted_writers_leave_nothing(lake: &Lake) {
    for aborted in [true, false] {
        let writing = lake.clone();
        let options = options(Uuid::new_v4());
        tokio::task::spawn_blocking(move || {
            let mut writer = writing.writer(Zone::Conformed, "t", schema(), options).unwrap();
            writer.write(rows(0, 950)).unwrap();
            assert_eq!(writer.rows(), 950);
            if aborted {
                writer.abort().unwrap();
            }
        })
        .await
        .unwrap();
        assert!(contents(lake.store().as_ref()).await.is_empty());
    }
}

pub async fn orphans_are_found_and_removed(lake: &Lake) {
    publish(lake, Zone::Conformed, "t", Mode::Append, rows(0, 10)).await.unwrap();
    publish(lake, Zone::Conformed, "t", Mode::Replace, rows(0, 5)).await.unwrap();
    let lost = stage(lake, Zone::Conformed, "t", rows(5, 5)).await.unwrap();
    let never = stage(lake, Zone::Curated, "never", rows(5, 5)).await.unwrap();
    let planned = stage(lake, Zone::Conformed, "t", rows(5, 5)).await.unwrap();
    let planned = publication(Uuid::new_v4(), vec![change(planned, Mode::Append)]);
    crate::faults::record_intent_only(lake, planned).await;

    let now = chrono::Utc::now();
    assert!(lake.orphans(minutes(60), now).await.unwrap().is_empty());
    let later = now + minutes(61);
    let orphans = lake.remove_orphans(minutes(60), later).await.unwrap();
    let mut found: Vec<&str> = orphans.iter().map(|orphan| orphan.path.as_str()).collect();
    let mut expected = [lost.files[0].path.as_str(), never.files[0].path.as_str()];
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
    assert!(lake.orphans(minutes(60), later).await.unwrap().is_empty());
    assert_eq!(ids(lake, Zone::Conformed, "t").await.unwrap(), to(5));
    assert_eq!(lake.recover().await.unwrap().completed.len(), 1);
    let all = ids(lake, Zone::Conformed, "t").await.unwrap();
    assert_eq!(sorted(all), to(10));
}

/// A replacement that was decided and not begun, when somebody else has changed the table.
pub async fn stale_intents_are_withdrawn(lake: &Lake) {
    publish(lake, Zone::Curated, "t", Mode::Replace, rows(0, 5)).await.unwrap();
    let stale = stage(lake, Zone::Curated, "t", rows(90, 5)).await.unwrap();
    let stale = publication(Uuid::new_v4(), vec![change(stale, Mode::Replace)]);
    crate::faults::record_intent_only(lake, stale.clone()).await;
    // Nobody publishes past it ...
    let next = publish(lake, Zone::Curated, "t", Mode::Replace, rows(0, 7)).await.unwrap_err();
    assert_eq!(next.code(), "LW5041");
    // ... unless it does not know of intents at all.
    crate::faults::foreign_append(lake, Zone::Curated, "t").await;
    let recovery = lake.recover().await.unwrap();
    assert_eq!((recovery.completed.len(), recovery.withdrawn), (0, vec![stale.id]));
    assert_eq!(ids(lake, Zone::Curated, "t").await.unwrap(), to(5));
    publish(lake, Zone::Curated, "t", Mode::Replace, rows(0, 7)).await.unwrap();
    assert_eq!(ids(lake, Zone::Curated, "t").await.unwrap(), to(7));
}

pub async fn single_objects(lake: &Lake) {
    lake.check_access().await.unwrap();
    lake.put_new("_lakewarden/notes/a.txt", "one").await.unwrap();
    let again = lake.put_new("_lakewarden/notes/a.txt", "two").await.unwrap_err();
    assert_eq!(again.code(), "LW5005");
    for bad in ["", "../x", "a//b", "/etc/x", "a/.b"] {
        assert_eq!(lake.put_new(bad, "x").await.unwrap_err().code(), "LW5002", "{bad}");
    }
    let (first, second) = (Uuid::from_u128(1), Uuid::from_u128(2));
    lake.record_run(first, &serde_json::json!({"rows": 1})).await.unwrap();
    // Stores tell times in seconds or better; the order of two runs in one second is by id.
    lake.record_run(second, &serde_json::json!({"rows": 2})).await.unwrap();
    assert_eq!(lake.record_run(first, &serde_json::json!({})).await.unwrap_err().code(), "LW5005");
    let runs = lake.runs(10).await.unwrap();
    assert_eq!(runs.iter().map(|run| run.run).collect::<Vec<_>>(), [second, first]);
    assert_eq!(lake.runs(1).await.unwrap()[0].record["rows"], 2);

    assert!(lake.lineage(first).await.unwrap().is_empty());
    lake.append_lineage(first, &[serde_json::json!({"e": 1}), serde_json::json!({"e": "\n"})]).await.unwrap();
    lake.append_lineage(first, &[serde_json::json!({"e": 3})]).await.unwrap();
    let events = lake.lineage(first).await.unwrap();
    assert_eq!(events.len(), 3);
    assert_eq!(events[1]["e"], "\n");
}
