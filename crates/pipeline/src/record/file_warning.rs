//! Warnings about files: typed in records, in words only where they are shown.

use lakewarden_extract::Warning;
use lakewarden_source::{OneConnection, RemarkKind};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A warning about a file, or about a place of files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Shown", from = "Read")]
pub struct FileWarning {
    /// The file; of a listing, its address or folder.
    pub file: String,
    /// The warning.
    pub warning: FileWarningKind,
}

/// What a warning is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileWarningKind {
    /// The content of a file.
    Extraction(Warning),
    /// Files that are missing, or not complete yet.
    Listing(RemarkKind),
    /// How a database was read.
    Database(OneConnection),
}

impl fmt::Display for FileWarningKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Extraction(warning) => warning.fmt(f),
            Self::Listing(remark) => remark.fmt(f),
            Self::Database(reason) => reason.fmt(f),
        }
    }
}

/// Why a file was not loaded, or stays where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileMessage {
    /// The file.
    pub file: String,
    /// The reason, without any value of the file.
    pub message: String,
}

/// A warning as JSON has it: with its words, for those who only show it.
#[derive(Serialize)]
struct Shown {
    file: String,
    message: String,
    warning: FileWarningKind,
}

impl From<FileWarning> for Shown {
    fn from(FileWarning { file, warning }: FileWarning) -> Self {
        Self { file, message: warning.to_string(), warning }
    }
}

/// A warning as it is read back: the words follow from the rest.
#[derive(Deserialize)]
struct Read {
    file: String,
    warning: FileWarningKind,
}

impl From<Read> for FileWarning {
    fn from(Read { file, warning }: Read) -> Self {
        Self { file, warning }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn a_warning_is_read_back_as_it_was_written() {
        let warning = Warning::EncodingDiffers { declared: "GB18030".into(), found: "UTF-8".into() };
        let of_file = FileWarning { file: "a.csv".to_owned(), warning: FileWarningKind::Extraction(warning) };
        let written = serde_json::to_value(&of_file).unwrap();
        let expected = json!({
            "file": "a.csv",
            "message": "declared as GB18030, read as UTF-8",
            "warning": { "extraction": { "encoding_differs": { "declared": "GB18030", "found": "UTF-8" } } },
        });
        assert_eq!(written, expected);
        assert_eq!(serde_json::from_value::<FileWarning>(written).unwrap(), of_file);
        let kinds = [
            FileWarningKind::Listing(RemarkKind::Young { files: 1, minutes: 15 }),
            FileWarningKind::Database(OneConnection::LockTimedOut),
        ];
        for warning in kinds {
            let of_file = FileWarning { file: "a".to_owned(), warning };
            assert_eq!(
                serde_json::from_value::<FileWarning>(serde_json::to_value(&of_file).unwrap()).unwrap(),
                of_file
            );
        }
    }
}
