//! Whether the store keeps what publication relies on.
//!
//! Leases, intents, commits and audit records are put where there is nothing yet, and the store lets one of those that
//! try at once. A store that takes `If-None-Match: *` and overwrites all the same makes two writers believe that each
//! is alone. So the store is asked, once for each address a lake has had, and the answer is kept in
//! `_lakewarden/store.json`: from then on it costs one read a run.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::future::join_all;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStoreExt, PutPayload};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::LakeError;
use crate::fault::store_error;
use crate::lake::Lake;
use crate::publish::ENGINE;

/// Where the answer is kept.
const MARKER: &str = "_lakewarden/store.json";
/// Where objects are put to see what becomes of them.
pub(crate) const PROBES: &str = "_lakewarden/probe";
/// The form of the marker.
const FORMAT: u32 = 1;
/// How many try to put one object at once.
const RACERS: usize = 8;

/// What was found, and where.
#[derive(Debug, Serialize, Deserialize)]
struct Marker {
    format: u32,
    /// The lake's address when it was asked, and the endpoint.
    store: String,
    checked: DateTime<Utc>,
    by: String,
    keeps: Vec<String>,
}

/// What the store keeps if it passes.
const KEEPS: [&str; 4] = ["conditional_put", "read_after_write", "list_after_write", "list_after_delete"];

impl Lake {
    /// Makes sure that the store keeps what publication relies on: by the marker that an earlier call left, or by
    /// asking the store, with nine calls. `probe` names the object that is put for it: new for each call.
    ///
    /// # Errors
    /// `LW5062`, `LW5063` for a store that must not be written to; `LW5003`.
    pub async fn check_store(&self, probe: Uuid, now: DateTime<Utc>) -> Result<(), LakeError> {
        let marker = self.read(&Path::from(MARKER)).await?;
        // A marker of another form, or that cannot be read, is no answer: the store is asked again.
        let marker = marker.and_then(|bytes| serde_json::from_slice::<Marker>(&bytes).ok());
        if marker.is_some_and(|m| m.format == FORMAT && m.store == self.place() && m.keeps == KEEPS) {
            return Ok(());
        }
        self.probe(probe).await?;
        self.mark(now).await
    }

    /// The lake's address, and where it answers.
    pub(crate) fn place(&self) -> String {
        match self.endpoint() {
            Some(endpoint) => format!("{} ({endpoint})", self.url()),
            None => self.url().to_string(),
        }
    }

    /// Remembers that the store keeps what it must.
    pub(crate) async fn mark(&self, now: DateTime<Utc>) -> Result<(), LakeError> {
        let path = Path::from(MARKER);
        let keeps = KEEPS.map(str::to_owned).to_vec();
        let marker = Marker { format: FORMAT, store: self.place(), checked: now, by: ENGINE.to_owned(), keeps };
        let bytes = serde_json::to_vec(&marker).map_err(|_| LakeError::DamagedDocument { path: path.to_string() })?;
        let put = self.store().put(&path, PutPayload::from(bytes)).await;
        put.map(|_| ()).map_err(|error| store_error("writing", &path, &error))
    }

    /// Asks the store. Returns what the store says of the object that was put, its time above all.
    pub(crate) async fn probe(&self, probe: Uuid) -> Result<ObjectMeta, LakeError> {
        let path = Path::from(PROBES).join(format!("{probe}.txt"));
        let kept = self.ask(&path).await;
        if kept.is_err() {
            // It is found later if it stays: what is wrong with the store matters more.
            let _ = self.delete(&path).await;
        }
        kept
    }

    async fn ask(&self, path: &Path) -> Result<ObjectMeta, LakeError> {
        let (first, second) = (Bytes::from(format!("first {path}")), Bytes::from(format!("second {path}")));
        self.create_own(path, first.clone()).await?;
        if self.read(path).await?.as_ref() != Some(&first) {
            return Err(self.stale("an object that was just put is not given back"));
        }
        match self.create(path, second).await {
            Err(LakeError::AlreadyExists { .. }) => {}
            Ok(()) => return Err(LakeError::OverwritingStore { store: self.place() }),
            Err(error) => return Err(error),
        }
        // Some answer that it is there, and have overwritten it.
        match self.read(path).await? {
            Some(bytes) if bytes == first => {}
            Some(_) => return Err(LakeError::OverwritingStore { store: self.place() }),
            None => return Err(self.stale("an object that was just put is not given back")),
        }
        let listed = self.list(&Path::from(PROBES)).await?.into_iter().find(|object| object.location == *path);
        let Some(listed) = listed.filter(|object| object.size == first.len() as u64) else {
            return Err(self.stale("an object that was just put is not listed"));
        };
        self.delete(path).await?;
        if self.list(&Path::from(PROBES)).await?.iter().any(|object| object.location == *path) {
            return Err(self.stale("an object that was just deleted is listed"));
        }
        if self.read(path).await?.is_some() {
            return Err(self.stale("an object that was just deleted is given back"));
        }
        Ok(listed)
    }

    /// Has several put the same object at once: one may, and its bytes stay.
    pub(crate) async fn race(&self, probe: Uuid) -> Result<(), LakeError> {
        let path = Path::from(PROBES).join(format!("{probe}-race.txt"));
        let bytes = |racer: usize| Bytes::from(format!("racer {racer}"));
        let tries = join_all((0..RACERS).map(|racer| self.create(&path, bytes(racer)))).await;
        let found = self.read(&path).await;
        self.delete(&path).await?;
        let mut winners = Vec::new();
        for (racer, tried) in tries.into_iter().enumerate() {
            match tried {
                Ok(()) => winners.push(racer),
                Err(LakeError::AlreadyExists { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let stays = winners.first().map(|winner| bytes(*winner));
        // A put whose answer was lost has won without knowing.
        if winners.len() > 1 || (winners.len() == 1 && found? != stays) {
            return Err(LakeError::RacyStore { store: self.place(), winners: winners.len().max(2), tried: RACERS });
        }
        Ok(())
    }

    fn stale(&self, what: &'static str) -> LakeError {
        LakeError::StaleStore { store: self.place(), what }
    }
}
