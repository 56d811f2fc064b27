//! Zones, Delta tables, the ledger of files, leases and the audit chain on an object store.
//!
//! A [`Lake`] is a folder, on a disk or in a bucket, with a part for each [`Zone`] and a part for
//! its own records:
//!
//! ```text
//! conformed/ quarantine/ identity/ curated/   one folder a table: Delta log and Parquet files
//! _lakewarden/ledger/<zone>/<table>/      the files that were loaded, folded from the table's log
//! _lakewarden/store.json                      that the store keeps what publication relies on
//! _lakewarden/publication/<id>.json           what is about to become visible, together
//! _lakewarden/lease/<generation>.json         who writes now
//! _lakewarden/audit/<00000001>.json           who did what, chained by SHA-256
//! _lakewarden/audit_head/<00000001>.json      the last record's SHA-256
//! _lakewarden/runs/<id>.json                  the record of one run
//! _lakewarden/lineage/<id>.ndjson             the lineage events of one run
//! ```
//!
//! The way to write: take a [`Lease`], call [`Lake::recover`], write files through
//! [`Lake::writer`], and make all of them visible with one [`Lake::publish`]. A process that dies
//! anywhere on this way leaves every table as it was, or, once the publication is recorded, as it
//! will be after the next [`Lake::recover`].
//!
//! This crate knows nothing of SQL and takes no policy decision. It is the only one that imports
//! `deltalake`.

mod audit;
mod basis;
mod delta_store;
mod description;
mod doctor;
mod error;
mod fault;
mod lake;
mod lease;
mod ledger;
mod location;
mod log;
mod old_versions;
mod orphans;
mod parquet_file;
mod probe;
mod process;
mod publish;
mod read;
mod records;
mod schema;
mod staged;
mod stats;
mod table;
mod vacuum;
mod view;
mod writer;
mod zone;

pub use audit::{AuditHead, AuditHeadError, AuditLog, AuditRecord, AuditTrail, HEAD_KEY};
pub use basis::{Basis, Seen};
pub use description::{COMMENT, PROPERTY_PREFIX, TableDescription};
pub use doctor::{Checkup, Finding, Health, Latency, Severity};
pub use error::{AuditBreak, LakeError, StoreFault};
pub use lake::Lake;
pub use lease::{Lease, LeaseHolder};
pub use ledger::{FILE_TRANSACTION, LEDGER_KEY, LedgerEntry};
pub use old_versions::{OldVersions, OldVersionsFound, VersionsKept};
pub use orphans::Orphan;
pub use publish::{Change, Mode, PUBLICATION_TRANSACTION, PendingPublication, Publication, Published, Recovery};
pub use read::BatchStream;
pub use records::{RunDocument, RunRecord};
pub use table::{DataFile, TableSnapshot, TimeRange};
pub use writer::{StagedTable, TableWriter, WriterOptions};
pub use zone::Zone;
