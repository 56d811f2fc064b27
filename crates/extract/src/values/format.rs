//! Numbers with thousands separators, currency marks, percent signs and Chinese units → plain numbers.
//!
//! Text arrives in the usual width: full-width digits and signs are ASCII already. What the format does not declare is refused.

use lakewarden_dictionary::{DecimalMark, GroupMark, NumberFormat, PercentForm};

/// A declared way of writing numbers, compiled.
#[derive(Debug, Clone)]
pub(crate) struct NumberParser {
    decimal: char,
    group: Option<GroupMark>,
    /// Marks of the currency, the longest first.
    marks: Vec<String>,
    percent: Option<PercentForm>,
    accounting: bool,
    chinese_units: bool,
}

/// Marks of currencies, besides their codes. A mark that several currencies have stands at each: the dictionary says which.
const MARKS: [(&str, &[&str]); 20] = [
    ("CNY", &["¥", "CN¥", "人民币", "RMB", "元", "圆", "块", "元人民币"]),
    ("HKD", &["$", "HK$", "港币", "港元", "港幣"]),
    ("MOP", &["$", "MOP$", "澳门元", "澳门币", "澳門元", "澳門幣"]),
    ("TWD", &["$", "NT$", "NTD", "NT", "新台币", "新台幣", "台币", "台幣", "元"]),
    ("USD", &["$", "US$", "美元", "美金"]),
    ("EUR", &["€", "欧元", "歐元"]),
    ("GBP", &["£", "英镑", "英鎊"]),
    ("JPY", &["¥", "JP¥", "円", "日元", "日圆"]),
    ("KRW", &["₩", "韩元", "원"]),
    ("SGD", &["$", "S$", "新加坡元"]),
    ("AUD", &["$", "A$", "AU$", "澳元"]),
    ("CAD", &["$", "C$", "CA$", "加元"]),
    ("NZD", &["$", "NZ$"]),
    ("CHF", &["Fr.", "SFr.", "瑞士法郎"]),
    ("THB", &["฿", "泰铢"]),
    ("MYR", &["RM"]),
    ("INR", &["₹", "Rs.", "Rs"]),
    ("RUB", &["₽", "руб.", "卢布"]),
    ("VND", &["₫"]),
    ("PHP", &["₱"]),
];

/// The codes of the currencies that a mark or code may stand for; none if it is no known one.
pub(crate) fn currencies_of(mark: &str) -> Vec<&'static str> {
    let is = |known: &str| known.eq_ignore_ascii_case(mark);
    MARKS.iter().filter(|(code, marks)| is(code) || marks.iter().any(|m| is(m))).map(|(code, _)| *code).collect()
}

/// Chinese units and the powers of ten that they are, the longest first.
const UNITS: [(&str, i32); 10] = [
    ("万亿", 12),
    ("萬億", 12),
    ("千万", 7),
    ("百万", 6),
    ("十万", 5),
    ("亿", 8),
    ("億", 8),
    ("万", 4),
    ("萬", 4),
    ("千", 3),
];

impl NumberParser {
    /// Compiles a format; the error says what is wrong with it.
    pub(crate) fn compile(format: &NumberFormat) -> Result<Self, &'static str> {
        if matches!(
            (format.decimal, format.group),
            (DecimalMark::Point, Some(GroupMark::Point)) | (DecimalMark::Comma, Some(GroupMark::Comma))
        ) {
            return Err("one mark stands before fractions and between thousands");
        }
        let mut marks: Vec<String> = Vec::new();
        if let Some(code) = &format.currency {
            marks.push(code.clone());
            let known = MARKS.iter().find(|(known, _)| known == code).map_or(&[][..], |(_, marks)| marks);
            marks.extend(known.iter().map(|m| (*m).to_owned()));
            marks.sort_by_key(|mark| std::cmp::Reverse(mark.len()));
        }
        Ok(Self {
            decimal: if format.decimal == DecimalMark::Comma { ',' } else { '.' },
            group: format.group,
            marks,
            percent: format.percent,
            accounting: format.accounting,
            chinese_units: format.chinese_units,
        })
    }

    /// Writes the number in plain ASCII (`-1234.50`, `1.2e4`), as the other parsers read it. `None` if it is none.
    pub(crate) fn plain<'a>(&self, text: &str, out: &'a mut String) -> Option<&'a str> {
        out.clear();
        let text = text.trim();
        let brackets = text.strip_prefix('(').and_then(|r| r.strip_suffix(')')).filter(|_| self.accounting);
        let (rest, sign, marked) = self.before(brackets.unwrap_or(text));
        let (body, shift, trailing_minus) = self.after(rest, marked)?;
        // Said twice is said wrongly.
        if usize::from(brackets.is_some()) + usize::from(sign.is_some()) + usize::from(trailing_minus) > 1 {
            return None;
        }
        if brackets.is_some() || trailing_minus || sign == Some(true) {
            out.push('-');
        }
        self.digits(body, out)?;
        if shift != 0 {
            out.push('e');
            out.push_str(&shift.to_string());
        }
        Some(out)
    }

    /// Takes sign and currency mark off the front, in either order.
    fn before<'t>(&self, text: &'t str) -> (&'t str, Option<bool>, bool) {
        let (mut rest, mut sign, mut marked) = (text, None, false);
        loop {
            rest = rest.trim_start();
            let taken = match rest.chars().next() {
                Some(c @ ('-' | '\u{2212}' | '+')) if sign.is_none() => {
                    sign = Some(c != '+');
                    Some(&rest[c.len_utf8()..])
                }
                _ if !marked => {
                    let found = self.marks.iter().find_map(|mark| strip_mark(rest, mark));
                    marked = found.is_some();
                    found
                }
                _ => None,
            };
            match taken {
                Some(after) => rest = after,
                None => return (rest, sign, marked),
            }
        }
    }

    /// Takes currency mark, unit, percent sign and trailing minus off the end: the digits, the power of ten, the minus.
    fn after<'t>(&self, text: &'t str, marked: bool) -> Option<(&'t str, i32, bool)> {
        let mut rest = text.trim_end();
        let mut minus = false;
        if self.accounting
            && let Some(before) = rest.strip_suffix('-')
        {
            (rest, minus) = (before.trim_end(), true);
        }
        if !marked && let Some(before) = self.marks.iter().find_map(|mark| strip_mark_end(rest, mark)) {
            rest = before.trim_end();
        }
        let mut shift = 0;
        if let Some(form) = self.percent {
            rest = rest.strip_suffix('%')?.trim_end();
            shift = if form == PercentForm::Fraction { -2 } else { 0 };
        } else if self.chinese_units
            && let Some((before, power)) = UNITS.iter().find_map(|(unit, p)| Some((rest.strip_suffix(unit)?, *p)))
        {
            (rest, shift) = (before.trim_end(), power);
        }
        Some((rest, shift, minus))
    }

    /// Digits with marks → digits with a point. Thousands are cut in threes from the point on, all or none.
    fn digits(&self, text: &str, out: &mut String) -> Option<()> {
        let (whole, fraction) = match text.split_once(self.decimal) {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (text, None),
        };
        let is_group = |c: char| match self.group {
            Some(GroupMark::Comma) => c == ',',
            Some(GroupMark::Point) => c == '.',
            Some(GroupMark::Space) => matches!(c, ' ' | '\u{A0}' | '\u{202F}' | '\u{2009}'),
            Some(GroupMark::Apostrophe) => matches!(c, '\'' | '\u{2019}'),
            None => false,
        };
        let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let parts = whole.split(is_group);
        for (at, part) in parts.clone().enumerate() {
            if !all_digits(part) || (at > 0 && part.len() != 3) {
                return None;
            }
            out.push_str(part);
        }
        if parts.clone().count() > 1 && !parts.clone().next().is_some_and(|first| (1..=3).contains(&first.len())) {
            return None;
        }
        let fraction = fraction.unwrap_or_default();
        if !all_digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
            return None;
        }
        if !fraction.is_empty() {
            out.push('.');
            out.push_str(fraction);
        }
        Some(())
    }
}

/// What follows a mark; letters count in any case.
fn strip_mark<'t>(text: &'t str, mark: &str) -> Option<&'t str> {
    let start = text.get(..mark.len())?;
    start.eq_ignore_ascii_case(mark).then(|| &text[mark.len()..])
}

/// What stands before a mark.
fn strip_mark_end<'t>(text: &'t str, mark: &str) -> Option<&'t str> {
    let at = text.len().checked_sub(mark.len())?;
    text.get(at..)?.eq_ignore_ascii_case(mark).then(|| &text[..at])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::number::{decimal, double, integer_of};
    use super::*;
    use proptest::prelude::*;

    fn format(change: impl FnOnce(&mut NumberFormat)) -> NumberParser {
        let mut format = NumberFormat::default();
        change(&mut format);
        NumberParser::compile(&format).unwrap()
    }

    fn cents(parser: &NumberParser, text: &str) -> Option<i128> {
        decimal(parser.plain(text, &mut String::new())?.as_bytes(), 18, 2)
    }

    #[test]
    fn money_of_china_and_of_europe() {
        let yuan = format(|f| {
            f.group = Some(GroupMark::Comma);
            f.currency = Some("CNY".into());
            f.accounting = true;
            f.chinese_units = true;
        });
        for (text, expected) in [
            ("¥1,234.50", Some(123_450)),
            ("1234.5", Some(123_450)),
            ("-¥12", Some(-1200)),
            ("¥-12", Some(-1200)),
            ("¥ - 12", Some(-1200)),
            ("CNY 12", Some(1200)),
            ("cny12", Some(1200)),
            ("RMB 1,000,000.00", Some(100_000_000)),
            ("12元", Some(1200)),
            ("12.50 元", Some(1250)),
            ("(12.00)", Some(-1200)),
            ("(¥1,200.00)", Some(-120_000)),
            ("¥12.00-", Some(-1200)),
            ("1.2万", Some(1_200_000)),
            ("1.2万元", Some(1_200_000)),
            ("3亿", Some(30_000_000_000)),
            ("1万亿", Some(100_000_000_000_000)),
            ("+5", Some(500)),
            (".5", Some(50)),
            ("−3", Some(-300)),
            ("1,23.00", None),
            ("12,34", None),
            ("1234,567", None),
            (",123", None),
            ("$12", None),
            ("12%", None),
            ("¥12元", None),
            ("(-12)", None),
            ("--12", None),
            ("-12-", None),
            ("12 34", None),
            ("¥", None),
            ("万", None),
            ("", None),
            ("()", None),
            ("1.234,50", None),
            ("12.3.4", None),
            ("两件", None),
            ("1e3", None),
        ] {
            assert_eq!(cents(&yuan, text), expected, "{text}");
        }
        let euro = format(|f| {
            f.decimal = DecimalMark::Comma;
            f.group = Some(GroupMark::Point);
            f.currency = Some("EUR".into());
        });
        for (text, expected) in [
            ("1.234,50 €", Some(123_450)),
            ("€ 1.234,50", Some(123_450)),
            ("1234,5 EUR", Some(123_450)),
            ("-0,99", Some(-99)),
            ("1.23,4", None),
            ("1.2", None),
            ("(12,00)", None),
        ] {
            assert_eq!(cents(&euro, text), expected, "{text}");
        }
        let spaced = format(|f| (f.decimal, f.group) = (DecimalMark::Comma, Some(GroupMark::Space)));
        assert_eq!(cents(&spaced, "1\u{202F}234\u{A0}567,8"), Some(123_456_780));
        let swiss = format(|f| f.group = Some(GroupMark::Apostrophe));
        assert_eq!((cents(&swiss, "1'234.50"), cents(&swiss, "1’234")), (Some(123_450), Some(123_400)));
    }

    #[test]
    fn percent_and_whole_numbers() {
        let fraction = format(|f| f.percent = Some(PercentForm::Fraction));
        let plain = |text: &str| fraction.plain(text, &mut String::new()).map(str::to_owned);
        assert_eq!(plain("12.5%").and_then(|t| double(&t)), Some(0.125));
        assert_eq!(plain("-3 %").and_then(|t| decimal(t.as_bytes(), 9, 4)), Some(-300));
        // Without its sign a percentage is a hundred times too large, or not.
        assert_eq!(plain("12.5"), None);
        let number = format(|f| f.percent = Some(PercentForm::Number));
        assert_eq!(number.plain("12.5%", &mut String::new()), Some("12.5"));
        let grouped = format(|f| (f.group, f.chinese_units) = (Some(GroupMark::Comma), true));
        let whole = |text: &str| integer_of(grouped.plain(text, &mut String::new())?);
        assert_eq!((whole("1,234"), whole("1.5万"), whole("-7")), (Some(1234), Some(15_000), Some(-7)));
        assert_eq!((whole("1.5"), whole("1.00005万"), whole("9,223,372,036,854,775,808")), (None, None, None));
    }

    #[test]
    fn one_mark_for_two_is_refused() {
        let format = NumberFormat { group: Some(GroupMark::Point), ..NumberFormat::default() };
        assert!(NumberParser::compile(&format).is_err());
    }

    /// A number as somebody would write it in a format.
    fn written(value: i64, comma: bool, group: Option<char>, mark: &str, behind: bool, brackets: bool) -> String {
        let digits = (value.unsigned_abs() / 100).to_string();
        let mut whole = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if let (true, Some(group)) = (at > 0 && (digits.len() - at).is_multiple_of(3), group) {
                whole.push(group);
            }
            whole.push(digit);
        }
        let number = format!("{whole}{}{:02}", if comma { ',' } else { '.' }, value.unsigned_abs() % 100);
        let number = if behind { format!("{number} {mark}") } else { format!("{mark}{number}") };
        match (value < 0, brackets) {
            (true, true) => format!("({number})"),
            (true, false) => format!("-{number}"),
            (false, _) => number,
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(value in -9_999_999_999i64..9_999_999_999, comma: bool, grouped in 0usize..4, mark in 0usize..3, behind: bool, brackets: bool) {
            let group = [None, Some(GroupMark::Space), Some(GroupMark::Apostrophe), Some(if comma { GroupMark::Point } else { GroupMark::Comma })][grouped];
            let sign = [None, Some(' '), Some('\''), Some(if comma { '.' } else { ',' })][grouped];
            let parser = format(|f| {
                f.decimal = if comma { DecimalMark::Comma } else { DecimalMark::Point };
                f.group = group;
                f.currency = Some("HKD".into());
                f.accounting = true;
            });
            let text = written(value, comma, sign, ["", "HK$", "HKD"][mark], behind, brackets);
            prop_assert_eq!(cents(&parser, &text), Some(i128::from(value)), "{}", text);
        }

        #[test]
        fn no_text_panics(text in "[-+()¥$€元万亿0-9., '%eA-Z−]{0,20}|\\PC{0,20}") {
            for parser in [
                format(|f| { f.currency = Some("CNY".into()); f.accounting = true; f.chinese_units = true; f.group = Some(GroupMark::Comma); }),
                format(|f| { f.percent = Some(PercentForm::Fraction); f.decimal = DecimalMark::Comma; }),
            ] {
                if let Some(plain) = parser.plain(&text, &mut String::new()) {
                    prop_assert!(plain.is_ascii());
                    prop_assert!(double(plain).is_some(), "{} of {}", plain, text);
                }
            }
        }
    }
}
