//! What changed in the dictionary since rows were stored.

use crate::declared::{Decision, DeclarationChange, Survey};
use crate::doctor::keys::readable;
use crate::doctor::told;
use crate::error::PipelineError;
use crate::project::OpenProject;
use lakewarden_lake::{Finding, Lake, Severity, Zone};

/// Compares every dataset with what the lake has of it, if the project compiles.
///
/// # Errors
/// Those of a store that does not answer.
pub(super) async fn examine(open: &OpenProject, lake: &Lake) -> Result<Vec<Finding>, PipelineError> {
    // What a broken entry declares is not known.
    if open.problems.iter().any(|problem| problem.severity == lakewarden_dictionary::Severity::Error) {
        return Ok(Vec::new());
    }
    // What is stored under another key is found by `keys`.
    let survey = Survey { lake, zone: open.zone(), keys: None };
    let mut findings = Vec::new();
    for dataset in &open.project.datasets {
        let name = &dataset.name.value;
        let published = readable(lake, Zone::Conformed, name).await?;
        match survey.changes(dataset, published.as_ref()).await {
            Ok(changes) => findings.extend(changes.into_iter().map(finding)),
            Err(PipelineError::Lake(error)) if error.is_retryable() => return Err(error.into()),
            // That the log or a file is damaged is a finding of the lake's own.
            Err(PipelineError::Lake(_)) => {}
            Err(error) => findings.push(told(&error, &format!("conformed/{name}"))),
        }
    }
    Ok(findings)
}

fn finding(change: DeclarationChange) -> Finding {
    Finding {
        code: change.change.code(),
        severity: match change.decision {
            Decision::Refused => Severity::Error,
            Decision::Warning => Severity::Warning,
            Decision::Note => Severity::Advice,
        },
        what: change.message,
        at: format!("conformed/{}", change.dataset),
        mend: change.remedy,
        fixable: false,
    }
}
