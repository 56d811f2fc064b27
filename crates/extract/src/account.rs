//! What became of each row of a file.

use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// Why a row is in quarantine.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct QuarantineReason {
    /// The field's name in the export; `None` if the record as a whole does not parse.
    pub field: Option<String>,
    /// The rule: one of the dictionary's (`required`, `in`, …), or `type`, `phone`, `email`, `identifier`,
    /// `integer_identifier`, `domain`, `columns`, `json`.
    pub rule: &'static str,
}

/// The account of one file. `read` is the sum of all that follows it: see [`FileAccount::closes`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileAccount {
    /// The file, as [`crate::SourceFile::name`] says it.
    pub file: String,
    /// SHA-256 of its bytes as they lie there (compressed, if they are), lower-case hexadecimal.
    pub sha256: String,
    /// Its size in bytes as it lies there.
    pub bytes: u64,
    /// Records read, the header not counted.
    pub read: u64,
    /// Rows given to the sink.
    pub written: u64,
    /// Rows sealed into quarantine, by reason.
    pub quarantined: BTreeMap<QuarantineReason, u64>,
    /// Of a consent log or suppression list: those of them that bear a statement all the same, which is every one.
    pub unread: u64,
    /// Of those, the records that do not say for certain whom they name.
    pub unread_nobody: u64,
    /// The first of those, by its number in the file.
    pub nobody_at: Option<u64>,
    /// Rows whose key was seen before, in this file, an earlier one or the lake.
    pub duplicates: u64,
    /// Rows older than the dataset's retention.
    pub outside_retention: u64,
    /// Where no key is declared: records equal in all declared fields to an earlier one of this file. They are kept.
    pub exact_duplicates: u64,
    /// Undeclared fields by name: rows that hold a value (JSON: occurrences). Their values were never stored.
    pub over_collected: BTreeMap<String, u64>,
    /// The encoding it was read in; `None` for binary containers.
    pub encoding: Option<&'static str>,
    /// Placeholders put into free text, by kind.
    pub redactions: BTreeMap<&'static str, u64>,
    /// What a person should know of, but which stops nothing.
    pub warnings: Vec<Warning>,
}

impl FileAccount {
    /// Rows in quarantine, for whatever reason.
    pub fn quarantined_total(&self) -> u64 {
        self.quarantined.values().sum()
    }

    /// Whether every row read is accounted for.
    pub fn closes(&self) -> bool {
        self.read == self.written + self.quarantined_total() + self.duplicates + self.outside_retention
    }
}

/// Something about a file that a person should know of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Warning {
    /// The bytes are in another encoding than declared; they were read in theirs.
    EncodingDiffers {
        /// What the dictionary says.
        declared: &'static str,
        /// What the bytes say.
        found: &'static str,
    },
    /// The file is another container than declared, one that the dictionary accepts.
    ContainerDiffers {
        /// What was read.
        found: &'static str,
    },
    /// A declared, not optional field that no record of a JSON file holds.
    FieldNeverOccurs {
        /// The field.
        field: String,
        /// The nearest undeclared name that does occur.
        nearest: Option<String>,
    },
    /// Fields that may be missing from a file, and are; their rows hold null.
    OptionalAbsent {
        /// The fields, in declared order.
        fields: Vec<String>,
    },
    /// Values that are not of the declared type, and would be of a wider one. They are in quarantine.
    TypeWidened {
        /// The field.
        field: String,
        /// The type that they would be of.
        found: &'static str,
        /// How many.
        values: u64,
    },
    /// Records of a consent log or suppression list that can neither be read nor say for certain whom they name.
    NobodyNamed {
        /// How many.
        records: u64,
    },
    /// More undeclared names than are remembered; the rest is counted under `(others)`.
    TooManyUndeclaredNames {
        /// How many are remembered.
        remembered: usize,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EncodingDiffers { declared, found } => {
                write!(f, "declared as {declared}, read as {found}")
            }
            Self::ContainerDiffers { found } => write!(f, "read as {found}"),
            Self::FieldNeverOccurs { field, nearest: Some(nearest) } => {
                write!(f, "no record holds `{field}`; the nearest undeclared name is `{nearest}`")
            }
            Self::FieldNeverOccurs { field, nearest: None } => write!(f, "no record holds `{field}`"),
            Self::OptionalAbsent { fields } => write!(f, "lacks what is optional, read as null: {}", fields.join(", ")),
            Self::TypeWidened { field, found, values } => {
                write!(f, "`{field}` seems to have become {found}: values of that type in quarantine: {values}")
            }
            Self::NobodyNamed { records } => {
                write!(f, "records that cannot be read and do not say for certain whom they name: {records}")
            }
            Self::TooManyUndeclaredNames { remembered } => {
                write!(f, "more than {remembered} undeclared names; the rest is counted as `(others)`")
            }
        }
    }
}

/// How far an extraction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress<'a> {
    /// The file whose rows were last written.
    pub file: &'a str,
    /// Its place among the files, from 0.
    pub file_index: usize,
    /// Bytes read of all files so far, as they lie there.
    pub bytes: u64,
    /// Records of all files accounted for so far.
    pub rows: u64,
}
