//! JSON records → columns of text, on the worker.
//!
//! A record is walked by serde_json once; each value is borrowed as the text it has in the file, so a number
//! keeps its digits (`12.10` stays `12.10`) and a nested value its JSON. Nothing is allocated for a record.

use super::batch::{RecordFault, Rejected};
use super::columns::TextColumn;
use super::json_guard::depth;
use super::names::{FieldNames, MAX_UNDECLARED, NameCounts};
use crate::source::MALFORMED;
use lakewarden_dictionary::Limits;
use memchr::memmem;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

/// The records of a batch as columns.
pub(crate) struct ParsedLines {
    /// One a declared field; absent and null values are empty.
    pub columns: Vec<TextColumn>,
    /// Records that are no JSON object, or hold damaged bytes.
    pub rejected: Vec<Rejected>,
    /// Declared values that are an object or an array, by place and field.
    pub nested: Vec<(usize, usize)>,
    /// Whether a declared field occurred in any record.
    pub occurs: Vec<bool>,
    /// Undeclared names and how often they occurred.
    pub undeclared: NameCounts,
    /// The first record with a declared value beyond a limit.
    pub beyond: Option<Beyond>,
}

/// A declared value that is beyond a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Beyond {
    /// The record's place in the batch.
    pub place: usize,
    /// The field.
    pub field: usize,
    /// Whether it is nested too deep, rather than too large.
    pub nested: bool,
}

/// Parses the records at `spans` of `text`. Of a name that occurs twice in a record the last value counts.
pub(crate) fn parse_lines(
    names: &FieldNames<'_>,
    fields: usize,
    limits: &Limits,
    text: &[u8],
    spans: &[Range<usize>],
) -> ParsedLines {
    let bytes = text.len() / fields.max(1);
    let mut records = Records {
        names,
        limits,
        beyond: None,
        nested: Vec::new(),
        columns: (0..fields).map(|_| TextColumn::with_capacity(spans.len(), bytes)).collect(),
        order: Vec::new(),
        occurs: vec![false; fields],
        undeclared: HashMap::new(),
        others: 0,
        row: 0,
    };
    let mut rejected = Vec::new();
    let malformed = memmem::find(text, MALFORMED.as_bytes()).is_some();
    for (row, span) in spans.iter().enumerate() {
        records.row = row;
        if malformed && memmem::find(&text[span.clone()], MALFORMED.as_bytes()).is_some() {
            rejected.push(Rejected::at(row, RecordFault::Bytes));
        }
        let parsed = std::str::from_utf8(&text[span.clone()]).is_ok_and(|line| records.parse(line));
        if !parsed {
            rejected.push(Rejected::at(row, RecordFault::Json));
            records.nested.retain(|(place, _)| *place != row);
            records.columns.iter_mut().for_each(|c| c.truncate(row));
        }
        for column in &mut records.columns {
            if column.len() == row {
                column.push(b"");
            }
        }
    }
    let mut undeclared = NameCounts::default();
    let mut counts: Vec<_> = std::mem::take(&mut records.undeclared).into_iter().collect();
    counts.sort_unstable();
    counts.iter().for_each(|(name, count)| undeclared.add(name, *count));
    undeclared.add_others(records.others);
    let Records { columns, nested, occurs, beyond, .. } = records;
    ParsedLines { columns, rejected, nested, occurs, undeclared, beyond }
}

/// What a name stands for.
#[derive(Clone, Copy)]
enum Slot {
    Declared(usize),
    Undeclared,
}

struct Records<'n> {
    names: &'n FieldNames<'n>,
    limits: &'n Limits,
    beyond: Option<Beyond>,
    nested: Vec<(usize, usize)>,
    columns: Vec<TextColumn>,
    /// The declared names at each position of earlier records: records mostly agree in their order.
    order: Vec<(String, Slot)>,
    occurs: Vec<bool>,
    undeclared: HashMap<String, u64>,
    others: u64,
    row: usize,
}

impl Records<'_> {
    fn parse(&mut self, line: &str) -> bool {
        let mut json = serde_json::Deserializer::from_str(line);
        json.deserialize_map(&mut *self).is_ok() && json.end().is_ok()
    }

    fn slot(&mut self, position: usize, name: &str) -> Slot {
        let slot = match self.order.get(position) {
            Some((known, slot)) if known == name => *slot,
            _ => self.names.get(name).map_or(Slot::Undeclared, Slot::Declared),
        };
        if position == self.order.len() && position < 1024 {
            self.order.push((name.to_owned(), slot));
        }
        match slot {
            Slot::Declared(field) => self.occurs[field] = true,
            Slot::Undeclared => {
                if let Some(count) = self.undeclared.get_mut(name) {
                    *count += 1;
                } else if self.undeclared.len() < MAX_UNDECLARED {
                    self.undeclared.insert(name.to_owned(), 1);
                } else {
                    self.others += 1;
                }
            }
        }
        slot
    }

    /// Appends the value's text: strings unescaped, null as nothing, all else as it stands.
    fn set(&mut self, field: usize, json: &str) -> Result<(), serde_json::Error> {
        // The record itself is the first level.
        let structure = json.starts_with(['[', '{']);
        if structure {
            self.nested.push((self.row, field));
        }
        let nested = structure && depth(json.as_bytes()) >= self.limits.nesting;
        if nested || json.len() as u64 > self.limits.field {
            self.beyond.get_or_insert(Beyond { place: self.row, field, nested });
        }
        let column = &mut self.columns[field];
        column.truncate(self.row);
        match json.as_bytes() {
            [b'"', inner @ .., b'"'] if memchr::memchr(b'\\', inner).is_none() => column.push(inner),
            [b'"', ..] => {
                column.push_with(|out| serde_json::Deserializer::from_str(json).deserialize_str(Append(out)))?
            }
            b"null" => column.push(b""),
            other => column.push(other),
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for &mut Records<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut position = 0;
        while let Some(slot) = map.next_key_seed(Name { records: &mut *self, position })? {
            let value: &'de RawValue = map.next_value()?;
            if let Slot::Declared(field) = slot {
                self.set(field, value.get()).map_err(|_| A::Error::custom("not a text"))?;
            }
            position += 1;
        }
        Ok(())
    }
}

struct Name<'s, 'n> {
    records: &'s mut Records<'n>,
    position: usize,
}

impl<'de> DeserializeSeed<'de> for Name<'_, '_> {
    type Value = Slot;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Slot, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_, '_> {
    type Value = Slot;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Slot, E> {
        Ok(self.records.slot(self.position, name))
    }
}

/// Appends an unescaped string to a buffer.
struct Append<'b>(&'b mut Vec<u8>);

impl Visitor<'_> for Append<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}
