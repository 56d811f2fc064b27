#![doc = include_str!("../README.md")]

pub mod columns;
mod error;
pub mod openlineage;

pub use columns::{Lineage, Options, column_lineage, column_lineage_with};
pub use error::LineageError;
