//! The dictionary of today against the lake of yesterday: every change is found by `check`, `plan`, `run`, `query` and
//! `doctor`, and what makes stored rows mean something else is not published until it is resolved.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

#[path = "../common/mod.rs"]
mod common;
mod earlier;
mod refused;
mod shop;
mod since;
mod told;
