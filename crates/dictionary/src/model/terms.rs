//! Terms that several declarations share.

use crate::diagnostic::Spanned;
use serde::Serialize;

/// A label in the two languages that reports are written in.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Label {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// The logical type of a column. Decimals are `decimal(precision, scale)`, precision up to 38.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DataType {
    /// UTF-8 text.
    String,
    /// Signed 64-bit integer.
    Integer,
    /// IEEE 754 double.
    Double,
    /// Exact decimal.
    Decimal {
        /// Digits in all, 1 to 38.
        precision: u8,
        /// Digits after the point.
        scale: i8,
    },
    /// True or false.
    Boolean,
    /// Calendar day.
    Date,
    /// Instant, microseconds, UTC.
    Timestamp,
}

/// How near a column brings a reader to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentifierClass {
    /// Says nothing about who it is.
    None,
    /// Singles out in combination with others (birth date, district).
    Quasi,
    /// Names a person by itself (phone, e-mail, member number).
    Direct,
}

/// What is done to a field between the parser and the lake.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Treatment {
    /// Stored as it is (after typing). Refused for direct identifiers.
    Keep,
    /// Read, counted, never stored.
    Drop,
    /// Replaced by a keyed pseudonym of this identifier domain.
    Pseudonymise(TokenDomain),
    /// Characters replaced by `*`, save the first and the last few.
    Mask {
        /// Characters kept at the beginning.
        keep_first: u8,
        /// Characters kept at the end.
        keep_last: u8,
    },
    /// Replaced by something coarser.
    Generalise(Generalisation),
    /// Free text with typed placeholders where it names people.
    Redact,
}

/// Where the identifier domain of a pseudonym comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenDomain {
    /// Always this one.
    Fixed(String),
    /// Said by another field of the same row, whose values are domain names (`id_type`).
    ByField(String),
}

/// Ways to make a value coarser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Generalisation {
    /// Date or timestamp → the decade's first year, as an integer (1987-05-02 → 1980).
    Decade,
    /// Date or timestamp → its year, as an integer.
    Year,
    /// Date or timestamp → the first day of its month.
    Month,
    /// Postal address → the city it names, as text; null if none is found.
    City,
    /// Coordinate in degrees → nearest multiple of this many thousandths of a degree, as a double.
    Grid {
        /// Cell size, 1/1000 degree.
        millidegrees: u32,
    },
}

/// How a value is brought to one spelling before it is typed or tokenised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Normaliser {
    /// Text stays as it came.
    None,
    /// White space and invisible characters at both ends removed; what lies between them stays.
    Trim,
    /// Telephone number → E.164.
    Phone,
    /// E-mail → usual width, NFC, lower case, trimmed.
    Email,
    /// Identifier → usual width, NFC, trimmed.
    Identifier,
    /// Identifier that spreadsheets turned into a number: `17850.0` → `17850`.
    IntegerIdentifier,
    /// Chinese resident identity number → 18 places, with area, date of birth and check digit judged.
    ResidentId,
    /// Travel permit of residents of Hong Kong, Macao and Taiwan.
    TravelPermit,
    /// WeChat OpenID or UnionID, 28 characters.
    WechatId,
}

/// The legal ground for using a dataset for a purpose (GDPR art. 6, PIPL art. 13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LawfulBasis {
    /// The data subject agreed; the consent log decides.
    Consent,
    /// Needed for a contract with the data subject.
    Contract,
    /// Needed to fulfil a legal obligation.
    LegalObligation,
    /// Vital interests.
    VitalInterests,
    /// A task in the public interest.
    PublicInterest,
    /// Legitimate interests, documented.
    LegitimateInterests,
}

impl LawfulBasis {
    /// Whether each data subject has to have agreed.
    pub fn needs_consent(self) -> bool {
        match self {
            LawfulBasis::Consent => true,
            LawfulBasis::Contract
            | LawfulBasis::LegalObligation
            | LawfulBasis::VitalInterests
            | LawfulBasis::PublicInterest
            | LawfulBasis::LegitimateInterests => false,
        }
    }

    /// Its name in declarations and accounts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Consent => "consent",
            Self::Contract => "contract",
            Self::LegalObligation => "legal_obligation",
            Self::VitalInterests => "vital_interests",
            Self::PublicInterest => "public_interest",
            Self::LegitimateInterests => "legitimate_interests",
        }
    }
}

/// A calendar length such as `P3Y`, `P18M`, `P30D` (ISO 8601, one unit each).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Period {
    /// Whole months (years are twelve).
    pub months: u32,
    /// Whole days on top.
    pub days: u32,
}

/// A number of days that may be zero, such as `P7D`, `P2W`, `P0D` (ISO 8601).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Grace {
    /// Days of 24 hours.
    pub days: u32,
}

impl Period {
    /// Whether it is longer than another, with months of 30.436875 days, the Gregorian calendar's mean.
    pub fn is_longer_than(&self, other: &Period) -> bool {
        // 400 years are 4,800 months and 146,097 days.
        let length = |p: &Period| u64::from(p.months) * 146_097 + u64::from(p.days) * 4_800;
        length(self) > length(other)
    }
}

/// What a rule demands of a field.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Not null.
    Required,
    /// One of these texts (after `map`).
    In(Vec<String>),
    /// Between these bounds, both included, written as the type is written.
    Between {
        /// Lower bound; open if absent.
        min: Option<String>,
        /// Upper bound; open if absent.
        max: Option<String>,
    },
    /// Matches this regular expression, whole value.
    Matches(String),
    /// Not later than the run's as-of instant.
    NotInFuture,
    /// No value twice: in a curated table, or in what the lake holds of a dataset.
    Unique,
    /// A value of this column of another dataset, in what the lake holds of it.
    References {
        /// The dataset.
        dataset: String,
        /// Its column.
        column: String,
    },
}

impl Rule {
    /// The rule's name in accounts and quarantine.
    pub fn name(&self) -> &'static str {
        match self {
            Rule::Required => "required",
            Rule::In(_) => "in",
            Rule::Between { .. } => "between",
            Rule::Matches(_) => "matches",
            Rule::NotInFuture => "not_in_future",
            Rule::Unique => "unique",
            Rule::References { .. } => "references",
        }
    }
}

/// Names with their places.
pub type Names = Vec<Spanned<String>>;
