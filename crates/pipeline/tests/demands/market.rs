//! A small market: products, orders that refer to them, and events in its app.
#![allow(dead_code)]

use crate::common::lake::lake;
use crate::common::{Shop, keys};
use chrono::{DateTime, TimeZone, Utc};
use lakewarden_lake::{Lake, Zone};
use lakewarden_pipeline::record::{DatasetAccount, RunRecord};
use lakewarden_pipeline::{PipelineError, Request, Silent, check, run};
use lakewarden_policy::Knowledge;
use std::fs;
use uuid::Uuid;

pub const ORDERS: &str = "order_no,buyer,sku,paid,refunded,at\n";

pub struct Market(pub Shop);

fn label(name: &str) -> String {
    format!("label: {{ zh: {name}, en: {name} }}, meaning: As named.")
}

fn kept(name: &str, data_type: &str, more: &str) -> String {
    format!("  - {{ name: {name}, {}, type: '{data_type}', identifier: none, treatment: keep{more} }}\n", label(name))
}

fn buyer() -> String {
    format!(
        "  - {{ name: buyer, {}, type: string, identifier: direct, category: user.unique_id, treatment: {{ pseudonymise: buyer }} }}\n",
        label("buyer")
    )
}

fn dataset(name: &str, keys: &str, fields: &[String]) -> String {
    format!(
        "dataset: {name}\nlabel: {{ zh: {name}, en: {name} }}\nmeaning: One row.\nsource: Market\nowner: it@example.com\n\
         update_frequency: daily\nformat: {{ container: csv }}\n{keys}fields:\n{}",
        fields.concat()
    )
}

/// What the entries say beyond the plain.
#[derive(Default)]
pub struct Says<'a> {
    /// Keys of the dataset of orders.
    pub orders: &'a str,
    /// Keys of the field `sku` of orders, with a comma before.
    pub sku: &'a str,
    /// Keys of the field `paid` of orders, with a comma before.
    pub paid: &'a str,
    /// Keys of the dataset of events.
    pub events: &'a str,
    /// What the one model reads.
    pub sql: Option<&'a str>,
    /// The channels; all three if absent.
    pub channels: Option<&'a str>,
}

impl Market {
    pub fn new(says: &Says<'_>) -> Self {
        let market = Self(Shop::bare());
        market.write("lakewarden.yaml", "project: market\nlake: ./lake\ntime_zone: UTC\nconsent_log: none\nconsent_log_reason: Invented people refuse nothing.\n");
        let purpose = "purposes: { service: { label: { zh: 服务, en: Service }, meaning: Orders. } }\n";
        market.write("schemas/purposes.yaml", purpose);
        market.declare(says);
        let model = says.sql.unwrap_or("SELECT customer_id, count(*) AS orders FROM orders GROUP BY customer_id");
        market.write("pipelines/market/models/buyers.sql", model);
        let all = "  products: exports/products/*\n  orders: exports/orders/*\n  events: exports/events/*\n";
        let channels = says.channels.unwrap_or(all);
        let pipeline = format!(
            "pipeline: market\nlabel: {{ zh: 市场, en: Market }}\nchannels:\n{channels}identity: {{ link_on: [buyer] }}\n"
        );
        market.write("pipelines/market/pipeline.yaml", &pipeline);
        let column =
            |name: &str, more: &str| format!("  - {{ name: {name}, {}, identifier: none{more} }}\n", label(name));
        let customer = column("customer_id", ", type: string, pseudonym: true, category: user.unique_id.pseudonymous");
        let orders = column("orders", ", type: integer, statistical_period: lifetime");
        market.write(
            "schemas/curated/buyers.yaml",
            &format!(
                "table: buyers\nlabel: {{ zh: 买家, en: Buyers }}\nmeaning: One buyer.\nowner: it@example.com\nupdate_frequency: daily\n\
                 purpose: service\ngrain: customer_id\nsubject: customer_id\ncolumns:\n{customer}{orders}"
            ),
        );
        market.deliver("products", "products.csv", "sku,price\nS1,10\nS2,20\n");
        market.deliver("events", "none.csv", "event_id,buyer,event,sku,at\n");
        market
    }

    /// Adds a table of figures by product, which has no subject, and its model.
    pub fn by_product(&self, sql: &str) {
        self.write("pipelines/market/models/by_product.sql", sql);
        let column =
            |name: &str, more: &str| format!("  - {{ name: {name}, {}, identifier: none{more} }}\n", label(name));
        let columns = column("sku", ", type: string")
            + &column("orders", ", type: integer, statistical_period: lifetime")
            + &column("anomalous", ", type: integer, statistical_period: lifetime");
        self.write(
            "schemas/curated/by_product.yaml",
            &format!(
                "table: by_product\nlabel: {{ zh: 商品, en: Products }}\nmeaning: One product.\nowner: it@example.com\nupdate_frequency: daily\n\
                 purpose: service\ngrain: sku\nminimum_subjects: 3\ncolumns:\n{columns}"
            ),
        );
    }

    /// Writes the datasets' entries.
    pub fn declare(&self, says: &Says<'_>) {
        let serves = "purposes: { service: legitimate_interests }\n";
        let products = [kept("sku", "string", ""), kept("price", "decimal(12, 2)", "")];
        self.write("schemas/channels/products.yaml", &dataset("products", "key: sku\n", &products));
        let orders = [
            kept("order_no", "string", ", rules: [required]"),
            buyer(),
            kept("sku", "string", says.sku),
            kept("paid", "decimal(12, 2)", says.paid),
            kept("refunded", "decimal(12, 2)", ""),
            kept("at", "timestamp", ""),
        ];
        let keys = format!("key: order_no\n{serves}{}", says.orders);
        self.write("schemas/channels/orders.yaml", &dataset("orders", &keys, &orders));
        let events = [
            kept("event_id", "string", ""),
            buyer(),
            kept("event", "string", ""),
            kept("sku", "string", ""),
            kept("at", "timestamp", ""),
        ];
        let keys = format!("key: event_id\n{serves}{}", says.events);
        self.write("schemas/channels/events.yaml", &dataset("events", &keys, &events));
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.0.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn deliver(&self, dataset: &str, name: &str, text: &str) {
        self.write(&format!("exports/{dataset}/{name}"), text);
    }

    /// Delivers orders of one minute each, from this number on.
    pub fn orders(&self, name: &str, from: u32, count: u32) {
        let line = |n: u32| format!("O{n},B{},S1,10.00,0.00,2026-05-{:02}T10:00:00Z\n", n % 7, n % 28 + 1);
        self.deliver("orders", name, &format!("{ORDERS}{}", (from..from + count).map(line).collect::<String>()));
    }

    pub async fn try_run(&self, day: u32) -> Result<RunRecord, PipelineError> {
        self.run_accepting(day, &[]).await
    }

    pub async fn run(&self, day: u32) -> RunRecord {
        self.try_run(day).await.unwrap()
    }

    pub async fn run_accepting(&self, day: u32, accept: &[&str]) -> Result<RunRecord, PipelineError> {
        let accept: Vec<String> = accept.iter().map(|name| (*name).to_owned()).collect();
        let request = Request {
            pipeline: None,
            lake: None,
            as_of: Some(instant(day)),
            consent: Knowledge::Now,
            days: None,
            clock: &Utc::now,
            run: Uuid::new_v4(),
            seed: 3,
            owner: "a test",
            take_over: false,
            accept_thresholds: &accept,
            reload: None,
        };
        let ran = run(&self.0.open(), &keys(), &request, &Silent).await;
        for account in ran.iter().flat_map(|ran| &ran.record.datasets) {
            let DatasetAccount { read, .. } = account;
            assert_eq!(*read, account.accounted(), "{account:?}");
        }
        ran.map(|ran| ran.record)
    }

    pub fn lake(&self) -> Lake {
        lake(&self.0)
    }

    /// Rows of a conformed table as text, sorted.
    pub async fn stored(&self, table: &str, columns: &[&str]) -> Vec<String> {
        let rows = crate::common::lake::rows(&self.lake(), Zone::Conformed, table, |c| columns.contains(&c)).await;
        rows.into_iter().map(|cells| cells.join("|")).collect()
    }

    /// Problems in one line each, without their paths.
    pub async fn problems(&self) -> Vec<String> {
        let told = |p: lakewarden_dictionary::Problem| {
            let hint = p.hint.map(|h| format!(" ({h})")).unwrap_or_default();
            format!("{}:{}:{} {} {}{hint}", p.span.path, p.span.line, p.span.column, p.code, p.message)
        };
        check(&self.0.open()).await.unwrap().into_iter().map(told).collect()
    }
}

pub fn instant(day: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 7, day, 0, 0, 0).unwrap()
}

pub fn account<'r>(record: &'r RunRecord, dataset: &str) -> &'r DatasetAccount {
    record.datasets.iter().find(|d| d.dataset == dataset).unwrap()
}

/// Rows in quarantine, by field and rule.
pub fn refused(record: &RunRecord, dataset: &str) -> Vec<(String, String, u64)> {
    let reasons = account(record, dataset).quarantined.iter();
    reasons.map(|q| (q.field.clone().unwrap_or_default(), q.rule.clone(), q.rows)).collect()
}

/// Numbers that are the same in every run of a test.
pub struct Draw(pub u64);

impl Draw {
    /// From 0 up to, and without, this.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}
