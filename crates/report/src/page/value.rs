//! Section: what each dataset is worth.

use super::parts::{self, Column};
use crate::chart;
use crate::data::{AssetValue, Report};
use crate::format::{decimal, integer, percent};
use crate::language::Language;
use crate::words;
use maud::{Markup, html};

/// Renders the section.
pub(super) fn section(report: &Report, language: Language) -> Markup {
    if report.values.is_empty() {
        return parts::none(language, words::VALUE_NONE);
    }
    let heads = [
        (words::DATASET, Column::Text),
        (words::SCALE, Column::Number),
        (words::COMPLETENESS, Column::Number),
        (words::CONSISTENCY, Column::Number),
        (words::TIMELINESS, Column::Number),
        (words::USAGE, Column::Number),
        (words::INDEX, Column::Number),
    ];
    let rows: Vec<Vec<Markup>> = report
        .values
        .iter()
        .map(|v: &AssetValue| {
            vec![
                parts::named(report.label(language, &v.dataset), &v.dataset),
                parts::count(v.scale),
                measured(v.completeness, "soft-bar"),
                measured(v.consistency, "soft-bar"),
                measured(v.timeliness, "soft-bar"),
                parts::known(v.usage.map(integer)),
                index(v.index),
            ]
        })
        .collect();
    html! {
        (parts::lead(words::VALUE_LEAD.say(language)))
        (parts::lone_table(language, words::VALUE_TITLE, &heads, &rows, None))
    }
}

fn measured(share: Option<f64>, class: &str) -> Markup {
    let share = share.filter(|s| s.is_finite());
    html! {
        (parts::known(share.map(percent)))
        @if let Some(share) = share { (chart::meter(share, class)) }
    }
}

fn index(index: Option<f64>) -> Markup {
    let index = index.filter(|i| i.is_finite());
    html! {
        strong { (parts::known(index.map(|i| decimal(i, 1)))) }
        @if let Some(index) = index { (chart::meter(index / 100.0, "band")) }
    }
}
