//! The file that is kept: what it spares, when it counts, and what becomes of one that does not.

use super::codes;
use super::shop::{BUILD, Shop};
use lakewarden_dictionary::Problem;
use lakewarden_pipeline::{CheckCache, check_again};
use std::fs;

const FOLDER: &str = ".lakewarden";
const FILE: &str = ".lakewarden/check.cache";
const MODELS: usize = 9;

/// What is wrong, and how many models were compiled to find it.
async fn check_as(shop: &Shop, build: &str) -> (Vec<Problem>, usize) {
    let mut cache = CheckCache::open(&shop.path(""), build);
    let problems = check_again(&shop.open(), &mut cache).await.unwrap();
    // It may well not be possible.
    let _ = cache.save();
    (problems, cache.compiled())
}

/// How many models are compiled anew in a project without problems.
async fn compiled(shop: &Shop) -> usize {
    let (problems, compiled) = check_as(shop, BUILD).await;
    assert_eq!(codes(&problems), Vec::<&str>::new());
    compiled
}

fn replace(shop: &Shop, path: &str, from: &str, to: &str) {
    let text = fs::read_to_string(shop.path(path)).unwrap();
    assert!(text.contains(from), "{path} holds no {from:?}");
    shop.write(path, &text.replacen(from, to, 1));
}

#[tokio::test]
async fn only_what_an_edit_touches_is_compiled() {
    let shop = Shop::new();
    assert_eq!(compiled(&shop).await, MODELS);
    assert_eq!(compiled(&shop).await, 0);
    replace(&shop, "pipelines/shop/models/goods.sql", "SELECT", "-- What there is.\nSELECT");
    assert_eq!(compiled(&shop).await, 1, "a model alone");
    replace(&shop, "schemas/curated/customer_orders.yaml", "Example.", "What each bought.");
    assert_eq!(compiled(&shop).await, 3, "a contract: its model, and two that read it");
    replace(&shop, "schemas/channels/orders.yaml", "Example.", "One order.");
    assert_eq!(compiled(&shop).await, 3, "a dataset: the models that read it");
    replace(&shop, "schemas/channels/members.yaml", "marketing: legitimate_interests", "marketing: contract");
    assert_eq!(compiled(&shop).await, 3, "the ground on which customers are read: two models of it, and one of them");
    for (path, from, to) in [
        ("lakewarden.yaml", "project: shop", "project: a-shop"),
        ("schemas/purposes.yaml", "Example.", "To know."),
        ("pipelines/shop/pipeline.yaml", "en: Shop", "en: A shop"),
    ] {
        replace(&shop, path, from, to);
        assert_eq!(compiled(&shop).await, MODELS, "{path}, on which all depend");
    }
    // What has problems is compiled each time.
    replace(&shop, "pipelines/shop/models/goods.sql", "sku", "skuu");
    for _ in 0..2 {
        let (problems, compiled) = check_as(&shop, BUILD).await;
        assert_eq!((codes(&problems), compiled), (vec!["LW2001"], 1));
    }
}

#[tokio::test]
async fn what_another_build_kept_does_not_count() {
    let shop = Shop::new();
    assert_eq!(compiled(&shop).await, MODELS);
    let (problems, compiled_anew) = check_as(&shop, "another").await;
    assert_eq!((codes(&problems), compiled_anew), (Vec::new(), MODELS));
    assert_eq!(compiled(&shop).await, MODELS, "the other's has taken its place");
}

#[tokio::test]
async fn what_is_damaged_does_not_count_and_is_replaced() {
    let shop = Shop::new();
    assert_eq!(compiled(&shop).await, MODELS);
    let whole = fs::read(shop.path(FILE)).unwrap();
    let half = whole[..whole.len() / 2].to_vec();
    let mut changed = whole.clone();
    *changed.last_mut().unwrap() ^= 1;
    for damaged in [half, changed, Vec::new(), vec![0xff; 64], b"{}".to_vec()] {
        fs::write(shop.path(FILE), damaged).unwrap();
        assert_eq!(compiled(&shop).await, MODELS);
        assert!(fs::read(shop.path(FILE)).unwrap() == whole, "another than before");
        assert_eq!(compiled(&shop).await, 0);
    }
}

#[tokio::test]
async fn it_lies_in_a_folder_that_git_does_not_see() {
    let shop = Shop::new();
    compiled(&shop).await;
    assert_eq!(fs::read_to_string(shop.path(FOLDER).join(".gitignore")).unwrap(), "*\n");
    let mut names: Vec<_> = fs::read_dir(shop.path(FOLDER)).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, [".gitignore", "check.cache"]);
}

#[tokio::test]
async fn where_nothing_can_be_kept_everything_is_compiled() {
    let shop = Shop::new();
    fs::write(shop.path(FOLDER), "not a folder").unwrap();
    for _ in 0..2 {
        assert_eq!(compiled(&shop).await, MODELS);
    }
    let cache = CheckCache::open(&shop.path(""), BUILD);
    assert!(cache.save().is_err());
    assert_eq!(fs::read_to_string(shop.path(FOLDER)).unwrap(), "not a folder");
}

#[cfg(unix)]
#[tokio::test]
async fn nothing_is_read_or_written_through_a_link() {
    use std::os::unix::fs::{MetadataExt, symlink};
    let (shop, other) = (Shop::new(), Shop::new());
    assert_eq!(compiled(&other).await, MODELS);
    let of_other = fs::metadata(other.path(FILE)).unwrap();
    symlink(other.path(FOLDER), shop.path(FOLDER)).unwrap();
    assert_eq!(compiled(&shop).await, MODELS, "the folder is a link");
    fs::remove_file(shop.path(FOLDER)).unwrap();
    fs::create_dir(shop.path(FOLDER)).unwrap();
    symlink(other.path(FILE), shop.path(FILE)).unwrap();
    assert_eq!(compiled(&shop).await, MODELS, "the file is a link, and is replaced");
    assert_eq!(compiled(&shop).await, 0);
    assert!(fs::symlink_metadata(shop.path(FILE)).unwrap().is_file());
    let now = fs::metadata(other.path(FILE)).unwrap();
    assert_eq!((now.ino(), now.mtime_nsec()), (of_other.ino(), of_other.mtime_nsec()));
    // A file that says the same already is not written again.
    let before = fs::metadata(shop.path(FILE)).unwrap().ino();
    assert_eq!(compiled(&shop).await, 0);
    assert_eq!(fs::metadata(shop.path(FILE)).unwrap().ino(), before);
}
