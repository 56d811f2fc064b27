//! How anonymous a table is: k-anonymity, l-diversity and t-closeness, measured batch by batch.
//!
//! Rows that agree in every quasi-identifier are an *equivalence class*. [`EquivalenceClasses`] takes batches of Arrow
//! arrays and keeps what the measures need: the size of each class, and how often each sensitive value is in it. It
//! keeps no row, and of values only the hashes, save those of sensitive columns whose order counts.
//!
//! - k-anonymity (Sweeney 2002): the size of the smallest class, in rows; or in people, where a column says whose a
//!   row is, for one person's ten rows hide nobody.
//! - l-diversity (Machanavajjhala, Kifer, Gehrke and Venkitasubramaniam 2007): the smallest number of different
//!   sensitive values in a class (*distinct*), or the smallest e^H, H being the entropy of a class's sensitive values
//!   in nats (*entropy*).
//! - t-closeness (Li, Li and Venkatasubramanian 2007): the largest Earth Mover's Distance between a class's sensitive
//!   values and the table's, over the *ordered* distance for numbers, dates and instants and the *equal* distance for
//!   all else; from 0 (the same) to 1.
//!
//! A null is a value like any other, and stands before all others where order counts. Formulas, sources, and where
//! other programs differ: docs/policy/anonymity.md.

mod classes;
mod closeness;
mod encode;
mod measures;
#[cfg(test)]
mod reference;
mod sensitive;

pub use classes::{Columns, EquivalenceClasses};
pub use measures::Measured;

/// Why a table cannot be measured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnonymityError {
    /// Values of a column cannot be compared.
    #[error("values of type {data_type} cannot be compared")]
    Type {
        /// Its type.
        data_type: String,
    },
    /// A batch has other columns than were declared, or columns of different lengths.
    #[error("a batch has other columns than were declared")]
    Columns,
    /// More classes or sensitive values than can be counted (2³² - 1).
    #[error("there are too many equivalence classes or sensitive values")]
    TooMany,
}
