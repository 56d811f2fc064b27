//! Consent logs and suppression lists that the lake holds and the dictionary no longer declares.
//!
//! Where silence is permission, a log that is read no more permits everything. So a table that was loaded as a log closes
//! runs and queries until a dataset declares it again, under its name or with `renamed_from`.

use crate::error::PipelineError;
use crate::people::People;
use crate::unread;
use futures::{StreamExt, TryStreamExt};
use lakewarden_dictionary::{Dataset, DatasetRole, Project, UNIDENTIFIED_COLUMN};
use lakewarden_lake::{Lake, TableSnapshot, Zone};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Key of a dataset's role in a commit's information.
pub(crate) const ROLE: &str = "lakewarden.role";

/// The columns by which the log of an older lake is known, whose commits do not say its role.
const LOG_COLUMNS: [&str; 4] = ["id_token", "purpose", "action", "at"];

/// Tables whose logs are read at a time.
const AT_A_TIME: usize = 16;

/// A dataset's role, as its commits say it.
pub(crate) fn role(dataset: &Dataset) -> Value {
    match dataset.role {
        DatasetRole::Data => "data",
        DatasetRole::ConsentLog => "consent_log",
        DatasetRole::SuppressionList => "suppression_list",
    }
    .into()
}

/// Refuses a lake with a log or list that no dataset declares as one.
///
/// # Errors
/// [`PipelineError::UndeclaredLog`]; those of the lake.
pub(crate) async fn refuse_undeclared_logs(project: &Project, lake: &Lake) -> Result<(), PipelineError> {
    let declared: BTreeSet<&str> = logs(project).flat_map(names).collect();
    let names = lake.tables(Zone::Conformed).await?;
    let is_undeclared = |name: &&String| !declared.contains(unread::dataset_name(name).unwrap_or(name.as_str()));
    let found = futures::stream::iter(names.iter().filter(is_undeclared).map(async |name: &String| {
        if let Some(log) = unread::dataset_name(name) {
            return Ok(Some(log.to_owned()));
        }
        let table = lake.table(Zone::Conformed, name).await?;
        Ok::<_, PipelineError>(table.filter(was_log).map(|table| table.name))
    }));
    let mut found = found.buffered(AT_A_TIME);
    while let Some(log) = found.try_next().await? {
        if let Some(table) = log {
            let is_dataset = project.dataset(&table).is_some();
            return Err(PipelineError::UndeclaredLog { table, is_dataset });
        }
    }
    Ok(())
}

/// Takes in what the tables say that logs and lists had under their former names. Returns their versions.
///
/// # Errors
/// Those of the lake; [`PipelineError::Damaged`] if a column is not what the dictionary says.
pub(crate) async fn note_renamed(
    people: &mut People,
    project: &Project,
    lake: &Lake,
) -> Result<BTreeMap<String, i64>, PipelineError> {
    let mut versions = BTreeMap::new();
    for dataset in logs(project) {
        let Some(former) = &dataset.renamed_from else { continue };
        unread::note(&mut people.consent, &unread::read_of(lake, &former.value).await?);
        let Some(table) = lake.table(Zone::Conformed, &former.value).await? else { continue };
        versions.insert(former.value.clone(), table.version);
        let mut columns = People::columns(dataset);
        columns.retain(|column| table.schema.field_with_name(column).is_ok());
        let mut batches = lake.read_table_batches(&table, Some(&columns))?;
        while let Some(batch) = batches.try_next().await? {
            people.note_statements(dataset, &batch)?;
        }
    }
    Ok(versions)
}

fn logs(project: &Project) -> impl Iterator<Item = &Dataset> {
    project.datasets.iter().filter(|dataset| match dataset.role {
        DatasetRole::Data => false,
        DatasetRole::ConsentLog | DatasetRole::SuppressionList => true,
    })
}

/// The names that a log's tables have or had.
fn names(dataset: &Dataset) -> impl Iterator<Item = &str> {
    [Some(&dataset.name), dataset.renamed_from.as_ref()].into_iter().flatten().map(|name| name.value.as_str())
}

/// Whether a table was loaded as a log or list. What its role cannot be understood to be was one.
fn was_log(table: &TableSnapshot) -> bool {
    match table.noted.get(ROLE) {
        Some(role) => role != "data",
        None => {
            let has = |column: &str| table.schema.field_with_name(column).is_ok();
            LOG_COLUMNS.into_iter().all(has) && !has(UNIDENTIFIED_COLUMN)
        }
    }
}
