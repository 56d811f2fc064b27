//! Section: the customers' picture.

use super::parts;
use crate::chart;
use crate::data::{CustomerPicture, Report};
use crate::format::money;
use crate::language::Language;
use crate::small_cells;
use crate::words;
use maud::{Markup, html};

/// Renders the section.
pub(super) fn section(report: &Report, language: Language) -> Markup {
    let Some(picture) = &report.customers else {
        return parts::none(language, words::PICTURE_NONE);
    };
    let least = report.minimum_subjects;
    let half = [
        chart::spend(picture, least, language),
        chart::concentration(picture, language),
        chart::rfm(picture, least, language),
        chart::segments(picture, least, language),
    ];
    let wide = [chart::combinations(picture, least, language), chart::months(picture, language)];
    if half.iter().chain(&wide).all(Option::is_none) {
        return parts::none(language, words::PICTURE_NONE);
    }
    html! {
        (parts::lead(&opening(picture, least, language)))
        div.pair { @for drawing in half.into_iter().flatten() { (drawing.figure(language)) } }
        @for drawing in wide.into_iter().flatten() { (drawing.figure(language)) }
    }
}

fn opening(picture: &CustomerPicture, least: u64, language: Language) -> String {
    match (picture.buyers, picture.revenue) {
        (Some(buyers), Some(revenue)) => {
            let revenue = money(revenue, picture.currency.as_deref(), language);
            words::PICTURE_LEAD_REVENUE.with(language, &[&small_cells::single(buyers, least).text(language), &revenue])
        }
        _ => words::PICTURE_LEAD.say(language).to_owned(),
    }
}
