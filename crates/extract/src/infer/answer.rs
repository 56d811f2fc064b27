//! A part of a proposal that was found, or that only a person can decide.

use lakewarden_dictionary::placeholder;
use serde::{Serialize, Serializer};

/// A value of an entry, as YAML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What is written into the entry: the value, or a placeholder that `check` refuses.
    pub written: String,
    /// What is assumed where the proposal is tried on the data.
    pub assumed: String,
}

impl Answer {
    /// What the data say.
    pub(super) fn found(yaml: impl Into<String>) -> Self {
        let written = yaml.into();
        Self { assumed: written.clone(), written }
    }

    /// What the data do not say: a question, and what is assumed until somebody has answered it.
    pub(super) fn open(assumed: impl Into<String>, question: &str) -> Self {
        Self { written: quoted_placeholder(question), assumed: assumed.into() }
    }
}

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.written)
    }
}

/// A placeholder as a YAML scalar.
pub(super) fn quoted_placeholder(question: &str) -> String {
    format!("'{}'", placeholder(question).replace('\'', "''"))
}
