//! Text whose width is known well enough to keep it from running into its neighbours.

use super::n;
use maud::{Markup, html};

/// Distance between the baselines of two lines, user units.
pub(crate) const LINE: f64 = 14.0;

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

/// Breaks `s` into lines that fit into `room`: after a space or an underscore if there is one, else between any two
/// characters. Nothing is cut off; a line has at least one character.
pub(crate) fn lines<'a>(class: &str, s: &'a str, room: f64) -> Vec<&'a str> {
    match class.split(' ').next() {
        Some("s") => break_lines(advance, s, 11.0, room),
        Some("m") => break_lines(monospaced, s, 11.0, room),
        Some("b") => break_lines(advance, s, 13.4, room),
        _ => break_lines(advance, s, 12.5, room),
    }
}

fn break_lines(advance: fn(char) -> f64, s: &str, size: f64, room: f64) -> Vec<&str> {
    let mut lines = Vec::new();
    let (mut start, mut used) = (0, 0.0);
    // Where the line may end instead of before the character that does not fit.
    let mut break_at: Option<usize> = None;
    for (at, c) in s.char_indices() {
        let width = advance(c) * size;
        if used + width > room && at > start {
            let end = break_at.filter(|end| *end > start).unwrap_or(at);
            lines.push(s[start..end].trim_end());
            start = end;
            used = s[start..at].chars().map(advance).sum::<f64>() * size;
            break_at = None;
        }
        used += width;
        let wide = (c as u32) >= 0x2e80;
        if c == ' ' || c == '_' || c == '-' || wide {
            break_at = Some(at + c.len_utf8());
        }
    }
    if start < s.len() || lines.is_empty() {
        lines.push(s[start..].trim_end());
    }
    lines
}

/// Draws text. `class` says how: `t` 12.5, `s` 11 soft, `m` 11 monospaced, `b` 12.5 bold; `e` or `c` ends or centres it at `x`.
pub(crate) fn text(x: f64, y: f64, class: &str, s: &str) -> Markup {
    html! { text class=(class) x=(n(x)) y=(n(y)) { (s) } }
}

/// Draws text in as many lines as it needs to fit into `room`, the first with its baseline at `y`.
pub(crate) fn wrapped(x: f64, y: f64, class: &str, s: &str, room: f64) -> Markup {
    let lines = lines(class, s, room);
    html! {
        @if lines.len() == 1 { (text(x, y, class, s)) }
        @else {
            text class=(class) x=(n(x)) y=(n(y)) {
                @for (i, line) in lines.iter().enumerate() {
                    tspan x=(n(x)) y=(n(y + i as f64 * LINE)) { (line) }
                }
            }
        }
    }
}

/// The height by which wrapped text is higher than a line.
pub(crate) fn more_height(class: &str, s: &str, room: f64) -> f64 {
    (lines(class, s, room).len() - 1) as f64 * LINE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_does_not_fit_goes_on_in_the_next_line_and_nothing_is_lost() {
        assert_eq!(lines("t", "short", 100.0), ["short"]);
        let text = "an extraordinarily long name of a field";
        let broken = lines("t", text, 100.0);
        assert!(broken.len() > 2 && broken.iter().all(|line| width(line, 12.5) <= 100.0), "{broken:?}");
        assert_eq!(broken.join(" "), text);
        assert_eq!(lines("t", "门店销售流水明细", 54.0), ["门店销售", "流水明细"]);
        assert_eq!(lines("m", "an_export_with_a_name", 80.0).concat(), "an_export_with_a_name");
        assert_eq!(lines("t", "abc", 0.0), ["a", "b", "c"]);
        assert_eq!(lines("t", "", 10.0), [""]);
        assert_eq!(more_height("t", "门店销售流水明细", 54.0), LINE);
    }

    #[test]
    fn the_whole_text_is_drawn_and_escaped() {
        let html = wrapped(0.0, 0.0, "t", "<b>a very long name</b>", 60.0).into_string();
        assert!(html.contains("&lt;b&gt;a") && html.contains("tspan") && !html.contains('…'), "{html}");
    }
}
