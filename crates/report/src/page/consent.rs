//! Section: what data subjects decided, and what could not be read of it.

use super::parts::{self, Column};
use crate::data::{PurposeConsent, Report, total};
use crate::language::Language;
use crate::small_cells;
use crate::words;
use maud::{Markup, html};

/// Renders the section.
pub(super) fn section(report: &Report, language: Language) -> Markup {
    let unusual = unusual(report, language);
    html! {
        @if report.consent.is_empty() { (parts::none(language, words::CONSENT_NONE)) }
        @else {
            (parts::lead(words::CONSENT_LEAD.say(language)))
            (by_purpose(report, language))
        }
        @if !unusual.is_empty() {
            (parts::table(language, words::CONSENT_UNUSUAL, &[(words::FINDING, Column::Text), (words::COUNT, Column::Number)], &unusual, None))
        }
    }
}

/// People by purpose and decision, with the rows that were withheld from the tables of the purpose for that reason.
fn by_purpose(report: &Report, language: Language) -> Markup {
    let heads = [
        (words::PURPOSE, Column::Text),
        (words::DECISION, Column::Text),
        (words::PEOPLE, Column::Number),
        (words::WITHHELD_BY_REASON, Column::Number),
    ];
    let mut rows: Vec<Vec<Markup>> = Vec::new();
    for purpose in &report.consent {
        let reasons = reasons(report, purpose);
        let counts: Vec<u64> = [purpose.permitted].into_iter().chain(reasons.iter().map(|r| r.1)).collect();
        let people = small_cells::parts(&counts, report.minimum_subjects);
        let withheld = small_cells::parts(&reasons.iter().map(|r| r.2).collect::<Vec<_>>(), report.minimum_subjects);
        let name = parts::named(purpose.label.say(language, &purpose.purpose), &purpose.purpose);
        rows.push(vec![
            name.clone(),
            html! { span.ok { (words::PERMITTED.say(language)) } },
            html! { (people[0].text(language)) },
            html! { span.zero { "–" } },
        ]);
        for ((reason, ..), (people, withheld)) in reasons.iter().zip(people[1..].iter().zip(&withheld)) {
            rows.push(vec![
                html! { span.again { (name) } },
                html! { (words::code(language, reason)) },
                html! { (people.text(language)) },
                html! { (withheld.text(language)) },
            ]);
        }
    }
    parts::table(language, words::CONSENT_BY_PURPOSE, &heads, &rows, None)
}

/// Every reason that people or rows were refused for: reason, people, rows.
fn reasons<'a>(report: &'a Report, purpose: &'a PurposeConsent) -> Vec<(&'a str, u64, u64)> {
    let withheld = || {
        let reads = report.models.iter().flat_map(|m| &m.reads).flat_map(|r| &r.withheld);
        reads.filter(|w| w.purpose == purpose.purpose && w.rows > 0)
    };
    let mut reasons: Vec<(&str, u64, u64)> = purpose.refused.iter().map(|r| (r.reason.as_str(), r.people, 0)).collect();
    for w in withheld() {
        match reasons.iter_mut().find(|known| known.0 == w.reason) {
            Some(known) => known.2 = known.2.saturating_add(w.rows),
            None => reasons.push((&w.reason, 0, w.rows)),
        }
    }
    reasons
}

/// Consent records that were read the stricter way, or have no effect.
fn unusual(report: &Report, language: Language) -> Vec<Vec<Markup>> {
    let mut found = vec![
        (words::CONSENT_UNREADABLE_LOADED, total(report.datasets.iter().map(|d| d.consent_unreadable))),
        (words::CONSENT_NOBODY, total(report.datasets.iter().map(|d| d.consent_unreadable_nobody))),
    ];
    if let Some(identity) = &report.identity {
        found.extend([
            (words::CONSENT_DOUBTED, identity.consent_doubted),
            (words::CONSENT_IN_FUTURE, identity.consent_in_future),
            (words::CONSENT_UNKNOWN_PURPOSE, identity.consent_for_unknown_purposes),
            (words::CONSENT_WITHOUT_EFFECT, identity.consent_without_effect),
            (words::CONSENT_UNMATCHED, identity.consent_unmatched),
        ]);
    }
    let shown = |count| small_cells::single(count, report.minimum_subjects).text(language);
    let row = |(phrase, count): (words::Phrase, u64)| vec![html! { (phrase.say(language)) }, html! { (shown(count)) }];
    found.into_iter().filter(|(_, count)| *count > 0).map(row).collect()
}
