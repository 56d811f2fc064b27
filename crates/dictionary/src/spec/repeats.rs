//! Keys of a dataset about rows with one key.

use super::*;
use crate::model::Corrections;

/// Which row of several is kept.
pub(crate) const SURVIVOR_KEY: Key = Key::optional(
    "survivor",
    Kind::Choice(&SURVIVOR),
    "Which of several rows with one `key` is kept: within a file, between files, and against the lake's own rows as `corrections` says.",
)
.absent("`first`");

/// What a late row does.
pub(crate) const CORRECTIONS_KEY: Key = Key::optional(
    "corrections",
    Kind::Word(Corrections::docs),
    "What a row does whose key the lake has already, if it survives against the lake's row. The same row once more is a duplicate in any case.",
)
.absent("`replace`; `ignore` where the first row survives");

/// A survivor.
pub(crate) static SURVIVOR: Choice = Choice {
    name: "a survivor",
    doc: "Which of several rows with one key is kept.",
    scalar: Kind::Word(PlainSurvivor::docs),
    keys: &[Key::required(
        "latest",
        Kind::Text,
        "The row with the largest value in this stored column (a date, timestamp, integer, or decimal of at most 18 digits); of equals the one that came last. Rows without a value go to quarantine.",
    )],
};

/// A survivor that is a word.
#[derive(Debug, Clone, Copy)]
pub(crate) enum PlainSurvivor {
    First,
    Last,
}

impl Words for PlainSurvivor {
    const WORDS: &'static [(&'static str, Self, &'static str)] = &[
        ("first", Self::First, "The row that came first: nothing that comes later changes it"),
        (
            "last",
            Self::Last,
            "The row that came last: later files, and later rows of a file, take the place of earlier",
        ),
    ];
}

impl Words for Corrections {
    const WORDS: &'static [(&'static str, Self, &'static str)] = &[
        ("ignore", Self::Ignore, "It is a duplicate; rows of the lake stay as they are"),
        ("replace", Self::Replace, "It takes the place of the lake's row"),
        (
            "keep_history",
            Self::KeepHistory,
            "It takes the place of the lake's row, which goes into the table `<dataset>.history` with `valid_from`, `valid_to` and `is_current`; models see the current rows",
        ),
    ];
}
