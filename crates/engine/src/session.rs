//! One purpose, one instant: plans and runs queries under the policy.

use crate::account::ScanFigures;
use crate::engine::Engine;
use crate::error::{EngineError, SqlProblem};
use crate::functions;
use crate::gate::{Accounts, GatePlanner};
use crate::relation::Relation;
use crate::scan::RelationProvider;
use crate::sealed::SealedScanExec;
use crate::sql::single_query;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{MemorySchemaProvider, SchemaProvider};
use datafusion::common::Result as PlanResult;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::execution::context::QueryPlanner;
use datafusion::execution::{SendableRecordBatchStream, SessionStateBuilder};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::physical_planner::{DefaultPhysicalPlanner, PhysicalPlanner};
use datafusion::prelude::{SessionConfig, SessionContext};
use lakewarden_policy::{GovernScans, Rulings, verify};
use std::fmt;
use std::sync::{Arc, Mutex};

/// What a session is for.
#[derive(Debug, Clone)]
pub struct SessionSpec {
    /// The purpose that data is read for.
    pub purpose: String,
    /// The instant of `as_of()` and of consent.
    pub as_of: DateTime<Utc>,
    /// The zone of `local_date()`.
    pub zone: Tz,
}

/// A governed session.
pub struct Session {
    context: SessionContext,
    rulings: Arc<Rulings>,
    accounts: Accounts,
    memory: u64,
}

impl Session {
    /// Registers the relations. Nothing else can be read in this session.
    ///
    /// # Errors
    /// [`EngineError::Start`] if two relations have one name.
    pub fn new(engine: &Engine, spec: &SessionSpec, relations: Vec<Relation>) -> Result<Self, EngineError> {
        let mut rulings = Rulings::new(&spec.purpose);
        for relation in &relations {
            rulings.set(&relation.name, relation.ruling.clone());
        }
        let rulings = Arc::new(rulings);
        let accounts: Accounts = Arc::new(Mutex::new(Vec::new()));
        let mut config = SessionConfig::new()
            .with_target_partitions(engine.options.partitions)
            .with_batch_size(engine.options.batch_rows)
            .with_information_schema(false);
        let options = config.options_mut();
        options.sql_parser.collect_spans = true;
        options.optimizer.repartition_file_min_size = 4 << 20;
        let state = SessionStateBuilder::new()
            .with_config(config)
            .with_runtime_env(engine.runtime.clone())
            .with_default_features()
            .with_analyzer_rule(Arc::new(GovernScans::new(rulings.clone())))
            .with_query_planner(Arc::new(GatedPlanner { accounts: accounts.clone() }))
            .build();
        let context = SessionContext::new_with_state(state);
        context.register_udf(functions::as_of(spec.as_of.timestamp_micros()));
        context.register_udf(functions::local_date(spec.zone));
        register(&context, relations)?;
        Ok(Self { context, rulings, accounts, memory: engine.options.memory })
    }

    /// Plans a query under the policy, without running it. Its scans of personal data stand below gates.
    ///
    /// # Errors
    /// [`EngineError::Sql`] with the place in the SQL where it is known.
    pub async fn plan(&self, sql: &str) -> Result<LogicalPlan, EngineError> {
        let statement = single_query(sql)?;
        let state = self.context.state();
        let plan = state.statement_to_plan(statement).await.map_err(|e| EngineError::planning(&e))?;
        let analysed = state
            .analyzer()
            .execute_and_check(plan, state.config_options(), |_, _| {})
            .map_err(|e| EngineError::planning(&e))?;
        self.refuse_forbidden_columns(&analysed)?;
        Ok(analysed)
    }

    /// Columns that the dictionary keeps from this purpose may not be named anywhere in the plan.
    fn refuse_forbidden_columns(&self, plan: &LogicalPlan) -> Result<(), EngineError> {
        let optimised = self.context.state().optimize(plan).map_err(|e| EngineError::planning(&e))?;
        verify(&optimised, &self.rulings).map_err(|e| EngineError::planning(&e))?;
        let mut refused = None;
        optimised
            .apply_with_subqueries(|node| {
                if let LogicalPlan::TableScan(scan) = node
                    && let Some(lakewarden_policy::Ruling::Gated { forbidden_columns, .. }) =
                        self.rulings.get(&scan.table_name.to_string())
                {
                    for field in scan.projected_schema.fields() {
                        if forbidden_columns.contains(field.name()) {
                            refused = Some((scan.table_name.to_string(), field.name().clone()));
                            return Ok(TreeNodeRecursion::Stop);
                        }
                    }
                }
                Ok(TreeNodeRecursion::Continue)
            })
            .map_err(|e| EngineError::planning(&e))?;
        match refused {
            None => Ok(()),
            Some((relation, column)) => Err(EngineError::Sql(SqlProblem {
                message: format!(
                    "column {column:?} of {relation:?} may not be used for purpose {:?}",
                    self.rulings.purpose
                ),
                at: None,
                hint: Some("leave it out, or add the purpose to the field in the dictionary".to_owned()),
            })),
        }
    }

    /// Starts a query. Rows stream; the accounts are complete once the stream has ended.
    ///
    /// # Errors
    /// [`EngineError::Sql`], [`EngineError::Ungoverned`].
    pub async fn run(&self, sql: &str) -> Result<Running, EngineError> {
        let plan = self.plan(sql).await?;
        let state = self.context.state();
        let optimised = state.optimize(&plan).map_err(|e| EngineError::planning(&e))?;
        verify(&optimised, &self.rulings).map_err(|e| EngineError::planning(&e))?;
        let first = self.accounts.lock().map_err(|_| EngineError::Run { what: "the row accounts are lost" })?.len();
        let physical = state
            .query_planner()
            .create_physical_plan(&optimised, &state)
            .await
            .map_err(|e| EngineError::planning(&e))?;
        refuse_sealed(&physical)?;
        let schema = physical.schema();
        let stream =
            execute_stream(physical, self.context.task_ctx()).map_err(|e| EngineError::running(&e, self.memory))?;
        Ok(Running { schema, stream, accounts: self.accounts.clone(), first, memory: self.memory })
    }
}

fn register(context: &SessionContext, relations: Vec<Relation>) -> Result<(), EngineError> {
    let start = |what| EngineError::Start { what };
    let catalog = context.catalog("datafusion").ok_or(start("no catalog"))?;
    for relation in relations {
        let (schema, table) = match relation.name.split_once('.') {
            Some((schema, table)) => (schema.to_owned(), table.to_owned()),
            None => ("public".to_owned(), relation.name.clone()),
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
            .register_table(table, Arc::new(RelationProvider::new(relation)))
            .map_err(|_| start("a relation could not be registered"))?;
    }
    Ok(())
}

/// The last look: a sealed scan in the physical plan means that a gate was lost.
fn refuse_sealed(plan: &Arc<dyn ExecutionPlan>) -> Result<(), EngineError> {
    let mut found = None;
    plan.apply(|node| {
        if let Some(sealed) = (node.as_ref() as &dyn std::any::Any).downcast_ref::<SealedScanExec>() {
            found = Some(sealed.relation.name.clone());
            return Ok(TreeNodeRecursion::Stop);
        }
        Ok(TreeNodeRecursion::Continue)
    })
    .map_err(|e| EngineError::planning(&e))?;
    match found {
        Some(relation) => Err(EngineError::Ungoverned { relation }),
        None => Ok(()),
    }
}

/// The default planner, and gates.
struct GatedPlanner {
    accounts: Accounts,
}

impl fmt::Debug for GatedPlanner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GatedPlanner")
    }
}

#[async_trait]
impl QueryPlanner for GatedPlanner {
    async fn create_physical_plan(
        &self,
        plan: &LogicalPlan,
        session: &dyn datafusion::catalog::Session,
    ) -> PlanResult<Arc<dyn ExecutionPlan>> {
        let gates = GatePlanner { accounts: self.accounts.clone() };
        DefaultPhysicalPlanner::with_extension_planners(vec![Arc::new(gates)]).create_physical_plan(plan, session).await
    }
}

/// A query that runs.
pub struct Running {
    /// Columns of the result.
    pub schema: SchemaRef,
    stream: SendableRecordBatchStream,
    accounts: Accounts,
    first: usize,
    memory: u64,
}

impl Running {
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
        let figures: Vec<ScanFigures> = accounts[self.first..].iter().map(|a| a.figures()).collect();
        figures.iter().try_for_each(ScanFigures::close)?;
        Ok(figures)
    }
}
