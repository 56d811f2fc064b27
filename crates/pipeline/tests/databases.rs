//! A channel that is a database, from its rows to the lake: loaded once, whatever happens meanwhile.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod common;

use chrono::{TimeZone, Utc};
use common::lake::{batches, lake, published, rows};
use common::{Shop, keys};
use lakewarden_lake::Zone;
use lakewarden_pipeline::record::{Outcome, RunRecord};
use lakewarden_pipeline::{PipelineError, Verb, plan};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

fn url() -> String {
    std::env::var("LAKEWARDEN_POSTGRES_URL").expect("LAKEWARDEN_POSTGRES_URL")
}

async fn client() -> Client {
    let (client, connection) = tokio_postgres::connect(&url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// A shop whose orders are in a table of PostgreSQL.
struct Orders {
    shop: Shop,
    client: Client,
    table: String,
}

impl Orders {
    async fn new(database: &str) -> Self {
        let shop = Shop::bare();
        let write = |path: &str, text: &str| {
            let path = shop.path(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let table = format!("orders_{}", Uuid::new_v4().simple());
        write("secret.url", &url());
        fs::set_permissions(shop.path("secret.url"), fs::Permissions::from_mode(0o600)).unwrap();
        write(
            "lakewarden.yaml",
            "project: shop\nlake: ./lake\ntime_zone: Asia/Shanghai\nreplay_purposes: [analytics]\n",
        );
        write("schemas/purposes.yaml", "purposes:\n  analytics: { label: { zh: a, en: a }, meaning: a }\n");
        let field = |name: &str, data_type: &str, more: &str| {
            format!(
                "  - name: {name}\n    label: {{ zh: a, en: a }}\n    meaning: a\n    type: {data_type}\n    \
                 identifier: none\n    treatment: keep\n{more}"
            )
        };
        let dataset = [
            "dataset: orders\nlabel: { zh: a, en: a }\nmeaning: a\nsource: a\nowner: a\nupdate_frequency: daily\n",
            "format: { container: parquet }\nkey: order_no\nfields:\n",
            &field("order_no", "string", ""),
            &field("amount", "decimal(12, 2)", "    rules: [{ between: { min: 0 } }]\n"),
            // How files would write it; the database writes ISO 8601.
            &field("updated_at", "timestamp", "    time_format: '%Y/%m/%d %H:%M'\n"),
        ]
        .concat();
        write("schemas/channels/orders.yaml", &dataset);
        let secret = shop.path("secret.url").display().to_string();
        let pipeline = format!(
            "pipeline: shop\nlabel: {{ zh: a, en: a }}\nchannels:\n  orders:\n    database:\n      url: 'file:{secret}'\n      \
             table: {table}\n{database}"
        );
        write("pipelines/shop/pipeline.yaml", &pipeline);
        let client = client().await;
        let orders = Self { shop, client, table };
        orders.sql("CREATE TABLE T (order_no text PRIMARY KEY, amount numeric(12,2), updated_at timestamptz NOT NULL, cvv text)").await;
        orders
    }

    async fn sql(&self, sql: &str) {
        self.client.batch_execute(&sql.replace(" T ", &format!(" {} ", self.table))).await.unwrap();
    }

    async fn run(&self) -> Result<RunRecord, PipelineError> {
        self.shop.run_as("shop", &keys(), Utc.with_ymd_and_hms(2026, 10, 1, 0, 0, 0).unwrap()).await
    }

    async fn loaded(&self) -> Vec<String> {
        let rows = rows(&lake(&self.shop), Zone::Conformed, "orders", |c| c == "order_no").await;
        rows.into_iter().map(|r| r.concat()).collect()
    }

    async fn would(&self) -> (Verb, String) {
        let at = Utc.with_ymd_and_hms(2026, 10, 1, 0, 0, 0).unwrap();
        let plan = plan(&self.shop.open(), None, None, Some(at), None, at).await.unwrap();
        (plan.actions[0].verb, plan.actions[0].because.clone())
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL at LAKEWARDEN_POSTGRES_URL"]
async fn rows_of_a_database_are_loaded_once() {
    let orders = Orders::new("      incremental: updated_at\n      overlap: PT1H\n      parallel: 2\n").await;
    orders.sql("INSERT INTO T SELECT 'A' || n, n, timestamptz '2026-09-30 00:00Z' + n * interval '1 minute', '123' FROM generate_series(1, 100) n").await;
    orders.sql("UPDATE T SET amount = -1 WHERE order_no = 'A7'").await;
    assert_eq!(orders.would().await, (Verb::Load, "not read yet".to_owned()));
    let record = orders.run().await.unwrap();
    let account = &record.datasets[0];
    assert_eq!((account.read, account.written, account.quarantined_total()), (100, 99, 1));
    let over: Vec<_> = account.over_collected.iter().collect();
    assert!(matches!(over.as_slice(), [(label, 100)] if label.starts_with("field-")), "{over:?}");
    assert_eq!(account.files.len(), 1);
    assert!(account.files[0].file.starts_with("postgres://127.0.0.1") && account.files[0].sha256.len() == 64);
    let said = format!("{record:?}");
    assert!(!said.contains("test-only") && !said.contains("lakewarden:"), "{said}");
    // The clock of the database, not the zone and format that its files would have.
    let first = batches(&lake(&orders.shop), Zone::Conformed, "orders").await;
    let shown = arrow::util::pretty::pretty_format_batches(&first).unwrap().to_string();
    assert!(shown.contains("2026-09-30T01:40:00Z"), "{shown}");

    assert_eq!(orders.run().await.unwrap().outcome, Outcome::Unchanged);
    assert_eq!(orders.would().await, (Verb::Keep, "no row since the last read".to_owned()));
    orders.sql("INSERT INTO T VALUES ('B1', 1, '2026-09-30 01:30Z', NULL), ('B2', 1, '2026-09-30 02:00Z', NULL)").await;
    assert_eq!(orders.would().await, (Verb::Load, "rows since the last read".to_owned()));
    let record = orders.run().await.unwrap();
    let account = &record.datasets[0];
    assert_eq!((account.read, account.written, account.duplicates), (63, 2, 61), "an hour before 01:40 again, and two");
    assert!(account.files[0].file.ends_with("?after=2026-09-30 01:40:00+00"), "{}", account.files[0].file);
    assert_eq!(orders.run().await.unwrap().outcome, Outcome::Unchanged);
    assert_eq!(orders.loaded().await.len(), 101);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL at LAKEWARDEN_POSTGRES_URL"]
async fn a_database_without_watermark_is_read_whole_and_loaded_once() {
    let orders = Orders::new("").await;
    orders.sql("INSERT INTO T SELECT 'A' || n, n - 2, now(), NULL FROM generate_series(1, 50) n").await;
    let account = orders.run().await.unwrap().datasets[0].clone();
    assert_eq!((account.read, account.written, account.quarantined_total()), (50, 49, 1));
    let before = published(&lake(&orders.shop)).await;
    // In another order on disk, it is the same: nothing is written, and the row in quarantine is not there twice.
    orders.sql("CREATE INDEX ON T (amount DESC)").await;
    orders.sql(&format!("CLUSTER {} USING {}_amount_idx", orders.table, orders.table)).await;
    let account = orders.run().await.unwrap().datasets[0].clone();
    assert_eq!((account.read, account.files.len(), account.already_loaded.len()), (0, 0, 1));
    assert_eq!(published(&lake(&orders.shop)).await, before);
    orders.sql("INSERT INTO T VALUES ('B1', 1, now(), NULL)").await;
    let account = orders.run().await.unwrap().datasets[0].clone();
    assert_eq!((account.read, account.written, account.duplicates), (51, 1, 49));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL at LAKEWARDEN_POSTGRES_URL"]
async fn a_read_that_breaks_off_leaves_the_lake_as_it_was() {
    let orders = Orders::new("      incremental: updated_at\n").await;
    orders.sql("INSERT INTO T VALUES ('A1', 1, '2026-09-30 00:00Z', NULL)").await;
    orders.run().await.unwrap();
    let before = published(&lake(&orders.shop)).await;
    // The last of many rows cannot be given: the server ends with an error in the middle.
    orders.sql("INSERT INTO T SELECT 'B' || n, n, timestamptz '2026-09-30 01:00Z' + n * interval '1 second', NULL FROM generate_series(1, 20000) n").await;
    let view = format!("{}_view", orders.table);
    orders.sql(&format!(
        "CREATE VIEW {view} AS SELECT order_no, (1000000 / (20000 - amount))::numeric(12,2) AS amount, updated_at FROM T WHERE amount <> 1"
    )).await;
    let pipeline = orders.shop.path("pipelines/shop/pipeline.yaml");
    let text = fs::read_to_string(&pipeline).unwrap();
    fs::write(&pipeline, text.replace(&format!("table: {}\n", orders.table), &format!("table: {view}\n"))).unwrap();
    let error = orders.run().await.unwrap_err();
    assert_eq!(error.code(), "LW7023", "{error}");
    assert!(!format!("{error} {:?}", error.hint()).contains("zero"), "the server's own words stay with it");
    assert_eq!(published(&lake(&orders.shop)).await, before);
    fs::write(&pipeline, text).unwrap();
    let account = orders.run().await.unwrap().datasets[0].clone();
    assert_eq!((account.written, account.duplicates, orders.loaded().await.len()), (20_000, 1, 20_001));
}
