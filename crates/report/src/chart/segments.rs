//! Segments: their share of the customers beside their share of the revenue.

use super::HALF;
use crate::data::{CustomerPicture, share, total};
use crate::draw::{Drawing, Linear, Path, fitted, n, text, ticks};
use crate::format::{axis_percent, integer};
use crate::language::Language;
use crate::words;
use maud::html;

const LEFT: f64 = 118.0;
const RIGHT: f64 = HALF - 52.0;
const TOP: f64 = 26.0;
const ROW: f64 = 34.0;

/// Draws the segments in the order given; `None` without any.
pub(crate) fn segments(picture: &CustomerPicture, language: Language) -> Option<Drawing> {
    let all = total(picture.segments.iter().map(|s| s.customers));
    let rows: Vec<_> = picture
        .segments
        .iter()
        .map(|s| (s, share(s.customers, all).unwrap_or(0.0), Some(s.revenue_share).filter(|r| r.is_finite())))
        .collect();
    let most = rows.iter().flat_map(|r| [r.1, r.2.unwrap_or(0.0)]).fold(0.0, f64::max);
    rows.first()?;
    let marks = ticks(0.0, most.max(0.01), 4, false);
    let across = Linear::new((0.0, marks.last().copied().unwrap_or(1.0)), (LEFT, RIGHT));
    let bottom = TOP + rows.len() as f64 * ROW;
    let body = html! {
        @for mark in &marks {
            path.grid d=(Path::at(across.at(*mark), TOP - 6.0).vertical(bottom).open()) {}
            (text(across.at(*mark), TOP - 12.0, "s c", &axis_percent(*mark)))
        }
        @for (i, (segment, heads, revenue)) in rows.iter().enumerate() {
            @let y = TOP + (i as f64 + 0.5) * ROW;
            (fitted(0.0, y - 1.0, "t", segment.label.say(language, &segment.name), LEFT - 12.0))
            (fitted(0.0, y + 12.5, "s", &integer(segment.customers), LEFT - 12.0))
            @if let Some(revenue) = revenue {
                path.span d=(Path::at(across.at(*heads), y).horizontal(across.at(*revenue)).open()) {}
                circle.on cx=(n(across.at(*revenue))) cy=(n(y)) r="5.5" {}
                (text(HALF, y + 4.5, "b e", &axis_percent(*revenue)))
            }
            circle.open cx=(n(across.at(*heads))) cy=(n(y)) r="4.7" {}
        }
    };
    Some(Drawing {
        id: "segments",
        title: words::SEGMENTS_FIGURE.say(language).to_owned(),
        description: words::SEGMENTS_CAPTION.say(language).to_owned(),
        width: HALF,
        height: bottom + 6.0,
        body,
    })
}
