//! Signals, dead processes, and two runs at once.
#![cfg(target_os = "linux")]

use crate::support::Place;
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Many rows, so that a run takes long enough to be interrupted.
fn long_run() -> Place {
    let place = Place::keyed();
    let mut rows = String::new();
    let header = place.read("exports/orders/orders_2026-09.csv");
    let mut lines = header.lines();
    let first = lines.next().unwrap();
    let sample = lines.next().unwrap();
    rows.push_str(first);
    for number in 0..400_000 {
        let own = sample.replacen("1001", &format!("9{number:07}"), 1);
        rows.push('\n');
        rows.push_str(&own);
    }
    place.write("exports/orders/orders_2026-10.csv", &rows);
    place
}

#[expect(clippy::disallowed_methods, reason = "it waits for another process")]
fn start(place: &Place) -> Child {
    let child = place.command(&["run"]).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    // Until it has the lease.
    let until = Instant::now() + Duration::from_secs(60);
    while !place.path("lake/_lakewarden/lease/00000001.json").exists() {
        assert!(Instant::now() < until, "no lease");
        std::thread::sleep(Duration::from_millis(2));
    }
    child
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").arg(format!("-{name}")).arg(child.id().to_string()).status().unwrap().success());
}

#[test]
fn a_signal_is_recorded_and_the_lake_is_free() {
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let place = long_run();
        let child = start(&place);
        signal(&child, name);
        let said = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&said.stderr).into_owned();
        assert_eq!(said.status.code(), Some(code), "{stderr}");
        assert!(stderr.contains(&format!("error[LW7040]: SIG{name} stopped the run")), "{stderr}");
        assert!(stderr.contains("\nreport: report.html\n"), "{stderr}");
        assert!(place.read("report.html").contains(&format!("SIG{name} stopped the run")));
        let status = place.json(0, &["status"]);
        assert_eq!(status["runs"][0]["outcome"], "interrupted");
        place.good(&["run", "--as-of", "2026-10-01"]);
    }
}

#[test]
fn a_killed_process_has_no_lease_and_a_live_one_has() {
    let place = long_run();
    let mut child = start(&place);
    let second = place.say(&["run"]);
    assert_eq!(second.code, 75, "{}", second.stderr);
    assert!(second.stderr.contains("error[LW5050]"), "{}", second.stderr);
    signal(&child, "KILL");
    // Not waited for: a zombie has no lease either.
    std::thread::sleep(Duration::from_millis(300));
    place.good(&["run", "--as-of", "2026-10-01"]);
    child.wait().unwrap();
}

#[test]
fn a_query_is_read_from_stdin_or_a_file() {
    let place = Place::published();
    let mut child = place
        .command(&["query", "-", "--purpose", "analytics", "--format", "csv"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"SELECT 1 AS one, CAST(NULL AS VARCHAR) AS none, '' AS empty, 'a,b' AS c")
        .unwrap();
    let said = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&said.stdout), "one,none,empty,c\n1,,\"\",\"a,b\"\n");
    place.write("q.sql", "SELECT 2 AS two");
    let said = place.good(&["query", "--file", "q.sql", "--purpose", "analytics", "--format", "csv"]);
    assert_eq!(said.stdout, "two\n2\n");
    assert_eq!(place.say(&["query", "--purpose", "analytics"]).code, 2);
    assert_eq!(place.say(&["status", "--format", "csv"]).code, 2);
}
