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
        /// `gzip`, `zstd`, `JSON array`, `Parquet`, `workbook`.
        what: &'static str,
        /// Records that were whole before the cut.
        rows: u64,
    },
    /// LW4004: the bytes break the rules of their compression or container.
    #[error("{file}: is damaged: its bytes are not valid {what}, after {rows} whole records")]
    Damaged {
        /// The file.
        file: String,
        /// `gzip`, `zstd`, `JSON array`, `Parquet`, `workbook`.
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
        limit: usize,
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
    #[error("{dataset}: the CSV delimiter must be one ASCII character other than a quote or a line break")]
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
    /// LW4090: an invariant of this crate does not hold.
    #[error("{file}: internal error while {doing}; this is a bug")]
    Internal {
        /// The file.
        file: String,
        /// At what.
        doing: &'static str,
    },
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
            Self::InvalidRule { .. } => "LW4020",
            Self::UnknownTimeZone { .. } => "LW4021",
            Self::InvalidTimeFormat { .. } => "LW4022",
            Self::UnusableColumn { .. } => "LW4023",
            Self::InvalidTreatment { .. } => "LW4024",
            Self::InvalidDelimiter { .. } => "LW4025",
            Self::InvalidValueForm { .. } => "LW4046",
            Self::Sink { .. } => "LW4030",
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
                "export the file again in one encoding; a damaged character would otherwise be stored as another".into()
            }
            Self::ColumnType { .. } => "export the column as plain values, or declare it `drop`".into(),
            Self::RecordTooLarge { .. } => "look for a quotation mark that is opened and never closed".into(),
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
            | Self::Sink { file, .. }
            | Self::Internal { file, .. } => Some(file),
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
