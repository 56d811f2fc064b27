//! NDJSON: the reader only finds the records; workers parse them.
//!
//! Lines end with LF, CR or both: JSON has no bare line end inside a string. A line with several objects is several records.

use super::BATCH_BYTES;
use super::batch::{RawBatch, RawData, RowNumbers};
use super::file::{Emit, Job, Learnt, Stop};
use super::names::NameCounts;
use crate::error::ExtractError;
use crate::source::classify;
use memchr::memmem;
use std::io::Read;
use std::ops::Range;

const CHUNK: usize = 1 << 20;
/// Bytes before new text that may belong to what separates two objects.
const LOOK_BACK: usize = 2;

/// Whether two objects may follow each other in a line. Most texts have none of these anywhere.
fn has_neighbours(text: &[u8]) -> bool {
    [b"}{".as_slice(), b"} {", b"},{", b"}\t{", b"} ,", b"}, {"].iter().any(|pair| memmem::find(text, pair).is_some())
}

/// Cuts UTF-8 text into batches of records. Records are numbered by their lines, blank ones counted; each object that follows
/// another on its line adds one.
pub(crate) fn read(
    job: &Job<'_>,
    text: &mut impl Read,
    emit: &mut Emit<'_>,
    learnt: &mut Learnt,
) -> Result<NameCounts, Stop> {
    let mut lines = Lines::default();
    let mut line_number = 0u64;
    let mut more_objects = 0u64;
    let mut records = 0u64;
    loop {
        let mut spans: Vec<Range<usize>> = Vec::with_capacity(job.batch_rows.min(1 << 16));
        let mut numbers = Vec::with_capacity(job.batch_rows.min(1 << 16));
        let mut more = true;
        while spans.len() < job.batch_rows && lines.line_start < BATCH_BYTES {
            let Some(span) = lines.next(job, text, line_number)? else {
                more = false;
                break;
            };
            line_number += 1;
            if lines.several {
                let objects = objects(&lines.buffer[span.clone()]);
                if objects.len() > 1 {
                    let number = line_number + more_objects;
                    numbers.extend(number..number + objects.len() as u64);
                    more_objects += objects.len() as u64 - 1;
                    spans.extend(objects.into_iter().map(|at| span.start + at.start..span.start + at.end));
                    continue;
                }
            }
            if !lines.buffer[span.clone()].trim_ascii().is_empty() {
                spans.push(span);
                numbers.push(line_number + more_objects);
            }
        }
        records += spans.len() as u64;
        let text = lines.take_batch();
        if !spans.is_empty() {
            let len = spans.len();
            let data = RawData::Json { text, spans };
            emit(RawBatch { rows: RowNumbers::Each(numbers), len, data, rejected: Vec::new() })?;
        }
        if !more {
            break;
        }
    }
    learnt.lines += line_number;
    if records == 0 {
        return Err(ExtractError::EmptyFile { file: job.file.to_owned() }.into());
    }
    Ok(NameCounts::default())
}

/// The objects of a line, if it is made of objects, white space and commas between them; else none.
fn objects(line: &[u8]) -> Vec<Range<usize>> {
    let (mut found, mut start, mut depth, mut quoted) = (Vec::new(), 0, 0u64, false);
    let mut at = 0;
    while let Some(sign) = line.get(at) {
        match sign {
            b'\\' if quoted => at += 1,
            b'"' if depth > 0 => quoted = !quoted,
            _ if quoted => {}
            b'{' => {
                if depth == 0 {
                    start = at;
                }
                depth += 1;
            }
            b'[' if depth > 0 => depth += 1,
            b'}' | b']' if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    found.push(start..at + 1);
                }
            }
            b' ' | b'\t' | b',' if depth == 0 => {}
            _ if depth == 0 => return Vec::new(),
            _ => {}
        }
        at += 1;
    }
    if depth == 0 { found } else { Vec::new() }
}

#[derive(Default)]
struct Lines {
    buffer: Vec<u8>,
    /// Some line of the buffer may have several objects.
    several: bool,
    /// The last line ended with CR, so that an LF behind it belongs to it.
    after_return: bool,
    /// No line break before this is unknown.
    scanned: usize,
    /// Where the next line begins; before it lies the batch.
    line_start: usize,
    ended: bool,
}

impl Lines {
    /// The next line without its break, or none at the end.
    fn next(&mut self, job: &Job<'_>, text: &mut impl Read, lines: u64) -> Result<Option<Range<usize>>, Stop> {
        loop {
            if self.after_return && self.buffer.len() > self.scanned {
                let second_half = usize::from(self.buffer[self.scanned] == b'\n');
                self.scanned += second_half;
                self.line_start += second_half;
                self.after_return = false;
            }
            if let Some(at) = memchr::memchr2(b'\n', b'\r', &self.buffer[self.scanned..]) {
                self.after_return = self.buffer[self.scanned + at] == b'\r';
                let span = self.line_start..self.scanned + at;
                self.scanned = span.end + 1;
                self.line_start = self.scanned;
                return Ok(Some(span));
            }
            self.scanned = self.buffer.len();
            if self.ended {
                let span = self.line_start..self.buffer.len();
                self.line_start = self.buffer.len();
                return Ok((!span.is_empty()).then_some(span));
            }
            let limit = job.limits().record;
            if (self.buffer.len() - self.line_start) as u64 > limit {
                let row = lines + 1;
                return Err(ExtractError::RecordTooLarge { file: job.file.to_owned(), row, limit }.into());
            }
            let before = self.buffer.len();
            let result = text.by_ref().take(CHUNK as u64).read_to_end(&mut self.buffer);
            if let Err(e) = result {
                // Lines that arrived whole before the fault are counted, so that it is said of the right one.
                let whole = memchr::memchr2_iter(b'\n', b'\r', &self.buffer[before..]).count() as u64;
                return Err(Stop::Failed(classify(&e, job.file, lines + whole)));
            }
            self.ended = self.buffer.len() == before;
            let from = before.saturating_sub(LOOK_BACK);
            self.several |= has_neighbours(&self.buffer[from..]);
        }
    }

    /// Hands over the text of the batch and keeps what follows it.
    fn take_batch(&mut self) -> Vec<u8> {
        let mut rest = Vec::with_capacity(self.buffer.len() - self.line_start + CHUNK);
        rest.extend_from_slice(&self.buffer[self.line_start..]);
        let mut batch = std::mem::replace(&mut self.buffer, rest);
        batch.truncate(self.line_start);
        self.scanned -= self.line_start;
        self.line_start = 0;
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Vec<&str> {
        objects(line.as_bytes()).into_iter().map(|at| &line[at]).collect()
    }

    #[test]
    fn objects_of_a_line_are_told_apart() {
        assert_eq!(
            texts(r#"{"a":"}{"} {"b":[{"c":1},{"d":"\""}]},{}"#),
            [r#"{"a":"}{"}"#, r#"{"b":[{"c":1},{"d":"\""}]}"#, "{}"]
        );
        assert_eq!(texts("{}"), ["{}"]);
        for unsound in ["{} x {}", "{}{", "[{},{}]", "1"] {
            assert_eq!(texts(unsound), [""; 0], "{unsound}");
        }
    }
}
