//! Trimming, and folding of widths.

use crate::rewrite::Becomes;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Whether a character at the end of a value is not part of it: white space, controls, and characters that have no
/// width (byte-order marks, joiners, marks of direction that come along when numbers are copied from a telephone).
pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control() || is_invisible(c)
}

/// Characters without width or ink.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

/// Removes blanks at both ends.
pub(super) fn trim(value: &str) -> &str {
    let bytes = value.as_bytes();
    match (bytes.first(), bytes.last()) {
        (Some(0x21..0x7F), Some(0x21..0x7F)) => value,
        _ => value.trim_matches(is_blank),
    }
}

/// As [`trim`]; an empty text is null.
pub(super) fn trimmed(value: &str) -> Becomes<'_> {
    match trim(value) {
        "" => Becomes::Null,
        text => Becomes::Part(text),
    }
}

/// Trims and folds: see [`fold_width`].
pub(super) fn fold<'a>(value: &'a str, scratch: &mut String) -> Becomes<'a> {
    let value = trim(value);
    if value.is_empty() {
        return Becomes::Null;
    }
    if value.is_ascii() || (is_nfc_quick(value.chars()) == IsNormalized::Yes && !value.chars().any(has_other_width)) {
        return Becomes::Part(value);
    }
    fold_width(value, scratch);
    // Folding can bring blanks to the ends: U+FFE3 folds to a space and a mark.
    let start = scratch.len() - scratch.trim_start_matches(is_blank).len();
    scratch.drain(..start);
    scratch.truncate(scratch.trim_end_matches(is_blank).len());
    if scratch.is_empty() { Becomes::Null } else { Becomes::Scratch }
}

/// As [`fold`], and removes what programs leave in identifiers without anyone seeing it: characters without width
/// anywhere, the apostrophe in front that Excel marks text with, and hyphens of other code points.
///
/// Digits in groups of four, as cards show their numbers, lose the spaces or hyphens between them.
pub(super) fn fold_identifier<'a>(value: &'a str, scratch: &mut String) -> Becomes<'a> {
    match fold_seen(value, scratch) {
        Becomes::Part(text) if is_in_fours(text) => {
            scratch.clear();
            scratch.extend(text.chars().filter(char::is_ascii_digit));
            Becomes::Scratch
        }
        Becomes::Scratch => {
            if is_in_fours(scratch) {
                scratch.retain(|c| c.is_ascii_digit());
            }
            Becomes::Scratch
        }
        other => other,
    }
}

/// Whether a text is digits in groups of four, at least three of them, with one kind of separator; the last may be shorter.
fn is_in_fours(text: &str) -> bool {
    let Some(separator @ (b' ' | b'-')) = text.as_bytes().get(4) else { return false };
    let mut groups = text.split(*separator as char).peekable();
    let mut count = 0;
    while let Some(group) = groups.next() {
        let whole = if groups.peek().is_some() { group.len() == 4 } else { (1..=4).contains(&group.len()) };
        if !whole || !group.bytes().all(|b| b.is_ascii_digit()) {
            return false;
        }
        count += 1;
    }
    count > 2
}

fn fold_seen<'a>(value: &'a str, scratch: &mut String) -> Becomes<'a> {
    let bare = without_apostrophes(value);
    if bare.is_ascii() {
        return if bare.is_empty() { Becomes::Null } else { Becomes::Part(bare) };
    }
    if !bare.chars().any(is_unseen) {
        match fold(bare, scratch) {
            Becomes::Scratch => {}
            unchanged => return unchanged,
        }
    } else {
        fold_width(&visible(bare), scratch);
    }
    // Folding can bring apostrophes and blanks to the ends: `＇` folds to `'`.
    let range = {
        let bare = without_apostrophes(scratch);
        let start = bare.as_ptr() as usize - scratch.as_ptr() as usize;
        start..start + bare.len()
    };
    scratch.truncate(range.end);
    scratch.drain(..range.start);
    if scratch.is_empty() { Becomes::Null } else { Becomes::Scratch }
}

/// The text without characters of no width, and with plain hyphens.
pub(super) fn visible(text: &str) -> String {
    text.chars().filter(|c| !is_invisible(*c)).map(|c| if is_hyphen(c) { '-' } else { c }).collect()
}

/// Whether a character looks like none, or like another one that keyboards have.
pub(super) fn is_unseen(c: char) -> bool {
    is_invisible(c) || is_hyphen(c)
}

/// Hyphens, the dashes that programs set for them, and the minus sign.
fn is_hyphen(c: char) -> bool {
    matches!(c, '\u{2010}'..='\u{2013}' | '\u{2212}' | '\u{FE63}')
}

/// Removes blanks at both ends, apostrophes in front, and those behind if they enclose the value.
pub(super) fn without_apostrophes(value: &str) -> &str {
    let mut text = trim(value);
    while let Some(rest) = text.strip_prefix('\'') {
        text = trim(rest.strip_suffix('\'').unwrap_or(rest));
    }
    text
}

/// Appends the text in the usual width and composed form: full-width and half-width forms become the ordinary
/// characters, spaces of every width a plain space, and the whole NFC (Unicode Standard Annex 15).
///
/// The other compatibility forms stay what they are: `①`, `²`, `½`, `Ⅻ` and `ﬁ` are not `1`, `2`, `1⁄2`, `XII` and `fi`.
/// NFKC would make one identifier of `A1` and `A①`, and 12 pieces with footnote 1 (`12¹`) would be 121.
pub(super) fn fold_width(value: &str, out: &mut String) {
    let mut usual = String::with_capacity(value.len());
    for c in value.chars() {
        if has_other_width(c) { usual.extend(std::iter::once(c).nfkc()) } else { usual.push(c) }
    }
    out.extend(usual.nfc());
}

/// Whether a character is another of an unusual width: the decompositions `<wide>` and `<narrow>` of the Unicode
/// Character Database, and spaces.
fn has_other_width(c: char) -> bool {
    matches!(c, '\u{FF01}'..='\u{FFEE}' | '\u{3000}' | '\u{A0}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}')
}

#[cfg(test)]
mod tests {
    use crate::normalise::{Normalised, fold_width, identifier, trim};
    use arrow::array::StringArray;
    use proptest::prelude::*;

    #[test]
    fn spellings_become_one() {
        let values = StringArray::from(vec![
            Some("M001"),
            Some("  M001\t"),
            Some("\u{FEFF}M001\u{200B}"),
            Some("Ｍ００１"),
            Some("\u{3000}M001 "),
            None,
            Some(""),
            Some(" \u{3000}"),
            Some("上海"),
            Some("  上海\n"),
            Some("M 1"),
        ]);
        let one = Some("M001");
        let expected =
            StringArray::from(vec![one, one, one, one, one, None, None, None, Some("上海"), Some("上海"), Some("M 1")]);
        assert_eq!(identifier(&values), Normalised { values: expected, invalid: vec![] });
    }

    #[test]
    fn what_is_in_order_is_not_copied() {
        let values = StringArray::from(vec![Some("M001"), None, Some("上海 市")]);
        assert_eq!(trim(&values).values.values().as_ptr(), values.values().as_ptr());
    }

    #[test]
    fn text_keeps_its_characters() {
        let values = ["42½", "10²", "ﬁn", "5㎏", "Ａｎｎａ", "①", "cafe\u{301}"];
        let trimmed = trim(&StringArray::from_iter_values(values.iter().map(|v| format!(" {v}\u{3000}"))));
        assert_eq!(trimmed.values, StringArray::from_iter_values(values));
    }

    #[test]
    fn only_widths_are_folded() {
        let given = ["Ａ１", "A①", "A²", "½", "Ⅻ", "ﬁ", "㎏", "ﾊﾞｯｸﾞ", "cafe\u{301}", "M\u{A0}1", "١٢", "￥５"];
        let folded = ["A1", "A①", "A²", "½", "Ⅻ", "ﬁ", "㎏", "バッグ", "caf\u{E9}", "M 1", "١٢", "¥5"];
        let expected = StringArray::from_iter_values(folded);
        assert_eq!(fold_width(&StringArray::from_iter_values(given)).values, expected);
    }

    #[test]
    fn what_no_one_sees_makes_no_other_identifier() {
        for (given, expected) in [
            ("M-10\u{200B}01", Some("M-1001")),
            ("M-10\u{AD}01", Some("M-1001")),
            ("M\u{2011}1001", Some("M-1001")),
            ("M\u{2010}1001\u{FEFF}", Some("M-1001")),
            ("M\u{2013}1001", Some("M-1001")),
            ("'001002", Some("001002")),
            (" ' 001002", Some("001002")),
            ("\u{FF07}001002", Some("001002")),
            ("'001002'", Some("001002")),
            ("O'Neill", Some("O'Neill")),
            ("6200 1234 5678", Some("620012345678")),
            ("6200\u{A0}1234\u{A0}5678\u{A0}90", Some("62001234567890")),
            ("6200-1234-5678", Some("620012345678")),
            ("6200-1234 5678", Some("6200-1234 5678")),
            ("2026-0001", Some("2026-0001")),
            ("6200-1234-567A", Some("6200-1234-567A")),
            ("620-1234-5678", Some("620-1234-5678")),
            ("'", None),
            ("\u{200B}'", None),
            ("m-1001", Some("m-1001")),
            ("M\u{2014}1001", Some("M\u{2014}1001")),
        ] {
            let out = identifier(&StringArray::from(vec![given]));
            assert_eq!(out, Normalised { values: StringArray::from(vec![expected]), invalid: vec![] }, "{given:?}");
        }
        // Text keeps what it has.
        let text = StringArray::from(vec!["'s-Hertogenbosch", "a\u{200D}b", "1\u{2013}2"]);
        assert_eq!(fold_width(&text).values, text);
    }

    proptest! {
        #[test]
        fn identifiers_are_idempotent(values in prop::collection::vec("[0-9]{4}[- ][0-9]{4}[- ][0-9]{1,5}|[ 'a-z0-9\u{200B}\u{2010}\u{2212}\u{FF07}\u{3000}\u{301}]{0,8}|.*", 0..20)) {
            let once = identifier(&StringArray::from(values));
            let twice = identifier(&once.values);
            prop_assert_eq!(twice.values, once.values);
            prop_assert!(twice.invalid.is_empty());
        }

        #[test]
        fn idempotent(values in prop::collection::vec(prop::option::of(any::<String>()), 0..20)) {
            let once = trim(&StringArray::from(values));
            prop_assert_eq!(trim(&once.values), once.clone());
            let folded = fold_width(&once.values);
            prop_assert_eq!(fold_width(&folded.values), folded);
        }
    }
}
