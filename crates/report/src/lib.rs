//! What a compliance officer reads: one HTML file with drawn SVG, no network.
//!
//! The caller fills a [`Report`] with the numbers of one run and gets back the whole file:
//!
//! ```
//! use lakewarden_report::{Language, Report, render};
//!
//! let html = render(&Report::default(), Language::English);
//! assert!(html.starts_with("<!DOCTYPE html>"));
//! ```
//!
//! The file holds both languages and both colour schemes; switches made of radio buttons and CSS choose
//! between them, so that it needs no script, and its content security policy forbids the network.
//! Nothing is computed here but sums, shares and geometry: a number that the caller does not know is left
//! out (`None`, an empty list), and its section says so.
//!
//! Modules: [`data`] is what comes in, `words` every phrase in both languages, `format` numbers and dates,
//! `draw` scales, paths and text that fits, `chart` one drawing a file, `page` one section a file.

pub mod data;

mod chart;
mod draw;
mod format;
mod language;
mod page;
mod small_cells;
mod words;

pub use data::Report;
pub use language::{Label, Language};

/// Renders `report` as one HTML file, UTF-8, that shows `language` first.
///
/// Every text of the report is escaped. The result has no script and refers to nothing outside itself.
pub fn render(report: &Report, language: Language) -> String {
    page::document(report, language).into_string()
}
