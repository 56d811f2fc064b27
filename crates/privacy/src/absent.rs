//! Values of identifier fields that identify no person: placeholders and masked values.
//!
//! Two people whose telephone number was typed as `13800000000` are not one person, and a grant by `null` is a grant by no
//! one. Such values are recognised before they become pseudonyms.

mod mailboxes;
mod words;

use crate::normalise::is_invisible;
use arrow::array::{Array, StringArray};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use hashbrown::HashSet;
use mailboxes::{is_host_without_people, is_letter_at_letter, is_placeholder_local_part};
use unicode_normalization::UnicodeNormalization;
use words::{ABBREVIATIONS, LONGEST, WORDS};

/// Which values count as placeholders besides the words that all kinds share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentifierKind {
    /// Telephone numbers.
    Phone,
    /// E-mail addresses.
    Email,
    /// Member numbers, nicknames, device ids and the like.
    Other,
}

/// Whether a value identifies a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// As far as its form shows.
    Present,
    /// It stands for a missing value.
    Placeholder,
    /// Some of its characters are hidden.
    Masked,
}

/// A column of identifiers without those that identify no person.
#[derive(Debug, Clone, PartialEq)]
pub struct Sifted {
    /// The column; null where a value was a placeholder or masked.
    pub values: StringArray,
    /// Rows with a placeholder, ascending.
    pub placeholders: Vec<usize>,
    /// Rows with a masked value, ascending.
    pub masked: Vec<usize>,
}

/// The values of one field that identify no person.
#[derive(Debug, Clone)]
pub struct AbsentValues {
    kind: IdentifierKind,
    /// Values that the dictionary lists, folded.
    listed: HashSet<String>,
    /// Whether the usual placeholders count as well.
    usual: bool,
    /// Whether masked values are recognised.
    masks: bool,
}

const DIGIT: u8 = 1;
const LETTER: u8 = 2;
const STAR: u8 = 4;
const CROSS: u8 = 8;
const SIGN: u8 = 16;
const WIDE: u8 = 32;

const CLASSES: [u8; 256] = {
    let mut classes = [SIGN; 256];
    let mut at = 0;
    while at < 256 {
        classes[at] = match at as u8 {
            b'0'..=b'9' => DIGIT,
            b'x' | b'X' => CROSS,
            b'a'..=b'z' | b'A'..=b'Z' => LETTER,
            b'*' => STAR,
            0x80..=0xFF => WIDE,
            _ => SIGN,
        };
        at += 1;
    }
    classes
};

impl AbsentValues {
    /// The usual values of a kind, unless `usual` is false, and those that are `listed`. Masked values are recognised if
    /// `masks`.
    pub fn new<'v>(kind: IdentifierKind, usual: bool, listed: impl Iterator<Item = &'v str>, masks: bool) -> Self {
        let listed = listed.map(|value| key_of(kind, &folded(value))).collect();
        Self { kind, listed, usual, masks }
    }

    /// Whether a value identifies a person. Empty text is [`Presence::Present`]: it is no value at all.
    pub fn presence(&self, value: &str) -> Presence {
        let mut class = value.bytes().fold(0, |all, byte| all | CLASSES[usize::from(byte)]);
        if class & WIDE == 0 && self.listed.is_empty() {
            return self.judge(value, class);
        }
        if self.listed.is_empty() && value.chars().all(needs_no_folding) {
            return self.judge(value, class);
        }
        if self.masks && class & WIDE != 0 && hides(value, self.kind) {
            return Presence::Masked;
        }
        let text = folded(value);
        if !self.listed.is_empty() && self.listed.contains(&key_of(self.kind, &text)) {
            return Presence::Placeholder;
        }
        class = text.bytes().fold(0, |all, byte| all | CLASSES[usize::from(byte)]);
        self.judge(&text, class)
    }

    /// Takes the values out of a column that identify no person. Nothing is copied.
    pub fn sift(&self, values: &StringArray) -> Sifted {
        let (mut placeholders, mut masked) = (Vec::new(), Vec::new());
        for row in (0..values.len()).filter(|row| values.is_valid(*row)) {
            match self.presence(values.value(row)) {
                Presence::Present => {}
                Presence::Placeholder => placeholders.push(row),
                Presence::Masked => masked.push(row),
            }
        }
        if placeholders.is_empty() && masked.is_empty() {
            return Sifted { values: values.clone(), placeholders, masked };
        }
        let mut valid: Vec<bool> = (0..values.len()).map(|row| values.is_valid(row)).collect();
        placeholders.iter().chain(&masked).for_each(|row| valid[*row] = false);
        let (offsets, bytes, _) = values.clone().into_parts();
        let values = StringArray::new(offsets, bytes, Some(NullBuffer::new(BooleanBuffer::from(valid))));
        Sifted { values, placeholders, masked }
    }

    fn judge(&self, value: &str, class: u8) -> Presence {
        if self.masks && is_masked(value, class, self.kind) {
            return Presence::Masked;
        }
        if self.usual && is_usual(value, class, self.kind) { Presence::Placeholder } else { Presence::Present }
    }
}

/// Whether a character is ASCII or a Chinese one that has no other form.
fn needs_no_folding(c: char) -> bool {
    c.is_ascii() || ('\u{4E00}'..='\u{9FFF}').contains(&c)
}

/// Lower case, compatibility forms folded, without spaces, brackets and quotes at both ends.
fn folded(value: &str) -> String {
    let text: String = value.nfkc().filter(|c| !is_invisible(*c)).flat_map(char::to_lowercase).collect();
    stripped(&text).to_owned()
}

fn stripped(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c.is_control() || "()<>[]{}\"'`「」【】《》".contains(c))
}

/// What of a value is compared with the listed ones: of telephone numbers the digits.
fn key_of(kind: IdentifierKind, text: &str) -> String {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_digit).collect();
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_punctuation() || b == b' ');
    match kind {
        IdentifierKind::Phone if plain && !digits.is_empty() => String::from_utf8_lossy(national(&digits)).into_owned(),
        IdentifierKind::Phone | IdentifierKind::Email | IdentifierKind::Other => text.to_owned(),
    }
}

/// Digits of a telephone number without China's country code.
fn national(digits: &[u8]) -> &[u8] {
    let rest = digits.strip_prefix(b"0086").or_else(|| digits.strip_prefix(b"86"));
    rest.filter(|rest| rest.len() >= 7).unwrap_or(digits)
}

/// Whether characters are hidden by signs outside ASCII.
fn hides(value: &str, kind: IdentifierKind) -> bool {
    let mut run = 0;
    for c in value.chars() {
        match c {
            '＊' | '∗' | '⁎' | '✱' | '﹡' | '٭' | '•' | '●' | '█' | '■' | '▇' => return true,
            '×' | '✕' | '✖' | '╳' | '…' | '○' | '◯' | '※' | 'ｘ' | 'Ｘ' | '＃' | '？' => run += 1,
            _ => run = 0,
        }
        // One such sign may be part of a name.
        if run >= 2 || (run == 1 && c == '…' && kind != IdentifierKind::Other) {
            return true;
        }
    }
    false
}

fn is_masked(value: &str, class: u8, kind: IdentifierKind) -> bool {
    if class & STAR != 0 {
        return true;
    }
    if class & DIGIT == 0 || class & LETTER != 0 || class & (CROSS | SIGN) == 0 {
        return false;
    }
    // Only digits and signs, of which some may stand for digits: 1381234xxxx, 138####1234, 138????1234.
    let least = if kind == IdentifierKind::Phone { 2 } else { 3 };
    let mut run = 0;
    for byte in value.bytes() {
        run = if matches!(byte, b'x' | b'X' | b'#' | b'?' | b'_') { run + 1 } else { 0 };
        if run >= least {
            return true;
        }
    }
    false
}

fn is_usual(value: &str, class: u8, kind: IdentifierKind) -> bool {
    if class & DIGIT == 0 {
        return is_word(value) || is_mailbox(value, kind);
    }
    if class & (LETTER | CROSS | WIDE) != 0 {
        return is_mailbox(value, kind);
    }
    is_number(value.as_bytes(), kind) || is_mailbox(value, kind)
}

/// A word for a missing value, or nothing but signs.
fn is_word(value: &str) -> bool {
    let text = stripped(value);
    if !text.chars().any(char::is_alphanumeric) {
        return !value.trim().is_empty();
    }
    // No word is longer; with accents it may be twice as long.
    if text.len() > 2 * LONGEST {
        return false;
    }
    if text.is_ascii() {
        // Nearly all values end here, without a new text.
        let mut letters = [0; 2 * LONGEST];
        let mut length = 0;
        for byte in text.bytes().filter(u8::is_ascii_alphanumeric) {
            letters[length] = byte.to_ascii_lowercase();
            length += 1;
        }
        if WORDS.binary_search_by(|word| word.as_bytes().cmp(&letters[..length])).is_ok() {
            return true;
        }
    } else if WORDS.binary_search(&letters_of(text).as_str()).is_ok() {
        return true;
    }
    // No abbreviation is longer.
    if text.len() > 16 {
        return false;
    }
    let spelt: String = text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
    ABBREVIATIONS.binary_search(&spelt.as_str()).is_ok()
}

/// The letters of a text in lower case, without accents.
fn letters_of(text: &str) -> String {
    let letters = text.chars().filter(|c| c.is_alphanumeric() || is_combining(*c)).flat_map(char::to_lowercase);
    if text.is_ascii() { letters.collect() } else { letters.nfd().filter(|c| !is_combining(*c)).nfc().collect() }
}

/// Accents; the marks of Japanese syllables are others.
fn is_combining(c: char) -> bool {
    ('\u{300}'..='\u{36F}').contains(&c)
}

/// Zeros, one digit again and again, or digits in their order.
fn is_number(value: &[u8], kind: IdentifierKind) -> bool {
    if value == b"-1" {
        return true;
    }
    // Most telephone numbers end here.
    if let (IdentifierKind::Phone, 11, [.., first, second]) = (kind, value.len(), value)
        && first.is_ascii_digit()
        && second.is_ascii_digit()
        && first != second
        && !follow(*first, *second)
    {
        return false;
    }
    let mut room = [0u8; 64];
    let mut len = 0;
    for digit in value.iter().filter(|b| b.is_ascii_digit()) {
        if len == room.len() {
            return false;
        }
        room[len] = *digit;
        len += 1;
    }
    let digits = &room[..len];
    let all =
        |digits: &[u8]| digits.iter().all(|d| *d == b'0') || (digits.len() >= 6 && (same(digits) || in_order(digits)));
    match kind {
        IdentifierKind::Phone => {
            let own = national(digits);
            all(digits) || all(own) || (own.len() > 8 && same(&own[own.len() - 8..]))
        }
        IdentifierKind::Email | IdentifierKind::Other => all(digits),
    }
}

fn same(digits: &[u8]) -> bool {
    digits.windows(2).all(|pair| pair[0] == pair[1])
}

fn follow(first: u8, second: u8) -> bool {
    let step = (10 + second - first) % 10;
    step == 1 || step == 9
}

fn in_order(digits: &[u8]) -> bool {
    let steps = |step: u8| digits.windows(2).all(|pair| (10 + pair[1] - pair[0]) % 10 == step);
    steps(1) || steps(9)
}

/// An address that no person reads.
fn is_mailbox(value: &str, kind: IdentifierKind) -> bool {
    if kind != IdentifierKind::Email {
        return false;
    }
    let Some((name, host)) = value.trim().rsplit_once('@') else { return false };
    let (name, host) = (name.to_lowercase(), host.trim_end_matches('.').to_lowercase());
    let untagged = name.split_once('+').map_or(name.as_str(), |(before, _)| before);
    let plain: String = untagged.chars().filter(|c| !matches!(c, '.' | '-' | '_' | '/')).collect();
    let label = host.split('.').next().unwrap_or_default();
    is_placeholder_local_part(&plain)
        || is_host_without_people(&host)
        || is_letter_at_letter(untagged, &host)
        // `na@na.com`, `amazon@amazon.com`: made up, or read by whoever is at work.
        || (untagged == label && host.contains('.'))
        || (!untagged.is_empty()
            && untagged.bytes().all(|b| b.is_ascii_digit())
            && is_number(untagged.as_bytes(), IdentifierKind::Other))
}

#[cfg(test)]
mod tests;
