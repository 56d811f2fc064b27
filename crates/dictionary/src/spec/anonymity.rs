//! `anonymity:` of `schemas/curated/<table>.yaml`.

use super::*;
use crate::model::DiversityKind;

/// How anonymous a table must be.
pub(crate) static ANONYMITY: ObjectSpec = ObjectSpec {
    name: "an anonymity demand",
    doc: "How anonymous the rows of a table must be, measured before each publication: what is less is not published. Definitions and formulas: docs/policy/anonymity.md.",
    keys: &[
        Key::required(
            "k",
            Kind::Integer(2, 1_000_000),
            "k-anonymity: how many rows at least agree in all quasi-identifiers; different data subjects, if the table has a `subject`.",
        ),
        Key::optional(
            "quasi_identifiers",
            Kind::OneOrList(&Kind::Text),
            "The quasi-identifiers: all columns that say `identifier: quasi`, pseudonyms apart, and as many others as you like.",
        )
        .absent("the columns that say `identifier: quasi`, pseudonyms apart"),
        Key::optional(
            "l",
            Kind::Integer(2, 1_000_000),
            "l-diversity: how diverse each sensitive column at least is among rows that agree in all quasi-identifiers.",
        ),
        Key::optional("diversity", Kind::Word(DiversityKind::docs), "What diversity is.").absent("`distinct`"),
        Key::optional(
            "t",
            Kind::Fraction,
            "t-closeness: how far, in Earth Mover's Distance, the values of each sensitive column among such rows may at most be from those of the whole table.",
        ),
        Key::optional(
            "sensitive",
            Kind::OneOrList(&Kind::Text),
            "The sensitive columns: what nobody may learn of a person who is in the table. Needed for `l` and `t`.",
        ),
    ],
    exactly_one: &[],
};
