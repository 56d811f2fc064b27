//! What the laws of the subjects' jurisdictions say about silence and about age.

use super::calendar::born_by;
use lakewarden_dictionary::{ConsentDefault, Purposes};

/// A jurisdiction that nobody declared.
const UNKNOWN: u64 = 1 << 63;
/// Jurisdictions that are told apart; more count as unknown.
const MOST: usize = 63;

/// The jurisdictions of a project, one bit each, as of an instant.
#[derive(Debug, Clone)]
pub(super) struct Laws {
    codes: Vec<Box<str>>,
    rules: Vec<Rule>,
    /// Bits of the project's own; of an unknown one if it has none.
    default: u64,
    has_ages: bool,
}

/// What holds for a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rule {
    /// Whether silence is permission.
    pub opt_out: bool,
    /// Those born later than this day need a guardian.
    pub guardian_after: i32,
    /// For those born later than this day silence is refusal.
    pub opt_in_after: i32,
}

impl Rule {
    const LAX: Rule = Rule { opt_out: true, guardian_after: i32::MAX, opt_in_after: i32::MAX };

    /// The stricter in each respect.
    fn join(self, other: Self) -> Self {
        Self {
            opt_out: self.opt_out && other.opt_out,
            guardian_after: self.guardian_after.min(other.guardian_after),
            opt_in_after: self.opt_in_after.min(other.opt_in_after),
        }
    }
}

impl Laws {
    /// `default` is the project's own jurisdiction; `as_of` is µs UTC.
    pub(super) fn new(purposes: &Purposes, default: Option<&str>, as_of: i64) -> Self {
        let declared = || purposes.jurisdictions.iter().take(MOST);
        let rules = declared()
            .map(|law| Rule {
                opt_out: law.default == ConsentDefault::OptOut,
                guardian_after: law.guardian_below.map_or(i32::MAX, |age| born_by(as_of, age)),
                opt_in_after: law.opt_in_below.map_or(i32::MAX, |age| born_by(as_of, age)),
            })
            .collect();
        let codes = declared().map(|law| law.code.value.as_str().into()).collect();
        let has_ages = declared().any(|law| law.guardian_below.is_some() || law.opt_in_below.is_some());
        let mut laws = Self { codes, rules, default: UNKNOWN, has_ages };
        laws.default = default.map_or(UNKNOWN, |code| laws.bit(code));
        laws
    }

    /// Whether anybody's age matters.
    pub(super) fn has_ages(&self) -> bool {
        self.has_ages
    }

    /// The bit of a jurisdiction.
    pub(super) fn bit(&self, code: &str) -> u64 {
        self.codes.iter().position(|known| **known == *code).map_or(UNKNOWN, |n| 1 << n)
    }

    /// These jurisdictions; the project's own if there is none.
    #[inline]
    pub(super) fn or_default(&self, bits: u64) -> u64 {
        if bits == 0 { self.default } else { bits }
    }

    /// The strictest of these jurisdictions in each respect; the project's own if there is none. An unknown one asks
    /// for consent, and for every age that any jurisdiction asks for.
    pub(super) fn rule(&self, bits: u64) -> Rule {
        let bits = self.or_default(bits);
        let unknown = bits & UNKNOWN != 0;
        let named = self.rules.iter().enumerate().filter(|(n, _)| unknown || bits & (1 << n) != 0);
        let rule = named.map(|(_, rule)| *rule).fold(Rule::LAX, Rule::join);
        Rule { opt_out: rule.opt_out && !unknown, ..rule }
    }
}
