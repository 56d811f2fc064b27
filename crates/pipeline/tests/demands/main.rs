//! What is demanded of a dataset beyond its types, from the dictionary to the lake.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout)]

#[path = "../common/mod.rs"]
mod common;

mod anomalies;
mod market;
mod rules;
mod thresholds;
