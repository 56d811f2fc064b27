//! Records with quotation marks or backslashes in them.
//!
//! A line is read strictly: a value is enclosed whole, or holds no quotation mark. What a quotation mark opens and the line
//! does not close may go on in the next line; it does so only where the field says `multiline`, and where the lines are not
//! as well records by themselves. Everything else is damage, and the line is a record of its own: nothing is swallowed.

use super::super::batch::RecordFault;
use super::{Form, Parsed, Signs, Span, Splitter, after_line};
use memchr::{memchr, memchr2, memmem};
use std::io::Read;
use std::ops::Range;

/// How far the end of a value is looked for that may not contain line ends: only to tell what kind of damage it is.
const REACH: usize = 64 * 1024;

/// How far strict splitting came.
enum Reached {
    /// The end of the line.
    End,
    /// A value that the line does not close.
    Open,
    /// A quotation mark that neither opens nor closes a value.
    Misplaced,
    /// More values than a record may have.
    Columns,
}

/// What a value that is open at the end of its line turns out to be.
enum Joined {
    /// The record ends with the line that ends here, and these of its values contain line ends: from the first of these
    /// marks to the second.
    Record {
        end: usize,
        open: Vec<usize>,
        marks: (usize, usize),
    },
    /// More text is needed.
    Part,
    /// No sound record: the mark that opened the value is a stray one.
    Stray,
    Columns,
}

/// A stretch of text and how it is written.
struct Line<'t> {
    text: &'t [u8],
    signs: &'t Signs,
    columns: usize,
}

impl<R: Read> Splitter<R> {
    /// Finds the values of a record that the fast way cannot read. `fields` is empty.
    pub(super) fn parse_marked(&mut self) -> Parsed {
        let mut fields = std::mem::take(&mut self.fields);
        let parsed = self.split_marked(&mut fields);
        self.fields = fields;
        parsed
    }

    fn split_marked(&mut self, fields: &mut Vec<Span>) -> Parsed {
        let (text, at) = (self.buffer.as_slice(), self.at);
        let line = Line { text, signs: &self.signs, columns: self.bounds.columns };
        let Some(end) = line_end(text, at, self.ended) else {
            return match line.split(at, text.len(), fields) {
                Reached::Columns => Parsed::Columns,
                Reached::Misplaced => Parsed::Part(text.len()),
                Reached::End | Reached::Open => Parsed::Part(fields.pop().map_or(at, |last| last.start)),
            };
        };
        if at < self.doubtful_until {
            let damage = line.damage(at, end);
            return self.damaged(end, damage, fields);
        }
        match line.split(at, end, fields) {
            Reached::End => {
                self.lines += 1;
                Parsed::Whole(after_line(text, end))
            }
            Reached::Columns => Parsed::Columns,
            Reached::Misplaced => {
                let damage = line.damage(at, end);
                self.damaged(end, damage, fields)
            }
            Reached::Open => match self.join(end, fields) {
                Joined::Part => Parsed::Part(fields.pop().map_or(at, |last| last.start)),
                Joined::Columns => Parsed::Columns,
                Joined::Stray => {
                    let damage = line.damage(at, end);
                    self.damaged(end, damage, fields)
                }
                Joined::Record { end: last, marks, .. } if self.looks_like_records(at, last, marks) => {
                    let damage = line.damage(at, end);
                    self.doubtful_until = last;
                    self.damaged(end, damage, fields)
                }
                Joined::Record { end: last, open, .. } => {
                    let may = |position: &usize| {
                        self.multiline.as_ref().is_none_or(|columns| columns.get(*position) == Some(&true))
                    };
                    self.damage = (!open.iter().all(may)).then_some(RecordFault::Multiline);
                    self.lines += lines(&self.buffer, at, last).count() as u64;
                    Parsed::Whole(after_line(&self.buffer, last))
                }
            },
        }
    }

    /// Takes the line for a damaged record: its values are what stands between delimiters.
    fn damaged(&mut self, end: usize, damage: RecordFault, fields: &mut Vec<Span>) -> Parsed {
        fields.clear();
        let mut start = self.at;
        loop {
            if fields.len() >= self.bounds.columns {
                return Parsed::Columns;
            }
            let stop = memchr(self.signs.delimiter, &self.buffer[start..end]).map_or(end, |at| start + at);
            fields.push(Span { start, end: stop, form: Form::Plain });
            if stop == end {
                break;
            }
            start = stop + 1;
        }
        self.damage = Some(damage);
        self.lines += 1;
        Parsed::Whole(after_line(&self.buffer, end))
    }

    /// Looks for the end of the last of `fields`, which is open where its line ends, and of the record.
    fn join(&self, mut end: usize, fields: &mut Vec<Span>) -> Joined {
        let (text, bounds) = (self.buffer.as_slice(), self.bounds);
        let line = Line { text, signs: &self.signs, columns: bounds.columns };
        let (mut open, mut opened) = (Vec::new(), None);
        loop {
            let Some(start) = fields.last().map(|last| last.start) else { return Joined::Stray };
            let position = fields.len() - 1;
            open.push(position);
            let may = self.multiline.as_ref().is_none_or(|columns| columns.get(position) == Some(&true));
            // Of a value that may not contain line ends it only matters which damage this is.
            let reach = if may { bounds.field as usize } else { REACH.min(bounds.field as usize) };
            let beyond = |place: usize| place - start > reach || (place - self.at) as u64 > bounds.record;
            let close =
                line.opened(start, text.len()).and_then(|mark| line.close_of(mark, text.len()).map(|at| (mark, at)));
            let Some((mark, close)) = close else {
                return if self.ended || beyond(text.len()) { Joined::Stray } else { Joined::Part };
            };
            opened = opened.or(Some(mark));
            if beyond(close) {
                return Joined::Stray;
            }
            let Some(next) = line_end(text, close + 1, self.ended) else {
                return if beyond(text.len()) { Joined::Stray } else { Joined::Part };
            };
            end = end.max(next);
            fields.pop();
            let reached = match line.enclosed(mark, close, end, fields) {
                None => Reached::Misplaced,
                Some(None) => Reached::End,
                Some(Some(next)) => line.split(next, end, fields),
            };
            match reached {
                Reached::End => {
                    return Joined::Record { end, open, marks: (opened.unwrap_or(mark), close) };
                }
                Reached::Columns => return Joined::Columns,
                Reached::Misplaced => return Joined::Stray,
                Reached::Open => {}
            }
        }
    }

    /// Whether the lines of what may be one record are records by themselves if the mark that opens its first value with a
    /// line end and the one that closes the last are stray: then which it is would be a guess.
    fn looks_like_records(&self, from: usize, to: usize, marks: (usize, usize)) -> bool {
        let Some(columns) = self.multiline.as_ref().map(Vec::len).filter(|columns| *columns > 1) else { return false };
        let whole = |range: &Range<usize>| {
            let bytes = range.clone().filter(|at| *at != marks.0 && *at != marks.1).map(|at| self.buffer[at]);
            let text: Vec<u8> = bytes.collect();
            let mut fields = Vec::new();
            let line = Line { text: &text, signs: &self.signs, columns: self.bounds.columns };
            matches!(line.split(0, text.len(), &mut fields), Reached::End) && fields.len() >= columns
        };
        let all: Vec<Range<usize>> = lines(&self.buffer, from, to).collect();
        let [first, within @ .., last] = all.as_slice() else { return false };
        within.iter().any(whole) || (whole(first) && whole(last))
    }
}

impl Line<'_> {
    /// Splits a line strictly, from a place on. A value that stays open is the last of the fields.
    fn split(&self, mut start: usize, end: usize, fields: &mut Vec<Span>) -> Reached {
        loop {
            if fields.len() >= self.columns {
                return Reached::Columns;
            }
            let next = match self.opened(start, end) {
                Some(open) => {
                    let Some(close) = self.close_of(open, end) else {
                        fields.push(Span { start, end, form: Form::Marked });
                        return Reached::Open;
                    };
                    let Some(next) = self.enclosed(open, close, end, fields) else { return Reached::Misplaced };
                    next
                }
                None => {
                    let Some(stop) = self.value_end(start, end) else { return Reached::Misplaced };
                    let value = &self.text[start..stop];
                    let marked = (self.signs.backslash && memchr(b'\\', value).is_some()) || is_protected(value);
                    fields.push(Span { start, end: stop, form: if marked { Form::Marked } else { Form::Plain } });
                    self.next_value(stop, end)
                }
            };
            match next {
                Some(next) => start = next,
                None => return Reached::End,
            }
        }
    }

    /// Takes the value between two marks; returns where the next one begins, if there is one. `None` if something else than a
    /// delimiter follows the closing mark.
    fn enclosed(&self, open: usize, close: usize, end: usize, fields: &mut Vec<Span>) -> Option<Option<usize>> {
        let stop = close + 1;
        if stop < end && self.text[stop] != self.signs.delimiter {
            return None;
        }
        let (quote, inner) = (self.text[open], &self.text[open + 1..close]);
        let plain = memchr2(quote, b'\\', inner).is_none_or(|at| inner[at] != quote && !self.signs.backslash);
        fields.push(match plain {
            true => Span { start: open + 1, end: close, form: Form::Plain },
            false => Span { start: open, end: stop, form: Form::Marked },
        });
        Some(self.next_value(stop, end))
    }

    /// Where the value after a delimiter begins, if there is one.
    fn next_value(&self, stop: usize, end: usize) -> Option<usize> {
        if stop >= end {
            return None;
        }
        if !self.signs.runs {
            return Some(stop + 1);
        }
        let run = self.text[stop..end].iter().take_while(|b| **b == self.signs.delimiter).count();
        (stop + run < end).then_some(stop + run)
    }

    /// The place of the quotation mark that opens the value at `start`: its first sign, or the second of `="00123"`.
    fn opened(&self, start: usize, end: usize) -> Option<usize> {
        match (&self.text[start..end], self.signs.quote) {
            ([first, ..], Some(quote)) if *first == quote => Some(start),
            ([b'=', b'"', ..], Some(b'"')) => Some(start + 1),
            _ => None,
        }
    }

    /// The place of the mark that closes what the mark at `open` opens.
    fn close_of(&self, open: usize, end: usize) -> Option<usize> {
        let quote = self.text[open];
        let mut from = open + 1;
        loop {
            let rest = self.text[..end].get(from..)?;
            let at = if self.signs.backslash { memchr2(quote, b'\\', rest) } else { memchr(quote, rest) }? + from;
            if self.text[at] != quote || self.text[..end].get(at + 1) == Some(&quote) {
                // A doubled mark, or a backslash and what it escapes.
                from = at + 2;
            } else {
                return Some(at);
            }
        }
    }

    /// Where the value that nothing encloses ends; `None` if a quotation mark is in it, or a line end is escaped.
    fn value_end(&self, start: usize, end: usize) -> Option<usize> {
        let (delimiter, quote) = (self.signs.delimiter, self.signs.quote);
        if !self.signs.backslash {
            let stop = memchr(delimiter, &self.text[start..end]).map_or(end, |at| start + at);
            let misplaced = quote.is_some_and(|quote| memchr(quote, &self.text[start..stop]).is_some());
            return (!misplaced).then_some(stop);
        }
        let mut at = start;
        while at < end {
            match self.text[at] {
                b'\\' if at + 1 == end => return None,
                b'\\' => at += 2,
                sign if sign == delimiter => return Some(at),
                sign if Some(sign) == quote => return None,
                _ => at += 1,
            }
        }
        Some(end)
    }

    /// What kind of damage a line has.
    fn damage(&self, from: usize, end: usize) -> RecordFault {
        let escaped = self.signs.quote.is_some_and(|q| memmem::find(&self.text[from..end], &[b'\\', q]).is_some());
        if escaped && !self.signs.backslash { RecordFault::Escape } else { RecordFault::Quote }
    }
}

/// Whether a value is a text that Excel is kept from taking for a number: `="00123"`.
fn is_protected(value: &[u8]) -> bool {
    matches!(value, [b'=', b'"', inner @ .., b'"'] if memchr(b'"', inner).is_none())
}

/// Where the line ends that goes on at `from`.
fn line_end(text: &[u8], from: usize, ended: bool) -> Option<usize> {
    match memchr2(b'\r', b'\n', text.get(from..).unwrap_or_default()) {
        Some(at) => Some(from + at),
        None => ended.then_some(text.len()),
    }
}

/// Lines of a stretch of text, without their ends.
fn lines(text: &[u8], from: usize, to: usize) -> impl Iterator<Item = Range<usize>> {
    let mut next = Some(from);
    std::iter::from_fn(move || {
        let start = next?;
        let end = memchr2(b'\r', b'\n', &text[start..to]).map_or(to, |at| start + at);
        next = (end < to).then(|| after_line(text, end));
        Some(start..end)
    })
}

/// A value as it is meant: without what encloses it, doubled marks and backslashes resolved, and without what makes a
/// text of a number in Excel (`="00123"`). A backslash stands before a quotation mark, a backslash, the delimiter or a line
/// end, as MySQL and PHP write it; before anything else it is itself, so that `\N` can be one of the `null_values`.
pub(super) fn plain(text: &[u8], signs: &Signs) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    if is_protected(text) {
        return text[2..text.len() - 1].to_vec();
    }
    let (quote, inner) = match text {
        [first, inner @ .., _] if Some(*first) == signs.quote => (signs.quote, inner),
        other => (None, other),
    };
    let mut rest = inner;
    while let Some((sign, after)) = rest.split_first() {
        let next = after.first().copied();
        let doubled = quote.is_some() && Some(*sign) == quote && next == quote;
        let escaped = signs.backslash
            && *sign == b'\\'
            && next
                .is_some_and(|n| Some(n) == signs.quote || n == signs.delimiter || matches!(n, b'\\' | b'\r' | b'\n'));
        match next {
            Some(next) if doubled || escaped => {
                out.push(next);
                rest = &after[1..];
            }
            _ => {
                out.push(*sign);
                rest = after;
            }
        }
    }
    match is_protected(&out) {
        true => out[2..out.len() - 1].to_vec(),
        false => out,
    }
}
