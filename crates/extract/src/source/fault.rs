//! Failures below the parsers, carried through `io::Error` so that each layer can stay an ordinary `Read`.

use crate::error::ExtractError;
use std::io;

/// What went wrong with the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReadFault {
    #[error("the storage failed")]
    Storage(io::ErrorKind),
    #[error("the {0} stream ends early")]
    CutShort(&'static str),
    #[error("the {0} stream is damaged")]
    Damaged(&'static str),
    #[error("it expands more than {0} times")]
    Expands(u32),
    #[error("more than {limit} bytes")]
    TooLarge { key: &'static str, limit: u64 },
    #[error("a record of more than {0} bytes")]
    Record(u64),
    #[error("a text of more than {0} bytes")]
    Text(u64),
    #[error("nested deeper than {0}")]
    Nesting(u32),
}

impl From<ReadFault> for io::Error {
    fn from(fault: ReadFault) -> Self {
        io::Error::other(fault)
    }
}

/// The fault inside an `io::Error` that came up through the layers.
pub(crate) fn fault_of(error: &io::Error) -> Option<ReadFault> {
    error.get_ref().and_then(|inner| inner.downcast_ref::<ReadFault>()).copied()
}

/// Says it of a file: `rows` records were whole before.
pub(crate) fn classify(error: &io::Error, file: &str, rows: u64) -> ExtractError {
    let (file, row) = (file.to_owned(), rows + 1);
    match fault_of(error) {
        Some(ReadFault::Storage(kind)) => ExtractError::Unreadable { file, kind },
        Some(ReadFault::CutShort(what)) => ExtractError::CutShort { file, what, rows },
        Some(ReadFault::Damaged(what)) => ExtractError::Damaged { file, what, rows },
        Some(ReadFault::Expands(limit)) => ExtractError::ExpandsTooMuch { file, limit },
        Some(ReadFault::TooLarge { key, limit }) => ExtractError::FileTooLarge { file, key, limit },
        Some(ReadFault::Record(limit)) => ExtractError::RecordTooLarge { file, row, limit },
        Some(ReadFault::Text(limit)) => ExtractError::FieldTooLarge { file, row, column: None, limit },
        Some(ReadFault::Nesting(limit)) => ExtractError::NestedTooDeep { file, row, limit },
        None => ExtractError::Unreadable { file, kind: error.kind() },
    }
}
