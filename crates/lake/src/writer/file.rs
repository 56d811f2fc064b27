//! One file while its row groups are encoded, and put together in their order.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use arrow::array::RecordBatch;
use object_store::path::Path;

use super::encode::{EncodedGroup, Encoder, FileBytes, Groups};
use crate::error::LakeError;
use crate::stats::FileStats;

/// A file that threads put together.
pub(super) struct OpenFile {
    pub(super) path: Path,
    /// Its number in the table's write.
    pub(super) index: usize,
    groups: Groups,
    put_together: Mutex<PutTogether>,
}

struct PutTogether {
    /// None once the file is whole, or can no longer be.
    file: Option<FileBytes>,
    /// Row groups that are encoded and wait for one before them; None ends the file.
    waiting: BTreeMap<usize, Option<EncodedGroup>>,
    next: usize,
}

impl OpenFile {
    pub(super) fn begin(encoder: &Encoder, path: Path, index: usize) -> Result<Self, LakeError> {
        let (file, groups) = encoder.begin()?;
        let put_together = PutTogether { file: Some(file), waiting: BTreeMap::new(), next: 0 };
        Ok(Self { path, index, groups, put_together: Mutex::new(put_together) })
    }

    /// Encodes the row group with this number and adds it, with those that have waited for it. Gives the whole file to
    /// who adds what was missing last. `end` says that no group comes after it; the last one may be without rows.
    pub(super) fn take(
        &self,
        encoder: &Encoder,
        number: usize,
        batches: Vec<RecordBatch>,
        end: bool,
    ) -> Result<Option<(Vec<u8>, FileStats)>, LakeError> {
        let mut groups = Vec::with_capacity(2);
        if !batches.is_empty() {
            groups.push(Some(encoder.encode(&self.groups, number, batches)?));
        }
        if end {
            groups.push(None);
        }
        let mut all = self.put_together.lock().unwrap_or_else(PoisonError::into_inner);
        all.waiting.extend((number..).zip(groups));
        let PutTogether { file, waiting, next } = &mut *all;
        while let Some(group) = waiting.remove(next) {
            *next += 1;
            match (group, file.as_mut()) {
                (Some(group), Some(file)) => encoder.add(file, group)?,
                (None, Some(_)) => return file.take().map(|file| encoder.end(file)).transpose(),
                // Not reached: nothing comes after the end.
                (_, None) => return Ok(None),
            }
        }
        Ok(None)
    }
}
