//! What can go wrong while writing sample exports.

use std::io;
use std::path::{Path, PathBuf};

/// Why sample exports could not be written.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// An option is outside its range.
    #[error("option `{option}` must be {expected}")]
    Option {
        /// Name of the field of [`crate::Options`].
        option: &'static str,
        /// What it may be.
        expected: &'static str,
    },
    /// The target folder holds something already; mixing two samples would falsify the truth.
    #[error("{} is not empty: give a new folder, or empty it first", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// A file or folder could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A Parquet file could not be encoded.
    #[error("{}: could not be encoded as Parquet", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
    },
    /// A truth file is not what this version writes.
    #[error("{}: not a truth file of this version", path.display())]
    Truth {
        /// The file.
        path: PathBuf,
    },
    /// A fault was to be planted in a dataset that has no file for it.
    #[error("{}: no file to plant the fault in", path.display())]
    NothingToSpoil {
        /// The dataset's folder.
        path: PathBuf,
    },
    /// A writing thread ended before its work was done.
    #[error("a writing thread ended early")]
    Interrupted,
}

impl SampleError {
    /// Whether trying again, with nothing changed, may succeed.
    pub fn is_retryable(&self) -> bool {
        matches!(self, SampleError::Io { source, .. } if source.kind() == io::ErrorKind::Interrupted)
    }
}

/// Ties an I/O error to the path it happened at.
pub(crate) fn at(path: &Path) -> impl Fn(io::Error) -> SampleError + '_ {
    move |source| SampleError::Io { path: path.to_path_buf(), source }
}

/// Ties an error of the CSV writer, which can only be one of I/O here, to its path.
pub(crate) fn csv_at(path: &Path) -> impl Fn(csv::Error) -> SampleError + '_ {
    move |error| {
        let source = match error.into_kind() {
            csv::ErrorKind::Io(source) => source,
            _ => io::Error::from(io::ErrorKind::InvalidData),
        };
        SampleError::Io { path: path.to_path_buf(), source }
    }
}
