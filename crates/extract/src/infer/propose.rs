//! Name and values held against each other: what a field probably is, and how sure that is.

use super::meanings::{self, Meaning};
use super::profile::{MAX_DISTINCT, Profile, Shape};
use lakewarden_dictionary::{Format, IdentifierClass};
use serde::Serialize;

/// A proposed entry. It holds no value of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// The dataset's name.
    pub dataset: String,
    /// How the file is written.
    pub format: Format,
    /// Records looked at.
    pub rows: u64,
    /// The fields, in the file's order.
    pub fields: Vec<ProposedField>,
    /// Columns that together name a row, if some seem to.
    pub key: Vec<String>,
    /// The column of when a row happened, if one seems to be that.
    pub event_time: Option<String>,
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
    pub time_format: Option<String>,
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
    /// Whether every record has a value.
    pub required: bool,
    /// Why: shares and counts, no value.
    pub because: String,
}

/// The share of values that has to have a shape for the column to be of it: some cells are always spoiled.
const MOST: f64 = 0.9;
/// The share of values that has to be of a type: the others would go to quarantine.
const NEARLY_ALL: f64 = 0.95;
/// Up to so many different values are a list of codes.
const CODES: usize = 60;
/// In fewer rows, that no value comes twice says little.
const ENOUGH: u64 = 50;

/// Proposes an entry.
pub(super) fn propose(dataset: &str, format: Format, rows: u64, names: &[String], profiles: &[Profile]) -> Proposal {
    let mut fields: Vec<ProposedField> = Vec::with_capacity(names.len());
    let mut guesses = Vec::with_capacity(names.len());
    for (position, (name, profile)) in names.iter().zip(profiles).enumerate() {
        let named = meanings::of(name);
        let guess = guess(named.map(|(meaning, _)| meaning), profile);
        let mut field = field(name, guess, profile);
        field.column = meanings::snake_case(name)
            .or_else(|| named.filter(|(meaning, _)| Some(*meaning) == guess).map(|(_, column)| column.to_owned()))
            .unwrap_or_else(|| format!("field_{}", position + 1));
        while fields.iter().any(|other| other.column == field.column) {
            field.column.push_str("_2");
        }
        if let Some(domain) = field.treatment.strip_suffix("{}") {
            field.treatment = format!("{domain}{} }}", field.column);
        }
        fields.push(field);
        guesses.push(guess);
    }
    let is = |meaning| move |(_, guess): &(_, &Option<Meaning>)| **guess == Some(meaning);
    let event_time = (fields.iter().zip(&guesses))
        .filter(is(Meaning::EventTime))
        .map(|(field, _)| field)
        .find(|field| ["timestamp", "date"].contains(&field.data_type.as_str()))
        .map(|field| field.column.clone());
    let key = key(&fields, &guesses, profiles);
    Proposal { dataset: dataset.to_owned(), format, rows, fields, key, event_time }
}

/// The first column that never repeats and names a thing; or such a thing's number with that of its line.
fn key(fields: &[ProposedField], guesses: &[Option<Meaning>], profiles: &[Profile]) -> Vec<String> {
    let column = |meaning| guesses.iter().position(|guess| *guess == Some(meaning));
    let single = (fields.iter().zip(guesses).zip(profiles)).find(|((_, guess), profile)| {
        **guess == Some(Meaning::ThingId) && profile.values >= ENOUGH && profile.is_unique()
    });
    if let Some(((field, _), _)) = single {
        return vec![field.column.clone()];
    }
    match (column(Meaning::ThingId), column(Meaning::LineNo)) {
        (Some(thing), Some(line)) => vec![fields[thing].column.clone(), fields[line].column.clone()],
        _ => Vec::new(),
    }
}

/// What a field is: shapes that hardly anything else has count before the name, and the name before the rest.
fn guess(named: Option<Meaning>, profile: &Profile) -> Option<Meaning> {
    let mostly = |shape| profile.values > 0 && profile.share(shape) >= MOST;
    if mostly(Shape::Email) {
        return Some(Meaning::Email);
    }
    if mostly(Shape::ResidentId) {
        return Some(Meaning::ResidentId);
    }
    let a_time = mostly(Shape::EpochMilliseconds) || mostly(Shape::EpochSeconds);
    if mostly(Shape::Phone) && !a_time && !matches!(named, Some(Meaning::ThingId | Meaning::Money)) {
        return Some(Meaning::Phone);
    }
    if mostly(Shape::BankCard) && named != Some(Meaning::ThingId) {
        return Some(Meaning::BankCard);
    }
    match named {
        // A number by the name of a place or a person is something else: `city_rank`, `customer_count`.
        Some(Meaning::Address | Meaning::City | Meaning::Province | Meaning::PersonName) if mostly(Shape::Double) => {
            None
        }
        Some(Meaning::Latitude | Meaning::Longitude) if !mostly(Shape::Double) => None,
        // A word of a person in the name of a handful of codes: a member's level.
        Some(Meaning::PersonId | Meaning::AnyId) if profile.distinct() <= 12 && profile.values >= 100 => None,
        // When an order was placed, by its name an order's.
        Some(Meaning::ThingId) if has_time(profile) => Some(Meaning::EventTime),
        Some(meaning) => Some(meaning),
        None if mostly(Shape::ChineseName) && profile.distinct() > CODES => Some(Meaning::PersonName),
        None if mostly(Shape::LongCode) && !profile.is_unique() => Some(Meaning::DeviceId),
        None if profile.share(Shape::Prose) >= 0.3 && profile.mean_length() >= 12.0 => Some(Meaning::FreeText),
        None => None,
    }
}

fn field(name: &str, guess: Option<Meaning>, profile: &Profile) -> ProposedField {
    use IdentifierClass::{Direct, None as Nobody, Quasi};
    let (data_type, time_format) = data_type(guess, profile);
    let temporal = ["date", "timestamp"].contains(&data_type.as_str());
    let token = "{ pseudonymise: {}";
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
                let spreadsheet = profile.scale > 0 && profile.share(Shape::Decimal) >= MOST;
                let normaliser = if spreadsheet { "integer_identifier" } else { "identifier" };
                (Direct, Some("user.unique_id"), token, Some(normaliser))
            }
            Some(Meaning::BirthDate) if temporal => {
                (Quasi, Some("user.demographic.date_of_birth"), "{ generalise: year }", None)
            }
            Some(Meaning::BirthDate) => (Quasi, Some("user.demographic.date_of_birth"), "drop", None),
            Some(Meaning::Gender) => (Quasi, Some("user.demographic.gender"), "keep", None),
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
            // Text that is neither a list of codes nor recognised may be anything: it is left out until somebody knows.
            None if data_type == "string" && !is_code(profile) => (Quasi, None, "drop", None),
            Some(Meaning::Money | Meaning::EventTime | Meaning::ThingId | Meaning::LineNo) | None => {
                (Nobody, None, "keep", None)
            }
        };
    ProposedField {
        name: name.to_owned(),
        column: String::new(),
        required: profile.values == profile.rows && profile.rows > 0,
        because: because(guess, profile, &data_type),
        data_type,
        time_format,
        identifier,
        category,
        treatment: treatment.to_owned(),
        normalise,
    }
}

/// Whether the values are a list of codes: few, and each comes again.
fn is_code(profile: &Profile) -> bool {
    profile.distinct() <= CODES && profile.distinct() as f64 <= 0.2 * profile.values as f64
}

fn data_type(guess: Option<Meaning>, profile: &Profile) -> (String, Option<String>) {
    // Of a handful of values one may be spoiled.
    let one_spoiled = |shape| profile.values >= 5 && (1.0 - profile.share(shape)) * profile.values as f64 <= 1.001;
    let nearly_all = |shape| profile.values > 0 && (profile.share(shape) >= NEARLY_ALL || one_spoiled(shape));
    let text = || ("string".to_owned(), None);
    match guess {
        Some(
            Meaning::Phone
            | Meaning::Email
            | Meaning::PersonName
            | Meaning::Nickname
            | Meaning::ResidentId
            | Meaning::BankCard
            | Meaning::PersonId
            | Meaning::UnionId
            | Meaning::OpenId
            | Meaning::DeviceId
            | Meaning::AnyId
            | Meaning::Network
            | Meaning::Gender
            | Meaning::Address
            | Meaning::PostalCode
            | Meaning::FreeText,
        ) => return text(),
        Some(Meaning::ThingId) if !has_time(profile) => return text(),
        _ => {}
    }
    let timely = matches!(guess, Some(Meaning::EventTime | Meaning::BirthDate | Meaning::ThingId));
    if profile.values > 0 && profile.share(Shape::IsoDay) + profile.share(Shape::IsoTime) >= NEARLY_ALL {
        return (if profile.share(Shape::IsoTime) > 0.05 { "timestamp" } else { "date" }.to_owned(), None);
    }
    if nearly_all(Shape::EpochMilliseconds) {
        return ("timestamp".to_owned(), Some("epoch_ms".to_owned()));
    }
    if nearly_all(Shape::EpochSeconds) && timely {
        return ("timestamp".to_owned(), Some("epoch_s".to_owned()));
    }
    if let Some((format, share)) = profile.time_format() {
        // Eight digits may as well be a number.
        if share >= NEARLY_ALL && (timely || !nearly_all(Shape::Integer)) {
            let kind = if format.contains("%H") { "timestamp" } else { "date" };
            return (kind.to_owned(), Some(format.to_owned()));
        }
    }
    if profile.share(Shape::LeadingZero) > 0.0 {
        return text();
    }
    if guess == Some(Meaning::Money) && nearly_all(Shape::Decimal) {
        let scale = profile.scale.max(2);
        return (format!("decimal({}, {scale})", digits(profile, scale)), None);
    }
    if matches!(guess, Some(Meaning::Latitude | Meaning::Longitude)) {
        return ("double".to_owned(), None);
    }
    if nearly_all(Shape::Boolean) {
        return ("boolean".to_owned(), None);
    }
    if nearly_all(Shape::Integer) {
        return ("integer".to_owned(), None);
    }
    if nearly_all(Shape::Decimal) {
        return (format!("decimal({}, {})", digits(profile, profile.scale), profile.scale), None);
    }
    if nearly_all(Shape::Double) { ("double".to_owned(), None) } else { text() }
}

fn has_time(profile: &Profile) -> bool {
    let iso = profile.share(Shape::IsoDay) + profile.share(Shape::IsoTime);
    iso.max(profile.time_format().filter(|(f, _)| f.contains(['/', '.', '年', ':'])).map_or(0.0, |(_, s)| s))
        >= NEARLY_ALL
}

/// Digits of a decimal: those seen and room for as many orders of magnitude as money grows by.
fn digits(profile: &Profile, scale: i8) -> u8 {
    (profile.whole_digits.max(8) + 2 + scale.unsigned_abs()).min(38)
}

fn because(guess: Option<Meaning>, profile: &Profile, data_type: &str) -> String {
    let percent = |share: f64| format!("{:.1} %", (share * 1000.0).floor() / 10.0);
    let values = profile.values;
    if values == 0 {
        return "no record has a value".to_owned();
    }
    let shape = match guess {
        Some(Meaning::Phone) => Some((Shape::Phone, "telephone numbers")),
        Some(Meaning::Email) => Some((Shape::Email, "e-mail addresses")),
        Some(Meaning::ResidentId) => Some((Shape::ResidentId, "resident ids with a valid check digit")),
        Some(Meaning::BankCard) => Some((Shape::BankCard, "card numbers with a valid check digit")),
        Some(Meaning::PersonName) => Some((Shape::ChineseName, "like Chinese names")),
        Some(Meaning::FreeText) => Some((Shape::Prose, "prose")),
        _ => None,
    };
    let mut text = match shape {
        Some((shape, what)) => format!("{} of {values} values are {what}", percent(profile.share(shape))),
        None if guess.is_some() => format!("by its name, and {values} values as {data_type}"),
        None => format!("{values} values as {data_type}"),
    };
    let (distinct, more) = (profile.distinct(), if profile.distinct() >= MAX_DISTINCT { " or more" } else { "" });
    text.push_str(&format!("; {distinct}{more} different"));
    if profile.nulls() > 0.0 {
        text.push_str(&format!("; {} empty", percent(profile.nulls())));
    }
    text
}
