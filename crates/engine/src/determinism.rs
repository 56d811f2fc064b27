//! Models whose result depends on more than their data and the run's instant do not compile.

use crate::error::{EngineError, SqlProblem};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan, Volatility};

/// Refuses functions of the clock or of chance: a run as of the same instant over the same data must give the same rows.
///
/// # Errors
/// LW3113, naming the function.
pub(crate) fn refuse_unrepeatable(plan: &LogicalPlan) -> Result<(), EngineError> {
    let mut found: Option<String> = None;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|part| {
                found = found.take().or_else(|| unrepeatable_function(part));
                Ok(if found.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
            })
        })
    })
    .map_err(|e| EngineError::planning(&e))?;
    let Some(function) = found else { return Ok(()) };
    Err(EngineError::Sql(SqlProblem {
        code: Some("LW3113"),
        message: format!("{function}() gives another result in each run, so the model could not be repeated"),
        at: None,
        hint: Some(
            "use as_of() for the run's instant, local_date(as_of()) for its day, or a part of a key for a sample"
                .to_owned(),
        ),
    }))
}

fn unrepeatable_function(expr: &Expr) -> Option<String> {
    let Expr::ScalarFunction(call) = expr else { return None };
    let repeatable = match call.func.signature().volatility {
        Volatility::Immutable => true,
        // The session fixes the instant of `as_of`; DataFusion's own functions of this kind read the clock.
        Volatility::Stable => call.func.name() == "as_of",
        Volatility::Volatile => false,
    };
    (!repeatable).then(|| call.func.name().to_owned())
}
