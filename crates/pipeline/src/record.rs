//! What a run says of itself: the shape of `run --format json`, of `status` and of the audit log.

use crate::error::PipelineError;
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use lakewarden_dictionary::DiversityKind;
use lakewarden_extract::DuplicatesBy;
use lakewarden_policy::Knowledge;
use lakewarden_policy::labels::{Identifiability, Label};
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
    /// The instant of `as_of()` and of consent.
    pub as_of: DateTime<Utc>,
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
    /// Who was recognised.
    pub identity: Option<IdentityAccount>,
    /// What was built.
    pub models: Vec<ModelAccount>,
    /// What became visible.
    pub publication: Vec<PublishedTable>,
    /// By dataset: the version of its conformed table that the models were built from.
    #[serde(default)]
    pub inputs: BTreeMap<String, i64>,
    /// Why it failed, if it did.
    pub failure: Option<Failure>,
}

/// Which consent events a run looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentKnown {
    /// Those that were in effect and written down at its instant.
    #[default]
    Then,
    /// All that were known when it ran, judged at its instant.
    Now,
}

impl From<Knowledge> for ConsentKnown {
    fn from(known: Knowledge) -> Self {
        match known {
            Knowledge::Then => Self::Then,
            Knowledge::Now => Self::Now,
        }
    }
}

impl From<ConsentKnown> for Knowledge {
    fn from(known: ConsentKnown) -> Self {
        match known {
            ConsentKnown::Then => Self::Then,
            ConsentKnown::Now => Self::Now,
        }
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

    /// Refuses another key of the same version: its pseudonyms would match none of those made with this one.
    ///
    /// # Errors
    /// [`PipelineError::OtherKey`].
    pub fn refuse_another(&self, keys: &KeyRing) -> Result<(), PipelineError> {
        let found = Self::of(keys);
        if self.version != found.version || *self == found {
            return Ok(());
        }
        Err(PipelineError::OtherKey {
            found: found.fingerprint,
            expected: self.fingerprint.clone(),
            version: self.version,
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

/// The account of a dataset in one run. `read` = `written` + `quarantined` + `duplicates` + `outside_retention`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DatasetAccount {
    /// The dataset.
    pub dataset: String,
    /// Files loaded.
    pub files: Vec<FileFacts>,
    /// Files whose bytes the lake already has.
    pub already_loaded: Vec<String>,
    /// Files that wait for a person to review their undeclared fields.
    #[serde(default)]
    pub held: Vec<HeldFile>,
    /// Bytes of the files loaded.
    pub bytes: u64,
    /// Records read.
    pub read: u64,
    /// Rows written.
    pub written: u64,
    /// Rows in quarantine, by field and rule.
    pub quarantined: Vec<Quarantined>,
    /// Of a consent log or suppression list: how many of those there are. Each counts as a withdrawal from every
    /// purpose, or as listed, of whomever it names, until it is mended.
    #[serde(default)]
    pub consent_unreadable: u64,
    /// Of those, the records that do not say for certain whom they name.
    #[serde(default)]
    pub consent_unreadable_nobody: u64,
    /// Records of earlier runs that this one removed from quarantine for good, because their time there was over.
    #[serde(default)]
    pub quarantine_expired: u64,
    /// Records that lie in quarantine after this run, those of earlier runs included.
    #[serde(default)]
    pub in_quarantine: u64,
    /// Rows that another row with their key survives: the sum of `duplicates_by`.
    pub duplicates: u64,
    /// The same, by where the survivor is.
    #[serde(default)]
    pub duplicates_by: DuplicatesBy,
    /// Rows of the lake that rows of this run took the place of.
    #[serde(default)]
    pub replaced: u64,
    /// Those of `already_loaded` that came under another name than the one they were loaded under.
    #[serde(default)]
    pub same_bytes: Vec<SameBytes>,
    /// Rows older than the retention.
    pub outside_retention: u64,
    /// Records equal to an earlier one of their file, kept because no key is declared.
    pub exact_duplicates: u64,
    /// Lines that are no records by the dictionary's word: before a header, remarks, totals. Not in `read`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub skipped_lines: u64,
    /// Undeclared fields by name, with the records that held a value. None was stored.
    pub over_collected: Counts,
    /// Placeholders put into free text, by kind.
    pub redactions: Counts,
    /// What a person should know of, by file.
    pub warnings: Vec<FileWarning>,
    /// Rows written that break a rule which only warns, by field and rule.
    #[serde(default)]
    pub warned: Vec<Quarantined>,
    /// Files that a rule stopped and that were left aside. The next run tries them again.
    #[serde(default)]
    pub set_aside: Vec<FileWarning>,
    /// Its thresholds, and what was found of each.
    #[serde(default)]
    pub thresholds: Vec<ThresholdAccount>,
    /// Rows of all runs that its anomaly rules mark, by rule.
    #[serde(default)]
    pub anomalies: Vec<AnomalyAccount>,
    /// What a person should know of files that are not there, or not whole yet, by address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arrivals: Vec<FileWarning>,
}

/// A threshold of a dataset, and what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThresholdAccount {
    /// The key that declares it; after a space the column, if it is one's.
    pub threshold: String,
    /// The share declared.
    pub limit: String,
    /// The rows that the share limits.
    pub rows: u64,
    /// The rows that it is a share of; `None` if it is the usual, and there is none yet.
    pub of: Option<u64>,
    /// Whether it was crossed.
    pub crossed: bool,
    /// Whether the run went on all the same, because somebody said so.
    pub accepted: bool,
}

impl ThresholdAccount {
    /// What was found and what is declared, in words.
    pub fn told(&self) -> String {
        let Self { threshold, limit, rows, of, .. } = self;
        match (threshold.as_str(), of) {
            ("quarantine_at_most", Some(of)) => {
                format!("{rows} of {of} rows read go to quarantine, at most {limit} may")
            }
            ("duplicates_at_most", Some(of)) => {
                format!("{rows} of {of} rows read are duplicates, at most {limit} may be")
            }
            ("rows_at_least", Some(of)) => format!("{rows} rows were read, at least {limit} of the usual {of} must be"),
            (_, None) => format!("{rows} rows were read; what is usual cannot be told before the fourth load"),
            (other, Some(of)) => {
                let column = other.strip_prefix("null_at_most ").unwrap_or(other);
                format!("{column} is null in {rows} of {of} rows written, at most {limit} may be")
            }
        }
    }
}

/// What an anomaly rule marked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnomalyAccount {
    /// The rule.
    pub rule: String,
    /// What it looks for: `brushing`, `try_on`, `outlier`.
    pub kind: String,
    /// Rows marked, of this run and all before.
    pub rows: u64,
    /// Rows looked at.
    pub of: u64,
}

/// A file that has the bytes of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SameBytes {
    /// The file, which was not loaded.
    pub file: String,
    /// The one that was.
    pub loaded_as: String,
}

/// A file that was loaded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileFacts {
    /// Its name.
    pub file: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// Records in it.
    pub read: u64,
    /// Rows written of them.
    pub written: u64,
    /// The encoding it was read in.
    pub encoding: Option<String>,
    /// What its data is of, if its path says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<DataInterval>,
}

/// The time that a file's data is of, in wall-clock time of the export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataInterval {
    /// The first instant.
    pub from: NaiveDateTime,
    /// The first instant after it.
    pub until: NaiveDateTime,
}

/// Days, the first and the last included. An end that is absent is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Days {
    /// The first day.
    pub from: Option<NaiveDate>,
    /// The last day.
    pub to: Option<NaiveDate>,
}

/// Rows in quarantine for one reason.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Quarantined {
    /// The field, if one is to blame.
    pub field: Option<String>,
    /// The rule.
    pub rule: String,
    /// How many.
    pub rows: u64,
}

/// A file that waits where it is: its dataset asks for a review of fields that nobody declared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldFile {
    /// The file.
    pub file: String,
    /// Its undeclared fields that hold values.
    pub fields: Vec<String>,
}

/// A warning about a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileWarning {
    /// The file.
    pub file: String,
    /// The warning.
    pub warning: String,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl DatasetAccount {
    /// Rows in quarantine, for whatever reason.
    pub fn quarantined_total(&self) -> u64 {
        self.quarantined.iter().map(|q| q.rows).sum()
    }
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
    /// Consent events for purposes that the project does not know.
    pub unknown_purposes: u64,
    /// Pseudonyms named by records of consent logs and suppression lists that could not be read, in this run or an
    /// earlier one, and have not been mended: each counts as withdrawn from every purpose, or as listed.
    #[serde(default)]
    pub consent_doubted: u64,
}

/// The account of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelAccount {
    /// The table.
    pub table: String,
    /// Its purpose.
    pub purpose: String,
    /// Its governed scans.
    pub scans: Vec<ScanAccount>,
    /// Rows it has.
    pub rows: u64,
    /// Rows held back because fewer people stand behind them than the table demands.
    #[serde(default)]
    pub suppressed: u64,
    /// How anonymous it is, if its entry demands anything.
    #[serde(default)]
    pub anonymity: Option<AnonymityAccount>,
    /// The noise that it is published with, if its entry declares any.
    #[serde(default)]
    pub noise: Option<NoiseAccount>,
    /// From which columns it comes.
    pub lineage: Vec<ColumnUse>,
    /// The labels of its columns; a constant or a count of everything has none.
    #[serde(default)]
    pub labels: Vec<ColumnLabel>,
}

/// How anonymous a table is, measured before it was published.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnonymityAccount {
    /// The quasi-identifiers, in the table's order.
    pub quasi_identifiers: Vec<String>,
    /// What k counts.
    pub counted: Counted,
    /// Rows measured.
    pub rows: u64,
    /// Equivalence classes: different combinations of quasi-identifiers.
    pub classes: u64,
    /// k-anonymity.
    pub k: KFigure,
    /// l-diversity of each sensitive column, if it is demanded.
    pub diversity: Vec<DiversityFigure>,
    /// t-closeness of each sensitive column, if it is demanded.
    pub closeness: Vec<ClosenessFigure>,
}

/// What k counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// Rows.
    Rows,
    /// Different data subjects.
    Subjects,
}

/// k-anonymity, demanded and found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KFigure {
    /// At least this.
    pub declared: u64,
    /// The smallest class; `None` if there is no row.
    pub found: Option<u64>,
}

/// l-diversity of a column, demanded and found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DiversityFigure {
    /// The sensitive column.
    pub column: String,
    /// What diversity is.
    pub kind: DiversityKind,
    /// At least this.
    pub declared: u64,
    /// The least diverse class; `None` if there is no row.
    pub found: Option<f64>,
}

/// t-closeness of a column, demanded and found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClosenessFigure {
    /// The sensitive column.
    pub column: String,
    /// How far values are from each other.
    pub distance: DistanceKind,
    /// At most this.
    pub declared: f64,
    /// The class furthest from the table, 0 to 1; `None` if there is no row.
    pub found: Option<f64>,
}

/// How far values are from each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DistanceKind {
    /// By how many values stand between them: numbers, dates, instants.
    Ordered,
    /// All equally: everything else.
    Equal,
}

/// The noise of a table, and what has been spent on it. How many rows were held back is not told: that is a figure of
/// the data without noise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NoiseAccount {
    /// Of which law it is.
    pub mechanism: NoiseMechanism,
    /// ε of one publication.
    pub epsilon: f64,
    /// δ of one publication.
    pub delta: f64,
    /// How many rows one person stands behind at most.
    pub rows_per_person: u32,
    /// The least noised number of people of a row that is shown.
    pub threshold: u64,
    /// The noised figures, the number of people first.
    pub figures: Vec<NoiseFigure>,
    /// How often it is published at most, ISO 8601.
    pub every: String,
    /// Whether the run left the table as it was, for its interval had its publication.
    pub kept: bool,
    /// Publications so far.
    pub publications: u64,
    /// Sum of ε of all publications so far: what somebody who has kept them all can use.
    pub epsilon_spent: f64,
    /// Sum of δ of all publications so far.
    pub delta_spent: f64,
}

/// Laws of noise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoiseMechanism {
    /// The discrete Laplace law (two-sided geometric).
    DiscreteLaplace,
}

/// A noised figure, in the unit of its column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NoiseFigure {
    /// The column; `None` for a number of people that is not published.
    pub column: Option<String>,
    /// The least that one person adds to a row.
    pub low: f64,
    /// The most that one person adds to a row.
    pub high: f64,
    /// Scale of the noise: its standard deviation is about 1.41 times this.
    pub scale: f64,
}

/// The account of one governed scan. `read` = `used` + `withheld`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScanAccount {
    /// The relation.
    pub relation: String,
    /// The lawful basis.
    pub basis: String,
    /// Rows read.
    pub read: u64,
    /// Rows used.
    pub used: u64,
    /// Rows used that name nobody.
    pub without_subject: u64,
    /// Rows kept back, by reason.
    pub withheld: Counts,
}

/// That a column of a table comes from a column of a dataset or another table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ColumnUse {
    /// The relation it comes from.
    pub relation: String,
    /// The column there.
    pub column: String,
    /// The column here; `None` if it decides which rows there are.
    pub output: Option<String>,
    /// Whether the value itself goes in, rather than deciding about it.
    pub direct: bool,
}

/// What a column is labelled, from what it is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnLabel {
    /// The column.
    pub column: String,
    /// `direct`, `pseudonym(domain)`, `quasi`, `attribute`, `aggregate(k)` or `none`.
    pub identifiability: String,
    /// Categories of the fideslang taxonomy.
    pub categories: Vec<String>,
    /// Purposes that all it is made of may serve; `None`: any.
    pub purposes: Option<Vec<String>>,
    /// How long what it is made of is kept; `None`: for ever.
    pub retention: Option<String>,
}

impl ColumnLabel {
    /// In words; `k` people stand behind each row of a table without a subject.
    pub fn of(column: &str, label: &Label, k: u32) -> Self {
        let identifiability = match &label.identifiability {
            Identifiability::None => "none".to_owned(),
            Identifiability::Aggregate => format!("aggregate({k})"),
            Identifiability::Attribute => "attribute".to_owned(),
            Identifiability::Quasi => "quasi".to_owned(),
            Identifiability::Pseudonym(domain) => format!("pseudonym({domain})"),
            Identifiability::Direct => "direct".to_owned(),
        };
        Self {
            column: column.to_owned(),
            identifiability,
            categories: label.categories.iter().cloned().collect(),
            purposes: label.purposes.as_ref().map(|purposes| purposes.iter().cloned().collect()),
            retention: label.retention.as_ref().map(|kept| kept.value.to_string()),
        }
    }
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
