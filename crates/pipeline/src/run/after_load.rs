//! Exports that the lake has: deleted or archived, as the pipeline declares.
//!
//! A file goes only once its rows are published, and while its bytes are those that the ledger has. What a run that was
//! stopped has left is done by the next one: nothing is remembered, the ledger and the folder say it all.

use crate::arrivals::listed;
use crate::error::PipelineError;
use crate::load::{is_loaded, may_be_loaded};
use crate::observe::Observer;
use crate::record::{FileMessage, RetiredExports, RetiredFile};
use crate::run::Run;
use lakewarden_dictionary::{AfterLoadAction, Channel, Pipeline};
use lakewarden_extract::checksum;
use lakewarden_lake::{Lake, Zone};
use lakewarden_source::Retirement;
use serde_json::json;
use tokio::task::block_in_place;

/// Whether a channel may find no file: its files go once they are loaded, and some were.
///
/// # Errors
/// Those of the lake.
pub(crate) async fn may_be_empty(lake: &Lake, pipeline: &Pipeline, channel: &Channel) -> Result<bool, PipelineError> {
    let name = &channel.dataset.value;
    Ok(pipeline.after_load(name).is_some() && lake.table(Zone::Conformed, name).await?.is_some())
}

/// What becomes of the files of a channel, for a plan.
pub(crate) fn describe_retirement(action: &AfterLoadAction) -> String {
    match action {
        AfterLoadAction::Keep => "files stay once they are loaded".to_owned(),
        AfterLoadAction::Delete => "files are deleted once they are loaded".to_owned(),
        AfterLoadAction::Archive(folder) => format!("files are moved below {folder} once they are loaded"),
    }
}

impl Run<'_> {
    /// Deletes or archives what is loaded. The run has ended well by then: what cannot be done is a warning, and is tried
    /// again by the next run.
    pub(super) async fn retire_loaded(&mut self, observer: &dyn Observer) {
        let pipeline = self.pipeline;
        for channel in &pipeline.channels {
            let Some(action) = pipeline.after_load(&channel.dataset.value) else { continue };
            match self.retire_channel(channel, action).await {
                Ok(Some(retired)) => self.record.after_load.push(retired),
                Ok(None) => {}
                Err(error) => observer.warned(&error),
            }
        }
    }

    async fn retire_channel(
        &self,
        channel: &Channel,
        action: &AfterLoadAction,
    ) -> Result<Option<RetiredExports>, PipelineError> {
        let dataset = &channel.dataset.value;
        let (retirement, verb) = match action {
            AfterLoadAction::Keep => return Ok(None),
            AfterLoadAction::Delete => (Retirement::Delete, "delete"),
            AfterLoadAction::Archive(folder) => (Retirement::Archive(folder.clone()), "archive"),
        };
        let Some(table) = self.lake.table(Zone::Conformed, dataset).await? else { return Ok(None) };
        let listing = listed(self.open, self.pipeline, channel, self.request.days, true, self.now()).await?;
        let mut loaded = Vec::new();
        for file in listing.files.iter().filter(|file| may_be_loaded(&table, file.size)) {
            let sum = block_in_place(|| checksum(file));
            let sum = sum.map_err(|error| PipelineError::Read { path: file.name.clone(), why: error.kind() })?;
            if is_loaded(&table, &sum) {
                loaded.push(RetiredFile { file: file.name.clone(), sha256: sum, bytes: file.size, archived_as: None });
            }
        }
        if loaded.is_empty() {
            return Ok(None);
        }
        // What cannot be written down does not happen.
        let prepared = json!({
            "event": "after_load_prepared", "run": self.request.run, "by": self.request.owner,
            "dataset": dataset, "action": verb, "files": loaded,
        });
        self.lake.audit().append(prepared, self.now()).await?;
        let mut retired =
            RetiredExports { dataset: dataset.clone(), action: verb.to_owned(), files: Vec::new(), kept: Vec::new() };
        for mut file in loaded {
            match listing.origins.retire(&file.file, &file.sha256, &self.open.root, &retirement).await {
                Ok(archived_as) => {
                    file.archived_as = archived_as;
                    retired.files.push(file);
                }
                Err(fault) => retired.kept.push(FileMessage { file: file.file, message: fault.to_string() }),
            }
        }
        let done = json!({ "event": "after_load", "run": self.request.run, "by": self.request.owner, "done": retired });
        self.lake.audit().append(done, self.now()).await?;
        Ok(Some(retired))
    }
}
