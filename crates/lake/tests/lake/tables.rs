//! What tables are after publications.

use std::num::NonZeroUsize;
use std::sync::Arc;

use arrow::array::{AsArray, Float64Array, RecordBatch, StringViewArray};
use arrow::datatypes::{DataType, Field, Schema};
use futures::TryStreamExt;
use lakewarden_lake::{Lake, Mode, Zone};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use uuid::Uuid;

use crate::fault_store::contents;
use crate::sample::*;

async fn read(lake: &Lake, zone: Zone, name: &str) -> RecordBatch {
    let table = lake.table(zone, name).await.unwrap().unwrap();
    let batches: Vec<RecordBatch> = lake.read_table_batches(&table, None).unwrap().try_collect().await.unwrap();
    arrow::compute::concat_batches(&table.schema, &batches).unwrap()
}

pub async fn create_append_replace(lake: &Lake) {
    assert!(lake.table(Zone::Conformed, "sales").await.unwrap().is_none());
    let done = publish(lake, Zone::Conformed, "sales", Mode::Append, rows(0, 250)).await.unwrap();
    assert_eq!(done[0].version, 0);
    let table = lake.table(Zone::Conformed, "sales").await.unwrap().unwrap();
    assert_eq!((table.version, table.rows(), table.files.len()), (0, 250, 3));
    assert_eq!(table.schema, schema());
    assert_eq!(table.metadata["engineInfo"], concat!("Lakewarden/", env!("CARGO_PKG_VERSION")));
    assert_eq!(read(lake, Zone::Conformed, "sales").await, rows(0, 250));

    publish(lake, Zone::Conformed, "sales", Mode::Append, rows(250, 50)).await.unwrap();
    let all = ids(lake, Zone::Conformed, "sales").await.unwrap();
    assert_eq!(sorted(all), to(300));

    publish(lake, Zone::Conformed, "sales", Mode::Replace, rows(7, 3)).await.unwrap();
    assert_eq!(ids(lake, Zone::Conformed, "sales").await.unwrap(), [7, 8, 9]);
    let after = lake.table(Zone::Conformed, "sales").await.unwrap().unwrap();
    assert_eq!((after.version, after.files.len()), (2, 1));
    // A snapshot stays what it was: its files are still there.
    let old: Vec<RecordBatch> = lake.read_table_batches(&table, None).unwrap().try_collect().await.unwrap();
    assert_eq!(old.iter().map(RecordBatch::num_rows).sum::<usize>(), 250);

    publish(lake, Zone::Conformed, "sales", Mode::Replace, rows(0, 0)).await.unwrap();
    assert_eq!(ids(lake, Zone::Conformed, "sales").await.unwrap(), to(0));
    assert_eq!(lake.tables(Zone::Conformed).await.unwrap(), ["sales"]);
    assert!(lake.tables(Zone::Curated).await.unwrap().is_empty());
}

pub async fn publishing_twice_changes_nothing(lake: &Lake) {
    let staged = stage(lake, Zone::Conformed, "sales", rows(0, 10)).await.unwrap();
    let once = publication(Uuid::new_v4(), vec![change(staged, Mode::Append)]);
    let first = lake.publish(once.clone()).await.unwrap();
    publish(lake, Zone::Conformed, "sales", Mode::Append, rows(10, 10)).await.unwrap();
    let again = lake.publish(once).await.unwrap();
    assert_eq!((first[0].version, again[0].version), (0, 1));
    let all = ids(lake, Zone::Conformed, "sales").await.unwrap();
    assert_eq!(sorted(all), to(20));
}

/// A publication whose intent is recorded is the recorded one, whatever is given under its id.
pub async fn an_id_stands_for_one_set_of_changes(lake: &Lake) {
    let id = Uuid::new_v4();
    let staged = stage(lake, Zone::Conformed, "sales", rows(0, 10)).await.unwrap();
    let honest = publication(id, vec![change(staged, Mode::Append)]);
    let other = stage(lake, Zone::Conformed, "sales", rows(50, 10)).await.unwrap();
    let other = publication(id, vec![change(other, Mode::Append)]);
    // An intent as a run leaves it that dies right after it: taken from a store that dies there.
    crate::faults::record_intent_only(lake, honest.clone()).await;
    assert_eq!(lake.publish(other).await.unwrap_err().code(), "LW5046");
    lake.publish(honest).await.unwrap();
    assert_eq!(ids(lake, Zone::Conformed, "sales").await.unwrap(), to(10));
}

pub async fn several_tables_at_once(lake: &Lake) {
    let mut changes = Vec::new();
    for (zone, name) in [(Zone::Conformed, "a"), (Zone::Identity, "b"), (Zone::Curated, "c")] {
        let mut one = change(stage(lake, zone, name, rows(0, 5)).await.unwrap(), Mode::Replace);
        one.transactions.push((format!("lakewarden/file/{name}"), 7));
        one.info.insert("run".to_owned(), "r1".into());
        changes.push(one);
    }
    let done = lake.publish(publication(Uuid::new_v4(), changes)).await.unwrap();
    assert_eq!(done.len(), 3);
    for (zone, name) in [(Zone::Conformed, "a"), (Zone::Identity, "b"), (Zone::Curated, "c")] {
        let table = lake.table(zone, name).await.unwrap().unwrap();
        assert_eq!(table.transactions[&format!("lakewarden/file/{name}")], 7);
        assert_eq!(table.metadata["run"], "r1");
        assert_eq!(table.rows(), 5);
    }
    assert!(lake.recover().await.unwrap().completed.is_empty());
}

pub async fn files_do_not_depend_on_batches(lake: &Lake) {
    let id = Uuid::from_u128(1);
    let mut shapes = Vec::new();
    for (name, size) in [("one", 1030), ("few", 97), ("many", 3)] {
        let all = rows(0, 1030);
        let batches = (0..1030).step_by(size).map(|at| all.slice(at, size.min(1030 - at))).collect::<Vec<_>>();
        let mut options = options(id);
        options.threads = NonZeroUsize::new(3).unwrap();
        let staged = stage_with(lake, Zone::Conformed, name, schema(), batches, options).await.unwrap();
        assert_eq!((staged.rows, staged.files.len()), (1030, 11));
        for (index, file) in staged.files.iter().enumerate() {
            let start = format!("conformed/{name}/part-{index:05}-");
            assert!(file.path.starts_with(&start) && file.path.ends_with(".zstd.parquet"));
        }
        shapes.push(staged.files.iter().map(|f| (f.size, f.rows, f.min_values.clone())).collect::<Vec<_>>());
        lake.publish(publication(Uuid::new_v4(), vec![change(staged, Mode::Append)])).await.unwrap();
        assert_eq!(read(lake, Zone::Conformed, name).await, rows(0, 1030));
    }
    assert!(shapes.windows(2).all(|pair| pair[0] == pair[1]));
    // A file is closed early where its rows are large.
    let mut options = options(Uuid::new_v4());
    options.bytes_per_file = NonZeroUsize::new(1000).unwrap();
    let batches = (0..10).map(|i| rows(i * 10, 10)).collect();
    let staged = stage_with(lake, Zone::Conformed, "x", schema(), batches, options).await.unwrap();
    assert!(staged.files.len() > 3, "{}", staged.files.len());
}

/// Row groups are encoded side by side, and stand in the order of their rows.
pub async fn row_groups_keep_their_order(lake: &Lake) {
    // Some end as their last group, or their last file, fills up.
    for (count, groups) in [(95, 10), (90, 9), (7, 1), (100, 10), (205, 21)] {
        let (name, all) = (format!("groups_{count}"), rows(0, count));
        let mut options = options(Uuid::new_v4());
        (options.threads, options.rows_per_group) = (NonZeroUsize::new(3).unwrap(), NonZeroUsize::new(10).unwrap());
        let staged = stage_with(lake, Zone::Conformed, &name, schema(), vec![all.clone()], options).await.unwrap();
        assert_eq!(
            (staged.rows, staged.files.len()),
            (u64::try_from(count).unwrap(), usize::try_from((count + 99) / 100).unwrap())
        );
        let mut found = 0;
        for file in &staged.files {
            let bytes = lake.store().get(&file.path.as_str().into()).await.unwrap().bytes().await.unwrap();
            let footer = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap();
            assert_eq!(u64::try_from(footer.metadata().file_metadata().num_rows()).unwrap(), file.rows);
            found += footer.metadata().num_row_groups();
        }
        assert_eq!(found, groups, "{count}");
        lake.publish(publication(Uuid::new_v4(), vec![change(staged, Mode::Append)])).await.unwrap();
        assert_eq!(read(lake, Zone::Conformed, &name).await, all);
    }
}

pub async fn schemas_grow(lake: &Lake) {
    publish(lake, Zone::Curated, "t", Mode::Append, rows(0, 3)).await.unwrap();
    let narrow = rows(3, 2);
    let mut fields: Vec<Field> = narrow.schema().fields().iter().map(|f| f.as_ref().clone()).collect();
    let mut columns = narrow.columns().to_vec();
    // In another place, and as a view: the table keeps its order and its types.
    fields.insert(0, Field::new("city", DataType::Utf8View, true));
    columns.insert(0, Arc::new(StringViewArray::from(vec![Some("杭州"), None])));
    let wide = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
    publish(lake, Zone::Curated, "t", Mode::Append, wide.clone()).await.unwrap();
    let table = lake.table(Zone::Curated, "t").await.unwrap().unwrap();
    assert_eq!(table.schema.fields().last().unwrap().name(), "city");
    assert_eq!(table.schema.fields().last().unwrap().data_type(), &DataType::Utf8);
    let all = read(lake, Zone::Curated, "t").await;
    let city = all.column_by_name("city").unwrap().as_string::<i32>();
    assert_eq!(city.iter().flatten().collect::<Vec<_>>(), ["杭州"]);
    assert_eq!(city.iter().count(), 5);

    let narrow = publish(lake, Zone::Curated, "t", Mode::Append, rows(9, 1)).await.unwrap_err();
    assert_eq!(narrow.code(), "LW5021", "{narrow}");
    let other: arrow::array::ArrayRef = Arc::new(Float64Array::from(vec![1.5]));
    let other = RecordBatch::try_from_iter([("id", other)]).unwrap();
    let changed = publish(lake, Zone::Curated, "t", Mode::Append, other.clone()).await.unwrap_err();
    assert_eq!(changed.code(), "LW5022", "{changed}");
    let all = ids(lake, Zone::Curated, "t").await.unwrap();
    assert_eq!(sorted(all), to(5));
    // Replacing may change everything.
    publish(lake, Zone::Curated, "t", Mode::Replace, other.clone()).await.unwrap();
    assert_eq!(read(lake, Zone::Curated, "t").await.columns(), other.columns());
}

pub async fn columns_and_files(lake: &Lake) {
    publish(lake, Zone::Conformed, "sales", Mode::Append, rows(0, 250)).await.unwrap();
    let table = lake.table(Zone::Conformed, "sales").await.unwrap().unwrap();
    let mut seen = 0;
    for file in &table.files {
        let batches: Vec<RecordBatch> =
            lake.open_file(&table, file, Some(&["member", "id"])).await.unwrap().try_collect().await.unwrap();
        for batch in batches {
            assert_eq!(batch.num_columns(), 2);
            assert_eq!(batch.column(0).as_string::<i32>().value(0), token(seen));
            seen += i64::try_from(batch.num_rows()).unwrap();
        }
        assert_eq!(file.null_counts["member"], file.rows / 10);
        assert_eq!(file.null_counts["id"], 0);
        let range = file.time_range("at").unwrap();
        assert!(range.min < range.max);
        assert_eq!(file.time_range("member"), None);
    }
    assert_eq!(seen, 250);
    let first = table.files[0].time_range("at").unwrap();
    assert_eq!(first.min.timestamp_micros(), 1_700_000_000_000_000);
    // Row 98 is the last with a time: 1_700_000_098_000_098 µs, rounded up to a millisecond.
    assert_eq!(first.max.timestamp_micros(), 1_700_000_098_001_000);
    assert_eq!(table.files[0].min_values["amount"], -5.0);
    assert_eq!(table.files[0].max_values["id"], 99);
    // Nothing but the number of rows.
    let none: Vec<RecordBatch> = lake.read_table_batches(&table, Some(&[])).unwrap().try_collect().await.unwrap();
    assert_eq!(none.iter().map(RecordBatch::num_rows).sum::<usize>(), 250);
    let unknown = lake.read_table_batches(&table, Some(&["nobody"])).err().unwrap();
    assert_eq!(unknown.code(), "LW5024");
}

/// Past checkpoints nothing is forgotten.
pub async fn many_versions_and_a_ledger(lake: &Lake) {
    for day in 0..45 {
        let staged = stage(lake, Zone::Conformed, "daily", rows(day * 2, 2)).await.unwrap();
        let mut one = change(staged, Mode::Append);
        one.transactions.push((format!("lakewarden/file/{day}"), day));
        one.info.insert("day".to_owned(), day.into());
        lake.publish(publication(Uuid::new_v4(), vec![one])).await.unwrap();
    }
    let table = lake.table(Zone::Conformed, "daily").await.unwrap().unwrap();
    assert_eq!(table.version, 44);
    assert_eq!(table.metadata["day"], 44);
    for day in 0..45 {
        assert_eq!(table.transactions[&format!("lakewarden/file/{day}")], day);
    }
    assert_eq!(table.transactions.len(), 90);
    assert_eq!(sorted(ids(lake, Zone::Conformed, "daily").await.unwrap()), to(90));
    let objects = contents(lake.store().as_ref()).await;
    let checkpoints = objects.iter().filter(|(path, _)| path.ends_with(".checkpoint.parquet"));
    assert_eq!(checkpoints.count(), 4);
    assert!(lake.orphans(minutes(0), noon() + minutes(1_000_000_000)).await.unwrap().is_empty());
}

/// What a commit of ours notes stays known when other programs commit after it, and is not taken for absent.
pub async fn what_was_noted_outlives_other_programs(lake: &Lake) {
    const ANOTHER: &str = r#"{"commitInfo":{"operation":"OPTIMIZE","engineInfo":"another"}}"#;
    let log = |version: i64| Path::from(format!("conformed/t/_delta_log/{version:020}.json"));
    let noted = async || lake.table(Zone::Conformed, "t").await.map(|table| table.unwrap().noted["day"].clone());
    let published = async |day: i64| {
        let mut one = change(stage(lake, Zone::Conformed, "t", rows(day, 1)).await.unwrap(), Mode::Append);
        one.info.insert("day".to_owned(), day.into());
        lake.publish(publication(Uuid::new_v4(), vec![one])).await.unwrap();
    };
    published(1).await;
    for version in [1, 2] {
        lake.store().put(&log(version), ANOTHER.into()).await.unwrap();
    }
    let table = lake.table(Zone::Conformed, "t").await.unwrap().unwrap();
    assert_eq!((table.version, &table.metadata["operation"]), (2, &"OPTIMIZE".into()));
    assert_eq!(noted().await.unwrap(), 1);
    // The newest checkpoint is of version 9, which now says nothing of ours.
    for day in 3..10 {
        published(day).await;
    }
    assert!(contents(lake.store().as_ref()).await.iter().any(|(path, _)| path.ends_with("09.checkpoint.parquet")));
    assert_eq!(noted().await.unwrap(), 9);
    let ours = lake.store().get(&log(9)).await.unwrap().bytes().await.unwrap();
    let mut lines: Vec<serde_json::Value> =
        ours.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
    lines.iter_mut().filter(|line| line.get("commitInfo").is_some()).for_each(|line| {
        *line = serde_json::from_str(ANOTHER).unwrap();
    });
    let theirs = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    lake.store().put(&log(9), theirs.into()).await.unwrap();
    assert_eq!(noted().await.unwrap(), 8);
    // A log that was cleaned of all that was ours says so.
    for version in 0..9 {
        lake.store().delete(&log(version)).await.unwrap();
    }
    let cleaned = noted().await.unwrap_err();
    assert!(cleaned.code() == "LW5011" && cleaned.to_string().contains("cleaned"), "{cleaned}");
}

/// Promise 1: no value of a text or binary column in Delta's log, nor in any record of ours.
pub async fn no_text_in_the_log(lake: &Lake) {
    for day in 0..21 {
        publish(lake, Zone::Conformed, "daily", Mode::Append, rows(day * 20, 20)).await.unwrap();
    }
    let needle = b"secrettoken";
    let mut in_data = 0;
    for (path, bytes) in contents(lake.store().as_ref()).await {
        let found = bytes.windows(needle.len()).any(|window| window == needle);
        if path.contains("_delta_log") || path.contains("_lakewarden") {
            assert!(!found, "{path}");
            if path.ends_with(".json") && path.contains("_delta_log") {
                let text = String::from_utf8(bytes.to_vec()).unwrap();
                for line in text.lines() {
                    let line: serde_json::Value = serde_json::from_str(line).unwrap();
                    let Some(stats) = line["add"]["stats"].as_str() else {
                        continue;
                    };
                    let stats: serde_json::Value = serde_json::from_str(stats).unwrap();
                    for bound in ["minValues", "maxValues"] {
                        let names: Vec<&String> = stats[bound].as_object().unwrap().keys().collect();
                        assert_eq!(names, ["amount", "at", "day", "id", "quantity", "score"]);
                    }
                    assert_eq!(stats["nullCount"]["member"], 2);
                    assert_eq!(stats["numRecords"], 20);
                }
            }
        } else {
            in_data += 1;
        }
    }
    assert_eq!(in_data, 21);
    let table = lake.table(Zone::Conformed, "daily").await.unwrap().unwrap();
    for file in table.files {
        assert!(!file.min_values.contains_key("member") && !file.max_values.contains_key("sealed"));
    }
}

/// Six at once, and a seventh that completes what it finds. Everything arrives once.
pub async fn concurrent_publishers(lake: &Lake) {
    let mut tasks = Vec::new();
    for task in 0..6_i64 {
        let lake = lake.clone();
        tasks.push(tokio::spawn(async move {
            let mut changes = Vec::new();
            for name in ["left", "right"] {
                let staged = stage(&lake, Zone::Curated, name, rows(task * 10, 10)).await.unwrap();
                changes.push(change(staged, Mode::Append));
            }
            let publication = publication(Uuid::new_v4(), changes);
            for attempt in 0..2000_u64 {
                match lake.publish(publication.clone()).await {
                    Ok(_) => return,
                    Err(error) => assert!(error.is_retryable(), "{error}"),
                }
                let pause = (task.unsigned_abs() * 7 + attempt * 3) % 23;
                tokio::time::sleep(std::time::Duration::from_millis(pause)).await;
            }
            panic!("never got its turn");
        }));
    }
    let recovering = lake.clone();
    let recoverer = tokio::spawn(async move {
        for _ in 0..30 {
            if let Err(error) = recovering.recover().await {
                assert!(error.is_retryable(), "{error}");
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    });
    for task in tasks {
        task.await.unwrap();
    }
    recoverer.await.unwrap();
    lake.recover().await.unwrap();
    for name in ["left", "right"] {
        assert_eq!(sorted(ids(lake, Zone::Curated, name).await.unwrap()), to(60));
    }
}
