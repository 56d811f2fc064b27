//! A JSON array of objects, streamed: one element in memory at a time besides the batch.

use super::batch::{RawBatch, RawData, RowNumbers};
use super::file::{Emit, Job, Stop};
use super::names::NameCounts;
use super::{BATCH_BYTES, MAX_RECORD};
use crate::error::ExtractError;
use crate::source::classify;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use std::io::{BufReader, Read};
use std::ops::Range;

/// Cuts UTF-8 text into batches of elements. An element that is no object is one bad record; text that is
/// no array ends the file.
pub(crate) fn read(job: &Job<'_>, text: &mut impl Read, emit: &mut Emit<'_>) -> Result<NameCounts, Stop> {
    let mut elements = Elements { job, emit, text: Vec::new(), spans: Vec::new(), rows: 0, stopped: None };
    let mut json = serde_json::Deserializer::from_reader(BufReader::with_capacity(128 * 1024, text));
    let result = json.deserialize_seq(&mut elements).and_then(|()| json.end());
    if let Some(stop) = elements.stopped.take() {
        return Err(stop);
    }
    let rows = elements.rows;
    if let Err(error) = result {
        let (file, what) = (job.file.to_owned(), "JSON array");
        return Err(Stop::Failed(match error.classify() {
            serde_json::error::Category::Io => classify(&error.into(), job.file, rows),
            serde_json::error::Category::Eof => ExtractError::CutShort { file, what, rows },
            _ => ExtractError::Damaged { file, what, rows },
        }));
    }
    elements.flush()?;
    Ok(NameCounts::default())
}

struct Elements<'e, 'j, 'f> {
    job: &'e Job<'j>,
    emit: &'e mut Emit<'f>,
    text: Vec<u8>,
    spans: Vec<Range<usize>>,
    rows: u64,
    /// What stopped it, if it was not the JSON.
    stopped: Option<Stop>,
}

impl Elements<'_, '_, '_> {
    fn flush(&mut self) -> Result<(), Stop> {
        let len = self.spans.len();
        if len == 0 {
            return Ok(());
        }
        let data = RawData::Json { text: std::mem::take(&mut self.text), spans: std::mem::take(&mut self.spans) };
        let rows = RowNumbers::From(self.rows + 1 - len as u64);
        (self.emit)(RawBatch { rows, len, data, rejected: Vec::new() })
    }

    fn take(&mut self, element: &RawValue) -> Result<(), Stop> {
        let element = element.get().as_bytes();
        if element.len() > MAX_RECORD {
            let row = self.rows + 1;
            let file = self.job.file.to_owned();
            return Err(ExtractError::RecordTooLarge { file, row, limit: MAX_RECORD }.into());
        }
        let start = self.text.len();
        self.text.extend_from_slice(element);
        self.spans.push(start..self.text.len());
        self.rows += 1;
        if self.spans.len() >= self.job.batch_rows || self.text.len() >= BATCH_BYTES { self.flush() } else { Ok(()) }
    }
}

impl<'de> Visitor<'de> for &mut Elements<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        // One allocation an element: a stream has nothing to borrow from.
        while let Some(element) = seq.next_element::<Box<RawValue>>()? {
            if let Err(stop) = self.take(&element) {
                self.stopped = Some(stop);
                return Err(A::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}
