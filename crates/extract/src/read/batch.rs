//! What goes from the reader to the workers.

use super::cell::CellFault;
use super::columns::TextColumn;
use arrow::array::ArrayRef;
use std::ops::Range;

/// Some consecutive records of one file, split into fields or, for JSON, not yet.
pub(crate) struct RawBatch {
    /// Numbers of the records in the file.
    pub rows: RowNumbers,
    /// How many records.
    pub len: usize,
    /// The records.
    pub data: RawData,
    /// Records that do not parse, by place in the batch, ascending.
    pub rejected: Vec<Rejected>,
}

/// Numbers of records, from 1.
pub(crate) enum RowNumbers {
    /// One after another from this.
    From(u64),
    /// Each by itself: NDJSON counts blank lines too.
    Each(Vec<u64>),
}

impl RowNumbers {
    pub(crate) fn get(&self, place: usize) -> u64 {
        match self {
            Self::From(first) => first + place as u64,
            Self::Each(all) => all[place],
        }
    }

    /// Counts on from those of an earlier part of the file.
    pub(crate) fn after(self, earlier: u64) -> Self {
        match self {
            Self::From(first) => Self::From(first + earlier),
            Self::Each(all) => Self::Each(all.into_iter().map(|number| number + earlier).collect()),
        }
    }
}

/// Records in the form their container gives them.
pub(crate) enum RawData {
    /// Text, a column a declared field; `None` where the file lacks the field.
    Text(Vec<Option<TextColumn>>),
    /// Typed arrays, likewise.
    Arrow(Vec<Option<ArrayRef>>),
    /// JSON texts, one a record.
    Json {
        /// All of them.
        text: Vec<u8>,
        /// Where each stands.
        spans: Vec<Range<usize>>,
    },
}

/// The rule of rows that name no person, though another row of the same order does.
pub(crate) const FILL_RULE: &str = "fill";

/// Why a record as a whole does not parse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecordFault {
    /// More or fewer values than columns: how many were found, and how many expected, where that is known.
    Columns(Option<(usize, usize)>),
    /// Not a JSON object.
    Json,
    /// A declared cell of a sheet cannot be read.
    Cell {
        /// The field, in declared order.
        field: usize,
        /// Why not.
        fault: CellFault,
    },
    /// A quotation mark inside a value that none encloses, text after a closing one, or one that is never closed.
    Quote,
    /// A quotation mark that is escaped with a backslash, which the dictionary does not declare.
    Escape,
    /// A line end in a value of a field that does not say `multiline`.
    Multiline,
    /// Bytes that are not of the file's encoding.
    Bytes,
    /// It names no person, though another row of the same order does.
    NamesNoOne,
}

impl RecordFault {
    /// The rule's name in accounts and quarantine.
    pub(crate) fn rule(self) -> &'static str {
        match self {
            Self::Columns(_) => "columns",
            Self::Json => "json",
            Self::Cell { fault, .. } => fault.rule(),
            Self::Quote => "quote",
            Self::Escape => "escape",
            Self::Multiline => "multiline",
            Self::Bytes => "bytes",
            Self::NamesNoOne => FILL_RULE,
        }
    }

    /// The field it is about, if it is about one.
    pub(crate) fn field(self) -> Option<usize> {
        match self {
            Self::Cell { field, .. } => Some(field),
            Self::Columns(_)
            | Self::Json
            | Self::Quote
            | Self::Escape
            | Self::Multiline
            | Self::Bytes
            | Self::NamesNoOne => None,
        }
    }

    /// The fault of a record that was sealed with its values in doubtful columns, by the rule's name.
    pub(crate) fn of_shifted(rule: &str) -> Self {
        let known = [Self::Json, Self::Quote, Self::Escape, Self::Multiline, Self::Bytes];
        known.into_iter().find(|fault| fault.rule() == rule).unwrap_or(Self::Columns(None))
    }

    /// Whether the record's values may be in wrong columns.
    pub(crate) fn shifts(self) -> bool {
        match self {
            Self::Columns(_) | Self::Json | Self::Cell { .. } | Self::Quote | Self::Escape => true,
            Self::Multiline | Self::Bytes | Self::NamesNoOne => false,
        }
    }
}

/// A record of a batch that does not parse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rejected {
    /// Its place in the batch.
    pub place: usize,
    /// Why.
    pub fault: RecordFault,
    /// The line of the file that it begins on, from 1, where lines are counted.
    pub line: Option<u64>,
}

impl Rejected {
    /// Of a container that has no lines.
    pub(crate) fn at(place: usize, fault: RecordFault) -> Self {
        Self { place, fault, line: None }
    }
}
