//! Segments: their share of the customers beside their share of the revenue.

use super::HALF;
use crate::data::{CustomerPicture, share, total};
use crate::draw::{Drawing, Linear, Path, more_height, n, text, ticks, wrapped};
use crate::format::axis_percent;
use crate::language::Language;
use crate::small_cells;
use crate::words;
use maud::html;

const LEFT: f64 = 118.0;
const RIGHT: f64 = HALF - 52.0;
const TOP: f64 = 26.0;
const ROW: f64 = 34.0;

/// Draws the segments in the order given; `None` without any.
pub(crate) fn segments(picture: &CustomerPicture, least: u64, language: Language) -> Option<Drawing> {
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
    let shown = small_cells::parts(&picture.segments.iter().map(|s| s.customers).collect::<Vec<_>>(), least);
    let more = |s: &crate::data::Segment| more_height("t", s.label.say(language, &s.name), LEFT - 12.0);
    let mut places = Vec::with_capacity(rows.len());
    let mut bottom = TOP;
    for (segment, ..) in &rows {
        places.push(bottom + ROW / 2.0);
        bottom += ROW + more(segment);
    }
    let body = html! {
        @for mark in &marks {
            path.grid d=(Path::at(across.at(*mark), TOP - 6.0).vertical(bottom).open()) {}
            (text(across.at(*mark), TOP - 12.0, "s c", &axis_percent(*mark)))
        }
        @for (((segment, heads, revenue), y), shown) in rows.iter().zip(places.iter().copied()).zip(&shown) {
            (wrapped(0.0, y - 1.0, "t", segment.label.say(language, &segment.name), LEFT - 12.0))
            (text(0.0, y + 12.5 + more(segment), "s", &shown.text(language)))
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
        narrow: None,
    })
}
