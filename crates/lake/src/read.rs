//! Rows of a table, file by file or all.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow::compute::CastOptions;
use arrow::datatypes::{Schema, SchemaRef};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use parquet::arrow::ProjectionMask;

use crate::error::LakeError;
use crate::fault::parquet_error;
use crate::lake::Lake;
use crate::parquet_file;
use crate::table::{DataFile, TableSnapshot};
use crate::zone::TableId;

/// Batches of rows as they are read.
pub type BatchStream = BoxStream<'static, Result<RecordBatch, LakeError>>;

/// Rows in one batch, at most.
const BATCH_ROWS: usize = 8192;

impl Lake {
    /// Reads a whole table in the order of its files: all columns in the table's order, or those
    /// named, in the order in which they are named. A column that was added after a file was
    /// written is null in the rows of that file.
    ///
    /// # Errors
    /// `LW5024` for a column that the table does not have. In the stream: `LW5003`, `LW5032`,
    /// `LW5011` where a file does not fit the table's schema.
    pub fn read_table_batches(
        &self,
        table: &TableSnapshot,
        columns: Option<&[&str]>,
    ) -> Result<BatchStream, LakeError> {
        let wanted = project(&table.id(), &table.schema, columns)?;
        let (lake, id) = (self.clone(), table.id());
        Ok(stream::iter(table.files.clone())
            .then(move |file| {
                let (lake, id, wanted) = (lake.clone(), id.clone(), Arc::clone(&wanted));
                async move { lake.open_projected(&id, &file, wanted).await }
            })
            .try_flatten()
            .boxed())
    }

    /// Reads one file of a table, as [`Lake::read_table_batches`] does; for readers that take the
    /// files of [`TableSnapshot::files`] in parallel.
    ///
    /// # Errors
    /// `LW5024`, `LW5003`, `LW5011`, `LW5032`; the last three in the stream as well.
    pub async fn open_file(
        &self,
        table: &TableSnapshot,
        file: &DataFile,
        columns: Option<&[&str]>,
    ) -> Result<BatchStream, LakeError> {
        let wanted = project(&table.id(), &table.schema, columns)?;
        self.open_projected(&table.id(), file, wanted).await
    }

    /// Returns the names of the columns that a file itself has, whatever the table's schema says.
    ///
    /// # Errors
    /// `LW5003`, `LW5032`.
    pub async fn file_columns(&self, file: &DataFile) -> Result<Vec<String>, LakeError> {
        let opened = parquet_file::open(self, &Path::from(file.path.as_str()), file.size).await?;
        Ok(opened.schema().fields().iter().map(|field| field.name().clone()).collect())
    }

    async fn open_projected(
        &self,
        table: &TableId,
        file: &DataFile,
        wanted: SchemaRef,
    ) -> Result<BatchStream, LakeError> {
        let path = file.path.clone();
        let builder = parquet_file::open(self, &Path::from(path.as_str()), file.size).await?;
        let names: HashSet<&str> = wanted.fields().iter().map(|f| f.name().as_str()).collect();
        let roots = builder.schema().fields().iter().enumerate();
        let roots: Vec<usize> = roots.filter(|(_, f)| names.contains(f.name().as_str())).map(|(i, _)| i).collect();
        let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
        let batches = builder
            .with_projection(mask)
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(|error| parquet_error(&path, &error))?;
        let table = table.clone();
        Ok(batches
            .map(move |batch| {
                let batch = batch.map_err(|error| parquet_error(&path, &error))?;
                adapt(&table, &path, &batch, &wanted)
            })
            .boxed())
    }
}

fn project(table: &TableId, schema: &SchemaRef, columns: Option<&[&str]>) -> Result<SchemaRef, LakeError> {
    let Some(columns) = columns else {
        return Ok(Arc::clone(schema));
    };
    let mut fields = Vec::with_capacity(columns.len());
    for column in columns {
        let field = schema
            .field_with_name(column)
            .map_err(|_| LakeError::NoSuchColumn { table: table.to_string(), column: (*column).to_owned() })?;
        fields.push(field.clone());
    }
    Ok(Arc::new(Schema::new(fields)))
}

/// Brings a file's batch into the table's form: order, types, and nulls for what the file lacks.
fn adapt(table: &TableId, path: &str, batch: &RecordBatch, wanted: &SchemaRef) -> Result<RecordBatch, LakeError> {
    let misfit = |column: &str| LakeError::DamagedTable {
        table: table.to_string(),
        what: format!("column `{column}` of {path} does not fit the schema"),
    };
    let cast = CastOptions { safe: false, ..CastOptions::default() };
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(wanted.fields().len());
    for field in wanted.fields() {
        columns.push(match batch.column_by_name(field.name()) {
            None if field.is_nullable() => new_null_array(field.data_type(), batch.num_rows()),
            None => return Err(misfit(field.name())),
            Some(column) if column.data_type() == field.data_type() => Arc::clone(column),
            Some(column) => {
                arrow::compute::cast_with_options(column, field.data_type(), &cast).map_err(|_| misfit(field.name()))?
            }
        });
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(wanted), columns, &options)
        .map_err(|_| misfit("null in a column declared not null"))
}
