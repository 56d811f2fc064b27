//! The file: its frame, and one section a module.

mod consent;
mod evidence;
mod fields;
mod identity;
mod lake;
mod lineage;
mod masthead;
mod parts;
mod picture;
mod purposes;
mod rows;
mod steps;
mod value;

use crate::data::Report;
use crate::language::Language;
use crate::words::{self, Phrase};
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("style.css");

/// Lets the document's language and title follow the switch. It reads nothing but the switch, and everything else of the
/// page works without it.
const SCRIPT: &str = include_str!("script.js");

/// SHA-256 of [`SCRIPT`] in base 64: no other script may run.
const SCRIPT_SHA256: &str = "MgObvSGxJhBrJsbgTH9Wqezeelf3TheLcPJbAynRzbI=";

/// Nothing may be fetched, and nothing run but the one script: the file only shows what is in it.
fn content_policy() -> String {
    format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{SCRIPT_SHA256}'; base-uri 'none'; form-action 'none'"
    )
}

/// A section: its id, its title, and what stands in it.
type Section = (&'static str, Phrase, fn(&Report, Language) -> Markup);

/// In the order in which a compliance officer asks: what is there, for what, with whose consent, from where, what it is, and
/// whether it adds up.
const SECTIONS: &[Section] = &[
    ("lake", words::LAKE_TITLE, lake::section),
    ("purposes", words::PURPOSES_TITLE, purposes::section),
    ("consent", words::CONSENT_TITLE, consent::section),
    ("lineage", words::WAY_TITLE, lineage::section),
    ("fields", words::FIELDS_SECTION, fields::section),
    ("rows", words::ROWS_TITLE, rows::section),
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
                meta http-equiv="Content-Security-Policy" content=(content_policy());
                meta name="color-scheme" content="light dark";
                title { (masthead::title(report, first)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (switches(report, first))
                div.page {
                    div.sheet {
                        @for language in Language::ALL { (article(report, language)) }
                    }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

/// The switches' states. They stand before the page, so that CSS alone can act on them.
fn switches(report: &Report, first: Language) -> Markup {
    html! {
        @for language in Language::ALL {
            input.switch type="radio" name="language" id={ "language-" (language.short()) } autocomplete="off"
                checked[language == first] lang=(language.tag()) data-title=(masthead::title(report, language)) aria-label=(match language { Language::Chinese => "中文", Language::English => "English" });
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

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use sha2::Digest;

    #[test]
    fn the_content_policy_names_the_script_that_there_is() {
        let sum = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(SCRIPT));
        assert_eq!(SCRIPT_SHA256, sum, "SCRIPT_SHA256 in page/mod.rs");
        assert!(content_policy().contains(&sum));
    }
}
