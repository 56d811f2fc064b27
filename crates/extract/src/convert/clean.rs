//! Text as it came → text in one spelling: nulls, declared spellings, normalisation.

use super::forms::{FormPlan, Spelling, plainly};
use super::normaliser_rule;
use arrow::array::{Array, StringArray, StringBuilder};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use lakewarden_dictionary::{Field, Normaliser};
use lakewarden_privacy::normalise::{self, Normalised, is_scientific};

/// Cleans a column; `regions` are the countries of its rows, where the field asks for them. Nothing is copied where nothing
/// changes. Values that the normaliser refuses become null and are given to `refuse` with its rule.
pub(super) fn clean(
    field: &Field,
    forms: &FormPlan,
    text: &StringArray,
    regions: Option<&StringArray>,
    refuse: &mut dyn FnMut(usize, &'static str),
) -> StringArray {
    let text = with_bare_ends(field, text);
    match field.normalise {
        Normaliser::Trim | Normaliser::None => {
            let result = match forms.spelling {
                Spelling::Text | Spelling::Key => normalise::trim(&text),
                Spelling::Identifier => normalise::identifier(&text),
                Spelling::Value => normalise::fold_width(&text),
                Spelling::Verbatim => Normalised { values: text, invalid: Vec::new() },
            };
            result.invalid.into_iter().for_each(|place| refuse(place, "identifier"));
            if forms.spelling == Spelling::Key {
                let lost = |(place, value): (usize, Option<&str>)| value.filter(|v| is_scientific(v)).map(|_| place);
                result.values.iter().enumerate().filter_map(lost).for_each(|place| refuse(place, "lost_digits"));
            }
            let text = map(field, forms, result.values);
            forms.listed.as_ref().map_or_else(|| text.clone(), |listed| listed.apply(&text))
        }
        other => {
            let result = forms.normalised(other, &map(field, forms, text), regions);
            result.invalid.into_iter().for_each(|place| refuse(place, normaliser_rule(other)));
            result.values
        }
    }
}

/// Applies a normaliser of which nothing more is declared.
pub(super) fn normalised(
    normaliser: Normaliser,
    text: &StringArray,
    refuse: &mut dyn FnMut(usize, &'static str),
) -> StringArray {
    let result = plainly(normaliser, text);
    result.invalid.into_iter().for_each(|place| refuse(place, normaliser_rule(normaliser)));
    result.values
}

/// Values without the field's `trim_chars` at their ends, in which declared null values become null; nothing else changes.
pub(super) fn with_bare_ends(field: &Field, text: &StringArray) -> StringArray {
    let trimmed = without_ends(text, &field.trim_chars);
    with_nulls(trimmed.as_ref().unwrap_or(text), &field.null_values)
}

/// Values without these characters, and white space, at their ends; `None` where none are declared.
fn without_ends(text: &StringArray, characters: &str) -> Option<StringArray> {
    if characters.is_empty() {
        return None;
    }
    let ends = |c: char| c.is_whitespace() || characters.contains(c);
    Some(text.iter().map(|value| value.map(|value| value.trim_matches(ends))).collect())
}

/// Blank texts and declared null values become null; the buffers stay.
fn with_nulls(text: &StringArray, null_values: &[String]) -> StringArray {
    let is_null = |value: &str| {
        let blank = match value.as_bytes() {
            [] => true,
            [first, ..] if *first > b' ' && first.is_ascii() => false,
            _ => value.trim().is_empty(),
        };
        blank || (!null_values.is_empty() && null_values.iter().any(|n| n == value.trim()))
    };
    let valid = BooleanBuffer::collect_bool(text.len(), |place| text.is_valid(place) && !is_null(text.value(place)));
    if valid.count_set_bits() == text.len() {
        return text.clone();
    }
    let (offsets, values, _) = text.clone().into_parts();
    StringArray::new(offsets, values, Some(NullBuffer::new(valid)))
}

/// Declared spellings → codes; what is no spelling stays.
fn map(field: &Field, forms: &FormPlan, text: StringArray) -> StringArray {
    let pairs = &field.map;
    if let Some(folded) = &forms.folded {
        return folded.apply(&text);
    }
    if pairs.is_empty() {
        return text;
    }
    let mut out = StringBuilder::with_capacity(text.len(), text.value_data().len());
    for value in &text {
        match value {
            Some(value) => {
                let spelled = value.trim();
                out.append_value(pairs.iter().find(|(from, _)| from == spelled).map_or(value, |(_, to)| to.as_str()));
            }
            None => out.append_null(),
        }
    }
    let mapped = out.finish();
    // A spelling may stand for nothing: `未知: ""`.
    if pairs.iter().any(|(_, to)| to.is_empty()) { with_nulls(&mapped, &[]) } else { mapped }
}
