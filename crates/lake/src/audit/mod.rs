//! The audit log: numbered records, each with the SHA-256 of the one before it.
//!
//! A third party verifies it with nothing but `sha256sum`: the field `previous` of
//! `_lakewarden/audit/00000002.json` is the SHA-256 of the bytes of `00000001.json`, and so on.
//! The chain shows that a record in the middle was changed or removed. That the *last* records
//! were changed or removed shows only to somebody who kept a later [`AuditHead`]; keep them where
//! the lake's writers cannot reach (a report, an e-mail, a ticket), and see [`AuditLog::verify_holds`].

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;

use crate::error::{AuditBreak, LakeError};
use crate::lake::Lake;

/// Records read at once.
const PARALLEL: usize = 16;
/// How often an append looks for a free number.
const TRIES: usize = 50;

/// One record of the audit log.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditRecord {
    /// Its number, from 1.
    pub sequence: u64,
    /// When it was written, by the writer's clock.
    pub at: DateTime<Utc>,
    /// The SHA-256 of the record before it, in hex; None for the first.
    pub previous: Option<String>,
    /// What happened.
    pub record: Value,
}

/// The end of the audit log at some time: enough to prove later that nothing before it changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditHead {
    /// The last record's number; 0 for an empty log.
    pub sequence: u64,
    /// The SHA-256 of the last record's bytes, in hex; empty for an empty log.
    pub sha256: String,
}

/// The lake's audit log. Records are only ever added.
#[derive(Debug)]
pub struct AuditLog {
    lake: Lake,
    /// The end of the log as this value last saw it.
    head: Mutex<Option<AuditHead>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    sequence: u64,
    at: String,
    previous: Option<String>,
    record: Value,
}

impl Lake {
    /// Returns the audit log.
    pub fn audit(&self) -> AuditLog {
        AuditLog { lake: self.clone(), head: Mutex::new(None) }
    }
}

impl AuditLog {
    /// Adds a record and returns the new end of the log.
    ///
    /// # Errors
    /// `LW5003`; `LW5060` where the last record is gone meanwhile, `LW5061` where others write so
    /// fast that no number is left for this one.
    pub async fn append(&self, record: Value, at: DateTime<Utc>) -> Result<AuditHead, LakeError> {
        let mut known = self.head.lock().await;
        for _ in 0..TRIES {
            let head = match known.take() {
                Some(head) => head,
                None => self.newest().await?,
            };
            let document = Document {
                sequence: head.sequence + 1,
                at: at.to_rfc3339_opts(SecondsFormat::Micros, true),
                previous: (head.sequence > 0).then_some(head.sha256),
                record: record.clone(),
            };
            let path = path_of(document.sequence);
            let bytes =
                serde_json::to_vec(&document).map_err(|_| LakeError::DamagedDocument { path: path.to_string() })?;
            let new = AuditHead { sequence: document.sequence, sha256: sha256(&bytes) };
            match self.lake.create_own(&path, bytes.into()).await {
                Ok(()) => {
                    *known = Some(new.clone());
                    return Ok(new);
                }
                Err(LakeError::AlreadyExists { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Err(LakeError::AuditBusy)
    }

    /// Reads all records in order, without checking the chain.
    ///
    /// # Errors
    /// `LW5003`; `LW5060` for a record that cannot be read.
    pub async fn read_all(&self) -> Result<Vec<AuditRecord>, LakeError> {
        let numbers = self.numbers().await?;
        let records = self.documents(numbers).await?;
        records.into_iter().map(|(sequence, bytes)| parse(sequence, &bytes)).collect()
    }

    /// Checks the whole chain and returns its end. See the module's text for what it cannot show.
    ///
    /// # Errors
    /// `LW5003`; `LW5060` with the first record that does not hold.
    pub async fn verify(&self) -> Result<AuditHead, LakeError> {
        self.check(None).await
    }

    /// Checks the whole chain, and that the log as it was at `earlier` is its beginning.
    ///
    /// # Errors
    /// As [`AuditLog::verify`].
    pub async fn verify_holds(&self, earlier: &AuditHead) -> Result<AuditHead, LakeError> {
        self.check(Some(earlier)).await
    }

    async fn check(&self, earlier: Option<&AuditHead>) -> Result<AuditHead, LakeError> {
        let broken = |sequence, why| Err(LakeError::AuditBroken { sequence, why });
        let mut head = AuditHead { sequence: 0, sha256: String::new() };
        for (sequence, bytes) in self.documents(self.numbers().await?).await? {
            if sequence != head.sequence + 1 {
                return broken(head.sequence + 1, AuditBreak::Missing);
            }
            let record = parse(sequence, &bytes)?;
            if record.previous != (head.sequence > 0).then_some(head.sha256) {
                return broken(sequence, AuditBreak::Unchained);
            }
            head = AuditHead { sequence, sha256: sha256(&bytes) };
            if earlier.is_some_and(|e| e.sequence == sequence && e.sha256 != head.sha256) {
                return broken(sequence, AuditBreak::Changed);
            }
        }
        match earlier {
            Some(earlier) if earlier.sequence > head.sequence => broken(head.sequence + 1, AuditBreak::Missing),
            _ => Ok(head),
        }
    }

    async fn newest(&self) -> Result<AuditHead, LakeError> {
        let Some(sequence) = self.numbers().await?.pop() else {
            return Ok(AuditHead { sequence: 0, sha256: String::new() });
        };
        match self.lake.read(&path_of(sequence)).await? {
            Some(bytes) => Ok(AuditHead { sequence, sha256: sha256(&bytes) }),
            None => Err(LakeError::AuditBroken { sequence, why: AuditBreak::Missing }),
        }
    }

    /// The numbers of all records, ascending.
    async fn numbers(&self) -> Result<Vec<u64>, LakeError> {
        let objects = self.lake.list(&Path::from("_lakewarden/audit")).await?;
        let mut numbers: Vec<u64> = objects
            .iter()
            .filter_map(|object| object.location.filename()?.strip_suffix(".json")?.parse().ok())
            .collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    async fn documents(&self, numbers: Vec<u64>) -> Result<Vec<(u64, Bytes)>, LakeError> {
        stream::iter(numbers)
            .map(|sequence| async move {
                match self.lake.read(&path_of(sequence)).await? {
                    Some(bytes) => Ok((sequence, bytes)),
                    None => Err(LakeError::AuditBroken { sequence, why: AuditBreak::Missing }),
                }
            })
            .buffered(PARALLEL)
            .try_collect()
            .await
    }
}

fn parse(sequence: u64, bytes: &[u8]) -> Result<AuditRecord, LakeError> {
    let broken = |why| LakeError::AuditBroken { sequence, why };
    let document: Document = serde_json::from_slice(bytes).map_err(|_| broken(AuditBreak::Unreadable))?;
    if document.sequence != sequence {
        return Err(broken(AuditBreak::Renumbered));
    }
    let at = DateTime::parse_from_rfc3339(&document.at).map_err(|_| broken(AuditBreak::Unreadable))?.to_utc();
    Ok(AuditRecord { sequence, at, previous: document.previous, record: document.record })
}

fn path_of(sequence: u64) -> Path {
    Path::from(format!("_lakewarden/audit/{sequence:08}.json"))
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
