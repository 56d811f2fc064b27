//! The typed values of a project.

mod absence;
mod anomaly_table;
mod anonymity;
mod database;
mod dataset;
mod demands;
mod drift;
mod file_pattern;
mod format;
mod noise;
mod pipeline;
mod purpose;
mod quarantine;
mod repeats;
mod settings;
mod subject;
mod table;
mod terms;
mod treatment;
mod values;

pub use absence::*;
pub use anomaly_table::{ANOMALY_RULE, ANOMALY_SCORE};
pub use anonymity::*;
pub use database::*;
pub use dataset::*;
pub use demands::*;
pub use drift::*;
pub use file_pattern::*;
pub use format::*;
pub use noise::*;
pub use pipeline::*;
pub use purpose::*;
pub use repeats::*;
pub use settings::*;
pub use subject::*;
pub use table::*;
pub use terms::*;
pub use treatment::*;
pub use values::*;

/// A whole project: every declarative file, typed and resolved against the others.
#[derive(Debug, Clone, Default)]
pub struct Project {
    /// `lakewarden.yaml`.
    pub settings: Settings,
    /// `schemas/purposes.yaml`.
    pub purposes: Purposes,
    /// `schemas/channels/*.yaml`, by name.
    pub datasets: Vec<Dataset>,
    /// `schemas/curated/*.yaml`, by name.
    pub tables: Vec<Table>,
    /// `pipelines/*/pipeline.yaml`, by name.
    pub pipelines: Vec<Pipeline>,
}

impl Project {
    /// Finds a dataset by name.
    pub fn dataset(&self, name: &str) -> Option<&Dataset> {
        self.datasets.iter().find(|d| d.name.value == name)
    }

    /// Finds a curated table by name.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|t| t.name.value == name)
    }

    /// Finds a pipeline by name.
    pub fn pipeline(&self, name: &str) -> Option<&Pipeline> {
        self.pipelines.iter().find(|p| p.name.value == name)
    }
}
