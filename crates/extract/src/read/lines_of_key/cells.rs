//! The texts of some fields of a batch, whatever container it came from.

use crate::read::{RawData, TextColumn};
use crate::values::as_text;
use arrow::array::{Array, ArrayRef, StringArray};

/// Texts by field and row; an absent value is the empty text.
pub(crate) struct Cells<'a> {
    columns: Vec<Column<'a>>,
}

enum Column<'a> {
    Absent,
    Text(&'a TextColumn),
    Array(StringArray),
}

impl<'a> Cells<'a> {
    /// Those of these fields, in their order. `None` for JSON that is not split yet, and for values without a text.
    pub(crate) fn of(data: &'a RawData, fields: &[usize]) -> Option<Self> {
        match data {
            RawData::Text(columns) => {
                let column = |field: &usize| match columns.get(*field) {
                    Some(Some(column)) => Column::Text(column),
                    Some(None) | None => Column::Absent,
                };
                Some(Self { columns: fields.iter().map(column).collect() })
            }
            RawData::Arrow(columns) => Self::of_arrays(columns, fields),
            RawData::Json { .. } => None,
        }
    }

    /// Those of arrays, a column a declared field. `None` for values without a text.
    pub(crate) fn of_arrays(columns: &[Option<ArrayRef>], fields: &[usize]) -> Option<Self> {
        let column = |field: &usize| match columns.get(*field) {
            Some(Some(array)) => as_text(array).map(Column::Array),
            Some(None) | None => Some(Column::Absent),
        };
        Some(Self { columns: fields.iter().map(column).collect::<Option<_>>()? })
    }

    /// The text of a field, by its place among those asked for.
    pub(crate) fn get(&self, place: usize, row: usize) -> &[u8] {
        match &self.columns[place] {
            Column::Absent => b"",
            Column::Text(column) => column.get(row),
            Column::Array(array) if array.is_valid(row) => array.value(row).as_bytes(),
            Column::Array(_) => b"",
        }
    }
}

/// Whether a text is a value: neither blank nor one of the declared texts for null.
pub(crate) fn is_blank(text: &[u8], null_values: &[String]) -> bool {
    match text {
        [] => true,
        [first, ..] if null_values.is_empty() && first.is_ascii() && *first > b' ' => false,
        _ => {
            let text = String::from_utf8_lossy(text);
            let text = text.trim();
            text.is_empty() || null_values.iter().any(|null| null == text)
        }
    }
}
