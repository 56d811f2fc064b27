//! Removing old versions, so that whatever interrupts it the table can be read and the next attempt completes it.

use deltalake_core::DeltaTable;
use deltalake_core::protocol::checkpoints::create_checkpoint;
use futures::{TryStreamExt, stream};
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutPayload};
use serde_json::Value;

use super::OldVersions;
use crate::error::LakeError;
use crate::fault::store_error;
use crate::lake::Lake;
use crate::log::LogListing;
use crate::zone::{TableId, Zone};

/// Files deleted at once.
const PARALLEL: usize = 16;

impl Lake {
    /// Removes from one table what [`Lake::find_old_versions`] found. To be called with the lease held and after
    /// [`Lake::recover`], nothing having been published since.
    ///
    /// First a checkpoint of the oldest version that stays, then the data files, last the log entries: an attempt that is
    /// interrupted leaves a table whose kept versions can be read, and whose log still names what is to be deleted. The
    /// ledger of loaded files is folded before, and what Lakewarden's last commit notes stays.
    ///
    /// A store that keeps versions of objects keeps them still: that is for its lifecycle rules.
    ///
    /// # Errors
    /// `LW5080`; what was deleted before the error stays deleted.
    pub async fn remove_old_versions(&self, old: &OldVersions) -> Result<(), LakeError> {
        let id = TableId::new(old.zone, &old.table)?;
        let remain = |error| LakeError::VersionsRemain { table: id.to_string(), source: Box::new(error) };
        self.remove_from(&id, old).await.map_err(remain)
    }

    async fn remove_from(&self, id: &TableId, old: &OldVersions) -> Result<(), LakeError> {
        // Another program may have brought files of an old version back since.
        let newest = LogListing::read(self, id).await?.version();
        if newest != Some(old.newest) {
            let expected = format!("version {}", old.newest);
            let found = newest.map_or_else(|| "no table".to_owned(), |version| format!("version {version}"));
            return Err(LakeError::Conflict { table: id.to_string(), expected, found });
        }
        if !old.log.is_empty() || old.info_only.is_some() {
            if old.zone == Zone::Conformed {
                self.fold_whole_ledger(id).await?;
            }
            self.ensure_checkpoint(id, old.oldest_kept).await?;
        }
        if let Some(commit) = &old.info_only {
            self.reduce_to_info(id, commit).await?;
        }
        stream::iter(old.data.iter().map(Ok::<_, LakeError>))
            .try_for_each_concurrent(PARALLEL, |path| self.delete(path))
            .await?;
        for path in &old.half_written {
            self.delete_half_written(path)?;
        }
        // One after the other, the oldest first: what remains of the log has no gap.
        for path in &old.log {
            self.delete(path).await?;
        }
        Ok(())
    }

    /// Makes a checkpoint of a version, unless there is one, and checks that it can be read.
    async fn ensure_checkpoint(&self, id: &TableId, version: u64) -> Result<(), LakeError> {
        let pointer = id.folder().join("_delta_log").join("_last_checkpoint");
        let pointed = self.read(&pointer).await?;
        if !LogListing::read(self, id).await?.has_checkpoint(self, version).await? {
            let access = self.log_access(id)?;
            let failed = |error| access.error("making a checkpoint of", &error);
            let mut table = DeltaTable::new(access.store.clone());
            table.load_version(version).await.map_err(failed)?;
            create_checkpoint(&table, None).await.map_err(failed)?;
            if !LogListing::read(self, id).await?.has_checkpoint(self, version).await? {
                return Err(LakeError::DamagedTable {
                    table: id.to_string(),
                    what: format!("the checkpoint of version {version} cannot be read"),
                });
            }
        }
        match pointed {
            // Readers find the newest checkpoint by it.
            Some(bytes) if version_of(&bytes).is_some_and(|pointed| pointed > version) => {
                let put = self.store().put(&pointer, PutPayload::from(bytes)).await;
                put.map(drop).map_err(|error| store_error("writing", &pointer, &error))
            }
            // One that would point to nothing only spared its readers a listing.
            _ => match self.read(&pointer).await? {
                Some(bytes) if version_of(&bytes).is_none_or(|pointed| pointed < version) => {
                    self.delete(&pointer).await
                }
                _ => Ok(()),
            },
        }
    }

    /// Leaves of a commit only its info: the file actions before a checkpoint are read no more.
    async fn reduce_to_info(&self, id: &TableId, commit: &Path) -> Result<(), LakeError> {
        let damaged = || LakeError::DamagedTable { table: id.to_string(), what: "a commit is not JSON".to_owned() };
        let Some(bytes) = self.read(commit).await? else { return Ok(()) };
        let mut kept = Vec::new();
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
            let value: Value = serde_json::from_slice(line).map_err(|_| damaged())?;
            if value.get("commitInfo").is_some() {
                kept.extend_from_slice(line);
                kept.push(b'\n');
            }
        }
        let put = self.store().put(commit, PutPayload::from(kept)).await;
        put.map(drop).map_err(|error| store_error("writing", commit, &error))
    }
}

fn version_of(pointer: &[u8]) -> Option<u64> {
    serde_json::from_slice::<Value>(pointer).ok()?.get("version")?.as_u64()
}
