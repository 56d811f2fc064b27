//! What a load makes of rows and files that look like others, of many bad rows, and of time.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;

mod after;
mod closing;
mod conflicts;
mod lossy;
mod repeated;
mod times;

use chrono::{DateTime, Utc};
use common::{Shop, keys};
use lakewarden_lake::{Lake, Zone};
use lakewarden_pipeline::record::{DatasetAccount, RunRecord};
use lakewarden_pipeline::{PipelineError, Request, Silent, run};
use lakewarden_policy::Knowledge;
use std::fs;
use uuid::Uuid;

const NOW: &str = "2026-07-01T08:00:00Z";

/// A project with one dataset, `lines`, of texts that are an identifier of the line and of the order, and an amount.
struct Lines(Shop);

impl Lines {
    /// `extra` are lines of the entry besides its fields.
    fn new(extra: &str) -> Self {
        let shop = Shop::bare();
        let write = |path: &str, text: &str| {
            fs::create_dir_all(shop.path(path).parent().unwrap()).unwrap();
            fs::write(shop.path(path), text).unwrap();
        };
        write(
            "lakewarden.yaml",
            "project: lines\nlake: ./lake\ntime_zone: UTC\njurisdiction: CN\nkey: { environment: A_TEST_KEY, version: 1 }\n",
        );
        write(
            "schemas/purposes.yaml",
            "purposes:\n  analytics: { label: { zh: 分析, en: Analytics }, meaning: Figures., data_use: analytics }\n\
             jurisdictions:\n  CN: { label: { zh: 中国, en: China }, regulation: PIPL, default: opt_in }\n",
        );
        write(
            "pipelines/main/pipeline.yaml",
            "pipeline: main\nlabel: { zh: 主, en: Main }\nchannels:\n  lines: exports/*.csv\n",
        );
        let field = |name: &str, of: &str| {
            format!(
                "  - {{ name: {name}, column: {name}, label: {{ zh: {name}, en: {name} }}, meaning: It., type: {of}, identifier: none, treatment: keep }}\n"
            )
        };
        let entry = format!(
            "dataset: lines\nlabel: {{ zh: 行, en: Lines }}\nmeaning: Lines.\nsource: a test\nowner: it@example.com\n\
             update_frequency: daily\nformat: {{ container: csv, encoding: utf8 }}\n{extra}fields:\n{}{}{}",
            field("line", "string"),
            field("order", "string"),
            field("amount", "\"decimal(12, 2)\"")
        );
        write("schemas/channels/lines.yaml", &entry);
        fs::create_dir(shop.path("exports")).unwrap();
        Self(shop)
    }

    /// Writes an export of these records.
    fn deliver(&self, name: &str, records: &[&str]) {
        let body: String = records.iter().map(|record| format!("{record}\n")).collect();
        fs::write(self.0.path("exports").join(name), format!("line,order,amount\n{body}")).unwrap();
    }

    fn replace(&self, path: &str, good: &str, bad: &str) {
        let text = fs::read_to_string(self.0.path(path)).unwrap();
        assert!(text.contains(good), "{text}");
        fs::write(self.0.path(path), text.replace(good, bad)).unwrap();
    }

    async fn run(&self) -> Result<RunRecord, PipelineError> {
        self.run_at(NOW, NOW, &[]).await
    }

    async fn run_at(&self, as_of: &str, clock: &str, accept: &[&str]) -> Result<RunRecord, PipelineError> {
        let now = at(clock);
        let clock = move || now;
        let accept: Vec<String> = accept.iter().map(|name| (*name).to_owned()).collect();
        let request = Request {
            days: None,
            accept_thresholds: &accept,
            reload: None,
            pipeline: None,
            lake: None,
            as_of: Some(at(as_of)),
            consent: Knowledge::Now,
            clock: &clock,
            run: Uuid::new_v4(),
            seed: 5,
            owner: "a test",
            take_over: true,
        };
        run(&self.0.open(), &keys(), &request, &Silent).await.map(|ran| ran.record)
    }

    fn lake(&self) -> Lake {
        let url = self.0.open().lake_url(None).unwrap();
        Lake::open(&url).unwrap()
    }

    /// Rows of the conformed table; 0 if there is none.
    async fn rows(&self) -> u64 {
        self.lake().table(Zone::Conformed, "lines").await.unwrap().map_or(0, |table| table.rows())
    }
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// The account of the one dataset, which closes.
fn account(record: &RunRecord) -> DatasetAccount {
    let account = record.datasets.iter().find(|account| account.dataset == "lines").unwrap().clone();
    assert_eq!(account.read, account.accounted(), "{account:?}");
    assert_eq!(account.duplicates, account.duplicates_by.total(), "{account:?}");
    account
}
