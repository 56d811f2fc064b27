//! The four zones of a lake, and how their tables are named.

use std::fmt;

use object_store::path::Path;
use serde::{Deserialize, Serialize};

use crate::error::LakeError;

/// A part of the lake with its own rule for who may read it. Each is a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Zone {
    /// Typed, pseudonymised exports.
    Conformed,
    /// Rejected rows, sealed.
    Quarantine,
    /// Who is whom: tokens and customer ids.
    Identity,
    /// Published tables, safe to hand to any reader.
    Curated,
}

impl Zone {
    /// All zones, in the order in which data passes them.
    pub const ALL: [Self; 4] = [Self::Conformed, Self::Quarantine, Self::Identity, Self::Curated];

    /// Returns the zone's folder below the lake's root.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Conformed => "conformed",
            Self::Quarantine => "quarantine",
            Self::Identity => "identity",
            Self::Curated => "curated",
        }
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.folder())
    }
}

/// One table's place: its zone and its name, checked.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TableId {
    pub(crate) zone: Zone,
    pub(crate) name: String,
}

impl TableId {
    /// # Errors
    /// `LW5002` where the name is not one that every store and reader takes.
    pub(crate) fn new(zone: Zone, name: &str) -> Result<Self, LakeError> {
        check_name(name)?;
        Ok(Self { zone, name: name.to_owned() })
    }

    /// The table's folder, relative to the lake's root.
    pub(crate) fn folder(&self) -> Path {
        Path::from_iter([self.zone.folder(), self.name.as_str()])
    }
}

impl fmt::Display for TableId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.zone, self.name)
    }
}

/// Checks one segment of an object's name.
pub(crate) fn check_name(name: &str) -> Result<(), LakeError> {
    let good = name.len() <= 128
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    if good { Ok(()) } else { Err(LakeError::InvalidName { name: name.to_owned() }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_inside_their_folder() {
        for bad in ["", "..", "_delta_log", "a/b", "a b", ".hidden", "表", &"x".repeat(129)] {
            assert!(TableId::new(Zone::Curated, bad).is_err(), "{bad}");
        }
        let table = TableId::new(Zone::Curated, "customer_rfm");
        assert_eq!(table.map(|t| t.folder().to_string()).ok().as_deref(), Some("curated/customer_rfm"));
    }
}
