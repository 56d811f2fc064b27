//! What keeps a chore from being done.

use std::path::PathBuf;
use thiserror::Error;

/// A chore's error.
#[derive(Debug, Error)]
pub enum ChoreError {
    /// A file.
    #[error("{path}: {why}")]
    File {
        /// Which.
        path: PathBuf,
        /// The system's word.
        why: std::io::ErrorKind,
    },
    /// Generated files that are not what they would be.
    #[error("not fresh: {}; run `cargo run -p xtask -- generate`", .0.join(", "))]
    Stale(Vec<String>),
    /// A program that failed.
    #[error("{0} failed")]
    Program(String),
    /// A result that cannot be read.
    #[error("{0} gave no readable result")]
    Result(&'static str),
}

impl ChoreError {
    /// A file's error.
    pub fn file(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |error| Self::File { path: path.to_path_buf(), why: error.kind() }
    }
}
