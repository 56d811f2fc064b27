//! What cannot be right stops a run, says where and what would mend it, and leaves the lake as it was.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod common;

use common::lake::{lake, objects, published};
use common::{Shop, as_of, keys};
use lakewarden_pipeline::{PipelineError, key_ring};
use lakewarden_privacy::{KeyRing, MasterKey};
use lakewarden_sample::{Fault, plant};
use std::fs;

/// Spoils the shop, runs it, and proves that the run changed nothing but what is written about it.
async fn refused(shop: &Shop, spoil: impl FnOnce(&Shop)) -> PipelineError {
    spoil(shop);
    let lake = lake(shop);
    let (tables, files) = (published(&lake).await, objects(shop));
    let error = shop.run("retail").await.unwrap_err();
    assert_eq!(published(&lake).await, tables, "{error}");
    assert_eq!(objects(shop), files, "{error}: files that no table names");
    error
}

/// The fault's code, whether it is a refusal (exit 1) rather than an impossibility (exit 2), and words of its message.
fn expected(fault: Fault) -> (&'static str, bool, &'static [&'static str]) {
    match fault {
        Fault::TruncatedGzip => ("LW4003", true, &["miniapp_events_2025-04.ndjson.gz"]),
        Fault::ParquetWithoutFooter => ("LW4003", true, &["part-00000.parquet"]),
        Fault::RenamedRequiredColumn => ("LW4007", true, &["pos_sales_2025-04.csv", "手机号"]),
        Fault::MissingHeader => ("LW4006", true, &["crm_members_part-01.csv", "crm_members"]),
        Fault::EmptyFile => ("LW4002", true, &["products.csv"]),
        Fault::EmptyFolder => ("LW6008", false, &["exports/stores/*", "stores"]),
    }
}

fn as_expected(fault: Fault, error: &PipelineError) {
    let (code, refusal, words) = expected(fault);
    let message = error.to_string();
    assert_eq!((error.code(), error.is_refusal()), (code, refusal), "{fault:?}: {message}");
    for word in words {
        assert!(message.contains(word), "{fault:?}: {message}");
    }
    assert!(error.hint().is_some_and(|hint| !hint.is_empty()), "{fault:?} has no hint");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spoiled_file_leaves_an_empty_lake_empty() {
    let good = Shop::with_sample(150, false);
    for fault in Fault::ALL {
        let shop = good.copied();
        let error = refused(&shop, |s| drop(plant(&s.path("exports"), fault).unwrap())).await;
        as_expected(fault, &error);
        assert!(published(&lake(&shop)).await.is_empty());
    }
    // The same exports, whole, are loaded.
    good.run("retail").await.unwrap();
    assert_eq!(published(&lake(&good)).await.len(), 12 + 2 + 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spoiled_file_leaves_a_published_lake_as_it_was() {
    let good = Shop::with_sample(150, true);
    good.run("retail").await.unwrap();
    for fault in Fault::ALL {
        let shop = good.copied();
        let error = refused(&shop, |s| drop(plant(&s.path("exports"), fault).unwrap())).await;
        as_expected(fault, &error);
        let failed = lake(&shop).runs(1).await.unwrap().remove(0).record;
        assert_eq!(failed["failure"]["code"], error.code(), "the failure is recorded");
        assert_eq!(failed["outcome"], "failed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_channel_and_a_broken_contract_leave_the_lake_as_it_was() {
    let good = Shop::with_sample(150, true);
    let shop = good.copied();
    let error = refused(&shop, |s| fs::remove_dir_all(s.path("exports/loyalty_ledger")).unwrap()).await;
    assert_eq!((error.code(), error.is_refusal()), ("LW6008", false));
    assert!(error.to_string().contains("exports/loyalty_ledger/*") && error.hint().is_some());

    // Found at the very end, when all files are staged.
    let shop = good.copied();
    let error = refused(&shop, |s| {
        let path = s.path("schemas/curated/channel_monthly.yaml");
        let contract = fs::read_to_string(&path).unwrap();
        let stricter = contract.replace("{ in: [store, tmall] }", "{ in: [store] }");
        assert_ne!(contract, stricter);
        fs::write(path, stricter).unwrap();
    })
    .await;
    assert_eq!((error.code(), error.is_refusal()), ("LW6011", true), "{error}");
    assert!(error.to_string().contains("channel_monthly") && error.to_string().contains("channel"));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_key_than_the_lake_s_is_refused() {
    let shop = Shop::with_sample(60, true);
    shop.run("retail").await.unwrap();
    let (tables, files) = (published(&lake(&shop)).await, objects(&shop));
    let other = KeyRing::new(MasterKey::from_bytes([43; 32]), 1);
    let error = shop.run_as("retail", &other, as_of()).await.unwrap_err();
    assert_eq!((error.code(), error.is_refusal()), ("LW6007", true));
    let message = error.to_string();
    assert!(message.contains(&other.fingerprint()) && message.contains(&keys().fingerprint()), "{message}");
    assert!(error.hint().unwrap().contains("key.version"));
    assert_eq!((published(&lake(&shop)).await, objects(&shop)), (tables, files));
}

/// What a load left beside its rows says which key made the tokens. Damaged, it must not count as absent.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_whose_key_facts_are_damaged_takes_no_more_rows() {
    let shop = Shop::with_sample(60, true);
    shop.run("retail").await.unwrap();
    let log = shop.path("lake/conformed/pos_sales/_delta_log/00000000000000000000.json");
    let text = fs::read_to_string(&log).unwrap();
    let spoilt = text.replace("lakewarden.key\":", "lakewarden.key\":17,\"was\":");
    assert_ne!(text, spoilt);
    fs::write(&log, spoilt).unwrap();
    let error = refused(&shop, |_| {}).await;
    assert_eq!(error.code(), "LW6012");
    assert!(error.to_string().contains("pos_sales") && error.to_string().contains("lakewarden.key"), "{error}");
}

/// A file is known by its bytes, whatever it is called and however many have its size.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_bytes_under_another_name_are_not_loaded_again() {
    let shop = Shop::with_sample(60, false);
    let folder = shop.path("exports/products");
    fs::copy(folder.join("products.csv"), folder.join("again.csv")).unwrap();
    let first = shop.run("retail").await.unwrap();
    let products = |record: &lakewarden_pipeline::record::RunRecord| {
        let account = record.datasets.iter().find(|d| d.dataset == "products").unwrap();
        (account.files.len(), account.already_loaded.len(), account.written)
    };
    let (files, known, rows) = products(&first);
    assert_eq!((files, known), (1, 1));
    assert!(rows > 0);
    fs::copy(folder.join("products.csv"), folder.join("later.csv")).unwrap();
    let text = fs::read(folder.join("products.csv")).unwrap();
    let header = text.iter().position(|b| *b == b'\n').unwrap() + 1;
    let mut one = text[..header].to_vec();
    one.extend_from_slice(&text[header..text[header..].iter().position(|b| *b == b'\n').unwrap() + header + 1]);
    fs::write(folder.join("one.csv"), one).unwrap();
    // One new file by its size, three that are known; its row has the key of one that is there.
    assert_eq!(products(&shop.run("retail").await.unwrap()), (1, 3, 0));
}

/// The error of a project that declares its key so.
fn key_error(declared: &str) -> PipelineError {
    let shop = Shop::empty();
    fs::write(shop.path("lakewarden.yaml"), format!("project: keys\nlake: ./lake\ntime_zone: UTC\n{declared}"))
        .unwrap();
    let open = shop.open();
    assert!(open.project.settings.key.is_some() || declared.is_empty(), "the project does not understand {declared}");
    let Err(error) = key_ring(&open.project.settings) else { panic!("a key from {declared}") };
    assert_eq!((error.code(), error.is_refusal()), ("LW6006", false), "{error}");
    assert!(error.hint().is_some_and(|hint| !hint.is_empty()));
    error
}

#[test]
fn a_key_that_is_missing_or_none_is_told_from_where() {
    let missing = key_error("");
    assert!(missing.to_string().contains("lakewarden.yaml"), "{missing}");
    let variable = key_error("key: { environment: LAKEWARDEN_TEST_THAT_NOBODY_SETS }\n");
    assert!(variable.to_string().contains("LAKEWARDEN_TEST_THAT_NOBODY_SETS"), "{variable}");
    let command = key_error("key: { command: [/nonexistent/key-helper, --print] }\n");
    assert!(command.to_string().contains("/nonexistent/key-helper"), "{command}");
    assert!(!command.to_string().contains("--print"), "arguments may be secret: {command}");
    let file = key_error("key: { file: /nonexistent/master.key }\n");
    assert!(file.to_string().contains("/nonexistent/master.key"), "{file}");
    assert!(file.hint().unwrap().contains("keys init"));
}

#[cfg(unix)]
#[test]
fn a_key_file_that_others_may_read_or_that_holds_no_key_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("master.key");
    let declared = format!("key: {{ file: {} }}\n", path.display());
    let good = MasterKey::from_bytes([9; 32]).to_base64();
    fs::write(&path, good.as_str()).unwrap();
    for mode in [0o644, 0o640, 0o604, 0o660] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let error = key_error(&declared);
        assert!(error.to_string().contains(&format!("{mode:03o}")), "{error}");
        assert!(error.hint().unwrap().starts_with("chmod 600 "));
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    for wrong in [&good[..good.len() - 4], "", "not base64 at all!", &format!("{}AAAA", good.as_str())] {
        fs::write(&path, wrong).unwrap();
        let error = key_error(&declared);
        assert!(error.to_string().contains("32 bytes in base64"), "{error}");
        assert!(wrong.is_empty() || !format!("{error} {error:?} {:?}", error.hint()).contains(wrong), "a key is shown");
    }
    let printed = key_error("key: { command: [printf, c2hvcnQ=] }\n");
    assert!(printed.to_string().contains("printf") && !printed.to_string().contains("c2hvcnQ"), "{printed}");
    // The same file, right, is taken: what is refused above is refused for what is wrong with it.
    fs::write(&path, format!("{}\n", good.as_str())).unwrap();
    let shop = Shop::empty();
    fs::write(shop.path("lakewarden.yaml"), format!("project: keys\nlake: ./lake\ntime_zone: UTC\n{declared}"))
        .unwrap();
    let ring = key_ring(&shop.open().project.settings).unwrap();
    assert_eq!(ring.fingerprint(), KeyRing::new(MasterKey::from_bytes([9; 32]), 1).fingerprint());
}
