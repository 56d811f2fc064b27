//! The tree of purposes, by number.

use super::calendar::micros_before;
use super::standing::Demand;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use lakewarden_dictionary::Purposes;

/// All purposes: where withdrawals for unknown ones are noted.
pub(super) const EVERYTHING: u16 = u16::MAX;
/// No purpose: where restrictions of processing are noted.
pub(super) const RESTRICTION: u16 = u16::MAX - 1;
/// More purposes than these are not told apart from unknown ones.
const MOST: usize = RESTRICTION as usize;

/// Names and aliases of purposes, and what each demands.
#[derive(Debug, Clone)]
pub(super) struct PurposeTree {
    purposes: Purposes,
    numbers: HashMap<Box<str>, u16, RandomState>,
    signalled: Vec<u16>,
}

/// A purpose to be decided for.
pub(super) struct Ancestry {
    /// Its number and those of all that it is part of.
    pub numbers: Vec<u16>,
    /// What they demand together.
    pub demand: Demand,
}

impl PurposeTree {
    pub(super) fn new(purposes: &Purposes) -> Self {
        let mut numbers: HashMap<Box<str>, u16, RandomState> = HashMap::default();
        let mut signalled = Vec::new();
        for (number, purpose) in (0u16..).zip(purposes.purposes.iter().take(MOST)) {
            for name in std::iter::once(&purpose.name.value).chain(&purpose.aliases) {
                numbers.entry(name.as_str().into()).or_insert(number);
            }
            if purpose.opt_out_signal {
                signalled.push(number);
            }
        }
        Self { purposes: purposes.clone(), numbers, signalled }
    }

    /// The number of a purpose by name or alias.
    pub(super) fn number(&self, name: &str) -> Option<u16> {
        self.numbers.get(name.trim()).copied()
    }

    /// The purposes that an opt-out signal withdraws, whatever else it says.
    pub(super) fn signalled(&self) -> &[u16] {
        &self.signalled
    }

    /// The numbers of all purposes.
    pub(super) fn all(&self) -> impl Iterator<Item = u16> + use<> {
        (0u16..).take(self.purposes.purposes.len().min(MOST))
    }

    /// Whether any purpose looks at notices.
    pub(super) fn demands_notices(&self) -> bool {
        self.purposes.purposes.iter().any(|p| p.min_notice.is_some())
    }

    /// The ancestry of a purpose with what is demanded at an instant; `None` for a purpose that is not known.
    /// What a purpose demands holds for its parts: the shortest `valid_for` and the newest `min_notice` count.
    pub(super) fn ancestry(&self, purpose: &str, as_of: i64) -> Option<Ancestry> {
        let names = self.purposes.ancestry(purpose);
        let numbers: Vec<u16> = names.iter().filter_map(|name| self.number(name)).collect();
        if numbers.is_empty() || numbers.len() != names.len() {
            return None;
        }
        let all = || names.iter().filter_map(|name| self.purposes.find(name));
        let granted_after = all()
            .filter_map(|p| p.valid_for.as_ref())
            .filter_map(|period| micros_before(as_of, period.value))
            .max()
            .unwrap_or(i64::MIN);
        let min_notice = all().filter_map(|p| p.min_notice.as_ref()).map(|n| n.value).max();
        Some(Ancestry { numbers, demand: Demand { granted_after, as_of, min_notice } })
    }
}
