//! Every stable code has its page under docs/diagnostics, and every page its code.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Codes that stand as literals in this text.
fn codes(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("\"LW").filter_map(|(at, _)| {
        let code = text.get(at + 1..at + 7)?;
        let ends = text[at + 7..].starts_with('"');
        (ends && code[2..].bytes().all(|b| b.is_ascii_digit())).then_some(code)
    })
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

fn codes_of_sources() -> BTreeSet<String> {
    let mut files = Vec::new();
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        sources(&entry.unwrap().path().join("src"), &mut files);
    }
    assert!(files.len() > 50);
    files.iter().flat_map(|f| codes(&fs::read_to_string(f).unwrap()).map(str::to_owned).collect::<Vec<_>>()).collect()
}

fn pages() -> BTreeMap<String, String> {
    fs::read_dir(root().join("docs/diagnostics"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_stem().is_some_and(|name| name != "README"))
        .map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), fs::read_to_string(path).unwrap()))
        .collect()
}

#[test]
fn every_code_has_its_page_and_every_page_its_code() {
    let codes = codes_of_sources();
    assert!(codes.contains("LW1003") && codes.contains("LW9004"), "the search finds no codes");
    let pages: BTreeSet<String> = pages().into_keys().collect();
    let lacking: Vec<_> = codes.difference(&pages).collect();
    let left_over: Vec<_> = pages.difference(&codes).collect();
    assert!(lacking.is_empty(), "without a page in docs/diagnostics: {lacking:?}");
    assert!(left_over.is_empty(), "pages of codes that no crate has: {left_over:?}");
}

#[test]
fn every_page_says_what_why_and_how_to_mend_it() {
    for (code, page) in pages() {
        assert!(page.starts_with(&format!("# {code}: ")), "{code} has another title");
        for (heading, next) in [("## Why", "## Example"), ("## Example", "## Mend"), ("## Mend", "\u{0}")] {
            let (_, rest) =
                page.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("{code} has no {heading}"));
            let own = rest.split(&format!("\n{next}\n")).next().unwrap().trim();
            assert!(own.len() > 15, "{code}: nothing under {heading}");
        }
        let what = page.split_once("\n## Why\n").unwrap().0;
        assert!(
            what.lines().skip(1).any(|l| !l.is_empty() && !l.starts_with("<!--")),
            "{code} does not say what it is"
        );
    }
}
