//! A relation as DataFusion sees it.

use crate::relation::{Content, Governance, Relation, SubjectColumns};
use crate::rows::RowSubjects;
use crate::sealed::{Place, SealedScanExec};
use crate::stored::StoredRelation;
use crate::whose::Whose;
use async_trait::async_trait;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Result, plan_err};
use datafusion::datasource::TableType;
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::ExecutionPlan;
use lakewarden_dictionary::UNIDENTIFIED_COLUMN;
use lakewarden_policy::Ruling;
use lakewarden_policy::gate::SUBJECT_COLUMN;
use lakewarden_policy::witness::UNKNOWN_COLUMN;
use std::sync::Arc;

/// Offers no statistics: counts and bounds of files would tell of withheld rows.
#[derive(Debug)]
pub(crate) struct RelationProvider {
    stored: Arc<StoredRelation>,
    visible: SchemaRef,
    /// Where the column is that marks rows about unknown persons, if it is offered.
    unknown_at: Option<usize>,
}

impl RelationProvider {
    pub(crate) fn new(stored: Arc<StoredRelation>) -> Self {
        Self { visible: stored.relation.visible_schema(), stored, unknown_at: None }
    }

    /// With a last column, [`UNKNOWN_COLUMN`], for the k-gate.
    pub(crate) fn marking_unknown(stored: Arc<StoredRelation>) -> Self {
        let mut fields = stored.relation.visible_schema().fields().to_vec();
        fields.push(Arc::new(Field::new(UNKNOWN_COLUMN, DataType::Boolean, true)));
        Self { unknown_at: Some(fields.len() - 1), visible: Arc::new(Schema::new(fields)), stored }
    }

    fn sealed(&self, governance: &Governance, projection: &[usize]) -> Result<Arc<dyn ExecutionPlan>> {
        let relation = &self.stored.relation;
        let Some(_) = relation.ruling.gate() else {
            return plan_err!("relation {:?} may not be read for this purpose", relation.name);
        };
        let seen = seen_columns(&self.stored.schema);
        let stored = |column: &usize| seen.get(*column).copied();
        let mut columns: Vec<usize> = projection.iter().filter_map(stored).collect();
        let mut place_of = |name: &str| -> Result<usize> {
            let column = self.stored.schema.index_of(name)?;
            Ok(columns.iter().position(|c| *c == column).unwrap_or_else(|| {
                columns.push(column);
                columns.len() - 1
            }))
        };
        let named: Vec<usize> = match placed(relation) {
            Some(_) => Vec::new(),
            None => subject_names(governance).into_iter().map(&mut place_of).collect::<Result<_>>()?,
        };
        let unidentified_at = match (placed(relation), &governance.subject) {
            (None, SubjectColumns::Tokens { .. }) if self.stored.schema.index_of(UNIDENTIFIED_COLUMN).is_ok() => {
                Some(place_of(UNIDENTIFIED_COLUMN)?)
            }
            (_, SubjectColumns::Tokens { .. } | SubjectColumns::CustomerId | SubjectColumns::Unresolvable) => None,
        };
        let time_at = governance.retention.as_ref().map(|r| place_of(&r.column)).transpose()?;
        // The places of rows come after all the columns that are stored.
        let whose = match (&governance.subject, placed(relation)) {
            (SubjectColumns::Unresolvable, _) => Whose::Unresolved,
            (SubjectColumns::Tokens { .. } | SubjectColumns::CustomerId, Some(_)) => {
                Whose::Placed { file: columns.len(), row: columns.len() + 1 }
            }
            (SubjectColumns::Tokens { .. } | SubjectColumns::CustomerId, None) => {
                Whose::Named { columns: named, unidentified: unidentified_at }
            }
        };
        let output = projection
            .iter()
            .map(|c| match stored(c).and_then(|c| columns.iter().position(|own| *own == c)) {
                Some(at) => Place::Stored(at),
                None if Some(*c) == self.unknown_at => Place::Unknown,
                None => Place::CustomerId,
            })
            .collect();
        let schema = Arc::new(self.visible.project(projection)?);
        Ok(Arc::new(SealedScanExec::new(self.stored.clone(), columns, whose, time_at, output, schema)))
    }
}

/// Whose the rows of a relation are, if that is known of all of them by their places.
pub(crate) fn placed(relation: &Relation) -> Option<&RowSubjects> {
    let rows = relation.governance.as_ref()?.rows.as_deref()?;
    match &relation.content {
        Content::Files { files, .. } if !files.is_empty() && rows.covers(files) => Some(rows),
        _ => None,
    }
}

/// The stored columns that SQL sees, in its order.
fn seen_columns(stored: &SchemaRef) -> Vec<usize> {
    (0..stored.fields().len()).filter(|column| stored.field(*column).name() != UNIDENTIFIED_COLUMN).collect()
}

/// The stored columns that identify the data subject of a row.
pub(crate) fn subject_names(governance: &Governance) -> Vec<&str> {
    match &governance.subject {
        SubjectColumns::Tokens { linking, other } => linking.iter().chain(other).map(String::as_str).collect(),
        SubjectColumns::CustomerId => vec![SUBJECT_COLUMN],
        SubjectColumns::Unresolvable => Vec::new(),
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
            (None, Ruling::Open) => {
                let seen = seen_columns(&self.stored.schema);
                let columns: Vec<usize> = projection.iter().filter_map(|column| seen.get(*column).copied()).collect();
                self.stored.read(state, &columns, None, None)
            }
            (
                None,
                Ruling::Gated { .. } | Ruling::WithoutSubject { .. } | Ruling::Limited { .. } | Ruling::Refused(_),
            ) => plan_err!("relation {:?} has no governance and may not be read without it", relation.name),
        }
    }
}
