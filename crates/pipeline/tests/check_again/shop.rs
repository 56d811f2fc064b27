//! A small project in which every way that one model's verdict can depend on a file is walked by some model.

use lakewarden_dictionary::Problem;
use lakewarden_pipeline::{CheckCache, OpenProject, check, check_again};
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

/// What stands for the program in the cache.
pub const BUILD: &str = "these tests";

const LABEL: &str = "label: { zh: 例, en: Example }, meaning: Example.";

pub fn settings() -> String {
    "project: shop\nlake: ./lake\ntime_zone: Europe/Berlin\nconsent_log: none\nconsent_log_reason: Invented people refuse nothing.\njurisdiction: EU\nminimum_subjects: 1\n".into()
}

fn purposes() -> String {
    format!(
        "purposes:\n  analytics: {{ {LABEL} }}\n  reporting: {{ parent: analytics, {LABEL} }}\n  \
         marketing: {{ {LABEL} }}\njurisdictions:\n  EU: {{ {}, regulation: GDPR, default: opt_in }}\n",
        LABEL.split(", meaning").next().unwrap()
    )
}

pub fn pipeline() -> String {
    "pipeline: shop\nlabel: { zh: 店, en: Shop }\nchannels:\n  orders: exports/orders/*\n  \
     members: exports/members/*\n  products: exports/products/*\nidentity:\n  link_on: [email]\n"
        .into()
}

fn dataset(name: &str, purposes: &str, fields: &[&str]) -> String {
    let fields: String = fields.iter().map(|field| format!("  - {{ {LABEL}, {field} }}\n")).collect();
    format!(
        "dataset: {name}\nlabel: {{ zh: 例, en: Example }}\nmeaning: Example.\nsource: Example\nowner: o@example.com\n\
         update_frequency: daily\nformat: {{ container: csv }}\n{purposes}fields:\n{fields}"
    )
}

/// A field that names a person, and is stored as a pseudonym of this domain.
fn pseudonym(name: &str, category: &str, domain: &str) -> String {
    format!(
        "name: {name}, type: string, identifier: direct, category: {category}, treatment: {{ pseudonymise: {domain} }}"
    )
}

/// A column that counts over all time.
fn metric(name: &str, data_type: &str, category: &str) -> String {
    format!("name: {name}, type: {data_type}, identifier: none, category: {category}, statistical_period: lifetime")
}

fn table(name: &str, keys: &str, columns: &[&str]) -> String {
    let columns: String = columns.iter().map(|column| format!("  - {{ {LABEL}, {column} }}\n")).collect();
    format!(
        "table: {name}\nlabel: {{ zh: 例, en: Example }}\nmeaning: Example.\nowner: o@example.com\n\
         update_frequency: daily\n{keys}columns:\n{columns}"
    )
}

const SUBJECT: &str =
    "name: customer_id, type: string, identifier: none, pseudonym: true, category: user.unique_id.pseudonymous";

pub fn orders() -> String {
    dataset(
        "orders",
        "purposes:\n  analytics: legitimate_interests\n",
        &[
            "name: order_no, type: string, identifier: none, category: user.behavior, treatment: keep",
            &pseudonym("email", "user.contact.email", "email"),
            &pseudonym("device", "user.device", "device_id"),
            "name: city, type: string, identifier: quasi, category: user.location, treatment: keep",
            "name: amount, type: 'decimal(10, 2)', identifier: none, category: user.financial, treatment: keep",
        ],
    )
}

pub fn customer_orders() -> String {
    table(
        "customer_orders",
        "purpose: analytics\ngrain: [customer_id]\nsubject: customer_id\n",
        &[
            SUBJECT,
            &metric("orders", "integer", "user.behavior"),
            &metric("spent", "'decimal(14, 2)'", "user.financial"),
        ],
    )
}

/// The files of the project, by path.
fn files() -> Vec<(&'static str, String)> {
    let members = dataset(
        "members",
        "purposes:\n  analytics: legitimate_interests\n  marketing: legitimate_interests\n",
        &[
            &pseudonym("email", "user.contact.email", "email"),
            &pseudonym("phone", "user.contact.phone_number", "phone"),
            "name: tier, type: string, identifier: none, category: user.behavior, treatment: keep",
        ],
    );
    let products = dataset(
        "products",
        "",
        &[
            "name: sku, type: string, identifier: none, treatment: keep",
            "name: title, type: string, identifier: none, treatment: keep",
        ],
    );
    let of_person = "purpose: analytics\ngrain: [order_no]\nsubject: customer_id\n";
    let order = "name: order_no, type: string, identifier: none, category: user.behavior";
    let token = |name: &str| {
        format!("name: {name}, type: string, identifier: none, pseudonym: true, category: user.unique_id.pseudonymous")
    };
    let count = "name: n, type: integer, identifier: none, statistical_period: lifetime";
    vec![
        ("lakewarden.yaml", settings()),
        ("schemas/purposes.yaml", purposes()),
        ("pipelines/shop/pipeline.yaml", pipeline()),
        ("schemas/channels/orders.yaml", orders()),
        ("schemas/channels/members.yaml", members),
        ("schemas/channels/products.yaml", products),
        ("schemas/curated/customer_orders.yaml", customer_orders()),
        (
            "pipelines/shop/models/customer_orders.sql",
            "SELECT\n  customer_id,\n  count(*) AS orders,\n  CAST(sum(amount) AS DECIMAL(14, 2)) AS spent\n\
             FROM orders\nWHERE customer_id IS NOT NULL\nGROUP BY customer_id\n"
                .into(),
        ),
        // For a part of the purpose of what it reads.
        (
            "schemas/curated/regulars.yaml",
            table(
                "regulars",
                "purpose: reporting\ngrain: [customer_id]\nsubject: customer_id\n",
                &[SUBJECT, &metric("orders", "integer", "user.behavior")],
            ),
        ),
        (
            "pipelines/shop/models/regulars.sql",
            "SELECT customer_id, orders\nFROM customer_orders\nWHERE orders > 2\n".into(),
        ),
        // Of customers, who are of all channels.
        (
            "schemas/curated/reach.yaml",
            table("reach", "purpose: marketing\ngrain: [customer_id]\nsubject: customer_id\n", &[SUBJECT]),
        ),
        ("pipelines/shop/models/reach.sql", "SELECT customer_id FROM customers\n".into()),
        // Cannot be planned under a k-gate, and has none as long as one person behind a row is enough.
        (
            "schemas/curated/cities.yaml",
            table(
                "cities",
                "purpose: analytics\ngrain: [city]\n",
                &["name: city, type: string, identifier: none", count],
            ),
        ),
        (
            "pipelines/shop/models/cities.sql",
            "SELECT o.city, (SELECT count(*) FROM members m WHERE m.tier = o.city) AS n\nFROM orders o\n\
             GROUP BY o.city\n"
                .into(),
        ),
        // With noise, which only goes where each person's rows are made of that person's data.
        (
            "schemas/curated/habits.yaml",
            table(
                "habits",
                "purpose: analytics\ngrain: [orders]\nnoise:\n  epsilon: 1.0\n  delta: 0.000001\n  rows_per_person: 1\n  \
                 every: P1M\n  columns: { buyers: { count: people } }\n",
                &[
                    &metric("orders", "integer", "user.behavior"),
                    "name: buyers, type: integer, identifier: none, statistical_period: lifetime",
                ],
            ),
        ),
        (
            "pipelines/shop/models/habits.sql",
            "SELECT orders, count(DISTINCT customer_id) AS buyers FROM customer_orders GROUP BY orders\n".into(),
        ),
        (
            "schemas/curated/goods.yaml",
            table("goods", "purpose: analytics\ngrain: [sku]\n", &["name: sku, type: string, identifier: none"]),
        ),
        ("pipelines/shop/models/goods.sql", "SELECT sku FROM products\n".into()),
        (
            "schemas/curated/known.yaml",
            table(
                "known",
                "purpose: analytics\ngrain: [dataset]\n",
                &["name: dataset, type: string, identifier: none"],
            ),
        ),
        ("pipelines/shop/models/known.sql", "SELECT dataset FROM lakewarden.datasets\n".into()),
        // Pseudonyms, and a table that brings them together with others.
        ("schemas/curated/devices.yaml", table("devices", of_person, &[order, SUBJECT, &token("device")])),
        ("pipelines/shop/models/devices.sql", "SELECT order_no, customer_id, device FROM orders\n".into()),
        (
            "schemas/curated/contacts.yaml",
            table("contacts", of_person, &[order, SUBJECT, &token("device"), &token("phone")]),
        ),
        (
            "pipelines/shop/models/contacts.sql",
            "SELECT d.order_no, d.customer_id, d.device, m.phone\nFROM devices d\n\
             JOIN members m ON m.customer_id = d.customer_id\n"
                .into(),
        ),
    ]
}

/// The project in a folder of its own, and what was kept for it.
pub struct Shop {
    folder: TempDir,
}

impl Shop {
    pub fn new() -> Self {
        let shop = Self { folder: tempfile::tempdir().unwrap() };
        shop.reset();
        shop
    }

    /// Writes all files anew; what was kept stays.
    pub fn reset(&self) {
        for folder in ["schemas", "pipelines"] {
            let folder = self.path(folder);
            if folder.exists() {
                fs::remove_dir_all(folder).unwrap();
            }
        }
        files().into_iter().for_each(|(path, text)| self.write(path, &text));
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn open(&self) -> OpenProject {
        OpenProject::open(self.folder.path()).unwrap()
    }

    /// Everything that is wrong, found without what was kept.
    pub async fn cold(&self) -> Vec<Problem> {
        check(&self.open()).await.unwrap()
    }

    /// Everything that is wrong, found with what the last call kept.
    pub async fn again(&self) -> Vec<Problem> {
        let mut cache = CheckCache::open(self.folder.path(), BUILD);
        let problems = check_again(&self.open(), &mut cache).await.unwrap();
        cache.save().unwrap();
        problems
    }
}
