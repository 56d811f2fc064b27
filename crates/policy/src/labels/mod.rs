//! How near a column brings a reader to a person, and how that flows through a query.
//!
//! Labels start in the dictionary ([`of_source`]) and flow by lineage ([`of_output`]): what a column is made of
//! makes its label, the most identifying first. Only declared declassifiers lower one: an aggregate that speaks of
//! many people ([`Behaviour::Aggregates`]) behind a k-gate, and what gives no value away ([`Behaviour::Hides`]).
//! A function whose behaviour nobody declared does not compile.

mod behaviour;
mod flow;
mod label;
mod source;

pub use behaviour::{Behaviour, of_aggregate, of_operator, of_scalar, of_window, of_window_aggregate};
pub use flow::{Obstacle, Rows, Undeclared, find_obstacle, of_output};
pub use label::{Identifiability, Label};
pub use source::of_source;
