//! Section: the lake as it is, and what this run changed of it.

use super::parts::{self, Column};
use crate::data::{Lake, Report, StoredDataset, StoredTable};
use crate::format::{day, instant, integer, signed};
use crate::language::Language;
use crate::small_cells;
use crate::words;
use maud::{Markup, html};

/// Renders the section.
pub(super) fn section(report: &Report, language: Language) -> Markup {
    let Some(lake) = &report.lake else {
        return parts::none(language, words::LAKE_UNKNOWN);
    };
    html! {
        (parts::lead(words::LAKE_LEAD.say(language)))
        @if lake.is_empty() { (parts::none(language, words::LAKE_EMPTY)) }
        @if !lake.datasets.is_empty() { (datasets(report, lake, language)) }
        @if !lake.tables.is_empty() { (tables(report, lake, language)) }
    }
}

fn datasets(report: &Report, lake: &Lake, language: Language) -> Markup {
    let heads = [
        (words::DATASET, Column::Text),
        (words::FILES_HEAD, Column::Number),
        (words::ROWS_HEAD, Column::Number),
        (words::PEOPLE, Column::Number),
        (words::QUARANTINE_HEAD, Column::Number),
        (words::RETENTION, Column::Text),
        (words::LAST_PUBLISHED, Column::Text),
    ];
    let row = |d: &StoredDataset| {
        vec![
            parts::named(d.label.say(language, &d.name), &d.name),
            with_change(integer(d.files), i128::from(d.files_added), language),
            with_change(integer(d.rows), i128::from(d.rows_change), language),
            parts::people(d.people, report.minimum_subjects, language),
            with_change(integer(d.quarantined), i128::from(d.quarantined_change), language),
            retention(d, language),
            parts::known(d.published.map(|at| instant(at, language))),
        ]
    };
    let rows: Vec<Vec<Markup>> = lake.datasets.iter().map(row).collect();
    let sum = |of: fn(&StoredDataset) -> i64| lake.datasets.iter().map(|d| i128::from(of(d))).sum::<i128>();
    let files = crate::data::total(lake.datasets.iter().map(|d| d.files));
    let added = crate::data::total(lake.datasets.iter().map(|d| d.files_added));
    let totals = vec![
        html! { (words::TOTAL.say(language)) },
        with_change(integer(files), i128::from(added), language),
        with_change(integer(lake.rows()), sum(|d| d.rows_change), language),
        parts::people(lake.people, report.minimum_subjects, language),
        with_change(integer(lake.quarantined()), sum(|d| d.quarantined_change), language),
        html! {},
        html! {},
    ];
    parts::table(language, words::LAKE_DATASETS, &heads, &rows, Some(totals))
}

fn retention(dataset: &StoredDataset, language: Language) -> Markup {
    html! {
        @if dataset.retention.is_empty() { span.zero { (words::NO_END.say(language)) } }
        @else {
            (words::period(language, &dataset.retention))
            @if let Some(from) = dataset.kept_from {
                span.under { (words::KEPT_FROM.with(language, &[&day(from, language)])) }
            }
        }
    }
}

fn tables(report: &Report, lake: &Lake, language: Language) -> Markup {
    let heads = [
        (words::MODEL, Column::Text),
        (words::ROWS_HEAD, Column::Number),
        (words::PEOPLE, Column::Number),
        (words::PURPOSE, Column::Text),
        (words::LAWFUL_BASIS, Column::Text),
        (words::RETENTION, Column::Text),
        (words::LAST_PUBLISHED, Column::Text),
    ];
    let row = |t: &StoredTable| {
        vec![
            parts::named(t.label.say(language, &t.name), &t.name),
            match (t.rows, t.rows_change) {
                (None, _) => html! { span.zero { (words::NOT_PUBLISHED.say(language)) } },
                (Some(rows), Some(change)) => with_change(integer(rows), i128::from(change), language),
                (Some(rows), None) => html! { (integer(rows)) },
            },
            parts::people(t.people, report.minimum_subjects, language),
            parts::named(t.purpose_label.say(language, &t.purpose), &t.purpose),
            basis(&t.lawful_basis, language),
            html! {
                @if t.retention.is_empty() { span.zero { (words::AS_SOURCES.say(language)) } }
                @else { (words::period(language, &t.retention)) }
            },
            html! {
                (parts::known(t.published.map(|at| instant(at, language))))
                @if t.by_this_run { span.under { (words::BY_THIS_RUN.say(language)) } }
            },
        ]
    };
    let rows: Vec<Vec<Markup>> = lake.tables.iter().map(row).collect();
    parts::table(language, words::LAKE_TABLES, &heads, &rows, None)
}

/// What people call a lawful basis; where none is declared, the sources decide.
pub(super) fn basis(basis: &str, language: Language) -> Markup {
    html! {
        @if basis.is_empty() { span.zero { (words::AS_SOURCES.say(language)) } }
        @else { (words::code(language, basis)) }
    }
}

/// A number with what the run changed of it.
pub(super) fn with_change(number: String, change: i128, language: Language) -> Markup {
    html! {
        (number)
        @match change {
            0 => span.under.zero { (words::UNCHANGED.say(language)) },
            more @ 1.. => span.under.more { "+" (signed(more)) },
            less => span.under.less { (signed(less)) },
        }
    }
}

/// The figures of the lake that a reader looks for first.
pub(super) fn figures(report: &Report, language: Language) -> Markup {
    let Some(lake) = &report.lake else { return html! {} };
    let sum = |of: fn(&StoredDataset) -> i64| lake.datasets.iter().map(|d| i128::from(of(d))).sum::<i128>();
    let published = lake.tables.iter().filter(|t| t.rows.is_some()).count();
    let renewed = lake.tables.iter().filter(|t| t.by_this_run).count();
    html! {
        dl.figures {
            div { dt { (words::LAKE_ROWS.say(language)) } dd { (with_change(integer(lake.rows()), sum(|d| d.rows_change), language)) } }
            @if let Some(people) = lake.people {
                div { dt { (words::KEY_CUSTOMERS.say(language)) } dd { (small_cells::single(people, report.minimum_subjects).text(language)) } }
            }
            div { dt { (words::QUARANTINE_HEAD.say(language)) } dd { (with_change(integer(lake.quarantined()), sum(|d| d.quarantined_change), language)) } }
            div {
                dt { (words::LAKE_TABLES.say(language)) }
                dd { (integer(published as u64)) span.under { (words::RENEWED.with(language, &[&integer(renewed as u64)])) } }
            }
        }
    }
}
