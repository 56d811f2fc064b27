//! Which channels customers combine: bars over a matrix (an UpSet plot).

use super::WIDE;
use super::list::{Entry, list};
use crate::data::{ChannelCombination, CustomerPicture, share, total};
use crate::draw::{Drawing, Linear, Path, more_height, n, text, width, wrapped};
use crate::format::{compact, integer};
use crate::language::Language;
use crate::small_cells;
use crate::words;
use maud::html;

const LEFT: f64 = 212.0;
const FLOOR: f64 = 172.0;
const ROW: f64 = 26.0;
/// So many combinations are drawn; the caption counts the rest.
const SHOWN: usize = 16;

/// Draws the combinations, most customers first; `None` without any.
/// Combinations of too few customers are with the rest, and the rest is never too few.
pub(crate) fn combinations(picture: &CustomerPicture, least: u64, language: Language) -> Option<Drawing> {
    let mut sets: Vec<&ChannelCombination> = picture.combinations.iter().filter(|c| c.customers > 0).collect();
    sets.sort_by_key(|c| std::cmp::Reverse(c.customers));
    let enough = sets.iter().take_while(|set| set.customers >= least).count();
    let mut drawn = sets.len().min(SHOWN).min(enough);
    let rest_of = |drawn: usize| total(sets[drawn..].iter().map(|set| set.customers));
    while drawn > 0 && small_cells::single(rest_of(drawn), least).exact().is_none() {
        drawn -= 1;
    }
    let (sets, rest) = sets.split_at(drawn);
    let most = sets.first()?.customers;
    // Of those drawn: with the others among them, a difference would tell of the rest.
    let channels = channels(sets);
    let up = Linear::new((0.0, most as f64), (FLOOR, 24.0));
    let step = ((WIDE - LEFT) / sets.len() as f64).min(58.0);
    let names: Vec<&str> = channels.iter().map(|c| picture.channel(language, c.0)).collect();
    let mut middles = Vec::with_capacity(channels.len());
    let mut bottom = FLOOR + 24.0 - ROW / 2.0;
    for name in &names {
        let height = ROW + more_height("t", name, 96.0);
        middles.push((bottom + height / 2.0, height));
        bottom += height;
    }
    let row = |i: usize| middles.get(i).map_or(bottom, |middle| middle.0);
    let widest = channels.iter().map(|c| c.1).max().unwrap_or(0);
    // Whole counts where the widest fits over its bar.
    let whole = width(&integer(most), 11.0) + 2.0 <= step;
    let count = |c: u64| {
        if whole { integer(c) } else { compact(c as f64, language) }
    };
    let across = Linear::new((0.0, widest as f64), (0.0, 46.0));
    let body = html! {
        @for (i, (_, customers)) in channels.iter().enumerate() {
            @let height = middles[i].1;
            @if i % 2 == 0 { rect.wash x="0" y=(n(row(i) - height / 2.0)) width=(n(LEFT + step * sets.len() as f64)) height=(n(height)) {} }
            (wrapped(4.0, row(i) + 4.5 - (height - ROW) / 2.0, "t", names[i], 96.0))
            (text(154.0, row(i) + 4.5, "s e", &compact(*customers as f64, language)))
            rect.pale x="159" y=(n(row(i) - 5.0)) width=(n(across.at(*customers as f64))) height="10" {}
        }
        @for (i, set) in sets.iter().enumerate() {
            @let x = LEFT + (i as f64 + 0.5) * step;
            @let y = up.at(set.customers as f64).min(FLOOR - 1.0);
            @let bar = (step * 0.56).min(26.0);
            rect.band x=(n(x - bar / 2.0)) y=(n(y)) width=(n(bar)) height=(n(FLOOR - y)) {
                title { (integer(set.customers)) }
            }
            (text(x, y - 6.0, "s c", &count(set.customers)))
            @let members: Vec<usize> = (0..channels.len()).filter(|c| set.channels.iter().any(|s| *s == channels[*c].0)).collect();
            @for c in 0..channels.len() {
                @if !members.contains(&c) { circle.off cx=(n(x)) cy=(n(row(c))) r="3" {} }
            }
            @if let (Some(first), Some(last)) = (members.first(), members.last()) {
                @if first != last { path.link d=(Path::at(x, row(*first)).vertical(row(*last)).open()) {} }
            }
            @for c in &members { circle.on cx=(n(x)) cy=(n(row(*c))) r="5" {} }
        }
        path.axis d=(Path::at(LEFT, FLOOR).horizontal(LEFT + step * sets.len() as f64).open()) {}
    };
    let mut description = words::COMBINATIONS_CAPTION.say(language).to_owned();
    if !rest.is_empty() {
        let customers = words::CUSTOMERS.say(language, total(rest.iter().map(|c| c.customers)));
        let further = words::OTHER_COMBINATIONS.say(language, rest.len() as u64);
        description.push(' ');
        description.push_str(&words::COMBINATIONS_REST.with(language, &[&further, &customers]));
    }
    let title = words::COMBINATIONS_FIGURE.say(language).to_owned();
    let height = bottom + 4.0;
    let narrow = Some(list(&sets.iter().map(|set| entry(picture, set, most, language)).collect::<Vec<_>>()));
    Some(Drawing { id: "combinations", title, description, width: WIDE, height, body, narrow })
}

fn entry(picture: &CustomerPicture, set: &ChannelCombination, most: u64, language: Language) -> Entry {
    let names: Vec<&str> = set.channels.iter().map(|channel| picture.channel(language, channel)).collect();
    Entry {
        name: names.join(" + "),
        note: String::new(),
        value: integer(set.customers),
        share: share(set.customers, most),
        class: "band",
    }
}

/// Lists the channels with their customers, most first.
fn channels<'a>(sets: &[&'a ChannelCombination]) -> Vec<(&'a str, u64)> {
    let mut out: Vec<(&str, u64)> = Vec::new();
    for set in sets {
        for channel in &set.channels {
            match out.iter_mut().find(|c| c.0 == channel) {
                Some(known) => known.1 = known.1.saturating_add(set.customers),
                None => out.push((channel, set.customers)),
            }
        }
    }
    out.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    out
}
