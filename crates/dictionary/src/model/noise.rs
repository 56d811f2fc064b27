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
