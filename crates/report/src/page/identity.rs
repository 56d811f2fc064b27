//! Section: how records became customers.

use super::parts;
use crate::chart;
use crate::data::Report;
use crate::format::integer;
use crate::language::Language;
use crate::words;
use maud::{Markup, html};

/// Renders the section.
pub(super) fn section(report: &Report, language: Language) -> Markup {
    let Some(identity) = &report.identity else {
        return parts::none(language, words::IDENTITY_NONE);
    };
    let of_consent = [
        (words::CONSENT_DOUBTED, identity.consent_doubted),
        (words::CONSENT_IN_FUTURE, identity.consent_in_future),
        (words::CONSENT_UNKNOWN_PURPOSE, identity.consent_for_unknown_purposes),
        (words::CONSENT_WITHOUT_EFFECT, identity.consent_without_effect),
    ];
    let of_consent = of_consent.into_iter().filter(|(_, count)| *count > 0);
    let numbers = [
        (words::KEY_CUSTOMERS, identity.customers),
        (words::MERGED, identity.merged),
        (words::SHARED, identity.shared_tokens),
    ];
    let numbers = numbers.into_iter().chain(of_consent);
    html! {
        (parts::lead(words::IDENTITY_LEAD.say(language)))
        dl.figures.small { @for (label, count) in numbers { div { dt { (label.say(language)) } dd { (integer(count)) } } } }
        div.pair {
            @if let Some(drawing) = chart::tokens(identity, language) { (drawing.figure(language)) }
            @if let Some(drawing) = chart::identifiers(identity, language) { (drawing.figure(language)) }
        }
    }
}
