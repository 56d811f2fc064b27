//! A shop whose dictionary changes after its exports are loaded, and every command that must say so.

use crate::common::{Shop, keys, lake};
use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use lakewarden_dictionary::{Problem, Severity};
use lakewarden_lake::{Finding, Zone};
use lakewarden_pipeline::record::RunRecord;
use lakewarden_pipeline::{
    ChangeKind, Decision, DeclarationChange, Diagnosis, PipelineError, Plan, Visit, change_problems, check,
    declaration_changes, doctor, plan,
};
use lakewarden_privacy::KeyRing;
use std::collections::BTreeMap;
use std::fs;
use uuid::Uuid;

pub const ORDERS: &str = "dataset: orders
label: { zh: 订单, en: Orders }
meaning: One order.
source: Till
owner: till@shop.example
update_frequency: daily
format: { container: csv }
key: [order_no]
event_time: ordered_at
retention: P5Y
purposes: { analytics: legitimate_interests }
fields:
  - { name: order_no, label: { zh: 单, en: Order }, meaning: Number., type: string, identifier: none, treatment: keep, rules: [required] }
  - { name: phone, label: { zh: 机, en: Phone }, meaning: Whose., type: string, identifier: direct, category: user.contact.phone_number, treatment: { pseudonymise: phone }, normalise: phone }
  - { name: city, label: { zh: 城, en: City }, meaning: Where., type: string, identifier: none, treatment: keep }
  - { name: gender, label: { zh: 性别, en: Gender }, meaning: Sex., type: string, identifier: quasi, category: user.demographic, treatment: keep, map: { m: male, f: female } }
  - { name: amount, label: { zh: 额, en: Amount }, meaning: Paid., type: 'decimal(10, 2)', unit: CNY, identifier: none, treatment: keep }
  - { name: ordered_at, label: { zh: 时, en: Ordered at }, meaning: When., type: timestamp, identifier: none, treatment: keep, time_format: '%Y-%m-%d %H:%M' }
";

const SHOPS: &str = "dataset: shops
label: { zh: 店, en: Shops }
meaning: One shop.
source: List
owner: shops@shop.example
update_frequency: daily
format: { container: csv }
fields:
  - { name: code, label: { zh: 码, en: Code }, meaning: Code., type: string, identifier: none, treatment: keep }
  - { name: rent, label: { zh: 租, en: Rent }, meaning: Rent., type: integer, identifier: none, treatment: keep }
";

const RENTS: &str = "table: rents
label: { zh: 租, en: Rents }
meaning: One shop.
owner: shops@shop.example
update_frequency: daily
purpose: analytics
grain: code
columns:
  - { name: code, label: { zh: 码, en: Code }, meaning: Code., type: string, identifier: none }
  - { name: rent, label: { zh: 租, en: Rent }, meaning: Rent., type: integer, identifier: none, statistical_period: as_of }
";

const FILES: [(&str, &str); 8] = [
    ("lakewarden.yaml", "project: shop\nlake: ./lake\ntime_zone: Asia/Shanghai\nreplay_purposes: [analytics]\n"),
    (
        "schemas/purposes.yaml",
        "purposes:\n  analytics: { label: { zh: 分析, en: Analytics }, meaning: How it goes. }\n",
    ),
    ("schemas/channels/orders.yaml", ORDERS),
    ("schemas/channels/shops.yaml", SHOPS),
    ("schemas/curated/rents.yaml", RENTS),
    (
        "pipelines/shop/pipeline.yaml",
        "pipeline: shop\nlabel: { zh: 店, en: Shop }\nchannels: { orders: exports/orders/*, shops: exports/shops/* }\nidentity: { link_on: [phone] }\n",
    ),
    ("pipelines/shop/models/rents.sql", "SELECT code, sum(rent) AS rent FROM shops GROUP BY code\n"),
    ("exports/shops/a.csv", "code,rent\nS1,100\nS2,110\n"),
];

/// Three orders of one file; one of them is left out, being older than the retention.
pub const FIRST: &str = "order_no,phone,city,gender,amount,ordered_at
O1,13512345678,Bath,m,5.00,2026-03-01 10:00
O2,13612345678,York,f,6.50,2026-04-01 10:00
O3,13512345678,Bath,x,7.25,2019-05-01 10:00
";

/// An instant after all orders.
pub fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 6, 1, 0, 0, 0).unwrap()
}

/// The commands' clock, whenever they are asked.
pub struct Till(pub Shop);

impl Till {
    /// The shop with one file of orders.
    pub fn new() -> Self {
        let till = Self(Shop::bare());
        FILES.iter().for_each(|(path, text)| till.write(path, text));
        till.write("exports/orders/a.csv", FIRST);
        till
    }

    /// The same, loaded.
    pub async fn loaded() -> Self {
        let till = Self::new();
        till.run().await.unwrap();
        till
    }

    pub fn write(&self, path: &str, text: &str) {
        fs::create_dir_all(self.0.path(path).parent().unwrap()).unwrap();
        fs::write(self.0.path(path), text).unwrap();
    }

    /// Writes the entry of the orders with replacements.
    pub fn declare(&self, edits: &[(&str, &str)]) {
        let mut text = ORDERS.to_owned();
        for (good, bad) in edits {
            assert!(text.contains(good), "{good}");
            text = text.replacen(good, bad, 1);
        }
        self.write("schemas/channels/orders.yaml", &text);
    }

    pub async fn run(&self) -> Result<RunRecord, PipelineError> {
        self.run_with(&keys()).await
    }

    pub async fn run_with(&self, keys: &KeyRing) -> Result<RunRecord, PipelineError> {
        self.0.run_as("shop", keys, now()).await
    }

    pub async fn ask(&self, sql: &str) -> Result<Vec<String>, PipelineError> {
        self.0.ask_as(sql, "analytics", Some("shop"), now()).await
    }

    pub async fn plan(&self) -> Plan {
        plan(&self.0.open(), Some("shop"), None, Some(now()), None, now()).await.unwrap()
    }

    /// What `check` finds, in the project and in the lake.
    pub async fn check(&self, keys: Option<&KeyRing>) -> (Vec<Problem>, Vec<DeclarationChange>) {
        let open = self.0.open();
        let own = check(&open).await.unwrap();
        assert!(own.iter().all(|p| p.severity == Severity::Warning), "{own:?}");
        let changes = declaration_changes(&open, &lake::lake(&self.0), keys).await.unwrap();
        (change_problems(&open.project, &changes), changes)
    }

    pub async fn doctor(&self, keys: KeyRing) -> Vec<Finding> {
        let visit = Visit {
            lake: None,
            accept: None,
            grace: TimeDelta::hours(24),
            fix: false,
            clock: &Utc::now,
            id: Uuid::new_v4(),
            owner: "a test",
            free: &|_| Some(1 << 40),
        };
        let diagnosis: Diagnosis = doctor(&self.0.open(), &Ok(keys), &visit).await.unwrap();
        diagnosis.health.findings
    }

    /// The versions and files of all tables.
    pub async fn published(&self) -> BTreeMap<(Zone, String), lake::Published> {
        lake::published(&lake::lake(&self.0)).await
    }

    /// Asks every command about a change that must be resolved first; none may publish or show anything.
    pub async fn expect_refused(&self, code: &str, keys: KeyRing) -> DeclarationChange {
        let (problems, changes) = self.check(Some(&keys)).await;
        let first = changes.first().unwrap_or_else(|| panic!("{code}: nothing changed")).clone();
        assert_eq!((first.code.as_str(), first.decision), (code, Decision::Refused), "{changes:?}");
        let problem = problems.iter().find(|p| p.code == code).unwrap();
        assert_eq!((problem.severity, problem.message.as_str()), (Severity::Error, first.message.as_str()));
        assert_eq!(&*problem.span.path, "schemas/channels/orders.yaml");
        assert_eq!(problem.hint.as_deref(), Some(first.remedy.as_str()));
        assert!(first.remedy.contains("lakewarden run --reload"), "{}", first.remedy);

        let before = self.published().await;
        let error = self.run_with(&keys).await.unwrap_err();
        assert_eq!((error.code(), error.is_refusal()), (first.change.code(), true));
        // Of a rotated key a run tells before it compares anything else.
        if first.change == ChangeKind::SecretKeyRotated {
            assert!(error.hint().unwrap().contains("lakewarden run --reload-all"), "{:?}", error.hint());
        } else {
            assert_eq!(error.hint(), Some(first.remedy.clone()));
            assert!(error.to_string().starts_with(&first.message), "{error}");
        }
        assert_eq!(self.published().await, before, "nothing is published");

        let finding = self.doctor(keys).await.into_iter().find(|f| f.code == code).unwrap();
        assert_eq!((finding.severity, finding.at.as_str()), (lakewarden_lake::Severity::Error, "conformed/orders"));
        if first.change != ChangeKind::SecretKeyRotated {
            assert_eq!((finding.what, finding.mend), (first.message.clone(), first.remedy.clone()));
        }
        first
    }

    /// The same, for changes that `plan` and `query` see, which have no key.
    pub async fn expect_refused_by_all(&self, code: &str) -> DeclarationChange {
        let first = self.expect_refused(code, keys()).await;
        let plan = self.plan().await;
        assert_eq!(plan.refused().next(), Some(&first));
        for sql in ["SELECT count(*) FROM orders", "SELECT order_no FROM orders"] {
            assert_eq!(self.ask(sql).await.unwrap_err().code(), code, "{sql}");
        }
        assert!(self.ask("SELECT count(*) FROM shops").await.is_ok(), "of other datasets, all is known");
        first
    }

    /// Asks every command about a change that stops none of them.
    pub async fn expect_published(&self, code: &str, decision: Decision) -> DeclarationChange {
        let (problems, changes) = self.check(Some(&keys())).await;
        assert!(changes.iter().all(|c| c.decision != Decision::Refused), "{changes:?}");
        let change = changes.into_iter().find(|c| c.code == code).unwrap_or_else(|| panic!("no {code}"));
        assert_eq!(change.decision, decision, "{change:?}");
        let shown = problems.iter().any(|p| p.code == code && p.severity == Severity::Warning);
        assert_eq!(shown, decision == Decision::Warning, "{problems:?}");
        let plan = self.plan().await;
        assert!(plan.refused().next().is_none() && plan.declaration_changes.contains(&change));
        let finding = self.doctor(keys()).await.into_iter().find(|f| f.code == code).unwrap();
        let expected = match decision {
            Decision::Warning => lakewarden_lake::Severity::Warning,
            Decision::Note | Decision::Refused => lakewarden_lake::Severity::Advice,
        };
        assert_eq!(finding.severity, expected);
        let record = self.run().await.unwrap();
        assert!(record.declaration_changes.contains(&change), "{:?}", record.declaration_changes);
        change
    }

    /// Says that nothing changed.
    pub async fn expect_same(&self) {
        let (problems, changes) = self.check(Some(&keys())).await;
        assert_eq!((problems.len(), changes), (0, Vec::new()));
        assert!(self.plan().await.declaration_changes.is_empty());
        assert!(self.run().await.unwrap().declaration_changes.is_empty());
    }
}
