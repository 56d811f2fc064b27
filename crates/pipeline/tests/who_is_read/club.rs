//! A small project whose every member is an example of one rule.
#![allow(dead_code)]

use chrono::{DateTime, TimeDelta, Utc};
use lakewarden_pipeline::record::RunRecord;
use lakewarden_pipeline::{OpenProject, PipelineError, Question, Request, Silent, query, run};
use lakewarden_policy::Knowledge;
use lakewarden_privacy::{KeyRing, MasterKey};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use tempfile::TempDir;
use uuid::Uuid;

const SETTINGS: &str = "project: club\nlake: ./lake\ntime_zone: UTC\njurisdiction: CN\nreplay_purposes: [analytics, marketing, service, accounting]\n";

const PURPOSES: &str = "\
purposes:
  analytics:
    label: { zh: 分析, en: Analytics }
    meaning: Counting.
  marketing:
    label: { zh: 营销, en: Marketing }
    meaning: Offers.
    min_notice: v2
    opt_out_signal: true
  service:
    label: { zh: 服务, en: Service }
    meaning: Answering.
  accounting:
    label: { zh: 核算, en: Accounting }
    meaning: Books.
jurisdictions:
  CN: { label: { zh: 中国, en: China }, regulation: PIPL, default: opt_in, guardian_below: 14 }
";

const PIPELINE: &str = "\
pipeline: club
label: { zh: 俱乐部, en: Club }
channels:
  members: exports/members/*
  visits: exports/visits/*
  consents: exports/consents/*
  blocked: exports/blocked/*
identity: { link_on: [member_no, phone, device_id], max_links: 2 }
";

const SERVES: &str =
    "purposes: { analytics: consent, marketing: consent, service: contract, accounting: legal_obligation }";

const TABLE: &str = "\
table: counted
label: { zh: 会员, en: Members }
meaning: One member who may be counted.
owner: club@club.example
update_frequency: daily
purpose: analytics
grain: [customer_id]
subject: customer_id
columns:
  - { name: customer_id, label: { zh: 编号, en: Customer }, meaning: Pseudonym., type: string, identifier: none, pseudonym: true, category: user.unique_id.pseudonymous }
  - { name: nick, label: { zh: 昵称, en: Nick }, meaning: Nick., type: string, identifier: none, category: user.account }
";

pub fn dataset(name: &str, more: &str, fields: &[&str]) -> String {
    let fields: String = fields
        .iter()
        .map(|field| format!("  - {{ label: {{ zh: 列, en: Column }}, meaning: As named., {field} }}\n"))
        .collect();
    format!(
        "dataset: {name}\nlabel: {{ zh: 数据, en: Data }}\nmeaning: One row.\nsource: Desk\nowner: club@club.example\n\
         update_frequency: daily\nformat: {{ container: csv }}\n{more}\nfields:\n{fields}"
    )
}

fn token(name: &str) -> String {
    let spelling = if name == "phone" { "phone" } else { "identifier" };
    format!(
        "name: {name}, type: string, identifier: direct, category: user.unique_id, treatment: {{ pseudonymise: {name} }}, \
         normalise: {spelling}"
    )
}

pub fn kept(name: &str, data_type: &str) -> String {
    format!("name: {name}, type: {data_type}, identifier: none, category: user.account, treatment: keep")
}

fn schemas() -> Vec<(&'static str, String)> {
    let born = "name: born, type: date, identifier: quasi, category: user.demographic.date_of_birth, treatment: { generalise: year }";
    let id = "name: id_value, column: id_token, type: string, identifier: direct, category: user.unique_id, treatment: { pseudonymise: { by_field: id_type } }";
    let mut log: Vec<String> = vec![kept("id_type", "string"), id.to_owned()];
    log.extend(["purpose", "action", "notice_version", "jurisdiction", "given_by"].map(|name| kept(name, "string")));
    log.extend(["at", "expires_at", "recorded_at"].map(|name| kept(name, "timestamp")));
    let log: Vec<&str> = log.iter().map(String::as_str).collect();
    let seen = "key: [visit]\nevent_time: at\nretention: P1Y\nthresholds: { quarantine_at_most: 100% }\n";
    vec![
        (
            "schemas/channels/members.yaml",
            dataset("members", SERVES, &[&kept("nick", "string"), &token("member_no"), &token("phone"), born]),
        ),
        (
            "schemas/channels/visits.yaml",
            dataset(
                "visits",
                &format!("{seen}{SERVES}"),
                &[&kept("visit", "string"), &token("member_no"), &token("device_id"), &kept("at", "timestamp")],
            ),
        ),
        (
            "schemas/channels/consents.yaml",
            dataset("consents", "role: consent_log\nevent_time: at\npurposes: { accounting: legal_obligation }", &log),
        ),
        (
            "schemas/channels/blocked.yaml",
            dataset(
                "blocked",
                "role: suppression_list\nevent_time: since\npurposes: { accounting: legal_obligation }",
                &[&token("phone"), &kept("since", "timestamp")],
            ),
        ),
    ]
}

/// The project with its exports, in a folder of its own.
pub struct Club {
    folder: TempDir,
}

/// Reasons for withholding, with rows.
pub type Withheld = BTreeMap<&'static str, u64>;

impl Club {
    pub fn new() -> Self {
        let club = Self { folder: tempfile::tempdir().unwrap() };
        for (path, text) in schemas() {
            club.write(path, &text);
        }
        club.write("lakewarden.yaml", SETTINGS);
        club.write("schemas/purposes.yaml", PURPOSES);
        club.write("schemas/curated/counted.yaml", TABLE);
        club.write("pipelines/club/pipeline.yaml", PIPELINE);
        club.write("pipelines/club/models/counted.sql", "SELECT customer_id, nick FROM members");
        club
    }

    pub fn write(&self, path: &str, text: &str) {
        let path: PathBuf = self.folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// A path in it.
    pub fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    pub fn open(&self) -> OpenProject {
        let open = OpenProject::open(self.folder.path()).unwrap();
        assert!(open.problems.is_empty(), "{:?}", open.problems);
        open
    }

    pub async fn run(&self, as_of: &str, consent: Knowledge) -> RunRecord {
        self.try_run(as_of, consent).await.unwrap()
    }

    pub async fn try_run(&self, as_of: &str, consent: Knowledge) -> Result<RunRecord, PipelineError> {
        // Each run begins a second after the one before, and after the instant that it is as of.
        static RUNS: AtomicI64 = AtomicI64::new(1);
        let now = at(as_of) + TimeDelta::seconds(RUNS.fetch_add(1, Ordering::Relaxed));
        self.try_run_pipeline(None, at(as_of), consent, &move || now).await
    }

    /// Runs a pipeline by a clock.
    pub async fn try_run_pipeline(
        &self,
        pipeline: Option<&str>,
        as_of: DateTime<Utc>,
        consent: Knowledge,
        clock: &(dyn Fn() -> DateTime<Utc> + Sync),
    ) -> Result<RunRecord, PipelineError> {
        let request = Request {
            pipeline,
            lake: None,
            as_of: Some(as_of),
            days: None,
            consent,
            clock,
            run: Uuid::new_v4(),
            seed: 5,
            owner: "a test",
            take_over: false,
            accept_thresholds: &[],
            reload: None,
        };
        let keys = KeyRing::new(MasterKey::from_bytes([9; 32]), 1);
        run(&self.open(), &keys, &request, &Silent).await.map(|ran| ran.record)
    }

    /// The first column of an answer, sorted, and what was withheld from the one scan.
    pub async fn ask(&self, sql: &str, purpose: &str, as_of: &str) -> Result<(Vec<String>, Withheld), PipelineError> {
        self.ask_knowing(sql, purpose, as_of, Knowledge::Then).await
    }

    /// The same with other consent.
    pub async fn ask_knowing(
        &self,
        sql: &str,
        purpose: &str,
        as_of: &str,
        consent: Knowledge,
    ) -> Result<(Vec<String>, Withheld), PipelineError> {
        let now = Utc::now();
        let question =
            Question { sql, purpose, pipeline: None, lake: None, as_of: at(as_of), now, consent, who: "a test" };
        self.ask_question(&question).await
    }

    /// The first column of the answer to a question, sorted, and what was withheld from the one scan.
    pub async fn ask_question(&self, question: &Question<'_>) -> Result<(Vec<String>, Withheld), PipelineError> {
        let open = self.open();
        let mut running = query(&open, question).await?;
        let of = |error| PipelineError::Engine { model: "query".into(), error };
        let mut cells = Vec::new();
        while let Some(batch) = running.next().await.map_err(of)? {
            let column = arrow::compute::cast(batch.column(0), &arrow::datatypes::DataType::Utf8).unwrap();
            let column = arrow::array::AsArray::as_string::<i32>(&column).clone();
            cells.extend(column.iter().map(|cell| cell.unwrap_or("∅").to_owned()));
        }
        cells.sort();
        Ok((cells, running.accounts().map_err(of)?.remove(0).withheld))
    }
}

pub fn at(text: &str) -> DateTime<Utc> {
    format!("{text}T00:00:00Z").parse().unwrap()
}
