//! Values that are written on the first line of an order only.

use super::cells::{Cells, is_blank};
use super::watch::{field_of, is_name};
use crate::read::{RawData, TextColumn};
use arrow::array::{Array, ArrayRef, UInt32Array};
use arrow::compute::{concat, take};
use hashbrown::HashSet;
use lakewarden_dictionary::{Dataset, Fill as Declared};
use std::hash::BuildHasher;

/// The fields that are filled within one key, and where the reader is.
pub(crate) struct Fill {
    key: Vec<usize>,
    fields: Vec<usize>,
    null_values: Vec<Vec<String>>,
    open: Option<Open>,
    /// Whether one of the fields becomes a pseudonym.
    names: bool,
    /// Hashes of the keys of all orders so far.
    seen: HashSet<u64>,
}

/// The order that is being read.
struct Open {
    key: Vec<Vec<u8>>,
    first: First,
    /// Its first line stands elsewhere in the file.
    lost: bool,
}

/// Where the first line of an order is.
#[derive(Clone)]
enum First {
    /// In this batch.
    Row(usize),
    /// In an earlier one: its values.
    Before(Vec<Carried>),
}

#[derive(Clone)]
enum Carried {
    Text(Vec<u8>),
    Array(ArrayRef),
    Absent,
}

/// Where the value of a row comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    Own,
    Row(usize),
    Before,
}

impl Fill {
    /// What is filled of a dataset, by key.
    pub(crate) fn of(dataset: &Dataset) -> Vec<Self> {
        let mut fills: Vec<Self> = Vec::new();
        for (index, field) in dataset.fields.iter().enumerate() {
            let Some(Declared::DownWithin(names)) = field.values.absence.fill.as_ref().map(|fill| &fill.value) else {
                continue;
            };
            let Some(key) = names.iter().map(|name| field_of(dataset, name)).collect::<Option<Vec<_>>>() else {
                continue;
            };
            let fill = match fills.iter().position(|fill| fill.key == key) {
                Some(place) => &mut fills[place],
                None => {
                    let (open, seen) = (None, HashSet::new());
                    fills.push(Self { key, fields: Vec::new(), null_values: Vec::new(), open, names: false, seen });
                    let last = fills.len() - 1;
                    &mut fills[last]
                }
            };
            fill.fields.push(index);
            fill.names |= is_name(field);
            fill.null_values.push(field.null_values.clone());
        }
        fills
    }

    /// Begins another file.
    pub(crate) fn begin(&mut self) {
        self.open = None;
        self.seen.clear();
    }

    /// Fills the values of a batch. Rows that are `skipped` have none. Adds to `lost` the rows that cannot be filled,
    /// because the first line of their order does not stand before them: it stands elsewhere in the file, or may stand in
    /// the file before, which ended within the order. `None` if a column has no text, or Arrow cannot
    /// put it together, which would be a bug.
    pub(crate) fn fill(
        &mut self,
        data: &mut RawData,
        rows: usize,
        skipped: impl Fn(usize) -> bool,
        lost: &mut Vec<usize>,
    ) -> Option<()> {
        let carried = match self.open.as_ref().map(|open| open.first.clone()) {
            Some(First::Before(values)) => values,
            Some(First::Row(_)) | None => Vec::new(),
        };
        let from = {
            let (keys, own) = (Cells::of(data, &self.key)?, Cells::of(data, &self.fields)?);
            self.trace(&keys, &own, rows, skipped, lost)
        };
        for (place, field) in self.fields.iter().enumerate() {
            let (nulls, carried) = (&self.null_values[place], carried.get(place).unwrap_or(&Carried::Absent));
            match data {
                RawData::Text(columns) => {
                    if let Some(Some(column)) = columns.get_mut(*field) {
                        *column = filled_text(column, nulls, carried, &from);
                    }
                }
                RawData::Arrow(columns) => {
                    let one = [*field];
                    let cells = Cells::of_arrays(columns, &one)?;
                    let blank = |row: usize| is_blank(cells.get(0, row), nulls);
                    let sources: Vec<From> =
                        from.iter().enumerate().map(|(row, from)| if blank(row) { *from } else { From::Own }).collect();
                    if let Some(Some(column)) = columns.get_mut(*field) {
                        *column = filled_array(column, carried, &sources)?;
                    }
                }
                RawData::Json { .. } => return None,
            }
        }
        if let Some(Open { first, .. }) = &mut self.open
            && let First::Row(row) = *first
        {
            *first = First::Before(self.fields.iter().map(|field| carry(data, *field, row)).collect());
        }
        Some(())
    }

    /// Follows the orders through a batch. Returns where the values of each row come from, should they be blank.
    fn trace(
        &mut self,
        keys: &Cells<'_>,
        own: &Cells<'_>,
        rows: usize,
        skipped: impl Fn(usize) -> bool,
        lost: &mut Vec<usize>,
    ) -> Vec<From> {
        let mut from = vec![From::Own; rows];
        for row in (0..rows).filter(|row| !skipped(*row)) {
            let blank = || (0..self.fields.len()).all(|place| is_blank(own.get(place, row), &self.null_values[place]));
            let same = |key: &Vec<Vec<u8>>| key.iter().enumerate().all(|(place, part)| part == keys.get(place, row));
            if let Some(open) = self.open.as_mut().filter(|open| same(&open.key)) {
                if !open.lost {
                    from[row] = match &open.first {
                        First::Row(first) => From::Row(*first),
                        First::Before(_) => From::Before,
                    };
                } else if blank() {
                    lost.push(row);
                } else {
                    (open.first, open.lost) = (First::Row(row), false);
                }
                continue;
            }
            let key: Vec<Vec<u8>> = (0..self.key.len()).map(|place| keys.get(place, row).to_vec()).collect();
            if key.iter().all(|part| is_blank(part, &[])) {
                self.open = None;
                continue;
            }
            let hash = self.seen.hasher().hash_one(&key);
            // The first order of a file may have begun in the file before.
            let begins_file = self.names && self.seen.is_empty();
            let again = !self.seen.insert(hash);
            let is_lost = (again || begins_file) && blank();
            if is_lost {
                lost.push(row);
            }
            self.open = Some(Open { key, first: First::Row(row), lost: is_lost });
        }
        from
    }
}

fn filled_text(column: &TextColumn, nulls: &[String], carried: &Carried, from: &[From]) -> TextColumn {
    let mut filled = TextColumn::with_capacity(column.len(), column.bytes());
    for (row, from) in from.iter().enumerate() {
        let own = column.get(row);
        filled.push(match (is_blank(own, nulls), from, carried) {
            (true, From::Row(first), _) => column.get(*first),
            (true, From::Before, Carried::Text(text)) => text.as_slice(),
            (true, From::Before, Carried::Array(_) | Carried::Absent) | (true, From::Own, _) | (false, _, _) => own,
        });
    }
    filled
}

fn filled_array(column: &ArrayRef, carried: &Carried, from: &[From]) -> Option<ArrayRef> {
    if from.iter().all(|from| *from == From::Own) {
        return Some(column.clone());
    }
    let (all, before) = match carried {
        Carried::Array(first) if first.data_type() == column.data_type() => {
            (concat(&[column.as_ref(), first.as_ref()]).ok()?, Some(column.len()))
        }
        Carried::Array(_) | Carried::Text(_) | Carried::Absent => (column.clone(), None),
    };
    let source = |(row, from): (usize, &From)| match from {
        From::Own => row,
        From::Row(first) => *first,
        From::Before => before.unwrap_or(row),
    };
    let places: UInt32Array = from.iter().enumerate().map(|at| u32::try_from(source(at)).ok()).collect();
    take(&all, &places, None).ok()
}

fn carry(data: &RawData, field: usize, row: usize) -> Carried {
    match data {
        RawData::Text(columns) => match columns.get(field) {
            Some(Some(column)) => Carried::Text(column.get(row).to_vec()),
            Some(None) | None => Carried::Absent,
        },
        RawData::Arrow(columns) => match columns.get(field) {
            Some(Some(column)) => Carried::Array(column.slice(row, 1)),
            Some(None) | None => Carried::Absent,
        },
        RawData::Json { .. } => Carried::Absent,
    }
}
