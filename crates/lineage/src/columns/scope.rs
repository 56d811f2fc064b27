//! Which columns an expression can see.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Column, DFSchemaRef};

use super::sources::{Influence, Sources};
use crate::LineageError;

/// The most ways from one source column into one output column that are told apart. Each operator may
/// double them, so there must be an end; no query that people write comes near it.
const MOST_WAYS: usize = 512;

/// The columns of a relation with their sources, in the order of the schema.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    pub(super) schema: DFSchemaRef,
    pub(super) columns: Arc<[Sources]>,
}

/// A relation on its way through a plan: its columns, and what decides about its rows.
#[derive(Debug, Clone)]
pub(super) struct Relation {
    pub(super) scope: Scope,
    pub(super) influence: Influence,
}

impl Relation {
    /// A relation with `columns` under `schema`.
    ///
    /// # Errors
    /// [`LineageError::ColumnCount`] where the two do not fit, [`LineageError::TooManyWays`].
    pub(super) fn new(
        operator: &'static str,
        schema: &DFSchemaRef,
        columns: Vec<Sources>,
        influence: Influence,
    ) -> Result<Self, LineageError> {
        let expected = schema.fields().len();
        if columns.len() != expected {
            return Err(LineageError::ColumnCount { operator, expected, found: columns.len() });
        }
        let direct = columns.iter().flat_map(|sources| &sources.direct);
        if let Some((column, _)) = direct.into_iter().find(|(_, direct)| direct.ways().len() > MOST_WAYS) {
            return Err(LineageError::TooManyWays { column: column.clone(), operator, limit: MOST_WAYS });
        }
        Ok(Self { scope: Scope { schema: Arc::clone(schema), columns: columns.into() }, influence })
    }

    /// All columns side by side: what looking at whole rows looks at.
    pub(super) fn row(&self) -> Sources {
        let mut row = Sources::default();
        for column in self.scope.columns.iter() {
            row.merge(column.clone());
        }
        row
    }
}

/// The scopes in which an operator's expressions are resolved, the first that has a column wins.
#[derive(Clone, Copy)]
pub(super) struct Visible<'a> {
    pub(super) operator: &'static str,
    pub(super) scopes: &'a [&'a Scope],
}

impl Visible<'_> {
    /// Nothing is visible: only constants and columns of enclosing queries.
    pub(super) fn nothing(operator: &'static str) -> Self {
        Self { operator, scopes: &[] }
    }

    fn find(&self, column: &Column) -> Option<(&Scope, usize)> {
        self.scopes.iter().find_map(|scope| {
            let index = scope.schema.maybe_index_of_column(column)?;
            Some((*scope, index))
        })
    }

    /// The sources of a column.
    ///
    /// # Errors
    /// [`LineageError::UnresolvedColumn`].
    pub(super) fn resolve(&self, column: &Column) -> Result<Sources, LineageError> {
        let (scope, index) = self
            .find(column)
            .ok_or_else(|| LineageError::UnresolvedColumn { column: column.clone(), operator: self.operator })?;
        Ok(scope.columns[index].clone())
    }

    /// The type of a column.
    pub(super) fn data_type(&self, column: &Column) -> Option<&DataType> {
        let (scope, index) = self.find(column)?;
        Some(scope.schema.field(index).data_type())
    }
}
