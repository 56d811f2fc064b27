//! Limits of a load: how many rows may be lost, and how many must come.

use crate::record::{DatasetAccount, ThresholdAccount};
use lakewarden_dictionary::{Dataset, Percent, Thresholds};
use lakewarden_lake::DataFile;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Loads without which there is no usual.
const FEWEST: usize = 3;
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
    /// The rule and field that sent most rows to quarantine.
    pub worst: Option<String>,
}

impl fmt::Display for Crossed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} crosses {}: {}", self.dataset, counted(self.what.len()), self.what.join("; "))?;
        match &self.worst {
            Some(worst) => write!(f, "; most rows are refused by {worst}"),
            None => Ok(()),
        }
    }
}

fn counted(thresholds: usize) -> String {
    if thresholds == 1 { "a threshold".to_owned() } else { format!("{thresholds} thresholds") }
}

/// Holds a load against its dataset's thresholds: what was found of each, in the order of the entry's keys.
pub fn judge(
    dataset: &Dataset,
    account: &DatasetAccount,
    files: &[DataFile],
    before: &LastLoads,
) -> Vec<ThresholdAccount> {
    let Some(limits) = &dataset.demands.thresholds else { return Vec::new() };
    let mut found = Vec::new();
    let shares = [
        ("quarantine_at_most", limits.quarantine_at_most, account.quarantined_total()),
        ("duplicates_at_most", limits.duplicates_at_most, account.duplicates),
    ];
    for (name, limit, rows) in shares {
        if let Some(limit) = limit {
            found.push(at_most(name.to_owned(), limit, rows, account.read));
        }
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

/// What is to be said of the thresholds that were crossed, if any was.
pub fn crossed(account: &DatasetAccount) -> Option<Crossed> {
    let crossed = account.thresholds.iter().filter(|t| t.crossed);
    let what: Vec<String> = crossed.map(ThresholdAccount::told).collect();
    let refused = account.quarantined.iter().max_by_key(|q| q.rows);
    let worst = refused.map(|q| match &q.field {
        Some(field) => format!("rule `{}` of `{field}`: {}", q.rule, q.rows),
        None => format!("rule `{}`: {}", q.rule, q.rows),
    });
    (!what.is_empty()).then(|| Crossed { dataset: account.dataset.clone(), what, worst })
}

#[cfg(test)]
mod tests {
    use super::*;

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
