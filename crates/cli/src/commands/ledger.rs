//! `lakewarden ledger`.

use crate::commands::open;
use crate::failure::Failure;
use crate::output::{Output, bytes, counted, grouped, local};
use chrono_tz::Tz;
use lakewarden_lake::Lake;
use lakewarden_pipeline::{DatasetLedger, LedgerLine, LoadedFile, PipelineError};
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;

/// Lists the files that were loaded.
pub async fn ledger(
    root: &Path,
    dataset: Option<&str>,
    lake: Option<&str>,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let open = open(root)?;
    let url = open.lake_url(lake).map_err(Failure::of(&open))?;
    let failed = |e: lakewarden_lake::LakeError| Failure::Pipeline(PipelineError::from(e));
    let lake = Lake::open(&url).map_err(failed)?;
    lake.check_access().await.map_err(failed)?;
    let ledgers = lakewarden_pipeline::ledger(&open, &lake, dataset).await.map_err(Failure::of(&open))?;
    output.json(&json!({ "lake": url, "datasets": ledgers }));
    if ledgers.iter().all(|ledger| ledger.files.is_empty()) {
        output.text(format!("no file is loaded in {url}"));
        return Ok(ExitCode::SUCCESS);
    }
    for ledger in &ledgers {
        output.text(text(ledger, open.zone()));
    }
    Ok(ExitCode::SUCCESS)
}

fn text(ledger: &DatasetLedger, zone: Tz) -> String {
    let loaded = ledger.files.iter().filter(|line| line.is_effective()).count();
    let mut lines = vec![format!("{}: {}", ledger.dataset, counted(loaded as u64, "file"))];
    lines.extend(ledger.files.iter().flat_map(|line| of_file(line, zone)));
    lines.join("\n")
}

fn of_file(line: &LedgerLine, zone: Tz) -> Vec<String> {
    let LoadedFile { file, sha256, bytes: size, same_as, skipped_for, facts, .. } = &line.file;
    let sum = sha256.get(..12).unwrap_or(sha256);
    let at = line.loaded_at.map_or_else(|| "time unknown".to_owned(), |at| local(at, zone));
    if let Some(same) = same_as {
        return vec![format!("  {sum} {at} {file}: the bytes of {same}, not loaded")];
    }
    if let Some(later) = skipped_for {
        return vec![format!("  {sum} {at} {file}: not read, because {later} came with it")];
    }
    let Some(facts) = facts else {
        return vec![format!("  {sum} loaded, {}; the log does not tell more any more", bytes(*size))];
    };
    let mut losses = Vec::new();
    let by = &facts.duplicates_by;
    let duplicates = [
        ("duplicates in the same file", by.same_file),
        ("duplicates in other files", by.other_file),
        ("duplicates in the lake", by.lake),
        ("superseded by later rows", by.superseded),
        ("key conflicts", facts.key_conflicts),
    ];
    let quarantined: u64 = facts.quarantined.iter().map(|q| q.rows).sum();
    let all = [("quarantined", quarantined)].into_iter().chain(duplicates);
    for (what, rows) in all.chain([("outside retention", facts.outside_retention)]).filter(|(_, rows)| *rows > 0) {
        losses.push(format!(" + {what} {}", grouped(rows)));
    }
    let read_as =
        facts.encoding.as_ref().map_or_else(|| facts.container.clone(), |e| format!("{}, {e}", facts.container));
    let gone = line.superseded_by.map(|run| format!(": its rows were replaced by run {run}")).unwrap_or_default();
    vec![
        format!("  {sum} {at} {file} ({}, {read_as}){gone}", bytes(*size)),
        format!("    read {} = written {}{}", grouped(facts.read), grouped(facts.written), losses.concat()),
        format!(
            "    run {}, dictionary {}, key {} of version {}",
            facts.run,
            facts.dictionary.get(..12).unwrap_or(&facts.dictionary),
            facts.key.fingerprint,
            facts.key.version
        ),
    ]
}
