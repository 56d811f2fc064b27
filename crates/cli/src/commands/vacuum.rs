//! `lakewarden vacuum`.

use crate::commands::run::host;
use crate::commands::{now, open, random};
use crate::failure::Failure;
use crate::output::{Output, bytes, counted, local};
use crate::removals::sum;
use chrono_tz::Tz;
use lakewarden_pipeline::record::VacuumedTable;
use lakewarden_pipeline::{VacuumRequest, Vacuumed};
use std::path::Path;
use std::process::ExitCode;

/// What is asked for.
pub struct Wishes<'a> {
    pub lake: Option<&'a str>,
    pub all_history: bool,
    pub dry_run: bool,
    pub take_over: bool,
}

/// Removes old versions of tables, and shows which.
pub async fn vacuum(root: &Path, wishes: &Wishes<'_>, output: &Output) -> Result<ExitCode, Failure> {
    let open = open(root)?;
    let owner = format!("lakewarden vacuum on {}, process {}", host(), std::process::id());
    let request = VacuumRequest {
        lake: wishes.lake,
        all_history: wishes.all_history,
        dry_run: wishes.dry_run,
        take_over: wishes.take_over,
        clock: &now,
        id: uuid::Builder::from_random_bytes(random()?).into_uuid(),
        owner: &owner,
    };
    let vacuumed = lakewarden_pipeline::vacuum(&open, &request).await.map_err(Failure::of(&open))?;
    output.json(&vacuumed);
    output.text(text(&vacuumed, open.zone()));
    for stays in &vacuumed.removed.remaining {
        output.say(format!("warning[{}]: {}", stays.code, stays.message));
        if let Some(hint) = &stays.hint {
            output.say(format!(" help: {hint}"));
        }
    }
    Ok(if vacuumed.removed.remaining.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn text(vacuumed: &Vacuumed, zone: Tz) -> String {
    let removed = &vacuumed.removed;
    let mut lines: Vec<String> = removed.tables.iter().map(|old| table(old, zone)).collect();
    let since = local(removed.kept_since, zone);
    lines.push(match (removed.tables.is_empty(), vacuumed.dry_run) {
        (true, _) => format!("{}: no versions that ended before {since}", vacuumed.lake),
        (false, false) => {
            format!("{}: removed {}, from versions that ended before {since}", vacuumed.lake, sum(removed))
        }
        (false, true) => {
            format!("{}: would remove {}, from versions that ended before {since}", vacuumed.lake, sum(removed))
        }
    });
    lines.join("\n")
}

fn table(old: &VacuumedTable, zone: Tz) -> String {
    format!(
        "{:<32} {} of {}, {} of the log; the oldest version is now {} of {}",
        format!("{}/{}", old.zone, old.table),
        counted(old.files, "file"),
        bytes(old.bytes),
        counted(old.log_objects, "object"),
        old.oldest_kept,
        local(old.oldest_kept_at, zone)
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn vacuumed(tables: serde_json::Value, dry_run: bool) -> Vacuumed {
        let removed = json!({ "kept_since": "2026-11-24T00:00:00Z", "tables": tables });
        Vacuumed { lake: "file:///lake/".to_owned(), dry_run, removed: serde_json::from_value(removed).unwrap() }
    }

    #[test]
    fn what_is_removed_is_shown_by_table_and_in_all() {
        let old = |table: &str, files: u64| json!({ "zone": "conformed", "table": table, "files": files, "bytes": 2048, "log_objects": 1, "oldest_kept": 7, "oldest_kept_at": "2026-11-23T12:00:00Z" });
        let tables = json!([old("orders", 12), old("members", 1)]);
        let shown = text(&vacuumed(tables.clone(), false), Tz::UTC);
        assert_eq!(
            shown.lines().collect::<Vec<_>>(),
            [
                "conformed/orders                 12 files of 2.0 KiB, 1 object of the log; the oldest version is now 7 of 2026-11-23 12:00:00 UTC",
                "conformed/members                1 file of 2.0 KiB, 1 object of the log; the oldest version is now 7 of 2026-11-23 12:00:00 UTC",
                "file:///lake/: removed 13 files of 4.0 KiB in 2 tables, from versions that ended before 2026-11-24 00:00:00 UTC",
            ]
        );
        assert!(text(&vacuumed(tables, true), Tz::UTC).contains("would remove 13 files"));
        let nothing = text(&vacuumed(json!([]), true), Tz::UTC);
        assert_eq!(nothing, "file:///lake/: no versions that ended before 2026-11-24 00:00:00 UTC");
    }
}
