//! Which values of a field count as absent, and which absent values are filled from another row.

use crate::diagnostic::Spanned;
use serde::Serialize;

/// What a field says about values that are missing, invalid or no identifier at all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Absence {
    /// Values that identify no person, besides the usual ones (`null`, `0`, `13800000000`, `无`, …). Compared without
    /// case, width and surrounding space.
    pub absent: Vec<Spanned<String>>,
    /// Whether only the values that `absent` lists count, and not the usual ones.
    pub only_listed: bool,
    /// What becomes of an identifier of which characters are hidden (`138****1234`).
    pub masked: Option<Spanned<Masked>>,
    /// What becomes of a value that does not have the field's type or form.
    pub on_invalid: Option<Spanned<OnInvalid>>,
    /// Whether an absent value is taken from the first row of the same key.
    pub fill: Option<Spanned<Fill>>,
}

impl Absence {
    /// What becomes of an identifier of which characters are hidden.
    pub fn masked(&self) -> Masked {
        self.masked.as_ref().map_or(Masked::default(), |said| said.value)
    }

    /// What becomes of a value that does not have the field's type or form.
    pub fn on_invalid(&self) -> OnInvalid {
        self.on_invalid.as_ref().map_or(OnInvalid::default(), |said| said.value)
    }

    /// The columns or fields within whose common value the field is filled; empty if it is not.
    pub fn filled_within(&self) -> &[String] {
        match self.fill.as_ref().map(|said| &said.value) {
            Some(Fill::DownWithin(key)) => key,
            Some(Fill::None) | None => &[],
        }
    }
}

/// What becomes of an identifier of which characters are hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Masked {
    /// It is absent: the row is kept, and the value counted.
    #[default]
    Absent,
    /// The row goes to quarantine.
    Quarantine,
    /// Its signs are part of the identifier.
    Keep,
}

/// What becomes of a value that does not have the field's type or form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OnInvalid {
    /// The row goes to quarantine.
    #[default]
    Quarantine,
    /// The value becomes null; the row is kept, and the value counted.
    SetNull,
}

/// Where an absent value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fill {
    /// From the first of the consecutive rows that have the same values in these columns.
    DownWithin(Vec<String>),
    /// From nowhere: a row without it is not part of the row above.
    None,
}

/// That a text says nothing about filling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAFill;

impl std::str::FromStr for Fill {
    type Err = NotAFill;

    /// Reads `down within order_no`, several columns separated by commas, or `none`.
    fn from_str(text: &str) -> Result<Self, NotAFill> {
        let text = text.trim();
        if text == "none" {
            return Ok(Self::None);
        }
        let rest = text.strip_prefix("down").ok_or(NotAFill)?;
        let rest = rest.strip_prefix(char::is_whitespace).ok_or(NotAFill)?.trim_start();
        let key = rest.strip_prefix("within").ok_or(NotAFill)?;
        let key = key.strip_prefix(char::is_whitespace).ok_or(NotAFill)?;
        let columns: Vec<String> = key.split(',').map(|column| column.trim().to_owned()).collect();
        if columns.iter().any(String::is_empty) { Err(NotAFill) } else { Ok(Self::DownWithin(columns)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fill_names_its_key() {
        let down = |columns: &[&str]| Ok(Fill::DownWithin(columns.iter().map(|c| (*c).to_owned()).collect()));
        assert_eq!("down within order_no".parse(), down(&["order_no"]));
        assert_eq!(" down  within shop, Order No ".parse(), down(&["shop", "Order No"]));
        assert_eq!("none".parse(), Ok(Fill::None));
        for text in ["", "down", "down within", "down within ", "down within a,", "up within a", "downwithin a"] {
            assert_eq!(text.parse::<Fill>(), Err(NotAFill), "{text}");
        }
    }
}
