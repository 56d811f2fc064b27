//! The analyser rule that puts a gate over every scan of personal data.

use crate::gate::{GateRule, PolicyGate};
use crate::ruling::{Refusal, Ruling, Rulings};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNodeRecursion};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{Extension, LogicalPlan, TableScan};
use datafusion::optimizer::AnalyzerRule;
use std::sync::Arc;

/// Rewrites a plan so that every scan is ruled upon: open relations stay, gated ones get their gate,
/// refused and unknown ones make the plan an error. Subqueries included; running it twice changes nothing.
#[derive(Debug)]
pub struct GovernScans {
    rulings: Arc<Rulings>,
}

impl GovernScans {
    /// Governs by these rulings.
    pub fn new(rulings: Arc<Rulings>) -> Self {
        Self { rulings }
    }

    fn govern(&self, scan: TableScan) -> Result<Transformed<LogicalPlan>> {
        let relation = scan.table_name.to_string();
        let gated = |scan, rule| -> Result<Transformed<LogicalPlan>> {
            let gate = PolicyGate::with_rule(LogicalPlan::TableScan(scan), &relation, &self.rulings.purpose, rule)?;
            let node = LogicalPlan::Extension(Extension { node: Arc::new(gate) });
            Ok(Transformed::new(node, true, TreeNodeRecursion::Jump))
        };
        match self.rulings.get(&relation) {
            Some(Ruling::Open) => Ok(Transformed::no(LogicalPlan::TableScan(scan))),
            Some(Ruling::Gated { basis, .. }) => gated(scan, GateRule::Subject(*basis)),
            Some(Ruling::WithoutSubject { basis, .. }) => gated(scan, GateRule::WithoutSubject(*basis)),
            Some(Ruling::Limited { .. }) => gated(scan, GateRule::NotPersonal),
            Some(Ruling::Refused(Refusal::ConsentLog)) => {
                plan_err!("relation {relation:?} is the consent log, which only the engine reads")
            }
            Some(Ruling::Refused(Refusal::SuppressionList)) => {
                plan_err!("relation {relation:?} is a suppression list, which only the engine reads")
            }
            Some(Ruling::Refused(Refusal::Purpose { allowed })) => plan_err!(
                "relation {relation:?} may not be used for purpose {:?}; it serves {}",
                self.rulings.purpose,
                if allowed.is_empty() { "none".to_owned() } else { allowed.join(", ") }
            ),
            Some(Ruling::Refused(Refusal::SubjectUndeclared)) => plan_err!(
                "relation {relation:?} is about people and names no data subject; its entry needs a pseudonym or `subject: none`"
            ),
            Some(Ruling::Refused(Refusal::ConsentWithoutSubject)) => plan_err!(
                "relation {relation:?} rests on consent for purpose {:?}, which cannot be shown without a data subject",
                self.rulings.purpose
            ),
            None => plan_err!("relation {relation:?} has no entry in the dictionary, so nothing may be read from it"),
        }
    }
}

impl AnalyzerRule for GovernScans {
    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_down_with_subqueries(|plan| match plan {
            LogicalPlan::TableScan(scan) => self.govern(scan),
            LogicalPlan::Extension(Extension { ref node }) if node.as_any().is::<PolicyGate>() => {
                Ok(Transformed::new(plan, false, TreeNodeRecursion::Jump))
            }
            other => Ok(Transformed::no(other)),
        })
        .map(|t| t.data)
    }

    fn name(&self) -> &str {
        "govern_scans"
    }
}
