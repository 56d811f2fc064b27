//! Why a field is proposed as it is, in shares and counts, and what is asked about it.

use super::answer::Answer;
use super::keys::ENOUGH;
use super::meanings::Meaning;
use super::person_names::looks_like_a_person;
use super::profile::Shape;
use super::types::Column;
use crate::read::presentable;

/// A value that so large a share of the records has stands for a missing one, or for a person whom the shop uses for others.
const FREQUENT: f64 = 0.05;

/// A value that many records share identifies no person, or a person who stands for others.
pub(super) fn frequent_value(guess: Option<Meaning>, column: &Column<'_>) -> Option<Answer> {
    let (census, profile) = (column.census, column.profile);
    let usual = if guess == Some(Meaning::Phone) { Shape::PlaceholderPhone } else { Shape::Placeholder };
    let share = census.top_share();
    let frequent = share >= FREQUENT
        && u64::from(census.top_count()) >= ENOUGH
        && census.top_count() > 20 * census.median_count().max(1);
    // Those that count as absent anyway need no list.
    if !frequent || profile.share(usual) + 0.02 >= share {
        return None;
    }
    let question = format!(
        "the value that {} of the records share, if it stands for no person; if it names one, remove the line",
        percent(share)
    );
    let answer = Answer::open("", &question);
    Some(Answer { written: format!("[{}]", answer.written), assumed: String::new() })
}

/// What nested values contain, by the names of their members.
pub(super) fn nested_note(column: &Column<'_>) -> String {
    let is_presentable = |name: &&String| {
        let parts = name.split(['.', '[', ']']).filter(|part| !part.is_empty());
        parts.clone().count() > 0
            && parts.into_iter().all(|part| presentable(part) == part && !looks_like_a_person(part))
    };
    let names: Vec<&str> = column.profile.members.iter().filter(is_presentable).map(String::as_str).collect();
    match names.as_slice() {
        [] => {
            "nested values are stored redacted or not at all; have the export write what is needed as fields".to_owned()
        }
        names => format!(
            "nested, with {}: have the export write what is needed as fields of its own; a nested value is stored redacted \
             or not at all",
            names.join(", ")
        ),
    }
}

pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", (share * 1000.0).floor() / 10.0)
}

pub(super) fn because(guess: Option<Meaning>, column: &Column<'_>, data_type: &str) -> String {
    let (census, profile) = (column.census, column.profile);
    let values = census.values;
    if values == 0 {
        return "no record has a value".to_owned();
    }
    let shape = match guess {
        Some(Meaning::Phone) => Some((Shape::Phone, "telephone numbers")),
        Some(Meaning::Email) => Some((Shape::Email, "e-mail addresses")),
        Some(Meaning::ResidentId) => Some((Shape::ResidentId, "resident ids with a valid check digit")),
        Some(Meaning::BankCard) => Some((Shape::BankCard, "card numbers with a valid check digit")),
        Some(Meaning::PersonName) => Some((Shape::ChineseName, "like Chinese names")),
        Some(Meaning::FreeText) => Some((Shape::Prose, "prose")),
        _ => None,
    };
    let mut text = match shape {
        Some((shape, what)) => format!("{} of {values} values are {what}", percent(profile.share(shape))),
        None if guess.is_some() => format!("by its name, and {values} values as {data_type}"),
        None => format!("{values} values as {data_type}"),
    };
    let about = if census.is_exact() { "" } else { "about " };
    text.push_str(&format!("; {about}{} different", census.distinct()));
    if census.values < census.rows {
        text.push_str(&format!("; {} empty", percent(census.empty_share())));
    }
    text
}
