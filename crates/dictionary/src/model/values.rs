//! How values are written, beyond their type.

use super::absence::Absence;
use crate::diagnostic::{Span, Spanned};
use serde::Serialize;

/// How the values of a field are written, where its type alone does not say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ValueForms {
    /// Wall-clock zone of its times (IANA); the dataset's if absent.
    pub time_zone: Option<Spanned<String>>,
    /// How its numbers are written; plain digits with a point if absent.
    pub number_format: Option<Spanned<NumberFormat>>,
    /// The words for true and false; the usual ones if absent.
    pub boolean_words: Option<Spanned<BooleanWords>>,
    /// What does not count when values are compared with `map` and `null_values`.
    pub fold: Vec<Spanned<Folding>>,
    /// The country of telephone numbers without a country code; China if absent.
    pub region: Option<Spanned<PhoneRegion>>,
    /// What is done to e-mail addresses besides normalising them.
    pub email_rules: Vec<Spanned<EmailRule>>,
    /// Whether digits beyond the declared scale are rounded away, rather than refused.
    pub round: bool,
    /// Whether a count since 1970 is read in its declared unit even if it looks like one of another unit.
    pub epoch_as_declared: bool,
    /// Which values count as absent, and where an absent value comes from.
    pub absence: Absence,
}

/// How numbers are written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub struct NumberFormat {
    /// Before the fraction.
    pub decimal: DecimalMark,
    /// Between thousands, if anything may stand there.
    pub group: Option<GroupMark>,
    /// ISO 4217 code of the currency whose marks may stand before or after.
    pub currency: Option<String>,
    /// What `12.5%` is; absent: not a number.
    pub percent: Option<PercentForm>,
    /// Whether `(12.00)` and `12.00-` are negative.
    pub accounting: bool,
    /// Whether `1.2万` and `3亿` are numbers.
    pub chinese_units: bool,
}

/// What stands before the fraction of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DecimalMark {
    /// `.`
    #[default]
    Point,
    /// `,`
    Comma,
}

/// What stands between thousands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupMark {
    /// `,`
    Comma,
    /// `.`
    Point,
    /// A space, also a narrow or unbreakable one.
    Space,
    /// `'` or `’`.
    Apostrophe,
}

/// What a percentage becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PercentForm {
    /// `12.5%` → 0.125.
    Fraction,
    /// `12.5%` → 12.5.
    Number,
}

/// The words for true and false, compared without case and width.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub struct BooleanWords {
    /// Words for true.
    pub yes: Vec<String>,
    /// Words for false.
    pub no: Vec<String>,
}

/// What does not count when texts are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Folding {
    /// Upper and lower case.
    Case,
    /// Full and half width, and combining marks (NFC).
    Width,
    /// White space, wherever it stands.
    Space,
}

/// The country of telephone numbers without a country code.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PhoneRegion {
    /// Always this one (ISO 3166-1 alpha-2).
    Fixed(String),
    /// Said by another column of the same row, in ISO 3166-1 alpha-2.
    ByField(String),
}

/// What is done to e-mail addresses besides normalising them, so that one mailbox has one pseudonym.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailRule {
    /// `li+shop@…` → `li@…`.
    DropTag,
    /// The aliases that large providers are known to give: dots in Gmail, other names of one host.
    ProviderAliases,
    /// International host names → their ASCII form (`xn--…`).
    AsciiHost,
}

/// Two columns that are a place on earth.
#[derive(Debug, Clone, PartialEq)]
pub struct Coordinates {
    /// Column with the latitude, degrees.
    pub latitude: Spanned<String>,
    /// Column with the longitude, degrees.
    pub longitude: Spanned<String>,
    /// What the degrees are counted in; stored are those of WGS-84.
    pub datum: Datum,
    /// Where it is declared.
    pub span: Span,
}

/// What degrees are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Datum {
    /// World Geodetic System 1984, as satellites tell.
    #[default]
    Wgs84,
    /// GCJ-02: what Chinese maps show, displaced by some hundred metres within China.
    Gcj02,
    /// BD-09: Baidu's, GCJ-02 displaced once more.
    Bd09,
}
