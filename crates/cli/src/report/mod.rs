//! From the record of a run to the report that people read.
//!
//! The record says what happened, the dictionary what things are called, and the tables that the run
//! published what the customers look like. What a run does not have (no customers, no table of values) is
//! absent from its report and never an error.
//!
//! Of the record: [`run`], [`datasets`] with [`warnings`], [`models`], [`lineage`], [`identity`]. Of the lake:
//! [`evidence`] from the audit log; [`buyers`], [`combinations`], [`months`] and [`values`] from curated
//! tables, asked through [`published`] under the policy. [`disclosure`] keeps money off small groups of
//! customers, [`names`] is what people call codes.

mod answer;
mod buyers;
mod combinations;
mod datasets;
mod dictionary;
mod disclosure;
mod evidence;
pub(crate) mod failure;
mod identity;
mod lake;
mod lineage;
pub(crate) mod model_warnings;
mod models;
mod months;
mod names;
mod origins;
mod published;
mod run;
#[cfg(test)]
pub(crate) mod testing;
mod values;
mod warnings;

use crate::failure::Failure;
use chrono::{DateTime, Utc};
use failure::FailedRun;
use lakewarden_dictionary::Pipeline;
use lakewarden_lake::Lake;
use lakewarden_pipeline::record::{Outcome, RunRecord};
use lakewarden_pipeline::{Asker, Customers, Judgement, OpenProject, PipelineError};
use lakewarden_report::data::{self, CustomerPicture, Report};
use published::Published;

/// Makes the report of a run.
///
/// The customers' picture and the values are read from the curated tables of the lake (`lake` instead of
/// the project's own), each asked for its table's purpose as of the run's instant, and only while the lake
/// still shows what this run published. Of a failed run the lake is not looked at. `customers` are those that the
/// run itself published; without them they are read from the lake.
///
/// # Errors
/// Those of the lake, an audit chain that does not hold (`LW5060`) included, and of queries.
pub async fn of_run(
    record: &RunRecord,
    open: &OpenProject,
    lake: Option<&str>,
    customers: Option<Customers>,
) -> Result<Report, PipelineError> {
    let mut report = recorded(record, open);
    if matches!(record.outcome, Outcome::Failed | Outcome::Interrupted) {
        return Ok(report);
    }
    let opened = Lake::open(&open.lake_url(lake)?)?;
    if let Some(publication) = &mut report.publication {
        publication.audit = evidence::sealing_record(&opened, record).await?;
    }
    if let Some(pipeline) = open.project.pipeline(&record.pipeline) {
        report.lake = Some(lake::state(Some(record), open, pipeline, &opened, record.as_of).await?);
        let judgement = Judgement::of_record(record.as_of, record.judged_at, record.consent);
        let mut asker = Asker::new(open, pipeline, lake, judgement).await?;
        if let Some(customers) = customers {
            asker = asker.knowing(customers);
        }
        let published = Published { record, open, pipeline, lake: &opened, asker };
        report.customers = picture(&published).await?;
        report.values = values::measured(&published).await?;
    }
    Ok(report)
}

/// Makes the report of a run that failed: why, what had been read, and the lake, which is as it was before. A lake that
/// cannot be read is left out; that may be why the run failed.
pub async fn of_failure(failed: &FailedRun, open: &OpenProject, pipeline: &Pipeline, lake: Option<&str>) -> Report {
    let mut report = match &failed.record {
        Some(record) => recorded(record, open),
        None => Report {
            run: failure::attempted(failed, open, &pipeline.name.value),
            minimum_subjects: minimum_subjects(open),
            fields: dictionary::described(&open.project, Some(pipeline), None),
            ..Report::default()
        },
    };
    report.run.outcome = data::Outcome::Failed;
    report.run.failure = Some(failure::describe(&failed.failure, open));
    if !is_unreachable(&failed.failure) {
        let at = failed.record.as_ref().map_or(failed.started, |record| record.as_of);
        report.lake = as_it_was(failed.record.as_ref(), open, pipeline, lake, at).await;
    }
    report
}

/// Whether the run failed because the lake's storage does not answer: it would be waited for once more.
fn is_unreachable(failure: &Failure) -> bool {
    matches!(failure, Failure::Pipeline(PipelineError::Lake(error)) if error.is_retryable())
}

async fn as_it_was(
    record: Option<&RunRecord>,
    open: &OpenProject,
    pipeline: &Pipeline,
    lake: Option<&str>,
    at: DateTime<Utc>,
) -> Option<data::Lake> {
    let opened = Lake::open(&open.lake_url(lake).ok()?).ok()?;
    lake::state(record, open, pipeline, &opened, at).await.ok()
}

/// Counts of fewer people than this are not shown.
fn minimum_subjects(open: &OpenProject) -> u64 {
    open.project.subjects_of_open_tables().into()
}

/// The parts that need no lake.
fn recorded(record: &RunRecord, open: &OpenProject) -> Report {
    let pipeline = open.project.pipeline(&record.pipeline);
    Report {
        run: run::facts(record, open),
        minimum_subjects: minimum_subjects(open),
        consent: identity::consent(record, &open.project),
        origins: origins::origins(record, &open.project),
        fields: dictionary::described(&open.project, pipeline, Some(record)),
        steps: run::steps(record),
        datasets: datasets::accounts(record, &open.project),
        models: models::accounts(record, &open.project),
        lineage: lineage::edges(record, &open.project),
        identity: record.identity.as_ref().map(identity::account),
        publication: evidence::publication(record),
        ..Report::default()
    }
}

/// What the customers look like; `None` if no table of this pipeline tells.
async fn picture(published: &Published<'_>) -> Result<Option<CustomerPicture>, PipelineError> {
    let mut picture = CustomerPicture::default();
    let drawn = [
        buyers::draw(published, &mut picture).await?,
        combinations::draw(published, &mut picture).await?,
        months::draw(published, &mut picture).await?,
    ];
    picture.channels = names::channels_of(&picture);
    Ok(drawn.contains(&true).then_some(picture))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::testing::{record, reference_project};
    use super::*;
    use serde_json::json;

    #[test]
    fn the_parts_of_the_record_agree_with_it() {
        let (record, open) = (record(json!({})), reference_project());
        let report = recorded(&record, &open);
        assert_eq!(report.steps.len(), record.steps.len());
        let totals = report.totals();
        let sum =
            |of: fn(&lakewarden_pipeline::record::DatasetAccount) -> u64| record.datasets.iter().map(of).sum::<u64>();
        assert_eq!(totals.read, sum(|d| d.read));
        assert_eq!(totals.written, sum(|d| d.written));
        assert_eq!(totals.quarantined, sum(|d| d.quarantined_total()));
        assert_eq!(totals.unaccounted, 0);
        let scanned: u64 = record.models.iter().flat_map(|m| &m.scans).map(|s| s.read).sum();
        assert_eq!(report.models.iter().map(|m| m.read()).sum::<u64>(), scanned);
        assert_eq!(report.publication.unwrap().tables.len(), record.publication.len());
    }

    #[tokio::test]
    async fn a_lake_without_the_tables_leaves_their_parts_out() {
        let folder = tempfile::tempdir().unwrap();
        let (record, open) = (record(json!({})), reference_project());
        let report = of_run(&record, &open, folder.path().to_str(), None).await.unwrap();
        assert_eq!((report.customers, report.values.len()), (None, 0));
        assert_eq!(report.publication.unwrap().audit, None);
    }

    #[tokio::test]
    async fn of_a_failed_run_the_lake_is_not_looked_at() {
        let failed = json!({
            "outcome": "failed",
            "publication": [],
            "failure": { "code": "LW6010", "message": "the account does not close", "hint": null },
        });
        let (record, mut open) = (record(failed), reference_project());
        open.project.settings.lake = None;
        let report = of_run(&record, &open, None, None).await.unwrap();
        let failure = report.run.failure.unwrap();
        assert_eq!((failure.code.as_str(), failure.message.as_str()), ("LW6010", "the account does not close"));
        assert_eq!(report.lake, None);
        assert!(report.publication.is_none() && !report.datasets.is_empty());
    }

    #[tokio::test]
    async fn a_run_of_a_pipeline_that_is_gone_is_still_reported() {
        let folder = tempfile::tempdir().unwrap();
        let record = record(json!({ "pipeline": "given_up" }));
        let report = of_run(&record, &reference_project(), folder.path().to_str(), None).await.unwrap();
        assert_eq!(report.run.pipeline, "given_up");
        assert_eq!(report.datasets.len(), record.datasets.len());
    }
}
