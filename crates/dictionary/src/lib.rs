//! The data dictionary: declarative files in, typed values and *every* problem with its place out.
//!
//! [`load`] takes the text of a project's files (it never opens one) and returns a [`Loaded`]: the
//! project as far as it could be understood, and all [`Problem`]s found. A project with an error is
//! still a value, so that `check` can show everything at once and editors can complete.
//!
//! The way of a file: `yaml` makes it a tree with places, `spec::validate` holds the tree against the one
//! declaration of all keys, `read` makes it typed values, and `checks` holds the typed values of all files
//! against each other. [`json_schema`], [`reference_markdown`] and [`diagnostic_pages`] are generated from the
//! same declarations.

mod checks;
pub mod diagnostic;
mod docs;
mod edit;
pub mod fideslang;
mod files;
mod load;
pub mod model;
mod nearest;
mod parallel;
mod placeholders;
mod read;
mod spec;
mod structure;
mod terms;
#[cfg(test)]
mod testing;
mod yaml;

pub use diagnostic::{Problem, Severity, SourceFile, Span, Spanned};
pub use docs::{DiagnosticDoc, Example, diagnostic_pages, diagnostics};
pub use edit::{AddChannelError, add_channel};
pub use files::FileKind;
pub use load::{Loaded, load};
pub use model::*;
pub use nearest::nearest;
pub use placeholders::{is_placeholder, placeholder};
pub use spec::{json_schema, reference_markdown};
pub use terms::{TermError, byte_size};
