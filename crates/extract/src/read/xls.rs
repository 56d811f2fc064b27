//! Excel workbooks of the old binary kind.

use super::biff;
use super::cell;
use super::file::{Emit, Job, Stop};
use super::names::NameCounts;
use super::parquet::guarded;
use super::sheet::{Row, Sheet, choose};
use crate::account::SkippedLines;
use crate::error::ExtractError;
use calamine::{Reader, Xls, XlsError};
use std::io::Cursor;

const WHAT: &str = "workbook";

/// Reads one sheet. All are parsed and held whole, for the format is no stream; what that takes is measured first.
pub(crate) fn read(
    job: &Job<'_>,
    bytes: Vec<u8>,
    emit: &mut Emit<'_>,
    skipped: &mut SkippedLines,
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
    let opened = guarded(|| Ok::<_, XlsError>(Xls::new(Cursor::new(bytes)))).ok_or_else(damaged)?;
    let mut book = opened.map_err(|e| match e {
        XlsError::Password => Stop::Failed(ExtractError::Locked { file: file() }),
        _ => damaged(),
    })?;
    let name = choose(job, book.sheet_names())?.ok_or_else(damaged)?;
    let mut sheet = Sheet::new(job, book.has_1904_epoch())?;
    let range = guarded(|| book.worksheet_range(&name)).ok_or_else(damaged)?;
    let (first_row, first_column) = range.start().unwrap_or_default();
    let mut row = Row::default();
    for (number, cells) in (first_row..).zip(range.rows()) {
        row.clear();
        for (column, value) in (first_column as usize..).zip(cells) {
            let kind = sheet.column(column)?;
            if cell::write(row.cell(column), value, kind) {
                row.errors.push(column);
            }
        }
        sheet.row(number.saturating_add(1), &row, emit)?;
    }
    sheet.finish(emit, skipped)
}
