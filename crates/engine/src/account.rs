//! Row accounts of governed scans.

use crate::error::EngineError;
use lakewarden_dictionary::LawfulBasis;
use lakewarden_policy::{Decision, GateRule};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Counts what one governed scan read, passed and withheld while it runs. Each figure is counted where
/// it happens, so that the sum is a check and not an identity; those of a batch are added at once, since
/// a query can end while a scan that it no longer needs is in the middle of one.
#[derive(Debug)]
pub struct ScanAccount {
    relation: String,
    purpose: String,
    rule: GateRule,
    narrowed: bool,
    totals: Mutex<Totals>,
}

#[derive(Debug, Default)]
struct Totals {
    open_partitions: usize,
    rows: Tally,
}

/// Rows of one batch, or of all so far.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) read: u64,
    pub(crate) used: u64,
    pub(crate) without_subject: u64,
    /// By the number of the decision.
    pub(crate) withheld: [u64; Decision::ALL.len()],
}

/// The figures of a finished scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanFigures {
    /// The relation scanned.
    pub relation: String,
    /// What for.
    pub purpose: String,
    /// On which lawful basis; `None` for rows that are not about people.
    pub basis: Option<LawfulBasis>,
    /// Whether all rows of the relation came to the gate: no predicate left any out below it, and the query
    /// read to the end.
    pub complete: bool,
    /// Rows that came to the gate.
    pub read: u64,
    /// Rows that went on into the query.
    pub used: u64,
    /// Rows among `used`, about people, that name no data subject, or (on another basis than consent) none that is
    /// known.
    pub without_subject: u64,
    /// Rows kept back, by reason.
    pub withheld: BTreeMap<&'static str, u64>,
}

impl ScanAccount {
    /// `narrowed` says whether a predicate leaves rows out below the gate.
    pub(crate) fn new(relation: &str, purpose: &str, rule: GateRule, narrowed: bool, partitions: usize) -> Self {
        let totals = Mutex::new(Totals { open_partitions: partitions, rows: Tally::default() });
        Self { relation: relation.to_owned(), purpose: purpose.to_owned(), rule, narrowed, totals }
    }

    /// By what its gate decides.
    pub(crate) fn rule(&self) -> GateRule {
        self.rule
    }

    /// Whether a predicate leaves rows out below the gate.
    pub(crate) fn narrowed(&self) -> bool {
        self.narrowed
    }

    fn totals(&self) -> MutexGuard<'_, Totals> {
        // Numbers are added in one go and cannot be left half added.
        self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that one partition was read to its end.
    pub(crate) fn end_partition(&self) {
        let mut totals = self.totals();
        totals.open_partitions = totals.open_partitions.saturating_sub(1);
    }

    /// Adds the rows of a batch.
    pub(crate) fn add(&self, batch: &Tally) {
        let rows = &mut self.totals().rows;
        rows.read += batch.read;
        rows.used += batch.used;
        rows.without_subject += batch.without_subject;
        rows.withheld.iter_mut().zip(batch.withheld).for_each(|(all, own)| *all += own);
    }

    /// The figures so far.
    pub fn figures(&self) -> ScanFigures {
        let totals = self.totals();
        let rows = &totals.rows;
        ScanFigures {
            relation: self.relation.clone(),
            purpose: self.purpose.clone(),
            basis: self.rule.lawful_basis(),
            complete: !self.narrowed && totals.open_partitions == 0,
            read: rows.read,
            used: rows.used,
            without_subject: rows.without_subject,
            withheld: Decision::ALL
                .iter()
                .zip(rows.withheld)
                .map(|(d, rows)| (d.name(), rows))
                .filter(|(_, rows)| *rows > 0)
                .collect(),
        }
    }
}

impl ScanFigures {
    /// Checks that read = used + withheld.
    ///
    /// # Errors
    /// [`EngineError::Account`].
    pub fn close(&self) -> Result<(), EngineError> {
        let withheld: u64 = self.withheld.values().sum();
        if self.read == self.used + withheld {
            return Ok(());
        }
        Err(EngineError::Account { relation: self.relation.clone(), read: self.read, used: self.used, withheld })
    }

    /// What whoever wrote the query may be told. Of a scan that is not complete the figures depend on what the
    /// withheld rows hold, or on where they lie: `WHERE name = 'x'` and one row withheld would say that there
    /// is somebody of that name. Then only the rows that were used are told.
    pub(crate) fn told(self) -> Self {
        if self.complete {
            return self;
        }
        Self { read: self.used, withheld: BTreeMap::new(), ..self }
    }
}
