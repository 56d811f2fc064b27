//! What the columns of a file are called, in its order.

use super::person_names::looks_like_a_person;
use super::profile::{Profile, Shape};
use super::sniff::{self, Layout};
use crate::error::ExtractError;
use crate::read::{Stop, column_names, presentable};
use crate::source::SourceFile;
use arrow::array::StringArray;
use lakewarden_dictionary::{Container, CsvHeader, Format};
use lakewarden_privacy::redact::redact;
use serde::Deserializer;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use std::fmt;

/// Columns proposed at most.
const MAX_COLUMNS: usize = 1000;

/// Rows of a sheet that may be above its header.
const SHEET_PREAMBLE: u32 = 12;

/// The names, without those that may be a person's name or number (pivoted exports have such headers), and those that come
/// twice. Of a file without a header `column_1` and so on. Sets the row of a sheet that has them.
///
/// # Errors
/// Those of reading the file.
pub(super) fn columns(file: &SourceFile, layout: &mut Layout, records: usize) -> Result<Vec<String>, ExtractError> {
    let format = &mut layout.format;
    let found = match format.container {
        Container::Ndjson => in_objects(decoded(file, format)?.lines().take(records)),
        Container::Json => {
            let text = decoded(file, format)?;
            in_objects(objects(&text).take(records))
        }
        Container::Csv if format.header == CsvHeader::None => {
            return Ok((1..=layout.columns.min(MAX_COLUMNS)).map(|at| format!("column_{at}")).collect());
        }
        Container::Csv | Container::Parquet | Container::Xlsx | Container::Xls => {
            let mut found = read_names(file, format)?;
            if matches!(format.container, Container::Xlsx | Container::Xls) && filled(&found) < 2 {
                found = below_a_title(file, format, found)?;
            }
            if looks_like_data(&found) {
                return Err(ExtractError::LooksLikeData { file: file.name.clone() });
            }
            found
        }
    };
    let mut names: Vec<String> = Vec::with_capacity(found.len());
    for name in found {
        let name = name.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        if presentable(name) == name
            && !looks_like_a_person(name)
            && !names.iter().any(|known| known == name)
            && names.len() < MAX_COLUMNS
        {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// Reads the names as every export is read, under its limits.
fn read_names(file: &SourceFile, format: &Format) -> Result<Vec<String>, ExtractError> {
    let undescribed = super::as_text_fields("proposed", format, &[]);
    column_names(&undescribed, file).map_err(|stop| match stop {
        Stop::Failed(error) => error,
        Stop::Cancelled => ExtractError::EmptyFile { file: file.name.clone() },
    })
}

fn filled(names: &[String]) -> usize {
    names.iter().filter(|name| !name.trim().is_empty()).count()
}

/// The names of a sheet with a title above its header: the first row of the most values.
fn below_a_title(file: &SourceFile, format: &mut Format, title: Vec<String>) -> Result<Vec<String>, ExtractError> {
    let (mut best, mut row) = (title, None);
    for header_row in 1..=SHEET_PREAMBLE {
        let further = Format { header_row: Some(header_row), ..format.clone() };
        match read_names(file, &further) {
            Ok(names) if filled(&names) > filled(&best).max(1) => (best, row) = (names, Some(header_row)),
            // Rows without a value are passed over: the header is the last row that gives its names.
            Ok(names) if row.is_some() && names == best => row = Some(header_row),
            Ok(_) => {}
            // The sheet has no such row.
            Err(ExtractError::EmptyFile { .. }) => break,
            Err(error) => return Err(error),
        }
    }
    format.header_row = row;
    Ok(best)
}

fn decoded(file: &SourceFile, format: &Format) -> Result<String, ExtractError> {
    Ok(sniff::text(&sniff::head(file)?.0, &mut format.clone()))
}

/// Whether the names of columns are rather the values of a record: a proposal would show them.
fn looks_like_data(names: &[String]) -> bool {
    let names: Vec<&str> = names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()).collect();
    let array = StringArray::from(names.clone());
    if names.iter().any(|name| presentable(name) != *name) || redact(&array).1.total() > 0 {
        return true;
    }
    let mut shapes = Profile::default();
    shapes.observe(&array);
    let days = (shapes.times.iso_days + shapes.times.iso_times) as f64 / shapes.values.max(1) as f64;
    let measured = shapes.share(Shape::Double) + days;
    // Chinese words for amounts begin as surnames do.
    measured >= 0.5 || (measured > 0.0 && shapes.share(Shape::ChineseName) > 0.0) || shapes.share(Shape::Email) > 0.0
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
