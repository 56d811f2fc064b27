//! `schemas/purposes.yaml`.

use super::*;
use crate::model::ConsentDefault;

/// What data may be used for, and where consent is needed.
pub(crate) static PURPOSES: ObjectSpec = ObjectSpec {
    name: "a list of purposes",
    doc: "What data may be used for, and what the absence of consent means where.",
    keys: &[
        Key::required(
            "purposes",
            Kind::Map("a purpose's name, as consent logs and `--purpose` say it", &Kind::Object(&PURPOSE)),
            "The purposes, by name.",
        ),
        Key::optional(
            "jurisdictions",
            Kind::Map("a jurisdiction's code, as consent logs say it", &Kind::Object(&JURISDICTION)),
            "The jurisdictions, by code, such as `CN`, `EU`, `US-CA`.",
        ),
    ],
    exactly_one: &[],
};

/// One purpose.
pub(crate) static PURPOSE: ObjectSpec = ObjectSpec {
    name: "a purpose",
    doc: "Something that data is used for.",
    keys: &[
        Key::required("label", Kind::Object(&LABEL), "What people call it."),
        Key::required("meaning", Kind::Text, "What is done under it."),
        Key::optional("parent", Kind::Text, "The purpose it is part of: a withdrawal there holds here too."),
        Key::optional("data_use", Kind::Text, "Data use in the fideslang taxonomy, such as `marketing.advertising`."),
        Key::optional("aliases", Kind::List(&Kind::Scalar), "Other spellings of it in consent logs.").absent("none"),
        Key::optional(
            "valid_for",
            Kind::Form(&PERIOD),
            "How long a consent counts from when it was given. Holds for its parts as well; the shortest counts.",
        )
        .absent("until withdrawn"),
        Key::optional(
            "min_notice",
            Kind::Form(&NOTICE_VERSION),
            "The oldest `notice_version` under which a consent counts. Holds for its parts as well; the newest counts.",
        )
        .absent("any"),
        Key::optional(
            "opt_out_signal",
            Kind::Boolean,
            "Whether an opt-out signal (Global Privacy Control, `action` `gpc` in the consent log) withdraws it.",
        )
        .absent("`false`; where no purpose says `true`, a signal for an unknown purpose withdraws all"),
    ],
    exactly_one: &[],
};

/// One jurisdiction.
pub(crate) static JURISDICTION: ObjectSpec = ObjectSpec {
    name: "a jurisdiction",
    doc: "A place with a law of its own.",
    keys: &[
        Key::required("label", Kind::Object(&LABEL), "What people call it."),
        Key::required("regulation", Kind::Text, "The law, such as `PIPL`, `GDPR`, `CCPA`."),
        Key::required("default", Kind::Word(ConsentDefault::docs), "What the absence of any consent event means."),
        Key::optional(
            "guardian_below",
            Kind::Integer(1, 25),
            "Age in years under which only a guardian's consent counts, for subjects whose date of birth is known.",
        )
        .absent("no age"),
        Key::optional(
            "opt_in_below",
            Kind::Integer(1, 25),
            "Age in years under which absence is refusal, whatever `default` says.",
        )
        .absent("no age"),
    ],
    exactly_one: &[],
};
