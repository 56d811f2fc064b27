//! What can keep a command from being carried out.

use crate::declared::DeclarationChange;
use crate::purposes;
use crate::reload::{ExportsGone, PartReason};
use crate::repeated_files::RepeatedFiles;
use crate::thresholds::Crossed;
use lakewarden_dictionary::Problem;
use lakewarden_engine::EngineError;
use lakewarden_extract::{ExtractError, KeyError};
use lakewarden_identity::IdentityError;
use lakewarden_lake::{Finding, LakeError};
use lakewarden_lineage::LineageError;
use lakewarden_privacy::anonymity::AnonymityError;
use lakewarden_source::SourceError;
use std::fmt;
use thiserror::Error;

/// The errors of plans and runs. Codes are `LW6xxx`, or those of the crate that refused.
#[derive(Debug, Error)]
pub enum PipelineError {
    /// The project does not compile.
    #[error("the project has {} {}", .0.len(), if .0.len() == 1 { "problem" } else { "problems" })]
    Project(Vec<Problem>),
    /// A file or folder of the project cannot be read.
    #[error("cannot read {path}: {why}")]
    Read {
        /// Which one.
        path: String,
        /// The system's word for it.
        why: std::io::ErrorKind,
    },
    /// No pipeline of this name.
    #[error("there is no pipeline {name:?}")]
    UnknownPipeline {
        /// The name asked for.
        name: String,
        /// Those there are.
        known: Vec<String>,
    },
    /// Several pipelines, and none was named.
    #[error("the project has several pipelines and none was named")]
    WhichPipeline {
        /// Those there are.
        known: Vec<String>,
    },
    /// No model of this name.
    #[error("there is no model {name:?}")]
    UnknownModel {
        /// The name asked for.
        name: String,
        /// Those there are.
        known: Vec<String>,
    },
    /// No purpose of this name.
    #[error("there is no purpose {name:?}")]
    UnknownPurpose {
        /// The name asked for.
        name: String,
        /// Those there are.
        known: Vec<String>,
    },
    /// The project names no lake, or one whose address is none.
    #[error("lakewarden.yaml names no lake that can be opened")]
    NoLake,
    /// No key.
    #[error("the master key is missing: {why}")]
    Key {
        /// What is wrong, and where was looked.
        why: String,
        /// The command that mends it.
        hint: String,
    },
    /// Another key than the lake was written with.
    #[error("the key is not the one that this lake was written with (key {found}, lake {expected}, version {version})")]
    OtherKey {
        /// Fingerprint of the key at hand.
        found: String,
        /// Fingerprint of the lake's.
        expected: String,
        /// Version of both.
        version: u32,
    },
    /// Pseudonyms of a dataset were made with another version of the key.
    #[error(
        "pseudonyms in {dataset} were made with version {stored} of the key (key {fingerprint}), and it has version {today} now"
    )]
    KeyRotated {
        /// The dataset.
        dataset: String,
        /// Fingerprint of the key that made them.
        fingerprint: String,
        /// Its version.
        stored: u32,
        /// Today's version.
        today: u32,
    },
    /// What is to be loaded again is not known.
    #[error("--reload names {word:?}, which is not {expected}")]
    UnknownReload {
        /// The dataset or file named.
        word: String,
        /// What it should be.
        expected: String,
        /// Those there are.
        known: Vec<String>,
    },
    /// Exports that are to be loaded again are not there.
    #[error("{0}")]
    ExportsGone(Box<ExportsGone>),
    /// Files whose rows cannot be replaced without those of the whole dataset.
    #[error("files of {dataset} cannot be loaded again by themselves: {reason}")]
    ReloadInPart {
        /// The dataset.
        dataset: String,
        /// Why not.
        reason: Box<PartReason>,
    },
    /// A dataset that keeps its history.
    #[error("{dataset} keeps the history of its rows, which loading its files again would lose")]
    ReloadHistory {
        /// The dataset.
        dataset: String,
    },
    /// A file whose rows were to be replaced was not read.
    #[error("{file} of {dataset} was to take the place of rows of the lake, and {why}")]
    ReloadSkipped {
        /// The dataset.
        dataset: String,
        /// The file.
        file: String,
        /// Why it was not read.
        why: &'static str,
    },
    /// The account of a file does not close.
    #[error("the account of {file} ({dataset}) does not close: {} read, {accounted} accounted for", counted(*.read, "row"))]
    Account {
        /// The dataset.
        dataset: String,
        /// The file.
        file: String,
        /// Rows read.
        read: u64,
        /// Rows written, quarantined, duplicate and outside retention.
        accounted: u64,
    },
    /// What a model gave does not keep its contract.
    #[error("{table} does not keep its contract: {column} fails the test `{rule}` in {}", counted(*.rows, "row"))]
    Contract {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The test.
        rule: &'static str,
        /// How many rows fail it.
        rows: u64,
    },
    /// A model gave a value that its contract's type cannot hold.
    #[error("{table} does not keep its contract: a value of {column} does not fit its type")]
    ContractType {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// A table is less anonymous than its entry demands.
    #[error("{0}")]
    Anonymity(Box<TooLittleAnonymity>),
    /// How anonymous a table is cannot be measured.
    #[error("how anonymous {table} is cannot be measured: {error}")]
    Unmeasurable {
        /// The table.
        table: String,
        /// Why not.
        error: AnonymityError,
    },
    /// A pseudonym column of the lake holds something else.
    #[error("column {column} of {table} does not hold what the dictionary says")]
    Damaged {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// The declaration of a dataset has changed, and its stored rows do not mean what it says now.
    #[error("{}{}", .first.message, and_more(*.more))]
    DeclarationChanged {
        /// The first change.
        first: Box<DeclarationChange>,
        /// How many more there are.
        more: u64,
    },
    /// A column of a curated table was published as its entry no longer declares it.
    #[error("column {column} of {table} is stored {stored}; the dictionary now declares {declared}")]
    StoredOtherwise {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Its stored type.
        stored: String,
        /// The declared one.
        declared: String,
    },
    /// A curated table was published before its entry declared a column.
    #[error("{table} was published without column {column}, which its entry now declares")]
    NotPublishedYet {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// An export is not what it was when the run began.
    #[error("{file} of {dataset} changed while it was read")]
    FileChanged {
        /// The dataset.
        dataset: String,
        /// The file.
        file: String,
    },
    /// Records of a consent log or suppression list that can neither be read nor say for certain whom they name.
    #[error(
        "{records} {} of {dataset} cannot be read and {} not say for certain whom {} (the first is record {row} of {file})",
        if *.records == 1 { "record" } else { "records" },
        if *.records == 1 { "does" } else { "do" },
        if *.records == 1 { "it names" } else { "they name" }
    )]
    NobodyNamed {
        /// The dataset.
        dataset: String,
        /// How many.
        records: u64,
        /// The file of the first.
        file: String,
        /// The number of the first in its file.
        row: u64,
    },
    /// Files that have records of earlier ones, where no key tells equal records apart.
    #[error("{0}")]
    RepeatedFiles(Box<RepeatedFiles>),
    /// The lake has nothing of a consent log or suppression list of the project.
    #[error(
        "pipeline {pipeline} reads data about people, and the lake has nothing of {log}: whether they have refused is not known"
    )]
    ConsentNeverLoaded {
        /// The log or list.
        log: String,
        /// The pipeline that was to run or to be asked.
        pipeline: String,
        /// The pipeline that loads the log or list.
        loaded_by: Option<String>,
    },
    /// The lake holds a consent log or suppression list that no dataset declares as one.
    #[error("the lake holds {table:?}, which was loaded as a consent log or suppression list, and {}: refusals in it would count no more", if *.is_dataset { "its entry says so no more" } else { "no dataset has this name" })]
    UndeclaredLog {
        /// Its table.
        table: String,
        /// Whether a dataset has its name.
        is_dataset: bool,
    },
    /// A replay with the consent known at an earlier instant, for a purpose that the project does not permit it for.
    #[error(
        "the consent known at an earlier instant is not shown for purpose {purpose}: the project permits no replay for it"
    )]
    ReplayNotPermitted {
        /// The purpose.
        purpose: String,
        /// Those that replays are permitted for.
        permitted: Vec<String>,
    },
    /// A replay could not be written to the audit log.
    #[error("nothing was replayed: the replay could not be written to the audit log: {source}")]
    ReplayNotAudited {
        /// Why not.
        source: Box<LakeError>,
    },
    /// A load crosses thresholds of its dataset.
    #[error("{0}")]
    Threshold(Box<Crossed>),
    /// A dataset whose thresholds are to be passed over, and which the pipeline does not load.
    #[error("--accept-thresholds names {name:?}, which is not a dataset of this pipeline")]
    NoThresholds {
        /// The name given.
        name: String,
        /// Those there are.
        known: Vec<String>,
    },
    /// A correction would begin before the row that it takes the place of.
    #[error("{dataset} keeps its history, and the run's instant is before that of rows that it would correct")]
    HistoryInPast {
        /// The dataset.
        dataset: String,
    },
    /// A table that the project does not have.
    #[error("table {name:?} not found in the project")]
    UnknownTable {
        /// The name asked for.
        name: String,
        /// The nearest name.
        near: Option<String>,
        /// Those there are.
        known: Vec<String>,
    },
    /// A dataset that the project does not have.
    #[error("there is no dataset {name:?}")]
    UnknownDataset {
        /// The name asked for.
        name: String,
        /// Those there are.
        known: Vec<String>,
    },
    /// No quarantine of this name.
    #[error("there is no dataset {name:?}, and nothing of it in quarantine")]
    NoQuarantine {
        /// The name asked for.
        name: String,
        /// Those there are.
        known: Vec<String>,
    },
    /// Ids that no record in quarantine has.
    #[error("not in quarantine: {}", .ids.join(", "))]
    NotInQuarantine {
        /// The ids.
        ids: Vec<String>,
    },
    /// What was asked for could not be written to the audit log.
    #[error("nothing was opened: who asked and why could not be written to the audit log: {source}")]
    NotAudited {
        /// Why not.
        source: Box<LakeError>,
    },
    /// A sealed record does not open.
    #[error(
        "nothing is shown: record {id} does not open; it is sealed with version {version} of the key (today {today})"
    )]
    SealedShut {
        /// The record.
        id: String,
        /// The version it was sealed with.
        version: u32,
        /// The version of the key at hand.
        today: u32,
    },
    /// Records are out of quarantine, and their old files could not be deleted.
    #[error("records have left the quarantine of {dataset}, but their old files could not be deleted: {source}")]
    Lingering {
        /// The dataset.
        dataset: String,
        /// Why not.
        source: Box<LakeError>,
    },
    /// Records of a dataset that the project does not declare any more.
    #[error("{dataset} has records in quarantine and no entry in the dictionary that they could be read by")]
    Undeclared {
        /// The dataset.
        dataset: String,
    },
    /// The evidence of earlier runs does not hold, and a run would add to it.
    #[error("{}: {}", .0.at, .0.what)]
    Evidence(Box<Finding>),
    /// A thread of the run died.
    #[error("a worker of the run died")]
    Worker,
    /// See [`SourceError`].
    #[error(transparent)]
    Source(#[from] SourceError),
    /// See [`ExtractError`].
    #[error(transparent)]
    Extract(#[from] ExtractError),
    /// See [`LakeError`].
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// See [`EngineError`]; `model` is the table it was building.
    #[error("{model}: {error}")]
    Engine {
        /// The model or query.
        model: String,
        /// The engine's word.
        error: EngineError,
    },
    /// See [`IdentityError`].
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// See [`LineageError`].
    #[error(transparent)]
    Lineage(#[from] LineageError),
}

/// What a table lacks of the anonymity that its entry demands. It names columns and figures, and no value of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooLittleAnonymity {
    /// The table.
    pub table: String,
    /// What was measured.
    pub measure: &'static str,
    /// The sensitive column that it was measured of, if of one.
    pub of: Option<String>,
    /// The quasi-identifiers.
    pub columns: Vec<String>,
    /// The figure of the worst class.
    pub found: String,
    /// The figure demanded.
    pub declared: String,
    /// Rows in classes that do not reach it.
    pub rows: u64,
    /// All rows.
    pub all: u64,
    /// Classes that do not reach it.
    pub classes: u64,
    /// Which columns to change, and how.
    pub hint: String,
}

/// `1 row`, `2 rows`.
pub(crate) fn counted(number: u64, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}

/// That there is more of a kind; empty if there is not.
fn and_more(changes: u64) -> String {
    match changes {
        0 => String::new(),
        more => format!(" (and {more} more: lakewarden plan)"),
    }
}

impl fmt::Display for TooLittleAnonymity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, measure, found, declared, rows, all, classes, .. } = self;
        write!(f, "{table} is less anonymous than its entry demands: {measure}")?;
        if let Some(of) = &self.of {
            write!(f, " of {of}")?;
        }
        let columns = self.columns.join(", ");
        let (of_classes, misses) = if *classes == 1 { ("class", "misses") } else { ("classes", "miss") };
        write!(f, " over {columns} is {found}, demanded is {declared}; ")?;
        let are = if *rows == 1 { "is" } else { "are" };
        write!(f, "{rows} of {} {are} in {classes} {of_classes} that {misses} it", counted(*all, "row"))
    }
}

impl PipelineError {
    /// Says which model an engine error is of.
    pub(crate) fn of_model(model: &str) -> impl FnOnce(EngineError) -> Self + '_ {
        move |error| Self::Engine { model: model.to_owned(), error }
    }

    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Project(_) => "LW6001",
            Self::Read { .. } => "LW6002",
            Self::UnknownPipeline { .. } | Self::WhichPipeline { .. } => "LW6003",
            Self::UnknownModel { .. } => "LW2042",
            Self::UnknownPurpose { .. } => "LW6004",
            Self::NoLake => "LW6005",
            Self::Key { .. } => "LW6006",
            Self::OtherKey { .. } => "LW6007",
            Self::KeyRotated { .. } => "LW6070",
            Self::UnknownReload { .. } => "LW6071",
            Self::ExportsGone(_) => "LW6072",
            Self::ReloadInPart { .. } => "LW6073",
            Self::ReloadHistory { .. } => "LW6074",
            Self::ReloadSkipped { .. } => "LW6075",
            Self::Account { .. } => "LW6010",
            Self::Contract { .. } | Self::ContractType { .. } => "LW6011",
            Self::Damaged { .. } => "LW6012",
            Self::Evidence(finding) => finding.code,
            Self::Worker => "LW6013",
            Self::Anonymity(_) | Self::Unmeasurable { .. } => "LW6020",
            Self::NobodyNamed { .. } => "LW6021",
            Self::RepeatedFiles(_) => "LW6066",
            Self::ConsentNeverLoaded { .. } => "LW6055",
            Self::UndeclaredLog { .. } => "LW6052",
            Self::ReplayNotPermitted { .. } => "LW6058",
            Self::ReplayNotAudited { .. } => "LW6059",
            Self::Threshold(_) => "LW6023",
            Self::NoThresholds { .. } => "LW6024",
            Self::HistoryInPast { .. } => "LW6030",
            Self::UnknownDataset { .. } => "LW6031",
            Self::UnknownTable { .. } => "LW7041",
            Self::NoQuarantine { .. } => "LW6035",
            Self::NotInQuarantine { .. } => "LW6036",
            Self::NotAudited { .. } => "LW6037",
            Self::SealedShut { .. } => "LW6038",
            Self::Lingering { .. } => "LW6039",
            Self::Undeclared { .. } => "LW6040",
            Self::Source(error) => error.code(),
            Self::Extract(error) => error.code(),
            Self::Lake(error) => error.code(),
            Self::Engine { error, .. } => error.code().unwrap_or("LW6014"),
            Self::Identity(_) => "LW6015",
            Self::Lineage(_) => "LW6016",
            Self::FileChanged { .. } => "LW6017",
            Self::StoredOtherwise { .. } | Self::NotPublishedYet { .. } => "LW2022",
            Self::DeclarationChanged { first, .. } => first.change.code(),
        }
    }

    /// What would mend it.
    pub fn hint(&self) -> Option<String> {
        let list = |known: &[String]| known.join(", ");
        match self {
            Self::Project(_) => Some("lakewarden check".to_owned()),
            Self::Read { .. } => Some("run it in the project's folder, or name that with --project DIR".to_owned()),
            Self::UnknownPipeline { known, .. } => Some(format!("pipelines: {}", list(known))),
            Self::UnknownModel { known, .. } => Some(match known.as_slice() {
                [] => "write it as pipelines/PIPELINE/models/NAME.sql".to_owned(),
                known => format!("models: {}", list(known)),
            }),
            Self::WhichPipeline { known } => Some(format!("--pipeline {}", known.join(" | --pipeline "))),
            Self::HistoryInPast { .. } => Some("run with an --as-of that is not before the last run's".to_owned()),
            Self::UnknownDataset { known, .. } => Some(format!("datasets: {}", list(known))),
            Self::UnknownTable { near: Some(near), .. } => {
                Some(format!("did you mean {near:?}? lakewarden tables lists all"))
            }
            Self::UnknownTable { known, .. } => Some(format!("tables: {}", list(known))),
            Self::UnknownPurpose { known, .. } => Some(format!("purposes: {}", list(known))),
            Self::NoLake => Some("set `lake:` in lakewarden.yaml to a path, file://… or s3://…".to_owned()),
            Self::Key { hint, .. } => Some(hint.clone()),
            Self::OtherKey { .. } => {
                Some("use the lake's own key; for a new one raise `key.version` in lakewarden.yaml, then load all exports again: lakewarden run --reload-all".to_owned())
            }
            Self::KeyRotated { stored, .. } => Some(format!(
                "load all exports again under the new key: lakewarden run --reload-all, for each pipeline; or go back to version {stored} in `key` of lakewarden.yaml"
            )),
            Self::UnknownReload { known, .. } if known.is_empty() => Some("lakewarden ledger lists the files that are loaded".to_owned()),
            Self::UnknownReload { known, .. } => Some(format!("there are: {}", list(known))),
            Self::ExportsGone(gone) => Some(gone.hint()),
            Self::ReloadInPart { dataset, .. } => {
                Some(format!("nothing was published; load the whole dataset again: lakewarden run --reload {dataset}"))
            }
            Self::ReloadHistory { dataset } => Some(format!(
                "nothing was read; declare `corrections: replace` in schemas/channels/{dataset}.yaml if the history may go, then: lakewarden run --reload {dataset}"
            )),
            Self::ReloadSkipped { dataset, .. } => Some(format!(
                "nothing was published; correct the file or schemas/channels/{dataset}.yaml, then again"
            )),
            Self::Account { .. } => Some("nothing was published; please report this with the file's shape".to_owned()),
            Self::Contract { .. } | Self::ContractType { .. } => {
                Some("nothing was published; mend the model or its entry in schemas/curated".to_owned())
            }
            Self::Anonymity(found) => Some(found.hint.clone()),
            Self::Damaged { .. } => Some("lakewarden check, then look who else writes to the lake".to_owned()),
            Self::DeclarationChanged { first, .. } => Some(first.remedy.clone()),
            Self::StoredOtherwise { .. } => {
                Some("lakewarden run publishes it again; or declare it as it was".to_owned())
            }
            Self::NotPublishedYet { .. } => Some("publish it again: lakewarden run".to_owned()),
            Self::FileChanged { .. } => {
                Some("let exports be moved into their folder when they are whole, then: lakewarden run".to_owned())
            }
            Self::NobodyNamed { dataset, .. } => Some(format!(
                "mend the export; if a placeholder such as `123456` is somebody's identifier, write `absent_defaults: false` and the real placeholders under `absent` in the identifier's entry; or write `unreadable_subject: warn` in schemas/channels/{dataset}.yaml, and the run goes on and counts them"
            )),
            Self::ConsentNeverLoaded { log, loaded_by: Some(loader), pipeline } if loader != pipeline => {
                Some(format!("lakewarden run --pipeline {loader} loads {log}; then again"))
            }
            Self::ConsentNeverLoaded { log, pipeline, .. } => {
                Some(format!("lakewarden run --pipeline {pipeline} loads {log}; then again"))
            }
            Self::UndeclaredLog { table, is_dataset: true } => Some(format!(
                "write `role: consent_log` or `role: suppression_list` in schemas/channels/{table}.yaml, as before"
            )),
            Self::UndeclaredLog { table, is_dataset: false } => Some(format!(
                "declare {table} again in schemas/channels/{table}.yaml, with its role; or, if the log has another name now, write `renamed_from: {table}` in its entry"
            )),
            Self::ReplayNotPermitted { purpose, permitted } => Some(format!(
                "leave `--consent known-then` out, and people are judged as of now; or list {purpose} under `replay_purposes` in lakewarden.yaml ({})",
                if permitted.is_empty() { "it lists none".to_owned() } else { format!("it lists {}", list(permitted)) }
            )),
            Self::ReplayNotAudited { .. } => {
                Some("repair the lake's storage: lakewarden doctor; then again".to_owned())
            }
            Self::RepeatedFiles(found) => Some(format!(
                "nothing was published; declare `key` in schemas/channels/{0}.yaml, so that equal rows are recognised; or remove the file that repeats the other; or, if they are new rows, declare `snapshot: append` there; or, if each file is a full export, `snapshot: replace`",
                found.dataset
            )),
            Self::Threshold(crossed) => Some(crossed.hint()),
            Self::NoThresholds { known, .. } => Some(format!("datasets of the pipeline: {}", list(known))),
            Self::NoQuarantine { known, .. } => Some(format!("datasets: {}", list(known))),
            Self::NotInQuarantine { .. } => Some(
                "lakewarden quarantine list shows what is there; released and discarded records are not".to_owned(),
            ),
            Self::NotAudited { .. } => Some("mend the lake's storage, then ask again".to_owned()),
            Self::SealedShut { version, .. } => Some(format!(
                "it opens with the master key that version {version} was made from, in `key` of lakewarden.yaml; if that is the one, the record was altered: lakewarden quarantine discard"
            )),
            Self::Lingering { .. } => Some(
                "the next run deletes them, as does: lakewarden quarantine discard --reason TEXT DATASET".to_owned(),
            ),
            Self::Undeclared { dataset } => Some(format!(
                "write schemas/channels/{dataset}.yaml again; or: lakewarden quarantine discard {dataset} --reason TEXT"
            )),
            Self::Evidence(finding) => Some(finding.mend.clone()),
            Self::Source(error) => Some(error.hint()),
            Self::Extract(error) => Some(error.hint()),
            Self::Lake(LakeError::LeaseHeld { .. }) => Some(
                "wait for the other run; if it was killed, wait until its lease ends, or: lakewarden run --take-over"
                    .to_owned(),
            ),
            Self::Lake(error) => error.hint().map(str::to_owned),
            Self::Engine { error: EngineError::Sql(problem), .. } => problem.hint.clone(),
            Self::Engine { error: EngineError::Forbidden { columns, .. }, .. } => {
                Some(purposes::forbidden_column_hint(columns).to_owned())
            }
            Self::Engine { error: EngineError::Storage, .. } => {
                Some("look whether the lake's storage answers: lakewarden doctor; then run again".to_owned())
            }
            Self::Engine { error: EngineError::Memory { .. }, .. } => {
                Some("raise `memory_budget` in lakewarden.yaml".to_owned())
            }
            _ => None,
        }
    }

    /// What is wrong with the keys of rows that the lake holds.
    pub(crate) fn of_keys<'a>(table: &'a str, columns: &'a [&str]) -> impl Fn(KeyError) -> Self + 'a {
        move |error| match error {
            KeyError::Spill(source) => Self::Extract(ExtractError::Spill { file: table.to_owned(), source }),
            _ => Self::Damaged { table: table.to_owned(), column: columns.join(", ") },
        }
    }

    /// Whether the project or its data was refused (exit 1) rather than the command being impossible (exit 2).
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Project(_) | Self::Account { .. } | Self::Contract { .. } | Self::ContractType { .. } => true,
            Self::NobodyNamed { .. } | Self::SealedShut { .. } | Self::Undeclared { .. } => true,
            Self::Threshold(_) | Self::Evidence(_) | Self::RepeatedFiles(_) => true,
            Self::ConsentNeverLoaded { .. } | Self::UndeclaredLog { .. } | Self::ReplayNotPermitted { .. } => true,
            Self::Anonymity(_) | Self::Extract(_) | Self::OtherKey { .. } | Self::FileChanged { .. } => true,
            Self::HistoryInPast { .. } => true,
            Self::DeclarationChanged { .. } | Self::StoredOtherwise { .. } | Self::NotPublishedYet { .. } => true,
            Self::KeyRotated { .. } | Self::ReloadInPart { .. } | Self::ReloadHistory { .. } => true,
            Self::ReloadSkipped { .. } => true,
            Self::Source(SourceError::Database(error)) => error.is_refusal(),
            Self::Engine { error, .. } => {
                !matches!(error, EngineError::Start { .. } | EngineError::File { .. } | EngineError::Storage)
            }
            _ => false,
        }
    }
}
