//! Recency against frequency: a grid of five by five.

use super::HALF;
use crate::data::CustomerPicture;
use crate::draw::{Drawing, n, text};
use crate::format::money;
use crate::language::Language;
use crate::small_cells;
use crate::words;
use maud::html;

const LEFT: f64 = 44.0;
const CELL: f64 = 76.0;
const ROW: f64 = 54.0;

/// Draws the grid; `None` without cells.
pub(crate) fn rfm(picture: &CustomerPicture, least: u64, language: Language) -> Option<Drawing> {
    picture.rfm.iter().map(|c| c.customers).max().filter(|most| *most > 0)?;
    let counts = small_cells::parts(&picture.rfm.iter().map(|c| c.customers).collect::<Vec<_>>(), least);
    let most = counts.iter().filter_map(|c| c.exact()).max().unwrap_or(0).max(1);
    let cell = |recency: u8, frequency: u8| {
        let mut cells = picture.rfm.iter().zip(&counts);
        cells.find(|(c, _)| c.recency == recency && c.frequency == frequency && c.customers > 0)
    };
    let body = html! {
        @for frequency in 1..=5u8 {
            @let y = f64::from(5 - frequency) * ROW + 4.0;
            (text(LEFT - 14.0, y + ROW / 2.0 + 3.0, "s c", &frequency.to_string()))
            @for recency in 1..=5u8 {
                @let x = LEFT + f64::from(recency - 1) * CELL;
                rect.cell x=(n(x)) y=(n(y)) width=(n(CELL - 3.0)) height=(n(ROW - 3.0)) rx="2" {}
                @if let Some((cell, shown)) = cell(recency, frequency) {
                    // A count that is not shown is the palest, and has no mean.
                    @let depth = 0.05 + 0.43 * (shown.exact().unwrap_or(0) as f64 / most as f64).sqrt();
                    rect.tint x=(n(x)) y=(n(y)) width=(n(CELL - 3.0)) height=(n(ROW - 3.0)) rx="2" opacity=(format!("{depth:.2}")) {}
                    @let centre = x + (CELL - 3.0) / 2.0;
                    @let amount = cell.mean_money.filter(|m| m.is_finite() && shown.exact().is_some());
                    (text(centre, y + if amount.is_some() { 23.0 } else { 30.0 }, "b c", &shown.text(language)))
                    @if let Some(amount) = amount {
                        (text(centre, y + 40.0, "s c ink", &money(amount, picture.currency.as_deref(), language)))
                    }
                }
            }
        }
        @for recency in 1..=5u8 {
            (text(LEFT + (f64::from(recency) - 0.5) * CELL - 1.5, 5.0 * ROW + 18.0, "s c", &recency.to_string()))
        }
        (text(LEFT + 2.5 * CELL, 5.0 * ROW + 36.0, "s c", words::RECENCY_AXIS.say(language)))
        g transform={ "translate(11 " (n(2.5 * ROW + 4.0)) ") rotate(-90)" } {
            (text(0.0, 0.0, "s c", words::FREQUENCY_AXIS.say(language)))
        }
    };
    Some(Drawing {
        id: "rfm",
        title: words::RFM_FIGURE.say(language).to_owned(),
        description: words::RFM_CAPTION.say(language).to_owned(),
        width: HALF,
        height: 5.0 * ROW + 44.0,
        body,
        narrow: None,
    })
}
