//! Parquet: only declared columns are decoded; undeclared ones are counted from the footer.

use super::batch::{RawBatch, RawData, RowNumbers};
use super::chunks::Chunks;
use super::file::{Emit, Job, Stop};
use super::header::Header;
use super::names::NameCounts;
use crate::error::ExtractError;
use crate::source::Blocks;
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType as Arrow, Schema, TimeUnit};
use lakewarden_dictionary::{Field, Treatment};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::basic::Type as PhysicalType;
use parquet::errors::ParquetError;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

const WHAT: &str = "Parquet";

/// Decodes the declared columns.
pub(crate) fn read(job: &Job<'_>, file: &Blocks, emit: &mut Emit<'_>) -> Result<NameCounts, Stop> {
    let damaged = |rows: u64| Stop::Failed(ExtractError::Damaged { file: job.file.to_owned(), what: WHAT, rows });
    let end = file.bytes(file.size().saturating_sub(4)..file.size()).map_err(|_| damaged(0))?;
    if file.size() < 12 || end != b"PAR1".as_slice() {
        return Err(ExtractError::CutShort { file: job.file.to_owned(), what: WHAT, rows: 0 }.into());
    }
    // Without the Arrow schema that a writer may have left: it could ask for texts with 64-bit offsets, of which a few
    // bytes of a dictionary make any number. With 32 bits, a batch is at most 2 GiB a column.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let loaded = guarded(|| ArrowReaderMetadata::load(&Chunks(file.clone()), options.clone()));
    let footer = guarded(|| with_instants(loaded.ok_or(())?, options).map_err(|_| ())).ok_or_else(|| damaged(0))?;

    let schema = footer.schema().clone();
    let limits = job.limits();
    if footer.parquet_schema().num_columns() > limits.columns as usize {
        let (file, limit) = (job.file.to_owned(), limits.columns);
        return Err(ExtractError::TooManyColumns { file, row: 0, limit }.into());
    }
    let header = job.header(schema.fields().iter().map(|f| f.name().as_str()))?;
    for (column, field) in schema.fields().iter().zip(&header.fields) {
        if let (Some(found), Some(field)) = (unreadable(column.data_type()), field) {
            if is_dropped_json(&job.dataset.fields[*field]) {
                continue;
            }
            let column = job.dataset.fields[*field].name.value.clone();
            return Err(ExtractError::ColumnType { file: job.file.to_owned(), column, found }.into());
        }
    }
    let undeclared = count_undeclared(&footer, &header);

    let dropped = |field: usize| is_dropped_json(&job.dataset.fields[field]);
    let roots: Vec<usize> =
        (0..header.fields.len()).filter(|i| header.fields[*i].is_some_and(|field| !dropped(field))).collect();
    // Columns lie one after another and are read side by side.
    let pages = Chunks(file.for_places(roots.len()));
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(pages, footer);
    let mask = ProjectionMask::roots(builder.parquet_schema(), roots.iter().copied());
    let reader = guarded(|| builder.with_projection(mask).with_batch_size(job.batch_rows).build());
    let mut reader = reader.ok_or_else(|| damaged(0))?;
    let mut rows = 0u64;
    loop {
        let batch = match guarded(|| Ok::<_, ParquetError>(reader.next())) {
            Some(None) => break,
            Some(Some(Ok(batch))) => batch,
            Some(Some(Err(_))) | None => return Err(damaged(rows)),
        };
        let mut columns: Vec<Option<ArrayRef>> = vec![None; job.dataset.fields.len()];
        for (array, root) in batch.columns().iter().zip(&roots) {
            if let Some(field) = header.fields[*root] {
                if let Some(place) = too_large(array, limits.field) {
                    let column = Some(job.dataset.fields[field].name.value.clone());
                    let (file, row) = (job.file.to_owned(), rows + 1 + place as u64);
                    return Err(ExtractError::FieldTooLarge { file, row, column, limit: limits.field }.into());
                }
                columns[field] = Some(array.clone());
            }
        }
        let (first, len) = (rows + 1, batch.num_rows());
        rows += len as u64;
        if len > 0 {
            let data = RawData::Arrow(columns);
            emit(RawBatch { rows: RowNumbers::From(first), len, data, rejected: Vec::new() })?;
        }
    }
    Ok(undeclared)
}

/// The same footer, with columns of 96-bit times read as instants. They count from midnight UTC, which the format does
/// not say in the column's type (Spark, Hive and Presto write them so; Parquet format, "INT96 timestamps"). As
/// nanoseconds, times before 1677 and after 2262 would overflow: `9999-12-31` is a usual placeholder.
fn with_instants(
    footer: ArrowReaderMetadata,
    options: ArrowReaderOptions,
) -> Result<ArrowReaderMetadata, ParquetError> {
    let leaves = footer.parquet_schema();
    let roots: Vec<usize> = (0..leaves.num_columns())
        .filter(|leaf| leaves.column(*leaf).physical_type() == PhysicalType::INT96)
        .map(|leaf| leaves.get_column_root_idx(leaf))
        .collect();
    if roots.is_empty() {
        return Ok(footer);
    }
    let instants = Arrow::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let fields = footer.schema().fields().iter().enumerate().map(|(root, field)| {
        // Those inside lists and structures are not read.
        let plain = roots.contains(&root) && matches!(field.data_type(), Arrow::Timestamp(..));
        if plain { Arc::new(field.as_ref().clone().with_data_type(instants.clone())) } else { field.clone() }
    });
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    ArrowReaderMetadata::try_new(footer.metadata().clone(), options.with_schema(schema))
}

/// Runs a step of a reader. Its error texts may quote values and are not passed on; that it panics on some
/// malformed files is a malformed file as well.
pub(super) fn guarded<T, E>(step: impl FnOnce() -> Result<T, E>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(step)).ok()?.ok()
}

/// The place of the first value that is larger than a value may be.
fn too_large(array: &ArrayRef, limit: u64) -> Option<usize> {
    if array.get_buffer_memory_size() as u64 <= limit {
        return None;
    }
    let beyond = |size: usize| size as u64 > limit;
    match array.data_type() {
        Arrow::Utf8 => array.as_string::<i32>().iter().position(|v| v.is_some_and(|v| beyond(v.len()))),
        Arrow::LargeUtf8 => array.as_string::<i64>().iter().position(|v| v.is_some_and(|v| beyond(v.len()))),
        Arrow::Utf8View => array.as_string_view().iter().position(|v| v.is_some_and(|v| beyond(v.len()))),
        Arrow::Binary => array.as_binary::<i32>().iter().position(|v| v.is_some_and(|v| beyond(v.len()))),
        Arrow::LargeBinary => array.as_binary::<i64>().iter().position(|v| v.is_some_and(|v| beyond(v.len()))),
        Arrow::BinaryView => array.as_binary_view().iter().position(|v| v.is_some_and(|v| beyond(v.len()))),
        _ => None,
    }
}

/// Values of undeclared columns that are not null, by the footer's statistics (all rows without them).
fn count_undeclared(footer: &ArrowReaderMetadata, header: &Header) -> NameCounts {
    let mut counts = NameCounts::default();
    let leaves = footer.parquet_schema();
    for (root, (name, field)) in header.names.iter().zip(&header.fields).enumerate() {
        let leaf = (0..leaves.num_columns()).find(|leaf| leaves.get_column_root_idx(*leaf) == root);
        if let (None, Some(leaf)) = (field, leaf) {
            let held = footer.metadata().row_groups().iter().map(|group| {
                let nulls = group.column(leaf).statistics().and_then(|s| s.null_count_opt()).unwrap_or(0);
                (group.num_rows().max(0) as u64).saturating_sub(nulls)
            });
            counts.add(name, held.sum());
        }
    }
    counts
}

/// Whether a field is declared as `json` and dropped: then it may have any structure, and nothing of it is read.
fn is_dropped_json(field: &Field) -> bool {
    field.json && field.treatment == Treatment::Drop
}

/// What a column holds if its values are not plain.
fn unreadable(data_type: &Arrow) -> Option<&'static str> {
    match data_type {
        Arrow::List(_)
        | Arrow::LargeList(_)
        | Arrow::FixedSizeList(..)
        | Arrow::ListView(_)
        | Arrow::LargeListView(_) => Some("lists"),
        Arrow::Struct(_) => Some("structures"),
        Arrow::Map(..) => Some("maps"),
        Arrow::Union(..) => Some("unions"),
        Arrow::Interval(_) | Arrow::Duration(_) => Some("durations"),
        _ => None,
    }
}
