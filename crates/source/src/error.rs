//! What can keep a source from being read.

use crate::database::DatabaseError;
use thiserror::Error;

/// The errors of listing and opening sources. Each has a page under `docs/diagnostics/`.
#[derive(Debug, Error)]
pub enum SourceError {
    /// A channel's pattern matches no file.
    #[error("no file matches {pattern} (dataset {dataset})")]
    NoFiles {
        /// The dataset.
        dataset: String,
        /// The pattern, as declared.
        pattern: String,
    },
    /// A channel's address cannot be listed.
    #[error("cannot list the files of {dataset} at {pattern}: {why}")]
    List {
        /// The dataset.
        dataset: String,
        /// The pattern, as declared.
        pattern: String,
        /// What went wrong.
        why: String,
    },
    /// See [`DatabaseError`].
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl SourceError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoFiles { .. } => "LW6008",
            Self::List { .. } => "LW6009",
            Self::Database(error) => error.code(),
        }
    }

    /// What would mend it.
    pub fn hint(&self) -> String {
        match self {
            Self::NoFiles { .. } => "put the export there, or mend `files` in pipeline.yaml".to_owned(),
            Self::List { .. } => "check the address and the credentials (AWS_*)".to_owned(),
            Self::Database(error) => error.hint(),
        }
    }
}
