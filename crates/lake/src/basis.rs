//! What staged rows were decided against, so that they are not published over something else.

use serde::{Deserialize, Serialize};

use crate::table::{DataFile, TableSnapshot};
use crate::writer::StagedTable;

/// What staged rows depend on: which were written may follow from what the table held (duplicates, corrections).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Basis {
    /// How the table was; `None` where it does not matter.
    pub seen: Option<Seen>,
    /// Files of the table, by path relative to the lake's root, whose rows the staged files hold instead.
    pub replaces: Vec<String>,
    /// Columns that leave the table: no file that stays has them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drops: Vec<String>,
}

/// How a table was when it was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// There was none.
    Nothing,
    /// It had this version.
    Version(i64),
}

impl Seen {
    /// The version; `None` for no table.
    pub(crate) fn version(self) -> Option<i64> {
        match self {
            Self::Nothing => None,
            Self::Version(version) => Some(version),
        }
    }
}

impl StagedTable {
    /// Ties the rows to the table as it was looked at: published onto any other version they are refused.
    #[must_use]
    pub fn based_on(mut self, table: Option<&TableSnapshot>) -> Self {
        self.basis.seen = Some(table.map_or(Seen::Nothing, |table| Seen::Version(table.version)));
        self
    }

    /// Says that the rows of these files of the table are among the staged ones, as far as they stay: the files
    /// leave the table in the same commit.
    #[must_use]
    pub fn instead_of<'a>(mut self, files: impl IntoIterator<Item = &'a DataFile>) -> Self {
        self.basis.replaces.extend(files.into_iter().map(|file| file.path.clone()));
        self
    }

    /// Takes columns out of the table in the same commit. The files that have them must leave it as well, by
    /// [`StagedTable::instead_of`].
    #[must_use]
    pub fn without_columns(mut self, columns: impl IntoIterator<Item = String>) -> Self {
        self.basis.drops.extend(columns);
        self
    }
}
