//! Codes of letters and digits: plates, passports and permits, WeChat ids, network addresses.

use super::context;
use super::scan::is_plate;
use super::{Found, Kind};
use crate::normalise::is_wechat;
use core::net::{Ipv4Addr, Ipv6Addr};

/// Appends the licence plates in a folded text: GA 36, and those of new-energy vehicles with six places.
pub(super) fn plates(text: &str, found: &mut Vec<Found>) {
    for (at, province) in text.char_indices().filter(|(_, c)| is_plate(*c)) {
        let rest = &text[at + province.len_utf8()..];
        let Some(city) = rest.bytes().next().filter(|b| is_plate_letter(*b)) else { continue };
        let after = rest[1..].trim_start_matches([' ', '-', '·', '.', '•', '・']);
        let serial = after.bytes().take_while(u8::is_ascii_alphanumeric).count();
        let code = &after.as_bytes()[..serial];
        let special = ["挂", "学", "警", "港", "澳", "领", "使"].iter().find(|end| after[serial..].starts_with(**end));
        let sound = match (code.len(), special) {
            (4, Some(_)) => true,
            (5, _) => true,
            // New energy: a D or F (or A, B, C, E, G, H, J, K) first or last, and digits.
            (6, None) => {
                let marked = |b: u8| matches!(b.to_ascii_uppercase(), b'A'..=b'H' | b'J' | b'K');
                (marked(code[0]) && code[2..].iter().all(u8::is_ascii_digit))
                    || (marked(code[5]) && code[..5].iter().all(u8::is_ascii_digit))
            }
            _ => false,
        };
        let digits = code.iter().filter(|b| b.is_ascii_digit()).count();
        // I and O are not given out; three letters are the most.
        let given = code.iter().all(|b| b.is_ascii_digit() || is_plate_letter(*b)) && digits + 3 >= code.len();
        if sound && given && city.is_ascii_alphabetic() {
            let end =
                text.len() - after.len() + serial + if code.len() == 4 { special.map_or(0, |s| s.len()) } else { 0 };
            found.push((at..end, Kind::Plate));
        }
    }
}

fn is_plate_letter(b: u8) -> bool {
    b.is_ascii_alphabetic() && !matches!(b.to_ascii_uppercase(), b'I' | b'O')
}

/// Appends the passports, permits, WeChat ids, IP and MAC addresses in a folded text.
pub(super) fn words(text: &str, found: &mut Vec<Found>) {
    let bytes = text.as_bytes();
    let is_part = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':');
    let mut at = 0;
    while let Some(start) = bytes[at..].iter().position(|b| b.is_ascii_alphanumeric() || *b == b':').map(|n| at + n) {
        let end = bytes[start..].iter().position(|b| !is_part(*b)).map_or(bytes.len(), |n| start + n);
        at = end;
        if end - start >= 6 {
            // An id may end with a hyphen, and so may what stands before a dash.
            let trimmed = |ends: &[char]| start + text[start..end].trim_end_matches(ends).len();
            let (long, short) = (trimmed(&['.', ':']), trimmed(&['.', ':', '-', '_']));
            if !whole(text, start, long, found) && short < long {
                whole(text, start, short, found);
            }
        }
    }
}

/// A word, and the parts of it before and behind its first colon; whether anything was found.
fn whole(text: &str, start: usize, end: usize, found: &mut Vec<Found>) -> bool {
    let word = &text[start..end];
    if let Some(kind) = kind_of(text, start, word) {
        found.push((start..end, kind));
        return true;
    }
    // `IP:10.0.0.1` and `openid:o…` are a label and a value. A word of many colons is cut once only.
    let Some(colon) = word.find(':') else { return false };
    let before = found.len();
    for (start, end) in [(start, start + colon), (start + colon + 1, end)] {
        if end.saturating_sub(start) >= 6
            && let Some(kind) = kind_of(text, start, &text[start..end])
        {
            found.push((start..end, kind));
        }
    }
    found.len() > before
}

fn kind_of(text: &str, at: usize, word: &str) -> Option<Kind> {
    let bytes = word.as_bytes();
    if is_wechat(bytes) && bytes.iter().any(u8::is_ascii_digit) && bytes.iter().any(u8::is_ascii_uppercase) {
        return Some(Kind::WechatId);
    }
    if word.len() > 8 && word.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("wxid_")) {
        return Some(Kind::WechatId);
    }
    let handle = || bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if (6..=20).contains(&word.len()) && bytes[0].is_ascii_alphabetic() && handle() && context::names_wechat(text, at) {
        return Some(Kind::WechatId);
    }
    if is_mac(bytes) {
        return Some(Kind::Mac);
    }
    if word.contains('.') && word.parse::<Ipv4Addr>().is_ok() {
        let version = text[..at].ends_with(['v', 'V']) || context::names_a_thing(text, at);
        return (!version).then_some(Kind::Ip);
    }
    if bytes.iter().filter(|b| **b == b':').count() > 1
        && word.split(':').filter(|part| !part.is_empty()).count() > 2
        && word.parse::<Ipv6Addr>().is_ok()
    {
        return Some(Kind::Ip);
    }
    is_document(text, at, bytes).then_some(Kind::Document)
}

/// Six pairs of hexadecimal digits, by one separator; of digits alone only with colons, for dates have hyphens.
fn is_mac(word: &[u8]) -> bool {
    let by = |separator: u8| {
        word.len() == 17
            && word.iter().enumerate().all(|(at, b)| if at % 3 == 2 { *b == separator } else { b.is_ascii_hexdigit() })
    };
    let dotted = || {
        word.len() == 14
            && word.iter().enumerate().all(|(at, b)| if at % 5 == 4 { *b == b'.' } else { b.is_ascii_hexdigit() })
    };
    let letters = word.iter().any(u8::is_ascii_alphabetic);
    by(b':') || (letters && (by(b'-') || dotted()))
}

/// A passport (China: `E12345678`, `EA1234567`, `G…`, service and diplomatic ones) or a travel permit (`H` and `M` for
/// Hong Kong and Macao, `C`, `W`, `L`, `T` for the ways there); with a label any letters and digits that a state would print.
fn is_document(text: &str, at: usize, word: &[u8]) -> bool {
    let letters = word.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let digits = &word[letters..];
    if !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let printed = ((6..=9).contains(&digits.len()) && letters <= 2) || (letters == 1 && digits.len() == 10);
    if printed && context::names_a_document(text, at) {
        return true;
    }
    // Without a label: a part of a longer code is none.
    let apart = !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/'))
        && !text[at + word.len()..].starts_with(['-', '_', '/']);
    let shape = match word {
        [b'E' | b'G' | b'H' | b'M', ..] if letters == 1 => digits.len() == 8,
        [b'E', second, ..] if letters == 2 => {
            digits.len() == 7 && !matches!(second, b'I' | b'O') && second.is_ascii_uppercase()
        }
        [b'D' | b'S' | b'P', b'E', ..] if letters == 2 => digits.len() == 7,
        _ => false,
    };
    // `E20240118` is a day's batch more often than a passport.
    let day = digits.len() == 8 && crate::normalise::is_day(digits) && digits.starts_with(b"20");
    shape && apart && !day && !context::names_a_thing(text, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<(&str, Kind)> {
        let mut found = vec![];
        plates(text, &mut found);
        words(text, &mut found);
        found.into_iter().map(|(range, kind)| (&text[range], kind)).collect()
    }

    #[test]
    fn codes_are_found() {
        for (text, word, kind) in [
            ("车牌粤B12345停", "粤B12345", Kind::Plate),
            ("沪A·D12345", "沪A·D12345", Kind::Plate),
            ("京A 12345D", "京A 12345D", Kind::Plate),
            ("苏E1234挂", "苏E1234挂", Kind::Plate),
            ("粤Z1234港的车", "粤Z1234港", Kind::Plate),
            ("护照E12345678", "E12345678", Kind::Document),
            ("passport: AB1234567.", "AB1234567", Kind::Document),
            ("EA1234567", "EA1234567", Kind::Document),
            ("回乡证H1234567801", "H1234567801", Kind::Document),
            ("openid:oABCdefghijklmnopqrstuvwx_-1", "oABCdefghijklmnopqrstuvwx_-1", Kind::WechatId),
            ("微信号: lihua_2024", "lihua_2024", Kind::WechatId),
            ("wxid_abc123def456gh", "wxid_abc123def456gh", Kind::WechatId),
            ("from 192.0.2.17 again", "192.0.2.17", Kind::Ip),
            ("IP:192.0.2.17", "192.0.2.17", Kind::Ip),
            ("2001:db8::ff00:42:8329", "2001:db8::ff00:42:8329", Kind::Ip),
            ("MAC 00:00:5E:00:53:AF,", "00:00:5E:00:53:AF", Kind::Mac),
            ("00-00-5e-00-53-af", "00-00-5e-00-53-af", Kind::Mac),
        ] {
            assert_eq!(all(text), [(word, kind)], "{text}");
        }
    }

    #[test]
    fn other_codes_stay() {
        for text in [
            "新A4纸",
            "云A12",
            "版本 1.2.3.4",
            "v1.2.3.4",
            "12:30:00",
            "2024-01-05 12:30:00",
            "货号E12345678",
            "SKU-E12345678-L",
            "E20240118",
            "20-24-01-05-12-30",
            "std::vec::Vec",
            "https://shop.example/o/1",
            "256.1.1.1",
            "open_the_box_and_look_inside",
        ] {
            assert_eq!(all(text), [], "{text}");
        }
    }
}
