//! What the columns of a file are called, in its order.

use super::sniff;
use crate::error::ExtractError;
use crate::read::presentable;
use crate::source::{RawSource, SourceFile, classify, decompressed};
use bytes::Bytes;
use calamine::{Data, Reader, open_workbook_auto_from_rs};
use lakewarden_dictionary::{Container, Format, Limits};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::Deserializer;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use std::fmt;
use std::io::{Cursor, Read};

/// Columns proposed at most.
const MAX_COLUMNS: usize = 1000;

/// The names, without those that may be somebody's number and those that come twice.
///
/// # Errors
/// Those of reading the file.
pub(super) fn columns(file: &SourceFile, format: &Format, records: usize) -> Result<Vec<String>, ExtractError> {
    let damaged = |what| ExtractError::Damaged { file: file.name.clone(), what, rows: 0 };
    let found = match format.container {
        Container::Csv => {
            let text = decoded(file, format)?;
            let mut records = sniff::splitter(&text, format.delimiter);
            if !records.next().map_err(|_| damaged("CSV"))? {
                return Ok(Vec::new());
            }
            let name =
                |i| records.value(i).map_or_else(String::new, |name| String::from_utf8_lossy(&name).into_owned());
            (0..records.len()).map(name).collect()
        }
        Container::Ndjson => in_objects(decoded(file, format)?.lines().take(records)),
        Container::Json => {
            let text = decoded(file, format)?;
            in_objects(objects(&text).take(records))
        }
        Container::Parquet => {
            let open = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                ParquetRecordBatchReaderBuilder::try_new(Bytes::from(whole(file).ok()?)).ok()
            }));
            let builder = open.ok().flatten().ok_or_else(|| damaged("Parquet"))?;
            builder.schema().fields().iter().map(|field| field.name().clone()).collect()
        }
        Container::Xlsx | Container::Xls => {
            let mut book = open_workbook_auto_from_rs(Cursor::new(whole(file)?)).map_err(|_| damaged("workbook"))?;
            let sheet = book.worksheet_range_at(0).and_then(Result::ok).ok_or_else(|| damaged("workbook"))?;
            let filled = |row: &&[Data]| row.iter().any(|cell| *cell != Data::Empty);
            sheet.rows().find(filled).map(|row| row.iter().map(ToString::to_string).collect()).unwrap_or_default()
        }
    };
    let mut names: Vec<String> = Vec::with_capacity(found.len());
    for name in found {
        let name = name.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        if presentable(name) == name && !names.iter().any(|known| known == name) && names.len() < MAX_COLUMNS {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

fn decoded(file: &SourceFile, format: &Format) -> Result<String, ExtractError> {
    Ok(sniff::text(&sniff::head(file)?.0, &mut format.clone()))
}

fn whole(file: &SourceFile) -> Result<Vec<u8>, ExtractError> {
    let io = |e: std::io::Error| classify(&e, &file.name, 0);
    let (mut bytes, limits) = (Vec::new(), Limits::default());
    let stream = decompressed(RawSource::new((file.open)().map_err(io)?), &limits).map_err(io)?;
    stream.take(limits.held.saturating_add(1)).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > limits.held {
        return Err(ExtractError::FileTooLarge { file: file.name.clone(), key: "held", limit: limits.held });
    }
    Ok(bytes)
}

/// The texts of the objects of an array that stand whole in its beginning.
fn objects(text: &str) -> impl Iterator<Item = &str> {
    let inside = text.find('[').map_or("", |at| &text[at + 1..]);
    let mut rest = inside;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<IgnoredAny>();
        values.next()?.ok()?;
        let (object, after) = rest.split_at(values.byte_offset());
        rest = after;
        Some(object)
    })
}

/// The names of objects' members, in the order in which they first come.
fn in_objects<'t>(objects: impl Iterator<Item = &'t str>) -> Vec<String> {
    let mut names = Names(Vec::new());
    for object in objects {
        // What is no object has no names; reading will say so of its row.
        let _ = serde_json::Deserializer::from_str(object).deserialize_map(&mut names);
    }
    names.0
}

struct Names(Vec<String>);

impl<'de> Visitor<'de> for &mut Names {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some((name, IgnoredAny)) = members.next_entry::<String, _>()? {
            if self.0.len() < MAX_COLUMNS && !self.0.contains(&name) {
                self.0.push(name);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_come_in_order_of_their_first_occurrence() {
        let lines = ["{\"b\":1,\"a\":{\"x\":2}}", "oops", "{\"a\":1,\"c\":[3]}"];
        assert_eq!(in_objects(lines.into_iter()), ["b", "a", "c"]);
        let array = " [ {\"b\":1}, {\"a\":\"]\"} , {\"cut\":";
        assert_eq!(in_objects(objects(array)), ["b", "a"]);
    }
}
