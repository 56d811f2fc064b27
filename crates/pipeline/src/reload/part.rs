//! Replacing the rows of some files of a dataset: when that is right, and what its totals are without them.

use super::{PartReason, Replacement};
use crate::error::PipelineError;
use crate::history;
use crate::ledger::{LedgerLine, LoadFacts};
use crate::load::Totals;
use crate::quarantine::{Removal, count_held};
use lakewarden_dictionary::{Dataset, DatasetRole};
use lakewarden_lake::{Lake, Zone};
use std::collections::{BTreeMap, BTreeSet};

/// The rule of values that another row has.
const UNIQUE: &str = "unique";

pub(super) fn refused(dataset: &Dataset, reason: PartReason) -> PipelineError {
    PipelineError::ReloadInPart { dataset: dataset.name.value.clone(), reason: Box::new(reason) }
}

/// Refuses files whose rows cannot be replaced without changing what became of the rows of others. Returns what would be
/// wrong if the files lacked a key that they had: then rows of another file would have to come back.
///
/// # Errors
/// [`PipelineError::ReloadInPart`]; those of the lake.
pub(super) async fn check(
    lake: &Lake,
    dataset: &Dataset,
    replacement: &Replacement,
    lines: &[LedgerLine],
) -> Result<Option<PartReason>, PipelineError> {
    match dataset.role {
        DatasetRole::Data => {}
        DatasetRole::ConsentLog | DatasetRole::SuppressionList => {
            return Err(refused(dataset, PartReason::Statements));
        }
    }
    let kept_history = lake.table(Zone::Conformed, &history::table_name(dataset)).await?;
    let competes = dataset.repeats.compete() && !dataset.key.is_empty();
    if competes || kept_history.is_some_and(|table| table.rows() > 0) {
        return Err(refused(dataset, PartReason::Survivor));
    }
    if let Some(line) = replacement.lines.iter().find(|line| line.file.source.is_none()) {
        let rows = line.file.facts.as_ref().map_or(0, |facts| facts.written);
        return Err(refused(dataset, PartReason::UnknownRows { rows }));
    }
    let replaced: BTreeSet<Option<i64>> = replacement.lines.iter().map(|line| line.file.source).collect();
    let is_replaced = |line: &LedgerLine| {
        replacement.lines.iter().any(|gone| (gone.version, &gone.file.sha256) == (line.version, &line.file.sha256))
    };
    let mut depends_on_keys = None;
    for line in lines.iter().filter(|line| line.is_effective() && !is_replaced(line)) {
        if line.file.source.is_some() && replaced.contains(&line.file.source) {
            // Two files with one number: another program has lost the count.
            let rows = line.file.facts.as_ref().map_or(0, |facts| facts.written);
            return Err(refused(dataset, PartReason::UnknownRows { rows }));
        }
        let Some(facts) = &line.file.facts else { continue };
        let of_others = |rows| PartReason::RowsOfOthers { file: line.file.file.clone(), rows };
        match (rejected_for_others(facts), lost_to_others(facts)) {
            (0, 0) => {}
            (0, rows) => depends_on_keys = depends_on_keys.or_else(|| Some(of_others(rows))),
            (rows, _) => return Err(refused(dataset, of_others(rows))),
        }
    }
    Ok(depends_on_keys)
}

/// Rows that were left out because another file, or the lake, had their key.
pub(super) fn lost_to_others(facts: &LoadFacts) -> u64 {
    facts.duplicates_by.other_file + facts.duplicates_by.lake + facts.key_conflicts
}

/// Rows that were rejected because another row had a value of theirs.
fn rejected_for_others(facts: &LoadFacts) -> u64 {
    facts.quarantined.iter().filter(|reason| reason.rule == UNIQUE).map(|reason| reason.rows).sum()
}

/// The totals of a dataset without some of its files. `rows` are the rows that the lake has of each, by their number.
///
/// # Errors
/// [`PipelineError::ReloadInPart`] where they cannot be told; those of the lake.
pub(super) async fn reduced(
    lake: &Lake,
    dataset: &Dataset,
    replacement: &Replacement,
    removal: &Removal,
    rows: &BTreeMap<i64, u64>,
    before: Totals,
) -> Result<Totals, PipelineError> {
    let held = count_held(lake, &dataset.name.value, removal).await?;
    let mut totals = before;
    let mut by_name: BTreeMap<&str, u64> = BTreeMap::new();
    for line in &replacement.lines {
        let file = &line.file.file;
        let unknown = || refused(dataset, PartReason::UnknownRows { rows: 0 });
        let facts = line.file.facts.as_ref().ok_or_else(unknown)?;
        let stored = line.file.source.and_then(|source| rows.get(&source)).copied().unwrap_or(0);
        let released = stored
            .checked_sub(facts.written)
            .ok_or_else(|| refused(dataset, PartReason::OtherRows { file: file.clone() }))?;
        totals.read = totals.read.saturating_sub(facts.read);
        totals.written = totals.written.saturating_sub(stored);
        totals.duplicates = totals.duplicates.saturating_sub(facts.duplicates);
        totals.key_conflicts = totals.key_conflicts.saturating_sub(facts.key_conflicts);
        totals.outside_retention = totals.outside_retention.saturating_sub(facts.outside_retention);
        let quarantined: u64 = facts.quarantined.iter().map(|reason| reason.rows).sum();
        let left = quarantined
            .checked_sub(released)
            .ok_or_else(|| refused(dataset, PartReason::OtherRows { file: file.clone() }))?;
        *by_name.entry(file).or_insert(0) += left;
    }
    for (file, quarantined) in by_name {
        let there = held.get(file).copied().unwrap_or(0);
        totals.quarantined = totals.quarantined.saturating_sub(there);
        match quarantined.checked_sub(there) {
            Some(0) => {}
            // They were discarded, or their time was over: which of the two is certain where the other never happened.
            Some(gone) if totals.expired >= gone && totals.discarded == 0 => totals.expired -= gone,
            Some(gone) if totals.discarded >= gone && totals.expired == 0 => totals.discarded -= gone,
            Some(records) => {
                return Err(refused(dataset, PartReason::LeftQuarantine { file: file.to_owned(), records }));
            }
            None => return Err(refused(dataset, PartReason::OtherRows { file: file.to_owned() })),
        }
    }
    match totals.closes() {
        true => Ok(totals),
        false => Err(PipelineError::Account {
            dataset: dataset.name.value.clone(),
            file: "all files".to_owned(),
            read: totals.read,
            accounted: totals.accounted(),
        }),
    }
}
