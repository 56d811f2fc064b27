//! Horizontal bars, labelled at both ends.

use super::HALF;
use crate::data::{Identity, total};
use crate::draw::{Drawing, Linear, more_height, n, text, wrapped};
use crate::format::integer;
use crate::language::Language;
use crate::small_cells;
use crate::words;
use maud::html;

const ROW: f64 = 27.0;
const LABELS: f64 = 122.0;

/// Draws the tokens of each identifier domain, most first; `None` if there are none.
pub(crate) fn tokens(identity: &Identity, least: u64, language: Language) -> Option<Drawing> {
    let mut rows: Vec<_> = identity.tokens.iter().collect();
    rows.sort_by_key(|t| std::cmp::Reverse(t.tokens));
    let most = rows.first()?.tokens;
    let numbers = crate::draw::width(&integer(most), 12.5) + 10.0;
    let scale = Linear::new((0.0, most as f64), (0.0, HALF - LABELS - numbers));
    let names: Vec<_> = rows.iter().map(|row| words::kind(language, &row.domain)).collect();
    let mut places = Vec::with_capacity(rows.len());
    let mut bottom = 12.0;
    for name in &names {
        places.push(bottom);
        bottom += ROW + more_height("t", name, LABELS - 12.0);
    }
    let body = html! {
        @for ((row, name), y) in rows.iter().zip(&names).zip(&places) {
            // A count that is not shown has no length either.
            @let shown = small_cells::single(row.tokens, least);
            @let length = shown.exact().map_or(1.0, |tokens| scale.at(tokens as f64).max(if tokens > 0 { 1.0 } else { 0.0 }));
            @let end = LABELS + length;
            (wrapped(LABELS - 10.0, y + 12.5, "t e", name, LABELS - 12.0))
            rect.band x=(n(LABELS)) y=(n(*y)) width=(n(end - LABELS)) height="17" {}
            (text(end + 7.0, y + 13.0, "t", &shown.text(language)))
        }
    };
    let all = small_cells::single(total(identity.tokens.iter().map(|t| t.tokens)), least).text(language);
    let customers = small_cells::single(identity.customers, least).text(language);
    let description = words::TOKENS_CAPTION.with(language, &[&all, &customers]);
    let title = words::TOKENS_FIGURE.say(language).to_owned();
    let height = bottom + 2.0;
    Some(Drawing { id: "tokens", title, description, width: HALF, height, body, narrow: None })
}
