//! Which rows may not be stored, and the first reason why; and which rules failed without that.

use super::plan::Plan;
use crate::account::QuarantineReason;
use crate::quarantine::reason;
use crate::read::{RecordFault, Rejected};
use arrow::array::{Array, ArrayRef, UInt32Array};
use hashbrown::HashSet;
use lakewarden_dictionary::OnFailure;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// A row's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The field, in declared order; `None` for the record as a whole.
    pub field: Option<usize>,
    /// The kind of rule.
    pub rule: &'static str,
    /// The rule's own name, if it has one: its place among the plan's.
    pub name: Option<usize>,
    /// That the record as a whole does not parse.
    pub rejected: Option<Rejected>,
}

impl Fault {
    /// What is wrong, in a sentence without any value.
    pub(crate) fn describe(&self) -> String {
        let Some(Rejected { fault, line, .. }) = self.rejected else { return reason(self.rule).to_owned() };
        let what = match fault {
            RecordFault::Columns(Some((found, expected))) => {
                let plural = |n: usize| if n == 1 { "" } else { "s" };
                format!("{found} value{} for {expected} column{}", plural(found), plural(expected))
            }
            RecordFault::Columns(None)
            | RecordFault::Json
            | RecordFault::Cell { .. }
            | RecordFault::NamesNoOne
            | RecordFault::Quote
            | RecordFault::Escape
            | RecordFault::Multiline
            | RecordFault::Bytes => reason(fault.rule()).to_owned(),
        };
        line.map_or(what.clone(), |line| format!("line {line}: {what}"))
    }
}

/// A declared rule, as it is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RuleRef {
    /// The field; `None` for a rule on rows.
    pub field: Option<usize>,
    /// The kind of rule.
    pub kind: &'static str,
    /// Its own name: its place among the plan's.
    pub name: Option<usize>,
    /// What a failure does.
    pub on_failure: OnFailure,
}

/// Rules that failed and send no row to quarantine, each with the rows that broke it, ascending.
pub(crate) type Broken = Vec<(RuleRef, Vec<u32>)>;

/// The faults of a batch. Of several in one row that of the first field counts, and in it the first rule; those of
/// rules on rows come last; a record that does not parse has that fault alone.
#[derive(Debug)]
pub(crate) struct Faults {
    len: usize,
    /// Empty until the first fault.
    rows: Vec<Option<Fault>>,
    /// Every field of every row that broke a rule, if somebody asks for all.
    all: Option<HashSet<(usize, usize)>>,
    /// Rows and fields with an object or an array where one value is declared.
    nested: BTreeSet<(usize, usize)>,
    others: Broken,
}

impl Faults {
    pub(crate) fn new(len: usize) -> Self {
        Self { len, rows: Vec::new(), all: None, nested: BTreeSet::new(), others: Vec::new() }
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
        let on_failure = OnFailure::Quarantine;
        self.quarantine(row, RuleRef { field: Some(field), kind: rule, name: None, on_failure });
    }

    /// Says that a row's field has a value that is left out: it is null, and the row stays.
    pub(crate) fn leave_out(&mut self, row: usize, field: usize, rule: &'static str) {
        self.fail(row, RuleRef { field: Some(field), kind: rule, name: None, on_failure: OnFailure::SetNull });
    }

    /// Says that a row broke a declared rule, whatever that does.
    pub(crate) fn fail(&mut self, row: usize, rule: RuleRef) {
        match (rule.on_failure, rule.field) {
            // A rule on rows has no value that could be left out.
            (OnFailure::Quarantine, _) | (OnFailure::SetNull, None) => return self.quarantine(row, rule),
            (OnFailure::SetNull, Some(_)) | (OnFailure::Warn | OnFailure::StopFile | OnFailure::StopRun, _) => {}
        }
        let place = row as u32;
        match self.others.iter_mut().find(|(known, _)| *known == rule) {
            Some((_, rows)) => rows.push(place),
            None => self.others.push((rule, vec![place])),
        }
    }

    fn quarantine(&mut self, row: usize, rule: RuleRef) {
        if let (Some(all), Some(field)) = (&mut self.all, rule.field) {
            all.insert((row, field));
        }
        let known = self.row(row);
        let sooner =
            |known: &Fault| known.rejected.is_none() && rule.field.is_some_and(|f| known.field.is_none_or(|k| k > f));
        if known.is_none_or(|known| sooner(&known)) {
            *known = Some(Fault { field: rule.field, rule: rule.kind, name: rule.name, rejected: None });
        }
    }

    /// Marks a record that does not parse. Of several reasons the first counts.
    pub(crate) fn reject(&mut self, rejected: Rejected) {
        let known = self.row(rejected.place);
        if known.is_none_or(|known| known.rejected.is_none()) {
            let fault = rejected.fault;
            *known = Some(Fault { field: fault.field(), rule: fault.rule(), name: None, rejected: Some(rejected) });
        }
    }

    /// Marks a field that has an object or an array where one value is declared.
    pub(crate) fn nest(&mut self, row: usize, field: usize) {
        self.nested.insert((row, field));
        self.set(row, field, "type");
    }

    /// The fields of a row that have an object or an array where one value is declared.
    pub(crate) fn nested(&self, row: usize) -> impl Iterator<Item = usize> {
        self.nested.range((row, 0)..=(row, usize::MAX)).map(|(_, field)| *field)
    }

    /// Whether a record does not parse.
    pub(crate) fn is_unparsed(&self, row: usize) -> bool {
        self.rows.get(row).is_some_and(|fault| fault.is_some_and(|f| f.rejected.is_some()))
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

    /// The rows without a fault, ascending; asked where there is one.
    pub(crate) fn sound(&self) -> UInt32Array {
        let sound = self.rows.iter().enumerate().filter(|(_, fault)| fault.is_none());
        sound.map(|(row, _)| row as u32).collect()
    }

    /// The first declared rule that stops the file or the run, and the rows that broke it; a record that does not parse
    /// breaks no rule but that.
    pub(crate) fn stopped(&self) -> Option<(RuleRef, Vec<u32>)> {
        let parsed = |row: &&u32| self.rows.get(**row as usize).is_none_or(|f| f.is_none_or(|f| f.rejected.is_none()));
        let stops = self.others.iter().filter(|(rule, _)| !rule.on_failure.keeps_the_row());
        let whole_run_first = stops.clone().filter(|(rule, _)| rule.on_failure == OnFailure::StopRun).chain(stops);
        whole_run_first
            .map(|(rule, rows)| (*rule, rows.iter().filter(parsed).copied().collect::<Vec<_>>()))
            .find(|(_, rows)| !rows.is_empty())
    }

    /// The rows of which a value of one of these fields was left out, ascending.
    pub(crate) fn left_out(&self, of: impl Fn(usize) -> bool) -> Vec<u32> {
        let fields = self.others.iter().filter(|(rule, _)| rule.on_failure == OnFailure::SetNull);
        let mut rows: Vec<u32> = (fields.filter(|(rule, _)| rule.field.is_some_and(&of)))
            .flat_map(|(_, rows)| rows.iter().copied())
            .collect();
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    /// How many rows failed why.
    pub(crate) fn count(&self, plan: &Plan<'_>) -> BTreeMap<QuarantineReason, u64> {
        let mut by_fault: BTreeMap<(Option<usize>, &'static str, Option<usize>), u64> = BTreeMap::new();
        for (_, fault) in self.iter() {
            *by_fault.entry((fault.field, fault.rule, fault.name)).or_default() += 1;
        }
        let mut counts = BTreeMap::new();
        for ((field, rule, name), rows) in by_fault {
            *counts.entry(plan.reason(field, rule, name)).or_default() += rows;
        }
        counts
    }

    /// True for each faulty row, `None` if there is none; and the rules that keep a row, with the rows that broke them.
    pub(crate) fn into_flags(self) -> (Option<Vec<bool>>, Broken) {
        let flags = self.any().then(|| self.rows.iter().map(Option::is_some).collect());
        (flags, self.others)
    }
}

impl Plan<'_> {
    /// What accounts call a rule.
    pub(crate) fn reason(&self, field: Option<usize>, kind: &'static str, name: Option<usize>) -> QuarantineReason {
        QuarantineReason {
            field: field.map(|f| self.dataset.fields[f].name.value.clone()),
            rule: name.map_or(Cow::Borrowed(kind), |name| Cow::Owned(self.names[name].clone())),
        }
    }
}
