//! What all facets have: who says it, and by which schema.

use serde::{Deserialize, Serialize};

/// The content of a facet, which knows the schema it follows.
pub trait FacetBody {
    /// The URL of the schema's definition, for `_schemaURL`.
    const SCHEMA_URL: &'static str;
}

/// A facet with `_producer` and `_schemaURL`. Made by [`Producer::facet`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facet<B> {
    /// URI of the program that says this.
    #[serde(rename = "_producer")]
    pub producer: String,
    /// URL of the schema of `body`.
    #[serde(rename = "_schemaURL")]
    pub schema_url: String,
    /// What is said.
    #[serde(flatten)]
    pub body: B,
}

/// The program that makes the events: a URI, e.g. of its source at a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Producer(String);

impl Producer {
    /// Names the producer by an absolute URI. The URI is not checked.
    pub fn new(uri: impl Into<String>) -> Self {
        Self(uri.into())
    }

    /// The URI.
    pub fn uri(&self) -> &str {
        &self.0
    }

    /// Signs a facet.
    pub fn facet<B: FacetBody>(&self, body: B) -> Facet<B> {
        Facet { producer: self.0.clone(), schema_url: B::SCHEMA_URL.to_owned(), body }
    }
}

/// Says which schema a facet's body follows.
macro_rules! facet_body {
    ($($body:ty => $url:literal),+ $(,)?) => {
        $(impl $crate::openlineage::FacetBody for $body {
            const SCHEMA_URL: &'static str = $url;
        })+
    };
}
pub(super) use facet_body;
