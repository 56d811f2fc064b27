//! What a wide drawing says, as a list: for windows that are too narrow for the drawing.

use super::inline::meter;
use maud::{Markup, html};

/// One entry of a list.
pub(super) struct Entry {
    /// What it is.
    pub(super) name: String,
    /// More about it; may be empty.
    pub(super) note: String,
    /// Its number.
    pub(super) value: String,
    /// Its share of the longest bar, 0 to 1; `None`: no bar.
    pub(super) share: Option<f64>,
    /// The class of its bar.
    pub(super) class: &'static str,
}

/// Renders the entries.
pub(super) fn list(entries: &[Entry]) -> Markup {
    html! {
        ul.bars {
            @for entry in entries {
                li {
                    span.entry { span { (entry.name) @if !entry.note.is_empty() { span.under { (entry.note) } } } span.value { (entry.value) } }
                    @if let Some(share) = entry.share { (meter(share, entry.class)) }
                }
            }
        }
    }
}
