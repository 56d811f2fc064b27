//! What becomes of rows that have a key which another row has too.

use super::terms::DataType;
use super::{Dataset, Field};
use crate::diagnostic::{Span, Spanned};
use serde::Serialize;

/// What a dataset says of rows with one key.
#[derive(Debug, Clone, Default)]
pub struct Repeats {
    /// Which of them is kept.
    pub survivor: Survivor,
    /// Where that is said, if it is.
    pub survivor_span: Option<Span>,
    /// What a row of a later run does to the lake's, if it is said.
    pub corrections: Option<Spanned<Corrections>>,
}

/// Which of several rows with one key is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Survivor {
    /// The one that came first.
    #[default]
    First,
    /// The one that came last.
    Last,
    /// The one with the largest value in this column; of equals the one that came last.
    Latest(Spanned<String>),
}

/// What a row does whose key the lake has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Corrections {
    /// It is a duplicate.
    Ignore,
    /// It takes the place of the lake's row, if it survives against it.
    Replace,
    /// The same, and the lake's row goes into the dataset's history.
    KeepHistory,
}

impl Repeats {
    /// Whether a row can be kept instead of one that came before it.
    pub fn compete(&self) -> bool {
        self.survivor != Survivor::First
    }

    /// What a row does whose key the lake has: if nothing is said, nothing where the first row stays, and otherwise
    /// the survivor is the same whichever run brings it.
    pub fn corrections(&self) -> Corrections {
        match &self.corrections {
            _ if !self.compete() => Corrections::Ignore,
            Some(corrections) => corrections.value,
            None => Corrections::Replace,
        }
    }
}

impl Dataset {
    /// The stored column whose largest value survives, if it is one that can be compared.
    pub fn latest(&self) -> Option<&Field> {
        let Survivor::Latest(column) = &self.repeats.survivor else { return None };
        self.stored().find(|f| f.column.value == column.value).filter(|f| has_order(f.stored_type()))
    }

    /// Whether rows that a correction replaced are kept.
    pub fn keeps_history(&self) -> bool {
        self.repeats.corrections() == Corrections::KeepHistory
    }
}

/// Whether values of a type say which of two rows is the later one, exactly and in 64 bits.
pub(crate) fn has_order(data_type: DataType) -> bool {
    match data_type {
        DataType::Integer | DataType::Date | DataType::Timestamp => true,
        DataType::Decimal { precision, .. } => precision <= 18,
        DataType::String | DataType::Double | DataType::Boolean => false,
    }
}

/// The columns that say from when to when a row held, and whether it holds still.
pub const HISTORY_COLUMNS: [&str; 3] = ["valid_from", "valid_to", "is_current"];
