//! One channel export: `schemas/channels/<dataset>.yaml`.

use super::demands::{Demands, FieldRule};
use super::drift::Drift;
use super::format::{Limits, RecordsPath};
use super::repeats::Repeats;
use super::subject::{DatasetSubject, Subjects, is_category_of_people};
use super::terms::*;
use super::terms_of_project::ProjectTerms;
use super::values::{Coordinates, ValueForms};
use crate::diagnostic::{Span, Spanned};
use chrono::NaiveDate;
use serde::Serialize;

/// One export of one channel and what becomes of each of its fields.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// Name of the dataset and of its conformed table; the file's stem.
    pub name: Spanned<String>,
    /// What people call it.
    pub label: Label,
    /// What one row means.
    pub meaning: String,
    /// The system it comes from.
    pub source: String,
    /// Who answers for it.
    pub owner: String,
    /// How often it arrives (`daily`, `hourly`, …).
    pub update_frequency: String,
    /// How its files are written.
    pub format: Format,
    /// Wall-clock zone of its times (IANA); the project's if absent.
    pub time_zone: Option<Spanned<String>>,
    /// Columns that together name a row; empty if rows may repeat.
    pub key: Names,
    /// Which row of several with one key is kept, and what a later one does to the lake's.
    pub repeats: Repeats,
    /// What a run does about a file that has records of an earlier one, where no key is declared.
    pub snapshot: Option<Spanned<Snapshot>>,
    /// Column with the instant or day a row is about, for retention and periods.
    pub event_time: Option<Spanned<String>>,
    /// How long rows are kept, counted from `event_time`.
    pub retention: Option<Spanned<Period>>,
    /// How long its rejected records are kept, counted from when they were quarantined; the project's if absent.
    pub quarantine_retention: Option<Spanned<Period>>,
    /// Purposes the dataset may serve, each with its lawful basis. Empty: any, for data that is not about people.
    pub purposes: Vec<DatasetPurpose>,
    /// Whether its rows name their data subjects.
    pub subject: DatasetSubject,
    /// Why they do not, with [`DatasetSubject::None`].
    pub subject_reason: Option<Spanned<String>>,
    /// Its fields, in the order declared.
    pub fields: Vec<Field>,
    /// Pairs of its columns that are places.
    pub coordinates: Vec<Coordinates>,
    /// What kind of event log it is, if one that the engine itself reads.
    pub role: DatasetRole,
    /// What a run does about records of such a log that can neither be read nor say whom they name.
    pub unreadable_subject: UnreadableSubject,
    /// What is demanded of it beyond its fields.
    pub demands: Demands,
    /// What becomes of exports that are not quite as declared.
    pub drift: Drift,
    /// What its records refer to in the rest of the project.
    pub terms: ProjectTerms,
    /// The name that a consent log or suppression list had before, whose statements in the lake still count.
    pub renamed_from: Option<Spanned<String>>,
    /// Where the entry stands.
    pub span: Span,
}

/// A purpose that a dataset serves.
#[derive(Debug, Clone)]
pub struct DatasetPurpose {
    /// The purpose's name in `schemas/purposes.yaml`.
    pub purpose: Spanned<String>,
    /// On what ground.
    pub lawful_basis: LawfulBasis,
}

/// What a run does about a file that has records of an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Snapshot {
    /// It is refused.
    #[default]
    Refuse,
    /// All its rows are added.
    Append,
    /// Each new file is a full export: its rows take the place of those of all earlier files.
    Replace,
}

/// What the engine itself uses a dataset for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DatasetRole {
    /// Data.
    #[default]
    Data,
    /// The log of consent events: its columns must be `id_type`, `id_token`, `purpose`, `action`
    /// (`grant`, `withdraw`, `gpc`, `restrict`, `lift_restriction`, `no_effect`), `at` and, if known, `jurisdiction`,
    /// `notice_version`, `expires_at`, `recorded_at`, `given_by`.
    ConsentLog,
    /// People whose data is used for nothing but legal obligations; every pseudonym of a row counts, from
    /// `event_time` on, if there is one.
    SuppressionList,
}

/// What a run does about a record of a consent log or suppression list that can neither be read nor say for certain
/// whom it names. (One that names somebody counts as a withdrawal, or as listed.)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnreadableSubject {
    /// It refuses: somebody may have withdrawn, and nobody can tell who.
    #[default]
    Refuse,
    /// It goes on, counts them and warns.
    Warn,
}

/// The column of a conformed table that marks rows of which an identifier was left out, because it was a placeholder, masked
/// or invalid. Such a row is about a person, though none of its pseudonyms may say which. No field has a column of this
/// name, and no query sees it.
pub const UNIDENTIFIED_COLUMN: &str = "_unidentified";

/// The category of dates of birth in the fideslang taxonomy.
const DATE_OF_BIRTH: &str = "user.demographic.date_of_birth";

impl Dataset {
    /// Whether a file may lack a field: it is optional, or the file may be from before the exports had it. Without an
    /// `event_time` no row says when it is from.
    pub fn may_lack(&self, field: &Field) -> bool {
        field.optional || (field.since.is_some() && self.event_time.is_some())
    }

    /// Finds a field by the name of its conformed column.
    pub fn column(&self, column: &str) -> Option<&Field> {
        self.fields.iter().find(|f| f.column.value == column)
    }

    /// The fields that are stored.
    pub fn stored(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|f| f.is_stored())
    }

    /// The stored fields that hold pseudonyms: how a row names its data subject.
    pub fn pseudonyms(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|f| f.treatment.is_pseudonym())
    }

    /// The domains of its pseudonyms that are the same for all rows.
    pub fn fixed_domains(&self) -> impl Iterator<Item = (&Field, &str)> {
        self.fields.iter().filter_map(|field| match &field.treatment {
            Treatment::Pseudonymise(TokenDomain::Fixed(domain)) => Some((field, domain.as_str())),
            Treatment::Pseudonymise(TokenDomain::ByField(_))
            | Treatment::Keep
            | Treatment::Drop
            | Treatment::Mask { .. }
            | Treatment::Redact
            | Treatment::Generalise(_) => None,
        })
    }

    /// Whether its conformed table has [`UNIDENTIFIED_COLUMN`].
    pub fn marks_unidentified(&self) -> bool {
        self.role == DatasetRole::Data && self.demands.marks_rows_of.is_none() && self.pseudonyms().next().is_some()
    }

    /// The stored field that holds its subject's date of birth, exact or generalised, known by its category.
    pub fn date_of_birth(&self) -> Option<&Field> {
        let is_birth = |f: &&Field| f.category.as_ref().is_some_and(|c| c.value == DATE_OF_BIRTH);
        let dated = |f: &&Field| {
            let kept = f.treatment == Treatment::Keep && f.data_type.value.is_temporal();
            let coarse = [Generalisation::Decade, Generalisation::Year, Generalisation::Month];
            kept || coarse.iter().any(|g| f.treatment == Treatment::Generalise(*g))
        };
        self.stored().filter(is_birth).find(dated)
    }

    /// Whether its rows are about people: some declared field is, even one that is dropped, or the entry says so with
    /// `subject: none`. Dropping a name removes the name, not the person whom the rest of the row describes.
    pub fn is_about_people(&self) -> bool {
        match self.subjects() {
            Subjects::NotPersonal => false,
            Subjects::Pseudonymous | Subjects::Unresolvable | Subjects::Undeclared => true,
        }
    }

    /// Whether the data subjects of its rows can be resolved, by pseudonyms.
    pub fn has_subjects(&self) -> bool {
        match self.subjects() {
            Subjects::Pseudonymous => true,
            Subjects::NotPersonal | Subjects::Unresolvable | Subjects::Undeclared => false,
        }
    }

    /// Whom its rows are about, and how that is known.
    pub fn subjects(&self) -> Subjects {
        match self.subject {
            DatasetSubject::None => Subjects::Unresolvable,
            DatasetSubject::Pseudonym if self.pseudonyms().next().is_some() => Subjects::Pseudonymous,
            DatasetSubject::Pseudonym if !self.fields.iter().any(Field::is_about_people) => Subjects::NotPersonal,
            DatasetSubject::Pseudonym if self.serves_legal_obligations_only() => Subjects::Unresolvable,
            DatasetSubject::Pseudonym => Subjects::Undeclared,
        }
    }

    /// Whether each of its purposes, at least one, is a legal obligation: no statement of a data subject affects those, so
    /// that the gate has none to resolve.
    fn serves_legal_obligations_only(&self) -> bool {
        !self.purposes.is_empty() && self.purposes.iter().all(|p| p.lawful_basis == LawfulBasis::LegalObligation)
    }

    /// Whether its rows are about people, name none of them, and the entry does not say so (`LW1200`).
    pub fn leaves_subject_undeclared(&self) -> bool {
        match (self.subject, self.subjects()) {
            (DatasetSubject::Pseudonym, Subjects::Unresolvable | Subjects::Undeclared) => true,
            (DatasetSubject::None, _) | (DatasetSubject::Pseudonym, Subjects::NotPersonal | Subjects::Pseudonymous) => {
                false
            }
        }
    }

    /// Whether neither it nor any of its stored fields restricts the purposes that it serves.
    pub fn serves_every_purpose(&self) -> bool {
        self.purposes.is_empty() && self.stored().all(|f| f.purposes.is_empty())
    }
}

/// One field of an export.
#[derive(Debug, Clone)]
pub struct Field {
    /// Name in the export.
    pub name: Spanned<String>,
    /// Name in the conformed table; the export's if not declared.
    pub column: Spanned<String>,
    /// What people call it.
    pub label: Label,
    /// What it means.
    pub meaning: String,
    /// Type as parsed, before the treatment (see [`Field::stored_type`]).
    pub data_type: Spanned<DataType>,
    /// Unit (`CNY`, `cm`, `ms`), if it measures something.
    pub unit: Option<String>,
    /// How near it brings a reader to a person.
    pub identifier: IdentifierClass,
    /// fideslang data category, e.g. `user.contact.phone_number`; `None` only for data without subjects.
    pub category: Option<Spanned<String>>,
    /// What is done to it before it is stored.
    pub treatment: Treatment,
    /// How it is brought to one spelling.
    pub normalise: Normaliser,
    /// Purposes it may serve; the dataset's if empty.
    pub purposes: Names,
    /// Time formats to try, in order (chrono `strftime`, `epoch_s` to `epoch_ns`, `excel`, `excel_1904`, `chinese`);
    /// empty: ISO 8601.
    pub time_formats: Vec<String>,
    /// How its values are written, beyond their type.
    pub values: ValueForms,
    /// Spellings → codes (男 → M). A value that is not a spelling is kept for the rules to judge.
    pub map: Vec<(String, String)>,
    /// Texts that mean null, besides the empty one.
    pub null_values: Vec<String>,
    /// Characters taken off both ends of a text value, with the white space there.
    pub trim_chars: String,
    /// May be missing from a file's header.
    pub optional: bool,
    /// The first day whose rows have it as it is declared, if exports have not always had it so. Rows from before keep what
    /// they were stored with, or are null.
    pub since: Option<Spanned<NaiveDate>>,
    /// Whether values of a CSV file may contain line ends.
    pub multiline: bool,
    /// Whether an object or an array of JSON may be its value: its type is then text.
    pub json: bool,
    /// What is demanded of its values.
    pub rules: Vec<FieldRule>,
    /// The span of time its values count over, if they do.
    pub statistical_period: Option<String>,
    /// Where it is declared.
    pub span: Span,
}

impl Field {
    /// The type its conformed column has, after the treatment; as parsed, where nothing is stored.
    pub fn stored_type(&self) -> DataType {
        self.treatment.properties(self.data_type.value).stored_type.unwrap_or(self.data_type.value)
    }

    /// Whether anything of it is stored.
    pub fn is_stored(&self) -> bool {
        self.treatment.properties(self.data_type.value).stored_type.is_some()
    }

    /// Whether it says that rows are about people: by its identifier class, its data category or a pseudonym,
    /// whatever else is done to its values.
    pub fn is_about_people(&self) -> bool {
        match self.identifier {
            IdentifierClass::Direct | IdentifierClass::Quasi => true,
            IdentifierClass::None => {
                self.treatment.is_pseudonym() || self.category.as_ref().is_some_and(|c| is_category_of_people(&c.value))
            }
        }
    }

    /// Whether rows without it are not kept.
    pub fn is_required(&self) -> bool {
        self.rules.iter().any(|r| r.rule.value == Rule::Required && !r.on_failure.keeps_the_row())
    }
}

/// How a dataset's files are written. Compression (gzip, zstd, zip) is recognised from the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format {
    /// The declared container; a file whose bytes say otherwise is refused unless `accept` lists that.
    pub container: Container,
    /// Other containers accepted.
    pub accept: Vec<Container>,
    /// Character encoding of text containers.
    pub encoding: Encoding,
    /// CSV field separator.
    pub delimiter: u8,
    /// Whether several separators in a row separate two values.
    pub delimiter_runs: bool,
    /// What encloses CSV values; `None`: nothing does.
    pub quote: Option<u8>,
    /// How a quotation mark inside an enclosed CSV value is written.
    pub escape: Escape,
    /// What names the columns of a CSV file.
    pub header: CsvHeader,
    /// Lines of a CSV file before its header.
    pub skip_rows: u32,
    /// How lines of a CSV file begin that are no records.
    pub comment: Option<Spanned<String>>,
    /// Regular expression for the first value of the first total line of a CSV file or a sheet.
    pub footer: Option<Spanned<String>>,
    /// Sheet of a workbook; the first if absent.
    pub sheet: Option<Spanned<String>>,
    /// Row of a sheet with the names of its columns, from 1; the first that holds anything if absent.
    pub header_row: Option<u32>,
    /// Where the records are in a JSON document.
    pub records: RecordsPath,
    /// Which members of a zip archive are read (`*`, `?`, `**`); all if absent.
    pub members: Option<Spanned<String>>,
    /// What guards the reader.
    pub limits: Limits,
    /// Where it stands.
    pub span: Span,
}

/// File formats that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Container {
    /// Comma-separated values with a header.
    Csv,
    /// One JSON object a line.
    Ndjson,
    /// One JSON array of objects.
    Json,
    /// Apache Parquet.
    Parquet,
    /// Excel workbook (Office Open XML).
    Xlsx,
    /// Excel workbook of the old binary kind.
    Xls,
}

/// How a quotation mark inside an enclosed CSV value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Escape {
    /// Twice.
    #[default]
    Double,
    /// With a backslash before it, or twice.
    Backslash,
}

/// What names the columns of a CSV file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum CsvHeader {
    /// Its first record.
    #[default]
    First,
    /// Nothing: its columns are the declared fields, in order.
    None,
}

/// Character encodings; a byte-order mark is always recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Encoding {
    /// UTF-8.
    #[default]
    Utf8,
    /// GB18030 and its subsets GBK and GB2312.
    Gb18030,
    /// UTF-16 of either byte order.
    Utf16,
    /// Big5 with the extensions of Hong Kong.
    Big5,
    /// Windows-1252, which Latin-1 is a part of.
    Latin1,
}
