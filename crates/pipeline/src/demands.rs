//! What a load is held to beyond the types of its fields: rules that need more than a value, files that a rule stops,
//! thresholds.

use crate::error::PipelineError;
use crate::load::Loading;
use crate::record::{DatasetAccount, FileMessage};
use crate::row_rules;
use crate::thresholds;
use lakewarden_dictionary::{Dataset, OnFailure, StoppedFiles};
use lakewarden_extract::{Discard, ExtractContext, ExtractError, KeySet, RuleInputs, SourceFile, UnreadLog, extract};

impl Loading<'_> {
    /// How a dataset's files are read.
    pub(crate) fn context<'c>(&'c self, dataset: &'c Dataset, rules: &'c RuleInputs) -> ExtractContext<'c> {
        ExtractContext {
            dataset,
            zone: dataset.time_zone.as_ref().and_then(|z| z.value.parse().ok()).unwrap_or(self.zone),
            keys: self.keys,
            as_of: self.as_of,
            now: self.now,
            seed: self.seed,
            batch_rows: 8192,
            rules,
            workers: self.workers,
        }
    }

    /// What a dataset's rules need besides its files. Call it once those that it refers to are loaded.
    ///
    /// # Errors
    /// [`PipelineError::Project`] if a rule does not compile.
    pub(crate) fn rule_inputs(&self, dataset: &Dataset) -> Result<RuleInputs, PipelineError> {
        Ok(RuleInputs {
            rows: row_rules::compile(dataset, self.as_of, self.zone).map_err(PipelineError::Project)?,
            references: self.references.for_dataset(dataset)?,
        })
    }

    /// The files that no rule stops, and the others with the reason, where the dataset wants those set aside. They are
    /// read once more for it: a file is refused whole, and which rows it would have had is known at its end.
    ///
    /// # Errors
    /// Whatever else is wrong with a file.
    pub(crate) fn without_stopped(
        &self,
        dataset: &Dataset,
        files: Vec<SourceFile>,
        rules: &RuleInputs,
        seen: &KeySet,
    ) -> Result<(Vec<SourceFile>, Vec<FileMessage>), PipelineError> {
        if dataset.demands.stopped_files != StoppedFiles::SetAside || !stops_files(dataset) {
            return Ok((files, Vec::new()));
        }
        let context = self.context(dataset, rules);
        let (mut seen, mut sound, mut stopped) = (seen.clone(), Vec::new(), Vec::new());
        for file in files {
            // What a stopped file held was never seen by the next.
            let mut with_this = seen.clone();
            let one = std::slice::from_ref(&file);
            match extract(&context, one, &mut with_this, &mut UnreadLog::default(), &mut Discard, &|_| {}) {
                Ok(_) => {
                    seen = with_this;
                    sound.push(file);
                }
                Err(error @ ExtractError::FileStopped(_)) => {
                    stopped.push(FileMessage { file: file.name, message: error.to_string() });
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok((sound, stopped))
    }

    /// Refuses a load that crosses a threshold, unless somebody has accepted that.
    ///
    /// # Errors
    /// [`PipelineError::Threshold`].
    pub(crate) fn refuse_crossed(&self, account: &mut DatasetAccount) -> Result<(), PipelineError> {
        if self.accept_thresholds.contains(&account.dataset) {
            account.thresholds.iter_mut().for_each(|t| t.accepted = t.crossed);
            return Ok(());
        }
        thresholds::crossed(account, self.reload)
            .map_or(Ok(()), |crossed| Err(PipelineError::Threshold(Box::new(crossed))))
    }
}

fn stops_files(dataset: &Dataset) -> bool {
    let fields = dataset.fields.iter().flat_map(|f| &f.rules).map(|r| r.on_failure);
    fields.chain(dataset.demands.rows.iter().map(|r| r.on_failure)).any(|then| then == OnFailure::StopFile)
}
