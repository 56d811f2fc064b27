//! From read to written: one band, and a strand that leaves it for every named loss.
//!
//! Strands leave from the band's lower edge. The leftmost one goes to the lowest row of the list, so that
//! no two cross. Widths are to scale, but none is thinner than a hair.

use super::WIDE;
use super::list::{Entry, list};
use crate::data::{Dataset, Report, RowTotals};
use crate::draw::{Drawing, LINE, Path, more_height, n, text, wrapped};
use crate::format::{integer, percent_of, signed};
use crate::language::Language;
use crate::words;
use maud::{Markup, html};

const TOP: f64 = 30.0;
const BAND: f64 = 132.0;
const HAIR: f64 = 1.5;
const START: f64 = 128.0;
const END: f64 = 430.0;
const LIST: f64 = 422.0;
/// Where the counts of the list end.
const COUNTS: f64 = 506.0;
/// Where the words of the list begin.
const TEXT: f64 = 578.0;
/// So many causes of quarantine are drawn one by one.
const CAUSES: usize = 8;

/// One named loss.
struct Strand {
    name: String,
    rows: u64,
    class: &'static str,
}

/// Draws the account of all datasets; `None` if nothing was read.
pub(crate) fn account(report: &Report, language: Language) -> Option<Drawing> {
    let totals = report.totals();
    if totals.read == 0 {
        return None;
    }
    let strands = strands(&report.datasets, &totals, language);
    let width = |rows: u64| {
        if rows == 0 { 0.0 } else { (rows as f64 / totals.read as f64 * BAND).clamp(HAIR, BAND) }
    };
    let heading = words::QUARANTINED_OF.with(language, &[&words::ROWS.say(language, totals.quarantined)]);
    let lost: f64 = strands.iter().map(|s| width(s.rows)).sum();
    let written = (BAND - lost).max(width(totals.written).min(HAIR));
    let (body, bottom) = strands_drawn(&strands, &heading, &totals, TOP + written, &width);
    let numbers = [integer(totals.read), integer(totals.written), integer(totals.lost())];
    let [read, kept, named] = &numbers;
    let description = match totals.unaccounted {
        0 => words::ROWS_CAPTION_CLOSED.with(language, &[read, kept, named]),
        open => words::ROWS_CAPTION_OPEN.with(language, &[read, kept, named, &signed(open)]),
    };
    let body = html! {
        (ends(&totals, written, lost, language))
        (body)
    };
    let title = words::ROWS_FIGURE.say(language).to_owned();
    let narrow = Some(as_list(&strands, &totals, language));
    Some(Drawing { id: "account", title, description, width: WIDE, height: bottom, body, narrow })
}

/// Lists the losses from the top of the list down: duplicates, conflicts, retention, then quarantine by size.
fn strands(datasets: &[Dataset], totals: &RowTotals, language: Language) -> Vec<Strand> {
    let mut causes: Vec<(&Dataset, &crate::data::Quarantined)> =
        datasets.iter().flat_map(|d| d.quarantined.iter().map(move |q| (d, q))).filter(|(_, q)| q.rows > 0).collect();
    causes.sort_by_key(|(_, q)| std::cmp::Reverse(q.rows));
    let shown = if causes.len() > CAUSES + 1 { CAUSES } else { causes.len() };
    let rest = crate::data::total(causes[shown..].iter().map(|(_, q)| q.rows));
    let mut out = Vec::new();
    let mut push = |name: String, rows: u64, class| {
        if rows > 0 {
            out.push(Strand { name, rows, class });
        }
    };
    let unnamed = u64::try_from(totals.unaccounted.max(0)).unwrap_or(u64::MAX);
    push(words::UNACCOUNTED.say(language).to_owned(), unnamed, "alarm");
    push(words::DUPLICATES.say(language).to_owned(), totals.duplicates, "again");
    push(words::KEY_CONFLICTS.say(language).to_owned(), totals.key_conflicts, "loss");
    push(words::OUTSIDE_RETENTION.say(language).to_owned(), totals.outside_retention, "again");
    for (dataset, q) in &causes[..shown] {
        let cause = words::QUARANTINED_AS.with(language, &[&q.field, &words::code(language, &q.rule)]);
        let name = format!("{cause} · {}", dataset.label.say(language, &dataset.name));
        push(name, q.rows, "loss");
    }
    let others = words::OTHER_CAUSES.say(language, (causes.len() - shown) as u64);
    push(others, rest, "loss");
    out
}

fn as_list(strands: &[Strand], totals: &RowTotals, language: Language) -> Markup {
    let entry = |name: &str, rows: u64, class| Entry {
        name: name.to_owned(),
        note: percent_of(rows, totals.read),
        value: integer(rows),
        share: crate::data::share(rows, totals.read),
        class,
    };
    let mut entries = vec![
        Entry { share: None, note: String::new(), ..entry(words::READ.say(language), totals.read, "band") },
        entry(words::WRITTEN.say(language), totals.written, "band"),
    ];
    entries.extend(strands.iter().map(|s| {
        let class = match s.class {
            "again" => "soft-bar",
            "alarm" => "loss-bar",
            _ => "strand-bar",
        };
        entry(&s.name, s.rows, class)
    }));
    list(&entries)
}

/// Draws the band of rows written, and the words at both ends.
fn ends(totals: &RowTotals, written: f64, lost: f64, language: Language) -> Markup {
    let middle = TOP + (written + lost) / 2.0;
    let tip = TOP + written / 2.0;
    let band =
        Path::at(START, TOP).horizontal(END).line(END + 9.0, tip).line(END, TOP + written).horizontal(START).close();
    html! {
        text.s.e x=(n(START - 14.0)) y=(n(middle - 14.0)) { (words::READ.say(language)) }
        (big(START - 14.0, middle + 10.0, "big e", &integer(totals.read), START - 20.0))
        @if written > 0.0 { path.band d=(band) {} }
        text.s x=(n(END + 22.0)) y=(n(tip.max(TOP + 18.0) - 14.0)) { (words::WRITTEN.say(language)) }
        text.big x=(n(END + 22.0)) y=(n(tip.max(TOP + 18.0) + 10.0)) {
            (integer(totals.written))
            tspan.s dx="10" { (percent_of(totals.written, totals.read)) }
        }
    }
}

/// A number that must stay whole: it gets smaller where it would not fit.
fn big(x: f64, y: f64, class: &str, s: &str, room: f64) -> Markup {
    let size = (room / crate::draw::width(s, 1.0)).min(20.0);
    html! { text class=(class) x=(n(x)) y=(n(y)) style={ "font-size:" (n(size)) "px" } { (s) } }
}

/// Draws the strands and their list, `heading` over those in quarantine. Gives the height used as well.
fn strands_drawn(
    strands: &[Strand],
    heading: &str,
    totals: &RowTotals,
    from: f64,
    width: &dyn Fn(u64) -> f64,
) -> (Markup, f64) {
    let widths: Vec<f64> = strands.iter().map(|s| width(s.rows)).collect();
    // Where each strand turns down, from the right for the first one.
    let steps: Vec<f64> = widths.iter().map(|w| (w + 8.0).max(17.0)).collect();
    let room = END - 50.0 - START - 24.0;
    let squeeze = (room / steps.iter().sum::<f64>().max(1.0)).min(1.0);
    let mut turn = END - 46.0;
    let mut slice = from;
    let mut row = TOP + BAND.max(from - TOP) + 22.0;
    let mut marks = Vec::new();
    // The strands end before the widest count of the list begins.
    let counts = strands.iter().map(|s| crate::draw::width(&integer(s.rows), 13.4));
    let list = LIST.min(COUNTS - 10.0 - counts.fold(0.0, f64::max));
    let mut headed = false;
    for ((strand, w), step) in strands.iter().zip(&widths).zip(&steps) {
        turn -= step * squeeze;
        if strand.class == "loss" && !headed {
            headed = true;
            row += 26.0;
            marks.push(text(TEXT, row - 6.0, "s", heading));
        }
        // A name of several lines is centred on its strand.
        let more = more_height("t", &strand.name, WIDE - TEXT) / 2.0;
        row += (w / 2.0 + 5.0).max(12.0).max(more + LINE / 2.0 + 4.0);
        let (x, y) = (turn + w / 2.0, slice + w / 2.0);
        let radius = (w / 2.0 + 5.0).min((row - y).abs() / 2.0).max(1.0);
        let path = Path::at(START, y)
            .horizontal(x - radius)
            .round((x, y), (x, y + radius))
            .vertical(row - radius)
            .round((x, row), (x + radius, row))
            .horizontal(list.max(x + radius))
            .open();
        marks.push(html! {
            path class={ "strand " (strand.class) } d=(path) stroke-width=(n(*w)) {}
            text.b.e x=(n(COUNTS)) y=(n(row + 4.5)) data-rows=(strand.rows) { (integer(strand.rows)) }
            (text(562.0, row + 4.5, "s e", &percent_of(strand.rows, totals.read)))
            (wrapped(TEXT, row + 4.5 - more, "t", &strand.name, WIDE - TEXT))
        });
        slice += w;
        row += (w / 2.0 + 5.0).max(12.0).max(more + LINE / 2.0 + 4.0);
    }
    // Strands drawn first lie under those that leave the band before them.
    (html! { @for mark in &marks { (mark) } }, row.max(TOP + BAND) + 6.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Quarantined;

    fn dataset(read: u64, written: u64, quarantined: &[u64], duplicates: u64) -> Dataset {
        let cause = |(i, rows): (usize, &u64)| Quarantined { field: format!("f{i}"), rule: "type".into(), rows: *rows };
        let quarantined = quarantined.iter().enumerate().map(cause).collect();
        Dataset { name: "d".into(), read, written, quarantined, duplicates, ..Dataset::default() }
    }

    fn shown(report: &Report) -> u64 {
        let body = account(report, Language::English).expect("rows were read").body.into_string();
        body.split("data-rows=\"")
            .skip(1)
            .map(|s| s.split('"').next().expect("a number").parse::<u64>().expect("a number"))
            .sum()
    }

    #[test]
    fn the_losses_shown_are_the_losses_given() {
        let many: Vec<u64> = (1..=30).collect();
        let lost = many.iter().sum::<u64>() + 7;
        for datasets in [
            vec![dataset(10_000, 10_000 - lost, &many, 7)],
            vec![dataset(5_000_000, 4_999_999, &[1], 0)],
            vec![dataset(9, 0, &[3, 3], 3)],
            vec![dataset(9, 4, &[2], 0)],
        ] {
            let report = Report { datasets, ..Report::default() };
            let totals = report.totals();
            assert_eq!(shown(&report), totals.read - totals.written);
        }
    }

    #[test]
    fn nothing_read_draws_nothing() {
        assert!(account(&Report::default(), Language::Chinese).is_none());
    }
}
