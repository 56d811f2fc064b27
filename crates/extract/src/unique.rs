//! Values that may occur once only, and rows that repeat one.

use crate::account::FileAccount;
use crate::convert::{Broken, Converted, Faults, Late, Plan, RuleRef};
use crate::error::ExtractError;
use crate::keys::{KeyError, KeySet};
use crate::quarantine;
use crate::spilling::{KeyRoom, SpillError, Spilling};
use arrow::array::RecordBatch;
use hashbrown::HashMap;
use lakewarden_dictionary::{Dataset, OnFailure, Rule};

/// The values seen of columns that must be unique: 16 bytes each, and as much again of room.
#[derive(Debug, Clone)]
pub(crate) struct UniqueValues {
    room: KeyRoom,
    by_column: HashMap<String, Spilling<u128>>,
}

impl UniqueValues {
    /// None yet.
    pub(crate) fn within(room: &KeyRoom) -> Self {
        Self { room: room.clone(), by_column: HashMap::new() }
    }

    /// Makes ready for values of a column.
    ///
    /// # Errors
    /// [`SpillError`].
    pub(crate) fn ready(&mut self, column: &str, values: &[u128]) -> Result<(), SpillError> {
        if !self.by_column.contains_key(column) {
            self.by_column.insert(column.to_owned(), Spilling::new(self.room.clone()));
        }
        self.by_column.get_mut(column).map_or(Ok(()), |seen| seen.ready(values))
    }

    /// Adds the value of a row, for which it is ready.
    fn insert(&mut self, column: &str, value: u128) {
        if let Some(values) = self.by_column.get_mut(column) {
            values.put(value);
        }
    }

    fn contains(&self, column: &str, value: u128) -> bool {
        self.by_column.get(column).is_some_and(|values| values.get(value).is_some())
    }
}

/// The conformed columns whose values a dataset's rules want to be unique.
pub fn unique_columns(dataset: &Dataset) -> Vec<&str> {
    let unique = dataset.fields.iter().filter(|f| f.rules.iter().any(|r| r.rule.value == Rule::Unique));
    unique.map(|f| f.column.value.as_str()).collect()
}

impl KeySet {
    /// Adds the values of columns that must be unique, of rows that the lake already holds. Nulls are no values.
    ///
    /// # Errors
    /// [`KeyError`] if the batch is not one of the conformed table.
    pub fn observe_unique(&mut self, batch: &RecordBatch, columns: &[&str]) -> Result<(), KeyError> {
        for column in columns {
            let values = self.values_of(batch, column)?;
            self.unique.ready(column, &values)?;
            values.into_iter().for_each(|value| self.unique.insert(column, value));
        }
        Ok(())
    }
}

/// Takes in a row that would leave quarantine, unless a value of it must not be there twice: then the rule that says so.
pub(crate) fn repeated(plan: &Plan<'_>, batch: &Converted, row: usize, seen: &mut UniqueValues) -> Option<RuleRef> {
    let values = || plan.demands.unique.iter().zip(&batch.unique).filter_map(|(u, h)| Some((u, h.get(row)?)));
    for (unique, value) in values() {
        if unique.rule.on_failure != OnFailure::Warn && seen.contains(&unique.name, value) {
            return Some(unique.rule);
        }
    }
    for (unique, value) in values() {
        seen.insert(&unique.name, value);
    }
    None
}

/// What repeated values do to the rows of a batch.
#[derive(Default)]
pub(crate) struct Repeats {
    /// Rows that go to quarantine, with the first rule that they break.
    sealed: Vec<(usize, RuleRef)>,
    /// Rules that only warn, with the rows that break them.
    pub warned: Broken,
}

impl Repeats {
    /// Takes in a row that will be written unless a value of it must not be there twice: then it is false.
    ///
    /// # Errors
    /// LW4051, LW4052.
    pub(crate) fn admit(
        &mut self,
        plan: &Plan<'_>,
        file: &str,
        batch: &Converted,
        row: usize,
        seen: &mut UniqueValues,
    ) -> Result<bool, ExtractError> {
        let values = || plan.demands.unique.iter().zip(&batch.unique).filter_map(|(u, h)| Some((u, h.get(row)?)));
        for (unique, value) in values() {
            if !seen.contains(&unique.name, value) {
                continue;
            }
            match unique.rule.on_failure {
                // A value that must be unique is not left out: `check` refuses that, and here the row stays out.
                OnFailure::Quarantine | OnFailure::SetNull => {
                    self.sealed.push((row, unique.rule));
                    return Ok(false);
                }
                OnFailure::Warn => match self.warned.iter_mut().find(|(rule, _)| *rule == unique.rule) {
                    Some((_, rows)) => rows.push(row as u32),
                    None => self.warned.push((unique.rule, vec![row as u32])),
                },
                OnFailure::StopFile | OnFailure::StopRun => {
                    let at = batch.late.as_ref().map_or(0, |late| late.numbers.get(row));
                    return Err(plan.stopped(file, unique.rule, at, 1));
                }
            }
        }
        for (unique, value) in values() {
            seen.insert(&unique.name, value);
        }
        Ok(true)
    }

    /// Seals the rows that go to quarantine.
    ///
    /// # Errors
    /// LW4090.
    pub(crate) fn seal(
        &self,
        plan: &Plan<'_>,
        len: usize,
        late: Option<&Late>,
        account: &mut FileAccount,
    ) -> Result<Option<RecordBatch>, ExtractError> {
        if self.sealed.is_empty() {
            return Ok(None);
        }
        let late = late.ok_or_else(|| plan.internal(&account.file, "sealing rows that repeat a value"))?;
        let mut faults = Faults::new(len);
        self.sealed.iter().for_each(|(row, rule)| faults.fail(*row, *rule));
        for (reason, rows) in faults.count(plan) {
            *account.quarantined.entry(reason).or_default() += rows;
        }
        let json = late.json.as_ref().map(|(text, spans)| (text.as_slice(), spans.as_slice()));
        quarantine::seal(plan, &account.file, &late.raw, json, &late.numbers, &faults).map(Some)
    }
}
