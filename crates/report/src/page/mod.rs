//! The file: its frame, and one section a module.

mod evidence;
mod identity;
mod masthead;
mod parts;
mod picture;
mod purposes;
mod rows;
mod steps;
mod value;
mod way;

use crate::data::Report;
use crate::language::Language;
use crate::words::{self, Phrase};
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("style.css");

/// Nothing may be fetched or run: the file only shows what is in it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// A section: its id, its title, and what stands in it.
type Section = (&'static str, Phrase, fn(&Report, Language) -> Markup);

const SECTIONS: &[Section] = &[
    ("rows", words::ROWS_TITLE, rows::section),
    ("way", words::WAY_TITLE, way::section),
    ("purposes", words::PURPOSES_TITLE, purposes::section),
    ("identity", words::IDENTITY_TITLE, identity::section),
    ("picture", words::PICTURE_TITLE, picture::section),
    ("value", words::VALUE_TITLE, value::section),
    ("steps", words::STEPS_TITLE, steps::section),
    ("evidence", words::EVIDENCE_TITLE, evidence::section),
];

/// Renders the whole file, both languages in it, `first` shown.
pub(crate) fn document(report: &Report, first: Language) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(first.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="color-scheme" content="light dark";
                title { (masthead::name(report, first)) " · " (words::BRAND.say(first)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (switches(first))
                div.page {
                    div.sheet {
                        @for language in Language::ALL { (article(report, language)) }
                    }
                }
            }
        }
    }
}

/// The switches' states. They stand before the page, so that CSS alone can act on them.
fn switches(first: Language) -> Markup {
    html! {
        @for language in Language::ALL {
            input.switch type="radio" name="language" id={ "language-" (language.short()) } autocomplete="off"
                checked[language == first] aria-label=(match language { Language::Chinese => "中文", Language::English => "English" });
        }
        @for (i, (id, label)) in COLOURS.iter().enumerate() {
            input.switch type="radio" name="colours" id={ "colours-" (id) } autocomplete="off" checked[i == 0]
                aria-label=(label.say(first));
        }
    }
}

const COLOURS: [(&str, Phrase); 3] = [("auto", words::AUTO), ("light", words::LIGHT), ("dark", words::DARK)];

fn article(report: &Report, language: Language) -> Markup {
    let id = |section: &str| format!("{}-{section}", language.short());
    html! {
        article class=(language.short()) lang=(language.tag()) {
            (hatches(language))
            header.top {
                p.brand { (words::BRAND.say(language)) }
                div.switches aria-hidden="true" {
                    span.group {
                        label for="language-zh" { "中文" }
                        label for="language-en" { "English" }
                    }
                    span.group {
                        @for (id, label) in COLOURS { label for={ "colours-" (id) } { (label.say(language)) } }
                    }
                }
            }
            (masthead::masthead(report, language))
            nav aria-label=(words::CONTENTS.say(language)) {
                ol { @for (name, title, _) in SECTIONS { li { a href={ "#" (id(name)) } { (title.say(language)) } } } }
            }
            main {
                @for (i, (name, title, content)) in SECTIONS.iter().enumerate() {
                    section id=(id(name)) {
                        h2 { span.no { (i + 1) } (title.say(language)) }
                        (content(report, language))
                    }
                }
            }
            footer { p { (words::FOOT.say(language)) } }
        }
    }
}

/// Patterns that tell losses apart where there is no colour: on a grey print, to a colour-blind eye.
fn hatches(language: Language) -> Markup {
    html! {
        svg.defs width="0" height="0" aria-hidden="true" {
            defs {
                pattern id={ (language.short()) "-hatch" } width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                    rect.hatch-ground width="5" height="5" {}
                    rect.hatch-line width="2.4" height="5" {}
                }
            }
        }
    }
}
