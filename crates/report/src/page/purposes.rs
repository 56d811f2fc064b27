//! Section: under which purpose each table was built, and what the policy withheld from it.

use super::parts::{self, Column};
use crate::chart;
use crate::data::{Anonymity, Dataset, Model, Noise, RelationRead, Report};
use crate::language::Language;
use crate::small_cells;
use crate::words;
use maud::{Markup, html};

/// Renders the section.
pub(super) fn section(report: &Report, language: Language) -> Markup {
    if report.models.is_empty() {
        return html! {
            (parts::none(language, words::PURPOSES_NONE))
            (without_subject(report, language))
        };
    }
    html! {
        (parts::lead(words::PURPOSES_LEAD.say(language)))
        @if let Some(drawing) = chart::withheld(report, language) { (drawing.figure(language)) }
        (models(report, language))
        (warnings(report, language))
        (reads(report, language))
        (anonymity(report, language))
        (noise(report, language))
        (without_subject(report, language))
    }
}

fn models(report: &Report, language: Language) -> Markup {
    let heads = [
        (words::MODEL, Column::Text),
        (words::PURPOSE, Column::Text),
        (words::LAWFUL_BASIS, Column::Text),
        (words::COLUMNS_HEAD, Column::Number),
        (words::ROWS_OUT, Column::Number),
        (words::PEOPLE, Column::Number),
        (words::HELD_BACK, Column::Number),
    ];
    let stored = |m: &Model| report.lake.iter().flat_map(|lake| &lake.tables).find(|t| t.name == m.name);
    let row = |m: &Model| {
        vec![
            parts::named(m.label.say(language, &m.name), &m.name),
            html! { @if m.purpose.is_empty() { "–" } @else { (parts::named(m.purpose_label.say(language, &m.purpose), &m.purpose)) } },
            html! { @match stored(m) { Some(table) => (super::lake::basis(&table.lawful_basis, language)), None => span.zero { "–" } } },
            parts::count(u64::from(m.columns)),
            parts::count(m.rows_out),
            parts::people(stored(m).and_then(|t| t.people), report.minimum_subjects, language),
            parts::count(m.held_back),
        ]
    };
    let rows: Vec<Vec<Markup>> = report.models.iter().map(row).collect();
    parts::table(language, words::CURATED, &heads, &rows, None)
}

/// Tables of which the policy left nothing.
fn warnings(report: &Report, language: Language) -> Markup {
    let all: Vec<(&Model, String)> = report
        .models
        .iter()
        .flat_map(|m| m.warnings.iter().map(move |w| (m, w.say(language, ""))))
        .map(|(m, text)| (m, text.to_owned()))
        .collect();
    html! {
        @if !all.is_empty() {
            ul class="warnings" {
                @for (model, text) in &all {
                    li { strong { (model.label.say(language, &model.name)) } ": " (text) }
                }
            }
        }
    }
}

fn reads(report: &Report, language: Language) -> Markup {
    let heads = [
        (words::MODEL, Column::Text),
        (words::RELATION, Column::Text),
        (words::READ, Column::Number),
        (words::USED, Column::Number),
        (words::NO_SUBJECT, Column::Number),
        (words::WITHHELD, Column::Number),
        (words::REASONS, Column::Prose),
        (words::CLOSES, Column::Text),
    ];
    let rows: Vec<Vec<Markup>> = report
        .models
        .iter()
        .flat_map(|m| m.reads.iter().map(move |r| (m, r)))
        .map(|(m, r)| {
            let (withheld, used) = small_cells::taken_and_left(r.read, r.withheld_rows(), report.minimum_subjects);
            // Where the account does not close, both are what was counted.
            let used = if r.unaccounted() == 0 { used } else { small_cells::single(r.used, 0) };
            vec![
                html! { (m.label.say(language, &m.name)) },
                html! { (report.label(language, &r.relation)) },
                parts::count(r.read),
                html! { (used.text(language)) },
                html! { (small_cells::single(r.without_subject, report.minimum_subjects).text(language)) },
                html! { (withheld.text(language)) },
                reasons(report, r, language),
                parts::closes(r.unaccounted(), language),
            ]
        })
        .collect();
    if rows.is_empty() {
        return html! {};
    }
    parts::table(language, words::READS, &heads, &rows, None)
}

fn anonymity(report: &Report, language: Language) -> Markup {
    let heads = [
        (words::MODEL, Column::Text),
        (words::MEASURE, Column::Text),
        (words::DEMANDED, Column::Number),
        (words::FOUND, Column::Number),
    ];
    let row = |(m, a): (&Model, &Anonymity)| {
        let measure = match a.measure.as_str() {
            "k" => words::K_ALIKE,
            "l" => words::L_DIVERSITY,
            _ => words::T_CLOSENESS,
        };
        vec![
            html! { (m.label.say(language, &m.name)) },
            html! { (measure.say(language)) @if !a.column.is_empty() { " · " code { (a.column) } } },
            html! { (a.declared) },
            html! { @if a.found.is_empty() { "–" } @else { (a.found) } },
        ]
    };
    let rows: Vec<Vec<Markup>> =
        report.models.iter().flat_map(|m| m.anonymity.iter().map(move |a| (m, a))).map(row).collect();
    if rows.is_empty() {
        return html! {};
    }
    parts::table(language, words::LIKENESS, &heads, &rows, None)
}

fn noise(report: &Report, language: Language) -> Markup {
    let heads = [
        (words::MODEL, Column::Text),
        (words::EPSILON, Column::Number),
        (words::DELTA, Column::Number),
        (words::ROWS_PER_PERSON, Column::Number),
        (words::THRESHOLD, Column::Number),
        (words::EVERY, Column::Text),
        (words::THIS_RUN, Column::Text),
        (words::PUBLICATIONS, Column::Number),
        (words::SPENT, Column::Number),
    ];
    let row = |(m, n): (&Model, &Noise)| {
        let this_run = if n.kept { words::LEFT_AS_IT_WAS } else { words::PUBLISHED_NOW };
        vec![
            html! { (m.label.say(language, &m.name)) },
            html! { (n.epsilon) },
            html! { (n.delta) },
            parts::count(n.rows_per_person),
            parts::count(n.threshold),
            html! { (n.every) },
            html! { (this_run.say(language)) },
            parts::count(n.publications),
            html! { (n.epsilon_spent) },
        ]
    };
    let rows: Vec<Vec<Markup>> = report.models.iter().filter_map(|m| Some((m, m.noise.as_ref()?))).map(row).collect();
    if rows.is_empty() {
        return html! {};
    }
    parts::table(language, words::NOISED, &heads, &rows, None)
}

/// Datasets about people whose data subjects cannot be resolved, each with its declared reason.
fn without_subject(report: &Report, language: Language) -> Markup {
    let heads = [(words::RELATION, Column::Text), (words::DECLARED_REASON, Column::Prose)];
    let listed = report.datasets.iter().filter(|d| !d.without_subject.is_empty());
    let row = |d: &Dataset| vec![html! { (report.label(language, &d.name)) }, html! { (d.without_subject) }];
    let rows: Vec<Vec<Markup>> = listed.map(row).collect();
    if rows.is_empty() {
        return html! {};
    }
    parts::table(language, words::WITHOUT_SUBJECT, &heads, &rows, None)
}

fn reasons(report: &Report, read: &RelationRead, language: Language) -> Markup {
    let purpose = |name: &str| {
        let model = report.models.iter().find(|m| m.purpose == name);
        model.map_or(name, |m| m.purpose_label.say(language, &m.purpose)).to_owned()
    };
    let withheld: Vec<_> = read.withheld.iter().filter(|w| w.rows > 0).collect();
    let shown = small_cells::parts(&withheld.iter().map(|w| w.rows).collect::<Vec<_>>(), report.minimum_subjects);
    html! {
        @for (w, shown) in withheld.iter().zip(&shown) {
            span.reason { (purpose(&w.purpose)) " · " (words::code(language, &w.reason)) " " span.soft { (shown.text(language)) } }
        }
    }
}
