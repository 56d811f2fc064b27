//! Rulings, the rule that puts gates, the rule that keeps them on their scans, and the proof.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, missing_docs)]

mod gates;
mod mutations;
mod rulings;
mod verified;
