//! Trees → typed values.
//!
//! Readers report nothing: [`crate::spec::validate`] has said everything about the shape. What is not as declared
//! is passed over, or becomes the strictest value there is.

mod anomalies;
mod database;
mod dataset;
mod demands;
mod pipeline;
mod purposes;
mod repeats;
mod rules;
mod settings;
mod table;
mod values;

pub(crate) use dataset::dataset;
pub(crate) use pipeline::pipeline;
pub(crate) use purposes::purposes;
pub(crate) use settings::settings;
pub(crate) use table::table;

use crate::diagnostic::{Span, Spanned};
use crate::model::{DataType, Label, Names};
use crate::spec::{LABEL, ObjectSpec, Words};
use crate::yaml::{Entry, Node, Value};
use std::str::FromStr;

/// An object, read by key.
pub(crate) struct Fields<'a> {
    spec: &'static ObjectSpec,
    node: &'a Node,
}

impl<'a> Fields<'a> {
    /// Reads `node` as `spec` declares it.
    pub fn new(spec: &'static ObjectSpec, node: &'a Node) -> Self {
        Self { spec, node }
    }

    /// Its place: where to point at it.
    pub fn span(&self) -> Span {
        self.node.span.clone()
    }

    /// Its place, small enough to point at.
    pub fn head(&self) -> Span {
        self.node.head()
    }

    fn get(&self, key: &str) -> Option<&'a Node> {
        debug_assert!(self.spec.key(key).is_some(), "{} does not declare `{key}`", self.spec.name);
        self.node.entries().iter().find(|e| e.key == key).map(|e| &e.value)
    }

    fn spanned(&self, key: &str) -> Option<Spanned<String>> {
        self.get(key).and_then(spanned)
    }

    fn text(&self, key: &str) -> String {
        self.optional_text(key).unwrap_or_default()
    }

    fn optional_text(&self, key: &str) -> Option<String> {
        self.spanned(key).map(|s| s.value)
    }

    fn word<T: Words>(&self, key: &str) -> Option<T> {
        self.get(key).and_then(scalar).and_then(T::of)
    }

    fn spanned_word<T: Words>(&self, key: &str) -> Option<Spanned<T>> {
        let value = self.word(key)?;
        self.get(key).map(|node| Spanned { value, span: node.span.clone() })
    }

    fn parsed<T: FromStr>(&self, key: &str) -> Option<Spanned<T>> {
        let node = self.get(key)?;
        let value = scalar(node)?.parse().ok()?;
        Some(Spanned { value, span: node.span.clone() })
    }

    fn boolean(&self, key: &str) -> bool {
        self.get(key).and_then(scalar) == Some("true")
    }

    fn object(&self, key: &str, spec: &'static ObjectSpec) -> Option<Fields<'a>> {
        self.get(key).filter(|n| matches!(n.value, Value::Map(_))).map(|n| Fields::new(spec, n))
    }

    /// The items of a list; a single value is a list of one.
    fn items(&self, key: &str) -> &'a [Node] {
        match self.get(key) {
            Some(Node { value: Value::List(items), .. }) => items,
            Some(node @ Node { value: Value::Scalar(..), .. }) => std::slice::from_ref(node),
            _ => &[],
        }
    }

    fn names(&self, key: &str) -> Names {
        self.items(key).iter().filter_map(spanned).collect()
    }

    fn texts(&self, key: &str) -> Vec<String> {
        self.names(key).into_iter().map(|n| n.value).collect()
    }

    fn entries(&self, key: &str) -> &'a [Entry] {
        self.get(key).map_or(&[], Node::entries)
    }

    fn label(&self) -> Label {
        self.object("label", &LABEL).map_or_else(Label::default, |l| Label { zh: l.text("zh"), en: l.text("en") })
    }

    /// The name that the file says, or else the one that its path gives it.
    fn name_or(&self, key: &str, path_name: &str) -> Spanned<String> {
        self.spanned(key).unwrap_or_else(|| Spanned { value: path_name.to_owned(), span: self.head() })
    }

    fn data_type(&self) -> Spanned<DataType> {
        self.parsed("type").unwrap_or_else(|| Spanned { value: DataType::String, span: self.head() })
    }
}

fn scalar(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Scalar(text, _) => Some(text),
        _ => None,
    }
}

fn spanned(node: &Node) -> Option<Spanned<String>> {
    scalar(node).map(|text| Spanned { value: text.to_owned(), span: node.span.clone() })
}

/// A key with its place.
fn spanned_key(entry: &Entry) -> Spanned<String> {
    Spanned { value: entry.key.clone(), span: entry.key_span.clone() }
}
