//! CSV text → records, under limits.
//!
//! The `csv` crate reads the same records, and the tests hold this against it. It cannot say, though, that a quotation
//! mark was opened and never closed, and it grows a record before anybody can ask how large it is.

use crate::source::fill;
use memchr::{memchr, memchr2, memchr3};
use std::borrow::Cow;
use std::io::{self, Read};

const CHUNK: usize = 256 * 1024;

/// What separates and encloses values.
#[derive(Debug, Clone)]
pub(crate) struct Signs {
    pub delimiter: u8,
    pub quote: Option<u8>,
    /// How lines begin that are no records; empty: none do.
    pub comment: Vec<u8>,
}

/// What a record may be at most: bytes, bytes of a value, values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub record: u64,
    pub field: u64,
    pub columns: usize,
}

/// Why there is no next record.
#[derive(Debug)]
pub(crate) enum SplitFault {
    /// Reading failed; what came before was given.
    Read(io::Error),
    /// The value at this position, from 0, is too large.
    Field(usize),
    /// The record is too large.
    Record,
    /// The record has too many values.
    Columns,
    /// A quotation mark is never closed.
    Unclosed,
}

/// Where a value stands in the buffer.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: usize,
    end: usize,
    /// It is not there as it is meant: a quotation mark is doubled, or something follows the closing one.
    escaped: bool,
}

/// What became of an attempt to read a record from what the buffer holds.
enum Parsed {
    /// The record ends before this place.
    Whole(usize),
    /// More text is needed; the last value begins here.
    Part(usize),
    Columns,
    Unclosed,
}

/// Splits UTF-8 text into records. Lines end with LF, CR or both; blank lines are no records; a quotation mark encloses
/// a value if it is the first sign of it.
pub(crate) struct Splitter<R> {
    source: R,
    signs: Signs,
    bounds: Bounds,
    buffer: Vec<u8>,
    /// Where the next record begins.
    at: usize,
    ended: bool,
    /// What reading failed with, once everything before is given.
    failed: Option<io::Error>,
    fields: Vec<Span>,
    size: usize,
    comments: u64,
}

impl<R: Read> Splitter<R> {
    pub(crate) fn new(source: R, signs: Signs, bounds: Bounds) -> Self {
        Self {
            source,
            signs,
            bounds,
            buffer: Vec::new(),
            at: 0,
            ended: false,
            failed: None,
            fields: Vec::new(),
            size: 0,
            comments: 0,
        }
    }

    /// Passes over lines, whatever is in them, and says how many there were.
    pub(crate) fn skip_lines(&mut self, lines: u32) -> Result<u64, SplitFault> {
        let mut passed = 0;
        for _ in 0..lines {
            if self.at == self.buffer.len() && !self.more()? {
                break;
            }
            self.skip_line()?;
            passed += 1;
        }
        Ok(passed)
    }

    /// Reads the next record, if there is one.
    pub(crate) fn next(&mut self) -> Result<bool, SplitFault> {
        loop {
            if !self.begin()? {
                return Ok(false);
            }
            match self.parse() {
                Parsed::Whole(end) => {
                    self.size = end - self.at;
                    self.at = end;
                    return self.bounded().map(|()| true);
                }
                Parsed::Part(value) => {
                    let (held, begun) = (self.buffer.len() - self.at, self.buffer.len() - value);
                    if begun as u64 > self.bounds.field {
                        return Err(SplitFault::Field(self.fields.len()));
                    }
                    if held as u64 > self.bounds.record {
                        return Err(SplitFault::Record);
                    }
                    self.more()?;
                }
                Parsed::Columns => return Err(SplitFault::Columns),
                Parsed::Unclosed => return Err(SplitFault::Unclosed),
            }
        }
    }

    /// How many values the record has.
    pub(crate) fn len(&self) -> usize {
        self.fields.len()
    }

    /// How many bytes the record takes up.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Lines passed over because they begin as remarks do.
    pub(crate) fn comments(&self) -> u64 {
        self.comments
    }

    /// A value of the record, without what encloses it.
    pub(crate) fn value(&self, position: usize) -> Option<Cow<'_, [u8]>> {
        let span = self.fields.get(position)?;
        let text = &self.buffer[span.start..span.end];
        Some(if span.escaped {
            let mut plain = Vec::with_capacity(text.len());
            unescape(text, self.signs.quote, &mut plain);
            Cow::Owned(plain)
        } else {
            Cow::Borrowed(text)
        })
    }

    /// Reads more text behind what is not yet given; says whether anything more can be expected.
    fn more(&mut self) -> Result<bool, SplitFault> {
        if let Some(error) = self.failed.take() {
            return Err(SplitFault::Read(error));
        }
        if self.ended {
            return Ok(false);
        }
        self.buffer.drain(..self.at);
        self.at = 0;
        // As much again as there is: what is looked through anew each time doubles.
        let want = self.buffer.len() + self.buffer.len().max(CHUNK);
        match fill(&mut self.source, &mut self.buffer, want) {
            Ok(ended) => self.ended = ended,
            Err(error) => self.failed = Some(error),
        }
        Ok(true)
    }

    /// Goes to the beginning of the next record, past blank lines and remarks; says whether there is one.
    fn begin(&mut self) -> Result<bool, SplitFault> {
        loop {
            let blank = self.buffer[self.at..].iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
            self.at += blank;
            if self.at == self.buffer.len() {
                if !self.more()? {
                    return Ok(false);
                }
                continue;
            }
            let comment = &self.signs.comment;
            if comment.is_empty() {
                return Ok(true);
            }
            let rest = &self.buffer[self.at..];
            if rest.len() < comment.len() && comment.starts_with(rest) && !self.ended {
                self.more()?;
            } else if rest.starts_with(comment) {
                self.comments += 1;
                self.skip_line()?;
            } else {
                return Ok(true);
            }
        }
    }

    /// Passes over the rest of a line and its end. Nothing of it is held.
    fn skip_line(&mut self) -> Result<(), SplitFault> {
        loop {
            if let Some(end) = memchr2(b'\r', b'\n', &self.buffer[self.at..]) {
                let return_first = self.buffer[self.at + end] == b'\r';
                self.at += end + 1;
                if return_first {
                    if self.at == self.buffer.len() {
                        self.more()?;
                    }
                    self.at += usize::from(self.buffer.get(self.at) == Some(&b'\n'));
                }
                return Ok(());
            }
            self.at = self.buffer.len();
            if !self.more()? {
                return Ok(());
            }
        }
    }

    /// Finds the values of the record that begins at `self.at`.
    fn parse(&mut self) -> Parsed {
        let (text, ended) = (self.buffer.as_slice(), self.ended);
        let delimiter = self.signs.delimiter;
        let rest_of_value = |from: usize| match memchr3(delimiter, b'\r', b'\n', &text[from..]) {
            Some(at) => Some(from + at),
            None => ended.then_some(text.len()),
        };
        self.fields.clear();
        let mut start = self.at;
        loop {
            let opened = text.get(start).is_some_and(|b| Some(*b) == self.signs.quote);
            let (span, end) = if opened {
                let quote = text[start];
                let (mut from, mut escaped) = (start + 1, false);
                let close = loop {
                    let Some(at) = memchr(quote, &text[from..]) else {
                        return if ended { Parsed::Unclosed } else { Parsed::Part(start) };
                    };
                    match text.get(from + at + 1) {
                        Some(next) if *next == quote => (from, escaped) = (from + at + 2, true),
                        None if !ended => return Parsed::Part(start),
                        _ => break from + at,
                    }
                };
                match rest_of_value(close + 1) {
                    None => return Parsed::Part(start),
                    Some(end) if end > close + 1 => (Span { start, end, escaped: true }, end),
                    Some(end) if escaped => (Span { start, end, escaped }, end),
                    Some(end) => (Span { start: start + 1, end: close, escaped }, end),
                }
            } else {
                match rest_of_value(start) {
                    None => return Parsed::Part(start),
                    Some(end) => (Span { start, end, escaped: false }, end),
                }
            };
            if self.fields.len() >= self.bounds.columns {
                return Parsed::Columns;
            }
            self.fields.push(span);
            match text.get(end) {
                Some(b'\n') | None => return Parsed::Whole((end + 1).min(text.len())),
                // The other half of a line's end that the buffer lacks is a blank line later.
                Some(b'\r') => return Parsed::Whole(end + 1 + usize::from(text.get(end + 1) == Some(&b'\n'))),
                Some(_) => start = end + 1,
            }
        }
    }

    fn bounded(&self) -> Result<(), SplitFault> {
        let size = self.size as u64;
        if size > self.bounds.field {
            let large = |span: &Span| (span.end - span.start) as u64 > self.bounds.field;
            if let Some(position) = self.fields.iter().position(large) {
                return Err(SplitFault::Field(position));
            }
        }
        if size > self.bounds.record { Err(SplitFault::Record) } else { Ok(()) }
    }
}

/// Takes off what encloses a value: of doubled quotation marks one stays, and what follows the closing one stays as it is.
fn unescape(text: &[u8], quote: Option<u8>, out: &mut Vec<u8>) {
    let (Some(quote), Some((_, mut rest))) = (quote, text.split_first()) else {
        return out.extend_from_slice(text);
    };
    while let Some(at) = memchr(quote, rest) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        match rest.split_first() {
            Some((next, after)) if *next == quote => {
                out.push(quote);
                rest = after;
            }
            _ => break,
        }
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    const BOUNDS: Bounds = Bounds { record: 1 << 20, field: 1 << 19, columns: 1000 };

    fn signs(delimiter: u8, quote: Option<u8>, comment: &str) -> Signs {
        Signs { delimiter, quote, comment: comment.into() }
    }

    /// Gives a few bytes at a time.
    struct Dribble<'a>(&'a [u8], usize);
    impl Read for Dribble<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let n = self.1.min(self.0.len()).min(buffer.len());
            buffer[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    fn all<R: Read>(mut splitter: Splitter<R>) -> Result<Vec<Vec<String>>, SplitFault> {
        let mut records = Vec::new();
        while splitter.next()? {
            let value = |i| String::from_utf8_lossy(&splitter.value(i).unwrap()).into_owned();
            records.push((0..splitter.len()).map(value).collect());
        }
        Ok(records)
    }

    fn split(text: &str) -> Result<Vec<Vec<String>>, SplitFault> {
        all(Splitter::new(text.as_bytes(), signs(b',', Some(b'"'), ""), BOUNDS))
    }

    #[test]
    fn quotes_and_line_ends() {
        let records = split("a,b\r\n\r\n\"x, \"\"y\"\"\nz\",1\r2\n\"q\"r\"s\",\n,").unwrap();
        let expected: [&[&str]; 5] = [&["a", "b"], &["x, \"y\"\nz", "1"], &["2"], &["qr\"s\"", ""], &["", ""]];
        assert_eq!(records, expected);
        assert_eq!(split("").unwrap().len() + split("\r\n\n").unwrap().len(), 0);
        let none = Splitter::new("\"a,b\n\"".as_bytes(), signs(b',', None, ""), BOUNDS);
        assert_eq!(all(none).unwrap(), [vec!["\"a", "b"], vec!["\""]]);
    }

    #[test]
    fn what_is_opened_is_closed() {
        assert!(matches!(split("a\n\"b,c\nd"), Err(SplitFault::Unclosed)));
        assert!(matches!(split("a\n\"b\"\""), Err(SplitFault::Unclosed)));
        assert_eq!(split("a\"\n").unwrap(), [["a\""]]);
    }

    #[test]
    fn remarks_and_preambles_are_counted() {
        let text = "report \"1\r\nof,today\r\n# x \"\n\na,b\n#,1\n# y\r\n1,#2\n#";
        for piece in 1..9 {
            let source = Dribble(text.as_bytes(), piece);
            let mut splitter = Splitter::new(source, signs(b',', Some(b'"'), "# "), BOUNDS);
            assert_eq!(splitter.skip_lines(2).unwrap(), 2);
            let mut records = Vec::new();
            while splitter.next().unwrap() {
                records.push((0..splitter.len()).map(|i| splitter.value(i).unwrap().into_owned()).collect::<Vec<_>>());
            }
            assert_eq!(records.len(), 4, "{records:?}");
            assert_eq!((records[0].concat(), records[3].concat()), (b"ab".to_vec(), b"#".to_vec()));
            assert_eq!(splitter.comments(), 2);
        }
        let mut short = Splitter::new("a\nb".as_bytes(), signs(b',', None, ""), BOUNDS);
        assert_eq!(short.skip_lines(7).unwrap(), 2);
        assert!(!short.next().unwrap());
    }

    #[test]
    fn bounds_hold_while_reading() {
        let bounds = Bounds { record: 100, field: 10, columns: 3 };
        let with = |text: &str| all(Splitter::new(text.as_bytes(), signs(b',', Some(b'"'), ""), bounds));
        assert!(with("1234567890,1,2\n").is_ok());
        assert!(matches!(with("1,12345678901\n"), Err(SplitFault::Field(1))));
        assert!(matches!(with("1,2,3,4\n"), Err(SplitFault::Columns)));
        assert!(matches!(with("1,\"12345678901"), Err(SplitFault::Unclosed | SplitFault::Field(1))));
        let wide = Bounds { columns: 1000, ..bounds };
        let many = "1,".repeat(60);
        let found = all(Splitter::new(many.as_bytes(), signs(b',', None, ""), wide));
        assert!(matches!(found, Err(SplitFault::Record)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn records_are_those_of_the_csv_crate(text in "[ab,;\"\r\n]{0,60}", piece in 1usize..20, quoted in any::<bool>()) {
            let quote = quoted.then_some(b'"');
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .quoting(quoted)
                .from_reader(text.as_bytes());
            let expected: Vec<Vec<String>> =
                reader.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect();
            match all(Splitter::new(Dribble(text.as_bytes(), piece), signs(b',', quote, ""), BOUNDS)) {
                Ok(found) => prop_assert_eq!(found, expected),
                // The crate takes what is never closed for closed at the end: then closing it changes nothing.
                Err(SplitFault::Unclosed) => {
                    let closed = split(&format!("{text}\""));
                    prop_assert_eq!(closed.unwrap(), expected);
                }
                Err(other) => prop_assert!(false, "{:?}", other),
            }
        }
    }
}
