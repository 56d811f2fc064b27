//! One chunk of rows to one Parquet file in memory.

use arrow::array::RecordBatch;
use arrow::compute::CastOptions;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use crate::error::LakeError;
use crate::schema::has_bounds;
use crate::stats::{Counter, FileStats};
use crate::zone::TableId;

/// What a file of this codec is called.
pub(super) const EXTENSION: &str = "zstd.parquet";

/// Encodes Parquet files of one table.
///
/// Zstandard at level 1: on a table of pseudonyms it is 30 % smaller than Snappy or LZ4, and costs
/// a quarter more processor time to write. Columns start with a dictionary, and leave it where it
/// grows past a mebibyte, as that of a pseudonym column does. The footer holds the bounds of
/// numbers, dates and timestamps; of text and bytes it holds none.
#[derive(Clone)]
pub(super) struct Encoder {
    table: TableId,
    schema: SchemaRef,
    properties: WriterProperties,
}

impl Encoder {
    /// `schema` is a stored schema (see `schema::stored`).
    pub(super) fn new(table: &TableId, schema: SchemaRef) -> Result<Self, LakeError> {
        let failed = |_| LakeError::Encode { table: table.to_string() };
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).map_err(failed)?))
            .set_created_by(crate::publish::ENGINE.to_owned())
            .set_max_row_group_row_count(None)
            .set_statistics_enabled(EnabledStatistics::None);
        for field in schema.fields() {
            if has_bounds(field.data_type()) {
                let path = ColumnPath::new(vec![field.name().clone()]);
                properties = properties.set_column_statistics_enabled(path, EnabledStatistics::Chunk);
            }
        }
        Ok(Self { table: table.clone(), schema, properties: properties.build() })
    }

    /// Encodes batches into the bytes of one file. Batches are freed as they are encoded.
    pub(super) fn encode(&self, batches: Vec<RecordBatch>) -> Result<(Vec<u8>, FileStats), LakeError> {
        let failed = |_| LakeError::Encode { table: self.table.to_string() };
        let mut bytes = Vec::new();
        let mut counter = Counter::new(&self.schema);
        let options = ArrowWriterOptions::new()
            .with_properties(self.properties.clone())
            // Without it readers see plain types, whatever kinds of arrays were written.
            .with_skip_arrow_metadata(true);
        let mut writer = ArrowWriter::try_new_with_options(&mut bytes, self.schema.clone(), options).map_err(failed)?;
        for batch in batches {
            let batch = self.stored(batch)?;
            counter.count(&batch);
            writer.write(&batch).map_err(failed)?;
        }
        let footer = writer.close().map_err(failed)?;
        let stats = counter.finish(&self.schema, &footer);
        Ok((bytes, stats))
    }

    /// Casts a batch to the stored types.
    fn stored(&self, batch: RecordBatch) -> Result<RecordBatch, LakeError> {
        let cast = CastOptions { safe: false, ..CastOptions::default() };
        let mut columns = Vec::with_capacity(batch.num_columns());
        for (column, field) in batch.columns().iter().zip(self.schema.fields()) {
            if column.data_type() == field.data_type() {
                columns.push(column.clone());
                continue;
            }
            let column = arrow::compute::cast_with_options(column, field.data_type(), &cast).map_err(|_| {
                LakeError::Unrepresentable {
                    table: self.table.to_string(),
                    column: field.name().clone(),
                    data_type: field.data_type().to_string(),
                }
            })?;
            columns.push(column);
        }
        RecordBatch::try_new(self.schema.clone(), columns)
            .map_err(|_| LakeError::Encode { table: self.table.to_string() })
    }
}
