//! Of what each model scanned, how much the policy withheld.

use super::WIDE;
use crate::data::{Model, Report, total};
use crate::draw::{Drawing, Linear, fitted, n};
use crate::format::{integer, percent_of};
use crate::language::Language;
use crate::words;
use maud::{Markup, html};

const LEFT: f64 = 236.0;
const RIGHT: f64 = 660.0;
const ROW: f64 = 42.0;

/// Draws a bar a model, all of one length; `None` without models that read rows.
pub(crate) fn withheld(report: &Report, language: Language) -> Option<Drawing> {
    let models: Vec<&Model> = report.models.iter().filter(|m| m.read() > 0).collect();
    models.first()?;
    let body = html! {
        @for (i, model) in models.iter().enumerate() { (row(model, 8.0 + i as f64 * ROW, language)) }
    };
    let (read, kept) = (total(models.iter().map(|m| m.read())), total(models.iter().map(|m| m.withheld())));
    let description = words::WITHHELD_CAPTION.with(
        language,
        &[
            &words::TABLES.say(language, models.len() as u64),
            &words::ROWS.say(language, read),
            &words::ROWS.say(language, kept),
            &percent_of(kept, read),
        ],
    );
    let title = words::WITHHELD_FIGURE.say(language).to_owned();
    Some(Drawing { id: "withheld", title, description, width: WIDE, height: 8.0 + models.len() as f64 * ROW, body })
}

fn row(model: &Model, y: f64, language: Language) -> Markup {
    let (read, kept) = (model.read(), model.withheld());
    let across = Linear::new((0.0, read as f64), (LEFT, RIGHT));
    let hair = if kept > 0 { 2.0 } else { 0.0 };
    let cut = (RIGHT - (across.at(kept as f64) - LEFT).max(hair)).max(LEFT);
    let purpose = words::FOR_PURPOSE.with(language, &[model.purpose_label.say(language, &model.purpose)]);
    let words = match kept {
        0 => words::WITHHELD_NONE.say(language).to_owned(),
        kept => words::WITHHELD_ROWS.with(language, &[&integer(kept), &percent_of(kept, read)]),
    };
    html! {
        (fitted(0.0, y + 10.0, "t", model.label.say(language, &model.name), LEFT - 16.0))
        @if !model.purpose.is_empty() { (fitted(0.0, y + 24.5, "s", &purpose, LEFT - 16.0)) }
        rect.band x=(n(LEFT)) y=(n(y)) width=(n(cut - LEFT)) height="22" {}
        @if kept > 0 { rect.held x=(n(cut)) y=(n(y)) width=(n(RIGHT - cut)) height="22" {} }
        (fitted(RIGHT + 12.0, y + 15.5, if kept > 0 { "t" } else { "s" }, &words, WIDE - RIGHT - 12.0))
    }
}
