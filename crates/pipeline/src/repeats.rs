//! Rows of a run whose key the lake has: the same rows once more, or rows with other values.

use crate::error::PipelineError;
use crate::history::fitted;
use futures::TryStreamExt;
use lakewarden_dictionary::Dataset;
use lakewarden_extract::{KeySet, conformed_schema};
use lakewarden_lake::{Lake, TableSnapshot};

/// Compares the rows that `seen` was given with those of the lake that have their keys. Nothing is read if there are
/// none; else the key columns of every file, and all columns of the files that have such a key.
///
/// # Errors
/// [`PipelineError::Damaged`]; those of the lake.
pub(crate) async fn compare_repeats(
    lake: &Lake,
    dataset: &Dataset,
    table: &TableSnapshot,
    seen: &mut KeySet,
) -> Result<(), PipelineError> {
    if !seen.awaits_lake() {
        return Ok(());
    }
    let keys: Vec<&str> = dataset.key.iter().map(|key| key.value.as_str()).collect();
    let damaged = PipelineError::of_keys(&dataset.name.value, &keys);
    let schema = conformed_schema(dataset);
    let stored = |name: &&str| table.schema.field_with_name(name).is_ok();
    let all: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).filter(stored).collect();
    for file in &table.files {
        let mut has_key = false;
        let mut batches = lake.open_file(table, file, Some(&keys)).await?;
        while let Some(batch) = batches.try_next().await? {
            if seen.awaited(&batch, dataset).map_err(&damaged)?.contains(&true) {
                has_key = true;
                break;
            }
        }
        if !has_key {
            continue;
        }
        let mut batches = lake.open_file(table, file, Some(&all)).await?;
        while let Some(batch) = batches.try_next().await? {
            let rows = fitted(&batch, &schema).map_err(|_| PipelineError::Damaged {
                table: dataset.name.value.clone(),
                column: "all columns".to_owned(),
            })?;
            seen.compare_with_lake(&rows, dataset).map_err(&damaged)?;
        }
    }
    Ok(())
}
