//! What names a run outside the audit log, compared with the log.

use super::{LoggedRuns, untrusted};
use crate::error::PipelineError;
use crate::record::RunRecord;
use lakewarden_lake::{AuditHead, AuditTrail, Finding, HEAD_KEY, Lake, PUBLICATION_TRANSACTION, Severity, Zone};
use serde_json::Value;
use std::collections::HashSet;
use uuid::Uuid;

/// Compares run records, lineage and tables with the log.
pub(super) async fn compare(
    lake: &Lake,
    trail: &AuditTrail,
    log: &LoggedRuns<'_>,
) -> Result<Vec<Finding>, PipelineError> {
    let mut findings = compare_run_records(lake, log).await?;
    for run in lake.lineage_runs().await? {
        findings.extend(unrecorded(log, run, &format!("_lakewarden/lineage/{run}.ndjson")));
    }
    for zone in Zone::ALL {
        for name in lake.tables(zone).await? {
            let table = match lake.table(zone, &name).await {
                Ok(Some(table)) => table,
                Err(error) if error.is_retryable() => return Err(error.into()),
                // That a table cannot be read is `doctor`'s to find.
                Ok(None) | Err(_) => continue,
            };
            let at = format!("{zone}/{name}");
            let published = table.transactions.keys().filter_map(|id| id.strip_prefix(PUBLICATION_TRANSACTION));
            let mut runs: Vec<Uuid> = published.filter_map(|id| Uuid::parse_str(id).ok()).collect();
            runs.sort_unstable();
            findings.extend(runs.into_iter().filter_map(|run| unrecorded(log, run, &at)));
            let head = table.noted.get(HEAD_KEY).and_then(Value::as_str);
            findings.extend(head.and_then(|head| broken_anchor(trail, head, at)));
        }
    }
    Ok(findings)
}

async fn compare_run_records(lake: &Lake, log: &LoggedRuns<'_>) -> Result<Vec<Finding>, PipelineError> {
    let mut findings = Vec::new();
    let mut there = HashSet::new();
    for document in lake.run_documents().await? {
        let (run, at) = (document.run, document.path);
        there.insert(run);
        match (log.ends.get(&run), document.record) {
            (None, _) => findings.push(untrusted(
                "LW5102",
                at,
                format!("the audit log does not have the record of how run {run} ended"),
            )),
            (Some(ends), Some(record)) if ends.iter().any(|end| **end == record) => {}
            (Some(_), Some(_) | None) => findings.push(untrusted(
                "LW5103",
                at,
                format!("the record of run {run} is not the one that the audit log has"),
            )),
        }
    }
    let missing = log.ends.keys().filter(|run| !there.contains(run));
    findings.extend(missing.map(|run| Finding {
        code: "LW5104",
        severity: Severity::Warning,
        what: format!("the audit log has the record of run {run}, and _lakewarden/runs does not"),
        at: format!("_lakewarden/runs/{run}.json"),
        mend: "lakewarden doctor --fix writes it again from the audit log".to_owned(),
        fixable: true,
    }));
    Ok(findings)
}

fn unrecorded(log: &LoggedRuns<'_>, run: Uuid, at: &str) -> Option<Finding> {
    let what = || format!("the audit log has no record of run {run}, which wrote here");
    (!log.names.contains(&run)).then(|| untrusted("LW5102", at, what()))
}

fn broken_anchor(trail: &AuditTrail, head: &str, at: String) -> Option<Finding> {
    let Ok(head) = head.parse::<AuditHead>() else {
        return Some(untrusted("LW5105", at, "the last commit does not name a head of the audit log".to_owned()));
    };
    let what =
        format!("the last commit names record {} of the audit log, and the log has another or none", head.sequence);
    trail.check_head(&head).err().map(|_| untrusted("LW5105", at, what))
}

/// The sums of a run's accounts that do not close.
pub(super) fn unclosed_sums(run: &RunRecord) -> Vec<Finding> {
    let at = format!("run {}", run.run);
    let unclosed = |what: String| untrusted("LW5106", at.clone(), what);
    let datasets = run.datasets.iter().filter(|set| !set.closes()).map(|set| {
        unclosed(format!(
            "the account of {} does not close: {} read, {} accounted for",
            set.dataset,
            set.read,
            set.accounted()
        ))
    });
    let scans = run.models.iter().flat_map(|model| model.scans.iter().map(move |scan| (model, scan)));
    let scans = scans.filter(|(_, scan)| !scan.closes()).map(|(model, scan)| {
        unclosed(format!(
            "the account of {} from {} does not close: {} read, {} used and {} withheld",
            model.table,
            scan.relation,
            scan.read,
            scan.used,
            scan.withheld_total()
        ))
    });
    datasets.chain(scans).collect()
}
