//! Evidence that is lost for good: what a person accepts, with a reason, in a record of the log itself.

use super::{Evidence, day, examine};
use crate::error::PipelineError;
use chrono::{DateTime, Utc};
use lakewarden_lake::{AuditRecord, AuditTrail, Finding, Lake, Severity};
use serde_json::{Value, json};

/// The event of the record.
const EVENT: &str = "audit_accepted";

/// Who accepts what is wrong with the evidence, and why.
#[derive(Debug, Clone)]
pub struct Acceptance {
    /// Who.
    pub who: String,
    /// Why.
    pub reason: String,
}

/// Appends a record that lists everything that is wrong with the evidence now, and returns how many findings it
/// lists. They are advice from then on. Without findings it appends nothing.
///
/// # Errors
/// Those of the lake.
pub(crate) async fn accept(lake: &Lake, acceptance: &Acceptance, at: DateTime<Utc>) -> Result<u64, PipelineError> {
    let Evidence { findings, head, .. } = examine(lake, None).await?;
    let listed: Vec<Value> = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .map(|finding| json!({ "code": finding.code, "at": finding.at, "what": finding.what }))
        .collect();
    if listed.is_empty() {
        return Ok(0);
    }
    let count = listed.len() as u64;
    let record = json!({
        "event": EVENT, "who": acceptance.who, "reason": acceptance.reason, "head": head, "findings": listed,
    });
    lake.audit().append_regardless(record, at).await?;
    Ok(count)
}

/// Makes findings advice that a record of the log accepts.
pub(super) fn soften(findings: &mut [Finding], trail: &AuditTrail) {
    let acceptances: Vec<&AuditRecord> =
        trail.records.iter().filter(|record| record.record["event"].as_str() == Some(EVENT)).collect();
    for finding in findings.iter_mut().filter(|finding| finding.severity == Severity::Error) {
        if let Some(record) = acceptances.iter().find(|record| lists(&record.record["findings"], finding)) {
            finding.severity = Severity::Advice;
            finding.mend =
                format!("none: accepted on {} by record {} of the audit log", day(record.at), record.sequence);
        }
    }
}

fn lists(findings: &Value, finding: &Finding) -> bool {
    let same = |listed: &Value| {
        listed["code"].as_str() == Some(finding.code)
            && listed["at"].as_str() == Some(&finding.at)
            && listed["what"].as_str() == Some(&finding.what)
    };
    findings.as_array().is_some_and(|listed| listed.iter().any(same))
}
