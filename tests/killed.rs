//! `lakewarden run`, killed at many moments and run again, ends in the lake of a run that nobody disturbed.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]
#![cfg(unix)]

#[path = "../crates/lake/tests/lake/s3_server.rs"]
mod s3_server;

use arrow::util::display::{ArrayFormatter, FormatOptions};
use chrono::{TimeDelta, Utc};
use futures::TryStreamExt;
use lakewarden_lake::{Lake, Zone};
use s3_server::{ACCESS_KEY, BUCKET, Manner, S3Server, SECRET_KEY};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Kills spread over a run's duration, over what is left of it once it holds the lake, and those after it has begun to
/// publish, in milliseconds after.
const MOMENTS: u32 = 8;
const HOLDING: u32 = 12;
const INTO_PUBLICATION: [u64; 7] = [0, 2, 5, 10, 20, 40, 80];

struct Project {
    folder: PathBuf,
}

impl Project {
    fn run(&self, lake: &Path, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lakewarden"));
        command.args(["--format", "json", "--project"]).arg(&self.folder);
        command.args(["run", "--pipeline", "retail", "--as-of", "2026-10-01", "--lake"]).arg(lake);
        command.arg("--report").arg(lake.with_extension("html")).args(more);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        command
    }

    fn finished(&self, lake: &Path, more: &[&str]) -> Output {
        self.run(lake, more).output().unwrap()
    }
}

/// When a run is killed.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// After so many parts of the time that a run takes, of [`MOMENTS`].
    After(u32),
    /// After so many parts of that time, of twice [`HOLDING`], since it holds the lake.
    IntoHolding(u32),
    IntoPublication(Duration),
}

/// The newest record of a lake's lease, if it was not released.
struct Lease {
    path: PathBuf,
    state: serde_json::Value,
}

impl Lease {
    fn find(lake: &Path) -> Option<Self> {
        let records = fs::read_dir(lake.join("_lakewarden/lease")).ok()?.map(|entry| entry.unwrap().path());
        let path = records.filter(|path| path.extension().is_some_and(|e| e == "json")).max()?;
        let state: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        (state["released"] == false).then_some(Self { path, state })
    }

    fn attribute_to_another_host(mut self) {
        if cfg!(target_os = "linux") {
            assert!(self.state["process"]["host"].is_string(), "{}", self.state);
            self.state["process"]["host"] = "elsewhere".into();
            fs::write(&self.path, self.state.to_string()).unwrap();
        }
    }
}

/// Waits until something is in a folder of the lake, or the run has ended.
fn wait_for_records(child: &mut Child, folder: &Path) {
    let begun = || fs::read_dir(folder).is_ok_and(|mut found| found.next().is_some());
    while !begun() && child.try_wait().unwrap().is_none() {
        sleep(Duration::from_micros(200));
    }
}

/// Waits for the moment and kills. None if the run had ended by then.
fn kill(mut child: Child, moment: Moment, lasts: Duration, lake: &Path) -> Option<ExitStatus> {
    match moment {
        Moment::After(parts) => sleep(lasts * parts / MOMENTS),
        Moment::IntoHolding(parts) => {
            wait_for_records(&mut child, &lake.join("_lakewarden/lease"));
            sleep(lasts * parts / (2 * HOLDING));
        }
        Moment::IntoPublication(time) => {
            wait_for_records(&mut child, &lake.join("_lakewarden/publication"));
            sleep(time);
        }
    }
    if child.try_wait().unwrap().is_some() {
        return None;
    }
    child.kill().unwrap();
    Some(child.wait().unwrap())
}

/// Rows of all tables, sorted, as text. What is sealed has another nonce and run every time and is counted only.
async fn contents(lake: &Lake) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    for zone in Zone::ALL {
        for name in lake.tables(zone).await.unwrap() {
            let table = lake.table(zone, &name).await.unwrap().unwrap();
            let mut rows = Vec::new();
            let mut batches = lake.read_table_batches(&table, None).unwrap();
            while let Some(batch) = batches.try_next().await.unwrap() {
                let schema = batch.schema();
                let options = FormatOptions::default();
                let hidden = |name: &str| ["nonce", "sealed", "run", "quarantined_at"].contains(&name);
                let shown = schema.fields().iter().zip(batch.columns()).filter(|(f, _)| !hidden(f.name()));
                let columns: Vec<ArrayFormatter<'_>> =
                    shown.map(|(_, c)| ArrayFormatter::try_new(c.as_ref(), &options).unwrap()).collect();
                rows.extend(
                    (0..batch.num_rows())
                        .map(|row| columns.iter().map(|c| c.value(row).to_string()).collect::<Vec<_>>().join("|")),
                );
            }
            assert_eq!(rows.len() as u64, table.rows(), "{zone}.{name}");
            rows.sort();
            all.insert(format!("{zone}.{name}"), rows);
        }
    }
    all
}

/// Every file of the zones that is no log, or is half-written, and that no version of its table names.
async fn unnamed(lake: &Lake, root: &Path) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for zone in Zone::ALL {
        for name in lake.tables(zone).await.unwrap() {
            let table = format!("{}/{name}", zone.folder());
            for entry in fs::read_dir(root.join(&table).join("_delta_log")).unwrap() {
                let log = fs::read_to_string(entry.unwrap().path()).unwrap();
                let actions = log.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
                named.extend(actions.filter_map(|a| Some(format!("{table}/{}", a["add"]["path"].as_str()?))));
            }
        }
    }
    let mut found = BTreeSet::new();
    let mut folders: Vec<PathBuf> = Zone::ALL.iter().map(|zone| root.join(zone.folder())).collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if folder.file_name().unwrap() != "_delta_log" || path.to_str().unwrap().contains('#') {
                found.insert(path.strip_prefix(root).unwrap().display().to_string());
            }
        }
    }
    &found - &named
}

fn open(folder: &Path) -> Lake {
    Lake::open(&format!("file://{}/", folder.display()).parse().unwrap()).unwrap()
}

fn code(output: &Output) -> String {
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    said["error"]["code"].as_str().unwrap_or("none").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_killed_at_any_moment_and_run_again_ends_as_if_undisturbed() {
    let folder = tempfile::tempdir().unwrap();
    let project = Project { folder: folder.path().join("demo") };
    let demo = Command::new(env!("CARGO_BIN_EXE_lakewarden"))
        .arg("demo")
        .arg(&project.folder)
        .args(["--customers", "200"])
        .stderr(Stdio::null())
        .output()
        .unwrap();
    assert!(demo.status.success());

    let undisturbed = folder.path().join("undisturbed");
    let begun = Instant::now();
    assert!(project.finished(&undisturbed, &[]).status.success());
    let mut lasts = begun.elapsed();
    let expected = contents(&open(&undisturbed)).await;
    assert_eq!(expected.keys().filter(|table| table.starts_with("curated.")).count(), 5);

    let spread = (0..MOMENTS).map(Moment::After).chain((0..HOLDING).map(Moment::IntoHolding));
    let into = INTO_PUBLICATION.map(|ms| Moment::IntoPublication(Duration::from_millis(ms)));
    let (mut killed, mut held, mut completed, mut with_orphans) = (0, 0, 0, 0);
    for (number, moment) in spread.chain(into).enumerate() {
        let root = folder.path().join(format!("lake{number}"));
        let child = project.run(&root, &[]).spawn().unwrap();
        match (kill(child, moment, lasts, &root), moment) {
            (Some(_), _) => killed += 1,
            // The machine has become faster, or was busy when it was measured: so it takes no longer than this.
            (None, Moment::After(parts)) => lasts = lasts * parts / MOMENTS,
            (None, Moment::IntoHolding(_)) => lasts = lasts * 3 / 4,
            (None, Moment::IntoPublication(_)) => (),
        }

        // On its own machine the dead process has no lease. On another one, a run waits until it is told that it is dead.
        if let Some(lease) = Lease::find(&root) {
            held += 1;
            // Only Linux says enough of processes; elsewhere each lease is as if of another host.
            if held % 2 == 0 || !cfg!(target_os = "linux") {
                lease.attribute_to_another_host();
                let refused = project.finished(&root, &[]);
                assert_eq!((code(&refused).as_str(), refused.status.code()), ("LW5050", Some(75)), "{moment:?}");
                let said: serde_json::Value = serde_json::from_slice(&refused.stdout).unwrap();
                assert!(said["error"]["hint"].as_str().unwrap().contains("--take-over"), "{said}");
                let taken = project.finished(&root, &["--take-over"]);
                assert!(taken.status.success(), "{moment:?}: {}", code(&taken));
            }
        }
        let second = project.finished(&root, &[]);
        assert!(second.status.success(), "{moment:?}: {}", code(&second));

        let lake = open(&root);
        let found = contents(&lake).await;
        assert!(found.keys().eq(expected.keys()), "{moment:?}: the tables");
        for (table, rows) in &expected {
            assert!(
                found[table] == *rows,
                "{moment:?}: {table} has {} rows, {} expected",
                found[table].len(),
                rows.len()
            );
        }
        let audit = lake.audit().read_all().await.unwrap();
        completed += usize::from(audit.iter().any(|entry| entry.record["event"] == "recovered"));
        lake.audit().verify().await.unwrap();

        let later = Utc::now() + TimeDelta::hours(1);
        let orphans = lake.orphans(TimeDelta::zero(), later).await.unwrap();
        // Of the lake's own records, those that were being written are listed as well.
        let listed: BTreeSet<String> =
            orphans.into_iter().map(|orphan| orphan.path).filter(|path| !path.starts_with("_lakewarden/")).collect();
        let unnamed = unnamed(&lake, &root).await;
        assert_eq!(unnamed, listed, "{moment:?}: files that no table names, and those that are listed as such");
        with_orphans += u32::from(!unnamed.is_empty());
        lake.remove_orphans(TimeDelta::zero(), later).await.unwrap();
        assert_eq!(contents(&lake).await, found);
        fs::remove_dir_all(&root).unwrap();
    }
    // The test tests something: runs died before, while and after they held the lake, wrote files and published.
    assert!(killed >= 20 && held >= 15, "{killed} killed, {held} of them held the lake");
    assert!(with_orphans >= 5, "{with_orphans} left files");
    assert!(completed >= 1, "{completed} publications were completed by the next run");
}

/// The project that `init` writes, small enough to be killed often, and where its lakes lie.
struct Small<'s> {
    folder: PathBuf,
    home: PathBuf,
    server: Option<&'s S3Server>,
}

impl Small<'_> {
    fn command(&self, arguments: &[&str], lake: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lakewarden"));
        command.args(["--format", "json", "--project"]).arg(&self.folder).args(arguments);
        if !lake.is_empty() {
            command.args(["--lake", lake]);
        }
        command.env("HOME", &self.home).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        if let Some(server) = self.server {
            command.env("AWS_ENDPOINT_URL", server.endpoint()).env("AWS_REGION", "us-east-1");
            command.env("AWS_ACCESS_KEY_ID", ACCESS_KEY).env("AWS_SECRET_ACCESS_KEY", SECRET_KEY);
        }
        command
    }

    fn run(&self, lake: &str) -> Command {
        // A report of another lake is not overwritten.
        let report = self.home.join(lake.rsplit('/').next().unwrap()).with_extension("html");
        self.command(&["run", "--as-of", "2026-10-01", "--take-over", "--report", report.to_str().unwrap()], lake)
    }

    /// Where lake `number` lies, and the lake as this process sees it.
    fn lake(&self, number: usize) -> (String, Lake) {
        match self.server {
            Some(server) => {
                let address = format!("s3://{BUCKET}/lake{number}");
                let lake = Lake::with_store(&address.parse().unwrap(), server.store()).unwrap();
                (address, lake)
            }
            None => {
                let folder = self.home.join(format!("lake{number}"));
                (folder.to_str().unwrap().to_owned(), open(&folder))
            }
        }
    }
}

/// Kills a run at moments that a seed says, and looks each time at what the next one makes of it.
async fn killed_often(server: Option<&S3Server>, kills: u32) {
    let scratch = tempfile::tempdir().unwrap();
    let small = Small { folder: scratch.path().join("shop"), home: scratch.path().to_owned(), server };
    for arguments in [&["init", small.folder.to_str().unwrap()][..], &["keys", "init"]] {
        let made = small.command(arguments, "").current_dir(scratch.path()).output().unwrap();
        assert!(made.status.success(), "{arguments:?}: {}", code(&made));
    }
    let (address, undisturbed) = small.lake(0);
    assert!(small.run(&address).output().unwrap().status.success());
    let (again, _) = small.lake(1);
    let begun = Instant::now();
    assert!(small.run(&again).output().unwrap().status.success());
    let mut lasts = begun.elapsed();
    let expected = contents(&undisturbed).await;

    let (mut killed, mut with_work) = (0, 0);
    let mut state = 0x9e37_79b9_u64;
    for kill in 0..4 * kills {
        if killed == kills {
            break;
        }
        // Numerical Recipes' generator: the same moments in every run of the test, as parts of a run's time.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let moment = lasts.mul_f64((state >> 33) as f64 / f64::from(1_u32 << 31));
        let (address, lake) = small.lake(2 + kill as usize);
        let mut child = small.run(&address).spawn().unwrap();
        sleep(moment);
        if child.try_wait().unwrap().is_none() {
            child.kill().unwrap();
            killed += 1;
        } else {
            // The machine has become faster, or was busy when it was measured: so it takes no longer than this.
            lasts = moment;
        }
        child.wait().unwrap();

        let second = small.run(&address).output().unwrap();
        assert!(second.status.success(), "killed after {moment:?}: {}", code(&second));
        assert_eq!(contents(&lake).await, expected, "killed after {moment:?}");
        let doctor = small.command(&["doctor", "--fix", "--grace", "0"], &address).output().unwrap();
        let said: serde_json::Value = serde_json::from_slice(&doctor.stdout).unwrap();
        let found: Vec<_> = said["findings"].as_array().unwrap().iter().filter(|f| f["code"] != "LW5064").collect();
        assert!(found.is_empty(), "killed after {moment:?}: {found:#?}");
        with_work += u32::from(said["fixed"]["removed"] != 0);
        let later = Utc::now() + TimeDelta::hours(1);
        assert_eq!(lake.orphans(TimeDelta::zero(), later).await.unwrap(), [], "killed after {moment:?}");
        assert_eq!(contents(&lake).await, expected, "mended after {moment:?}");
        // The server looks through the whole bucket for every listing.
        let folder = server.map_or(small.home.clone(), S3Server::bucket).join(format!("lake{}", 2 + kill));
        fs::remove_dir_all(folder).unwrap();
    }
    assert_eq!(killed, kills, "runs that were killed");
    // Over S3 too few are killed for one to be sure of having been in the middle of its tables.
    assert!(with_work > 0 || server.is_some(), "no run left anything");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_small_run_killed_often_ends_as_if_undisturbed() {
    killed_often(None, 24).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_small_run_over_s3_killed_often_ends_as_if_undisturbed() {
    let server = S3Server::start(Manner::Good).await;
    killed_often(Some(&server), 8).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "takes minutes; LAKEWARDEN_THOROUGH"]
async fn a_small_run_killed_hundreds_of_times() {
    killed_often(None, 300).await;
    let server = S3Server::start(Manner::Good).await;
    killed_often(Some(&server), 200).await;
}
