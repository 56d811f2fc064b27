//! Which rows may not be stored, and the first reason why.

use super::record_rule;
use crate::account::QuarantineReason;
use crate::read::RecordFault;
use arrow::array::{Array, ArrayRef};
use hashbrown::HashSet;
use lakewarden_dictionary::Dataset;
use std::collections::BTreeMap;

/// A row's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The field, in declared order; `None` for the record as a whole.
    pub field: Option<usize>,
    /// The rule.
    pub rule: &'static str,
}

/// The faults of a batch. Of several in one row that of the first field counts, and in it the first rule;
/// a record that does not parse has that fault alone.
#[derive(Debug)]
pub(crate) struct Faults {
    len: usize,
    /// Empty until the first fault.
    rows: Vec<Option<Fault>>,
    /// Every field of every row that broke a rule, if somebody asks for all.
    all: Option<HashSet<(usize, usize)>>,
}

impl Faults {
    pub(crate) fn new(len: usize) -> Self {
        Self { len, rows: Vec::new(), all: None }
    }

    /// Remembers all of them: see [`Faults::broke`].
    pub(crate) fn remembering_all(self, all: bool) -> Self {
        Self { all: all.then(HashSet::new), ..self }
    }

    /// Whether a row's field broke a rule; asked where all are remembered.
    pub(crate) fn broke(&self, row: usize, field: usize) -> bool {
        self.all.as_ref().is_some_and(|all| all.contains(&(row, field)))
    }

    /// Says that a row's field broke a rule.
    pub(crate) fn set(&mut self, row: usize, field: usize, rule: &'static str) {
        if let Some(all) = &mut self.all {
            all.insert((row, field));
        }
        let known = self.row(row);
        if known.is_none_or(|k| k.field.is_some_and(|f| f > field)) {
            *known = Some(Fault { field: Some(field), rule });
        }
    }

    /// Says that a record does not parse.
    pub(crate) fn reject(&mut self, row: usize, fault: RecordFault) {
        *self.row(row) = Some(Fault { field: None, rule: record_rule(fault) });
    }

    /// A key names a row: rows without a part of it have none.
    pub(crate) fn null_key(&mut self, field: usize, column: &ArrayRef) {
        if column.null_count() > 0 {
            (0..self.len).filter(|row| column.is_null(*row)).for_each(|row| self.set(row, field, "required"));
        }
    }

    fn row(&mut self, row: usize) -> &mut Option<Fault> {
        if self.rows.is_empty() {
            self.rows = vec![None; self.len];
        }
        &mut self.rows[row]
    }

    pub(crate) fn any(&self) -> bool {
        !self.rows.is_empty()
    }

    /// The faulty rows, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, Fault)> + '_ {
        self.rows.iter().enumerate().filter_map(|(row, fault)| fault.map(|f| (row, f)))
    }

    /// How many rows failed why.
    pub(crate) fn count(&self, dataset: &Dataset) -> BTreeMap<QuarantineReason, u64> {
        let mut counts = BTreeMap::new();
        for (_, fault) in self.iter() {
            let field = fault.field.map(|f| dataset.fields[f].name.value.clone());
            *counts.entry(QuarantineReason { field, rule: fault.rule }).or_default() += 1;
        }
        counts
    }

    /// True for each faulty row; `None` if there is none.
    pub(crate) fn into_flags(self) -> Option<Vec<bool>> {
        self.any().then(|| self.rows.iter().map(Option::is_some).collect())
    }
}
