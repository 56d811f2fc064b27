//! Section: the customers' picture.

use super::parts;
use crate::chart;
use crate::data::{CustomerPicture, Report};
use crate::format::{integer, money};
use crate::language::Language;
use crate::words;
use maud::{Markup, html};

/// Renders the section.
pub(super) fn section(report: &Report, language: Language) -> Markup {
    let Some(picture) = &report.customers else {
        return parts::none(language, words::PICTURE_NONE);
    };
    let half = [chart::spend, chart::concentration, chart::rfm, chart::segments].map(|draw| draw(picture, language));
    let wide = [chart::combinations, chart::months].map(|draw| draw(picture, language));
    if half.iter().chain(&wide).all(Option::is_none) {
        return parts::none(language, words::PICTURE_NONE);
    }
    html! {
        (parts::lead(&opening(picture, language)))
        div.pair { @for drawing in half.into_iter().flatten() { (drawing.figure(language)) } }
        @for drawing in wide.into_iter().flatten() { (drawing.figure(language)) }
    }
}

fn opening(picture: &CustomerPicture, language: Language) -> String {
    match (picture.buyers, picture.revenue) {
        (Some(buyers), Some(revenue)) => {
            let revenue = money(revenue, picture.currency.as_deref(), language);
            words::PICTURE_LEAD_REVENUE.with(language, &[&integer(buyers), &revenue])
        }
        _ => words::PICTURE_LEAD.say(language).to_owned(),
    }
}
