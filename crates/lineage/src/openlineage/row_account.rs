//! The custom facet `lakewarden_rowAccount`: what became of every row that was read.
//!
//! Its JSON Schema is `schemas/RowAccountFacet.json` of this crate.

use serde::{Deserialize, Serialize};

use super::facet::facet_body;

facet_body! {
    RowAccount =>
        "https://example.org/lakewarden/spec/facets/1-0-0/RowAccountFacet.json#/$defs/RowAccountFacet",
}

/// What became of the rows that a step read. All are counts of rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RowAccount {
    /// Read.
    pub read: u64,
    /// Went on: written by an extraction, used by a model.
    pub written: u64,
    /// Put aside because they break a rule.
    pub quarantined: Vec<Quarantined>,
    /// Left out because an equal row was there before.
    pub duplicates: u64,
    /// Left out because another row with their key, and other values, was there before.
    #[serde(default)]
    pub key_conflicts: u64,
    /// Left out because they are older than they may be kept.
    pub outside_retention: u64,
    /// Left out because their data subject, or the law, does not allow the purpose.
    pub withheld: Vec<Withheld>,
}

/// Rows put aside for one reason.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Quarantined {
    /// The field that breaks the rule; none where the row as a whole does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The rule.
    pub rule: String,
    /// How many.
    pub rows: u64,
}

/// Rows withheld for one reason.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Withheld {
    /// The purpose they were asked for.
    pub purpose: String,
    /// Why not, e.g. `no consent`.
    pub reason: String,
    /// How many.
    pub rows: u64,
}

impl RowAccount {
    /// True where each row read is accounted for once.
    pub fn closes(&self) -> bool {
        let quarantined = self.quarantined.iter().map(|entry| entry.rows);
        let withheld = self.withheld.iter().map(|entry| entry.rows);
        let gone: u128 = [self.written, self.duplicates, self.key_conflicts, self.outside_retention]
            .into_iter()
            .chain(quarantined)
            .chain(withheld)
            .map(u128::from)
            .sum();
        gone == u128::from(self.read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> RowAccount {
        RowAccount {
            read: 100,
            written: 80,
            quarantined: vec![Quarantined { field: Some("quantity".into()), rule: "integer".into(), rows: 5 }],
            duplicates: 3,
            key_conflicts: 1,
            outside_retention: 3,
            withheld: vec![Withheld { purpose: "marketing".into(), reason: "no consent".into(), rows: 8 }],
        }
    }

    #[test]
    fn closes_only_when_every_row_is_named_once() {
        assert!(account().closes());
        for change in [
            |a: &mut RowAccount| a.read += 1,
            |a: &mut RowAccount| a.written += 1,
            |a: &mut RowAccount| a.duplicates -= 1,
            |a: &mut RowAccount| a.key_conflicts += 1,
            |a: &mut RowAccount| a.outside_retention += 1,
            |a: &mut RowAccount| a.quarantined[0].rows += 1,
            |a: &mut RowAccount| a.withheld[0].rows -= 1,
        ] {
            let mut account = account();
            change(&mut account);
            assert!(!account.closes(), "{account:?}");
        }
    }

    #[test]
    fn does_not_wrap_around() {
        let account = RowAccount { read: 0, written: u64::MAX, duplicates: 1, ..RowAccount::default() };
        assert!(!account.closes());
    }
}
