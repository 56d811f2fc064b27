//! Rows to row groups, and row groups to one Parquet file in memory.

use arrow::array::RecordBatch;
use arrow::compute::CastOptions;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowRowGroupWriterFactory, ArrowWriterOptions, compute_leaves};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;

use crate::description::{PARQUET_KEY, TableDescription};
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
    pub(super) fn new(
        table: &TableId,
        schema: SchemaRef,
        description: Option<&TableDescription>,
    ) -> Result<Self, LakeError> {
        let failed = |_| LakeError::Encode { table: table.to_string() };
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).map_err(failed)?))
            .set_created_by(crate::publish::ENGINE.to_owned())
            .set_max_row_group_row_count(None)
            .set_statistics_enabled(EnabledStatistics::None);
        if let Some(text) = description.and_then(TableDescription::to_parquet) {
            properties = properties.set_key_value_metadata(Some(vec![KeyValue::new(PARQUET_KEY.to_owned(), text)]));
        }
        for field in schema.fields() {
            if has_bounds(field.data_type()) {
                let path = ColumnPath::new(vec![field.name().clone()]);
                properties = properties.set_column_statistics_enabled(path, EnabledStatistics::Chunk);
            }
        }
        Ok(Self { table: table.clone(), schema, properties: properties.build() })
    }

    /// Begins a file. Its row groups can be encoded in any order, side by side, and are added in theirs.
    pub(super) fn begin(&self) -> Result<(FileBytes, Groups), LakeError> {
        let failed = |_| self.failed();
        let options = ArrowWriterOptions::new()
            .with_properties(self.properties.clone())
            // Without it readers see plain types, whatever kinds of arrays were written.
            .with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(Vec::new(), self.schema.clone(), options).map_err(failed)?;
        let (writer, groups) = writer.into_serialized_writer().map_err(failed)?;
        Ok((FileBytes { writer, counter: Counter::new(&self.schema) }, Groups(groups)))
    }

    /// Encodes a row group, column by column. The batches are freed with it.
    pub(super) fn encode(
        &self,
        groups: &Groups,
        place: usize,
        batches: Vec<RecordBatch>,
    ) -> Result<EncodedGroup, LakeError> {
        let mut counter = Counter::new(&self.schema);
        let mut stored = Vec::with_capacity(batches.len());
        for batch in batches {
            let batch = self.stored(batch)?;
            counter.count(&batch);
            stored.push(batch);
        }
        let columns = self.columns(groups, place, &stored).map_err(|_| self.failed())?;
        Ok(EncodedGroup { columns, counter })
    }

    fn columns(
        &self,
        groups: &Groups,
        place: usize,
        batches: &[RecordBatch],
    ) -> Result<Vec<ArrowColumnChunk>, ParquetError> {
        let writers = groups.0.create_column_writers(place)?;
        let columns = writers.into_iter().zip(self.schema.fields()).enumerate();
        let encoded = columns.map(|(index, (mut writer, field))| {
            for batch in batches {
                // No table has nested types: a column is one leaf.
                for leaf in compute_leaves(field, batch.column(index))? {
                    writer.write(&leaf)?;
                }
            }
            writer.close()
        });
        encoded.collect()
    }

    /// Adds the next row group to its file.
    pub(super) fn add(&self, file: &mut FileBytes, group: EncodedGroup) -> Result<(), LakeError> {
        let EncodedGroup { columns, counter } = group;
        let add = || {
            let mut place = file.writer.next_row_group()?;
            for column in columns {
                column.append_to_row_group(&mut place)?;
            }
            place.close().map(|_| ())
        };
        add().map_err(|_: ParquetError| self.failed())?;
        file.counter.merge(counter);
        Ok(())
    }

    /// Ends a file.
    pub(super) fn end(&self, file: FileBytes) -> Result<(Vec<u8>, FileStats), LakeError> {
        let FileBytes { mut writer, counter } = file;
        let footer = writer.finish().map_err(|_| self.failed())?;
        let stats = counter.finish(&self.schema, &footer);
        // `into_inner` would write the footer once more.
        Ok((std::mem::take(writer.inner_mut()), stats))
    }

    fn failed(&self) -> LakeError {
        LakeError::Encode { table: self.table.to_string() }
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
        RecordBatch::try_new(self.schema.clone(), columns).map_err(|_| self.failed())
    }
}

/// A file as far as it has been put together.
pub(super) struct FileBytes {
    writer: SerializedFileWriter<Vec<u8>>,
    counter: Counter,
}

/// Makes the row groups of a file.
pub(super) struct Groups(ArrowRowGroupWriterFactory);

/// A row group that waits for those before it.
pub(super) struct EncodedGroup {
    columns: Vec<ArrowColumnChunk>,
    counter: Counter,
}
