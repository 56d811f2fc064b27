//! Drawings small enough for a table's cell. Their numbers stand beside them, so that they are hidden from
//! screen readers.

use crate::draw::n;
use maud::{Markup, html};

/// Draws a share (0 to 1) as a bar in a cell; nothing if it is not a number.
pub(crate) fn meter(share: f64, class: &str) -> Markup {
    let width = if share.is_finite() { share.clamp(0.0, 1.0) * 100.0 } else { 0.0 };
    html! {
        svg.meter viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" {
            rect.track x="0" y="0" width="100" height="6" {}
            rect class=(class) x="0" y="0" width=(n(width)) height="6" {}
        }
    }
}

/// Draws parts of a whole side by side, each with its class; nothing if all are 0.
pub(crate) fn strip(parts: &[(u32, &str)]) -> Markup {
    let all: f64 = parts.iter().map(|p| f64::from(p.0)).sum();
    let mut x = 0.0;
    let mut places = Vec::new();
    for (count, class) in parts.iter().filter(|p| p.0 > 0) {
        let width = f64::from(*count) / all * 200.0;
        places.push((x, width, *class));
        x += width;
    }
    html! {
        svg.strip viewBox="0 0 200 10" preserveAspectRatio="none" aria-hidden="true" {
            @for (x, width, class) in places {
                rect class=(class) x=(n(x)) y="0" width=(n((width - 1.0).max(0.5))) height="10" {}
            }
        }
    }
}

/// Draws a stretch of a run's time: `from..to` within `0..whole`, milliseconds.
pub(crate) fn timeline(from: u64, to: u64, whole: u64, class: &str) -> Markup {
    let at = |ms: u64| {
        if whole > 0 { (ms as f64 / whole as f64).clamp(0.0, 1.0) * 198.0 } else { 0.0 }
    };
    html! {
        svg.timeline viewBox="0 0 200 10" preserveAspectRatio="none" aria-hidden="true" {
            rect.track x="0" y="4.5" width="200" height="1" {}
            rect class=(class) x=(n(at(from))) y="1" width=(n((at(to) - at(from)).max(1.5))) height="8" {}
        }
    }
}
