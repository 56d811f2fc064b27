//! Records of runs, and their lineage events.

use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutPayload};
use serde_json::Value;
use uuid::Uuid;

use crate::error::LakeError;
use crate::fault::store_error;
use crate::lake::Lake;

/// Records read at once.
const PARALLEL: usize = 16;
/// The folder of the records of runs.
const RUNS: &str = "_lakewarden/runs";

/// What is kept of one run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRecord {
    /// The run's id.
    pub run: Uuid,
    /// When it was recorded, by the store's clock.
    pub recorded: DateTime<Utc>,
    /// What the run said of itself.
    pub record: Value,
}

/// The record of a run as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct RunDocument {
    /// The run's id, from the name.
    pub run: Uuid,
    /// Its path in the lake.
    pub path: String,
    /// The record; `None` where it is not written as Lakewarden writes records.
    pub record: Option<Value>,
}

impl Lake {
    /// Reads the records of all runs, readable or not.
    ///
    /// # Errors
    /// `LW5003`.
    pub async fn run_documents(&self) -> Result<Vec<RunDocument>, LakeError> {
        let objects = self.list(&Path::from(RUNS)).await?;
        let named = objects.into_iter().filter_map(|object| Some((id_of(&object.location, ".json")?, object.location)));
        let documents = stream::iter(named.collect::<Vec<_>>()).map(|(run, path)| async move {
            let Some(bytes) = self.read(&path).await? else { return Ok(None) };
            let record = serde_json::from_slice::<Value>(&bytes).ok();
            // One in which a key occurs twice says two things.
            let record = record.filter(|record| record.to_string().as_bytes() == bytes.as_ref());
            Ok(Some(RunDocument { run, path: path.to_string(), record }))
        });
        documents.buffered(PARALLEL).try_filter_map(|document| async move { Ok(document) }).try_collect().await
    }

    /// Lists the runs that have lineage events.
    ///
    /// # Errors
    /// `LW5003`.
    pub async fn lineage_runs(&self) -> Result<Vec<Uuid>, LakeError> {
        let objects = self.list(&Path::from("_lakewarden/lineage")).await?;
        Ok(objects.iter().filter_map(|object| id_of(&object.location, ".ndjson")).collect())
    }

    /// Keeps the record of a run in `_lakewarden/runs/<run>.json`. It is never changed.
    ///
    /// # Errors
    /// `LW5003`; `LW5005` where the run has a record already.
    pub async fn record_run(&self, run: Uuid, record: &Value) -> Result<(), LakeError> {
        let path = Path::from(format!("_lakewarden/runs/{run}.json"));
        self.create_own(&path, record.to_string().into()).await
    }

    /// Reads the records of the last runs, the newest first, at most `limit`.
    ///
    /// # Errors
    /// `LW5003`, `LW5006`.
    pub async fn runs(&self, limit: usize) -> Result<Vec<RunRecord>, LakeError> {
        let mut objects = self.list(&Path::from(RUNS)).await?;
        objects.sort_by(|a, b| (b.last_modified, &b.location).cmp(&(a.last_modified, &a.location)));
        let named = objects.into_iter().filter_map(|object| {
            let name = object.location.filename()?.strip_suffix(".json")?;
            Some((Uuid::parse_str(name).ok()?, object))
        });
        stream::iter(named.take(limit).collect::<Vec<_>>())
            .map(|(run, object)| async move {
                let path = object.location;
                let damaged = || LakeError::DamagedDocument { path: path.to_string() };
                let bytes = self.read(&path).await?.ok_or_else(damaged)?;
                let record = serde_json::from_slice(&bytes).map_err(|_| damaged())?;
                Ok(RunRecord { run, recorded: object.last_modified, record })
            })
            .buffered(PARALLEL)
            .try_collect()
            .await
    }

    /// Reads the record of one run. None where it has none.
    ///
    /// # Errors
    /// `LW5003`, `LW5006`.
    pub async fn run(&self, run: Uuid) -> Result<Option<Value>, LakeError> {
        let path = Path::from(format!("_lakewarden/runs/{run}.json"));
        let Some(bytes) = self.read(&path).await? else { return Ok(None) };
        let damaged = |_| LakeError::DamagedDocument { path: path.to_string() };
        serde_json::from_slice(&bytes).map(Some).map_err(damaged)
    }

    /// Adds lineage events to `_lakewarden/lineage/<run>.ndjson`, one line each. Only the run
    /// itself writes there: two at once would lose lines.
    ///
    /// # Errors
    /// `LW5003`.
    pub async fn append_lineage(&self, run: Uuid, events: &[Value]) -> Result<(), LakeError> {
        let path = lineage_path(run);
        let mut bytes = self.read(&path).await?.map(|b| b.to_vec()).unwrap_or_default();
        for event in events {
            bytes.extend_from_slice(event.to_string().as_bytes());
            bytes.push(b'\n');
        }
        self.store()
            .put(&path, PutPayload::from(bytes))
            .await
            .map(|_| ())
            .map_err(|error| store_error("writing", &path, &error))
    }

    /// Reads the lineage events of a run, in the order in which they were added.
    ///
    /// # Errors
    /// `LW5003`, `LW5006`.
    pub async fn lineage(&self, run: Uuid) -> Result<Vec<Value>, LakeError> {
        let path = lineage_path(run);
        let bytes = self.read(&path).await?.unwrap_or_default();
        bytes
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).map_err(|_| LakeError::DamagedDocument { path: path.to_string() }))
            .collect()
    }
}

fn id_of(path: &Path, suffix: &str) -> Option<Uuid> {
    Uuid::parse_str(path.filename()?.strip_suffix(suffix)?).ok()
}

fn lineage_path(run: Uuid) -> Path {
    Path::from(format!("_lakewarden/lineage/{run}.ndjson"))
}
