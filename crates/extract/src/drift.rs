//! Undeclared fields of a file, found before the file is loaded.

use crate::error::ExtractError;
use crate::read::{FieldLabels, FieldNames, NameCounts, RawData, Stop, parse_lines, read_file};
use crate::source::SourceFile;
use lakewarden_dictionary::{Dataset, Drift};
use lakewarden_privacy::KeyRing;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// Rows a batch while names are looked for.
const BATCH_ROWS: usize = 8192;

/// An undeclared field of a file that holds values. Its name may be a person's: it is for the terminal of whoever asks, and
/// for nothing that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndeclaredField {
    /// What accounts and messages call it.
    pub label: String,
    /// Its name in the file.
    pub name: String,
    /// Records that hold a value in it.
    pub records: u64,
}

/// Reads a file for its undeclared fields that hold values, by name; without those that the dataset ignores by name. No
/// value is looked at.
///
/// # Errors
/// Those of reading the file: it could not be loaded either.
pub fn undeclared_names(
    dataset: &Dataset,
    file: &SourceFile,
    keys: &KeyRing,
) -> Result<Vec<UndeclaredField>, ExtractError> {
    let labels = FieldLabels::new(dataset, keys);
    let found = find_undeclared(dataset, file)?;
    let new = found.iter().filter(|(name, _)| !dataset.drift.ignores(name));
    Ok(new
        .map(|(name, records)| UndeclaredField { label: labels.label(name), name: name.to_owned(), records })
        .collect())
}

/// Reads a file for its undeclared fields that hold values, and returns their labels, in order; without those that the
/// dataset ignores by name. No value is looked at.
///
/// # Errors
/// Those of reading the file: it could not be loaded either.
pub fn undeclared_fields(dataset: &Dataset, file: &SourceFile, keys: &KeyRing) -> Result<Vec<String>, ExtractError> {
    Ok(new_fields(&dataset.drift, &find_undeclared(dataset, file)?, &FieldLabels::new(dataset, keys)))
}

/// Counts the undeclared fields of a file that hold values, without those that the dataset ignores by name.
///
/// # Errors
/// Those of reading the file: it could not be loaded either.
pub fn undeclared_count(dataset: &Dataset, file: &SourceFile) -> Result<usize, ExtractError> {
    Ok(find_undeclared(dataset, file)?.iter().filter(|(name, _)| !dataset.drift.ignores(name)).count())
}

/// The label of an undeclared field, as accounts and messages call it.
pub fn undeclared_label(dataset: &Dataset, name: &str, keys: &KeyRing) -> String {
    FieldLabels::new(dataset, keys).label(name)
}

fn find_undeclared(dataset: &Dataset, file: &SourceFile) -> Result<NameCounts, ExtractError> {
    let names = FieldNames::new(dataset);
    let mut undeclared = NameCounts::default();
    let read = read_file(dataset, file, BATCH_ROWS, &Arc::new(AtomicU64::new(0)), &mut |batch| {
        if let RawData::Json { text, spans } = batch.data {
            undeclared
                .merge(&parse_lines(&names, dataset.fields.len(), &dataset.format.limits, &text, &spans).undeclared);
        }
        Ok(())
    });
    match read {
        Ok(summary) => undeclared.merge(&summary.undeclared),
        Err(Stop::Failed(error)) => return Err(error),
        // The closure above never asks for a stop.
        Err(Stop::Cancelled) => {
            return Err(ExtractError::Internal { file: file.name.clone(), doing: "looking for undeclared fields" });
        }
    }
    Ok(undeclared)
}

/// The labels of undeclared fields, without those ignored by name.
pub(crate) fn new_fields(drift: &Drift, undeclared: &NameCounts, labels: &FieldLabels<'_>) -> Vec<String> {
    undeclared.labelled(labels).into_keys().filter(|label| !drift.ignores(label)).collect()
}
