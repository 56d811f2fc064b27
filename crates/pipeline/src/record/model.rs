//! The account of a table: what it read, of whom, and where its columns came from.

use super::{AnonymityAccount, Counts, NoiseAccount};
use lakewarden_policy::labels::{Identifiability, Label};
use serde::{Deserialize, Serialize};

/// In place of a lawful basis: rows are not about people.
pub const NOT_PERSONAL: &str = "not_personal";

/// The account of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelAccount {
    /// The table.
    pub table: String,
    /// Its purpose.
    pub purpose: String,
    /// Its governed scans.
    pub scans: Vec<ScanAccount>,
    /// Rows it has.
    pub rows: u64,
    /// Data subjects that its rows name; absent if it names none, or was left as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people: Option<u64>,
    /// Rows held back because fewer people stand behind them than the table demands.
    #[serde(default)]
    pub suppressed: u64,
    /// How anonymous it is, if its entry demands anything.
    #[serde(default)]
    pub anonymity: Option<AnonymityAccount>,
    /// The noise that it is published with, if its entry declares any.
    #[serde(default)]
    pub noise: Option<NoiseAccount>,
    /// From which columns it comes.
    pub lineage: Vec<ColumnUse>,
    /// What its readers must know of what it lost.
    #[serde(default)]
    pub warnings: Vec<ModelWarning>,
    /// The labels of its columns; a constant or a count of everything has none.
    #[serde(default)]
    pub labels: Vec<ColumnLabel>,
}

/// That the policy left nothing of what a table is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ModelWarning {
    /// Every row of a relation it reads was withheld.
    EveryRowWithheld {
        /// The relation.
        relation: String,
        /// The lawful basis.
        basis: String,
        /// Its rows.
        rows: u64,
        /// The same by reason.
        withheld: Counts,
    },
    /// Every row it would have was held back, because too few data subjects are behind each.
    EveryRowSuppressed {
        /// Those rows.
        rows: u64,
        /// How many data subjects its entry requires.
        minimum_subjects: u32,
    },
}

impl ModelWarning {
    /// Its diagnostic code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::EveryRowWithheld { .. } => "LW6050",
            Self::EveryRowSuppressed { .. } => "LW6051",
        }
    }

    /// What a model's figures warn of.
    pub fn find_all(scans: &[ScanAccount], rows: u64, suppressed: u64, minimum_subjects: u32) -> Vec<Self> {
        let withheld = scans.iter().filter(|s| s.read > 0 && s.used == 0).map(|s| Self::EveryRowWithheld {
            relation: s.relation.clone(),
            basis: s.basis.clone(),
            rows: s.read,
            withheld: s.withheld.clone(),
        });
        let held_back =
            (rows == 0 && suppressed > 0).then_some(Self::EveryRowSuppressed { rows: suppressed, minimum_subjects });
        withheld.chain(held_back).collect()
    }
}

/// The account of one governed scan. `read` = `used` + `withheld`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScanAccount {
    /// The relation.
    pub relation: String,
    /// The lawful basis; [`NOT_PERSONAL`] for rows that are not about people.
    pub basis: String,
    /// Rows read.
    pub read: u64,
    /// Rows used.
    pub used: u64,
    /// Rows used that name nobody.
    pub without_subject: u64,
    /// Rows kept back, by reason.
    pub withheld: Counts,
}

impl ScanAccount {
    /// Rows withheld, for whatever reason.
    pub fn withheld_total(&self) -> u64 {
        self.withheld.values().fold(0, |sum: u64, rows| sum.saturating_add(*rows))
    }

    /// Whether every row read is used or withheld.
    pub fn closes(&self) -> bool {
        self.read == self.used.saturating_add(self.withheld_total())
    }
}

/// That a column of a table comes from a column of a dataset or another table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ColumnUse {
    /// The relation it comes from.
    pub relation: String,
    /// The column there.
    pub column: String,
    /// The column here; `None` if it decides which rows there are.
    pub output: Option<String>,
    /// Whether the value itself goes in, rather than deciding about it.
    pub direct: bool,
}

/// What a column is labelled, from what it is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnLabel {
    /// The column.
    pub column: String,
    /// `direct`, `pseudonym(domain)`, `quasi`, `attribute`, `aggregate(k)` or `none`.
    pub identifiability: String,
    /// Categories of the fideslang taxonomy.
    pub categories: Vec<String>,
    /// Purposes that all it is made of may serve; `None`: any.
    pub purposes: Option<Vec<String>>,
    /// How long what it is made of is kept; `None`: for ever.
    pub retention: Option<String>,
}

impl ColumnLabel {
    /// In words; `k` people stand behind each row of a table without a subject.
    pub fn of(column: &str, label: &Label, k: u32) -> Self {
        let identifiability = match &label.identifiability {
            Identifiability::None => "none".to_owned(),
            Identifiability::Aggregate => format!("aggregate({k})"),
            Identifiability::Attribute => "attribute".to_owned(),
            Identifiability::Quasi => "quasi".to_owned(),
            Identifiability::Pseudonym(domain) => format!("pseudonym({domain})"),
            Identifiability::Direct => "direct".to_owned(),
        };
        Self {
            column: column.to_owned(),
            identifiability,
            categories: label.categories.iter().cloned().collect(),
            purposes: label.purposes.as_ref().map(|purposes| purposes.iter().cloned().collect()),
            retention: label.retention.as_ref().map(|kept| kept.value.to_string()),
        }
    }
}
