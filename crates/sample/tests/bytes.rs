//! The same options give the same bytes; others give others; faults do what they say.
#![allow(clippy::unwrap_used)]

mod common;

use common::Sample;
use lakewarden_sample::{DATASETS, Fault, Options, SampleError, plant, write};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

fn hashes(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
                found.insert(name, Sha256::digest(std::fs::read(&path).unwrap()).to_vec());
            }
        }
    }
    found
}

fn options(seed: u64) -> Options {
    Options { months: 7, ..Options::new(150, seed, "2026-03-18".parse().unwrap()) }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let sample = Sample::new(&options(5));
    let first = hashes(sample.dir.path());
    assert_eq!(first, hashes(Sample::new(&options(5)).dir.path()));
    let other = hashes(Sample::new(&options(6)).dir.path());
    for (name, _) in first.iter().filter(|(name, hash)| other.get(*name) == Some(*hash)) {
        let parts: Vec<&str> = name.split('/').collect();
        let ["exports", dataset, file] = parts.as_slice() else { panic!("{name} does not depend on the seed") };
        assert_eq!(sample.accounts.datasets[*dataset][*file].rows, 0, "{name} does not depend on the seed");
    }
}

#[test]
fn clean_exports_have_nothing_to_lose() {
    let sample = Sample::new(&Options { dirt: false, ..options(5) });
    for (dataset, files) in &sample.accounts.datasets {
        for (file, account) in files {
            assert_eq!(account.rows, account.written, "{dataset}/{file}");
            assert!(account.over_collected.is_empty() && account.texts_naming.is_empty(), "{dataset}/{file}");
            assert!(!account.columns_moved && account.repeats.is_none(), "{dataset}/{file}");
        }
    }
    assert_eq!(sample.accounts.shared_phone, None);
    assert!(sample.surviving("pos_sales").iter().all(|row| row.get("手机号").is_none_or(|phone| phone.len() == 11)));
}

#[test]
fn the_smallest_samples_can_be_written() {
    for (customers, months) in [(1, 1), (3, 2), (40, 1)] {
        let sample = Sample::new(&Options { customers, months, ..options(1) });
        assert!(sample.accounts.datasets.values().flat_map(BTreeMap::values).all(|account| account.closes()));
        for dataset in DATASETS.iter().filter(|name| **name != "consent_log") {
            assert!(sample.accounts.datasets.contains_key(*dataset), "{dataset}");
        }
    }
}

#[test]
fn options_out_of_range_and_full_folders_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (exports, truth) = (dir.path().join("exports"), dir.path().join("truth"));
    let refused = |options: &Options| write(&exports, &truth, options, &|_, _| ()).unwrap_err();
    for (options, name) in [
        (Options { customers: 0, ..options(1) }, "customers"),
        (Options { months: 0, ..options(1) }, "months"),
        (Options { end: "1999-12-31".parse().unwrap(), ..options(1) }, "end"),
    ] {
        let error = refused(&options);
        assert!(matches!(error, SampleError::Option { option, .. } if option == name), "{error}");
    }
    assert!(!exports.exists(), "nothing is written before the options are checked");
    std::fs::create_dir(&exports).unwrap();
    std::fs::write(exports.join("mine"), "precious").unwrap();
    assert!(matches!(refused(&options(1)), SampleError::NotEmpty { path } if path == exports));
}

#[test]
fn progress_tells_of_every_row() {
    let dir = tempfile::tempdir().unwrap();
    let told = std::cell::RefCell::new(BTreeMap::<String, u64>::new());
    let progress = |dataset: &str, rows| *told.borrow_mut().entry(dataset.to_owned()).or_default() += rows;
    let summary = write(&dir.path().join("e"), &dir.path().join("t"), &options(1), &progress).unwrap();
    let expected: BTreeMap<String, u64> = summary.datasets.iter().map(|d| (d.name.to_owned(), d.rows)).collect();
    assert_eq!(told.into_inner(), expected);
}

#[test]
fn faults_spoil_one_thing_each() {
    for (fault, months) in Fault::ALL.into_iter().flat_map(|fault| [(fault, 1), (fault, 3)]) {
        let sample = Sample::new(&Options { customers: 60, months, ..options(2) });
        let exports = sample.dir.path().join("exports");
        let before = hashes(&exports);
        let path = plant(&exports, fault).unwrap();
        let after = hashes(&exports);
        let changed: Vec<&String> =
            before.iter().filter(|(name, hash)| after.get(*name) != Some(*hash)).map(|(n, _)| n).collect();
        let [changed] = changed.as_slice() else { panic!("{fault:?}: {changed:?}") };
        assert!(exports.join(changed).starts_with(&path) && changed.starts_with(fault.dataset()));
        match fault {
            Fault::TruncatedGzip => {
                let bytes = std::fs::read(&path).unwrap();
                let mut out = Vec::new();
                let read = std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(bytes.as_slice()), &mut out);
                assert!(read.is_err() && !out.is_empty());
            }
            Fault::ParquetWithoutFooter => {
                let file = std::fs::File::open(&path).unwrap();
                assert!(parquet::file::reader::SerializedFileReader::new(file).is_err());
            }
            Fault::RenamedRequiredColumn => {
                let text = common::text(&path);
                assert!(text.lines().next().unwrap().split(',').any(|column| column == "手机"));
            }
            Fault::MissingHeader => assert!(!common::text(&path).contains("会员卡号")),
            Fault::EmptyFile => assert_eq!(std::fs::metadata(&path).unwrap().len(), 0),
            Fault::EmptyFolder => assert_eq!(std::fs::read_dir(&path).unwrap().count(), 0),
        }
    }
}
