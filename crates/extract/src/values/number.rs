//! Plain numbers from text. No thousands separators, no currency signs: what is not written as a number is not guessed to
//! be one; [`super::format`] reads what a dictionary declares.

use arrow::compute::kernels::cast_utils::Parser;
use arrow::datatypes::{Float64Type, Int64Type};

/// A signed integer in decimal digits.
#[inline]
pub(crate) fn integer(text: &str) -> Option<i64> {
    Int64Type::parse(text)
}

/// A signed integer with zeros behind a point (`12.0`), as programs write whole numbers of a column that has gaps. Not with
/// three of them, which may be a thousand (`1.000`).
pub(crate) fn whole(text: &str) -> Option<i64> {
    let (digits, zeros) = text.split_once('.')?;
    let are_zeros = !zeros.is_empty() && zeros.len() != 3 && zeros.bytes().all(|b| b == b'0');
    if are_zeros && digits.ends_with(|c: char| c.is_ascii_digit()) { integer(digits) } else { None }
}

/// A finite number, with or without point and exponent.
#[inline]
pub(crate) fn double(text: &str) -> Option<f64> {
    Float64Type::parse(text).filter(|v| v.is_finite())
}

/// A signed integer that may have an exponent or zeros after a point (`1.5e4`).
pub(crate) fn integer_of(text: &str) -> Option<i64> {
    decimal(text.as_bytes(), 19, 0).and_then(|value| i64::try_from(value).ok())
}

/// An exact decimal, as its value times 10^scale. A value with more digits than the type has, before or
/// after the point, is refused rather than rounded; zeros at the end of the fraction are no digits.
/// (Arrow's own decimal parser rounds.)
pub(crate) fn decimal(text: &[u8], precision: u8, scale: i8) -> Option<i128> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let signed = |value: i128| if negative { -value } else { value };
    // Up to 38 digits fit in an i128; more can only be zeros in front or behind.
    if digits.len() > 38 {
        return unsigned(without_zeros(digits)?, precision, scale).map(signed);
    }
    unsigned(digits, precision, scale).map(signed)
}

/// Digits from which on a number may be the text of a binary floating-point number, rather than one that was typed.
const NOISY_DIGITS: usize = 14;
/// Digits that such a number has beyond those that are certain.
const CERTAIN_DIGITS: usize = 15;
/// Whole numbers up to here are exact as binary floating-point numbers.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The decimal that a binary floating-point number stands for, where arithmetic left noise behind it:
/// `59.699999999999996` is 59.70. As [`decimal`], its value times 10^scale.
///
/// Noise is no larger than what sums and differences leave: 10^-8 of a unit of the scale, in a number of 14 significant
/// digits or more; and 10^-14 of the value, in one of 16 or more, which no double has all of. Anything larger, such as the
/// third decimal of 19.995, says something and is refused.
pub(crate) fn without_noise(text: &str, precision: u8, scale: i8) -> Option<i128> {
    let digits = significant_digits(text);
    if digits < NOISY_DIGITS || !(0..=22).contains(&scale) {
        return None;
    }
    let value = double(text)?;
    let per_unit = 10f64.powi(scale.into());
    let units = (value * per_unit).round();
    if units.abs() >= EXACT {
        return None;
    }
    // Of two whole numbers below 2^53 and 10^22, the quotient is the nearest there is to the decimal.
    let noise = (value - units / per_unit).abs();
    let unit = per_unit.recip();
    let units = units as i128;
    let fits = units.unsigned_abs() < 10u128.checked_pow(precision.into())?;
    let of_value = if digits > CERTAIN_DIGITS { 1e-14 * value.abs() } else { 0.0 };
    (fits && noise <= of_value + 1e-8 * unit && noise < unit / 10.0).then_some(units)
}

/// Digits of a number that count: none of the zeros in front.
fn significant_digits(text: &str) -> usize {
    let mantissa = text.bytes().take_while(|b| !matches!(b, b'e' | b'E'));
    mantissa.filter(u8::is_ascii_digit).skip_while(|b| *b == b'0').count()
}

/// As [`decimal`], but digits beyond the scale are rounded, half away from zero, as invoices are.
pub(crate) fn rounded(text: &str, precision: u8, scale: i8) -> Option<i128> {
    // With twenty places more than declared, what rounds is exact; longer tails are cut to those.
    let places = 38u8.saturating_sub(precision).min(20);
    let finer = scale.checked_add(i8::try_from(places).ok()?)?;
    let mantissa = text.bytes().take_while(|b| !matches!(b, b'e' | b'E')).count();
    let exact = match text[..mantissa].split_once('.') {
        Some((whole, fraction)) if mantissa == text.len() => {
            let kept = fraction.len().min(usize::try_from(finer).ok()?);
            if !fraction.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            decimal(format!("{whole}.{}", &fraction[..kept]).as_bytes(), 38, finer)
        }
        Some(_) | None => decimal(text.as_bytes(), 38, finer),
    }?;
    let divisor = 10i128.checked_pow(places.into())?;
    let half = if exact < 0 { -divisor / 2 } else { divisor / 2 };
    let value = exact.checked_add(half)? / divisor;
    (value.unsigned_abs() < 10u128.checked_pow(precision.into())?).then_some(value)
}

/// [`decimal`] of at most 38 digits, a point and an exponent.
fn unsigned(digits: &[u8], precision: u8, scale: i8) -> Option<i128> {
    let (mut mantissa, mut fraction, mut seen, mut point, mut exponent) = (0i128, 0i32, false, false, 0i32);
    if digits.len() <= 19 {
        let mut small = 0u64;
        let mut rest = digits;
        while let [b, tail @ ..] = rest {
            match b {
                b'0'..=b'9' => {
                    small = small.checked_mul(10)?.checked_add(u64::from(b - b'0'))?;
                    seen = true;
                    fraction += i32::from(point);
                }
                b'.' if !point => point = true,
                b'e' | b'E' if seen => {
                    exponent = exponent_of(tail)?;
                    break;
                }
                _ => return None,
            }
            rest = tail;
        }
        mantissa = i128::from(small);
    } else {
        let mut rest = digits;
        while let [b, tail @ ..] = rest {
            match b {
                b'0'..=b'9' => {
                    mantissa = mantissa * 10 + i128::from(b - b'0');
                    seen = true;
                    fraction += i32::from(point);
                }
                b'.' if !point => point = true,
                b'e' | b'E' if seen => {
                    exponent = exponent_of(tail)?;
                    break;
                }
                _ => return None,
            }
            rest = tail;
        }
    }
    if !seen {
        return None;
    }
    scaled(mantissa, exponent - fraction + i32::from(scale), precision)
}

/// A long number without the zeros that say nothing, if no more than 38 digits are left.
fn without_zeros(digits: &[u8]) -> Option<&[u8]> {
    if !digits.iter().all(|b| b.is_ascii_digit() || *b == b'.') {
        return None;
    }
    let zeros = digits.iter().take_while(|b| **b == b'0').count();
    // One zero stays, so that `000…0` is still a number.
    let mut short = &digits[zeros.saturating_sub(1)..];
    if short.contains(&b'.') {
        short = &short[..short.iter().rposition(|b| *b != b'0').map_or(0, |p| p + 1)];
    }
    let significant = short.iter().skip_while(|b| **b == b'0').filter(|b| b.is_ascii_digit()).count();
    (significant <= 38).then_some(short)
}

fn exponent_of(text: &[u8]) -> Option<i32> {
    let text = std::str::from_utf8(text).ok()?;
    text.parse::<i32>().ok().filter(|e| e.abs() <= 400)
}

/// `mantissa` × 10^shift if that is whole and has at most `precision` digits.
fn scaled(mantissa: i128, shift: i32, precision: u8) -> Option<i128> {
    if mantissa == 0 {
        return Some(0);
    }
    let value = match shift {
        0 => mantissa,
        1.. => mantissa.checked_mul(10i128.checked_pow(shift.unsigned_abs())?)?,
        _ => {
            let divisor = 10i128.checked_pow(shift.unsigned_abs())?;
            if mantissa % divisor != 0 {
                return None;
            }
            mantissa / divisor
        }
    };
    (value.unsigned_abs() < 10u128.checked_pow(u32::from(precision))?).then_some(value)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn d(text: &str) -> Option<i128> {
        decimal(text.as_bytes(), 12, 2)
    }

    #[test]
    fn whole_numbers_may_have_a_point_and_zeros() {
        for (text, value) in [
            ("1.0", Some(1)),
            ("-12.00", Some(-12)),
            ("0.0", Some(0)),
            ("9223372036854775807.0", Some(i64::MAX)),
            ("1.000", None),
            ("1.5", None),
            ("1.", None),
            (".0", None),
            ("-.0", None),
            ("1", None),
            ("1e3.0", None),
            ("1.0.0", None),
            ("9223372036854775808.0", None),
        ] {
            assert_eq!(whole(text), value, "{text}");
        }
    }

    #[test]
    fn decimals_are_exact_or_refused() {
        for (text, value) in [
            ("0", 0),
            ("-0.00", 0),
            ("12", 1200),
            ("12.5", 1250),
            ("12.50", 1250),
            ("12.500", 1250),
            ("+1", 100),
            ("-0.01", -1),
            (".5", 50),
            ("7.", 700),
            ("1e3", 100_000),
            ("1.25E1", 1250),
            ("5e-1", 50),
            ("0e99", 0),
            ("9999999999.99", 999_999_999_999),
            ("0000000000000000000000000000000000000000001.50", 150),
            ("1.2500000000000000000000000000000000000000000000", 125),
            ("0000000000000000000000000000000000000000000", 0),
            ("0000000000000000000000000000000000000000.000", 0),
        ] {
            assert_eq!(d(text), Some(value), "{text}");
        }
        for text in [
            "",
            "-",
            ".",
            "1.234",
            "10000000000.00",
            "1,000.00",
            "￥5",
            "1 2",
            "1.2.3",
            "N/A",
            "1e",
            "e5",
            "--1",
            "1e999999",
            "18446744073709551616",
            "1111111111111111111111111111111111111111.5",
            "0x10",
            "５",
        ] {
            assert_eq!(d(text), None, "{text}");
        }
        assert_eq!(decimal(b"99999999999999999999999999999999999999", 38, 0), Some(10i128.pow(38) - 1));
        assert_eq!(decimal(b"-9999999999999999999999999999.9999999999", 38, 10), Some(1 - 10i128.pow(38)));
        assert_eq!(decimal(b"..................................................", 38, 0), None);
    }

    #[test]
    fn other_numbers() {
        assert_eq!((integer("-42"), integer("+7"), integer("9223372036854775808")), (Some(-42), Some(7), None));
        assert_eq!((integer("两件"), integer("1.0"), integer("1,000"), integer("")), (None, None, None, None));
        assert_eq!((double("1.5e3"), double("nan"), double("inf"), double("1e999")), (Some(1500.0), None, None, None));
        assert_eq!((integer_of("1.5e1"), integer_of("-2.0"), integer_of("1.5")), (Some(15), Some(-2), None));
    }

    #[test]
    fn noise_is_rounded_and_digits_are_not() {
        for (text, value) in [
            ("59.699999999999996", 5970),
            ("0.30000000000000004", 30),
            ("-0.30000000000000004", -30),
            ("124600.00000000001", 12_460_000),
            ("1.1000000000000001", 110),
            ("0.09999999999999964", 10),
            ("1.1102230246251565e-16", 0),
            ("1.1368683772161603e-13", 0),
            ("1234.560000000001", 123_456),
            ("706.880000000001", 70_688),
            ("0.1000000000000000055511151231257827021181583404541015625", 10),
        ] {
            assert_eq!(without_noise(text, 12, 2), Some(value), "{text}");
        }
        for text in [
            "19.995",
            "19.994999999999997",
            "19.99999999",
            "1234567890.1210001",
            "12345678901.1201",
            "1234567.1000001",
            "12345678901234.561",
            "99999999999.99999999",
            "0.1234567890123456",
            "NaN",
            "1e999",
            "",
        ] {
            assert_eq!(without_noise(text, 12, 2), None, "{text}");
        }
        assert_eq!(without_noise("2.9999999999999996", 19, 0), Some(3));
        assert_eq!(without_noise("99999.99999999999999", 6, 2), None);
    }

    #[test]
    fn digits_are_rounded_where_declared() {
        for (text, value) in [
            ("19.995", Some(2000)),
            ("-19.995", Some(-2000)),
            ("19.994", Some(1999)),
            ("0.005", Some(1)),
            ("1.00499999999999999999999999999999", Some(100)),
            ("12", Some(1200)),
            ("1.25e-1", Some(13)),
            ("9999999999.995", None),
            ("1.2.3", None),
            ("1.2x", None),
            ("", None),
        ] {
            assert_eq!(rounded(text, 12, 2), value, "{text}");
        }
        assert_eq!((rounded("1.5", 19, 0), rounded("-2.5", 19, 0)), (Some(2), Some(-3)));
    }

    proptest! {
        #[test]
        fn sums_of_doubles_are_sums_of_decimals(cents in prop::collection::vec(-1_000_000i64..1_000_000, 1..12)) {
            let sum: f64 = cents.iter().map(|c| *c as f64 / 100.0).sum();
            let text = sum.to_string();
            let exact = i128::from(cents.iter().sum::<i64>());
            prop_assert_eq!(decimal(text.as_bytes(), 12, 2).or_else(|| without_noise(&text, 12, 2)), Some(exact));
        }

        #[test]
        fn decimals_say_what_was_written(value in -999_999_999_999i128..=999_999_999_999) {
            let text = format!("{}{}.{:02}", if value < 0 { "-" } else { "" }, value.abs() / 100, value.abs() % 100);
            prop_assert_eq!(d(&text), Some(value));
        }

        #[test]
        fn no_text_panics(text in "[-+0-9.eE]{0,60}") {
            decimal(text.as_bytes(), 38, 10);
            integer(&text);
            without_noise(&text, 38, 10);
            rounded(&text, 38, 10);
            rounded(&text, 12, 2);
            double(&text);
        }
    }
}
