//! Section: what was published, and where it can be proved.

use super::parts::{self, Column};
use crate::data::{AuditRecord, PublishedTable, Report, total};
use crate::format::{bytes, integer};
use crate::language::Language;
use crate::words;
use maud::{Markup, html};

/// Renders the section.
pub(super) fn section(report: &Report, language: Language) -> Markup {
    let Some(publication) = &report.publication else {
        return parts::none(language, words::EVIDENCE_NONE);
    };
    html! {
        (parts::lead(words::EVIDENCE_LEAD.say(language)))
        @if publication.tables.is_empty() { (parts::none(language, words::EVIDENCE_NONE)) }
        @else { (tables(report, &publication.tables, language)) }
        (audit(publication.audit.as_ref(), language))
    }
}

fn tables(report: &Report, tables: &[PublishedTable], language: Language) -> Markup {
    let heads = [
        (words::TABLE, Column::Text),
        (words::ZONE, Column::Text),
        (words::VERSION, Column::Number),
        (words::ROWS_HEAD, Column::Number),
        (words::FILES_HEAD, Column::Number),
        (words::BYTES, Column::Number),
    ];
    let row = |t: &PublishedTable| {
        vec![
            parts::named(report.label(language, &t.name), &t.name),
            html! { (words::code(language, &t.zone)) },
            html! { (t.version) },
            parts::known(t.rows.map(integer)),
            parts::count(t.files),
            html! { (bytes(t.bytes)) },
        ]
    };
    let rows: Vec<Vec<Markup>> = tables.iter().map(row).collect();
    let rows_known = tables.iter().map(|t| t.rows).collect::<Option<Vec<u64>>>();
    let totals = vec![
        html! { (words::TOTAL.say(language)) },
        html! {},
        html! {},
        parts::known(rows_known.map(|rows| integer(total(rows)))),
        parts::count(total(tables.iter().map(|t| t.files))),
        html! { (bytes(total(tables.iter().map(|t| t.bytes)))) },
    ];
    parts::lone_table(language, words::EVIDENCE_TITLE, &heads, &rows, Some(totals))
}

fn audit(audit: Option<&AuditRecord>, language: Language) -> Markup {
    let Some(audit) = audit else {
        return parts::none(language, words::AUDIT_NONE);
    };
    html! {
        div.seal {
            p.soft { (words::AUDIT_NUMBER.with(language, &[&integer(audit.number)])) " · " (words::AUDIT_HASH.say(language)) }
            p { (parts::hash(&audit.hash)) }
        }
    }
}
