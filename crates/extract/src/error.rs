//! What can go wrong with a file, a dictionary entry or a sink, with stable codes.

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
    /// LW4009: a byte sequence that the file's encoding does not have.
    #[error("{file}: record {row} holds bytes that are not {encoding}")]
    InvalidBytes {
        /// The file.
        file: String,
        /// Number of the record the bytes are in, from 1, the header not counted (0: the header).
        row: u64,
        /// The encoding the file was read in.
        encoding: &'static str,
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
        /// Their names, those that may be shown.
        fields: Vec<String>,
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
    /// LW4032: more bytes than one file may take.
    #[error("{file}: is larger than {limit} bytes{}", if *.key == "size" { " unpacked" } else { ", and files of its kind must be held whole" })]
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
    /// LW4040: a quotation mark that is opened and never closed.
    #[error("{file}: a quotation mark is opened in record {row} and never closed")]
    QuoteNeverClosed {
        /// The file.
        file: String,
        /// Number of the record, from 1 (0: the header).
        row: u64,
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
    #[error("{file}: has no sheet `{sheet}`{}", .nearest.as_ref().map_or_else(String::new, |n| format!(" (the nearest it has is `{n}`)")))]
    NoSheet {
        /// The file.
        file: String,
        /// The sheet declared.
        sheet: String,
        /// The nearest that it has.
        nearest: Option<String>,
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
    /// The nearest undeclared name that the file does have.
    pub nearest: Option<String>,
}

impl fmt::Display for MissingColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.nearest {
            Some(nearest) => write!(f, "column `{}` (the nearest it has is `{nearest}`)", self.name),
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

impl ExtractError {
    /// The stable code; `docs/diagnostics/<code>.md` explains it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "LW4001",
            Self::EmptyFile { .. } => "LW4002",
            Self::CutShort { .. } => "LW4003",
            Self::Damaged { .. } => "LW4004",
            Self::WrongContainer { .. } => "LW4005",
            Self::NoHeader { .. } => "LW4006",
            Self::MissingColumns { .. } => "LW4007",
            Self::DuplicateColumn { .. } => "LW4008",
            Self::InvalidBytes { .. } => "LW4009",
            Self::ColumnType { .. } => "LW4010",
            Self::RecordTooLarge { .. } => "LW4011",
            Self::UndeclaredFields { .. } => "LW4065",
            Self::InvalidRule { .. } => "LW4020",
            Self::UnknownTimeZone { .. } => "LW4021",
            Self::InvalidTimeFormat { .. } => "LW4022",
            Self::UnusableColumn { .. } => "LW4023",
            Self::InvalidTreatment { .. } => "LW4024",
            Self::InvalidDelimiter { .. } => "LW4025",
            Self::InvalidValueForm { .. } => "LW4046",
            Self::Sink { .. } => "LW4030",
            Self::ExpandsTooMuch { .. } => "LW4031",
            Self::FileTooLarge { .. } => "LW4032",
            Self::FieldTooLarge { .. } => "LW4033",
            Self::TooManyColumns { .. } => "LW4034",
            Self::NestedTooDeep { .. } => "LW4035",
            Self::TooManyMembers { .. } => "LW4036",
            Self::UnsafeMember { .. } => "LW4037",
            Self::NoMember { .. } => "LW4038",
            Self::Locked { .. } => "LW4039",
            Self::QuoteNeverClosed { .. } => "LW4040",
            Self::FooterTooLong { .. } => "LW4041",
            Self::NoSheet { .. } => "LW4042",
            Self::NoRecords { .. } => "LW4043",
            Self::UnknownPacking { .. } => "LW4044",
            Self::RuleInput { .. } => "LW4050",
            Self::FileStopped(_) => "LW4051",
            Self::RunStopped(_) => "LW4052",
            Self::RowRule { .. } => "LW4053",
            Self::Internal { .. } => "LW4090",
        }
    }

    /// What to do about it, one sentence.
    pub fn hint(&self) -> String {
        match self {
            Self::Unreadable { .. } => "check that the file exists and may be read, then run again".into(),
            Self::EmptyFile { .. } => "ask the channel for the export again, or take the file out of the folder".into(),
            Self::CutShort { .. } | Self::Damaged { .. } => {
                "the transfer was probably interrupted: fetch the file again; nothing of it was loaded".into()
            }
            Self::WrongContainer { .. } => {
                "if files of this kind are to be read, list it under `format: accept` of the dataset".into()
            }
            Self::NoHeader { dataset, .. } => {
                format!("the first record must name the columns as `schemas/channels/{dataset}.yaml` declares them")
            }
            Self::MissingColumns { columns, .. } => {
                match columns.iter().find_map(|c| c.nearest.as_ref().map(|n| (c, n))) {
                    Some((column, nearest)) => format!(
                        "if `{nearest}` is the new name of `{}`, change `name` in the dictionary; if the column may be missing, say `optional: true`",
                        column.name
                    ),
                    None => "if the column may be missing, say `optional: true` in the dictionary".into(),
                }
            }
            Self::DuplicateColumn { .. } => "columns are found by name: give each its own".into(),
            Self::InvalidBytes { .. } => {
                "if it is in another encoding, declare it under `format: encoding`; else export the file again in one encoding, for a damaged character would be stored as another".into()
            }
            Self::ColumnType { .. } => "export the column as plain values, or declare it `drop`".into(),
            Self::UndeclaredFields { dataset, .. } => format!(
                "declare them in schemas/channels/{dataset}.yaml, or name them under `ignored_fields`; nothing of the file was loaded"
            ),
            Self::RecordTooLarge { .. } => {
                "look for a quotation mark that is opened and never closed; if records are so large, raise `format: limits: record`".into()
            }
            Self::InvalidRule { .. }
            | Self::InvalidTreatment { .. }
            | Self::InvalidValueForm { .. }
            | Self::UnusableColumn { .. } => {
                "mend the dataset's entry; `lakewarden check` finds this without reading data".into()
            }
            Self::UnknownTimeZone { .. } => "write an IANA name such as `Asia/Shanghai`".into(),
            Self::InvalidTimeFormat { .. } => "write a format such as `%Y-%m-%d %H:%M:%S`".into(),
            Self::InvalidDelimiter { .. } => "write `delimiter: ','`".into(),
            Self::Sink { .. } => "see the cause; nothing was published".into(),
            Self::ExpandsTooMuch { .. } => {
                "ask the channel whether this is its export; if it is, raise `format: limits: expansion`".into()
            }
            Self::FileTooLarge { key, .. } => {
                format!("ask for the export in smaller files, or raise `format: limits: {key}`")
            }
            Self::FieldTooLarge { .. } => {
                "look for a quotation mark that is opened and never closed; if values are so large, raise `format: limits: field`".into()
            }
            Self::TooManyColumns { .. } => {
                "see that `format: delimiter` is what separates values; if there are so many, raise `format: limits: columns`".into()
            }
            Self::NestedTooDeep { .. } => "if the export is meant so, raise `format: limits: nesting`".into(),
            Self::TooManyMembers { .. } => "if the archive is meant so, raise `format: limits: members`".into(),
            Self::UnsafeMember { .. } => {
                "nothing of the archive was read: ask the channel what it is, and have it packed anew with plain names".into()
            }
            Self::NoMember { .. } => "see that `format: members` matches the names in the archive".into(),
            Self::Locked { .. } => "have the channel send it without a password, over a safe way".into(),
            Self::QuoteNeverClosed { .. } => {
                "mend the record; if values are never enclosed in this export, say `quote: none` under `format`".into()
            }
            Self::FooterTooLong { .. } => {
                "see that `format: footer` matches no record; if the footer is so long, raise `format: limits: footer`".into()
            }
            Self::NoSheet { nearest: Some(nearest), .. } => {
                format!("if `{nearest}` is the sheet, write it under `format: sheet`")
            }
            Self::NoSheet { nearest: None, .. } => "write the name of its sheet under `format: sheet`".into(),
            Self::NoRecords { .. } => "write under `format: records` where the array is, such as `$.data.items`".into(),
            Self::UnknownPacking { .. } => "have the archive packed as zip programs usually do (deflate)".into(),
            Self::RuleInput { .. } => "load the dataset that the rule refers to; nothing was published".into(),
            Self::FileStopped(_) => {
                "have the file mended, or take it out of its folder; `stopped_files: set_aside` in the dataset's entry loads the others".into()
            }
            Self::RunStopped(_) => "have the file mended, or say with `on_failure` what else the rule is to do".into(),
            Self::RowRule { .. } => {
                "guard the expression, as with `nullif(quantity, 0)` under a division; a null passes".into()
            }
            Self::Internal { .. } => "please report it with the shape (not the content) of the file".into(),
        }
    }

    /// The file it is about, if it is about one.
    pub fn file(&self) -> Option<&str> {
        match self {
            Self::Unreadable { file, .. }
            | Self::EmptyFile { file }
            | Self::CutShort { file, .. }
            | Self::Damaged { file, .. }
            | Self::WrongContainer { file, .. }
            | Self::NoHeader { file, .. }
            | Self::MissingColumns { file, .. }
            | Self::DuplicateColumn { file, .. }
            | Self::InvalidBytes { file, .. }
            | Self::ColumnType { file, .. }
            | Self::RecordTooLarge { file, .. }
            | Self::ExpandsTooMuch { file, .. }
            | Self::FileTooLarge { file, .. }
            | Self::FieldTooLarge { file, .. }
            | Self::TooManyColumns { file, .. }
            | Self::NestedTooDeep { file, .. }
            | Self::TooManyMembers { file, .. }
            | Self::UnsafeMember { file, .. }
            | Self::NoMember { file }
            | Self::Locked { file }
            | Self::QuoteNeverClosed { file, .. }
            | Self::FooterTooLong { file, .. }
            | Self::NoSheet { file, .. }
            | Self::NoRecords { file, .. }
            | Self::UnknownPacking { file }
            | Self::Sink { file, .. }
            | Self::RowRule { file, .. }
            | Self::Internal { file, .. } => Some(file),
            Self::FileStopped(by) | Self::RunStopped(by) => Some(&by.file),
            _ => None,
        }
    }

    /// Whether the same call may succeed later with nothing changed.
    pub fn is_retryable(&self) -> bool {
        use std::io::ErrorKind;
        matches!(
            self,
            Self::Unreadable {
                kind: ErrorKind::TimedOut
                    | ErrorKind::Interrupted
                    | ErrorKind::ConnectionReset
                    | ErrorKind::ConnectionAborted
                    | ErrorKind::BrokenPipe
                    | ErrorKind::WouldBlock,
                ..
            }
        )
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
