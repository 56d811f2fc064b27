//! Where in the SQL an output column, a column or a call was written.

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Distinct, Expr, LogicalPlan};
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{Expr as SqlExpr, Spanned, Visit, Visitor};
use std::ops::ControlFlow;

/// Line and column of the first column that the SELECT list names for output `at`, from 1; none if the SQL does not
/// say it in one place.
pub fn written_at(plan: &LogicalPlan, at: usize) -> Option<(u32, u32)> {
    match plan {
        LogicalPlan::Projection(projection) => {
            projection.expr.get(at).and_then(|expr| first_column(expr).or_else(|| below(expr, &projection.input)))
        }
        LogicalPlan::Distinct(Distinct::On(on)) => on.select_expr.get(at).and_then(first_column),
        LogicalPlan::Aggregate(aggregate) => {
            aggregate.group_expr.iter().chain(&aggregate.aggr_expr).nth(at).and_then(first_column)
        }
        LogicalPlan::Union(union) => union.inputs.first().and_then(|input| written_at(input, at)),
        LogicalPlan::Sort(_)
        | LogicalPlan::Limit(_)
        | LogicalPlan::Filter(_)
        | LogicalPlan::SubqueryAlias(_)
        | LogicalPlan::Extension(_)
        | LogicalPlan::Distinct(_) => plan.inputs().first().and_then(|input| written_at(input, at)),
        _ => None,
    }
}

/// Line and column of the first place where the SQL names a column so, whatever relation it is of.
pub(crate) fn named_at(plan: &LogicalPlan, name: &str) -> Option<(u32, u32)> {
    let mut found: Option<(u32, u32)> = None;
    let walked = plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|part| {
                if let Expr::Column(column) = part
                    && column.name == name
                    && let Some(span) = column.spans().first()
                {
                    let at = (span.start.line as u32, span.start.column as u32);
                    found = Some(found.map_or(at, |earlier| earlier.min(at)));
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    });
    walked.ok().and(found)
}

/// Line and column of the only call of a function; none if there are several, or the SQL has another word for it.
pub(crate) fn called_at(statement: &Statement, function: &str) -> Option<(u32, u32)> {
    let Statement::Statement(statement) = statement else { return None };
    let mut calls = Calls { function, found: Vec::new() };
    let _ = statement.visit(&mut calls);
    match calls.found[..] {
        [at] if at != (0, 0) => Some(at),
        _ => None,
    }
}

struct Calls<'a> {
    function: &'a str,
    found: Vec<(u32, u32)>,
}

impl Visitor for Calls<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expression: &SqlExpr) -> ControlFlow<()> {
        if let SqlExpr::Function(call) = expression
            && call.name.to_string().eq_ignore_ascii_case(self.function)
        {
            let start = call.name.span().start;
            self.found.push((start.line as u32, start.column as u32));
        }
        ControlFlow::Continue(())
    }
}

/// Where a column that the planner named (an aggregate below the SELECT list) was written.
fn below(expr: &Expr, input: &LogicalPlan) -> Option<(u32, u32)> {
    let columns = expr.column_refs();
    let at = columns.iter().filter_map(|c| input.schema().maybe_index_of_column(c)).min()?;
    written_at(input, at)
}

fn first_column(expr: &Expr) -> Option<(u32, u32)> {
    let mut found = None;
    let walked = expr.apply(|part| {
        if let Expr::Column(column) = part
            && let Some(span) = column.spans().first()
        {
            found = Some((span.start.line as u32, span.start.column as u32));
            return Ok(TreeNodeRecursion::Stop);
        }
        Ok(TreeNodeRecursion::Continue)
    });
    walked.ok().and(found)
}
