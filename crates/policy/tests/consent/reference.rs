//! The algebra once more, slow and word for word as `docs/policy/consent.md` has it: for one customer, by looking
//! through the whole log for every question. Shares nothing with the crate but the dictionary's types.

use crate::world::*;
use chrono::{DateTime, Days, Months, TimeDelta};
use lakewarden_dictionary::{ConsentDefault, Jurisdiction, NoticeVersion, Purpose};
use lakewarden_policy::{Action, Decision, Doubt, Doubtful, GivenBy, Knowledge};
use proptest::prelude::*;

/// What somebody said about a topic at the latest instant at which anything was said about it.
enum Last<'a> {
    Nothing,
    Refused,
    Agreed(Vec<&'a Line>),
}

/// A purpose by its own name, or all of them at once.
#[derive(Clone, Copy, PartialEq)]
enum Topic<'a> {
    Of(&'a str),
    Everything,
}

struct Reference<'a> {
    world: &'a World,
    known: Vec<&'a Line>,
    doubts: Vec<&'a Doubt<'static>>,
}

pub fn decide(world: &World, purpose: &str, members: &[u128]) -> Decision {
    let known = world.lines.iter().filter(|l| counts(world, l)).collect();
    let mended = |d: &Doubt| d.mended_at.is_some_and(|at| was_recorded(world, at));
    let doubts = world.doubts.iter().filter(|d| was_recorded(world, d.known_from) && !mended(d)).collect();
    Reference { world, known, doubts }.decide(purpose, members)
}

/// Whether an event counts: a refusal once it is recorded, anything else once its time has come as well.
pub fn counts(world: &World, line: &Line) -> bool {
    let recorded = line.recorded_at.unwrap_or(line.at);
    match line.action {
        Action::Withdraw | Action::OptOutSignal | Action::Restrict => was_recorded(world, recorded),
        Action::Grant | Action::LiftRestriction | Action::NoEffect => line.at <= world.as_of && recorded <= world.as_of,
    }
}

/// Whether a refusal recorded at an instant is known: in a replay by then, else always.
fn was_recorded(world: &World, at: i64) -> bool {
    match world.knowledge {
        Knowledge::Now => true,
        Knowledge::Then => at <= world.as_of,
    }
}

impl<'a> Reference<'a> {
    fn purpose(&self, name: &str) -> Option<&'a Purpose> {
        self.world.purposes.purposes.iter().find(|p| p.name.value == name || p.aliases.contains(&name.to_owned()))
    }

    fn path(&self, purpose: &'a Purpose) -> Vec<&'a Purpose> {
        let mut path = vec![purpose];
        while let Some(parent) = path[path.len() - 1].parent.as_ref().and_then(|p| self.purpose(&p.value)) {
            path.push(parent);
        }
        path
    }

    /// Whether a line says something about a topic, and if so whether it is yes.
    fn says(&self, line: &Line, topic: Topic<'_>) -> Option<bool> {
        let named = self.purpose(line.purpose).map(|p| Topic::Of(&p.name.value));
        match line.action {
            Action::Grant => (named == Some(topic)).then_some(true),
            Action::Withdraw => (named.unwrap_or(Topic::Everything) == topic).then_some(false),
            Action::OptOutSignal => {
                let mut declared = self.world.purposes.purposes.iter().filter(|p| p.opt_out_signal).peekable();
                let none = declared.peek().is_none();
                let meant = declared.any(|p| Topic::Of(&p.name.value) == topic)
                    || named == Some(topic)
                    || (named.is_none() && none && topic == Topic::Everything);
                meant.then_some(false)
            }
            Action::Restrict | Action::LiftRestriction | Action::NoEffect => None,
        }
    }

    fn last(&self, who: u128, topic: Topic<'_>) -> Last<'a> {
        let about: Vec<&Line> =
            self.known.iter().copied().filter(|l| l.pseudonym == who && self.says(l, topic).is_some()).collect();
        // Whatever purpose it is of, the record that cannot be read may have been its withdrawal.
        let own = self.doubts.iter().filter(|d| d.pseudonym == who && d.counts_as != Doubtful::Listed);
        let concerns = |d: &&&Doubt<'_>| match d.purpose.and_then(|name| self.purpose(name)) {
            Some(one) if d.counts_as == Doubtful::Withdrawal => Topic::Of(&one.name.value) == topic,
            _ => topic != Topic::Everything,
        };
        let doubted = own.filter(concerns).map(|d| d.at).max();
        let Some(at) = about.iter().map(|l| l.at).max() else {
            return if doubted.is_some() { Last::Refused } else { Last::Nothing };
        };
        if doubted.is_some_and(|doubted| doubted >= at) {
            return Last::Refused;
        }
        let latest: Vec<&Line> = about.into_iter().filter(|l| l.at == at).collect();
        if latest.iter().any(|l| self.says(l, topic) == Some(false)) {
            return Last::Refused;
        }
        Last::Agreed(latest)
    }

    fn has_signalled(&self, who: u128, topic: Topic<'_>) -> bool {
        let mut signals = self.known.iter().filter(|l| l.pseudonym == who && l.action == Action::OptOutSignal);
        let mut doubts = self.doubts.iter().filter(|d| d.pseudonym == who && d.counts_as == Doubtful::OptOutSignal);
        signals.any(|l| self.says(l, topic).is_some()) || (topic != Topic::Everything && doubts.next().is_some())
    }

    fn decide(&self, purpose: &str, members: &[u128]) -> Decision {
        let Some(purpose) = self.purpose(purpose) else { return Decision::NotGranted };
        if members.iter().any(|m| self.is_suppressed(*m)) {
            return Decision::Suppressed;
        }
        if members.iter().any(|m| self.is_restricted(*m)) {
            return Decision::Restricted;
        }
        let path = self.path(purpose);
        let topics: Vec<Topic<'a>> =
            path.iter().map(|p| Topic::Of(p.name.value.as_str())).chain([Topic::Everything]).collect();
        let refused = |who: u128, topic: Topic<'_>| matches!(self.last(who, topic), Last::Refused);
        let signalled = |who: u128| topics.iter().any(|t| refused(who, *t) && self.has_signalled(who, *t));
        let mut linked = self.world.links.iter().filter(|(_, to)| members.contains(to)).map(|(from, _)| *from);
        if members.iter().any(|m| topics.iter().any(|t| refused(*m, *t))) || linked.any(signalled) {
            return Decision::Withdrawn;
        }
        let mut grants: Vec<Vec<&Line>> = Vec::new();
        for (member, topic) in members.iter().flat_map(|m| topics.iter().map(move |t| (*m, *t))) {
            if let Last::Agreed(lines) = self.last(member, topic) {
                grants.push(lines);
            }
        }
        let outdated = |lines: &&Vec<&Line>| lines.iter().any(|l| path.iter().any(|p| too_old(p, l)));
        let ended = |lines: &&Vec<&Line>| lines.iter().any(|l| self.has_ended(l, &path));
        let good = || grants.iter().filter(|g| !outdated(g) && !ended(g));
        if good().any(|lines| lines.iter().all(|l| l.given_by == GivenBy::Guardian)) {
            return Decision::Permit;
        }
        let laws = self.laws(members);
        if laws.iter().any(|law| law.guardian_below.is_some_and(|age| self.is_younger(members, age))) {
            return Decision::GuardianMissing;
        }
        if good().next().is_some() {
            return Decision::Permit;
        }
        if grants.iter().any(|g| outdated(&g)) {
            return Decision::NoticeOutdated;
        }
        if !grants.is_empty() {
            return Decision::Expired;
        }
        let permissive = |law: &&Jurisdiction| {
            law.default == ConsentDefault::OptOut && !law.opt_in_below.is_some_and(|age| self.is_younger(members, age))
        };
        let told = self.codes(members).iter().all(|code| self.law(code).is_some());
        if told && !laws.is_empty() && laws.iter().all(permissive) { Decision::Permit } else { Decision::NotGranted }
    }

    fn is_suppressed(&self, who: u128) -> bool {
        let listed = |at: Option<i64>| at.is_none_or(|at| was_recorded(self.world, at));
        let doubted = self.doubts.iter().any(|d| d.pseudonym == who && d.counts_as == Doubtful::Listed);
        doubted || self.world.suppressed.iter().any(|(p, at)| *p == who && listed(*at))
    }

    fn is_restricted(&self, who: u128) -> bool {
        let about = || {
            let own = self.known.iter().filter(|l| l.pseudonym == who);
            own.filter(|l| matches!(l.action, Action::Restrict | Action::LiftRestriction))
        };
        let doubts = self.doubts.iter().filter(|d| d.pseudonym == who && d.counts_as == Doubtful::Restriction);
        let demanded = doubts.map(|d| d.at).max();
        let Some(at) = about().map(|l| l.at).max() else { return demanded.is_some() };
        demanded.is_some_and(|demanded| demanded >= at) || about().any(|l| l.at == at && l.action == Action::Restrict)
    }

    fn has_ended(&self, line: &Line, path: &[&Purpose]) -> bool {
        let as_of = DateTime::from_timestamp_micros(self.world.as_of).unwrap();
        let over = |p: &&Purpose| {
            p.valid_for.as_ref().is_some_and(|period| {
                let first = as_of - Months::new(period.value.months) - Days::new(period.value.days.into());
                line.at <= first.timestamp_micros()
            })
        };
        line.expires_at.is_some_and(|end| end <= self.world.as_of) || path.iter().any(over)
    }

    fn codes(&self, members: &[u128]) -> Vec<&'a str> {
        let default = self.world.default.unwrap_or("none");
        let mut codes = Vec::new();
        for member in members {
            let own: Vec<&Line> = self.known.iter().copied().filter(|l| l.pseudonym == *member).collect();
            let named: Vec<&str> = own.iter().filter_map(|l| l.jurisdiction).collect();
            let spoke = !own.is_empty() || self.doubts.iter().any(|d| d.pseudonym == *member && self.is_of_one(d));
            codes.extend(if named.is_empty() && spoke { vec![default] } else { named });
        }
        if codes.is_empty() { vec![default] } else { codes }
    }

    /// Whether a record that cannot be read is an event that names no jurisdiction: a withdrawal from one purpose.
    fn is_of_one(&self, doubt: &Doubt<'_>) -> bool {
        doubt.counts_as == Doubtful::Withdrawal && doubt.purpose.is_some_and(|name| self.purpose(name).is_some())
    }

    fn law(&self, code: &str) -> Option<&'a Jurisdiction> {
        self.world.purposes.jurisdictions.iter().find(|j| j.code.value == code)
    }

    /// The laws that apply; all of them, if one of them cannot be told.
    fn laws(&self, members: &[u128]) -> Vec<&'a Jurisdiction> {
        let codes = self.codes(members);
        if codes.iter().any(|code| self.law(code).is_none()) {
            return self.world.purposes.jurisdictions.iter().collect();
        }
        codes.iter().filter_map(|code| self.law(code)).collect()
    }

    fn is_younger(&self, members: &[u128], age: u32) -> bool {
        let Some(born) = self.world.born.iter().filter(|(p, _)| members.contains(p)).map(|(_, day)| *day).max() else {
            return false;
        };
        let born = DateTime::UNIX_EPOCH.date_naive() + TimeDelta::days(born.into());
        let today = DateTime::from_timestamp_micros(self.world.as_of).unwrap() - TimeDelta::hours(12);
        today.date_naive().years_since(born).is_none_or(|years| years < age)
    }
}

fn too_old(purpose: &Purpose, line: &Line) -> bool {
    let shown: Option<NoticeVersion> = line.notice.and_then(|text| text.parse().ok());
    purpose.min_notice.as_ref().is_some_and(|least| shown.is_none_or(|shown| shown < least.value))
}

proptest! {
    #![proptest_config(cases(3_000))]

    /// Every decision of the book is that of the reference.
    #[test]
    fn the_book_decides_as_the_reference_does(world in worlds(), partition in partitions()) {
        let book = world.book();
        for purpose in NAMES {
            let decided = book.decide(purpose, CUSTOMERS, |p| partition[p as usize]);
            for customer in 0..CUSTOMERS as u32 {
                let expected = decide(&world, purpose, &members(&partition, customer));
                prop_assert_eq!(decided.of(customer), expected, "{} for {}", customer, purpose);
            }
        }
    }
}

/// The random worlds come to every decision, each often enough for the comparison to mean something.
#[test]
fn random_worlds_come_to_every_decision() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut seen = std::collections::BTreeMap::new();
    for _ in 0..1_000 {
        let world = worlds().new_tree(&mut runner).unwrap().current();
        let partition = partitions().new_tree(&mut runner).unwrap().current();
        for customer in 0..CUSTOMERS as u32 {
            *seen.entry(world.decide("p0", &partition).of(customer)).or_insert(0) += 1;
        }
    }
    for decision in Decision::ALL.into_iter().filter(|d| *d != Decision::RetentionEnded) {
        assert!(seen.get(&decision).is_some_and(|n| *n >= 40), "{decision:?}: {seen:?}");
    }
}
