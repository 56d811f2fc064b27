//! The consent algebra: each rule by example, each law over random worlds, and all of it against a slow reference.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, missing_docs)]

mod examples;
mod identities;
mod laws;
mod reference;
mod replay;
mod world;
