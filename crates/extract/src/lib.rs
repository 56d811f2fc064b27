//! Channel readers: from the bytes of an export to typed, pseudonymised record batches.
//!
//! [`extract`] reads the files of one dataset, in order, and gives a [`Sink`] what may be stored: rows in
//! the shape of [`conformed_schema`], and sealed records in the shape of [`quarantine_schema`] for those
//! that a rule refused. What it leaves behind is one [`FileAccount`] a file, in which every row read is
//! written, quarantined, a duplicate, or outside retention.
//!
//! ```text
//! reader thread                     worker threads                    the caller's thread
//! bytes → SHA-256 → decompress  →   JSON records → columns         →  duplicates by key
//!       → container → decode        nulls, map, normalise, type       retention
//!       → records in batches        rules, treatments, key hashes     sink.rows, sink.quarantine
//! ```
//!
//! A record of a consent log or suppression list that a rule refused may be a withdrawal. Whom it names, as far as that can
//! be told, is kept in an [`UnreadLog`], until a readable record with its key takes its place.
//!
//! The same files under the same [`ExtractContext`] give the same batches in the same order, whatever the
//! number of workers. Memory is bounded by the batches in flight and the dataset's limits. Parquet files, workbooks and
//! zip archives have their directory at the end: a large one is read by [`Ranges`], where its storage allows that; others
//! are held whole, as far as the limits let them.
//!
//! What must be absent here: a cell's value in any message, and a clear identifier in anything handed to
//! the sink. Undeclared fields are counted by name and never copied.

mod account;
mod convert;
mod drift;
mod error;
mod held;
mod infer;
mod keys;
mod overlap;
mod quarantine;
mod read;
mod repeats;
mod reread;
mod run;
mod schema;
mod sealed;
mod source;
mod spilling;
mod standings;
mod unique;
mod unread;
mod values;

pub use account::{DuplicatesBy, FileAccount, Progress, QuarantineReason, SkippedLines, Warning};
pub use convert::{RowRule, RowRuleFailed, RuleInputs};
pub use drift::{UndeclaredField, undeclared_count, undeclared_fields, undeclared_label, undeclared_names};
pub use error::{ExtractError, MissingColumn, NearestField, SinkError, StoppedBy};
pub use held::{Held, HeldError, HeldRecords};
pub use infer::{Answer, InferOptions, Proposal, ProposedField, infer};
pub use keys::{KeyError, KeySet};
pub use overlap::{FileOverlap, FileSketch, KnownFile, KnownFiles};
pub use quarantine::{QUARANTINE_SEALER, quarantine_aad};
pub use reread::{Rereader, Verdict, for_rereading};
pub use run::{Discard, ExtractContext, RowOrigin, Sink, extract};
pub use schema::{arrow_type, conformed_schema, quarantine_schema};
pub use sealed::{Opened, Opener, SealedError};
pub use source::{Ranges, ReadAt, SourceFile, checksum};
pub use spilling::{KeyRoom, SpillError};
pub use standings::Standings;
pub use unique::unique_columns;
pub use unread::{CountsAs, Named, RecordKey, UnreadError, UnreadLog, UnreadRecord, unread_schema};
