//! Undeclared fields: files that wait for a review of theirs, and their names for whoever asks.

use crate::arrivals::{explained, listed};
use crate::error::PipelineError;
use crate::project::OpenProject;
use crate::record::HeldFile;
use chrono::{DateTime, Utc};
use lakewarden_dictionary::{Channel, Dataset, UndeclaredFields};
use lakewarden_extract::{
    ExtractError, FileAccount, SourceFile, UndeclaredField, undeclared_count, undeclared_fields, undeclared_names,
};
use lakewarden_privacy::KeyRing;
use lakewarden_source::Listing;
use tokio::task::block_in_place;

/// Separates the files of a dataset into those to load and those to hold. Reads each file whole if the dataset asks for
/// reviews, and none otherwise.
///
/// # Errors
/// Those of reading a file.
pub fn hold(
    dataset: &Dataset,
    files: Vec<SourceFile>,
    keys: &KeyRing,
) -> Result<(Vec<SourceFile>, Vec<HeldFile>), PipelineError> {
    let (load, held) = separate(dataset, files, |file| {
        undeclared_fields(dataset, file, keys).map(|fields| (!fields.is_empty()).then_some(fields))
    })?;
    Ok((load, held.into_iter().map(|(file, fields)| HeldFile { file, fields }).collect()))
}

/// The same without the keys that labels are made with: each file to hold, and how many undeclared fields it has.
///
/// # Errors
/// Those of reading a file.
pub fn hold_counted(dataset: &Dataset, files: Vec<SourceFile>) -> Result<Separated<usize>, PipelineError> {
    separate(dataset, files, |file| undeclared_count(dataset, file).map(|fields| (fields > 0).then_some(fields)))
}

/// Files to load, and those to hold by name with what was found in them.
pub type Separated<T> = (Vec<SourceFile>, Vec<(String, T)>);

fn separate<T>(
    dataset: &Dataset,
    files: Vec<SourceFile>,
    find: impl Fn(&SourceFile) -> Result<Option<T>, ExtractError>,
) -> Result<Separated<T>, PipelineError> {
    if dataset.drift.undeclared != UndeclaredFields::Review {
        return Ok((files, Vec::new()));
    }
    let (mut load, mut held) = (Vec::new(), Vec::new());
    for file in files {
        match find(&file)? {
            None => load.push(file),
            Some(found) => held.push((file.name, found)),
        }
    }
    Ok((load, held))
}

/// The undeclared fields of the files of a dataset, by file: for the terminal of whoever asks, since their names may be
/// those of people. Lists the files of every pipeline that loads the dataset.
///
/// # Errors
/// [`PipelineError::UnknownDataset`] for a dataset that no pipeline loads from files; those of listing and reading files.
pub async fn undeclared(
    open: &OpenProject,
    keys: &KeyRing,
    dataset: &str,
    now: DateTime<Utc>,
) -> Result<Vec<(String, Vec<UndeclaredField>)>, PipelineError> {
    let channels = || open.project.pipelines.iter().flat_map(|pipeline| &pipeline.channels);
    let known = || -> Vec<String> {
        channels().filter(|channel| channel.database.is_none()).map(|channel| channel.dataset.value.clone()).collect()
    };
    let unknown = || PipelineError::UnknownDataset { name: dataset.to_owned(), known: known() };
    let declared = open.project.dataset(dataset).ok_or_else(unknown)?;
    let mut found = Vec::new();
    let mut listed_any = false;
    for pipeline in &open.project.pipelines {
        let own = |channel: &&Channel| channel.dataset.value == dataset && channel.database.is_none();
        for channel in pipeline.channels.iter().filter(own) {
            listed_any = true;
            let Listing { files, origins } = listed(open, pipeline, channel, None, true, now).await?;
            for file in files {
                let names = block_in_place(|| undeclared_names(declared, &file, keys));
                found.push((file.name.clone(), names.map_err(|error| explained(&origins, error.into()))?));
            }
        }
    }
    if listed_any { Ok(found) } else { Err(unknown()) }
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
