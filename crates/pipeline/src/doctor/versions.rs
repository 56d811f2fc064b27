//! Versions of tables that should have been removed.

use crate::error::PipelineError;
use crate::project::OpenProject;
use crate::vacuum::{kept_versions, removed_versions};
use chrono::{DateTime, Utc};
use lakewarden_lake::{Finding, Lake, Severity};

/// Tables that a finding names.
const NAMED: usize = 3;

/// Finds versions that are older than the project's grace. Tables that cannot be read are found elsewhere.
pub(super) async fn examine(
    lake: &Lake,
    open: &OpenProject,
    now: DateTime<Utc>,
) -> Result<Option<Finding>, PipelineError> {
    let settings = &open.project.settings;
    let kept = kept_versions(settings, false, now);
    let found = match lake.find_old_versions(&kept).await {
        Ok(found) => removed_versions(&found, &kept),
        Err(error) if error.is_retryable() => return Err(error.into()),
        // A publication that cannot be read is found elsewhere.
        Err(_) => return Ok(None),
    };
    let mut named: Vec<String> =
        found.tables.iter().take(NAMED).map(|old| format!("{}/{}", old.zone, old.table)).collect();
    if found.tables.len() > NAMED {
        named.push(format!("and {} more", found.tables.len() - NAMED));
    }
    Ok((!found.tables.is_empty()).then(|| Finding {
        code: "LW5082",
        severity: Severity::Advice,
        what: format!(
            "{} files of {} bytes are only in versions that ended before {} (`history: {}`)",
            found.files(),
            found.bytes(),
            found.kept_since.format("%F %T UTC"),
            settings.kept_versions()
        ),
        at: named.join(", "),
        mend: "lakewarden vacuum".to_owned(),
        fixable: false,
    }))
}
