//! One purpose, one instant: plans and runs queries under the policy.

use crate::account::ScanFigures;
use crate::aggregates::replacing_aggregates;
use crate::claims::physical_rules;
use crate::complexity::OnPlanningStack;
use crate::dependencies::logical_rules;
use crate::determinism::refuse_unrepeatable;
use crate::engine::Engine;
use crate::error::{EngineError, ForbiddenColumn};
use crate::functions;
use crate::gate::{Accounts, GatePlanner};
use crate::growth;
use crate::kgate::{KGatePlanner, Suppressed};
use crate::noise::{NoiseGatePlanner, TableNoise, place};
use crate::places::named_at;
use crate::proof::Proof;
use crate::relation::Relation;
use crate::scan::RelationProvider;
use crate::sql::Query;
use crate::statement::single_query;
use crate::stored::StoredRelation;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{MemorySchemaProvider, SchemaProvider};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::provider_as_source;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::{FunctionRegistry, SendableRecordBatchStream, SessionStateBuilder};
use datafusion::logical_expr::{LogicalPlan, TableSource};
use datafusion::physical_plan::{ExecutionPlan, displayable, execute_stream};
use datafusion::physical_planner::{DefaultPhysicalPlanner, ExtensionPlanner, PhysicalPlanner};
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion::sql::parser::Statement;
use lakewarden_policy::noise::{Follows, Mechanism, NoiseGate, NotNoised, follows, noised};
use lakewarden_policy::witness::{KGate, NotThreaded, Strand, Threaded, gate_root, thread};
use lakewarden_policy::{GovernScans, LiftAboveGates, Ruling, Rulings, narrow, verify};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What a session is for.
#[derive(Debug, Clone)]
pub struct SessionSpec {
    /// The purpose that data is read for.
    pub purpose: String,
    /// The instant of `as_of()` and of consent.
    pub as_of: DateTime<Utc>,
    /// The zone of `local_date()`.
    pub zone: Tz,
    /// How many people have to stand behind each row of a result; one, if rows may be about one person each.
    pub minimum_subjects: u32,
}

/// A query that compiles.
pub struct Compiled {
    /// Its plan under the policy's gates.
    pub plan: LogicalPlan,
    /// Who stands behind its rows; or why that cannot be told.
    pub standing: Result<Standing, NotThreaded>,
    /// From whose data its rows follow; or why that cannot be told.
    pub follows: Result<Follows, NotNoised>,
    /// The noise that it is run with, if its table declares any; or why it cannot be.
    pub noise: Option<Result<Mechanism, NotNoised>>,
}

/// Who stands behind the rows of a query.
#[derive(Debug)]
pub struct Standing {
    /// One entry for each scan, or scans of the same people.
    pub strands: Vec<Strand>,
    /// Whether somewhere one person's value is picked out of several people's.
    pub picks_one_of_many: bool,
}

impl Standing {
    fn of(threaded: Threaded) -> Self {
        Self { strands: threaded.strands, picks_one_of_many: threaded.picks_one_of_many }
    }
}

/// A governed session.
pub struct Session {
    pub(crate) context: SessionContext,
    pub(crate) rulings: Arc<Rulings>,
    pub(crate) relations: Vec<Arc<StoredRelation>>,
    narrowing: bool,
    minimum_subjects: u32,
    noise: Option<TableNoise>,
    memory: u64,
}

impl Session {
    /// Registers the relations. Nothing else can be read in this session.
    ///
    /// # Errors
    /// [`EngineError::Start`] if two relations have one name; [`EngineError::Ungoverned`] if one is not governed as
    /// its ruling asks: with data subjects and ruled open, or to be gated by data subjects that it does not name.
    pub fn new(engine: &Engine, spec: &SessionSpec, relations: Vec<Relation>) -> Result<Self, EngineError> {
        let mut rulings = Rulings::new(&spec.purpose);
        for relation in &relations {
            if !relation.is_governed_as_ruled() {
                return Err(EngineError::Ungoverned { relation: relation.name.clone() });
            }
            rulings.set(&relation.name, relation.ruling.clone());
        }
        let rulings = Arc::new(rulings);
        let mut config = SessionConfig::new()
            .with_target_partitions(engine.options.partitions)
            .with_batch_size(engine.options.batch_rows)
            .with_information_schema(false);
        let options = config.options_mut();
        options.sql_parser.collect_spans = true;
        options.execution.enable_recursive_ctes = false; // their work tables are scans that nobody has ruled upon
        options.optimizer.repartition_file_min_size = 4 << 20;
        let state = SessionStateBuilder::new()
            .with_config(config)
            .with_runtime_env(engine.runtime.clone())
            .with_default_features()
            .with_optimizer_rules(logical_rules())
            .with_physical_optimizer_rules(physical_rules())
            .with_analyzer_rule(Arc::new(GovernScans::new(rulings.clone())))
            .with_optimizer_rule(Arc::new(LiftAboveGates))
            .build();
        let context = SessionContext::new_with_state(state);
        for guard in growth::guards(|name| context.udf(name).ok(), engine.options.memory) {
            context.register_udf(guard);
        }
        context.register_udf(functions::as_of(spec.as_of.timestamp_micros()));
        context.register_udf(functions::local_date(spec.zone));
        replacing_aggregates().into_iter().for_each(|aggregate| context.register_udaf(aggregate));
        let mut stored = Vec::with_capacity(relations.len());
        for relation in relations {
            let read = |_| EngineError::Start { what: "rows in memory are not of their declared columns" };
            stored.push(Arc::new(StoredRelation::try_new(relation).map_err(read)?));
        }
        register(&context, &stored)?;
        Ok(Self {
            context,
            rulings,
            relations: stored,
            narrowing: false,
            minimum_subjects: spec.minimum_subjects,
            noise: None,
            memory: engine.options.memory,
        })
    }

    /// Lets predicates that nobody can observe go below the gates, into the reading of files. In exchange the
    /// accounts tell less: see [`ScanFigures::complete`]. For questions; a model's accounts must close against
    /// its tables.
    pub fn narrowing(self) -> Self {
        Self { narrowing: true, ..self }
    }

    /// Holds back rows of results behind which fewer people stand. For questions that are asked as a model would.
    pub fn of_at_least(self, minimum_subjects: u32) -> Self {
        Self { minimum_subjects, ..self }
    }

    /// Gives queries the noise that the table declares which they are to fill: they run with it, or not at all.
    pub fn noised(self, noise: TableNoise) -> Self {
        Self { noise: Some(noise), ..self }
    }

    /// Plans a query under the policy, without running it. Its scans of personal data stand below gates. The k-gate
    /// or noise that a run would have is planned and verified, and is not in the plan returned, whose columns are the
    /// query's.
    ///
    /// # Errors
    /// [`EngineError::Sql`] with the place in the SQL where it is known; [`EngineError::Forbidden`].
    pub async fn plan(&self, sql: &str) -> Result<LogicalPlan, EngineError> {
        self.compile(sql).await.map(|compiled| compiled.plan)
    }

    /// Plans a query as [`Session::plan`] does, and finds out who stands behind its rows.
    ///
    /// # Errors
    /// As [`Session::plan`].
    pub async fn compile(&self, sql: &str) -> Result<Compiled, EngineError> {
        let compiled = async { self.compile_written(self.as_written(sql).await?) };
        OnPlanningStack::new(compiled).await
    }

    /// Compiles a query that is parsed already.
    ///
    /// # Errors
    /// As [`Session::plan`].
    pub async fn compile_query(&self, query: Query) -> Result<Compiled, EngineError> {
        let compiled = async { self.compile_written(self.written(query.statement).await?) };
        OnPlanningStack::new(compiled).await
    }

    fn compile_written(&self, written: LogicalPlan) -> Result<Compiled, EngineError> {
        refuse_unrepeatable(&written)?;
        let threaded = thread(written.clone(), &self.rulings, &|name| self.marked(name), self.minimum_subjects.max(1));
        // Without strands there is no k-gate, and no run either: its other problems are found all the same.
        let k = if threaded.is_ok() { self.minimum_subjects } else { 1 };
        let noise = self.with_noise(&written).map(|noised| noised.map(|(_, mechanism)| mechanism));
        // The same holds for noise.
        let noisy = matches!(noise, Some(Ok(_)));
        let (analysed, _) = self.governed_as(&written, k, noisy)?;
        let plan = if k > 1 || noisy { self.analysed(written.clone())? } else { analysed };
        let follows = follows(&written, &self.rulings);
        Ok(Compiled { plan, standing: threaded.map(Standing::of), follows, noise })
    }

    /// The plan with the noise that its table declares, if it does.
    fn with_noise(&self, written: &LogicalPlan) -> Option<Result<(LogicalPlan, Mechanism), NotNoised>> {
        let own = self.noise.as_ref()?;
        let noised = noised(written.clone(), &self.rulings, &own.declared, &place(own.source.clone()));
        Some(noised.map(|noised| (noised.plan, noised.mechanism)))
    }

    /// A relation with the column that marks rows about unknown persons.
    fn marked(&self, relation: &str) -> Option<Arc<dyn TableSource>> {
        let stored = self.relations.iter().find(|r| r.relation.name == relation)?;
        Some(provider_as_source(Arc::new(RelationProvider::marking_unknown(stored.clone()))))
    }

    fn analysed(&self, plan: LogicalPlan) -> Result<LogicalPlan, EngineError> {
        let state = self.context.state();
        state
            .analyzer()
            .execute_and_check(plan, state.config_options(), |_, _| {})
            .map_err(|e| EngineError::planning(&e))
    }

    /// The plan as the SQL says it.
    pub(crate) async fn as_written(&self, sql: &str) -> Result<LogicalPlan, EngineError> {
        self.written(single_query(sql)?).await
    }

    async fn written(&self, statement: Statement) -> Result<LogicalPlan, EngineError> {
        let state = self.context.state();
        let planned = state.statement_to_plan(statement.clone()).await;
        let plan = planned.map_err(|e| EngineError::planning_of(&e, &statement))?;
        let read_only = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        read_only.verify_plan(&plan).map_err(|e| EngineError::planning(&e))?;
        Ok(plan)
    }

    /// The plan under its gates, and the same optimised and verified.
    pub(crate) fn governed(&self, written: &LogicalPlan, k: u32) -> Result<(LogicalPlan, LogicalPlan), EngineError> {
        self.governed_as(written, k, true)
    }

    fn governed_as(
        &self,
        written: &LogicalPlan,
        k: u32,
        with_noise: bool,
    ) -> Result<(LogicalPlan, LogicalPlan), EngineError> {
        let state = self.context.state();
        let mut plan = written.clone();
        let noise = self.with_noise(written).filter(|_| with_noise);
        let noise_gates = usize::from(noise.is_some());
        if let Some(noised) = noise {
            plan = noised.map_err(EngineError::not_noised)?.0;
        }
        if k > 1 {
            plan = gate_root(plan, &self.rulings, &|name| self.marked(name), k).map_err(EngineError::not_threaded)?;
        }
        let analysed = self.analysed(plan)?;
        // `SessionState::optimize` would analyse it again.
        let optimise = state.optimizer().optimize(analysed.clone(), &state, |_, _| {});
        let mut optimised = optimise.map_err(|e| EngineError::planning(&e))?;
        if self.narrowing {
            optimised = narrow(optimised).map_err(|e| EngineError::planning(&e))?;
        }
        verify(&optimised, &self.rulings).map_err(|e| EngineError::planning(&e))?;
        if count(&analysed, is_k_gate)? != count(&optimised, is_k_gate)?
            || is_k_gate(&analysed) != is_k_gate(&optimised)
        {
            return Err(EngineError::Run { what: "the optimiser moved a k-gate" });
        }
        if count(&optimised, is_noise_gate)? != noise_gates {
            return Err(EngineError::Run { what: "the optimiser moved a noise gate" });
        }
        self.refuse_forbidden_columns(written, &optimised)?;
        Ok((analysed, optimised))
    }

    /// Columns that the dictionary keeps from this purpose may not be read by any scan of the optimised plan.
    fn refuse_forbidden_columns(&self, written: &LogicalPlan, optimised: &LogicalPlan) -> Result<(), EngineError> {
        let mut read: BTreeSet<(String, String)> = BTreeSet::new();
        optimised
            .apply_with_subqueries(|node| {
                if let LogicalPlan::TableScan(scan) = node {
                    let relation = scan.table_name.to_string();
                    let forbidden = self.rulings.get(&relation).map_or(&[][..], Ruling::forbidden_columns);
                    let fields = scan.projected_schema.fields().iter().map(|f| f.name());
                    read.extend(fields.filter(|f| forbidden.contains(f)).map(|f| (relation.clone(), f.clone())));
                }
                Ok(TreeNodeRecursion::Continue)
            })
            .map_err(|e| EngineError::planning(&e))?;
        if read.is_empty() {
            return Ok(());
        }
        let place =
            |(relation, column): (String, String)| ForbiddenColumn { at: named_at(written, &column), relation, column };
        let purpose = self.rulings.purpose.clone();
        Err(EngineError::Forbidden { purpose, columns: read.into_iter().map(place).collect() })
    }

    /// Starts a query. Rows stream; the accounts are complete once the stream has ended.
    ///
    /// # Errors
    /// [`EngineError::Sql`], [`EngineError::Ungoverned`]; [`EngineError::Run`] if it cannot start.
    pub async fn run(&self, sql: &str) -> Result<Running, EngineError> {
        let Planned { physical, accounts, suppressed } = self.physical(sql).await?;
        let schema = physical.schema();
        let stream =
            execute_stream(physical, self.context.task_ctx()).map_err(|e| EngineError::running(&e, self.memory))?;
        Ok(Running { schema, stream, accounts, suppressed, narrowing: self.narrowing, memory: self.memory })
    }

    /// The operators a query would run, a line each: what they are and read, no figure of the data. For those
    /// who look after the engine; SQL's own `EXPLAIN` is refused.
    ///
    /// # Errors
    /// As [`Session::run`].
    pub async fn operators(&self, sql: &str) -> Result<String, EngineError> {
        let planned = self.physical(sql).await?;
        Ok(displayable(planned.physical.as_ref()).set_show_statistics(false).indent(true).to_string())
    }

    /// The proven plan of a query and the accounts of its gates.
    pub(crate) async fn physical(&self, sql: &str) -> Result<Planned, EngineError> {
        OnPlanningStack::new(self.planned(sql)).await
    }

    async fn planned(&self, sql: &str) -> Result<Planned, EngineError> {
        let (_, optimised) = self.governed(&self.as_written(sql).await?, self.minimum_subjects)?;
        let state = self.context.state();
        let accounts = Accounts::default();
        let suppressed = Suppressed::default();
        let mut planners = gate_planners(&accounts, &suppressed);
        if let Some(noise) = &self.noise {
            planners.push(Arc::new(NoiseGatePlanner::new(noise)?));
        }
        let physical = DefaultPhysicalPlanner::with_extension_planners(planners)
            .create_physical_plan(&optimised, &state)
            .await
            .map_err(|e| EngineError::planning(&e))?;
        Proof::new(&self.rulings, &self.relations, &accounts, &optimised)?.check(&physical)?;
        Ok(Planned { physical, accounts, suppressed })
    }
}

/// A plan about to run.
pub(crate) struct Planned {
    pub(crate) physical: Arc<dyn ExecutionPlan>,
    pub(crate) accounts: Accounts,
    suppressed: Suppressed,
}

fn register(context: &SessionContext, relations: &[Arc<StoredRelation>]) -> Result<(), EngineError> {
    let start = |what| EngineError::Start { what };
    let catalog = context.catalog("datafusion").ok_or(start("no catalog"))?;
    for relation in relations {
        let name = &relation.relation.name;
        let (schema, table) = match name.split_once('.') {
            Some((schema, table)) => (schema.to_owned(), table.to_owned()),
            None => ("public".to_owned(), name.clone()),
        };
        let schema = match catalog.schema(&schema) {
            Some(known) => known,
            None => {
                let new: Arc<dyn SchemaProvider> = Arc::new(MemorySchemaProvider::new());
                catalog.register_schema(&schema, new.clone()).map_err(|_| start("a schema could not be registered"))?;
                new
            }
        };
        if schema.table_exist(&table) {
            return Err(start("two relations have one name"));
        }
        schema
            .register_table(table, Arc::new(RelationProvider::new(relation.clone())))
            .map_err(|_| start("a relation could not be registered"))?;
    }
    Ok(())
}

/// The planners of gates. The accounts are those of one run: the session's own planner knows no gates, so that
/// nothing is planned without an account.
pub(crate) fn gate_planners(
    accounts: &Accounts,
    suppressed: &Suppressed,
) -> Vec<Arc<dyn ExtensionPlanner + Send + Sync>> {
    vec![
        Arc::new(GatePlanner { accounts: accounts.clone() }),
        Arc::new(KGatePlanner { suppressed: suppressed.clone() }),
    ]
}

/// How many gates of a kind a plan has, subqueries included.
fn count(plan: &LogicalPlan, is_one: fn(&LogicalPlan) -> bool) -> Result<usize, EngineError> {
    let mut count = 0;
    plan.apply_with_subqueries(|node| {
        count += usize::from(is_one(node));
        Ok(TreeNodeRecursion::Continue)
    })
    .map_err(|e| EngineError::planning(&e))?;
    Ok(count)
}

fn is_k_gate(plan: &LogicalPlan) -> bool {
    matches!(plan, LogicalPlan::Extension(extension) if extension.node.as_any().is::<KGate>())
}

fn is_noise_gate(plan: &LogicalPlan) -> bool {
    matches!(plan, LogicalPlan::Extension(extension) if extension.node.as_any().is::<NoiseGate>())
}

/// A query that runs.
pub struct Running {
    /// Columns of the result.
    pub schema: SchemaRef,
    stream: SendableRecordBatchStream,
    accounts: Accounts,
    suppressed: Suppressed,
    narrowing: bool,
    memory: u64,
}

impl Running {
    /// Rows held back so far because fewer people than the session's minimum stand behind them.
    pub fn suppressed(&self) -> u64 {
        self.suppressed.load(Ordering::Relaxed)
    }

    /// The next batch, or `None` at the end.
    ///
    /// # Errors
    /// [`EngineError::Run`] or [`EngineError::Memory`].
    pub async fn next(&mut self) -> Result<Option<datafusion::arrow::array::RecordBatch>, EngineError> {
        use futures::StreamExt;
        match self.stream.next().await {
            None => Ok(None),
            Some(Ok(batch)) => Ok(Some(batch)),
            Some(Err(error)) => Err(EngineError::running(&error, self.memory)),
        }
    }

    /// The accounts of its governed scans; each must close.
    ///
    /// # Errors
    /// [`EngineError::Account`].
    pub fn accounts(&self) -> Result<Vec<ScanFigures>, EngineError> {
        let accounts = self.accounts.lock().map_err(|_| EngineError::Run { what: "the row accounts are lost" })?;
        let figures: Vec<ScanFigures> = accounts.iter().map(|a| a.figures()).collect();
        figures.iter().try_for_each(ScanFigures::close)?;
        Ok(if self.narrowing { figures.into_iter().map(ScanFigures::told).collect() } else { figures })
    }
}
