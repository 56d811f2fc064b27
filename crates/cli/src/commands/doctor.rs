//! `lakewarden doctor`.

use crate::commands::run::host;
use crate::commands::{now, open, random};
use crate::failure::Failure;
use crate::output::{Output, bytes, counted, grouped};
use crate::who;
use chrono::TimeDelta;
use lakewarden_lake::{Finding, Severity};
use lakewarden_pipeline::{Acceptance, Diagnosis, Fixed, Visit, key_ring};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

/// Examines the lake, mends what needs no decision if asked to, and shows what is left.
pub async fn doctor(
    root: &Path,
    lake: Option<&str>,
    fix: bool,
    accept_audit: Option<&str>,
    grace_hours: u32,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let open = open(root)?;
    let keys = key_ring(&open.project.settings);
    let owner = format!("lakewarden doctor on {}, process {}", host(), std::process::id());
    let accept = accept_audit.map(|reason| Acceptance { who: who::who(), reason: reason.to_owned() });
    let visit = Visit {
        lake,
        accept,
        grace: TimeDelta::hours(i64::from(grace_hours)),
        fix,
        clock: &now,
        id: uuid::Builder::from_random_bytes(random()?).into_uuid(),
        owner: &owner,
        free: &free,
    };
    let diagnosis = lakewarden_pipeline::doctor(&open, &keys, &visit).await.map_err(Failure::of(&open))?;
    output.json(&diagnosis);
    output.text(text(&diagnosis));
    Ok(if diagnosis.healthy { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Bytes free on the disk of a folder, by the system's own `df`.
fn free(folder: &Path) -> Option<u64> {
    let mut asked = Command::new("df");
    asked.arg("-Pk").arg(folder).env("LC_ALL", "C").stdin(Stdio::null()).stderr(Stdio::null());
    free_of(&String::from_utf8(asked.output().ok()?.stdout).ok()?)
}

/// The fourth column of the last line: POSIX says so.
fn free_of(told: &str) -> Option<u64> {
    let kibibytes: u64 = told.lines().nth(1)?.split_whitespace().rev().nth(2)?.parse().ok()?;
    kibibytes.checked_mul(1024)
}

fn text(diagnosis: &Diagnosis) -> String {
    let health = &diagnosis.health;
    let mut lines: Vec<String> = diagnosis.fixed.iter().map(mended).collect();
    lines.extend(diagnosis.accepted.map(accepted));
    lines.extend(health.findings.iter().map(finding));
    let mut facts =
        vec![counted(health.tables, "table"), format!("{} of {}", counted(health.files, "file"), bytes(health.bytes))];
    if let Some(head) = &health.audit {
        facts.push(format!("audit log of {}, chain intact", counted(head.sequence, "record")));
    }
    if let Some(took) = &health.latency {
        let (put, get, list) = (took.put_ms, took.get_ms, took.list_ms);
        facts.push(format!("the store takes {put:.1} ms to put, {get:.1} ms to get, {list:.1} ms to list"));
    }
    if health.young > 0 {
        facts.push(format!("{} not published yet", counted(health.young, "file")));
    }
    lines.push(format!("{}: {}", diagnosis.lake, facts.join("; ")));
    let count = |severity| health.findings.iter().filter(|found| found.severity == severity).count() as u64;
    lines.push(match (count(Severity::Error), count(Severity::Warning)) {
        (0, 0) => "healthy".to_owned(),
        (errors, warnings) => format!("{}, {}", counted(errors, "error"), counted(warnings, "warning")),
    });
    lines.join("\n")
}

fn accepted(findings: u64) -> String {
    match findings {
        0 => "accepted: nothing, for the evidence holds".to_owned(),
        some => format!("accepted: {}, in a record of the audit log", counted(some, "finding")),
    }
}

fn mended(fixed: &Fixed) -> String {
    let (completed, withdrawn) = (fixed.completed.len() as u64, fixed.withdrawn.len() as u64);
    let removed = format!("{} of {} removed", counted(fixed.removed, "file"), bytes(fixed.bytes));
    let restored = match fixed.run_records {
        0 => String::new(),
        some => format!(", {} written again", counted(some, "run record")),
    };
    let completed = counted(completed, "publication");
    format!("repaired: {completed} completed, {} withdrawn, {removed}{restored}", grouped(withdrawn))
}

pub fn finding(found: &Finding) -> String {
    let word = match found.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Advice => "advice",
    };
    format!("{word}[{}]: {}\n   at: {}\n mend: {}", found.code, found.what, found.at, found.mend)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn free_bytes_are_read_whatever_the_disk_is_called() {
        let told = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/my disk 1000 400 600 40% /tmp\n";
        assert_eq!(free_of(told), Some(600 * 1024));
        assert_eq!(free_of(""), None);
        assert_eq!(free_of("Filesystem\nno numbers at all here\n"), None);
    }

    #[cfg(unix)]
    #[test]
    fn this_machine_s_disk_has_some_free_bytes_or_none() {
        assert!(free(&std::env::temp_dir()).is_some());
        assert_eq!(free(Path::new("/nonexistent/folder")), None);
    }
}
