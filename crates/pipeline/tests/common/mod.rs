//! A retail project in a temporary folder, with sample exports and their truth.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, dead_code)]

pub mod lake;

use chrono::{DateTime, NaiveDate, TimeZone, Utc};
use lakewarden_pipeline::record::RunRecord;
use lakewarden_pipeline::{OpenProject, PipelineError, Question, Request, Silent, query, run};
use lakewarden_policy::Knowledge;
use lakewarden_privacy::{KeyRing, MasterKey};
use lakewarden_sample::Options;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use uuid::Uuid;

/// The repository, which is itself a project.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A project's folder.
pub struct Shop {
    folder: TempDir,
}

impl Shop {
    /// An empty folder.
    pub fn bare() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// The repository's project without exports.
    pub fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for part in ["schemas", "pipelines"] {
            copy(&repository().join(part), &folder.path().join(part));
        }
        // Runs of tests are as of the sample's time, and judge people as of then.
        let settings = fs::read_to_string(repository().join("lakewarden.yaml")).unwrap();
        let replays = "replay_purposes: [analytics, accounting, asset_management]\n";
        fs::write(folder.path().join("lakewarden.yaml"), format!("{settings}{replays}")).unwrap();
        Self { folder }
    }

    /// The repository's project with sample exports of this many people.
    pub fn with_sample(customers: u32, dirt: bool) -> Self {
        let shop = Self::empty();
        let options = Options { dirt, ..Options::new(customers, 7, last_day()) };
        lakewarden_sample::write(&shop.path("exports"), &shop.path("truth"), &options, &|_, _| {}).unwrap();
        shop
    }

    /// A copy of it, exports, truth and lake included.
    pub fn copied(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(self.folder.path(), folder.path());
        Self { folder }
    }

    /// A path in it.
    pub fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    /// Reads it.
    pub fn open(&self) -> OpenProject {
        OpenProject::open(self.folder.path()).unwrap()
    }

    /// Runs a pipeline with the test's key, as of the day after the sample's last.
    pub async fn run(&self, pipeline: &str) -> Result<RunRecord, PipelineError> {
        self.run_as(pipeline, &keys(), as_of()).await
    }

    /// Runs a pipeline with a key as of an instant.
    pub async fn run_as(&self, pipeline: &str, keys: &KeyRing, at: DateTime<Utc>) -> Result<RunRecord, PipelineError> {
        let request = Request {
            pipeline: Some(pipeline),
            lake: None,
            as_of: Some(at),
            days: None,
            consent: Knowledge::Then,
            clock: &Utc::now,
            run: Uuid::new_v4(),
            seed: 11,
            owner: "a test",
            take_over: false,
            accept_thresholds: &[],
            reload: None,
        };
        run(&self.open(), keys, &request, &Silent).await.map(|ran| ran.record)
    }

    /// Asks the retail pipeline, and returns the rows as text, cells separated by `|`, nulls empty.
    pub async fn ask(&self, sql: &str, purpose: &str) -> Result<Vec<String>, PipelineError> {
        self.ask_as(sql, purpose, Some("retail"), as_of()).await
    }

    /// Asks a pipeline as of an instant.
    pub async fn ask_as(
        &self,
        sql: &str,
        purpose: &str,
        pipeline: Option<&str>,
        at: DateTime<Utc>,
    ) -> Result<Vec<String>, PipelineError> {
        let open = self.open();
        let question =
            Question { sql, purpose, pipeline, lake: None, as_of: at, now: at, consent: Knowledge::Now, who: "a test" };
        let mut running = query(&open, &question).await?;
        let mut rows = Vec::new();
        while let Some(batch) =
            running.next().await.map_err(|error| PipelineError::Engine { model: "query".into(), error })?
        {
            let options = arrow::util::display::FormatOptions::default();
            let cells: Vec<_> = batch
                .columns()
                .iter()
                .map(|c| arrow::util::display::ArrayFormatter::try_new(c.as_ref(), &options).unwrap())
                .collect();
            rows.extend(
                (0..batch.num_rows())
                    .map(|row| cells.iter().map(|c| c.value(row).to_string()).collect::<Vec<_>>().join("|")),
            );
        }
        Ok(rows)
    }
}

/// The sample's last day.
pub fn last_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 9, 30).unwrap()
}

/// Midnight after it in Shanghai.
pub fn as_of() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 9, 30, 16, 0, 0).unwrap()
}

/// The test's key.
pub fn keys() -> KeyRing {
    KeyRing::new(MasterKey::from_bytes([42; 32]), 1)
}

/// Copies a folder.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Every file below a folder.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    if let Ok(entries) = fs::read_dir(folder) {
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.extend(files_below(&path));
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
