//! What can go wrong with a file, a dictionary entry or a sink, with stable codes.

mod help;

use crate::spilling::SpillError;
use lakewarden_dictionary::Container;
use std::fmt;

/// A failure of [`crate::extract`]. No message quotes a cell; names of declared fields, rules and files do occur.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExtractError {
    /// LW4001: the storage refused to give the bytes.
    #[error("{file}: cannot be read: {kind}")]
    Unreadable {
        /// The file.
        file: String,
        /// What the storage said.
        kind: std::io::ErrorKind,
    },
    /// LW4002: nothing in it, not even a header.
    #[error("{file}: is empty")]
    EmptyFile {
        /// The file.
        file: String,
    },
    /// LW4003: the file ends in the middle of its compression or container.
    #[error("{file}: is cut short: the {what} ends before its end mark, after {rows} whole records")]
    CutShort {
        /// The file.
        file: String,
        /// `gzip`, `zstd`, `zip`, `JSON array`, `Parquet`, `workbook`.
        what: &'static str,
        /// Records that were whole before the cut.
        rows: u64,
    },
    /// LW4004: the bytes break the rules of their compression or container.
    #[error("{file}: is damaged: its bytes are not valid {what}, after {rows} whole records")]
    Damaged {
        /// The file.
        file: String,
        /// `gzip`, `zstd`, `zip`, `JSON array`, `Parquet`, `workbook`.
        what: &'static str,
        /// Records that were whole before the damage.
        rows: u64,
    },
    /// LW4005: the bytes are another container than the dictionary declares and accepts.
    #[error("{file}: looks like {found}, but the dictionary declares {}", container_name(*.declared))]
    WrongContainer {
        /// The file.
        file: String,
        /// What the bytes look like.
        found: &'static str,
        /// What the dictionary says.
        declared: Container,
    },
    /// LW4006: none of the declared names is in the header.
    #[error("{file}: has no header: its first record holds none of the names declared for {dataset}")]
    NoHeader {
        /// The file.
        file: String,
        /// The dataset.
        dataset: String,
    },
    /// LW4007: declared, not optional, and not in the file.
    #[error("{file}: lacks {}", list(.columns))]
    MissingColumns {
        /// The file.
        file: String,
        /// Each missing column, in declared order.
        columns: Vec<MissingColumn>,
    },
    /// LW4008: a name twice in the header.
    #[error("{file}: its header names {} twice", .column.as_ref().map_or_else(|| format!("column {position}"), |c| format!("`{c}`")))]
    DuplicateColumn {
        /// The file.
        file: String,
        /// The name, if it is a declared one.
        column: Option<String>,
        /// Position of the second occurrence, from 1.
        position: usize,
    },
    /// LW4009: a header with bytes that the file's encoding does not have.
    #[error("{file}: its header holds bytes that are not of its encoding")]
    InvalidBytes {
        /// The file.
        file: String,
    },
    /// LW4010: a column whose type cannot become the declared one.
    #[error("{file}: column `{column}` holds {found}, which cannot be read as the declared type")]
    ColumnType {
        /// The file.
        file: String,
        /// The column.
        column: String,
        /// The kind of values it holds (`lists`, `structures`, …).
        found: &'static str,
    },
    /// LW4011: one record larger than a record may be.
    #[error("{file}: record {row} is larger than {limit} bytes")]
    RecordTooLarge {
        /// The file.
        file: String,
        /// Number of the record, from 1.
        row: u64,
        /// The limit, bytes.
        limit: u64,
    },
    /// LW4065: fields that are neither declared nor ignored by name, in a dataset that refuses them.
    #[error("{file}: holds undeclared fields: {}", .fields.join(", "))]
    UndeclaredFields {
        /// The file.
        file: String,
        /// The dataset.
        dataset: String,
        /// Their labels: keyed hashes of their names.
        fields: Vec<String>,
    },
    /// LW4066: of a file that nobody described, a first record that looks like values.
    #[error("{file}: its first record looks like data, not like the names of columns")]
    LooksLikeData {
        /// The file.
        file: String,
    },
    /// LW4020: a rule of the dictionary that cannot be applied.
    #[error("{dataset}.{field}: rule `{rule}` cannot be applied: {problem}")]
    InvalidRule {
        /// The dataset.
        dataset: String,
        /// The field.
        field: String,
        /// The rule.
        rule: &'static str,
        /// Why not.
        problem: String,
    },
    /// LW4021: a time zone that does not exist.
    #[error("{dataset}: time zone `{zone}` is not an IANA name")]
    UnknownTimeZone {
        /// The dataset.
        dataset: String,
        /// What was declared.
        zone: String,
    },
    /// LW4022: a time format that chrono does not understand.
    #[error(
        "{dataset}.{field}: time format `{format}` is not a strftime format, nor one of the words for epochs, serial days and Chinese clocks"
    )]
    InvalidTimeFormat {
        /// The dataset.
        dataset: String,
        /// The field.
        field: String,
        /// The format.
        format: String,
    },
    /// LW4023: key, event_time or a domain names a column that is not there, or is of no use for it.
    #[error("{dataset}: `{name}` cannot serve as {role}: {problem}")]
    UnusableColumn {
        /// The dataset.
        dataset: String,
        /// The column named.
        name: String,
        /// `key`, `event_time` or `identifier domain`.
        role: &'static str,
        /// Why not.
        problem: &'static str,
    },
    /// LW4024: a treatment that does not fit the field's type.
    #[error("{dataset}.{field}: treatment does not fit the field's type: {problem}")]
    InvalidTreatment {
        /// The dataset.
        dataset: String,
        /// The field.
        field: String,
        /// Why not.
        problem: &'static str,
    },
    /// LW4025: a separator that cannot separate.
    #[error("{dataset}: the CSV delimiter must be one ASCII character other than the quotation mark or a line break")]
    InvalidDelimiter {
        /// The dataset.
        dataset: String,
    },
    /// LW4046: a key about the writing of values that cannot be applied.
    #[error("{dataset}.{field}: `{key}` cannot be applied: {problem}")]
    InvalidValueForm {
        /// The dataset.
        dataset: String,
        /// The field.
        field: String,
        /// The key, such as `number_format`.
        key: &'static str,
        /// Why not.
        problem: &'static str,
    },
    /// LW4030: the sink did not take a batch.
    #[error("{file}: what was read could not be stored")]
    Sink {
        /// The file whose rows were being written.
        file: String,
        /// What the sink said.
        #[source]
        source: SinkError,
    },
    /// LW4031: more comes out of a compressed file than any export would hold.
    #[error("{file}: expands to more than {limit} times its size")]
    ExpandsTooMuch {
        /// The file.
        file: String,
        /// The limit `expansion`.
        limit: u32,
    },
    /// LW4032: more bytes than one file may take, or than may be held of it at once.
    #[error("{file}: {}", if *.key == "size" { format!("is larger than {limit} bytes unpacked") } else { format!("more than {limit} bytes of it would have to be held at once") })]
    FileTooLarge {
        /// The file.
        file: String,
        /// Which limit: `size` or `held`.
        key: &'static str,
        /// The limit, bytes.
        limit: u64,
    },
    /// LW4033: one value larger than a value may be.
    #[error("{file}: record {row} holds a value larger than {limit} bytes{}", .column.as_ref().map_or_else(String::new, |c| format!(" in `{c}`")))]
    FieldTooLarge {
        /// The file.
        file: String,
        /// Number of the record, from 1 (0: the header).
        row: u64,
        /// The field, if it is a declared one.
        column: Option<String>,
        /// The limit, bytes.
        limit: u64,
    },
    /// LW4034: more columns than a file may have.
    #[error("{file}: record {row} has more than {limit} columns")]
    TooManyColumns {
        /// The file.
        file: String,
        /// Number of the record, from 1 (0: the header).
        row: u64,
        /// The limit `columns`.
        limit: u32,
    },
    /// LW4035: JSON whose arrays and objects stand in each other too deep.
    #[error("{file}: record {row} is nested deeper than {limit}")]
    NestedTooDeep {
        /// The file.
        file: String,
        /// Number of the record, from 1.
        row: u64,
        /// The limit `nesting`.
        limit: u32,
    },
    /// LW4036: a zip archive with more members than it may have.
    #[error("{file}: has more than {limit} members")]
    TooManyMembers {
        /// The file.
        file: String,
        /// The limit `members`.
        limit: u32,
    },
    /// LW4037: a member of a zip archive whose name is a trick.
    #[error("{file}: its member {member} {problem}")]
    UnsafeMember {
        /// The archive.
        file: String,
        /// The member's name, as it may be shown.
        member: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// LW4038: a zip archive without a member that is to be read.
    #[error("{file}: none of its members is to be read")]
    NoMember {
        /// The archive.
        file: String,
    },
    /// LW4039: a file that opens only with a password.
    #[error("{file}: is locked with a password")]
    Locked {
        /// The file.
        file: String,
    },
    /// LW4040: a header whose names cannot be told apart.
    #[error("{file}: line {line}: a quotation mark of the header is misplaced or never closed")]
    HeaderQuotes {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
    },
    /// LW4041: more total lines than there may be.
    #[error("{file}: more than {limit} lines follow the one after record {row} that the footer begins with")]
    FooterTooLong {
        /// The file.
        file: String,
        /// Number of the last record before the footer.
        row: u64,
        /// The limit `footer`.
        limit: u32,
    },
    /// LW4042: a workbook without the sheet that is to be read.
    #[error("{file}: has no sheet `{sheet}`{}", .nearest.as_ref().map_or_else(String::new, |n| format!(" (its sheet {n} has nearly that name)")))]
    NoSheet {
        /// The file.
        file: String,
        /// The sheet declared.
        sheet: String,
        /// The position, from 1, of the sheet that has nearly this name.
        nearest: Option<usize>,
    },
    /// LW4125: a workbook of which several visible sheets have cells, and none is declared.
    #[error("{file}: several of its visible sheets have cells, and none is declared as the one to read")]
    SeveralSheets {
        /// The file.
        file: String,
    },
    /// LW4126: a file under the name of a workbook that is something else.
    #[error("{file}: is named like a workbook, but is {found}")]
    NotAWorkbook {
        /// The file.
        file: String,
        /// What it is.
        found: &'static str,
        /// How it can be read.
        remedy: &'static str,
    },
    /// LW4043: JSON without an array where the records are to be.
    #[error("{file}: has no array at `{path}`")]
    NoRecords {
        /// The file.
        file: String,
        /// The path declared.
        path: String,
    },
    /// LW4044: a member of a zip archive that is packed in a way that is not read.
    #[error("{file}: is packed in a way other than `deflate`")]
    UnknownPacking {
        /// The archive and its member.
        file: String,
    },
    /// LW4050: what a rule needs besides the files was not given.
    #[error("{dataset}: rule `{rule}` cannot be applied without {what}")]
    RuleInput {
        /// The dataset.
        dataset: String,
        /// The rule.
        rule: String,
        /// What is lacking.
        what: String,
    },
    /// LW4051: a rule that stops a file.
    #[error("{0}; the rule stops the file")]
    FileStopped(StoppedBy),
    /// LW4052: a rule that stops a run.
    #[error("{0}; the rule stops the run")]
    RunStopped(StoppedBy),
    /// LW4053: a rule on rows that failed to be computed.
    #[error("{file}: rule `{rule}` cannot be held against a row: its SQL fails there")]
    RowRule {
        /// The file.
        file: String,
        /// The rule.
        rule: String,
    },
    /// LW4054: keys that have no room in memory cannot be put aside.
    #[error("{file}: {source}")]
    Spill {
        /// The file.
        file: String,
        /// Why.
        source: SpillError,
    },
    /// LW4090: an invariant of this crate does not hold.
    #[error("{file}: internal error while {doing}; this is a bug")]
    Internal {
        /// The file.
        file: String,
        /// At what.
        doing: &'static str,
    },
}

/// Which rule stops a file or run, and where. It says where a row stands, and never what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoppedBy {
    /// The file.
    pub file: String,
    /// The field; `None` for a rule on rows.
    pub field: Option<String>,
    /// The rule.
    pub rule: String,
    /// Number of the first record that breaks it, from 1.
    pub row: u64,
    /// How many records break it in the batch that it is in; there may be more after that.
    pub rows: u64,
}

impl fmt::Display for StoppedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: record {} breaks rule `{}`", self.file, self.row, self.rule)?;
        if let Some(field) = &self.field {
            write!(f, " of `{field}`")?;
        }
        match self.rows {
            0 | 1 => Ok(()),
            rows => write!(f, ", as do {} others near it", rows - 1),
        }
    }
}

/// A declared column that a file does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingColumn {
    /// The name declared.
    pub name: String,
    /// The undeclared field of the file that has nearly this name.
    pub nearest: Option<NearestField>,
}

/// Where the undeclared field is that has nearly the name of a missing one. Its own name may be a person's, and is not
/// repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NearestField {
    /// This column of the file, from 1.
    Column(usize),
    /// A field of JSON records, which have no order.
    Member,
}

impl fmt::Display for MissingColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.nearest {
            Some(NearestField::Column(position)) => {
                write!(f, "column `{}` (column {position} of the file has nearly that name)", self.name)
            }
            Some(NearestField::Member) => {
                write!(f, "column `{}` (an undeclared field has nearly that name)", self.name)
            }
            None => write!(f, "column `{}`", self.name),
        }
    }
}

fn list(columns: &[MissingColumn]) -> String {
    columns.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// A container's name in messages.
pub(crate) fn container_name(container: Container) -> &'static str {
    match container {
        Container::Csv => "CSV",
        Container::Ndjson => "NDJSON",
        Container::Json => "a JSON array",
        Container::Parquet => "Parquet",
        Container::Xlsx => "an Excel workbook",
        Container::Xls => "an Excel workbook of the old binary kind",
    }
}

/// What a [`crate::Sink`] says when it cannot take a batch.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct SinkError(Box<dyn std::error::Error + Send + Sync>);

impl SinkError {
    /// Wraps the sink's own error.
    pub fn new(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(source.into())
    }

    /// The sink's own error, to be downcast.
    pub fn into_inner(self) -> Box<dyn std::error::Error + Send + Sync> {
        self.0
    }
}
