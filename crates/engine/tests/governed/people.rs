//! Forty people who granted, withdrew or never said anything; whose data must not be seen carries canaries.

use lakewarden_dictionary::{ConsentDefault, Jurisdiction, Label, Purpose, Purposes, Span, Spanned};
use lakewarden_engine::{SubjectIndex, SubjectIndexBuilder};
use lakewarden_policy::{Action, ConsentBook, Decisions};
use lakewarden_privacy::token_text;
use std::sync::Arc;

/// How many there are.
pub const PEOPLE: u32 = 40;
/// The purpose of all tests.
pub const PURPOSE: &str = "analytics";
/// In every text of a withheld row.
pub const CANARY: &str = "CANARY";
/// In every number of a withheld row, and no other.
pub const CANARY_NUMBER: i64 = 66_600_000;

/// Why a row is withheld, if it is; the stricter first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    Withdrawn,
    NotGranted,
}

impl Reason {
    pub fn name(self) -> &'static str {
        match self {
            Reason::Withdrawn => "consent_withdrawn",
            Reason::NotGranted => "consent_not_granted",
        }
    }
}

/// What person `n` said, from which both the consent log and the expectations are made.
pub fn refusal(n: u32) -> Option<Reason> {
    match n {
        n if n % 5 == 0 => Some(Reason::Withdrawn),
        n if n % 7 == 3 => Some(Reason::NotGranted),
        _ => None,
    }
}

pub fn id(n: u32) -> String {
    token_text('c', 1, 1_000 + u128::from(n))
}

fn bits(domain: u128, n: u32) -> u128 {
    domain * 1_000_000 + u128::from(n)
}

pub fn phone(n: u32) -> String {
    token_text('k', 1, bits(1, n))
}

pub fn email(n: u32) -> String {
    token_text('k', 1, bits(2, n))
}

pub fn device(n: u32) -> String {
    token_text('k', 1, bits(3, n))
}

pub fn index() -> Arc<SubjectIndex> {
    let mut builder = SubjectIndexBuilder::default();
    for n in 0..PEOPLE {
        assert_eq!(builder.customer(&id(n)), Some(n));
        for domain in 1..=3 {
            builder.token(bits(domain, n), n);
        }
    }
    Arc::new(builder.finish())
}

fn spanned(word: &str) -> Spanned<String> {
    Spanned { value: word.into(), span: Span::file(&"purposes.yaml".into()) }
}

/// The decisions that the consent algebra takes over the log of what people said.
pub fn decisions() -> Arc<Decisions> {
    let purposes = Purposes {
        purposes: vec![Purpose {
            name: spanned(PURPOSE),
            label: Label::default(),
            meaning: String::new(),
            parent: None,
            data_use: None,
            aliases: Vec::new(),
            valid_for: None,
            min_notice: None,
            opt_out_signal: false,
            span: Span::file(&"purposes.yaml".into()),
        }],
        jurisdictions: vec![Jurisdiction {
            code: spanned("CN"),
            label: Label::default(),
            regulation: String::new(),
            default: ConsentDefault::OptIn,
            guardian_below: None,
            opt_in_below: None,
        }],
    };
    let mut book = ConsentBook::new(&purposes, Some("CN"), 1_000);
    for n in 0..PEOPLE {
        match refusal(n) {
            None => book.record(bits(1, n), PURPOSE, Action::Grant, 10, Some("CN")),
            Some(Reason::Withdrawn) => {
                book.record(bits(1, n), PURPOSE, Action::Grant, 10, Some("CN"));
                book.record(bits(2, n), PURPOSE, Action::Withdraw, 20, Some("CN"));
            }
            Some(Reason::NotGranted) => {}
        }
    }
    let index = index();
    Arc::new(book.decide(PURPOSE, PEOPLE as usize, |token| index.of_token(token)))
}
