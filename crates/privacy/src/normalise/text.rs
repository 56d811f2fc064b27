//! Trimming and compatibility folding.

use crate::rewrite::Becomes;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

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

/// Trims, and folds compatibility forms.
pub(super) fn fold<'a>(value: &'a str, scratch: &mut String) -> Becomes<'a> {
    let value = trim(value);
    if value.is_empty() {
        return Becomes::Null;
    }
    if value.is_ascii() || is_nfkc_quick(value.chars()) == IsNormalized::Yes {
        return Becomes::Part(value);
    }
    nfkc(value, scratch);
    // Folding can bring blanks to the ends: U+FC5E folds to a space and a mark.
    let start = scratch.len() - scratch.trim_start_matches(is_blank).len();
    scratch.drain(..start);
    scratch.truncate(scratch.trim_end_matches(is_blank).len());
    if scratch.is_empty() { Becomes::Null } else { Becomes::Scratch }
}

/// Appends the NFKC form.
pub(super) fn nfkc(value: &str, out: &mut String) {
    out.extend(value.nfkc());
}

#[cfg(test)]
mod tests {
    use crate::normalise::{Normalised, identifier, trim};
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

    proptest! {
        #[test]
        fn idempotent(values in prop::collection::vec(prop::option::of(any::<String>()), 0..20)) {
            let once = trim(&StringArray::from(values));
            prop_assert_eq!(trim(&once.values), once);
        }
    }
}
