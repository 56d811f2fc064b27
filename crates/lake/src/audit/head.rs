//! The head that is kept beside the log: which record is the last, and its SHA-256.
//!
//! Each append puts `_lakewarden/audit_head/<number>.json` after its record and deletes older ones. A process that
//! is killed between the two leaves the head of the record before, so the log may be longer than its head says, and
//! never shorter.

use object_store::path::Path;

use super::{AuditHead, AuditLog, path_of, sha256};
use crate::error::{AuditBreak, LakeError};

const FOLDER: &str = "_lakewarden/audit_head";

impl AuditLog {
    /// Reads the newest kept head. `None` where there is none.
    pub(super) async fn kept_head(&self) -> Result<Option<AuditHead>, LakeError> {
        // It may be superseded and deleted between the two calls; then there is a higher one.
        loop {
            let Some(number) = self.kept_numbers().await?.pop() else { return Ok(None) };
            let path = head_path(number);
            let Some(bytes) = self.lake.read(&path).await? else { continue };
            let damaged = || LakeError::DamagedDocument { path: path.to_string() };
            let head: AuditHead = serde_json::from_slice(&bytes).map_err(|_| damaged())?;
            return if head.sequence == number { Ok(Some(head)) } else { Err(damaged()) };
        }
    }

    /// Keeps a head, and deletes older ones.
    pub(super) async fn keep_head(&self, head: &AuditHead) -> Result<(), LakeError> {
        let path = head_path(head.sequence);
        let bytes = serde_json::to_vec(head).map_err(|_| LakeError::DamagedDocument { path: path.to_string() })?;
        match self.lake.create_own(&path, bytes.clone().into()).await {
            // Of a record that was removed, and whose number is used again after that was accepted.
            Err(LakeError::AlreadyExists { .. }) => {
                self.lake.delete(&path).await?;
                self.lake.create_own(&path, bytes.into()).await?;
            }
            put => put?,
        }
        for old in self.kept_numbers().await?.into_iter().filter(|number| *number < head.sequence) {
            self.lake.delete(&head_path(old)).await?;
        }
        Ok(())
    }

    /// Removes kept heads of records that no longer exist, so that `newest` is the end from now on.
    pub(super) async fn drop_heads_after(&self, newest: u64) -> Result<(), LakeError> {
        for number in self.kept_numbers().await?.into_iter().filter(|number| *number > newest) {
            self.lake.delete(&head_path(number)).await?;
        }
        Ok(())
    }

    /// Compares the kept head with the last record of the log.
    ///
    /// # Errors
    /// `LW5060` where the log is shorter than the head says, or its record has another SHA-256; `LW5101` where there
    /// is no head although one must have been kept.
    pub(super) async fn compare_head(&self, kept: Option<&AuditHead>, end: &AuditHead) -> Result<(), LakeError> {
        let broken = |sequence, why| Err(LakeError::AuditBroken { sequence, why });
        let Some(kept) = kept else {
            // The first record may have been written by a process that was killed before it kept the head.
            return if end.sequence > 1 { Err(LakeError::AuditHeadMissing) } else { Ok(()) };
        };
        if kept.sequence > end.sequence {
            return broken(end.sequence + 1, AuditBreak::Missing);
        }
        let sum = if kept.sequence == end.sequence {
            end.sha256.clone()
        } else {
            match self.lake.read(&path_of(kept.sequence)).await? {
                Some(bytes) => sha256(&bytes),
                None => return broken(kept.sequence, AuditBreak::Missing),
            }
        };
        if sum == kept.sha256 { Ok(()) } else { broken(kept.sequence, AuditBreak::Changed) }
    }

    async fn kept_numbers(&self) -> Result<Vec<u64>, LakeError> {
        let objects = self.lake.list(&Path::from(FOLDER)).await?;
        let number = |path: &Path| path.filename()?.strip_suffix(".json")?.parse().ok();
        let mut numbers: Vec<u64> = objects.iter().filter_map(|object| number(&object.location)).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }
}

fn head_path(number: u64) -> Path {
    Path::from(format!("{FOLDER}/{number:08}.json"))
}
