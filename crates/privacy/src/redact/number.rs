//! Telephone, resident identity and card numbers among the numbers of a text.

use super::context;
use super::{Found, Kind};
use crate::normalise::{check_digit as check_digit_of, is_area, is_day};
use std::ops::Range;

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

/// Appends the numbers in a folded text.
pub(super) fn find(text: &str, found: &mut Vec<Found>) {
    let groups = groups(text);
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

fn groups(text: &str) -> Vec<Group> {
    let bytes = text.as_bytes();
    let mut groups: Vec<Group> = vec![];
    let (mut row, mut at) = (0, 0);
    while let Some(start) = bytes[at..].iter().position(u8::is_ascii_digit).map(|more| at + more) {
        let end = bytes[start..].iter().position(|b| !b.is_ascii_digit()).map_or(bytes.len(), |more| start + more);
        at = end;
        let range = start..end;
        let joined = groups.last().is_some_and(|last| {
            let between = &bytes[last.range.end..range.start];
            matches!(between.len(), 1..=2) && between.iter().all(|b| matches!(b, b' ' | b'-' | b'.' | b'(' | b')'))
        });
        let before = &bytes[..range.start];
        let plus = before.ends_with(b"+");
        let bracket = before[..before.len() - usize::from(plus)].ends_with(b"(");
        if !joined {
            row = groups.len();
        }
        let x = range.end < bytes.len() && matches!(bytes[range.end], b'X' | b'x');
        groups.push(Group { range, joined, plus, bracket });
        // The last place of a resident identity number may be an X.
        if x {
            let last = groups.len() - 1;
            groups[last].range.end += 1;
            // No number has more groups than digits: a long row is looked at from its end.
            let first = row.max(last.saturating_sub(LONGEST));
            let is_id = |groups| kind_of(text, groups) == Some(Kind::ResidentId);
            if is_id(&groups[last..]) || is_id(&groups[first..]) {
                at = end + 1;
            } else {
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
    let start = groups[0].range.start;
    if is_resident_id(number) {
        // 15 digits that pass both are what they are called.
        let card = length == 15 && is_issued(number) && luhn(number) && context::names_a_card(text, start);
        return Some(if card { Kind::BankCard } else { Kind::ResidentId });
    }
    if !number.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let sizes = || groups.iter().map(|group| group.range.len());
    // What is called an order number is one, unless it is a mobile number all the same.
    let is_order = || context::names_a_thing(text, start);
    let end = groups[groups.len() - 1].range.end;
    // A number with its country in front is no order's, whatever stands before it.
    let of_a_thing = || !groups[0].plus && (is_order() || context::is_in_a_code(text, start, end));
    if is_mobile(number) || (is_phone(number, groups[0].plus, sizes()) && !of_a_thing()) {
        return Some(Kind::Phone);
    }
    let in_fours = groups.len() > 1 && (sizes().take(3).all(|size| size == 4) || sizes().eq([4, 6, 5]));
    let (alone, called) = (groups.len() == 1, || context::names_a_card(text, start));
    if (14..=19).contains(&length) && (alone || in_fours) {
        let issued = is_issued(number) && luhn(number);
        let card = issued && (in_fours || is_common(number) || called()) && !is_order();
        // A slip of the pen in what is called a card number still leads to the card.
        return (card || (length > 14 && (alone || in_fours) && called())).then_some(Kind::BankCard);
    }
    None
}

/// Eleven digits of a Chinese mobile number.
fn is_eleven(number: &[u8]) -> bool {
    number.len() == 11 && number[0] == b'1' && number[1] >= b'3'
}

/// A Chinese mobile number, also with `86` or `0086` in front.
fn is_mobile(number: &[u8]) -> bool {
    let bare = number.strip_prefix(b"00").unwrap_or(number);
    is_eleven(number) || bare.strip_prefix(b"86").is_some_and(is_eleven)
}

fn is_phone(number: &[u8], plus: bool, sizes: impl Iterator<Item = usize> + Clone) -> bool {
    let international = if plus { Some(number) } else { number.strip_prefix(b"00") };
    let grouped = sizes.clone().count() > 1;
    // 020 7946 0958 and 01 23 45 67 89, but not 05-01-2024 10.30.
    let national_elsewhere = grouped && (sizes.clone().next() >= Some(3) || sizes.clone().eq([2; 5]));
    number.strip_prefix(b"0").is_some_and(is_eleven)
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
    let birth = match number.len() {
        18 => &number[6..14],
        15 => &number[6..12],
        _ => return false,
    };
    if !number[..number.len() - 1].iter().all(u8::is_ascii_digit)
        || (number.len() == 15 && !number[14].is_ascii_digit())
    {
        return false;
    }
    if birth.len() == 8 {
        // Also with one slip of the pen, in the check digit, the region or the day: it still names the person.
        let (area, day, check) = (is_area(number), is_day(birth), check_digit(number));
        return (area && day) || (check && (area || day));
    }
    is_area(number) && is_day(&[b"19", birth].concat())
}

/// Whether the last of 18 places is the check digit of the others.
pub(super) fn check_digit(number: &[u8]) -> bool {
    number.len() == 18 && number[17].to_ascii_uppercase() == check_digit_of(&number[..17])
}

/// Whether an issuer gives out cards that begin so, of this length (ISO/IEC 7812: UnionPay and older Chinese cards, Visa,
/// Mastercard, American Express, JCB, Diners Club, Discover, Maestro).
fn is_issued(number: &[u8]) -> bool {
    let first = |digits: usize| number[..digits].iter().fold(0u32, |n, d| n * 10 + u32::from(d - b'0'));
    let long = (16..=19).contains(&number.len());
    match (first(2), first(4)) {
        (62 | 81 | 60 | 68 | 69, _) | (_, 9400 | 9558 | 9559 | 9900..=9999) => long,
        (40..=49, _) => matches!(number.len(), 16 | 19),
        (51..=55, _) | (_, 2221..=2720) => number.len() == 16,
        (34 | 37, _) => number.len() == 15,
        (_, 3528..=3589) => long,
        (36 | 38 | 39, _) | (_, 3000..=3059) => matches!(number.len(), 14 | 16..=19),
        (64 | 65, _) | (_, 6011) => long,
        (50 | 56..=58 | 63 | 67, _) => long,
        _ => false,
    }
}

/// Whether numbers of this beginning and length are cards far more often than anything else.
fn is_common(number: &[u8]) -> bool {
    match number {
        [b'6', b'2', ..] | [b'9', ..] => true,
        [b'4', ..] | [b'5', b'1'..=b'5', ..] | [b'2', ..] => number.len() == 16,
        [b'3', b'4' | b'7', ..] => number.len() == 15,
        [b'3', b'5', ..] | [b'6', ..] => number.len() == 16,
        _ => false,
    }
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
