//! What became of each row of a file.

use crate::keys::Earlier;
use crate::overlap::{FileOverlap, FileSketch};
use crate::repeats::Repeated;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// Why a row is in quarantine.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct QuarantineReason {
    /// The field's name in the export; `None` if the record as a whole does not parse.
    pub field: Option<String>,
    /// The rule: its own name, or one of the dictionary's (`required`, `in`, …), or `type`, `phone`, `email`,
    /// `identifier`, `integer_identifier`, `domain`, `number_format`, `calendar`, `epoch_unit`, `lost_digits`, `formula`,
    /// `date_cell`, `columns`, `quote`, `escape`, `multiline`, `bytes`, `json`, `error_cell`.
    pub rule: Cow<'static, str>,
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
    /// Physical lines of text in it, blank ones and those of the header included; 0 for containers that have none.
    pub lines: u64,
    /// Lines that are no records: neither in `read` nor in its sum.
    pub skipped: SkippedLines,
    /// Records read, the header not counted.
    pub read: u64,
    /// Rows given to the sink that no other row has taken the place of.
    pub written: u64,
    /// Rows sealed into quarantine, by reason.
    pub quarantined: BTreeMap<QuarantineReason, u64>,
    /// Rows written that break a rule which only warns, by rule. A row counts for each of them.
    pub warned: BTreeMap<QuarantineReason, u64>,
    /// Values of rows written that were left out, by field and rule: placeholders, masked identifiers, and what a rule or
    /// `on_invalid` sets to null.
    pub set_null: BTreeMap<QuarantineReason, u64>,
    /// Of a consent log or suppression list: those of them that bear a statement all the same, which is every one.
    pub unread: u64,
    /// Of those, the records that do not say for certain whom they name.
    pub unread_nobody: u64,
    /// The first of those, by its number in the file.
    pub nobody_at: Option<u64>,
    /// Rows that are left out because an equal row was read before, or because a declared `survivor` ranks another row
    /// of their key above them: the sum of `duplicates_by`.
    pub duplicates: u64,
    /// The same, by where the survivor is.
    pub duplicates_by: DuplicatesBy,
    /// Rows that are left out although no row with their values was read: another row with their key came first.
    pub key_conflicts: u64,
    /// Rows older than the dataset's retention.
    pub outside_retention: u64,
    /// Where no key is declared: records equal in all declared fields to an earlier one of this file. They are kept.
    pub exact_duplicates: u64,
    /// What is kept of the file to recognise its records in later ones, where that is asked for.
    pub sketch: Option<FileSketch>,
    /// Earlier files whose records it has.
    pub overlaps: Vec<FileOverlap>,
    /// Undeclared fields by label: rows that hold a value (JSON: occurrences). Neither values nor names are stored; a label
    /// is a keyed hash of the name, or the name itself where the dictionary ignores it.
    pub over_collected: BTreeMap<String, u64>,
    /// The encoding it was read in; `None` for binary containers.
    pub encoding: Option<&'static str>,
    /// Placeholders put into free text, by kind.
    pub redactions: BTreeMap<&'static str, u64>,
    /// Values rounded to the scale of their type, by the field's name in the export: noise of binary floating-point
    /// arithmetic, and other digits where the field declares `round`.
    pub rounded: BTreeMap<String, u64>,
    /// What a person should know of, but which stops nothing.
    pub warnings: Vec<Warning>,
}

impl FileAccount {
    /// Rows in quarantine, for whatever reason.
    pub fn quarantined_total(&self) -> u64 {
        self.quarantined.values().sum()
    }

    /// Rows that are accounted for: written, or left out for one reason.
    pub fn accounted(&self) -> u64 {
        self.written + self.quarantined_total() + self.duplicates + self.key_conflicts + self.outside_retention
    }

    /// Whether every row read is accounted for.
    pub fn closes(&self) -> bool {
        self.duplicates == self.duplicates_by.total() && self.read == self.accounted()
    }

    /// Counts a row that is left out because another row has its key.
    pub(crate) fn count_repeated(&mut self, repeated: Repeated) {
        match repeated {
            Repeated::Duplicate(earlier) => self.count_duplicate(earlier),
            Repeated::Conflict => self.key_conflicts += 1,
        }
    }

    /// Counts a row that is left out because an earlier one of its key is kept.
    pub(crate) fn count_duplicate(&mut self, earlier: Earlier) {
        self.duplicates += 1;
        match earlier {
            Earlier::SameFile => self.duplicates_by.same_file += 1,
            Earlier::OtherFile => self.duplicates_by.other_file += 1,
            Earlier::Lake => self.duplicates_by.lake += 1,
        }
    }

    /// Rows that were given to the sink are not to be stored, for later ones of the same files survive.
    pub(crate) fn supersede(&mut self, rows: u64) {
        self.written -= rows;
        self.duplicates += rows;
        self.duplicates_by.superseded += rows;
    }

    /// Rows that were counted as duplicates of the lake's have other values.
    pub(crate) fn conflict_with_lake(&mut self, rows: u64) {
        self.duplicates -= rows;
        self.duplicates_by.lake -= rows;
        self.key_conflicts += rows;
    }

    /// Rows that were given to the sink are not to be stored, for the lake's own survive.
    pub fn lose_to_lake(&mut self, rows: u64) {
        self.written -= rows;
        self.duplicates += rows;
        self.duplicates_by.lake += rows;
    }
}

/// Duplicates by where the row is that is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DuplicatesBy {
    /// Earlier in the same file.
    pub same_file: u64,
    /// In an earlier file of the same run.
    pub other_file: u64,
    /// In the lake.
    pub lake: u64,
    /// Later, in the same file or another of the same run.
    pub superseded: u64,
}

impl DuplicatesBy {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.same_file + self.other_file + self.lake + self.superseded
    }

    /// Adds those of another file.
    pub fn add(&mut self, other: &Self) {
        self.same_file += other.same_file;
        self.other_file += other.other_file;
        self.lake += other.lake;
        self.superseded += other.superseded;
    }
}

/// Lines of a file, or rows of a sheet, that are no records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct SkippedLines {
    /// Before the header: `skip_rows`, Excel's `sep=`, or above `header_row`.
    pub preamble: u64,
    /// Remarks: `comment`.
    pub comments: u64,
    /// Total lines: `footer`.
    pub footer: u64,
    /// The header once more, as in concatenated exports.
    pub repeated_headers: u64,
}

impl SkippedLines {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.preamble + self.comments + self.footer + self.repeated_headers
    }
}

/// Something about a file that a person should know of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Warning {
    /// The bytes are in another encoding than declared; they were read in theirs.
    EncodingDiffers {
        /// What the dictionary says.
        declared: Cow<'static, str>,
        /// What the bytes say.
        found: Cow<'static, str>,
    },
    /// The file is another container than declared, one that the dictionary accepts.
    ContainerDiffers {
        /// What was read.
        found: Cow<'static, str>,
    },
    /// A declared, not optional field that no record of a JSON file holds.
    FieldNeverOccurs {
        /// The field.
        field: String,
        /// Whether an undeclared field has nearly this name.
        nearest: bool,
    },
    /// Records in quarantine because their text is damaged.
    DamagedRecords {
        /// The rule.
        rule: Cow<'static, str>,
        /// How many.
        records: u64,
        /// The lines that the first of them begin on, from 1.
        lines: Vec<u64>,
    },
    /// Members of an archive that were not read, because programs and desktops leave such files behind.
    MembersSkipped {
        /// How many.
        members: u64,
        /// The first of them.
        names: Vec<String>,
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
        found: Cow<'static, str>,
        /// How many.
        values: u64,
    },
    /// Records of a consent log or suppression list that can neither be read nor say for certain whom they name.
    NobodyNamed {
        /// How many.
        records: u64,
    },
    /// The last record is named like a total, and the dataset declares no `footer`.
    TotalRow {
        /// Its number.
        record: u64,
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
            Self::FieldNeverOccurs { field, nearest: true } => {
                write!(f, "no record has `{field}`, but an undeclared field has nearly that name")
            }
            Self::FieldNeverOccurs { field, nearest: false } => write!(f, "no record has `{field}`"),
            Self::DamagedRecords { rule, records, lines } => {
                let named: Vec<String> = lines.iter().map(u64::to_string).collect();
                let more = if *records > lines.len() as u64 { ", …" } else { "" };
                let (plural, word) = if *records == 1 { ("", "line") } else { ("s", "lines") };
                write!(
                    f,
                    "{records} damaged record{plural} in quarantine (`{rule}`): {word} {}{more}",
                    named.join(", ")
                )
            }
            Self::MembersSkipped { members, names } => {
                let more = if *members > names.len() as u64 { ", …" } else { "" };
                write!(f, "members of the archive that were not read: {members} ({}{more})", names.join(", "))
            }
            Self::OptionalAbsent { fields } => write!(f, "lacks what is optional, read as null: {}", fields.join(", ")),
            Self::TypeWidened { field, found, values } => {
                write!(f, "`{field}` seems to have become {found}: values of that type in quarantine: {values}")
            }
            Self::NobodyNamed { records } => {
                write!(f, "records that cannot be read and do not say for certain whom they name: {records}")
            }
            Self::TotalRow { record } => write!(
                f,
                "the last record, {record}, is named like a total and was read as a row: declare it as `footer` in `format` if it is one"
            ),
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
