//! What the lake has of a pipeline: its tables as they are, whatever the last run did.

use crate::customers::table_names;
use crate::error::PipelineError;
use crate::load::{RUN, totals};
use crate::project::OpenProject;
use crate::record::{Outcome, RunRecord};
use crate::retention;
use chrono::{DateTime, NaiveDate, Utc};
use lakewarden_dictionary::Pipeline;
use lakewarden_lake::{FILE_TRANSACTION, Lake, TableSnapshot, Zone};
use serde_json::Value;

/// How many runs are looked through for what a run before said of a table.
const RUNS: usize = 50;

/// The tables of a pipeline as the lake has them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LakeState {
    /// The conformed tables of its channels, in its order.
    pub datasets: Vec<DatasetState>,
    /// Its curated tables, in its order.
    pub tables: Vec<CuratedState>,
    /// Its customers, if it recognises any and has.
    pub customers: Option<u64>,
}

/// A dataset's conformed table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DatasetState {
    /// The dataset.
    pub name: String,
    /// Files that were loaded.
    pub files: u64,
    /// Rows.
    pub rows: u64,
    /// Customers that its rows name, as the last run counted them that looked them up.
    pub people: Option<u64>,
    /// Records in quarantine.
    pub quarantined: u64,
    /// The first day of which rows are still kept; `None` without an end.
    pub kept_from: Option<NaiveDate>,
    /// When it was last published; `None` if never.
    pub published: Option<DateTime<Utc>>,
}

/// A curated table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CuratedState {
    /// The table.
    pub name: String,
    /// Rows; `None` before it was published.
    pub rows: Option<u64>,
    /// Rows that it had after the run before the last that published it; `None` if there is none.
    pub rows_before: Option<u64>,
    /// Data subjects that its rows name, as the run counted them that published it.
    pub people: Option<u64>,
    /// When it was last published.
    pub published: Option<DateTime<Utc>>,
    /// The run that published it.
    pub run: Option<String>,
}

/// Looks at the tables of a pipeline, at an instant.
///
/// # Errors
/// Those of the lake; [`PipelineError::Damaged`].
pub async fn lake_state(
    open: &OpenProject,
    pipeline: &Pipeline,
    lake: &Lake,
    at: DateTime<Utc>,
) -> Result<LakeState, PipelineError> {
    let lake = lake.between_publications().await?;
    let mut runs: Vec<RunRecord> = lake
        .runs(RUNS)
        .await?
        .into_iter()
        .filter_map(|run| serde_json::from_value::<RunRecord>(run.record).ok())
        .filter(|run| run.pipeline == pipeline.name.value && run.outcome == Outcome::Published)
        .collect();
    runs.sort_by_key(|run| std::cmp::Reverse(run.started));
    let mut state = LakeState::default();
    for dataset in pipeline.channels.iter().filter_map(|c| open.project.dataset(&c.dataset.value)) {
        let name = &dataset.name.value;
        let table = lake.table(Zone::Conformed, name).await?;
        let zone = dataset.time_zone.as_ref().and_then(|zone| zone.value.parse().ok()).unwrap_or(open.zone());
        let kept_from = dataset.retention.as_ref().and_then(|period| retention::back(at, period.value, zone));
        let loaded = |table: &TableSnapshot| {
            table.transactions.keys().filter(|id| id.starts_with(FILE_TRANSACTION)).count() as u64
        };
        let mut accounts = runs.iter().flat_map(|run| &run.datasets).filter(|account| account.dataset == *name);
        let counted = accounts.find_map(|account| account.people);
        state.datasets.push(DatasetState {
            name: name.clone(),
            files: table.as_ref().map_or(0, loaded),
            rows: table.as_ref().map_or(0, TableSnapshot::rows),
            people: counted.filter(|_| table.is_some()),
            quarantined: totals(table.as_ref())?.quarantined,
            kept_from: kept_from.map(|(_, day)| day),
            published: table.as_ref().and_then(published_at),
        });
    }
    for model in &pipeline.models {
        let table = lake.table(Zone::Curated, &model.name).await?;
        let accounts = || runs.iter().flat_map(|run| &run.models).filter(|account| account.table == model.name);
        state.tables.push(CuratedState {
            name: model.name.clone(),
            rows: table.as_ref().map(TableSnapshot::rows),
            rows_before: accounts().nth(1).map(|account| account.rows),
            people: accounts().find_map(|account| account.people).filter(|_| table.is_some()),
            published: table.as_ref().and_then(published_at),
            run: table.as_ref().and_then(|t| t.noted.get(RUN)?.as_str().map(str::to_owned)),
        });
    }
    if pipeline.identity.is_some() {
        let (customers, _) = table_names(&pipeline.name.value);
        state.customers = lake.table(Zone::Identity, &customers).await?.as_ref().map(TableSnapshot::rows);
    }
    Ok(state)
}

fn published_at(table: &TableSnapshot) -> Option<DateTime<Utc>> {
    table.noted.get("timestamp").and_then(Value::as_i64).and_then(DateTime::from_timestamp_millis)
}
