//! Text as a reader sees it, with the way back.

use crate::normalise::is_invisible;
use std::ops::Range;
use unicode_normalization::UnicodeNormalization;

/// Room for folding, used again for each text.
#[derive(Default)]
pub(super) struct Room {
    text: String,
    origins: Vec<usize>,
}

/// A text whose full-width and other forms of ASCII characters are ASCII, without invisible characters.
pub(super) struct Folded<'a> {
    text: &'a str,
    /// Where each byte of the folded text begins in the original, and the original's length; empty if they are the same.
    origins: &'a [usize],
}

impl<'a> Folded<'a> {
    /// Folds a text.
    pub(super) fn new(text: &str, room: &'a mut Room) -> Folded<'a> {
        let Room { text: folded, origins } = room;
        folded.clear();
        origins.clear();
        for (at, c) in text.char_indices() {
            let mut c = c;
            if super::scan::folds(c) {
                if is_invisible(c) {
                    continue;
                }
                c = ascii_form(c).unwrap_or(c);
            }
            folded.push(c);
            origins.resize(folded.len(), at);
        }
        origins.push(text.len());
        Folded { text: folded, origins }
    }

    /// A text that needs no folding.
    pub(super) fn plain(text: &'a str) -> Folded<'a> {
        Folded { text, origins: &[] }
    }

    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// The part of the original that a part of the folded text, cut between characters, came from.
    pub(super) fn original(&self, range: Range<usize>) -> Range<usize> {
        if self.origins.is_empty() { range } else { self.origins[range.start]..self.origins[range.end] }
    }
}

/// The ASCII character that another one stands for.
pub(super) fn ascii_form(c: char) -> Option<char> {
    match c {
        '\0'..='\x7F' => None,
        // Quick answers for nearly all of Chinese text, and for its full-width forms.
        '\u{3001}'..='\u{9FFF}' => None,
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(c as u32 - 0xFEE0),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => Some('-'),
        '\u{0660}'..='\u{0669}' => char::from_digit(c as u32 - 0x660, 10),
        '\u{06F0}'..='\u{06F9}' => char::from_digit(c as u32 - 0x6F0, 10),
        _ => {
            let mut form = std::iter::once(c).nfkc();
            form.next().filter(|first| first.is_ascii() && form.next().is_none())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parts_lead_back() {
        let text = "a\u{200B}１你２b";
        let mut room = Room::default();
        let folded = Folded::new(text, &mut room);
        assert_eq!(folded.text(), "a1你2b");
        assert_eq!(&text[folded.original(0..2)], "a\u{200B}１");
        assert_eq!(&text[folded.original(5..6)], "２");
        assert_eq!(&text[folded.original(0..7)], text);
        assert_eq!(Folded::new("①𝟐٣۴—\u{3000}", &mut Room::default()).text(), "1234- ");
        assert_eq!(Folded::plain("你好 abc 1").original(3..6), 3..6);
    }

    proptest! {
        #[test]
        fn every_cut_leads_to_a_cut(text in "[a1１①你\u{200B}\u{FEFF}é]{0,20}|.*") {
            let mut room = Room::default();
            let folded = Folded::new(&text, &mut room);
            let cuts = folded.text().char_indices().map(|(at, _)| at).chain([folded.text().len()]);
            for at in cuts {
                prop_assert!(text.is_char_boundary(folded.original(at..at).start));
            }
        }
    }
}
