//! The types of columns.

use super::TermError;
use crate::model::DataType;
use std::fmt;
use std::str::FromStr;

/// The types that are one word.
pub(crate) const PLAIN_TYPES: [(&str, DataType); 6] = [
    ("string", DataType::String),
    ("integer", DataType::Integer),
    ("double", DataType::Double),
    ("boolean", DataType::Boolean),
    ("date", DataType::Date),
    ("timestamp", DataType::Timestamp),
];

impl FromStr for DataType {
    type Err = TermError;

    /// Parses a type as dictionaries write it: one word, or `decimal(precision, scale)`.
    ///
    /// # Errors
    /// [`TermError::DataType`] if it is none, [`TermError::Decimal`] if its digits are out of range.
    fn from_str(text: &str) -> Result<Self, TermError> {
        if let Some((_, plain)) = PLAIN_TYPES.iter().find(|(word, _)| *word == text) {
            return Ok(*plain);
        }
        let wrong = || TermError::DataType(text.to_owned());
        let inner = text.strip_prefix("decimal").map(str::trim).ok_or_else(wrong)?;
        let inner = inner.strip_prefix('(').and_then(|i| i.strip_suffix(')')).ok_or_else(wrong)?;
        let (precision, scale) = inner.split_once(',').ok_or_else(wrong)?;
        let number = |digits: &str| digits.trim().parse::<u8>().map_err(|_| wrong());
        let (precision, scale) = (number(precision)?, number(scale)?);
        if !(1..=38).contains(&precision) || scale > precision {
            return Err(TermError::Decimal(text.to_owned()));
        }
        let scale = i8::try_from(scale).map_err(|_| wrong())?;
        Ok(Self::Decimal { precision, scale })
    }
}

impl fmt::Display for DataType {
    /// Writes it as dictionaries do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decimal { precision, scale } => write!(f, "decimal({precision}, {scale})"),
            plain => {
                let word = PLAIN_TYPES.iter().find(|(_, t)| t == plain).map_or("", |(word, _)| word);
                f.write_str(word)
            }
        }
    }
}

impl DataType {
    /// Whether its values are numbers.
    pub fn is_numeric(self) -> bool {
        matches!(self, Self::Integer | Self::Double | Self::Decimal { .. })
    }

    /// Whether its values lie in time.
    pub fn is_temporal(self) -> bool {
        matches!(self, Self::Date | Self::Timestamp)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn types_are_read_and_written() {
        for (text, written) in [
            ("string", "string"),
            ("timestamp", "timestamp"),
            ("decimal(12, 2)", "decimal(12, 2)"),
            ("decimal( 38,38 )", "decimal(38, 38)"),
            ("decimal (1,0)", "decimal(1, 0)"),
        ] {
            assert_eq!(text.parse::<DataType>().unwrap().to_string(), written);
        }
        for text in ["", "text", "String", "decimal", "decimal(12)", "decimal(12,2", "decimal(a,b)", "decimal(1,-1)"] {
            assert!(matches!(text.parse::<DataType>(), Err(TermError::DataType(_))), "{text}");
        }
        for text in ["decimal(0,0)", "decimal(39,2)", "decimal(5,6)"] {
            assert!(matches!(text.parse::<DataType>(), Err(TermError::Decimal(_))), "{text}");
        }
    }
}
