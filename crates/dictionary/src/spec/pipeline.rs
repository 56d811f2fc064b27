//! `pipelines/<pipeline>/pipeline.yaml`.

use super::*;
use crate::model::PlainAfterLoad;

/// A pipeline.
pub(crate) static PIPELINE: ObjectSpec = ObjectSpec {
    name: "a pipeline",
    doc: "Which exports arrive where, and how people are recognised. Its models lie beside it, in `models/<table>.sql`.",
    keys: &[
        Key::required("pipeline", Kind::Text, "Its name: the folder's."),
        Key::required("label", Kind::Object(&LABEL), "What people call it."),
        Key::optional("schedule", Kind::Form(&SCHEDULE), "When it runs, in the project's time zone.")
            .absent("when it is told to"),
        Key::required(
            "channels",
            Kind::Map("a dataset of `schemas/channels/`", &Kind::Choice(&CHANNEL)),
            "The datasets it loads, each with where its rows come from.",
        ),
        Key::optional(
            "complete_when",
            Kind::Map("a dataset of `channels`", &Kind::Object(&COMPLETE_WHEN)),
            "How it is known of a dataset's files that they have arrived whole. A file that has not is left for a later run, and told of.",
        )
        .absent("a file is read as soon as it is there"),
        Key::optional(
            "after_load",
            Kind::Map("a dataset of `channels`", &Kind::Choice(&AFTER_LOAD)),
            "What becomes of a dataset's files once the lake has them: once their rows are published and their bytes are still those that were loaded. Files that wait, were refused or have changed are left alone. Such a channel may find no file.",
        )
        .absent("`keep`"),
        Key::optional("identity", Kind::Object(&IDENTITY), "How records are joined into customers.")
            .absent("no customers are built"),
    ],
    exactly_one: &[],
};

/// Where the rows of a dataset come from.
pub(crate) static CHANNEL: Choice = Choice {
    name: "a channel",
    doc: "Where the rows of a dataset come from: the glob of its files (a URL, or a path relative to the project's root), or a database. In a glob, `{date}`, `{year}`, `{month}`, `{day}`, `{hour}` or `{date:%Y%m%d}` is the date of a file's data; `{a,b}` stands for both.",
    scalar: Kind::Text,
    keys: &[Key::required("database", Kind::Object(&DATABASE), "A table or query of a database.")],
};

/// What becomes of files that are loaded.
pub(crate) static AFTER_LOAD: Choice = Choice {
    name: "an end of exports",
    doc: "What becomes of files once they are loaded.",
    scalar: Kind::Word(PlainAfterLoad::docs),
    keys: &[Key::required(
        "archive",
        Kind::Text,
        "They are moved below this folder: a path, absolute or relative to the project's root; of a bucket's files a path in the same bucket. It must not be in the folder that the channel reads.",
    )],
};

impl Words for PlainAfterLoad {
    const WORDS: &'static [(&'static str, Self, &'static str)] =
        &[("keep", Self::Keep, "They stay where they are"), ("delete", Self::Delete, "They are deleted")];
}

/// How records become customers.
pub(crate) static IDENTITY: ObjectSpec = ObjectSpec {
    name: "a set of identity rules",
    doc: "How records become customers: those that share a token are one.",
    keys: &[
        Key::required(
            "link_on",
            Kind::OneOrList(&Kind::Text),
            "Identifier domains that make customers and link records, strongest first. Pseudonyms of other domains make no customers; what a person refused by one of them holds for the rows that carry it.",
        ),
        Key::optional(
            "max_links",
            Kind::Integer(1, 1_000_000),
            "A token seen with more than this many tokens of one other domain is shared by several people: it links nothing, makes no customer, and no consent given by it counts.",
        )
        .absent("8"),
        Key::optional(
            "max_rows",
            Kind::Integer(1, 1_000_000_000),
            "A token in more than this many rows of exports is shared as well, such as a shop's own telephone number.",
        )
        .absent("no limit"),
        Key::optional(
            "max_share",
            Kind::Form(&PERCENT),
            "A token in more than this share of the rows that hold a token of its domain is shared as well, once there are 100 such rows.",
        )
        .absent("no limit"),
    ],
    exactly_one: &[],
};

/// When a file may be read.
pub(crate) static COMPLETE_WHEN: ObjectSpec = ObjectSpec {
    name: "a sign of completeness",
    doc: "What must hold of a file before it is read; all that is given.",
    keys: &[
        Key::optional(
            "marker",
            Kind::Text,
            "A file that lies beside it once it is whole: `_SUCCESS` for all files of the folder, or `{file}.done` for each.",
        ),
        Key::optional(
            "min_age_minutes",
            Kind::Integer(1, 10_080),
            "It was last written at least so many minutes ago, by the run's clock.",
        ),
    ],
    exactly_one: &[],
};
