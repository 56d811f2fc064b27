//! What can keep a source from being read.

use crate::database::DatabaseError;
use crate::fault::StoreFault;
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
    /// A storage does not do what it is asked.
    #[error("{dataset} at {at}: {fault}")]
    Store {
        /// The dataset.
        dataset: String,
        /// The file or address, without secrets.
        at: String,
        /// What it does not do.
        fault: StoreFault,
    },
    /// The days that are asked for and the files do not go together.
    #[error("{0}")]
    Interval(IntervalFault),
}

/// Why days and files do not go together.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IntervalFault {
    /// A path holds two dates, or one that there is not.
    #[error("{at} ({dataset}) holds a date that there is not, or two different ones")]
    NoDate {
        /// The dataset.
        dataset: String,
        /// The file or folder.
        at: String,
    },
    /// A web server cannot be asked which days it has.
    #[error("the files of {dataset} at {pattern} can be found only for days that are named")]
    NoDays {
        /// The dataset.
        dataset: String,
        /// The pattern, without secrets.
        pattern: String,
    },
    /// Too many to ask for one by one.
    #[error("the files of {dataset} at {pattern} are more than {most} for these days")]
    TooManyDays {
        /// The dataset.
        dataset: String,
        /// The pattern, without secrets.
        pattern: String,
        /// As many are asked for at once.
        most: usize,
    },
    /// Days are asked for, and no channel knows of days.
    #[error("no channel of the pipeline {pipeline} says which day its files are of")]
    NoneDated {
        /// The pipeline.
        pipeline: String,
    },
}

impl SourceError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoFiles { .. } => "LW6008",
            Self::List { .. } => "LW6009",
            Self::Database(error) => error.code(),
            Self::Store { fault, .. } => fault.code(),
            Self::Interval(_) => "LW7009",
        }
    }

    /// What would mend it.
    pub fn hint(&self) -> String {
        match self {
            Self::NoFiles { .. } => "put the export there, or mend `files` in pipeline.yaml".to_owned(),
            Self::List { .. } => "check the address and who may read it".to_owned(),
            Self::Database(error) => error.hint(),
            Self::Store { fault, .. } => fault.hint(),
            Self::Interval(IntervalFault::NoDate { .. }) => "rename it, or mend the date in pipeline.yaml".to_owned(),
            Self::Interval(IntervalFault::NoDays { .. }) => {
                "lakewarden run --from 2026-09-01 --to 2026-09-30, with the days that you want".to_owned()
            }
            Self::Interval(IntervalFault::TooManyDays { .. }) => {
                "ask for fewer days at a time with --from and --to".to_owned()
            }
            Self::Interval(IntervalFault::NoneDated { .. }) => {
                "write {date} where the day stands in `channels` of pipeline.yaml, or leave out --from and --to"
                    .to_owned()
            }
        }
    }
}
