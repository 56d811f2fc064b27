//! The part of a run that marks rows, and what it says of thresholds.

use crate::anomalies;
use crate::error::PipelineError;
use crate::load::Loading;
use crate::relations::Relations;
use crate::run::{LEASE, Run};
use crate::tables::TableView;
use lakewarden_dictionary::Dataset;
use lakewarden_engine::Engine;
use lakewarden_lake::{Change, Lease, Mode};
use serde_json::json;

impl Run<'_> {
    /// Marks the rows of every channel that has anomaly rules, anew: later rows tell about earlier ones.
    pub(super) async fn mark_all(
        &mut self,
        loading: &Loading<'_>,
        relations: &mut Relations<'_>,
        changes: &mut Vec<Change>,
        lease: &mut Lease,
    ) -> Result<(), PipelineError> {
        let tables: Vec<(&Dataset, &Dataset)> = anomalies::tables(&self.open.project, self.pipeline).collect();
        if tables.is_empty() {
            return Ok(());
        }
        let options = self.open.engine_options();
        let engine = Engine::new(self.lake.store().clone(), options).map_err(PipelineError::of_model("run"))?;
        for (dataset, table) in tables {
            let Some(rows) = relations.view(&dataset.name.value).cloned() else { continue };
            lease.renew(self.now(), LEASE).await?;
            let marked = loading.mark(&engine, dataset, table, &rows).await?;
            relations.set(&table.name.value, TableView::replaced_by(&marked.staged));
            let info = [("lakewarden.run".to_owned(), json!(self.request.run.to_string()))].into_iter().collect();
            changes.push(Change { staged: marked.staged, mode: Mode::Replace, transactions: Vec::new(), info });
            let account = self.record.datasets.iter_mut().find(|d| d.dataset == dataset.name.value);
            if let Some(account) = account {
                account.anomalies = marked.accounts;
            }
        }
        Ok(())
    }

    /// Refuses names in `accept_thresholds` that accept nothing.
    ///
    /// # Errors
    /// [`PipelineError::NoThresholds`].
    pub(super) fn known_thresholds(&self) -> Result<(), PipelineError> {
        let channels = self.pipeline.channels.iter().filter_map(|c| self.open.project.dataset(&c.dataset.value));
        let known: Vec<String> = channels.map(|d| d.name.value.clone()).collect();
        match self.request.accept_thresholds.iter().find(|name| !known.contains(name)) {
            Some(name) => Err(PipelineError::NoThresholds { name: name.clone(), known }),
            None => Ok(()),
        }
    }

    /// Writes down who accepted that thresholds are crossed, before anything is published.
    ///
    /// # Errors
    /// Those of the lake.
    pub(super) async fn note_accepted(&self) -> Result<(), PipelineError> {
        for dataset in &self.record.datasets {
            let accepted: Vec<_> = dataset.thresholds.iter().filter(|t| t.accepted).collect();
            if accepted.is_empty() {
                continue;
            }
            let event = json!({
                "event": "thresholds accepted",
                "run": self.request.run,
                "by": self.request.owner,
                "dataset": dataset.dataset,
                "thresholds": accepted,
            });
            self.lake.audit().append(event, self.now()).await?;
        }
        Ok(())
    }
}
