//! What lies in quarantine: counts and places, no content.

use crate::error::PipelineError;
use crate::project::OpenProject;
use crate::quarantine::damaged;
use crate::quarantine::select::Selection;
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use lakewarden_extract::{Held, HeldRecords};
use lakewarden_lake::{Lake, TableSnapshot};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What lies in quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listing {
    /// Records.
    pub records: u64,
    /// Counts by dataset, file, field and rule.
    pub reasons: Vec<Reason>,
    /// The first records, by dataset, in the order in which they lie there.
    pub entries: Vec<Entry>,
}

/// Records of one file that break one rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Reason {
    /// The dataset.
    pub dataset: String,
    /// The file.
    pub file: String,
    /// The field to blame, by its name in the export; `None` for the record as a whole.
    pub field: Option<String>,
    /// The rule.
    pub rule: String,
    /// How many.
    pub records: u64,
    /// When the oldest of them was quarantined.
    pub oldest: DateTime<Utc>,
}

/// One record: where it stood and why it is here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its id: `dataset/` and 16 hexadecimal digits.
    pub id: String,
    /// The dataset.
    pub dataset: String,
    /// The file.
    pub file: String,
    /// Its number in the file, from 1.
    pub row: u64,
    /// The field to blame, by its name in the export; `None` for the record as a whole.
    pub field: Option<String>,
    /// The rule it broke.
    pub rule: String,
    /// What that means.
    pub reason: String,
    /// When the run that read it began, by the clock.
    pub quarantined_at: DateTime<Utc>,
    /// That run; `None` where it was not noted yet.
    pub run: Option<String>,
    /// The version of the key that it is sealed with.
    pub key_version: u32,
}

impl Entry {
    pub(super) fn of(held: &Held<'_>) -> Self {
        Self {
            id: held.id(),
            dataset: held.dataset.to_owned(),
            file: held.file.to_owned(),
            row: held.row,
            field: held.field.map(str::to_owned),
            rule: held.rule.to_owned(),
            reason: held.reason.to_owned(),
            quarantined_at: instant(held.quarantined_at),
            run: held.run.map(str::to_owned),
            key_version: held.key_version,
        }
    }
}

pub(super) fn instant(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or(DateTime::UNIX_EPOCH)
}

/// Lists what lies in quarantine, and at most `limit` records of it. No content is read.
///
/// # Errors
/// [`PipelineError::NoQuarantine`], [`PipelineError::NotInQuarantine`]; those of the lake.
pub async fn list(
    open: &OpenProject,
    lake: Option<&str>,
    selection: &Selection,
    limit: usize,
) -> Result<Listing, PipelineError> {
    let lake = Lake::open(&open.lake_url(lake)?)?;
    lake.check_access().await?;
    let mut listing = Listing { records: 0, reasons: Vec::new(), entries: Vec::new() };
    let mut found = BTreeSet::new();
    for table in selection.tables(&lake, open).await? {
        let mut reasons: BTreeMap<(String, Option<String>, String), (u64, i64)> = BTreeMap::new();
        let columns: Vec<&str> =
            table.schema.fields().iter().map(|f| f.name().as_str()).filter(|name| *name != "sealed").collect();
        let mut batches = lake.read_table_batches(&table, Some(&columns))?;
        while let Some(batch) = batches.try_next().await? {
            let held = HeldRecords::of(&batch).map_err(damaged(&table.name))?;
            for at in 0..held.len() {
                let record = held.get(at);
                if !selection.chooses(&record, &mut found) {
                    continue;
                }
                listing.records += 1;
                let key = (record.file.to_owned(), record.field.map(str::to_owned), record.rule.to_owned());
                let (records, oldest) = reasons.entry(key).or_insert((0, i64::MAX));
                *records += 1;
                *oldest = (*oldest).min(record.quarantined_at);
                if listing.entries.len() < limit {
                    listing.entries.push(Entry::of(&record));
                }
            }
        }
        let of_table = reasons.into_iter().map(|((file, field, rule), (records, oldest))| Reason {
            dataset: table.name.clone(),
            file,
            field,
            rule,
            records,
            oldest: instant(oldest),
        });
        listing.reasons.extend(of_table);
    }
    selection.all_found(&found)?;
    Ok(listing)
}

/// The records that a selection means, with all they hold, as `take` makes them.
pub(super) async fn each<T>(
    lake: &Lake,
    tables: &[TableSnapshot],
    selection: &Selection,
    take: &mut (dyn FnMut(&Held<'_>) -> Result<T, PipelineError> + Send),
) -> Result<Vec<T>, PipelineError> {
    let (mut taken, mut found) = (Vec::new(), BTreeSet::new());
    for table in tables {
        let mut batches = lake.read_table_batches(table, None)?;
        while let Some(batch) = batches.try_next().await? {
            let held = HeldRecords::of(&batch).map_err(damaged(&table.name))?;
            for at in 0..held.len() {
                let record = held.get(at);
                if selection.chooses(&record, &mut found) {
                    taken.push(take(&record)?);
                }
            }
        }
    }
    selection.all_found(&found)?;
    Ok(taken)
}
