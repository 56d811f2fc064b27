//! Section: the way of the data, and what became of each field.

use super::parts::{self, Column};
use crate::chart;
use crate::data::{Report, Treatments};
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
        (treatments(report, language))
    }
}

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
