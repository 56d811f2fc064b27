//! `lakewarden status`.

use crate::commands::{doctor, open};
use crate::failure::Failure;
use crate::output::{Output, counted, grouped, local};
use crate::progress::by_reason;
use crate::removals;
use chrono_tz::Tz;
use lakewarden_lake::{AuditHead, Lake};
use lakewarden_pipeline::record::{Outcome, RunRecord};
use lakewarden_pipeline::{PipelineError, examine_evidence};
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;

/// Shows the last runs, as the audit log has them, and what is wrong with the evidence.
pub async fn status(
    root: &Path,
    last: usize,
    head: Option<&AuditHead>,
    lake: Option<&str>,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let open = open(root)?;
    let zone = open.zone();
    let url = open.lake_url(lake).map_err(Failure::of(&open))?;
    let failed = |e: lakewarden_lake::LakeError| Failure::Pipeline(PipelineError::from(e));
    let lake = Lake::open(&url).map_err(failed)?;
    lake.check_access().await.map_err(failed)?;
    let mut evidence = examine_evidence(&lake, head).await.map_err(Failure::of(&open))?;
    if evidence.unread > 0 {
        let runs = counted(evidence.unread, "run");
        output.say(format!("warning: {runs} of another version of Lakewarden cannot be shown"));
    }
    evidence.runs.truncate(last);
    let quarantine = lakewarden_pipeline::quarantine::state(&lake).await.map_err(Failure::of(&open))?;
    output.json(&json!({
        "lake": url, "audit": evidence.head, "intact": evidence.holds(), "findings": evidence.findings,
        "runs": evidence.runs, "unread": evidence.unread, "quarantine": quarantine,
    }));
    for run in &evidence.runs {
        output.text(text(run, zone));
    }
    if let (1.., Some(oldest)) = (quarantine.records, quarantine.oldest) {
        output.text(format!(
            "quarantine: {}, the oldest since {}; lakewarden quarantine list",
            counted(quarantine.records, "record"),
            local(oldest, zone)
        ));
    }
    for found in &evidence.findings {
        output.say(doctor::finding(found));
    }
    let records = counted(evidence.head.sequence, "record");
    if !evidence.holds() {
        output.say(format!("the audit log ({records}) and the lake do not agree: see above, and lakewarden doctor"));
        return Ok(ExitCode::from(1));
    }
    if evidence.head.sequence == 0 {
        output.text(format!("no run yet in {url}\nlakewarden run makes the first"));
        return Ok(ExitCode::SUCCESS);
    }
    output.text(format!("audit log: {records}, chain intact, head {}", evidence.head));
    if let Some(head) = head {
        output.text(format!(
            "the log still begins with the {} that head {} ends",
            counted(head.sequence, "record"),
            head
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn text(run: &RunRecord, zone: Tz) -> String {
    let outcome = match run.outcome {
        Outcome::Published => "published",
        Outcome::Unchanged => "unchanged",
        Outcome::Failed => "failed",
        Outcome::Interrupted => "interrupted",
    };
    let mut lines = vec![format!(
        "{} {} {outcome} in {:.1} s, as of {}, run {}",
        local(run.started, zone),
        run.pipeline,
        run.millis as f64 / 1000.0,
        local(run.as_of, zone),
        run.run
    )];
    for set in &run.datasets {
        if set.read == 0 {
            lines.extend(removals::describe(set).map(|removed| format!("  {:<22} {removed}", set.dataset)));
            continue;
        }
        lines.push(format!(
            "  {:<22} read {} = written {} + quarantined {} + duplicates {} + key conflicts {} + outside retention {}",
            set.dataset,
            grouped(set.read),
            grouped(set.written),
            grouped(set.quarantined_total()),
            grouped(set.duplicates),
            grouped(set.key_conflicts),
            grouped(set.outside_retention),
        ));
        if set.lines > 0 {
            lines.push(format!(
                "  {:<22} physical lines of the files {}, skipped by the dictionary {}",
                "",
                grouped(set.lines),
                grouped(set.skipped_lines)
            ));
        }
        if set.consent_unreadable > 0 {
            lines.push(format!(
                "  {:<22} consent records that cannot be read: {}, of nobody for certain: {}",
                "",
                grouped(set.consent_unreadable),
                grouped(set.consent_unreadable_nobody)
            ));
        }
        if set.replaced > 0 {
            lines.push(format!("  {:<22} rows of the lake that they took the place of: {}", "", grouped(set.replaced)));
        }
        lines.extend(removals::describe(set).map(|removed| format!("  {:<22} {removed}", "")));
        for same in &set.same_bytes {
            lines.push(format!("  {:<22} not loaded: {} has the bytes of {}", "", same.file, same.loaded_as));
        }
        for left in &set.set_null {
            lines.push(format!("  {:<22} set to null: {} of {} ({})", "", grouped(left.values), left.field, left.rule));
        }
        if !set.over_collected.is_empty() {
            let fields: Vec<String> =
                set.over_collected.iter().map(|(f, n)| format!("{f} ({})", grouped(*n))).collect();
            lines.push(format!("  {:<22} over-collected, not stored: {}", "", fields.join(", ")));
        }
    }
    for model in &run.models {
        for scan in &model.scans {
            lines.push(format!(
                "  {:<22} for {} from {}: read {} = used {} + withheld {}",
                model.table,
                model.purpose,
                scan.relation,
                grouped(scan.read),
                grouped(scan.used),
                by_reason(&scan.withheld),
            ));
        }
    }
    for set in &run.without_subject {
        lines.push(format!("  {:<22} about people without a resolvable data subject: {}", set.dataset, set.reason));
    }
    if let Some(removed) = &run.vacuum {
        lines.push(format!("  {:<22} {}", "old versions", removals::sum(removed)));
    }
    if let Some(failure) = &run.failure {
        lines.push(format!("  error[{}]: {}", failure.code, failure.message));
        if let Some(hint) = &failure.hint {
            lines.push(format!("   hint: {hint}"));
        }
    }
    lines.join("\n")
}
