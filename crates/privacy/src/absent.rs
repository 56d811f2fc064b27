//! Values of identifier fields that identify no person: placeholders and masked values.
//!
//! Two people whose telephone number was typed as `13800000000` are not one person, and a grant by `null` is a grant by no
//! one. Such values are recognised before they become pseudonyms.

use crate::normalise::is_invisible;
use arrow::array::{Array, StringArray};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use hashbrown::HashSet;
use unicode_normalization::UnicodeNormalization;

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

/// Words that say that a value is missing, in any kind of field. Folded: lower case, without brackets and quotes.
const WORDS: [&str; 61] = [
    "#n/a",
    "\\n",
    "anonymous",
    "blank",
    "default",
    "dummy",
    "empty",
    "fake",
    "guest",
    "invalid",
    "missing",
    "n.a",
    "n.a.",
    "n/a",
    "na",
    "nan",
    "nil",
    "no",
    "no email",
    "no phone",
    "nobody",
    "none",
    "not available",
    "not provided",
    "null",
    "placeholder",
    "private",
    "tbd",
    "test",
    "undefined",
    "unknown",
    "unspecified",
    "void",
    "walk in",
    "walk-in",
    "walkin",
    "x",
    "xx",
    "xxx",
    "xxxx",
    "不详",
    "不明",
    "匿名",
    "匿名用户",
    "散客",
    "无",
    "无名",
    "暂无",
    "未填",
    "未填写",
    "未提供",
    "未登记",
    "未知",
    "没有",
    "测试",
    "游客",
    "无手机",
    "无电话",
    "空",
    "空值",
    "非会员",
];

/// Names before the `@` that no person has, without signs.
const MAILBOXES: [&str; 18] = [
    "anonymous",
    "donotreply",
    "invalid",
    "mailerdaemon",
    "noaddress",
    "nobody",
    "noemail",
    "nomail",
    "none",
    "noone",
    "noreply",
    "notavailable",
    "notprovided",
    "null",
    "unavailable",
    "undefined",
    "unknown",
    "noresponse",
];

/// Hosts that receive no person's post.
const HOSTS: [&str; 8] = [
    "test.com",
    "test.test",
    "none.com",
    "null.com",
    "noemail.com",
    "nomail.com",
    "localhost",
    "localhost.localdomain",
];

/// Names that are placeholders where the host is called the same: `a@a.com`.
const SAME_AS_HOST: [&str; 20] = [
    "a", "aa", "aaa", "abc", "asd", "b", "email", "example", "mail", "no", "none", "null", "qq", "test", "x", "xx",
    "xxx", "xyz", "163", "126",
];

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
    // No word is longer.
    if text.len() > 16 {
        return false;
    }
    let text = text.to_lowercase();
    WORDS.contains(&text.as_str())
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
    MAILBOXES.contains(&plain.as_str())
        || HOSTS.contains(&host.as_str())
        || host.ends_with(".invalid")
        || (name == label && SAME_AS_HOST.contains(&name.as_str()))
        || (!untagged.is_empty()
            && untagged.bytes().all(|b| b.is_ascii_digit())
            && is_number(untagged.as_bytes(), IdentifierKind::Other))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usual(kind: IdentifierKind) -> AbsentValues {
        AbsentValues::new(kind, true, std::iter::empty(), true)
    }

    fn all(kind: IdentifierKind, presence: Presence, values: &[&str]) {
        for value in values {
            assert_eq!(usual(kind).presence(value), presence, "{kind:?} {value:?}");
        }
    }

    const KINDS: [IdentifierKind; 3] = [IdentifierKind::Phone, IdentifierKind::Email, IdentifierKind::Other];

    #[test]
    fn words_for_a_missing_value_are_placeholders_of_every_kind() {
        for kind in KINDS {
            let words = [
                "null",
                "NULL",
                "Null",
                " null ",
                "(null)",
                "[NULL]",
                "<none>",
                "\\N",
                "N/A",
                "n/a",
                "#N/A",
                "NaN",
                "-",
                "--",
                "—",
                "——",
                "/",
                "?",
                ".",
                "0",
                "00",
                "0000000",
                "0.0",
                "-1",
                "unknown",
                "UNKNOWN",
                "none",
                "无",
                " 无 ",
                "未知",
                "【空】",
                "暂无",
                "ｎｕｌｌ",
                "０",
                "－",
                "undefined",
                "test",
                "散客",
            ];
            all(kind, Presence::Placeholder, &words);
        }
    }

    #[test]
    fn numbers_that_no_one_has_are_placeholders() {
        let phones = [
            "13800000000",
            "00000000000",
            "11111111111",
            "99999999999",
            "13888888888",
            "+86 138-0000-0000",
            "0086 13800000000",
            "１３８００００００００",
            "(138) 0000 0000",
            "1234567890",
            "12345678901",
            "0123456789",
            "9876543210",
            "123456789",
            "12345678",
            "111111",
            "555-555-5555",
            "13800000000.0",
            "+8600000000000",
        ];
        all(IdentifierKind::Phone, Presence::Placeholder, &phones);
        all(IdentifierKind::Other, Presence::Placeholder, &["000000", "999999", "11111111", "123456", "1234567890"]);
    }

    #[test]
    fn addresses_that_no_one_reads_are_placeholders() {
        let addresses = [
            "test@test.com",
            "TEST@TEST.COM",
            "noreply@shop.example",
            "no-reply@shop.example",
            "No_Reply@shop.example",
            "donotreply@shop.example",
            "noreply+1@shop.example",
            "none@none.com",
            "a@a.com",
            "jo@null.com",
            "x@nowhere.invalid",
            "123456@qq.com",
            "000000@qq.com",
            "unknown@example.com",
        ];
        all(IdentifierKind::Email, Presence::Placeholder, &addresses);
        let people =
            ["ada@example.com", "test@example.com", "12345@qq.com", "na@example.com", "noah.reply@example.com"];
        all(IdentifierKind::Email, Presence::Present, &people);
    }

    #[test]
    fn hidden_characters_are_a_mask() {
        let phones = [
            "138****1234",
            "138＊＊＊＊1234",
            "138••••1234",
            "138●●●●1234",
            "1381234xxxx",
            "1381234XXXX",
            "138××××1234",
            "138ｘｘｘｘ1234",
            "138####1234",
            "138????1234",
            "*******1234",
            "138…1234",
            "138____1234",
        ];
        all(IdentifierKind::Phone, Presence::Masked, &phones);
        all(IdentifierKind::Email, Presence::Masked, &["z***@example.com", "z•••@example.com", "a*a@example.com"]);
        let others = ["王**", "王*", "t***1", "＊＊", "1381234xxxx", "●●●"];
        all(IdentifierKind::Other, Presence::Masked, &others);
    }

    #[test]
    fn identifiers_are_present() {
        let phones = [
            "13187013211",
            "+86 131 8701 3211",
            "13800138000",
            "13812345678",
            "010-88001234",
            "+1 202 555 0100",
            "",
            "13187013211x12",
            "021-6666 8888",
        ];
        all(IdentifierKind::Phone, Presence::Present, &phones);
        let others = [
            "M001",
            "17850",
            "11111",
            "1",
            "100000",
            "120000000",
            "11010119900307123X",
            "oABCxxxx12345",
            "王小明",
            "A×B",
            "jack_xx",
            "no1",
            "nullius",
            "e3",
            "12345",
            "1000000000",
        ];
        all(IdentifierKind::Other, Presence::Present, &others);
    }

    #[test]
    fn lists_extend_or_replace_the_usual_values() {
        let own = ["13912345678", " N0NE "];
        let more = AbsentValues::new(IdentifierKind::Phone, true, own.into_iter(), true);
        for value in ["+86 139-1234-5678", "13912345678", "n0ne", "null", "13800000000"] {
            assert_eq!(more.presence(value), Presence::Placeholder, "{value}");
        }
        let only = AbsentValues::new(IdentifierKind::Other, false, ["guest1"].into_iter(), false);
        assert_eq!(only.presence("GUEST1"), Presence::Placeholder);
        for value in ["null", "0", "王**"] {
            assert_eq!(only.presence(value), Presence::Present, "{value}");
        }
    }

    #[test]
    fn a_column_loses_them_and_keeps_the_rest() {
        let column = StringArray::from(vec![Some("M1"), None, Some("null"), Some("王**"), Some("M2")]);
        let sifted = usual(IdentifierKind::Other).sift(&column);
        assert_eq!(sifted.values, StringArray::from(vec![Some("M1"), None, None, None, Some("M2")]));
        assert_eq!((sifted.placeholders, sifted.masked), (vec![2], vec![3]));
        let whole = StringArray::from(vec!["M1", "M2"]);
        assert_eq!(usual(IdentifierKind::Other).sift(&whole).values.values().as_ptr(), whole.values().as_ptr());
    }
}
