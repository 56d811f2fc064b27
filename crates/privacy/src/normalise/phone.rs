//! Telephone numbers.

use super::text::{fold_width, is_blank, without_apostrophes};
use crate::rewrite::Becomes;
use phonenumber::{Mode, country};

pub(super) fn phone<'a>(value: &'a str, scratch: &mut String) -> Becomes<'a> {
    let value = without_apostrophes(value);
    if value.is_empty() {
        return Becomes::Null;
    }
    let normal = if value.is_ascii() {
        match chinese_mobile(value.as_bytes()) {
            Some(digits) => write_mobile(&digits, scratch),
            None => other(value, scratch),
        }
    } else {
        let mut folded = String::with_capacity(value.len());
        fold_width(value, &mut folded);
        match chinese_mobile(folded.as_bytes()) {
            Some(digits) => write_mobile(&digits, scratch),
            None => other(&folded, scratch),
        }
    };
    match normal {
        Some(()) if scratch == value => Becomes::Part(value),
        Some(()) => Becomes::Scratch,
        None => Becomes::Invalid,
    }
}

fn write_mobile(digits: &[u8; 11], out: &mut String) -> Option<()> {
    out.push_str("+86");
    out.push_str(std::str::from_utf8(digits).ok()?);
    Some(())
}

/// The eleven digits of a Chinese mobile number in the spellings that nearly all have: separators, and `+86`, `0086`
/// or `86` in front. `None` sends it the long way.
///
/// 179 was the prefix of IP telephony and is no mobile range: the library reads it so, and is left to.
fn chinese_mobile(text: &[u8]) -> Option<[u8; 11]> {
    let mut digits = [0; 15];
    let mut found = 0;
    let mut plus = false;
    for &byte in text {
        match byte {
            b'0'..=b'9' => {
                *digits.get_mut(found)? = byte;
                found += 1;
            }
            b'+' if found == 0 && !plus => plus = true,
            b' ' | b'-' | b'(' | b')' | b'\t' => {}
            // A dot separates too, but may also come from a spreadsheet: `13187013211.0`.
            _ => return None,
        }
    }
    let national = match (plus, &digits[..found]) {
        (false, all @ [_, _, _, _, _, _, _, _, _, _, _]) => all,
        (_, [b'8', b'6', rest @ ..]) => rest,
        (false, [b'0', b'0', b'8', b'6', rest @ ..]) => rest,
        _ => return None,
    };
    let national: [u8; 11] = national.try_into().ok()?;
    (national[0] == b'1' && national[1] >= b'3' && !national.starts_with(b"179")).then_some(national)
}

/// Every other number, through libphonenumber's metadata.
fn other(text: &str, out: &mut String) -> Option<()> {
    let (number, extension) = split_extension(text)?;
    let (plus, digits) = digits_of(number)?;
    let parsed = if plus {
        // Without a default country: with one, the library would take that country's trunk and carrier prefixes off
        // numbers of others as well.
        parse(None, &format!("+{digits}"))
    } else if let Some(international) = digits.strip_prefix("00") {
        parse(None, &format!("+{international}"))
    } else {
        // The neighbours' codes are written without a plus sign, as 86 is. These areas of the mainland have theirs
        // with a zero in front.
        let neighbour = ["852", "853", "886"].iter().any(|code| digits.starts_with(code));
        let abroad = if neighbour { parse(None, &format!("+{digits}")) } else { None };
        abroad.or_else(|| parse(Some(country::CN), &digits))
    };
    out.push_str(&parsed?);
    if let Some(extension) = extension {
        out.push_str(";ext=");
        out.push_str(extension);
    }
    Some(())
}

pub(super) fn parse(country: Option<country::Id>, digits: &str) -> Option<String> {
    let number = phonenumber::parse(country, digits).ok()?;
    number.is_valid().then(|| number.format().mode(Mode::E164).to_string())
}

/// Splits `010-82345678转801`, `… ext. 801`, `… x801`, `… #801` and `…;ext=801` into number and extension.
pub(super) fn split_extension(text: &str) -> Option<(&str, Option<&str>)> {
    let Some(at) = text.find(|c: char| c.is_alphabetic() || matches!(c, '#' | ';')) else {
        return Some((text, None));
    };
    let (number, rest) = text.split_at(at);
    let rest = rest.trim_start_matches(';');
    let mark = ["分机", "转", "轉", "extension", "ext", "x", "#"]
        .into_iter()
        .find(|mark| rest.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark)))?;
    let rest = rest[mark.len()..].trim_start_matches([' ', '.', ':', '=', '号', '-']).trim_end();
    let digits = (1..=7).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_digit());
    digits.then_some((number, Some(rest)))
}

/// The digits without separators, and whether a plus sign stands in front; `None` if there is anything else, and of two
/// numbers in one (`030 123456/7`).
pub(super) fn digits_of(text: &str) -> Option<(bool, String)> {
    let text = text.trim_matches(is_blank);
    // What a spreadsheet made of a number.
    let text = match text.strip_suffix(".0") {
        Some(start) if start.len() > 6 && start.bytes().all(|b| b.is_ascii_digit()) => start,
        _ => text,
    };
    if has_alternative(text) {
        return None;
    }
    let mut digits = String::with_capacity(text.len());
    let mut plus = false;
    // `+44 (0)20 …`: the zero is dialled inside the country only.
    for c in text.replace("(0)", "").chars() {
        match c {
            '0'..='9' => digits.push(c),
            '+' if digits.is_empty() && !plus => plus = true,
            '-' | '(' | ')' | '.' | '/' => {}
            // Hyphens, dashes and their small forms.
            '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' => {}
            c if is_blank(c) => {}
            _ => return None,
        }
    }
    (4..=20).contains(&digits.len()).then_some((plus, digits))
}

/// Whether the last digits are those of a second number, as in `030 123456/7`: one to three of them behind a slash, which
/// elsewhere separates the area (`030/1234567`) or all groups of a number (`01/23/45/67/89`).
fn has_alternative(text: &str) -> bool {
    let digits = |part: &str| part.chars().filter(char::is_ascii_digit).count();
    let Some((number, last)) = text.rsplit_once('/') else { return false };
    (1..=3).contains(&digits(last)) && number.split('/').any(|part| digits(part) > 3)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::normalise;
    use arrow::array::StringArray;
    use proptest::prelude::*;

    fn one(text: &str) -> Option<String> {
        let out = normalise::phone(&StringArray::from(vec![text]));
        let value = out.values.iter().next().unwrap().map(str::to_owned);
        assert_eq!(out.invalid.is_empty(), value.is_some(), "{text}");
        value
    }

    #[test]
    fn spellings_of_a_chinese_mobile_become_one() {
        for text in [
            "13187013211",
            "+86 131-8701-3211",
            "0086 13187013211",
            "１３１８７０１３２１１",
            "8613187013211",
            "+8613187013211",
            "(+86)13187013211",
            "131 8701 3211",
            "131.8701.3211",
            "013187013211",
            "13187013211.0",
            "\u{202D}131 8701 3211\u{202C}",
            "＋８６－１３１－８７０１－３２１１",
            "86-131-8701-3211",
            " 13187013211\u{3000}",
            "131\u{2013}8701\u{2013}3211",
            "+86 (0) 131 8701 3211",
            "00861 31 87 01 32 11",
        ] {
            assert_eq!(one(text).as_deref(), Some("+8613187013211"), "{text}");
        }
    }

    #[test]
    fn landlines_neighbours_and_the_world() {
        for (text, expected) in [
            ("021-62345678", "+862162345678"),
            ("(010) 6234 5678", "+861062345678"),
            ("0571-86543210", "+8657186543210"),
            ("+86 21 6234 5678", "+862162345678"),
            ("400-820-1234", "+864008201234"),
            ("021/62345678", "+862162345678"),
            ("'021-62345678", "+862162345678"),
            ("+33 1/42/68/53/00", "+33142685300"),
            ("+852 9123 4567", "+85291234567"),
            ("00852-91234567", "+85291234567"),
            ("852-9123-4567", "+85291234567"),
            ("+853 6612 3456", "+85366123456"),
            ("+886 912 345 678", "+886912345678"),
            ("+886 0912 345 678", "+886912345678"),
            ("+1 (202) 555-0143", "+12025550143"),
            ("001 202 555 0143", "+12025550143"),
            ("+44 20 7946 0958", "+442079460958"),
            ("+44 (0)20 7946 0958", "+442079460958"),
            ("+81 90 1234 5678", "+819012345678"),
            ("+49 1512 3456789", "+4915123456789"),
            ("+49 179 1234567", "+491791234567"),
            ("+39 06 6982 1234", "+390669821234"),
            ("010-62345678转801", "+861062345678;ext=801"),
            ("010-62345678 ext. 801", "+861062345678;ext=801"),
            ("+861062345678;ext=801", "+861062345678;ext=801"),
            ("13187013211#2", "+8613187013211;ext=2"),
        ] {
            assert_eq!(one(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_invalid() {
        for text in [
            "unknown",
            "无",
            "138****1234",
            "1318701321",
            "131870132111",
            "12345678901",
            "+86 131",
            "+",
            "0",
            "N/A",
            "a@example.com",
            "13187013211/13187013212",
            "021-6234567/8",
            "021/62345678/79",
            "010 6234567 / 8",
            "+49 30 123456/7",
            "+49 30 1234/567",
            "+8613187013211 +8613187013212",
            "13187013211转",
            "1e10",
            "1-1-1",
            "+999 123 456 789",
            "+0086 13187013211",
        ] {
            assert_eq!(one(text), None, "{text}");
        }
        let out = normalise::phone(&StringArray::from(vec![Some(" "), None, Some("")]));
        assert_eq!((out.values, out.invalid), (StringArray::from(vec![None::<&str>; 3]), vec![]));
    }

    #[test]
    fn canonical_columns_are_not_copied() {
        let values = StringArray::from(vec![Some("+8613187013211"), None, Some("+85291234567")]);
        assert_eq!(normalise::phone(&values).values.values().as_ptr(), values.values().as_ptr());
    }

    fn by_library(text: &str) -> Option<String> {
        let number = phonenumber::parse(Some(country::CN), text).ok()?;
        Some(number.format().mode(Mode::E164).to_string())
    }

    proptest! {
        /// The fast path writes what the library writes, whichever range of numbers. (The library is given them without
        /// hyphens: it takes `+861-3…` for country 861.)
        #[test]
        fn the_fast_path_agrees_with_the_library(
            number in "1[3-9][0-9]{9}", prefix in "(\\+86 ?|0086-?|86 |)", cuts in prop::collection::vec(0..11usize, 0..3),
        ) {
            let mut spelled = number;
            for cut in cuts {
                spelled.insert(cut, '-');
            }
            let text = format!("{prefix}{spelled}");
            let bare = text.replace(['-', ' '], "");
            if let Some(digits) = chinese_mobile(text.as_bytes()) {
                let fast = format!("+86{}", std::str::from_utf8(&digits).unwrap());
                prop_assert_eq!(by_library(&bare), Some(fast));
            } else {
                prop_assert!(bare.contains("179"), "{} takes the long way", text);
            }
        }

        /// What the fast path does not take is no valid Chinese mobile number that the library would know.
        #[test]
        fn the_fast_path_misses_no_mobile(number in "1[0-9]{10}") {
            let known = phonenumber::parse(Some(country::CN), &number).is_ok_and(|n| {
                n.is_valid() && n.number_type(&phonenumber::metadata::DATABASE) == phonenumber::Type::Mobile
                    && n.national().to_string() == number
            });
            prop_assert!(!known || chinese_mobile(number.as_bytes()).is_some(), "{}", number);
        }

        #[test]
        fn idempotent_and_without_panic(values in prop::collection::vec(
            "[+＋]?[0-9]{0,16}|0[1-9][0-9]{1,2}-[0-9]{7,8}|[0-9０-９+ ()./#x;转-]{0,18}|00[1-9][0-9]{5,12}|.*", 1..8,
        )) {
            let once = normalise::phone(&StringArray::from(values));
            let twice = normalise::phone(&once.values);
            prop_assert_eq!(&twice.values, &once.values);
            prop_assert!(twice.invalid.is_empty());
        }
    }
}
