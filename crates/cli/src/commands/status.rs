//! `lakewarden status`.

use crate::commands::open;
use crate::failure::Failure;
use crate::output::{Output, counted, grouped};
use crate::progress::by_reason;
use lakewarden_lake::Lake;
use lakewarden_pipeline::PipelineError;
use lakewarden_pipeline::record::{Outcome, RunRecord};
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;

/// Shows the last runs.
pub async fn status(root: &Path, last: usize, lake: Option<&str>, output: &Output) -> Result<ExitCode, Failure> {
    let open = open(root)?;
    let url = open.lake_url(lake).map_err(Failure::of(&open))?;
    let failed = |e: lakewarden_lake::LakeError| Failure::Pipeline(PipelineError::from(e));
    let lake = Lake::open(&url).map_err(failed)?;
    lake.check_access().await.map_err(failed)?;
    let audit = lake.audit().verify().await.map_err(failed)?;
    let records = lake.runs(last).await.map_err(failed)?;
    let found = records.len();
    let mut runs: Vec<RunRecord> = records.into_iter().filter_map(|r| serde_json::from_value(r.record).ok()).collect();
    let unread = (found - runs.len()) as u64;
    if unread > 0 {
        output.say(format!("warning: {} of another version of Lakewarden cannot be shown", counted(unread, "run")));
    }
    runs.sort_by_key(|r| std::cmp::Reverse(r.started));
    let quarantine = lakewarden_pipeline::quarantine::state(&lake).await.map_err(Failure::of(&open))?;
    output.json(&json!({
        "lake": url, "audit": audit, "runs": runs, "unread": unread, "quarantine": quarantine,
    }));
    if found == 0 {
        output.text(format!("no run yet in {url}\nlakewarden run makes the first"));
        return Ok(ExitCode::SUCCESS);
    }
    for run in &runs {
        output.text(text(run));
    }
    if let (1.., Some(oldest)) = (quarantine.records, quarantine.oldest) {
        output.text(format!(
            "quarantine: {}, the oldest since {}; lakewarden quarantine list",
            counted(quarantine.records, "record"),
            oldest.format("%F %T UTC")
        ));
    }
    output.text(format!("audit log: {}, chain intact, head {}", counted(audit.sequence, "record"), audit.sha256));
    Ok(ExitCode::SUCCESS)
}

fn text(run: &RunRecord) -> String {
    let outcome = match run.outcome {
        Outcome::Published => "published",
        Outcome::Unchanged => "unchanged",
        Outcome::Failed => "failed",
    };
    let mut lines = vec![format!(
        "{} {} {outcome} in {:.1} s, as of {}, run {}",
        run.started.format("%F %T UTC"),
        run.pipeline,
        run.millis as f64 / 1000.0,
        run.as_of.format("%F %T UTC"),
        run.run
    )];
    for set in run.datasets.iter().filter(|d| d.read > 0) {
        lines.push(format!(
            "  {:<22} read {} = written {} + quarantined {} + duplicates {} + outside retention {}",
            set.dataset,
            grouped(set.read),
            grouped(set.written),
            grouped(set.quarantined_total()),
            grouped(set.duplicates),
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
        for same in &set.same_bytes {
            lines.push(format!("  {:<22} not loaded: {} has the bytes of {}", "", same.file, same.loaded_as));
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
    if let Some(failure) = &run.failure {
        lines.push(format!("  error[{}]: {}", failure.code, failure.message));
        if let Some(hint) = &failure.hint {
            lines.push(format!("   hint: {hint}"));
        }
    }
    lines.join("\n")
}
