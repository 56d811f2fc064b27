//! Drawing: numbers to places, text that fits, paths.

mod path;
mod scale;
mod spread;
mod text;

pub(crate) use path::{Path, n};
pub(crate) use scale::{Linear, ticks};
pub(crate) use spread::spread;
pub(crate) use text::{LINE, more_height, text, width, wrapped};

use crate::language::Language;
use maud::{Markup, html};

/// A drawing before it is put on the page. Lengths are user units; 1 is about a CSS pixel on a wide window.
pub(crate) struct Drawing {
    /// Id, unique among the drawings of a language.
    pub id: &'static str,
    /// What it shows, for those who cannot see it and as its heading.
    pub title: String,
    /// What it says, in one sentence.
    pub description: String,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
    /// Its parts.
    pub body: Markup,
    /// The same as a list, for windows too narrow for the drawing.
    pub narrow: Option<Markup>,
}

impl Drawing {
    /// Renders the figure: heading, drawing, and the description as its caption.
    pub(crate) fn figure(self, language: Language) -> Markup {
        let id = format!("{}-{}", language.short(), self.id);
        let (title, text) = (format!("{id}-t"), format!("{id}-d"));
        let class = match (self.width > 600.0, &self.narrow) {
            (true, Some(_)) => "plot wide listed",
            (true, None) => "plot wide",
            (false, _) => "plot half",
        };
        html! {
            figure class=(class) id=(id) {
                h3 { (self.title) }
                div.canvas tabindex="0" {
                    svg viewBox={ "0 0 " (n(self.width)) " " (n(self.height)) } role="img"
                        aria-labelledby={ (title) " " (text) } {
                        title id=(title) { (self.title) }
                        desc id=(text) { (self.description) }
                        (self.body)
                    }
                }
                @if let Some(list) = &self.narrow { div.narrow { (list) } }
                figcaption { (self.description) }
            }
        }
    }
}
