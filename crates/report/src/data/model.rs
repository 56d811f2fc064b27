//! The governed tables: what was read for them, what was withheld, and from where their columns come.

use super::total;
use crate::Label;
use serde::{Deserialize, Serialize};

/// One curated table and what was read for it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Model {
    /// Name of the table.
    pub name: String,
    /// What people call it.
    pub label: Label,
    /// The purpose it serves.
    pub purpose: String,
    /// What people call the purpose.
    pub purpose_label: Label,
    /// What it read, one entry a relation.
    pub reads: Vec<RelationRead>,
    /// Rows of the table.
    pub rows_out: u64,
    /// Columns of the table.
    pub columns: u32,
    /// Rows held back because fewer people stand behind them than the table demands.
    pub held_back: u64,
    /// That the policy left nothing of a relation it read, or of the table.
    pub warnings: Vec<Label>,
    /// How anonymous it was found to be before it was published, one entry for each thing demanded.
    pub anonymity: Vec<Anonymity>,
    /// The noise it is published with, if any.
    pub noise: Option<Noise>,
}

/// One measure of a table's anonymity. Figures are texts, as people write them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Anonymity {
    /// `k`, `l` or `t`.
    pub measure: String,
    /// The sensitive column; empty for `k`.
    pub column: String,
    /// What the table's entry demands.
    pub declared: String,
    /// What was found; empty where there are no rows.
    pub found: String,
}

/// The differential-privacy noise of a table. Numbers are texts, as people write them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Noise {
    /// ε of one publication.
    pub epsilon: String,
    /// δ of one publication.
    pub delta: String,
    /// Rows that one person stands behind at most.
    pub rows_per_person: u64,
    /// The least noised number of people of a row that is shown.
    pub threshold: u64,
    /// How often it is published at most, ISO 8601.
    pub every: String,
    /// Whether the run left it as it was.
    pub kept: bool,
    /// Publications so far.
    pub publications: u64,
    /// Sum of ε of all publications so far.
    pub epsilon_spent: String,
}

impl Model {
    /// Counts the rows read.
    pub fn read(&self) -> u64 {
        total(self.reads.iter().map(|r| r.read))
    }

    /// Counts the rows withheld.
    pub fn withheld(&self) -> u64 {
        total(self.reads.iter().map(RelationRead::withheld_rows))
    }
}

/// What a model read of one relation: `read = used + withheld`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RelationRead {
    /// Dataset, `customers` or another model.
    pub relation: String,
    /// Rows scanned.
    pub read: u64,
    /// Rows the model saw.
    pub used: u64,
    /// Rows the policy kept from it.
    pub withheld: Vec<Withheld>,
    /// Rows among those used that name no data subject.
    pub without_subject: u64,
}

impl RelationRead {
    /// Counts the rows withheld.
    pub fn withheld_rows(&self) -> u64 {
        total(self.withheld.iter().map(|w| w.rows))
    }

    /// Counts the rows read that are neither used nor withheld: 0 when the account closes.
    pub fn unaccounted(&self) -> i128 {
        i128::from(self.read) - i128::from(self.used) - i128::from(self.withheld_rows())
    }
}

/// Rows withheld for one purpose and reason.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Withheld {
    /// The purpose for which they were asked.
    pub purpose: String,
    /// Why they were not given (`no_consent`, `withdrawn`, `restricted`, …).
    pub reason: String,
    /// Rows.
    pub rows: u64,
}

/// One relation reads another.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LineageEdge {
    /// The relation read: a dataset, `customers` or a model.
    pub from: String,
    /// The relation built: `customers` or a model.
    pub to: String,
    /// Columns of `from` whose values reach a column of `to`.
    pub direct: u32,
    /// Columns of `from` that only decide which rows reach it (filter, join, grouping, order).
    pub indirect: u32,
    /// The purpose under which the policy governs this read; absent where no personal data is read.
    pub purpose: Option<String>,
}

/// How records became customers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Identity {
    /// Distinct tokens by identifier domain.
    pub tokens: Vec<DomainTokens>,
    /// Customers there are now.
    pub customers: u64,
    /// Customers that were joined into another one by this run.
    pub merged: u64,
    /// Tokens that too many share to name one person; they link nothing.
    pub shared_tokens: u64,
    /// Pseudonyms that a consent record names which could not be read and was not mended.
    pub consent_doubted: u64,
    /// Consent events dated later than the run's instant: refusals count, grants do not.
    pub consent_in_future: u64,
    /// Consent events for purposes that the project does not know: refusals count for every purpose, grants for none.
    pub consent_for_unknown_purposes: u64,
    /// Consent events declared to have no effect.
    pub consent_without_effect: u64,
    /// Pseudonyms that refusals name and no row of data carries.
    pub consent_unmatched: u64,
    /// How many customers have how many identifiers.
    pub identifiers: Vec<IdentifierCount>,
}

/// Distinct tokens of one identifier domain.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DomainTokens {
    /// The domain (`phone`, `email`, `member_no`).
    pub domain: String,
    /// Distinct tokens.
    pub tokens: u64,
}

/// One bar of the histogram of identifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct IdentifierCount {
    /// How many identifiers.
    pub identifiers: u32,
    /// How many customers have that many.
    pub customers: u64,
}
