//! One file, from opening to its last record.

use super::archive;
use super::batch::RecordFault;
use super::header::Header;
use super::names::NameCounts;
use super::{RawBatch, csv, json_array, ndjson, parquet, xls};
use crate::account::{SkippedLines, Warning};
use crate::error::{ExtractError, container_name};
use crate::source::{
    Blocks, Decoding, Ranges, RawSource, ReadAt, Recognised, SourceFile, Unpacked, classify, decompressed, fill,
    recognise,
};
use lakewarden_dictionary::{Container, Dataset, Limits};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

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
    /// What messages call the file; of a member of an archive both names.
    pub file: &'a str,
    pub batch_rows: usize,
    /// Where the names of the columns are put, if only they are asked for.
    pub names: Option<&'a RefCell<Vec<String>>>,
}

impl Job<'_> {
    /// How much the file may take.
    pub(crate) fn limits(&self) -> &Limits {
        &self.dataset.format.limits
    }

    /// Finds the declared fields among the names of the file's columns; stops there if only the names are asked for.
    pub(crate) fn header<'n>(&self, names: impl Iterator<Item = &'n str>) -> Result<Header, Stop> {
        if let Some(asked) = self.names {
            *asked.borrow_mut() = names.map(str::to_owned).collect();
            return Err(Stop::Cancelled);
        }
        Ok(Header::resolve(self.dataset, self.file, names)?)
    }
}

/// What is known of a file once it was read.
pub(crate) struct FileSummary {
    pub sha256: String,
    pub bytes: u64,
    pub encoding: Option<&'static str>,
    pub lines: u64,
    pub skipped: SkippedLines,
    pub undeclared: NameCounts,
    pub warnings: Vec<Warning>,
}

/// What is learnt of a file besides its records.
#[derive(Default)]
pub(crate) struct Learnt {
    pub encoding: Option<&'static str>,
    /// Physical lines of text, whatever is on them.
    pub lines: u64,
    pub skipped: SkippedLines,
    pub undeclared: NameCounts,
    pub warnings: Vec<Warning>,
    /// Damaged records by rule: how many, and the lines of the first.
    damaged: BTreeMap<&'static str, (u64, Vec<u64>)>,
}

/// Lines of damaged records that are remembered by rule.
const DAMAGED_LINES: usize = 10;

impl Learnt {
    /// Counts a damaged record that begins on this line.
    pub(crate) fn damage(&mut self, fault: RecordFault, line: u64) {
        let (records, lines) = self.damaged.entry(fault.rule()).or_default();
        *records += 1;
        if lines.len() < DAMAGED_LINES {
            lines.push(line);
        }
    }

    /// Says so if a container is not the declared one, once a file.
    pub(crate) fn container(&mut self, found: Container, dataset: &Dataset) {
        if found != dataset.format.container {
            self.warn(Warning::ContainerDiffers { found: container_name(found).into() });
        }
    }

    pub(crate) fn warn(&mut self, warning: Warning) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }
}

/// Reads all records of a file and emits them in batches.
pub(crate) fn read_file(
    dataset: &Dataset,
    source: &SourceFile,
    batch_rows: usize,
    meter: &Arc<AtomicU64>,
    emit: &mut Emit<'_>,
) -> Result<FileSummary, Stop> {
    let job = Job { dataset, file: source.name.as_str(), batch_rows: batch_rows.max(1), names: None };
    read_job(&job, source, meter, emit)
}

/// Reads a file as far as the names of its columns, in its order; JSON has none to read.
pub(crate) fn column_names(dataset: &Dataset, source: &SourceFile) -> Result<Vec<String>, Stop> {
    let names = RefCell::new(Vec::new());
    let job = Job { dataset, file: source.name.as_str(), batch_rows: 1, names: Some(&names) };
    match read_job(&job, source, &Arc::default(), &mut |_| Err(Stop::Cancelled)) {
        Ok(_) | Err(Stop::Cancelled) => Ok(names.into_inner()),
        Err(stop) => Err(stop),
    }
}

fn read_job(
    job: &Job<'_>,
    source: &SourceFile,
    meter: &Arc<AtomicU64>,
    emit: &mut Emit<'_>,
) -> Result<FileSummary, Stop> {
    let io = |e: std::io::Error| Stop::Failed(classify(&e, job.file, 0));
    let mut raw = RawSource::new((source.open)().map_err(io)?).metered(meter.clone());
    let Unpacked { mut stream, compressed } = decompressed(raw.clone(), job.limits()).map_err(io)?;
    let mut learnt = Learnt::default();
    let (found, head) = begin(job, &mut stream)?;
    // Of a compressed file no place is known before what stands ahead of it was read.
    let large = |ranges: &&Ranges| source.size > ranges.above.min(job.limits().held);
    match source.ranges.as_ref().filter(|ranges| !compressed && large(ranges)) {
        Some(ranges) if matches!(found, Recognised::Zip | Recognised::One(Container::Parquet)) => {
            // It is read from its beginning again, for its checksum.
            meter.fetch_sub(raw.bytes_read(), Ordering::Relaxed);
            drop(stream);
            let file = (ranges.open)().map_err(io)?;
            by_ranges(job, found, &file, emit, &mut learnt)?;
            raw = RawSource::new(file.stream().map_err(io)?).metered(meter.clone());
        }
        _ => {
            let stream = Cursor::new(head).chain(stream);
            match found {
                Recognised::One(container) => one(job, container, stream, emit, &mut learnt)?,
                Recognised::Zip => archive::read(job, &hold(job, stream)?, emit, &mut learnt)?,
            }
        }
    }
    raw.drain().map_err(io)?;
    let Learnt { encoding, lines, skipped, undeclared, mut warnings, damaged } = learnt;
    let damaged = damaged.into_iter();
    warnings.extend(damaged.map(|(rule, (records, lines))| Warning::DamagedRecords {
        rule: rule.into(),
        records,
        lines,
    }));
    let (sha256, bytes) = (raw.sha256(), raw.bytes_read());
    Ok(FileSummary { sha256, bytes, encoding, lines, skipped, undeclared, warnings })
}

/// Reads a file whose directory stands at its end, however large it is.
fn by_ranges(
    job: &Job<'_>,
    found: Recognised,
    file: &Arc<dyn ReadAt>,
    emit: &mut Emit<'_>,
    learnt: &mut Learnt,
) -> Result<(), Stop> {
    let blocks = Blocks::of(file.clone(), job.limits().held);
    let read = match found {
        Recognised::Zip => archive::read(job, &blocks, emit, learnt),
        Recognised::One(container) => {
            learnt.container(container, job.dataset);
            parquet::read(job, &blocks, emit).map(|undeclared| learnt.undeclared.merge(&undeclared))
        }
    };
    match (read, blocks.fault()) {
        (Err(Stop::Cancelled), _) => Err(Stop::Cancelled),
        // A file that the storage does not give looks damaged to whoever parses it.
        (_, Some(fault)) => Err(classify(&fault.into(), job.file, 0).into()),
        (read, None) => read,
    }
}

/// Reads the first bytes and says what they are.
pub(crate) fn begin(job: &Job<'_>, stream: &mut impl Read) -> Result<(Recognised, Vec<u8>), Stop> {
    let mut head = Vec::new();
    let whole = fill(stream, &mut head, HEAD).map_err(|e| Stop::Failed(classify(&e, job.file, 0)))?;
    Ok((recognise(&head, whole, &job.dataset.format, job.file)?, head))
}

/// Reads the records of a file of one container.
pub(crate) fn one(
    job: &Job<'_>,
    container: Container,
    stream: impl Read,
    emit: &mut Emit<'_>,
    learnt: &mut Learnt,
) -> Result<(), Stop> {
    learnt.container(container, job.dataset);
    let undeclared = match container {
        Container::Parquet => parquet::read(job, &hold(job, stream)?, emit)?,
        Container::Xls => xls::read(job, whole(job, stream)?, emit, learnt)?,
        // Recognised by the archive's directory, which is not here.
        Container::Xlsx => {
            return Err(ExtractError::Internal { file: job.file.to_owned(), doing: "recognising a workbook" }.into());
        }
        Container::Csv | Container::Ndjson | Container::Json => {
            let mut text = Decoding::new(stream, job.dataset.format.encoding);
            let undeclared = match container {
                Container::Csv => csv::read(job, &mut text, emit, learnt)?,
                Container::Ndjson => ndjson::read(job, &mut text, emit, learnt)?,
                _ => json_array::read(job, &mut text, emit)?,
            };
            if let Some(warning) = text.warning() {
                learnt.warn(warning);
            }
            learnt.encoding.get_or_insert(text.encoding());
            undeclared
        }
    };
    learnt.undeclared.merge(&undeclared);
    Ok(())
}

/// Takes a file into memory that is read at any place.
fn hold(job: &Job<'_>, stream: impl Read) -> Result<Blocks, Stop> {
    whole(job, stream).map(Blocks::held)
}

/// Takes a file whole into memory: its directory stands at its end, a stream cannot go back, and a temporary file would
/// put clear identifiers on a disk.
fn whole(job: &Job<'_>, stream: impl Read) -> Result<Vec<u8>, Stop> {
    let (mut bytes, limit) = (Vec::new(), job.limits().held);
    stream
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|e| Stop::Failed(classify(&e, job.file, 0)))?;
    if bytes.len() as u64 > limit {
        return Err(ExtractError::FileTooLarge { file: job.file.to_owned(), key: "held", limit }.into());
    }
    Ok(bytes)
}
