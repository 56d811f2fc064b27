//! `schemas/curated/<table>.yaml`.

use super::*;
use crate::model::*;

/// One published table.
pub(crate) static TABLE: ObjectSpec = ObjectSpec {
    name: "a curated table",
    doc: "One published table: the contract of the model of the same name.",
    keys: &[
        Key::required("table", Kind::Text, "Its name and its model's: the file's name."),
        Key::required("label", Kind::Object(&LABEL), "What people call it."),
        Key::required("meaning", Kind::Text, "What one row means."),
        Key::required("owner", Kind::Text, "Who answers for it."),
        Key::required("update_frequency", Kind::Text, "How often it is rebuilt."),
        Key::required("purpose", Kind::Text, "The purpose it serves: what its model's reads are governed by."),
        Key::optional(
            "lawful_basis",
            Kind::Word(LawfulBasis::docs),
            "Lawful basis, if it is stricter than that of what the table is made of; a laxer one is refused.",
        )
        .absent("the strictest of what the table is made of, for the purpose"),
        Key::required("grain", Kind::OneOrList(&Kind::Text), "Columns that together name a row."),
        Key::optional("subject", Kind::Text, "Column with the data subject's pseudonym.")
            .absent("its rows are aggregates over people"),
        Key::optional(
            "minimum_subjects",
            Kind::Integer(1, 1_000_000),
            "How many different data subjects have to stand behind each row of an aggregate; rows with fewer are held back and counted. 1 holds none back; below the project's minimum, and below 3, the table serves its own purpose only.",
        )
        .absent("the project's `minimum_subjects`"),
        Key::optional(
            "anonymity",
            Kind::Object(&ANONYMITY),
            "How anonymous its rows must be: measured before each publication, and what is less is not published.",
        )
        .absent("not measured"),
        Key::optional(
            "noise",
            Kind::Object(&NOISE),
            "The differential-privacy noise that its counts and sums are published with.",
        )
        .absent("none"),
        Key::optional("retention", Kind::Form(&PERIOD), "How long it is kept."),
        Key::required(
            "columns",
            Kind::List(&Kind::Object(&COLUMN)),
            "Its columns, in the order that its model gives them.",
        ),
    ],
    exactly_one: &[],
};

/// One column of a published table.
pub(crate) static COLUMN: ObjectSpec = ObjectSpec {
    name: "a column",
    doc: "One column of a published table.",
    keys: &[
        Key::required("name", Kind::Text, "Its name, in ASCII snake_case."),
        Key::required("label", Kind::Object(&LABEL), "What people call it."),
        Key::required("meaning", Kind::Text, "What it means, formula included."),
        Key::required("type", Kind::Form(&DATA_TYPE), "Its type."),
        Key::optional("unit", Kind::Text, "Its unit, if it measures something."),
        Key::required(
            "identifier",
            Kind::Word(IdentifierClass::docs),
            "How near it brings a reader to a person; `direct` is refused.",
        ),
        Key::optional("pseudonym", Kind::Boolean, "Whether it holds a pseudonym: a token or a customer id.")
            .absent("`false`"),
        Key::optional("category", Kind::Text, "Data category in the fideslang taxonomy, if it is about people."),
        Key::optional("source", Kind::Text, "Where it comes from, in words."),
        Key::optional(
            "statistical_period",
            Kind::Text,
            "The span of time it counts over, such as `lifetime`, `P12M`, `calendar_month`, `as_of`. Needed for every number outside the grain and everything with a unit.",
        ),
        Key::optional(
            "tests",
            Kind::List(&Kind::Choice(&COLUMN_TEST)),
            "What is demanded of its values before publication. A column that is `required` is stored as not nullable.",
        )
        .absent("nothing but the type"),
    ],
    exactly_one: &[],
};
