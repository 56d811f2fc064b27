//! Excel workbooks: one sheet, row by row.

use super::cell::{self, CellFault, Value};
use super::cell_format::CellFormat;
use super::file::{Emit, Job, Learnt, Stop};
use super::names::NameCounts;
use super::parquet::guarded;
use super::sheet::{Row, Sheet, choose};
use crate::error::ExtractError;
use crate::source::{Blocks, Reader as BlockReader};
use calamine::{DataRef, Reader, Style, Xlsx};

const WHAT: &str = "workbook";

/// Numbers of the formats that every workbook has and does not define.
const BUILT_IN: u32 = 164;

/// What is known of a workbook's formulas before its cells are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Formulas {
    /// There are some.
    pub any: bool,
    /// Whoever wrote the workbook left it to others to compute them (`fullCalcOnLoad`): a zero is no result.
    pub uncomputed: bool,
}

/// Reads the sheet of a workbook whose parts have been measured.
pub(crate) fn read(
    job: &Job<'_>,
    packed: &Blocks,
    formulas: Formulas,
    emit: &mut Emit<'_>,
    learnt: &mut Learnt,
) -> Result<NameCounts, Stop> {
    let damaged = |rows: u64| Stop::Failed(ExtractError::Damaged { file: job.file.to_owned(), what: WHAT, rows });
    let mut book = guarded(|| Xlsx::new(packed.reader(0))).ok_or_else(|| damaged(0))?;
    let sheets = book.sheets_metadata().to_vec();
    let blank = |name: &str| is_blank(&mut book, name).ok_or_else(|| damaged(0));
    let name = choose(job, &sheets, blank)?.ok_or_else(|| damaged(0))?;
    let mut uncomputed = if formulas.any {
        uncomputed(&mut book, &name, formulas).ok_or_else(|| damaged(0))?.into_iter().peekable()
    } else {
        Vec::new().into_iter().peekable()
    };
    let mut sheet = Sheet::new(job, book.has_1904_epoch())?;
    let mut cells = guarded(|| book.worksheet_cells_reader(&name)).ok_or_else(|| damaged(0))?;
    let formats: Vec<Option<CellFormat>> = cells.styles().iter().map(format_of).collect();
    let mut row = Row::default();
    let mut at: Option<u32> = None;
    loop {
        let cell = guarded(|| cells.next_cell_with_style_id()).ok_or_else(|| damaged(sheet.rows()))?;
        let place = cell.as_ref().map(|(cell, _)| cell.get_position());
        if place.map(|(r, _)| r) != at {
            if let Some(number) = at {
                sheet.row(number.saturating_add(1), &row, emit)?;
            }
            row.clear();
            at = place.map(|(r, _)| r);
        }
        let (Some((cell, style)), Some(place)) = (cell, place) else {
            return sheet.finish(emit, learnt);
        };
        let column = place.1 as usize;
        let kind = sheet.column(column)?;
        let format = formats.get(style).and_then(Option::as_ref);
        let fault = cell::write(row.cell(column), Value::from(cell.get_value()), format, kind);
        // Both passes meet the cells in one order.
        let fault = if uncomputed.next_if_eq(&place).is_some() { Some(CellFault::Formula) } else { fault };
        row.faults.extend(fault.map(|fault| (column, fault)));
    }
}

/// The format of a style, if it says how numbers are shown. The dates among the formats that are built in are shown as
/// each reader's country writes them, so they say nothing.
fn format_of(style: &Style) -> Option<CellFormat> {
    let format = style.number_format.as_ref()?;
    let as_local = format.format_id.is_some_and(|id| (14..=36).contains(&id) || (45..BUILT_IN).contains(&id));
    (!as_local).then(|| CellFormat::compile(&format.format_code))
}

/// Whether a sheet has no cell with anything in it.
fn is_blank(book: &mut Xlsx<BlockReader>, name: &str) -> Option<bool> {
    let mut cells = guarded(|| book.worksheet_cells_reader(name))?;
    while let Some(cell) = guarded(|| cells.next_cell())? {
        if !matches!(cell.get_value(), DataRef::Empty) {
            return Some(false);
        }
    }
    Some(true)
}

/// The places of formulas without a result, in the order of the cells.
fn uncomputed(book: &mut Xlsx<BlockReader>, name: &str, formulas: Formulas) -> Option<Vec<(u32, u32)>> {
    let mut cells = guarded(|| book.worksheet_cells_reader(name))?;
    let mut places = Vec::new();
    while let Some(cell) = guarded(|| cells.next_cell_with_formula_metadata())? {
        let value = Value::from(&cell.value);
        let lacks = matches!(value, Value::Empty) || (formulas.uncomputed && value.is_blank_or_zero());
        if cell.formula.is_some() && lacks {
            places.push(cell.pos);
        }
    }
    Some(places)
}
