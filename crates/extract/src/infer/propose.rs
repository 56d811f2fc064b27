//! Name and values held against each other: what a field probably is, and how sure that is.

use super::answer::Answer;
use super::consent;
use super::keys::{ENOUGH, FoundKey, KeyRole};
use super::meanings::{self, Meaning};
use super::profile::Shape;
use super::reasons::{because, frequent_value, nested_note, percent};
use super::sniff::Layout;
use super::types::{Column, column_type};
use lakewarden_dictionary::{Container, DatasetRole, Format, IdentifierClass};
use serde::Serialize;

/// A proposed entry. It contains no value of the file, save words that stand for a missing value in any export.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// The dataset's name.
    pub dataset: String,
    /// How the file is written.
    pub format: Format,
    /// The pattern of total lines at its end, if there are some.
    pub footer: Option<String>,
    /// What the engine would use it for.
    pub role: DatasetRole,
    /// Records looked at.
    pub rows: u64,
    /// Whether those are all.
    pub whole: bool,
    /// The fields, in the file's order.
    pub fields: Vec<ProposedField>,
    /// Columns that together name a row, if some do.
    pub key: Vec<String>,
    /// The column of when a row happened, if one seems to be that.
    pub event_time: Option<String>,
    /// What a reader should know, a sentence each; no value.
    pub notes: Vec<String>,
}

/// A field as it is proposed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProposedField {
    /// Its name in the export.
    pub name: String,
    /// Its column.
    pub column: String,
    /// Its type, as the dictionary writes it.
    #[serde(rename = "type")]
    pub data_type: String,
    /// How its times are written, if not in ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_format: Option<Answer>,
    /// How its numbers are written, if not plainly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number_format: Option<Answer>,
    /// The unit of an amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<Answer>,
    /// Words that stand for a missing value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub null_values: Vec<&'static str>,
    /// Values that identify no person: always a question.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub absent: Option<Answer>,
    /// Where an empty identifier comes from: always a question.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fill: Option<Answer>,
    /// Spellings and the codes that the engine knows them by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub map: Option<Answer>,
    /// How near it brings a reader to a person.
    pub identifier: IdentifierClass,
    /// Its data category in the fideslang taxonomy, where one is likely.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<&'static str>,
    /// Its treatment, as the dictionary writes it.
    pub treatment: String,
    /// Its normaliser, if not the usual one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub normalise: Option<&'static str>,
    /// Whether an identifier of another form becomes null, rather than its record going to quarantine.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub on_invalid_null: bool,
    /// Whether its values contain line ends.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub multiline: bool,
    /// Whether a file may lack it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// Whether every record has a value.
    pub required: bool,
    /// Why: shares and counts, no value.
    pub because: String,
    /// What a reader should know besides.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl ProposedField {
    /// Whether it becomes a pseudonym.
    pub(super) fn is_pseudonym(&self) -> bool {
        self.treatment.starts_with("{ pseudonymise")
    }
}

/// The share of values that has to have a shape for the column to be of it: some cells are always spoiled.
const MOST: f64 = 0.9;
/// Up to so many different whole numbers are ages, incomes in bands and the like.
const BANDS: u64 = 130;
/// Words of names that stand before the kind of an identifier.
const KINDS_OF_IDS: [&str; 6] = ["id_type", "identifier_type", "idtype", "标识类型", "id类型", "证件类型"];

/// How the note begins that a key was counted in part.
pub(super) const KEY_IN_PART: &str = "the key was verified on one in";

/// Proposes an entry.
pub(super) fn propose(
    dataset: &str,
    layout: Layout,
    columns: &[Column<'_>],
    keys: &[FoundKey],
    rows: u64,
    whole: bool,
) -> Proposal {
    let mut fields: Vec<ProposedField> = Vec::with_capacity(columns.len());
    let guesses: Vec<Option<Meaning>> = columns.iter().map(guess).collect();
    for (position, (column, guess)) in columns.iter().zip(&guesses).enumerate() {
        let mut field = field(*guess, column);
        let word = meanings::of(column.name).filter(|(meaning, _)| Some(*meaning) == *guess).map(|(_, word)| word);
        field.column = meanings::snake_case(column.name)
            .or_else(|| word.map(str::to_owned))
            .unwrap_or_else(|| format!("field_{}", position + 1));
        while fields.iter().any(|other| other.column == field.column) {
            field.column.push_str("_2");
        }
        fields.push(field);
    }
    let kind = fields.iter().find(|f| KINDS_OF_IDS.contains(&f.name.to_lowercase().as_str())).map(|f| f.column.clone());
    for (field, guess) in fields.iter_mut().zip(&guesses) {
        if let Some(rest) = field.treatment.strip_suffix("{}") {
            field.treatment = match (guess, &kind) {
                (Some(Meaning::AnyId), Some(kind)) => format!("{rest}{{ by_field: {kind} }} }}"),
                _ => format!("{rest}{} }}", field.column),
            };
        }
        // Records of JSON lack what they have no value for.
        let json = matches!(layout.format.container, Container::Ndjson | Container::Json);
        field.optional = json && !field.required;
    }
    let mut proposal = Proposal {
        dataset: dataset.to_owned(),
        footer: footer(&layout.format, columns),
        format: layout.format,
        role: DatasetRole::Data,
        rows,
        whole,
        fields,
        key: Vec::new(),
        event_time: None,
        notes: Vec::new(),
    };
    proposal.event_time = event_time(&proposal.fields, &guesses, columns);
    set_key(&mut proposal, keys, columns);
    consent::declare(&mut proposal, &guesses, columns);
    proposal
}

/// The column of when a record happened: of several the first that every record has.
fn event_time(fields: &[ProposedField], guesses: &[Option<Meaning>], columns: &[Column<'_>]) -> Option<String> {
    let times = || {
        (fields.iter().zip(guesses).zip(columns))
            .filter(|((_, guess), _)| **guess == Some(Meaning::EventTime))
            .filter(|((field, _), _)| ["timestamp", "date"].contains(&field.data_type.as_str()))
    };
    let full = times().find(|(_, column)| column.census.values == column.census.rows);
    full.or_else(|| times().next()).map(|((field, _), _)| field.column.clone())
}

/// Takes the first key that no two records share.
fn set_key(proposal: &mut Proposal, keys: &[FoundKey], columns: &[Column<'_>]) {
    let named = |key: &FoundKey| -> Vec<String> {
        key.columns.iter().map(|column| proposal.fields[*column].column.clone()).collect()
    };
    let Some(best) = keys.first() else {
        proposal.notes.push("no key: no column, and no two or three of them, name a record".to_owned());
        return;
    };
    let columns_of = named(best).join(", ");
    let of_order = best.columns.len() > 1
        && best
            .columns
            .iter()
            .all(|column| matches!(meanings::of(columns[*column].name), Some((Meaning::ThingId | Meaning::LineNo, _))));
    if proposal.rows < ENOUGH && !of_order {
        proposal.notes.push(format!("no key: of {} records, that no two are alike says little", proposal.rows));
    } else if best.conflicts > 0 {
        proposal.notes.push(format!(
            "no key: [{columns_of}] names all but {} of {} records; if it is the key, say with `survivor` which of them stays",
            best.conflicts, proposal.rows
        ));
    } else {
        proposal.key = named(best);
        if best.one_in > 1 {
            let (one_in, rows) = (best.one_in, proposal.rows);
            proposal.notes.push(format!("{KEY_IN_PART} {one_in} keys of {rows} records"));
        }
    }
}

/// The pattern of lines that sum up what is above them.
fn footer(format: &Format, columns: &[Column<'_>]) -> Option<String> {
    let written = matches!(format.container, Container::Csv | Container::Xlsx | Container::Xls);
    let words = columns.first().filter(|_| written)?.census.total_words();
    // A list of codes may have the word `Total`.
    let few = columns.first()?.census.distinct() > 3;
    (!words.is_empty() && few).then(|| words.join("|"))
}

/// What a column may be in a key.
pub(super) fn key_role(column: &Column<'_>) -> KeyRole {
    match guess(column) {
        Some(Meaning::ThingId) => KeyRole::Thing,
        Some(Meaning::LineNo) => KeyRole::Line,
        Some(
            Meaning::Phone
            | Meaning::Email
            | Meaning::ResidentId
            | Meaning::BankCard
            | Meaning::PersonId
            | Meaning::UnionId
            | Meaning::OpenId
            | Meaning::DeviceId
            | Meaning::AnyId
            | Meaning::Household,
        ) => KeyRole::Person,
        Some(Meaning::EventTime) => KeyRole::Time,
        Some(Meaning::Code | Meaning::Province | Meaning::City | Meaning::Country) => KeyRole::Other,
        Some(
            Meaning::PersonName
            | Meaning::Nickname
            | Meaning::Network
            | Meaning::BirthDate
            | Meaning::Gender
            | Meaning::Demographic
            | Meaning::Health
            | Meaning::Body
            | Meaning::Address
            | Meaning::PostalCode
            | Meaning::Latitude
            | Meaning::Longitude
            | Meaning::FreeText
            | Meaning::Money
            | Meaning::Count
            | Meaning::Consent,
        ) => KeyRole::Never,
        None if column.has_times() => KeyRole::Time,
        None => {
            let short = column.profile.mean_length() <= 40.0 && column.profile.share(Shape::Prose) < 0.1;
            let fraction = column.census.scale > 0 || column.census.forms.numbers > 0;
            if short && !fraction { KeyRole::Other } else { KeyRole::Never }
        }
    }
}

/// What a field is: shapes that hardly anything else has count before the name, and the name before the rest.
pub(super) fn guess(column: &Column<'_>) -> Option<Meaning> {
    let (census, profile) = (column.census, column.profile);
    let named = meanings::of(column.name).map(|(meaning, _)| meaning);
    let mostly = |shape| profile.values > 0 && profile.share(shape) >= MOST;
    if mostly(Shape::Nested) {
        return None;
    }
    if mostly(Shape::Email) {
        return Some(Meaning::Email);
    }
    if mostly(Shape::ResidentId) {
        return Some(Meaning::ResidentId);
    }
    let a_time = profile.times.epoch().is_some_and(|(_, count)| count as f64 >= MOST * profile.values as f64);
    // Numbers of things pass for landlines.
    let of_a_thing = matches!(named, Some(Meaning::ThingId | Meaning::Money | Meaning::LineNo | Meaning::Count));
    let is_phone = match named {
        Some(Meaning::Phone) => profile.share(Shape::Phone) + profile.share(Shape::Masked) > 0.0,
        _ => mostly(Shape::PlainPhone) && !of_a_thing && !a_time,
    };
    if is_phone {
        return Some(Meaning::Phone);
    }
    if mostly(Shape::BankCard) && !of_a_thing && !a_time {
        return Some(Meaning::BankCard);
    }
    match named {
        // A number by the name of a place, a person or a text is something else: `city_rank`.
        Some(
            Meaning::Address
            | Meaning::City
            | Meaning::Province
            | Meaning::Country
            | Meaning::PersonName
            | Meaning::FreeText,
        ) if column.is_numeric() => None,
        Some(Meaning::Latitude | Meaning::Longitude) if !mostly(Shape::Double) => None,
        // A word of a person in the name of a handful of codes: a member's level.
        Some(Meaning::PersonId | Meaning::AnyId | Meaning::Phone | Meaning::Email | Meaning::Household)
            if census.distinct() <= 12 && census.values >= 100 =>
        {
            None
        }
        // No value is a telephone number: an extension, or the identifier of one.
        Some(Meaning::Phone) if census.values > 0 => Some(Meaning::AnyId),
        // When an order was placed, by its name an order's.
        Some(Meaning::ThingId) if column.has_times() => Some(Meaning::EventTime),
        // An amount that is no number is a word for one.
        Some(Meaning::Money | Meaning::Count)
            if census.values > 0 && !column.is_numeric() && census.forms.numbers == 0 =>
        {
            None
        }
        Some(meaning) => Some(meaning),
        None if mostly(Shape::ChineseName) && census.distinct() > 60 => Some(Meaning::PersonName),
        None if mostly(Shape::LongCode) && census.distinct() < census.values => Some(Meaning::DeviceId),
        None if profile.share(Shape::Prose) >= 0.3 && profile.mean_length() >= 12.0 => Some(Meaning::FreeText),
        // Money is written with a currency.
        None if !census.forms.found(column.simplified).currencies.is_empty() => Some(Meaning::Money),
        None => None,
    }
}

fn field(guess: Option<Meaning>, column: &Column<'_>) -> ProposedField {
    use IdentifierClass::{Direct, None as Nobody, Quasi};
    let (census, profile) = (column.census, column.profile);
    let found = column_type(guess, column);
    let temporal = ["date", "timestamp"].contains(&found.name.as_str());
    let numeric = found.name == "integer" && census.distinct() <= BANDS;
    let token = "{ pseudonymise: {}";
    let mut notes = found.notes;
    let (identifier, category, treatment, normalise): (_, Option<&'static str>, &str, Option<&'static str>) =
        match guess {
            Some(Meaning::Phone) => {
                (Direct, Some("user.contact.phone_number"), "{ pseudonymise: phone }", Some("phone"))
            }
            Some(Meaning::Email) => (Direct, Some("user.contact.email"), "{ pseudonymise: email }", Some("email")),
            Some(Meaning::PersonName) => (Direct, Some("user.name"), "drop", None),
            Some(Meaning::ResidentId) => {
                (Direct, Some("user.government_id.national_identification_number"), "drop", None)
            }
            Some(Meaning::BankCard) => (Direct, Some("user.financial.bank_account"), "drop", None),
            Some(Meaning::Network) => (Direct, Some("user.device.ip_address"), "drop", None),
            Some(Meaning::Nickname) => (Direct, Some("user.account.username"), token, Some("identifier")),
            Some(Meaning::UnionId) => (Direct, Some("user.unique_id"), "{ pseudonymise: unionid }", Some("identifier")),
            Some(Meaning::OpenId) => (Direct, Some("user.unique_id"), "{ pseudonymise: openid }", Some("identifier")),
            Some(Meaning::DeviceId) => (Direct, Some("user.device.device_id"), token, Some("identifier")),
            Some(Meaning::PersonId | Meaning::AnyId) => {
                let normaliser = if column.is_whole_with_point() { "integer_identifier" } else { "identifier" };
                (Direct, Some("user.unique_id"), token, Some(normaliser))
            }
            Some(Meaning::Household) => {
                notes.push(
                    "a household is several people: leave its domain out of `link_on`, or they become one customer"
                        .into(),
                );
                let normaliser = if column.is_whole_with_point() { "integer_identifier" } else { "identifier" };
                (Quasi, Some("user.unique_id"), token, Some(normaliser))
            }
            Some(Meaning::BirthDate) if temporal => {
                (Quasi, Some("user.demographic.date_of_birth"), "{ generalise: year }", None)
            }
            Some(Meaning::BirthDate) => (Quasi, Some("user.demographic.date_of_birth"), "drop", None),
            Some(Meaning::Gender) => (Quasi, Some("user.demographic.gender"), "keep", None),
            Some(Meaning::Demographic) if column.is_code() || numeric => {
                (Quasi, Some("user.demographic"), "keep", None)
            }
            Some(Meaning::Demographic) => (Quasi, Some("user.demographic"), "drop", None),
            Some(Meaning::Health) => (Quasi, Some("user.health_and_medical"), "drop", None),
            Some(Meaning::Body) => (Quasi, Some("user.biometric"), "drop", None),
            Some(Meaning::Address) => (Quasi, Some("user.contact.address"), "{ generalise: city }", None),
            Some(Meaning::PostalCode) => (Quasi, Some("user.contact.address.postal_code"), "drop", None),
            Some(Meaning::Province) => (Quasi, Some("user.contact.address.state"), "keep", None),
            Some(Meaning::City) => (Quasi, Some("user.contact.address.city"), "keep", None),
            Some(Meaning::Country) => (Quasi, Some("user.contact.address.country"), "keep", None),
            Some(Meaning::Latitude | Meaning::Longitude) => {
                (Quasi, Some("user.location.precise"), "{ generalise: { grid: 100 } }", None)
            }
            Some(Meaning::FreeText) => (Quasi, Some("user.content.private"), "redact", None),
            Some(Meaning::Consent) if found.name != "string" || column.is_code() => {
                (Nobody, Some("user.privacy_preferences"), "keep", None)
            }
            Some(Meaning::Consent) => (Quasi, Some("user.privacy_preferences"), "drop", None),
            // Nested values may have anything in them.
            None if found.name == "json" => (Quasi, None, "drop", None),
            // Text that is neither a list of codes nor recognised may be anything: it is left out until somebody knows.
            None if found.name == "string" && !column.is_code() => (Quasi, None, "drop", None),
            Some(Meaning::Code) if found.name == "string" && !column.is_named_code() => (Quasi, None, "drop", None),
            Some(
                Meaning::Money
                | Meaning::Count
                | Meaning::Code
                | Meaning::EventTime
                | Meaning::ThingId
                | Meaning::LineNo,
            )
            | None => (Nobody, None, "keep", None),
        };
    if found.name == "json" {
        notes.push(nested_note(column));
    }
    let (_, null_words) = census.null_words();
    let pseudonym = treatment.starts_with("{ pseudonymise");
    let mut null_values = found.null_values;
    if pseudonym {
        // The usual placeholders count as absent by themselves.
        null_values.clear();
    }
    ProposedField {
        name: column.name.to_owned(),
        column: String::new(),
        required: census.values == census.rows && census.rows > 0 && null_words == 0,
        because: because(guess, column, &found.name),
        data_type: found.name,
        time_format: found.time_format,
        number_format: found.number_format,
        unit: found.unit,
        null_values,
        absent: if pseudonym { frequent_value(guess, column) } else { None },
        fill: None,
        map: None,
        identifier,
        category,
        treatment: treatment.to_owned(),
        normalise,
        on_invalid_null: false,
        multiline: census.line_ends > 0,
        optional: false,
        notes,
    }
    .with_masked_note(profile.share(Shape::Masked))
}

impl ProposedField {
    fn with_masked_note(mut self, share: f64) -> Self {
        if self.is_pseudonym() && share > 0.0 {
            self.notes.push(format!("{} of the values are masked (`*`) and count as absent", percent(share)));
        }
        self
    }
}
