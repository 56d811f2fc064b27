//! The retail pipeline, measured from outside as a user runs it.

use crate::error::ChoreError;
use crate::generate::root;
use serde_json::Value;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A finished program.
struct Measured {
    seconds: f64,
    peak_mib: f64,
    stdout: Vec<u8>,
}

/// Builds the release binary, writes the sample once, and runs the pipeline `runs` times into a new lake each.
pub fn bench(customers: u32, dir: &Path, peer: Option<&Path>, runs: usize) -> Result<(), ChoreError> {
    let root = root();
    let mut build = Command::new(env!("CARGO"));
    build.current_dir(&root).args(["build", "--release", "-p", "lakewarden-cli", "--message-format", "json"]);
    // What cargo tells this program of itself would make build scripts that look at it, and all above them, stale.
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CARGO_") && name != "CARGO_TARGET_DIR") {
        build.env_remove(name);
    }
    let binary = binary(&measure(&mut build, "cargo build")?.stdout)?;
    let dir = dir.join(customers.to_string());
    fs::create_dir_all(&dir).map_err(ChoreError::file(&dir))?;
    let dir = dir.canonicalize().map_err(ChoreError::file(&dir))?;
    if !dir.join("report.html").exists() {
        println!("writing a project and the clean sample of {customers} people to {}", dir.display());
        // The demo brings the project and a key; its own small exports make way for the large ones.
        measure(Command::new(&binary).args(["demo", "--customers", "100"]).arg(&dir), "lakewarden demo")?;
        for made in ["exports", "truth"] {
            let folder = dir.join(made);
            fs::remove_dir_all(&folder).map_err(ChoreError::file(&folder))?;
        }
        let customers = customers.to_string();
        let mut sample = Command::new(&binary);
        sample.args(["sample", "--clean", "--customers", &customers]).arg(&dir);
        measure(&mut sample, "lakewarden sample")?;
    }
    for run in 1..=runs {
        let lake = dir.join("bench-lake");
        if lake.exists() {
            fs::remove_dir_all(&lake).map_err(ChoreError::file(&lake))?;
        }
        let mut command = Command::new(&binary);
        command.current_dir(&dir).args(["run", "--pipeline", "retail", "--as-of", "2026-10-01", "--format", "json"]);
        command.arg("--lake").arg(&lake).arg("--report").arg(dir.join("bench-report.html"));
        let done = measure(&mut command, "lakewarden run")?;
        print_run(run, &done)?;
        if let Some(python) = peer {
            let out = dir.join("peer");
            if out.exists() {
                fs::remove_dir_all(&out).map_err(ChoreError::file(&out))?;
            }
            let mut script = Command::new(python);
            script
                .arg(root.join("benches/peer/run.py"))
                .arg(dir.join("exports"))
                .arg(&out)
                .args(["--as-of", "2026-09-30"]);
            let done = measure(&mut script, "the peer")?;
            println!("run {run}, peer (five exports): {:.1} s, peak {:.0} MiB", done.seconds, done.peak_mib);
        }
    }
    Ok(())
}

fn print_run(run: usize, done: &Measured) -> Result<(), ChoreError> {
    let unreadable = || ChoreError::Result("lakewarden run");
    let record: Value = serde_json::from_slice(&done.stdout).map_err(|_| unreadable())?;
    let steps = record["steps"].as_array().ok_or_else(unreadable)?;
    let read: u64 =
        record["datasets"].as_array().ok_or_else(unreadable)?.iter().filter_map(|d| d["read"].as_u64()).sum();
    println!(
        "run {run}: {read} rows in {:.1} s ({:.0} rows/s), peak {:.0} MiB",
        done.seconds,
        read as f64 / done.seconds,
        done.peak_mib
    );
    for step in steps {
        let seconds = step["millis"].as_f64().unwrap_or(0.0) / 1000.0;
        let rows = step["rows_in"].as_u64().unwrap_or(0);
        let rate = if seconds > 0.0 { rows as f64 / seconds } else { 0.0 };
        println!(
            "  {:<9} {:<22} {seconds:>7.2} s {rows:>10} rows {rate:>12.0} rows/s",
            step["kind"].as_str().unwrap_or(""),
            step["name"].as_str().unwrap_or("")
        );
    }
    Ok(())
}

/// Runs a program to its end; fails if it fails.
fn measure(command: &mut Command, name: &str) -> Result<Measured, ChoreError> {
    let started = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .map_err(|_| ChoreError::Program(name.to_owned()))?;
    let mut stdout = child.stdout.take();
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = stdout.as_mut().map(|s| s.read_to_end(&mut bytes));
        read.transpose().map(|_| bytes)
    });
    let mut peak = 0.0f64;
    let status = loop {
        peak = peak.max(peak_mib(&child));
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) => std::thread::sleep(Duration::from_millis(20)),
            Err(_) => return Err(ChoreError::Program(name.to_owned())),
        }
    };
    let seconds = started.elapsed().as_secs_f64();
    let stdout = reader.join().ok().and_then(Result::ok).ok_or(ChoreError::Result("a program"))?;
    if !status.success() {
        return Err(ChoreError::Program(name.to_owned()));
    }
    Ok(Measured { seconds, peak_mib: peak, stdout })
}

/// The most memory the process has held so far, MiB; 0 where the system does not say.
fn peak_mib(child: &Child) -> f64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.trim().trim_end_matches(" kB").trim().parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

/// The binary's path, from cargo's messages.
fn binary(messages: &[u8]) -> Result<PathBuf, ChoreError> {
    messages
        .split(|b| *b == b'\n')
        .filter_map(|line| serde_json::from_slice::<Value>(line).ok())
        .filter(|m| m["target"]["name"] == "lakewarden")
        .filter_map(|m| m["executable"].as_str().map(PathBuf::from))
        .next_back()
        .ok_or(ChoreError::Result("cargo build"))
}
