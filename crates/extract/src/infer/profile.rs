//! What the values of a column look like, without the values.

use crate::values::{BooleanParser, TimeParser, Zone, ZoneCache, decimal, double, integer};
use arrow::array::{Array, StringArray};
use hashbrown::HashSet;
use lakewarden_privacy::normalise;
use lakewarden_privacy::redact::{self, RedactedKind};
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64;

/// Different values counted, at most.
pub(super) const MAX_DISTINCT: usize = 100_000;

/// Formats of days and times that exports use, ISO 8601 apart; those that read a day first come before those that read a
/// month first.
pub(super) const TIME_FORMATS: [&str; 13] = [
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d",
    "%Y%m%d%H%M%S",
    "%Y%m%d",
    "%Y年%m月%d日 %H:%M:%S",
    "%Y年%m月%d日",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y",
    "%d/%m/%Y %H:%M",
    "%d/%m/%Y",
    "%m/%d/%Y",
];
/// Epoch seconds and milliseconds of the years 2000 to 2100.
const EPOCH_S: std::ops::Range<i64> = 946_684_800..4_102_444_800;

/// Counts over a column's values. Shares are of the values that are not null.
#[derive(Debug, Clone, Default)]
pub(super) struct Profile {
    /// All rows.
    pub rows: u64,
    /// Values that are not null.
    pub values: u64,
    /// Hashes of different values, up to [`MAX_DISTINCT`].
    distinct: HashSet<u64>,
    /// How many values have which shape.
    shapes: BTreeMap<Shape, u64>,
    /// How many values fit a format of [`TIME_FORMATS`].
    formats: BTreeMap<&'static str, u64>,
    /// Digits before the point, at most.
    pub whole_digits: u8,
    /// Digits after the point, at most.
    pub scale: i8,
    characters: u64,
}

/// A shape of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shape {
    Integer,
    /// Digits with zeros in front, which a number would lose.
    LeadingZero,
    Decimal,
    Double,
    /// `true` and its like; not 0 and 1.
    Boolean,
    IsoDay,
    IsoTime,
    EpochSeconds,
    EpochMilliseconds,
    Phone,
    Email,
    ResidentId,
    BankCard,
    /// Letters and digits without words in it: 16 characters or more.
    LongCode,
    /// Within ±90 and with a fraction.
    Latitude,
    /// Within ±180 and with a fraction.
    Longitude,
    /// Two to four Chinese characters that begin with a frequent surname.
    ChineseName,
    /// Holds words: white space between letters, or Chinese punctuation, or twelve Chinese characters.
    Prose,
}

impl Profile {
    /// Takes in the values of a batch.
    pub fn observe(&mut self, column: &StringArray) {
        self.rows += column.len() as u64;
        let trimmed = normalise::fold_width(column).values;
        let times = Times::new();
        for value in trimmed.iter().flatten() {
            self.values += 1;
            self.characters += value.chars().count() as u64;
            if self.distinct.len() < MAX_DISTINCT {
                self.distinct.insert(xxh3_64(value.as_bytes()));
            }
            self.shape(value, &times);
        }
        self.identifiers(&trimmed);
    }

    /// The share of values of a shape, 0 to 1.
    pub fn share(&self, shape: Shape) -> f64 {
        self.of_values(self.shapes.get(&shape).copied().unwrap_or(0))
    }

    /// The format that the most values fit, and their share.
    pub fn time_format(&self) -> Option<(&'static str, f64)> {
        let order = |format: &str| TIME_FORMATS.iter().position(|f| *f == format);
        let (format, count) = self.formats.iter().max_by_key(|(f, count)| (**count, std::cmp::Reverse(order(f))))?;
        Some((format, self.of_values(*count)))
    }

    /// Different values, as far as they were counted.
    pub fn distinct(&self) -> usize {
        self.distinct.len()
    }

    /// Whether no value came twice, and none was missing.
    pub fn is_unique(&self) -> bool {
        self.values == self.rows && self.values > 1 && self.distinct.len() as u64 == self.values
    }

    /// The share of rows without a value.
    pub fn nulls(&self) -> f64 {
        1.0 - self.values as f64 / self.rows.max(1) as f64
    }

    /// Characters a value, on average.
    pub fn mean_length(&self) -> f64 {
        self.of_values(self.characters)
    }

    fn of_values(&self, count: u64) -> f64 {
        count as f64 / self.values.max(1) as f64
    }

    fn add(&mut self, shape: Shape) {
        *self.shapes.entry(shape).or_default() += 1;
    }

    fn shape(&mut self, value: &str, times: &Times) {
        let bytes = value.as_bytes();
        let digits = bytes.iter().all(u8::is_ascii_digit);
        if digits && bytes.len() > 1 && bytes[0] == b'0' {
            self.add(Shape::LeadingZero);
        }
        if let Some(number) = integer(value) {
            self.add(Shape::Integer);
            if EPOCH_S.contains(&number) {
                self.add(Shape::EpochSeconds);
            }
            if EPOCH_S.contains(&(number / 1000)) && number > EPOCH_S.end {
                self.add(Shape::EpochMilliseconds);
            }
        }
        self.number(value);
        if !digits && times.booleans.parse(value).is_some() {
            self.add(Shape::Boolean);
        }
        let mut cache = ZoneCache::new(times.zone);
        if bytes.len() >= 8 && !digits && times.iso.instant(value, &mut cache).is_some() {
            self.add(if bytes.len() <= 10 { Shape::IsoDay } else { Shape::IsoTime });
        } else if bytes.len() >= 6 {
            for (format, parser) in &times.others {
                if parser.instant(value, &mut cache).is_some() {
                    *self.formats.entry(format).or_default() += 1;
                }
            }
        }
        let code = bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"-_:".contains(b));
        if code && bytes.len() >= 16 && !digits && bytes.iter().any(u8::is_ascii_digit) {
            self.add(Shape::LongCode);
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

    fn number(&mut self, value: &str) {
        let exact = (0..=9i8).find(|scale| decimal(value.as_bytes(), 38, *scale).is_some());
        if let Some(scale) = exact {
            self.add(Shape::Decimal);
            self.scale = self.scale.max(scale);
            let whole = value.bytes().take_while(|b| *b != b'.').filter(u8::is_ascii_digit).count();
            self.whole_digits = self.whole_digits.max(u8::try_from(whole).unwrap_or(38));
        }
        if let Some(number) = double(value) {
            self.add(Shape::Double);
            if value.contains('.') && number.abs() <= 180.0 {
                self.add(Shape::Longitude);
                if number.abs() <= 90.0 {
                    self.add(Shape::Latitude);
                }
            }
        }
    }

    /// Shapes that whole kernels know.
    fn identifiers(&mut self, values: &StringArray) {
        let present = (values.len() - values.null_count()) as u64;
        let mut add = |shape, count: u64| *self.shapes.entry(shape).or_default() += count;
        let valid = |invalid: usize| present - invalid as u64;
        add(Shape::Email, valid(normalise::email(values).invalid.len()));
        // A short number may be somebody's extension, and is mostly a quantity.
        let long = |value: &str| value.bytes().filter(u8::is_ascii_digit).count() >= 8 && !value.contains('.');
        let numbers: StringArray = values.iter().map(|v| v.filter(|v| long(v))).collect();
        let candidates = numbers.len() - numbers.null_count();
        add(Shape::Phone, (candidates - normalise::phone(&numbers).invalid.len()) as u64);
        let (_, found) = redact::redact(&numbers);
        add(Shape::ResidentId, found.of(RedactedKind::ResidentId));
        add(Shape::BankCard, found.of(RedactedKind::BankCard));
    }
}

/// The hundred most frequent surnames of mainland China, those of one character (Ministry of Public Security, 2020).
const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢傅钟姜崔谭廖范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江阎薛尹段雷黎史龙陶贺顾毛郝龚邵万钱严赖覃洪武莫孔";

struct Times {
    zone: Zone,
    iso: TimeParser,
    booleans: BooleanParser,
    others: Vec<(&'static str, TimeParser)>,
}

impl Times {
    fn new() -> Self {
        let zone = Zone(chrono_tz::UTC);
        let parser = |formats: &[String]| TimeParser::compile(formats, zone).ok();
        let others = TIME_FORMATS.iter().filter_map(|f| Some((*f, parser(&[(*f).to_owned()])?))).collect();
        // Without formats there is ISO 8601, which always compiles.
        Self {
            zone,
            iso: parser(&[]).unwrap_or_else(|| unreachable!("ISO 8601 compiles")),
            booleans: BooleanParser::new(None),
            others,
        }
    }
}

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
        assert!(all(&["one@example.com", " TWO@example.com"], Shape::Email));
        assert!(all(&["11010519491231002X"], Shape::ResidentId));
        assert!(all(&["2026-09-30 08:00:00", "2026-09-30T08:00:00Z"], Shape::IsoTime));
        assert!(all(&["2026-09-30"], Shape::IsoDay));
        assert!(all(&["1700000000000"], Shape::EpochMilliseconds));
        assert!(all(&["1700000000"], Shape::EpochSeconds));
        assert!(all(&["张三", "王小明"], Shape::ChineseName));
        assert!(all(&["the size was too small for me"], Shape::Prose));
        assert!(all(&["0012"], Shape::LeadingZero) && !all(&["12"], Shape::LeadingZero));
        assert!(all(&["31.2", "-89.99"], Shape::Latitude) && !all(&["121.4"], Shape::Latitude));
        assert!(!all(&["1234"], Shape::Phone) && !all(&["12345678.50"], Shape::Phone));
        assert_eq!(profile(&["30/09/2026", "31/01/2026"]).time_format(), Some(("%d/%m/%Y", 1.0)));
        assert_eq!(profile(&["20260930"]).time_format(), Some(("%Y%m%d", 1.0)));
    }

    #[test]
    fn counts_are_of_values() {
        let mut profile = profile(&["a", "b", "a", ""]);
        assert_eq!((profile.rows, profile.values, profile.distinct()), (4, 3, 2));
        assert!((profile.nulls() - 0.25).abs() < 1e-12 && !profile.is_unique());
        profile = Profile::default();
        profile.observe(&StringArray::from(vec!["1.25", "100.5", "7"]));
        assert_eq!((profile.whole_digits, profile.scale), (3, 2));
        assert!(profile.is_unique());
    }
}
