//! From a mistake in the declarations to a repaired lake: `run --reload`, and full exports that replace each other.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../../../lake/tests/lake/fault_store.rs"]
mod fault_store;
mod faults;
mod gone;
mod key;
mod part;
mod shop;
mod snapshot;
mod whole;
