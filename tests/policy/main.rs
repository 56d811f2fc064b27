//! The policy's rules as literate tests: every case of `tests/policy/*.md` is a small project, and what becomes of it.
//!
//! `README.md` beside this file says how a case is written. `LAKEWARDEN_UPDATE_POLICY_TESTS=1 cargo test --workspace
//! --test policy` writes the expected texts anew: read the diff. It never changes a verdict.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod complete;
mod diff;
mod harness;
mod judge;
mod markdown;
mod project;

use judge::{Judged, judge};
use markdown::File;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Says that expected texts are to be written rather than compared.
const UPDATE: &str = "LAKEWARDEN_UPDATE_POLICY_TESTS";
/// Fewer cases than this means that files are not found.
const LEAST: usize = 160;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/policy")
}

/// Every file of cases, in order of name.
fn files() -> Vec<(PathBuf, File)> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "md") && !path.ends_with("README.md"))
        .collect();
    // Its examples are cases, too.
    paths.push(folder().join("../../docs/policy/recipes.md"));
    paths.sort();
    let read = |path: PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let file = File::parse(&name, &fs::read_to_string(&path).unwrap()).unwrap_or_else(|error| panic!("{error}"));
        (path, file)
    };
    paths.into_iter().map(read).collect()
}

/// Judges all cases, as many at once as there are processors; the order of the answers is that of the cases.
fn judge_all(files: &[(PathBuf, File)]) -> Vec<Vec<Judged>> {
    let work: Vec<(usize, usize)> =
        files.iter().enumerate().flat_map(|(f, (_, file))| (0..file.cases.len()).map(move |c| (f, c))).collect();
    let judged: Mutex<Vec<((usize, usize), Judged)>> = Mutex::default();
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((f, c)) = work.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let file = &files[*f].1;
                    let answer = judge(file, &file.cases[*c]);
                    judged.lock().unwrap().push(((*f, *c), answer));
                }
            });
        }
    });
    let mut judged = judged.into_inner().unwrap();
    judged.sort_by_key(|(at, _)| *at);
    let mut by_file: Vec<Vec<Judged>> = files.iter().map(|_| Vec::new()).collect();
    for ((f, _), answer) in judged {
        by_file[f].push(answer);
    }
    by_file
}

#[test]
fn every_case_ends_as_it_says() {
    let files = files();
    let cases: usize = files.iter().map(|(_, f)| f.cases.len()).sum();
    assert!(cases >= LEAST, "only {cases} cases");
    let update = std::env::var_os(UPDATE).is_some_and(|v| v == "1");
    let mut failures = Vec::new();
    for ((path, file), judged) in files.iter().zip(judge_all(&files)) {
        if update {
            let text = fs::read_to_string(path).unwrap();
            let rewritten = judge::rewritten(&text, &judged);
            if rewritten != text {
                eprintln!("{} is written anew", file.name);
                fs::write(path, rewritten).unwrap();
            }
        }
        failures.extend(judged.iter().flat_map(|j| j.failures(update)));
    }
    let hint = format!("\n{UPDATE}=1 writes the texts anew, but no verdict");
    assert!(failures.is_empty(), "{} of {cases} cases\n\n{}{hint}", failures.len(), failures.join("\n"));
}
