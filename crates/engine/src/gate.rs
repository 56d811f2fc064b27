//! Plans the policy's gates.

use crate::account::ScanAccount;
use crate::checker::Checker;
use crate::governed::GovernedScanExec;
use crate::scan::placed;
use crate::sealed::SealedScanExec;
use crate::whose::{Resolver, Whose};
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::{DFSchema, Result, exec_err, plan_err};
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{LogicalPlan, UserDefinedLogicalNode};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::{ExtensionPlanner, PhysicalPlanner};
use lakewarden_policy::PolicyGate;
use std::any::Any;
use std::sync::{Arc, Mutex};

/// The accounts of a run's scans, in the order they were planned.
pub(crate) type Accounts = Arc<Mutex<Vec<Arc<ScanAccount>>>>;

/// Plans [`PolicyGate`]s: makes the reader that the sealed scan below describes, and puts it under the gate.
pub(crate) struct GatePlanner {
    pub(crate) accounts: Accounts,
}

#[async_trait]
impl ExtensionPlanner for GatePlanner {
    async fn plan_extension(
        &self,
        _planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _logical_inputs: &[&LogicalPlan],
        physical_inputs: &[Arc<dyn ExecutionPlan>],
        session: &dyn Session,
        _context: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let Some(gate) = node.as_any().downcast_ref::<PolicyGate>() else { return Ok(None) };
        let [input] = physical_inputs else { return plan_err!("a policy gate has one input") };
        let sealed = (input.as_ref() as &dyn Any).downcast_ref::<SealedScanExec>();
        let Some(sealed) = sealed.filter(|s| s.relation() == gate.relation) else {
            return plan_err!("the policy gate of {:?} does not stand on its scan", gate.relation);
        };
        let Some(governance) = sealed.stored.relation.governance.clone() else {
            return plan_err!("relation {:?} has no identity to govern it by", gate.relation);
        };
        let predicate = match conjunction(gate.narrowed().iter().cloned()) {
            Some(narrowed) => {
                let columns = DFSchema::try_from(sealed.stored.schema.as_ref().clone())?;
                Some(session.create_physical_expr(narrowed, &columns)?)
            }
            None => None,
        };
        let narrowed = predicate.is_some();
        let rows = match &sealed.whose {
            Whose::Placed { .. } => placed(&sealed.stored.relation),
            Whose::Named { .. } | Whose::Unresolved => None,
        };
        let reader = sealed.stored.read(session, &sealed.columns, rows, predicate)?;
        let partitions = reader.properties().output_partitioning().partition_count();
        let account = Arc::new(ScanAccount::new(&gate.relation, &gate.purpose, gate.rule(), narrowed, partitions));
        match self.accounts.lock() {
            Ok(mut accounts) => accounts.push(account.clone()),
            Err(_) => return exec_err!("the row accounts are lost"),
        }
        let checker = Checker {
            resolver: Resolver::try_new(governance, gate.rule(), sealed.whose.clone())?,
            time_at: sealed.time_at,
            output: sealed.output.clone(),
            schema: sealed.schema(),
            account,
        };
        Ok(Some(Arc::new(GovernedScanExec::new(reader, Arc::new(checker)))))
    }
}
