//! Fields of one identifier domain that would give two pseudonyms for one text.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{DEFAULT_PHONE_REGION, Dataset, DatasetRole, Field, Normaliser, PhoneRegion};
use std::collections::BTreeSet;

const CODE: &str = "LW1230";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "fields of one identifier domain are normalised differently",
        what: "Two fields have the same pseudonym domain (`treatment: { pseudonymise: … }`), and differ in `type`, `normalise`, `region`, `email_rules`, `map`, `null_values`, `trim_chars`, `fold` or a number format, so that one text would become two pseudonyms.",
        why: "A withdrawal names an identifier. If the consent log, or another export, spells it otherwise than the field does that the person is known by, the withdrawal reaches nobody.",
        mend: "Declare the same in all fields of the domain; the message names both places. If they hold different kinds of identifier, give each a domain of its own. Telephone numbers of several countries take `region: { by_field: … }`, which may differ by row.",
        example: Example::Extra {
            path: "schemas/channels/callers.yaml",
            text: "dataset: callers\nlabel: { zh: 来电, en: Callers }\nmeaning: One call.\nsource: Hotline\nowner: crm@lakewarden.example\nupdate_frequency: daily\nformat: { container: csv }\npurposes:\n  analytics: consent\nfields:\n  - name: phone\n    label: { zh: 电话, en: Phone }\n    meaning: Number of the caller.\n    type: string\n    identifier: direct\n    category: user.contact.phone_number\n    treatment: { pseudonymise: phone }\n    normalise: phone\n    region: DE\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    const KEYS: [&str; 9] = [
        "type",
        "treatment",
        "normalise",
        "region",
        "email_rules",
        "map",
        "null_values",
        "trim_chars",
        "number_format",
    ];
    for (domain, fields) in context.project.domain_fields() {
        let mut sound = fields.iter().filter(|(_, field)| !context.is_broken(&field.span, &KEYS));
        let Some((first_dataset, first)) = sound.next() else { continue };
        let mut before = vec![(*first_dataset, *first)];
        for (dataset, field) in sound {
            let unlike =
                before.iter().find(|(other_dataset, other)| regions_differ((dataset, field), (other_dataset, other)));
            let (key, (other_dataset, other)) = match (differing_key(first, field), unlike) {
                (Some(key), _) => (key, (*first_dataset, *first)),
                (None, Some(unlike)) => ("region", *unlike),
                (None, None) => {
                    before.push((dataset, field));
                    continue;
                }
            };
            let name = |dataset: &Dataset, field: &Field| format!("{}.{}", dataset.name.value, field.column.value);
            let message = format!(
                "`{}` and `{}` are identifiers of the domain `{domain}` and differ in `{key}`: one text would become two pseudonyms",
                name(dataset, field),
                name(other_dataset, other),
            );
            let place = format!("`{}` is here", name(other_dataset, other));
            problems.push(
                Problem::error(CODE, field.column.span.clone(), message)
                    .related(other.column.span.clone(), place)
                    .hint(format!("declare the same `{key}` in both, or give one of them another domain")),
            );
        }
    }
}

/// Whether telephone numbers without a country code are of different countries in two fields. A country that each row
/// says may differ from another export's; in a consent log or suppression list it must be found the same way, or a number
/// that is withdrawn there would be another person's.
fn regions_differ((a_dataset, a): (&Dataset, &Field), (b_dataset, b): (&Dataset, &Field)) -> bool {
    if a.normalise != Normaliser::Phone || b.normalise != Normaliser::Phone {
        return false;
    }
    match (fixed_region(a), fixed_region(b)) {
        (Some(a), Some(b)) => a != b,
        (None, None) => false,
        (Some(_), None) => a_dataset.role != DatasetRole::Data,
        (None, Some(_)) => b_dataset.role != DatasetRole::Data,
    }
}

/// The first key by which two fields differ in how they spell an identifier; regions apart.
fn differing_key(a: &Field, b: &Field) -> Option<&'static str> {
    let texts = |field: &Field| field.null_values.iter().cloned().collect::<BTreeSet<_>>();
    let ends = |field: &Field| field.trim_chars.chars().collect::<BTreeSet<_>>();
    let pairs = |field: &Field| field.map.iter().cloned().collect::<BTreeSet<_>>();
    let rules =
        |field: &Field| field.values.email_rules.iter().map(|r| format!("{:?}", r.value)).collect::<BTreeSet<_>>();
    let fold = |field: &Field| {
        let compares = !field.map.is_empty() || !field.null_values.is_empty();
        let folds = field.values.fold.iter().filter(|_| compares);
        folds.map(|f| format!("{:?}", f.value)).collect::<BTreeSet<_>>()
    };
    let numbers = |field: &Field| field.values.number_format.as_ref().map(|f| f.value.clone());
    let differs = [
        ("type", a.data_type.value != b.data_type.value),
        ("normalise", spelling(a) != spelling(b)),
        ("email_rules", rules(a) != rules(b)),
        ("map", pairs(a) != pairs(b)),
        ("null_values", texts(a) != texts(b)),
        ("trim_chars", ends(a) != ends(b)),
        ("fold", fold(a) != fold(b)),
        ("number_format", numbers(a) != numbers(b)),
    ];
    differs.into_iter().find(|(_, differs)| *differs).map(|(key, _)| key)
}

/// The normaliser, by what it does: `trim` and `identifier` do the same, but for when `map` and `null_values` are
/// compared.
fn spelling(field: &Field) -> Normaliser {
    match field.normalise {
        Normaliser::Trim if field.map.is_empty() && field.null_values.is_empty() => Normaliser::Identifier,
        other => other,
    }
}

/// The country of a field's telephone numbers without a country code, if it is the same for all rows.
fn fixed_region(field: &Field) -> Option<&str> {
    if field.normalise != Normaliser::Phone {
        return None;
    }
    match field.values.region.as_ref().map(|region| &region.value) {
        None => Some(DEFAULT_PHONE_REGION),
        Some(PhoneRegion::Fixed(code)) => Some(code),
        Some(PhoneRegion::ByField(_)) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::docs::Example;
    use crate::load;
    use crate::testing::sample_project;

    const PATH: &str = "schemas/channels/callers.yaml";

    /// What a second field of the domain `phone` is told, if it declares these lines.
    fn told(lines: &str) -> Vec<String> {
        let Example::Extra { text, .. } = CHECK.doc.example else { return Vec::new() };
        let text = text.replace("    normalise: phone\n    region: DE\n", lines);
        let mut files = sample_project();
        files.push(crate::SourceFile { path: PATH.into(), text: text.into() });
        let problems = load(&files).problems;
        let own = problems.iter().filter(|p| p.code == "LW1230");
        own.map(|p| {
            assert!(p.related.is_some(), "both places are named");
            p.message.clone()
        })
        .collect()
    }

    #[test]
    fn a_list_finds_the_country_of_numbers_as_the_others_do() {
        let by_row = "    normalise: phone\n    region: { by_field: country }\n  - name: country\n    label: { zh: 国, en: Country }\n    meaning: Country.\n    type: string\n    identifier: none\n    treatment: keep\n";
        assert_eq!(told(by_row), [""; 0], "each row says its own");
        let differs = "`members.phone` and `callers.phone` are identifiers of the domain `phone` and differ in `region`: one text would become two pseudonyms";
        let list = format!("{by_row}role: suppression_list\n");
        assert_eq!(told(&list), [""; 0], "that of the list is said by row, too");
        assert_eq!(told("    normalise: phone\n    region: DE\nrole: suppression_list\n"), [differs]);
    }

    #[test]
    fn fields_of_one_domain_are_spelled_alike() {
        let differs = |key: &str| {
            vec![format!(
                "`members.phone` and `callers.phone` are identifiers of the domain `phone` and differ in `{key}`: one text would become two pseudonyms"
            )]
        };
        assert_eq!(told("    normalise: phone\n"), [""; 0]);
        assert_eq!(told("    normalise: phone\n    region: CN\n"), [""; 0], "as if it had not been declared");
        assert_eq!(told("    normalise: phone\n    region: DE\n"), differs("region"));
        assert_eq!(told("    normalise: identifier\n"), differs("normalise"));
        assert_eq!(told(""), differs("normalise"));
        assert_eq!(told("    normalise: phone\n    map: { none: \"\" }\n"), differs("map"));
        assert_eq!(told("    normalise: phone\n    null_values: [none]\n"), differs("null_values"));
        assert_eq!(told("    normalise: phone\n    trim_chars: \"'\"\n"), differs("trim_chars"));
    }
}
