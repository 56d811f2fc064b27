//! CSV, with a header or with the columns that the dictionary declares.

use super::BATCH_BYTES;
use super::batch::{RawBatch, RawData, RecordFault, Rejected, RowNumbers};
use super::columns::TextColumn;
use super::file::{Emit, Job, Learnt, Stop};
use super::footer::Footer;
use super::header::Header;
use super::header_again::{HeaderAgain, HeaderWatch};
use super::names::NameCounts;
use super::records::{Bounds, Signs, SplitFault, Splitter};
use super::total_row::LastRecord;
use crate::error::ExtractError;
use crate::source::{MALFORMED, classify};
use lakewarden_dictionary::{CsvHeader, Escape, Format, Limits};
use std::borrow::Cow;
use std::io::Read;

/// The sign that WeChat's bills put before each value, so that no program takes it for a number.
const BACKTICK: u8 = b'`';
/// Longer lines do not only name a separator.
const SEPARATOR_LINE: usize = 8;

/// The signs that a format declares.
pub(crate) fn signs(format: &Format) -> Signs {
    Signs {
        delimiter: format.delimiter,
        runs: format.delimiter_runs,
        quote: format.quote,
        backslash: format.escape == Escape::Backslash,
        comment: format.comment.as_ref().map_or_else(Vec::new, |c| c.value.clone().into_bytes()),
    }
}

/// The bounds that limits declare.
pub(crate) fn bounds(limits: &Limits) -> Bounds {
    Bounds { record: limits.record, field: limits.field, columns: limits.columns as usize }
}

/// Splits UTF-8 text into records. Records that do not fit the header are marked.
pub(crate) fn read(
    job: &Job<'_>,
    text: impl Read,
    emit: &mut Emit<'_>,
    learnt: &mut Learnt,
) -> Result<NameCounts, Stop> {
    let format = &job.dataset.format;
    let mut splitter = Splitter::new(text, signs(format), bounds(job.limits()));
    let at_header = |fault| failed(job, None, 0, fault);
    learnt.skipped.preamble += splitter.skip_lines(format.skip_rows).map_err(at_header)?;
    if let Some(separator) = splitter.peek_line(SEPARATOR_LINE).map_err(at_header)?.and_then(declared_separator) {
        splitter.separate_by(separator);
        learnt.skipped.preamble += splitter.skip_lines(1).map_err(at_header)?;
    }
    let names = match format.header {
        CsvHeader::First => header_names(job, &mut splitter)?,
        CsvHeader::None => job.dataset.fields.iter().map(|field| field.name.value.clone()).collect(),
    };
    let header = job.header(names.iter().map(String::as_str))?;
    let mut watch = HeaderWatch::new(job.dataset, &header);
    splitter.expect(multiline(job, &header));
    let mut footer = Footer::of(job)?;
    let mut table = Table::new(job, header);
    let mut last = LastRecord::default();
    loop {
        let header = &table.header;
        if !splitter.next().map_err(|fault| failed(job, Some(header), table.rows + 1, fault))? {
            break;
        }
        if splitter.damage().is_none() {
            match watch.recognise(&splitter, header) {
                None => {}
                Some(HeaderAgain::Same) => {
                    learnt.skipped.repeated_headers += 1;
                    continue;
                }
                Some(HeaderAgain::Other(names)) => {
                    learnt.skipped.repeated_headers += 1;
                    let header = job.header(names.iter().map(String::as_str))?;
                    watch = HeaderWatch::new(job.dataset, &header);
                    splitter.expect(multiline(job, &header));
                    table.change_header(header, emit)?;
                    continue;
                }
            }
        }
        if let Some(footer) = &mut footer
            && footer.takes(table.rows, &splitter.value(0).unwrap_or_default())?
        {
            continue;
        }
        if splitter.damage().is_none() && is_blank(&splitter) {
            continue;
        }
        last.take(&splitter.value(0).unwrap_or_default());
        table.push(&splitter, learnt);
        if table.len >= job.batch_rows || table.bytes >= BATCH_BYTES {
            table.flush(emit)?;
        }
    }
    table.flush(emit)?;
    last.judge(job, table.rows, learnt);
    learnt.skipped.comments += splitter.comments();
    learnt.skipped.footer += footer.map_or(0, |f| f.lines());
    learnt.lines += splitter.lines();
    table.count_undeclared();
    Ok(table.found)
}

/// The sign that a line such as `sep=;` says to separate values, as Excel writes and reads it.
fn declared_separator(line: &[u8]) -> Option<u8> {
    match line {
        [s, e, p, b'=', sign] if [*s, *e, *p].eq_ignore_ascii_case(b"sep") && sign.is_ascii() => Some(*sign),
        _ => None,
    }
}

/// The values of the first record.
fn header_names<R: Read>(job: &Job<'_>, splitter: &mut Splitter<R>) -> Result<Vec<String>, Stop> {
    let file = || job.file.to_owned();
    if !splitter.next().map_err(|fault| failed(job, None, 0, fault))? {
        return Err(ExtractError::EmptyFile { file: file() }.into());
    }
    if splitter.damage().is_some() {
        return Err(ExtractError::HeaderQuotes { file: file(), line: splitter.line() }.into());
    }
    let names: Vec<String> = (0..splitter.len())
        .map(|i| splitter.value(i).map_or_else(String::new, |name| String::from_utf8_lossy(&name).into_owned()))
        .collect();
    if names.iter().any(|name| name.contains(MALFORMED)) {
        return Err(ExtractError::InvalidBytes { file: file() }.into());
    }
    Ok(names)
}

/// Of each column, without those at the end that have no name: whether its values may contain line ends.
fn multiline(job: &Job<'_>, header: &Header) -> Vec<bool> {
    let may = |field: &Option<usize>| field.is_some_and(|field| job.dataset.fields[field].multiline);
    header.fields[..header.width()].iter().map(may).collect()
}

/// Records being gathered into batches.
struct Table<'a, 'j> {
    job: &'a Job<'j>,
    header: Header,
    columns: Vec<Option<TextColumn>>,
    /// Of each column how many values were found that nobody declared.
    undeclared: Vec<u64>,
    found: NameCounts,
    rejected: Vec<Rejected>,
    rows: u64,
    len: usize,
    bytes: usize,
    bytes_a_row: usize,
}

impl<'a, 'j> Table<'a, 'j> {
    fn new(job: &'a Job<'j>, header: Header) -> Self {
        let undeclared = vec![0; header.fields.len()];
        let mut table = Self {
            job,
            header,
            columns: Vec::new(),
            undeclared,
            found: NameCounts::default(),
            rejected: Vec::new(),
            rows: 0,
            len: 0,
            bytes: 0,
            bytes_a_row: 16,
        };
        table.start();
        table
    }

    fn start(&mut self) {
        (self.len, self.bytes) = (0, 0);
        self.columns = vec![None; self.job.dataset.fields.len()];
        for field in self.header.fields.iter().flatten() {
            let bytes = self.job.batch_rows * self.bytes_a_row;
            self.columns[*field] = Some(TextColumn::with_capacity(self.job.batch_rows, bytes));
        }
    }

    fn push<R: Read>(&mut self, record: &Splitter<R>, learnt: &mut Learnt) {
        let fits = self.fits(record);
        let fault = match record.damage() {
            // In its own columns, so that it can be read again once the field may contain line ends.
            Some(RecordFault::Multiline) if !fits => Some(self.surplus(record)),
            Some(damage) => Some(damage),
            None => (!fits).then(|| self.surplus(record)),
        };
        if let Some(fault) = fault {
            let line = record.line();
            learnt.damage(fault, line);
            self.rejected.push(Rejected { place: self.len, fault, line: Some(line) });
        }
        let marked = fault.is_none() && has_backticks(record);
        for (position, field) in self.header.fields.iter().enumerate() {
            let value = record.value(position).unwrap_or_default();
            let value = if marked { value.strip_prefix(&[BACKTICK]).unwrap_or(&value) } else { &*value };
            match field.and_then(|f| self.columns[f].as_mut()) {
                Some(column) => column.push(value),
                None => self.undeclared[position] += u64::from(fault.is_none() && !value.trim_ascii().is_empty()),
            }
        }
        self.rows += 1;
        self.len += 1;
        self.bytes += record.size();
    }

    /// Whether a record has a value for each column. Empty values at its end do not count, nor do columns without a name
    /// at the end of the header: both come from a delimiter at the end of a line.
    fn fits<R: Read>(&self, record: &Splitter<R>) -> bool {
        let (found, columns) = (record.len(), self.header.fields.len());
        if found <= columns {
            return found >= self.header.width();
        }
        (columns..found).all(|position| record.value(position).is_none_or(|value| value.trim_ascii().is_empty()))
    }

    fn surplus<R: Read>(&self, record: &Splitter<R>) -> RecordFault {
        RecordFault::Columns(Some((record.len(), self.header.width())))
    }

    fn flush(&mut self, emit: &mut Emit<'_>) -> Result<(), Stop> {
        if self.len == 0 {
            return Ok(());
        }
        let widest = self.columns.iter().flatten().map(TextColumn::bytes).max().unwrap_or_default();
        self.bytes_a_row = widest.div_ceil(self.len).clamp(1, 256);
        let (len, rows) = (self.len, RowNumbers::From(self.rows + 1 - self.len as u64));
        let data = RawData::Text(std::mem::take(&mut self.columns));
        let rejected = std::mem::take(&mut self.rejected);
        self.start();
        emit(RawBatch { rows, len, data, rejected })
    }

    /// Goes on with other columns.
    fn change_header(&mut self, header: Header, emit: &mut Emit<'_>) -> Result<(), Stop> {
        self.flush(emit)?;
        self.count_undeclared();
        self.undeclared = vec![0; header.fields.len()];
        self.header = header;
        self.start();
        Ok(())
    }

    fn count_undeclared(&mut self) {
        self.found.merge(&self.header.undeclared(&self.undeclared));
    }
}

/// Whether a record has nothing but blank values: Excel writes lines of nothing but delimiters after the last row. As a
/// blank line it is no record.
fn is_blank<R: Read>(record: &Splitter<R>) -> bool {
    (0..record.len()).all(|position| {
        let value = record.value(position).unwrap_or_default();
        match &*value {
            [] => true,
            [first, ..] if first.is_ascii_graphic() => false,
            text => String::from_utf8_lossy(text).trim().is_empty(),
        }
    })
}

/// Whether each value of a record, of at least two, has a backtick before it.
fn has_backticks<R: Read>(record: &Splitter<R>) -> bool {
    if record.value(0).and_then(|value| value.first().copied()) != Some(BACKTICK) {
        return false;
    }
    let values = || (0..record.len()).filter_map(|i| record.value(i)).filter(|value| !value.is_empty());
    values().count() > 1 && values().all(|value: Cow<'_, [u8]>| value[0] == BACKTICK)
}

/// Says what stopped the record with this number, 0 for the header.
fn failed(job: &Job<'_>, header: Option<&Header>, row: u64, fault: SplitFault) -> Stop {
    let (file, limits) = (job.file.to_owned(), job.limits());
    Stop::Failed(match fault {
        SplitFault::Read(error) => classify(&error, job.file, row.saturating_sub(1)),
        SplitFault::Field(position) => {
            let field = header.and_then(|h| *h.fields.get(position)?);
            let column = field.map(|f| job.dataset.fields[f].name.value.clone());
            ExtractError::FieldTooLarge { file, row, column, limit: limits.field }
        }
        SplitFault::Record => ExtractError::RecordTooLarge { file, row, limit: limits.record },
        SplitFault::Columns => ExtractError::TooManyColumns { file, row, limit: limits.columns },
    })
}
