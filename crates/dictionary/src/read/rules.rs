//! Treatments and rules: choices between words and objects.

use super::{Fields, scalar};
use crate::diagnostic::Spanned;
use crate::model::{FieldRule, Generalisation, Rule, TokenDomain, Treatment};
use crate::spec::{
    BETWEEN, FIELD_RULE, MASK, PlainColumnTest, PlainFieldRule, PlainGeneralisation, PlainTreatment, Words,
};
use crate::yaml::{Entry, Node, Value};

/// Reads a treatment.
pub(super) fn treatment(node: &Node) -> Option<Treatment> {
    if let Some(word) = scalar(node) {
        return PlainTreatment::of(word).map(|plain| match plain {
            PlainTreatment::Keep => Treatment::Keep,
            PlainTreatment::Drop => Treatment::Drop,
            PlainTreatment::Redact => Treatment::Redact,
        });
    }
    let only = only_entry(node)?;
    match only.key.as_str() {
        "pseudonymise" => token_domain(&only.value).map(Treatment::Pseudonymise),
        "mask" if matches!(only.value.value, Value::Map(_)) => {
            let mask = Fields::new(&MASK, &only.value);
            let kept = |key| mask.parsed(key).map_or(0, |n| n.value);
            Some(Treatment::Mask { keep_first: kept("keep_first"), keep_last: kept("keep_last") })
        }
        "generalise" => generalisation(&only.value).map(Treatment::Generalise),
        _ => None,
    }
}

fn token_domain(node: &Node) -> Option<TokenDomain> {
    if let Some(domain) = scalar(node) {
        return Some(TokenDomain::Fixed(domain.to_owned()));
    }
    let only = only_entry(node).filter(|e| e.key == "by_field")?;
    scalar(&only.value).map(|field| TokenDomain::ByField(field.to_owned()))
}

fn generalisation(node: &Node) -> Option<Generalisation> {
    if let Some(word) = scalar(node) {
        return PlainGeneralisation::of(word).map(|plain| plain.0);
    }
    let only = only_entry(node).filter(|e| e.key == "grid")?;
    let millidegrees = scalar(&only.value)?.parse().ok().filter(|cell| *cell > 0)?;
    Some(Generalisation::Grid { millidegrees })
}

/// Reads the rules of a field.
pub(super) fn field_rules(nodes: &[Node]) -> Vec<FieldRule> {
    nodes.iter().filter_map(field_rule).collect()
}

fn field_rule(node: &Node) -> Option<FieldRule> {
    let spanned = |value| Spanned { value, span: node.head() };
    if let Some(word) = scalar(node) {
        return plain_field_rule(word).map(|rule| spanned(rule).into());
    }
    let fields = Fields::new(&FIELD_RULE, node);
    let demand = |entry: &Entry| match entry.key.as_str() {
        "rule" => plain_field_rule(scalar(&entry.value)?),
        _ => value_rule(entry),
    };
    let mut demands = node.entries().iter().filter_map(demand);
    let (Some(rule), None) = (demands.next(), demands.next()) else { return None };
    // What cannot be understood is the default, which keeps no row that fails.
    let on_failure = fields.word("on_failure").unwrap_or_default();
    Some(FieldRule { rule: spanned(rule), on_failure, name: fields.spanned("name") })
}

fn plain_field_rule(word: &str) -> Option<Rule> {
    PlainFieldRule::of(word).map(|plain| match plain {
        PlainFieldRule::Required => Rule::Required,
        PlainFieldRule::Unique => Rule::Unique,
        PlainFieldRule::NotInFuture => Rule::NotInFuture,
    })
}

/// Reads the tests of a curated column.
pub(super) fn column_tests(nodes: &[Node]) -> Vec<Spanned<Rule>> {
    rules(nodes, |word| {
        PlainColumnTest::of(word).map(|plain| match plain {
            PlainColumnTest::Required => Rule::Required,
            PlainColumnTest::Unique => Rule::Unique,
        })
    })
}

fn rules(nodes: &[Node], plain: impl Fn(&str) -> Option<Rule>) -> Vec<Spanned<Rule>> {
    let rule = |node: &Node| match scalar(node) {
        Some(word) => plain(word),
        None => value_rule(only_entry(node)?),
    };
    nodes.iter().filter_map(|node| rule(node).map(|value| Spanned { value, span: node.head() })).collect()
}

fn value_rule(entry: &Entry) -> Option<Rule> {
    match (entry.key.as_str(), &entry.value.value) {
        ("in", Value::List(items)) => Some(Rule::In(items.iter().filter_map(scalar).map(str::to_owned).collect())),
        ("between", Value::Map(_)) => {
            let bounds = Fields::new(&BETWEEN, &entry.value);
            Some(Rule::Between { min: bounds.optional_text("min"), max: bounds.optional_text("max") })
        }
        ("matches", Value::Scalar(pattern, _)) => Some(Rule::Matches(pattern.clone())),
        ("references", Value::Scalar(place, _)) => {
            let (dataset, column) = place.split_once('.')?;
            Some(Rule::References { dataset: dataset.to_owned(), column: column.to_owned() })
        }
        _ => None,
    }
}

fn only_entry(node: &Node) -> Option<&Entry> {
    match node.entries() {
        [only] => Some(only),
        _ => None,
    }
}
