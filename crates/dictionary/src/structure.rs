//! Codes of problems that a single file shows: syntax, keys, values.

use crate::docs::{DiagnosticDoc, Example};

/// A file that YAML cannot read.
pub(crate) const NOT_YAML: &str = "LW1001";
/// No `lakewarden.yaml`.
pub(crate) const NO_SETTINGS: &str = "LW1002";
/// A key nobody declared.
pub(crate) const UNKNOWN_KEY: &str = "LW1003";
/// A key that must be there.
pub(crate) const MISSING_KEY: &str = "LW1004";
/// A key that is there twice.
pub(crate) const DUPLICATE_KEY: &str = "LW1005";
/// A value of another kind.
pub(crate) const WRONG_KIND: &str = "LW1006";
/// A word nobody declared.
pub(crate) const UNKNOWN_WORD: &str = "LW1007";
/// A value of another form.
pub(crate) const MALFORMED: &str = "LW1008";
/// A file that nothing reads.
pub(crate) const STRAY_FILE: &str = "LW1009";
/// Models without a pipeline.
pub(crate) const NO_PIPELINE: &str = "LW1010";
/// A placeholder of a proposed entry.
pub(crate) const PLACEHOLDER: &str = "LW1260";

const MEMBERS: &str = "schemas/channels/members.yaml";

/// Their pages.
pub(crate) const DOCS: &[DiagnosticDoc] = &[
    DiagnosticDoc {
        code: NOT_YAML,
        title: "a file cannot be read as YAML",
        what: "The file breaks the syntax of YAML, is empty, or holds more than one document, so nothing in it could be understood.",
        why: "What cannot be read cannot be checked. Other files are still checked, and what they say about this one is taken on trust until it can be read.",
        mend: "Go to the place: often a missing space after a colon, a bracket that is not closed, uneven indentation, or text that needs quotes.",
        example: Example::Edit { path: MEMBERS, good: "key: [member_no]", bad: "key: [member_no" },
    },
    DiagnosticDoc {
        code: NO_SETTINGS,
        title: "there is no `lakewarden.yaml`",
        what: "The folder is not a project: it has no `lakewarden.yaml` at its root.",
        why: "That file says where the lake is, where the key comes from and which clock counts. None of these is guessed.",
        mend: "Run `lakewarden init` to make a project, or go to the folder that has one.",
        example: Example::Missing { path: "lakewarden.yaml" },
    },
    DiagnosticDoc {
        code: UNKNOWN_KEY,
        title: "an unknown key",
        what: "The object has no such key.",
        why: "A misspelt `retention` that is silently ignored is data kept for ever. So every key must be known.",
        mend: "Take the key that the hint names, or look it up in the reference. Remarks go into comments.",
        example: Example::Edit { path: MEMBERS, good: "retention: P5Y", bad: "retenton: P5Y" },
    },
    DiagnosticDoc {
        code: MISSING_KEY,
        title: "a key is missing",
        what: "The object lacks a key that it must have.",
        why: "These keys are what a reader of the lake, or the engine, has to know; none has a default that would be right by accident.",
        mend: "Add the key; the hint says what it means.",
        example: Example::Edit {
            path: MEMBERS,
            good: "    meaning: Full name.\n    type: string\n",
            bad: "    meaning: Full name.\n",
        },
    },
    DiagnosticDoc {
        code: DUPLICATE_KEY,
        title: "a key is there twice",
        what: "An object has one key twice.",
        why: "Only one of the two can hold, and readers of YAML differ on which.",
        mend: "Remove one of the two.",
        example: Example::Edit { path: MEMBERS, good: "source: CRM\n", bad: "source: CRM\nsource: Loyalty system\n" },
    },
    DiagnosticDoc {
        code: WRONG_KIND,
        title: "a value of the wrong kind",
        what: "There is text where a list is needed, a number where text is needed, nothing at all, and the like.",
        why: "YAML guesses kinds: `no` is text, `1.10` a number. What was meant is only certain if it is written as declared.",
        mend: "Write the value as the hint says; put text that looks like a number in quotes.",
        example: Example::Edit { path: MEMBERS, good: "source: CRM\n", bad: "source: 2024\n" },
    },
    DiagnosticDoc {
        code: UNKNOWN_WORD,
        title: "an unknown word",
        what: "Only certain words may stand here, and this is none of them.",
        why: "These words decide what is done to data, so none is guessed.",
        mend: "Take one of the words that the hint names.",
        example: Example::Edit { path: MEMBERS, good: "identifier: quasi", bad: "identifier: indirect" },
    },
    DiagnosticDoc {
        code: MALFORMED,
        title: "a value that does not have its form",
        what: "A length of time, a type, a size, a time format, a schedule or a number is not written as one, or is out of range.",
        why: "It could not be acted upon, or not as it was meant.",
        mend: "Write it in the form that the hint shows.",
        example: Example::Edit { path: MEMBERS, good: "retention: P5Y", bad: "retention: 5 years" },
    },
    DiagnosticDoc {
        code: STRAY_FILE,
        title: "a file that nothing reads",
        what: "A YAML or SQL file lies among the declarative files, but no rule of places reads it. This is a warning.",
        why: "A dataset in `schemas/chanels/` would silently not exist.",
        mend: "Move or rename it to one of the places that the hint names.",
        example: Example::Extra { path: "schemas/channels/stores.yml", text: "dataset: stores\n" },
    },
    DiagnosticDoc {
        code: NO_PIPELINE,
        title: "models without a pipeline",
        what: "A folder has `models/` but no `pipeline.yaml`.",
        why: "Its models would belong to no pipeline, and never run.",
        mend: "Write a `pipeline.yaml` beside `models/`, or move the models to the pipeline they belong to.",
        example: Example::Missing { path: "pipelines/shop/pipeline.yaml" },
    },
    DiagnosticDoc {
        code: PLACEHOLDER,
        title: "a placeholder that was not filled in",
        what: "A key or value contains `<fill in: …>`, as `lakewarden dictionary infer` and `lakewarden model contract` write it for what cannot be read from data or SQL: meanings, owners, purposes, lawful bases, retention, and what an export leaves ambiguous.",
        why: "These decide what data may be used for and how long it is kept. A guess would pass for a decision.",
        mend: "Write what is meant instead of the placeholder; its text says what belongs there. Where the key does not apply, remove its line.",
        example: Example::Edit {
            path: MEMBERS,
            good: "    meaning: Full name.\n",
            bad: "    meaning: '<fill in: what the field means>'\n",
        },
    },
];
