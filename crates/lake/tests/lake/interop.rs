//! Tables open unaided in Python's `deltalake` and in Polars.

use std::process::Command;
use std::sync::Arc;

use arrow::array::{RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use lakewarden_lake::{Lake, Mode, VersionsKept, Zone};
use url::Url;

use crate::sample::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a Python with deltalake and polars at LAKEWARDEN_PYTHON"]
async fn other_readers_open_the_tables_unaided() {
    let python = std::env::var("LAKEWARDEN_PYTHON").expect("LAKEWARDEN_PYTHON is a Python");
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::open(&Url::from_directory_path(folder.path()).unwrap()).unwrap();
    // Past a checkpoint, with a column that came later.
    publish(&lake, Zone::Curated, "grown", Mode::Replace, rows(500, 5)).await.unwrap();
    publish(&lake, Zone::Curated, "grown", Mode::Replace, rows(0, 250)).await.unwrap();
    for day in 0..22 {
        publish(&lake, Zone::Curated, "grown", Mode::Append, rows(250 + day, 1)).await.unwrap();
    }
    let last = rows(272, 2);
    let mut fields: Vec<Field> = last.schema().fields().iter().map(|f| f.as_ref().clone()).collect();
    fields.push(Field::new("city", DataType::Utf8, true));
    let mut columns = last.columns().to_vec();
    columns.push(Arc::new(StringArray::from(vec![Some("杭州"), None])));
    let last = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
    publish(&lake, Zone::Curated, "grown", Mode::Append, last).await.unwrap();
    // No row and no column with bounds.
    let text = Arc::new(Schema::new(vec![Field::new("name", DataType::Utf8, true)]));
    publish(&lake, Zone::Curated, "empty", Mode::Append, RecordBatch::new_empty(text)).await.unwrap();

    // The log of the first begins with the checkpoint that took the place of its earlier versions.
    let after = noon() + minutes(1);
    let kept = VersionsKept { since: after, unnamed_before: noon(), now: after, all_tables: false };
    let old = lake.find_old_versions(&kept).await.unwrap();
    assert_eq!(old.tables.iter().map(|old| (old.table.as_str(), old.oldest_kept)).collect::<Vec<_>>(), [("grown", 24)]);
    lake.remove_old_versions(&old.tables[0]).await.unwrap();

    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/open_tables.py");
    let output = Command::new(python).arg(script).arg(folder.path()).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["readers"], serde_json::json!(["deltalake", "polars", "duckdb"]));
    for reader in ["deltalake", "polars", "duckdb"] {
        let grown = &said[reader]["grown"];
        assert_eq!(grown["rows"], 274, "{reader}");
        assert_eq!(grown["ids"], (0..274).sum::<i64>(), "{reader}");
        assert_eq!(grown["last_city"], "杭州", "{reader}");
        assert_eq!(grown["member"], token(8), "{reader}");
        assert_eq!(grown["amount"], "3.08", "{reader}");
        assert_eq!(grown["at"], "2023-11-14T22:13:28.000008+00:00", "{reader}");
        assert_eq!(grown["skipped_to"], 11, "{reader}");
        assert_eq!(said[reader]["empty"]["rows"], 0, "{reader}");
    }
    // What another writer makes of the table, we still read; and still without text in the log.
    assert_eq!(said["compacted"], true);
    let ids = sorted(ids(&lake, Zone::Curated, "grown").await.unwrap());
    assert_eq!(ids, to(274));
    for (path, bytes) in crate::fault_store::contents(lake.store().as_ref()).await {
        let needle = b"secrettoken";
        let found = bytes.windows(needle.len()).any(|window| window == needle);
        assert!(!(found && path.contains("_delta_log")), "{path}");
    }
}
