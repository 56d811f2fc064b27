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
mod terms_of_project;
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
pub use terms_of_project::*;
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

    /// Fewest data subjects behind each row of a table that may be read for purposes other than its own: the project's
    /// `minimum_subjects`, and never fewer than [`LEAST_SUBJECTS`].
    pub fn subjects_of_open_tables(&self) -> u32 {
        self.settings.minimum_subjects.max(LEAST_SUBJECTS)
    }

    /// Fewest data subjects behind each row of a table; 1 for a table with a subject column, and for one with noise,
    /// whose own threshold decides.
    pub fn minimum_subjects(&self, table: &Table) -> u32 {
        match (&table.subject, &table.noise, &table.minimum_subjects) {
            (Some(_), _, _) | (None, Some(_), _) => 1,
            (None, None, Some(own)) => own.value,
            (None, None, None) => self.settings.minimum_subjects,
        }
    }

    /// Whether a table keeps its purpose, retention and identifiability: its rows are about one data subject, or about
    /// fewer than [`Project::subjects_of_open_tables`]; noise that hides one person takes it from them, which is of at
    /// most [`LARGEST_EPSILON_OF_OPEN_TABLES`] and a threshold of that many.
    pub fn is_bound_to_purpose(&self, table: &Table) -> bool {
        match (&table.subject, &table.noise) {
            (Some(_), _) => true,
            (None, Some(noise)) => noise.is_weak() || noise.threshold() < i128::from(self.subjects_of_open_tables()),
            (None, None) => self.minimum_subjects(table) < self.subjects_of_open_tables(),
        }
    }

    /// Finds a pipeline by name.
    pub fn pipeline(&self, name: &str) -> Option<&Pipeline> {
        self.pipelines.iter().find(|p| p.name.value == name)
    }
}
