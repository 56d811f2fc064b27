//! Section: from which export fields each curated column comes.

use super::parts::{self, Column};
use crate::chart;
use crate::data::{ColumnOrigins, ExportField, Report, TableOrigins};
use crate::format::integer;
use crate::language::Language;
use crate::words;
use maud::{Markup, html};

/// Renders the section.
pub(super) fn section(report: &Report, language: Language) -> Markup {
    html! {
        @match chart::flow(report, language) {
            Some(drawing) => {
                (parts::lead(words::WAY_LEAD.say(language)))
                (drawing.figure(language))
            },
            None => (parts::none(language, words::WAY_NONE)),
        }
        @for table in &report.origins { (origins(report, table, language)) }
    }
}

/// One table, folded.
fn origins(report: &Report, table: &TableOrigins, language: Language) -> Markup {
    let heads = [(words::COLUMN, Column::Text), (words::BY_VALUE, Column::Prose), (words::BY_CONDITION, Column::Prose)];
    let row = |c: &ColumnOrigins| {
        vec![
            html! { (c.label.say(language, &c.column)) span.under.code { (c.column) } },
            fields(report, &c.values, language),
            fields(report, &c.conditions, language),
        ]
    };
    let rows: Vec<Vec<Markup>> = table.columns.iter().map(row).collect();
    let count = integer(table.columns.len() as u64);
    html! {
        details {
            summary {
                strong { (report.label(language, &table.table)) } " "
                span.code { (table.table) } " "
                span.soft { (words::COLUMN_COUNT.with(language, &[&count])) }
            }
            (parts::lone_table(language, words::ORIGINS_TITLE, &heads, &rows, None))
            @if !table.rows_decided_by.is_empty() {
                p.decides { span.soft { (words::DECIDES_ROWS.say(language)) } " " (fields(report, &table.rows_decided_by, language)) }
            }
        }
    }
}

/// Fields by dataset.
fn fields(report: &Report, fields: &[ExportField], language: Language) -> Markup {
    let mut datasets: Vec<(&str, Vec<&str>)> = Vec::new();
    for field in fields {
        match datasets.iter_mut().find(|d| d.0 == field.dataset) {
            Some(known) => known.1.push(&field.field),
            None => datasets.push((&field.dataset, vec![&field.field])),
        }
    }
    html! {
        @if datasets.is_empty() { span.zero { "–" } }
        @for (dataset, fields) in &datasets {
            span.origin { (report.label(language, dataset)) ": " span.code { (fields.join(", ")) } }
        }
    }
}
