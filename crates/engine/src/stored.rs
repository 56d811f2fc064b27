//! The rows of a relation, and the plan that reads them.

use crate::relation::{Content, DataFile, Relation, as_read};
use crate::rows::RowSubjects;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::{DataFusionError, Result, ScalarValue, exec_err};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::parquet::arrow::RowNumber;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use std::sync::Arc;

/// The lake's store as the engine's runtime knows it.
pub(crate) const STORE: &str = "lakewarden://lake";

/// A relation with its columns as they are read, and its rows if they are in memory.
#[derive(Debug)]
pub(crate) struct StoredRelation {
    pub(crate) relation: Relation,
    /// The stored columns; the visible ones may have `customer_id` after them.
    pub(crate) schema: SchemaRef,
    /// The rows of a relation in memory. Every scan reads these very arrays, by which it is known.
    pub(crate) rows: Vec<RecordBatch>,
}

impl StoredRelation {
    /// Brings rows in memory to the types they are read as.
    ///
    /// # Errors
    /// If they are not of their declared columns.
    pub(crate) fn try_new(relation: Relation) -> Result<Self> {
        let fields: Vec<_> = relation.content.schema().fields().iter().map(|f| as_read(f)).collect();
        let schema: SchemaRef = Arc::new(Schema::new(fields));
        let rows = match &relation.content {
            Content::Memory { batches, .. } => batches.iter().map(|b| cast_to(b, &schema)).collect::<Result<_>>()?,
            Content::Declared(_) | Content::Files { .. } => Vec::new(),
        };
        Ok(Self { relation, schema, rows })
    }

    /// Plans a scan of these stored columns. Files are read without the rows of which `predicate`, over the
    /// stored columns, does not hold; other rows come whole. Where `rows` are given, which are of files, the number of
    /// the file and that of the row within it come as two more columns.
    ///
    /// # Errors
    /// Those of the planner.
    pub(crate) fn read(
        &self,
        state: &dyn Session,
        columns: &[usize],
        rows: Option<&RowSubjects>,
        predicate: Option<Arc<dyn PhysicalExpr>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match &self.relation.content {
            Content::Memory { .. } => {
                let rows = std::slice::from_ref(&self.rows);
                Ok(MemorySourceConfig::try_new_exec(rows, self.schema.clone(), Some(columns.to_vec()))?)
            }
            Content::Files { files, .. } if !files.is_empty() => {
                let mut columns = columns.to_vec();
                let mut schema = TableSchema::builder(self.schema.clone());
                if rows.is_some() {
                    columns.extend([self.schema.fields().len(), self.schema.fields().len() + 1]);
                    schema = schema.with_table_partition_cols(vec![Arc::new(file_column())]);
                    schema = schema.with_virtual_columns(vec![Arc::new(row_column())]);
                }
                let file = |f: &DataFile| -> Result<PartitionedFile> {
                    let file = PartitionedFile::new(f.path.clone(), f.size);
                    let Some(rows) = rows else { return Ok(file) };
                    let number = rows.file(&f.path).and_then(|n| i64::try_from(n).ok());
                    let Some(number) = number else { return exec_err!("a file is read whose rows are not known") };
                    Ok(file.with_partition_values(vec![ScalarValue::Int64(Some(number))]))
                };
                let files = files.iter().map(file).collect::<Result<Vec<_>>>()?;
                let mut source = ParquetSource::new(schema.build());
                if let Some(predicate) = predicate {
                    source = source.with_predicate(predicate).with_pushdown_filters(true);
                }
                let config = FileScanConfigBuilder::new(ObjectStoreUrl::parse(STORE)?, Arc::new(source))
                    .with_file_group(FileGroup::new(files))
                    .with_projection_indices(Some(columns))?
                    .build();
                let scan: Arc<dyn ExecutionPlan> = DataSourceExec::from_data_source(config);
                let partitions = state.config().target_partitions();
                Ok(scan.repartitioned(partitions, state.config_options())?.unwrap_or(scan))
            }
            Content::Declared(_) | Content::Files { .. } => {
                Ok(Arc::new(EmptyExec::new(Arc::new(self.schema.project(columns)?))))
            }
        }
    }
}

/// The name of the column with the number of a row's file. Stored columns begin with a letter.
pub(crate) const FILE_COLUMN: &str = "__lakewarden_file";

/// The name of the column with the number of a row in its file, from 0.
pub(crate) const ROW_COLUMN: &str = "__lakewarden_row";

fn file_column() -> Field {
    Field::new(FILE_COLUMN, DataType::Int64, false)
}

fn row_column() -> Field {
    Field::new(ROW_COLUMN, DataType::Int64, false).with_extension_type(RowNumber)
}

/// Rows in memory with text as views. No text of the kernel's: it may quote a value.
fn cast_to(batch: &RecordBatch, to: &SchemaRef) -> Result<RecordBatch> {
    let refused = |_| DataFusionError::Execution("rows in memory are not of their declared columns".to_owned());
    let columns = batch.columns().iter().zip(to.fields()).map(|(c, f)| cast(c, f.data_type()));
    let columns = columns.collect::<std::result::Result<Vec<_>, _>>().map_err(refused)?;
    RecordBatch::try_new(to.clone(), columns).map_err(refused)
}
