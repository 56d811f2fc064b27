//! What a leaf of a plan reads.

use crate::relation::Content;
use crate::stored::{STORE, StoredRelation};
use datafusion::arrow::array::{Array, RecordBatch};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::physical_plan::FileScanConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::physical_plan::ExecutionPlan;
use object_store::path::Path;
use std::any::Any;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Files by their paths, rows in memory by the buffers that hold them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    Files { paths: BTreeSet<String>, ours: bool, bytes: u64, predicate: bool, limited: bool },
    Rows { buffers: BTreeSet<usize>, rows: usize, columns: usize, limited: bool },
}

/// What a reader of DataFusion's reads; `None` for any other operator.
pub(crate) fn reads(plan: &Arc<dyn ExecutionPlan>) -> Option<Reads> {
    let exec = (plan.as_ref() as &dyn Any).downcast_ref::<DataSourceExec>()?;
    let source = exec.data_source();
    if let Some(files) = source.downcast_ref::<FileScanConfig>() {
        let each = || files.file_groups.iter().flat_map(|group| group.iter());
        let bytes = each().map(|f| f.range.as_ref().map_or(f.object_meta.size, |r| (r.end - r.start).max(0) as u64));
        return Some(Reads::Files {
            paths: each().map(|f| f.object_meta.location.to_string()).collect(),
            ours: ObjectStoreUrl::parse(STORE).is_ok_and(|ours| ours == files.object_store_url),
            bytes: bytes.sum(),
            predicate: files.file_source().filter().is_some(),
            limited: files.limit.is_some(),
        });
    }
    let memory = source.downcast_ref::<MemorySourceConfig>()?;
    let batches = || memory.partitions().iter().flatten();
    Some(Reads::Rows {
        buffers: buffers(batches()),
        rows: batches().map(RecordBatch::num_rows).sum(),
        columns: memory.original_schema().fields().len(),
        limited: source.fetch().is_some(),
    })
}

/// Addresses of the allocations below these rows; a slice has those of the whole.
fn buffers<'a>(batches: impl Iterator<Item = &'a RecordBatch>) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    for column in batches.flat_map(RecordBatch::columns) {
        let mut open = vec![column.to_data()];
        while let Some(data) = open.pop() {
            found.extend(data.buffers().iter().filter(|b| !b.is_empty()).map(|b| b.data_ptr().as_ptr() as usize));
            open.extend(data.child_data().iter().cloned());
        }
    }
    found
}

fn paths(stored: &StoredRelation) -> BTreeSet<String> {
    match &stored.relation.content {
        Content::Files { files, .. } => files.iter().map(|f| Path::from(f.path.clone()).to_string()).collect(),
        Content::Declared(_) | Content::Memory { .. } => BTreeSet::new(),
    }
}

impl Reads {
    /// Whether anything of the relation is read.
    pub(crate) fn touches(&self, stored: &StoredRelation) -> bool {
        match self {
            Reads::Files { paths: own, .. } => !own.is_disjoint(&paths(stored)),
            Reads::Rows { buffers: own, .. } => !own.is_disjoint(&buffers(stored.rows.iter())),
        }
    }

    /// Whether nothing but the relation is read.
    pub(crate) fn is_within(&self, stored: &StoredRelation) -> bool {
        match self {
            Reads::Files { paths: own, ours, .. } => *ours && !own.is_empty() && own.is_subset(&paths(stored)),
            Reads::Rows { buffers: own, .. } => {
                matches!(stored.relation.content, Content::Memory { .. }) && own.is_subset(&buffers(stored.rows.iter()))
            }
        }
    }

    /// Whether exactly the relation is read, to its last row.
    pub(crate) fn is_whole(&self, stored: &StoredRelation) -> bool {
        match (self, &stored.relation.content) {
            (Reads::Files { paths: own, ours, bytes, limited, .. }, Content::Files { files, .. }) => {
                let all: u64 = files.iter().map(|f| f.size).sum();
                *ours && !limited && *own == paths(stored) && *bytes == all
            }
            (Reads::Rows { rows, limited, .. }, Content::Memory { .. }) => {
                let all: usize = stored.rows.iter().map(RecordBatch::num_rows).sum();
                !limited && self.is_within(stored) && *rows == all
            }
            _ => false,
        }
    }

    /// Whether the reader leaves rows out by a predicate.
    pub(crate) fn has_predicate(&self) -> bool {
        matches!(self, Reads::Files { predicate: true, .. })
    }
}
