//! CSV with a header.

use super::batch::{RawBatch, RawData, RecordFault, RowNumbers};
use super::columns::TextColumn;
use super::file::{Emit, Job, Stop};
use super::header::Header;
use super::names::NameCounts;
use super::{BATCH_BYTES, MAX_RECORD};
use crate::error::ExtractError;
use crate::source::classify;
use csv::{ByteRecord, ReaderBuilder};
use std::io::Read;

/// Splits UTF-8 text into records. Records with more or fewer fields than the header are marked.
pub(crate) fn read(job: &Job<'_>, text: impl Read, emit: &mut Emit<'_>) -> Result<NameCounts, Stop> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(job.dataset.format.delimiter)
        .buffer_capacity(128 * 1024)
        .from_reader(text);
    let mut record = ByteRecord::new();
    if !next(job, &mut reader, &mut record, None)? {
        return Err(ExtractError::EmptyFile { file: job.file.to_owned() }.into());
    }
    let names: Vec<String> = record.iter().map(|n| String::from_utf8_lossy(n).into_owned()).collect();
    let header = Header::resolve(job.dataset, job.file, names.iter().map(String::as_str))?;
    let mut undeclared = vec![0u64; header.fields.len()];

    let mut rows = 0u64;
    let mut bytes_a_row = 16;
    loop {
        let mut columns: Vec<Option<TextColumn>> = vec![None; job.dataset.fields.len()];
        for field in header.fields.iter().flatten() {
            columns[*field] = Some(TextColumn::with_capacity(job.batch_rows, job.batch_rows * bytes_a_row));
        }
        let (mut len, mut bytes, mut rejected, mut more) = (0, 0, Vec::new(), true);
        while len < job.batch_rows && bytes < BATCH_BYTES {
            more = next(job, &mut reader, &mut record, Some(rows))?;
            if !more {
                break;
            }
            rows += 1;
            if record.len() == header.fields.len() {
                for (position, (value, field)) in record.iter().zip(&header.fields).enumerate() {
                    match field.and_then(|f| columns[f].as_mut()) {
                        Some(column) => column.push(value),
                        None => undeclared[position] += u64::from(!value.trim_ascii().is_empty()),
                    }
                }
            } else {
                rejected.push((len, RecordFault::Columns));
                for (position, field) in header.fields.iter().enumerate() {
                    if let Some(column) = field.and_then(|f| columns[f].as_mut()) {
                        column.push(record.get(position).unwrap_or_default());
                    }
                }
            }
            len += 1;
            bytes += record.as_slice().len();
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
    let mut counts = NameCounts::default();
    for ((name, field), count) in header.names.iter().zip(&header.fields).zip(undeclared) {
        if field.is_none() {
            counts.add(name, count);
        }
    }
    Ok(counts)
}

/// Reads the next record; `rows` is how many were read before it, `None` for the header.
fn next<R: Read>(
    job: &Job<'_>,
    reader: &mut csv::Reader<R>,
    record: &mut ByteRecord,
    rows: Option<u64>,
) -> Result<bool, Stop> {
    let more = reader.read_byte_record(record).map_err(|e| match e.into_kind() {
        csv::ErrorKind::Io(e) => match (classify(&e, job.file, rows.unwrap_or(0)), rows) {
            (ExtractError::InvalidBytes { file, encoding, .. }, None) => {
                Stop::Failed(ExtractError::InvalidBytes { file, row: 0, encoding })
            }
            (error, _) => Stop::Failed(error),
        },
        // With `flexible` and byte records, reading has no other errors.
        _ => Stop::Failed(ExtractError::Internal { file: job.file.to_owned(), doing: "splitting CSV" }),
    })?;
    if record.as_slice().len() > MAX_RECORD {
        let row = rows.unwrap_or(0) + 1;
        return Err(ExtractError::RecordTooLarge { file: job.file.to_owned(), row, limit: MAX_RECORD }.into());
    }
    Ok(more)
}
