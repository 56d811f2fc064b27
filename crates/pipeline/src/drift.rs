//! Files that wait for a person: they hold fields which nobody declared, and their dataset asks for a review.

use crate::error::PipelineError;
use crate::record::HeldFile;
use lakewarden_dictionary::{Dataset, UndeclaredFields};
use lakewarden_extract::{FileAccount, SourceFile, undeclared_fields};

/// Parts the files of a dataset into those to load and those to hold. Reads each file whole if the dataset asks for
/// reviews, and none otherwise.
///
/// # Errors
/// Those of reading a file.
pub fn hold(dataset: &Dataset, files: Vec<SourceFile>) -> Result<(Vec<SourceFile>, Vec<HeldFile>), PipelineError> {
    if dataset.drift.undeclared != UndeclaredFields::Review {
        return Ok((files, Vec::new()));
    }
    let (mut load, mut held) = (Vec::new(), Vec::new());
    for file in files {
        let fields = undeclared_fields(dataset, &file)?;
        if fields.is_empty() {
            load.push(file);
        } else {
            held.push(HeldFile { file: file.name, fields });
        }
    }
    Ok((load, held))
}

/// Refuses what was loaded and should have been held: a file that was written to after it was looked at.
///
/// # Errors
/// [`PipelineError::FileChanged`].
pub fn refuse_unreviewed(dataset: &Dataset, accounts: &[FileAccount]) -> Result<(), PipelineError> {
    let new = |account: &&FileAccount| account.over_collected.keys().any(|name| !dataset.drift.ignores(name));
    match accounts.iter().find(new) {
        Some(account) if dataset.drift.undeclared == UndeclaredFields::Review => {
            Err(PipelineError::FileChanged { dataset: dataset.name.value.clone(), file: account.file.clone() })
        }
        _ => Ok(()),
    }
}
