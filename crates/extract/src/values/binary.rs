//! Binary floating-point numbers as text: where they stand for what was typed, or for identifiers.

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, StringArray};
use arrow::datatypes::{DataType as Arrow, Float16Type, Float32Type, Float64Type};

/// From here on a whole number has more digits than a spreadsheet keeps; a binary number of 64 bits keeps one more.
const DIGITS: f64 = 1e15;
/// From here on a binary number of 32 bits has not all digits of a whole one: 2^24.
const DIGITS_OF_32: f32 = 16_777_216.0;
/// Likewise of 16 bits: 2^11.
const DIGITS_OF_16: f32 = 2048.0;

/// Whether a number has more digits than were kept of what was typed.
pub(crate) fn has_lost_digits(value: f64) -> bool {
    value.abs() >= DIGITS
}

/// A number in plain digits, with the 15 significant ones that spreadsheets show.
pub(crate) fn fifteen_digits(value: f64) -> String {
    let rounded: f64 = format!("{value:.14e}").parse().unwrap_or(value);
    rounded.to_string()
}

/// The shortest digits that lead back to each number, without exponent, and without decimals if it is whole: `1001`, not
/// `1001.0` or `1e17`. `None` if the column holds others.
pub(crate) fn text_of_binary(array: &ArrayRef) -> Option<StringArray> {
    Some(match array.data_type() {
        Arrow::Float64 => array.as_primitive::<Float64Type>().iter().map(|v| v.map(|v| v.to_string())).collect(),
        Arrow::Float32 => array.as_primitive::<Float32Type>().iter().map(|v| v.map(|v| v.to_string())).collect(),
        Arrow::Float16 => {
            array.as_primitive::<Float16Type>().iter().map(|v| v.map(|v| v.to_f32().to_string())).collect()
        }
        _ => return None,
    })
}

/// The places of a column of binary numbers whose digits are not all there; none of other columns.
pub(crate) fn lost_digits(array: &ArrayRef) -> Vec<usize> {
    let places = |is_lost: &dyn Fn(usize) -> bool| {
        (0..array.len()).filter(|place| array.is_valid(*place) && is_lost(*place)).collect()
    };
    match array.data_type() {
        Arrow::Float64 => {
            let values = array.as_primitive::<Float64Type>();
            places(&|place| has_lost_digits(values.value(place)))
        }
        Arrow::Float32 => {
            let values = array.as_primitive::<Float32Type>();
            places(&|place| values.value(place).abs() >= DIGITS_OF_32)
        }
        Arrow::Float16 => {
            let values = array.as_primitive::<Float16Type>();
            places(&|place| values.value(place).to_f32().abs() >= DIGITS_OF_16)
        }
        _ => Vec::new(),
    }
}

/// Binary numbers as those of 64 bits: by their shortest digits, so that 19.9 stays 19.9. `None` if the column holds
/// others.
pub(crate) fn widen_binary(array: &ArrayRef) -> Option<Float64Array> {
    match array.data_type() {
        Arrow::Float64 => Some(array.as_primitive::<Float64Type>().clone()),
        Arrow::Float32 | Arrow::Float16 => {
            let texts = text_of_binary(array)?;
            // Every such text is one of a number, or of one that is not finite.
            Some(texts.iter().map(|text| text.and_then(|text| text.parse::<f64>().ok())).collect())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use arrow::array::Float32Array;
    use std::sync::Arc;

    #[test]
    fn numbers_have_no_decimals_and_exponents_that_nobody_wrote() {
        let doubles: ArrayRef =
            Arc::new(Float64Array::from(vec![Some(1001.0), None, Some(1e17), Some(2.55), Some(-0.5), Some(1e-7)]));
        let text = text_of_binary(&doubles).unwrap();
        let expected = ["1001", "100000000000000000", "2.55", "-0.5", "0.0000001"];
        assert_eq!(text.iter().flatten().collect::<Vec<_>>(), expected);
        assert!(text.is_null(1));
        assert_eq!(lost_digits(&doubles), [2]);
        let floats: ArrayRef = Arc::new(Float32Array::from(vec![19.9, 0.1, 16_777_216.0, 1_234_567.1]));
        let text = text_of_binary(&floats).unwrap();
        assert_eq!(text.iter().flatten().collect::<Vec<_>>(), ["19.9", "0.1", "16777216", "1234567.1"]);
        assert_eq!(lost_digits(&floats), [2]);
        assert_eq!(widen_binary(&floats).unwrap().values().to_vec(), [19.9, 0.1, 16_777_216.0, 1_234_567.1]);
        let texts: ArrayRef = Arc::new(StringArray::from(vec!["1e17"]));
        assert!(text_of_binary(&texts).is_none() && widen_binary(&texts).is_none() && lost_digits(&texts).is_empty());
    }
}
