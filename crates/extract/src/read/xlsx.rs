//! Excel workbooks: the first sheet, its header in the first row that holds anything.

use super::batch::{RawBatch, RawData, RecordFault, RowNumbers};
use super::columns::TextColumn;
use super::file::{Emit, Job, Stop};
use super::header::Header;
use super::names::NameCounts;
use crate::error::ExtractError;
use crate::source::classify;
use calamine::{DataRef, Reader, Xlsx};
use std::fmt::Write;
use std::io::{Cursor, Read};

const WHAT: &str = "workbook";

/// Reads the sheet row by row; blank rows are no records. The packed file is held in memory: a zip
/// archive's directory stands at its end.
pub(crate) fn read(job: &Job<'_>, mut stream: impl Read, emit: &mut Emit<'_>) -> Result<NameCounts, Stop> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).map_err(|e| Stop::Failed(classify(&e, job.file, 0)))?;
    // A zip archive ends with its directory's end record and a comment of up to 64 KiB.
    let tail = &bytes[bytes.len().saturating_sub(22 + 65_536)..];
    if memchr::memmem::rfind(tail, b"PK\x05\x06").is_none() {
        return Err(ExtractError::CutShort { file: job.file.to_owned(), what: WHAT, rows: 0 }.into());
    }
    let damaged = |rows: u64| Stop::Failed(ExtractError::Damaged { file: job.file.to_owned(), what: WHAT, rows });
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(|_| damaged(0))?;
    let sheet = book.sheet_names().into_iter().next().ok_or_else(|| damaged(0))?;
    let mut cells = book.worksheet_cells_reader(&sheet).map_err(|_| damaged(0))?;

    let mut sheet =
        Sheet { job, header: None, columns: Vec::new(), undeclared: Vec::new(), rejected: Vec::new(), rows: 0, len: 0 };
    let mut row: Vec<String> = Vec::new();
    let mut at = None;
    loop {
        let cell = cells.next_cell().map_err(|_| damaged(sheet.rows))?;
        let place = cell.as_ref().map(calamine::Cell::get_position);
        if place.map(|(r, _)| r) != at {
            sheet.row(&row, emit)?;
            row.iter_mut().for_each(String::clear);
            at = place.map(|(r, _)| r);
        }
        let (Some(cell), Some((_, column))) = (cell, place) else {
            break;
        };
        let column = column as usize;
        if column >= row.len() {
            row.resize(column + 1, String::new());
        }
        write_text(&mut row[column], cell.get_value());
    }
    sheet.flush(emit)?;
    let Some(header) = sheet.header else {
        return Err(ExtractError::EmptyFile { file: job.file.to_owned() }.into());
    };
    let mut counts = NameCounts::default();
    for ((name, field), count) in header.names.iter().zip(&header.fields).zip(sheet.undeclared) {
        if field.is_none() {
            counts.add(name, count);
        }
    }
    Ok(counts)
}

struct Sheet<'a, 'j> {
    job: &'a Job<'j>,
    header: Option<Header>,
    columns: Vec<Option<TextColumn>>,
    undeclared: Vec<u64>,
    rejected: Vec<(usize, RecordFault)>,
    rows: u64,
    len: usize,
}

impl Sheet<'_, '_> {
    fn row(&mut self, cells: &[String], emit: &mut Emit<'_>) -> Result<(), Stop> {
        let Some(last) = cells.iter().rposition(|c| !c.trim().is_empty()) else {
            return Ok(());
        };
        let Some(header) = &self.header else {
            let names = cells[..=last].iter().map(String::as_str);
            let header = Header::resolve(self.job.dataset, self.job.file, names)?;
            self.undeclared = vec![0; header.fields.len()];
            self.header = Some(header);
            self.start();
            return Ok(());
        };
        for (position, field) in header.fields.iter().enumerate() {
            let cell = cells.get(position).map_or("", String::as_str);
            match field.and_then(|f| self.columns[f].as_mut()) {
                Some(column) => column.push(cell.as_bytes()),
                None => self.undeclared[position] += u64::from(!cell.trim().is_empty()),
            }
        }
        if last >= header.fields.len() {
            self.rejected.push((self.len, RecordFault::Columns));
        }
        self.len += 1;
        self.rows += 1;
        if self.len >= self.job.batch_rows { self.flush(emit) } else { Ok(()) }
    }

    fn start(&mut self) {
        self.len = 0;
        self.columns = vec![None; self.job.dataset.fields.len()];
        for field in self.header.iter().flat_map(|h| h.fields.iter().flatten()) {
            self.columns[*field] = Some(TextColumn::with_capacity(0, 0));
        }
    }

    fn flush(&mut self, emit: &mut Emit<'_>) -> Result<(), Stop> {
        if self.len == 0 {
            return Ok(());
        }
        let (len, rows) = (self.len, RowNumbers::From(self.rows + 1 - self.len as u64));
        let data = RawData::Text(std::mem::take(&mut self.columns));
        let rejected = std::mem::take(&mut self.rejected);
        self.start();
        emit(RawBatch { rows, len, data, rejected })
    }
}

/// A cell as text: whole numbers without a point, days and times in ISO 8601.
fn write_text(out: &mut String, cell: &DataRef<'_>) {
    out.clear();
    // Writing into a `String` does not fail.
    let _ = match cell {
        DataRef::Empty => Ok(()),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => out.write_str(text),
        DataRef::SharedString(text) => out.write_str(text),
        DataRef::Int(value) => write!(out, "{value}"),
        DataRef::Float(value) if value.fract() == 0.0 && value.abs() < 1e15 => {
            write!(out, "{}", *value as i64)
        }
        DataRef::Float(value) => write!(out, "{value}"),
        DataRef::Bool(value) => write!(out, "{value}"),
        DataRef::DateTime(value) if value.is_duration() => write!(out, "{}", value.as_f64()),
        DataRef::DateTime(value) => {
            let (year, month, day, hour, minute, second, milli) = value.to_ymd_hms_milli();
            let date = write!(out, "{year:04}-{month:02}-{day:02}");
            let time = if (hour, minute, second, milli) == (0, 0, 0, 0) {
                Ok(())
            } else if milli == 0 {
                write!(out, " {hour:02}:{minute:02}:{second:02}")
            } else {
                write!(out, " {hour:02}:{minute:02}:{second:02}.{milli:03}")
            };
            date.and(time)
        }
        DataRef::Error(kind) => write!(out, "{kind}"),
    };
}
