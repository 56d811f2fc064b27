//! Why the chain of audit records does not hold.

use std::fmt;

/// Why the audit chain does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditBreak {
    /// The record is not there although a later one is.
    Missing,
    /// The record is not the JSON that Lakewarden writes.
    Unreadable,
    /// The number inside the record is not the number in its name.
    Renumbered,
    /// The record's `previous` is not the SHA-256 of the record before it.
    Unchained,
    /// The record is there, and its SHA-256 is not the one that was expected.
    Changed,
    /// The record reads as JSON, but not byte for byte as Lakewarden writes it.
    Ambiguous,
    /// The record's time is before that of a record before it.
    Backdated,
}

impl fmt::Display for AuditBreak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "is missing",
            Self::Unreadable => "is not a readable audit record",
            Self::Renumbered => "carries another number than its name",
            Self::Unchained => "does not carry the SHA-256 of the record before it",
            Self::Changed => "has another SHA-256 than the one expected",
            Self::Ambiguous => "is not written as Lakewarden writes records: a key occurs twice, or it was edited",
            Self::Backdated => "has an earlier time than a record before it",
        })
    }
}
