//! Nothing twice: which rows stay, in the lake, in its history and in what is known of people; and which files came.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod house;
mod ledger;
mod others;
mod people;
mod race;
mod splits;
