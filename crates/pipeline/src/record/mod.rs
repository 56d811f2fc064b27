//! What a run says of itself: the shape of `run --format json`, of `status` and of the audit log.

mod consent;
mod dataset;
mod file_warning;
mod model;
mod published;
mod reload;
mod vacuum;

pub use consent::*;
pub use dataset::*;
pub use file_warning::*;
pub use model::*;
pub use published::*;
pub use reload::*;
pub use vacuum::*;

use crate::declared::DeclarationChange;
use crate::error::PipelineError;
pub use crate::load::Totals;
use chrono::{DateTime, NaiveDate, Utc};
use lakewarden_dictionary::{Dataset, Pipeline, Project, Subjects};
use lakewarden_privacy::KeyRing;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Rows by the name of what became of them.
pub type Counts = BTreeMap<String, u64>;

/// The record of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The run.
    pub run: Uuid,
    /// The project's name.
    pub project: String,
    /// The pipeline.
    pub pipeline: String,
    /// When it began.
    pub started: DateTime<Utc>,
    /// How long it took, milliseconds.
    pub millis: u64,
    /// The instant of `as_of()`.
    pub as_of: DateTime<Utc>,
    /// The instant that people were judged at, if it is another: consent, restriction, suppression, age and retention.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged_at: Option<DateTime<Utc>>,
    /// Which consent events counted.
    #[serde(default)]
    pub consent: ConsentKnown,
    /// The days whose files it looked at; all if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<Days>,
    /// How it ended.
    pub outcome: Outcome,
    /// SHA-256 of the declarative files, hexadecimal.
    pub dictionary: String,
    /// The key that pseudonyms were made with.
    pub key: KeyFacts,
    /// Version of Lakewarden.
    pub version: String,
    /// Its steps, in order.
    pub steps: Vec<Step>,
    /// What was loaded.
    pub datasets: Vec<DatasetAccount>,
    /// Exports that were deleted or archived, because the lake has them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after_load: Vec<RetiredExports>,
    /// Versions of tables that were removed, because they are no longer current and the project's `history` is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vacuum: Option<RemovedVersions>,
    /// Who was recognised.
    pub identity: Option<IdentityAccount>,
    /// What was built.
    pub models: Vec<ModelAccount>,
    /// What became visible.
    pub publication: Vec<PublishedTable>,
    /// By dataset: the version of its conformed table that the models were built from.
    #[serde(default)]
    pub inputs: BTreeMap<String, i64>,
    /// The pipeline's datasets about people whose data subjects cannot be resolved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without_subject: Vec<WithoutSubject>,
    /// What changed in the declarations of the pipeline's datasets since their rows were stored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub declaration_changes: Vec<DeclarationChange>,
    /// The audit record that announced its publication, as `N:SHA256`; absent if it published nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announced: Option<String>,
    /// Why it failed, if it did.
    pub failure: Option<Failure>,
}

/// A dataset about people that declares `subject: none`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithoutSubject {
    /// The dataset.
    pub dataset: String,
    /// Why its rows name no data subject, as its entry says; that it says nothing, where it serves legal obligations only.
    pub reason: String,
}

impl WithoutSubject {
    /// Those of a pipeline's channels, in their order.
    pub fn of_pipeline(project: &Project, pipeline: &Pipeline) -> Vec<Self> {
        let datasets = pipeline.channels.iter().filter_map(|c| project.dataset(&c.dataset.value));
        let unresolvable = datasets.filter(|d| match d.subjects() {
            Subjects::Unresolvable => true,
            Subjects::NotPersonal | Subjects::Pseudonymous | Subjects::Undeclared => false,
        });
        let undeclared = || "not declared; every purpose is a legal obligation".to_owned();
        let reason = |d: &Dataset| d.subject_reason.as_ref().map_or_else(undeclared, |r| r.value.clone());
        unresolvable.map(|d| Self { dataset: d.name.value.clone(), reason: reason(d) }).collect()
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All its tables became visible.
    Published,
    /// There was nothing to do.
    Unchanged,
    /// Nothing became visible.
    Failed,
    /// A signal stopped it before anything became visible.
    Interrupted,
}

/// Which key, without saying the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyFacts {
    /// Its version.
    pub version: u32,
    /// Its fingerprint, eight hexadecimal digits.
    pub fingerprint: String,
}

impl KeyFacts {
    /// What may be said of a key.
    pub fn of(keys: &KeyRing) -> Self {
        Self { version: keys.version(), fingerprint: keys.fingerprint() }
    }

    /// Refuses a dataset whose pseudonyms were made with another key than `today`'s, of the same version or another:
    /// they match none of those that are made with it.
    ///
    /// # Errors
    /// [`PipelineError::OtherKey`], [`PipelineError::KeyRotated`].
    pub fn refuse_other(&self, dataset: &str, today: &Self) -> Result<(), PipelineError> {
        if self == today {
            return Ok(());
        }
        if self.version == today.version {
            let (found, expected) = (today.fingerprint.clone(), self.fingerprint.clone());
            return Err(PipelineError::OtherKey { found, expected, version: self.version });
        }
        Err(PipelineError::KeyRotated {
            dataset: dataset.to_owned(),
            fingerprint: self.fingerprint.clone(),
            stored: self.version,
            today: today.version,
        })
    }
}

/// One step of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Kind of step.
    pub kind: StepKind,
    /// The dataset or table.
    pub name: String,
    /// Milliseconds.
    pub millis: u64,
    /// Rows that came in.
    pub rows_in: u64,
    /// Rows that went out.
    pub rows_out: u64,
    /// The rows between, by reason.
    pub losses: Counts,
}

/// Kinds of steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// Export files → a conformed table.
    Extract,
    /// Pseudonyms → customers.
    Identity,
    /// SQL → a curated table.
    Model,
    /// Everything becomes visible.
    Publish,
}

/// Days, the first and the last included. An end that is absent is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Days {
    /// The first day.
    pub from: Option<NaiveDate>,
    /// The last day.
    pub to: Option<NaiveDate>,
}

/// Who was recognised.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct IdentityAccount {
    /// Pseudonyms by domain.
    pub tokens: Counts,
    /// Customers.
    pub customers: u64,
    /// Earlier ids that went into another customer's.
    pub merged: u64,
    /// Pseudonyms that too many others share.
    pub shared: u64,
    /// Customers by number of pseudonyms.
    pub histogram: BTreeMap<u32, u64>,
    /// Customers by the decision of each purpose asked for: permitted and the reasons of refusal.
    pub consent: BTreeMap<String, Counts>,
    /// Consent events that were read the stricter way, or that have no effect yet.
    #[serde(default)]
    pub consent_warnings: ConsentWarnings,
    /// Pseudonyms named by records of consent logs and suppression lists that could not be read, in this run or an
    /// earlier one, and have not been mended: each counts as withdrawn, or as listed.
    #[serde(default)]
    pub consent_doubted: u64,
    /// Withdrawals, restrictions and lines of suppression lists whose pseudonyms no row of data carries, by log and domain.
    #[serde(default)]
    pub unmatched_refusals: Vec<UnmatchedRefusals>,
}

/// A table that became visible.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PublishedTable {
    /// Its zone.
    pub zone: String,
    /// Its name.
    pub table: String,
    /// The Delta version.
    pub version: i64,
    /// Rows added (append) or held (replace).
    pub rows: u64,
    /// Files written.
    pub files: u64,
    /// Bytes written.
    pub bytes: u64,
}

/// Why a run failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Stable code.
    pub code: String,
    /// What happened.
    pub message: String,
    /// What would mend it.
    pub hint: Option<String>,
}
