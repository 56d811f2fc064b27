//! Removing records for good.

use crate::error::PipelineError;
use crate::load::{Totals, totals};
use crate::project::OpenProject;
use crate::quarantine::desk::{Desk, Handling};
use crate::quarantine::rewrite::rewrite;
use crate::quarantine::select::Selection;
use crate::quarantine::{presentable, rewritten, told};
use crate::record::Quarantined;
use lakewarden_lake::{Change, Lake, Zone};
use serde::Serialize;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use tokio::task::block_in_place;
use uuid::Uuid;

/// Ids written to the audit log, at most; of more, the selection and the counts tell.
const IDS: usize = 1000;

/// What was discarded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Discarded {
    /// The id under which that was committed.
    pub id: Uuid,
    /// Why, as told, without identifiers.
    pub why: String,
    /// By dataset, those of which records were discarded.
    pub datasets: Vec<DiscardedRecords>,
    /// The records, by id, the first of them if there are many.
    pub ids: Vec<String>,
}

/// The records of one dataset that were discarded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DiscardedRecords {
    /// The dataset.
    pub dataset: String,
    /// How many, by field and rule.
    pub discarded: Vec<Quarantined>,
    /// Records that stay.
    pub stay: u64,
}

impl DiscardedRecords {
    /// How many.
    pub fn records(&self) -> u64 {
        self.discarded.iter().map(|q| q.rows).sum()
    }
}

/// Removes records from quarantine for good: the tables are written anew without them, in one publication, and the old
/// files are deleted. Who and why is in the audit log first. `lake` is an opened lake.
///
/// A record of a consent log or suppression list counts as before: whom it named is not in it alone.
///
/// # Errors
/// [`PipelineError::NoQuarantine`], [`PipelineError::NotInQuarantine`], [`PipelineError::Account`]; those of the lake.
/// Nothing has changed then. [`PipelineError::Lingering`] after it was published.
pub async fn discard(
    open: &OpenProject,
    lake: Lake,
    selection: &Selection,
    why: &str,
    handling: &Handling<'_>,
) -> Result<Discarded, PipelineError> {
    let mut desk = Desk::at(lake, handling).await?;
    let mut changes = Vec::new();
    let result = carry_out(open, &mut desk, selection, why, &mut changes).await;
    desk.throw_away(changes).await;
    desk.close().await;
    result
}

async fn carry_out(
    open: &OpenProject,
    desk: &mut Desk<'_>,
    selection: &Selection,
    why: &str,
    changes: &mut Vec<Change>,
) -> Result<Discarded, PipelineError> {
    let id = desk.handling.id;
    let mut discarded = Discarded { id, why: presentable(why)?, datasets: Vec::new(), ids: Vec::new() };
    let mut found = BTreeSet::new();
    for table in desk.tables(selection, open).await? {
        desk.alive().await?;
        let (before, name) = (table.rows(), table.name.clone());
        let mut reasons: BTreeMap<(Option<String>, String), u64> = BTreeMap::new();
        let staged = block_in_place(|| {
            rewrite(&desk.lake, &name, &table, id, &mut |held, _| {
                let mut stays = Vec::with_capacity(held.len());
                for at in 0..held.len() {
                    let record = held.get(at);
                    let goes = selection.chooses(&record, &mut found);
                    if goes {
                        let reason = (record.field.map(str::to_owned), record.rule.to_owned());
                        *reasons.entry(reason).or_default() += 1;
                        if discarded.ids.len() < IDS {
                            discarded.ids.push(record.id());
                        }
                    }
                    stays.push(!goes);
                }
                Ok(stays)
            })
        })?;
        let stay = staged.rows;
        let records = DiscardedRecords {
            dataset: name.clone(),
            discarded: reasons.into_iter().map(|((field, rule), rows)| Quarantined { field, rule, rows }).collect(),
            stay,
        };
        let gone = records.records();
        // From here on it is thrown away if it is not published.
        changes.push(rewritten(staged, id));
        if gone + stay != before {
            let file = "quarantine".to_owned();
            return Err(PipelineError::Account { dataset: name, file, read: before, accounted: gone + stay });
        }
        if gone == 0 {
            desk.throw_away(changes.split_off(changes.len() - 1)).await;
            continue;
        }
        if let Some(conformed) = desk.lake.table(Zone::Conformed, &name).await? {
            let totals = totals(Some(&conformed))?.without_discarded(gone);
            changes.push(told(&conformed, id, None, &totals));
        }
        discarded.datasets.push(records);
    }
    selection.all_found(&found)?;
    if !changes.is_empty() {
        let record = json!({ "discard": discarded, "selection": selection });
        desk.publish("discard", &record, &[], changes).await?;
    }
    Ok(discarded)
}

impl Totals {
    /// After records were discarded. A table that another program has committed to has lost its totals.
    fn without_discarded(self, gone: u64) -> Self {
        Self { quarantined: self.quarantined.saturating_sub(gone), discarded: self.discarded + gone, ..self }
    }
}
