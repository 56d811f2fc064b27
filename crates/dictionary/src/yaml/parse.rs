//! One file's text → its tree, or the reason why not.

use super::Node;
use super::aliases;
use super::source::Source;
use crate::diagnostic::{Problem, Span};
use crate::structure::{DUPLICATE_KEY, NOT_YAML};
use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};
use std::sync::Arc;

/// Parses one file. `None` if nothing of it can be used; then a problem says why.
pub(crate) fn parse(path: &Arc<str>, text: &str, problems: &mut Vec<Problem>) -> Option<Node> {
    let mut source = Source::new(path, text);
    if let Some(index) = too_intricate(&source.chars) {
        let span = source.span(index, index + 1);
        problems.push(Problem::error(NOT_YAML, span, "nested too deeply, or with too many aliases, to be read"));
        return None;
    }
    if let Some(index) = aliases::exceeded_at(text.strip_prefix('\u{feff}').unwrap_or(text)) {
        let span = source.span(index, index + 1);
        let problem = Problem::error(NOT_YAML, span, "the file becomes too large here once its aliases are replaced");
        problems.push(problem.hint("write out what the aliases (`*name`) name, or use fewer of them"));
        return None;
    }
    let documents = loop {
        let attempt: String = source.chars.iter().collect();
        match MarkedYaml::load_from_str(&attempt) {
            Ok(documents) => break documents,
            Err(error) => {
                let index = error.marker().index();
                let duplicate = error.info().contains("duplicated key");
                if duplicate && source.rename_key_at(index) {
                    continue;
                }
                let span = source.span(index, index + 1);
                problems.push(if duplicate {
                    Problem::error(DUPLICATE_KEY, span, "this key is there twice").hint("remove one of the two")
                } else {
                    Problem::error(NOT_YAML, span, format!("not valid YAML: {}", error.info()))
                        .hint("mind the indentation, and quote texts that hold `: `, `#` or begin with a sign")
                });
                return None;
            }
        }
    };
    let mut documents = documents.into_iter();
    let first = documents.next().filter(|d| !matches!(d.data, YamlData::BadValue | YamlData::Value(Scalar::Null)));
    let Some(first) = first else {
        problems.push(Problem::error(NOT_YAML, Span::file(path), "the file is empty"));
        return None;
    };
    if let Some(second) = documents.next() {
        let start = second.span.start.index();
        let problem = Problem::error(NOT_YAML, source.span(start, start + 1), "a second document in one file");
        problems.push(problem.hint("one entry a file: move it to a file of its own"));
    }
    Some(source.node(&first, 0, problems))
}

/// Where text nests so deeply that reading it could exhaust the stack, if anywhere. Errs on the safe side:
/// block nesting needs indentation or a row of `-` and `?` on one line; flow nesting is limited by the parser.
fn too_intricate(chars: &[char]) -> Option<usize> {
    const INDENTATION: usize = 100;
    const INDICATORS: usize = 60;
    const ALIASES: usize = 32;
    let (mut indentation, mut indicators, mut aliases, mut at_start) = (0, 0, 0, true);
    for (index, c) in chars.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|i| chars.get(i));
        let after = chars.get(index + 1);
        let blank_after = after.is_none_or(|a| a.is_whitespace());
        match c {
            '\n' | '\r' => (indentation, indicators, at_start) = (0, 0, true),
            ' ' | '\t' if at_start => indentation += 1,
            _ => {
                if at_start && indentation > INDENTATION {
                    return Some(index);
                }
                at_start = false;
                indicators += usize::from(matches!(c, '-' | '?') && blank_after);
                let begins = before.is_none_or(|b| b.is_whitespace() || matches!(b, '[' | '{' | ',' | ':'));
                aliases += usize::from(*c == '*' && begins && !blank_after);
                if indicators > INDICATORS || aliases > ALIASES {
                    return Some(index);
                }
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::yaml::{ScalarKind, Value};

    fn read(text: &str) -> (Option<Node>, Vec<String>) {
        let mut problems = Vec::new();
        let node = parse(&"a.yaml".into(), text, &mut problems);
        (node, crate::testing::rendered(&problems))
    }

    /// Every scalar with the text its span covers and its line and column.
    fn scalars(node: &Node, text: &str, into: &mut Vec<String>) {
        match &node.value {
            Value::Scalar(value, kind) => {
                let Span { start, end, line, column, .. } = node.span;
                into.push(format!("{line}:{column} {kind:?} {value} = {}", &text[start..end]));
            }
            Value::List(items) => items.iter().for_each(|item| scalars(item, text, into)),
            Value::Map(entries) => {
                for entry in entries {
                    assert_eq!(text[entry.key_span.start..entry.key_span.end].trim_matches('"'), entry.key);
                    scalars(&entry.value, text, into);
                }
            }
            Value::Nothing | Value::Unreadable => {}
        }
    }

    #[test]
    fn places_are_exact_after_other_scripts_and_line_ends() {
        for text in [
            "小票号: 手机\n\"b\":\n  - 1.50\n  - {c: 'x'}\n",
            "\u{feff}小票号: 手机\r\n\"b\":\r\n  - 1.50\r\n  - {c: 'x'}\r\n",
        ] {
            let (node, problems) = read(text);
            assert!(problems.is_empty(), "{problems:?}");
            let mut found = Vec::new();
            scalars(&node.unwrap(), text, &mut found);
            assert_eq!(found, ["1:6 Text 手机 = 手机", "3:5 Number 1.50 = 1.50", "4:9 Text x = 'x'"]);
        }
    }

    #[test]
    fn collections_end_with_their_last_child() {
        let text = "a:\n  b: 1\n  c: [x, y]\n\n# end\nd: {e: f}\n";
        let (node, _) = read(text);
        let node = node.unwrap();
        let covered = |n: &Node| text[n.span.start..n.span.end].to_owned();
        assert_eq!(covered(&node.entries()[0].value), "b: 1\n  c: [x, y]");
        assert_eq!(covered(&node.entries()[0].value.entries()[1].value), "[x, y]");
        assert_eq!(covered(&node.entries()[1].value), "{e: f}");
        let head = node.entries()[0].value.head();
        assert_eq!(&text[head.start..head.end], "b: 1");
    }

    #[test]
    fn every_duplicate_key_is_reported_and_the_rest_is_read() {
        let (node, problems) = read("a: 1\n\"b\": 2\na: 3\n'b': 4\nc: {d: 1, d: 2, d: 3}\ne: 5\n");
        assert_eq!(
            problems,
            [
                "a.yaml:3:1 LW1005 the key `a` is there twice (remove one of the two) [a.yaml:1:1 first here]",
                "a.yaml:4:1 LW1005 the key `b` is there twice (remove one of the two) [a.yaml:2:1 first here]",
                "a.yaml:5:11 LW1005 the key `d` is there twice (remove one of the two) [a.yaml:5:5 first here]",
                "a.yaml:5:17 LW1005 the key `d` is there twice (remove one of the two) [a.yaml:5:5 first here]",
            ]
        );
        let node = node.unwrap();
        let keys: Vec<&str> = node.entries().iter().map(|e| e.key.as_str()).collect();
        assert_eq!(keys, ["a", "b", "c", "e"]);
        assert!(
            matches!(&node.entries()[0].value.value, Value::Scalar(text, _) if text == "1"),
            "the first one counts"
        );
    }

    #[test]
    fn keys_that_differ_for_yaml_only_are_duplicates_too() {
        let (_, problems) = read("1: a\n'1': b\n");
        assert_eq!(
            problems,
            ["a.yaml:2:1 LW1005 the key `1` is there twice (remove one of the two) [a.yaml:1:1 first here]"]
        );
    }

    #[test]
    fn what_cannot_be_read_says_where() {
        let (node, problems) = read("a: [1, 2\nb: 3\n");
        assert!(node.is_none());
        assert_eq!(problems.len(), 1);
        assert!(problems[0].starts_with("a.yaml:2:") && problems[0].contains("LW1001 not valid YAML"), "{problems:?}");
        for text in ["", "# nothing\n", "---\n", "~"] {
            assert_eq!(read(text).1, ["a.yaml:1:1 LW1001 the file is empty"], "{text:?}");
        }
        let (node, problems) = read("a: 1\n---\nb: 2\n");
        assert!(node.is_some());
        assert!(problems[0].contains("a second document"), "{problems:?}");
    }

    #[test]
    fn depth_is_bounded() {
        for text in [
            "- ".repeat(100_000),
            "[".repeat(100_000),
            "{a: ".repeat(5_000),
            (0..2_000).map(|n| format!("{}a:\n", " ".repeat(n))).collect(),
        ] {
            assert!(read(&text).0.is_none());
        }
        let (node, problems) = read(&format!("a: {}{}", "[".repeat(100), "]".repeat(100)));
        assert!(node.is_some());
        assert!(problems[0].contains("nested too deeply"), "{problems:?}");
    }

    #[test]
    fn aliases_stand_for_what_they_name() {
        let (node, problems) = read("a: &x 1.50\nb: *x\nc: *x\n");
        assert!(problems.is_empty(), "{problems:?}");
        let node = node.unwrap();
        assert!(matches!(&node.entries()[1].value.value, Value::Scalar(text, ScalarKind::Number) if text == "1.5"));
        assert_eq!(node.entries()[2].value.span.line, 3);
    }
}
