//! Columns by name: which column of a file is which declared field.

use super::names::{FieldNames, NameCounts, nearest};
use crate::error::{ExtractError, MissingColumn, NearestField};
use lakewarden_dictionary::Dataset;

/// How alike two names must be for one to be offered for the other.
const ALIKE: f64 = 0.5;

pub(crate) use super::names::trim_name;

/// What the columns of a file are.
pub(crate) struct Header {
    /// For each column of the file the declared field it is, or none.
    pub fields: Vec<Option<usize>>,
    /// For each column its name, which only a dictionary may repeat.
    pub names: Vec<String>,
}

impl Header {
    /// Finds the declared fields among the names of a file's columns.
    ///
    /// # Errors
    /// LW4006 if no name is declared, LW4008 if a declared name occurs twice, LW4007 if a declared field that is not
    /// optional is missing. Columns that nobody declared may be called as they like, or not at all.
    pub(crate) fn resolve<'n>(
        dataset: &Dataset,
        file: &str,
        names: impl Iterator<Item = &'n str>,
    ) -> Result<Self, ExtractError> {
        let declared = FieldNames::new(dataset);
        let names: Vec<&str> = names.map(trim_name).collect();
        let fields: Vec<Option<usize>> = names.iter().map(|n| declared.get(n)).collect();
        if fields.iter().all(Option::is_none) {
            return Err(ExtractError::NoHeader { file: file.to_owned(), dataset: dataset.name.value.clone() });
        }
        let mut found = vec![false; dataset.fields.len()];
        for (position, field) in fields.iter().enumerate() {
            let Some(field) = *field else { continue };
            if std::mem::replace(&mut found[field], true) {
                let column = Some(dataset.fields[field].name.value.clone());
                return Err(ExtractError::DuplicateColumn { file: file.to_owned(), column, position: position + 1 });
            }
        }
        let undeclared = || (names.iter().zip(&fields).enumerate()).filter(|(_, (_, f))| f.is_none());
        let columns: Vec<MissingColumn> = (dataset.fields.iter().enumerate())
            .filter(|(i, field)| !dataset.may_lack(field) && !found[*i])
            .map(|(_, field)| MissingColumn {
                name: field.name.value.clone(),
                nearest: nearest(&field.name.value, undeclared().map(|(at, (name, _))| (at + 1, *name)), ALIKE)
                    .map(NearestField::Column),
            })
            .collect();
        if !columns.is_empty() {
            return Err(ExtractError::MissingColumns { file: file.to_owned(), columns });
        }
        Ok(Self { fields, names: names.into_iter().map(str::to_owned).collect() })
    }

    /// How many columns there are, without those at the end that have no name.
    pub(crate) fn width(&self) -> usize {
        self.names.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1)
    }

    /// The counts of columns, by the names of those that nobody declared.
    pub(crate) fn undeclared(&self, counts: &[u64]) -> NameCounts {
        let mut found = NameCounts::default();
        for ((name, field), count) in self.names.iter().zip(&self.fields).zip(counts) {
            if field.is_none() {
                found.add(name, *count);
            }
        }
        found
    }
}
