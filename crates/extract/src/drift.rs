//! Fields that a file holds and nobody declared, told before the file is loaded.

use crate::error::ExtractError;
use crate::read::{FieldNames, NameCounts, RawData, Stop, parse_lines, read_file};
use crate::source::SourceFile;
use lakewarden_dictionary::{Dataset, Drift};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// Rows a batch while names are looked for.
const BATCH_ROWS: usize = 8192;

/// Reads a file for the names of its undeclared fields that hold values, without those that the dataset ignores by name.
/// No value is looked at. Names come in order; one that may be a person's number is `(name withheld)`.
///
/// # Errors
/// Those of reading the file: it could not be loaded either.
pub fn undeclared_fields(dataset: &Dataset, file: &SourceFile) -> Result<Vec<String>, ExtractError> {
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
    Ok(new_fields(&dataset.drift, &undeclared))
}

/// The names of undeclared fields, without those ignored by name.
pub(crate) fn new_fields(drift: &Drift, undeclared: &NameCounts) -> Vec<String> {
    undeclared.clone().into_counts().into_keys().filter(|name| !drift.ignores(name)).collect()
}
