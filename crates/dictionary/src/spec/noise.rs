//! `noise:` of `schemas/curated/<table>.yaml`.

use super::*;

/// The noise that a table is published with.
pub(crate) static NOISE: ObjectSpec = ObjectSpec {
    name: "a declaration of noise",
    doc: "Differential-privacy noise: what one person may add to the table is bounded, and all that is published of its aggregates is noised. Method, formulas and limits: docs/policy/noise.md.",
    keys: &[
        Key::required(
            "epsilon",
            Kind::Form(&EPSILON),
            "ε of one publication of the whole table, split evenly over its noised columns and the number of people.",
        ),
        Key::required(
            "delta",
            Kind::Form(&DELTA),
            "δ of one publication: how likely at most a row appears that one person alone makes. Less than one in the number of customers.",
        ),
        Key::required(
            "rows_per_person",
            Kind::Integer(1, 10_000),
            "How many rows of the table one person may stand behind. Of more, this many are kept, chosen by a key.",
        ),
        Key::required(
            "every",
            Kind::Form(&PERIOD),
            "How often the table is published at most. Runs in between leave it as it is, for each publication spends ε and δ again.",
        ),
        Key::required(
            "columns",
            Kind::Map("a column that counts or sums", &Kind::Object(&NOISED_COLUMN)),
            "The columns that count or sum, and what one person may add to each.",
        ),
    ],
    exactly_one: &[],
};

/// One noised column.
pub(crate) static NOISED_COLUMN: ObjectSpec = ObjectSpec {
    name: "a noised column",
    doc: "What one person may add to one row of the column: exactly one of `count` and `between`.",
    keys: &[
        Key::optional("count", Kind::Word(Counted::docs), "For `count(DISTINCT customer_id)`: a person adds one."),
        Key::optional(
            "between",
            Kind::List(&Kind::Form(&EXACT_NUMBER)),
            "For `count` and `sum`: a person's own count or sum is taken for the nearest number between these two, both included.",
        ),
    ],
    exactly_one: &["count", "between"],
};
