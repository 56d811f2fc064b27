//! The differential-privacy noise that a curated table is published with.

use super::terms::Period;
use crate::diagnostic::{Span, Spanned};
use std::fmt;

/// What a table's entry declares under `noise:`.
#[derive(Debug, Clone)]
pub struct Noise {
    /// ε of one publication of the whole table, above 0.
    pub epsilon: Spanned<ExactNumber>,
    /// δ of one publication: how likely a row is shown that one person alone makes, 0 < δ < 1.
    pub delta: Spanned<f64>,
    /// How many rows of the table one person may stand behind at most, from 1.
    pub rows_per_person: Spanned<u32>,
    /// How often the table is published at most; until then it stays as it is.
    pub every: Spanned<Period>,
    /// The noised columns.
    pub columns: Vec<NoisedColumn>,
    /// Where it stands.
    pub span: Span,
}

impl Noise {
    /// What a column's noise is for.
    pub fn bound(&self, column: &str) -> Option<&NoiseBound> {
        self.columns.iter().find(|c| c.name.value == column).map(|c| &c.bound)
    }
}

/// Up to which ε of one publication figures may be read for other purposes than the table's own. Beyond it, what is
/// called noise hides no person (docs/policy/noise.md).
pub const LARGEST_EPSILON_OF_OPEN_TABLES: ExactNumber = ExactNumber { units: 10, scale: 0 };

/// Up to which ε of one publication nothing is said of it.
pub const LARGEST_ADVISED_EPSILON: ExactNumber = ExactNumber { units: 4, scale: 0 };

impl Noise {
    /// Whether ε is so large that the noise hides no person.
    pub fn is_weak(&self) -> bool {
        self.epsilon.value.is_above(LARGEST_EPSILON_OF_OPEN_TABLES)
    }

    /// The least noised number of people of a row that is shown.
    pub fn threshold(&self) -> i128 {
        let sum = |column: &&NoisedColumn| match column.bound {
            NoiseBound::Between { .. } => true,
            NoiseBound::People | NoiseBound::Unclear => false,
        };
        // The number of people is noised whether or not it is published.
        let figures = self.columns.iter().filter(sum).count() + 1;
        let epsilon = self.epsilon.value.units as f64 / 10f64.powi(self.epsilon.value.scale.into());
        noise_threshold(self.rows_per_person.value, epsilon / figures as f64, self.delta.value)
    }
}

/// The least τ such that of a person who alone makes R rows, the chance that any of them is shown is δ at most.
///
/// Such a row's number of people is 1 + X with X of the discrete Laplace law of scale R/ε, where `epsilon` is the share
/// of the number of people. P(X ≥ n) = qⁿ/(1 + q) for n ≥ 1, q = exp(−ε/R). By the union bound over R rows τ is
/// 1 + ⌈(ln(R/δ) − ln(1 + q))·R/ε⌉, and 2 at least. Rounded up where floating-point numbers could be off.
pub fn noise_threshold(rows_per_person: u32, epsilon: f64, delta: f64) -> i128 {
    let rows = f64::from(rows_per_person);
    let q = (-epsilon / rows).exp();
    let least = ((rows / delta).ln() - q.ln_1p()) * rows / epsilon;
    1 + (least * (1.0 + 1e-12)).ceil().max(1.0) as i128
}

/// A column with noise.
#[derive(Debug, Clone)]
pub struct NoisedColumn {
    /// Its name.
    pub name: Spanned<String>,
    /// What one person may add to one row.
    pub bound: NoiseBound,
}

/// What one person may add to one row of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoiseBound {
    /// One: the column counts people.
    People,
    /// A number between these, both included; what is less or more is taken for the nearest.
    Between {
        /// The lower bound.
        low: ExactNumber,
        /// The upper bound.
        high: ExactNumber,
    },
    /// What was written is not understood.
    Unclear,
}

/// A decimal number as it was written: `units` / 10^`scale`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExactNumber {
    /// The digits without the point.
    pub units: i64,
    /// Digits after the point, 0 to 9.
    pub scale: u8,
}

impl ExactNumber {
    /// Whether it is larger than another.
    pub fn is_above(self, other: Self) -> bool {
        let scale = self.scale.max(other.scale);
        match (self.at_scale(scale), other.at_scale(scale)) {
            (Some(own), Some(other)) => own > other,
            // Of more digits than are counted with: `units` of 64 bits and 9 digits at most never are.
            (None, _) | (_, None) => true,
        }
    }

    /// Its digits with `scale` digits after the point; `None` if it has more of them that say something.
    pub fn at_scale(self, scale: u8) -> Option<i128> {
        let units = i128::from(self.units);
        let ten = |digits: u8| 10i128.checked_pow(u32::from(digits));
        match scale.checked_sub(self.scale) {
            Some(more) => units.checked_mul(ten(more)?),
            None => {
                let less = ten(self.scale - scale)?;
                (units % less == 0).then_some(units / less)
            }
        }
    }
}

impl fmt::Display for ExactNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.units < 0 { "-" } else { "" };
        let (digits, scale) = (self.units.unsigned_abs(), usize::from(self.scale));
        let text = format!("{digits:0>width$}", width = scale + 1);
        let (whole, rest) = text.split_at(text.len() - scale);
        if rest.is_empty() { write!(f, "{sign}{whole}") } else { write!(f, "{sign}{whole}.{rest}") }
    }
}
