//! Of what each model scanned, how much the policy withheld.

use super::WIDE;
use super::list::{Entry, list};
use crate::data::{Model, Report, share, total};
use crate::draw::{Drawing, Linear, more_height, n, wrapped};
use crate::format::percent_of;
use crate::language::Language;
use crate::small_cells::{self, ShownCount};
use crate::words;
use maud::{Markup, html};

const LEFT: f64 = 236.0;
const RIGHT: f64 = 660.0;
const ROW: f64 = 42.0;

/// One model's row: its words, and the lines that they take.
struct Row<'a> {
    model: &'a Model,
    name: &'a str,
    purpose: String,
    words: String,
    withheld: ShownCount,
}

/// Draws a bar a model, all of one length; `None` without models that read rows.
pub(crate) fn withheld(report: &Report, language: Language) -> Option<Drawing> {
    let models: Vec<&Model> = report.models.iter().filter(|m| m.read() > 0).collect();
    models.first()?;
    let least = report.minimum_subjects;
    let shown = small_cells::parts(&models.iter().map(|m| m.withheld()).collect::<Vec<_>>(), least);
    let rows: Vec<Row<'_>> = models.iter().zip(shown).map(|(model, shown)| row(model, shown, language)).collect();
    let mut bottom = 8.0;
    let body = html! {
        @for row in &rows {
            (draw(row, bottom))
            ({ bottom += height(row); "" })
        }
    };
    let (read, kept) = (total(models.iter().map(|m| m.read())), total(models.iter().map(|m| m.withheld())));
    let kept_share = small_cells::single(kept, least);
    let description = words::WITHHELD_CAPTION.with(
        language,
        &[
            &words::TABLES.say(language, models.len() as u64),
            &words::ROWS.say(language, read),
            &kept_share.text(language),
            &kept_share.exact().map_or_else(|| "–".to_owned(), |kept| percent_of(kept, read)),
        ],
    );
    let title = words::WITHHELD_FIGURE.say(language).to_owned();
    let narrow = Some(list(&rows.iter().map(entry).collect::<Vec<_>>()));
    Some(Drawing { id: "withheld", title, description, width: WIDE, height: bottom, body, narrow })
}

fn row<'a>(model: &'a Model, withheld: ShownCount, language: Language) -> Row<'a> {
    let purpose = match model.purpose.is_empty() {
        true => String::new(),
        false => words::FOR_PURPOSE.with(language, &[model.purpose_label.say(language, &model.purpose)]),
    };
    let words = match withheld {
        ShownCount::Exact(0) => words::WITHHELD_NONE.say(language).to_owned(),
        ShownCount::Exact(kept) => {
            words::WITHHELD_ROWS.with(language, &[&withheld.text(language), &percent_of(kept, model.read())])
        }
        few @ (ShownCount::Fewer(_) | ShownCount::AtLeast(_)) => {
            words::WITHHELD_FEW.with(language, &[&few.text(language)])
        }
    };
    Row { model, name: model.label.say(language, &model.name), purpose, words, withheld }
}

/// The share of the bar that is withheld; where the count is not shown, a hair.
fn share_withheld(row: &Row<'_>) -> f64 {
    row.withheld.exact().and_then(|kept| share(kept, row.model.read())).unwrap_or(0.0)
}

fn name_room() -> f64 {
    LEFT - 16.0
}

fn height(row: &Row<'_>) -> f64 {
    let words = more_height("t", &row.words, WIDE - RIGHT - 12.0);
    ROW + (more_height("t", row.name, name_room()) + more_height("s", &row.purpose, name_room())).max(words)
}

fn draw(row: &Row<'_>, y: f64) -> Markup {
    let across = Linear::new((0.0, 1.0), (LEFT, RIGHT));
    let any = row.withheld != ShownCount::Exact(0);
    let hair = if any { 2.0 } else { 0.0 };
    let cut = (RIGHT - (across.at(share_withheld(row)) - LEFT).max(hair)).max(LEFT);
    let below = more_height("t", row.name, name_room());
    html! {
        (wrapped(0.0, y + 10.0, "t", row.name, name_room()))
        @if !row.purpose.is_empty() { (wrapped(0.0, y + 24.5 + below, "s", &row.purpose, name_room())) }
        rect.band x=(n(LEFT)) y=(n(y)) width=(n(cut - LEFT)) height="22" {}
        @if any { rect.held x=(n(cut)) y=(n(y)) width=(n(RIGHT - cut)) height="22" {} }
        (wrapped(RIGHT + 12.0, y + 15.5, if any { "t" } else { "s" }, &row.words, WIDE - RIGHT - 12.0))
    }
}

fn entry(row: &Row<'_>) -> Entry {
    Entry {
        name: row.name.to_owned(),
        note: row.purpose.clone(),
        value: row.words.clone(),
        share: Some(share_withheld(row)),
        class: "strand-bar",
    }
}
