//! CSV text → records, under limits; a record with a misplaced quotation mark ends where its line ends.
//!
//! The `csv` crate reads the same records from sound text, and the tests compare both. It accepts quotation marks anywhere,
//! though, so that one inch mark merges many records into one, and it grows a record before its size can be checked.

mod marked;
#[cfg(test)]
mod tests;

use super::batch::RecordFault;
use crate::source::fill;
use memchr::{memchr, memchr2, memchr3};
use std::borrow::Cow;
use std::io::{self, Read};

const CHUNK: usize = 256 * 1024;
/// The UTF-8 byte-order mark, which concatenated files have in their middle.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// What separates and encloses values.
#[derive(Debug, Clone)]
pub(crate) struct Signs {
    pub delimiter: u8,
    /// Whether several delimiters in a row separate two values, and those at the ends of a line none.
    pub runs: bool,
    pub quote: Option<u8>,
    /// Whether a backslash takes the meaning from the sign after it.
    pub backslash: bool,
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
}

/// Where a value is in the buffer.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: usize,
    end: usize,
    form: Form,
}

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// As it is meant.
    Plain,
    /// With signs that enclose or escape something.
    Marked,
}

/// What became of an attempt to read a record from what the buffer has.
enum Parsed {
    /// The record ends before this place.
    Whole(usize),
    /// More text is needed; the last value begins here.
    Part(usize),
    Columns,
}

/// Splits UTF-8 text into records. Lines end with LF, CR or both; blank lines are no records; a quotation mark encloses
/// a value if it is the first sign of it. A record whose quotation marks do not fit that is damaged: see
/// [`Splitter::damage`].
pub(crate) struct Splitter<R> {
    source: R,
    signs: Signs,
    bounds: Bounds,
    buffer: Vec<u8>,
    /// Where the next record begins.
    at: usize,
    /// No quotation mark or backslash is between `at` and here.
    clear_until: usize,
    /// Lines that begin before this place are damaged: they are either records or parts of one value.
    doubtful_until: usize,
    ended: bool,
    /// What reading failed with, once everything before is given.
    failed: Option<io::Error>,
    fields: Vec<Span>,
    /// By position: whether a value may contain line ends. `None` before the columns are known.
    multiline: Option<Vec<bool>>,
    damage: Option<RecordFault>,
    size: usize,
    comments: u64,
    /// Lines before `at`.
    lines: u64,
    /// The line that the record begins on, from 1.
    line: u64,
    /// The last line ended with CR, so that an LF at `at` belongs to it.
    after_return: bool,
}

impl<R: Read> Splitter<R> {
    pub(crate) fn new(source: R, signs: Signs, bounds: Bounds) -> Self {
        Self {
            source,
            signs,
            bounds,
            buffer: Vec::new(),
            at: 0,
            clear_until: 0,
            doubtful_until: 0,
            ended: false,
            failed: None,
            fields: Vec::new(),
            multiline: None,
            damage: None,
            size: 0,
            comments: 0,
            lines: 0,
            line: 0,
            after_return: false,
        }
    }

    /// Sets, for each column, whether its values may contain line ends.
    pub(crate) fn expect(&mut self, multiline: Vec<bool>) {
        self.multiline = Some(multiline);
    }

    /// Changes the sign between values.
    pub(crate) fn separate_by(&mut self, delimiter: u8) {
        self.signs.delimiter = delimiter;
    }

    /// Passes over lines, whatever is in them, and returns how many there were.
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

    /// The next line that is not blank, without its end, if it is shorter than `most` bytes. It stays to be read.
    pub(crate) fn peek_line(&mut self, most: usize) -> Result<Option<&[u8]>, SplitFault> {
        while self.begin()? {
            match memchr2(b'\r', b'\n', &self.buffer[self.at..]) {
                Some(end) => return Ok((end < most).then(|| &self.buffer[self.at..self.at + end])),
                None if self.ended || self.buffer.len() - self.at >= most => {
                    let rest = &self.buffer[self.at..];
                    return Ok((rest.len() < most).then_some(rest));
                }
                None => {
                    self.more()?;
                }
            }
        }
        Ok(None)
    }

    /// Reads the next record, if there is one.
    pub(crate) fn next(&mut self) -> Result<bool, SplitFault> {
        loop {
            if !self.begin()? {
                return Ok(false);
            }
            if self.clear_until < self.at {
                self.look_for_marks(self.at);
            }
            self.damage = None;
            self.line = self.lines + 1;
            match self.parse() {
                Parsed::Whole(end) => {
                    self.size = end - self.at;
                    self.after_return = end > 0 && self.buffer[end - 1] == b'\r';
                    self.at = end;
                    return self.bounded().map(|()| true);
                }
                Parsed::Part(value) => {
                    let (kept, begun) = (self.buffer.len() - self.at, self.buffer.len() - value);
                    if begun as u64 > self.bounds.field {
                        return Err(SplitFault::Field(self.fields.len()));
                    }
                    if kept as u64 > self.bounds.record {
                        return Err(SplitFault::Record);
                    }
                    self.more()?;
                }
                Parsed::Columns => return Err(SplitFault::Columns),
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

    /// What is wrong with the record's quotation marks. The values of a damaged record may be in wrong columns.
    pub(crate) fn damage(&self) -> Option<RecordFault> {
        self.damage
    }

    /// The line that the record begins on, from 1.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// Lines read so far, blank ones and those passed over included.
    pub(crate) fn lines(&self) -> u64 {
        self.lines
    }

    /// Lines passed over because they begin as comments do.
    pub(crate) fn comments(&self) -> u64 {
        self.comments
    }

    /// A value of the record, without what encloses it.
    #[inline]
    pub(crate) fn value(&self, position: usize) -> Option<Cow<'_, [u8]>> {
        let span = self.fields.get(position)?;
        let text = &self.buffer[span.start..span.end];
        Some(match span.form {
            Form::Plain => Cow::Borrowed(text),
            Form::Marked => Cow::Owned(marked::plain(text, &self.signs)),
        })
    }

    /// Reads more text behind what is not yet given; returns whether anything more can be expected.
    fn more(&mut self) -> Result<bool, SplitFault> {
        if let Some(error) = self.failed.take() {
            return Err(SplitFault::Read(error));
        }
        if self.ended {
            return Ok(false);
        }
        self.buffer.drain(..self.at);
        self.clear_until = self.clear_until.saturating_sub(self.at);
        self.doubtful_until = self.doubtful_until.saturating_sub(self.at);
        self.at = 0;
        let before = self.buffer.len();
        // As much again as there is: what is searched again each time doubles.
        let want = before + before.max(CHUNK);
        match fill(&mut self.source, &mut self.buffer, want) {
            Ok(ended) => self.ended = ended,
            Err(error) => self.failed = Some(error),
        }
        if self.clear_until >= before {
            self.look_for_marks(before);
        }
        Ok(true)
    }

    /// Finds the first sign from a place on that may give another meaning to what follows.
    fn look_for_marks(&mut self, from: usize) {
        let rest = &self.buffer[from..];
        let quote = self.signs.quote.unwrap_or(b'"');
        let found = match (self.signs.backslash, quote) {
            (false, b'"') => memchr(b'"', rest),
            // `="00123"` is a text to Excel, whatever encloses the values of other programs.
            (false, quote) => memchr2(quote, b'"', rest),
            (true, quote) => memchr3(quote, b'"', b'\\', rest),
        };
        self.clear_until = found.map_or(self.buffer.len(), |at| from + at);
    }

    /// Goes to the beginning of the next record, past blank lines and comments; returns whether there is one.
    fn begin(&mut self) -> Result<bool, SplitFault> {
        loop {
            self.skip_blank();
            if self.at == self.buffer.len() {
                if !self.more()? {
                    return Ok(false);
                }
                continue;
            }
            let rest = &self.buffer[self.at..];
            if rest[0] == MARK[0] {
                if rest.len() < MARK.len() && !self.ended {
                    self.more()?;
                    continue;
                }
                if rest.starts_with(MARK) {
                    self.at += MARK.len();
                    continue;
                }
            }
            if self.signs.runs && rest[0] == self.signs.delimiter {
                self.at += 1;
                continue;
            }
            let comment = &self.signs.comment;
            if comment.is_empty() {
                return Ok(true);
            }
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

    /// Passes over the ends of blank lines.
    fn skip_blank(&mut self) {
        while let Some(sign @ (b'\r' | b'\n')) = self.buffer.get(self.at).copied() {
            let second_half = sign == b'\n' && self.after_return;
            self.lines += u64::from(!second_half);
            self.after_return = sign == b'\r';
            self.at += 1;
        }
        if self.at < self.buffer.len() {
            self.after_return = false;
        }
    }

    /// Passes over the rest of a line and its end. Nothing of it is kept.
    fn skip_line(&mut self) -> Result<(), SplitFault> {
        self.lines += 1;
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
        self.fields.clear();
        if self.signs.runs || self.at < self.doubtful_until {
            return self.parse_marked();
        }
        let (text, ended) = (self.buffer.as_slice(), self.ended);
        let delimiter = self.signs.delimiter;
        let mut start = self.at;
        loop {
            let end = match memchr3(delimiter, b'\r', b'\n', &text[start..]) {
                Some(at) => start + at,
                None if ended => text.len(),
                None if self.clear_until < text.len() => break,
                None => return Parsed::Part(start),
            };
            if end > self.clear_until {
                break;
            }
            if self.fields.len() >= self.bounds.columns {
                return Parsed::Columns;
            }
            self.fields.push(Span { start, end, form: Form::Plain });
            match text.get(end) {
                Some(b'\r' | b'\n') | None => {
                    self.lines += 1;
                    return Parsed::Whole(after_line(text, end));
                }
                Some(_) => start = end + 1,
            }
        }
        self.fields.clear();
        self.parse_marked()
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

/// The place after the end of a line that is at `end`. The other half of it that the buffer lacks is passed over later.
fn after_line(text: &[u8], end: usize) -> usize {
    match text.get(end) {
        None => end,
        Some(b'\r') => end + 1 + usize::from(text.get(end + 1) == Some(&b'\n')),
        Some(_) => end + 1,
    }
}
