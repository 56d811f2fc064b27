//! What the policy removed is gone: from the tables at once, from the lake once its history is over.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod accounts;
mod bytes;
mod canaries;
#[path = "../../../lake/tests/lake/fault_store.rs"]
mod fault_store;
mod faults;
mod stall;
mod vacuum;
