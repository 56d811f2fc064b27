//! One look at each character: what a text could hold at all.
//!
//! Most texts hold nothing, and are told so by one pass over their bytes; the finders look at the others only.

use super::fold::ascii_form;
use crate::normalise::is_invisible;
use std::sync::LazyLock;

/// Something to be folded before the finders can read it.
pub(super) const FOLD: u8 = 1;
/// A digit.
pub(super) const DIGIT: u8 = 2;
/// `@`.
pub(super) const AT: u8 = 4;
/// A character that streets, houses and districts end with.
pub(super) const PLACE: u8 = 8;
/// A character that labels and titles of Chinese names end with.
pub(super) const NAME: u8 = 16;
/// A capital letter.
pub(super) const CAPITAL: u8 = 32;
/// The first character of a licence plate.
pub(super) const PLATE: u8 = 64;
/// A small letter.
pub(super) const SMALL: u8 = 128;

/// The provinces' characters on plates, and those of embassies, the police and the army.
const PLATES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领";
/// The ends of streets, houses and districts.
const PLACES: &str = "路街道巷弄同里村镇乡苑园庭寓厦院府湾墅坊邨城区县庄屯号栋幢座室楼段址";
/// The ends of labels and titles: 收货人, 姓名, 我叫, 先生, 女士, 小姐, 同学.
const NAMES: &str = "人名叫是字生士姐同老太";

static FLAGS: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut flags = vec![0; 0x1_0000];
    for (c, flag) in flags.iter_mut().enumerate().take(0x80) {
        *flag = match c as u8 {
            b'0'..=b'9' => DIGIT,
            b'@' => AT,
            b'A'..=b'Z' => CAPITAL,
            b'a'..=b'z' => SMALL,
            _ => 0,
        };
    }
    for (characters, flag) in [(PLACES, PLACE), (NAMES, NAME), (PLATES, PLATE)] {
        characters.chars().for_each(|c| flags[c as usize] |= flag);
    }
    for at in 0x80..0x1_0000 {
        flags[at] |= char::from_u32(at as u32).map_or(0, |c| folded(c, &flags));
    }
    flags
});

/// What a character adds by being folded.
fn folded(c: char, flags: &[u8]) -> u8 {
    match ascii_form(c) {
        Some(ascii) => FOLD | flags[ascii as usize],
        None if is_invisible(c) => FOLD,
        None => 0,
    }
}

/// Whether a character is another, or none, when folded.
pub(super) fn folds(c: char) -> bool {
    FLAGS.get(c as usize).map_or_else(|| folded(c, &FLAGS) & FOLD != 0, |flags| flags & FOLD != 0)
}

/// Whether a plate may begin with a character.
pub(super) fn is_plate(c: char) -> bool {
    FLAGS.get(c as usize).is_some_and(|flags| flags & PLATE != 0)
}

/// What a text holds.
pub(super) fn flags(text: &str) -> u8 {
    let table = FLAGS.as_slice();
    let bytes = text.as_bytes();
    let (mut at, mut found) = (0, 0);
    while at < bytes.len() {
        let first = bytes[at];
        let low = |n: usize| usize::from(bytes.get(at + n).copied().unwrap_or(0) & 0x3F);
        match first {
            0..0x80 => {
                found |= table[usize::from(first)];
                at += 1;
            }
            0x80..0xE0 => {
                found |= table[usize::from(first & 0x1F) << 6 | low(1)];
                at += 2;
            }
            0xE0..0xF0 => {
                found |= table[usize::from(first & 0x0F) << 12 | low(1) << 6 | low(2)];
                at += 3;
            }
            _ => {
                // Beyond the table: mathematical digits, emoji, rare ideographs.
                found |= text[at..].chars().next().map_or(0, |c| folded(c, table));
                at += 4;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_there_is_told() {
        assert_eq!(flags("衣服很好"), 0);
        assert_eq!(flags("2件"), DIGIT);
        assert_eq!(flags("２件，好"), DIGIT | FOLD);
        assert_eq!(flags("𝟐"), DIGIT | FOLD);
        assert_eq!(flags("文三路"), PLACE);
        assert_eq!(flags("粤B"), PLATE | CAPITAL);
        assert_eq!(flags("a＠b"), SMALL | AT | FOLD);
    }

    proptest! {
        #[test]
        fn as_each_character_says(text: String) {
            let one_by_one = text.chars().fold(0, |all, c| {
                all | if (c as u32) < 0x1_0000 { FLAGS[c as usize] } else { folded(c, &FLAGS) }
            });
            prop_assert_eq!(flags(&text), one_by_one);
        }
    }
}
