//! What is wrong with a lake, found without changing it; and what can be mended without a person.

mod records;
mod store;
mod tables;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use uuid::Uuid;

use crate::audit::{AuditHead, AuditTrail};
use crate::error::LakeError;
use crate::lake::Lake;
use crate::orphans::Orphan;

pub use self::store::Latency;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know; nothing is wrong.
    Advice,
    /// Something is left over or may soon go wrong; what is published is right.
    Warning,
    /// Something cannot be read, proved or trusted.
    Error,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Stable code: that of the error that it would cause, where it would cause one.
    pub code: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// What is wrong.
    pub what: String,
    /// Where: a path relative to the lake, a table as `zone/name`, or the lake's address.
    pub at: String,
    /// The command or the edit that mends it.
    pub mend: String,
    /// Whether `lakewarden doctor --fix` mends it.
    pub fixable: bool,
}

/// What an examination may use.
pub struct Checkup<'a> {
    /// The clock.
    pub clock: &'a (dyn Fn() -> DateTime<Utc> + Sync),
    /// Names the objects that are put to examine the store: new for each examination.
    pub probe: Uuid,
    /// How old a file has to be that no version names, to be left over rather than just being written.
    pub grace: TimeDelta,
}

/// What an examination found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Health {
    /// What is wrong, the worst first.
    pub findings: Vec<Finding>,
    /// How long the store takes.
    pub latency: Option<Latency>,
    /// Tables that were looked at.
    pub tables: u64,
    /// Files of their newest versions.
    pub files: u64,
    /// Bytes of those files.
    pub bytes: u64,
    /// The end of the audit log, if it holds.
    pub audit: Option<AuditHead>,
    /// The audit log as it was read.
    #[serde(skip)]
    pub trail: Option<Arc<AuditTrail>>,
    /// Files that no version names and that are younger than the grace period.
    pub young: u64,
    /// Files that no version names, and older.
    #[serde(skip)]
    pub(crate) orphans: Vec<Orphan>,
}

impl Finding {
    /// A finding that an error tells.
    pub fn of(error: &LakeError, at: impl Into<String>) -> Self {
        Self {
            code: error.code(),
            severity: Severity::Error,
            what: error.to_string(),
            at: at.into(),
            mend: error.hint().unwrap_or("see the page of this code under docs/diagnostics").to_owned(),
            fixable: false,
        }
    }
}

impl Lake {
    /// Examines the lake: its store, records, tables and left-over files. Puts and deletes two objects under
    /// `_lakewarden/probe`, and writes down that the store is fit if it is; changes nothing else.
    ///
    /// # Errors
    /// `LW5003` where the store does not answer. What is wrong with the lake is no error but a [`Finding`].
    pub async fn examine(&self, checkup: &Checkup<'_>) -> Result<Health, LakeError> {
        self.check_access().await?;
        let mut health = Health::default();
        self.examine_store(checkup, &mut health).await?;
        self.examine_records((checkup.clock)(), &mut health).await?;
        self.examine_tables(checkup, &mut health).await?;
        health.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        Ok(health)
    }

    /// Deletes the files that [`Lake::examine`] finds to be left over, and returns them. To be called with the lease
    /// held and after [`Lake::recover`]. Tables that cannot be read keep every file.
    ///
    /// # Errors
    /// `LW5003`; files deleted before the error stay deleted.
    pub async fn tidy(&self, grace: TimeDelta, now: DateTime<Utc>) -> Result<Vec<Orphan>, LakeError> {
        let checkup = Checkup { clock: &|| now, probe: Uuid::nil(), grace };
        let mut health = Health::default();
        self.examine_tables(&checkup, &mut health).await?;
        self.remove(&health.orphans).await?;
        Ok(health.orphans)
    }
}

/// Keeps what a person can mend as a finding; gives back what keeps the examination from going on.
fn found(error: LakeError, at: impl Into<String>) -> Result<Finding, LakeError> {
    if error.is_retryable() { Err(error) } else { Ok(Finding::of(&error, at)) }
}
