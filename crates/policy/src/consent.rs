//! The consent algebra.
//!
//! Over the events known at the as-of instant, for a purpose P whose ancestry is P, its parent, …:
//!
//! 1. of each (pseudonym, purpose) the latest event stands; of two at one instant, the withdrawal;
//! 2. a customer has withdrawn if for any of its pseudonyms and any purpose of the ancestry a withdrawal
//!    stands: a withdrawal holds for the sub-purposes, and merged identities take the strictest;
//! 3. otherwise the customer has granted if any grant stands for one of them;
//! 4. otherwise the jurisdictions of the customer's events decide (the project's, if there is none), the
//!    strictest of them: refusal where opt-in rules, permission where opt-out rules.
//!
//! A withdrawal for a purpose that the project does not know is taken as a withdrawal for all: it
//! cannot be told which was meant, and the doubt is the data subject's. A grant for one grants nothing.

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use lakewarden_dictionary::{ConsentDefault, Purposes};

/// What a consent event says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// The data subject agrees.
    Grant,
    /// The data subject takes it back.
    Withdraw,
}

impl Action {
    /// Reads `grant` or `withdraw`.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "grant" => Some(Self::Grant),
            "withdraw" => Some(Self::Withdraw),
            _ => None,
        }
    }
}

/// Whether a customer's data may be used, and if not, why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Decision {
    /// It may.
    Permit = 0,
    /// Consent was withdrawn.
    Withdrawn = 1,
    /// Consent was never given where it is needed.
    NotGranted = 2,
}

impl Decision {
    /// All of them, in the order of their numbers.
    pub const ALL: [Decision; 3] = [Decision::Permit, Decision::Withdrawn, Decision::NotGranted];

    /// The reason's name in row accounts.
    pub fn name(self) -> &'static str {
        match self {
            Decision::Permit => "permitted",
            Decision::Withdrawn => "consent_withdrawn",
            Decision::NotGranted => "consent_not_granted",
        }
    }
}

/// One decision for each customer, by index, for one purpose.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decisions(Vec<Decision>);

impl Decisions {
    /// The decision for customer number `subject`; refusal for one that is not known.
    #[inline]
    pub fn of(&self, subject: u32) -> Decision {
        self.0.get(subject as usize).copied().unwrap_or(Decision::NotGranted)
    }

    /// How many customers each decision was taken for.
    pub fn count(&self, decision: Decision) -> u64 {
        self.0.iter().filter(|d| **d == decision).count() as u64
    }
}

/// All purposes: where withdrawals for unknown ones are noted.
const EVERYTHING: u16 = u16::MAX;

/// The consent events known at an instant, reduced to those that stand.
#[derive(Debug, Clone)]
pub struct ConsentBook {
    purposes: Purposes,
    default_jurisdiction: Option<String>,
    as_of: i64,
    standing: HashMap<(u128, u16), (i64, Action), RandomState>,
    /// Bit n: an event of jurisdiction n of `purposes.jurisdictions`; bit 63: of an unknown one.
    jurisdictions: HashMap<u128, u64, RandomState>,
    unknown_purposes: u64,
}

const UNKNOWN_JURISDICTION: u64 = 1 << 63;

impl ConsentBook {
    /// An empty book as of an instant (µs UTC). `default_jurisdiction` is the project's.
    pub fn new(purposes: &Purposes, default_jurisdiction: Option<&str>, as_of: i64) -> Self {
        Self {
            purposes: purposes.clone(),
            default_jurisdiction: default_jurisdiction.map(str::to_owned),
            as_of,
            standing: HashMap::default(),
            jurisdictions: HashMap::default(),
            unknown_purposes: 0,
        }
    }

    /// Notes an event; one after the as-of instant is not yet known and passes by.
    pub fn record(&mut self, pseudonym: u128, purpose: &str, action: Action, at: i64, jurisdiction: Option<&str>) {
        if at > self.as_of {
            return;
        }
        if let Some(code) = jurisdiction {
            let known = self.purposes.jurisdictions.iter().take(63).position(|j| j.code.value == code);
            *self.jurisdictions.entry(pseudonym).or_default() |= known.map_or(UNKNOWN_JURISDICTION, |n| 1 << n);
        }
        let Some(purpose) = self.number(purpose).or_else(|| {
            self.unknown_purposes += 1;
            (action == Action::Withdraw).then_some(EVERYTHING)
        }) else {
            return;
        };
        let standing = self.standing.entry((pseudonym, purpose)).or_insert((at, action));
        if at > standing.0 || (at == standing.0 && action == Action::Withdraw) {
            *standing = (at, action);
        }
    }

    /// Events whose purpose the project does not know.
    pub fn unknown_purposes(&self) -> u64 {
        self.unknown_purposes
    }

    fn number(&self, purpose: &str) -> Option<u16> {
        let name = purpose.trim();
        self.purposes
            .purposes
            .iter()
            .position(|p| p.name.value == name || p.aliases.iter().any(|a| a == name))
            .and_then(|n| u16::try_from(n).ok())
    }

    /// Decides for customers `0..subjects`; `subject_of` says whose a pseudonym is.
    pub fn decide(&self, purpose: &str, subjects: usize, subject_of: impl Fn(u128) -> Option<u32>) -> Decisions {
        const WITHDRAWN: u8 = 1;
        const GRANTED: u8 = 2;
        let ancestry: Vec<u16> = self.purposes.ancestry(purpose).into_iter().filter_map(|p| self.number(p)).collect();
        let mut seen = vec![0u8; subjects];
        for ((pseudonym, on), (_, action)) in &self.standing {
            if *on != EVERYTHING && !ancestry.contains(on) {
                continue;
            }
            if let Some(subject) = subject_of(*pseudonym)
                && let Some(seen) = seen.get_mut(subject as usize)
            {
                *seen |= if *action == Action::Withdraw { WITHDRAWN } else { GRANTED };
            }
        }
        let mut under = vec![0u64; subjects];
        for (pseudonym, mask) in &self.jurisdictions {
            if let Some(subject) = subject_of(*pseudonym)
                && let Some(under) = under.get_mut(subject as usize)
            {
                *under |= mask;
            }
        }
        Decisions(
            seen.into_iter()
                .zip(under)
                .map(|(seen, under)| match seen {
                    s if s & WITHDRAWN != 0 => Decision::Withdrawn,
                    s if s & GRANTED != 0 => Decision::Permit,
                    _ if self.opted_out_only(under) => Decision::Permit,
                    _ => Decision::NotGranted,
                })
                .collect(),
        )
    }

    /// Whether in all of these jurisdictions absence of consent is permission.
    fn opted_out_only(&self, mask: u64) -> bool {
        let opt_out = |j: &lakewarden_dictionary::Jurisdiction| j.default == ConsentDefault::OptOut;
        if mask == 0 {
            return self
                .default_jurisdiction
                .as_deref()
                .and_then(|code| self.purposes.jurisdictions.iter().find(|j| j.code.value == code))
                .is_some_and(opt_out);
        }
        mask & UNKNOWN_JURISDICTION == 0
            && self.purposes.jurisdictions.iter().take(63).enumerate().all(|(n, j)| mask & (1 << n) == 0 || opt_out(j))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lakewarden_dictionary::{Jurisdiction, Label, Purpose, Span, diagnostic::Spanned};
    use proptest::prelude::*;

    fn spanned(word: &str) -> Spanned<String> {
        Spanned { value: word.into(), span: Span::file(&"purposes.yaml".into()) }
    }

    fn purpose(name: &str, parent: Option<&str>) -> Purpose {
        Purpose {
            name: spanned(name),
            label: Label::default(),
            meaning: String::new(),
            parent: parent.map(spanned),
            data_use: None,
            aliases: Vec::new(),
            span: Span::file(&"purposes.yaml".into()),
        }
    }

    fn purposes() -> Purposes {
        let law = |code: &str, default| Jurisdiction {
            code: spanned(code),
            label: Label::default(),
            regulation: String::new(),
            default,
        };
        Purposes {
            purposes: vec![purpose("marketing", None), purpose("sms", Some("marketing")), purpose("analytics", None)],
            jurisdictions: vec![law("CN", ConsentDefault::OptIn), law("US-CA", ConsentDefault::OptOut)],
        }
    }

    fn book() -> ConsentBook {
        ConsentBook::new(&purposes(), Some("CN"), 1_000)
    }

    fn one(book: &ConsentBook, purpose: &str) -> Decision {
        book.decide(purpose, 1, |_| Some(0)).of(0)
    }

    #[test]
    fn absence_is_refusal_under_opt_in_and_permission_under_opt_out() {
        let mut book = book();
        assert_eq!(one(&book, "analytics"), Decision::NotGranted);
        book.record(1, "marketing", Action::Grant, 1, Some("US-CA"));
        assert_eq!(one(&book, "analytics"), Decision::Permit);
        book.record(2, "marketing", Action::Grant, 1, Some("CN"));
        assert_eq!(one(&book, "analytics"), Decision::NotGranted, "the strictest jurisdiction");
        let mut elsewhere = self::book();
        elsewhere.record(1, "marketing", Action::Grant, 1, Some("XX"));
        assert_eq!(one(&elsewhere, "analytics"), Decision::NotGranted, "an unknown jurisdiction is strict");
    }

    #[test]
    fn a_withdrawal_holds_for_sub_purposes_but_not_the_other_way() {
        let mut book = book();
        book.record(1, "sms", Action::Grant, 5, None);
        book.record(1, "marketing", Action::Withdraw, 4, None);
        assert_eq!(one(&book, "sms"), Decision::Withdrawn);
        let mut child = self::book();
        child.record(1, "marketing", Action::Grant, 1, None);
        child.record(1, "sms", Action::Withdraw, 2, None);
        assert_eq!((one(&child, "sms"), one(&child, "marketing")), (Decision::Withdrawn, Decision::Permit));
    }

    #[test]
    fn what_is_not_known_yet_does_not_count() {
        let mut book = book();
        book.record(1, "analytics", Action::Grant, 900, None);
        book.record(1, "analytics", Action::Withdraw, 1_001, None);
        assert_eq!(one(&book, "analytics"), Decision::Permit);
    }

    #[test]
    fn a_withdrawal_for_an_unknown_purpose_is_for_all_and_a_grant_for_none() {
        let mut book = book();
        book.record(1, "horoscopes", Action::Grant, 1, None);
        assert_eq!(one(&book, "analytics"), Decision::NotGranted);
        book.record(1, "analytics", Action::Grant, 1, None);
        book.record(1, "horoscopes", Action::Withdraw, 2, None);
        assert_eq!(one(&book, "analytics"), Decision::Withdrawn);
        assert_eq!(book.unknown_purposes(), 2);
    }

    type Event = (u8, u8, bool, i64);
    fn events() -> impl Strategy<Value = Vec<Event>> {
        prop::collection::vec((0u8..4, 0u8..3, any::<bool>(), 0i64..1_200), 0..30)
    }
    fn filled(events: &[Event]) -> ConsentBook {
        let mut book = book();
        for (who, purpose, grant, at) in events {
            let purpose = ["marketing", "sms", "analytics"][*purpose as usize];
            let action = if *grant { Action::Grant } else { Action::Withdraw };
            book.record(u128::from(*who), purpose, action, *at, Some("CN"));
        }
        book
    }

    proptest! {
        /// The order in which events arrive does not matter.
        #[test]
        fn order_free(events in events(), purpose in 0usize..3) {
            let purpose = ["marketing", "sms", "analytics"][purpose];
            let forward = filled(&events).decide(purpose, 4, |p| Some(p as u32));
            let backward = filled(&events.iter().rev().copied().collect::<Vec<_>>()).decide(purpose, 4, |p| Some(p as u32));
            prop_assert_eq!(forward, backward);
        }

        /// A merged customer is withdrawn exactly if one of its members is: merging never permits what a member withdrew,
        /// and taking the members apart again restores each one's own decision.
        #[test]
        fn merged_is_strictest(events in events()) {
            let book = filled(&events);
            let apart = book.decide("sms", 4, |p| Some(p as u32));
            let merged = book.decide("sms", 1, |_| Some(0)).of(0);
            let any_withdrawn = (0..4).any(|n| apart.of(n) == Decision::Withdrawn);
            prop_assert_eq!(merged == Decision::Withdrawn, any_withdrawn);
            prop_assert_eq!(apart, book.decide("sms", 4, |p| Some(p as u32)));
        }

        /// Against the words of the module's documentation, one pseudonym at a time.
        #[test]
        fn latest_event_decides(events in events()) {
            let decided = filled(&events).decide("analytics", 4, |p| Some(p as u32));
            for who in 0..4u8 {
                let latest = events.iter().filter(|e| e.0 == who && e.1 == 2 && e.3 <= 1_000)
                    .max_by_key(|e| (e.3, !e.2)).map(|e| e.2);
                let expected = match latest {
                    Some(true) => Decision::Permit,
                    Some(false) => Decision::Withdrawn,
                    None => Decision::NotGranted,
                };
                prop_assert_eq!(decided.of(u32::from(who)), expected);
            }
        }
    }
}
