//! A whole project against its lake.

use super::change::{Decision, DeclarationChange};
use super::survey::Survey;
use crate::error::PipelineError;
use crate::project::OpenProject;
use lakewarden_dictionary::{Problem, Project, Span};
use lakewarden_lake::{Lake, Zone};
use lakewarden_privacy::KeyRing;

/// Finds what changed in the declarations of a project's datasets since their rows were stored, in the order of the
/// datasets. Without the key a rotated one is not seen. Writes nothing.
///
/// # Errors
/// [`PipelineError::Damaged`]; those of the lake.
pub async fn declaration_changes(
    open: &OpenProject,
    lake: &Lake,
    keys: Option<&KeyRing>,
) -> Result<Vec<DeclarationChange>, PipelineError> {
    let survey = Survey { lake, zone: open.zone(), keys };
    let mut all = Vec::new();
    for dataset in &open.project.datasets {
        let published = lake.table(Zone::Conformed, &dataset.name.value).await?;
        all.extend(survey.changes(dataset, published.as_ref()).await?);
    }
    Ok(all)
}

/// Changes as problems of the project, at the fields that they are of; notes are none.
pub fn change_problems(project: &Project, changes: &[DeclarationChange]) -> Vec<Problem> {
    let problem = |change: &DeclarationChange| {
        let span = declared_at(project, change)?;
        let (code, message) = (change.change.code(), change.message.clone());
        let problem = match change.decision {
            Decision::Note => return None,
            Decision::Warning => Problem::warning(code, span, message),
            Decision::Refused => Problem::error(code, span, message),
        };
        Some(problem.hint(change.remedy.clone()))
    };
    changes.iter().filter_map(problem).collect()
}

/// Where the field of a change is declared, or else its dataset.
fn declared_at(project: &Project, change: &DeclarationChange) -> Option<Span> {
    let dataset = project.dataset(&change.dataset)?;
    let field = change.column.as_ref().and_then(|column| dataset.column(column));
    Some(field.map_or(&dataset.name.span, |field| &field.column.span).clone())
}
