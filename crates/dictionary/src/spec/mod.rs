//! The one declaration of every object that a project's files may hold.
//!
//! From it follow what [`validate`] refuses, the JSON Schemas that editors complete from and the reference
//! page. A new key is one line here and one in [`crate::read`].

mod anomalies;
mod anonymity;
mod database;
mod dataset;
mod demands;
mod format_forms;
mod forms;
mod json_schema;
mod noise;
mod pipeline;
mod purposes;
mod reference;
mod repeats;
mod settings;
mod table;
mod validate;
mod values;
mod words;

pub(crate) use anomalies::*;
pub(crate) use anonymity::*;
pub(crate) use database::*;
pub(crate) use dataset::*;
pub(crate) use demands::*;
pub(crate) use format_forms::*;
pub(crate) use forms::*;
pub use json_schema::json_schema;
pub(crate) use noise::*;
pub(crate) use pipeline::*;
pub(crate) use purposes::*;
pub use reference::reference_markdown;
pub(crate) use repeats::*;
pub(crate) use settings::*;
pub(crate) use table::*;
pub(crate) use validate::{Findings, validate};
pub(crate) use values::*;
pub(crate) use words::*;

use crate::files::FileKind;

/// An object: the keys it may have.
pub(crate) struct ObjectSpec {
    /// What one is called, with its article: `a field`.
    pub name: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// Its keys, in the order they are best written.
    pub keys: &'static [Key],
    /// Keys of which exactly one must be there; empty: no such demand.
    pub exactly_one: &'static [&'static str],
}

impl ObjectSpec {
    /// Finds a key.
    pub fn key(&self, name: &str) -> Option<&Key> {
        self.keys.iter().find(|k| k.name == name)
    }

    /// Its name without the article.
    pub fn noun(&self) -> &'static str {
        self.name.split_once(' ').map_or(self.name, |(_, noun)| noun)
    }
}

/// One key of an object.
pub(crate) struct Key {
    /// The key.
    pub name: &'static str,
    /// What its value may be.
    pub kind: Kind,
    /// Whether it must be there.
    pub required: bool,
    /// What holds where it is absent, in words.
    pub absent: Option<&'static str>,
    /// What it means: one sentence or two.
    pub doc: &'static str,
}

impl Key {
    const fn required(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self { name, kind, required: true, absent: None, doc }
    }

    const fn optional(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self { name, kind, required: false, absent: None, doc }
    }

    const fn absent(mut self, otherwise: &'static str) -> Self {
        self.absent = Some(otherwise);
        self
    }
}

/// What a value may be.
pub(crate) enum Kind {
    /// Text that says something.
    Text,
    /// Any single value, taken as it is written.
    Scalar,
    /// `true` or `false`.
    Boolean,
    /// A whole number between these, both included.
    Integer(u32, u32),
    /// A number from 0 up to, and without, 1.
    Fraction,
    /// One of a set of words.
    Word(fn() -> Vec<WordDoc>),
    /// Text of a certain form.
    Form(&'static Form),
    /// An object.
    Object(&'static ObjectSpec),
    /// A list.
    List(&'static Kind),
    /// A list, or one item of it by itself.
    OneOrList(&'static Kind),
    /// An object whose keys are the user's own; the text says what they are.
    Map(&'static str, &'static Kind),
    /// One of several shapes.
    Choice(&'static Choice),
    /// One of a set of words, or an object that can say more.
    WordOr(fn() -> Vec<WordDoc>, &'static ObjectSpec),
}

/// A value that is a single value, or an object with exactly one of several keys.
pub(crate) struct Choice {
    /// What one is called, with its article: `a treatment`.
    pub name: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// What it may be as a single value.
    pub scalar: Kind,
    /// The keys of which the object has one.
    pub keys: &'static [Key],
}

/// A label in both languages.
pub(crate) static LABEL: ObjectSpec = ObjectSpec {
    name: "a label",
    doc: "What people call it, in both languages that reports are written in.",
    keys: &[Key::required("zh", Kind::Text, "In Chinese."), Key::required("en", Kind::Text, "In English.")],
    exactly_one: &[],
};

/// The declaration of a whole file.
pub(crate) fn of(kind: FileKind) -> &'static ObjectSpec {
    match kind {
        FileKind::Settings => &SETTINGS,
        FileKind::Purposes => &PURPOSES,
        FileKind::Dataset => &DATASET,
        FileKind::Table => &TABLE,
        FileKind::Pipeline => &PIPELINE,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::collections::BTreeSet;

    fn visit(spec: &'static ObjectSpec, seen: &mut BTreeSet<&'static str>) {
        if !seen.insert(spec.name) {
            return;
        }
        let keys: BTreeSet<&str> = spec.keys.iter().map(|k| k.name).collect();
        assert_eq!(keys.len(), spec.keys.len(), "{} declares a key twice", spec.name);
        for key in spec.exactly_one {
            assert!(!spec.key(key).unwrap().required, "{}.{key}", spec.name);
        }
        for key in spec.keys {
            assert!(key.doc.ends_with('.') && key.doc.len() > 8, "{}.{}: {}", spec.name, key.name, key.doc);
            assert!(!(key.required && key.absent.is_some()), "{}.{}", spec.name, key.name);
            visit_kind(&key.kind, seen);
        }
    }

    fn visit_kind(kind: &'static Kind, seen: &mut BTreeSet<&'static str>) {
        match kind {
            Kind::Object(spec) | Kind::WordOr(_, spec) => visit(spec, seen),
            Kind::List(kind) | Kind::OneOrList(kind) | Kind::Map(_, kind) => visit_kind(kind, seen),
            Kind::Choice(choice) => choice.keys.iter().for_each(|k| visit_kind(&k.kind, seen)),
            _ => {}
        }
    }

    #[test]
    fn declarations_are_whole() {
        let mut seen = BTreeSet::new();
        FileKind::ALL.into_iter().for_each(|kind| visit(of(kind), &mut seen));
        assert!(seen.contains("a field") && seen.contains("a column") && seen.contains("a jurisdiction"), "{seen:?}");
    }
}
