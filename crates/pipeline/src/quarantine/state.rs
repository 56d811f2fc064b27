//! How much lies in quarantine, as far as the tables' logs tell: no record is read.

use crate::error::PipelineError;
use chrono::{DateTime, Utc};
use lakewarden_lake::{Lake, Zone};
use serde::Serialize;
use std::collections::BTreeMap;

/// What lies in quarantine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct State {
    /// Records.
    pub records: u64,
    /// When the oldest was quarantined, to the millisecond.
    pub oldest: Option<DateTime<Utc>>,
    /// By dataset, those that have any.
    pub datasets: BTreeMap<String, InDataset>,
}

/// What lies in the quarantine of one dataset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct InDataset {
    /// Records.
    pub records: u64,
    /// When the oldest was quarantined, to the millisecond.
    pub oldest: Option<DateTime<Utc>>,
}

/// Counts what lies in quarantine.
///
/// # Errors
/// Those of the lake.
pub async fn state(lake: &Lake) -> Result<State, PipelineError> {
    let mut state = State::default();
    for name in lake.tables(Zone::Quarantine).await? {
        let Some(table) = lake.table(Zone::Quarantine, &name).await? else { continue };
        let records = table.rows();
        if records == 0 {
            continue;
        }
        let oldest = table.files.iter().filter_map(|f| f.time_range("quarantined_at")).map(|r| r.min).min();
        state.records += records;
        state.oldest = [state.oldest, oldest].into_iter().flatten().min();
        state.datasets.insert(name, InDataset { records, oldest });
    }
    Ok(state)
}
