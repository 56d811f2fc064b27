//! How much noise: from the declared ε, δ and bounds to laws and a threshold.

use super::refused::{NotNoised, Result};
use datafusion::arrow::datatypes::DataType;
use lakewarden_dictionary::{ExactNumber, Noise};

pub use lakewarden_dictionary::noise_threshold as threshold;

/// The noise of a table, in whole units of each figure's last digit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd)]
pub struct Mechanism {
    /// How many rows one person may stand behind.
    pub rows_per_person: u32,
    /// The number of people behind a row, which is noised whether or not it is published.
    pub people: Figure,
    /// The least noised number of people of a row that is shown.
    pub threshold: i128,
    /// The sums and counts beside it.
    pub sums: Vec<Figure>,
}

/// A noised figure.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd)]
pub struct Figure {
    /// The column that publishes it; none if it only decides which rows are shown.
    pub column: Option<String>,
    /// The least that one person adds to a row, in units.
    pub low: i128,
    /// The most that one person adds to a row, in units.
    pub high: i128,
    /// Digits of a unit after the point.
    pub digits: u8,
    /// Scale of the discrete Laplace law in units: numerator and denominator.
    pub scale: (u128, u128),
}

/// A sum or count with its declared bounds.
pub(super) struct Bounded {
    pub(super) column: String,
    pub(super) low: ExactNumber,
    pub(super) high: ExactNumber,
    pub(super) digits: u8,
}

/// More than this in units would not fit the arithmetic.
const LARGEST_BOUND: i128 = 1_000_000_000_000_000_000;

/// ε is counted in millionths.
const MILLION: u128 = 1_000_000;

impl Mechanism {
    /// Splits ε evenly over the sums and the number of people. One person changes a figure by at most B, the larger of
    /// its bounds' magnitudes, in each of R rows: by R·B in all. So the scale is R·B/(ε/m) with m figures.
    pub(super) fn new(noise: &Noise, people: Option<String>, sums: Vec<Bounded>) -> Result<Self> {
        let micros = noise.epsilon.value.at_scale(6).and_then(|e| u128::try_from(e).ok()).filter(|e| *e > 0);
        let Some(micros) = micros else { return Err(NotNoised::Bound("epsilon".to_owned())) };
        let rows = noise.rows_per_person.value;
        let figures = sums.len() as u128 + 1;
        let scale = |largest: u128| (u128::from(rows) * largest * figures * MILLION, micros);
        let figure = |bounded: Bounded| {
            let unit = |bound: ExactNumber| bound.at_scale(bounded.digits).filter(|b| b.abs() <= LARGEST_BOUND);
            match (unit(bounded.low), unit(bounded.high)) {
                (Some(low), Some(high)) if low <= high && (low, high) != (0, 0) => Ok(Figure {
                    low,
                    high,
                    digits: bounded.digits,
                    scale: scale(low.unsigned_abs().max(high.unsigned_abs())),
                    column: Some(bounded.column),
                }),
                _ => Err(NotNoised::Bound(bounded.column)),
            }
        };
        Ok(Self {
            rows_per_person: rows,
            threshold: threshold(rows, micros as f64 / MILLION as f64 / figures as f64, noise.delta.value),
            people: Figure { column: people, low: 1, high: 1, digits: 0, scale: scale(1) },
            sums: sums.into_iter().map(figure).collect::<Result<_>>()?,
        })
    }
}

/// Digits after the point of a type in whose units noise can be drawn.
pub(super) fn digits(data_type: &DataType) -> Option<u8> {
    match data_type {
        DataType::Int64 | DataType::UInt64 => Some(0),
        DataType::Decimal128(_, scale) => u8::try_from(*scale).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What τ is for: q^(τ−1)/(1+q) ≤ δ/R, and not for the τ before.
    #[test]
    fn the_threshold_is_the_least_that_keeps_delta() {
        for rows in [1, 2, 3, 12, 100] {
            for epsilon in [0.01, 0.1, 0.25, 0.5, 1.0, 2.0, 8.0] {
                for delta in [1e-3, 1e-6, 1e-9, 1e-12] {
                    let q = (-epsilon / f64::from(rows)).exp();
                    let shown = |tau: i128| q.powf((tau - 1) as f64) / (1.0 + q);
                    let most = delta / f64::from(rows);
                    let tau = threshold(rows, epsilon, delta);
                    assert!(shown(tau) <= most * (1.0 + 1e-9), "{rows} {epsilon} {delta}: {tau}");
                    assert!(tau == 2 || shown(tau - 1) > most * (1.0 - 1e-9), "{rows} {epsilon} {delta}: {tau}");
                }
            }
        }
        assert_eq!(threshold(1, 1000.0, 1e-6), 2);
    }

    /// Found with OpenDP 0.16's `make_laplace_threshold` as the least threshold T of which it says that it keeps δ. It
    /// says P(1 + X > T) and shows counts from T on (docs/policy/noise.md), so that what does keep δ is one more.
    #[test]
    fn thresholds_are_those_of_opendp() {
        for (rows, epsilon, delta, opendp) in [
            (1, 0.1, 1e-6, 132),
            (1, 0.25, 1e-9, 81),
            (1, 1.0, 1e-6, 14),
            (3, 0.1, 1e-9, 635),
            (3, 0.25, 1e-6, 172),
            (3, 1.0, 1e-9, 64),
            (12, 0.1, 1e-6, 1874),
            (12, 0.25, 1e-9, 1082),
            (12, 1.0, 1e-6, 188),
        ] {
            assert_eq!(threshold(rows, epsilon, delta), opendp + 1, "{rows} {epsilon} {delta}");
        }
    }
}
