//! Section: how records became customers.

use super::parts;
use crate::chart;
use crate::data::Report;
use crate::language::Language;
use crate::small_cells;
use crate::words;
use maud::{Markup, html};

/// Renders the section.
pub(super) fn section(report: &Report, language: Language) -> Markup {
    let Some(identity) = &report.identity else {
        return parts::none(language, words::IDENTITY_NONE);
    };
    let numbers = [
        (words::KEY_CUSTOMERS, identity.customers),
        (words::MERGED, identity.merged),
        (words::SHARED, identity.shared_tokens),
    ];
    let least = report.minimum_subjects;
    let shown = |count| small_cells::single(count, least).text(language);
    html! {
        (parts::lead(words::IDENTITY_LEAD.say(language)))
        dl.figures.small { @for (label, count) in numbers { div { dt { (label.say(language)) } dd { (shown(count)) } } } }
        div.pair {
            @if let Some(drawing) = chart::tokens(identity, least, language) { (drawing.figure(language)) }
            @if let Some(drawing) = chart::identifiers(identity, least, language) { (drawing.figure(language)) }
        }
    }
}
