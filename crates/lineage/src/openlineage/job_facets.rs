//! Facets of a job.

use serde::{Deserialize, Serialize};

use super::dataset_facets::Owner;
use super::facet::{Facet, facet_body};

facet_body! {
    JobType => "https://openlineage.io/spec/facets/2-0-4/JobTypeJobFacet.json#/$defs/JobTypeJobFacet",
    Sql => "https://openlineage.io/spec/facets/1-1-0/SQLJobFacet.json#/$defs/SQLJobFacet",
    JobOwnership =>
        "https://openlineage.io/spec/facets/1-0-1/OwnershipJobFacet.json#/$defs/OwnershipJobFacet",
    JobDocumentation =>
        "https://openlineage.io/spec/facets/1-1-0/DocumentationJobFacet.json#/$defs/DocumentationJobFacet",
}

/// The facets that a job may have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobFacets {
    /// Of which kind it is.
    #[serde(default, rename = "jobType", skip_serializing_if = "Option::is_none")]
    pub job_type: Option<Facet<JobType>>,
    /// Its query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sql: Option<Facet<Sql>>,
    /// Whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ownership: Option<Facet<JobOwnership>>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub documentation: Option<Facet<JobDocumentation>>,
}

/// Whether a job comes to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ProcessingType {
    /// It does.
    Batch,
    /// It follows a stream.
    Streaming,
    /// It serves.
    Service,
}

/// Of which kind a job is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobType {
    /// Whether it comes to an end.
    pub processing_type: ProcessingType,
    /// The system that runs it, in capitals, e.g. `LAKEWARDEN`.
    pub integration: String,
    /// That system's word for the kind, in capitals, e.g. `MODEL`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_type: Option<String>,
}

/// A job's query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sql {
    /// The text of the query.
    pub query: String,
    /// The dialect of SQL, e.g. `datafusion`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialect: Option<String>,
}

/// Whose a job is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobOwnership {
    /// The owners.
    pub owners: Vec<Owner>,
}

/// What a job is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobDocumentation {
    /// The text.
    pub description: String,
    /// Its MIME type, e.g. `text/markdown`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
}
