//! The first phase of a run: all datasets, several at a time.

use crate::error::PipelineError;
use crate::load::{Arrivals, Loaded, Loading, Totals};
use crate::parallel::{Jobs, run_all};
use crate::people::People;
use crate::record::{DatasetAccount, StepKind};
use crate::references;
use crate::relations::Relations;
use crate::run::steps::{self, Begun, Steps};
use crate::run::{LEASE, Run};
use lakewarden_dictionary::Dataset;
use lakewarden_lake::{Change, Lease};
use std::sync::Mutex;
use tokio::runtime::Handle;
use tokio::task::block_in_place;

/// Datasets at a time: while one waits for its reader (to inflate, to parse JSON), another converts. More of them
/// would hold more batches in memory and gain nothing, for each converts on all cores.
const AT_ONCE: usize = 4;

/// How many datasets are loaded at a time by so many workers.
pub(super) fn at_once(workers: usize) -> usize {
    workers.clamp(1, AT_ONCE)
}

/// What the run knows of each dataset afterwards, in the pipeline's order.
pub type LoadedTotals<'d> = Vec<(&'d Dataset, Totals)>;

impl<'a> Run<'a> {
    /// Loads what has arrived, and gathers who the rows are about.
    #[expect(clippy::too_many_arguments, reason = "the state of one run, lent for one phase")]
    pub(super) fn load_all(
        &mut self,
        loading: &Loading<'_>,
        arrivals: Vec<Arrivals<'a>>,
        people: Option<People>,
        relations: &mut Relations<'_>,
        steps: &mut Steps<'_>,
        changes: &mut Vec<Change>,
        lease: &mut Lease,
    ) -> Result<(Option<People>, LoadedTotals<'a>), PipelineError> {
        let observer = steps.observer();
        let handle = Handle::current();
        let people = people.map(Mutex::new);
        let count = arrivals.len();
        let arriving: Vec<&Dataset> = arrivals.iter().map(|a| a.dataset).collect();
        let mut loads = Loads {
            handle: &handle,
            clock: self.request.clock,
            datasets: arrivals.iter().map(|a| a.dataset).collect(),
            arrivals: arrivals.into_iter().map(Some).collect(),
            needs: references::needs(&arriving),
            begun: vec![None; count],
            loaded: (0..count).map(|_| None).collect(),
            relations,
            steps,
            changes,
            lease,
        };
        let width = at_once(loading.workers);
        let result = block_in_place(|| {
            run_all(&mut loads, count, width, |_, arrivals| {
                handle.block_on(loading.load(arrivals, people.as_ref(), observer))
            })
        });
        let mut totals = Vec::with_capacity(count);
        for (account, dataset, total) in loads.loaded.into_iter().flatten() {
            self.record.datasets.push(account);
            totals.push((dataset, total));
        }
        result?;
        let people = people.map(|people| people.into_inner().map_err(|_| PipelineError::Worker)).transpose()?;
        Ok((people, totals))
    }
}

struct Loads<'r, 'a, 's, 'o> {
    handle: &'r Handle,
    clock: &'r (dyn Fn() -> chrono::DateTime<chrono::Utc> + Sync),
    datasets: Vec<&'a Dataset>,
    arrivals: Vec<Option<Arrivals<'a>>>,
    /// By dataset: those that it refers to.
    needs: Vec<Vec<usize>>,
    begun: Vec<Option<Begun>>,
    loaded: Vec<Option<(DatasetAccount, &'a Dataset, Totals)>>,
    relations: &'r mut Relations<'s>,
    steps: &'r mut Steps<'o>,
    changes: &'r mut Vec<Change>,
    lease: &'r mut Lease,
}

impl<'a> Jobs for Loads<'_, 'a, '_, '_> {
    type Input = Arrivals<'a>;
    type Output = Loaded;

    fn needs(&self, job: usize) -> &[usize] {
        &self.needs[job]
    }

    fn start(&mut self, job: usize) -> Result<Arrivals<'a>, PipelineError> {
        let arrivals = self.arrivals[job].take().ok_or(PipelineError::Worker)?;
        // The size of what a database gives is not known.
        let total = Some(arrivals.new.iter().map(|f| f.size).sum()).filter(|size| *size > 0);
        self.begun[job] = Some(self.steps.started(StepKind::Extract, &arrivals.dataset.name.value, total));
        Ok(arrivals)
    }

    fn end(&mut self, job: usize, loaded: Loaded) -> Result<(), PipelineError> {
        let dataset = self.datasets[job];
        self.relations.set(&dataset.name.value, loaded.table);
        self.changes.extend(loaded.changes);
        if let Some(begun) = self.begun[job] {
            self.steps.ended(begun, steps::of_dataset(&loaded.account));
        }
        self.loaded[job] = Some((loaded.account, dataset, loaded.totals));
        Ok(())
    }

    fn alive(&mut self) -> Result<(), PipelineError> {
        Ok(self.handle.block_on(self.lease.renew((self.clock)(), LEASE))?)
    }
}
