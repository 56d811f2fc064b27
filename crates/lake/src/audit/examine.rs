//! The examination of the whole log: everything that is wrong with it, not only the first.

use std::collections::BTreeMap;

use super::{AuditHead, AuditLog, AuditRecord, first_gap, parse, sha256};
use crate::error::{AuditBreak, LakeError};

/// The whole log as it was found.
#[derive(Debug)]
pub struct AuditTrail {
    /// The records that can be read, in order.
    pub records: Vec<AuditRecord>,
    /// The last record that was found; number 0 for an empty log.
    pub head: AuditHead,
    /// What is wrong: `LW5006`, `LW5060`, `LW5100`, `LW5101`.
    pub problems: Vec<LakeError>,
    /// SHA-256 of each record's bytes, by its number.
    sums: BTreeMap<u64, String>,
}

impl AuditTrail {
    /// Whether the log has the record that a head names, with its SHA-256.
    ///
    /// # Errors
    /// [`AuditBreak::Missing`], [`AuditBreak::Changed`].
    pub fn check_head(&self, head: &AuditHead) -> Result<(), AuditBreak> {
        match self.sums.get(&head.sequence) {
            None => Err(AuditBreak::Missing),
            Some(sum) if *sum != head.sha256 => Err(AuditBreak::Changed),
            Some(_) => Ok(()),
        }
    }

    pub(super) fn into_result(self) -> Result<AuditHead, LakeError> {
        match self.problems.into_iter().next() {
            Some(problem) => Err(problem),
            None => Ok(self.head),
        }
    }
}

impl AuditLog {
    /// Reads the whole log and finds everything that is wrong with it. `earlier` is a head that was kept elsewhere:
    /// the log as it was then must be the beginning of the log as it is now.
    ///
    /// # Errors
    /// `LW5003`. What is wrong with the log is in [`AuditTrail::problems`].
    pub async fn examine(&self, earlier: Option<&AuditHead>) -> Result<AuditTrail, LakeError> {
        let mut problems = Vec::new();
        let kept = match self.kept_head().await {
            Ok(kept) => Ok(kept),
            Err(error) if error.is_retryable() => return Err(error),
            Err(error) => {
                problems.push(error);
                Err(())
            }
        };
        let listing = self.listing().await?;
        problems.extend(listing.others.iter().map(|path| LakeError::AuditUnknownObject { path: path.to_string() }));
        let broken = |sequence, why| LakeError::AuditBroken { sequence, why };
        if let Some(gap) = first_gap(0, listing.numbers.iter().copied()) {
            problems.push(broken(gap, AuditBreak::Missing));
        }
        let mut trail = AuditTrail {
            records: Vec::with_capacity(listing.numbers.len()),
            head: AuditHead { sequence: 0, sha256: String::new() },
            problems: Vec::new(),
            sums: BTreeMap::new(),
        };
        let mut latest = None;
        for (sequence, bytes) in self.documents(listing.numbers).await? {
            let sum = sha256(&bytes);
            let adjacent = sequence == trail.head.sequence + 1;
            match parse(sequence, &bytes) {
                Ok(record) => {
                    if adjacent && record.previous != (sequence > 1).then_some(trail.head.sha256) {
                        problems.push(broken(sequence, AuditBreak::Unchained));
                    }
                    if latest.is_some_and(|latest| record.at < latest) {
                        problems.push(broken(sequence, AuditBreak::Backdated));
                    }
                    latest = latest.max(Some(record.at));
                    trail.records.push(record);
                }
                Err(error) => problems.push(error),
            }
            trail.head = AuditHead { sequence, sha256: sum.clone() };
            trail.sums.insert(sequence, sum);
        }
        if let Some(earlier) = earlier
            && let Err(why) = trail.check_head(earlier)
        {
            problems.push(broken(earlier.sequence, why));
        }
        if let Ok(kept) = kept {
            problems.extend(match (kept, trail.head.sequence) {
                (None, 0) => None,
                (Some(kept), 0) => Some(broken(kept.sequence, AuditBreak::Missing)),
                (kept, _) => match self.compare_head(kept.as_ref(), &trail.head).await {
                    Ok(()) => None,
                    Err(error) if error.is_retryable() => return Err(error),
                    Err(error) => Some(error),
                },
            });
        }
        // One record may be wrong for two reasons that say the same.
        problems.dedup_by(|a, b| a.to_string() == b.to_string());
        trail.problems = problems;
        Ok(trail)
    }
}
