//! Holds a tree of nodes against the declaration: every departure is a problem.

use super::{Choice, Form, Key, Kind, ObjectSpec, WordDoc};
use crate::diagnostic::{Problem, Span};
use crate::nearest::{hint_for, nearest, quoted};
use crate::structure::{MALFORMED, MISSING_KEY, UNKNOWN_KEY, UNKNOWN_WORD, WRONG_KIND};
use crate::yaml::{Node, ScalarKind, Value};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What validation found.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// The problems.
    pub problems: Vec<Problem>,
    /// Keys whose value could not be understood: their object's file and first byte, and the key.
    broken: BTreeSet<(Arc<str>, usize, &'static str)>,
}

impl Findings {
    fn mark(&mut self, object: &Node, key: &'static str) {
        self.broken.insert((object.span.path.clone(), object.span.start, key));
    }

    /// Adds what was found in another file.
    pub fn absorb(&mut self, other: Self) {
        self.problems.extend(other.problems);
        self.broken.extend(other.broken);
    }

    /// Whether the value of `key` in the object that begins with `span` could not be understood, so that what
    /// was made of it is a guess.
    pub fn is_broken(&self, span: &Span, key: &'static str) -> bool {
        self.broken.contains(&(span.path.clone(), span.start, key))
    }
}

/// Reports everything about `node` that is not as `spec` declares it.
pub(crate) fn validate(node: &Node, spec: &'static ObjectSpec, found: &mut Findings) {
    object(node, spec, &node.head(), found);
}

/// `at` is where to point if a key is missing.
fn object(node: &Node, spec: &'static ObjectSpec, at: &Span, found: &mut Findings) {
    let Value::Map(entries) = &node.value else {
        return wrong_kind(node, spec.name, "write its keys below, indented", found);
    };
    let mut misspelt = Vec::new();
    for entry in entries {
        if let Some(key) = spec.key(&entry.key) {
            let before = found.problems.len();
            let what = format!("`{}`", key.name);
            value(&entry.value, &key.kind, &entry.key_span, &what, found);
            if found.problems.len() > before || matches!(entry.value.value, Value::Unreadable) {
                found.mark(node, key.name);
            }
            continue;
        }
        let names = || spec.keys.iter().map(|k| k.name);
        if let Some(meant) = nearest(&entry.key, names()) {
            misspelt.push(meant);
            found.mark(node, meant);
        }
        let message = format!("unknown key `{}` in {}", entry.key, spec.name);
        found.problems.push(Problem::error(UNKNOWN_KEY, entry.key_span.clone(), message).hint(hint_for(
            &entry.key,
            names(),
            "see docs/reference",
        )));
    }
    let absent = |name: &str| !entries.iter().any(|e| e.key == name) && !misspelt.contains(&name);
    for key in spec.keys.iter().filter(|k| k.required && absent(k.name)) {
        found.problems.push(missing(spec.name, key, at));
        found.mark(node, key.name);
    }
    let given: Vec<_> = entries.iter().filter(|e| spec.exactly_one.contains(&e.key.as_str())).collect();
    let choices = || quoted(spec.exactly_one.iter().copied());
    if !spec.exactly_one.is_empty() && given.is_empty() && !spec.exactly_one.iter().any(|k| misspelt.contains(k)) {
        let message = format!("{} needs exactly one of {}", spec.name, choices());
        found.problems.push(Problem::error(MISSING_KEY, at.clone(), message).hint(spec.doc));
    }
    if let [first, second, ..] = given.as_slice() {
        let message = format!("{} has only one of {}", spec.name, choices());
        found.problems.push(
            Problem::error(WRONG_KIND, second.key_span.clone(), message)
                .related(first.key_span.clone(), "already given here")
                .hint("remove one of the two"),
        );
    }
}

fn missing(owner: &str, key: &Key, at: &Span) -> Problem {
    let message = format!("{owner} needs `{}`", key.name);
    Problem::error(MISSING_KEY, at.clone(), message).hint(format!("`{}`: {}", key.name, key.doc))
}

fn wrong_kind(node: &Node, expected: &str, hint: &str, found: &mut Findings) {
    if !matches!(node.value, Value::Unreadable) {
        let message = format!("expected {expected}, found {}", node.describe());
        found.problems.push(Problem::error(WRONG_KIND, node.head(), message).hint(hint));
    }
}

/// `at` is where to point where the value itself has no place, `what` how to call it.
fn value(node: &Node, kind: &'static Kind, at: &Span, what: &str, found: &mut Findings) {
    if matches!(node.value, Value::Nothing) {
        let message = format!("{what} has no value");
        found.problems.push(Problem::error(WRONG_KIND, at.clone(), message).hint("give it one, or remove the key"));
        return;
    }
    match kind {
        Kind::Text => text(node, what, found),
        Kind::Scalar => {
            if !matches!(node.value, Value::Scalar(..)) {
                wrong_kind(node, "a single value", "write one value", found);
            }
        }
        Kind::Boolean => {
            if !matches!(node.value, Value::Scalar(_, ScalarKind::Boolean)) {
                wrong_kind(node, "`true` or `false`", "write `true` or `false`, without quotes", found);
            }
        }
        Kind::Integer(least, most) => integer(node, *least, *most, what, found),
        Kind::Fraction => fraction(node, what, found),
        Kind::Word(words) => word(node, &words(), what, found),
        Kind::Form(form) => formed(node, form, found),
        Kind::Object(spec) => object(node, spec, at, found),
        Kind::List(item) => match &node.value {
            Value::List(items) => list(items, item, what, found),
            _ => wrong_kind(node, "a list", "write `[…]`, or each item on a line of its own after `- `", found),
        },
        Kind::OneOrList(item) => match &node.value {
            Value::List(items) => list(items, item, what, found),
            _ => value(node, item, at, what, found),
        },
        Kind::Map(key, each) => match &node.value {
            Value::Map(entries) => {
                for entry in entries {
                    value(&entry.value, each, &entry.key_span, &format!("`{}`", entry.key), found);
                }
            }
            _ => wrong_kind(node, "an object", &format!("each key is {key}"), found),
        },
        Kind::Choice(choice) => self::choice(node, choice, at, what, found),
        Kind::WordOr(words, spec) => match &node.value {
            Value::Scalar(text, _) => word_or(node, text, &words(), spec, found),
            _ => object(node, spec, at, found),
        },
    }
}

fn list(items: &[Node], kind: &'static Kind, what: &str, found: &mut Findings) {
    for item in items {
        let head = match &item.value {
            Value::Nothing => item.span.clone(),
            _ => item.head(),
        };
        value(item, kind, &head, &format!("an item of {what}"), found);
    }
}

fn text(node: &Node, what: &str, found: &mut Findings) {
    match &node.value {
        Value::Scalar(text, ScalarKind::Text) if text.trim().is_empty() => {
            let message = format!("{what} is empty");
            found.problems.push(Problem::error(WRONG_KIND, node.span.clone(), message).hint("write what it says"));
        }
        Value::Scalar(_, ScalarKind::Text) => {}
        Value::Scalar(..) => wrong_kind(node, "text", "put it in quotes", found),
        _ => wrong_kind(node, "text", "write one line of text", found),
    }
}

fn integer(node: &Node, least: u32, most: u32, what: &str, found: &mut Findings) {
    match &node.value {
        Value::Scalar(text, ScalarKind::Integer) => {
            let fits = text.parse::<u32>().is_ok_and(|n| (least..=most).contains(&n));
            if !fits {
                let message = format!("{what} is out of range");
                let hint = format!("write a number from {least} to {most}");
                found.problems.push(Problem::error(MALFORMED, node.span.clone(), message).hint(hint));
            }
        }
        _ => wrong_kind(node, "a whole number", &format!("write a number from {least} to {most}"), found),
    }
}

fn fraction(node: &Node, what: &str, found: &mut Findings) {
    let hint = "write a number from 0 to less than 1, such as 0.2";
    match &node.value {
        Value::Scalar(text, ScalarKind::Integer | ScalarKind::Number) => {
            if !text.parse::<f64>().is_ok_and(|number| (0.0..1.0).contains(&number)) {
                let message = format!("{what} is out of range");
                found.problems.push(Problem::error(MALFORMED, node.span.clone(), message).hint(hint));
            }
        }
        _ => wrong_kind(node, "a number", hint, found),
    }
}

fn word(node: &Node, words: &[WordDoc], what: &str, found: &mut Findings) {
    let names = || words.iter().map(|w| w.word);
    match &node.value {
        Value::Scalar(text, _) => {
            if !names().any(|w| w == text) {
                let message = format!("unknown word `{text}` for {what}");
                let hint = hint_for(text, names(), "see docs/reference");
                found.problems.push(Problem::error(UNKNOWN_WORD, node.span.clone(), message).hint(hint));
            }
        }
        _ => wrong_kind(node, "a word", &format!("known: {}", quoted(names())), found),
    }
}

fn formed(node: &Node, form: &Form, found: &mut Findings) {
    match &node.value {
        Value::Scalar(text, kind) if form.numbers || *kind == ScalarKind::Text => {
            if let Err(wrong) = (form.check)(text) {
                let problem = Problem::error(MALFORMED, node.span.clone(), wrong.message);
                found.problems.push(match wrong.hint {
                    Some(hint) => problem.hint(hint),
                    None => problem,
                });
            }
        }
        _ => wrong_kind(node, form.name, &format!("such as {}", quoted(form.examples.iter().copied())), found),
    }
}

fn choice(node: &Node, choice: &'static Choice, at: &Span, what: &str, found: &mut Findings) {
    let Value::Map(entries) = &node.value else {
        if let (Value::Scalar(text, _), Kind::Word(words)) = (&node.value, &choice.scalar) {
            return one_word(node, text, choice, &words(), found);
        }
        return match &node.value {
            Value::List(_) => wrong_kind(node, choice.name, "write one, without a list", found),
            _ => value(node, &choice.scalar, at, what, found),
        };
    };
    let names = || choice.keys.iter().map(|k| k.name);
    for entry in entries {
        match choice.keys.iter().find(|k| k.name == entry.key) {
            Some(key) => value(&entry.value, &key.kind, &entry.key_span, &format!("`{}`", key.name), found),
            None => {
                let message = format!("unknown key `{}` in {}", entry.key, choice.name);
                let hint = hint_for(&entry.key, names(), "see docs/reference");
                found.problems.push(Problem::error(UNKNOWN_KEY, entry.key_span.clone(), message).hint(hint));
            }
        }
    }
    match entries.as_slice() {
        [] => {
            let message = format!("{} needs one of {}", choice.name, quoted(names()));
            found.problems.push(Problem::error(MISSING_KEY, node.span.clone(), message).hint(choice.doc));
        }
        [first, second, ..] => {
            let message = format!("{} has one key only", choice.name);
            found.problems.push(
                Problem::error(WRONG_KIND, second.key_span.clone(), message)
                    .related(first.key_span.clone(), "already given here")
                    .hint("where there are several, write each as an item of its own"),
            );
        }
        _ => {}
    }
}

/// A choice written as one word: a known word, or a key that lacks its value.
fn one_word(node: &Node, text: &str, choice: &Choice, words: &[WordDoc], found: &mut Findings) {
    if words.iter().any(|w| w.word == text) {
        return;
    }
    let problem = Problem::error(UNKNOWN_WORD, node.span.clone(), format!("`{text}` is not {}", choice.name));
    let keys = || choice.keys.iter().map(|k| k.name);
    found.problems.push(problem.hint(if keys().any(|k| k == text) {
        format!("`{text}` needs a value: write `{{ {text}: … }}`")
    } else {
        hint_for(text, words.iter().map(|w| w.word).chain(keys()), choice.doc)
    }));
}

/// An object written as one word: a known word, or a key that lacks its value.
fn word_or(node: &Node, text: &str, words: &[WordDoc], spec: &ObjectSpec, found: &mut Findings) {
    if words.iter().any(|w| w.word == text) {
        return;
    }
    let problem = Problem::error(UNKNOWN_WORD, node.span.clone(), format!("`{text}` is not {}", spec.name));
    let keys = || spec.exactly_one.iter().copied();
    found.problems.push(problem.hint(if keys().any(|k| k == text) {
        format!("`{text}` needs a value: write `{{ {text}: … }}`")
    } else {
        hint_for(text, words.iter().map(|w| w.word).chain(keys()), spec.doc)
    }));
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    const MEMBERS: &str = "schemas/channels/members.yaml";

    #[test]
    fn unknown_keys_come_with_the_nearest() {
        assert_eq!(
            after(MEMBERS, "owner:", "ownr:"),
            ["schemas/channels/members.yaml:5:1 LW1003 unknown key `ownr` in a dataset (did you mean `owner`?)"]
        );
        assert_eq!(
            after("lakewarden.yaml", "jurisdiction: CN\n", "jurisdiction: CN\ncolour: red\n"),
            [
                "lakewarden.yaml:5:1 LW1003 unknown key `colour` in a project (known: `project`, `lake`, `time_zone`, `jurisdiction`, `key`, `minimum_subjects`, `keep_apart`, `consent_log`, `consent_log_reason`, `replay_purposes`, `quarantine_retention`, `history`, `memory_budget`)"
            ]
        );
    }

    #[test]
    fn missing_keys_come_with_their_meaning() {
        assert_eq!(
            after(MEMBERS, "    label: { zh: 姓名, en: Name }\n    meaning: Full name.\n", "    label: { en: Name }\n"),
            [
                "schemas/channels/members.yaml:24:5 LW1004 a field needs `meaning` (`meaning`: What it means.)",
                "schemas/channels/members.yaml:26:5 LW1004 a label needs `zh` (`zh`: In Chinese.)",
            ]
        );
    }

    #[test]
    fn wrong_kinds_say_what_was_found() {
        assert_eq!(
            after(MEMBERS, "source: CRM", "source: [CRM]"),
            ["schemas/channels/members.yaml:4:9 LW1006 expected text, found a list (write one line of text)"]
        );
        assert_eq!(
            after(MEMBERS, "source: CRM", "source: 7"),
            ["schemas/channels/members.yaml:4:9 LW1006 expected text, found a number (put it in quotes)"]
        );
        assert_eq!(
            after(MEMBERS, "source: CRM", "source:"),
            ["schemas/channels/members.yaml:4:1 LW1006 `source` has no value (give it one, or remove the key)"]
        );
        assert_eq!(
            after(MEMBERS, "source: CRM", "source: ' '"),
            ["schemas/channels/members.yaml:4:9 LW1006 `source` is empty (write what it says)"]
        );
        assert_eq!(
            after(MEMBERS, "    optional: true", "    optional: yes"),
            [
                "schemas/channels/members.yaml:50:15 LW1006 expected `true` or `false`, found text (write `true` or `false`, without quotes)"
            ]
        );
        assert_eq!(
            after(MEMBERS, "    rules: [required]\n", "    rules: required\n"),
            [
                "schemas/channels/members.yaml:23:12 LW1006 expected a list, found text (write `[…]`, or each item on a line of its own after `- `)"
            ]
        );
    }

    #[test]
    fn unknown_words_come_with_the_nearest() {
        assert_eq!(
            after(MEMBERS, "container: csv", "container: cvs"),
            ["schemas/channels/members.yaml:7:22 LW1007 unknown word `cvs` for `container` (did you mean `csv`?)"]
        );
        assert_eq!(
            after(MEMBERS, "    treatment: drop", "    treatment: pseudonymise"),
            [
                "schemas/channels/members.yaml:31:16 LW1007 `pseudonymise` is not a treatment (`pseudonymise` needs a value: write `{ pseudonymise: … }`)"
            ]
        );
        assert_eq!(
            after(MEMBERS, "    treatment: drop", "    treatment: dorp"),
            ["schemas/channels/members.yaml:31:16 LW1007 `dorp` is not a treatment (did you mean `drop`?)"]
        );
    }

    #[test]
    fn malformed_values_say_how_they_are_written() {
        assert_eq!(
            after(MEMBERS, "retention: P5Y", "retention: 5 years"),
            [
                "schemas/channels/members.yaml:10:12 LW1008 `5 years` is not a length of time (write `P`, a number and one of `Y`, `M`, `W`, `D`, such as `P18M`)"
            ]
        );
        assert_eq!(
            after("pipelines/shop/pipeline.yaml", "max_links: 4", "max_links: 0"),
            ["pipelines/shop/pipeline.yaml:9:14 LW1008 `max_links` is out of range (write a number from 1 to 1000000)"]
        );
    }

    #[test]
    fn a_fraction_is_less_than_one() {
        let with = |t: &str| {
            let table = "schemas/curated/member_spend.yaml";
            let columns =
                "columns:\n  - { name: tier, label: { zh: 级, en: T }, meaning: T., type: string, identifier: none }\n";
            let demand = format!("  k: 2\n  t: {t}\n  sensitive: tier\n");
            crate::testing::after_all(table, &[("columns:\n", columns), ("  k: 2\n", &demand)])
        };
        for sound in ["0", "0.25", "1e-3", ".5"] {
            assert_eq!(with(sound), [""; 0], "{sound}");
        }
        let range = "LW1008 `t` is out of range (write a number from 0 to less than 1, such as 0.2)";
        for beyond in ["1", "-0.1", "7.5", ".inf", ".nan"] {
            assert_eq!(with(beyond), [format!("schemas/curated/member_spend.yaml:31:6 {range}")], "{beyond}");
        }
        assert!(with("'0.2'")[0].contains("LW1006 expected a number, found text"));
    }

    #[test]
    fn a_choice_has_one_key() {
        assert_eq!(
            after(MEMBERS, "{ generalise: decade }", "{ generalise: decade, mask: { keep_first: 1 } }"),
            [
                "schemas/channels/members.yaml:39:38 LW1006 a treatment has one key only (where there are several, write each as an item of its own) [schemas/channels/members.yaml:39:18 already given here]"
            ]
        );
    }

    #[test]
    fn exactly_one_way_to_the_key() {
        assert_eq!(
            after("lakewarden.yaml", "{ environment: SHOP_KEY }", "{ environment: SHOP_KEY, file: /etc/key }"),
            [
                "lakewarden.yaml:5:31 LW1006 a key source has only one of `environment`, `file`, `command` (remove one of the two) [lakewarden.yaml:5:8 already given here]"
            ]
        );
        assert_eq!(after("lakewarden.yaml", "{ environment: SHOP_KEY }", "{ version: 2 }").len(), 1);
    }
}
