//! A JSON array of objects, alone or somewhere in a document, streamed: one element in memory at a time besides the batch.

use super::BATCH_BYTES;
use super::batch::{RawBatch, RawData, RowNumbers};
use super::file::{Emit, Job, Stop};
use super::json_guard::{Guard, Since};
use super::names::NameCounts;
use crate::error::ExtractError;
use crate::source::classify;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use std::io::{BufReader, Read};
use std::ops::Range;

/// Cuts UTF-8 text into batches of elements. An element that is no object is one bad record; text that is
/// no array ends the file.
pub(crate) fn read(job: &Job<'_>, text: &mut impl Read, emit: &mut Emit<'_>) -> Result<NameCounts, Stop> {
    let path = &job.dataset.format.records;
    let since = Since::default();
    let guard = Guard::new(text, since.clone(), job.limits(), path.0.len());
    let mut json = serde_json::Deserializer::from_reader(BufReader::with_capacity(128 * 1024, guard));
    let mut elements =
        Elements { job, emit, since, text: Vec::new(), spans: Vec::new(), rows: 0, reached: false, stopped: None };
    let result = Walk { steps: &path.0, elements: &mut elements }.deserialize(&mut json).and_then(|()| json.end());
    if let Some(stop) = elements.stopped.take() {
        return Err(stop);
    }
    let (rows, reached) = (elements.rows, elements.reached);
    let file = job.file.to_owned();
    if let Err(error) = result {
        let what = "JSON array";
        return Err(Stop::Failed(match error.classify() {
            serde_json::error::Category::Io => classify(&error.into(), job.file, rows),
            serde_json::error::Category::Eof => ExtractError::CutShort { file, what, rows },
            serde_json::error::Category::Data if !reached => ExtractError::NoRecords { file, path: path.to_string() },
            _ => ExtractError::Damaged { file, what, rows },
        }));
    }
    if !reached {
        return Err(ExtractError::NoRecords { file, path: path.to_string() }.into());
    }
    elements.flush()?;
    Ok(NameCounts::default())
}

/// The way to the array: at each step the value of one name, everything else passed over.
struct Walk<'w, 'e, 'j, 'f> {
    steps: &'w [String],
    elements: &'w mut Elements<'e, 'j, 'f>,
}

impl<'de> DeserializeSeed<'de> for Walk<'_, '_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.steps.is_empty() {
            deserializer.deserialize_seq(self.elements)
        } else {
            deserializer.deserialize_map(self)
        }
    }
}

impl<'de> Visitor<'de> for Walk<'_, '_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((step, after)) = self.steps.split_first() else { return Ok(()) };
        while let Some(here) = map.next_key_seed(Is(step))? {
            if here {
                map.next_value_seed(Walk { steps: after, elements: &mut *self.elements })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// Whether a name is this one.
struct Is<'n>(&'n str);

impl<'de> DeserializeSeed<'de> for Is<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Is<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<bool, E> {
        Ok(name == self.0)
    }
}

struct Elements<'e, 'j, 'f> {
    job: &'e Job<'j>,
    emit: &'e mut Emit<'f>,
    since: Since,
    text: Vec<u8>,
    spans: Vec<Range<usize>>,
    rows: u64,
    /// Whether the array was found.
    reached: bool,
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
        let (element, limit) = (element.get().as_bytes(), self.job.limits().record);
        if element.len() as u64 > limit {
            let row = self.rows + 1;
            return Err(ExtractError::RecordTooLarge { file: self.job.file.to_owned(), row, limit }.into());
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
        self.reached = true;
        self.since.begin();
        // One allocation an element: a stream has nothing to borrow from.
        while let Some(element) = seq.next_element::<Box<RawValue>>()? {
            self.since.begin();
            if let Err(stop) = self.take(&element) {
                self.stopped = Some(stop);
                return Err(A::Error::custom("stopped"));
            }
        }
        self.since.end();
        Ok(())
    }
}
