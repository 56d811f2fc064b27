//! Records out of files: one module a container, all giving [`RawBatch`]es.

mod archive;
mod batch;
mod biff;
mod biff_formats;
mod cell;
mod cell_format;
mod chunks;
mod columns;
mod csv;
mod directory;
mod file;
mod footer;
mod header;
mod header_again;
mod json_array;
mod json_guard;
mod lines;
mod lines_of_key;
mod names;
mod ndjson;
mod parquet;
mod records;
mod sheet;
mod total_row;
mod xls;
mod xlsx;

pub(crate) use batch::{FILL_RULE, RawBatch, RawData, RecordFault, Rejected, RowNumbers};
pub(crate) use cell::CellFault;
pub(crate) use columns::TextColumn;
pub(crate) use csv::{bounds, signs};
pub(crate) use file::{FileSummary, Stop, column_names, read_file};
pub(crate) use lines::{Beyond, ParsedLines, parse_lines};
pub(crate) use lines_of_key::{Cells, Order, OrderLines, Watch};
pub(crate) use names::{FieldLabels, FieldNames, MAX_UNDECLARED, NameCounts, nearest, presentable};
pub(crate) use records::Splitter;

/// A batch is cut when it holds this much, even if it has few rows.
const BATCH_BYTES: usize = 16 << 20;
