//! One file, from opening to its last record.

use super::names::NameCounts;
use super::{RawBatch, csv, json_array, ndjson, parquet, xlsx};
use crate::account::Warning;
use crate::error::{ExtractError, container_name};
use crate::source::{Decoding, RawSource, SourceFile, classify, container_of, decompressed, fill};
use lakewarden_dictionary::{Container, Dataset};
use std::io::{Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// Enough of a file to know its container; more than a few lines of NDJSON.
const HEAD: usize = 64 * 1024;

/// Why reading stopped before the end.
pub(crate) enum Stop {
    /// Nobody wants the batches any more.
    Cancelled,
    /// The file cannot be read.
    Failed(ExtractError),
}

impl From<ExtractError> for Stop {
    fn from(error: ExtractError) -> Self {
        Self::Failed(error)
    }
}

/// Where batches go.
pub(crate) type Emit<'a> = dyn FnMut(RawBatch) -> Result<(), Stop> + 'a;

/// What a reader needs to know.
pub(crate) struct Job<'a> {
    pub dataset: &'a Dataset,
    pub file: &'a str,
    pub batch_rows: usize,
}

/// What is known of a file once it was read.
pub(crate) struct FileSummary {
    pub sha256: String,
    pub bytes: u64,
    pub encoding: Option<&'static str>,
    pub undeclared: NameCounts,
    pub warnings: Vec<Warning>,
}

/// Reads all records of a file and emits them in batches.
pub(crate) fn read_file(
    dataset: &Dataset,
    source: &SourceFile,
    batch_rows: usize,
    meter: &Arc<AtomicU64>,
    emit: &mut Emit<'_>,
) -> Result<FileSummary, Stop> {
    let file = source.name.as_str();
    let io = |e: std::io::Error| Stop::Failed(classify(&e, file, 0));
    let raw = RawSource::new((source.open)().map_err(io)?).metered(meter.clone());
    let mut stream = decompressed(raw.clone()).map_err(io)?;
    let mut head = Vec::new();
    let whole = fill(&mut stream, &mut head, HEAD).map_err(io)?;
    let container = container_of(&head, whole, &dataset.format, file)?;
    let stream = Cursor::new(head).chain(stream);

    let job = Job { dataset, file, batch_rows: batch_rows.max(1) };
    let mut warnings = Vec::new();
    if container != dataset.format.container {
        warnings.push(Warning::ContainerDiffers { found: container_name(container) });
    }
    let (undeclared, encoding) = match container {
        Container::Parquet => (parquet::read(&job, stream, emit)?, None),
        Container::Xlsx => (xlsx::read(&job, stream, emit)?, None),
        Container::Csv | Container::Ndjson | Container::Json => {
            let mut text = Decoding::new(stream, dataset.format.encoding);
            let undeclared = match container {
                Container::Csv => csv::read(&job, &mut text, emit)?,
                Container::Ndjson => ndjson::read(&job, &mut text, emit)?,
                _ => json_array::read(&job, &mut text, emit)?,
            };
            warnings.extend(text.warning());
            (undeclared, Some(text.encoding()))
        }
    };
    raw.drain().map_err(io)?;
    Ok(FileSummary { sha256: raw.sha256(), bytes: raw.bytes_read(), encoding, undeclared, warnings })
}
