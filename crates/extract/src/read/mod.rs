//! Records out of files: one module a container, all giving [`RawBatch`]es.

mod batch;
mod columns;
mod csv;
mod file;
mod header;
mod json_array;
mod lines;
mod names;
mod ndjson;
mod parquet;
mod xlsx;

pub(crate) use batch::{RawBatch, RawData, RecordFault, RowNumbers};
pub(crate) use columns::TextColumn;
pub(crate) use file::{FileSummary, Stop, read_file};
pub(crate) use lines::{ParsedLines, parse_lines};
pub(crate) use names::{FieldNames, MAX_UNDECLARED, NameCounts, nearest, presentable};

/// No record may be larger: a quotation mark that is never closed would otherwise read the file into one.
const MAX_RECORD: usize = 64 << 20;
/// A batch is cut when it holds this much, even if it has few rows.
const BATCH_BYTES: usize = 16 << 20;
