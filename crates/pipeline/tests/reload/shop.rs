//! A shop with orders, members, calls and consent, whose declarations are changed after it was loaded.

use crate::common::lake::{cells, lake};
use crate::common::{Shop as Folder, copy, repository};
use arrow::array::RecordBatch;
use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt;
use lakewarden_lake::{Lake, Zone};
use lakewarden_pipeline::record::{DatasetAccount, RunRecord};
use lakewarden_pipeline::{PipelineError, ReloadRequest, Request, Silent, run, run_on};
use lakewarden_policy::Knowledge;
use lakewarden_privacy::{KeyRing, MasterKey};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use uuid::Uuid;

/// Columns that differ between lakes with the same rows: nonces, and which run and which file rows came with.
const OWN: [&str; 5] = ["_source_file", "run", "nonce", "sealed", "quarantined_at"];

const MEMBERS: &str = "dataset: members
label: { zh: 会员, en: Members }
meaning: One member.
source: Member desk
owner: shop@first-shop.example
update_frequency: daily
format: { container: csv, encoding: utf8 }
key: [member_no]
purposes: { analytics: consent }
fields:
  - { name: member_no, label: { zh: 号, en: No }, meaning: Number., type: string, identifier: none, category: user.account, treatment: keep }
  - { name: email, label: { zh: 邮箱, en: E-mail }, meaning: Address., type: string, identifier: direct, category: user.contact.email, treatment: { pseudonymise: email }, normalise: email }
  - { name: phone, label: { zh: 电话, en: Phone }, meaning: Number., type: string, identifier: direct, category: user.contact.phone_number, treatment: { pseudonymise: phone }, normalise: phone, region: CN }
  - { name: city, label: { zh: 城市, en: City }, meaning: City., type: string, identifier: quasi, category: user.contact.address.city, treatment: keep }
";

const CALLS: &str = "dataset: calls
label: { zh: 来电, en: Calls }
meaning: One call.
source: Call centre
owner: shop@first-shop.example
update_frequency: daily
format: { container: csv, encoding: utf8 }
purposes: { analytics: consent }
thresholds: { quarantine_at_most: 100% }
fields:
  - { name: phone, label: { zh: 电话, en: Phone }, meaning: Number., type: string, identifier: direct, category: user.contact.phone_number, treatment: { pseudonymise: phone }, normalise: phone, region: CN }
  - { name: minutes, label: { zh: 分钟, en: Minutes }, meaning: How long., type: integer, identifier: none, category: user.behavior, treatment: keep }
";

const EXPORTS: [(&str, &str); 4] = [
    (
        "exports/members/a.csv",
        "member_no,email,phone,city\nM1,ada@example.com,+49 30 901820,Berlin\nM2,ben@example.com,+49 30 901821,Bonn\n",
    ),
    ("exports/members/b.csv", "member_no,email,phone,city\nM3,cleo@example.com,+49 30 901822,Trier\n"),
    ("exports/calls/a.csv", "phone,minutes\n+49 30 901820,3\n030 901820,4\n030 901821,5\n"),
    (
        "exports/orders/orders_2026-10.csv",
        "order_no,email,ordered_at,sku,amount\n2001,ada@example.com,2026-10-01 09:12:00,TEE-RED-M,10.00\n\
         1004,ada@example.com,2026-09-15 12:00:00,SCARF-GRN,24.00\n",
    ),
];

/// The shop, its clock a minute later with each run.
pub struct Shop {
    pub folder: Folder,
    /// The byte that the key is made of, and its version.
    pub key: (u8, u32),
    minutes: AtomicI64,
}

pub fn as_of() -> DateTime<Utc> {
    "2026-11-01T00:00:00Z".parse().unwrap()
}

impl Shop {
    pub fn new() -> Self {
        let folder = Folder::bare();
        copy(&repository().join("crates/cli/template"), &folder.path(""));
        let shop = Self { folder, key: (5, 1), minutes: AtomicI64::new(0) };
        shop.write("schemas/channels/members.yaml", MEMBERS);
        shop.write("schemas/channels/calls.yaml", CALLS);
        EXPORTS.iter().for_each(|(path, text)| shop.write(path, text));
        let more = "  members: exports/members/*\n  calls: exports/calls/*\nidentity:\n";
        shop.replace("pipelines/shop/pipeline.yaml", "identity:\n", more);
        shop.replace("pipelines/shop/pipeline.yaml", "[email]", "[email, phone]");
        shop
    }

    /// The same exports under the same declarations, and no lake yet.
    pub fn fresh(&self) -> Self {
        let folder = self.folder.copied();
        fs::remove_dir_all(folder.path("lake")).unwrap();
        Self { folder, key: self.key, minutes: AtomicI64::new(0) }
    }

    pub fn keys(&self) -> KeyRing {
        let (byte, version) = self.key;
        KeyRing::new(MasterKey::from_bytes([byte; 32]), version)
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.folder.path(below)
    }

    pub fn write(&self, path: &str, text: &str) {
        fs::create_dir_all(self.path(path).parent().unwrap()).unwrap();
        fs::write(self.path(path), text).unwrap();
    }

    pub fn replace(&self, path: &str, old: &str, new: &str) {
        let text = fs::read_to_string(self.path(path)).unwrap();
        assert!(text.contains(old), "{text}");
        fs::write(self.path(path), text.replace(old, new)).unwrap();
    }

    pub fn lake(&self) -> Lake {
        lake(&self.folder)
    }

    pub async fn run(&self, reload: &[&str]) -> Result<RunRecord, PipelineError> {
        self.run_with(Some(ReloadRequest::parse(false, &words(reload))).filter(|_| !reload.is_empty()), None).await
    }

    pub async fn reload_all(&self) -> Result<RunRecord, PipelineError> {
        self.run_with(Some(ReloadRequest::parse(true, &[])), None).await
    }

    pub async fn run_on(&self, lake: &Lake, reload: &[&str]) -> Result<RunRecord, PipelineError> {
        self.run_with(Some(ReloadRequest::parse(false, &words(reload))).filter(|_| !reload.is_empty()), Some(lake))
            .await
    }

    async fn run_with(&self, reload: Option<ReloadRequest>, lake: Option<&Lake>) -> Result<RunRecord, PipelineError> {
        let now = as_of() + TimeDelta::minutes(self.minutes.fetch_add(1, Ordering::SeqCst));
        let clock = move || now;
        let request = Request {
            pipeline: Some("shop"),
            lake: None,
            as_of: Some(as_of()),
            days: None,
            consent: Knowledge::Now,
            clock: &clock,
            run: Uuid::new_v4(),
            seed: 7,
            owner: "an operator",
            take_over: true,
            accept_thresholds: &[],
            reload: reload.as_ref(),
        };
        let open = self.folder.open();
        let problems: Vec<_> = open.problems.iter().map(|problem| problem.message.clone()).collect();
        assert!(problems.is_empty(), "{problems:?}");
        match lake {
            Some(lake) => run_on(&open, &self.keys(), &request, Some(lake), &Silent).await.map(|ran| ran.record),
            None => run(&open, &self.keys(), &request, &Silent).await.map(|ran| ran.record),
        }
    }

    /// Rows of a conformed table.
    pub async fn rows(&self, dataset: &str) -> Vec<String> {
        table(&self.lake(), Zone::Conformed, dataset).await
    }

    /// The values of a column of a conformed table, sorted.
    pub async fn column(&self, dataset: &str, column: &str) -> Vec<String> {
        let start = format!("{column}=");
        let rows = self.rows(dataset).await;
        let cell = |row: &String| row.split('|').find_map(|cell| cell.strip_prefix(&start)).unwrap().to_owned();
        let mut cells: Vec<String> = rows.iter().map(cell).collect();
        cells.sort();
        cells
    }

    /// The rows of every table in order, and the totals of every dataset.
    pub async fn contents(&self) -> BTreeMap<String, Vec<String>> {
        contents(&self.lake()).await
    }
}

fn words(reload: &[&str]) -> Vec<String> {
    reload.iter().map(|word| (*word).to_owned()).collect()
}

/// The rows of every table in order, and the totals of every dataset.
pub async fn contents(lake: &Lake) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    for zone in Zone::ALL {
        for name in lake.tables(zone).await.unwrap() {
            let mut rows = table(lake, zone, &name).await;
            let noted = lake.table(zone, &name).await.unwrap().unwrap().noted;
            // A table beside a dataset has the totals of the run that wrote it last.
            if let Some(totals) = noted.get("lakewarden.totals").filter(|_| !name.contains('.')) {
                rows.push(format!("totals {totals}"));
            }
            // An empty table beside a dataset is as good as none.
            if !rows.is_empty() {
                all.insert(format!("{zone}/{name}"), rows);
            }
        }
    }
    all
}

/// The rows of a table as text, sorted, without what tells runs and files apart.
pub async fn table(lake: &Lake, zone: Zone, name: &str) -> Vec<String> {
    let Some(table) = lake.table(zone, name).await.unwrap() else { return Vec::new() };
    let batches: Vec<RecordBatch> = lake.read_table_batches(&table, None).unwrap().try_collect().await.unwrap();
    let mut rows = Vec::new();
    for batch in batches {
        let schema = batch.schema();
        let wanted = schema.fields().iter().zip(batch.columns()).filter(|(f, _)| !OWN.contains(&f.name().as_str()));
        let texts: Vec<(String, Vec<Vec<u8>>)> = wanted.map(|(f, c)| (f.name().clone(), cells(c))).collect();
        rows.extend((0..batch.num_rows()).map(|row| {
            let cells = texts.iter().map(|(name, c)| format!("{name}={}", String::from_utf8_lossy(&c[row])));
            cells.collect::<Vec<_>>().join("|")
        }));
    }
    rows.sort();
    rows
}

/// The account of a dataset, which closes.
pub fn account(record: &RunRecord, dataset: &str) -> DatasetAccount {
    let account = record.datasets.iter().find(|account| account.dataset == dataset).unwrap().clone();
    assert!(account.closes(), "{account:?}");
    account
}
