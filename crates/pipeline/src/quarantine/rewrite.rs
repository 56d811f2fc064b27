//! Writing a quarantine anew, some records left out.

use crate::error::PipelineError;
use crate::quarantine::{damaged, of_run, stored_schema};
use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use futures::TryStreamExt;
use lakewarden_extract::HeldRecords;
use lakewarden_lake::{Lake, StagedTable, TableSnapshot, WriterOptions, Zone};
use tokio::runtime::Handle;
use uuid::Uuid;

/// Says of each record whether it stays, and may change the batch that it is in.
pub(super) type Judge<'a> = dyn FnMut(&HeldRecords, &mut RecordBatch) -> Result<Vec<bool>, PipelineError> + 'a;

/// Reads all records of a quarantine, in order, and stages those that stay. Blocks; to be called where that is allowed.
///
/// # Errors
/// Those of the lake and of `judge`; [`PipelineError::Damaged`].
pub(super) fn rewrite(
    lake: &Lake,
    dataset: &str,
    table: &TableSnapshot,
    id: Uuid,
    judge: &mut Judge<'_>,
) -> Result<StagedTable, PipelineError> {
    let handle = Handle::current();
    let options = WriterOptions::new(id, handle.clone());
    let mut writer = lake.writer(Zone::Quarantine, dataset, stored_schema(), options)?;
    let mut batches = lake.read_table_batches(table, None)?;
    while let Some(batch) = handle.block_on(batches.try_next())? {
        let mut batch = of_run(&batch, None)?;
        let held = HeldRecords::of(&batch).map_err(damaged(dataset))?;
        let stays = judge(&held, &mut batch)?;
        let stays = filter_record_batch(&batch, &BooleanArray::from(stays))
            .map_err(|_| PipelineError::Damaged { table: format!("quarantine/{dataset}"), column: "*".to_owned() })?;
        writer.write(stays)?;
    }
    // Whoever has written to it meanwhile is not overwritten.
    Ok(writer.finish()?.based_on(Some(table)))
}
