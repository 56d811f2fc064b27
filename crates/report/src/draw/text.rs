//! Text whose width is known well enough to keep it from running into its neighbours.

use super::n;
use maud::{Markup, html};
use std::borrow::Cow;

/// Estimates the width of `s` at a font size, a little too wide for every font of the page's stack.
pub(crate) fn width(s: &str, size: f64) -> f64 {
    s.chars().map(advance).sum::<f64>() * size
}

/// Width of a character, in ems, where all Latin characters are equally wide.
fn monospaced(c: char) -> f64 {
    if (c as u32) < 0x1100 { 0.62 } else { 1.02 }
}

fn advance(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | 't' | 'f' | 'r' | '.' | ',' | ':' | ';' | '|' | '\'' | '!' | ' ' | '\u{a0}' => 0.36,
        'm' | 'w' | 'M' | 'W' | '%' | '@' => 0.9,
        'A'..='Z' => 0.69,
        '\u{300}'..='\u{36f}' => 0.0,
        c if (c as u32) < 0x1100 => 0.59,
        '–' | '−' | '·' | '…' | '→' => 0.7,
        _ => 1.02,
    }
}

/// Cuts `s` so that it fits into `room`, ending in an ellipsis where something is cut.
pub(crate) fn fit(s: &str, size: f64, room: f64) -> Cow<'_, str> {
    fit_by(advance, s, size, room)
}

fn fit_by(advance: fn(char) -> f64, s: &str, size: f64, room: f64) -> Cow<'_, str> {
    if s.chars().map(advance).sum::<f64>() * size <= room {
        return Cow::Borrowed(s);
    }
    let mut used = advance('…') * size;
    let mut out = String::new();
    for c in s.chars() {
        used += advance(c) * size;
        if used > room {
            break;
        }
        out.push(c);
    }
    Cow::Owned(format!("{}…", out.trim_end()))
}

/// Draws text. `class` says how: `t` 12.5, `s` 11 soft, `m` 11 monospaced, `b` 12.5 bold; `e` or `c` ends or centres it at `x`.
pub(crate) fn text(x: f64, y: f64, class: &str, s: &str) -> Markup {
    html! { text class=(class) x=(n(x)) y=(n(y)) { (s) } }
}

/// Draws text that is cut to fit into `room`; the whole text is its tooltip.
pub(crate) fn fitted(x: f64, y: f64, class: &str, s: &str, room: f64) -> Markup {
    let short = match class.split(' ').next() {
        Some("s") => fit(s, 11.0, room),
        Some("m") => fit_by(monospaced, s, 11.0, room),
        Some("b") => fit(s, 13.4, room),
        _ => fit(s, 12.5, room),
    };
    html! {
        text class=(class) x=(n(x)) y=(n(y)) {
            (short)
            @if short != s { title { (s) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_does_not_fit_is_cut_with_an_ellipsis() {
        assert_eq!(fit("short", 12.0, 100.0), "short");
        let cut = fit("an extraordinarily long name of a field", 12.0, 100.0);
        assert!(cut.ends_with('…') && width(&cut, 12.0) <= 100.0, "{cut}");
        assert_eq!(fit("门店销售流水明细", 10.0, 52.0), "门店销售…");
        assert_eq!(fit("anything", 10.0, 0.0), "…");
    }

    #[test]
    fn the_whole_text_stays_reachable_and_escaped() {
        let html = fitted(0.0, 0.0, "t", "<b>a very long name</b>", 60.0).into_string();
        assert!(html.contains("<title>&lt;b&gt;a very long name&lt;/b&gt;</title>"), "{html}");
    }
}
