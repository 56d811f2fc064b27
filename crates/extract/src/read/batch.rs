//! What goes from the reader to the workers.

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
    pub rejected: Vec<(usize, RecordFault)>,
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

/// Why a record as a whole does not parse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecordFault {
    /// Not as many fields as the header.
    Columns,
    /// Not a JSON object.
    Json,
    /// A declared cell of a sheet is an error, such as `#REF!`.
    ErrorCell,
}

impl RecordFault {
    /// The rule's name in accounts and quarantine.
    pub(crate) fn rule(self) -> &'static str {
        match self {
            Self::Columns => "columns",
            Self::Json => "json",
            Self::ErrorCell => "error_cell",
        }
    }
}
