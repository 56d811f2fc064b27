//! Rows of a sheet → batches, whichever kind of workbook they are from.

use super::BATCH_BYTES;
use super::batch::{RawBatch, RawData, RecordFault, Rejected, RowNumbers};
use super::cell::{CellFault, Column, Kind};
use super::columns::TextColumn;
use super::file::{Emit, Job, Learnt, Stop};
use super::footer::Footer;
use super::header::Header;
use super::names::{NameCounts, nearest};
use super::total_row::LastRecord;
use crate::error::ExtractError;
use calamine::{SheetType, SheetVisible};

/// A row as it is gathered.
#[derive(Default)]
pub(crate) struct Row {
    /// The cells' texts, as many as were used so far.
    pub cells: Vec<String>,
    /// Those of them that must not be used, and why.
    pub faults: Vec<(usize, CellFault)>,
}

impl Row {
    /// The cell of a column, empty.
    pub(crate) fn cell(&mut self, column: usize) -> &mut String {
        if column >= self.cells.len() {
            self.cells.resize(column + 1, String::new());
        }
        let cell = &mut self.cells[column];
        cell.clear();
        cell
    }

    /// Forgets what it holds.
    pub(crate) fn clear(&mut self) {
        self.cells.iter_mut().for_each(String::clear);
        self.faults.clear();
    }
}

/// A sheet being read, row by row.
pub(crate) struct Sheet<'a, 'j> {
    job: &'a Job<'j>,
    from_1904: bool,
    header: Option<Header>,
    kinds: Vec<Column>,
    footer: Option<Footer<'a>>,
    columns: Vec<Option<TextColumn>>,
    undeclared: Vec<u64>,
    rejected: Vec<Rejected>,
    last: LastRecord,
    preamble: u64,
    rows: u64,
    len: usize,
    bytes: usize,
}

impl<'a, 'j> Sheet<'a, 'j> {
    pub(crate) fn new(job: &'a Job<'j>, from_1904: bool) -> Result<Self, Stop> {
        Ok(Self {
            job,
            from_1904,
            header: None,
            kinds: Vec::new(),
            footer: Footer::of(job)?,
            columns: Vec::new(),
            undeclared: Vec::new(),
            rejected: Vec::new(),
            last: LastRecord::default(),
            preamble: 0,
            rows: 0,
            len: 0,
            bytes: 0,
        })
    }

    /// What a cell's column is.
    ///
    /// # Errors
    /// LW4034 for one beyond the limit.
    pub(crate) fn column(&self, column: usize) -> Result<Column, Stop> {
        let limit = self.job.limits().columns;
        if column >= limit as usize {
            let row = self.header.as_ref().map_or(0, |_| self.rows + 1);
            return Err(ExtractError::TooManyColumns { file: self.job.file.to_owned(), row, limit }.into());
        }
        Ok(self.kinds.get(column).copied().unwrap_or_default())
    }

    /// Records read so far.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Takes the row with this number, from 1. Blank rows are no records.
    pub(crate) fn row(&mut self, number: u32, row: &Row, emit: &mut Emit<'_>) -> Result<(), Stop> {
        let cells = &row.cells;
        // A formula without a value is no blank cell.
        let declared =
            |column: &usize| self.header.as_ref().is_some_and(|h| h.fields.get(*column).copied().flatten().is_some());
        let faulty = row.faults.iter().map(|(column, _)| *column).filter(declared).max();
        let Some(last) = cells.iter().rposition(|c| !c.trim().is_empty()).max(faulty) else {
            return Ok(());
        };
        let Some(header) = &self.header else {
            if self.job.dataset.format.header_row.is_some_and(|declared| number < declared) {
                self.preamble += 1;
                return Ok(());
            }
            return self.begin(&cells[..cells.len().min(last + 1)]);
        };
        if let Some(footer) = &mut self.footer
            && footer.takes(self.rows, cells.first().map_or(b"".as_slice(), |c| c.as_bytes()))?
        {
            return Ok(());
        }
        self.last.take(cells.first().map_or(b"".as_slice(), |c| c.as_bytes()));
        let limit = self.job.limits().field;
        for (position, field) in header.fields.iter().enumerate() {
            let cell = cells.get(position).map_or("", String::as_str);
            match field.and_then(|f| self.columns[f].as_mut()) {
                Some(_) if cell.len() as u64 > limit => {
                    let column = field.map(|f| self.job.dataset.fields[f].name.value.clone());
                    let (file, row) = (self.job.file.to_owned(), self.rows + 1);
                    return Err(ExtractError::FieldTooLarge { file, row, column, limit }.into());
                }
                Some(column) => {
                    column.push(cell.as_bytes());
                    self.bytes += cell.len();
                }
                None => self.undeclared[position] += u64::from(!cell.trim().is_empty()),
            }
        }
        let means_nothing = |field: usize, position: usize| {
            let text = cells.get(position).map_or("", String::as_str);
            !text.is_empty() && self.job.dataset.fields[field].null_values.iter().any(|n| n == text)
        };
        let fault = row.faults.iter().find_map(|(position, fault)| {
            let field = header.fields.get(*position).copied().flatten()?;
            (!means_nothing(field, *position)).then_some(RecordFault::Cell { field, fault: *fault })
        });
        if last >= header.fields.len() {
            let found = Some((last + 1, header.fields.len()));
            self.rejected.push(Rejected::at(self.len, RecordFault::Columns(found)));
        } else if let Some(fault) = fault {
            self.rejected.push(Rejected::at(self.len, fault));
        }
        self.len += 1;
        self.rows += 1;
        if self.len >= self.job.batch_rows || self.bytes >= BATCH_BYTES { self.flush(emit) } else { Ok(()) }
    }

    /// Gives what is left, and says which undeclared columns there were.
    pub(crate) fn finish(mut self, emit: &mut Emit<'_>, learnt: &mut Learnt) -> Result<NameCounts, Stop> {
        self.flush(emit)?;
        self.last.judge(self.job, self.rows, learnt);
        learnt.skipped.preamble += self.preamble;
        learnt.skipped.footer += self.footer.map_or(0, |f| f.lines());
        match self.header {
            Some(header) => Ok(header.undeclared(&self.undeclared)),
            None => Err(ExtractError::EmptyFile { file: self.job.file.to_owned() }.into()),
        }
    }

    fn begin(&mut self, names: &[String]) -> Result<(), Stop> {
        let header = self.job.header(names.iter().map(String::as_str))?;
        let of = |field: &Option<usize>| field.map_or(Kind::Undeclared, |f| Kind::of(&self.job.dataset.fields[f]));
        let kind = |field: &Option<usize>| Column { kind: of(field), from_1904: self.from_1904 };
        self.kinds = header.fields.iter().map(kind).collect();
        self.undeclared = vec![0; header.fields.len()];
        self.header = Some(header);
        self.start();
        Ok(())
    }

    fn start(&mut self) {
        (self.len, self.bytes) = (0, 0);
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

/// The sheet that is to be read: the one declared, visible or not, or else the only visible one that has cells.
/// `is_blank` says of a sheet that it has none.
pub(crate) fn choose(
    job: &Job<'_>,
    sheets: &[calamine::Sheet],
    mut is_blank: impl FnMut(&str) -> Result<bool, Stop>,
) -> Result<Option<String>, Stop> {
    let file = || job.file.to_owned();
    let tables = || sheets.iter().filter(|s| s.typ == SheetType::WorkSheet);
    let Some(sheet) = &job.dataset.format.sheet else {
        let mut visible = tables().filter(|s| s.visible == SheetVisible::Visible).map(|s| s.name.clone());
        let first = visible.next();
        let mut filled = None;
        for name in first.iter().cloned().chain(visible) {
            if is_blank(&name)? {
                continue;
            }
            if filled.is_some() {
                return Err(ExtractError::SeveralSheets { file: file() }.into());
            }
            filled = Some(name);
        }
        return Ok(filled.or(first));
    };
    if tables().any(|s| s.name == sheet.value) {
        return Ok(Some(sheet.value.clone()));
    }
    let names = tables().enumerate().map(|(at, sheet)| (at + 1, sheet.name.as_str()));
    let nearest = nearest(&sheet.value, names, 0.5);
    Err(ExtractError::NoSheet { file: file(), sheet: sheet.value.clone(), nearest }.into())
}
