//! Parts that several sections share.

use crate::language::Language;
use crate::words::{self, Phrase};
use maud::{Markup, html};

/// A sentence that opens a section.
pub(super) fn lead(text: &str) -> Markup {
    html! { p.lead { (text) } }
}

/// Says that there is nothing to show.
pub(super) fn none(language: Language, phrase: Phrase) -> Markup {
    html! { p.none { (phrase.say(language)) } }
}

/// How a column of a table is set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    /// Text, to the left.
    Text,
    /// Text of some length, to the left.
    Prose,
    /// Numbers, to the right.
    Number,
    /// A drawing.
    Drawing,
}

impl Column {
    fn class(self) -> Option<&'static str> {
        match self {
            Self::Text => None,
            Self::Prose => Some("prose"),
            Self::Number => Some("num"),
            Self::Drawing => Some("draw"),
        }
    }
}

/// Renders a table with a caption, headings, rows and, if given, a row of totals. The first cell of a row names it.
pub(super) fn table(
    language: Language,
    caption: Phrase,
    heads: &[(Phrase, Column)],
    rows: &[Vec<Markup>],
    totals: Option<Vec<Markup>>,
) -> Markup {
    table_in("scroll", language, caption, heads, rows, totals)
}

/// Renders the only table of a section: the section's title stands over it, its caption is for screen readers.
pub(super) fn lone_table(
    language: Language,
    caption: Phrase,
    heads: &[(Phrase, Column)],
    rows: &[Vec<Markup>],
    totals: Option<Vec<Markup>>,
) -> Markup {
    table_in("scroll lone", language, caption, heads, rows, totals)
}

fn table_in(
    class: &str,
    language: Language,
    caption: Phrase,
    heads: &[(Phrase, Column)],
    rows: &[Vec<Markup>],
    totals: Option<Vec<Markup>>,
) -> Markup {
    let cells = |cells: &[Markup]| {
        html! {
            @for (cell, (_, column)) in cells.iter().zip(heads).take(1) { th scope="row" class=[column.class()] { (cell) } }
            @for (cell, (head, column)) in cells.iter().zip(heads).skip(1) { td class=[column.class()] data-label=(head.say(language)) { (cell) } }
        }
    };
    html! {
        div class=(class) tabindex="0" {
            table {
                caption { (caption.say(language)) }
                thead { tr { @for (head, column) in heads { th scope="col" class=[column.class()] { (head.say(language)) } } } }
                tbody { @for row in rows { tr { (cells(row)) } } }
                @if let Some(totals) = totals { tfoot { tr { (cells(&totals)) } } }
            }
        }
    }
}

/// A label with the name it has in tables and files.
pub(super) fn named(label: &str, name: &str) -> Markup {
    html! {
        (label)
        @if label != name { " " span.code { (name) } }
    }
}

/// A count that may be nothing: zero is shown softly, so that what is not zero stands out.
pub(super) fn count(rows: u64) -> Markup {
    html! { @if rows == 0 { span.zero { "0" } } @else { (crate::format::integer(rows)) } }
}

/// A count of people that may be unknown; too few are not counted out.
pub(super) fn people(count: Option<u64>, least: u64, language: Language) -> Markup {
    known(count.map(|count| crate::small_cells::single(count, least).text(language)))
}

/// A value that may be unknown.
pub(super) fn known(value: Option<String>) -> Markup {
    html! { @if let Some(value) = value { (value) } @else { span.zero { "–" } } }
}

/// A fingerprint or hash, whole, breakable where a line ends.
pub(super) fn hash(text: &str) -> Markup {
    let characters: Vec<char> = text.chars().collect();
    html! {
        span.hash { @for part in characters.chunks(8) { (part.iter().collect::<String>()) wbr; } }
    }
}

/// Says in words whether an account closes.
pub(super) fn closes(unaccounted: i128, language: Language) -> Markup {
    html! {
        @if unaccounted == 0 { span.ok { (words::CLOSED.say(language)) } }
        @else { span.bad { (words::OPEN.with(language, &[&crate::format::signed(unaccounted)])) } }
    }
}
