//! `schemas/channels/<dataset>.yaml`.

use super::*;
use crate::model::*;

/// One export of one channel.
pub(crate) static DATASET: ObjectSpec = ObjectSpec {
    name: "a dataset",
    doc: "One export of one channel and what becomes of each of its fields. A field that is not declared never enters the lake.",
    keys: &[
        Key::required("dataset", Kind::Text, "Its name and that of its conformed table: the file's name."),
        Key::required("label", Kind::Object(&LABEL), "What people call it."),
        Key::required("meaning", Kind::Text, "What one row means."),
        Key::required("source", Kind::Text, "The system it comes from."),
        Key::required("owner", Kind::Text, "Who answers for it."),
        Key::required("update_frequency", Kind::Text, "How often it arrives, such as `daily`."),
        Key::required("format", Kind::Object(&FORMAT), "How its files are written."),
        Key::optional("role", Kind::Word(DatasetRole::docs), "What the engine itself uses it for.").absent("`data`"),
        Key::optional(
            "unreadable_subject",
            Kind::Word(UnreadableSubject::docs),
            "Of a consent log or suppression list: what a run does about a record that can neither be read nor say for certain whom it names. One that names somebody counts as a withdrawal from every purpose, or as listed.",
        )
        .absent("`refuse`"),
        Key::optional("time_zone", Kind::Text, "Wall-clock zone of its times (IANA).").absent("the project's"),
        Key::optional(
            "key",
            Kind::OneOrList(&Kind::Text),
            "Columns that together name a row. Of rows with the same key one stays, the one that `survivor` says. The others are duplicates if their values are the same or `survivor` ranks them, and else key conflicts (LW6065).",
        )
        .absent("rows may repeat"),
        SURVIVOR_KEY,
        CORRECTIONS_KEY,
        Key::optional(
            "event_time",
            Kind::Text,
            "Column with the instant or day that a row is about, for retention and periods.",
        ),
        Key::optional("retention", Kind::Form(&PERIOD), "How long rows are kept, counted from `event_time`."),
        Key::optional(
            "quarantine_retention",
            Kind::Form(&PERIOD),
            "How long its rejected records are kept, sealed, counted from when they were quarantined.",
        )
        .absent("the project's"),
        Key::optional(
            "purposes",
            Kind::Map("a purpose of `schemas/purposes.yaml`", &Kind::Word(LawfulBasis::docs)),
            "Purposes it may serve, each with its lawful basis. Needed where its rows are about people.",
        )
        .absent("any, where its rows are not about people"),
        Key::optional("subject", Kind::Word(DatasetSubject::docs), "Whether its rows name their data subjects.")
            .absent("`pseudonym`"),
        Key::optional(
            "subject_reason",
            Kind::Text,
            "With `subject: none`: why rows that are about people name no data subject. Reports print it.",
        ),
        Key::optional(
            "renamed_from",
            Kind::Text,
            "Of a consent log or suppression list: the name that it had before. What the lake has under that name still counts.",
        ),
        Key::optional("coordinates", Kind::List(&Kind::Object(&COORDINATES)), "Pairs of its columns that are places.")
            .absent("none"),
        Key::optional("rules", Kind::List(&Kind::Object(&ROW_RULE)), "What is demanded of its rows as wholes.")
            .absent("nothing"),
        Key::optional(
            "stopped_files",
            Kind::Word(StoppedFiles::docs),
            "What a run does about a file that a rule with `on_failure: stop_file` stops.",
        )
        .absent("`refuse`"),
        Key::optional(
            "snapshot",
            Kind::Word(Snapshot::docs),
            "What a run does about a file that has records of a file loaded before: one that has grown, or was exported again with more rows. Only where no `key` is declared, which tells equal rows apart by itself; `replace` also with one: each file is then a full export.",
        )
        .absent("`refuse`; `append` for consent logs and suppression lists"),
        Key::optional(
            "thresholds",
            Kind::Object(&THRESHOLDS),
            "Limits of a load: a run that crosses one publishes nothing (LW6023).",
        ),
        Key::optional(
            "anomalies",
            Kind::List(&Kind::Object(&ANOMALY)),
            "Rules that look at many rows and mark those that are no ordinary business. The table `<dataset>_anomalies`, which models may read, names the rows marked.",
        ),
        Key::optional(
            "undeclared_fields",
            Kind::Word(UndeclaredFields::docs),
            "What a run does about a file that holds a field which is neither declared nor named by `ignored_fields`. The field's values are never stored.",
        )
        .absent("`ignore`"),
        Key::optional(
            "ignored_fields",
            Kind::List(&Kind::Scalar),
            "Fields of the export that are left out on purpose: counted, and neither refused nor held for review.",
        ),
        Key::optional(
            "proposed",
            Kind::Boolean,
            "Whether the entry is a proposal of `lakewarden dictionary infer` that nobody has reviewed yet; such a project does not run.",
        )
        .absent("`false`"),
        Key::required("fields", Kind::List(&Kind::Object(&FIELD)), "Its fields, in order."),
    ],
    exactly_one: &[],
};

/// How files are written.
pub(crate) static FORMAT: ObjectSpec = ObjectSpec {
    name: "a format",
    doc: "How files are written. Compression (gzip, zstd, zip) is recognised from the bytes.",
    keys: &[
        Key::required("container", Kind::Word(Container::docs), "The format that files arrive in."),
        Key::optional("accept", Kind::List(&Kind::Word(Container::docs)), "Other formats that are accepted.")
            .absent("none"),
        Key::optional(
            "encoding",
            Kind::Word(Encoding::docs),
            "Character encoding of text. A byte-order mark goes before it, and so do bytes that are plainly of another.",
        )
        .absent("`utf8`"),
        Key::optional(
            "delimiter",
            Kind::Form(&DELIMITER),
            "What separates CSV values; `spaces` is one or more spaces. A line `sep=;` before the header goes before it.",
        )
        .absent("`,`"),
        Key::optional("quote", Kind::Form(&QUOTE_SIGN), "What encloses CSV values. A record in which it is misplaced goes to quarantine.")
            .absent("`\"`"),
        Key::optional(
            "escape",
            Kind::Word(Escape::docs),
            "How a quotation mark inside an enclosed CSV value is written.",
        )
        .absent("`double`"),
        Key::optional("header", Kind::Word(CsvHeader::docs), "What names the columns of a CSV file.").absent("`first`"),
        Key::optional("skip_rows", Kind::Integer(0, 1_000_000), "Lines of a CSV file before its header.").absent("`0`"),
        Key::optional("comment", Kind::Text, "How lines of a CSV file begin that are no records, such as `#`.")
            .absent("every line is one"),
        Key::optional(
            "footer",
            Kind::Form(&PATTERN),
            "A regular expression. From the first record on whose first value it matches as a whole, the rest of a CSV file or a sheet are total lines: counted, but no rows.",
        )
        .absent("none"),
        Key::optional("sheet", Kind::Text, "Name of the sheet that is read of a workbook; it may be hidden.")
            .absent("the only visible sheet that has cells"),
        Key::optional(
            "header_row",
            Kind::Integer(1, 1_048_576),
            "Row of a sheet that names its columns, as Excel numbers it. What stands above is no row.",
        )
        .absent("the first that holds anything"),
        Key::optional("records", Kind::Form(&RECORDS_PATH), "Where in a JSON document the array of records is.")
            .absent("the document is the array"),
        Key::optional(
            "members",
            Kind::Form(&MEMBERS),
            "Which members of a zip archive are read: `*` and `?` stop at slashes, `**` does not. Without a slash, it is held against the last part of a member's name. Hidden files never are.",
        )
        .absent("all"),
        Key::optional("limits", Kind::Object(&LIMITS), "How much of the machine one file may take.")
            .absent("as each limit says"),
    ],
    exactly_one: &[],
};

/// How much a file may take.
pub(crate) static LIMITS: ObjectSpec = ObjectSpec {
    name: "a set of limits",
    doc: "How much of the machine one file may take. What goes beyond is refused whole, with an error that names the limit. Where the project says `memory_budget`, `held` is at most an eighth of it, `record` and `field` at most a 64th.",
    keys: &[
        Key::optional(
            "expansion",
            Kind::Integer(1, 1_000_000),
            "Bytes that come out of a compressed file, for each that goes in. The first 64 MiB are free.",
        )
        .absent("200"),
        Key::optional("size", Kind::Form(&BYTE_SIZE), "Bytes that come out of a compressed file.").absent("64GiB"),
        Key::optional(
            "held",
            Kind::Form(&BYTE_SIZE),
            "Bytes of a file that are in memory at once. Of a Parquet file or zip archive that is read by ranges (large, not compressed, on a disk or in a bucket) that is a page, the footer or the directory; of another the whole file. Of a workbook all its parts count, unpacked.",
        )
        .absent("2GiB"),
        Key::optional("record", Kind::Form(&BYTE_SIZE), "Bytes of a record, at most 1GiB.").absent("64MiB"),
        Key::optional("field", Kind::Form(&BYTE_SIZE), "Bytes of a value.").absent("16MiB"),
        Key::optional("columns", Kind::Integer(1, 1_000_000), "Columns of a file.").absent("16384"),
        Key::optional(
            "nesting",
            Kind::Integer(1, 100_000),
            "How deep arrays and objects of JSON stand in each other, the record being the first.",
        )
        .absent("128"),
        Key::optional("members", Kind::Integer(1, 1_000_000), "Members of a zip archive.").absent("1000"),
        Key::optional("footer", Kind::Integer(1, 1_000_000), "Total lines, from the first that `footer` matches.")
            .absent("100"),
    ],
    exactly_one: &[],
};

/// One field of an export.
pub(crate) static FIELD: ObjectSpec = ObjectSpec {
    name: "a field",
    doc: "One field of an export.",
    keys: &[
        Key::required("name", Kind::Scalar, "Its name in the export."),
        Key::optional("column", Kind::Text, "Its name in the conformed table, in ASCII snake_case.")
            .absent("the same as `name`"),
        Key::required("label", Kind::Object(&LABEL), "What people call it."),
        Key::required("meaning", Kind::Text, "What it means."),
        Key::required("type", Kind::Form(&FIELD_TYPE), "Its type as parsed, before the treatment. A value of type `json` may be an object or an array, and must be redacted or dropped."),
        Key::optional("unit", Kind::Text, "Its unit, such as `CNY`, `cm`, `ms`, if it measures something."),
        Key::required("identifier", Kind::Word(IdentifierClass::docs), "How near it brings a reader to a person."),
        Key::optional(
            "category",
            Kind::Text,
            "Data category in the fideslang taxonomy, such as `user.contact.phone_number`. Needed for `quasi` and `direct`.",
        ),
        Key::required("treatment", Kind::Choice(&TREATMENT), "What is done to it before it is stored."),
        Key::optional("normalise", Kind::Word(Normaliser::docs), "How it is brought to one spelling.").absent("`trim`"),
        Key::optional("purposes", Kind::List(&Kind::Text), "Purposes it may serve.").absent("the dataset's"),
        Key::optional(
            "time_format",
            Kind::OneOrList(&Kind::Form(&TIME_FORMAT)),
            "How its times are written; of several the first that fits counts. A plain number in a workbook is read by it too, and is a serial day only with `excel`, or where none is declared and the day is from 1950 to 2099.",
        )
        .absent("ISO 8601"),
        Key::optional(
            "time_zone",
            Kind::Text,
            "Wall-clock zone of its times (IANA). An hour that occurs twice is the first of the two; one that is skipped is read as if the clock had not been moved yet.",
        )
        .absent("the dataset's"),
        Key::optional("number_format", Kind::Object(&NUMBER_FORMAT), "How its numbers are written.")
            .absent("digits with a point"),
        Key::optional("boolean_words", Kind::Object(&BOOLEAN_WORDS), "Its words for true and false.").absent(
            "`true`, `yes`, `y`, `t`, `on`, `1`, `是`, `真`, `对` and `false`, `no`, `n`, `f`, `off`, `0`, `否`, `假`, `错`",
        ),
        Key::optional(
            "region",
            Kind::Choice(&PHONE_REGION),
            "With `normalise: phone`: the country of numbers without a country code.",
        )
        .absent("`CN`"),
        Key::optional(
            "email_rules",
            Kind::OneOrList(&Kind::Word(EmailRule::docs)),
            "With `normalise: email`: what makes one address of those that reach one mailbox.",
        )
        .absent("none"),
        Key::optional(
            "round",
            Kind::Boolean,
            "Whether digits beyond the type's scale are rounded away, half away from zero, and counted as `rounded`. Without it such a row is quarantined, unless the digits are only noise of binary arithmetic (`59.699999999999996`), which is always rounded.",
        )
        .absent("`false`"),
        Key::optional(
            "epoch_as_declared",
            Kind::Boolean,
            "With a `time_format` of epochs: whether a number is read in the declared unit even where only another unit (s, ms, µs, ns) gives a time from 30 years before the run to 10 years after it.",
        )
        .absent("`false`: such a row is quarantined, rule `epoch_unit`"),
        Key::optional(
            "map",
            Kind::Map("a spelling in the export", &Kind::Scalar),
            "Spellings and the code that each becomes. Other values stay as they are.",
        ),
        Key::optional("null_values", Kind::List(&Kind::Scalar), "Texts that mean null, besides the empty one."),
        Key::optional(
            "absent",
            Kind::List(&Kind::Scalar),
            "With `pseudonymise`: values that identify no person, compared without case, width and surrounding space. They become null, are counted, and join no people.",
        )
        .absent("only the usual ones: `null`, `0`, `-`, `N/A`, `unknown`, `无` and the like; of telephone numbers also repeated digits and rows of digits such as `13800000000` and `1234567890`; of e-mail addresses also `noreply@…` and `test@test.com`"),
        Key::optional(
            "absent_defaults",
            Kind::Boolean,
            "Whether the usual values that identify no person count besides those that `absent` lists.",
        )
        .absent("`true`"),
        Key::optional(
            "masked",
            Kind::Word(Masked::docs),
            "With `pseudonymise`: what becomes of an identifier of which characters are hidden, such as `138****1234`, `z***@example.com`, `王**`.",
        )
        .absent("`absent`"),
        Key::optional(
            "on_invalid",
            Kind::Word(OnInvalid::docs),
            "What becomes of a value that does not have the field's type, or not the form that `normalise` demands.",
        )
        .absent("`quarantine`"),
        Key::optional(
            "fill",
            Kind::Form(&FILL),
            "Where an empty value comes from: `down within order_no` takes it from the first of the consecutive rows of one file that have the same `order_no`, as in exports that name the buyer only on the first line of an order. `none` declares that rows of an identifier field stand alone.",
        )
        .absent("nowhere; a row that names no person next to a row of the same key that does goes to quarantine"),
        Key::optional(
            "fold",
            Kind::OneOrList(&Kind::Word(Folding::docs)),
            "What does not count when values are compared with `map` and `null_values`.",
        )
        .absent("width"),
        Key::optional(
            "trim_chars",
            Kind::Text,
            "Characters that are taken off both ends of its values, with the white space there, such as the backticks of WeChat's bills.",
        )
        .absent("none"),
        Key::optional(
            "multiline",
            Kind::Boolean,
            "Whether its values may contain line ends in CSV files. A record with a line end in another field goes to quarantine.",
        )
        .absent("`false`"),
        Key::optional("optional", Kind::Boolean, "Whether it may be missing from a file's header.").absent("`false`"),
        Key::optional(
            "since",
            Kind::Form(&DAY),
            "The first day whose rows have the field as it is declared here, by `event_time`. Rows from before keep what they were stored with, or are null; `required` applies from that day on, and files with rows from before may lack it.",
        )
        .absent("always"),
        Key::optional(
            "rules",
            Kind::List(&Kind::WordOr(PlainFieldRule::docs, &FIELD_RULE)),
            "What is demanded of its values.",
        )
        .absent("nothing but the type"),
        Key::optional(
            "statistical_period",
            Kind::Text,
            "The span of time that its values count over, such as `lifetime`, `P12M`, `as_of`.",
        ),
    ],
    exactly_one: &[],
};

/// What is done to a field.
pub(crate) static TREATMENT: Choice = Choice {
    name: "a treatment",
    doc: "What is done to a field between the parser and the lake.",
    scalar: Kind::Word(PlainTreatment::docs),
    keys: &[
        Key::required(
            "pseudonymise",
            Kind::Choice(&TOKEN_DOMAIN),
            "Replaced by a keyed pseudonym of this identifier domain. Tokens of one domain match across datasets.",
        ),
        Key::required("mask", Kind::Object(&MASK), "Characters replaced by `*`, save the first and the last few."),
        Key::required("generalise", Kind::Choice(&GENERALISATION), "Replaced by something coarser."),
    ],
};

/// Where an identifier domain comes from.
pub(crate) static TOKEN_DOMAIN: Choice = Choice {
    name: "an identifier domain",
    doc: "A kind of identifier, such as `phone` or `member_no`.",
    scalar: Kind::Text,
    keys: &[Key::required("by_field", Kind::Text, "Column of the same row whose values are domain names.")],
};

/// What of a text stays.
pub(crate) static MASK: ObjectSpec = ObjectSpec {
    name: "a mask",
    doc: "How many characters stay.",
    keys: &[
        Key::optional("keep_first", Kind::Integer(0, 255), "Characters kept at the beginning.").absent("0"),
        Key::optional("keep_last", Kind::Integer(0, 255), "Characters kept at the end.").absent("0"),
    ],
    exactly_one: &[],
};

/// How a value is made coarser.
pub(crate) static GENERALISATION: Choice = Choice {
    name: "a generalisation",
    doc: "How a value is made coarser.",
    scalar: Kind::Word(PlainGeneralisation::docs),
    keys: &[Key::required(
        "grid",
        Kind::Integer(1, 90_000),
        "Coordinate in degrees to the nearest multiple of this many thousandths of a degree.",
    )],
};

/// The keys of rules that fields and curated columns share.
const VALUE_RULES: [Key; 3] = [
    Key::required("in", Kind::List(&Kind::Scalar), "One of these, after `map`."),
    Key::required("between", Kind::Object(&BETWEEN), "Between these bounds, both included."),
    Key::required("matches", Kind::Scalar, "The whole value matches this regular expression."),
];

/// What is demanded of a curated column.
pub(crate) static COLUMN_TEST: Choice = Choice {
    name: "a test",
    doc: "What is demanded of a column's values; a table that fails one is not published.",
    scalar: Kind::Word(PlainColumnTest::docs),
    keys: &VALUE_RULES,
};

/// Two bounds.
pub(crate) static BETWEEN: ObjectSpec = ObjectSpec {
    name: "a pair of bounds",
    doc: "Bounds, both included, written as values of the type are.",
    keys: &[
        Key::optional("min", Kind::Scalar, "Lower bound.").absent("open"),
        Key::optional("max", Kind::Scalar, "Upper bound.").absent("open"),
    ],
    exactly_one: &[],
};
