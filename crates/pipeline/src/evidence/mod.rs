//! The evidence of a lake's runs: the audit log, compared with the run records, the lineage and the commits of tables.
//!
//! The log alone shows what was changed before its end. What names a run elsewhere shows what is missing from it.

mod accepted;
mod cross_check;

use crate::error::PipelineError;
use crate::record::RunRecord;
use chrono::{DateTime, Utc};
use lakewarden_lake::{AuditHead, AuditTrail, Finding, Lake, Severity};
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use uuid::Uuid;

pub use accepted::Acceptance;
pub(crate) use accepted::accept;

/// The folder of the audit log, in findings.
pub(crate) const AUDIT: &str = "_lakewarden/audit";

/// What the lake can prove of its runs.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// The last record of the audit log; number 0 for an empty log.
    pub head: AuditHead,
    /// The runs that the audit log records the end of, the last started first.
    pub runs: Vec<RunRecord>,
    /// Records of runs that this version cannot read.
    pub unread: u64,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

impl Evidence {
    /// Whether nothing was found beyond advice.
    pub fn holds(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity == Severity::Advice)
    }
}

/// Reads the audit log and compares it with everything else that the lake has of its runs. `earlier` is a head that was
/// kept outside the lake.
///
/// # Errors
/// Those of a store that does not answer. What is wrong with the evidence is in [`Evidence::findings`].
pub async fn examine(lake: &Lake, earlier: Option<&AuditHead>) -> Result<Evidence, PipelineError> {
    let trail = lake.audit().examine(earlier).await?;
    let mut findings: Vec<Finding> = trail.problems.iter().map(|problem| Finding::of(problem, AUDIT)).collect();
    let log = LoggedRuns::from_trail(&trail);
    findings.extend(cross_check::compare(lake, &trail, &log).await?);
    let (mut runs, mut unread) = (Vec::new(), 0);
    for record in log.ends.values().filter_map(|ends| ends.last()) {
        match serde_json::from_value::<RunRecord>((*record).clone()) {
            Ok(run) => runs.push(run),
            Err(_) => unread += 1,
        }
    }
    findings.extend(runs.iter().flat_map(cross_check::unclosed_sums));
    accepted::soften(&mut findings, &trail);
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    runs.sort_by_key(|run| std::cmp::Reverse((run.started, run.run)));
    Ok(Evidence { head: trail.head, runs, unread, findings })
}

/// The findings of [`examine`] beyond those of the log itself, for a log that was read already.
///
/// # Errors
/// As [`examine`].
pub(crate) async fn cross_check(lake: &Lake, trail: &AuditTrail) -> Result<Vec<Finding>, PipelineError> {
    let log = LoggedRuns::from_trail(trail);
    let mut findings = cross_check::compare(lake, trail, &log).await?;
    for record in log.ends.values().filter_map(|ends| ends.last()) {
        // Records of other versions are `status`'s to count.
        if let Ok(run) = serde_json::from_value::<RunRecord>((*record).clone()) {
            findings.extend(cross_check::unclosed_sums(&run));
        }
    }
    Ok(findings)
}

/// Makes accepted findings advice.
pub(crate) fn soften(findings: &mut [Finding], trail: &AuditTrail) {
    accepted::soften(findings, trail);
}

/// Writes the run records that the audit log has and `_lakewarden/runs` lacks, and returns how many.
///
/// # Errors
/// Those of the lake.
pub(crate) async fn restore_run_records(lake: &Lake) -> Result<u64, PipelineError> {
    let trail = lake.audit().examine(None).await?;
    let log = LoggedRuns::from_trail(&trail);
    let there: HashSet<Uuid> = lake.run_documents().await?.into_iter().map(|document| document.run).collect();
    let mut restored = 0;
    for (run, ends) in log.ends.iter().filter(|(run, _)| !there.contains(run)) {
        if let Some(record) = ends.last() {
            lake.record_run(*run, record).await?;
            restored += 1;
        }
    }
    Ok(restored)
}

/// What the audit log says of runs.
struct LoggedRuns<'a> {
    /// Every id that a record names: of runs, of changes of quarantine, of visits.
    names: HashSet<Uuid>,
    /// The records of how a run ended, by run, in the order of the log.
    ends: BTreeMap<Uuid, Vec<&'a Value>>,
}

impl<'a> LoggedRuns<'a> {
    fn from_trail(trail: &'a AuditTrail) -> Self {
        let mut log = Self { names: HashSet::new(), ends: BTreeMap::new() };
        for record in &trail.records {
            let Some(fields) = record.record.as_object() else { continue };
            let run = fields.get("run");
            let of_run = run.and_then(|run| uuid_of(run.get("run")?));
            log.names.extend(fields.values().filter_map(uuid_of).chain(of_run));
            let prepared = fields.get("event").and_then(Value::as_str) == Some("prepared");
            if let (Some(id), Some(run), false) = (of_run, run, prepared) {
                log.ends.entry(id).or_default().push(run);
            }
        }
        log
    }
}

fn uuid_of(value: &Value) -> Option<Uuid> {
    Uuid::parse_str(value.as_str()?).ok()
}

/// A finding of something that cannot be trusted.
fn untrusted(code: &'static str, at: impl Into<String>, what: String) -> Finding {
    let mend =
        "restore _lakewarden from a backup; if there is none: lakewarden doctor --accept-audit REASON".to_owned();
    Finding { code, severity: Severity::Error, what, at: at.into(), mend, fixable: false }
}

/// When a record was written, for messages.
fn day(at: DateTime<Utc>) -> String {
    at.format("%F").to_string()
}
