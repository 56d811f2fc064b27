//! A release in OpenLineage's words: quarantine → conformed, a START and a COMPLETE for each dataset.

use crate::error::PipelineError;
use crate::events::PRODUCER;
use crate::project::OpenProject;
use crate::quarantine::release::{Released, ReleasedDataset};
use chrono::{DateTime, Utc};
use lakewarden_lake::{Lake, Zone};
use lakewarden_lineage::openlineage::{
    DatasetId, EventType, InputDataset, InputStatistics, Job, JobType, OutputDataset, OutputStatistics,
    ProcessingEngine, ProcessingType, Producer, Quarantined, RowAccount, Run, RunEvent,
};
use serde_json::Value;
use uuid::Uuid;

/// The events of a release that is about to be published.
///
/// # Errors
/// If an event cannot be written as JSON: what has no lineage is not published.
pub(super) fn of_release(
    released: &Released,
    open: &OpenProject,
    lake: &Lake,
    at: DateTime<Utc>,
) -> Result<Vec<Value>, PipelineError> {
    let producer = Producer::new(PRODUCER);
    let mut events = Vec::new();
    for account in released.datasets.iter().filter(|d| d.left() > 0) {
        for event in of_dataset(&producer, released.id, account, open, lake, at) {
            events.push(serde_json::to_value(event).map_err(|_| PipelineError::Worker)?);
        }
    }
    Ok(events)
}

fn of_dataset(
    producer: &Producer,
    id: Uuid,
    account: &ReleasedDataset,
    open: &OpenProject,
    lake: &Lake,
    at: DateTime<Utc>,
) -> [RunEvent; 2] {
    let address = lake.url().as_str().trim_end_matches('/');
    let table = |zone: Zone| DatasetId::new(address, format!("{zone}/{}", account.dataset));
    let mut run = Run::new(Uuid::new_v5(&id, format!("RELEASE/{}", account.dataset).as_bytes()));
    run.facets.processing_engine = Some(producer.facet(ProcessingEngine {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        name: Some("Lakewarden".to_owned()),
        adapter_version: None,
    }));
    let namespace = format!("lakewarden/{}", open.project.settings.project);
    let mut job = Job::new(namespace, format!("quarantine.{}", account.dataset));
    job.facets.job_type = Some(producer.facet(JobType {
        processing_type: ProcessingType::Batch,
        integration: "LAKEWARDEN".to_owned(),
        job_type: Some("RELEASE".to_owned()),
    }));
    let start = RunEvent::new(producer, EventType::Start, at, run.clone(), job.clone());
    let mut complete = RunEvent::new(producer, EventType::Complete, at, run, job);
    let mut input = InputDataset::new(table(Zone::Quarantine));
    input.input_facets.input_statistics =
        Some(producer.facet(InputStatistics { row_count: Some(account.selected), size: None, file_count: None }));
    let mut output = OutputDataset::new(table(Zone::Conformed));
    output.output_facets.output_statistics =
        Some(producer.facet(OutputStatistics { row_count: Some(account.written), size: None, file_count: None }));
    let stays = account.quarantined.iter();
    output.output_facets.row_account = Some(producer.facet(RowAccount {
        // What does not open was not read.
        read: account.selected - account.shut,
        written: account.written,
        quarantined:
            stays.map(|q| Quarantined { field: q.field.clone(), rule: q.rule.clone(), rows: q.rows }).collect(),
        duplicates: account.duplicates,
        key_conflicts: account.key_conflicts,
        outside_retention: account.outside_retention,
        withheld: Vec::new(),
    }));
    complete.inputs = vec![input];
    complete.outputs = vec![output];
    [start, complete]
}
