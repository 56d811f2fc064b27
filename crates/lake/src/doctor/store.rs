//! The store: does it keep its promises, how fast is it, and what time does it think it is?

use chrono::{DateTime, TimeDelta, Utc};
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutPayload};
use serde::Serialize;
use uuid::Uuid;

use super::{Checkup, Finding, Health, Severity, found};
use crate::error::LakeError;
use crate::fault::store_error;
use crate::lake::Lake;
use crate::probe::PROBES;

/// Calls of each kind that are timed.
const TIMED: u32 = 5;
/// From this difference on, the two clocks are told of: a third of a run's lease.
const SKEW: TimeDelta = TimeDelta::minutes(5);
/// From this difference on, a run takes the lake from one that lives.
const LEASE: TimeDelta = TimeDelta::minutes(15);

/// How long the store takes for one call, the median of several, in milliseconds by the caller's clock.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Latency {
    /// To put a few bytes.
    pub put_ms: f64,
    /// To read them.
    pub get_ms: f64,
    /// To list a folder.
    pub list_ms: f64,
}

impl Lake {
    pub(super) async fn examine_store(&self, checkup: &Checkup<'_>, health: &mut Health) -> Result<(), LakeError> {
        let before = (checkup.clock)();
        let put = match self.probe(checkup.probe).await {
            Ok(put) => put,
            Err(error) => {
                health.findings.push(found(error, self.place())?);
                return Ok(());
            }
        };
        let after = (checkup.clock)();
        health
            .findings
            .extend(skew(before, after, put.last_modified).map(|finding| Finding { at: self.place(), ..finding }));
        if let Err(error) = self.race(checkup.probe).await {
            health.findings.push(found(error, self.place())?);
        }
        health.latency = Some(self.latency(checkup).await?);
        // A later run need not ask again.
        self.mark(after).await
    }

    async fn latency(&self, checkup: &Checkup<'_>) -> Result<Latency, LakeError> {
        let folder = Path::from(PROBES);
        let (mut puts, mut gets, mut lists) = (Vec::new(), Vec::new(), Vec::new());
        for call in 0..TIMED {
            let path = folder.clone().join(format!("{}.txt", Uuid::new_v5(&checkup.probe, &call.to_le_bytes())));
            let begun = (checkup.clock)();
            let put = self.store().put(&path, PutPayload::from_static(b"how long does this take?")).await;
            put.map_err(|error| store_error("writing", &path, &error))?;
            let there = (checkup.clock)();
            self.read(&path).await?;
            let read = (checkup.clock)();
            self.list(&folder).await?;
            let listed = (checkup.clock)();
            self.delete(&path).await?;
            puts.push(there - begun);
            gets.push(read - there);
            lists.push(listed - read);
        }
        Ok(Latency { put_ms: median(puts), get_ms: median(gets), list_ms: median(lists) })
    }
}

fn median(mut times: Vec<TimeDelta>) -> f64 {
    times.sort_unstable();
    let middle = times.get(times.len() / 2).copied().unwrap_or_default();
    middle.num_microseconds().unwrap_or(i64::MAX).max(0) as f64 / 1000.0
}

/// Compares the store's time of an object with the caller's clock before and after it was put.
fn skew(before: DateTime<Utc>, after: DateTime<Utc>, stored: DateTime<Utc>) -> Option<Finding> {
    let (behind, ahead) = (before - stored, stored - after);
    let off = behind.max(ahead);
    if off < SKEW {
        return None;
    }
    let word = if behind > ahead { "ahead of" } else { "behind" };
    Some(Finding {
        code: "LW5069",
        severity: if off < LEASE { Severity::Warning } else { Severity::Error },
        what: format!("this machine's clock is {} minutes {word} the store's", off.num_minutes()),
        at: String::new(),
        mend: "set the clock by NTP on this machine and on the store's: leases and the age of files are told by them"
            .to_owned(),
        fixable: false,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn clocks_that_differ_are_told_of_by_how_much() {
        let at = |minutes: i64| DateTime::from_timestamp(1_750_000_000 + minutes * 60, 0).unwrap();
        assert_eq!(skew(at(0), at(1), at(0)), None);
        assert_eq!(skew(at(0), at(1), at(5)), None);
        let behind = skew(at(0), at(1), at(8)).unwrap();
        assert_eq!((behind.code, behind.severity), ("LW5069", Severity::Warning));
        assert!(behind.what.contains("7 minutes behind"), "{}", behind.what);
        let ahead = skew(at(60), at(61), at(0)).unwrap();
        assert_eq!(ahead.severity, Severity::Error);
        assert!(ahead.what.contains("60 minutes ahead of"), "{}", ahead.what);
    }

    #[test]
    fn one_slow_call_is_not_the_median() {
        let ms = TimeDelta::milliseconds;
        assert_eq!(median(vec![ms(2), ms(900), ms(1), ms(3), ms(2)]), 2.0);
        assert_eq!(median(Vec::new()), 0.0);
    }
}
