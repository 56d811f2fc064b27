//! A project whose rows end, whose columns are dropped, and whose people withdraw; by a clock that tests set.
#![allow(dead_code)]

use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt;
use lakewarden_dictionary::Severity;
use lakewarden_lake::{Lake, TableSnapshot, Zone};
use lakewarden_pipeline::record::{DatasetAccount, RunRecord};
use lakewarden_pipeline::{
    OpenProject, PipelineError, Plan, Question, Request, Silent, VacuumRequest, Vacuumed, plan, query, run_on,
    vacuum_on,
};
use lakewarden_policy::Knowledge;
use lakewarden_privacy::{KeyRing, MasterKey};
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;
use uuid::Uuid;

const LABEL: &str = "label: { zh: 例, en: Example }, meaning: Example.";
const DATASET: &str = "label: { zh: 例, en: Example }\nmeaning: Example.\nsource: Example\nowner: o@example.com\nupdate_frequency: daily\nformat: { container: csv }\n";

/// Values that a test plants, and looks for in the bytes of the lake.
pub const DROPPED_TEXT: &str = "canary-dropped";
pub const DROPPED_NUMBER: &str = "77120533";
pub const ENDED_TEXT: &str = "canary-ended";
pub const ENDED_NUMBER: &str = "99830644";
pub const WITHDRAWN_TEXT: &str = "canary-withdrawn/published";
pub const WITHDRAWN_NUMBER: &str = "99340755";

pub struct Stall {
    folder: TempDir,
}

fn kept(name: &str, data_type: &str) -> String {
    format!(
        "  - {{ {LABEL}, name: {name}, type: {data_type}, identifier: none, category: user.behavior, treatment: keep }}\n"
    )
}

fn token(name: &str) -> String {
    format!(
        "  - {{ {LABEL}, name: {name}, type: string, identifier: direct, category: user.unique_id, treatment: {{ pseudonymise: {name} }}, normalise: identifier }}\n"
    )
}

/// Noon of a day, counted from 1 October 2026 = 1.
pub fn day(number: i64) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-09-30T12:00:00Z").unwrap().with_timezone(&Utc) + TimeDelta::days(number)
}

impl Stall {
    /// With these settings beside the usual ones.
    pub fn new(settings: &str) -> Self {
        let stall = Self { folder: tempfile::tempdir().unwrap() };
        stall.write(
            "lakewarden.yaml",
            &format!("project: stall\nlake: ./lake\ntime_zone: UTC\njurisdiction: EU\nminimum_subjects: 1\n{settings}"),
        );
        stall.write(
            "schemas/purposes.yaml",
            &format!(
                "purposes:\n  analytics: {{ {LABEL} }}\n  books: {{ {LABEL} }}\njurisdictions:\n  EU: {{ label: {{ zh: 欧, en: EU }}, regulation: GDPR, default: opt_in }}\n"
            ),
        );
        stall.declare_visits("", true);
        stall.declare_consents("");
        stall.write(
            "schemas/curated/visitors.yaml",
            &format!(
                "table: visitors\nlabel: {{ zh: 例, en: Example }}\nmeaning: Example.\nowner: o@example.com\nupdate_frequency: daily\npurpose: analytics\nretention: P30D\ngrain: [customer_id]\nsubject: customer_id\ncolumns:\n  - {{ {LABEL}, name: customer_id, type: string, identifier: none, pseudonym: true, category: user.unique_id.pseudonymous }}\n  - {{ {LABEL}, name: note, type: string, identifier: none, category: user.behavior }}\n  - {{ {LABEL}, name: points, type: integer, identifier: none, category: user.behavior, statistical_period: as_of }}\n"
            ),
        );
        stall.write(
            "pipelines/stall/pipeline.yaml",
            "pipeline: stall\nlabel: { zh: 摊, en: Stall }\nchannels:\n  visits: exports/visits/*\n  consents: exports/consents/*\nidentity: { link_on: [member_no] }\n",
        );
        stall.write(
            "pipelines/stall/models/visitors.sql",
            "SELECT customer_id, max(note || '/published') AS note, sum(points) + 1 AS points\nFROM visits\nWHERE customer_id IS NOT NULL\nGROUP BY customer_id\n",
        );
        stall
    }

    /// Declares the visits: with these lines below their key, and shoe and size kept or dropped.
    pub fn declare_visits(&self, more: &str, shoes_kept: bool) {
        let treatment = if shoes_kept { "keep" } else { "drop" };
        let dropped = |name: &str, data_type: &str| {
            kept(name, data_type).replace("treatment: keep", &format!("treatment: {treatment}"))
        };
        self.write(
            "schemas/channels/visits.yaml",
            &format!(
                "dataset: visits\n{DATASET}key: [visit]\nevent_time: at\nretention: P1Y\n{more}purposes: {{ analytics: consent }}\nfields:\n{}{}{}{}{}{}{}",
                kept("visit", "integer"),
                token("member_no"),
                kept("at", "timestamp"),
                kept("note", "string"),
                kept("points", "integer"),
                dropped("shoe", "string"),
                dropped("size", "integer"),
            ),
        );
    }

    pub fn declare_consents(&self, more: &str) {
        let id = format!(
            "  - {{ {LABEL}, name: id_value, column: id_token, type: string, identifier: direct, category: user.unique_id, treatment: {{ pseudonymise: {{ by_field: id_type }} }} }}\n"
        );
        let texts: String = ["id_type", "purpose", "action"].map(|name| kept(name, "string")).concat();
        self.write(
            "schemas/channels/consents.yaml",
            &format!(
                "dataset: consents\n{DATASET}role: consent_log\nevent_time: at\n{more}purposes: {{ books: legal_obligation }}\nfields:\n{texts}{id}{}",
                kept("at", "timestamp")
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

    /// Delivers visits: number, member, day, note, points, shoe, size.
    pub fn deliver(&self, name: &str, rows: &[(u32, &str, &str, &str, &str, &str, &str)]) {
        let lines: String = rows
            .iter()
            .map(|(visit, member, day, note, points, shoe, size)| {
                format!("{visit},{member},{day} 10:00:00,{note},{points},{shoe},{size}\n")
            })
            .collect();
        self.write(&format!("exports/visits/{name}"), &format!("visit,member_no,at,note,points,shoe,size\n{lines}"));
    }

    /// Delivers consent records: member, action, day.
    pub fn consent(&self, name: &str, rows: &[(&str, &str, &str)]) {
        let lines: String = rows
            .iter()
            .map(|(member, action, day)| format!("member_no,analytics,{action},{member},{day} 09:00:00\n"))
            .collect();
        self.write(&format!("exports/consents/{name}"), &format!("id_type,purpose,action,id_value,at\n{lines}"));
    }

    /// Three people with a canary each: one whose visit ends on 6 October 2026, one who will withdraw, one with a shoe.
    pub fn with_canaries(self) -> Self {
        self.deliver(
            "a.csv",
            &[
                (1, "m1", "2025-10-06", ENDED_TEXT, ENDED_NUMBER, "none", "1"),
                (2, "m1", "2026-09-01", "later", "5", "none", "2"),
                (3, "m2", "2026-09-02", "canary-withdrawn", "99340754", "none", "3"),
                (4, "m3", "2026-09-03", "plain", "7", DROPPED_TEXT, DROPPED_NUMBER),
            ],
        );
        self.consent(
            "a.csv",
            &[("m1", "grant", "2026-01-01"), ("m2", "grant", "2026-01-01"), ("m3", "grant", "2026-01-01")],
        );
        self
    }

    /// The shoes are dropped, and m2 withdraws.
    pub fn change_policy(&self) {
        self.declare_visits("", false);
        self.consent("b.csv", &[("m2", "withdraw", "2026-10-02")]);
    }

    pub fn open(&self) -> OpenProject {
        let open = OpenProject::open(self.folder.path()).unwrap();
        let errors: Vec<_> = open.problems.iter().filter(|p| p.severity == Severity::Error).collect();
        assert!(errors.is_empty(), "{errors:?}");
        open
    }

    pub fn lake(&self) -> Lake {
        Lake::open(&self.open().lake_url(None).unwrap()).unwrap()
    }

    /// Runs by a clock, as of an instant.
    pub async fn try_run(
        &self,
        lake: &Lake,
        as_of: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<RunRecord, PipelineError> {
        let request = Request {
            pipeline: None,
            lake: None,
            as_of,
            consent: Knowledge::Now,
            days: None,
            clock: &move || now,
            accept_thresholds: &[],
            run: Uuid::new_v4(),
            seed: 3,
            owner: "a test",
            take_over: true,
            reload: None,
        };
        let keys = KeyRing::new(MasterKey::from_bytes([9; 32]), 1);
        run_on(&self.open(), &keys, &request, Some(lake), &Silent).await.map(|ran| ran.record)
    }

    /// Runs on a day, as of then.
    pub async fn run(&self, number: i64) -> RunRecord {
        self.try_run(&self.lake(), None, day(number)).await.unwrap()
    }

    /// The account of the visits in a run on a day.
    pub async fn load(&self, number: i64) -> DatasetAccount {
        account(&self.run(number).await, "visits")
    }

    pub async fn plan(&self, number: i64) -> Plan {
        plan(&self.open(), None, None, None, None, day(number)).await.unwrap()
    }

    pub async fn vacuum(&self, number: i64, all_history: bool, dry_run: bool) -> Result<Vacuumed, PipelineError> {
        let request = VacuumRequest {
            lake: None,
            all_history,
            dry_run,
            take_over: false,
            clock: &move || day(number),
            id: Uuid::new_v4(),
            owner: "a test",
        };
        vacuum_on(&self.open(), &request, &self.lake()).await
    }

    pub async fn table(&self, zone: Zone, name: &str) -> Option<TableSnapshot> {
        self.lake().table(zone, name).await.unwrap()
    }

    /// Some columns of a conformed table as text, sorted by row.
    pub async fn rows(&self, table: &str, columns: &[&str]) -> Vec<String> {
        let snapshot = self.table(Zone::Conformed, table).await.unwrap();
        let lake = self.lake();
        let mut batches = lake.read_table_batches(&snapshot, Some(columns)).unwrap();
        let mut rows = Vec::new();
        while let Some(batch) = batches.try_next().await.unwrap() {
            rows.extend(texts(&batch));
        }
        rows.sort();
        rows
    }

    /// Asks for analytics, as of a day, on a day.
    pub async fn ask(&self, sql: &str, as_of: i64, now: i64) -> Vec<String> {
        let open = self.open();
        let question = Question {
            sql,
            purpose: "analytics",
            pipeline: None,
            lake: None,
            as_of: day(as_of),
            now: day(now),
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

pub fn account(record: &RunRecord, dataset: &str) -> DatasetAccount {
    record.datasets.iter().find(|account| account.dataset == dataset).cloned().unwrap_or_default()
}

fn texts(batch: &arrow::array::RecordBatch) -> Vec<String> {
    let options = arrow::util::display::FormatOptions::default();
    let columns = batch.columns().iter();
    let columns: Vec<_> =
        columns.map(|c| arrow::util::display::ArrayFormatter::try_new(c.as_ref(), &options).unwrap()).collect();
    let row = |row: usize| columns.iter().map(|c| c.value(row).to_string()).collect::<Vec<_>>().join("|");
    (0..batch.num_rows()).map(row).collect()
}
