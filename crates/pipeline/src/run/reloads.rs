//! Files and databases that a run is asked to load again.

use crate::arrivals::listed;
use crate::error::PipelineError;
use crate::ledger::LedgerLine;
use crate::load::{Arrivals, Arriving};
use crate::record::ReplacementCause;
use crate::reload::ReloadScope;
use crate::run::Run;
use lakewarden_dictionary::{AfterLoadAction, Channel, Database, Dataset};
use lakewarden_extract::SourceFile;
use lakewarden_source::{Archive, Surroundings};
use serde_json::json;

impl<'a> Run<'a> {
    /// What of a dataset is to be loaded again; `None` for nothing.
    pub(super) fn reload_scope(&self, dataset: &str) -> Option<ReloadScope> {
        self.request.reload.and_then(|reload| reload.scope(dataset))
    }

    /// Refuses datasets to reload that the pipeline does not load.
    ///
    /// # Errors
    /// [`PipelineError::UnknownReload`].
    pub(super) fn check_reloads(&self) -> Result<(), PipelineError> {
        let known: Vec<String> = self.pipeline.channels.iter().map(|channel| channel.dataset.value.clone()).collect();
        self.request.reload.map_or(Ok(()), |reload| reload.check_datasets(&known))
    }

    /// Finds the files of a channel that are to be loaded again, and those that are new.
    pub(super) async fn arrivals_again(
        &self,
        arriving: &Arriving<'_>,
        dataset: &'a Dataset,
        channel: &Channel,
        scope: &ReloadScope,
    ) -> Result<Arrivals<'a>, PipelineError> {
        // That files are gone is said with their names.
        let listing = listed(self.open, self.pipeline, channel, self.request.days, true, self.now()).await?;
        let archive = match self.pipeline.after_load(&dataset.name.value) {
            Some(AfterLoadAction::Archive(folder)) => Some(folder.as_str()),
            Some(AfterLoadAction::Keep | AfterLoadAction::Delete) | None => None,
        };
        let archived = async |line: &LedgerLine| self.archived(channel, archive, line).await;
        arriving.files_again(dataset, listing, scope, archived).await
    }

    /// Finds what a database has, all of it.
    pub(super) async fn database_again(
        &self,
        arriving: &Arriving<'_>,
        dataset: &'a Dataset,
        database: &Database,
        scope: &ReloadScope,
    ) -> Result<Arrivals<'a>, PipelineError> {
        if let Some(file) = scope.files.first() {
            return Err(PipelineError::UnknownReload {
                word: format!("{}/{file}", dataset.name.value),
                expected: "a file: the dataset is read from a database".to_owned(),
                known: vec![dataset.name.value.clone()],
            });
        }
        arriving.database(dataset, database, &self.open.root, true).await
    }

    /// The loaded file in the archive, with the name that it was loaded under.
    async fn archived(
        &self,
        channel: &Channel,
        archive: Option<&str>,
        line: &LedgerLine,
    ) -> Result<Option<SourceFile>, PipelineError> {
        let Some(folder) = archive.filter(|_| !line.file.file.is_empty()) else { return Ok(None) };
        let archive =
            Archive { root: &self.open.root, dataset: &channel.dataset.value, pattern: &channel.files.value, folder };
        let around = Surroundings::of_process(self.now());
        Ok(archive.find(&line.file.file, &line.file.sha256, line.file.bytes, &around).await?)
    }

    /// Writes down whose rows are replaced, by whom, and what the accounts were before and are after, before anything is
    /// published.
    ///
    /// # Errors
    /// Those of the lake.
    pub(super) async fn note_replaced(&self) -> Result<(), PipelineError> {
        for dataset in &self.record.datasets {
            let Some(replacement) = &dataset.replacement else { continue };
            let event = match replacement.cause {
                ReplacementCause::Reload => "reload",
                ReplacementCause::Snapshot => "snapshot replaced",
            };
            let event = json!({
                "event": event,
                "run": self.request.run,
                "by": self.request.owner,
                "dataset": dataset.dataset,
                "loaded": dataset.files,
                "replacement": replacement,
            });
            self.lake.audit().append(event, self.now()).await?;
        }
        Ok(())
    }
}
