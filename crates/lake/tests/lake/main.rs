//! The lake from outside: one suite over every store, scripted faults, and other readers.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

mod audit_and_lease;
mod checks;
mod conformance;
mod fault_store;
mod faults;
mod interop;
mod sample;
mod tables;
mod vacuum;
