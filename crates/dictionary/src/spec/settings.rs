//! `lakewarden.yaml`.

use super::*;
use crate::model::DeclaredConsentLog;

/// The settings of a project.
pub(crate) static SETTINGS: ObjectSpec = ObjectSpec {
    name: "a project",
    doc: "What holds for the whole project: where the lake is, where the key comes from, which clock the shops go by.",
    keys: &[
        Key::required("project", Kind::Text, "The project's name."),
        Key::optional(
            "lake",
            Kind::Text,
            "Where the lake is: a URL (`file://`, `s3://`) or a path relative to the project's root.",
        ),
        Key::required(
            "time_zone",
            Kind::Text,
            "Wall-clock zone of times that carry no offset, as the IANA database names it, such as `Asia/Shanghai`.",
        ),
        Key::optional(
            "jurisdiction",
            Kind::Text,
            "Jurisdiction of data subjects whose consent log says none; one of `schemas/purposes.yaml`.",
        ),
        Key::optional(
            "key",
            Kind::Object(&KEY_SOURCE),
            "Where the master key comes from; never from the project's own files.",
        ),
        Key::optional(
            "minimum_subjects",
            Kind::Integer(1, 1_000_000),
            "How many different data subjects have to stand behind each row of a table without a subject column. Tables with fewer, and with fewer than 3 in any case, serve their own purpose only.",
        )
        .absent("5"),
        Key::optional(
            "keep_apart",
            Kind::List(&Kind::List(&Kind::Text)),
            "Groups of identifier domains whose pseudonyms no table may bring together, such as `[device_id, phone]`.",
        )
        .absent("none"),
        Key::optional(
            "consent_log",
            Kind::Word(DeclaredConsentLog::docs),
            "That the project has no consent log, and none of its uses of people's data can be refused through it.",
        )
        .absent("a dataset has `role: consent_log`, or no use of people's data depends on refusals"),
        Key::optional(
            "consent_log_reason",
            Kind::Text,
            "With `consent_log: none`: where refusals are honoured instead, in one sentence.",
        ),
        Key::optional(
            "replay_purposes",
            Kind::List(&Kind::Text),
            "Purposes that runs and queries may be replayed for with the consent known at an earlier instant (`--as-of` with `--consent known-then`). A replay also shows people who have withdrawn since; each is recorded in the audit log before it begins.",
        )
        .absent("none: people are always judged as of now"),
        Key::optional(
            "quarantine_retention",
            Kind::Form(&PERIOD),
            "How long rejected records are kept, sealed, counted from when they were quarantined; a dataset may say another.",
        )
        .absent("`P90D`, or a dataset's `retention` where that is shorter"),
        Key::optional(
            "history",
            Kind::Form(&GRACE),
            "How long versions of tables that are no longer current are kept, so that they can be read or restored with a reader of Delta tables. After that a run removes their data files and log entries for good: rows past their retention, columns that are no longer stored, and what people who have withdrawn had in published tables. `P0D` keeps the current version only; a query that reads while a run ends may then fail.",
        )
        .absent("`P7D`"),
        Key::optional(
            "memory_budget",
            Kind::Form(&BYTE_SIZE),
            "Memory that a run may use; the process stays about within it, from 512 MiB on. While exports are loaded it is for the keys of rows, files and writers, then for SQL. What has no room goes into temporary files, which takes time. Who is one customer is not bounded by it.",
        )
            .absent("half of the machine's memory"),
    ],
    exactly_one: &[],
};

/// Where the key comes from.
pub(crate) static KEY_SOURCE: ObjectSpec = ObjectSpec {
    name: "a key source",
    doc: "How the master key (32 bytes in base64) is got hold of: exactly one of `environment`, `file` and `command`.",
    keys: &[
        Key::optional("environment", Kind::Text, "Name of the environment variable that holds it."),
        Key::optional(
            "file",
            Kind::Text,
            "Path of a file of mode 0600 outside the project: absolute, or from the home folder with `~/`.",
        ),
        Key::optional(
            "command",
            Kind::List(&Kind::Scalar),
            "Program and arguments of a command that prints it, run without a shell.",
        ),
        Key::optional("version", Kind::Integer(1, 9999), "Version of the key that new pseudonyms are made with.")
            .absent("1"),
    ],
    exactly_one: &["environment", "file", "command"],
};
