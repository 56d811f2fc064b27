//! Section: what the dictionary says of every field.

use super::parts::{self, Column};
use crate::chart;
use crate::data::{DescribedField, DescribedTable, Report, Treatment, Treatments};
use crate::format::integer;
use crate::language::Language;
use crate::words;
use maud::{Markup, html};

/// Renders the section.
pub(super) fn section(report: &Report, language: Language) -> Markup {
    if report.fields.is_empty() {
        return html! {
            (parts::none(language, words::FIELDS_NONE))
            (treatments(report, language))
        };
    }
    html! {
        (parts::lead(words::FIELDS_LEAD.say(language)))
        (treatments(report, language))
        @for table in &report.fields { (described(table, language)) }
    }
}

/// One table, folded: a reader opens the one they ask about.
fn described(table: &DescribedTable, language: Language) -> Markup {
    let count = integer(table.fields.len() as u64);
    html! {
        details {
            summary {
                strong { (table.label.say(language, &table.name)) } " "
                span.code { (table.name) } " "
                span.soft { (words::code(language, &table.zone)) " · " (words::FIELD_COUNT.with(language, &[&count])) }
            }
            @if !table.meaning.is_empty() { p.soft { (table.meaning) } }
            (fields(table, language))
        }
    }
}

fn fields(table: &DescribedTable, language: Language) -> Markup {
    let treated = table.fields.iter().any(|f| f.treatment != Treatment::None);
    let mut heads = vec![(words::FIELD, Column::Text), (words::MEANING, Column::Prose), (words::TYPE, Column::Text)];
    heads.push((words::IDENTIFIABILITY, Column::Text));
    if treated {
        heads.push((words::TREATMENT, Column::Text));
    }
    heads.extend([(words::PURPOSES_HEAD, Column::Text), (words::RETENTION, Column::Text)]);
    let row = |f: &DescribedField| {
        let mut cells = vec![name(f, language), html! { (f.meaning) }, data_type(f, language)];
        cells.push(html! { (words::identifiability(language, &f.identifiability)) });
        if treated {
            cells.push(html! { (words::treatment(language, &f.treatment)) });
        }
        cells.push(purposes(f, language));
        cells.push(html! {
            @if f.retention.is_empty() { span.zero { (words::AS_TABLE.say(language)) } }
            @else { (words::period(language, &f.retention)) }
        });
        cells
    };
    let rows: Vec<Vec<Markup>> = table.fields.iter().map(row).collect();
    parts::lone_table(language, words::FIELDS_TITLE, &heads, &rows, None)
}

fn name(field: &DescribedField, language: Language) -> Markup {
    let known = if field.column.is_empty() { &field.field } else { &field.column };
    html! {
        (field.label.say(language, known))
        @if !field.field.is_empty() && field.field != field.column { span.under.code { (field.field) } }
        @if !field.column.is_empty() { span.under.code { (field.column) } }
    }
}

fn data_type(field: &DescribedField, language: Language) -> Markup {
    html! {
        @if field.column.is_empty() { span.zero { (words::NOT_STORED.say(language)) } }
        @else { span.code { (field.data_type) } }
        @if !field.unit.is_empty() { span.under { (field.unit) } }
    }
}

fn purposes(field: &DescribedField, language: Language) -> Markup {
    html! {
        @if field.purposes.is_empty() { span.zero { (words::AS_TABLE.say(language)) } }
        @else {
            @for (i, purpose) in field.purposes.iter().enumerate() {
                @if i > 0 { (words::COMMA.say(language)) }
                (purpose.say(language, ""))
            }
        }
    }
}

/// How many fields of each dataset get which treatment.
fn treatments(report: &Report, language: Language) -> Markup {
    let heads = [
        (words::DATASET, Column::Text),
        (words::FIELDS, Column::Drawing),
        (words::KEPT, Column::Number),
        (words::PSEUDONYMISED, Column::Number),
        (words::GENERALISED, Column::Number),
        (words::REDACTED_FIELDS, Column::Number),
        (words::DROPPED, Column::Number),
    ];
    let treated = report.datasets.iter().filter(|d| d.treatments != Treatments::default());
    let rows: Vec<Vec<Markup>> = treated
        .map(|d| {
            let t = d.treatments;
            let parts_of = [
                (t.kept, "kept"),
                (t.pseudonymised, "pseudonymised"),
                (t.generalised, "generalised"),
                (t.redacted, "redacted"),
                (t.dropped, "dropped"),
            ];
            let mut cells = vec![html! { (d.label.say(language, &d.name)) }, chart::strip(&parts_of)];
            cells.extend(parts_of.iter().map(|(count, _)| parts::count(u64::from(*count))));
            cells
        })
        .collect();
    if rows.is_empty() {
        return html! {};
    }
    parts::table(language, words::TREATMENTS, &heads, &rows, None)
}
