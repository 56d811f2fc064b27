//! How a CSV file is written: its separator, what is above its header, whether it has one.

use crate::read::{Splitter, bounds, signs};
use crate::values::double;
use lakewarden_dictionary::{Container, CsvHeader, Escape, Format, Limits};

/// Records looked at.
const RECORDS: usize = 200;
/// Lines that may be above a header.
const PREAMBLE: usize = 40;
/// Separators in use, the likeliest first.
const DELIMITERS: [u8; 4] = *b",;\t|";
/// A separator that splits fewer of the records alike is none.
const ALIKE: f64 = 0.5;

/// The first records as one separator splits them.
struct Split {
    /// The line that each begins on, from 1, and its values.
    records: Vec<(u64, Vec<String>)>,
    /// The number of values that the most records have.
    width: usize,
    /// The share of the records that have so many.
    alike: f64,
}

/// Sets separator, escape, preamble and header of a format by the first bytes of a file; returns the number of columns.
pub(super) fn layout(text: &str, format: &mut Format) -> usize {
    let (text, declared) = match text.as_bytes() {
        // What Excel reads and writes as a first line says it itself.
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', sign, b'\r' | b'\n', ..] if sign.is_ascii() => {
            (text.split_once('\n').map_or("", |(_, rest)| rest), Some(*sign))
        }
        _ => (text, None),
    };
    let delimiter = declared.unwrap_or_else(|| delimiter(text));
    format.delimiter = delimiter;
    let mut found = split(text, format);
    if declared.is_none() && (found.width < 2 || found.alike < ALIKE) {
        let spaces = Format { delimiter: b' ', delimiter_runs: true, ..format.clone() };
        let by_spaces = split(text, &spaces);
        if by_spaces.width >= 2 && by_spaces.alike > 0.9 {
            (*format, found) = (spaces, by_spaces);
        }
    }
    format.escape = escape(text, format);
    let header = found.records.iter().take(PREAMBLE).find(|(_, values)| is_full(values, found.width));
    if let (Some((line, _)), None) = (header, declared) {
        format.skip_rows = u32::try_from(line.saturating_sub(1)).unwrap_or(0);
    }
    let from = |line: u64| found.records.iter().filter(move |(at, _)| *at >= line).map(|(_, values)| values.as_slice());
    if let Some((line, first)) = header
        && is_like_the_rest(first, from(line + 1))
    {
        format.header = CsvHeader::None;
    }
    found.width
}

/// Whether a record has a value for most columns, as a header has and a title above it does not.
fn is_full(values: &[String], width: usize) -> bool {
    let filled = values.iter().filter(|value| !value.trim().is_empty()).count();
    width < 2 || (values.len() >= width && filled * 10 >= width * 6)
}

/// Whether the first record has numbers and days wherever the others have: then it is no header.
fn is_like_the_rest<'v>(first: &[String], rest: impl Iterator<Item = &'v [String]>) -> bool {
    let rest: Vec<&[String]> = rest.take(50).collect();
    let usual = |at: usize| {
        let kinds: Vec<Measure> = rest
            .iter()
            .filter_map(|values| values.get(at))
            .filter(|value| !value.trim().is_empty())
            .map(|value| measure(value))
            .collect();
        let kind = [Measure::Number, Measure::Year, Measure::Day]
            .into_iter()
            .find(|kind| kinds.iter().filter(|k| *k == kind).count() * 10 >= kinds.len() * 9);
        kind.filter(|_| !kinds.is_empty())
    };
    let columns: Vec<(usize, Measure)> = (0..first.len()).filter_map(|at| Some((at, usual(at)?))).collect();
    !columns.is_empty() && columns.iter().all(|(at, kind)| measure(&first[*at]) == *kind)
}

/// What a value measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Measure {
    Number,
    /// A number from 1900 to 2100: a column may be called so.
    Year,
    Day,
    Nothing,
}

fn measure(value: &str) -> Measure {
    let value = value.trim().trim_start_matches(['¥', '$', '€', '£']);
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    match double(value) {
        Some(number) if digits == 4 && value.len() == 4 && (1900.0..2100.0).contains(&number) => Measure::Year,
        Some(_) if digits > 0 => Measure::Number,
        _ if digits >= 6 && value.bytes().all(|b| b.is_ascii_digit() || b"-/.: TZ+".contains(&b)) => Measure::Day,
        _ => Measure::Nothing,
    }
}

/// The separator that splits the most records alike, and them into the most values.
fn delimiter(text: &str) -> u8 {
    let score = |delimiter: &u8| {
        let split = split(text, &Format { delimiter: *delimiter, ..Format::new(Container::Csv) });
        // One value a record is what every text has under a separator that it does not use.
        if split.width < 2 { 0 } else { (split.alike * 1000.0) as usize * 1000 + split.width.min(999) }
    };
    // Of equals the first: it is the likeliest.
    DELIMITERS.into_iter().rev().max_by_key(score).unwrap_or(b',')
}

fn split(text: &str, format: &Format) -> Split {
    let mut splitter = Splitter::new(text.as_bytes(), signs(format), bounds(&Limits::default()));
    let mut records = Vec::new();
    // A record that cannot be read ends the sample.
    while records.len() < RECORDS && splitter.next().is_ok_and(|more| more) {
        let value = |at: usize| splitter.value(at).map(|v| String::from_utf8_lossy(&v).into_owned());
        let values: Vec<String> = (0..splitter.len()).filter_map(value).collect();
        records.push((splitter.line(), values));
    }
    // What follows a preamble says more than the preamble, the last record may be cut.
    let mut widths: Vec<usize> = records.iter().map(|(_, values)| values.len()).collect();
    if widths.len() > 10 {
        widths.pop();
    }
    let count = |width: usize| widths.iter().filter(|w| **w == width).count();
    let width = widths.iter().copied().max_by_key(|width| (count(*width), *width)).unwrap_or(0);
    let alike = count(width) as f64 / widths.len().max(1) as f64;
    Split { records, width, alike }
}

/// How quotation marks inside values are escaped: with a backslash, if fewer records are damaged then.
fn escape(text: &str, format: &Format) -> Escape {
    if !text.contains("\\\"") {
        return Escape::Double;
    }
    let damaged = |escape: Escape| {
        let format = Format { escape, ..format.clone() };
        let mut records = Splitter::new(text.as_bytes(), signs(&format), bounds(&Limits::default()));
        let (mut all, mut damaged) = (0, 0);
        while all < RECORDS && records.next().is_ok_and(|more| more) {
            all += 1;
            damaged += usize::from(records.damage().is_some());
        }
        damaged
    };
    if damaged(Escape::Backslash) < damaged(Escape::Double) { Escape::Backslash } else { Escape::Double }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> (Format, usize) {
        let mut format = Format::new(Container::Csv);
        let columns = layout(text, &mut format);
        (format, columns)
    }

    #[test]
    fn separators_are_found() {
        for (text, delimiter, columns) in [
            ("a;b;c\n1,5;2;3\n2,5;3;4\n", b';', 3),
            ("a\tb\n1, 2\t3\n", b'\t', 2),
            ("a,b\n\"x;y;z\",2\n", b',', 2),
            ("alone\n1\n2\n", b',', 1),
            ("a|b|c\n1|2|3\n", b'|', 3),
            ("sep=;\na;b,c\n1;2,3\n", b';', 2),
            ("Report; of May\n\na,b,c\n1,2,3\n4,5,6\n", b',', 3),
        ] {
            let (format, found) = found(text);
            assert_eq!((format.delimiter, found), (delimiter, columns), "{text}");
        }
        let (spaces, columns) = found("id  date      n\n1   19970101  3\n22  19970118  1\n333 19970802  2\n");
        assert!(spaces.delimiter_runs && columns == 3);
        assert_eq!(found("a,b\n\"x \\\" y\",1\n").0.escape, Escape::Backslash);
        assert_eq!(found("a,b\n\"x\\\",1\n").0.escape, Escape::Double);
    }

    #[test]
    fn what_is_above_the_header_is_skipped() {
        for (text, skipped) in [
            ("Card transactions 2018-19\n\nDate,Supplier,Amount\n2018-07-02,S1,2.50\n2018-07-03,S2,5.00\n", 2),
            ("Report,,\nMay 2026,,\nday,shop,sold\n2026-05-01,S1,3\n2026-05-02,S2,4\n", 2),
            ("# made by the till\n# version 3\nday,shop\n2026-05-01,S1\n", 2),
            ("day,shop\n2026-05-01,S1\n", 0),
        ] {
            let (format, _) = found(text);
            assert_eq!((format.skip_rows, format.header), (skipped, CsvHeader::First), "{text}");
        }
    }

    #[test]
    fn a_file_without_header_begins_like_it_goes_on() {
        for (text, header) in [
            ("2018-07-02,S1,2.50\n2018-07-03,S2,5.00\n", CsvHeader::None),
            ("1,Anna,3\n2,Ben,4\n", CsvHeader::None),
            ("shop,2025,2026\nS1,3,4\nS2,5,6\n", CsvHeader::First),
            ("day,shop\n2018-07-02,S1\n", CsvHeader::First),
            ("name,city\nAnna,Berlin\n", CsvHeader::First),
        ] {
            assert_eq!(found(text).0.header, header, "{text}");
        }
    }
}
