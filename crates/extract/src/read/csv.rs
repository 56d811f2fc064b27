//! CSV with a header.

use super::BATCH_BYTES;
use super::batch::{RawBatch, RawData, RecordFault, RowNumbers};
use super::columns::TextColumn;
use super::file::{Emit, Job, Stop};
use super::footer::Footer;
use super::header::Header;
use super::names::NameCounts;
use super::records::{Bounds, Signs, SplitFault, Splitter};
use crate::account::SkippedLines;
use crate::error::ExtractError;
use crate::source::classify;
use std::io::Read;

/// Splits UTF-8 text into records. Records with more or fewer fields than the header are marked.
pub(crate) fn read(
    job: &Job<'_>,
    text: impl Read,
    emit: &mut Emit<'_>,
    skipped: &mut SkippedLines,
) -> Result<NameCounts, Stop> {
    let format = &job.dataset.format;
    let limits = job.limits();
    let signs = Signs {
        delimiter: format.delimiter,
        quote: format.quote,
        comment: format.comment.as_ref().map_or_else(Vec::new, |c| c.value.clone().into_bytes()),
    };
    let bounds = Bounds { record: limits.record, field: limits.field, columns: limits.columns as usize };
    let mut splitter = Splitter::new(text, signs, bounds);
    let at_header = |fault| failed(job, None, 0, fault);
    skipped.preamble += splitter.skip_lines(format.skip_rows).map_err(at_header)?;
    if !splitter.next().map_err(at_header)? {
        return Err(ExtractError::EmptyFile { file: job.file.to_owned() }.into());
    }
    let names: Vec<String> = (0..splitter.len())
        .map(|i| splitter.value(i).map_or_else(String::new, |name| String::from_utf8_lossy(&name).into_owned()))
        .collect();
    let header = job.header(names.iter().map(String::as_str))?;
    let mut undeclared = vec![0u64; header.fields.len()];
    let mut footer = Footer::of(job)?;

    let mut rows = 0u64;
    let mut bytes_a_row = 16;
    loop {
        let mut columns: Vec<Option<TextColumn>> = vec![None; job.dataset.fields.len()];
        for field in header.fields.iter().flatten() {
            columns[*field] = Some(TextColumn::with_capacity(job.batch_rows, job.batch_rows * bytes_a_row));
        }
        let (mut len, mut bytes, mut rejected, mut more) = (0, 0, Vec::new(), true);
        while len < job.batch_rows && bytes < BATCH_BYTES {
            more = splitter.next().map_err(|fault| failed(job, Some(&header), rows + 1, fault))?;
            if !more {
                break;
            }
            if let Some(footer) = &mut footer
                && footer.takes(rows, &splitter.value(0).unwrap_or_default())?
            {
                continue;
            }
            rows += 1;
            if splitter.len() != header.fields.len() {
                rejected.push((len, RecordFault::Columns));
            }
            let fits = splitter.len() == header.fields.len();
            for (position, field) in header.fields.iter().enumerate() {
                let value = splitter.value(position).unwrap_or_default();
                match field.and_then(|f| columns[f].as_mut()) {
                    Some(column) => column.push(&value),
                    None => undeclared[position] += u64::from(fits && !value.trim_ascii().is_empty()),
                }
            }
            len += 1;
            bytes += splitter.size();
        }
        if len > 0 {
            let widest = columns.iter().flatten().map(TextColumn::bytes).max().unwrap_or_default();
            bytes_a_row = widest.div_ceil(len).clamp(1, 256);
            let rows = RowNumbers::From(rows + 1 - len as u64);
            emit(RawBatch { rows, len, data: RawData::Text(columns), rejected })?;
        }
        if !more {
            break;
        }
    }
    skipped.comments += splitter.comments();
    skipped.footer += footer.map_or(0, |f| f.lines());
    Ok(header.undeclared(&undeclared))
}

/// Says what stopped the record with this number, 0 for the header.
fn failed(job: &Job<'_>, header: Option<&Header>, row: u64, fault: SplitFault) -> Stop {
    let (file, limits) = (job.file.to_owned(), job.limits());
    Stop::Failed(match fault {
        SplitFault::Read(error) => match classify(&error, job.file, row.saturating_sub(1)) {
            ExtractError::InvalidBytes { file, encoding, .. } => ExtractError::InvalidBytes { file, row, encoding },
            other => other,
        },
        SplitFault::Field(position) => {
            let field = header.and_then(|h| *h.fields.get(position)?);
            let column = field.map(|f| job.dataset.fields[f].name.value.clone());
            ExtractError::FieldTooLarge { file, row, column, limit: limits.field }
        }
        SplitFault::Record => ExtractError::RecordTooLarge { file, row, limit: limits.record },
        SplitFault::Columns => ExtractError::TooManyColumns { file, row, limit: limits.columns },
        SplitFault::Unclosed => ExtractError::QuoteNeverClosed { file, row },
    })
}
