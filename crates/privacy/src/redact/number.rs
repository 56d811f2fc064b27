//! Telephone, resident identity and card numbers among the numbers of a text.

use super::Kind;
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// The longest number that is looked for, in digits.
const LONGEST: usize = 19;

/// Digits that stand together, and what stands around them.
struct Group {
    range: Range<usize>,
    /// Belongs to the number of the group before, if to any: only one or two separators between.
    joined: bool,
    /// A `+` stands before it.
    plus: bool,
    /// An opening bracket stands before it (and before the `+`).
    bracket: bool,
}

/// Appends the numbers in a part of a folded text.
pub(super) fn find(text: &str, part: Range<usize>, found: &mut Vec<(Range<usize>, Kind)>) {
    let groups = groups(text, part);
    let mut at = 0;
    while at < groups.len() {
        // A group that is a number by itself is one, whatever stands beside it; otherwise the longest row of groups.
        let alone = kind_of(text, &groups[at..=at]).map(|kind| (1, kind));
        let found_here = alone.or_else(|| in_a_row(text, &groups[at..]));
        match found_here {
            Some((count, kind)) => {
                let (first, last) = (&groups[at], &groups[at + count - 1]);
                let bracket = first.bracket && text[first.range.start..last.range.end].contains(')');
                let start = first.range.start - usize::from(first.plus) - usize::from(bracket);
                found.push((start..last.range.end, kind));
                at += count;
            }
            None => at += 1,
        }
    }
}

/// The longest row of joined groups from the first on that is a number, and stops before one that is by itself.
fn in_a_row(text: &str, groups: &[Group]) -> Option<(usize, Kind)> {
    let mut digits = groups[0].range.len();
    let mut longest = None;
    for (count, group) in (2..).zip(&groups[1..]) {
        digits += group.range.len();
        // A country code may stand before a number that is one by itself.
        let prefix = count == 2 && matches!(&text[groups[0].range.clone()], "86" | "0086" | "0");
        if !group.joined || digits > LONGEST || (!prefix && kind_of(text, std::slice::from_ref(group)).is_some()) {
            break;
        }
        if let Some(kind) = kind_of(text, &groups[..count]) {
            longest = Some((count, kind));
        }
    }
    longest
}

fn groups(text: &str, part: Range<usize>) -> Vec<Group> {
    static DIGITS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[0-9]+").expect("a regular expression"));
    let bytes = text.as_bytes();
    let mut groups: Vec<Group> = vec![];
    let mut row = 0;
    for digits in DIGITS.find_iter(&text[part.clone()]) {
        let range = part.start + digits.start()..part.start + digits.end();
        let joined = groups.last().is_some_and(|last| {
            let between = &bytes[last.range.end..range.start];
            matches!(between.len(), 1..=2) && between.iter().all(|b| matches!(b, b' ' | b'-' | b'.' | b'(' | b')'))
        });
        let before = &bytes[part.start..range.start];
        let plus = before.ends_with(b"+");
        let bracket = before[..before.len() - usize::from(plus)].ends_with(b"(");
        if !joined {
            row = groups.len();
        }
        let x = range.end < part.end && matches!(bytes[range.end], b'X' | b'x');
        groups.push(Group { range, joined, plus, bracket });
        // The last place of a resident identity number may be an X.
        if x {
            let last = groups.len() - 1;
            groups[last].range.end += 1;
            let is_id = |groups| kind_of(text, groups) == Some(Kind::ResidentId);
            if !is_id(&groups[last..]) && !is_id(&groups[row..]) {
                groups[last].range.end -= 1;
            }
        }
    }
    groups
}

/// What a row of groups is, taken as one number.
fn kind_of(text: &str, groups: &[Group]) -> Option<Kind> {
    let mut number = [0; LONGEST];
    let mut length = 0;
    for group in groups {
        let digits = &text.as_bytes()[group.range.clone()];
        number.get_mut(length..length + digits.len())?.copy_from_slice(digits);
        length += digits.len();
    }
    let number = &number[..length];
    if is_resident_id(number) {
        return Some(Kind::ResidentId);
    }
    if !number.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let sizes = || groups.iter().map(|group| group.range.len());
    if is_phone(number, groups[0].plus, sizes()) {
        Some(Kind::Phone)
    } else if is_card(number) && (groups.len() == 1 || sizes().take(3).all(|size| size == 4) || sizes().eq([4, 6, 5])) {
        Some(Kind::BankCard)
    } else {
        None
    }
}

fn is_phone(number: &[u8], plus: bool, sizes: impl Iterator<Item = usize> + Clone) -> bool {
    let mobile = |n: &[u8]| n.len() == 11 && n[0] == b'1' && n[1] >= b'3';
    let national = number.strip_prefix(b"0").unwrap_or(number);
    let international = if plus { Some(number) } else { number.strip_prefix(b"00") };
    let grouped = sizes.clone().count() > 1;
    // 020 7946 0958 and 01 23 45 67 89, but not 05-01-2024 10.30.
    let national_elsewhere = grouped && (sizes.clone().next() >= Some(3) || sizes.clone().eq([2; 5]));
    mobile(national)
        || number.strip_prefix(b"86").is_some_and(mobile)
        || international.is_some_and(|n| (8..=15).contains(&n.len()) && n[0] != b'0')
        || is_landline(number)
        || (national_elsewhere && number[0] == b'0' && number[1] != b'0' && (10..=12).contains(&number.len()))
        || sizes.clone().eq([3, 3, 4]) && number[0] >= b'2'
        || (number.len() == 11 && (number.starts_with(b"852") || number.starts_with(b"853")) && grouped)
}

/// A Chinese landline number with its area code: 010, 02x or 0xxx, then seven or eight digits.
fn is_landline(number: &[u8]) -> bool {
    let area = match number {
        [b'0', b'1', b'0', ..] | [b'0', b'2', ..] => 3,
        [b'0', b'3'..=b'9', ..] => 4,
        _ => return false,
    };
    matches!(number.len().saturating_sub(area), 7 | 8) && matches!(number[area], b'2'..=b'8')
}

/// A Chinese resident identity number (GB 11643): region, birth date, order, check digit; or the form of 15 digits that
/// was given out until 1999.
fn is_resident_id(number: &[u8]) -> bool {
    let (region, birth) = match number.len() {
        18 => (&number[..2], &number[6..14]),
        15 => (&number[..2], &number[6..12]),
        _ => return false,
    };
    if !number[..number.len() - 1].iter().all(u8::is_ascii_digit)
        || (number.len() == 15 && !number[14].is_ascii_digit())
    {
        return false;
    }
    let value = |digits: &[u8]| digits.iter().fold(0, |n, d| n * 10 + u32::from(d - b'0'));
    let (year, rest) = birth.split_at(birth.len() - 4);
    let possible = (11..=65).contains(&value(region)) || matches!(region, b"71" | b"81" | b"82" | b"83");
    let year = year.len() == 2 || (1880..=2100).contains(&value(year));
    let date = (1..=12).contains(&value(&rest[..2])) && (1..=31).contains(&value(&rest[2..]));
    (possible && year && date) || (number.len() == 18 && possible && check_digit(number))
}

/// ISO 7064 MOD 11-2 over 18 places.
pub(super) fn check_digit(number: &[u8]) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = number.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    number.last().is_some_and(|last| last.to_ascii_uppercase() == b"10X98765432"[sum as usize % 11])
}

/// A payment card: 15 to 19 digits with an issuer's first digit, and Luhn's check.
fn is_card(number: &[u8]) -> bool {
    (15..=19).contains(&number.len())
        && (matches!(number[0], b'3'..=b'6' | b'9') || matches!(number, [b'2', b'2'..=b'7', ..]))
        && luhn(number)
}

/// Luhn's check (ISO/IEC 7812-1).
pub(super) fn luhn(number: &[u8]) -> bool {
    let sum: u32 = (number.iter().rev().enumerate())
        .map(|(place, digit)| match (place % 2, u32::from(digit - b'0')) {
            (0, digit) => digit,
            (_, digit) => digit * 2 - if digit > 4 { 9 } else { 0 },
        })
        .sum();
    sum.is_multiple_of(10)
}
