//! Excel workbooks: one sheet, row by row.

use super::cell;
use super::file::{Emit, Job, Stop};
use super::names::NameCounts;
use super::parquet::guarded;
use super::sheet::{Row, Sheet, choose};
use crate::account::SkippedLines;
use crate::error::ExtractError;
use crate::source::Blocks;
use calamine::{Reader, Xlsx};

const WHAT: &str = "workbook";

/// Reads the sheet of a workbook whose parts have been measured.
pub(crate) fn read(
    job: &Job<'_>,
    packed: &Blocks,
    emit: &mut Emit<'_>,
    skipped: &mut SkippedLines,
) -> Result<NameCounts, Stop> {
    let damaged = |rows: u64| Stop::Failed(ExtractError::Damaged { file: job.file.to_owned(), what: WHAT, rows });
    let mut book = guarded(|| Xlsx::new(packed.reader(0))).ok_or_else(|| damaged(0))?;
    let name = choose(job, book.sheet_names())?.ok_or_else(|| damaged(0))?;
    let mut sheet = Sheet::new(job, book.has_1904_epoch())?;
    let mut cells = guarded(|| book.worksheet_cells_reader(&name)).ok_or_else(|| damaged(0))?;
    let mut row = Row::default();
    let mut at: Option<u32> = None;
    loop {
        let cell = guarded(|| cells.next_cell()).ok_or_else(|| damaged(sheet.rows()))?;
        let place = cell.as_ref().map(calamine::Cell::get_position);
        if place.map(|(r, _)| r) != at {
            if let Some(number) = at {
                sheet.row(number.saturating_add(1), &row, emit)?;
            }
            row.clear();
            at = place.map(|(r, _)| r);
        }
        let (Some(cell), Some((_, column))) = (cell, place) else {
            return sheet.finish(emit, skipped);
        };
        let column = column as usize;
        let kind = sheet.column(column)?;
        if cell::write_ref(row.cell(column), cell.get_value(), kind) {
            row.errors.push(column);
        }
    }
}
