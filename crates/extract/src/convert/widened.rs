//! Values that are none of the declared type and would be of a wider one: how a type drifts.

use super::Refused;
use super::plan::Plan;
use crate::values::{as_text, decimal};
use arrow::array::{ArrayRef, UInt32Array};
use arrow::compute::take;
use lakewarden_dictionary::DataType;
use std::collections::BTreeMap;

/// How many values of a field (by its place) would be of which wider type.
pub(crate) type Widened = BTreeMap<(usize, &'static str), u64>;

/// The digits of an exact decimal, at most.
const DIGITS: u8 = 38;

impl Plan<'_> {
    /// Counts the refused values of a field by the wider type that they would be of. Only the places of refused values
    /// are looked at, so nobody pays who has none.
    pub(super) fn count_widened(&self, index: usize, raw: &ArrayRef, refused: &[Refused], widened: &mut Widened) {
        let declared = self.fields[index].field.data_type.value;
        let places = UInt32Array::from_iter_values(
            refused.iter().filter(|(_, rule)| *rule == "type").map(|(place, _)| *place as u32),
        );
        // What has no text form is no value of a wider type either.
        let Some(texts) = take(raw, &places, None).ok().and_then(|some| as_text(&some)) else { return };
        for text in texts.iter().flatten() {
            if let Some(found) = wider(text.trim(), declared) {
                *widened.entry((index, found)).or_default() += 1;
            }
        }
    }
}

/// The narrowest type, wider than the declared one, that a text is a value of.
fn wider(text: &str, declared: DataType) -> Option<&'static str> {
    let fits = |scale: i8| decimal(text.as_bytes(), DIGITS, scale).is_some();
    let number = || text.parse::<f64>().is_ok_and(f64::is_finite);
    match declared {
        DataType::Boolean if text.parse::<i64>().is_ok() => Some("integer"),
        DataType::Integer if fits(0) => Some("decimal without a fraction"),
        DataType::Integer if (1..=9).any(fits) => Some("decimal with a fraction"),
        DataType::Decimal { precision, scale } if precision < DIGITS && (0..=scale).any(fits) => {
            Some("decimal of more digits")
        }
        DataType::Decimal { scale, .. } if (scale.saturating_add(1)..=18).any(fits) => Some("decimal of a finer scale"),
        DataType::Integer | DataType::Decimal { .. } if number() => Some("double"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_narrowest_wider_type_is_named() {
        let money = DataType::Decimal { precision: 6, scale: 2 };
        for (text, declared, expected) in [
            ("2", DataType::Boolean, Some("integer")),
            ("perhaps", DataType::Boolean, None),
            ("99999999999999999999", DataType::Integer, Some("decimal without a fraction")),
            ("1.5", DataType::Integer, Some("decimal with a fraction")),
            ("1.5e300", DataType::Integer, Some("double")),
            ("两件", DataType::Integer, None),
            ("NaN", DataType::Integer, None),
            ("1234567.89", money, Some("decimal of more digits")),
            ("1.234", money, Some("decimal of a finer scale")),
            ("1e300", money, Some("double")),
            ("N/A", money, None),
            ("yesterday", DataType::Date, None),
            ("1.5x", DataType::Double, None),
        ] {
            assert_eq!(wider(text, declared), expected, "{text} as {declared:?}");
        }
    }
}
