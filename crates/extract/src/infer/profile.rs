//! What the values of a column look like, without the values. Costly, and therefore taken of a part of the rows.

use super::time_forms::TimeForms;
use crate::values::{BooleanParser, double};
use arrow::array::{Array, StringArray};
use lakewarden_privacy::absent::{AbsentValues, IdentifierKind, Presence};
use lakewarden_privacy::normalise;
use lakewarden_privacy::redact::{self, RedactedKind};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// Names of members of nested values that are remembered, a column.
const MEMBERS: usize = 24;

/// Words of consent logs in exports, and the code that the engine knows each by.
pub(super) const CONSENT_WORDS: [(&str, &str); 46] = [
    ("grant", "grant"),
    ("granted", "grant"),
    ("opt_in", "grant"),
    ("optin", "grant"),
    ("opt-in", "grant"),
    ("subscribe", "grant"),
    ("subscribed", "grant"),
    ("同意", "grant"),
    ("授权", "grant"),
    ("订阅", "grant"),
    ("withdraw", "withdraw"),
    ("withdrawn", "withdraw"),
    ("revoke", "withdraw"),
    ("revoked", "withdraw"),
    ("opt_out", "withdraw"),
    ("optout", "withdraw"),
    ("opt-out", "withdraw"),
    ("unsubscribe", "withdraw"),
    ("unsubscribed", "withdraw"),
    ("撤回", "withdraw"),
    ("撤销", "withdraw"),
    ("退订", "withdraw"),
    ("gpc", "gpc"),
    ("restrict", "restrict"),
    ("限制处理", "restrict"),
    ("lift_restriction", "lift_restriction"),
    ("解除限制", "lift_restriction"),
    ("phone", "phone"),
    ("mobile", "phone"),
    ("手机号", "phone"),
    ("email", "email"),
    ("mail", "email"),
    ("邮箱", "email"),
    ("member", "member_no"),
    ("member_no", "member_no"),
    ("会员卡号", "member_no"),
    ("unionid", "unionid"),
    ("union_id", "unionid"),
    ("openid", "openid"),
    ("open_id", "openid"),
    ("device_id", "device_id"),
    ("app_user_id", "app_user_id"),
    ("user_id", "user_id"),
    ("customer_id", "customer_id"),
    ("customer_no", "customer_no"),
    ("tmall_buyer", "tmall_buyer"),
];

/// Counts over a column's values. Shares are of the values that are not null.
#[derive(Debug, Clone, Default)]
pub(super) struct Profile {
    /// Values that are not null.
    pub values: u64,
    /// How many values have which shape.
    shapes: BTreeMap<Shape, u64>,
    /// How times are written.
    pub times: TimeForms,
    /// Names of the members of nested values.
    pub members: BTreeSet<String>,
    /// How many values are words of consent logs, by [`CONSENT_WORDS`].
    words: BTreeMap<&'static str, u64>,
    characters: u64,
}

/// A shape of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shape {
    Double,
    /// `true` and its like; not 0 and 1.
    Boolean,
    Phone,
    /// A telephone number that is hardly anything else: of mobiles, or with signs that only those have.
    PlainPhone,
    Email,
    ResidentId,
    BankCard,
    /// Some characters are hidden: `138****1234`.
    Masked,
    /// Letters and digits without words in it: 16 characters or more.
    LongCode,
    /// Within ±90 and with a fraction.
    Latitude,
    /// Within ±180 and with a fraction.
    Longitude,
    /// Two to four Chinese characters that begin with a frequent surname.
    ChineseName,
    /// Contains words: white space between letters, or Chinese punctuation, or twelve Chinese characters.
    Prose,
    /// An object or array of JSON.
    Nested,
    /// A usual placeholder for a missing identifier.
    Placeholder,
    /// The same of telephone numbers.
    PlaceholderPhone,
}

impl Profile {
    /// Takes in the values of a batch.
    pub fn observe(&mut self, column: &StringArray) {
        let trimmed = normalise::fold_width(column).values;
        for value in trimmed.iter().flatten() {
            self.values += 1;
            self.characters += value.chars().count() as u64;
            self.times.observe(value);
            self.shape(value);
            self.word(value);
        }
        self.identifiers(&trimmed);
    }

    /// The share of values of a shape, 0 to 1.
    pub fn share(&self, shape: Shape) -> f64 {
        self.share_of(self.shapes.get(&shape).copied().unwrap_or(0))
    }

    /// How many values of those looked at have a shape.
    pub fn count(&self, shape: Shape) -> u64 {
        self.shapes.get(&shape).copied().unwrap_or(0)
    }

    /// Characters a value, on average.
    pub fn mean_length(&self) -> f64 {
        self.share_of(self.characters)
    }

    fn share_of(&self, count: u64) -> f64 {
        count as f64 / self.values.max(1) as f64
    }

    fn add(&mut self, shape: Shape) {
        *self.shapes.entry(shape).or_default() += 1;
    }

    /// The words of consent logs that occur, with their codes, and the share of the values that are one of these.
    pub fn consent_words(&self) -> (Vec<(&'static str, &'static str)>, f64) {
        let found = CONSENT_WORDS.iter().filter(|(word, _)| self.words.contains_key(word)).copied().collect();
        (found, self.share_of(self.words.values().sum()))
    }

    fn word(&mut self, value: &str) {
        if value.len() <= 16
            && let Some((word, _)) = CONSENT_WORDS.iter().find(|(word, _)| *word == value)
        {
            *self.words.entry(word).or_default() += 1;
        }
        let [other, phone] = placeholders();
        if other.presence(value) == Presence::Placeholder {
            self.add(Shape::Placeholder);
        }
        if phone.presence(value) == Presence::Placeholder {
            self.add(Shape::PlaceholderPhone);
        }
    }

    fn shape(&mut self, value: &str) {
        let bytes = value.as_bytes();
        let digits = bytes.iter().all(u8::is_ascii_digit);
        if matches!(bytes.first(), Some(b'{' | b'[')) {
            self.nested(value);
        }
        if bytes.iter().any(u8::is_ascii_digit)
            && let Some(number) = double(value)
        {
            self.add(Shape::Double);
            if value.contains('.') && number.abs() <= 180.0 {
                self.add(Shape::Longitude);
                if number.abs() <= 90.0 {
                    self.add(Shape::Latitude);
                }
            }
        }
        if !digits && value.chars().count() <= 5 && booleans().parse(value).is_some() {
            self.add(Shape::Boolean);
        }
        let code = bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"-_:".contains(b));
        if code && bytes.len() >= 16 && !digits && bytes.iter().any(u8::is_ascii_digit) {
            self.add(Shape::LongCode);
        }
        if bytes.contains(&b'*') && bytes.iter().any(|b| *b != b'*') {
            self.add(Shape::Masked);
        }
        let han = value.chars().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c)).count();
        let characters = value.chars().count();
        if han == characters && (2..=4).contains(&han) && value.starts_with(|c| SURNAMES.contains(c)) {
            self.add(Shape::ChineseName);
        }
        let words = value.split_whitespace().filter(|w| w.chars().any(char::is_alphabetic)).count();
        if words >= 4 || han >= 12 || (han > 0 && value.contains(['，', '。', '！', '？', '；'])) {
            self.add(Shape::Prose);
        }
    }

    fn nested(&mut self, value: &str) {
        let Ok(parsed) = serde_json::from_str::<serde_json::Value>(value) else { return };
        if parsed.is_object() || parsed.is_array() {
            self.add(Shape::Nested);
            member_names(&parsed, "", &mut self.members);
        }
    }

    /// Shapes that whole kernels know.
    fn identifiers(&mut self, values: &StringArray) {
        let present = (values.len() - values.null_count()) as u64;
        let mut add = |shape, count: u64| *self.shapes.entry(shape).or_default() += count;
        add(Shape::Email, present - normalise::email(values).invalid.len() as u64);
        // A short number may be somebody's extension, and is mostly a quantity.
        let long = |value: &str| value.bytes().filter(u8::is_ascii_digit).count() >= 8 && !value.contains('.');
        let numbers: StringArray = values.iter().map(|v| v.filter(|v| long(v))).collect();
        let candidates = numbers.len() - numbers.null_count();
        if candidates == 0 {
            return;
        }
        let phones = normalise::phone(&numbers);
        add(Shape::Phone, (candidates - phones.invalid.len()) as u64);
        let plain = (0..numbers.len())
            .filter(|row| numbers.is_valid(*row) && phones.values.is_valid(*row))
            .filter(|row| is_plain_phone(numbers.value(*row)))
            .count();
        add(Shape::PlainPhone, plain as u64);
        let (_, found) = redact::redact(&numbers);
        add(Shape::ResidentId, found.of(RedactedKind::ResidentId));
        add(Shape::BankCard, found.of(RedactedKind::BankCard));
    }
}

fn booleans() -> &'static BooleanParser {
    static BOOLEANS: OnceLock<BooleanParser> = OnceLock::new();
    BOOLEANS.get_or_init(|| BooleanParser::new(None))
}

/// The usual placeholders of identifiers, and of telephone numbers.
fn placeholders() -> &'static [AbsentValues; 2] {
    static PLACEHOLDERS: OnceLock<[AbsentValues; 2]> = OnceLock::new();
    PLACEHOLDERS.get_or_init(|| {
        [IdentifierKind::Other, IdentifierKind::Phone].map(|kind| AbsentValues::new(kind, true, [].into_iter(), false))
    })
}

/// Whether a valid telephone number is written as hardly anything else is.
fn is_plain_phone(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = bytes.iter().all(u8::is_ascii_digit);
    let mobile = bytes.len() == 11 && bytes[0] == b'1' && (b'3'..=b'9').contains(&bytes[1]);
    if digits { mobile || bytes[0] == b'0' } else { bytes.iter().any(|b| b" +-()".contains(b)) }
}

/// The names of members of nested values, with those they are in; of array elements as if they were there once.
fn member_names(value: &serde_json::Value, within: &str, names: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Object(members) => {
            for (name, value) in members {
                let path = if within.is_empty() { name.clone() } else { format!("{within}.{name}") };
                if names.len() >= MEMBERS {
                    return;
                }
                match value {
                    serde_json::Value::Object(_) | serde_json::Value::Array(_) => member_names(value, &path, names),
                    _ => drop(names.insert(path)),
                }
            }
        }
        serde_json::Value::Array(items) => {
            let path = format!("{within}[]");
            items.iter().for_each(|item| member_names(item, &path, names));
        }
        _ => {}
    }
}

/// The hundred most frequent surnames of mainland China, those of one character (Ministry of Public Security, 2020).
const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢傅钟姜崔谭廖范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江阎薛尹段雷黎史龙陶贺顾毛郝龚邵万钱严赖覃洪武莫孔";

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(values: &[&str]) -> Profile {
        let mut profile = Profile::default();
        profile.observe(&StringArray::from(values.to_vec()));
        profile
    }

    #[test]
    fn shapes_are_recognised() {
        let all = |values: &[&str], shape| profile(values).share(shape) == 1.0;
        assert!(all(&["+86 131-8701-3211", "13187013211", "０１０-62345678"], Shape::Phone));
        assert!(all(&["+86 131-8701-3211", "13187013211", "010-62345678"], Shape::PlainPhone));
        assert!(!all(&["31198570051"], Shape::PlainPhone));
        assert!(all(&["one@example.com", " TWO@example.com"], Shape::Email));
        assert!(all(&["11010519491231002X"], Shape::ResidentId));
        assert!(all(&["张三", "王小明"], Shape::ChineseName));
        assert!(all(&["the size was too small for me"], Shape::Prose));
        assert!(all(&["31.2", "-89.99"], Shape::Latitude) && !all(&["121.4"], Shape::Latitude));
        assert!(!all(&["1234"], Shape::Phone) && !all(&["12345678.50"], Shape::Phone));
        assert!(all(&["138****1234", "王**"], Shape::Masked) && !all(&["***"], Shape::Masked));
    }

    #[test]
    fn nested_values_show_their_names_only() {
        let found = profile(&[r#"{"a":{"b":1,"c":[{"d":"x"}]}}"#, r#"[{"e":2}]"#, "{cut"]);
        assert_eq!(found.count(Shape::Nested), 2);
        assert_eq!(found.members.iter().map(String::as_str).collect::<Vec<_>>(), ["[].e", "a.b", "a.c[].d"]);
    }
}
