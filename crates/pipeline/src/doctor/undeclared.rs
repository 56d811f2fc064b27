//! Tables that the project no longer declares.

use crate::error::PipelineError;
use crate::project::OpenProject;
use crate::undeclared_tables::{UndeclaredTable, find_undeclared_tables};
use lakewarden_lake::{Finding, Lake, Severity};

/// Warns of each of them.
///
/// # Errors
/// Those of a store that does not answer.
pub(super) async fn examine(open: &OpenProject, lake: &Lake) -> Result<Vec<Finding>, PipelineError> {
    let finding = |UndeclaredTable { code, table, message, remedy, folder: _ }| Finding {
        code,
        severity: Severity::Warning,
        what: message,
        at: table,
        mend: remedy,
        fixable: false,
    };
    Ok(find_undeclared_tables(open, lake).await?.into_iter().map(finding).collect())
}
