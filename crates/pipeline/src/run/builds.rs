//! The last phase of a run before it publishes: the models, each once those it reads are there.

use crate::build::{Built, Readable};
use crate::compile::CompiledModel;
use crate::customers::Customers;
use crate::error::PipelineError;
use crate::load::{Loading, Totals};
use crate::parallel::{Jobs, run_all};
use crate::record::{ModelAccount, StepKind};
use crate::relations::Relations;
use crate::run::steps::{self, Begun, Steps};
use crate::run::{LEASE, Run};
use crate::system::{self, KnownDataset};
use crate::tables::TableView;
use lakewarden_dictionary::Dataset;
use lakewarden_engine::{Engine, EngineOptions};
use lakewarden_lake::{Change, Lease, Mode};
use serde_json::json;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::task::block_in_place;
use uuid::Uuid;

/// Models at a time: each spreads over all cores by itself, and waits now and then.
const AT_ONCE: usize = 2;

impl Run<'_> {
    /// Builds and stages every model's table.
    #[expect(clippy::too_many_arguments, reason = "the state of one run, lent for one phase")]
    pub(super) fn build_all(
        &mut self,
        loading: &Loading<'_>,
        relations: &mut Relations<'_>,
        totals: &[(&Dataset, Totals)],
        customers: &mut Option<Customers>,
        steps: &mut Steps<'_>,
        changes: &mut Vec<Change>,
        lease: &mut Lease,
    ) -> Result<(), PipelineError> {
        let mut options = EngineOptions::default();
        if let Some(budget) = self.open.project.settings.memory_budget {
            options.memory = budget;
        }
        let engine = Engine::new(self.lake.store().clone(), options).map_err(PipelineError::of_model("run"))?;
        let views: Vec<(&Dataset, TableView, Totals)> =
            totals.iter().filter_map(|(d, t)| Some((*d, relations.view(&d.name.value)?.clone(), *t))).collect();
        let known: Vec<KnownDataset<'_>> =
            views.iter().map(|(dataset, table, totals)| KnownDataset { dataset, table, totals: *totals }).collect();
        relations.set_system(system::filled(&known, &self.models)?);

        let observer = steps.observer();
        let handle = Handle::current();
        let count = self.models.len();
        let mut builds = Builds {
            handle: &handle,
            clock: self.request.clock,
            run: self.request.run,
            models: &self.models,
            needs: needs(&self.models),
            begun: vec![None; count],
            accounts: vec![None; count],
            relations,
            customers,
            steps,
            changes,
            lease,
        };
        let models = &self.models;
        let result = block_in_place(|| {
            run_all(&mut builds, count, loading.workers.clamp(1, AT_ONCE), |job, readable| {
                let model = &models[job];
                let progress = |rows| observer.progressed(&model.model.name, 0, rows);
                handle.block_on(loading.build(&engine, model, readable, &progress))
            })
        });
        self.record.models = builds.accounts.into_iter().flatten().collect();
        result
    }
}

/// By model: those that it reads.
fn needs(models: &[CompiledModel]) -> Vec<Vec<usize>> {
    let at = |name: &str| models.iter().position(|m| m.model.name == name);
    models.iter().map(|m| m.reads.iter().filter_map(|name| at(name)).collect()).collect()
}

struct Builds<'r, 's, 'o> {
    handle: &'r Handle,
    clock: &'r (dyn Fn() -> chrono::DateTime<chrono::Utc> + Sync),
    run: Uuid,
    models: &'r [CompiledModel],
    needs: Vec<Vec<usize>>,
    begun: Vec<Option<Begun>>,
    accounts: Vec<Option<ModelAccount>>,
    relations: &'r mut Relations<'s>,
    customers: &'r mut Option<Customers>,
    steps: &'r mut Steps<'o>,
    changes: &'r mut Vec<Change>,
    lease: &'r mut Lease,
}

impl Jobs for Builds<'_, '_, '_> {
    type Input = Readable;
    type Output = Built;

    fn needs(&self, job: usize) -> &[usize] {
        &self.needs[job]
    }

    fn start(&mut self, job: usize) -> Result<Readable, PipelineError> {
        let model = &self.models[job];
        self.begun[job] = Some(self.steps.started(StepKind::Model, &model.model.name, None));
        let reads = model.reads.iter().map(String::as_str);
        let relations = self.relations.of(reads, &model.table.purpose.value, self.customers);
        let followed = model.table.subject.is_some() && self.needs.iter().any(|needs| needs.contains(&job));
        let followed_by = self.customers.as_ref().filter(|_| followed).map(|c| c.subjects.clone());
        Ok(Readable { relations, followed_by })
    }

    fn end(&mut self, job: usize, built: Built) -> Result<(), PipelineError> {
        let Built { staged, account, rows } = built;
        let name = &self.models[job].model.name;
        self.relations.set(name, TableView::replaced_by(&staged));
        if let (Some(customers), Some(rows)) = (self.customers.as_mut(), rows) {
            customers.rows.insert(name.clone(), Arc::new(rows));
        }
        let info = [("lakewarden.run".to_owned(), json!(self.run.to_string()))].into_iter().collect();
        self.changes.push(Change { staged, mode: Mode::Replace, transactions: Vec::new(), info });
        if let Some(begun) = self.begun[job] {
            self.steps.ended(begun, steps::of_model(&account));
        }
        self.accounts[job] = Some(account);
        Ok(())
    }

    fn alive(&mut self) -> Result<(), PipelineError> {
        Ok(self.handle.block_on(self.lease.renew((self.clock)(), LEASE))?)
    }
}
