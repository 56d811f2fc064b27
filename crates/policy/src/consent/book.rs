//! The events known at an instant, reduced to those that stand, and the decisions over them.

use super::decision::{Decision, Decisions};
use super::doubt::{Doubt, Doubtful};
use super::event::{Action, Event, Knowledge};
use super::law::{Laws, Rule};
use super::notice::Notices;
use super::standing::{Standing, Word};
use super::tree::{EVERYTHING, PurposeTree, RESTRICTION};
use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};
use lakewarden_dictionary::Purposes;

/// Nothing is known of somebody's age.
const AGELESS: i32 = i32::MIN;

/// A pseudonym and a purpose. In halves, because a `u128` would make every entry a quarter larger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    high: u64,
    low: u64,
    purpose: u16,
}

impl Key {
    #[inline]
    fn new(pseudonym: u128, purpose: u16) -> Self {
        Self { high: (pseudonym >> 64) as u64, low: pseudonym as u64, purpose }
    }

    #[inline]
    fn pseudonym(self) -> u128 {
        (u128::from(self.high) << 64) | u128::from(self.low)
    }
}

/// What people said, as of an instant. All of it is kept by pseudonym, so that decisions are a function of events and
/// of whose each pseudonym is: merging two customers loses nothing, and parting them restores what was.
#[derive(Debug, Clone)]
pub struct ConsentBook {
    tree: PurposeTree,
    laws: Laws,
    as_of: i64,
    knowledge: Knowledge,
    notices: Notices,
    standing: HashMap<Key, Standing, RandomState>,
    jurisdictions: HashMap<u128, u64, RandomState>,
    born: HashMap<u128, i32, RandomState>,
    suppressed: HashSet<u128, RandomState>,
    /// Who is named by a record that cannot be read, and when the latest was said. A withdrawal from every purpose,
    /// kept once for all of them.
    doubts: HashMap<u128, i64, RandomState>,
    /// Data subjects named by a record that can only be a withdrawal from one purpose.
    doubted_for_one: HashSet<u128, RandomState>,
    /// Who is named by an unreadable line of a suppression list.
    listed_in_doubt: HashSet<u128, RandomState>,
    /// Who sent a signal, and what each signal withdrew.
    signals: HashSet<u128, RandomState>,
    signalled: HashSet<Key, RandomState>,
    links: Vec<(u128, u128)>,
    /// Refusals dated later than this are counted, µs UTC.
    expected_by: i64,
    unusual: UnusualEvents,
}

/// Events that are read the stricter way, or that have no effect yet, by number. None of them is an error; each is worth
/// a look at the consent log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UnusualEvents {
    /// Withdrawals, opt-out signals, restrictions and lines of suppression lists dated later than the run's instant.
    /// They count.
    pub future_refusals: u64,
    /// Grants and lifted restrictions dated later than the instant that people are judged at. They do not count yet.
    pub future_grants: u64,
    /// Withdrawals and opt-out signals for a purpose that the project does not know. They count for every purpose.
    pub unknown_purpose_refusals: u64,
    /// Grants for a purpose that the project does not know. They grant nothing.
    pub unknown_purpose_grants: u64,
    /// Events that the log declares to have no effect, such as an opt-in that waits for its confirmation.
    pub without_effect: u64,
}

impl ConsentBook {
    /// An empty book that judges people as of an instant (µs UTC), by every event there is. `default_jurisdiction` is
    /// the project's.
    pub fn new(purposes: &Purposes, default_jurisdiction: Option<&str>, as_of: i64) -> Self {
        let tree = PurposeTree::new(purposes);
        Self {
            notices: Notices::new(tree.demands_notices()),
            laws: Laws::new(purposes, default_jurisdiction, as_of),
            tree,
            as_of,
            knowledge: Knowledge::Now,
            standing: HashMap::default(),
            jurisdictions: HashMap::default(),
            born: HashMap::default(),
            suppressed: HashSet::default(),
            doubts: HashMap::default(),
            doubted_for_one: HashSet::default(),
            listed_in_doubt: HashSet::default(),
            signals: HashSet::default(),
            signalled: HashSet::default(),
            links: Vec::new(),
            expected_by: as_of,
            unusual: UnusualEvents::default(),
        }
    }

    /// The same, still empty, book with other knowledge.
    #[must_use]
    pub fn knowing(mut self, knowledge: Knowledge) -> Self {
        self.knowledge = knowledge;
        self
    }

    /// The same book, which counts refusals dated later than an instant (µs UTC) as unusual, if that is earlier than its
    /// own.
    #[must_use]
    pub fn expecting_events_by(mut self, instant: i64) -> Self {
        self.expected_by = instant.min(self.as_of);
        self
    }

    /// The instant, µs UTC.
    pub fn as_of(&self) -> i64 {
        self.as_of
    }

    /// Whether a refusal counts: always, but in a replay only what was recorded by then.
    fn knows_refusal(&self, at: i64, recorded_at: Option<i64>) -> bool {
        match self.knowledge {
            Knowledge::Now => true,
            Knowledge::Then => recorded_at.unwrap_or(at) <= self.as_of,
        }
    }

    /// Whether a grant counts: once its time has come and it is recorded.
    fn knows_grant(&self, at: i64, recorded_at: Option<i64>) -> bool {
        at <= self.as_of && recorded_at.is_none_or(|r| r <= self.as_of)
    }

    fn knows(&self, event: &Event<'_>) -> bool {
        if event.action.is_refusal() {
            self.knows_refusal(event.at, event.recorded_at)
        } else {
            self.knows_grant(event.at, event.recorded_at)
        }
    }

    /// Notes a grant or a withdrawal of which no more is known.
    pub fn record(&mut self, pseudonym: u128, purpose: &str, action: Action, at: i64, jurisdiction: Option<&str>) {
        self.note(&Event { jurisdiction, ..Event::new(pseudonym, purpose, action, at) });
    }

    /// Notes an event; one that does not count passes by.
    pub fn note(&mut self, event: &Event<'_>) {
        let known = self.knows(event);
        if event.action.is_refusal() {
            self.unusual.future_refusals += u64::from(known && event.at > self.expected_by);
        } else if event.action != Action::NoEffect && self.knowledge == Knowledge::Now {
            self.unusual.future_grants += u64::from(!known);
        }
        if !known {
            return;
        }
        let who = event.pseudonym;
        *self.jurisdictions.entry(who).or_default() |= event.jurisdiction.map_or(0, |code| self.laws.bit(code));
        match event.action {
            Action::Grant => match self.tree.number(event.purpose) {
                Some(purpose) => {
                    let notice = event.notice.map_or(0, |text| self.notices.number(text));
                    let grant = Standing::granted(event.at, event.expires_at, notice, event.given_by);
                    self.stand(who, purpose, grant);
                }
                None => self.unusual.unknown_purpose_grants += 1,
            },
            Action::Withdraw => {
                let purpose = self.tree.number(event.purpose);
                self.unusual.unknown_purpose_refusals += u64::from(purpose.is_none());
                self.stand(who, purpose.unwrap_or(EVERYTHING), Standing::refused(event.at));
            }
            Action::OptOutSignal => self.opt_out(event),
            Action::Restrict => self.stand(who, RESTRICTION, Standing::refused(event.at)),
            Action::LiftRestriction => {
                self.stand(who, RESTRICTION, Standing::granted(event.at, None, 0, event.given_by));
            }
            Action::NoEffect => self.unusual.without_effect += 1,
        }
    }

    /// A device's signal withdraws the purposes declared for it and the one it names; without either, all.
    fn opt_out(&mut self, event: &Event<'_>) {
        self.signals.insert(event.pseudonym);
        for at in 0..self.tree.signalled().len() {
            self.signal(event, self.tree.signalled()[at]);
        }
        match self.tree.number(event.purpose) {
            Some(purpose) => self.signal(event, purpose),
            None if self.tree.signalled().is_empty() => {
                self.unusual.unknown_purpose_refusals += 1;
                self.signal(event, EVERYTHING);
            }
            None => {}
        }
    }

    fn signal(&mut self, event: &Event<'_>, purpose: u16) {
        self.signalled.insert(Key::new(event.pseudonym, purpose));
        self.stand(event.pseudonym, purpose, Standing::refused(event.at));
    }

    fn stand(&mut self, who: u128, purpose: u16, said: Standing) {
        let notices = &self.notices;
        self.standing.entry(Key::new(who, purpose)).and_modify(|s| *s = s.join(said, notices)).or_insert(said);
    }

    /// Notes the latest day on which the pseudonym's owner may have been born, in days since 1970.
    pub fn born(&mut self, pseudonym: u128, latest_day: i32) {
        if self.laws.has_ages() {
            let day = self.born.entry(pseudonym).or_insert(latest_day);
            *day = latest_day.max(*day);
        }
    }

    /// Whether anybody's age matters, so that [`ConsentBook::born`] is worth calling.
    pub fn asks_for_ages(&self) -> bool {
        self.laws.has_ages()
    }

    /// Notes a line of a suppression list, listed at an instant (µs UTC) or for ever.
    pub fn suppress(&mut self, pseudonym: u128, listed_at: Option<i64>) {
        if listed_at.is_none_or(|at| self.knows_refusal(at, None)) {
            self.unusual.future_refusals += u64::from(listed_at.is_some_and(|at| at > self.expected_by));
            self.suppressed.insert(pseudonym);
        }
    }

    /// Notes a record that cannot be read. In a replay one passes by that was not known then; one that a readable record
    /// has replaced (in a replay: by then) passes by as well.
    pub fn doubt(&mut self, doubt: &Doubt<'_>) {
        let known = self.knows_refusal(doubt.at, Some(doubt.known_from));
        if !known || doubt.mended_at.is_some_and(|mended| self.knows_refusal(mended, None)) {
            return;
        }
        let (who, at) = (doubt.pseudonym, doubt.at);
        if doubt.counts_as == Doubtful::Listed {
            self.suppressed.insert(who);
            self.listed_in_doubt.insert(who);
            return;
        }
        if let (Doubtful::Withdrawal, Some(purpose)) =
            (doubt.counts_as, doubt.purpose.and_then(|p| self.tree.number(p)))
        {
            self.doubted_for_one.insert(who);
            // An event that names no jurisdiction, as far as is known.
            self.jurisdictions.entry(who).or_default();
            self.stand(who, purpose, Standing::refused(at));
            return;
        }
        let latest = self.doubts.entry(who).or_insert(at);
        *latest = at.max(*latest);
        match doubt.counts_as {
            Doubtful::Restriction => self.stand(who, RESTRICTION, Standing::refused(at)),
            Doubtful::OptOutSignal => {
                self.signals.insert(who);
                let every = self.tree.all().map(|purpose| Key::new(who, purpose));
                self.signalled.extend(every);
            }
            Doubtful::Withdrawal | Doubtful::Listed => {}
        }
    }

    /// How many pseudonyms records name that cannot be read.
    pub fn doubted(&self) -> u64 {
        let one = self.doubted_for_one.iter().filter(|who| !self.doubts.contains_key(*who));
        let counted = |who: &u128| self.doubts.contains_key(who) || self.doubted_for_one.contains(who);
        let listed = self.listed_in_doubt.iter().filter(|who| !counted(who));
        (self.doubts.len() + one.count() + listed.count()) as u64
    }

    /// The pseudonyms that sent an opt-out signal.
    pub fn signals(&self) -> impl Iterator<Item = u128> + '_ {
        self.signals.iter().copied()
    }

    /// Says that a pseudonym was seen together with one that sent a signal. What the signal withdrew is withdrawn for
    /// both while its sender refuses it, even where identity does not take them for one customer (a tablet that
    /// a family shares). Call it after all events were noted.
    pub fn link(&mut self, signal: u128, pseudonym: u128) {
        if self.signals.contains(&signal) {
            self.links.push((signal, pseudonym));
        }
    }

    /// Every pseudonym that a statement names or a signal reaches; one may come more than once.
    pub fn named(&self) -> impl Iterator<Item = u128> + '_ {
        let stated = self.standing.keys().map(|key| key.pseudonym());
        let doubted = self.doubts.keys().chain(&self.suppressed).copied();
        stated.chain(doubted).chain(self.links.iter().map(|(_, reached)| *reached))
    }

    /// Events that were read the stricter way, or that have no effect yet.
    pub fn unusual_events(&self) -> UnusualEvents {
        self.unusual
    }

    /// Decides for customers `0..subjects`; `subject_of` says whose a pseudonym is. Nobody's data may be used for a
    /// purpose that the project does not know.
    pub fn decide(&self, purpose: &str, subjects: usize, subject_of: impl Fn(u128) -> Option<u32>) -> Decisions {
        let Some(ancestry) = self.tree.ancestry(purpose, self.as_of) else {
            return Decisions::for_customers(vec![Decision::NotGranted; subjects]);
        };
        let covers = |on: u16| on == EVERYTHING || ancestry.numbers.contains(&on);
        let subject_of = |pseudonym| subject_of(pseudonym).map(|s| s as usize).filter(|s| *s < subjects);
        let mut words = vec![Word::Silent; subjects];
        let mut restricted = Vec::new();
        for (key, standing) in &self.standing {
            if covers(key.purpose) {
                if let Some(subject) = subject_of(key.pseudonym()) {
                    words[subject] = words[subject].max(standing.word(&ancestry.demand, &self.notices));
                }
            } else if key.purpose == RESTRICTION && standing.is_refusal() {
                restricted.extend(subject_of(key.pseudonym()));
            }
        }
        for (who, at) in &self.doubts {
            if ancestry.numbers.iter().any(|on| self.doubts_stand(*who, *at, *on))
                && let Some(subject) = subject_of(*who)
            {
                words[subject] = Word::Withdrawn;
            }
        }
        for (signal, pseudonym) in &self.links {
            let refuses = |on: &u16| {
                let key = Key::new(*signal, *on);
                self.signalled.contains(&key) && self.refuses(&key)
            };
            if ancestry.numbers.iter().chain(&[EVERYTHING]).any(refuses)
                && let Some(subject) = subject_of(*pseudonym)
            {
                words[subject] = Word::Withdrawn;
            }
        }
        let mut decided = self.judge(&words, subject_of);
        let mut bar = |subject: usize, why| decided[subject] = why;
        restricted.into_iter().for_each(|subject| bar(subject, Decision::Restricted));
        self.suppressed.iter().filter_map(|p| subject_of(*p)).for_each(|subject| bar(subject, Decision::Suppressed));
        Decisions::for_customers(decided)
    }

    /// Whether a doubt about somebody stands for a purpose: nothing was said of it later.
    fn doubts_stand(&self, who: u128, at: i64, purpose: u16) -> bool {
        !self.standing.get(&Key::new(who, purpose)).is_some_and(|standing| standing.is_later_than(at))
    }

    /// Whether somebody refuses exactly this purpose.
    fn refuses(&self, key: &Key) -> bool {
        let doubt = self.doubts.get(&key.pseudonym()).filter(|_| key.purpose != EVERYTHING);
        self.standing.get(key).is_some_and(Standing::is_refusal)
            || doubt.is_some_and(|at| self.doubts_stand(key.pseudonym(), *at, key.purpose))
    }

    /// What the law makes of each customer's word.
    fn judge(&self, words: &[Word], subject_of: impl Fn(u128) -> Option<usize>) -> Vec<Decision> {
        let mut under = vec![0u64; words.len()];
        for (pseudonym, bits) in &self.jurisdictions {
            if let Some(subject) = subject_of(*pseudonym) {
                under[subject] |= self.laws.or_default(*bits);
            }
        }
        let mut youngest = if self.born.is_empty() { Vec::new() } else { vec![AGELESS; words.len()] };
        for (pseudonym, day) in &self.born {
            if let Some(subject) = subject_of(*pseudonym) {
                youngest[subject] = youngest[subject].max(*day);
            }
        }
        let mut last = (0, self.laws.rule(0));
        let judged = words.iter().zip(under).enumerate().map(|(subject, (word, bits))| {
            if bits != last.0 {
                last = (bits, self.laws.rule(bits));
            }
            decision(*word, youngest.get(subject).copied().unwrap_or(AGELESS), last.1)
        });
        judged.collect()
    }
}

/// What a rule makes of a word of somebody born on a day.
#[inline]
fn decision(word: Word, born: i32, rule: Rule) -> Decision {
    let minor = born > rule.guardian_after;
    match word {
        Word::Withdrawn => Decision::Withdrawn,
        Word::GrantedByGuardian => Decision::Permit,
        _ if minor => Decision::GuardianMissing,
        Word::Granted => Decision::Permit,
        Word::Outdated => Decision::NoticeOutdated,
        Word::Expired => Decision::Expired,
        Word::Silent if rule.opt_out && born <= rule.opt_in_after => Decision::Permit,
        Word::Silent => Decision::NotGranted,
    }
}
