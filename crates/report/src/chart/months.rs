//! Revenue by channel and month: one small area a channel, all on one scale.

use super::WIDE;
use super::list::{Entry, list};
use crate::data::CustomerPicture;
use crate::draw::{Drawing, Linear, Path, more_height, n, text, width, wrapped};
use crate::format::{money, month};
use crate::language::Language;
use crate::words;
use chrono::{Datelike, Months, NaiveDate};
use maud::{Markup, html};
use std::collections::BTreeMap;

const LEFT: f64 = 150.0;
const RIGHT: f64 = 780.0;
const ROW: f64 = 74.0;
const HEAD: f64 = 22.0;
/// No axis has more months than this: 50 years.
const MOST_MONTHS: usize = 600;

struct Series<'a> {
    channel: &'a str,
    amounts: Vec<f64>,
    sum: f64,
}

/// Draws the channels, most revenue first; `None` without amounts.
pub(crate) fn months(picture: &CustomerPicture, language: Language) -> Option<Drawing> {
    let months = all_months(picture)?;
    let series = series(picture, &months);
    let amounts = || series.iter().flat_map(|s| s.amounts.iter().copied());
    let (low, high) = (amounts().fold(0.0, f64::min), amounts().fold(0.0, f64::max));
    let across = Linear::new((0.0, months.len().saturating_sub(1).max(1) as f64), (LEFT, RIGHT));
    let axis = HEAD + series.len() as f64 * ROW;
    let body = html! {
        (text(WIDE, 12.0, "s e", words::TOTAL.say(language)))
        @for (i, s) in series.iter().enumerate() {
            @let top = HEAD + i as f64 * ROW;
            @let up = Linear::new((low, high), (top + ROW - 6.0, top + 18.0));
            @let name = picture.channel(language, s.channel);
            (wrapped(0.0, up.at(0.0) - 2.0 - more_height("t", name, LEFT - 14.0), "t", name, LEFT - 14.0))
            (text(WIDE, up.at(0.0) - 2.0, "b e", &money(s.sum, picture.currency.as_deref(), language)))
            (area(s, &across, &up))
            (peak(s, &months, &across, &up, picture.currency.as_deref(), language))
        }
        (axis_drawn(&months, &across, axis, language))
    };
    Some(Drawing {
        id: "months",
        title: words::MONTHS_FIGURE.say(language).to_owned(),
        description: words::MONTHS_CAPTION.say(language).to_owned(),
        width: WIDE,
        height: axis + 24.0,
        body,
        narrow: Some(list(&series.iter().map(|s| entry(s, &months, picture, language)).collect::<Vec<_>>())),
    })
}

/// A channel's sum, and its best month.
fn entry(s: &Series<'_>, months: &[NaiveDate], picture: &CustomerPicture, language: Language) -> Entry {
    let currency = picture.currency.as_deref();
    let best = s.amounts.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1));
    let note = best.map(|(i, amount)| {
        words::BEST_MONTH.with(language, &[&month(months[i], language), &money(amount, currency, language)])
    });
    Entry {
        name: picture.channel(language, s.channel).to_owned(),
        note: note.unwrap_or_default(),
        value: money(s.sum, currency, language),
        share: None,
        class: "band",
    }
}

fn first_of(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

/// Lists every month from the first to the last that has an amount.
fn all_months(picture: &CustomerPicture) -> Option<Vec<NaiveDate>> {
    let days = || picture.revenue_by_month.iter().map(|r| first_of(r.month));
    let (first, last) = (days().min()?, days().max()?);
    let next = |month: &NaiveDate| month.checked_add_months(Months::new(1)).filter(|m| *m <= last);
    Some(std::iter::successors(Some(first), next).take(MOST_MONTHS).collect())
}

fn series<'a>(picture: &'a CustomerPicture, months: &[NaiveDate]) -> Vec<Series<'a>> {
    let mut by_channel: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for r in picture.revenue_by_month.iter().filter(|r| r.amount.is_finite()) {
        let amounts = by_channel.entry(&r.channel).or_insert_with(|| vec![0.0; months.len()]);
        if let Some(i) = months.iter().position(|m| *m == first_of(r.month)) {
            amounts[i] += r.amount;
        }
    }
    let mut out: Vec<Series<'_>> = by_channel
        .into_iter()
        .map(|(channel, amounts)| Series { channel, sum: amounts.iter().sum(), amounts })
        .collect();
    out.sort_by(|a, b| b.sum.total_cmp(&a.sum));
    out
}

fn area(s: &Series<'_>, across: &Linear, up: &Linear) -> Markup {
    let point = |i: usize| (across.at(i as f64), up.at(s.amounts[i]));
    let base = up.at(0.0);
    let line = |start: Path| (0..s.amounts.len()).fold(start, |path, i| path.line(point(i).0, point(i).1));
    let end = across.at(s.amounts.len().saturating_sub(1) as f64);
    html! {
        path.grid d=(Path::at(LEFT, base).horizontal(RIGHT).open()) {}
        @if s.amounts.len() > 1 {
            path.area d=(line(Path::at(LEFT, base)).line(end, base).close()) {}
            path.curve d=((1..s.amounts.len()).fold(Path::at(point(0).0, point(0).1), |p, i| p.line(point(i).0, point(i).1)).open()) {}
        }
    }
}

fn peak(
    s: &Series<'_>,
    months: &[NaiveDate],
    across: &Linear,
    up: &Linear,
    currency: Option<&str>,
    language: Language,
) -> Markup {
    let Some((i, amount)) = s.amounts.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1)) else {
        return html! {};
    };
    let label = format!("{} · {}", money(amount, currency, language), month(months[i], language));
    let (x, y) = (across.at(i as f64), up.at(amount));
    let half = width(&label, 11.0) / 2.0;
    html! {
        circle.on cx=(n(x)) cy=(n(y)) r="3.2" {}
        (text(x.min(RIGHT - half).max(LEFT + half), y - 7.0, "s c halo", &label))
    }
}

fn axis_drawn(months: &[NaiveDate], across: &Linear, y: f64, language: Language) -> Markup {
    let widest = months.iter().map(|m| width(&month(*m, language), 11.0)).fold(0.0, f64::max) + 18.0;
    let step = if months.len() > 1 { across.at(1.0) - across.at(0.0) } else { widest };
    // Every 1, 2, 3, 6, 12 months, so that the same months are named each year.
    let every = [1, 2, 3, 6, 12, 24, 60, 120].into_iter().find(|e| *e as f64 * step >= widest).unwrap_or(240);
    html! {
        path.axis d=(Path::at(LEFT, y).horizontal(RIGHT).open()) {}
        @for (i, m) in months.iter().enumerate().step_by(every) {
            path.axis d=(Path::at(across.at(i as f64), y).vertical(y + 5.0).open()) {}
            (text(across.at(i as f64), y + 19.0, "s c", &month(*m, language)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::ChannelRevenue;

    fn revenue(channel: &str, month: &str, amount: f64) -> ChannelRevenue {
        ChannelRevenue { channel: channel.into(), month: month.parse().expect("a day"), amount }
    }

    #[test]
    fn months_between_are_zero_and_amounts_of_a_month_add_up() {
        let revenue_by_month =
            vec![revenue("a", "2026-01-05", 3.0), revenue("a", "2026-01-31", 4.0), revenue("b", "2026-03-01", -2.0)];
        let picture = CustomerPicture { revenue_by_month, ..CustomerPicture::default() };
        let months = all_months(&picture).expect("months");
        assert_eq!(months.len(), 3);
        let series = series(&picture, &months);
        assert_eq!((series[0].channel, &series[0].amounts[..]), ("a", &[7.0, 0.0, 0.0][..]));
        assert_eq!(series[1].amounts, [0.0, 0.0, -2.0]);
    }

    #[test]
    fn absurd_dates_and_amounts_do_not_break_it() {
        let revenue_by_month = vec![revenue("a", "0001-01-01", f64::NAN), revenue("b", "9999-12-31", f64::MAX)];
        let picture = CustomerPicture { revenue_by_month, ..CustomerPicture::default() };
        let body = months(&picture, Language::English).expect("a drawing").body.into_string();
        assert!(!body.contains("NaN") && !body.contains("inf"));
    }
}
