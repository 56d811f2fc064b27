//! The run event and what it is about.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::dataset_facets::{DatasetFacets, InputFacets, OutputFacets};
use super::facet::Producer;
use super::job_facets::JobFacets;
use super::run_facets::RunFacets;
use crate::LineageError;

const SCHEMA_URL: &str = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";

/// Which step in the life of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum EventType {
    /// The run begins.
    Start,
    /// The run ended and its outputs are there.
    Complete,
    /// The run ended with an error.
    Fail,
    /// The run was stopped from outside.
    Abort,
}

/// One event of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunEvent {
    /// Which step in the run's life.
    pub event_type: EventType,
    /// When it happened.
    pub event_time: DateTime<Utc>,
    /// URI of the program that says this.
    pub producer: String,
    /// URL of the schema of run events.
    #[serde(rename = "schemaURL")]
    pub schema_url: String,
    /// The run.
    pub run: Run,
    /// What was run.
    pub job: Job,
    /// What it reads.
    #[serde(default)]
    pub inputs: Vec<InputDataset>,
    /// What it writes.
    #[serde(default)]
    pub outputs: Vec<OutputDataset>,
}

impl RunEvent {
    /// An event without inputs and outputs; add them to the fields of these names.
    pub fn new(producer: &Producer, event_type: EventType, event_time: DateTime<Utc>, run: Run, job: Job) -> Self {
        Self {
            event_type,
            event_time,
            producer: producer.uri().to_owned(),
            schema_url: SCHEMA_URL.to_owned(),
            run,
            job,
            inputs: Vec::new(),
            outputs: Vec::new(),
        }
    }

    /// Writes the event as one line of JSON, without the line's end.
    ///
    /// # Errors
    /// [`LineageError::Serialise`].
    pub fn to_line(&self) -> Result<String, LineageError> {
        serde_json::to_string(self).map_err(LineageError::Serialise)
    }
}

/// A run of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// The run's id, the same in all its events.
    pub run_id: Uuid,
    /// More about the run.
    #[serde(default)]
    pub facets: RunFacets,
}

impl Run {
    /// A run without facets.
    pub fn new(run_id: Uuid) -> Self {
        Self { run_id, facets: RunFacets::default() }
    }
}

/// What is run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// The namespace within which `name` is unique.
    pub namespace: String,
    /// The job's name.
    pub name: String,
    /// More about the job.
    #[serde(default)]
    pub facets: JobFacets,
}

impl Job {
    /// A job without facets.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { namespace: namespace.into(), name: name.into(), facets: JobFacets::default() }
    }
}

/// The name of a dataset: see OpenLineage's naming conventions for what a namespace is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DatasetId {
    /// Where the dataset lies, e.g. `s3://bucket` or `file`.
    pub namespace: String,
    /// Its name there, e.g. a path.
    pub name: String,
}

impl DatasetId {
    /// Names a dataset.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }
}

/// A dataset that a run reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InputDataset {
    /// Which.
    #[serde(flatten)]
    pub id: DatasetId,
    /// More about the dataset.
    #[serde(default)]
    pub facets: DatasetFacets,
    /// More about its being read.
    #[serde(default)]
    pub input_facets: InputFacets,
}

impl InputDataset {
    /// An input without facets.
    pub fn new(id: DatasetId) -> Self {
        Self { id, facets: DatasetFacets::default(), input_facets: InputFacets::default() }
    }
}

/// A dataset that a run writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutputDataset {
    /// Which.
    #[serde(flatten)]
    pub id: DatasetId,
    /// More about the dataset.
    #[serde(default)]
    pub facets: DatasetFacets,
    /// More about its being written.
    #[serde(default)]
    pub output_facets: OutputFacets,
}

impl OutputDataset {
    /// An output without facets.
    pub fn new(id: DatasetId) -> Self {
        Self { id, facets: DatasetFacets::default(), output_facets: OutputFacets::default() }
    }
}
