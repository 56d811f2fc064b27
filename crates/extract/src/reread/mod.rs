//! Records out of quarantine, read again as their dataset is declared today.
//!
//! They go through the same conversion as the records of files: nulls, spellings, types, rules, treatments, duplicates,
//! retention. What passes is given to the sink; what does not says which rule it breaks now.

mod group;

use crate::account::FileAccount;
use crate::convert::{Converted, Plan};
use crate::error::ExtractError;
use crate::held::HeldRecords;
use crate::keys::KeySet;
use crate::quarantine::reason;
use crate::run::{ExtractContext, Sink, take_loose};
use crate::sealed::{Opened, Opener, SealedError};
use crate::unique::repeated;
use crate::unread::{Places, UnreadLog};
use arrow::array::{Array, AsArray, BooleanArray, RecordBatch, StringArray};
use arrow::compute::filter_record_batch;
use group::{Group, grouped};
use lakewarden_dictionary::{Dataset, Repeats, Treatment};
use std::sync::Arc;

/// What became of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nobody asked for it.
    Untouched,
    /// It passes: it was written, or it is a duplicate, or outside retention.
    Leaves,
    /// It breaks a rule still.
    Stays {
        /// The field, by its name in the export; `None` for the record as a whole.
        field: Option<String>,
        /// The rule.
        rule: String,
        /// What that means.
        reason: String,
    },
    /// It does not open.
    Shut(SealedError),
}

/// The dataset as records out of quarantine are read: a field that is dropped has no text there, so its rules are not
/// judged anew; whether it broke one is sealed with the record. Nor do they compete with rows of the lake: one whose key is
/// there stays, if the dataset says that a later row may survive.
pub fn for_rereading(dataset: &Dataset) -> Dataset {
    let mut readable = dataset.clone();
    readable.repeats = Repeats::default();
    for field in readable.fields.iter_mut().filter(|f| f.treatment == Treatment::Drop) {
        field.rules.clear();
    }
    readable
}

/// Reads records of one dataset again.
pub struct Rereader<'a> {
    plan: Plan<'a>,
    /// As declared, with all rules.
    declared: &'a Dataset,
    opener: Opener<'a>,
    /// Unread records by place, once somebody asked.
    places: Option<Places>,
    account: FileAccount,
}

impl<'a> Rereader<'a> {
    /// Compiles the dataset's entry. `context` is that of [`for_rereading`] of `declared`.
    ///
    /// # Errors
    /// LW4020 to LW4025.
    pub fn new(context: &ExtractContext<'a>, declared: &'a Dataset) -> Result<Self, ExtractError> {
        let account = FileAccount { file: "quarantine".to_owned(), ..FileAccount::default() };
        let plan = Plan::compile(context)?;
        Ok(Self { plan, declared, opener: Opener::new(context.keys), places: None, account })
    }

    /// The account of all records that left so far: `read` = `written` + `duplicates` + `key_conflicts` +
    /// `outside_retention`.
    pub fn account(&self) -> &FileAccount {
        &self.account
    }

    /// Takes into the account which records have other values than the lake's row of their key. `seen` has compared all
    /// rows of the lake.
    pub fn settle_conflicts(&mut self, seen: &KeySet) {
        seen.settle_conflicts(std::slice::from_mut(&mut self.account));
    }

    /// Reads the chosen ones of some records and gives the sink what passes. `seen` and `unread` are as in
    /// [`crate::extract`]; an unread record that can be read now is mended. One verdict a record.
    ///
    /// # Errors
    /// Those of [`crate::extract`]; what the sink was given must then not be published.
    pub fn read(
        &mut self,
        held: &HeldRecords,
        chosen: &[bool],
        seen: &mut KeySet,
        unread: &mut UnreadLog,
        sink: &mut dyn Sink,
    ) -> Result<Vec<Verdict>, ExtractError> {
        let mut verdicts = vec![Verdict::Untouched; held.len()];
        let mut opened: Vec<(usize, Opened)> = Vec::new();
        for at in (0..held.len()).filter(|at| chosen[*at]) {
            match self.opener.open(&held.get(at)) {
                Ok(record) => opened.push((at, record)),
                Err(error) => verdicts[at] = Verdict::Shut(error),
            }
        }
        for group in grouped(self.declared, held, opened) {
            self.read_group(held, group, &mut verdicts, seen, unread, sink)?;
        }
        Ok(verdicts)
    }

    fn read_group(
        &mut self,
        held: &HeldRecords,
        group: Group,
        verdicts: &mut [Verdict],
        seen: &mut KeySet,
        unread: &mut UnreadLog,
        sink: &mut dyn Sink,
    ) -> Result<(), ExtractError> {
        let Group { file, run, at, own_faults, batch } = group;
        let bug = || self.plan.internal(&file, "reading quarantine again");
        let mut converted = self.plan.convert(&file, batch)?;
        let mut faults = faults_of(&converted, at.len()).ok_or_else(bug)?;
        for (row, field) in own_faults {
            let first = |fault: &Option<Fault>| match fault {
                None => true,
                Some(Fault { field: None, .. }) => false,
                Some(Fault { field: Some(name), .. }) => self.place(name).is_none_or(|known| known > field),
            };
            if first(&faults[row]) {
                faults[row] = Some(self.own_fault(held.get(at[row]).rule, field));
            }
        }
        if is_database(&file) && self.writes_its_own_way() {
            // A server writes numbers and times in its own way, whatever the entry says of files.
            let stays = || Some(Fault { field: None, rule: "database".to_owned() });
            faults.iter_mut().filter(|fault| fault.is_none()).for_each(|fault| *fault = stays());
        }
        seen.ready(&self.plan, &converted).map_err(|error| self.plan.spilt(&file, error))?;
        self.meet_others(&converted, seen, &mut faults);

        let found = std::mem::take(&mut converted.unread);
        let good: Vec<bool> = faults.iter().map(Option::is_none).collect();
        for (row, fault) in faults.into_iter().enumerate() {
            verdicts[at[row]] = match fault {
                None => Verdict::Leaves,
                Some(Fault { field, rule }) => {
                    let reason = reason(&rule).to_owned();
                    Verdict::Stays { field, rule, reason }
                }
            };
        }
        if self.plan.statements.is_some() {
            let places = self.places.get_or_insert_with(|| unread.places());
            let place = |row: usize| {
                let record = held.get(at[row]);
                places.get(&(Arc::from(record.file), record.row, record.quarantined_at))
            };
            for row in (0..at.len()).filter(|row| good[*row]) {
                for place in place(row).into_iter().flatten() {
                    unread.mend_at(*place, self.plan.as_of);
                }
            }
            for (row, mut record) in found.into_iter().filter(|(row, _)| !good[*row]) {
                match place(row) {
                    Some(places) => unread.learn(places, record.names),
                    // It bore no statement when it was quarantined; today it does.
                    None => {
                        record.quarantined_at = held.get(at[row]).quarantined_at;
                        record.known_from = record.known_from.min(record.quarantined_at);
                        unread.add(record);
                    }
                }
            }
        }
        if good.contains(&true) {
            let rows = only(converted, &good).ok_or_else(bug)?;
            let account = take_loose(&self.plan, &file, run.as_deref(), rows, seen, unread, sink)?;
            self.account.read += account.read;
            self.account.written += account.written;
            self.account.duplicates += account.duplicates;
            self.account.duplicates_by.add(&account.duplicates_by);
            self.account.key_conflicts += account.key_conflicts;
            self.account.outside_retention += account.outside_retention;
        }
        Ok(())
    }

    /// Whether the entry says how numbers or times are written.
    fn writes_its_own_way(&self) -> bool {
        self.declared.fields.iter().any(|f| !f.time_formats.is_empty() || f.values.number_format.is_some())
    }

    /// Holds records that pass by themselves against the rows of the lake, and of those that left before.
    fn meet_others(&self, converted: &Converted, seen: &mut KeySet, faults: &mut [Option<Fault>]) {
        let compete = self.declared.repeats.compete();
        let mut here = hashbrown::HashSet::new();
        for (row, fault) in faults.iter_mut().enumerate().filter(|(_, fault)| fault.is_none()) {
            let is_known = |key: u128| seen.contains(key) || (compete && !here.insert(key));
            let known = converted.keys.as_ref().map(|keys| keys[row]).is_some_and(is_known);
            if known && compete {
                // As a duplicate it would be lost, and it may be the one that survives.
                *fault = Some(Fault { field: None, rule: "key".to_owned() });
            } else if !known && let Some(rule) = repeated(&self.plan, converted, row, &mut seen.unique) {
                let reason = self.plan.reason(rule.field, rule.kind, rule.name);
                *fault = Some(Fault { field: reason.field, rule: reason.rule.into_owned() });
            }
        }
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.declared.fields.iter().position(|f| f.name.value == name)
    }

    /// The fault of a field that has no text, or none of its type: the rule that it broke when it was quarantined if it
    /// is still declared, or else the first that it has, or else that it is missing.
    fn own_fault(&self, known: &str, field: usize) -> Fault {
        let field = &self.declared.fields[field];
        let dropped = field.treatment == Treatment::Drop;
        let rules = || field.rules.iter().map(|r| r.rule.value.name());
        let rule = match rules().find(|rule| *rule == known).or_else(|| rules().next()) {
            Some(rule) if dropped => rule,
            _ => "required",
        };
        Fault { field: Some(field.name.value.clone()), rule: rule.to_owned() }
    }
}

/// Whether records were read from a database, by the name that accounts give it.
fn is_database(file: &str) -> bool {
    ["postgres://", "postgresql://", "mysql://", "mariadb://"].iter().any(|scheme| file.starts_with(scheme))
}

/// Why a record stays.
struct Fault {
    field: Option<String>,
    rule: String,
}

/// The faults that conversion found, by row; `None` if a batch does not say them.
fn faults_of(converted: &Converted, len: usize) -> Option<Vec<Option<Fault>>> {
    let mut faults: Vec<Option<Fault>> = (0..len).map(|_| None).collect();
    let (Some(faulty), Some(records)) = (&converted.faulty, &converted.quarantine) else { return Some(faults) };
    let text = |name: &str| records.column_by_name(name)?.as_string_opt::<i32>();
    let (fields, rules): (&StringArray, &StringArray) = (text("field")?, text("rule")?);
    let rows = faulty.iter().enumerate().filter(|(_, faulty)| **faulty);
    for (at, (row, _)) in rows.enumerate() {
        let field = fields.is_valid(at).then(|| fields.value(at).to_owned());
        faults[row] = Some(Fault { field, rule: rules.value(at).to_owned() });
    }
    Some(faults)
}

/// The rows that pass, as if nothing else had been read.
fn only(mut converted: Converted, good: &[bool]) -> Option<Converted> {
    let keep = BooleanArray::from(good.to_vec());
    let rows: RecordBatch = filter_record_batch(&converted.rows, &keep).ok()?;
    converted.rows = rows;
    converted.faulty = None;
    converted.quarantine = None;
    converted.reasons.clear();
    // What is undeclared, and what never occurs, was told of when the file was read.
    converted.undeclared = crate::read::NameCounts::default();
    converted.occurs.clear();
    // What must not be there twice was looked at before.
    converted.unique.clear();
    converted.warned.clear();
    converted.late = None;
    converted.outside = converted.outside.map(|all| of_those(all, good));
    converted.keys = converted.keys.map(|all| of_those(all, good));
    converted.contents = converted.contents.map(|all| of_those(all, good));
    converted.records = converted.records.map(|all| of_those(all, good));
    Some(converted)
}

fn of_those<T>(all: Vec<T>, good: &[bool]) -> Vec<T> {
    all.into_iter().zip(good).filter(|(_, good)| **good).map(|(one, _)| one).collect()
}
