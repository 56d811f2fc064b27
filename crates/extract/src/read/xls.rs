//! Excel workbooks of the old binary kind.

use super::biff;
use super::biff_formats::SheetFormats;
use super::cell::{self, Value};
use super::file::{Emit, Job, Learnt, Stop};
use super::names::NameCounts;
use super::parquet::guarded;
use super::sheet::{Row, Sheet, choose};
use crate::error::ExtractError;
use bytes::Bytes;
use calamine::{Reader, Xls, XlsError};
use std::io::Cursor;

const WHAT: &str = "workbook";

/// Reads one sheet. All are parsed and held whole, for the format is no stream; what that takes is measured first.
pub(crate) fn read(
    job: &Job<'_>,
    bytes: Vec<u8>,
    emit: &mut Emit<'_>,
    learnt: &mut Learnt,
) -> Result<NameCounts, Stop> {
    let file = || job.file.to_owned();
    let damaged = || Stop::Failed(ExtractError::Damaged { file: file(), what: WHAT, rows: 0 });
    let limit = job.limits().held;
    match biff::measure(&bytes) {
        Err(biff::Unfit::Damaged) => return Err(damaged()),
        Err(biff::Unfit::Locked) => return Err(ExtractError::Locked { file: file() }.into()),
        Ok(held) if held > limit => return Err(ExtractError::FileTooLarge { file: file(), key: "held", limit }.into()),
        Ok(_) => {}
    }
    let bytes = Bytes::from(bytes);
    let opened = guarded(|| Ok::<_, XlsError>(Xls::new(Cursor::new(bytes.clone())))).ok_or_else(damaged)?;
    let mut book = opened.map_err(|e| match e {
        XlsError::Password => Stop::Failed(ExtractError::Locked { file: file() }),
        _ => damaged(),
    })?;
    let sheets = book.sheets_metadata().to_vec();
    let blank = |name: &str| guarded(|| book.worksheet_range(name)).map(|r| r.is_empty()).ok_or_else(damaged);
    let name = choose(job, &sheets, blank)?.ok_or_else(damaged)?;
    let place = sheets.iter().position(|s| s.name == name).ok_or_else(damaged)?;
    let formats = SheetFormats::read(&bytes, place).ok_or_else(damaged)?;
    let mut sheet = Sheet::new(job, book.has_1904_epoch())?;
    let range = guarded(|| book.worksheet_range(&name)).ok_or_else(damaged)?;
    let (first_row, first_column) = range.start().unwrap_or_default();
    let mut row = Row::default();
    for (number, cells) in (first_row..).zip(range.rows()) {
        row.clear();
        for (column, value) in (first_column as usize..).zip(cells) {
            let kind = sheet.column(column)?;
            let format = u32::try_from(column).ok().and_then(|column| formats.get(number, column));
            let fault = cell::write(row.cell(column), Value::from(value), format, kind);
            row.faults.extend(fault.map(|fault| (column, fault)));
        }
        sheet.row(number.saturating_add(1), &row, emit)?;
    }
    sheet.finish(emit, learnt)
}
