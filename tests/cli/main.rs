//! The command as a whole: what it prints, where, and with which code it ends. A good and a failing run for each.
//!
//! Snapshots lie in `snapshots/`; `INSTA_UPDATE=always cargo test --workspace --test cli` writes them anew: read the diff.
#![allow(clippy::unwrap_used)]

mod changes;
mod check;
mod demo;
mod describe;
mod dictionary;
mod doctor;
mod drift;
mod evidence;
mod help;
mod init;
mod interrupt;
mod json;
mod keys;
mod ledger;
mod model;
mod plan;
mod quarantine;
mod query;
mod reload;
mod run;
mod sample;
mod status;
mod support;
mod vacuum;
