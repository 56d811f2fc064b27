//! Vertical bars over bins: customers by spend, customers by number of identifiers.

use super::HALF;
use crate::data::{CustomerPicture, Identity, SpendBin};
use crate::draw::{Drawing, Linear, Path, n, text, ticks, width};
use crate::format::{compact, integer, money};
use crate::language::Language;
use crate::small_cells::{self, ShownCount};
use crate::words;
use maud::{Markup, html};

const HEIGHT: f64 = 270.0;
const FLOOR: f64 = 238.0;
const LEFT: f64 = 44.0;

/// One bar.
struct Column {
    label: String,
    count: u64,
}

/// Draws how many customers spent how much; `None` without bins.
pub(crate) fn spend(picture: &CustomerPicture, least: u64, language: Language) -> Option<Drawing> {
    let currency = picture.currency.as_deref();
    let amount = |x: f64| money(x, currency, language);
    let fullest = picture.spend.iter().max_by_key(|bin| bin.customers)?;
    let column = |bin: &SpendBin| Column { label: amount(bin.from), count: bin.customers };
    let columns: Vec<Column> = picture.spend.iter().map(column).collect();
    let range = match fullest.to {
        Some(to) => format!("{} – {}", amount(fullest.from), amount(to)),
        None => words::FROM_ON.with(language, &[&amount(fullest.from)]),
    };
    Some(Drawing {
        id: "spend",
        title: words::SPEND_FIGURE.say(language).to_owned(),
        description: words::SPEND_CAPTION.with(language, &[&range]),
        width: HALF,
        height: HEIGHT,
        body: columns_drawn(&columns, true, least, language),
        narrow: None,
    })
}

/// Draws how many customers have how many identifiers; `None` if it is not known.
pub(crate) fn identifiers(identity: &Identity, least: u64, language: Language) -> Option<Drawing> {
    let mut counts = identity.identifiers.clone();
    counts.sort_by_key(|c| c.identifiers);
    counts.first()?;
    let columns: Vec<Column> =
        counts.iter().map(|c| Column { label: integer(c.identifiers.into()), count: c.customers }).collect();
    Some(Drawing {
        id: "identifiers",
        title: words::IDENTIFIERS_FIGURE.say(language).to_owned(),
        description: words::IDENTIFIERS_CAPTION.say(language).to_owned(),
        width: HALF,
        height: HEIGHT,
        body: columns_drawn(&columns, false, least, language),
        narrow: None,
    })
}

/// Draws the bars. With `edges`, labels name the lower edge of a bin and stand at it.
/// Counts of too few people have neither their number nor their height.
fn columns_drawn(columns: &[Column], edges: bool, least: u64, language: Language) -> Markup {
    let shown = small_cells::parts(&columns.iter().map(|c| c.count).collect::<Vec<_>>(), least);
    let most = shown.iter().filter_map(|s| s.exact()).max().unwrap_or(0);
    let marks = ticks(0.0, most as f64, 4, true);
    let top = marks.last().copied().unwrap_or(1.0);
    let up = Linear::new((0.0, top), (FLOOR, 22.0));
    let step = (HALF - LEFT - 8.0) / columns.len().max(1) as f64;
    let bar = (step - 3.0).clamp(1.0, 46.0);
    let widest = |texts: &mut dyn Iterator<Item = String>| texts.map(|t| width(&t, 11.0)).fold(0.0, f64::max);
    let whole = widest(&mut shown.iter().map(|s| s.text(language))) + 2.0 <= step;
    let count = |s: &ShownCount| match s.exact() {
        Some(count) if !whole => compact(count as f64, language),
        Some(_) | None => s.text(language),
    };
    let numbers_fit = widest(&mut shown.iter().map(count)) + 2.0 <= step;
    let every = ((widest(&mut columns.iter().map(|c| c.label.clone())) + 8.0) / step).ceil().max(1.0) as usize;
    html! {
        @for mark in &marks {
            path.grid d=(Path::at(LEFT, up.at(*mark)).horizontal(HALF).open()) {}
            (text(LEFT - 8.0, up.at(*mark) + 4.0, "s e", &compact(*mark, language)))
        }
        @for (i, (column, shown)) in columns.iter().zip(&shown).enumerate() {
            @let middle = LEFT + 4.0 + (i as f64 + 0.5) * step;
            @let y = shown.exact().map_or(FLOOR - 2.0, |c| up.at(c as f64).min(if c > 0 { FLOOR - 1.0 } else { FLOOR }));
            rect class=(if shown.exact().is_some() { "band" } else { "soft-bar" }) x=(n(middle - bar / 2.0)) y=(n(y)) width=(n(bar)) height=(n(FLOOR - y)) {
                title { (column.label) ": " (shown.text(language)) }
            }
            @if numbers_fit && column.count > 0 { (text(middle, y - 5.0, "s c", &count(shown))) }
            @if i % every == 0 {
                @let at = if edges { middle - step / 2.0 } else { middle };
                @if edges { path.axis d=(Path::at(at, FLOOR).vertical(FLOOR + 5.0).open()) {} }
                (text(at, FLOOR + 18.0, if edges && i == 0 { "s" } else { "s c" }, &column.label))
            }
        }
        path.axis d=(Path::at(LEFT, FLOOR).horizontal(HALF).open()) {}
    }
}
