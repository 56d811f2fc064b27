//! Which file each stored row came from.
//!
//! Rows of conformed tables carry the number of their file in a column that no SQL can name, so that the rows of a file
//! can be replaced. Parquet stores a run of equal numbers once. Which file has which number is in the ledger.

use crate::error::PipelineError;
use crate::load::information;
use crate::settle::bounds;
use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use lakewarden_lake::TableSnapshot;
use std::sync::Arc;

/// The column with the number of a row's file; null in rows of unknown origin.
pub(crate) const SOURCE_COLUMN: &str = "_source_file";

/// The column's declaration.
pub(crate) fn source_field() -> Arc<Field> {
    Arc::new(Field::new(SOURCE_COLUMN, DataType::Int64, true))
}

/// Key of the last number given to a file, in a commit's information.
pub(crate) const SOURCES: &str = "lakewarden.sources";

/// The number of the next file that is loaded into a table. They count from 1, so that loading the same files again
/// writes the same bytes.
///
/// # Errors
/// [`PipelineError::Damaged`] if what was noted cannot be read.
pub(crate) fn next_source(published: Option<&TableSnapshot>) -> Result<i64, PipelineError> {
    let Some(table) = published else { return Ok(1) };
    let noted: i64 = information(table, SOURCES)?.unwrap_or(0);
    let stored = table.files.iter().filter_map(|file| bounds(file, SOURCE_COLUMN)).map(|(_, max)| max).max();
    Ok(noted.max(stored.unwrap_or(0)) + 1)
}

/// The number of the file at a place among those that a run loads.
pub(crate) fn source_at(first: i64, index: usize) -> i64 {
    i64::try_from(index).map_or(i64::MAX, |index| first.saturating_add(index))
}

/// Adds the column to rows that lack it.
pub(crate) fn with_source(rows: &RecordBatch, number: Option<i64>) -> Result<RecordBatch, ArrowError> {
    let fields = rows.schema_ref().fields().iter().cloned().chain([source_field()]);
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let source: ArrayRef = Arc::new(Int64Array::from(vec![number; rows.num_rows()]));
    RecordBatch::try_new(schema, rows.columns().iter().cloned().chain([source]).collect())
}

/// The columns without it: what is told of a table.
pub(crate) fn without_source(schema: &SchemaRef) -> SchemaRef {
    let fields = schema.fields().iter().filter(|field| field.name() != SOURCE_COLUMN);
    Arc::new(Schema::new(fields.cloned().collect::<Vec<_>>()))
}
