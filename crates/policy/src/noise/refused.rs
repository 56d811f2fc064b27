//! Why a model cannot have noise.

use datafusion::common::DataFusionError;
use std::fmt;

/// Why a model cannot have the noise that its table declares.
#[derive(Debug)]
pub enum NotNoised {
    /// It aggregates nothing.
    NoAggregate,
    /// Something stands over its last aggregate that may not.
    Above(&'static str),
    /// An aggregate other than those that noise is known for.
    Function(String),
    /// It publishes an aggregate whose bounds nobody declared.
    Unbounded(String),
    /// A column is declared noised that is no aggregate by itself.
    NoFigure(String),
    /// A column is declared to count people and does not, or the other way round.
    NotPeople(String),
    /// A sum of floating-point numbers, or of numbers too wide.
    Inexact(String),
    /// A bound that cannot be had in the digits of what is summed.
    Bound(String),
    /// It groups by the data subject, or by sets of columns.
    Grouped(&'static str),
    /// What is aggregated is about nobody.
    Nobody,
    /// The column that says whose a row is gets lost on the way to the aggregate.
    SubjectLost,
    /// One person's data may have a part in another's rows.
    Mixes(String),
    /// A function that gives another result each time.
    Volatile,
    /// The plan contradicts itself.
    Plan(DataFusionError),
}

impl fmt::Display for NotNoised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAggregate => f.write_str("its table declares noise, and it aggregates nothing"),
            Self::Above(what) => write!(f, "its table declares noise, and {what} stands over its last aggregate"),
            Self::Function(name) => write!(f, "its table declares noise, of which it is not known how {name} has any"),
            Self::Unbounded(name) => write!(f, "it publishes {name}, and nothing says what one person may add to that"),
            Self::NoFigure(name) => write!(f, "column {name:?} is to be noised, and is no count or sum by itself"),
            Self::NotPeople(name) => write!(f, "column {name:?} is declared otherwise than it counts"),
            Self::Inexact(name) => write!(f, "{name} has no last digit in whose units noise could be drawn"),
            Self::Bound(name) => write!(f, "the bounds of {name:?} cannot be had in the digits of what it sums"),
            Self::Grouped(what) => write!(f, "its table declares noise, and it groups by {what}"),
            Self::Nobody => f.write_str("its table declares noise, and what it aggregates is about nobody"),
            Self::SubjectLost => {
                f.write_str("its table declares noise, and what it aggregates has no column that says whose a row is")
            }
            Self::Mixes(what) => {
                write!(f, "its table declares noise, and by {what} one person's data may have a part in another's rows")
            }
            Self::Volatile => {
                f.write_str("its table declares noise, and it calls a function that gives chance results")
            }
            Self::Plan(_) => f.write_str("the plan contradicts itself"),
        }
    }
}

impl NotNoised {
    /// What would mend it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoAggregate | Self::Nobody => "aggregate people's rows with count and sum, or remove `noise`",
            Self::Above(_) => "end with SELECT … GROUP BY …; only HAVING, ORDER BY and what is computed may come after",
            Self::Function(_) => {
                "use count(*), count(x), count(DISTINCT customer_id) and sum(x); an average is a sum by a count"
            }
            Self::Unbounded(_) => "give it a column, and the column its bounds under `noise.columns`",
            Self::NoFigure(_) => {
                "list the columns that are a count or a sum; what is computed from them needs no entry"
            }
            Self::NotPeople(_) => "`count: people` goes with count(DISTINCT customer_id), `between` with all others",
            Self::Inexact(_) => "CAST what is summed to a decimal of up to 28 digits: sum(CAST(x AS DECIMAL(12, 2)))",
            Self::Bound(_) => {
                "write bounds with as many digits after the point as what is summed has, and smaller ones"
            }
            Self::Grouped(_) => "group by columns and expressions that many people share",
            Self::SubjectLost => "pass customer_id on from the subquery; it is not published",
            Self::Mixes(_) => {
                "below the last aggregate use WHERE, GROUP BY with customer_id, and joins on it or with tables about nobody"
            }
            Self::Volatile => "leave the function out",
            Self::Plan(_) => "write it with SELECT, JOIN and GROUP BY",
        }
    }
}

impl From<DataFusionError> for NotNoised {
    fn from(error: DataFusionError) -> Self {
        Self::Plan(error)
    }
}

pub(super) type Result<T> = std::result::Result<T, NotNoised>;
