//! A relation as DataFusion sees it.

use crate::relation::{Governance, SubjectColumns};
use crate::sealed::{Place, SealedScanExec};
use crate::stored::StoredRelation;
use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Result, plan_err};
use datafusion::datasource::TableType;
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::ExecutionPlan;
use lakewarden_policy::Ruling;
use lakewarden_policy::gate::SUBJECT_COLUMN;
use std::sync::Arc;

/// Offers no statistics: counts and bounds of files would tell of withheld rows.
#[derive(Debug)]
pub(crate) struct RelationProvider {
    stored: Arc<StoredRelation>,
    visible: SchemaRef,
}

impl RelationProvider {
    pub(crate) fn new(stored: Arc<StoredRelation>) -> Self {
        Self { visible: stored.relation.visible_schema(), stored }
    }

    fn sealed(&self, governance: &Governance, projection: &[usize]) -> Result<Arc<dyn ExecutionPlan>> {
        let relation = &self.stored.relation;
        let Ruling::Gated { .. } = relation.ruling else {
            return plan_err!("relation {:?} may not be read for this purpose", relation.name);
        };
        let stored_columns = self.stored.schema.fields().len();
        let mut columns: Vec<usize> = projection.iter().copied().filter(|c| *c < stored_columns).collect();
        let mut subject_at = Vec::new();
        let mut place_of = |name: &str| -> Result<usize> {
            let column = self.stored.schema.index_of(name)?;
            Ok(columns.iter().position(|c| *c == column).unwrap_or_else(|| {
                columns.push(column);
                columns.len() - 1
            }))
        };
        for name in subject_names(governance) {
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
        let schema = Arc::new(self.visible.project(projection)?);
        Ok(Arc::new(SealedScanExec::new(self.stored.clone(), columns, subject_at, time_at, output, schema)))
    }
}

/// The stored columns that say whose a row is.
pub(crate) fn subject_names(governance: &Governance) -> Vec<&str> {
    match &governance.subject {
        SubjectColumns::Tokens(names) => names.iter().map(String::as_str).collect(),
        SubjectColumns::CustomerId => vec![SUBJECT_COLUMN],
    }
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
        let relation = &self.stored.relation;
        match (&relation.governance, &relation.ruling) {
            (Some(governance), _) => self.sealed(governance, projection),
            (None, Ruling::Open) => self.stored.read(state, projection, None),
            (None, _) => plan_err!("relation {:?} has data subjects but no identity to govern it by", relation.name),
        }
    }
}
