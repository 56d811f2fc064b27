//! The lake's tables as a run sees them: what is published, and what the run has staged on top.

use crate::error::PipelineError;
use arrow::datatypes::SchemaRef;
use lakewarden_engine::{Content, DataFile};
use lakewarden_lake::{Lake, StagedTable, TableSnapshot, Zone};
use std::collections::HashSet;

/// A table, published or about to be.
#[derive(Debug, Clone)]
pub struct TableView {
    /// Its columns.
    pub schema: SchemaRef,
    /// Its files.
    pub files: Vec<lakewarden_lake::DataFile>,
}

impl TableView {
    /// The published table, if there is one.
    ///
    /// # Errors
    /// Those of the lake.
    pub async fn published(lake: &Lake, zone: Zone, name: &str) -> Result<Option<Self>, PipelineError> {
        Ok(lake.table(zone, name).await?.map(Self::from))
    }

    /// A table that the staged one replaces.
    pub fn replaced_by(staged: &StagedTable) -> Self {
        Self { schema: staged.schema.clone(), files: staged.files.clone() }
    }

    /// The rows of a published table and those staged to be added, or to take the place of some of its files.
    pub fn appended(published: Option<&TableSnapshot>, staged: Option<&StagedTable>, schema: SchemaRef) -> Self {
        let mut files = published.map(|p| p.files.clone()).unwrap_or_default();
        if let Some(replaced) = staged.map(|s| &s.basis.replaces).filter(|replaced| !replaced.is_empty()) {
            let replaced: HashSet<&str> = replaced.iter().map(String::as_str).collect();
            files.retain(|file| !replaced.contains(file.path.as_str()));
        }
        files.extend(staged.into_iter().flat_map(|s| s.files.iter().cloned()));
        Self { schema, files }
    }

    /// The same rows with only these columns.
    pub fn with_schema(self, schema: SchemaRef) -> Self {
        Self { schema, ..self }
    }

    /// As the engine reads it.
    pub fn content(&self) -> Content {
        Content::Files {
            schema: self.schema.clone(),
            files: self.files.iter().map(|f| DataFile { path: f.path.clone(), size: f.size }).collect(),
        }
    }

    /// Rows in all files.
    pub fn rows(&self) -> u64 {
        self.files.iter().map(|f| f.rows).sum()
    }

    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|f| f.size).sum()
    }
}

impl From<TableSnapshot> for TableView {
    fn from(table: TableSnapshot) -> Self {
        Self { schema: table.schema, files: table.files }
    }
}
