//! Makes values coarser, so that they no longer single a person out by themselves.

mod calendar;
mod city;
mod datum;
pub(crate) mod gazetteer;
mod grid;
mod mask;

pub use calendar::{decade, month, year};
pub use city::city;
pub use datum::{Datum, Places, to_wgs84};
pub use grid::grid;
pub use mask::mask;
