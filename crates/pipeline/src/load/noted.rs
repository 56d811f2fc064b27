//! What a load notes in its table's commit, for the next one.

use crate::error::PipelineError;
use crate::record::{DatasetAccount, KeyFacts};
use lakewarden_lake::TableSnapshot;
use serde_json::Value;

/// What became of all rows a dataset ever brought: `read` is the sum of the next nine but `replaced` and
/// `retention_ended`; the conformed table has `written` less those two.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Totals {
    /// Rows read.
    pub read: u64,
    /// Rows written.
    pub written: u64,
    /// Rows that lie in quarantine.
    pub quarantined: u64,
    /// Rows that were in quarantine and were discarded.
    #[serde(default)]
    pub discarded: u64,
    /// Rows that were in quarantine until their time there was over.
    #[serde(default)]
    pub expired: u64,
    /// Duplicates.
    pub duplicates: u64,
    /// Rows whose key another row with other values has.
    #[serde(default)]
    pub key_conflicts: u64,
    /// Rows that later runs took the place of.
    #[serde(default)]
    pub replaced: u64,
    /// Rows that were in the lake until their retention was over.
    #[serde(default)]
    pub retention_ended: u64,
    /// Rows outside retention.
    pub outside_retention: u64,
    /// Undeclared fields in the last load.
    pub over_collected_fields: u64,
}

/// Key of the run that committed, in a commit's information.
pub(crate) const RUN: &str = "lakewarden.run";

/// Key of [`KeyFacts`] in a commit's information.
pub(crate) const KEY: &str = "lakewarden.key";

/// Key of [`Totals`] in a commit's information.
pub(crate) const TOTALS: &str = "lakewarden.totals";

/// Key of [`LastLoads`] in a commit's information.
pub(crate) const LAST_LOADS: &str = "lakewarden.last_loads";

/// The totals that the last load of a table left.
///
/// # Errors
/// [`PipelineError::Damaged`] if they cannot be read.
pub fn totals(published: Option<&TableSnapshot>) -> Result<Totals, PipelineError> {
    Ok(published.map_or(Ok(None), |p| information(p, TOTALS))?.unwrap_or_default())
}

/// The key that the rows of a table were written with, where it says so.
///
/// # Errors
/// [`PipelineError::Damaged`] if it cannot be read.
pub fn key_facts(published: &TableSnapshot) -> Result<Option<KeyFacts>, PipelineError> {
    information(published, KEY)
}

/// Something that the last load of a table left in its commit's information. What is there but cannot be
/// read is an error: taken for absent, it would let another key pass.
pub(crate) fn information<T: serde::de::DeserializeOwned>(
    published: &TableSnapshot,
    key: &str,
) -> Result<Option<T>, PipelineError> {
    let Some(value) = published.noted.get(key) else { return Ok(None) };
    let read = match value {
        Value::String(text) => serde_json::from_str(text),
        other => serde_json::from_value(other.clone()),
    };
    let damaged = |_| PipelineError::Damaged { table: published.name.clone(), column: key.to_owned() };
    read.map(Some).map_err(damaged)
}

impl Totals {
    /// What is accounted for of `read`.
    pub fn accounted(&self) -> u64 {
        let quarantine = self.quarantined + self.discarded + self.expired;
        self.written + quarantine + self.duplicates + self.key_conflicts + self.outside_retention
    }

    /// Whether everything that was read is accounted for.
    pub fn closes(&self) -> bool {
        self.read == self.accounted()
    }

    pub(super) fn and(self, account: &DatasetAccount) -> Self {
        Self {
            read: self.read + account.read,
            written: self.written + account.written,
            quarantined: self.quarantined + account.quarantined_total(),
            duplicates: self.duplicates + account.duplicates,
            key_conflicts: self.key_conflicts + account.key_conflicts,
            replaced: self.replaced + account.replaced,
            outside_retention: self.outside_retention + account.outside_retention,
            over_collected_fields: account.over_collected.len() as u64,
            ..self
        }
    }

    /// Less what a run removed from quarantine because its time was over.
    pub(super) fn without_expired(self, account: &DatasetAccount) -> Self {
        let gone = account.quarantine_expired;
        Self { quarantined: self.quarantined.saturating_sub(gone), expired: self.expired + gone, ..self }
    }
}
