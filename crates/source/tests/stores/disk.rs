//! Folders: patterns, days, completeness, names that play tricks.

use super::*;
use std::fs;
use tempfile::TempDir;

fn folder(files: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, file).unwrap();
    }
    folder
}

async fn listed(folder: &TempDir, pattern: &str, window: Option<Window>) -> Result<Listing, SourceError> {
    orders(folder.path(), pattern, window, None, &around(&[])).await
}

#[tokio::test(flavor = "multi_thread")]
async fn patterns_find_what_they_say() {
    let files = ["a/x.csv", "a/y.csv.gz", "a/.hidden.csv", "a/b/x.csv", "a/b/c/x.csv", "a/.h/x.csv", "c/x.csv"];
    let folder = folder(&files);
    for (pattern, expected) in [
        ("a/*.csv", &["a/x.csv"][..]),
        ("a/*", &["a/x.csv", "a/y.csv.gz"]),
        ("*/x.csv", &["a/x.csv", "c/x.csv"]),
        ("a/**/x.csv", &["a/b/c/x.csv", "a/b/x.csv", "a/x.csv"]),
        ("a/b/**", &["a/b/c/x.csv", "a/b/x.csv"]),
        ("{a,c}/[xz].csv", &["a/x.csv", "c/x.csv"]),
        ("{a,a}/x.csv", &["a/x.csv"]),
        ("a/y.csv.gz", &["a/y.csv.gz"]),
        ("a/.hidden.csv", &["a/.hidden.csv"]),
    ] {
        let found = listed(&folder, pattern, None).await.unwrap();
        assert_eq!(names(&found), expected, "{pattern}");
        assert_eq!(read(&found.files[0]).unwrap(), expected[0].as_bytes());
        assert_eq!(found.files[0].size, expected[0].len() as u64);
    }
    let absolute = format!("file://{}/c/*", folder.path().display());
    assert_eq!(names(&listed(&folder, &absolute, None).await.unwrap()), ["c/x.csv"]);
    for nothing in ["b/*", "a/*.json", "a/x.csv/*", "nowhere/**/*"] {
        let error = listed(&folder, nothing, None).await.unwrap_err();
        assert_eq!((error.code(), error.to_string().contains(nothing)), ("LW6008", true), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn days_are_asked_for_with_both_ends() {
    let dates = ["2026-08-31", "2026-09-01", "2026-09-02", "2026-09-05"];
    let files: Vec<String> = dates.iter().map(|date| format!("pos/dt={date}/a.csv")).collect();
    let folder = folder(&files.iter().map(String::as_str).collect::<Vec<_>>());
    let pattern = "pos/dt={date}/*.csv";
    let found = listed(&folder, pattern, days("2026-09-01", "2026-09-05")).await.unwrap();
    assert_eq!(names(&found), [&files[1], &files[2], &files[3]]);
    assert_eq!(remarks(&found), ["pos/dt={date}/*.csv: no file for 2026-09-03, 2026-09-04 (2 of 5 intervals)"]);
    let interval = found.origins.interval(&files[1]).unwrap();
    assert_eq!(interval.from.to_string(), "2026-09-01 00:00:00");
    assert_eq!(interval.until.to_string(), "2026-09-02 00:00:00");
    // Ends that are open are those of the files.
    let from = Some(Window { from: Some(day("2026-09-02")), to: None });
    let found = listed(&folder, pattern, from).await.unwrap();
    assert_eq!((names(&found).len(), remarks(&found).len()), (2, 1));
    // Without days nobody has asked for any to be there.
    let all = listed(&folder, pattern, None).await.unwrap();
    assert_eq!((names(&all).len(), remarks(&all).len()), (4, 0));
    let error = listed(&folder, pattern, days("2027-01-01", "2027-01-31")).await.unwrap_err();
    assert_eq!(error.code(), "LW6008");
    assert!(error.to_string().contains("from 2027-01-01 to 2027-01-31"), "{error}");
    // A pattern without a date is of all days.
    let all = listed(&folder, "pos/*/*.csv", days("2026-09-01", "2026-09-01")).await.unwrap();
    assert_eq!(names(&all).len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn dates_stand_where_they_stand() {
    let folder = folder(&[
        "h/2026/09/30/pos-23.csv",
        "h/2026/10/01/pos-00.csv",
        "flat/pos_20260930.csv",
        "flat/pos_20261001.csv",
        "both/2026-09/2026-09-30.csv",
        "m/year=2026/month=09/a.csv",
    ]);
    for (pattern, expected, from) in [
        ("h/{date:%Y/%m/%d}/pos-{hour}.csv", "h/2026/09/30/pos-23.csv", "2026-09-30 23:00:00"),
        ("h/{year}/{month}/{day}/*-{hour}*", "h/2026/09/30/pos-23.csv", "2026-09-30 23:00:00"),
        ("flat/pos_{date:%Y%m%d}.csv", "flat/pos_20260930.csv", "2026-09-30 00:00:00"),
        ("both/{year}-{month}/{date}.csv", "both/2026-09/2026-09-30.csv", "2026-09-30 00:00:00"),
        ("m/year={year}/month={month}/*", "m/year=2026/month=09/a.csv", "2026-09-01 00:00:00"),
    ] {
        let found = listed(&folder, pattern, days("2026-09-30", "2026-09-30")).await.unwrap();
        assert_eq!(names(&found), [expected], "{pattern}");
        assert_eq!(found.origins.interval(expected).unwrap().from.to_string(), from);
    }
    let hours = listed(&folder, "h/{date:%Y/%m/%d}/pos-{hour}.csv", days("2026-09-30", "2026-09-30")).await.unwrap();
    assert!(remarks(&hours)[0].ends_with("2026-09-30T04, … (23 of 24 intervals)"), "{:?}", remarks(&hours));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_there_is_not_is_no_day() {
    for (file, pattern) in [
        ("dt=2026-02-30/a.csv", "dt={date}/*"),
        ("dt=2026-09-30/pos-2026-09-29.csv", "dt={date}/pos-{date}.csv"),
        ("pos-20261301.csv", "pos-{date:%Y%m%d}.csv"),
    ] {
        let error = listed(&folder(&[file]), pattern, None).await.unwrap_err();
        assert_eq!(error.code(), "LW7009", "{error}");
        assert!(error.to_string().contains(file.split('/').next().unwrap()), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_wait_until_they_are_whole() {
    let folder = folder(&["a/1.csv", "a/2.csv", "a/_SUCCESS", "b/3.csv", "c/4.csv", "c/4.csv.done", "c/5.csv"]);
    let listed = async |pattern: &str, when: &CompleteWhen, now: DateTime<Utc>| {
        let around = Surroundings { now, ..around(&[]) };
        orders(folder.path(), pattern, None, Some(when), &around).await
    };
    let marker = whole_when(Some("_SUCCESS"), None);
    let found = listed("{a,b}/*", &marker, Utc::now()).await.unwrap();
    assert_eq!(names(&found), ["a/1.csv", "a/2.csv"]);
    assert_eq!(remarks(&found), ["b: not read yet, waiting for _SUCCESS: 1 file"]);
    let each = whole_when(Some("{file}.done"), None);
    let found = listed("c/*", &each, Utc::now()).await.unwrap();
    assert_eq!(names(&found), ["c/4.csv"]);
    assert_eq!(remarks(&found), ["c: not read yet, waiting for {file}.done: 1 file"]);
    // Without the demand a marker is a file like any other.
    assert_eq!(names(&orders(folder.path(), "c/*", None, None, &around(&[])).await.unwrap()).len(), 3);
    let error = listed("b/*", &marker, Utc::now()).await.unwrap_err();
    assert_eq!(error.code(), "LW6008");
    assert!(error.to_string().contains("waiting for _SUCCESS: 1 file"), "{error}");

    let old = whole_when(None, Some(15));
    let error = listed("b/*", &old, Utc::now()).await.unwrap_err();
    assert!(error.to_string().contains("written less than 15 minutes ago: 1 file"), "{error}");
    let later = Utc::now() + chrono::TimeDelta::minutes(16);
    assert_eq!(names(&listed("b/*", &old, later).await.unwrap()), ["b/3.csv"]);
    // A clock that is behind makes nothing old.
    assert!(listed("b/*", &old, hours_ago(1)).await.is_err());
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn names_play_no_tricks() {
    use std::os::unix::ffi::OsStrExt;
    let odd = folder(&["a/x\u{1b}[2J\n.csv", "a/%2e%2e%2fb.csv", "a/\u{202e}vsc.csv", "secret.csv"]);
    let found = listed(&odd, "a/*", None).await.unwrap();
    assert_eq!(names(&found), ["a/%2e%2e%2fb.csv", "a/\\u{202e}vsc.csv", "a/x\\u{1b}[2J\\u{a}.csv"]);
    for file in &found.files {
        assert!(read(file).unwrap().starts_with(b"a/"), "{}", file.name);
    }
    // What cannot be named is not passed over in silence.
    fs::write(odd.path().join(std::ffi::OsStr::from_bytes(b"a/\xff.csv")), "x").unwrap();
    assert_eq!(listed(&odd, "a/*", None).await.unwrap_err().code(), "LW7001");
    // Links in a circle come to an end.
    let circle = folder(&["a/x.csv"]);
    std::os::unix::fs::symlink("../a", circle.path().join("a/again")).unwrap();
    assert!(names(&listed(&circle, "a/**/x.csv", None).await.unwrap()).contains(&"a/x.csv"));
}
