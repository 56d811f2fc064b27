//! When a record has lain in quarantine for long enough.

use crate::error::PipelineError;
use crate::quarantine::removal::Removal;
use crate::quarantine::rewrite::rewrite;
use crate::quarantine::{rewritten, sweep_table};
use crate::record::DatasetAccount;
use crate::retention::back;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use lakewarden_dictionary::{Dataset, Period};
use lakewarden_lake::{Change, DataFile, Lake, Mode, StagedTable, TableSnapshot, Zone};
use serde_json::json;
use tokio::task::block_in_place;
use uuid::Uuid;

/// Records that were quarantined before this instant have lain there for longer than the period, by the wall clock of
/// the dataset's zone. `None` if the calendar does not go back so far.
pub(crate) fn horizon(dataset: &Dataset, kept: Period, at: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
    let zone = dataset.time_zone.as_ref().and_then(|z| z.value.parse().ok()).unwrap_or(zone);
    back(at, kept, zone).map(|(instant, _)| instant)
}

/// A dataset's quarantine as a run finds it.
pub(crate) struct InQuarantine {
    table: Option<TableSnapshot>,
    /// What was quarantined before this goes.
    from: Option<DateTime<Utc>>,
    /// What goes because its files are loaded again.
    removal: Removal,
}

/// What of it stays.
pub(crate) struct Kept {
    /// The table written anew; `None` where it stays as it is.
    staged: Option<StagedTable>,
    before: u64,
    expired: u64,
    /// Records of files that are loaded again.
    superseded: u64,
}

impl InQuarantine {
    /// Looks it up, and deletes what a killed command should have deleted.
    ///
    /// # Errors
    /// Those of the lake; [`PipelineError::Lingering`].
    pub async fn find(lake: &Lake, dataset: &Dataset, from: Option<DateTime<Utc>>) -> Result<Self, PipelineError> {
        let table = lake.table(Zone::Quarantine, &dataset.name.value).await?;
        if let Some(table) = &table {
            sweep_table(lake, table).await?;
        }
        Ok(Self { table, from, removal: Removal::Nothing })
    }

    /// The same without the records of files that are loaded again.
    #[must_use]
    pub fn removing(self, removal: Removal) -> Self {
        Self { removal, ..self }
    }

    /// Whether something in it may have to go, as far as the log tells.
    pub fn is_due(&self) -> bool {
        let Some(from) = self.from else { return false };
        // Bounds are at most a millisecond too early; where there is none, the rows say it.
        let old = |file: &DataFile| file.time_range("quarantined_at").is_none_or(|range| range.min < from);
        self.table.iter().flat_map(|table| &table.files).any(old)
    }

    /// Writes it anew without what has to go, if anything has.
    ///
    /// # Errors
    /// Those of the lake; [`PipelineError::Damaged`].
    pub async fn keep(&self, lake: &Lake, dataset: &Dataset, run: Uuid) -> Result<Kept, PipelineError> {
        let before = self.table.as_ref().map_or(0, TableSnapshot::rows);
        let stays = Kept { staged: None, before, expired: 0, superseded: 0 };
        let Some(table) = self.table.as_ref().filter(|_| self.is_due() || self.removal != Removal::Nothing) else {
            return Ok(stays);
        };
        let from = self.from.map_or(i64::MIN, |from| from.timestamp_micros());
        let mut superseded = 0;
        // The run stages new records of this table under its own id.
        let id = Uuid::new_v5(&run, b"what stays in quarantine");
        let staged = block_in_place(|| {
            rewrite(lake, &dataset.name.value, table, id, &mut |held, _| {
                let stays = |at: usize| {
                    let record = held.get(at);
                    let goes = self.removal.takes(&record);
                    superseded += u64::from(goes);
                    !goes && record.quarantined_at >= from
                };
                Ok((0..held.len()).map(stays).collect())
            })
        })?;
        let expired = before - staged.rows - superseded;
        if expired + superseded == 0 {
            // Files that stay because the store does not answer are `Lake::orphans`.
            let _ = lake.discard(staged).await;
            return Ok(stays);
        }
        Ok(Kept { staged: Some(staged), before, expired, superseded })
    }
}

impl Kept {
    /// Adds what the run has sealed, tells the account, and adds the change, if there is one. True if something went.
    pub fn publish(
        self,
        sealed: Option<StagedTable>,
        account: &mut DatasetAccount,
        changes: &mut Vec<Change>,
        run: Uuid,
    ) -> bool {
        let new = sealed.as_ref().map_or(0, |sealed| sealed.rows);
        account.quarantine_expired = self.expired;
        account.quarantine_superseded = self.superseded;
        account.in_quarantine = self.before - self.expired - self.superseded + new;
        match (self.staged, sealed) {
            (Some(mut staged), sealed) => {
                staged.rows += new;
                staged.files.extend(sealed.into_iter().flat_map(|sealed| sealed.files));
                changes.push(rewritten(staged, run));
                true
            }
            (None, Some(sealed)) if sealed.rows > 0 => {
                let info = [(crate::load::RUN.to_owned(), json!(run.to_string()))].into_iter().collect();
                changes.push(Change { staged: sealed, mode: Mode::Append, transactions: Vec::new(), info });
                false
            }
            _ => false,
        }
    }
}
