//! What a user of the crate relies on.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

mod cases;
mod causes;
mod corpus;
mod events;
mod functions;
mod held;
mod opinions;
mod oracle;
mod perturbation;
mod plans;
mod python;
mod tables;
mod tpc;
mod update;
