//! Noise: what one person adds is bounded whatever the rows are, and what could break the bound does not compile.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, missing_docs)]

mod bounded;
mod refused;
mod sales;
