//! How revenue concentrates: the share that the best customers bring (a Lorenz curve, read from the top).

use super::HALF;
use crate::data::CustomerPicture;
use crate::draw::{Drawing, Linear, Path, n, spread, text};
use crate::format::{axis_percent, decimal, percent};
use crate::language::Language;
use crate::words;
use maud::html;

const LEFT: f64 = 44.0;
const FLOOR: f64 = 238.0;
const TOP: f64 = 22.0;

/// Draws the curve; `None` without a share.
pub(crate) fn concentration(picture: &CustomerPicture, language: Language) -> Option<Drawing> {
    let usable =
        |s: &&crate::data::TopShare| s.revenue_share.is_finite() && s.top_percent > 0.0 && s.top_percent < 100.0;
    let mut points: Vec<(f64, f64)> =
        picture.concentration.iter().filter(usable).map(|s| (s.top_percent, s.revenue_share)).collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points.first()?;
    let across = Linear::new((0.0, 100.0), (LEFT, HALF - 18.0));
    let up = Linear::new((0.0, 1.0), (FLOOR, TOP));
    let place = |p: &(f64, f64)| (across.at(p.0), up.at(p.1));
    let corners: Vec<(f64, f64)> =
        std::iter::once((0.0, 0.0)).chain(points.iter().copied()).chain([(100.0, 1.0)]).map(|p| place(&p)).collect();
    let curve = corners.iter().skip(1).fold(Path::at(corners[0].0, corners[0].1), |path, p| path.line(p.0, p.1));
    let equal = Path::at(across.at(0.0), up.at(0.0)).line(across.at(100.0), up.at(1.0));
    // Labels stand under the curve, in a column that their leaders reach.
    let labels_at = across.at(points.last().map_or(0.0, |p| p.0).min(46.0)) + 26.0;
    let wanted: Vec<f64> = points.iter().map(|p| up.at(p.1) + 10.0).collect();
    let places = spread(&wanted.iter().rev().copied().collect::<Vec<_>>(), 17.0, TOP + 20.0, FLOOR - 8.0);
    let body = html! {
        @for mark in [0.0, 0.25, 0.5, 0.75, 1.0] {
            path.grid d=(Path::at(LEFT, up.at(mark)).horizontal(HALF - 18.0).open()) {}
            (text(LEFT - 8.0, up.at(mark) + 4.0, "s e", &axis_percent(mark)))
        }
        @for mark in [0.0, 25.0, 50.0, 75.0, 100.0] {
            (text(across.at(mark), FLOOR + 18.0, "s c", &axis_percent(mark / 100.0)))
        }
        path.equal d=(equal.open()) {}
        path.curve d=(curve.open()) {}
        @for (point, y) in points.iter().rev().zip(&places) {
            @let (x, dot) = place(point);
            path.leader d=(Path::at(x, dot).line(labels_at - 5.0, *y - 4.0).open()) {}
            circle.on cx=(n(x)) cy=(n(dot)) r="3.6" {}
            @let percents = decimal(point.0, if point.0.fract() == 0.0 { 0 } else { 1 });
            (text(labels_at, *y, "t halo", &words::TOP.with(language, &[&percents, &percent(point.1)])))
        }
        path.axis d=(Path::at(LEFT, FLOOR).horizontal(HALF - 18.0).open()) {}
    };
    Some(Drawing {
        id: "concentration",
        title: words::CONCENTRATION_FIGURE.say(language).to_owned(),
        description: words::CONCENTRATION_CAPTION.say(language).to_owned(),
        width: HALF,
        height: 270.0,
        body,
        narrow: None,
    })
}
