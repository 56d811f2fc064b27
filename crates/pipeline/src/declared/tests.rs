#![allow(clippy::unwrap_used)]
//! Every change of a field that decides stored values is found, and a declaration is the same as itself.

use super::attributes::Attribute;
use super::change::ChangeKind;
use super::compare::compare;
use super::declaration::StoredDeclaration;
use super::noted::StoredDeclarations;
use chrono_tz::Tz;
use lakewarden_dictionary::{Dataset, SourceFile, load};
use lakewarden_privacy::{KeyRing, MasterKey};
use std::collections::BTreeSet;
use std::path::Path;

const ZONE: Tz = chrono_tz::Asia::Shanghai;

/// A dataset with the keys given and fields of these keys besides those that all have.
fn dataset(keys: &str, fields: &[&str]) -> Dataset {
    let fields: String = (fields.iter())
        .map(|keys| format!("  - {{ label: {{ zh: 值, en: V }}, meaning: V., identifier: none, {keys} }}\n"))
        .collect();
    let text = format!(
        "dataset: visits\nlabel: {{ zh: 访问, en: Visits }}\nmeaning: One visit.\nsource: Door\nowner: o@shop.example\nupdate_frequency: daily\nformat: {{ container: csv }}\n{keys}fields:\n{fields}"
    );
    load(&[SourceFile { path: "schemas/channels/visits.yaml".into(), text: text.into() }]).project.datasets.remove(0)
}

fn of(keys: &str, fields: &[&str]) -> StoredDeclaration {
    StoredDeclaration::from_dataset(&dataset(keys, fields), ZONE, None)
}

fn kinds(before: &StoredDeclaration, now: &StoredDeclaration) -> Vec<ChangeKind> {
    compare(before, now).into_iter().map(|difference| difference.kind).collect()
}

/// What a field that had `before` and has `now` is to stored values.
fn field(before: &str, now: &str) -> Vec<ChangeKind> {
    let one = |keys: &str| of("", &[&format!("name: v, {keys}")]);
    kinds(&one(before), &one(now))
}

#[test]
fn a_declaration_is_the_same_as_itself() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let open = crate::project::OpenProject::open(&repository).unwrap();
    let keys = KeyRing::new(MasterKey::from_bytes([1; 32]), 1);
    assert!(open.project.datasets.len() > 5);
    for dataset in &open.project.datasets {
        let declared = StoredDeclaration::from_dataset(dataset, open.zone(), Some(&keys));
        assert_eq!(compare(&declared, &declared), [], "{}", dataset.name.value);
        // As it comes back from a commit.
        let noted = serde_json::to_string(&declared).unwrap();
        let read: StoredDeclaration = serde_json::from_str(&noted).unwrap();
        assert_eq!((read.id(), compare(&read, &declared)), (declared.id(), Vec::new()), "{}", dataset.name.value);
        // Whoever looks without a key sees everything else.
        let keyless = StoredDeclaration::from_dataset(dataset, open.zone(), None);
        assert_eq!(compare(&declared, &keyless), [], "{}", dataset.name.value);
    }
}

const TREATMENTS: [&str; 14] = [
    "keep",
    "drop",
    "redact",
    "{ pseudonymise: phone }",
    "{ pseudonymise: card }",
    "{ pseudonymise: { by_field: kind } }",
    "{ mask: { keep_first: 1 } }",
    "{ mask: { keep_last: 1 } }",
    "{ generalise: decade }",
    "{ generalise: year }",
    "{ generalise: month }",
    "{ generalise: city }",
    "{ generalise: { grid: 10 } }",
    "{ generalise: { grid: 20 } }",
];

#[test]
fn every_treatment_differs_from_every_other() {
    for type_of in ["string", "date", "double"] {
        for before in TREATMENTS {
            for now in TREATMENTS {
                let found = field(
                    &format!("type: {type_of}, treatment: {before}"),
                    &format!("type: {type_of}, treatment: {now}"),
                );
                let expected: &[ChangeKind] = match (before, now) {
                    _ if before == now => &[],
                    ("drop", now) if now.contains("pseudonymise") => &[ChangeKind::SubjectNotStored],
                    ("drop", _) => &[ChangeKind::FieldAdded],
                    (_, "drop") => &[ChangeKind::FieldDropped],
                    _ => {
                        let of_values = [ChangeKind::TypeChanged, ChangeKind::TreatmentChanged];
                        assert!(
                            matches!(found[..], [kind] if of_values.contains(&kind)),
                            "{before} → {now}: {found:?}"
                        );
                        continue;
                    }
                };
                assert_eq!(found, expected, "{type_of}: {before} → {now}");
            }
        }
    }
}

#[test]
fn every_type_differs_from_every_other() {
    let types = [
        "string",
        "integer",
        "double",
        "boolean",
        "date",
        "timestamp",
        "'decimal(10, 2)'",
        "'decimal(12, 2)'",
        "'decimal(12, 3)'",
    ];
    for treatment in ["keep", "{ pseudonymise: card }", "redact"] {
        for before in types {
            for now in types.into_iter().filter(|now| *now != before) {
                let found = field(
                    &format!("type: {before}, treatment: {treatment}"),
                    &format!("type: {now}, treatment: {treatment}"),
                );
                let expected = match treatment {
                    "keep" => ChangeKind::TypeChanged,
                    "redact" => ChangeKind::ReadingChanged,
                    _ => ChangeKind::PseudonymChanged,
                };
                assert!(found.contains(&expected), "{treatment}: {before} → {now}: {found:?}");
            }
        }
    }
}

/// Keys of a field, each with a type that it is for, and what it becomes: of a pseudonym, another pseudonym.
const READINGS: [(Attribute, &str, &str, &str); 22] = [
    (Attribute::Normalise, "string", "", "normalise: none"),
    (Attribute::Normalise, "string", "normalise: phone", "normalise: email"),
    (Attribute::Normalise, "string", "normalise: resident_id", "normalise: integer_identifier"),
    (Attribute::Region, "string", "normalise: phone", "normalise: phone, region: DE"),
    (Attribute::Region, "string", "normalise: phone, region: DE", "normalise: phone, region: { by_field: land }"),
    (Attribute::EmailRules, "string", "normalise: email", "normalise: email, email_rules: [drop_tag]"),
    (Attribute::TrimChars, "string", "", "trim_chars: \"'\""),
    (Attribute::Map, "string", "map: { a: b }", "map: { a: c }"),
    (Attribute::Map, "string", "map: { a: b, c: d }", "map: { a: b }"),
    (Attribute::NullValues, "string", "null_values: [n]", "null_values: [m]"),
    (Attribute::Fold, "string", "map: { a: b }", "map: { a: b }, fold: case"),
    (Attribute::TimeZone, "timestamp", "", "time_zone: Europe/Berlin"),
    (Attribute::TimeFormat, "timestamp", "time_format: '%d/%m/%Y'", "time_format: '%m/%d/%Y'"),
    (Attribute::TimeFormat, "date", "time_format: ['%d/%m/%Y', '%Y']", "time_format: ['%Y', '%d/%m/%Y']"),
    (Attribute::EpochAsDeclared, "timestamp", "time_format: epoch_s, epoch_as_declared: true", "time_format: epoch_s"),
    (Attribute::NumberFormat, "double", "", "number_format: { decimal: comma }"),
    (Attribute::NumberFormat, "double", "number_format: { percent: fraction }", "number_format: { percent: number }"),
    (Attribute::NumberFormat, "double", "number_format: { group: comma }", ""),
    (Attribute::BooleanWords, "boolean", "", "boolean_words: { yes: [0], no: [1] }"),
    (
        Attribute::BooleanWords,
        "boolean",
        "boolean_words: { yes: [a, c], no: [b] }",
        "boolean_words: { yes: [a], no: [b, c] }",
    ),
    (Attribute::Fill, "string", "", "fill: down within order_no"),
    (Attribute::Type, "string", "", "TYPE: json"),
];

fn with(type_of: &str, treatment: &str, keys: &str) -> String {
    match keys.strip_prefix("TYPE: ") {
        Some(other) => format!("type: {other}, treatment: {treatment}"),
        None if keys.is_empty() => format!("type: {type_of}, treatment: {treatment}"),
        None => format!("type: {type_of}, treatment: {treatment}, {keys}"),
    }
}

#[test]
fn what_decides_values_is_found_in_every_field_that_stores_them() {
    let mut found_of = BTreeSet::new();
    for (attribute, type_of, before, now) in READINGS {
        found_of.insert(attribute);
        let treatments: &[(&str, ChangeKind)] = match type_of {
            "string" => &[
                ("keep", ChangeKind::ReadingChanged),
                ("redact", ChangeKind::ReadingChanged),
                ("{ mask: { keep_first: 1 } }", ChangeKind::ReadingChanged),
                ("{ generalise: city }", ChangeKind::ReadingChanged),
                ("{ pseudonymise: card }", ChangeKind::PseudonymChanged),
                ("{ pseudonymise: { by_field: kind } }", ChangeKind::PseudonymChanged),
            ],
            "timestamp" | "date" => &[
                ("keep", ChangeKind::ReadingChanged),
                ("{ generalise: decade }", ChangeKind::ReadingChanged),
                ("{ generalise: year }", ChangeKind::ReadingChanged),
                ("{ generalise: month }", ChangeKind::ReadingChanged),
            ],
            "double" => {
                &[("keep", ChangeKind::ReadingChanged), ("{ generalise: { grid: 10 } }", ChangeKind::ReadingChanged)]
            }
            _ => &[("keep", ChangeKind::ReadingChanged)],
        };
        for (treatment, expected) in treatments {
            let (before, now) = (with(type_of, treatment, before), with(type_of, treatment, now));
            let found = field(&before, &now);
            assert!(found.contains(expected), "{attribute:?}: {before} → {now}: {found:?}");
            assert!(!field(&now, &before).is_empty(), "{attribute:?}: {now} → {before}");
            assert!(field(&now, &now).is_empty() && field(&before, &before).is_empty());
        }
    }
    // Of pseudonyms alone.
    for (attribute, keys) in [
        (Attribute::Absent, "absent: [nobody]"),
        (Attribute::AbsentDefaults, "absent: [a], absent_defaults: false"),
        (Attribute::Masked, "masked: keep"),
    ] {
        found_of.insert(attribute);
        let plain = with("string", "{ pseudonymise: card }", "");
        let found = field(&plain, &with("string", "{ pseudonymise: card }", keys));
        assert!(found.contains(&ChangeKind::PseudonymChanged), "{keys}: {found:?}");
    }
    found_of.insert(Attribute::Round);
    assert_eq!(
        field("type: double, treatment: keep", "type: double, treatment: keep, round: true"),
        [ChangeKind::ReadingExtended]
    );
    found_of.insert(Attribute::Datum);
    let places = |datum: &str| {
        let fields = ["name: lat, type: double, treatment: keep", "name: lon, type: double, treatment: keep"];
        of(&format!("coordinates: [{{ latitude: lat, longitude: lon, datum: {datum} }}]\n"), &fields)
    };
    assert_eq!(kinds(&places("wgs84"), &places("gcj02")), [ChangeKind::ReadingChanged; 2]);
    found_of.insert(Attribute::Domains); // `spellings_of_another_datasets_domain_are_found`
    assert_eq!(found_of, BTreeSet::from(Attribute::ALL));
}

#[test]
fn what_reads_the_same_values_alike_is_harmless() {
    for (type_of, before, now) in [
        ("timestamp", "time_format: '%d/%m/%Y'", "time_format: ['%d/%m/%Y', '%Y-%m-%d']"),
        ("timestamp", "", "time_format: '%d/%m/%Y'"),
        ("timestamp", "time_format: epoch_s", "time_format: epoch_s, epoch_as_declared: true"),
        ("double", "", "number_format: { currency: CNY }"),
        ("double", "number_format: { group: comma }", "number_format: { group: comma, accounting: true }"),
        ("boolean", "boolean_words: { yes: [a], no: [b] }", "boolean_words: { yes: [a, c], no: [b] }"),
        ("integer", "", "null_values: ['n/a']"),
        ("string", "map: { a: b }, rules: [{ in: [b, d] }]", "map: { a: b, c: d }, rules: [{ in: [b, d] }]"),
        ("string", "map: { a: b, c: b }, rules: [{ in: [b] }]", "map: { a: b, d: b }, rules: [{ in: [b] }]"),
    ] {
        let found = field(&with(type_of, "keep", before), &with(type_of, "keep", now));
        assert_eq!(found, [ChangeKind::ReadingExtended], "{before} → {now}");
    }
    // Rows may hold the spelling as it came.
    for (before, now) in [("map: { a: b }", "map: { a: b, c: d }"), ("", "map: { a: b }"), ("", "null_values: [n]")] {
        let found = field(&with("string", "keep", before), &with("string", "keep", now));
        assert_eq!(found, [ChangeKind::SpellingAdded], "{before} → {now}");
    }
    for (before, now) in [
        ("unit: CNY", "unit: yuan"),
        ("", "purposes: [analytics]"),
        ("", "rules: [required, { between: { min: 1 } }]"),
        ("", "optional: true"),
        ("", "statistical_period: as_of"),
        ("map: { a: b, c: d }", "map: { c: d, a: b }"),
        ("null_values: [a, b]", "null_values: [b, a]"),
        ("normalise: phone, region: CN", "normalise: phone"),
        ("", "normalise: trim"),
        ("", "since: 2026-01-01"),
    ] {
        assert_eq!(field(&with("integer", "keep", before), &with("integer", "keep", now)), [], "{before} → {now}");
    }
    let pseudonym = |keys| with("string", "{ pseudonymise: card }", keys);
    assert_eq!(field(&pseudonym(""), &pseudonym("normalise: identifier")), [], "the same pseudonyms");
}

#[test]
fn since_resolves_what_is_read_and_not_what_was_done_to_it() {
    let keys = |keys: &str| format!("{keys}, since: 2026-03-01");
    let kept = |text: &str| with("timestamp", "keep", text);
    let found = field(&kept("time_format: '%d/%m/%Y'"), &kept(&keys("time_format: '%m/%d/%Y'")));
    assert_eq!(found, [ChangeKind::ReadingChangedSince]);
    // It said so of another change.
    let found = field(&kept(&keys("time_format: '%d/%m/%Y'")), &kept(&keys("time_format: '%m/%d/%Y'")));
    assert_eq!(found, [ChangeKind::ReadingChanged]);
    let pseudonym = |text: &str| with("string", "{ pseudonymise: card }", text);
    let found = field(&pseudonym("normalise: phone"), &pseudonym(&keys("normalise: email")));
    assert_eq!(found[0], ChangeKind::PseudonymChanged);
    let found = field(&with("string", "keep", ""), &with("string", "redact", "since: 2026-03-01"));
    assert_eq!(found, [ChangeKind::TreatmentChanged]);
}

#[test]
fn fields_are_added_dropped_and_renamed() {
    let (a, b) = ("name: a, type: string, treatment: keep", "name: b, type: string, treatment: keep");
    let (c, later) =
        ("name: c, type: integer, treatment: keep", "name: b, type: string, treatment: keep, since: 2026-03-01");
    assert_eq!(kinds(&of("", &[a]), &of("", &[a, b])), [ChangeKind::FieldAdded]);
    assert_eq!(kinds(&of("", &[a]), &of("", &[a, later])), [ChangeKind::FieldAddedSince]);
    assert_eq!(kinds(&of("", &[a, b]), &of("", &[a])), [ChangeKind::FieldDropped]);
    assert_eq!(kinds(&of("", &[a]), &of("", &[b])), [ChangeKind::FieldRenamed]);
    assert_eq!(kinds(&of("", &[a]), &of("", &[later])), [ChangeKind::FieldAddedSince, ChangeKind::FieldDropped]);
    assert_eq!(kinds(&of("", &[a]), &of("", &[c])), [ChangeKind::FieldAdded, ChangeKind::FieldDropped]);
    // Which of the two it was, no rule can tell.
    let two = [b, "name: d, type: string, treatment: keep"];
    let found = kinds(&of("", &[a]), &of("", &two));
    assert_eq!(found, [ChangeKind::FieldAdded, ChangeKind::FieldAdded, ChangeKind::FieldDropped]);
    let column = "name: other, column: a, type: string, treatment: keep";
    assert_eq!(kinds(&of("", &[a]), &of("", &[column])), [ChangeKind::SourceChanged]);
    let person = "name: p, type: string, treatment: { pseudonymise: phone }";
    assert_eq!(kinds(&of("", &[a]), &of("", &[a, person])), [ChangeKind::SubjectNotStored]);
    let card = "name: q, type: string, treatment: { pseudonymise: card }";
    assert_eq!(kinds(&of("", &[person]), &of("", &[person, card])), [ChangeKind::FieldAdded]);
}

#[test]
fn what_is_declared_of_rows_is_compared() {
    let fields = [
        "name: a, type: string, treatment: keep",
        "name: b, type: string, treatment: keep",
        "name: at, type: timestamp, treatment: keep",
    ];
    for (before, now, expected) in [
        ("key: a\n", "key: [b, a]\n", &[ChangeKind::RowKeyFiner][..]),
        ("key: a\n", "", &[ChangeKind::RowKeyFiner]),
        ("key: [a, b]\n", "key: [b, a]\n", &[]),
        ("key: [a, b]\n", "key: a\n", &[ChangeKind::RowKeyChanged]),
        ("", "key: a\n", &[ChangeKind::RowKeyChanged]),
        ("key: a\n", "key: a\nsurvivor: last\n", &[ChangeKind::SurvivorChanged]),
        ("event_time: at\n", "event_time: at\nretention: P1Y\n", &[ChangeKind::RetentionShorter]),
        ("retention: P2Y\n", "retention: P1Y\n", &[ChangeKind::RetentionShorter]),
        ("retention: P11M\n", "retention: P1Y\n", &[ChangeKind::RetentionLonger]),
        ("retention: P12M\n", "retention: P1Y\n", &[]),
        ("retention: P1Y\n", "", &[ChangeKind::RetentionLonger]),
        ("", "event_time: at\n", &[ChangeKind::EventTimeChanged]),
        ("", "role: suppression_list\n", &[ChangeKind::RoleChanged]),
        ("", "subject: none\nsubject_reason: Why not.\n", &[ChangeKind::SubjectChanged]),
        ("", "purposes: { analytics: consent }\nstopped_files: set_aside\n", &[]),
    ] {
        assert_eq!(kinds(&of(before, &fields), &of(now, &fields)), expected, "{before:?} → {now:?}");
    }
    // Zones of the dataset and of the project are those of its times.
    assert_eq!(kinds(&of("", &fields), &of("time_zone: UTC\n", &fields)), [ChangeKind::ReadingChanged]);
    let elsewhere = StoredDeclaration::from_dataset(&dataset("", &fields), chrono_tz::UTC, None);
    assert_eq!(kinds(&of("", &fields), &elsewhere), [ChangeKind::ReadingChanged]);
}

#[test]
fn another_version_of_the_key_makes_other_pseudonyms() {
    let key = |version| KeyRing::new(MasterKey::from_bytes([1; 32]), version);
    let person = dataset("", &["name: p, type: string, treatment: { pseudonymise: phone }"]);
    let under = |dataset: &Dataset, version| StoredDeclaration::from_dataset(dataset, ZONE, Some(&key(version)));
    assert_eq!(kinds(&under(&person, 1), &under(&person, 2)), [ChangeKind::SecretKeyRotated]);
    let nobody = dataset("", &["name: p, type: string, treatment: keep"]);
    assert_eq!(under(&nobody, 1), under(&nobody, 2));
}

#[test]
fn spellings_of_another_datasets_domain_are_found() {
    let open = crate::project::OpenProject::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap();
    let by_field = |d: &&Dataset| d.stored().any(|f| format!("{:?}", f.treatment).contains("ByField"));
    let log = open.project.datasets.iter().find(by_field).unwrap().clone();
    let before = StoredDeclaration::from_dataset(&log, ZONE, None);
    let mut changed = log.clone();
    let domain = changed.terms.domains.values_mut().next().unwrap();
    domain.field.trim_chars.push('#');
    let now = StoredDeclaration::from_dataset(&changed, ZONE, None);
    assert_eq!(kinds(&before, &now), [ChangeKind::PseudonymChanged]);
    // A domain that is new was in no row.
    let mut more = log.clone();
    let (_, spelling) = more.terms.domains.first_key_value().map(|(name, s)| (name.clone(), s.clone())).unwrap();
    more.terms.domains.insert("another".to_owned(), spelling);
    assert_eq!(kinds(&before, &StoredDeclaration::from_dataset(&more, ZONE, None)), []);
}

#[test]
fn after_files_are_loaded_again_only_the_others_count() {
    let (a, b) =
        (of("", &["name: a, type: string, treatment: keep"]), of("", &["name: a, type: string, treatment: redact"]));
    let (first, second) = (a.id(), b.id());
    let both = StoredDeclarations::default().with(a.clone()).with(b.clone());
    let ids = |left: &StoredDeclarations| left.iter().map(|(id, _)| id.to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(ids(&both), BTreeSet::from([first.clone(), second.clone()]));
    let part = both.clone().of_files([Some(first.as_str())]).with(b.clone());
    assert_eq!(ids(&part), BTreeSet::from([first, second.clone()]));
    let all = both.of_files([]).with(b.clone());
    assert_eq!(ids(&all), BTreeSet::from([second]));
    // Files of versions that named none are of the one that is made up for them.
    let unnamed = StoredDeclaration { terms: None, ..a };
    let id = unnamed.id();
    let noted = StoredDeclarations::default().with(unnamed).with(b);
    assert_eq!(ids(&noted.of_files([None])), BTreeSet::from([id]));
}
