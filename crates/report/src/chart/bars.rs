//! Horizontal bars, labelled at both ends.

use super::HALF;
use crate::data::{Identity, total};
use crate::draw::{Drawing, Linear, fitted, n, text};
use crate::format::integer;
use crate::language::Language;
use crate::words;
use maud::html;

const ROW: f64 = 27.0;
const LABELS: f64 = 122.0;

/// Draws the tokens of each identifier domain, most first; `None` if there are none.
pub(crate) fn tokens(identity: &Identity, language: Language) -> Option<Drawing> {
    let mut rows: Vec<_> = identity.tokens.iter().collect();
    rows.sort_by_key(|t| std::cmp::Reverse(t.tokens));
    let most = rows.first()?.tokens;
    let numbers = crate::draw::width(&integer(most), 12.5) + 10.0;
    let scale = Linear::new((0.0, most as f64), (0.0, HALF - LABELS - numbers));
    let body = html! {
        @for (i, row) in rows.iter().enumerate() {
            @let y = 12.0 + i as f64 * ROW;
            @let end = LABELS + scale.at(row.tokens as f64).max(if row.tokens > 0 { 1.0 } else { 0.0 });
            (fitted(LABELS - 10.0, y + 12.5, "t e", &words::kind(language, &row.domain), LABELS - 12.0))
            rect.band x=(n(LABELS)) y=(n(y)) width=(n(end - LABELS)) height="17" {}
            (text(end + 7.0, y + 13.0, "t", &integer(row.tokens)))
        }
    };
    let all = integer(total(identity.tokens.iter().map(|t| t.tokens)));
    let description =
        words::TOKENS_CAPTION.with(language, &[&all, &words::CUSTOMERS.say(language, identity.customers)]);
    let title = words::TOKENS_FIGURE.say(language).to_owned();
    let height = rows.len() as f64 * ROW + 14.0;
    Some(Drawing { id: "tokens", title, description, width: HALF, height, body })
}
