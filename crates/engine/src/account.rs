//! Row accounts of governed scans.

use crate::error::EngineError;
use lakewarden_dictionary::LawfulBasis;
use lakewarden_policy::Decision;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts what one governed scan read, passed and withheld while it runs. Each figure is counted where
/// it happens, so that the sum is a check and not an identity.
#[derive(Debug)]
pub struct ScanAccount {
    relation: String,
    purpose: String,
    basis: LawfulBasis,
    narrowed: bool,
    open_partitions: AtomicU64,
    read: AtomicU64,
    used: AtomicU64,
    without_subject: AtomicU64,
    withheld: [AtomicU64; Decision::ALL.len()],
}

/// The figures of a finished scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanFigures {
    /// The relation scanned.
    pub relation: String,
    /// What for.
    pub purpose: String,
    /// On what ground.
    pub basis: LawfulBasis,
    /// Whether all rows of the relation came to the gate: no predicate left any out below it, and the query
    /// read to the end.
    pub complete: bool,
    /// Rows that came to the gate.
    pub read: u64,
    /// Rows that went on into the query.
    pub used: u64,
    /// Rows among `used` that name nobody, or (on another ground than consent) nobody known.
    pub without_subject: u64,
    /// Rows kept back, by reason.
    pub withheld: BTreeMap<&'static str, u64>,
}

impl ScanAccount {
    /// `narrowed` says whether a predicate leaves rows out below the gate.
    pub(crate) fn new(relation: &str, purpose: &str, basis: LawfulBasis, narrowed: bool, partitions: usize) -> Self {
        Self {
            relation: relation.to_owned(),
            purpose: purpose.to_owned(),
            basis,
            narrowed,
            open_partitions: AtomicU64::new(partitions as u64),
            read: AtomicU64::new(0),
            used: AtomicU64::new(0),
            without_subject: AtomicU64::new(0),
            withheld: Default::default(),
        }
    }

    /// Whether a predicate leaves rows out below the gate.
    pub(crate) fn narrowed(&self) -> bool {
        self.narrowed
    }

    /// Notes that one partition was read to its end.
    pub(crate) fn end_partition(&self) {
        self.open_partitions.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn add_read(&self, rows: usize) {
        self.read.fetch_add(rows as u64, Ordering::Relaxed);
    }

    pub(crate) fn add_used(&self, rows: usize) {
        self.used.fetch_add(rows as u64, Ordering::Relaxed);
    }

    pub(crate) fn add_without_subject(&self, rows: usize) {
        self.without_subject.fetch_add(rows as u64, Ordering::Relaxed);
    }

    pub(crate) fn add_withheld(&self, by_decision: &[u64; Decision::ALL.len()]) {
        for (total, rows) in self.withheld.iter().zip(by_decision) {
            total.fetch_add(*rows, Ordering::Relaxed);
        }
    }

    /// The figures so far.
    pub fn figures(&self) -> ScanFigures {
        ScanFigures {
            relation: self.relation.clone(),
            purpose: self.purpose.clone(),
            basis: self.basis,
            complete: !self.narrowed && self.open_partitions.load(Ordering::Relaxed) == 0,
            read: self.read.load(Ordering::Relaxed),
            used: self.used.load(Ordering::Relaxed),
            without_subject: self.without_subject.load(Ordering::Relaxed),
            withheld: Decision::ALL
                .iter()
                .zip(&self.withheld)
                .map(|(d, rows)| (d.name(), rows.load(Ordering::Relaxed)))
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
