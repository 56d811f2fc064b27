//! A column's label.

use lakewarden_dictionary::Span;
use std::fmt;

/// How near a value brings a reader to a person, least first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Identifiability {
    /// It is about nobody.
    None,
    /// It is about as many people as the table's minimum of subjects, or more.
    Aggregate,
    /// It is about one person, and does not help to find out who.
    Attribute,
    /// It helps to find out who, together with others like it.
    Quasi,
    /// It stands for one person, in this identifier domain.
    Pseudonym(String),
    /// It names one person.
    Direct,
}

impl fmt::Display for Identifiability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("about nobody"),
            Self::Aggregate => f.write_str("an aggregate over people"),
            Self::Attribute => f.write_str("an attribute of one person"),
            Self::Quasi => f.write_str("a quasi-identifier"),
            Self::Pseudonym(domain) => write!(f, "a pseudonym ({domain})"),
            Self::Direct => f.write_str("a direct identifier"),
        }
    }
}

/// A column's label, and the dictionary line that it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// How near it brings a reader to a person.
    pub identifiability: Identifiability,
    /// Where that is declared; none for what the engine itself provides.
    pub declared: Option<Span>,
}

#[cfg(test)]
mod tests {
    use super::Identifiability::*;

    #[test]
    fn the_order_is_from_nobody_to_a_name() {
        let order = [None, Aggregate, Attribute, Quasi, Pseudonym("phone".into()), Direct];
        assert!(order.is_sorted());
    }
}
