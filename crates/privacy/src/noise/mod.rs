//! Noise of differential privacy, drawn exactly and with a key.
//!
//! [`DiscreteLaplace`] is the law, [`NoiseSource`] draws from it: what is drawn follows from the project's key and from
//! what the figure is, so that a run which is repeated publishes the same again, and nobody without the key can tell
//! what was added. A floating-point sampler leaves gaps between the numbers it can give, by which the exact figure can
//! be told (Mironov, CCS 2012); here every step is integer arithmetic on random bits.

mod exact;
mod laplace;
mod source;

pub use laplace::DiscreteLaplace;
pub use source::NoiseSource;
