//! How values are written.

use super::{Fields, scalar};
use crate::diagnostic::Spanned;
use crate::model::*;
use crate::spec::{BOOLEAN_WORDS, COORDINATES, NUMBER_FORMAT, Words};
use crate::yaml::{Node, Value};

/// Reads what a field says about its values.
pub(super) fn forms(fields: &Fields<'_>) -> ValueForms {
    ValueForms {
        time_zone: fields.spanned("time_zone"),
        number_format: fields.object("number_format", &NUMBER_FORMAT).map(|f| Spanned {
            value: NumberFormat {
                decimal: f.word("decimal").unwrap_or_default(),
                group: f.word("group"),
                currency: f.optional_text("currency"),
                percent: f.word("percent"),
                accounting: f.boolean("accounting"),
                chinese_units: f.boolean("chinese_units"),
            },
            span: f.head(),
        }),
        boolean_words: fields
            .object("boolean_words", &BOOLEAN_WORDS)
            .map(|f| Spanned { value: BooleanWords { yes: f.texts("yes"), no: f.texts("no") }, span: f.head() }),
        fold: words(fields.items("fold")),
        region: fields.get("region").and_then(region),
        email_rules: words(fields.items("email_rules")),
        round: fields.boolean("round"),
        epoch_as_declared: fields.boolean("epoch_as_declared"),
        absence: absence(fields),
    }
}

fn absence(fields: &Fields<'_>) -> Absence {
    let spanned = |node: &Node| Some(Spanned { value: scalar(node)?.to_owned(), span: node.span.clone() });
    Absence {
        absent: fields.items("absent").iter().filter_map(spanned).collect(),
        only_listed: fields.get("absent_defaults").and_then(scalar) == Some("false"),
        masked: word(fields, "masked"),
        on_invalid: word(fields, "on_invalid"),
        fill: fields.parsed("fill"),
    }
}

fn word<T: Words>(fields: &Fields<'_>, key: &str) -> Option<Spanned<T>> {
    let node = fields.get(key)?;
    Some(Spanned { value: T::of(scalar(node)?)?, span: node.span.clone() })
}

/// Reads the places of a dataset.
pub(super) fn coordinates(fields: &Fields<'_>) -> Vec<Coordinates> {
    let pair = |node: &Node| {
        let pair = Fields::new(&COORDINATES, node);
        Some(Coordinates {
            latitude: pair.spanned("latitude")?,
            longitude: pair.spanned("longitude")?,
            datum: pair.word("datum").unwrap_or_default(),
            span: pair.head(),
        })
    };
    fields.items("coordinates").iter().filter(|n| matches!(n.value, Value::Map(_))).filter_map(pair).collect()
}

fn words<T: Words>(nodes: &[Node]) -> Vec<Spanned<T>> {
    let word = |node: &Node| Some(Spanned { value: T::of(scalar(node)?)?, span: node.span.clone() });
    nodes.iter().filter_map(word).collect()
}

fn region(node: &Node) -> Option<Spanned<PhoneRegion>> {
    let value = match (scalar(node), node.entries()) {
        (Some(country), _) => PhoneRegion::Fixed(country.to_owned()),
        (None, [only]) if only.key == "by_field" => PhoneRegion::ByField(scalar(&only.value)?.to_owned()),
        _ => return None,
    };
    Some(Spanned { value, span: node.head() })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::{load_with, rendered};

    fn members(good: &str, bad: &str) -> Dataset {
        let loaded = load_with("schemas/channels/members.yaml", good, bad);
        // Of telephone numbers by row, the log is warned that it says no country.
        let problems = rendered(&loaded.problems);
        assert!(problems.iter().all(|p| p.contains("LW1233")), "{problems:?}");
        loaded.project.dataset("members").unwrap().clone()
    }

    #[test]
    fn every_key_is_read() {
        let points = "    type: integer\n    unit: points\n";
        let keys = "    number_format: { decimal: comma, group: point, currency: EUR, accounting: true, chinese_units: true }\n    null_values: [N/A]\n    fold: [case, width, space]\n";
        let read = members(points, &format!("{points}{keys}"));
        let forms = &read.column("points").unwrap().values;
        let expected = NumberFormat {
            decimal: DecimalMark::Comma,
            group: Some(GroupMark::Point),
            currency: Some("EUR".into()),
            percent: None,
            accounting: true,
            chinese_units: true,
        };
        assert_eq!(forms.number_format.as_ref().unwrap().value, expected);
        let fold: Vec<Folding> = forms.fold.iter().map(|f| f.value).collect();
        assert_eq!(fold, [Folding::Case, Folding::Width, Folding::Space]);

        let read = members("    normalise: phone\n", "    normalise: phone\n    region: HK\n");
        let region = read.column("phone").unwrap().values.region.clone().unwrap();
        assert_eq!(region.value, PhoneRegion::Fixed("HK".into()));
        let read = members("    normalise: phone\n", "    normalise: phone\n    region: { by_field: name }\n");
        let region = read.column("phone").unwrap().values.region.clone().unwrap();
        assert_eq!(region.value, PhoneRegion::ByField("name".into()));

        let read =
            members("    normalise: phone\n", "    normalise: email\n    email_rules: [drop_tag, provider_aliases]\n");
        let rules = read.column("phone").unwrap().values.email_rules.clone();
        let rules: Vec<EmailRule> = rules.into_iter().map(|r| r.value).collect();
        assert_eq!(rules, [EmailRule::DropTag, EmailRule::ProviderAliases]);

        let time = "    time_format: \"%Y-%m-%d %H:%M:%S\"\n";
        let read = members(time, &format!("{time}    time_zone: Europe/Berlin\n"));
        let zone = read.column("registered_at").unwrap().values.time_zone.clone().unwrap();
        assert_eq!(zone.value, "Europe/Berlin");

        let read = members(
            "    type: integer\n    unit: points\n    identifier: none\n    treatment: keep\n    statistical_period: as_of\n    rules: [{ between: { min: 0, max: 1000000 } }]\n",
            "    type: boolean\n    boolean_words: { yes: [在, 1], no: 离 }\n    identifier: none\n    treatment: keep\n",
        );
        let words = read.column("points").unwrap().values.boolean_words.clone().unwrap().value;
        assert_eq!(words, BooleanWords { yes: vec!["在".into(), "1".into()], no: vec!["离".into()] });
    }
}
