//! One value, many spellings: how phones, e-mail addresses and genders arrive.

use crate::random::Draw;

/// Draws how a row is spelled, 0 to 99; 0, the plain way, where no dirt is wanted.
pub(crate) fn spelling(dirt: bool, draw: &mut Draw) -> u8 {
    if dirt { draw.below(100) as u8 } else { 0 }
}

/// Appends a mobile number (11 digits) the way some clerk, platform or customer wrote it.
pub(crate) fn push_phone(out: &mut String, phone: u64, spelling: u8) {
    let digits = phone.to_string();
    let (head, middle, tail) = (&digits[..3], &digits[3..7], &digits[7..]);
    match spelling {
        0..84 => out.push_str(&digits),
        84..88 => out.extend(["+86", &digits]),
        88..91 => out.extend(["+86 ", head, "-", middle, "-", tail]),
        91..94 => out.extend(["0086 ", &digits]),
        94..96 => out.extend([head, " ", middle, " ", tail]),
        96..98 => out.extend(digits.chars().map(full_width)),
        _ => out.extend([" ", &digits, " "]),
    }
}

/// Appends an e-mail address (canonical: lower case) as somebody typed it.
pub(crate) fn push_email(out: &mut String, email: &str, spelling: u8) {
    match spelling {
        0..85 => out.push_str(email),
        85..90 => out.push_str(&email.to_ascii_uppercase()),
        90..95 => out.extend([" ", email]),
        _ => out.push_str(&email.replace('@', "＠")),
    }
}

/// A gender (0 woman, 1 man, 2 unknown) in one of two alphabets.
pub(crate) fn gender(gender: u8, spelling: u8) -> &'static str {
    let latin = spelling % 4 == 3;
    match (gender, latin) {
        (0, false) => "女",
        (0, true) => "F",
        (1, false) => "男",
        (1, true) => "M",
        _ => "",
    }
}

/// The full-width form of an ASCII digit.
fn full_width(digit: char) -> char {
    char::from_u32(digit as u32 + 0xfee0).unwrap_or(digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_keeps_the_number() {
        let mut spellings = std::collections::BTreeSet::new();
        for spelling in 0..100 {
            let mut text = String::new();
            push_phone(&mut text, 13_187_013_211, spelling);
            let digits: String = text
                .chars()
                .map(|c| if ('０'..='９').contains(&c) { char::from((c as u32 - 0xfee0) as u8) } else { c })
                .filter(char::is_ascii_digit)
                .collect();
            assert!(digits.ends_with("13187013211"), "{text}");
            spellings.insert(text);
        }
        assert_eq!(spellings.len(), 7);
        assert!(spellings.contains("１３１８７０１３２１１"));
    }
}
