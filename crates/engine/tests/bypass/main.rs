//! Ways past the gate: ours, and those by which other row-level security was passed.
//!
//! The reports are of PostgreSQL, whose row-level security has been attacked the longest. Where a test is one of
//! them, it names it.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, missing_docs)]

mod asked;
mod columns;
mod errors;
mod identity;
mod metadata;
mod ordering;
#[allow(dead_code)]
#[path = "../governed/people.rs"]
mod people;
mod refused;
mod reordering;
#[allow(dead_code)]
#[path = "../governed/shop.rs"]
mod shop;
mod surface;
mod windows;
