//! Differential-privacy noise: what one person may add to a table is bounded, and only noised figures leave.
//!
//! The method is that of Wilson, Zhang, Lam, Desfontaines, Simmons-Marengo and Gipson, "Differentially Private SQL with
//! Bounded User Contribution" (PoPETs 2020). The last aggregate of a model, `count` and `sum` over groups, is replaced:
//!
//! 1. an aggregate by group *and person*, which gives what each person adds to each row;
//! 2. of each person's rows as many as the table's entry allows, chosen by a key;
//! 3. each amount taken for the nearest within its declared bounds;
//! 4. the aggregate by group, with the number of people;
//! 5. a [`NoiseGate`], which adds noise to every figure and lets no row through whose noised number of people is below
//!    a threshold.
//!
//! So the model's SQL stays plain, and whatever it does with the figures afterwards it does with noised ones. That
//! holds only if one person's data has a part in that person's rows and no others below the aggregate: [`follows`] says
//! whether it is so. What it does not know is refused.
//!
//! The draws are those of `lakewarden-privacy`; this crate has no key. What it protects and what not:
//! `docs/policy/noise.md`.

mod follows;
mod functions;
mod gate;
mod mechanism;
mod plan;
mod refused;

pub use follows::{Follows, follows, reads};
pub use gate::{Draw, NoiseGate};
pub use mechanism::{Figure, Mechanism, threshold};
pub use plan::{Noised, noised};
pub use refused::NotNoised;
