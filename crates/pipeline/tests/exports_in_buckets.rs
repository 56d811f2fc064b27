//! A run over exports in a bucket makes the tables that a run over the same exports in folders makes.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod common;
#[path = "../../source/tests/stores/server.rs"]
#[allow(dead_code)]
mod server;

use common::lake::{lake, published, rows};
use common::{Shop, as_of, copy, files_below, keys};
use lakewarden_lake::Zone;
use lakewarden_pipeline::record::RunRecord;
use lakewarden_pipeline::{PipelineError, Request, Silent, Window, plan, run};
use lakewarden_policy::Knowledge;
use server::{Answer, Server};
use std::collections::BTreeMap;
use std::fs;
use uuid::Uuid;

const KEYS: (&str, &str) = ("AKIDTEST", "a-secret-of-the-test");
const PIPELINE: &str = "pipelines/retail/pipeline.yaml";

/// Changes where the retail pipeline's exports are.
fn point(shop: &Shop, changes: &[(&str, &str)]) {
    let path = shop.path(PIPELINE);
    let mut text = fs::read_to_string(&path).unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    fs::write(path, text).unwrap();
}

async fn run_days(shop: &Shop, days: Option<Window>) -> Result<RunRecord, PipelineError> {
    let request = Request {
        pipeline: Some("retail"),
        lake: None,
        as_of: Some(as_of()),
        days,
        consent: Knowledge::Then,
        clock: &chrono::Utc::now,
        accept_thresholds: &[],
        reload: None,
        run: Uuid::new_v4(),
        seed: 11,
        owner: "a test",
        take_over: false,
    };
    run(&shop.open(), &keys(), &request, &Silent).await.map(|ran| ran.record)
}

/// Every row that can be read again, without the clock of its run. Ids of customers are each lake's own, what is sealed is sealed anew, and files have
/// other names.
async fn tables(shop: &Shop) -> BTreeMap<String, Vec<Vec<String>>> {
    let lake = lake(shop);
    let mut all = BTreeMap::new();
    for (zone, name) in published(&lake).await.into_keys() {
        let own = |column: &str| match zone {
            Zone::Conformed | Zone::Curated => !["customer_id", "file", "quarantined_at"].contains(&column),
            Zone::Quarantine => ["dataset", "row", "field", "rule", "reason"].contains(&column),
            _ => false,
        };
        all.insert(format!("{zone}/{name}"), rows(&lake, zone, &name, own).await);
    }
    all
}

/// What was loaded, by checksum: name, rows read and written.
fn loaded(record: &RunRecord) -> BTreeMap<String, (String, u64, u64)> {
    let files = record.datasets.iter().flat_map(|d| &d.files);
    files.map(|f| (f.sha256.clone(), (f.file.clone(), f.read, f.written))).collect()
}

/// Says which table differs, and where first.
fn same(found: &BTreeMap<String, Vec<Vec<String>>>, expected: &BTreeMap<String, Vec<Vec<String>>>) {
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (name, rows) in expected {
        assert_eq!(found[name].len(), rows.len(), "{name}");
        let first = found[name].iter().zip(rows).find(|(found, expected)| found != expected);
        assert!(first.is_none(), "{name}: {first:?}");
    }
}

#[test]
fn a_bucket_is_as_good_as_a_folder() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let bucket = tempfile::tempdir().unwrap();
    // Every fifth answer is cut or refused.
    let server = runtime.block_on(async {
        Server::s3(bucket.path(), KEYS, |asked, before, answer| match before % 10 {
            3 if asked.range().is_some() => Answer { cut: Some(answer.body.len() / 2), ..answer },
            8 => Answer::status(503),
            _ => answer,
        })
    });
    let variables = [
        ("AWS_ENDPOINT_URL", server.origin()),
        ("AWS_ACCESS_KEY_ID", KEYS.0.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", KEYS.1.to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
    ];
    for (name, value) in variables {
        // SAFETY: this is the binary's only test, and nothing else of it reads or writes the environment yet: the
        // threads of the runtime wait, and the server's wait for a connection.
        unsafe { std::env::set_var(name, value) };
    }
    runtime.block_on(compare(&bucket));
}

async fn compare(bucket: &tempfile::TempDir) {
    let on_disk = Shop::with_sample(150, true);
    copy(&on_disk.path("exports"), &bucket.path().join("shop-exports"));
    let in_bucket = on_disk.copied();
    fs::remove_dir_all(in_bucket.path("exports")).unwrap();
    point(&in_bucket, &[("exports/", "s3://shop-exports/")]);
    let by_month = in_bucket.copied();

    let (folder, s3) = (run_days(&on_disk, None).await.unwrap(), run_days(&in_bucket, None).await.unwrap());
    let (folder_files, s3_files) = (loaded(&folder), loaded(&s3));
    assert_eq!(folder_files.len(), s3_files.len());
    for (sha256, (file, read, written)) in &folder_files {
        let expected = file.replacen("exports/", "s3://shop-exports/", 1);
        assert_eq!(s3_files[sha256], (expected, *read, *written));
    }
    let whole = tables(&on_disk).await;
    assert!(whole.len() > 20 && whole.values().map(Vec::len).sum::<usize>() > 1_000);
    same(&tables(&in_bucket).await, &whole);

    // The same, a month first and then all of it: what is loaded is not loaded again.
    point(&by_month, &[("s3://shop-exports/pos_sales/*", "s3://shop-exports/pos_sales/*_{year}-{month}*")]);
    let sales: Vec<String> = files_below(&on_disk.path("exports/pos_sales"))
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .filter(|name| name.contains("_2025-0") || name.contains("_2026-0"))
        .collect();
    let month: chrono::NaiveDate =
        format!("{}-15", &sales[0]["pos_sales_".len().."pos_sales_2025-04".len()]).parse().unwrap();
    let days = Some(Window { from: Some(month), to: Some(month) });
    let open = by_month.open();
    let planned = plan(&open, Some("retail"), None, Some(as_of()), days, chrono::Utc::now()).await.unwrap();
    let action = planned.actions.iter().find(|action| action.subject == "pos_sales").unwrap();
    assert!(action.files.iter().all(|file| file.contains(&month.format("%Y-%m").to_string())), "{:?}", action.files);
    let first = run_days(&by_month, days).await.unwrap();
    assert_eq!(first.days.unwrap().from, Some(month));
    let pos = |record: &RunRecord| record.datasets.iter().find(|d| d.dataset == "pos_sales").unwrap().clone();
    let files = pos(&first).files;
    assert_eq!(files.iter().map(|f| &f.file).collect::<Vec<_>>(), action.files.iter().collect::<Vec<_>>());
    assert!(
        files.iter().all(|f| f.interval.unwrap().from.date() == month.format("%Y-%m-01").to_string().parse().unwrap())
    );
    // A month without a file is told of, and keeps nothing from going on.
    let far = Window { from: Some(month), to: month.checked_add_months(chrono::Months::new(120)) };
    let second = run_days(&by_month, Some(far)).await.unwrap();
    let told = &pos(&second).arrivals;
    assert!(told.len() == 1 && told[0].warning.to_string().starts_with("no file for "), "{told:?}");
    assert!(!pos(&second).already_loaded.is_empty());
    let dated: Vec<_> = loaded(&first).into_keys().chain(loaded(&second).into_keys()).collect();
    assert!(dated.iter().all(|sha256| folder_files.contains_key(sha256)));
    let again = run_days(&by_month, days).await.unwrap();
    assert!(loaded(&again).is_empty());

    // Days that no channel knows of are refused.
    let error = run_days(&on_disk, days).await.unwrap_err();
    assert_eq!(error.code(), "LW7009", "{error}");
    // A bucket that is not there is told by its name, and the lake is as it was.
    point(&in_bucket, &[("s3://shop-exports/stores", "s3://shop-export/stores")]);
    let error = run_days(&in_bucket, None).await.unwrap_err();
    assert_eq!((error.code(), error.to_string().contains("s3://shop-export/stores")), ("LW7004", true), "{error}");
    assert!(!format!("{error} {:?}", error.hint()).contains(KEYS.1));
    same(&tables(&in_bucket).await, &whole);
}
