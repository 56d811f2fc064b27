//! Identity numbers of people in China: resident identity cards, and travel permits of those from Hong Kong, Macao and
//! Taiwan.

use super::text::{fold_width, is_blank, trim, visible, without_apostrophes};
use crate::rewrite::Becomes;

/// The first two digits of area codes: provinces (GB/T 2260), Taiwan, Hong Kong, Macao (residence permits begin with 81,
/// 82 and 83), and 91, foreigners with permanent residence.
const AREAS: [u8; 36] = [
    11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54, 61, 62, 63,
    64, 65, 71, 81, 82, 83, 91,
];

/// Whether an area code begins with a province that exists.
pub(crate) fn is_area(number: &[u8]) -> bool {
    matches!(number, [a @ b'0'..=b'9', b @ b'0'..=b'9', ..] if AREAS.contains(&((a - b'0') * 10 + b - b'0')))
}

/// Whether eight digits are a day between 1900 and 2099.
pub(crate) fn is_day(digits: &[u8]) -> bool {
    let value = |part: &[u8]| part.iter().fold(0u32, |n, d| n * 10 + u32::from(d.wrapping_sub(b'0')));
    if digits.len() != 8 || !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let (year, month, day) = (value(&digits[..4]), value(&digits[4..6]), value(&digits[6..]));
    (1900..=2099).contains(&year) && chrono::NaiveDate::from_ymd_opt(year as i32, month, day).is_some()
}

/// The check digit of 17 digits: ISO 7064 MOD 11-2, as GB 11643 has it.
pub(crate) fn check_digit(number: &[u8]) -> u8 {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = number.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit.wrapping_sub(b'0')) * weight).sum();
    b"10X98765432"[sum as usize % 11]
}

/// As [`super::resident_id`].
pub(super) fn resident<'a>(value: &'a str, scratch: &mut String) -> Becomes<'a> {
    let mut number = [0; 18];
    let Some(length) = gather(value, &mut number) else {
        return if trim(value).is_empty() { Becomes::Null } else { Becomes::Invalid };
    };
    let full = match length {
        18 => number,
        // Given out until 1999, to people born in the twentieth century.
        15 => {
            let mut full = [0; 18];
            full[..6].copy_from_slice(&number[..6]);
            full[6..8].copy_from_slice(b"19");
            full[8..17].copy_from_slice(&number[6..15]);
            full[17] = check_digit(&full[..17]);
            full
        }
        _ => return Becomes::Invalid,
    };
    let digits = full[..17].iter().all(u8::is_ascii_digit);
    if !(digits && is_area(&full) && is_day(&full[6..14]) && full[17] == check_digit(&full[..17])) {
        return Becomes::Invalid;
    }
    write(value, &full, scratch)
}

/// As [`super::travel_permit`].
pub(super) fn permit<'a>(value: &'a str, scratch: &mut String) -> Becomes<'a> {
    let mut number = [0; 18];
    let Some(length) = gather(value, &mut number) else {
        return if trim(value).is_empty() { Becomes::Null } else { Becomes::Invalid };
    };
    let number = &number[..length];
    let digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    let sound = match number {
        // Hong Kong and Macao: eight digits that stay for life, and until 2012 two of the issue.
        [b'H' | b'M', rest @ ..] => matches!(rest.len(), 8 | 10) && digits(rest),
        // Taiwan: eight digits, or the older ten and a letter.
        [rest @ .., b'A'..=b'Z'] => rest.len() == 10 && digits(rest),
        rest => matches!(rest.len(), 8 | 10) && digits(rest),
    };
    // The issue counts renewals of one person's permit.
    let person = match number {
        [b'H' | b'M', ..] => &number[..number.len().min(9)],
        _ => number,
    };
    if sound { write(value, person, scratch) } else { Becomes::Invalid }
}

/// As [`super::wechat_id`].
pub(super) fn wechat<'a>(value: &'a str, scratch: &mut String) -> Becomes<'a> {
    let trimmed = without_apostrophes(value);
    if trimmed.is_empty() {
        return Becomes::Null;
    }
    if is_wechat(trimmed.as_bytes()) {
        return Becomes::Part(trimmed);
    }
    if trimmed.is_ascii() {
        return Becomes::Invalid;
    }
    fold_width(&visible(trimmed), scratch);
    if is_wechat(scratch.as_bytes()) { Becomes::Scratch } else { Becomes::Invalid }
}

/// Whether a text has the shape of an OpenID or UnionID: 28 characters of base64url, the first an `o`.
pub(crate) fn is_wechat(text: &[u8]) -> bool {
    text.len() == 28 && text[0] == b'o' && text.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// The letters, in capitals, and digits of a number without separators and brackets; `None` if there is anything else
/// or too much.
fn gather(value: &str, number: &mut [u8; 18]) -> Option<usize> {
    let mut folded = String::new();
    let text = if value.is_ascii() {
        value
    } else {
        fold_width(value, &mut folded);
        &folded
    };
    let mut length = 0;
    for c in text.chars() {
        match c {
            '0'..='9' | 'A'..='Z' | 'a'..='z' => {
                *number.get_mut(length)? = (c as u8).to_ascii_uppercase();
                length += 1;
            }
            '-' | '(' | ')' => {}
            c if is_blank(c) => {}
            _ => return None,
        }
    }
    (length > 0).then_some(length)
}

fn write<'a>(value: &'a str, number: &[u8], scratch: &mut String) -> Becomes<'a> {
    if value.as_bytes() == number {
        return Becomes::Part(value);
    }
    scratch.extend(number.iter().map(|b| char::from(*b)));
    Becomes::Scratch
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalise::{Normalised, resident_id, travel_permit, wechat_id};
    use arrow::array::StringArray;
    use proptest::prelude::*;

    fn each(f: fn(&StringArray) -> Normalised, cases: &[(&str, Option<&str>)]) {
        for (given, expected) in cases {
            let out = f(&StringArray::from(vec![*given]));
            assert_eq!(out.values, StringArray::from(vec![*expected]), "{given}");
            assert_eq!(out.invalid.is_empty(), expected.is_some() || given.trim().is_empty(), "{given}");
        }
    }

    /// The check digits are computed by hand. 11010519491231002X is the example of GB 11643 itself:
    /// 7+9+0+5+0+20+2+9+24+27+7+18+30+5+0+0+4 = 167, 167 mod 11 = 2, which stands for X.
    #[test]
    fn resident_identity_numbers() {
        each(
            resident_id,
            &[
                ("11010519491231002X", Some("11010519491231002X")),
                ("11010519491231002x", Some("11010519491231002X")),
                ("１１０１０５１９４９１２３１００２Ｘ", Some("11010519491231002X")),
                ("110105 19491231 002X", Some("11010519491231002X")),
                ("110105-19491231-002X ", Some("11010519491231002X")),
                ("110105491231002", Some("11010519491231002X")),
                // Another digit, area, day, length; letters.
                ("110105194912310021", None),
                ("20010519491231002X", None),
                ("110105194902300020", None),
                ("1101051949123100", None),
                ("110105199913310020", None),
                ("身份证", None),
                ("ABCDEFGHIJKLMNOPQR", None),
                ("", None),
                (" \u{3000}", None),
            ],
        );
        // 1×7+1×9+0×10+1×5+0×8+1×4+1×2+9×1+9×6+0×3+0×7+1×9+0×10+1×5+0×8+0×4+1×2 = 106, 106 mod 11 = 7 → 5.
        assert_eq!(check_digit(b"11010119900101001"), b'5');
        // Residence permits of those from Hong Kong (810000).
        let mut permit = b"810000199408230021".to_vec();
        permit[17] = check_digit(&permit[..17]);
        let permit = String::from_utf8(permit).unwrap_or_default();
        each(resident_id, &[(&permit, Some(&permit))]);
    }

    #[test]
    fn permits_and_wechat() {
        each(
            travel_permit,
            &[
                ("H12345678", Some("H12345678")),
                ("h12345678", Some("H12345678")),
                ("M1234567801", Some("M12345678")),
                ("Ｈ１２３４５６７８（０１）", Some("H12345678")),
                ("12345678", Some("12345678")),
                ("0012345678(B)", Some("0012345678B")),
                ("A12345678", None),
                ("H1234567", None),
                ("无", None),
            ],
        );
        let id = "oABCdefghijklmnopqrstuvwx_-1";
        assert_eq!(id.len(), 28);
        each(
            wechat_id,
            &[
                (id, Some(id)),
                (" oABCdefghijklmnopqrstuvwx_-1\t", Some(id)),
                ("xABCdefghijklmnopqrstuvwx_-1", None),
                ("oABCdefghijklmnopqrstuvwx_-", None),
                ("oABCdefghijklmnopqrstuvwx_+1", None),
                ("null", None),
            ],
        );
    }

    proptest! {
        #[test]
        fn what_is_made_is_read_again(area in 0usize..36, rest in "[0-9]{4}", year in 1900u32..2100, month in 1u32..13, day in 1u32..29, order in "[0-9]{3}", cut in 0usize..19) {
            let mut number = format!("{:02}{rest}{year}{month:02}{day:02}{order}", AREAS[area]);
            number.push(char::from(check_digit(number.as_bytes())));
            let expected = StringArray::from(vec![number.clone()]);
            let mut spelled = number.to_lowercase();
            spelled.insert(cut.min(18), ' ');
            prop_assert_eq!(resident_id(&StringArray::from(vec![spelled])).values, expected.clone());
            // Of one wrong digit each is noticed.
            let at = cut % 18;
            let mut wrong = number.into_bytes();
            wrong[at] = if wrong[at] == b'7' { b'3' } else { b'7' };
            let wrong = StringArray::from(vec![String::from_utf8_lossy(&wrong).into_owned()]);
            prop_assert_eq!(resident_id(&wrong).invalid, [0]);
        }

        #[test]
        fn idempotent(values in prop::collection::vec("[1-6][1-5][0-9]{4}(19)?[0-9]{9}[0-9Xx]?|[HMhm]?[0-9]{8,10}[A-Z]?|o[A-Za-z0-9_-]{27}|.*", 1..10)) {
            for f in [resident_id, travel_permit, wechat_id] {
                let once = f(&StringArray::from(values.clone()));
                let twice = f(&once.values);
                prop_assert_eq!(&twice.values, &once.values);
                prop_assert!(twice.invalid.is_empty());
            }
        }
    }
}
