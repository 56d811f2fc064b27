//! Rejected records after their run: what lies in quarantine, opening it, releasing, discarding, and when it ends.
//!
//! Records lie sealed in the table `quarantine/<dataset>`, which runs append to. To take some out, the table is written
//! anew without them and published together with the conformed rows that they have become, if they have; then the old
//! files are deleted ([`lakewarden_lake::Lake::vacuum`]), so that nothing sealed lingers.

mod desk;
mod discard;
mod events;
mod expiry;
mod list;
mod release;
mod removal;
mod rewrite;
mod select;
mod show;
mod state;

pub use desk::Handling;
pub use discard::{Discarded, DiscardedRecords, discard};
pub(crate) use expiry::{InQuarantine, horizon};
pub use list::{Entry, Listing, Reason, list};
pub use release::{Released, ReleasedDataset, release};
pub(crate) use removal::{Removal, count_held};
pub use select::Selection;
pub use show::{Cell, Fields, Reveal, Shown, show};
pub use state::{InDataset, State, state};

use crate::declared::{DECLARATIONS, TREATMENTS};
use crate::error::PipelineError;
use crate::load::{KEY, LAST_LOADS, RUN, TOTALS, Totals};
use crate::row_files::SOURCES;
use crate::undeclared_logs::ROLE;
use arrow::array::{Array, ArrayRef, RecordBatch, StringArray, new_null_array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use lakewarden_extract::{HeldError, quarantine_schema};
use lakewarden_lake::{Basis, Change, Lake, Mode, Published, StagedTable, TableSnapshot, Zone};
use lakewarden_privacy::redact::redact;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// Key in a commit's information that says: files of earlier versions are to be deleted.
const REWRITTEN: &str = "lakewarden.rewritten";

/// The column with the run that quarantined a record.
const RUN_COLUMN: &str = "run";

/// The schema of quarantine as the lake stores it: what extraction seals, and which run it was.
pub(crate) fn stored_schema() -> SchemaRef {
    let mut fields: Vec<Arc<Field>> = quarantine_schema().fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new(RUN_COLUMN, DataType::Utf8, true)));
    Arc::new(Schema::new(fields))
}

/// Brings records into the stored form: those that a run has just sealed, or, without one, stored ones, which may be of
/// an older table.
///
/// # Errors
/// [`PipelineError::Damaged`] if a column is missing.
pub(crate) fn of_run(records: &RecordBatch, run: Option<Uuid>) -> Result<RecordBatch, PipelineError> {
    let damaged = |column: &str| PipelineError::Damaged { table: "quarantine".to_owned(), column: column.to_owned() };
    let schema = stored_schema();
    let rows = records.num_rows();
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        columns.push(match (records.column_by_name(field.name()), run) {
            (_, Some(run)) if field.name() == RUN_COLUMN => {
                let run = run.to_string();
                Arc::new(StringArray::from_iter_values(std::iter::repeat_n(run.as_str(), rows)))
            }
            (Some(column), _) => arrow::compute::cast(column, field.data_type()).map_err(|_| damaged(field.name()))?,
            (None, _) if field.is_nullable() => new_null_array(field.data_type(), rows),
            (None, _) => return Err(damaged(field.name())),
        });
    }
    RecordBatch::try_new(schema, columns).map_err(|_| damaged("*"))
}

/// A reason as it is written down: people put telephone numbers and addresses of mail into reasons as well.
fn presentable(why: &str) -> Result<String, PipelineError> {
    let (redacted, _) = redact(&StringArray::from(vec![why]));
    if redacted.is_valid(0) { Ok(redacted.value(0).to_owned()) } else { Err(PipelineError::Worker) }
}

/// The error for a quarantine that holds something else.
fn damaged(dataset: &str) -> impl Fn(HeldError) -> PipelineError + '_ {
    move |error| PipelineError::Damaged { table: format!("quarantine/{dataset}"), column: error.column.to_owned() }
}

/// The change that writes a quarantine anew.
fn rewritten(staged: StagedTable, by: Uuid) -> Change {
    let info = [(RUN.to_owned(), json!(by.to_string())), (REWRITTEN.to_owned(), json!(true))];
    Change { staged, mode: Mode::Replace, transactions: Vec::new(), info: info.into_iter().collect() }
}

/// The change that lets a dataset's conformed table tell its new totals, and adds the rows of `staged`, if any. Its key
/// facts are those given, or stay.
pub(crate) fn told(
    published: &TableSnapshot,
    by: Uuid,
    staged: Option<(StagedTable, Value)>,
    totals: &Totals,
) -> Change {
    let mut info: Map<String, Value> =
        [(RUN.to_owned(), json!(by.to_string())), (TOTALS.to_owned(), json!(totals))].into_iter().collect();
    // What is usual of this dataset is read from its last commit, whichever that is.
    for key in [LAST_LOADS, DECLARATIONS, TREATMENTS, SOURCES, ROLE] {
        info.extend(published.noted.get(key).map(|last| (key.to_owned(), last.clone())));
    }
    let nothing = || StagedTable {
        zone: published.zone,
        name: published.name.clone(),
        schema: published.schema.clone(),
        files: Vec::new(),
        rows: 0,
        basis: Basis::default(),
        description: None,
    };
    let (staged, key) = match staged {
        Some((staged, key)) => (staged, Some(key)),
        None => (nothing(), published.noted.get(KEY).cloned()),
    };
    info.extend(key.map(|key| (KEY.to_owned(), key)));
    Change { staged: staged.based_on(Some(published)), mode: Mode::Append, transactions: Vec::new(), info }
}

/// Deletes the old files of the quarantines that a publication wrote anew.
///
/// # Errors
/// [`PipelineError::Lingering`].
pub(crate) async fn sweep(lake: &Lake, published: &[Published]) -> Result<(), PipelineError> {
    for table in published.iter().filter(|p| p.zone == Zone::Quarantine) {
        if let Some(table) = lake.table(table.zone, &table.name).await? {
            sweep_table(lake, &table).await?;
        }
    }
    Ok(())
}

/// Deletes the old files of a quarantine if its last commit wrote it anew: also those that a command which was killed
/// has left.
async fn sweep_table(lake: &Lake, table: &TableSnapshot) -> Result<(), PipelineError> {
    if table.noted.contains_key(REWRITTEN) {
        let lingering = |error| PipelineError::Lingering { dataset: table.name.clone(), source: Box::new(error) };
        lake.vacuum(table.zone, &table.name).await.map_err(lingering)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_reason_names_nobody() {
        assert_eq!(presentable("ticket 4711: till of shop 7").unwrap(), "ticket 4711: till of shop 7");
        let told = presentable("ann@example.com called from 13187013211").unwrap();
        assert!(!told.contains("example.com") && !told.contains("13187013211"), "{told}");
    }
}
