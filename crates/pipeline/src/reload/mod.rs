//! Loading files again: their rows take the place of those that the lake has of them, in one publication.

mod apply;
mod part;
mod request;
mod select;

pub(crate) use apply::Superseding;
pub use request::ReloadRequest;
pub(crate) use request::ReloadScope;
pub(crate) use select::{Selected, select};

use crate::ledger::LedgerLine;
use crate::record::ReplacementCause;
use lakewarden_lake::TableSnapshot;
use std::collections::BTreeSet;
use std::fmt;

/// Whose rows a load takes the place of. What is new of the dataset is loaded in the same run.
#[derive(Debug, Clone)]
pub(crate) struct Replacement {
    /// Why.
    pub cause: ReplacementCause,
    /// Whether all rows of the dataset go. If not, those of the files of `lines` do.
    pub whole: bool,
    /// The files whose rows go, as the ledger has them.
    pub lines: Vec<LedgerLine>,
    /// Names of the files that are loaded for them: each must be among those that are read.
    pub files: BTreeSet<String>,
    /// The table as it is.
    pub table: TableSnapshot,
}

impl Replacement {
    /// SHA-256 of the files whose rows go.
    pub fn checksums(&self) -> BTreeSet<String> {
        self.lines.iter().map(|line| line.file.sha256.clone()).collect()
    }
}

/// Why the rows of some files cannot be replaced without those of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartReason {
    /// Its rows are statements about people.
    Statements,
    /// Which row of a key stays depends on all files.
    Survivor,
    /// It has rows of which the file is not known.
    UnknownRows {
        /// How many.
        rows: u64,
    },
    /// Rows of another file were left out because of rows that the lake had.
    RowsOfOthers {
        /// The other file.
        file: String,
        /// How many.
        rows: u64,
    },
    /// What became of records of the file that left quarantine is not known file by file.
    LeftQuarantine {
        /// The file.
        file: String,
        /// How many.
        records: u64,
    },
    /// The lake has other rows of the file than were loaded.
    OtherRows {
        /// The file.
        file: String,
    },
}

impl fmt::Display for PartReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Statements => write!(f, "its records are statements that hold together"),
            Self::Survivor => write!(f, "`survivor` or `corrections` decides over the rows of all its files"),
            Self::UnknownRows { rows } => write!(f, "the file of {} is not known", crate::error::counted(*rows, "row")),
            Self::RowsOfOthers { file, rows } => {
                let rows = crate::error::counted(*rows, "row");
                write!(f, "{rows} of {file} left out because other files have their keys or values")
            }
            Self::LeftQuarantine { file, records } => {
                let records = crate::error::counted(*records, "record");
                write!(f, "{records} of {file} left quarantine, and it is not known how")
            }
            Self::OtherRows { file } => write!(f, "the lake has fewer rows of {file} than were loaded"),
        }
    }
}

/// Exports that are to be loaded again and are not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportsGone {
    /// The dataset.
    pub dataset: String,
    /// Those that are not there, at least one.
    pub missing: Vec<MissingExport>,
    /// Those that are.
    pub present: Vec<String>,
}

/// An export that is not there with the bytes that were loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingExport {
    /// Its name; empty if the ledger does not know it any more.
    pub file: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Whether a file of its name is there, with other bytes.
    pub has_other_bytes: bool,
}

impl fmt::Display for ExportsGone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = |missing: &MissingExport| {
            let sum = missing.sha256.get(..12).unwrap_or(&missing.sha256);
            let name = if missing.file.is_empty() { "a file" } else { missing.file.as_str() };
            let other = if missing.has_other_bytes { ", of which another version is there" } else { "" };
            format!("{name} (sha256 {sum}…{other})")
        };
        let all: Vec<String> = self.missing.iter().map(one).collect();
        let count = crate::error::counted(all.len() as u64, "export");
        let (are, they) = if all.len() == 1 { ("is", "it was") } else { ("are", "they were") };
        write!(f, "{count} of {} {are} not there as {they} loaded: {}", self.dataset, all.join(", "))
    }
}

impl ExportsGone {
    /// What would help.
    pub(crate) fn hint(&self) -> String {
        let dataset = &self.dataset;
        let mut ways =
            vec!["nothing was read or published; put them back where the channel finds them, from a backup".to_owned()];
        if let Some(other) = self.missing.iter().find(|missing| missing.has_other_bytes) {
            ways.push(format!("or take the version that is there for its rows: add --reload {dataset}/{}", other.file));
        }
        if let Some(first) = self.present.first() {
            let more = match self.present.len() {
                1 => String::new(),
                n => format!(", and likewise for {} more", n - 1),
            };
            ways.push(format!("or load only those that are there: lakewarden run --reload {dataset}/{first}{more}"));
        }
        ways.join("; ")
    }
}
