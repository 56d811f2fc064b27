//! Random projects, logs and partitions: small enough that ties, merges and cycles of grant and withdrawal are common.

use lakewarden_dictionary::{ConsentDefault, Jurisdiction, Label, Period, Purpose, Purposes, Span, Spanned};
use lakewarden_policy::{Action, ConsentBook, Decisions, Doubt, Doubtful, Event, GivenBy, Knowledge};
use proptest::prelude::*;

/// As many cases as `PROPTEST_CASES` says, else so many.
pub fn cases(own: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok());
    ProptestConfig::with_cases(asked.unwrap_or(own))
}

/// µs of a day.
pub const DAY: i64 = 86_400_000_000;
/// 2026-10-04T00:00:00Z, in days since 1970: the as-of day of random worlds lies near it.
pub const TODAY: i64 = 20_730;
/// Pseudonyms 0 to 5.
pub const PSEUDONYMS: u128 = 6;

pub fn spanned<T>(value: T) -> Spanned<T> {
    Spanned { value, span: Span::file(&"schemas/purposes.yaml".into()) }
}

pub fn purpose(name: &str, parent: Option<&str>) -> Purpose {
    Purpose {
        name: spanned(name.to_owned()),
        label: Label::default(),
        meaning: String::new(),
        parent: parent.map(|p| spanned(p.to_owned())),
        data_use: None,
        aliases: vec![format!("also {name}")],
        valid_for: None,
        min_notice: None,
        opt_out_signal: false,
        span: Span::file(&"schemas/purposes.yaml".into()),
    }
}

pub fn law(code: &str, default: ConsentDefault) -> Jurisdiction {
    Jurisdiction {
        code: spanned(code.to_owned()),
        label: Label::default(),
        regulation: String::new(),
        default,
        guardian_below: None,
        opt_in_below: None,
    }
}

/// An event that owns its words.
#[derive(Debug, Clone)]
pub struct Line {
    pub pseudonym: u128,
    pub purpose: &'static str,
    pub action: Action,
    pub at: i64,
    pub recorded_at: Option<i64>,
    pub expires_at: Option<i64>,
    pub notice: Option<&'static str>,
    pub given_by: GivenBy,
    pub jurisdiction: Option<&'static str>,
}

impl Line {
    pub fn new(pseudonym: u128, purpose: &'static str, action: Action, at: i64) -> Self {
        Self {
            pseudonym,
            purpose,
            action,
            at,
            recorded_at: None,
            expires_at: None,
            notice: None,
            given_by: GivenBy::Subject,
            jurisdiction: None,
        }
    }

    fn event(&self) -> Event<'_> {
        Event {
            pseudonym: self.pseudonym,
            purpose: self.purpose,
            action: self.action,
            at: self.at,
            recorded_at: self.recorded_at,
            expires_at: self.expires_at,
            notice: self.notice,
            given_by: self.given_by,
            jurisdiction: self.jurisdiction,
        }
    }
}

/// Everything that a decision depends on, but for the purpose and the partition.
#[derive(Debug, Clone)]
pub struct World {
    pub purposes: Purposes,
    pub default: Option<&'static str>,
    pub as_of: i64,
    pub knowledge: Knowledge,
    pub lines: Vec<Line>,
    pub born: Vec<(u128, i32)>,
    pub suppressed: Vec<(u128, Option<i64>)>,
    pub links: Vec<(u128, u128)>,
    pub doubts: Vec<Doubt<'static>>,
}

/// Whose each pseudonym is; customers 0 to 3.
pub type Partition = Vec<Option<u32>>;
pub const CUSTOMERS: usize = 4;
/// Nobody is merged with anybody.
pub fn apart() -> Partition {
    (0..PSEUDONYMS as u32).map(Some).collect()
}

pub fn members(partition: &Partition, customer: u32) -> Vec<u128> {
    (0..PSEUDONYMS).filter(|p| partition[*p as usize] == Some(customer)).collect()
}

impl World {
    pub fn book(&self) -> ConsentBook {
        let mut book = ConsentBook::new(&self.purposes, self.default, self.as_of).knowing(self.knowledge);
        self.lines.iter().for_each(|line| book.note(&line.event()));
        self.born.iter().for_each(|(p, day)| book.born(*p, *day));
        self.suppressed.iter().for_each(|(p, at)| book.suppress(*p, *at));
        self.doubts.iter().for_each(|doubt| book.doubt(doubt));
        self.links.iter().for_each(|(a, b)| book.link(*a, *b));
        book
    }

    pub fn decide(&self, purpose: &str, partition: &Partition) -> Decisions {
        self.book().decide(purpose, partition.len().max(CUSTOMERS), |p| partition[p as usize])
    }
}

/// Names that purposes and logs use: `p0` to `p4` may be declared, with their aliases; the others never are.
pub const NAMES: [&str; 9] = ["p0", "p1", "p2", "p3", "p4", "also p0", "also p3", "horoscopes", ""];

fn day(days: std::ops::Range<i64>) -> impl Strategy<Value = i64> {
    days.prop_map(|d| (TODAY + d) * DAY)
}

fn purposes() -> impl Strategy<Value = Purposes> {
    let one = (any::<prop::sample::Index>(), any::<bool>(), prop::option::weighted(0.3, 1u32..40));
    let more = (prop::option::weighted(0.3, 1u32..4), prop::bool::weighted(0.25));
    let tree = prop::collection::vec((one, more), 3..6).prop_map(|drawn| {
        let mut purposes: Vec<Purpose> = Vec::new();
        for (n, ((parent, rooted, valid), (notice, signal))) in drawn.into_iter().enumerate() {
            let parent = (n > 0 && !rooted).then(|| format!("p{}", parent.index(n)));
            let mut own = purpose(&format!("p{n}"), parent.as_deref());
            own.valid_for = valid.map(|days| spanned(Period { months: days % 2, days }));
            own.min_notice = notice.map(|v| spanned(v.to_string().parse().unwrap()));
            own.opt_out_signal = signal;
            purposes.push(own);
        }
        purposes
    });
    let age = || prop::option::weighted(0.5, 12u32..19);
    let laws = prop::collection::vec((any::<bool>(), age(), age()), 2..4).prop_map(|drawn| {
        let one = |(n, (opt_in, guardian, young)): (usize, (bool, Option<u32>, Option<u32>))| {
            let default = if opt_in { ConsentDefault::OptIn } else { ConsentDefault::OptOut };
            let mut own = law(&format!("L{n}"), default);
            (own.guardian_below, own.opt_in_below) = (guardian, young);
            own
        };
        drawn.into_iter().enumerate().map(one).collect::<Vec<_>>()
    });
    (tree, laws).prop_map(|(purposes, jurisdictions)| Purposes { purposes, jurisdictions })
}

fn code() -> impl Strategy<Value = Option<&'static str>> {
    prop::option::of(prop::sample::select(vec!["L0", "L1", "L1", "L2", "XX"]))
}

pub fn lines(most: usize) -> impl Strategy<Value = Vec<Line>> {
    use Action::*;
    let actions = prop_oneof![
        12 => Just(Grant),
        4 => Just(Withdraw),
        2 => Just(OptOutSignal),
        1 => Just(Restrict),
        1 => Just(LiftRestriction),
        1 => Just(NoEffect),
    ];
    let names = prop_oneof![6 => prop::sample::select(vec!["p0", "p1"]), 4 => prop::sample::select(&NAMES[..])];
    let said = (0..PSEUDONYMS, names, actions, day(-12..8));
    let notices = vec!["1", "v2", "2.0", "3", "draft"];
    let more = (
        prop::option::weighted(0.2, day(-12..8)),
        prop::option::weighted(0.4, day(-10..12)),
        prop::option::of(prop::sample::select(notices)),
        prop::bool::weighted(0.3),
        prop::option::weighted(0.3, code()),
    );
    let line =
        (said, more).prop_map(|((who, purpose, action, at), (recorded, expires, notice, guardian, code))| Line {
            recorded_at: recorded,
            expires_at: expires,
            notice,
            given_by: if guardian { GivenBy::Guardian } else { GivenBy::Subject },
            jurisdiction: code.flatten(),
            ..Line::new(who, purpose, action, at)
        });
    prop::collection::vec(line, 0..most)
}

/// A record that could not be read, quarantined on its day or later, and mended perhaps.
pub fn doubts() -> impl Strategy<Value = Doubt<'static>> {
    use Doubtful::*;
    let kinds = prop_oneof![6 => Just(Withdrawal), 1 => Just(Restriction), 2 => Just(OptOutSignal), 1 => Just(Listed)];
    let mended = prop::option::weighted(0.3, 1i64..8);
    let purpose = prop::option::weighted(0.4, prop::sample::select(&NAMES[..]));
    let drawn = (0..PSEUDONYMS, kinds, purpose, day(-12..8), 0i64..4, mended);
    drawn.prop_map(|(pseudonym, counts_as, purpose, at, later, mended)| {
        let known_from = at + later * DAY;
        Doubt { pseudonym, counts_as, purpose, at, known_from, mended_at: mended.map(|days| known_from + days * DAY) }
    })
}

pub fn worlds() -> impl Strategy<Value = World> {
    let fixed = (purposes(), code(), day(-4..4), prop::bool::weighted(0.3));
    let birth = (0..PSEUDONYMS, prop_oneof![0i32..100, 12 * 365..20 * 365]);
    let born = prop::collection::vec(birth.prop_map(|(p, days)| (p, TODAY as i32 - days)), 0..4);
    let suppressed = prop::collection::vec((0..PSEUDONYMS, prop::option::weighted(0.8, day(-4..12))), 0..2);
    let links = prop::collection::vec((0..PSEUDONYMS, 0..PSEUDONYMS), 0..4);
    let doubts = prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(doubts(), 1..3)];
    (fixed, lines(14), born, suppressed, links, doubts).prop_map(
        |((purposes, default, as_of, now), lines, born, suppressed, links, doubts)| World {
            purposes,
            default,
            as_of,
            knowledge: if now { Knowledge::Now } else { Knowledge::Then },
            lines,
            born,
            suppressed,
            links,
            doubts,
        },
    )
}

pub fn partitions() -> impl Strategy<Value = Partition> {
    prop::collection::vec(prop::option::weighted(0.9, 0..CUSTOMERS as u32), PSEUDONYMS as usize)
}

/// Purposes that every world has.
pub fn names() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&NAMES[..3])
}
