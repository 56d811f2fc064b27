//! The account of a dataset: what became of its files and rows.

use super::file_warning::{FileMessage, FileWarning};
use super::{Counts, ReplacementAccount};
use chrono::NaiveDateTime;
use lakewarden_extract::DuplicatesBy;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The account of a dataset in one run. `read` = `written` + `quarantined` + `duplicates` + `key_conflicts` +
/// `outside_retention`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DatasetAccount {
    /// The dataset.
    pub dataset: String,
    /// Files loaded.
    pub files: Vec<FileFacts>,
    /// Files whose bytes the lake already has.
    pub already_loaded: Vec<String>,
    /// Files that wait for a person to review their undeclared fields.
    #[serde(default)]
    pub held: Vec<HeldFile>,
    /// Bytes of the files loaded.
    pub bytes: u64,
    /// Physical lines of text in the files, whatever is on them; none in workbooks and Parquet.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lines: u64,
    /// Records read.
    pub read: u64,
    /// Rows written.
    pub written: u64,
    /// Rows in quarantine, by field and rule.
    pub quarantined: Vec<Quarantined>,
    /// Of a consent log or suppression list: how many of those there are. Each counts as a withdrawal from every
    /// purpose, or as listed, of whomever it names, until it is mended.
    #[serde(default)]
    pub consent_unreadable: u64,
    /// Of those, the records that do not say for certain whom they name.
    #[serde(default)]
    pub consent_unreadable_nobody: u64,
    /// Records of earlier runs that this one removed from quarantine for good, because their time there was over.
    #[serde(default)]
    pub quarantine_expired: u64,
    /// Records of earlier runs that this one removed from quarantine because it read their files again.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub quarantine_superseded: u64,
    /// Records that lie in quarantine after this run, those of earlier runs included.
    #[serde(default)]
    pub in_quarantine: u64,
    /// Rows left out because an equal row was read before, or because a declared `survivor` ranks another row of their key
    /// above them: the sum of `duplicates_by`.
    pub duplicates: u64,
    /// The same, by where the survivor is.
    #[serde(default)]
    pub duplicates_by: DuplicatesBy,
    /// Rows left out although no row with their values was read: another row with their key came first.
    #[serde(default)]
    pub key_conflicts: u64,
    /// Rows of the lake that rows of this run took the place of.
    #[serde(default)]
    pub replaced: u64,
    /// What was replaced as a whole, where files were loaded again or a later full export came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement: Option<Box<ReplacementAccount>>,
    /// Full exports that were not read, because a later one came with them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped_exports: Vec<String>,
    /// Rows of the lake that the run removed, because their retention was over.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub retention_ended: u64,
    /// The same, of the versions of rows that the dataset's history keeps.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub history_retention_ended: u64,
    /// Columns of the lake that the run removed, because the dictionary no longer stores them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns_removed: Vec<String>,
    /// Those of `already_loaded` that came under another name than the one they were loaded under.
    #[serde(default)]
    pub same_bytes: Vec<SameBytes>,
    /// Files that have records of earlier ones, which were added once more because the dataset appends them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repeated_files: Vec<FileRepeat>,
    /// Customers that the rows of all runs name; absent where it was not looked up whose the rows are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people: Option<u64>,
    /// Rows older than the retention.
    pub outside_retention: u64,
    /// Records equal to an earlier one of their file, kept because no key is declared.
    pub exact_duplicates: u64,
    /// Lines that are no records by the dictionary's word: before a header, remarks, totals. Not in `read`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub skipped_lines: u64,
    /// Undeclared fields by label, with the records that held a value. Neither value nor name was stored: a label is a keyed
    /// hash of the name, or the name itself where the dictionary ignores it.
    pub over_collected: Counts,
    /// Placeholders put into free text, by kind.
    pub redactions: Counts,
    /// Values rounded to the scale of their type, by the field's name in the export: noise of binary floating-point
    /// arithmetic, and other digits where the field declares `round`.
    #[serde(default, skip_serializing_if = "Counts::is_empty")]
    pub rounded: Counts,
    /// What a person should know of, by file.
    pub warnings: Vec<FileWarning>,
    /// Rows written that break a rule which only warns, by field and rule.
    #[serde(default)]
    pub warned: Vec<Quarantined>,
    /// Values that are null in the rows written although the export had some, by field and rule: placeholders, masked
    /// identifiers, and what broke a rule that sets to null.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set_null: Vec<SetNull>,
    /// Files that a rule stopped and that were left aside. The next run tries them again.
    #[serde(default)]
    pub set_aside: Vec<FileMessage>,
    /// Its thresholds, and what was found of each.
    #[serde(default)]
    pub thresholds: Vec<ThresholdAccount>,
    /// Rows of all runs that its anomaly rules mark, by rule.
    #[serde(default)]
    pub anomalies: Vec<AnomalyAccount>,
    /// What a person should know of files that are not there, or not whole yet, by address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arrivals: Vec<FileWarning>,
}

/// Values of a field that are null although the export had some.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetNull {
    /// The field, by its name in the export.
    pub field: String,
    /// The rule: `placeholder`, `masked`, or the one that the values broke.
    pub rule: String,
    /// How many.
    pub values: u64,
}

/// A threshold of a dataset, and what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThresholdAccount {
    /// The key that declares it; after a space the column, if it is one's.
    pub threshold: String,
    /// The share declared.
    pub limit: String,
    /// The rows that the share limits.
    pub rows: u64,
    /// The rows that it is a share of; `None` if it is the usual, and there is none yet.
    pub of: Option<u64>,
    /// Whether it was crossed.
    pub crossed: bool,
    /// Whether the run went on all the same, because somebody said so.
    pub accepted: bool,
}

impl ThresholdAccount {
    /// What was found and what is declared, in words.
    pub fn told(&self) -> String {
        let Self { threshold, limit, rows, of, .. } = self;
        match (threshold.as_str(), of) {
            ("quarantine_at_most", Some(of)) => {
                format!(
                    "{rows} of {of} rows read are lost (quarantined, or their key belongs to another row), at most {limit} may be"
                )
            }
            ("duplicates_at_most", Some(of)) => {
                format!("{rows} of {of} rows read are duplicates, at most {limit} may be")
            }
            ("rows_at_least", Some(of)) => format!("{rows} rows were read, at least {limit} of the usual {of} must be"),
            (_, None) => format!("{rows} rows were read; what is usual cannot be told before the fourth load"),
            (other, Some(of)) => {
                let column = other.strip_prefix("null_at_most ").unwrap_or(other);
                format!("{column} is null in {rows} of {of} rows written, at most {limit} may be")
            }
        }
    }
}

/// What an anomaly rule marked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnomalyAccount {
    /// The rule.
    pub rule: String,
    /// What it looks for: `brushing`, `try_on`, `outlier`.
    pub kind: String,
    /// Rows marked, of this run and all before.
    pub rows: u64,
    /// Rows looked at.
    pub of: u64,
}

/// A file that has the bytes of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SameBytes {
    /// The file, which was not loaded.
    pub file: String,
    /// The one that was.
    pub loaded_as: String,
}

/// A file that has records of an earlier one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRepeat {
    /// The file.
    pub file: String,
    /// Its records.
    pub read: u64,
    /// The earlier file.
    pub earlier: String,
    /// The run that read the earlier file.
    pub run: Uuid,
    /// How many records of the earlier file it has; estimated unless they are all.
    pub records: u64,
    /// The records of the earlier file.
    pub of: u64,
}

impl FileRepeat {
    /// The finding as a sentence.
    pub fn describe(&self) -> String {
        let Self { file, read, earlier, run, records, of } = self;
        let share = match (records == of, of) {
            (true, 1) => "the 1 record".to_owned(),
            (true, of) => format!("all {of} records"),
            (false, of) => format!("about {records} of {of} records"),
        };
        let origin = match file == earlier {
            true => "it had when it was loaded before,".to_owned(),
            false => format!("of the earlier file {earlier}, loaded"),
        };
        format!("{file} ({read} records) has {share} {origin} by run {run}")
    }
}

/// A file that was loaded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileFacts {
    /// Its name.
    pub file: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// Physical lines of text in it, if it has lines.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lines: u64,
    /// Records in it.
    pub read: u64,
    /// Rows written of them.
    pub written: u64,
    /// The encoding it was read in.
    pub encoding: Option<String>,
    /// What its data is of, if its path says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<DataInterval>,
}

/// The time that a file's data is of, in wall-clock time of the export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataInterval {
    /// The first instant.
    pub from: NaiveDateTime,
    /// The first instant after it.
    pub until: NaiveDateTime,
}

/// Rows in quarantine for one reason.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Quarantined {
    /// The field, if one is to blame.
    pub field: Option<String>,
    /// The rule.
    pub rule: String,
    /// How many.
    pub rows: u64,
}

/// A file that waits where it is: its dataset asks for a review of fields that nobody declared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldFile {
    /// The file.
    pub file: String,
    /// Labels of its undeclared fields that hold values.
    pub fields: Vec<String>,
}

/// Files of a dataset that were deleted or archived, because the lake has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetiredExports {
    /// The dataset.
    pub dataset: String,
    /// `delete` or `archive`.
    pub action: String,
    /// The files.
    pub files: Vec<RetiredFile>,
    /// Files that stay, each with the reason.
    pub kept: Vec<FileMessage>,
}

/// A file that was deleted or archived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetiredFile {
    /// Its name.
    pub file: String,
    /// SHA-256 of its bytes, which the ledger has.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// Where it is now; `None` if it was deleted.
    pub archived_as: Option<String>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl DatasetAccount {
    /// Rows in quarantine, for whatever reason.
    pub fn quarantined_total(&self) -> u64 {
        self.quarantined.iter().fold(0, |sum: u64, reason| sum.saturating_add(reason.rows))
    }

    /// Rows that the account says what became of.
    pub fn accounted(&self) -> u64 {
        let terms =
            [self.written, self.quarantined_total(), self.duplicates, self.key_conflicts, self.outside_retention];
        terms.into_iter().fold(0, u64::saturating_add)
    }

    /// Whether every row read is accounted for.
    pub fn closes(&self) -> bool {
        self.read == self.accounted()
    }
}
