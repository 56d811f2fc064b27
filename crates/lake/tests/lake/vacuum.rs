//! What is gone from a table is gone from its folder.

use std::fs;
use std::path::{Path, PathBuf};

use lakewarden_lake::{Lake, Mode, Zone};
use url::Url;

use crate::sample::*;

fn data(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.is_file()).collect();
    files.sort();
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_the_newest_version_does_not_name_are_deleted_and_no_others() {
    let temporary = tempfile::tempdir().unwrap();
    let lake = Lake::open(&Url::from_directory_path(temporary.path()).unwrap()).unwrap();
    assert!(lake.vacuum(Zone::Quarantine, "sealed").await.unwrap().is_empty(), "no table");
    publish(&lake, Zone::Quarantine, "sealed", Mode::Append, rows(0, 10)).await.unwrap();
    publish(&lake, Zone::Quarantine, "sealed", Mode::Append, rows(10, 10)).await.unwrap();
    publish(&lake, Zone::Quarantine, "other", Mode::Append, rows(0, 5)).await.unwrap();
    let folder = temporary.path().join("quarantine/sealed");
    assert!(lake.vacuum(Zone::Quarantine, "sealed").await.unwrap().is_empty(), "all are in use");
    assert_eq!(data(&folder).len(), 2);

    publish(&lake, Zone::Quarantine, "sealed", Mode::Replace, rows(5, 3)).await.unwrap();
    stage(&lake, Zone::Quarantine, "sealed", rows(100, 3)).await.unwrap();
    fs::write(folder.join("part-0.parquet#2"), [1, 2, 3]).unwrap();
    fs::write(folder.join("_delta_log/00000000000000000003.json#1"), [1]).unwrap();
    assert_eq!(data(&folder).len(), 5, "two old, one new, one of a dead run, one half-written");
    let deleted = lake.vacuum(Zone::Quarantine, "sealed").await.unwrap();
    assert_eq!(deleted.len(), 4, "{deleted:?}");
    assert!(deleted.iter().all(|path| path.starts_with("quarantine/sealed/part-")), "{deleted:?}");
    let table = lake.table(Zone::Quarantine, "sealed").await.unwrap().unwrap();
    assert_eq!(data(&folder), [temporary.path().join(&table.files[0].path)]);
    assert_eq!(ids(&lake, Zone::Quarantine, "sealed").await.unwrap(), [5, 6, 7]);
    assert_eq!(ids(&lake, Zone::Quarantine, "other").await.unwrap(), [0, 1, 2, 3, 4]);
    // The log is whole: what is published next is read.
    publish(&lake, Zone::Quarantine, "sealed", Mode::Append, rows(20, 1)).await.unwrap();
    assert_eq!(ids(&lake, Zone::Quarantine, "sealed").await.map(sorted).unwrap(), [5, 6, 7, 20]);
    assert!(lake.vacuum(Zone::Quarantine, "../conformed").await.is_err());
}
