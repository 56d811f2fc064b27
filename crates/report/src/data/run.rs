//! Which run it was, and its steps.

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};

/// Which run it was and how it ended. Times carry the offset of the project's zone and are shown in it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Run {
    /// Name of the project.
    pub project: String,
    /// Name of the pipeline.
    pub pipeline: String,
    /// What people call the pipeline.
    pub label: crate::Label,
    /// The run's id.
    pub id: String,
    /// When it started.
    pub started: Option<DateTime<FixedOffset>>,
    /// When it ended.
    pub ended: Option<DateTime<FixedOffset>>,
    /// The instant that `as_of()` meant in its models.
    pub as_of: Option<DateTime<FixedOffset>>,
    /// Fingerprint of the data dictionary it ran under.
    pub dictionary_fingerprint: String,
    /// The key its pseudonyms were made with.
    pub key: Option<Key>,
    /// The engine and its version.
    pub engine: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it failed, if it did.
    pub failure: Option<Failure>,
}

/// Why a run failed: Lakewarden's own message, without data.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Failure {
    /// Its code, which has a page in the documentation.
    pub code: String,
    /// What happened.
    pub message: String,
    /// The command or name that fixes it.
    pub help: String,
    /// The problems of the project that kept it from running, each with its place.
    pub problems: Vec<FailureProblem>,
}

/// One problem of the project.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FailureProblem {
    /// Its code.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// The file, with line and column if they are known: `schemas/curated/sales.yaml:12:5`.
    pub at: String,
    /// The command or name that fixes it.
    pub help: String,
}

/// Which key made the pseudonyms. Says nothing about the key itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Key {
    /// Version, from 1.
    pub version: u32,
    /// Fingerprint, 8 hexadecimal digits.
    pub fingerprint: String,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Tables changed.
    Published,
    /// There was nothing to do.
    #[default]
    NothingChanged,
    /// It failed, and the lake is as before.
    Failed,
}

/// One step of a run.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Step {
    /// Its name: of a dataset, a model.
    pub name: String,
    /// What it does.
    pub kind: StepKind,
    /// How it ended.
    pub state: StepState,
    /// When it started, milliseconds after the run's start; absent: when the step before it ended.
    pub offset_ms: Option<u64>,
    /// How long it took, milliseconds.
    pub duration_ms: u64,
    /// Rows it read, if it reads rows.
    pub rows_in: Option<u64>,
    /// Rows it wrote, if it writes rows.
    pub rows_out: Option<u64>,
    /// Rows that it let go, by name (a code of the run record, such as `quarantined`).
    pub losses: Vec<Loss>,
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// Exports to conformed tables.
    #[default]
    Extract,
    /// Tokens to customers.
    Identity,
    /// A model to a curated table.
    Model,
    /// Staged tables to the lake.
    Publish,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// It did its work.
    #[default]
    Done,
    /// Nothing had changed for it.
    Unchanged,
    /// It failed.
    Failed,
    /// It did not run, for a step before it failed.
    Skipped,
}

/// Rows let go under a name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Loss {
    /// Code or words for the cause.
    pub name: String,
    /// Rows.
    pub rows: u64,
}
