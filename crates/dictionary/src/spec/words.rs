//! Closed sets of words, each with its typed value.

use crate::model::*;

/// A word and what it means.
pub(crate) struct WordDoc {
    /// The word.
    pub word: &'static str,
    /// What it means.
    pub doc: &'static str,
}

/// A type whose values are written as words.
pub(crate) trait Words: Copy + 'static {
    /// The words, their values, and what they mean.
    const WORDS: &'static [(&'static str, Self, &'static str)];

    /// The value of a word.
    fn of(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(w, ..)| *w == word).map(|(_, value, _)| *value)
    }

    /// All words with what they mean.
    fn docs() -> Vec<WordDoc> {
        Self::WORDS.iter().map(|(word, _, doc)| WordDoc { word, doc }).collect()
    }
}

impl Words for Container {
    const WORDS: &'static [(&'static str, Self, &'static str)] = &[
        ("csv", Self::Csv, "Separated values with a header"),
        ("ndjson", Self::Ndjson, "One JSON object a line"),
        ("json", Self::Json, "One JSON array of objects"),
        ("parquet", Self::Parquet, "Apache Parquet"),
        ("xlsx", Self::Xlsx, "Excel workbook, one sheet of it"),
        ("xls", Self::Xls, "Excel workbook of the old binary kind, one sheet of it"),
    ];
}

impl Words for Encoding {
    const WORDS: &'static [(&'static str, Self, &'static str)] = &[
        ("utf8", Self::Utf8, "UTF-8, with or without a byte-order mark"),
        ("gb18030", Self::Gb18030, "GB18030 and its subsets GBK and GB2312"),
        ("gbk", Self::Gb18030, "The same"),
        ("utf16", Self::Utf16, "UTF-16, either byte order, with or without a byte-order mark"),
        ("big5", Self::Big5, "Big5 with the extensions of Hong Kong"),
        ("latin1", Self::Latin1, "Windows-1252, of which ISO 8859-1 (Latin-1) is a part"),
    ];
}

impl Words for Escape {
    const WORDS: &'static [(&'static str, Self, &'static str)] = &[
        ("double", Self::Double, "Written twice"),
        (
            "backslash",
            Self::Backslash,
            "With a backslash before it, as MySQL and PHP write it; the delimiter, a line end and the backslash itself likewise. Before anything else a backslash is itself, so that MySQL's `\\N` can be one of the `null_values`",
        ),
    ];
}

impl Words for CsvHeader {
    const WORDS: &'static [(&'static str, Self, &'static str)] = &[
        ("first", Self::First, "The first record, after `skip_rows`"),
        ("none", Self::None, "Nothing: the columns are the declared fields, in their order here"),
    ];
}

impl Words for DatasetRole {
    const WORDS: &'static [(&'static str, Self, &'static str)] = &[
        ("data", Self::Data, "Data"),
        (
            "consent_log",
            Self::ConsentLog,
            "The log of consent events, which the engine reads itself: it must store `id_type`, `id_token`, `purpose`, `action` and `at`, and may store `jurisdiction`, `notice_version`, `expires_at`, `recorded_at` and `given_by`",
        ),
        (
            "suppression_list",
            Self::SuppressionList,
            "People whose data is used for nothing but legal obligations, by any pseudonym of the row; from `event_time` on, if there is one",
        ),
    ];
}

impl Words for DatasetSubject {
    const WORDS: &'static [(&'static str, Self, &'static str)] = &[
        ("pseudonym", Self::Pseudonym, "Rows that are about people name them by a pseudonym"),
        (
            "none",
            Self::None,
            "Rows are about people who cannot be resolved: purposes and retention apply, consent cannot be a lawful basis, a restriction or withdrawal reaches no row; needs `subject_reason`",
        ),
    ];
}

impl Words for DeclaredConsentLog {
    const WORDS: &'static [(&'static str, Self, &'static str)] =
        &[("none", Self::None, "No export records consents, withdrawals or restrictions; needs `consent_log_reason`")];
}

impl Words for UnreadableSubject {
    const WORDS: &'static [(&'static str, Self, &'static str)] = &[
        (
            "refuse",
            Self::Refuse,
            "The run is refused (LW6021), for somebody may have withdrawn and nobody can tell who",
        ),
        ("warn", Self::Warn, "The run goes on, counts such records and warns of them"),
    ];
}

impl Words for Snapshot {
    const WORDS: &'static [(&'static str, Self, &'static str)] = &[
        ("refuse", Self::Refuse, "The run is refused (LW6066), and nothing is published"),
        ("append", Self::Append, "All rows of the file are added, those of the earlier one once more, and counted"),
        (
            "replace",
            Self::Replace,
            "Each new file is a full export: its rows replace those of all earlier files, in one commit, with accounts of the difference",
        ),
    ];
}

impl Words for UndeclaredFields {
    const WORDS: &'static [(&'static str, Self, &'static str)] = &[
        ("ignore", Self::Ignore, "The declared fields are loaded, the others counted"),
        (
            "review",
            Self::Review,
            "The file is held: it waits where it is until its fields are declared or ignored by name, and the other files are loaded",
        ),
        ("refuse", Self::Refuse, "The run is refused (LW4065)"),
    ];
}

impl Words for IdentifierClass {
    const WORDS: &'static [(&'static str, Self, &'static str)] = &[
        ("none", Self::None, "Says nothing about who it is"),
        ("quasi", Self::Quasi, "Singles a person out in combination with others"),
        ("direct", Self::Direct, "Names a person by itself"),
    ];
}

impl Words for LawfulBasis {
    const WORDS: &'static [(&'static str, Self, &'static str)] = &[
        ("consent", Self::Consent, "The data subject agreed; the consent log decides"),
        ("contract", Self::Contract, "Needed for a contract with the data subject"),
        ("legal_obligation", Self::LegalObligation, "Needed to fulfil a legal obligation"),
        ("vital_interests", Self::VitalInterests, "Vital interests"),
        ("public_interest", Self::PublicInterest, "A task in the public interest"),
        ("legitimate_interests", Self::LegitimateInterests, "Legitimate interests, documented"),
    ];
}

impl Words for Normaliser {
    const WORDS: &'static [(&'static str, Self, &'static str)] = &[
        ("none", Self::None, "Text stays as it came, with the white space at its ends"),
        (
            "trim",
            Self::Trim,
            "White space and invisible characters at both ends removed; the text itself stays. Numbers, times and truth words are read, and pseudonyms made, in the usual width",
        ),
        ("phone", Self::Phone, "Telephone number to E.164"),
        ("email", Self::Email, "E-mail address to the usual width, NFC and lower case, trimmed"),
        (
            "identifier",
            Self::Identifier,
            "Identifier to the usual width (`Ａ１` is `A1`, `A①` is not) and NFC, trimmed; scientific notation (`1.38E+10`) is refused",
        ),
        (
            "integer_identifier",
            Self::IntegerIdentifier,
            "Identifier that a spreadsheet made a number: `17850.0` becomes `17850`",
        ),
        (
            "resident_id",
            Self::ResidentId,
            "Chinese resident identity number (GB 11643) or residence permit, of 18 places or of 15, to 18; area, date of birth and check digit must be right",
        ),
        (
            "travel_permit",
            Self::TravelPermit,
            "Travel permit of residents of Hong Kong and Macao (`H`, `M` and 8 or 10 digits) or of Taiwan (8 digits, or 10 and a letter)",
        ),
        ("wechat_id", Self::WechatId, "WeChat OpenID or UnionID: 28 characters, the first of them `o`; case stays"),
    ];
}

impl Words for DiversityKind {
    const WORDS: &'static [(&'static str, Self, &'static str)] = &[
        ("distinct", Self::Distinct, "The number of different values"),
        (
            "entropy",
            Self::Entropy,
            "e to the entropy of the values, in nats: as many values, were they equally frequent",
        ),
    ];
}

/// What `count` of a noised column counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counted {
    People,
}

impl Words for Counted {
    const WORDS: &'static [(&'static str, Self, &'static str)] =
        &[("people", Self::People, "Different data subjects, each once")];
}

impl Words for ConsentDefault {
    const WORDS: &'static [(&'static str, Self, &'static str)] =
        &[("opt_in", Self::OptIn, "Refusal until granted"), ("opt_out", Self::OptOut, "Permission until withdrawn")];
}

impl Words for Masked {
    const WORDS: &'static [(&'static str, Self, &'static str)] = &[
        ("absent", Self::Absent, "It counts as absent: the value becomes null and is counted, the row is kept"),
        ("quarantine", Self::Quarantine, "The row goes to quarantine"),
        ("keep", Self::Keep, "The signs are part of the identifier"),
    ];
}

impl Words for OnInvalid {
    const WORDS: &'static [(&'static str, Self, &'static str)] = &[
        ("quarantine", Self::Quarantine, "The row goes to quarantine"),
        ("set_null", Self::SetNull, "The value becomes null and is counted, the row is kept"),
    ];
}

/// The treatments that are one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlainTreatment {
    Keep,
    Drop,
    Redact,
}

impl Words for PlainTreatment {
    const WORDS: &'static [(&'static str, Self, &'static str)] = &[
        ("keep", Self::Keep, "Stored as it is, after typing; refused for direct identifiers"),
        ("drop", Self::Drop, "Read and counted, never stored"),
        ("redact", Self::Redact, "Free text with typed placeholders where it names people"),
    ];
}

/// The generalisations that are one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PlainGeneralisation(pub Generalisation);

impl Words for PlainGeneralisation {
    const WORDS: &'static [(&'static str, Self, &'static str)] = &[
        ("decade", Self(Generalisation::Decade), "Date or timestamp to its decade's first year, an integer"),
        ("year", Self(Generalisation::Year), "Date or timestamp to its year, an integer"),
        ("month", Self(Generalisation::Month), "Date or timestamp to the first day of its month, a date"),
        ("city", Self(Generalisation::City), "Postal address to the city it names, text; null if none is found"),
    ];
}

/// The rules for fields that are one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlainFieldRule {
    Required,
    Unique,
    NotInFuture,
}

impl Words for PlainFieldRule {
    const WORDS: &'static [(&'static str, Self, &'static str)] = &[
        ("required", Self::Required, "Not null"),
        ("unique", Self::Unique, "No value twice, in these files and in what the lake holds"),
        ("not_in_future", Self::NotInFuture, "Not later than the run's as-of instant"),
    ];
}

/// The tests for curated columns that are one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlainColumnTest {
    Required,
    Unique,
}

impl Words for PlainColumnTest {
    const WORDS: &'static [(&'static str, Self, &'static str)] =
        &[("required", Self::Required, "Not null"), ("unique", Self::Unique, "No value twice")];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_agree_with_the_model_s_own_names() {
        for (word, value, _) in LawfulBasis::WORDS {
            assert_eq!(serde_json::to_value(value).ok(), Some((*word).into()));
        }
        for (word, value, _) in Normaliser::WORDS {
            assert_eq!(serde_json::to_value(value).ok(), Some((*word).into()));
        }
        for (word, value, _) in IdentifierClass::WORDS {
            assert_eq!(serde_json::to_value(value).ok(), Some((*word).into()));
        }
        for (word, value, _) in PlainGeneralisation::WORDS {
            assert_eq!(serde_json::to_value(value.0).ok(), Some((*word).into()));
        }
    }
}
