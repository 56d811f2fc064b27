//! What a user of the crate relies on.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

mod cases;
mod corpus;
mod events;
mod perturbation;
mod plans;
mod tables;
