//! The drawings, one a file. Each takes numbers and gives a [`Drawing`](crate::draw::Drawing), or `None`
//! where there is nothing to draw.

mod account;
mod bars;
mod columns;
mod combinations;
mod concentration;
mod flow;
mod flow_layout;
mod inline;
mod list;
mod months;
mod rfm;
mod segments;
mod withheld;

pub(crate) use account::account;
pub(crate) use bars::tokens;
pub(crate) use columns::{identifiers, spend};
pub(crate) use combinations::combinations;
pub(crate) use concentration::concentration;
pub(crate) use flow::flow;
pub(crate) use inline::{meter, strip, timeline};
pub(crate) use months::months;
pub(crate) use rfm::rfm;
pub(crate) use segments::segments;
pub(crate) use withheld::withheld;

/// Width of a drawing that fills the page.
const WIDE: f64 = 880.0;
/// Width of a drawing that has another one beside it.
const HALF: f64 = 424.0;
