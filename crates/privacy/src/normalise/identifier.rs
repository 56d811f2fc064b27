//! Identifiers that spreadsheets turned into numbers.

use super::text::fold_identifier;
use crate::rewrite::Becomes;

/// As [`fold_identifier`]; numbers in scientific notation are invalid.
pub(super) fn identifier<'a>(value: &'a str, scratch: &mut String) -> Becomes<'a> {
    let folded = fold_identifier(value, scratch);
    let lost = match &folded {
        Becomes::Part(text) => is_scientific(text),
        Becomes::Scratch => is_scientific(scratch),
        Becomes::Null | Becomes::Invalid => false,
    };
    if lost { Becomes::Invalid } else { folded }
}

/// Whether a text is a number in scientific notation.
pub(super) fn is_scientific(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    matches!(judge(unsigned), Shape::Scientific)
}

/// As [`fold_identifier`], and then judged as a number.
pub(super) fn integer<'a>(value: &'a str, scratch: &mut String) -> Becomes<'a> {
    match fold_identifier(value, scratch) {
        Becomes::Part(text) => match judge(text) {
            Shape::Identifier => Becomes::Part(text),
            Shape::Integer(digits) => Becomes::Part(&text[..digits]),
            Shape::Fraction | Shape::Scientific => Becomes::Invalid,
        },
        Becomes::Scratch => match judge(scratch) {
            Shape::Identifier => Becomes::Scratch,
            Shape::Integer(digits) => {
                scratch.truncate(digits);
                Becomes::Scratch
            }
            Shape::Fraction | Shape::Scientific => Becomes::Invalid,
        },
        other => other,
    }
}

enum Shape {
    /// Not a number with a point or exponent.
    Identifier,
    /// This many digits, a point, and zeros.
    Integer(usize),
    /// A number with other decimals than zeros.
    Fraction,
    /// A number in scientific notation, which has lost digits.
    Scientific,
}

fn judge(text: &str) -> Shape {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(text);
    let rest = &text[whole..];
    if whole == 0 || rest.is_empty() {
        return Shape::Identifier;
    }
    let (decimals, end) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(digits(rest)),
        None => ("", rest),
    };
    if end.is_empty() {
        if decimals.bytes().all(|b| b == b'0') { Shape::Integer(whole) } else { Shape::Fraction }
    } else {
        let exponent = end.strip_prefix(['e', 'E']).map(|e| e.strip_prefix(['+', '-']).unwrap_or(e));
        match exponent {
            // `12E5` may be an identifier; with a point or a sign before the exponent it is a number.
            Some(e) if !e.is_empty() && digits(e) == e.len() && (rest.starts_with('.') || end.contains(['+', '-'])) => {
                Shape::Scientific
            }
            _ => Shape::Identifier,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::normalise::integer_identifier;
    use arrow::array::StringArray;
    use proptest::prelude::*;

    #[test]
    fn numbers_become_identifiers_again() {
        for (given, expected) in [
            ("17850.0", Some("17850")),
            ("17850", Some("17850")),
            (" 17850.000 ", Some("17850")),
            ("17850.", Some("17850")),
            ("１７８５０.０", Some("17850")),
            ("007.0", Some("007")),
            ("C17850", Some("C17850")),
            ("12E5", Some("12E5")),
            ("12.0.1", Some("12.0.1")),
            ("v1.0", Some("v1.0")),
            ("1.5", None),
            ("1.2E+17", None),
            ("6.2e17", None),
            ("12E+5", None),
            ("17850.01", None),
        ] {
            let out = integer_identifier(&StringArray::from(vec![given]));
            assert_eq!(out.values, StringArray::from(vec![expected]), "{given}");
            assert_eq!(out.invalid.is_empty(), expected.is_some(), "{given}");
        }
    }

    #[test]
    fn scientific_notation_is_no_identifier() {
        for (given, expected) in
            [("1.38E+10", None), ("-1.38e10", None), ("1E+10", None), ("12E5", Some("12E5")), ("1.5", Some("1.5"))]
        {
            let out = crate::normalise::identifier(&StringArray::from(vec![given]));
            assert_eq!(out.values, StringArray::from(vec![expected]), "{given}");
            assert_eq!(out.invalid.is_empty(), expected.is_some(), "{given}");
        }
    }

    proptest! {
        #[test]
        fn idempotent(values in prop::collection::vec("[ 0-9０.．eE+-]{0,12}|.*", 0..20)) {
            let once = integer_identifier(&StringArray::from(values));
            let twice = integer_identifier(&once.values);
            prop_assert_eq!(twice.values, once.values);
            prop_assert!(twice.invalid.is_empty());
        }
    }
}
