//! Consent belongs to the project: what the logs and lists say that a pipeline does not load itself.

use crate::declared::Survey;
use crate::error::PipelineError;
use crate::load::refuse_rotated;
use crate::people::People;
use crate::project::OpenProject;
use crate::record::KeyFacts;
use crate::statements;
use crate::undeclared_logs;
use crate::unread;
use futures::TryStreamExt;
use lakewarden_dictionary::{Dataset, DatasetRole, LawfulBasis, Pipeline, Project};
use lakewarden_lake::{Lake, TableSnapshot, Zone};
use std::collections::BTreeMap;

/// The datasets of other pipelines that decisions about people depend on: consent logs, suppression lists, dates of birth.
pub(crate) fn of_other_pipelines<'a>(project: &'a Project, pipeline: &Pipeline, people: &People) -> Vec<&'a Dataset> {
    let own = |dataset: &Dataset| pipeline.channels.iter().any(|c| c.dataset.value == dataset.name.value);
    let bearing = |dataset: &&Dataset| statements::bear_on(&people.consent, dataset);
    let marked = |dataset: &Dataset| dataset.demands.marks_rows_of.is_some();
    project.datasets.iter().filter(|d| !own(d) && !marked(d)).filter(bearing).collect()
}

/// Notes what the published tables of datasets say, and returns their versions. Nothing of them joins customers. A
/// table whose pseudonyms were made with another key than `today`'s is refused.
///
/// # Errors
/// [`PipelineError::ConsentNeverLoaded`] if the lake has nothing of a log or list; [`PipelineError::DeclarationChanged`]
/// if what it has means something else today; [`PipelineError::OtherKey`], [`PipelineError::KeyRotated`]; those of the
/// lake.
pub(crate) async fn note(
    people: &mut People,
    open: &OpenProject,
    pipeline: &Pipeline,
    datasets: &[&Dataset],
    lake: &Lake,
    today: Option<&KeyFacts>,
) -> Result<BTreeMap<String, i64>, PipelineError> {
    let survey = Survey { lake, zone: open.zone(), keys: None };
    let mut versions = undeclared_logs::note_renamed(people, &open.project, lake).await?;
    for dataset in datasets {
        let Some(table) = published(&open.project, pipeline, dataset, lake).await? else { continue };
        if let Some(today) = today.filter(|_| depends_on_consent(&open.project, pipeline)) {
            // Whom pseudonyms of another key name is not known.
            refuse_rotated(today, &table)?;
        }
        survey.refuse_changed(dataset, Some(&table)).await?;
        versions.insert(dataset.name.value.clone(), table.version);
        let mut columns = People::columns(dataset);
        columns.retain(|column| table.schema.field_with_name(column).is_ok());
        let mut batches = lake.read_table_batches(&table, Some(&columns))?;
        while let Some(batch) = batches.try_next().await? {
            people.note_statements(dataset, &batch)?;
        }
        unread::note(&mut people.consent, &unread::read(lake, dataset).await?);
    }
    Ok(versions)
}

/// The published table of a dataset. A log or list without one refuses whatever asks about consent.
///
/// # Errors
/// [`PipelineError::ConsentNeverLoaded`]; those of the lake.
pub(crate) async fn published(
    project: &Project,
    pipeline: &Pipeline,
    dataset: &Dataset,
    lake: &Lake,
) -> Result<Option<TableSnapshot>, PipelineError> {
    let table = lake.table(Zone::Conformed, &dataset.name.value).await?;
    let required = match dataset.role {
        DatasetRole::Data => false,
        DatasetRole::ConsentLog | DatasetRole::SuppressionList => depends_on_consent(project, pipeline),
    };
    if table.is_none() && required {
        let loads = |p: &&Pipeline| p.channels.iter().any(|c| c.dataset.value == dataset.name.value);
        return Err(PipelineError::ConsentNeverLoaded {
            log: dataset.name.value.clone(),
            pipeline: pipeline.name.value.clone(),
            loaded_by: project.pipelines.iter().find(loads).map(|p| p.name.value.clone()),
        });
    }
    Ok(table)
}

/// Refuses to go on without a log or list that the lake holds, where what people said changes what a pipeline may read.
///
/// # Errors
/// [`PipelineError::UndeclaredLog`]; those of the lake.
pub(crate) async fn refuse_undeclared_logs(
    project: &Project,
    pipeline: &Pipeline,
    lake: &Lake,
) -> Result<(), PipelineError> {
    if depends_on_consent(project, pipeline) {
        undeclared_logs::refuse_undeclared_logs(project, lake).await?;
    }
    Ok(())
}

/// Whether what people said changes what a pipeline may read: not if all of its data about people is kept by legal
/// obligation.
fn depends_on_consent(project: &Project, pipeline: &Pipeline) -> bool {
    let datasets = pipeline.channels.iter().filter_map(|c| project.dataset(&c.dataset.value));
    let mut personal = datasets.filter(|d| d.role == DatasetRole::Data && d.has_subjects());
    personal.any(|d| d.purposes.iter().any(|p| p.lawful_basis != LawfulBasis::LegalObligation))
}
