//! What can keep a command from being carried out.

use lakewarden_dictionary::Problem;
use lakewarden_engine::EngineError;
use lakewarden_extract::ExtractError;
use lakewarden_identity::IdentityError;
use lakewarden_lake::LakeError;
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
            Self::UnknownPurpose { .. } => "LW6004",
            Self::NoLake => "LW6005",
            Self::Key { .. } => "LW6006",
            Self::OtherKey { .. } => "LW6007",
            Self::Account { .. } => "LW6010",
            Self::Contract { .. } | Self::ContractType { .. } => "LW6011",
            Self::Damaged { .. } => "LW6012",
            Self::Worker => "LW6013",
            Self::Anonymity(_) | Self::Unmeasurable { .. } => "LW6020",
            Self::NobodyNamed { .. } => "LW6021",
            Self::Source(error) => error.code(),
            Self::Extract(error) => error.code(),
            Self::Lake(error) => error.code(),
            Self::Engine { error, .. } => error.code().unwrap_or("LW6014"),
            Self::Identity(_) => "LW6015",
            Self::Lineage(_) => "LW6016",
            Self::FileChanged { .. } => "LW6017",
        }
    }

    /// What would mend it.
    pub fn hint(&self) -> Option<String> {
        let list = |known: &[String]| known.join(", ");
        match self {
            Self::Project(_) => Some("lakewarden check".to_owned()),
            Self::Read { .. } => Some("run it in the project's folder, or name that with --project DIR".to_owned()),
            Self::UnknownPipeline { known, .. } => Some(format!("pipelines: {}", list(known))),
            Self::WhichPipeline { known } => Some(format!("--pipeline {}", known.join(" | --pipeline "))),
            Self::UnknownPurpose { known, .. } => Some(format!("purposes: {}", list(known))),
            Self::NoLake => Some("set `lake:` in lakewarden.yaml to a path, file://… or s3://…".to_owned()),
            Self::Key { hint, .. } => Some(hint.clone()),
            Self::OtherKey { .. } => {
                Some("use the lake's own key, or raise `key.version` in lakewarden.yaml for a new one".to_owned())
            }
            Self::Account { .. } => Some("nothing was published; please report this with the file's shape".to_owned()),
            Self::Contract { .. } | Self::ContractType { .. } => {
                Some("nothing was published; mend the model or its entry in schemas/curated".to_owned())
            }
            Self::Anonymity(found) => Some(found.hint.clone()),
            Self::Damaged { .. } => Some("lakewarden check, then look who else writes to the lake".to_owned()),
            Self::FileChanged { .. } => {
                Some("let exports be moved into their folder when they are whole, then: lakewarden run".to_owned())
            }
            Self::NobodyNamed { dataset, .. } => Some(format!(
                "mend the export; or write `unreadable_subject: warn` in schemas/channels/{dataset}.yaml, and the run goes on and counts them"
            )),
            Self::Source(error) => Some(error.hint()),
            Self::Extract(error) => Some(error.hint()),
            Self::Lake(LakeError::LeaseHeld { .. }) => Some(
                "wait for the other run; if it was killed, wait until its lease ends, or: lakewarden run --take-over"
                    .to_owned(),
            ),
            Self::Lake(error) => error.hint().map(str::to_owned),
            Self::Engine { error: EngineError::Sql(problem), .. } => problem.hint.clone(),
            Self::Engine { error: EngineError::Forbidden { .. }, .. } => {
                Some("leave it out, or add the purpose to the field in the dictionary".to_owned())
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

    /// Whether the project or its data was refused (exit 1) rather than the command being impossible (exit 2).
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Project(_) | Self::Account { .. } | Self::Contract { .. } | Self::ContractType { .. } => true,
            Self::NobodyNamed { .. } => true,
            Self::Anonymity(_) | Self::Extract(_) | Self::OtherKey { .. } | Self::FileChanged { .. } => true,
            Self::Engine { error, .. } => {
                !matches!(error, EngineError::Start { .. } | EngineError::File { .. } | EngineError::Storage)
            }
            _ => false,
        }
    }
}
