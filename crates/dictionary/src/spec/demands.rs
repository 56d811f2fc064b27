//! `rules:`, `thresholds:` and what a failure does.

use super::*;
use crate::model::{OnFailure, StoppedFiles};

const ON_FAILURE: Key =
    Key::optional("on_failure", Kind::Word(OnFailure::docs), "What a failure does.").absent("`quarantine`");

/// What is demanded of a field.
pub(crate) static FIELD_RULE: ObjectSpec = ObjectSpec {
    name: "a rule",
    doc: "What is demanded of a field's values; a null passes every rule but `required`. It has exactly one of `rule`, `in`, `between`, `matches` and `references`.",
    keys: &[
        Key::optional("rule", Kind::Word(PlainFieldRule::docs), "A rule that is one word."),
        Key::optional("in", Kind::List(&Kind::Scalar), "One of these, after `map`."),
        Key::optional("between", Kind::Object(&BETWEEN), "Between these bounds, both included."),
        Key::optional("matches", Kind::Scalar, "The whole value matches this regular expression."),
        Key::optional(
            "references",
            Kind::Form(&REFERENCE),
            "A value of this column of another dataset, whose files are loaded first. Pseudonyms are compared as such.",
        ),
        ON_FAILURE,
        Key::optional("name", Kind::Form(&RULE_NAME), "What accounts and quarantine call it.")
            .absent("the rule's own word"),
    ],
    exactly_one: &["rule", "in", "between", "matches", "references"],
};

/// What is demanded of a row.
pub(crate) static ROW_RULE: ObjectSpec = ObjectSpec {
    name: "a rule on rows",
    doc: "What is demanded of a row as a whole, after its fields were treated.",
    keys: &[
        Key::required("name", Kind::Form(&RULE_NAME), "What accounts and quarantine call it."),
        Key::required(
            "sql",
            Kind::Text,
            "An expression over the conformed columns that is true or false. A row passes if it is true or null. Deterministic functions only, and no subquery; the run's instant is `as_of()`.",
        ),
        ON_FAILURE,
    ],
    exactly_one: &[],
};

/// Limits of a load.
pub(crate) static THRESHOLDS: ObjectSpec = ObjectSpec {
    name: "a set of thresholds",
    doc: "Limits of a load: what all files that a run finds new bring together. A run that crosses one publishes nothing, unless `lakewarden run --accept-thresholds` names the dataset.",
    keys: &[
        Key::optional(
            "quarantine_at_most",
            Kind::Form(&PERCENT),
            "The most of the rows read that may be lost: that go to quarantine, or whose key belongs to another row with other values.",
        )
        .absent("`50%`, judged once three rows are lost; of a consent log or suppression list, no limit"),
        Key::optional("duplicates_at_most", Kind::Form(&PERCENT), "The most of the rows read that may be duplicates."),
        Key::optional(
            "rows_at_least",
            Kind::Form(&PERCENT),
            "The least of the usual number of rows that must be read: of the median of the last loads. The first three loads have no usual, and are not judged.",
        ),
        Key::optional("usual_of", Kind::Integer(3, 20), "How many of the last loads make the usual.").absent("10"),
        Key::optional(
            "null_at_most",
            Kind::Map("a stored column", &Kind::Form(&PERCENT)),
            "The most of the rows written in which the column may be null.",
        ),
    ],
    exactly_one: &[],
};

impl Words for OnFailure {
    const WORDS: &'static [(&'static str, Self, &'static str)] = &[
        ("quarantine", Self::Quarantine, "The row goes to quarantine"),
        ("warn", Self::Warn, "The row is kept, and counted in the run's record and report"),
        (
            "set_null",
            Self::SetNull,
            "The value becomes null, the row is kept, and both are counted in the run's record and report; of a field that is no key, no `event_time` and not `required`",
        ),
        ("stop_file", Self::StopFile, "The file is refused whole (LW4051); see `stopped_files`"),
        ("stop_run", Self::StopRun, "The run stops, and nothing is published (LW4052)"),
    ];
}

impl Words for StoppedFiles {
    const WORDS: &'static [(&'static str, Self, &'static str)] = &[
        ("refuse", Self::Refuse, "The run is refused, and nothing is published"),
        (
            "set_aside",
            Self::SetAside,
            "The file is left aside, told of, and tried again by the next run; the others are loaded. Files are read twice",
        ),
    ];
}
