//! The last phase of a run before it publishes: the models, each once those it reads are there.

use crate::build::{Built, Readable};
use crate::compile::CompiledModel;
use crate::contract;
use crate::customers::Customers;
use crate::error::PipelineError;
use crate::event_days::{EventDays, EventDaysOf};
use crate::load::{Loading, Totals};
use crate::noise::{self, Turn};
use crate::parallel::{Jobs, run_all};
use crate::record::{ModelAccount, StepKind};
use crate::relations::Relations;
use crate::run::steps::{self, Begun, Steps};
use crate::run::{LEASE, Run};
use crate::system::{self, KnownDataset};
use crate::tables::TableView;
use lakewarden_dictionary::Dataset;
use lakewarden_engine::Engine;
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
        let options = self.open.engine_options();
        let engine = Engine::new(self.lake.store().clone(), options).map_err(PipelineError::of_model("run"))?;
        let views: Vec<(&Dataset, TableView, Totals)> =
            totals.iter().filter_map(|(d, t)| Some((*d, relations.view(&d.name.value)?.clone(), *t))).collect();
        let handle = Handle::current();
        let finder = EventDaysOf {
            engine: &engine,
            as_of: loading.as_of,
            zone: loading.zone,
            minimum_subjects: self.open.project.subjects_of_open_tables(),
        };
        // Finding them reads whole datasets.
        let asked = self.models.iter().flat_map(|m| &m.reads).any(|read| read.starts_with(system::PREFIX));
        let mut known: Vec<KnownDataset<'_>> = Vec::new();
        for (dataset, table, totals) in &views {
            let days = if asked {
                block_in_place(|| handle.block_on(finder.find(dataset, table, relations, customers)))?
            } else {
                EventDays::default()
            };
            known.push(KnownDataset { dataset, table, totals: *totals, days });
        }
        relations.set_system(system::filled(&known, &self.models)?);

        let observer = steps.observer();
        let count = self.models.len();
        let mut builds = Builds {
            handle: &handle,
            clock: self.request.clock,
            run: self.request.run,
            models: &self.models,
            turns: &self.turns,
            needs: needs(&self.models),
            begun: vec![None; count],
            accounts: vec![None; count],
            relations,
            customers,
            steps,
            changes,
            lease,
        };
        let (models, turns) = (&self.models, &self.turns);
        let result = block_in_place(|| {
            run_all(&mut builds, count, loading.workers.clamp(1, AT_ONCE), |job, readable| {
                let (model, turn) = (&models[job], turns.get(job).and_then(Option::as_ref));
                let Some(readable) = readable else { return Ok(None) };
                let progress = |rows| observer.progressed(&model.model.name, 0, rows);
                handle.block_on(loading.build(&engine, model, turn, readable, &progress)).map(Some)
            })
        });
        self.record.models = builds.accounts.into_iter().flatten().collect();
        result
    }
}

impl Builds<'_, '_, '_> {
    fn turn(&self, job: usize) -> Option<&Turn> {
        self.turns.get(job).and_then(Option::as_ref)
    }

    /// Leaves a table as it is published.
    fn kept(&mut self, job: usize) -> Result<ModelAccount, PipelineError> {
        let model = &self.models[job];
        let Some(Turn::Keep(release, view)) = self.turn(job).cloned() else { return Err(PipelineError::Worker) };
        let rows = view.rows();
        self.relations.set(&model.model.name, view.with_schema(contract::schema(&model.table)));
        Ok(ModelAccount {
            table: model.model.name.clone(),
            purpose: model.table.purpose.value.clone(),
            scans: Vec::new(),
            rows,
            people: None,
            suppressed: 0,
            warnings: Vec::new(),
            anonymity: None,
            noise: noise::account(model, Some(&release), true),
            labels: model.labels.clone(),
            lineage: model.uses.clone(),
        })
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
    /// Of those with noise.
    turns: &'r [Option<Turn>],
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
    /// None for a table that stays as it is.
    type Input = Option<Readable>;
    type Output = Option<Built>;

    fn needs(&self, job: usize) -> &[usize] {
        &self.needs[job]
    }

    fn start(&mut self, job: usize) -> Result<Self::Input, PipelineError> {
        let model = &self.models[job];
        self.begun[job] = Some(self.steps.started(StepKind::Model, &model.model.name, None));
        if let Some(Turn::Keep(..)) = self.turn(job) {
            return Ok(None);
        }
        let reads = model.reads.iter().map(String::as_str);
        let relations = self.relations.of(reads, &model.table.purpose.value, self.customers)?;
        let followed = model.table.subject.is_some() && self.needs.iter().any(|needs| needs.contains(&job));
        let followed_by = self.customers.as_ref().filter(|_| followed).map(|c| c.subjects.clone());
        Ok(Some(Readable { relations, followed_by }))
    }

    fn end(&mut self, job: usize, output: Self::Output) -> Result<(), PipelineError> {
        let account = match output {
            Some(Built { staged, account, rows }) => {
                let name = &self.models[job].model.name;
                // Plans are made and proved for nullable columns, whatever the table promises besides.
                let schema = contract::schema(&self.models[job].table);
                self.relations.set(name, TableView::replaced_by(&staged).with_schema(schema));
                if let (Some(customers), Some(rows)) = (self.customers.as_mut(), rows) {
                    customers.rows.insert(name.clone(), Arc::new(rows));
                }
                let own = ("lakewarden.run".to_owned(), json!(self.run.to_string()));
                let release = self.turn(job).map(|turn| turn.release().to_metadata()).transpose()?;
                let info = [own].into_iter().chain(release).collect();
                self.changes.push(Change { staged, mode: Mode::Replace, transactions: Vec::new(), info });
                account
            }
            None => self.kept(job)?,
        };
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
