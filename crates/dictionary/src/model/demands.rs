//! What is demanded of a dataset beyond its types, and what a failure does.

use super::terms::Rule;
use crate::diagnostic::{Span, Spanned};
use serde::Serialize;
use std::fmt;

/// What the failure of a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// The row goes to quarantine.
    #[default]
    Quarantine,
    /// The row is kept and counted.
    Warn,
    /// The value becomes null; the row is kept, and the value counted.
    SetNull,
    /// The file that holds the row is refused whole.
    StopFile,
    /// The run stops, and nothing is published.
    StopRun,
}

impl OnFailure {
    /// Whether a row that fails is stored all the same.
    pub fn keeps_the_row(self) -> bool {
        match self {
            Self::Warn | Self::SetNull => true,
            Self::Quarantine | Self::StopFile | Self::StopRun => false,
        }
    }
}

/// A rule of one field.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldRule {
    /// What is demanded.
    pub rule: Spanned<Rule>,
    /// What a failure does.
    pub on_failure: OnFailure,
    /// What accounts and quarantine call it; the rule's own name if absent.
    pub name: Option<Spanned<String>>,
}

impl FieldRule {
    /// What accounts and quarantine call it.
    pub fn name(&self) -> &str {
        self.name.as_ref().map_or(self.rule.value.name(), |name| &name.value)
    }
}

impl From<Spanned<Rule>> for FieldRule {
    /// The rule as its short form says it: a row that fails goes to quarantine.
    fn from(rule: Spanned<Rule>) -> Self {
        Self { rule, on_failure: OnFailure::Quarantine, name: None }
    }
}

/// A rule on whole rows: an expression over the conformed columns.
#[derive(Debug, Clone, PartialEq)]
pub struct RowRule {
    /// What accounts and quarantine call it.
    pub name: Spanned<String>,
    /// A row passes if this is true or null, as with SQL's `CHECK`.
    pub sql: Spanned<String>,
    /// What a failure does.
    pub on_failure: OnFailure,
}

/// What a run does about a file that a rule stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum StoppedFiles {
    /// It refuses: nothing is published.
    #[default]
    Refuse,
    /// It leaves the file aside and loads the others; the file is tried again by the next run.
    SetAside,
}

/// A share of rows, in millionths. Written with a percent sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent {
    /// Millionths: 1 % is 10,000. At most 1,000,000.
    pub millionths: u32,
}

impl Percent {
    /// Whether `part` of `whole` is more than this share. Nothing is no share of nothing.
    pub fn is_exceeded_by(self, part: u64, whole: u64) -> bool {
        u128::from(part) * 1_000_000 > u128::from(whole) * u128::from(self.millionths)
    }

    /// Whether `part` is less than this share of `whole`.
    pub fn is_missed_by(self, part: u64, whole: u64) -> bool {
        u128::from(part) * 1_000_000 < u128::from(whole) * u128::from(self.millionths)
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.millionths / 10_000, self.millionths % 10_000);
        if rest == 0 {
            return write!(f, "{whole}%");
        }
        write!(f, "{whole}.{}%", format!("{rest:04}").trim_end_matches('0'))
    }
}

/// Limits of a load: a run that crosses one publishes nothing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Thresholds {
    /// The most of the rows read that may be lost: that go to quarantine, or whose key belongs to another row.
    pub quarantine_at_most: Option<Percent>,
    /// The most of the rows read that may be duplicates.
    pub duplicates_at_most: Option<Percent>,
    /// The least of the usual number of rows that a load must bring.
    pub rows_at_least: Option<Percent>,
    /// How many of the last loads make the usual.
    pub usual_of: u32,
    /// The most of the rows written that may be null, by column.
    pub null_at_most: Vec<(Spanned<String>, Percent)>,
}

/// A length of time up to some days, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Within {
    /// Seconds, at least one.
    pub seconds: u32,
}

/// A rule that looks at many rows and marks those that are no ordinary business.
#[derive(Debug, Clone, PartialEq)]
pub struct Anomaly {
    /// What the table of marked rows and accounts call it.
    pub name: Spanned<String>,
    /// What it looks for.
    pub kind: AnomalyKind,
    /// Where it is declared.
    pub span: Span,
}

/// What an anomaly rule looks for. Columns are those of the conformed table.
#[derive(Debug, Clone, PartialEq)]
pub enum AnomalyKind {
    /// A burst of orders that were paid and refunded.
    Brushing {
        /// The columns that say together whose orders belong to one burst: a pseudonym, or an address grid.
        by: Vec<Spanned<String>>,
        /// When an order was made.
        at: Spanned<String>,
        /// How long a burst is at most.
        within: Within,
        /// How many orders make a burst.
        orders_at_least: u32,
        /// The amount paid.
        paid: Spanned<String>,
        /// The amount refunded.
        refunded: Spanned<String>,
        /// The least share of the amount paid that makes an order a refunded one.
        refunded_at_least: Percent,
    },
    /// Try-ons that no purchase followed.
    TryOn {
        /// The columns that say whose events they are.
        by: Vec<Spanned<String>>,
        /// When an event happened.
        at: Spanned<String>,
        /// The column that says which event it is.
        event: Spanned<String>,
        /// Its value for a try-on.
        tried: String,
        /// Its value for a purchase.
        bought: String,
        /// The column that must be the same in both, if one must: the product.
        product: Option<Spanned<String>>,
        /// How long after the try-on a purchase counts.
        within: Within,
    },
    /// Amounts far outside what is usual for a product.
    Outlier {
        /// The amount.
        amount: Spanned<String>,
        /// The columns that say together which product it is of.
        by: Vec<Spanned<String>>,
        /// How many amounts a product needs before any of them is judged.
        history_at_least: u32,
        /// The least robust z-score that is far outside, in thousandths.
        score_thousandths: u32,
    },
}

impl AnomalyKind {
    /// The key that declares it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Brushing { .. } => "brushing",
            Self::TryOn { .. } => "try_on",
            Self::Outlier { .. } => "outlier",
        }
    }

    /// The columns that it reads.
    pub fn columns(&self) -> Vec<&Spanned<String>> {
        match self {
            Self::Brushing { by, at, paid, refunded, .. } => by.iter().chain([at, paid, refunded]).collect(),
            Self::TryOn { by, at, event, product, .. } => by.iter().chain([at, event]).chain(product).collect(),
            Self::Outlier { amount, by, .. } => by.iter().chain([amount]).collect(),
        }
    }
}

/// What is demanded of a dataset beyond its fields.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Demands {
    /// Rules on whole rows, in the order declared.
    pub rows: Vec<RowRule>,
    /// What a run does about a file that a rule stops.
    pub stopped_files: StoppedFiles,
    /// Limits of a load.
    pub thresholds: Option<Thresholds>,
    /// Rules that mark rows, in the order declared.
    pub anomalies: Vec<Anomaly>,
    /// The dataset whose marked rows this is, if it is no export but the table that its anomaly rules fill.
    pub marks_rows_of: Option<String>,
}
