//! No query goes around the policy: the same queries over governed relations and over tables from which
//! the withheld rows were taken away beforehand, and every way past the gate that we could think of.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, missing_docs)]

mod accounts;
mod claims;
mod columns;
mod dependencies;
mod depth;
mod dialect;
mod equality;
mod errors;
mod k_gate;
mod limits;
mod mended;
mod narrowing;
mod noise;
mod people;
mod queries;
#[allow(dead_code)]
mod shop;
