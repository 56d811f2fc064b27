//! What decides which value a text of an export becomes: the one place that says so.

use chrono_tz::Tz;
use lakewarden_dictionary::{
    Absence, DEFAULT_PHONE_REGION, DataType, Dataset, Datum, Field, Fill, Masked, Normaliser, NumberFormat,
    PhoneRegion, PhoneRegions, Rule, TokenDomain, Treatment, ValueForms,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Something that decides which value a text becomes, by its key in the dictionary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Attribute {
    /// The type as parsed.
    Type,
    /// The normaliser.
    Normalise,
    /// The country of telephone numbers without a country code.
    Region,
    /// What makes one address of several.
    EmailRules,
    /// Characters taken off both ends.
    TrimChars,
    /// Spellings and their codes.
    Map,
    /// Texts that mean null.
    NullValues,
    /// What does not count when spellings are compared.
    Fold,
    /// Values that identify no person.
    Absent,
    /// Whether the usual ones count too.
    AbsentDefaults,
    /// What becomes of masked identifiers.
    Masked,
    /// The wall-clock zone.
    TimeZone,
    /// How times are written.
    TimeFormat,
    /// Whether epochs are read in their declared unit.
    EpochAsDeclared,
    /// How numbers are written.
    NumberFormat,
    /// Whether digits beyond the scale are rounded away.
    Round,
    /// The words for true and false.
    BooleanWords,
    /// Where absent values come from.
    Fill,
    /// What degrees are counted in.
    Datum,
    /// How the identifiers of each domain are spelled, where each row says its domain.
    Domains,
}

impl Attribute {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::Type,
        Self::Normalise,
        Self::Region,
        Self::EmailRules,
        Self::TrimChars,
        Self::Map,
        Self::NullValues,
        Self::Fold,
        Self::Absent,
        Self::AbsentDefaults,
        Self::Masked,
        Self::TimeZone,
        Self::TimeFormat,
        Self::EpochAsDeclared,
        Self::NumberFormat,
        Self::Round,
        Self::BooleanWords,
        Self::Fill,
        Self::Datum,
        Self::Domains,
    ];

    /// Its key in the dictionary.
    pub fn key(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::Normalise => "normalise",
            Self::Region => "region",
            Self::EmailRules => "email_rules",
            Self::TrimChars => "trim_chars",
            Self::Map => "map",
            Self::NullValues => "null_values",
            Self::Fold => "fold",
            Self::Absent => "absent",
            Self::AbsentDefaults => "absent_defaults",
            Self::Masked => "masked",
            Self::TimeZone => "time_zone",
            Self::TimeFormat => "time_format",
            Self::EpochAsDeclared => "epoch_as_declared",
            Self::NumberFormat => "number_format",
            Self::Round => "round",
            Self::BooleanWords => "boolean_words",
            Self::Fill => "fill",
            Self::Datum => "coordinates",
            Self::Domains => "the fields of its domains",
        }
    }
}

/// What decides the values of a stored field, without what is as by default or does not concern its type. Names every
/// key of a field, so that a new one does not compile until it is decided here whether it belongs to this.
pub(crate) fn attributes(dataset: &Dataset, field: &Field, zone: Tz) -> BTreeMap<Attribute, Value> {
    let mut found = spelling(field);
    let own = field.values.time_zone.as_ref().or(dataset.time_zone.as_ref()).map(|zone| zone.value.clone());
    if field.data_type.value.is_temporal() {
        found.insert(Attribute::TimeZone, json!(own.unwrap_or_else(|| zone.to_string())));
    }
    let column = &field.column.value;
    for pair in &dataset.coordinates {
        let axis = match (pair.latitude.value == *column, pair.longitude.value == *column) {
            (true, _) => ("latitude", &pair.longitude.value),
            (false, true) => ("longitude", &pair.latitude.value),
            (false, false) => continue,
        };
        if pair.datum != Datum::Wgs84 {
            found.insert(Attribute::Datum, json!({ "datum": pair.datum, "is": axis.0, "with": axis.1 }));
        }
    }
    if let Treatment::Pseudonymise(TokenDomain::ByField(_)) = &field.treatment {
        let domains = dataset.terms.domains.iter().map(|(name, domain)| {
            let mut spelled = spelling(&domain.field);
            let regions = match &domain.regions {
                PhoneRegions::Listed(codes) => json!(codes),
                PhoneRegions::Any => json!("any"),
            };
            if domain.field.normalise == Normaliser::Phone {
                spelled.insert(Attribute::Region, regions);
            }
            (name.clone(), json!(spelled))
        });
        found.insert(Attribute::Domains, Value::Object(domains.collect()));
    }
    found
}

/// What a field itself says of its values.
fn spelling(field: &Field) -> BTreeMap<Attribute, Value> {
    let Field {
        name: _,
        column: _,
        label: _,
        meaning: _,
        data_type,
        // Today's, and no value's: what a figure is called, how identifying it is, what it may be used for.
        unit: _,
        identifier: _,
        category: _,
        treatment,
        normalise,
        purposes: _,
        time_formats,
        values,
        map,
        null_values,
        trim_chars,
        // Which rows and files are kept, not what their values become.
        optional: _,
        since: _,
        multiline: _,
        rules: _,
        json,
        statistical_period: _,
        span: _,
    } = field;
    let ValueForms {
        // With the dataset's, by the caller.
        time_zone: _,
        number_format,
        boolean_words,
        fold,
        region,
        email_rules,
        round,
        epoch_as_declared,
        absence,
    } = values;
    // `on_invalid`: whether the row or the value is left out.
    let Absence { absent, only_listed, masked: _, on_invalid: _, fill } = absence;
    let data_type = data_type.value;
    let mut found = BTreeMap::new();
    let mut put = |attribute, value: Option<Value>| {
        if let Some(value) = value {
            found.insert(attribute, value);
        }
    };
    let type_word = if *json { "json".to_owned() } else { data_type.to_string() };
    put(Attribute::Type, Some(json!(type_word)));
    let normalise = match normalise {
        // The two do the same to identifiers, but for when `map` and `null_values` are compared.
        Normaliser::Trim if treatment.is_pseudonym() && map.is_empty() && null_values.is_empty() => {
            &Normaliser::Identifier
        }
        other => other,
    };
    put(Attribute::Normalise, (*normalise != Normaliser::Trim).then(|| json!(normalise)));
    put(Attribute::Region, phone_region(*normalise, region.as_ref().map(|region| &region.value)));
    let rules = sorted(email_rules.iter().map(|rule| json!(rule.value)));
    put(Attribute::EmailRules, rules.filter(|_| *normalise == Normaliser::Email));
    put(Attribute::TrimChars, sorted(trim_chars.chars().map(|sign| json!(sign))));
    let spellings: Map<String, Value> = map.iter().map(|(from, to)| (from.clone(), json!(to))).collect();
    put(Attribute::Map, (!spellings.is_empty()).then_some(Value::Object(spellings)));
    put(Attribute::NullValues, sorted(null_values.iter().map(|text| json!(text))));
    let compares = !map.is_empty() || !null_values.is_empty();
    put(Attribute::Fold, sorted(fold.iter().map(|folding| json!(folding.value))).filter(|_| compares));
    if treatment.is_pseudonym() {
        put(Attribute::Absent, sorted(absent.iter().map(|text| json!(text.value))));
        put(Attribute::AbsentDefaults, only_listed.then(|| json!(false)));
        let masked = absence.masked();
        put(Attribute::Masked, (masked != Masked::default()).then(|| json!(masked)));
    }
    match data_type {
        DataType::Date | DataType::Timestamp => {
            put(Attribute::TimeFormat, (!time_formats.is_empty()).then(|| json!(time_formats)));
            put(Attribute::EpochAsDeclared, epoch_as_declared.then(|| json!(true)));
        }
        DataType::Integer | DataType::Double | DataType::Decimal { .. } => {
            let format = number_format.as_ref().map(|format| &format.value);
            put(Attribute::NumberFormat, format.filter(|f| **f != NumberFormat::default()).map(|f| json!(f)));
            put(Attribute::Round, round.then(|| json!(true)));
        }
        DataType::Boolean => put(Attribute::BooleanWords, boolean_words.as_ref().map(|words| json!(words.value))),
        DataType::String => {}
    }
    put(
        Attribute::Fill,
        match fill.as_ref().map(|fill| &fill.value) {
            Some(Fill::DownWithin(key)) => Some(json!(key)),
            Some(Fill::None) | None => None,
        },
    );
    found
}

/// The country that telephone numbers without a country code are of.
fn phone_region(normalise: Normaliser, region: Option<&PhoneRegion>) -> Option<Value> {
    match normalise {
        Normaliser::Phone => Some(match region {
            None => json!(DEFAULT_PHONE_REGION),
            Some(PhoneRegion::Fixed(code)) => json!(code),
            Some(PhoneRegion::ByField(field)) => json!({ "by_field": field }),
        }),
        Normaliser::None
        | Normaliser::Trim
        | Normaliser::Email
        | Normaliser::Identifier
        | Normaliser::IntegerIdentifier
        | Normaliser::ResidentId
        | Normaliser::TravelPermit
        | Normaliser::WechatId => None,
    }
}

/// The values that a rule lets in, if one sends all others to quarantine.
pub(crate) fn accepted_codes(field: &Field) -> Option<Vec<String>> {
    let strict = field.rules.iter().filter(|rule| !rule.on_failure.keeps_the_row());
    strict.map(|rule| &rule.rule.value).find_map(|rule| match rule {
        Rule::In(codes) => Some(codes.clone()),
        Rule::Required
        | Rule::Between { .. }
        | Rule::Matches(_)
        | Rule::NotInFuture
        | Rule::Unique
        | Rule::References { .. } => None,
    })
}

/// A set of values; `None` if it is empty.
fn sorted(values: impl Iterator<Item = Value>) -> Option<Value> {
    let mut all: Vec<Value> = values.collect();
    all.sort_by_key(Value::to_string);
    all.dedup();
    (!all.is_empty()).then_some(Value::Array(all))
}
