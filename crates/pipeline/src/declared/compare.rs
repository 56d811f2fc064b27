//! Two declarations of one dataset → what differs between them.

use super::attributes::Attribute;
use super::change::ChangeKind;
use super::declaration::{ColumnReading, RowTerms, StoredColumn, StoredDeclaration};
use lakewarden_dictionary::{NumberFormat, Period};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// One difference between the declaration that rows were stored under and today's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Difference {
    /// The column, if it is of one.
    pub column: Option<String>,
    /// What kind of change it is.
    pub kind: ChangeKind,
    /// What was declared, if it can be said in a few words.
    pub before: Option<String>,
    /// What is declared today, if it can be said in a few words.
    pub now: Option<String>,
}

impl Difference {
    fn of_column(column: &str, kind: ChangeKind, before: Option<String>, now: Option<String>) -> Self {
        Self { column: Some(column.to_owned()), kind, before, now }
    }

    fn of_rows(kind: ChangeKind, before: Option<&str>, now: Option<&str>) -> Self {
        Self { column: None, kind, before: before.map(str::to_owned), now: now.map(str::to_owned) }
    }
}

/// What differs, in the order of the columns, that of the rows first. Nothing, where two declarations are the same.
pub(crate) fn compare(stored: &StoredDeclaration, today: &StoredDeclaration) -> Vec<Difference> {
    let mut found = Vec::new();
    if let (Some(before), Some(now)) = (&stored.pseudonym_key, &today.pseudonym_key)
        && before.version != now.version
    {
        let version = |facts: u32| format!("version {facts}");
        let (before, now) = (version(before.version), version(now.version));
        found.push(Difference::of_rows(ChangeKind::SecretKeyRotated, Some(&before), Some(&now)));
    }
    let lost_subject =
        today.pseudonyms().next().is_some() && !today.pseudonyms().any(|column| stored.columns.contains_key(column));
    if lost_subject {
        found.push(Difference::of_rows(ChangeKind::SubjectNotStored, None, None));
    }
    if let (Some(before), Some(now)) = (&stored.terms, &today.terms) {
        compare_terms(before, now, &mut found);
        compare_removal(stored.removed_under.as_deref(), now, &mut found);
    }
    let added = today.columns.iter().filter(|(name, _)| !stored.columns.contains_key(*name));
    // That rows name nobody says more than that the column which names them is new.
    let mut added: Vec<(&str, &StoredColumn)> = added
        .map(|(name, column)| (name.as_str(), column))
        .filter(|(_, c)| !(lost_subject && c.is_pseudonym()))
        .collect();
    let dropped = stored.columns.iter().filter(|(name, _)| !today.columns.contains_key(*name));
    let mut dropped: Vec<(&str, &StoredColumn)> = dropped.map(|(name, column)| (name.as_str(), column)).collect();
    for (before, now) in renamed(&dropped, &added) {
        let (old, new) = (Some(before.to_owned()), Some(now.to_owned()));
        found.push(Difference::of_column(now, ChangeKind::FieldRenamed, old, new));
        added.retain(|(name, _)| *name != now);
        dropped.retain(|(name, _)| *name != before);
    }
    for (name, column) in added {
        let kind = match column.reading.as_ref().and_then(|reading| reading.since.as_ref()) {
            Some(_) => ChangeKind::FieldAddedSince,
            None => ChangeKind::FieldAdded,
        };
        let since = column.reading.as_ref().and_then(|reading| reading.since.clone());
        found.push(Difference::of_column(name, kind, None, since));
    }
    let gone = dropped.into_iter().map(|(name, _)| Difference::of_column(name, ChangeKind::FieldDropped, None, None));
    found.extend(gone);
    for (name, now) in &today.columns {
        if let Some(before) = stored.columns.get(name) {
            compare_column(name, before, now, &mut found);
        }
    }
    found
}

fn compare_terms(before: &RowTerms, now: &RowTerms, found: &mut Vec<Difference>) {
    // A new key of either does not compile until it is compared.
    let RowTerms { role, subject, row_key, survivor, event_time, retention } = now;
    let mut differs = |kind, before: &str, now: &str| {
        if before != now {
            found.push(Difference::of_rows(kind, Some(before), Some(now)));
        }
    };
    differs(ChangeKind::RoleChanged, &before.role, role);
    differs(ChangeKind::SubjectChanged, &before.subject, subject);
    let words = |columns: &[String]| if columns.is_empty() { "no key".to_owned() } else { columns.join(", ") };
    let (old, new): (BTreeSet<&String>, BTreeSet<&String>) =
        (before.row_key.iter().collect(), row_key.iter().collect());
    // Without a key every row is one of its own: nothing is finer.
    let finer = new.is_empty() || (!old.is_empty() && old.is_subset(&new));
    let kind = if finer { ChangeKind::RowKeyFiner } else { ChangeKind::RowKeyChanged };
    differs(kind, &words(&before.row_key), &words(row_key));
    differs(ChangeKind::SurvivorChanged, &before.survivor, survivor);
    let name = |event: &Option<String>| event.clone().unwrap_or_else(|| "none".to_owned());
    differs(ChangeKind::EventTimeChanged, &name(&before.event_time), &name(event_time));
    let period = |text: &Option<String>| text.as_ref().and_then(|text| text.parse::<Period>().ok());
    let longer = match (period(&before.retention), period(retention)) {
        (Some(before), Some(now)) => now.is_longer_than(&before),
        (Some(_), None) => true,
        (None, Some(_) | None) => false,
    };
    let kind = if longer { ChangeKind::RetentionLonger } else { ChangeKind::RetentionShorter };
    let kept = |text: &Option<String>| text.clone().unwrap_or_else(|| "for ever".to_owned());
    differs(kind, &kept(&before.retention), &kept(retention));
}

/// What a run has removed under a retention is gone: under one that is not longer, nothing is left to tell.
fn compare_removal(removed_under: Option<&str>, now: &RowTerms, found: &mut Vec<Difference>) {
    let Some(text) = removed_under else { return };
    let Ok(removed) = text.parse::<Period>() else { return };
    let today = now.retention.as_ref().and_then(|text| text.parse::<Period>().ok());
    if today.is_none_or(|today| today.is_longer_than(&removed)) {
        let kept = now.retention.as_deref().unwrap_or("for ever");
        found.push(Difference::of_rows(ChangeKind::RetentionRemoved, Some(text), Some(kept)));
    }
    if today.is_some_and(|today| !removed.is_longer_than(&today)) {
        found.retain(|difference| difference.kind != ChangeKind::RetentionShorter);
    }
}

/// Dropped and added columns of one type and treatment, where each has no other counterpart: probably the same under
/// another name. A column that says since when it is there is a new one.
fn renamed<'c>(dropped: &[(&'c str, &StoredColumn)], added: &[(&'c str, &StoredColumn)]) -> Vec<(&'c str, &'c str)> {
    let alike = |a: &StoredColumn, b: &StoredColumn| {
        let has_since = [a, b].iter().any(|c| c.reading.as_ref().is_some_and(|reading| reading.since.is_some()));
        a.stored_type == b.stored_type && a.treatment == b.treatment && !has_since
    };
    let only = |of: &StoredColumn, among: &[(&'c str, &StoredColumn)]| {
        let mut like = among.iter().filter(|(_, column)| alike(of, column));
        match (like.next(), like.next()) {
            (Some((name, _)), None) => Some(*name),
            _ => None,
        }
    };
    let pair = |(name, column): &(&'c str, &StoredColumn)| {
        let new = only(column, added)?;
        let back = added.iter().find(|(other, _)| *other == new).and_then(|(_, column)| only(column, dropped));
        (back == Some(*name)).then_some((*name, new))
    };
    dropped.iter().filter_map(pair).collect()
}

fn compare_column(name: &str, before: &StoredColumn, now: &StoredColumn, found: &mut Vec<Difference>) {
    let StoredColumn { stored_type, treatment, reading } = now;
    if before.stored_type != *stored_type {
        let (old, new) = (Some(before.stored_type.clone()), Some(stored_type.clone()));
        found.push(Difference::of_column(name, ChangeKind::TypeChanged, old, new));
        return;
    }
    if let (Some(old), Some(new)) = (&before.treatment, treatment)
        && old != new
    {
        let words = |treatment| Some(treatment_words(treatment));
        found.push(Difference::of_column(name, ChangeKind::TreatmentChanged, words(old), words(new)));
        return;
    }
    let (Some(old), Some(new)) = (&before.reading, reading) else { return };
    if old.field != new.field {
        let (old, new) = (Some(old.field.clone()), Some(new.field.clone()));
        found.push(Difference::of_column(name, ChangeKind::SourceChanged, old, new));
    }
    let of = |attribute| (old.attributes.get(&attribute), new.attributes.get(&attribute));
    let normaliser = of(Attribute::Normalise);
    for attribute in Attribute::ALL {
        // What goes with a normaliser goes with its change.
        let is_part_of_it = matches!(attribute, Attribute::Region | Attribute::EmailRules);
        if is_part_of_it && normaliser.0 != normaliser.1 {
            continue;
        }
        let values = of(attribute);
        if let Some(kind) = attribute_change(attribute, values, old, new, now) {
            let words = |value: Option<&Value>, when| Some(attribute_words(attribute, value, when));
            found.push(Difference::of_column(name, kind, words(values.0, "of then"), words(values.1, "of today")));
        }
    }
}

/// What a difference in one attribute is to the stored values.
fn attribute_change(
    attribute: Attribute,
    (before, now): (Option<&Value>, Option<&Value>),
    old: &ColumnReading,
    new: &ColumnReading,
    column: &StoredColumn,
) -> Option<ChangeKind> {
    if before == now || (attribute == Attribute::Domains && same_domains(before, now)) {
        return None;
    }
    if column.is_pseudonym() {
        return Some(ChangeKind::PseudonymChanged);
    }
    let is_text = new.attributes.get(&Attribute::Type).is_none_or(|of| of == "string" || of == "json");
    let kind = match attribute {
        Attribute::TimeFormat if begins_with(now, before) => ChangeKind::ReadingExtended,
        Attribute::BooleanWords if has_all_words(now, before) => ChangeKind::ReadingExtended,
        Attribute::NumberFormat if reads_all_numbers_of(now, before) => ChangeKind::ReadingExtended,
        // Without it such rows were not stored; what it rounded is rounded for good.
        Attribute::Round => ChangeKind::ReadingExtended,
        Attribute::EpochAsDeclared if now.is_some() => ChangeKind::ReadingExtended,
        Attribute::NullValues if contains_all(now, before) => {
            // A text that now means null was no number, and no row.
            if is_text { ChangeKind::SpellingAdded } else { ChangeKind::ReadingExtended }
        }
        Attribute::Map => match map_change(before, now, old, new) {
            MapChange::OtherCodes => ChangeKind::ReadingChanged,
            MapChange::MaySpell if is_text => ChangeKind::SpellingAdded,
            MapChange::MaySpell | MapChange::None => ChangeKind::ReadingExtended,
        },
        Attribute::Type
        | Attribute::Normalise
        | Attribute::Region
        | Attribute::EmailRules
        | Attribute::TrimChars
        | Attribute::NullValues
        | Attribute::Fold
        | Attribute::Absent
        | Attribute::AbsentDefaults
        | Attribute::Masked
        | Attribute::TimeZone
        | Attribute::TimeFormat
        | Attribute::EpochAsDeclared
        | Attribute::NumberFormat
        | Attribute::BooleanWords
        | Attribute::Fill
        | Attribute::Datum
        | Attribute::Domains => ChangeKind::ReadingChanged,
    };
    let is_resolved = new.since.is_some() && new.since != old.since;
    Some(match kind {
        ChangeKind::ReadingChanged | ChangeKind::SpellingAdded if is_resolved => ChangeKind::ReadingChangedSince,
        other => other,
    })
}

/// Whether the domains that both know are spelled alike; one that is new was of no stored row.
fn same_domains(before: Option<&Value>, now: Option<&Value>) -> bool {
    let (Some(Value::Object(before)), Some(Value::Object(now))) = (before, now) else { return false };
    before.iter().all(|(domain, spelled)| now.get(domain).is_none_or(|today| today == spelled))
}

/// Whether formats were added at the end: of several the first that fits counts. ISO 8601, which none declared stands
/// for, has one reading.
fn begins_with(now: Option<&Value>, before: Option<&Value>) -> bool {
    let (Some(Value::Array(now)), Some(Value::Array(before))) = (now, before) else { return before.is_none() };
    now.starts_with(before)
}

fn contains_all(now: Option<&Value>, before: Option<&Value>) -> bool {
    let Some(Value::Array(now)) = now else { return false };
    match before {
        Some(Value::Array(before)) => before.iter().all(|value| now.contains(value)),
        Some(_) => false,
        None => true,
    }
}

fn has_all_words(now: Option<&Value>, before: Option<&Value>) -> bool {
    let (Some(now), Some(before)) = (now, before) else { return false };
    ["yes", "no"].iter().all(|key| contains_all(now.get(key), before.get(key)))
}

/// Whether every number of the earlier format is the same number in the later one: something is allowed that was not.
fn reads_all_numbers_of(now: Option<&Value>, before: Option<&Value>) -> bool {
    let usual = json!(NumberFormat::default());
    let (now, before) = (now.unwrap_or(&usual), before.unwrap_or(&usual));
    let Some(keys) = before.as_object() else { return false };
    keys.iter().all(|(key, old)| match (old, now.get(key)) {
        (old, Some(new)) if old == new => true,
        (Value::Null | Value::Bool(false), Some(_)) => true,
        (_, Some(_) | None) => false,
    })
}

/// What a difference between two maps is to stored codes.
enum MapChange {
    /// Every stored code is what its spelling stands for today.
    None,
    /// Rows may hold, as they came, spellings that have a code today.
    MaySpell,
    /// A stored code may be another one today.
    OtherCodes,
}

fn map_change(before: Option<&Value>, now: Option<&Value>, old: &ColumnReading, new: &ColumnReading) -> MapChange {
    let none = serde_json::Map::new();
    let spellings = |map: Option<&'_ Value>| map.and_then(Value::as_object).cloned().unwrap_or_else(|| none.clone());
    let (before, now) = (spellings(before), spellings(now));
    // A value that no rule lets in is in no row.
    let is_in_no_row =
        |reading: &ColumnReading, text: &String| reading.codes.as_ref().is_some_and(|c| !c.contains(text));
    let gone = |(spelling, code): (&String, &Value)| match now.get(spelling) {
        Some(today) => today != code,
        None => !is_in_no_row(new, spelling),
    };
    if before.iter().any(gone) {
        return MapChange::OtherCodes;
    }
    let added = now.keys().filter(|spelling| !before.contains_key(*spelling));
    if added.into_iter().any(|spelling| !is_in_no_row(old, spelling)) { MapChange::MaySpell } else { MapChange::None }
}

/// A treatment as the dictionary writes it.
pub(crate) fn treatment_words(treatment: &Value) -> String {
    let text = match treatment {
        Value::String(word) => word.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            treatment.to_string().replace('"', "").replace(':', ": ").replace(',', ", ")
        }
    };
    format!("`{text}`")
}

/// An attribute as the dictionary writes it; of lists only whether they are of then or of today.
fn attribute_words(attribute: Attribute, value: Option<&Value>, when: &str) -> String {
    let key = attribute.key();
    match (attribute, value) {
        (Attribute::Domains, _) => format!("{key} declared so"),
        (_, None) => format!("no `{key}`"),
        // Spellings, words and placeholders may be many, and are written in the entry.
        (Attribute::Map | Attribute::Absent | Attribute::NullValues | Attribute::BooleanWords, Some(_)) => {
            format!("the `{key}` {when}")
        }
        (_, Some(Value::String(word))) => format!("`{key}: {word}`"),
        (_, Some(value)) => format!("`{key}: {}`", treatment_words(value).trim_matches('`')),
    }
}
