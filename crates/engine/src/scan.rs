//! From a relation's files to a plan that reads them.

use crate::relation::{Content, Governance, Relation, SubjectColumns, as_read};
use crate::sealed::{Place, SealedScanExec};
use async_trait::async_trait;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DataFusionError, Result, plan_err};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use lakewarden_policy::Ruling;
use std::sync::Arc;

/// The lake's store as the engine's runtime knows it.
pub(crate) const STORE: &str = "lakewarden://lake";

/// A relation as DataFusion sees it. Offers no statistics: counts and bounds of files would tell of withheld rows.
#[derive(Debug)]
pub(crate) struct RelationProvider {
    relation: Arc<Relation>,
    visible: SchemaRef,
    stored: SchemaRef,
}

impl RelationProvider {
    pub(crate) fn new(relation: Relation) -> Self {
        let stored = Schema::new(relation.content.schema().fields().iter().map(|f| as_read(f)).collect::<Vec<_>>());
        Self { visible: relation.visible_schema(), stored: Arc::new(stored), relation: Arc::new(relation) }
    }

    /// Reads these stored columns.
    fn read(&self, state: &dyn Session, columns: &[usize]) -> Result<Arc<dyn ExecutionPlan>> {
        match &self.relation.content {
            Content::Declared(_) => Ok(Arc::new(EmptyExec::new(Arc::new(self.stored.project(columns)?)))),
            Content::Memory { batches, .. } => {
                let batches: Result<Vec<_>> = batches.iter().map(|b| cast_to(b, &self.stored)).collect();
                let source =
                    MemorySourceConfig::try_new_exec(&[batches?], self.stored.clone(), Some(columns.to_vec()))?;
                Ok(source)
            }
            Content::Files { files, .. } if files.is_empty() => {
                Ok(Arc::new(EmptyExec::new(Arc::new(self.stored.project(columns)?))))
            }
            Content::Files { files, .. } => {
                let group =
                    FileGroup::new(files.iter().map(|f| PartitionedFile::new(f.path.clone(), f.size)).collect());
                let source = ParquetSource::new(self.stored.clone());
                let config = FileScanConfigBuilder::new(ObjectStoreUrl::parse(STORE)?, Arc::new(source))
                    .with_file_group(group)
                    .with_projection_indices(Some(columns.to_vec()))?
                    .build();
                let scan: Arc<dyn ExecutionPlan> = DataSourceExec::from_data_source(config);
                let partitions = state.config().target_partitions();
                Ok(scan.repartitioned(partitions, state.config_options())?.unwrap_or(scan))
            }
        }
    }

    fn sealed(
        &self,
        state: &dyn Session,
        governance: &Governance,
        projection: &[usize],
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let Ruling::Gated { .. } = self.relation.ruling else {
            return plan_err!("relation {:?} may not be read for this purpose", self.relation.name);
        };
        let stored_columns = self.stored.fields().len();
        let mut columns: Vec<usize> = projection.iter().copied().filter(|c| *c < stored_columns).collect();
        let subject_names: Vec<&str> = match &governance.subject {
            SubjectColumns::Tokens(names) => names.iter().map(String::as_str).collect(),
            SubjectColumns::CustomerId => vec![lakewarden_policy::gate::SUBJECT_COLUMN],
        };
        let mut subject_at = Vec::with_capacity(subject_names.len());
        let mut place_of = |name: &str| -> Result<usize> {
            let column = self.stored.index_of(name)?;
            Ok(columns.iter().position(|c| *c == column).unwrap_or_else(|| {
                columns.push(column);
                columns.len() - 1
            }))
        };
        for name in subject_names {
            subject_at.push(place_of(name)?);
        }
        let time_at = governance.retention.as_ref().map(|r| place_of(&r.column)).transpose()?;
        let output = projection
            .iter()
            .map(|c| match columns.iter().position(|own| own == c) {
                Some(at) => Place::Stored(at),
                None => Place::CustomerId,
            })
            .collect();
        let inner = self.read(state, &columns)?;
        let schema = Arc::new(self.visible.project(projection)?);
        Ok(Arc::new(SealedScanExec::new(self.relation.clone(), inner, subject_at, time_at, output, schema)))
    }
}

/// Rows in memory with text as views. No text of the kernel's: it may quote a value.
fn cast_to(batch: &RecordBatch, to: &SchemaRef) -> Result<RecordBatch> {
    let refused = |_| DataFusionError::Execution("rows in memory are not of their declared columns".to_owned());
    let columns = batch.columns().iter().zip(to.fields()).map(|(c, f)| cast(c, f.data_type()));
    let columns = columns.collect::<std::result::Result<Vec<_>, _>>().map_err(refused)?;
    RecordBatch::try_new(to.clone(), columns).map_err(refused)
}

#[async_trait]
impl TableProvider for RelationProvider {
    fn schema(&self) -> SchemaRef {
        self.visible.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let all: Vec<usize> = (0..self.visible.fields().len()).collect();
        let projection = projection.unwrap_or(&all);
        match (&self.relation.governance, &self.relation.ruling) {
            (Some(governance), _) => self.sealed(state, governance, projection),
            (None, Ruling::Open) => self.read(state, projection),
            (None, _) => {
                plan_err!("relation {:?} has data subjects but no identity to govern it by", self.relation.name)
            }
        }
    }
}
