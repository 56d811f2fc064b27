//! What can go wrong in the lake: one enum, with codes, hints and an answer to "try again?".

mod audit_break;
mod store_fault;

pub use audit_break::AuditBreak;
pub use store_fault::StoreFault;

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Everything that this crate's functions fail with.
///
/// No variant carries a value of a data cell: errors of arrow and parquet are reduced to what was
/// being done, and to which file and column.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LakeError {
    /// LW5001
    #[error("`{url}` is not the address of a lake")]
    UnsupportedUrl {
        /// The address as given, without user name, password and query.
        url: String,
    },
    /// LW5002
    #[error("`{name}` cannot be the name of a table or an object")]
    InvalidName {
        /// The name as given.
        name: String,
    },
    /// LW5003
    #[error("{doing} `{path}`: {fault} ({detail})")]
    Store {
        /// What was being done, as a verb phrase: "reading".
        doing: &'static str,
        /// The object, relative to the lake's root; empty for the root itself.
        path: String,
        /// The kind of trouble.
        fault: StoreFault,
        /// The store's own words, shortened to one line.
        detail: String,
    },
    /// LW5004
    #[error("the settings of the object store are not usable: {detail}")]
    StoreSettings {
        /// The store's own words.
        detail: String,
    },
    /// LW5005
    #[error("`{path}` exists already")]
    AlreadyExists {
        /// The object, relative to the lake's root.
        path: String,
    },
    /// LW5006
    #[error("`{path}` is not the JSON document that Lakewarden writes there")]
    DamagedDocument {
        /// The object, relative to the lake's root.
        path: String,
    },
    /// LW5010
    #[error("table `{table}` needs what Lakewarden does not know: {feature}")]
    UnsupportedTable {
        /// `zone/name`.
        table: String,
        /// The feature, for example `reader version 3: deletionVectors`.
        feature: String,
    },
    /// LW5011
    #[error("the log of table `{table}` is damaged: {what}")]
    DamagedTable {
        /// `zone/name`.
        table: String,
        /// What does not fit, without content of the log.
        what: String,
    },
    /// LW5020
    #[error("column `{column}` of `{table}` has type {data_type}, which a table cannot hold")]
    UnsupportedType {
        /// `zone/name`.
        table: String,
        /// The column.
        column: String,
        /// Its Arrow type.
        data_type: String,
    },
    /// LW5021
    #[error("`{table}` has a column `{column}` that the rows to append lack")]
    RemovedColumn {
        /// `zone/name`.
        table: String,
        /// The column.
        column: String,
    },
    /// LW5022
    #[error("column `{column}` of `{table}` is {stored}, the rows to append have {found}")]
    ChangedType {
        /// `zone/name`.
        table: String,
        /// The column.
        column: String,
        /// The type in the table.
        stored: String,
        /// The type that was given.
        found: String,
    },
    /// LW5023
    #[error("column `{column}` is new to `{table}` and must therefore be nullable")]
    RequiredColumn {
        /// `zone/name`.
        table: String,
        /// The column.
        column: String,
    },
    /// LW5024
    #[error("`{table}` has no column `{column}`")]
    NoSuchColumn {
        /// `zone/name`.
        table: String,
        /// The column.
        column: String,
    },
    /// LW5025
    #[error("two columns of `{table}` are called `{column}` (case makes no difference)")]
    DuplicateColumn {
        /// `zone/name`.
        table: String,
        /// The column.
        column: String,
    },
    /// LW5026
    #[error(
        "a batch for `{table}` does not fit its schema at column `{column}`: \
         expected {expected}, found {found}"
    )]
    BatchSchema {
        /// `zone/name`.
        table: String,
        /// The column.
        column: String,
        /// The type that the writer was opened with, or `no such column`.
        expected: String,
        /// The type in the batch, or `no such column`.
        found: String,
    },
    /// LW5027
    #[error("column `{column}` of `{table}` is declared not null, and a row has a null there")]
    NullInRequired {
        /// `zone/name`.
        table: String,
        /// The column.
        column: String,
    },
    /// LW5028
    #[error("a value in column `{column}` of `{table}` does not fit the stored type {data_type}")]
    Unrepresentable {
        /// `zone/name`.
        table: String,
        /// The column.
        column: String,
        /// The type in the table.
        data_type: String,
    },
    /// LW5030
    #[error("a Parquet file for `{table}` could not be encoded")]
    Encode {
        /// `zone/name`.
        table: String,
    },
    /// LW5031
    #[error("an encoding thread of `{table}` stopped unexpectedly")]
    EncoderStopped {
        /// `zone/name`.
        table: String,
    },
    /// LW5032
    #[error("`{path}` is not a readable Parquet file")]
    UnreadableFile {
        /// The file, relative to the lake's root.
        path: String,
    },
    /// LW5040
    #[error("`{table}` was changed by somebody else: {found} instead of {expected}")]
    Conflict {
        /// `zone/name`.
        table: String,
        /// The state that the publication was made for.
        expected: String,
        /// The state that was found.
        found: String,
    },
    /// LW5041
    #[error("another publication ({other}) is under way")]
    PublicationInProgress {
        /// Its id.
        other: Uuid,
    },
    /// LW5042
    #[error("publication {id} is recorded and not complete yet: {source}")]
    PublicationPending {
        /// Its id.
        id: Uuid,
        /// What stopped it.
        source: Box<LakeError>,
    },
    /// LW5043
    #[error("a publication changes `{table}` twice")]
    DuplicateChange {
        /// `zone/name`.
        table: String,
    },
    /// LW5044
    #[error("`{key}` is reserved and cannot be a key of the commit's info, nor an app id")]
    ReservedKey {
        /// The key.
        key: String,
    },
    /// LW5045
    #[error("`{path}` was written for a publication, and is missing or has another size now")]
    StagedFileMissing {
        /// The file, relative to the lake's root.
        path: String,
    },
    /// LW5046
    #[error("publication {id} is recorded with other changes than the ones given")]
    PublicationReused {
        /// Its id.
        id: Uuid,
    },
    /// LW5070
    #[error("`{table}` has {} of these files already: another run loaded them meanwhile", .files)]
    LoadedMeanwhile {
        /// `zone/name`.
        table: String,
        /// How many.
        files: usize,
    },
    /// LW5080
    #[error("old versions of {table} could not be removed: {source}")]
    VersionsRemain {
        /// The table, as `zone/name`.
        table: String,
        /// What stopped it.
        source: Box<LakeError>,
    },
    /// LW5081
    #[error("old versions of {table} stay, because the table cannot be read: {source}")]
    VersionsUnreadable {
        /// The table, as `zone/name`.
        table: String,
        /// Why not.
        source: Box<LakeError>,
    },
    /// LW5050
    #[error("the lake is being written by {owner}, until {expires} at the latest")]
    LeaseHeld {
        /// Who, in their own words.
        owner: String,
        /// When the lease ends if it is not renewed.
        expires: DateTime<Utc>,
    },
    /// LW5051
    #[error("the lease of {owner} was taken over by somebody else")]
    LeaseLost {
        /// The owner that lost it.
        owner: String,
    },
    /// LW5060
    #[error("audit record {sequence} {why}")]
    AuditBroken {
        /// The record's number.
        sequence: u64,
        /// What is wrong with it.
        why: AuditBreak,
    },
    /// LW5100
    #[error("{path} is not a record of the audit log")]
    AuditUnknownObject {
        /// The object's path in the lake.
        path: String,
    },
    /// LW5101
    #[error("the audit log has records, but the head that is kept of it under _lakewarden/audit_head is missing")]
    AuditHeadMissing,
    /// LW5061
    #[error("the audit log is written by too many at once")]
    AuditBusy,
    /// LW5062
    #[error("the store at {store} overwrites an object that was to be put only where there is none (If-None-Match: *)")]
    OverwritingStore {
        /// The lake's address, and the endpoint where one is set.
        store: String,
    },
    /// LW5063
    #[error("the store at {store} shows what is past: {what}")]
    StaleStore {
        /// The lake's address, and the endpoint where one is set.
        store: String,
        /// Which promise it broke.
        what: &'static str,
    },
    /// LW5064
    #[error("the store at {store} let {winners} of {tried} that tried at once put the same object")]
    RacyStore {
        /// The lake's address, and the endpoint where one is set.
        store: String,
        /// How many were told that they had put it.
        winners: usize,
        /// How many tried.
        tried: usize,
    },
}

impl LakeError {
    /// Returns the stable code of this error, `LW5001` to `LW5999`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnsupportedUrl { .. } => "LW5001",
            Self::InvalidName { .. } => "LW5002",
            Self::Store { .. } => "LW5003",
            Self::StoreSettings { .. } => "LW5004",
            Self::AlreadyExists { .. } => "LW5005",
            Self::DamagedDocument { .. } => "LW5006",
            Self::UnsupportedTable { .. } => "LW5010",
            Self::DamagedTable { .. } => "LW5011",
            Self::UnsupportedType { .. } => "LW5020",
            Self::RemovedColumn { .. } => "LW5021",
            Self::ChangedType { .. } => "LW5022",
            Self::RequiredColumn { .. } => "LW5023",
            Self::NoSuchColumn { .. } => "LW5024",
            Self::DuplicateColumn { .. } => "LW5025",
            Self::BatchSchema { .. } => "LW5026",
            Self::NullInRequired { .. } => "LW5027",
            Self::Unrepresentable { .. } => "LW5028",
            Self::Encode { .. } => "LW5030",
            Self::EncoderStopped { .. } => "LW5031",
            Self::UnreadableFile { .. } => "LW5032",
            Self::Conflict { .. } => "LW5040",
            Self::PublicationInProgress { .. } => "LW5041",
            Self::PublicationPending { .. } => "LW5042",
            Self::DuplicateChange { .. } => "LW5043",
            Self::ReservedKey { .. } => "LW5044",
            Self::StagedFileMissing { .. } => "LW5045",
            Self::PublicationReused { .. } => "LW5046",
            Self::LoadedMeanwhile { .. } => "LW5070",
            Self::VersionsRemain { .. } => "LW5080",
            Self::VersionsUnreadable { .. } => "LW5081",
            Self::LeaseHeld { .. } => "LW5050",
            Self::LeaseLost { .. } => "LW5051",
            Self::AuditBroken { .. } => "LW5060",
            Self::AuditBusy => "LW5061",
            Self::AuditUnknownObject { .. } => "LW5100",
            Self::AuditHeadMissing => "LW5101",
            Self::OverwritingStore { .. } => "LW5062",
            Self::StaleStore { .. } => "LW5063",
            Self::RacyStore { .. } => "LW5064",
        }
    }

    /// Says whether the same call may succeed later without anybody changing anything.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Store { fault, .. } => *fault == StoreFault::Unreachable,
            Self::Conflict { .. } | Self::PublicationInProgress { .. } | Self::LeaseHeld { .. } | Self::AuditBusy => {
                true
            }
            Self::LoadedMeanwhile { .. } => true,
            Self::PublicationPending { source, .. } | Self::VersionsRemain { source, .. } => source.is_retryable(),
            _ => false,
        }
    }

    /// Says what the reader can do about it, where something general can be said.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::UnsupportedUrl { .. } => {
                "a lake lies at file:///absolute/path or s3://bucket/prefix; credentials come from AWS_* variables"
            }
            Self::InvalidName { .. } => {
                "names are ASCII letters, digits, `_`, `-` and `.`, start with a letter or a \
                 digit, and have at most 128 characters"
            }
            Self::Store { fault, .. } => return fault.hint(),
            Self::AlreadyExists { .. } => "run again: every run writes under names of its own",
            Self::StoreSettings { .. } => {
                "look at AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL and AWS_REGION"
            }
            Self::UnsupportedTable { .. } => {
                "another program upgraded this table's protocol; write it anew with Lakewarden"
            }
            Self::DamagedTable { .. } => {
                "files were deleted or edited in the table's _delta_log; restore them from a backup"
            }
            Self::UnsupportedType { .. } => {
                "cast it: BIGINT, DOUBLE, DECIMAL, VARCHAR, DATE, BOOLEAN or a timestamp in UTC"
            }
            Self::RemovedColumn { .. } | Self::ChangedType { .. } | Self::RequiredColumn { .. } => {
                "a table grows by nullable columns only; to change more, replace its rows"
            }
            Self::Conflict { .. } | Self::PublicationInProgress { .. } => {
                "run again; what an interrupted run left is completed first"
            }
            Self::LoadedMeanwhile { .. } => "run again: files that are loaded are known by their checksums",
            Self::PublicationPending { .. } => "run again: the publication is completed before anything else",
            Self::VersionsRemain { .. } => "the next run removes them; without one: lakewarden vacuum",
            Self::VersionsUnreadable { .. } => "lakewarden doctor says what to restore; then: lakewarden vacuum",
            Self::StagedFileMissing { .. } => "somebody deleted the file; run the step again",
            Self::LeaseHeld { .. } => "wait for the other run, or until its lease ends if it died",
            Self::LeaseLost { .. } => "this run took longer than its lease without renewing it; run again",
            Self::AuditBroken { .. } | Self::AuditHeadMissing => {
                "restore _lakewarden/audit and _lakewarden/audit_head from a backup; if there is none: \
                 lakewarden doctor --accept-audit REASON"
            }
            Self::AuditUnknownObject { .. } => "move the object out of the folder _lakewarden/audit",
            Self::OverwritingStore { .. } | Self::RacyStore { .. } => {
                "two runs at once would lose rows here: update the server, or put the lake on a store with atomic \
                 conditional puts"
            }
            Self::StaleStore { .. } => {
                "ask the store itself, without a cache or a replica in between; the lake needs read-after-write and \
                 list-after-write"
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_follows_the_cause() {
        let unreachable = LakeError::Store {
            doing: "reading",
            path: "x".into(),
            fault: StoreFault::Unreachable,
            detail: String::new(),
        };
        assert!(unreachable.is_retryable());
        let pending = LakeError::PublicationPending { id: Uuid::nil(), source: Box::new(unreachable) };
        assert!(pending.is_retryable());
        assert_eq!(pending.code(), "LW5042");
        let denied =
            LakeError::Store { doing: "reading", path: "x".into(), fault: StoreFault::Denied, detail: String::new() };
        assert!(!denied.is_retryable());
        assert!(denied.hint().is_some());
    }
}
