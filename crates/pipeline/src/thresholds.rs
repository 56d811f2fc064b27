//! Limits of a load: how many rows may be lost, and how many must come.

use crate::record::{DatasetAccount, ThresholdAccount};
use crate::reload::ReloadRequest;
use lakewarden_dictionary::{DatasetRole, Percent, Thresholds};
use lakewarden_lake::DataFile;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Loads without which there is no usual.
const FEWEST: usize = 3;
/// The key of the threshold for rows that are lost.
const LOST: &str = "quarantine_at_most";
/// Reasons for losses that a message names.
const LOSSES_NAMED: usize = 5;
/// Loads that are remembered, whatever a dataset asks for: it may ask for more one day.
const REMEMBERED: usize = 20;

/// The rows that the last loads of a dataset read, the oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastLoads {
    read: Vec<u64>,
}

impl LastLoads {
    /// The same after one more.
    pub fn and(mut self, read: u64) -> Self {
        self.read.push(read);
        let more = self.read.len().saturating_sub(REMEMBERED);
        self.read.drain(..more);
        self
    }

    /// The median of the last loads, rounded down; `None` if there are too few to tell.
    fn usual(&self, of: u32) -> Option<u64> {
        let more = self.read.len().saturating_sub(of as usize);
        let mut last = self.read[more..].to_vec();
        if last.len() < FEWEST {
            return None;
        }
        last.sort_unstable();
        let (low, high) = (last[(last.len() - 1) / 2], last[last.len() / 2]);
        Some(low + (high - low) / 2)
    }
}

/// A load that crosses thresholds of its dataset. It names columns, rules and numbers of rows, and no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crossed {
    /// The dataset.
    pub dataset: String,
    /// The thresholds crossed, in words; at least one.
    pub what: Vec<String>,
    /// Why rows were lost, with their numbers, the largest first.
    pub losses: Vec<String>,
    /// Whether `quarantine_at_most` is among the thresholds.
    pub is_lossy: bool,
    /// The field whose rows were lost because it names a person only on another row of the same key.
    pub unfilled: Option<String>,
    /// The options of `run` that asked for files to be loaded again, in their order.
    pub reload: Vec<String>,
}

impl Crossed {
    /// What to do: correct the export or its declaration, or accept the loss.
    pub fn hint(&self) -> String {
        let dataset = &self.dataset;
        let entry = format!("schemas/channels/{dataset}.yaml");
        let run =
            ["lakewarden run"].into_iter().chain(self.reload.iter().map(String::as_str)).collect::<Vec<_>>().join(" ");
        if let Some(field) = &self.unfilled {
            return format!(
                "nothing was published; if the export names the person on the first row of a key only, declare `fill: down within COLUMN` on `{field}` in {entry}; if each row stands alone, `fill: none`; then: {run}"
            );
        }
        if self.is_lossy {
            return format!(
                "nothing was published; correct the export or {entry}; to load it as it is, once: {run} --accept-thresholds {dataset}, then: lakewarden quarantine list {dataset}; always: write `thresholds: {{ quarantine_at_most: … }}` there"
            );
        }
        format!("nothing was published; correct the export, or load it as it is: {run} --accept-thresholds {dataset}")
    }
}

impl fmt::Display for Crossed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} crosses {}: {}", self.dataset, counted(self.what.len()), self.what.join("; "))?;
        if self.losses.is_empty() { Ok(()) } else { write!(f, "; rows were lost by {}", self.losses.join(", ")) }
    }
}

fn counted(thresholds: usize) -> String {
    if thresholds == 1 { "a threshold".to_owned() } else { format!("{thresholds} thresholds") }
}

/// The rule that a row breaks which names no person although another row of its key does.
const UNFILLED: &str = "fill";
/// The share of rows that a load may lose where its dataset does not declare `quarantine_at_most`.
const LOST_AT_MOST: Percent = Percent { millionths: 500_000 };
/// A load that loses fewer rows is not judged by that: one bad record stops nothing.
const LOST_ROWS_JUDGED: u64 = 3;

/// Compares a load with the thresholds that its dataset declares, if it does: what was found of each, in the order of
/// the entry's keys.
pub fn judge(
    limits: Option<&Thresholds>,
    role: DatasetRole,
    account: &DatasetAccount,
    files: &[DataFile],
    before: &LastLoads,
) -> Vec<ThresholdAccount> {
    let mut found = Vec::new();
    let lost = account.quarantined_total() + account.key_conflicts;
    match limits.and_then(|limits| limits.quarantine_at_most) {
        Some(limit) => found.push(at_most(LOST.to_owned(), limit, lost, account.read)),
        // A record of a log that cannot be read counts as a withdrawal: it is not lost, and must not wait.
        None if role == DatasetRole::Data
            && lost >= LOST_ROWS_JUDGED
            && LOST_AT_MOST.is_exceeded_by(lost, account.read) =>
        {
            found.push(at_most(LOST.to_owned(), LOST_AT_MOST, lost, account.read));
        }
        None => {}
    }
    let Some(limits) = limits else { return found };
    if let Some(limit) = limits.duplicates_at_most {
        found.push(at_most("duplicates_at_most".to_owned(), limit, account.duplicates, account.read));
    }
    found.extend(usual(limits, account.read, before));
    for (column, limit) in &limits.null_at_most {
        let nulls = |file: &DataFile| file.null_counts.get(&column.value).copied().unwrap_or(file.rows);
        let (rows, of) = (files.iter().map(nulls).sum(), files.iter().map(|file| file.rows).sum());
        found.push(at_most(format!("null_at_most {}", column.value), *limit, rows, of));
    }
    found
}

fn at_most(threshold: String, limit: Percent, rows: u64, of: u64) -> ThresholdAccount {
    ThresholdAccount {
        threshold,
        limit: limit.to_string(),
        rows,
        of: Some(of),
        crossed: limit.is_exceeded_by(rows, of),
        accepted: false,
    }
}

fn usual(limits: &Thresholds, read: u64, before: &LastLoads) -> Option<ThresholdAccount> {
    let limit = limits.rows_at_least?;
    let usual = before.usual(limits.usual_of);
    Some(ThresholdAccount {
        threshold: "rows_at_least".to_owned(),
        limit: limit.to_string(),
        rows: read,
        of: usual,
        crossed: usual.is_some_and(|usual| limit.is_missed_by(read, usual)),
        accepted: false,
    })
}

/// The thresholds that were crossed, if any was.
pub fn crossed(account: &DatasetAccount, reload: Option<&ReloadRequest>) -> Option<Crossed> {
    let crossed = || account.thresholds.iter().filter(|t| t.crossed);
    let what: Vec<String> = crossed().map(ThresholdAccount::told).collect();
    let mut lost: Vec<(u64, String)> = account
        .quarantined
        .iter()
        .map(|q| match &q.field {
            Some(field) => (q.rows, format!("rule `{}` of `{field}`: {}", q.rule, q.rows)),
            None => (q.rows, format!("rule `{}`: {}", q.rule, q.rows)),
        })
        .collect();
    if account.key_conflicts > 0 {
        lost.push((account.key_conflicts, format!("key conflicts: {}", account.key_conflicts)));
    }
    lost.sort_by_key(|(rows, _)| std::cmp::Reverse(*rows));
    let more = lost.len().saturating_sub(LOSSES_NAMED);
    let mut losses: Vec<String> = lost.into_iter().take(LOSSES_NAMED).map(|(_, what)| what).collect();
    if more > 0 {
        losses.push(format!("{more} more"));
    }
    (!what.is_empty()).then(|| Crossed {
        dataset: account.dataset.clone(),
        what,
        losses,
        is_lossy: crossed().any(|t| t.threshold == LOST),
        unfilled: account.quarantined.iter().find(|q| q.rule == UNFILLED).and_then(|q| q.field.clone()),
        reload: reload.map(ReloadRequest::options).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::record::Quarantined;

    fn lost(read: u64, quarantined: u64, key_conflicts: u64, declared: Option<&str>) -> Option<Crossed> {
        let limits = declared.map(|share| Thresholds {
            quarantine_at_most: Some(share.parse().unwrap()),
            duplicates_at_most: None,
            rows_at_least: None,
            usual_of: 10,
            null_at_most: Vec::new(),
        });
        let of = |field: &str, rows| Quarantined { field: Some(field.to_owned()), rule: "type".to_owned(), rows };
        let mut account = DatasetAccount { dataset: "d".to_owned(), read, key_conflicts, ..DatasetAccount::default() };
        account.quarantined = vec![of("a", 1), of("b", quarantined - 1)];
        account.thresholds = judge(limits.as_ref(), DatasetRole::Data, &account, &[], &LastLoads::default());
        crossed(&account, None)
    }

    #[test]
    fn a_load_that_loses_nameless_rows_says_what_to_declare() {
        let nameless = Quarantined { field: Some("Email".to_owned()), rule: UNFILLED.to_owned(), rows: 3 };
        let mut account = DatasetAccount { dataset: "orders".to_owned(), read: 5, ..DatasetAccount::default() };
        account.quarantined = vec![nameless];
        account.thresholds = judge(None, DatasetRole::Data, &account, &[], &LastLoads::default());
        let crossed = crossed(&account, None).unwrap();
        assert_eq!(crossed.unfilled.as_deref(), Some("Email"));
        let hint = crossed.hint();
        assert!(hint.contains("`fill: down within COLUMN` on `Email` in schemas/channels/orders.yaml"), "{hint}");
    }

    #[test]
    fn a_load_that_loses_more_than_half_its_rows_stops() {
        for (read, quarantined, conflicts) in [(1, 1, 0), (2, 2, 0), (3, 2, 0), (6, 3, 0), (100, 30, 20)] {
            assert_eq!(lost(read, quarantined, conflicts, None), None, "{quarantined} + {conflicts} of {read}");
        }
        for (read, quarantined, conflicts) in [(3, 3, 0), (5, 3, 0), (100, 30, 21), (100, 1, 50), (69_659, 67_587, 0)] {
            assert!(lost(read, quarantined, conflicts, None).is_some(), "{quarantined} + {conflicts} of {read}");
        }
        assert_eq!(lost(100, 99, 0, Some("99%")), None, "as declared");
        let mut again = lost(3, 3, 0, None).unwrap();
        assert!(again.hint().contains("lakewarden run --accept-thresholds d,"), "{}", again.hint());
        again.reload = vec!["--reload d".to_owned()];
        assert!(again.hint().contains("lakewarden run --reload d --accept-thresholds d,"), "{}", again.hint());
        assert!(lost(100, 1, 1, Some("1%")).is_some());
        assert_eq!(
            lost(10, 5, 3, None).unwrap().to_string(),
            "d crosses a threshold: 8 of 10 rows read are lost (quarantined, or their key belongs to another row), at most 50% may be; \
             rows were lost by rule `type` of `b`: 4, key conflicts: 3, rule `type` of `a`: 1"
        );
    }

    fn after(loads: &[u64]) -> LastLoads {
        loads.iter().fold(LastLoads::default(), |all, read| all.and(*read))
    }

    #[test]
    fn the_usual_is_the_median_of_the_last_loads() {
        assert_eq!(after(&[]).usual(10), None);
        assert_eq!(after(&[5, 5]).usual(10), None, "two are too few to tell");
        assert_eq!(after(&[9000, 100, 110]).usual(10), Some(110), "a first load of everything is one of three");
        assert_eq!(after(&[1, 100, 110, 120]).usual(10), Some(105));
        assert_eq!(after(&[1, 1, 1, 1, 50, 60, 70]).usual(3), Some(60), "only the last ones count");
        assert_eq!(after(&[u64::MAX, u64::MAX, u64::MAX]).usual(3), Some(u64::MAX));
        let many: Vec<u64> = (0..1000).collect();
        assert_eq!(after(&many).read.len(), REMEMBERED);
        assert_eq!(after(&many).usual(20), Some(989));
    }
}
