//! What a report is made of: the numbers of one run, as its caller knows them.
//!
//! All parts are plain values with public fields, `Default` and serde; a missing field in JSON is its
//! default. Counts are rows unless a field says otherwise. Nothing here may hold a data cell's value.

mod customers;
mod dataset;
mod dictionary;
mod lake;
mod model;
mod publication;
mod run;

pub use customers::*;
pub use dataset::*;
pub use dictionary::*;
pub use lake::*;
pub use model::*;
pub use publication::*;
pub use run::*;

use crate::language::Language;
use serde::{Deserialize, Serialize};

/// Name of the relation that identity builds.
pub(crate) const CUSTOMERS: &str = "customers";

/// One run, ready to be read.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// Which run it was and how it ended.
    pub run: Run,
    /// The lake as it is; absent if it could not be looked at.
    pub lake: Option<Lake>,
    /// Counts of fewer people than this are not shown.
    pub minimum_subjects: u64,
    /// Its steps, in the order in which they started.
    pub steps: Vec<Step>,
    /// The exports it read, one entry a dataset.
    pub datasets: Vec<Dataset>,
    /// The curated tables it built.
    pub models: Vec<Model>,
    /// People by what they decided, one entry a purpose.
    pub consent: Vec<PurposeConsent>,
    /// Which relation reads which, by columns.
    pub lineage: Vec<LineageEdge>,
    /// Where the columns of curated tables come from.
    pub origins: Vec<TableOrigins>,
    /// What the dictionary says of every stored column.
    pub fields: Vec<DescribedTable>,
    /// How records became customers, if the pipeline does that.
    pub identity: Option<Identity>,
    /// What the customers look like, if a model tells.
    pub customers: Option<CustomerPicture>,
    /// What each dataset is worth.
    pub values: Vec<AssetValue>,
    /// What was published, if anything was.
    pub publication: Option<Publication>,
}

impl Report {
    /// Adds up the row accounts of all datasets.
    pub fn totals(&self) -> RowTotals {
        let sum = |of: fn(&Dataset) -> u64| total(self.datasets.iter().map(of));
        RowTotals {
            read: sum(|d| d.read),
            written: sum(|d| d.written),
            quarantined: sum(Dataset::quarantined_rows),
            duplicates: sum(|d| d.duplicates),
            key_conflicts: sum(|d| d.key_conflicts),
            outside_retention: sum(|d| d.outside_retention),
            unaccounted: self.datasets.iter().map(Dataset::unaccounted).sum(),
        }
    }

    /// Says what people call a dataset, a model or the table of customers; its name if nothing is known of it.
    pub(crate) fn label<'a>(&'a self, language: Language, name: &'a str) -> &'a str {
        let datasets = self.datasets.iter().map(|d| (&d.name, &d.label));
        let models = self.models.iter().map(|m| (&m.name, &m.label));
        let described = self.fields.iter().map(|t| (&t.name, &t.label));
        match datasets.chain(models).chain(described).find(|(known, _)| *known == name) {
            Some((_, label)) => label.say(language, name),
            None if name == CUSTOMERS => crate::words::CUSTOMERS_NODE.say(language),
            None => name,
        }
    }
}

/// Row accounts added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RowTotals {
    /// Rows read.
    pub read: u64,
    /// Rows written.
    pub written: u64,
    /// Rows in quarantine.
    pub quarantined: u64,
    /// Rows delivered before.
    pub duplicates: u64,
    /// Rows whose key another row with other values has.
    pub key_conflicts: u64,
    /// Rows older than their retention.
    pub outside_retention: u64,
    /// Rows read less rows written and lost under a name: 0 when every account closes.
    pub unaccounted: i128,
}

impl RowTotals {
    /// Counts the rows that were lost under a name.
    pub fn lost(&self) -> u64 {
        total([self.quarantined, self.duplicates, self.key_conflicts, self.outside_retention])
    }
}

/// Adds counts; stays at the largest number instead of overflowing.
pub(crate) fn total(counts: impl IntoIterator<Item = u64>) -> u64 {
    counts.into_iter().fold(0, u64::saturating_add)
}

/// Gives `part / whole` in 0..=1; `None` where the whole is nothing.
pub(crate) fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| (part as f64 / whole as f64).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_add_every_dataset_and_do_not_overflow() {
        let dataset = |read, written, duplicates| Dataset { read, written, duplicates, ..Dataset::default() };
        let report = Report { datasets: vec![dataset(10, 7, 3), dataset(u64::MAX, u64::MAX, 0)], ..Report::default() };
        let totals = report.totals();
        assert_eq!(totals.read, u64::MAX);
        assert_eq!((totals.lost(), totals.unaccounted), (3, 0));
    }

    #[test]
    fn a_share_of_nothing_is_no_number() {
        assert_eq!(share(3, 0), None);
        assert_eq!(share(1, 4), Some(0.25));
        assert_eq!(share(9, 4), Some(1.0));
    }
}
