//! YAML text → a tree of nodes that know their places.
//!
//! A thin layer over `saphyr`: places become byte spans, plain scalars keep the text they were written with
//! (`1.50` stays `1.50`), and a key that is there twice is a problem of its own instead of the end of the file.

mod aliases;
mod convert;
mod parse;
mod source;

pub(crate) use parse::parse;

use crate::diagnostic::Span;

/// A value and its place.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// From its first character to its last.
    pub span: Span,
    /// The value.
    pub value: Value,
}

/// What a node holds.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// Nothing (`key:` or `~`).
    Nothing,
    /// A single value as it was written, quotes and escapes resolved.
    Scalar(String, ScalarKind),
    /// A list.
    List(Vec<Node>),
    /// Keys and values, in order, each key once.
    Map(Vec<Entry>),
    /// Something that cannot be read; a problem has been reported.
    Unreadable,
}

/// What YAML takes a scalar for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScalarKind {
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// Another number.
    Number,
    /// `true` or `false`.
    Boolean,
}

/// A key and its value.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The key.
    pub key: String,
    /// The key's place.
    pub key_span: Span,
    /// The value.
    pub value: Node,
}

impl Node {
    /// Its entries, if it is a map.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// What it is, in words.
    pub fn describe(&self) -> &'static str {
        match &self.value {
            Value::Nothing => "nothing",
            Value::Scalar(_, ScalarKind::Text) => "text",
            Value::Scalar(_, ScalarKind::Integer | ScalarKind::Number) => "a number",
            Value::Scalar(_, ScalarKind::Boolean) => "true or false",
            Value::List(_) => "a list",
            Value::Map(_) => "an object",
            Value::Unreadable => "something unreadable",
        }
    }

    /// Where to point at it: a map's first entry, anything else as a whole. Never more than a line or so.
    pub fn head(&self) -> Span {
        match &self.value {
            Value::Map(entries) => entries.first().map_or_else(
                || self.span.clone(),
                |first| {
                    let mut head = first.key_span.clone();
                    if matches!(first.value.value, Value::Scalar(..)) && first.value.span.line == head.line {
                        head.end = first.value.span.end;
                    }
                    head
                },
            ),
            _ => self.span.clone(),
        }
    }
}
