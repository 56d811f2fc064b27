//! A project of one channel whose rows are corrected.

use arrow::array::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt;
use lakewarden_lake::{Lake, Zone};
use lakewarden_pipeline::record::{DatasetAccount, RunRecord};
use lakewarden_pipeline::{OpenProject, PipelineError, Question, Request, Silent, query, run};
use lakewarden_policy::Knowledge;
use lakewarden_privacy::{KeyRing, MasterKey};
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;
use uuid::Uuid;

const LABEL: &str = "label: { zh: 例, en: Example }, meaning: Example.";

/// A project in a folder of its own. Its one dataset is `members`: number, phone, points, and when they changed.
pub struct House {
    folder: TempDir,
}

impl House {
    /// With these lines below the key of the dataset.
    pub fn new(repeats: &str) -> Self {
        let house = Self { folder: tempfile::tempdir().unwrap() };
        house.write(
            "lakewarden.yaml",
            "project: house\nlake: ./lake\ntime_zone: UTC\nconsent_log: none\nconsent_log_reason: Invented people refuse nothing.\njurisdiction: EU\nminimum_subjects: 1\n",
        );
        house.write(
            "schemas/purposes.yaml",
            &format!(
                "purposes:\n  analytics: {{ {LABEL} }}\njurisdictions:\n  EU: {{ label: {{ zh: 欧, en: EU }}, regulation: GDPR, default: opt_in }}\n"
            ),
        );
        house.declare(repeats);
        house.write(
            "schemas/curated/points_of.yaml",
            &format!(
                "table: points_of\nlabel: {{ zh: 例, en: Example }}\nmeaning: Example.\nowner: o@example.com\nupdate_frequency: daily\npurpose: analytics\ngrain: [customer_id]\nsubject: customer_id\ncolumns:\n  - {{ {LABEL}, name: customer_id, type: string, identifier: none, pseudonym: true, category: user.unique_id.pseudonymous }}\n  - {{ {LABEL}, name: points, type: integer, identifier: none, category: user.behavior, statistical_period: as_of }}\n"
            ),
        );
        house.write(
            "pipelines/house/pipeline.yaml",
            "pipeline: house\nlabel: { zh: 家, en: House }\nchannels:\n  members: exports/members/*\nidentity: { link_on: [member_no, phone] }\n",
        );
        house.write(
            "pipelines/house/models/points_of.sql",
            "SELECT customer_id, sum(points) AS points\nFROM members\nWHERE customer_id IS NOT NULL\nGROUP BY customer_id\n",
        );
        house
    }

    /// Declares the dataset anew.
    pub fn declare(&self, repeats: &str) {
        let token = |name: &str| {
            format!(
                "  - {{ {LABEL}, name: {name}, type: string, identifier: direct, category: user.unique_id, treatment: {{ pseudonymise: {name} }}, normalise: identifier }}\n"
            )
        };
        let kept = |name: &str, data_type: &str| {
            format!(
                "  - {{ {LABEL}, name: {name}, type: {data_type}, identifier: none, category: user.behavior, treatment: keep }}\n"
            )
        };
        self.write(
            "schemas/channels/members.yaml",
            &format!(
                "dataset: members\nlabel: {{ zh: 例, en: Example }}\nmeaning: Example.\nsource: Example\nowner: o@example.com\nupdate_frequency: daily\nformat: {{ container: csv }}\nkey: [no]\n{repeats}purposes: {{ analytics: legitimate_interests }}\nfields:\n{}{}{}{}{}",
                kept("no", "integer"),
                token("member_no"),
                token("phone"),
                kept("points", "integer"),
                kept("changed", "timestamp"),
            ),
        );
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    /// Delivers a file of members: number, phone, points, day of the change in October 2026.
    pub fn deliver(&self, name: &str, rows: &[(u32, &str, i64, u32)]) {
        let lines: String = rows
            .iter()
            .map(|(no, phone, points, day)| format!("{no},m{no},{phone},{points},2026-10-{day:02} 00:00:00\n"))
            .collect();
        self.write(&format!("exports/members/{name}"), &format!("no,member_no,phone,points,changed\n{lines}"));
    }

    pub fn open(&self) -> OpenProject {
        OpenProject::open(self.folder.path()).unwrap()
    }

    pub fn lake(&self) -> Lake {
        Lake::open(&self.open().lake_url(None).unwrap()).unwrap()
    }

    /// Runs as of this many days after the last of October.
    pub async fn run(&self, days: i64) -> Result<RunRecord, PipelineError> {
        self.run_as(days, false).await
    }

    pub async fn run_as(&self, days: i64, take_over: bool) -> Result<RunRecord, PipelineError> {
        self.run_with(days, take_over, &KeyRing::new(MasterKey::from_bytes([9; 32]), 1)).await
    }

    pub async fn run_with(&self, days: i64, take_over: bool, keys: &KeyRing) -> Result<RunRecord, PipelineError> {
        let request = Request {
            pipeline: None,
            lake: None,
            as_of: Some(november(days)),
            consent: Knowledge::Now,
            days: None,
            clock: &Utc::now,
            accept_thresholds: &[],
            reload: None,
            run: Uuid::new_v4(),
            seed: 3,
            owner: "a test",
            take_over,
        };
        run(&self.open(), keys, &request, &Silent).await.map(|ran| ran.record)
    }

    /// The account of the dataset in a run that must end well.
    pub async fn load(&self, days: i64) -> DatasetAccount {
        let record = self.run(days).await.unwrap();
        let account = record.datasets.into_iter().next().unwrap();
        let gone = account.accounted() - account.written;
        assert_eq!(account.read, account.written + gone, "{account:?}");
        assert_eq!(account.duplicates, account.duplicates_by.total(), "{account:?}");
        account
    }

    /// Rows of a conformed table as text, sorted; none where there is no table.
    pub async fn rows(&self, table: &str, columns: &[&str]) -> Vec<Vec<String>> {
        self.rows_in(Zone::Conformed, table, columns).await
    }

    pub async fn rows_in(&self, zone: Zone, table: &str, columns: &[&str]) -> Vec<Vec<String>> {
        let lake = self.lake();
        let Some(snapshot) = lake.table(zone, table).await.unwrap() else { return Vec::new() };
        let batches: Vec<RecordBatch> =
            lake.read_table_batches(&snapshot, Some(columns)).unwrap().try_collect().await.unwrap();
        let mut rows: Vec<Vec<String>> = batches.iter().flat_map(texts).collect();
        rows.sort();
        rows
    }

    /// Asks for analytics.
    pub async fn ask(&self, sql: &str) -> Vec<Vec<String>> {
        let open = self.open();
        let question = Question {
            sql,
            purpose: "analytics",
            pipeline: None,
            lake: None,
            as_of: november(60),
            now: november(60),
            consent: Knowledge::Now,
            who: "a test",
        };
        let mut running = query(&open, &question).await.unwrap();
        let mut rows = Vec::new();
        while let Some(batch) = running.next().await.unwrap() {
            rows.extend(texts(&batch));
        }
        rows.sort();
        rows
    }
}

/// This many days after the first of November 2026.
pub fn november(days: i64) -> DateTime<Utc> {
    "2026-11-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::days(days)
}

fn texts(batch: &RecordBatch) -> Vec<Vec<String>> {
    let options = FormatOptions::default();
    let columns: Vec<ArrayFormatter<'_>> =
        batch.columns().iter().map(|c| ArrayFormatter::try_new(c.as_ref(), &options).unwrap()).collect();
    (0..batch.num_rows()).map(|row| columns.iter().map(|c| c.value(row).to_string()).collect()).collect()
}
