//! Section: what was read, and what became of every row.

use super::parts::{self, Column};
use crate::chart;
use crate::data::{Dataset, Report, Warning, total};
use crate::format::{integer, percent_of};
use crate::language::Language;
use crate::words;
use maud::{Markup, html};

/// Renders the section.
pub(super) fn section(report: &Report, language: Language) -> Markup {
    html! {
        (parts::lead(words::ROWS_LEAD.say(language)))
        @match chart::account(report, language) {
            Some(drawing) => (drawing.figure(language)),
            None => (parts::none(language, words::ROWS_NONE)),
        }
        @if !report.datasets.is_empty() {
            (by_dataset(report, language))
            (quarantine(report, language))
            (arrivals(report, language))
        }
    }
}

fn by_dataset(report: &Report, language: Language) -> Markup {
    let heads = [
        (words::DATASET, Column::Text),
        (words::FILES_HEAD, Column::Number),
        (words::READ, Column::Number),
        (words::WRITTEN, Column::Number),
        (words::QUARANTINED, Column::Number),
        (words::DUPLICATES, Column::Number),
        (words::KEY_CONFLICTS, Column::Number),
        (words::OUTSIDE_RETENTION, Column::Number),
        (words::LOST_SHARE, Column::Number),
        (words::CLOSES, Column::Text),
    ];
    let numbers = |files, read: u64, written: u64, losses: [u64; 4], open| {
        let [quarantined, duplicates, conflicts, outside] = losses;
        vec![
            parts::count(files),
            parts::count(read),
            parts::count(written),
            parts::count(quarantined),
            parts::count(duplicates),
            parts::count(conflicts),
            parts::count(outside),
            html! { (percent_of(read.saturating_sub(written), read)) },
            parts::closes(open, language),
        ]
    };
    let row = |d: &Dataset| {
        let losses = [d.quarantined_rows(), d.duplicates, d.key_conflicts, d.outside_retention];
        let mut cells = vec![parts::named(d.label.say(language, &d.name), &d.name)];
        cells.extend(numbers(d.files, d.read, d.written, losses, d.unaccounted()));
        cells
    };
    let rows: Vec<Vec<Markup>> = report.datasets.iter().map(row).collect();
    let t = report.totals();
    let mut totals = vec![html! { (words::TOTAL.say(language)) }];
    let files = total(report.datasets.iter().map(|d| d.files));
    let losses = [t.quarantined, t.duplicates, t.key_conflicts, t.outside_retention];
    totals.extend(numbers(files, t.read, t.written, losses, t.unaccounted));
    parts::table(language, words::ROWS_BY_DATASET, &heads, &rows, Some(totals))
}

fn quarantine(report: &Report, language: Language) -> Markup {
    let heads = [
        (words::DATASET, Column::Text),
        (words::FIELD, Column::Text),
        (words::RULE, Column::Text),
        (words::ROWS_HEAD, Column::Number),
    ];
    let rows: Vec<Vec<Markup>> = report
        .datasets
        .iter()
        .flat_map(|d| d.quarantined.iter().map(move |q| (d, q)))
        .filter(|(_, q)| q.rows > 0)
        .map(|(d, q)| {
            vec![
                html! { (d.label.say(language, &d.name)) },
                html! { span.code { (q.field) } },
                parts::named(&words::code(language, &q.rule), &q.rule),
                parts::count(q.rows),
            ]
        })
        .collect();
    if rows.is_empty() {
        return parts::none(language, words::QUARANTINE_NONE);
    }
    parts::table(language, words::QUARANTINE_BY_RULE, &heads, &rows, None)
}

/// What arrived in another way than the dictionary says.
fn arrivals(report: &Report, language: Language) -> Markup {
    let heads = [
        (words::DATASET, Column::Text),
        (words::FINDING, Column::Text),
        (words::DETAIL, Column::Prose),
        (words::COUNT, Column::Number),
    ];
    let mut rows: Vec<Vec<Markup>> = Vec::new();
    for dataset in &report.datasets {
        let label = dataset.label.say(language, &dataset.name);
        for (finding, detail, count) in findings(dataset, language) {
            rows.push(vec![
                html! { (label) },
                html! { (finding.say(language)) },
                html! { (detail) },
                html! { (count) },
            ]);
        }
    }
    if rows.is_empty() {
        return parts::none(language, words::ARRIVALS_NONE);
    }
    parts::table(language, words::ARRIVALS, &heads, &rows, None)
}

fn findings(dataset: &Dataset, language: Language) -> Vec<(words::Phrase, String, String)> {
    let mut out = Vec::new();
    for (finding, detail, records) in [
        (words::CONSENT_NOBODY, words::CONSENT_NOBODY_DETAIL, dataset.consent_unreadable_nobody),
        (words::CONSENT_UNREADABLE, words::CONSENT_UNREADABLE_DETAIL, dataset.consent_unreadable),
        (words::IN_QUARANTINE, words::IN_QUARANTINE_DETAIL, dataset.in_quarantine),
        (words::QUARANTINE_EXPIRED, words::QUARANTINE_EXPIRED_DETAIL, dataset.quarantine_expired),
    ] {
        if records > 0 {
            out.push((finding, detail.say(language).to_owned(), words::ROWS.say(language, records)));
        }
    }
    for field in &dataset.over_collected {
        let detail = words::OVER_COLLECTED_DETAIL.with(language, &[&field.field]);
        out.push((words::OVER_COLLECTED, detail, words::ROWS.say(language, field.rows)));
    }
    if dataset.files_already_loaded > 0 {
        let files = words::FILES.say(language, dataset.files_already_loaded);
        out.push((words::ALREADY_LOADED, words::ALREADY_LOADED_DETAIL.say(language).to_owned(), files));
    }
    for warning in &dataset.warnings {
        match warning {
            Warning::Encoding { file, declared, found } => {
                let detail = words::ENCODING_DETAIL.with(language, &[file, declared, found]);
                out.push((words::ENCODING, detail, words::FILES.say(language, 1)));
            }
            Warning::Note { file, text } => {
                let detail = format!("{file}: {}", text.say(language, ""));
                out.push((words::NOTE, detail, words::FILES.say(language, 1)));
            }
        }
    }
    if dataset.exact_duplicates_kept > 0 {
        let rows = words::ROWS.say(language, dataset.exact_duplicates_kept);
        out.push((words::EXACT_KEPT, words::EXACT_KEPT_DETAIL.say(language).to_owned(), rows));
    }
    if dataset.replaced > 0 {
        let rows = words::ROWS.say(language, dataset.replaced);
        out.push((words::REPLACED, words::REPLACED_DETAIL.say(language).to_owned(), rows));
    }
    if dataset.skipped_lines > 0 {
        let lines = words::LINES.say(language, dataset.skipped_lines);
        out.push((words::SKIPPED, words::SKIPPED_DETAIL.say(language).to_owned(), lines));
    }
    for redaction in &dataset.redactions {
        let detail = words::REDACTED_DETAIL.with(language, &[&words::kind(language, &redaction.kind)]);
        out.push((words::REDACTED, detail, integer(redaction.count)));
    }
    out
}
