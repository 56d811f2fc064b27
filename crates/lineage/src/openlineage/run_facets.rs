//! Facets of a run.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::facet::{Facet, facet_body};
use super::row_account::RowAccount;

facet_body! {
    ProcessingEngine =>
        "https://openlineage.io/spec/facets/1-1-1/ProcessingEngineRunFacet.json#/$defs/ProcessingEngineRunFacet",
    ParentRun => "https://openlineage.io/spec/facets/1-2-0/ParentRunFacet.json#/$defs/ParentRunFacet",
    NominalTime =>
        "https://openlineage.io/spec/facets/1-0-1/NominalTimeRunFacet.json#/$defs/NominalTimeRunFacet",
    ErrorMessage =>
        "https://openlineage.io/spec/facets/1-0-1/ErrorMessageRunFacet.json#/$defs/ErrorMessageRunFacet",
}

/// The facets that a run may have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFacets {
    /// What computes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processing_engine: Option<Facet<ProcessingEngine>>,
    /// The run that this run is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Facet<ParentRun>>,
    /// The data interval.
    #[serde(default, rename = "nominalTime", skip_serializing_if = "Option::is_none")]
    pub nominal_time: Option<Facet<NominalTime>>,
    /// Why it failed.
    #[serde(default, rename = "errorMessage", skip_serializing_if = "Option::is_none")]
    pub error_message: Option<Facet<ErrorMessage>>,
    /// What became of all rows of the run.
    #[serde(default, rename = "lakewarden_rowAccount", skip_serializing_if = "Option::is_none")]
    pub row_account: Option<Facet<RowAccount>>,
}

/// What computes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessingEngine {
    /// The engine's version.
    pub version: String,
    /// The engine's name, e.g. `DataFusion`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The version of what makes the events.
    #[serde(default, rename = "openlineageAdapterVersion", skip_serializing_if = "Option::is_none")]
    pub adapter_version: Option<String>,
}

/// A run by its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunId {
    /// The run's id.
    pub run_id: Uuid,
}

/// A job by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobId {
    /// The namespace within which `name` is unique.
    pub namespace: String,
    /// The job's name.
    pub name: String,
}

/// The run that this run is a part of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParentRun {
    /// The parent's id.
    pub run: RunId,
    /// The parent's job.
    pub job: JobId,
    /// The topmost run, where that is another one than the parent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<RootRun>,
}

/// The topmost of a chain of parents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootRun {
    /// Its id.
    pub run: RunId,
    /// Its job.
    pub job: JobId,
}

/// The data interval of a run: from `start`, before `end`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NominalTime {
    /// Included.
    #[serde(rename = "nominalStartTime")]
    pub start: DateTime<Utc>,
    /// Excluded.
    #[serde(default, rename = "nominalEndTime", skip_serializing_if = "Option::is_none")]
    pub end: Option<DateTime<Utc>>,
}

/// Why a run failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorMessage {
    /// What a person reads. It must not quote a value of a data cell.
    pub message: String,
    /// The language of the failed program, e.g. `Rust`.
    pub programming_language: String,
    /// Where in the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack_trace: Option<String>,
}
