//! The audit log: numbered records, each with the SHA-256 of the one before it.
//!
//! A third party verifies it with nothing but `sha256sum`: the field `previous` of
//! `_lakewarden/audit/00000002.json` is the SHA-256 of the bytes of `00000001.json`, and so on.
//! The chain shows that a record in the middle was changed or removed. The last record is covered by
//! `_lakewarden/audit_head/<number>.json`, which names its SHA-256, and by the head that each commit of a table
//! carries ([`HEAD_KEY`]). Whoever rewrites all of these together is found only with an [`AuditHead`] that was kept
//! where the lake's writers cannot reach it (a report, an e-mail, a ticket): see [`AuditLog::examine`].

mod examine;
mod head;

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;
use tokio::sync::Mutex;

pub use self::examine::AuditTrail;
use crate::error::{AuditBreak, LakeError};
use crate::lake::Lake;

/// The key of a commit's info that carries the head of the audit log when the commit was prepared, as `N:SHA256`.
pub const HEAD_KEY: &str = "lakewarden.audit";

/// The folder of the records.
const FOLDER: &str = "_lakewarden/audit";
/// Records read at once.
const PARALLEL: usize = 16;
/// How often an append looks for a free number.
const TRIES: usize = 50;

/// One record of the audit log.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditRecord {
    /// Its number, from 1.
    pub sequence: u64,
    /// When it was written, by the writer's clock, but never before the record before it.
    pub at: DateTime<Utc>,
    /// The SHA-256 of the record before it, in hex; None for the first.
    pub previous: Option<String>,
    /// What happened.
    pub record: Value,
}

/// The end of the audit log at some time: enough to prove later that nothing before it changed.
/// Written as `N:SHA256`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditHead {
    /// The last record's number; 0 for an empty log.
    pub sequence: u64,
    /// The SHA-256 of the last record's bytes, in hex; empty for an empty log.
    pub sha256: String,
}

impl fmt::Display for AuditHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.sequence, self.sha256)
    }
}

/// The text is not a head of the form `N:SHA256`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a head of the form N:SHA256 with 64 hexadecimal digits")]
pub struct AuditHeadError;

impl FromStr for AuditHead {
    type Err = AuditHeadError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (number, sha256) = text.split_once(':').ok_or(AuditHeadError)?;
        let sequence = number.parse().map_err(|_| AuditHeadError)?;
        let sha256 = sha256.to_ascii_lowercase();
        let hexadecimal = sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
        if hexadecimal && sequence > 0 { Ok(Self { sequence, sha256 }) } else { Err(AuditHeadError) }
    }
}

/// The lake's audit log. Records are only ever added.
#[derive(Debug)]
pub struct AuditLog {
    lake: Lake,
    /// The end of the log as this value last saw it.
    known: Mutex<Option<LogEnd>>,
}

/// The last record: its number and SHA-256, and its time.
#[derive(Debug, Clone)]
struct LogEnd {
    head: AuditHead,
    at: DateTime<Utc>,
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
        AuditLog { lake: self.clone(), known: Mutex::new(None) }
    }
}

impl AuditLog {
    /// Adds a record and returns the new end of the log. A clock that is behind the last record's time does not make
    /// time run backwards: the record takes that time instead.
    ///
    /// # Errors
    /// `LW5003`; `LW5060` or `LW5101` where the last record is not readable, or the log no longer ends with
    /// the record that it is known to have ended with: nothing is added then. `LW5061` where others write so fast
    /// that no number is left for this one.
    pub async fn append(&self, record: Value, at: DateTime<Utc>) -> Result<AuditHead, LakeError> {
        self.append_after(record, at, Trust::Checked).await
    }

    /// Adds a record to a log whose end was cut or changed: for a record that says so. The numbers of records that
    /// were removed from the end are used again; what else names them shows it.
    ///
    /// # Errors
    /// `LW5003`, `LW5061`.
    pub async fn append_regardless(&self, record: Value, at: DateTime<Utc>) -> Result<AuditHead, LakeError> {
        self.append_after(record, at, Trust::Accepted).await
    }

    async fn append_after(&self, record: Value, at: DateTime<Utc>, trust: Trust) -> Result<AuditHead, LakeError> {
        let mut known = self.known.lock().await;
        for _ in 0..TRIES {
            let end = match known.take() {
                Some(end) => Some(end),
                None => self.newest(trust).await?,
            };
            let at = end.as_ref().map_or(at, |end| end.at.max(at));
            let document = Document {
                sequence: end.as_ref().map_or(0, |end| end.head.sequence) + 1,
                at: at.to_rfc3339_opts(SecondsFormat::Micros, true),
                previous: end.map(|end| end.head.sha256),
                record: record.clone(),
            };
            let path = path_of(document.sequence);
            let bytes =
                serde_json::to_vec(&document).map_err(|_| LakeError::DamagedDocument { path: path.to_string() })?;
            let head = AuditHead { sequence: document.sequence, sha256: sha256(&bytes) };
            match self.lake.create_own(&path, bytes.into()).await {
                Ok(()) => {
                    match trust {
                        Trust::Checked => {}
                        Trust::Accepted => self.drop_heads_after(head.sequence).await?,
                    }
                    self.keep_head(&head).await?;
                    *known = Some(LogEnd { head: head.clone(), at });
                    return Ok(head);
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
        let numbers = self.listing().await?.numbers;
        let records = self.documents(numbers).await?;
        records.into_iter().map(|(sequence, bytes)| parse(sequence, &bytes)).collect()
    }

    /// Checks the whole log and returns its end. See the module's text for what it cannot show.
    ///
    /// # Errors
    /// `LW5003`; `LW5060` or `LW5100` with the first thing that is wrong.
    pub async fn verify(&self) -> Result<AuditHead, LakeError> {
        self.examine(None).await?.into_result()
    }

    /// Checks the whole log, and that the log as it was at `earlier` is its beginning.
    ///
    /// # Errors
    /// As [`AuditLog::verify`].
    pub async fn verify_holds(&self, earlier: &AuditHead) -> Result<AuditHead, LakeError> {
        self.examine(Some(earlier)).await?.into_result()
    }

    /// Checks that the log ends with the record that it is known to have ended with.
    ///
    /// # Errors
    /// As [`AuditLog::append`].
    pub async fn check_end(&self) -> Result<(), LakeError> {
        self.newest(Trust::Checked).await.map(|_| ())
    }

    /// Whether the log has the record that a head names, with its SHA-256.
    ///
    /// # Errors
    /// `LW5003`.
    pub async fn has(&self, head: &AuditHead) -> Result<bool, LakeError> {
        let bytes = self.lake.read(&path_of(head.sequence)).await?;
        Ok(bytes.is_some_and(|bytes| sha256(&bytes) == head.sha256))
    }

    /// The last record; `None` for an empty log.
    async fn newest(&self, trust: Trust) -> Result<Option<LogEnd>, LakeError> {
        // The head first: a record that others add meanwhile makes the log longer than its head says, never shorter.
        let kept = self.kept_head().await?;
        let numbers = self.listing().await?.numbers;
        let broken = |sequence, why| LakeError::AuditBroken { sequence, why };
        let Some(last) = numbers.last().copied() else {
            return match (trust, kept) {
                (Trust::Checked, Some(head)) => Err(broken(head.sequence, AuditBreak::Missing)),
                (Trust::Checked | Trust::Accepted, _) => Ok(None),
            };
        };
        let bytes = self.lake.read(&path_of(last)).await?.ok_or_else(|| broken(last, AuditBreak::Missing))?;
        let head = AuditHead { sequence: last, sha256: sha256(&bytes) };
        let at = match trust {
            Trust::Accepted => parse(last, &bytes).map_or(DateTime::<Utc>::MIN_UTC, |record| record.at),
            Trust::Checked => {
                let record = parse(last, &bytes)?;
                let checked = kept.as_ref().map_or(0, |head| head.sequence);
                let after = numbers.iter().filter(|number| **number > checked).copied();
                if let Some(gap) = first_gap(checked, after) {
                    return Err(broken(gap, AuditBreak::Missing));
                }
                self.compare_head(kept.as_ref(), &head).await?;
                record.at
            }
        };
        Ok(Some(LogEnd { head, at }))
    }

    /// What the folder of the records has.
    async fn listing(&self) -> Result<Listing, LakeError> {
        let mut listing = Listing::default();
        for object in self.lake.list(&Path::from(FOLDER)).await? {
            match number_of(&object.location) {
                Some(number) => listing.numbers.push(number),
                None => listing.others.push(object.location),
            }
        }
        listing.numbers.sort_unstable();
        Ok(listing)
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

/// Whether an append checks the end of the log.
#[derive(Debug, Clone, Copy)]
enum Trust {
    Checked,
    Accepted,
}

#[derive(Default)]
struct Listing {
    /// Numbers of records, ascending.
    numbers: Vec<u64>,
    /// Objects that Lakewarden does not put there.
    others: Vec<Path>,
}

/// The first number after `start` that is missing before one of `numbers`, which ascend.
fn first_gap(start: u64, numbers: impl Iterator<Item = u64>) -> Option<u64> {
    (start + 1..).zip(numbers).find_map(|(expected, found)| (expected != found).then_some(expected))
}

fn parse(sequence: u64, bytes: &[u8]) -> Result<AuditRecord, LakeError> {
    let broken = |why| LakeError::AuditBroken { sequence, why };
    let document: Document = serde_json::from_slice(bytes).map_err(|_| broken(AuditBreak::Unreadable))?;
    if document.sequence != sequence {
        return Err(broken(AuditBreak::Renumbered));
    }
    // Two readers of a record in which a key occurs twice could take it for two different ones.
    if serde_json::to_vec(&document).ok().as_deref() != Some(bytes) {
        return Err(broken(AuditBreak::Ambiguous));
    }
    let at = DateTime::parse_from_rfc3339(&document.at).map_err(|_| broken(AuditBreak::Unreadable))?.to_utc();
    Ok(AuditRecord { sequence, at, previous: document.previous, record: document.record })
}

fn path_of(sequence: u64) -> Path {
    Path::from(format!("{FOLDER}/{sequence:08}.json"))
}

/// The number of a record's path; `None` for names that [`path_of`] does not give.
fn number_of(path: &Path) -> Option<u64> {
    let number = path.filename()?.strip_suffix(".json")?.parse().ok()?;
    (number > 0 && path_of(number) == *path).then_some(number)
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_written_as_number_and_sum() {
        let text = format!("12:{}", "ab".repeat(32));
        let head: AuditHead = text.parse().unwrap_or(AuditHead { sequence: 0, sha256: String::new() });
        assert_eq!((head.sequence, head.to_string()), (12, text.clone()));
        assert_eq!(text.to_uppercase().parse(), Ok(head));
        for wrong in
            ["", "12", "12:", "12:ab", "0:ab", &format!("0:{}", "ab".repeat(32)), &format!("x:{}", "a".repeat(64))]
        {
            assert_eq!(wrong.parse::<AuditHead>(), Err(AuditHeadError), "{wrong}");
        }
    }

    #[test]
    fn only_the_names_that_are_written_are_records() {
        let number = |name: &str| number_of(&Path::from(format!("{FOLDER}/{name}")));
        assert_eq!(number("00000007.json"), Some(7));
        assert_eq!(number("99999999999.json"), Some(99_999_999_999));
        for other in ["7.json", "+7.json", "00000000.json", "000000007.json", "00000007.json.bak", "notes.txt"] {
            assert_eq!(number(other), None, "{other}");
        }
        assert_eq!(number("more/00000007.json"), None);
    }
}
