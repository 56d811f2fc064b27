//! Making staged files visible: several tables together, once, whatever dies on the way.
//!
//! Delta commits one table at a time. Several become one change through an *intent*: an object
//! that says everything that is going to be committed, put before the first commit and deleted
//! after the last. Whoever finds one completes it. Each commit carries a transaction with the
//! publication's id, so that completing twice changes nothing.

mod commit;
mod decided;
mod intent;
mod pending;

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use futures::{TryStreamExt, stream};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

pub use self::intent::PUBLICATION_TRANSACTION;
use self::intent::{Intent, IntentChange};
pub use self::pending::PendingPublication;
use crate::error::{LakeError, StoreFault};
use crate::fault::{classify, store_error};
use crate::lake::Lake;
use crate::table::LoadedTable;
use crate::writer::StagedTable;
use crate::zone::Zone;

/// How commits and files name their writer.
pub(crate) const ENGINE: &str = concat!("Lakewarden/", env!("CARGO_PKG_VERSION"));

/// Files looked for at once.
const PARALLEL: usize = 16;

/// What a change does with the rows that a table has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Keeps them. The schema may grow by nullable columns.
    Append,
    /// Removes them all. The schema may be any.
    Replace,
}

/// What is going to happen to one table.
#[derive(Debug, Clone)]
pub struct Change {
    /// The new files, which may be none.
    pub staged: StagedTable,
    /// What becomes of the old ones.
    pub mode: Mode,
    /// Application transactions to record with the commit: app id and version. The ledger of
    /// loaded files is kept so, as `lakewarden/file/<sha256>`.
    pub transactions: Vec<(String, i64)>,
    /// What to say in the commit's info, beside what Delta says. Comes back as
    /// [`crate::TableSnapshot::metadata`].
    pub info: Map<String, Value>,
}

/// Changes of several tables that become visible together.
#[derive(Debug, Clone)]
pub struct Publication {
    /// Its name. Publishing it again under the same id changes nothing.
    pub id: Uuid,
    /// The time that commits and files are given.
    pub at: DateTime<Utc>,
    /// The changes, at most one a table, committed in this order.
    pub changes: Vec<Change>,
}

/// A table that a publication changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The table's zone.
    pub zone: Zone,
    /// The table's name.
    pub name: String,
    /// The version that the commit made; where it had been made before, the newest version.
    pub version: i64,
}

/// What [`Lake::recover`] found and did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Publications that were completed.
    pub completed: Vec<Uuid>,
    /// Publications of which nothing was visible yet and that no longer fit the lake, because
    /// somebody changed a table meanwhile. They were given up; their files are orphans.
    pub withdrawn: Vec<Uuid>,
}

/// How carrying out an intent ended, if not by an error of the store.
pub(super) enum Outcome {
    Done(Vec<Published>),
    /// Nothing was committed, and nothing will be, because of this.
    Refused(LakeError),
}

impl Lake {
    /// Makes a publication's files visible.
    ///
    /// Where this fails before the intent is written, or with a conflict, nothing has changed and
    /// nothing will; the staged files are the caller's to [`Lake::discard`]. With `LW5042` the
    /// publication is decided but not complete: [`Lake::recover`], or this call again, completes it.
    ///
    /// # Errors
    /// `LW5043`, `LW5044`, `LW5045`: the publication itself is not sound. `LW5021` to `LW5023`:
    /// an append does not fit its table. `LW5040`, `LW5041`, `LW5070`: somebody else is publishing, or has.
    /// `LW5010`, `LW5011`, `LW5003`: tables or store. `LW5042`, `LW5046`.
    pub async fn publish(&self, publication: Publication) -> Result<Vec<Published>, LakeError> {
        let id = publication.id;
        let mut intent = Intent::new(publication)?;
        self.no_other_intent(id).await?;
        if let Some(recorded) = Intent::read(self, id).await? {
            if !recorded.same_changes(&intent) {
                return Err(LakeError::PublicationReused { id });
            }
            return self.carry_out(&recorded, None).await;
        }
        let tables = self.tables_of(&intent).await?;
        if tables.iter().all(|table| intent.is_in(table.as_ref())) && !tables.is_empty() {
            return Ok(published(&intent, &tables));
        }
        for (change, table) in intent.changes.iter_mut().zip(&tables) {
            change.base = table.as_ref().map(|table| table.snapshot.version);
            commit::check(change, table.as_ref())?;
            decided::check(change, table.as_ref())?;
        }
        self.check_files(&intent).await?;
        if intent.changes.is_empty() {
            return Ok(Vec::new());
        }
        intent.put(self).await?;
        // Two that publish at once see each other here at the latest, and both step back. One that has published since
        // the tables were looked at, and is gone again, shows in them.
        let alone = match self.no_other_intent(id).await {
            Ok(()) => decided::unmoved(self, &intent).await.map_err(|error| decided::postponed(id, error)),
            other => other,
        };
        if let Err(refused) = alone {
            return match &refused {
                LakeError::PublicationPending { .. } => Err(refused),
                _ => match intent.delete(self).await {
                    Ok(()) => Err(refused),
                    Err(error) => Err(pending(id, error)),
                },
            };
        }
        self.carry_out(&intent, Some(tables)).await
    }

    /// Completes what interrupted runs left. To be called with the lease held, before anything is
    /// read or written; costs one listing where there is nothing to do.
    ///
    /// # Errors
    /// `LW5006` for an intent that is not readable; `LW5042` where one cannot be completed now.
    pub async fn recover(&self) -> Result<Recovery, LakeError> {
        let mut recovery = Recovery::default();
        for id in intent::list(self).await? {
            // It may have been completed by its own run meanwhile.
            let Some(intent) = Intent::read(self, id).await? else {
                continue;
            };
            match self.carry_out(&intent, None).await {
                Ok(_) => recovery.completed.push(id),
                Err(error @ LakeError::PublicationPending { .. }) => return Err(error),
                Err(_) => recovery.withdrawn.push(id),
            }
        }
        Ok(recovery)
    }

    /// The files that live intents name.
    pub(crate) async fn files_of_intents(&self) -> Result<HashSet<Path>, LakeError> {
        let mut files = HashSet::new();
        for id in intent::list(self).await? {
            let Some(intent) = Intent::read(self, id).await? else {
                continue;
            };
            let named = intent.changes.iter().flat_map(|change| &change.files);
            files.extend(named.map(|file| Path::from(file.path.as_str())));
        }
        Ok(files)
    }

    async fn no_other_intent(&self, id: Uuid) -> Result<(), LakeError> {
        match intent::list(self).await?.into_iter().find(|other| *other != id) {
            Some(other) => Err(LakeError::PublicationInProgress { other }),
            None => Ok(()),
        }
    }

    async fn tables_of(&self, intent: &Intent) -> Result<Vec<Option<LoadedTable>>, LakeError> {
        let mut tables = Vec::with_capacity(intent.changes.len());
        for change in &intent.changes {
            tables.push(self.load(&change.table()?).await?);
        }
        Ok(tables)
    }

    /// Commits every change of a recorded intent that is not committed yet, and deletes the
    /// intent. `tables` are the intent's tables where they and the files were just looked at.
    async fn carry_out(
        &self,
        intent: &Intent,
        tables: Option<Vec<Option<LoadedTable>>>,
    ) -> Result<Vec<Published>, LakeError> {
        let id = intent.id;
        let outcome = self.commit_all(intent, tables).await.map_err(|error| pending(id, error))?;
        intent.delete(self).await.map_err(|error| pending(id, error))?;
        match outcome {
            Outcome::Done(published) => Ok(published),
            Outcome::Refused(error) => Err(error),
        }
    }

    async fn commit_all(
        &self,
        intent: &Intent,
        tables: Option<Vec<Option<LoadedTable>>>,
    ) -> Result<Outcome, LakeError> {
        let looked_at = tables.is_some();
        let tables = match tables {
            Some(tables) => tables,
            None => self.tables_of(intent).await?,
        };
        let mut begun = tables.iter().any(|table| intent.is_in(table.as_ref()));
        let complete = tables.iter().all(|table| intent.is_in(table.as_ref()));
        if !begun {
            for (change, table) in intent.changes.iter().zip(&tables) {
                if let Err(error) = commit::fits(change, table.as_ref()) {
                    return Ok(Outcome::Refused(error));
                }
            }
        }
        if !looked_at && !complete {
            match self.check_files(intent).await {
                Err(error @ LakeError::StagedFileMissing { .. }) if !begun => {
                    return Ok(Outcome::Refused(error));
                }
                checked => checked?,
            }
        }
        let mut published = Vec::with_capacity(tables.len());
        for (change, table) in intent.changes.iter().zip(tables) {
            match commit::commit(self, intent, change, table, begun).await? {
                Outcome::Done(mut done) => published.append(&mut done),
                refused @ Outcome::Refused(_) => return Ok(refused),
            }
            begun = true;
        }
        Ok(Outcome::Done(published))
    }

    /// Checks that every staged file is there, whole.
    async fn check_files(&self, intent: &Intent) -> Result<(), LakeError> {
        let files = intent.changes.iter().flat_map(|change| &change.files);
        stream::iter(files.map(Ok))
            .try_for_each_concurrent(PARALLEL, |file| async move {
                let path = Path::from(file.path.as_str());
                match self.store().head(&path).await {
                    Ok(found) if found.size == file.size => Ok(()),
                    Err(error) if classify(&error) != StoreFault::NotFound => {
                        Err(store_error("looking for", &path, &error))
                    }
                    _ => Err(LakeError::StagedFileMissing { path: file.path.clone() }),
                }
            })
            .await
    }
}

fn pending(id: Uuid, error: LakeError) -> LakeError {
    LakeError::PublicationPending { id, source: Box::new(error) }
}

fn published(intent: &Intent, tables: &[Option<LoadedTable>]) -> Vec<Published> {
    let changed = |(change, table): (&IntentChange, &Option<LoadedTable>)| {
        table.as_ref().map(|table| Published {
            zone: change.zone,
            name: change.name.clone(),
            version: table.snapshot.version,
        })
    };
    intent.changes.iter().zip(tables).filter_map(changed).collect()
}
