//! NDJSON: the reader only finds the lines; workers parse them.

use super::BATCH_BYTES;
use super::batch::{RawBatch, RawData, RowNumbers};
use super::file::{Emit, Job, Stop};
use super::names::NameCounts;
use crate::error::ExtractError;
use crate::source::classify;
use std::io::Read;
use std::ops::Range;

const CHUNK: usize = 1 << 20;

/// Cuts UTF-8 text into batches of lines. Blank lines are no records, but are counted in line numbers.
pub(crate) fn read(job: &Job<'_>, text: &mut impl Read, emit: &mut Emit<'_>) -> Result<NameCounts, Stop> {
    let mut lines = Lines { buffer: Vec::new(), scanned: 0, line_start: 0, ended: false };
    let mut line_number = 0u64;
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
            if !lines.buffer[span.clone()].trim_ascii().is_empty() {
                spans.push(span);
                numbers.push(line_number);
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
    if records == 0 {
        return Err(ExtractError::EmptyFile { file: job.file.to_owned() }.into());
    }
    Ok(NameCounts::default())
}

struct Lines {
    buffer: Vec<u8>,
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
            if let Some(at) = memchr::memchr(b'\n', &self.buffer[self.scanned..]) {
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
                let whole = memchr::memchr_iter(b'\n', &self.buffer[before..]).count() as u64;
                return Err(Stop::Failed(classify(&e, job.file, lines + whole)));
            }
            self.ended = self.buffer.len() == before;
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
