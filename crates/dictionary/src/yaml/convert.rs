//! The parser's nodes → ours.

use super::source::Source;
use super::{Entry, Node, ScalarKind, Value};
use crate::diagnostic::{Problem, Span};
use crate::structure::{DUPLICATE_KEY, NOT_YAML, WRONG_KIND};
use saphyr::{MarkedYaml, Marker, Scalar, YamlData};
use std::collections::BTreeSet;

/// Deepest nesting that is read; the deepest of our own forms is 8.
const DEEPEST: usize = 24;

impl Source<'_> {
    /// Converts a node and all below it.
    pub fn node(&self, yaml: &MarkedYaml<'_>, depth: usize, problems: &mut Vec<Problem>) -> Node {
        let (start, end) = (yaml.span.start.index(), yaml.span.end.index());
        let scalar = |value: Value| Node { span: self.span(start, end), value };
        if depth > DEEPEST {
            let span = self.span(start, start + 1);
            problems.push(Problem::error(NOT_YAML, span, "nested too deeply to be read"));
            return scalar(Value::Unreadable);
        }
        match &yaml.data {
            YamlData::Value(value) => scalar(self.scalar(value, yaml.span.start, yaml.span.end)),
            YamlData::Sequence(items) => {
                let items: Vec<Node> = items.iter().map(|item| self.node(item, depth + 1, problems)).collect();
                let last = items.last().map(|item| &item.span);
                Node { span: self.collection(start, end, last, ']'), value: Value::List(items) }
            }
            YamlData::Mapping(_) => {
                let entries = self.entries(yaml, depth, problems);
                let last =
                    entries.last().map(|e| if e.value.span.end > e.key_span.end { &e.value.span } else { &e.key_span });
                Node { span: self.collection(start, end, last, '}'), value: Value::Map(entries) }
            }
            YamlData::Tagged(_, inner) => self.node(inner, depth + 1, problems),
            YamlData::Representation(..) | YamlData::Alias(_) | YamlData::BadValue => {
                let span = self.span(start, end);
                problems.push(Problem::error(NOT_YAML, span, "this value contradicts its tag").hint("remove the tag"));
                scalar(Value::Unreadable)
            }
        }
    }

    /// The span of a list or map: to its closing bracket, or to the end of its last child.
    fn collection(&self, start: usize, end: usize, last: Option<&Span>, closing: char) -> Span {
        if self.chars.get(end) == Some(&closing) {
            return self.span(start, end + 1);
        }
        let mut span = self.span(start, end);
        if let Some(last) = last {
            span.end = last.end.max(span.start);
        }
        span
    }

    fn scalar(&self, value: &Scalar<'_>, start: Marker, end: Marker) -> Value {
        let written = self.written(start.index(), end.index()).trim().to_owned();
        // An alias stands where another value was written.
        let or = |otherwise: String| {
            if written.is_empty() || written.starts_with('*') { otherwise } else { written.clone() }
        };
        match value {
            Scalar::Null => Value::Nothing,
            Scalar::Boolean(b) => Value::Scalar(b.to_string(), ScalarKind::Boolean),
            Scalar::Integer(i) => Value::Scalar(or(i.to_string()), ScalarKind::Integer),
            Scalar::FloatingPoint(f) => Value::Scalar(or(f.into_inner().to_string()), ScalarKind::Number),
            Scalar::String(text) => Value::Scalar(text.to_string(), ScalarKind::Text),
        }
    }

    fn entries(&self, yaml: &MarkedYaml<'_>, depth: usize, problems: &mut Vec<Problem>) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut reported = BTreeSet::new();
        for (key, value) in yaml.data.as_mapping().into_iter().flatten() {
            let (start, end) = (key.span.start.index(), key.span.end.index());
            let key_span = self.span(start, end);
            let renamed = self.repairs.iter().find(|(i, _)| *i == start || *i == start + 1);
            let text = match (&key.data, renamed) {
                (_, Some(_)) => {
                    let written = self.written(start, end);
                    Some(written.trim_matches(['"', '\'']).to_owned())
                }
                (YamlData::Value(scalar), None) => match self.scalar(scalar, key.span.start, key.span.end) {
                    Value::Scalar(text, _) => Some(text),
                    _ => None,
                },
                _ => None,
            };
            let Some(text) = text else {
                problems.push(Problem::error(WRONG_KIND, key_span, "a key must be text"));
                continue;
            };
            let first = entries.iter().find(|e| e.key == text);
            if first.is_some() || renamed.is_some() {
                if reported.insert(start) {
                    let message = format!("the key `{text}` is there twice");
                    let mut problem = Problem::error(DUPLICATE_KEY, key_span, message).hint("remove one of the two");
                    if let Some(first) = first {
                        problem = problem.related(first.key_span.clone(), "first here");
                    }
                    problems.push(problem);
                }
                continue;
            }
            let value = self.node(value, depth + 1, problems);
            entries.push(Entry { key: text, key_span, value });
        }
        entries
    }
}
