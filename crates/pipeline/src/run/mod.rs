//! A run: load, recognise, build, prove, publish.

mod after_load;
mod builds;
mod descriptions;
mod loads;
mod marks;
mod reloads;
mod steps;
mod stop;

pub(crate) use after_load::{describe_retirement, may_be_empty};

use crate::arrivals::{listed, refuse_no_days};
use crate::compile::{CompiledModel, compile};
use crate::customer_view::CustomerView;
use crate::customers::Customers;
use crate::declared::{Survey, refuse};
use crate::error::PipelineError;
use crate::events;
use crate::evidence;
use crate::judgement::Judgement;
use crate::key_place;
use crate::ledger;
use crate::load::{Arrivals, Arriving, Loading};
use crate::noise::{self, Turn};
use crate::observe::Observer;
use crate::people::People;
use crate::people_count::note_people;
use crate::project::OpenProject;
use crate::project_consent;
use crate::quarantine;
use crate::record::{
    Counts, Days, Failure, KeyFacts, Outcome, PublishedTable, RunRecord, Step, StepKind, WithoutSubject,
};
use crate::references::References;
use crate::relations::{CUSTOMERS, Relations};
use crate::reload::ReloadRequest;
use crate::run::steps::Steps;
use crate::vacuum::{self, Vacuuming};
use chrono::{DateTime, TimeDelta, Utc};
use lakewarden_dictionary::{Pipeline, Severity};
use lakewarden_lake::{
    AuditHead, Change, HEAD_KEY, Lake, LakeError, Lease, Publication, Recovery, Severity as Weight, Zone,
};
use lakewarden_policy::Knowledge;
use lakewarden_privacy::KeyRing;
use lakewarden_source::Window;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use uuid::Uuid;

pub use stop::{StopSwitch, Stopped};

/// How long a run may go without a sign of life before another may take its place.
pub(crate) const LEASE: TimeDelta = TimeDelta::minutes(15);

/// What a run is asked to do, and the clock, ids and randomness it may use.
pub struct Request<'a> {
    /// The pipeline; the only one there is if absent.
    pub pipeline: Option<&'a str>,
    /// The lake, instead of the project's.
    pub lake: Option<&'a str>,
    /// The instant of the run's data; now if absent. People are judged as of now.
    pub as_of: Option<DateTime<Utc>>,
    /// The days whose files are looked at; all if absent. Channels that name no day are read whole.
    pub days: Option<Window>,
    /// Whether people are to be judged by the consent known at that instant instead: a replay, which the project must
    /// permit for the purposes of all tables.
    pub consent: Knowledge,
    /// The clock.
    pub clock: &'a (dyn Fn() -> DateTime<Utc> + Sync),
    /// The run's id, new for each.
    pub run: Uuid,
    /// Seed of hash sets.
    pub seed: u64,
    /// Who runs it, as shown to others who want the lake meanwhile.
    pub owner: &'a str,
    /// Whether to take the lake from a run that holds it: for one that was killed and can no longer give it back.
    pub take_over: bool,
    /// Datasets whose thresholds may be crossed this time.
    pub accept_thresholds: &'a [String],
    /// Datasets and files to load again: their rows replace those that the lake has of them.
    pub reload: Option<&'a ReloadRequest>,
}

/// A run that ended well.
pub struct Ran {
    /// What it did.
    pub record: RunRecord,
    /// The customers as it published them; `None` if the pipeline recognises none, or nothing was to be done.
    pub customers: Option<Customers>,
}

/// Runs a pipeline. A run that fails leaves the lake's tables as they were, and is recorded as well.
///
/// # Errors
/// Whatever kept it from publishing.
pub async fn run(
    open: &OpenProject,
    keys: &KeyRing,
    request: &Request<'_>,
    observer: &dyn Observer,
) -> Result<Ran, PipelineError> {
    run_on(open, keys, request, None, observer).await
}

/// Runs a pipeline on a lake that the caller has opened, on a store of its own say; on the project's if absent.
///
/// # Errors
/// As [`run`].
pub async fn run_on(
    open: &OpenProject,
    keys: &KeyRing,
    request: &Request<'_>,
    lake: Option<&Lake>,
    observer: &dyn Observer,
) -> Result<Ran, PipelineError> {
    let pipeline = open.pipeline(request.pipeline)?;
    let errors: Vec<_> = open.problems.iter().filter(|p| p.severity == Severity::Error).cloned().collect();
    if !errors.is_empty() {
        return Err(PipelineError::Project(errors));
    }
    let (models, problems) = compile(open, pipeline).await?;
    if problems.iter().any(|p| p.severity == Severity::Error) {
        return Err(PipelineError::Project(problems));
    }
    refuse_no_days(pipeline, request.days)?;
    key_place::refuse_inside_lake(&open.root, &open.project.settings, request.lake)?;
    let lake = match lake {
        Some(lake) => lake.clone(),
        None => Lake::open(&open.lake_url(request.lake)?)?,
    };
    let started = (request.clock)();
    let as_of = request.as_of.unwrap_or(started);
    let tables = models.iter().filter_map(|m| open.project.table(&m.model.name));
    let purposes = tables.map(|table| table.purpose.value.as_str());
    let judgement = Judgement::decide(&open.project, request.consent, as_of, started, purposes)?;
    lake.check_store(request.run, started).await?;
    let owner = format!("{}, run {}", request.owner, request.run);
    let mut run = Run::new(open, pipeline, models, keys, request, &lake, started, judgement);
    // Before the lease is taken: a signal right after that must find the owner to release it for.
    if let Some(switch) = observer.stop_switch() {
        switch.arm(&lake, &owner, &run.record).await;
    }
    let lease = match request.take_over {
        true => lake.take_over_lease(&owner, started, LEASE).await,
        false => lake.lease(&owner, started, LEASE).await,
    };
    let lease = match lease {
        Ok(lease) => lease,
        Err(error) => {
            if let Some(switch) = observer.stop_switch() {
                switch.disarm().await;
            }
            return Err(error.into());
        }
    };
    let result = run.carry_out(lease, observer).await;
    if let Some(switch) = observer.stop_switch() {
        switch.disarm().await;
    }
    run.record.millis = u64::try_from(((request.clock)() - started).num_milliseconds()).unwrap_or(0);
    match result {
        Ok(customers) => Ok(Ran { record: run.record, customers }),
        Err(error) => {
            run.record.outcome = Outcome::Failed;
            run.record.publication.clear();
            run.record.failure =
                Some(Failure { code: error.code().to_owned(), message: error.to_string(), hint: error.hint() });
            // Whether or not it could be written down, why the run failed is what matters.
            if let Err(unwritten) = run.note("failed").await {
                observer.warned(&unwritten);
            }
            observer.failed(&run.record);
            Err(error)
        }
    }
}

struct Run<'a> {
    open: &'a OpenProject,
    pipeline: &'a Pipeline,
    models: Vec<CompiledModel>,
    /// Of each model with noise: whether its table is published or kept. Known once the run has begun.
    turns: Vec<Option<Turn>>,
    keys: &'a KeyRing,
    request: &'a Request<'a>,
    lake: &'a Lake,
    as_of: DateTime<Utc>,
    judgement: Judgement,
    record: RunRecord,
}

impl<'a> Run<'a> {
    #[expect(clippy::too_many_arguments, reason = "the state of one run, put together once")]
    fn new(
        open: &'a OpenProject,
        pipeline: &'a Pipeline,
        models: Vec<CompiledModel>,
        keys: &'a KeyRing,
        request: &'a Request<'a>,
        lake: &'a Lake,
        started: DateTime<Utc>,
        judgement: Judgement,
    ) -> Self {
        let as_of = judgement.as_of;
        let record = RunRecord {
            run: request.run,
            project: open.project.settings.project.clone(),
            pipeline: pipeline.name.value.clone(),
            started,
            millis: 0,
            as_of,
            judged_at: judgement.judged_at(),
            consent: judgement.knowledge.into(),
            days: request.days.map(|days| Days { from: days.from, to: days.to }),
            outcome: Outcome::Unchanged,
            dictionary: open.fingerprint.clone(),
            key: KeyFacts::of(keys),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            steps: Vec::new(),
            datasets: Vec::new(),
            identity: None,
            models: Vec::new(),
            publication: Vec::new(),
            inputs: BTreeMap::new(),
            without_subject: WithoutSubject::of_pipeline(&open.project, pipeline),
            declaration_changes: Vec::new(),
            announced: None,
            after_load: Vec::new(),
            vacuum: None,
            failure: None,
        };
        Self { open, pipeline, models, turns: Vec::new(), keys, request, lake, as_of, judgement, record }
    }

    fn now(&self) -> DateTime<Utc> {
        (self.request.clock)()
    }

    async fn carry_out(
        &mut self,
        mut lease: Lease,
        observer: &dyn Observer,
    ) -> Result<Option<Customers>, PipelineError> {
        let mut changes = Vec::new();
        let result = self.work(&mut changes, &mut lease, observer).await;
        if result.is_err() {
            for change in changes {
                // Files that stay because the store does not answer are `Lake::orphans`.
                let _ = self.lake.discard(change.staged).await;
            }
        }
        // A lease that cannot be given back ends by itself; what was published stays published.
        let _ = lease.release().await;
        result
    }

    /// `changes` are what is staged and not published, whether it fails or not.
    async fn work(
        &mut self,
        changes: &mut Vec<Change>,
        lease: &mut Lease,
        observer: &dyn Observer,
    ) -> Result<Option<Customers>, PipelineError> {
        settle(self.lake, self.request.clock).await?;
        if self.judgement.is_replay() {
            self.audit_replay().await?;
        }
        let previous = self.previous().await?;
        self.refuse_cut_log(previous.as_ref()).await?;
        for model in &self.models {
            let turn = noise::turn(self.lake, model, self.as_of, self.open.zone(), previous.as_ref()).await?;
            self.turns.push(turn);
        }
        self.known_thresholds()?;
        self.check_reloads()?;
        let arrivals = self.arrivals().await?;
        self.record.inputs =
            arrivals.iter().filter_map(|a| Some((a.dataset.name.value.clone(), a.version()?))).collect();
        self.compare_declarations(&arrivals).await?;
        let project = &self.open.project;
        let mut people = self.pipeline.identity.as_ref().map(|rules| People::new(project, rules, &self.judgement));
        project_consent::refuse_undeclared_logs(project, self.pipeline, self.lake).await?;
        if let Some(people) = &mut people {
            let others = project_consent::of_other_pipelines(project, self.pipeline, people);
            let today = KeyFacts::of(self.keys);
            let versions =
                project_consent::note(people, self.open, self.pipeline, &others, self.lake, Some(&today)).await?;
            self.record.inputs.extend(versions);
        }
        if arrivals.iter().all(Arrivals::nothing_to_do) && self.nothing_else_changed(&previous).await? {
            self.record.datasets = arrivals.into_iter().filter_map(Arrivals::remarks).collect();
            self.retire_loaded(observer).await;
            self.remove_old_versions(lease, observer).await;
            return Ok(None);
        }
        let room = self.open.key_room(self.keys, self.request.seed);
        let references = References::of(self.lake, &arrivals, self.request.seed, &room).await?;
        let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let loading = Loading {
            lake: self.lake,
            keys: self.keys,
            open: self.open,
            zone: self.open.zone(),
            as_of: self.as_of,
            now: self.record.started,
            run: self.request.run,
            seed: self.request.seed,
            room: &room,
            writing: self.open.writer_memory(loads::at_once(threads).min(arrivals.len())),
            workers: threads,
            references: &references,
            accept_thresholds: self.request.accept_thresholds,
            reload: self.request.reload,
        };
        let mut relations = Relations::declared(self.open, self.pipeline, self.judgement.at);
        let looked_up = self.looked_up();
        for dataset in project.datasets.iter().filter(|d| looked_up.contains(d.name.value.as_str())) {
            if dataset.demands.marks_rows_of.is_none() {
                people.iter_mut().for_each(|people| people.follow(dataset));
            }
        }
        let mut steps = Steps::new(self.request.clock, observer);
        let result = self.build(&loading, arrivals, people, &mut relations, &mut steps, changes, lease).await;
        self.record.steps = steps.into_ended();
        let mut customers = result?;
        if let (Some(account), Some(customers)) = (&mut self.record.identity, &mut customers) {
            account.consent = customers.decision_counts();
        }
        if let Some(customers) = &customers {
            note_people(&mut self.record.datasets, customers);
        }
        self.describe_tables(changes, previous.as_ref()).await?;
        self.publish(changes, lease, observer).await?;
        Ok(customers)
    }

    #[expect(clippy::too_many_arguments, reason = "the state of one run, lent for one phase")]
    async fn build(
        &mut self,
        loading: &Loading<'_>,
        arrivals: Vec<Arrivals<'a>>,
        people: Option<People>,
        relations: &mut Relations<'_>,
        steps: &mut Steps<'_>,
        changes: &mut Vec<Change>,
        lease: &mut Lease,
    ) -> Result<Option<Customers>, PipelineError> {
        let (people, totals) = self.load_all(loading, arrivals, people, relations, steps, changes, lease)?;
        self.mark_all(loading, relations, changes, lease).await?;
        let mut customers = self.recognise(loading, people, relations, steps, changes).await?;
        self.build_all(loading, relations, &totals, &mut customers, steps, changes, lease)?;
        Ok(customers)
    }

    /// The datasets whose rows' customers models ask for: those that they read, and those that say which customers a
    /// purpose may know of.
    fn looked_up(&self) -> BTreeSet<&str> {
        let mut names: BTreeSet<&str> = self.models.iter().flat_map(|m| &m.reads).map(String::as_str).collect();
        for model in self.models.iter().filter(|m| m.reads.iter().any(|r| r == CUSTOMERS)) {
            let view = CustomerView::for_purpose(&self.open.project, self.pipeline, &model.table.purpose.value);
            names.extend(view.looked_up().iter().map(|d| d.name.value.as_str()));
        }
        names
    }

    /// What has arrived in each channel.
    async fn arrivals(&self) -> Result<Vec<Arrivals<'a>>, PipelineError> {
        let arriving = Arriving {
            lake: self.lake,
            keys: self.keys,
            settings: &self.open.project.settings,
            zone: self.open.zone(),
            as_of: self.as_of,
            now: self.record.started,
        };
        let mut all = Vec::new();
        for channel in &self.pipeline.channels {
            let Some(dataset) = self.open.project.dataset(&channel.dataset.value) else { continue };
            let again = self.reload_scope(&dataset.name.value);
            if let Some(database) = &channel.database {
                all.push(match &again {
                    Some(scope) => self.database_again(&arriving, dataset, database, scope).await?,
                    None => arriving.database(dataset, database, &self.open.root, false).await?,
                });
                continue;
            }
            if let Some(scope) = &again {
                all.push(self.arrivals_again(&arriving, dataset, channel, scope).await?);
                continue;
            }
            let may_be_empty = may_be_empty(self.lake, self.pipeline, channel).await?;
            let listing =
                listed(self.open, self.pipeline, channel, self.request.days, may_be_empty, self.now()).await?;
            all.push(arriving.files(dataset, listing).await?);
        }
        Ok(all)
    }

    /// Notes what changed in the declarations of the pipeline's datasets since their rows were stored.
    ///
    /// # Errors
    /// [`PipelineError::DeclarationChanged`] for what must be resolved before anything is made of those rows.
    async fn compare_declarations(&mut self, arrivals: &[Arrivals<'_>]) -> Result<(), PipelineError> {
        let survey = Survey { lake: self.lake, zone: self.open.zone(), keys: Some(self.keys) };
        let mut changes = Vec::new();
        // Rows that are all replaced in this run need not mean the same.
        for arrivals in arrivals.iter().filter(|arrivals| !arrivals.replaces_all()) {
            changes.extend(survey.changes(arrivals.dataset, arrivals.published()).await?);
        }
        self.record.declaration_changes = changes;
        refuse(&self.record.declaration_changes)
    }

    async fn recognise(
        &mut self,
        loading: &Loading<'_>,
        people: Option<People>,
        relations: &mut Relations<'_>,
        steps: &mut Steps<'_>,
        changes: &mut Vec<Change>,
    ) -> Result<Option<Customers>, PipelineError> {
        let (Some(people), Some(_)) = (people, &self.pipeline.identity) else { return Ok(None) };
        let begun = steps.started(StepKind::Identity, CUSTOMERS, None);
        let (customers, account, own) = loading.recognise(self.pipeline, people, relations).await?;
        relations.set(CUSTOMERS, customers.table.clone());
        changes.extend(own);
        let step = Step {
            kind: StepKind::Identity,
            name: CUSTOMERS.to_owned(),
            millis: 0,
            rows_in: account.tokens.values().sum(),
            rows_out: account.customers,
            losses: Counts::new(),
        };
        steps.ended(begun, step);
        self.record.identity = Some(account);
        Ok(Some(customers))
    }

    async fn publish(
        &mut self,
        changes: &mut Vec<Change>,
        lease: &mut Lease,
        observer: &dyn Observer,
    ) -> Result<(), PipelineError> {
        let _unstoppable = match observer.stop_switch() {
            Some(switch) => Some(switch.publish().await),
            None => None,
        };
        let mut steps = Steps::new(self.request.clock, observer);
        let begun = steps.started(StepKind::Publish, "lake", None);
        let written: Vec<(String, String, u64, u64, u64)> = changes
            .iter()
            .map(|c| {
                let bytes = c.staged.files.iter().map(|f| f.size).sum();
                (c.staged.zone.to_string(), c.staged.name.clone(), c.staged.rows, c.staged.files.len() as u64, bytes)
            })
            .collect();
        // Lineage and the audit record come first: what cannot be written down is not published.
        let events = events::of_run(&self.record, self.open, &self.models, self.lake, self.now())?;
        self.note_accepted().await?;
        self.note_replaced().await?;
        let announced = self.note("prepared").await?;
        self.lake.append_lineage(self.request.run, &events).await?;
        for change in changes.iter_mut() {
            change.info.insert(HEAD_KEY.to_owned(), json!(announced));
        }
        self.record.announced = Some(announced);
        // Not merely looked at: the last model may have taken longer than the lease, and nobody have taken it.
        lease.renew(self.now(), LEASE).await?;
        let publication = Publication { id: self.request.run, at: self.now(), changes: changes.clone() };
        let published = self.lake.publish(publication).await;
        if matches!(published, Ok(_) | Err(LakeError::PublicationPending { .. })) {
            // Their files are the lake's now, or will be once the decided publication is completed.
            changes.clear();
        }
        let published = published?;
        for table in published.iter().filter(|p| p.zone == Zone::Conformed) {
            if let Some(version) = self.record.inputs.get_mut(&table.name) {
                *version = table.version;
            } else if self.pipeline.channels.iter().any(|channel| channel.dataset.value == table.name) {
                self.record.inputs.insert(table.name.clone(), table.version);
            }
        }
        if let Err(unswept) = quarantine::sweep(self.lake, &published).await {
            // The next run does it.
            observer.warned(&unswept);
        }
        ledger::fold(self.lake, &published, observer).await;
        self.record.publication = written
            .into_iter()
            .map(|(zone, table, rows, files, bytes)| {
                let version =
                    published.iter().find(|p| p.zone.to_string() == zone && p.name == table).map_or(-1, |p| p.version);
                PublishedTable { zone, table, version, rows, files, bytes }
            })
            .collect();
        self.record.outcome = Outcome::Published;
        self.retire_loaded(observer).await;
        self.remove_old_versions(lease, observer).await;
        let rows = self.record.publication.iter().map(|p| p.rows).sum();
        let step = Step {
            kind: StepKind::Publish,
            name: "lake".to_owned(),
            millis: 0,
            rows_in: rows,
            rows_out: rows,
            losses: Counts::new(),
        };
        steps.ended(begun, step);
        self.record.steps.extend(steps.into_ended());
        self.record.millis = u64::try_from((self.now() - self.record.started).num_milliseconds()).unwrap_or(0);
        self.note("published").await?;
        if let Some(switch) = observer.stop_switch() {
            switch.disarm().await;
        }
        Ok(())
    }

    /// Removes versions of tables that are no longer current. The run has ended well by then: what cannot be done is a
    /// warning, and is tried again by the next run.
    async fn remove_old_versions(&mut self, lease: &mut Lease, observer: &dyn Observer) {
        let by = json!({ "run": self.request.run, "by": self.request.owner });
        let kept = vacuum::kept_versions(&self.open.project.settings, false, self.now());
        let vacuuming = Vacuuming { lake: self.lake, kept, clock: self.request.clock, by: &by };
        match vacuuming.remove(lease).await {
            Ok(removed) => self.record.vacuum = Some(removed).filter(|removed| !removed.is_empty()),
            Err(error) => observer.warned(&error),
        }
    }

    /// Refuses to add to an audit log that lost its end: the new records would take the numbers of the lost ones.
    async fn refuse_cut_log(&self, previous: Option<&RunRecord>) -> Result<(), PipelineError> {
        let log = self.lake.audit();
        log.check_end().await?;
        let head = previous.and_then(|run| run.announced.as_ref()?.parse::<AuditHead>().ok());
        let Some(head) = head else { return Ok(()) };
        if log.has(&head).await? {
            return Ok(());
        }
        let found = evidence::examine(self.lake, None).await?.findings;
        match found.into_iter().find(|finding| finding.severity == Weight::Error) {
            Some(finding) => Err(PipelineError::Evidence(Box::new(finding))),
            None => Ok(()),
        }
    }

    /// The last run of this pipeline that published.
    async fn previous(&self) -> Result<Option<RunRecord>, PipelineError> {
        let records = self.lake.runs(200).await?;
        Ok(records
            .into_iter()
            .filter_map(|r| serde_json::from_value::<RunRecord>(r.record).ok())
            .filter(|r| r.pipeline == self.record.pipeline && r.outcome == Outcome::Published)
            .max_by_key(|r| r.started))
    }

    async fn nothing_else_changed(&self, previous: &Option<RunRecord>) -> Result<bool, PipelineError> {
        let same = |p: &&RunRecord| {
            p.dictionary == self.record.dictionary
                && p.as_of == self.as_of
                && Judgement::is_same_day(p, self.judgement.at, self.open.zone())
                && p.consent == self.record.consent
                && p.version == self.record.version
                // Records that left quarantine since are new rows.
                && p.inputs == self.record.inputs
        };
        let Some(previous) = previous.as_ref().filter(same) else { return Ok(false) };
        // A run that was killed after it had published, before it could say so, has no record; its tables name it.
        let id = previous.run.to_string();
        for (model, turn) in self.models.iter().zip(&self.turns) {
            // What is kept is as it should be, whichever run has published it.
            if let Some(Turn::Keep(..)) = turn {
                continue;
            }
            let table = self.lake.table(Zone::Curated, &model.model.name).await?;
            let by = table.as_ref().and_then(|t| t.metadata.get("lakewarden.run")?.as_str());
            if by != Some(id.as_str()) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Writes down that people are judged as they had consented at an earlier instant, before anybody is.
    async fn audit_replay(&self) -> Result<(), PipelineError> {
        let event = json!({
            "event": "run_replayed",
            "run": self.request.run,
            "owner": self.request.owner,
            "pipeline": self.record.pipeline,
            "as_of": self.as_of,
        });
        let written = self.lake.audit().append(event, self.now()).await;
        written.map(drop).map_err(|source| PipelineError::ReplayNotAudited { source: Box::new(source) })
    }

    /// Appends the run, as it stands, to the audit log, and to the runs once it has ended.
    /// Returns the head of the log then, as `N:SHA256`.
    async fn note(&self, event: &str) -> Result<String, PipelineError> {
        let record = serde_json::to_value(&self.record).map_err(|_| PipelineError::Worker)?;
        let head = self.lake.audit().append(json!({ "event": event, "run": record }), self.now()).await?;
        if event != "prepared" {
            self.lake.record_run(self.request.run, &record).await?;
        }
        Ok(head.to_string())
    }
}

/// Completes or withdraws what killed runs left, and writes it down.
pub(crate) async fn settle(lake: &Lake, clock: &(dyn Fn() -> DateTime<Utc> + Sync)) -> Result<Recovery, PipelineError> {
    let recovery = lake.recover().await?;
    for (what, runs) in [("recovered", &recovery.completed), ("withdrawn", &recovery.withdrawn)] {
        for run in runs {
            lake.audit().append(json!({ "event": what, "run": run }), clock()).await?;
        }
    }
    Ok(recovery)
}
