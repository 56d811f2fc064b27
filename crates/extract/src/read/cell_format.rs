//! Number formats of workbooks: what a cell shows of the number in it (ECMA-376 part 1, 18.8.31).

use chrono::{Datelike, NaiveDateTime, Timelike};
use std::fmt::Write;

/// A number format, compiled.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CellFormat {
    sections: Vec<Section>,
}

/// One of the parts between semicolons.
#[derive(Debug, Clone, PartialEq)]
struct Section {
    /// Which numbers it is for, if it says so: `[<=9999999]`.
    condition: Option<(Comparison, f64)>,
    body: Body,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Comparison {
    Less,
    AtMost,
    Equal,
    Unequal,
    AtLeast,
    Greater,
}

#[derive(Debug, Clone, PartialEq)]
enum Body {
    /// Places for digits, with what stands between them.
    Digits { whole: Vec<Piece>, fraction: Vec<Piece>, tail: String, percent: bool },
    /// Parts of a date or time.
    Date(Vec<DatePiece>),
    /// `General`, scientific notation, fractions, scaled numbers, text: the number is written plainly.
    Plain,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Piece {
    /// `0`: a digit, or a zero where there is none.
    Zero,
    /// `#` or `?`: a digit, or nothing.
    Digit,
    /// A character that is shown as it is.
    Literal(char),
}

#[derive(Debug, Clone, PartialEq)]
enum DatePiece {
    Year(usize),
    /// A month, or minutes if hours precede or seconds follow.
    MonthOrMinute(usize),
    Day(usize),
    Hour(usize),
    Second(usize),
    Literal(String),
}

impl CellFormat {
    /// Compiles a format code. Whatever is not understood is shown plainly.
    pub(crate) fn compile(code: &str) -> Self {
        Self { sections: split(code).iter().map(|section| Section::compile(section)).collect() }
    }

    /// Whether numbers are shown as percentages.
    pub(crate) fn is_percent(&self) -> bool {
        matches!(self.sections.first().map(|s| &s.body), Some(Body::Digits { percent: true, .. }))
    }

    /// Writes what a cell shows of a number, given in plain digits (`-12.5`): with the zeros and the marks that the
    /// format puts to it. Not shown are thousands separators, and a format never takes digits away. `false`: the format
    /// shows it in a way that is not followed, and nothing was written.
    pub(crate) fn show(&self, value: f64, plain: &str, out: &mut String) -> bool {
        let Some((section, own_sign)) = self.section(value) else { return false };
        let Body::Digits { whole, fraction, tail, percent } = &section.body else { return false };
        let digits = plain.strip_prefix('-').unwrap_or(plain);
        let shifted;
        let digits = if *percent {
            shifted = shift(digits, 2);
            &shifted
        } else {
            digits
        };
        let (units, decimals) = digits.split_once('.').unwrap_or((digits, ""));
        let places = fraction.iter().filter(|p| !matches!(p, Piece::Literal(_))).count();
        if decimals.len() > places || whole.iter().all(|p| matches!(p, Piece::Literal(_))) {
            return false;
        }
        if value < 0.0 && !own_sign {
            out.push('-');
        }
        put_whole(whole, units, out);
        let least = fraction.iter().rposition(|p| *p == Piece::Zero).map_or(0, |last| last + 1);
        let mut rest = decimals.chars();
        if least > 0 || !decimals.is_empty() {
            out.push('.');
        }
        for (at, piece) in fraction.iter().enumerate() {
            match piece {
                Piece::Literal(c) => out.push(*c),
                Piece::Zero | Piece::Digit => match rest.next() {
                    Some(digit) => out.push(digit),
                    None if at < least => out.push('0'),
                    None => {}
                },
            }
        }
        out.push_str(tail);
        true
    }

    /// Writes an identifier, given in plain digits: with the zeros in front that its format puts there, and the marks that
    /// stand between those places (`000-000`). Decimals, what stands behind the number, grouping and currencies decorate a
    /// number and are none of an identifier, which other exports write without them; letters in front of zeros (`M000000`)
    /// are. `false`: the format has none, and nothing was written.
    pub(crate) fn show_identifier(&self, value: f64, plain: &str, out: &mut String) -> bool {
        let Some((section, _)) = self.section(value) else { return false };
        let Body::Digits { whole, fraction, tail, percent: false } = &section.body else { return false };
        if !plain.bytes().all(|b| b.is_ascii_digit()) {
            return false;
        }
        let is_place = |piece: &&Piece| !matches!(piece, Piece::Literal(_));
        let Some(first) = whole.iter().position(|piece| is_place(&piece)) else { return false };
        let zeros = whole.iter().filter(|piece| **piece == Piece::Zero).count();
        let letters = whole[..first].iter().any(|piece| matches!(piece, Piece::Literal(c) if c.is_alphabetic()));
        let named = letters && whole[first] == Piece::Zero && zeros > 1 && fraction.is_empty() && tail.is_empty();
        let kept = whole.iter().enumerate().filter(|(at, piece)| match piece {
            Piece::Zero | Piece::Digit => true,
            Piece::Literal(_) if *at < first => named,
            Piece::Literal(_) => {
                let before = whole[..*at].iter().rev().find(is_place);
                before == Some(&Piece::Zero) && whole[*at..].iter().find(is_place) == Some(&Piece::Zero)
            }
        });
        let kept: Vec<Piece> = kept.map(|(_, piece)| *piece).collect();
        let length = out.len();
        put_whole(&kept, plain, out);
        out.len() > length
    }

    /// Writes what a cell shows of a time, if the format has years, months and days in figures.
    pub(crate) fn show_time(&self, at: NaiveDateTime, out: &mut String) -> bool {
        let Some(Body::Date(pieces)) = self.sections.first().map(|s| &s.body) else { return false };
        let mut after_hours = false;
        for (place, piece) in pieces.iter().enumerate() {
            let seconds_follow =
                || pieces[place + 1..].iter().find(|p| !matches!(p, DatePiece::Literal(_))).is_some_and(is_second);
            let (value, width) = match piece {
                DatePiece::Literal(text) => {
                    out.push_str(text);
                    continue;
                }
                DatePiece::Year(width) if *width > 2 => (at.year().unsigned_abs(), 4),
                DatePiece::Year(_) => (at.year().unsigned_abs() % 100, 2),
                DatePiece::MonthOrMinute(width) if after_hours || seconds_follow() => (at.minute(), *width),
                DatePiece::MonthOrMinute(width) => (at.month(), *width),
                DatePiece::Day(width) => (at.day(), *width),
                DatePiece::Hour(width) => (at.hour(), *width),
                DatePiece::Second(width) => (at.second(), *width),
            };
            if !matches!(piece, DatePiece::MonthOrMinute(_)) {
                after_hours = matches!(piece, DatePiece::Hour(_));
            }
            // Writing into a `String` does not fail.
            let _ = write!(out, "{value:0width$}");
        }
        true
    }

    /// The section for a number, and whether it shows the sign itself.
    fn section(&self, value: f64) -> Option<(&Section, bool)> {
        let sections = self.sections.as_slice();
        if sections.iter().any(|s| s.condition.is_some()) {
            let fits = |s: &&Section| s.condition.is_none_or(|(comparison, bound)| comparison.holds(value, bound));
            return sections.iter().find(fits).map(|s| (s, false));
        }
        match sections {
            [_, negative, ..] if value < 0.0 => Some((negative, true)),
            [_, _, zero, ..] if value == 0.0 => Some((zero, false)),
            [first, ..] => Some((first, false)),
            [] => None,
        }
    }
}

fn is_second(piece: &DatePiece) -> bool {
    matches!(piece, DatePiece::Second(_))
}

/// Digits of the integer part into their places, from the right; more digits than places stand at the first place.
fn put_whole(pieces: &[Piece], units: &str, out: &mut String) {
    let units = if units.trim_start_matches('0').is_empty() { "" } else { units };
    let mut places = pieces.iter().filter(|p| !matches!(p, Piece::Literal(_))).count();
    let mut rest = units;
    for piece in pieces {
        if let Piece::Literal(c) = piece {
            out.push(*c);
            continue;
        }
        if rest.len() >= places {
            let (here, after) = rest.split_at(rest.len() + 1 - places);
            out.push_str(here);
            rest = after;
        } else if *piece == Piece::Zero {
            out.push('0');
        }
        places -= 1;
    }
}

/// Plain digits times a power of ten, exactly.
pub(crate) fn shift(digits: &str, places: usize) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
    let (units, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let moved = decimals.len().min(places);
    let whole = format!("{units}{}{}", &decimals[..moved], "0".repeat(places - moved));
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    match &decimals[moved..] {
        "" => format!("{sign}{whole}"),
        rest => format!("{sign}{whole}.{rest}"),
    }
}

impl Comparison {
    fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Self::Less => value < bound,
            Self::AtMost => value <= bound,
            Self::Equal => value == bound,
            Self::Unequal => value != bound,
            Self::AtLeast => value >= bound,
            Self::Greater => value > bound,
        }
    }
}

/// The sections of a code: semicolons inside quotation marks and brackets, and escaped ones, separate nothing.
fn split(code: &str) -> Vec<String> {
    let (mut sections, mut quoted, mut escaped) = (vec![String::new()], false, false);
    for c in code.chars() {
        match c {
            ';' if !quoted && !escaped => {
                sections.push(String::new());
                continue;
            }
            '"' if !escaped => quoted = !quoted,
            _ => {}
        }
        escaped = !escaped && !quoted && matches!(c, '\\' | '_' | '*');
        if let Some(last) = sections.last_mut() {
            last.push(c);
        }
    }
    sections
}

impl Section {
    fn compile(code: &str) -> Self {
        let mut reader = SectionReader::default();
        let readable = reader.read(code);
        let body = match readable {
            None => Body::Plain,
            Some(()) if reader.is_date => Body::Date(std::mem::take(&mut reader.dates)),
            Some(()) if reader.has_digits => {
                let trailing = |p: &Piece| matches!(p, Piece::Literal(_));
                let last = if reader.in_fraction { &mut reader.fraction } else { &mut reader.whole };
                let end = last.iter().rposition(|p| !trailing(p)).map_or(0, |at| at + 1);
                let tail = last.drain(end..).filter_map(|p| if let Piece::Literal(c) = p { Some(c) } else { None });
                let tail = tail.collect();
                Body::Digits { whole: reader.whole, fraction: reader.fraction, tail, percent: reader.percent }
            }
            Some(()) => Body::Plain,
        };
        Self { condition: reader.condition, body }
    }
}

/// What was read of a section so far.
#[derive(Default)]
struct SectionReader {
    condition: Option<(Comparison, f64)>,
    whole: Vec<Piece>,
    fraction: Vec<Piece>,
    dates: Vec<DatePiece>,
    in_fraction: bool,
    has_digits: bool,
    is_date: bool,
    percent: bool,
}

impl SectionReader {
    /// Reads a section; `None` for one that shows numbers otherwise than by their digits.
    fn read(&mut self, code: &str) -> Option<()> {
        let mut rest = code.chars().peekable();
        while let Some(c) = rest.next() {
            match c {
                '"' => rest.by_ref().take_while(|c| *c != '"').for_each(|c| self.literal(c)),
                '\\' => self.literal(rest.next()?),
                // As wide as the next character, or filled with it: nothing is meant by either.
                '_' | '*' => {
                    rest.next();
                }
                '[' => {
                    let inside: String = rest.by_ref().take_while(|c| *c != ']').collect();
                    self.bracket(&inside)?;
                }
                '0' => self.place(Piece::Zero),
                '#' | '?' => self.place(Piece::Digit),
                // In a date it stands between seconds and their fraction, or days and months.
                '.' if self.is_date => self.literal('.'),
                '.' if self.in_fraction => return None,
                '.' => self.in_fraction = true,
                ',' if self.is_date => self.literal(','),
                // Between digits it separates thousands, behind them it scales.
                ',' => {
                    if !matches!(rest.peek(), Some('0' | '#' | '?')) {
                        return None;
                    }
                }
                '%' => {
                    self.percent = true;
                    self.literal('%');
                }
                'y' | 'Y' | 'm' | 'M' | 'd' | 'D' | 'h' | 'H' | 's' | 'S' => {
                    let mut width = 1;
                    while rest.next_if(|next| next.eq_ignore_ascii_case(&c)).is_some() {
                        width += 1;
                    }
                    self.date(c, width)?;
                }
                '/' if self.has_digits && !self.is_date => return None,
                '@' | 'G' | 'g' | 'E' | 'e' | 'A' | 'a' | 'B' | 'b' => return None,
                other => self.literal(other),
            }
        }
        // Months in words and clocks of twelve hours are returned for above; digits in a date are fractions of seconds.
        (!(self.is_date && self.has_digits)).then_some(())
    }

    fn literal(&mut self, c: char) {
        match self.dates.last_mut() {
            Some(DatePiece::Literal(text)) => text.push(c),
            _ => self.dates.push(DatePiece::Literal(c.into())),
        }
        if self.in_fraction { self.fraction.push(Piece::Literal(c)) } else { self.whole.push(Piece::Literal(c)) }
    }

    fn place(&mut self, piece: Piece) {
        self.has_digits = true;
        if self.in_fraction { self.fraction.push(piece) } else { self.whole.push(piece) }
    }

    fn date(&mut self, letter: char, width: usize) -> Option<()> {
        self.is_date = true;
        let piece = match letter.to_ascii_lowercase() {
            'y' => DatePiece::Year(width),
            'm' if width <= 2 => DatePiece::MonthOrMinute(width),
            'd' if width <= 2 => DatePiece::Day(width),
            'h' => DatePiece::Hour(width.min(2)),
            's' => DatePiece::Second(width.min(2)),
            _ => return None,
        };
        self.dates.push(piece);
        Some(())
    }

    /// A colour, a condition, a currency or locale; elapsed hours are nothing that this shows.
    fn bracket(&mut self, inside: &str) -> Option<()> {
        if let Some(currency) = inside.strip_prefix('$') {
            currency.split('-').next().unwrap_or_default().chars().for_each(|c| self.literal(c));
            return Some(());
        }
        let elapsed = |c: char| inside.chars().all(|other| other.eq_ignore_ascii_case(&c));
        if !inside.is_empty() && ['h', 'm', 's'].into_iter().any(elapsed) {
            return None;
        }
        let comparisons = [
            ("<=", Comparison::AtMost),
            (">=", Comparison::AtLeast),
            ("<>", Comparison::Unequal),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
            ("=", Comparison::Equal),
        ];
        if let Some((mark, comparison)) = comparisons.iter().find(|(mark, _)| inside.starts_with(mark)) {
            self.condition = Some((*comparison, inside[mark.len()..].trim().parse().ok()?));
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn shown(code: &str, value: f64) -> Option<String> {
        let mut out = String::new();
        CellFormat::compile(code).show(value, &value.to_string(), &mut out).then_some(out)
    }

    #[test]
    fn digits_are_shown_as_the_format_says() {
        for (code, value, expected) in [
            ("000000", 123.0, "000123"),
            ("000000", 1_234_567.0, "1234567"),
            ("00000", 1067.0, "01067"),
            ("0", 0.0, "0"),
            ("#", 12.0, "12"),
            ("0.00", 1.1, "1.10"),
            ("0.0#", 1.25, "1.25"),
            ("#,##0.00", 1234.5, "1234.50"),
            ("000-0000-0000", 13_187_013_211.0, "131-8701-3211"),
            ("\"M\"000000", 123.0, "M000123"),
            ("[$¥-804]#,##0.00", 12.0, "¥12.00"),
            ("[<=9999999]###-####;(###) ###-####", 5_551_234.0, "555-1234"),
            ("[<=9999999]###-####;(###) ###-####", 2_125_551_234.0, "(212) 555-1234"),
            ("0.0%", 0.125, "12.5%"),
            ("0%", 0.07, "7%"),
            ("0;(0)", -5.0, "(5)"),
            ("0", -5.0, "-5"),
            ("0_ ", 5.0, "5"),
            ("000\\-00", 12_345.0, "123-45"),
        ] {
            assert_eq!(shown(code, value).as_deref(), Some(expected), "{code} of {value}");
        }
        for (code, value) in [
            ("General", 5.0),
            ("0", 12.7),
            ("0.00E+00", 1.5e10),
            ("# ?/?", 0.5),
            ("#,##0,", 12_000.0),
            ("@", 5.0),
            ("yyyy-mm-dd", 45_413.0),
            ("[h]:mm", 1.5),
            ("", 5.0),
        ] {
            assert_eq!(shown(code, value), None, "{code} of {value}");
        }
        assert!(CellFormat::compile("0.0%").is_percent() && !CellFormat::compile("0.0\"%\"").is_percent());
    }

    #[test]
    fn identifiers_have_zeros_and_no_decoration() {
        let identifier = |code: &str, value: f64| {
            let mut out = String::new();
            CellFormat::compile(code).show_identifier(value, &value.to_string(), &mut out).then_some(out)
        };
        for (code, value, expected) in [
            ("000000", 123.0, "000123"),
            ("0000", 1_001_001.0, "1001001"),
            ("0.00", 1001.0, "1001"),
            ("#,##0.00 \"€\"", 1_001_001.0, "1001001"),
            ("[$€-407] #,##0.00", 1_001_001.0, "1001001"),
            ("# ##0", 1_001_001.0, "1001001"),
            ("#\\ ##0", 1_001_001.0, "1001001"),
            ("_-* #,##0_-", 1_001_001.0, "1001001"),
            ("0;[Red]-0", 1001.0, "1001"),
            ("0\" pcs\"", 1001.0, "1001"),
            ("000\"-A\"", 7.0, "007"),
            ("000-0000-0000", 13_187_013_211.0, "131-8701-3211"),
            ("\"M\"000000", 123.0, "M000123"),
            ("\"EUR\"0.00", 123.0, "123"),
            ("###000", 7.0, "007"),
            ("0", 0.0, "0"),
        ] {
            assert_eq!(identifier(code, value).as_deref(), Some(expected), "{code} of {value}");
        }
        for (code, value) in
            [("General", 5.0), ("0.00", 1.5), ("0%", 7.0), ("000", -7.0), ("#", 0.0), ("0.00E+00", 5.0)]
        {
            assert_eq!(identifier(code, value), None, "{code} of {value}");
        }
    }

    #[test]
    fn dates_are_shown_in_figures() {
        let at: NaiveDateTime = "2024-05-01T08:03:07".parse().unwrap();
        let of = |code: &str| {
            let mut out = String::new();
            CellFormat::compile(code).show_time(at, &mut out).then_some(out)
        };
        for (code, expected) in [
            ("yyyy-mm", "2024-05"),
            ("yyyymmdd", "20240501"),
            ("dd.mm.yyyy", "01.05.2024"),
            ("yyyy\"年\"m\"月\"d\"日\"", "2024年5月1日"),
            ("yyyy/m/d h:mm", "2024/5/1 8:03"),
            ("mm:ss", "03:07"),
            ("yy-mm-dd hh:mm:ss;@", "24-05-01 08:03:07"),
        ] {
            assert_eq!(of(code).as_deref(), Some(expected), "{code}");
        }
        for code in ["mmm-yy", "h:mm AM/PM", "[h]:mm:ss", "0.00", "General"] {
            assert_eq!(of(code), None, "{code}");
        }
    }

    #[test]
    fn shifts_are_exact() {
        for (given, expected) in
            [("0.07", "7"), ("0.125", "12.5"), ("1", "100"), ("-0.5", "-50"), ("0", "0"), ("0.001", "0.1")]
        {
            assert_eq!(shift(given, 2), expected, "{given}");
        }
    }
}
