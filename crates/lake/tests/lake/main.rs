//! The lake from outside: one suite over every store, scripted faults, and other readers.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

mod audit_and_lease;
mod bad_store;
mod checks;
mod conformance;
mod descriptions;
mod doctor;
mod fault_store;
mod faults;
mod interop;
mod old_versions;
mod s3_server;
mod sample;
mod stores;
mod tables;
mod twice;
mod vacuum;
