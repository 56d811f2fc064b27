//! What is known of a dataset's files besides their bytes: which days they are of, what is missing, why one broke off.

use crate::error::PipelineError;
use crate::project::OpenProject;
use crate::record::{DataInterval, DatasetAccount, FileWarning, FileWarningKind};
use chrono::{DateTime, Utc};
use lakewarden_dictionary::{Channel, Pipeline};
use lakewarden_extract::ExtractError;
use lakewarden_source::{IntervalFault, Listing, Origins, SourceError, Surroundings, Window, is_dated, list};

/// Lists a channel's files over the days that are asked for; there may be none where that is said.
pub(crate) async fn listed(
    open: &OpenProject,
    pipeline: &Pipeline,
    channel: &Channel,
    window: Option<Window>,
    may_be_empty: bool,
    now: DateTime<Utc>,
) -> Result<Listing, PipelineError> {
    let asked = lakewarden_source::Channel {
        root: &open.root,
        dataset: &channel.dataset.value,
        pattern: &channel.files.value,
        complete_when: pipeline.complete_when(&channel.dataset.value),
        window,
        may_be_empty,
    };
    Ok(list(&asked, &Surroundings::of_process(now)).await?)
}

/// Refuses days that no channel knows of: they would change nothing, and whoever asks believes that they do.
pub(crate) fn refuse_no_days(pipeline: &Pipeline, window: Option<Window>) -> Result<(), PipelineError> {
    if window.is_none() || pipeline.channels.iter().any(|channel| is_dated(&channel.files.value)) {
        return Ok(());
    }
    let pipeline = pipeline.name.value.clone();
    Err(SourceError::Interval(IntervalFault::NoneDated { pipeline }).into())
}

/// Says why a file could not be read, if its storage knows more than the reader.
pub(crate) fn explained(origins: &Origins, error: PipelineError) -> PipelineError {
    let file = match &error {
        PipelineError::Read { path, .. } => path,
        PipelineError::Extract(ExtractError::Unreadable { file, .. }) => file,
        _ => return error,
    };
    origins.trouble(file).map_or(error, PipelineError::Source)
}

/// Writes what is known of the files into their account.
pub(crate) fn note(account: &mut DatasetAccount, origins: &Origins) {
    for file in &mut account.files {
        file.interval =
            origins.interval(&file.file).map(|interval| DataInterval { from: interval.from, until: interval.until });
    }
    account.arrivals.extend(
        origins
            .remarks
            .iter()
            .map(|r| FileWarning { file: r.about.clone(), warning: FileWarningKind::Listing(r.what.clone()) }),
    );
}
