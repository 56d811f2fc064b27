//! What the figures of a published table promise: anonymity that was measured, noise that was added.

use lakewarden_dictionary::DiversityKind;
use serde::{Deserialize, Serialize};

/// How anonymous a table is, measured before it was published.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnonymityAccount {
    /// The quasi-identifiers, in the table's order.
    pub quasi_identifiers: Vec<String>,
    /// What k counts.
    pub counted: Counted,
    /// Rows measured.
    pub rows: u64,
    /// Equivalence classes: different combinations of quasi-identifiers.
    pub classes: u64,
    /// k-anonymity.
    pub k: KFigure,
    /// l-diversity of each sensitive column, if it is demanded.
    pub diversity: Vec<DiversityFigure>,
    /// t-closeness of each sensitive column, if it is demanded.
    pub closeness: Vec<ClosenessFigure>,
}

/// What k counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// Rows.
    Rows,
    /// Different data subjects.
    Subjects,
}

/// k-anonymity, demanded and found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KFigure {
    /// At least this.
    pub declared: u64,
    /// The smallest class; `None` if there is no row.
    pub found: Option<u64>,
}

/// l-diversity of a column, demanded and found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DiversityFigure {
    /// The sensitive column.
    pub column: String,
    /// What diversity is.
    pub kind: DiversityKind,
    /// At least this.
    pub declared: u64,
    /// The least diverse class; `None` if there is no row.
    pub found: Option<f64>,
}

/// t-closeness of a column, demanded and found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClosenessFigure {
    /// The sensitive column.
    pub column: String,
    /// How far values are from each other.
    pub distance: DistanceKind,
    /// At most this.
    pub declared: f64,
    /// The class furthest from the table, 0 to 1; `None` if there is no row.
    pub found: Option<f64>,
}

/// How far values are from each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DistanceKind {
    /// By how many values stand between them: numbers, dates, instants.
    Ordered,
    /// All equally: everything else.
    Equal,
}

/// The noise of a table, and what has been spent on it. How many rows were held back is not told: that is a figure of
/// the data without noise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NoiseAccount {
    /// Of which law it is.
    pub mechanism: NoiseMechanism,
    /// ε of one publication.
    pub epsilon: f64,
    /// δ of one publication.
    pub delta: f64,
    /// How many rows one person stands behind at most.
    pub rows_per_person: u32,
    /// The least noised number of people of a row that is shown.
    pub threshold: u64,
    /// The noised figures, the number of people first.
    pub figures: Vec<NoiseFigure>,
    /// How often it is published at most, ISO 8601.
    pub every: String,
    /// Whether the run left the table as it was, for its interval had its publication.
    pub kept: bool,
    /// Publications so far.
    pub publications: u64,
    /// Sum of ε of all publications so far: what somebody who has kept them all can use.
    pub epsilon_spent: f64,
    /// Sum of δ of all publications so far.
    pub delta_spent: f64,
}

/// Laws of noise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoiseMechanism {
    /// The discrete Laplace law (two-sided geometric).
    DiscreteLaplace,
}

/// A noised figure, in the unit of its column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NoiseFigure {
    /// The column; `None` for a number of people that is not published.
    pub column: Option<String>,
    /// The least that one person adds to a row.
    pub low: f64,
    /// The most that one person adds to a row.
    pub high: f64,
    /// Scale of the noise: its standard deviation is about 1.41 times this.
    pub scale: f64,
}
