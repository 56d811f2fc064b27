//! What holds of all values of a column: counts that are cheap enough for every row.

use super::number_forms::NumberForms;
use super::sketch::DistinctSample;

/// Different values counted exactly, a column.
pub(super) const MAX_DISTINCT: usize = 1 << 16;

/// Texts that stand for a missing value, as exports write them. Only these are ever named by a proposal.
pub(super) const NULL_WORDS: [&str; 21] = [
    "NULL", "null", "Null", "N/A", "n/a", "NA", "#N/A", "NaN", "nan", "None", "none", "nil", "\\N", "-", "--", "?",
    "无", "空", "未知", "暂无", "unknown",
];

/// First values of lines that sum up what stands above them.
const TOTAL_WORDS: [&str; 8] = ["合计", "总计", "小计", "汇总", "Total", "TOTAL", "Grand Total", "Totals"];

/// Counts over all values of a column.
#[derive(Debug, Clone)]
pub(super) struct Census {
    /// All records.
    pub rows: u64,
    /// Values that are not empty.
    pub values: u64,
    /// Values of each of [`NULL_WORDS`]; they are values all the same.
    nulls: [u64; NULL_WORDS.len()],
    /// Values of each of [`TOTAL_WORDS`].
    totals: [u64; TOTAL_WORDS.len()],
    /// Plain whole numbers.
    pub integers: u64,
    /// Plain numbers without an exponent; whole ones count.
    pub decimals: u64,
    /// Numbers with an exponent.
    pub exponents: u64,
    /// Digits with a zero in front, which a number would lose.
    pub leading_zeros: u64,
    /// Digits before the point of plain numbers, at most.
    pub whole_digits: u8,
    /// Digits after it, at most, zeros at the end not counted.
    pub scale: u8,
    /// Digits after it as they are written, at most.
    pub written_scale: u8,
    /// Values with a line end in them.
    pub line_ends: u64,
    /// Characters that are none of ASCII's digits though they are digits: `٣`, `३`.
    pub other_digits: u64,
    /// Numbers that are written otherwise: with a currency, thousands, a decimal comma.
    pub forms: NumberForms,
    distinct: DistinctSample<u32>,
}

impl Census {
    /// An empty one that remembers so many different values.
    pub fn new(most: usize) -> Self {
        Self {
            rows: 0,
            values: 0,
            nulls: [0; NULL_WORDS.len()],
            totals: [0; TOTAL_WORDS.len()],
            integers: 0,
            decimals: 0,
            exponents: 0,
            leading_zeros: 0,
            whole_digits: 0,
            scale: 0,
            written_scale: 0,
            line_ends: 0,
            other_digits: 0,
            forms: NumberForms::default(),
            distinct: DistinctSample::new(most),
        }
    }

    /// Counts a value, which is trimmed; `None` and the empty text are no values.
    pub fn observe(&mut self, value: &str, hash: u64) {
        self.rows += 1;
        if value.is_empty() {
            return;
        }
        self.values += 1;
        if let Some((count, _)) = self.distinct.entry(hash, || 0) {
            *count = count.saturating_add(1);
        }
        let bytes = value.as_bytes();
        match Number::of(bytes) {
            Some(number) => self.number(bytes, number),
            None => {
                if bytes.len() <= 16 {
                    self.word(value);
                }
                self.forms.observe(value);
                self.line_ends += u64::from(bytes.contains(&b'\n') || bytes.contains(&b'\r'));
                if !value.is_ascii() && value.chars().any(|c| c.is_numeric() && !c.is_ascii() && is_decimal_digit(c)) {
                    self.other_digits += 1;
                }
            }
        }
    }

    /// Counts a record without a value.
    pub fn observe_null(&mut self) {
        self.rows += 1;
    }

    fn number(&mut self, bytes: &[u8], number: Number) {
        if number.exponent {
            self.exponents += 1;
            return;
        }
        self.forms.observe_plain(number.point, number.whole, number.written);
        self.decimals += 1;
        self.integers += u64::from(number.written == 0 && !number.point);
        let digits = bytes.iter().all(u8::is_ascii_digit);
        self.leading_zeros += u64::from(digits && bytes.len() > 1 && bytes[0] == b'0');
        self.whole_digits = self.whole_digits.max(number.whole);
        self.scale = self.scale.max(number.scale);
        self.written_scale = self.written_scale.max(number.written);
    }

    fn word(&mut self, value: &str) {
        if let Some(at) = NULL_WORDS.iter().position(|word| *word == value) {
            self.nulls[at] += 1;
        }
        if let Some(at) = TOTAL_WORDS.iter().position(|word| *word == value) {
            self.totals[at] += 1;
        }
    }

    /// Different values, exact up to [`MAX_DISTINCT`], else estimated.
    pub fn distinct(&self) -> u64 {
        self.distinct.distinct()
    }

    /// Whether [`Census::distinct`] is exact.
    pub fn is_exact(&self) -> bool {
        self.distinct.is_exact()
    }

    /// The share of the values that the most frequent one has.
    pub fn top_share(&self) -> f64 {
        let most = self.distinct.values().copied().max().unwrap_or(0);
        f64::from(most) / self.values.max(1) as f64
    }

    /// How often the most frequent value comes.
    pub fn top_count(&self) -> u32 {
        self.distinct.values().copied().max().unwrap_or(0)
    }

    /// How often the value comes that half of the different values come less often than.
    pub fn median_count(&self) -> u32 {
        let mut counts: Vec<u32> = self.distinct.values().copied().collect();
        counts.sort_unstable();
        counts.get(counts.len() / 2).copied().unwrap_or(0)
    }

    /// The words for missing values that occur, and how many values are one.
    pub fn null_words(&self) -> (Vec<&'static str>, u64) {
        let found = NULL_WORDS.iter().zip(self.nulls).filter(|(_, count)| *count > 0);
        (found.map(|(word, _)| *word).collect(), self.nulls.iter().sum())
    }

    /// The words of total lines that occur.
    pub fn total_words(&self) -> Vec<&'static str> {
        TOTAL_WORDS.iter().zip(self.totals).filter(|(_, count)| *count > 0).map(|(word, _)| *word).collect()
    }

    /// The share of records without a value.
    pub fn empty_share(&self) -> f64 {
        1.0 - self.values as f64 / self.rows.max(1) as f64
    }
}

/// A digit of any script that counts from zero to nine; `½`, `²` and `①` are none.
fn is_decimal_digit(c: char) -> bool {
    matches!(c as u32,
        0x0660..=0x0669 | 0x06F0..=0x06F9 | 0x07C0..=0x07C9 | 0x0966..=0x096F | 0x09E6..=0x09EF | 0x0A66..=0x0A6F
        | 0x0AE6..=0x0AEF | 0x0B66..=0x0B6F | 0x0BE6..=0x0BEF | 0x0C66..=0x0C6F | 0x0CE6..=0x0CEF | 0x0D66..=0x0D6F
        | 0x0E50..=0x0E59 | 0x0ED0..=0x0ED9 | 0x0F20..=0x0F29 | 0x1040..=0x1049 | 0x17E0..=0x17E9 | 0x1810..=0x1819)
}

/// A plain number, as it is written.
struct Number {
    whole: u8,
    written: u8,
    scale: u8,
    point: bool,
    exponent: bool,
}

impl Number {
    fn of(bytes: &[u8]) -> Option<Self> {
        let digits = match bytes {
            [b'-' | b'+', rest @ ..] => rest,
            _ => bytes,
        };
        let mut number = Self { whole: 0, written: 0, scale: 0, point: false, exponent: false };
        let mut seen = false;
        for (at, byte) in digits.iter().enumerate() {
            match byte {
                b'0'..=b'9' => {
                    seen = true;
                    if number.point {
                        number.written = number.written.saturating_add(1);
                        if *byte != b'0' {
                            number.scale = number.written;
                        }
                    } else {
                        number.whole = number.whole.saturating_add(1);
                    }
                }
                b'.' if !number.point => number.point = true,
                b'e' | b'E' if seen => {
                    let exponent = digits.get(at + 1..).unwrap_or_default();
                    let exponent = exponent.strip_prefix(b"-").or(exponent.strip_prefix(b"+")).unwrap_or(exponent);
                    let valid = (1..=3).contains(&exponent.len()) && exponent.iter().all(u8::is_ascii_digit);
                    number.exponent = true;
                    return valid.then_some(number);
                }
                _ => return None,
            }
        }
        seen.then_some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xxhash_rust::xxh3::xxh3_64;

    fn census(values: &[&str]) -> Census {
        let mut census = Census::new(MAX_DISTINCT);
        values.iter().for_each(|value| census.observe(value, xxh3_64(value.as_bytes())));
        census
    }

    #[test]
    fn numbers_are_counted_as_they_are_written() {
        let found =
            census(&["12", "-3.50", "+4", ".5", "7.", "1e5", "1.2E-3", "0012", "", "x", "1.2.3", "-", "1e", "١٢"]);
        assert_eq!((found.rows, found.values), (14, 13));
        assert_eq!((found.integers, found.decimals, found.exponents, found.leading_zeros), (3, 6, 2, 1));
        assert_eq!((found.whole_digits, found.scale, found.written_scale), (4, 1, 2));
        assert_eq!((found.other_digits, found.null_words()), (1, (vec!["-"], 1)));
    }

    #[test]
    fn words_and_frequencies() {
        let found = census(&["合计", "N/A", "a", "a", "a", "b", "two\nlines"]);
        assert_eq!((found.total_words(), found.null_words().1, found.line_ends), (vec!["合计"], 1, 1));
        assert_eq!((found.distinct(), found.top_count(), found.median_count()), (5, 3, 1));
        assert!(found.is_exact() && (found.top_share() - 3.0 / 7.0).abs() < 1e-12);
    }
}
