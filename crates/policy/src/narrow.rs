//! Which predicates a scan may evaluate before its gate.
//!
//! A predicate below the gate sees the rows that are withheld. It may be there only if nobody can tell: it
//! raises no error whatever a cell holds, it gives the same answer whenever it is asked, and its columns are
//! stored ones. What is left of it above the gate still decides; below, it only spares the reading.

use crate::gate::{PolicyGate, SUBJECT_COLUMN};
use crate::witness::UNKNOWN_COLUMN;
use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, Result, ScalarValue};
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, Extension, Filter, LogicalPlan, Operator, Projection};
use std::sync::Arc;

/// Longer patterns stay above: compiling one could fail.
const LONGEST_PATTERN: usize = 256;

/// Gives every gate the predicates of the filter above it that may go below. The filter stays.
/// It belongs after the optimiser; twice changes nothing.
///
/// # Errors
/// None of its own: those of rebuilding a plan's nodes.
pub fn narrow(plan: LogicalPlan) -> Result<LogicalPlan> {
    plan.transform_up_with_subqueries(|node| {
        let LogicalPlan::Filter(filter) = &node else { return Ok(Transformed::no(node)) };
        let Some(gate) = gate_under(&filter.input) else { return Ok(Transformed::no(node)) };
        let below = eligible(&filter.predicate, gate);
        if below == gate.narrowed() {
            return Ok(Transformed::no(node));
        }
        let input = with_narrowed(&filter.input, &below)?;
        Ok(Transformed::yes(LogicalPlan::Filter(Filter::try_new(filter.predicate.clone(), Arc::new(input))?)))
    })
    .map(|t| t.data)
}

/// The gate that a filter stands over, with nothing between but projections that only leave columns out.
pub(crate) fn gate_under(plan: &LogicalPlan) -> Option<&PolicyGate> {
    match plan {
        LogicalPlan::Projection(projection) if projection.expr.iter().all(|e| matches!(e, Expr::Column(_))) => {
            gate_under(&projection.input)
        }
        other => PolicyGate::of(other),
    }
}

fn with_narrowed(plan: &LogicalPlan, below: &[Expr]) -> Result<LogicalPlan> {
    if let LogicalPlan::Projection(projection) = plan {
        let input = with_narrowed(&projection.input, below)?;
        return Ok(LogicalPlan::Projection(Projection::try_new(projection.expr.clone(), Arc::new(input))?));
    }
    let Some(gate) = PolicyGate::of(plan) else { return Ok(plan.clone()) };
    Ok(LogicalPlan::Extension(Extension { node: Arc::new(gate.clone().narrowed_by(below.to_vec())) }))
}

/// The conjuncts of a predicate over a gate that may go below it, with unqualified columns.
pub(crate) fn eligible(predicate: &Expr, gate: &PolicyGate) -> Vec<Expr> {
    let schema = gate.input.schema().as_arrow();
    let conjuncts = split_conjunction(predicate).into_iter().filter_map(|e| unqualified(e).ok());
    conjuncts.filter(|e| may_go_below(e, schema)).collect()
}

fn unqualified(expr: &Expr) -> Result<Expr> {
    let plain = |e| match e {
        Expr::Column(column) => Transformed::yes(Expr::Column(Column::new_unqualified(column.name))),
        other => Transformed::no(other),
    };
    expr.clone().transform(|e| Ok(plain(e))).map(|t| t.data)
}

/// Whether a predicate over these columns may be evaluated before the gate: comparisons of a stored column
/// with literals of its own type, IN lists of those, BETWEEN, IS NULL, LIKE with a plain literal, and AND, OR
/// and NOT of those. What is not in this list may not.
pub fn may_go_below(predicate: &Expr, schema: &Schema) -> bool {
    match predicate {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And | Operator::Or, right }) => {
            may_go_below(left, schema) && may_go_below(right, schema)
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            compares(*op) && (fits(left, [right.as_ref()], schema) || fits(right, [left.as_ref()], schema))
        }
        Expr::Not(inner) => may_go_below(inner, schema),
        Expr::Column(_) => column(predicate, schema) == Some(&DataType::Boolean),
        Expr::IsNull(inner) | Expr::IsNotNull(inner) => column(inner, schema).is_some(),
        Expr::Between(between) => fits(&between.expr, [between.low.as_ref(), between.high.as_ref()], schema),
        Expr::InList(list) => fits(&list.expr, &list.list, schema),
        Expr::Like(like) => {
            let plain = |pattern: &Expr| match pattern {
                Expr::Literal(ScalarValue::Utf8(Some(p)), _) => p.len() <= LONGEST_PATTERN && !p.contains('\\'),
                _ => false,
            };
            like.escape_char.is_none() && plain(&like.pattern) && fits(&like.expr, [like.pattern.as_ref()], schema)
        }
        _ => false,
    }
}

fn compares(op: Operator) -> bool {
    use Operator::{Eq, Gt, GtEq, IsDistinctFrom, IsNotDistinctFrom, Lt, LtEq, NotEq};
    matches!(op, Eq | NotEq | Lt | LtEq | Gt | GtEq | IsDistinctFrom | IsNotDistinctFrom)
}

/// A stored column, and literals of its very type: nothing is cast.
fn fits<'a>(of: &Expr, literals: impl IntoIterator<Item = &'a Expr>, schema: &Schema) -> bool {
    let Some(own) = column(of, schema) else { return false };
    literals.into_iter().all(|e| matches!(e, Expr::Literal(value, _) if value.data_type() == *own))
}

/// The type of a stored column that compares without computing. Whose a row is, is not stored with it.
fn column<'s>(expr: &Expr, schema: &'s Schema) -> Option<&'s DataType> {
    let Expr::Column(column) = expr else { return None };
    if column.relation.is_some() || column.name == SUBJECT_COLUMN || column.name == UNKNOWN_COLUMN {
        return None;
    }
    let own = schema.field_with_name(&column.name).ok()?.data_type();
    let flat = own.is_integer()
        || own.is_floating()
        || own.is_decimal()
        || matches!(own, DataType::Utf8 | DataType::Boolean | DataType::Date32 | DataType::Timestamp(..));
    flat.then_some(own)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use datafusion::arrow::datatypes::Field;
    use datafusion::functions::math::expr_fn::random;
    use datafusion::functions::string::expr_fn::upper;
    use datafusion::logical_expr::{cast, try_cast};
    use datafusion::prelude::{col, lit};
    use std::ops::Not;

    fn schema() -> Schema {
        let list = DataType::new_list(DataType::Utf8, true);
        Schema::new(vec![
            Field::new("customer_id", DataType::Utf8, true),
            Field::new("name", DataType::Utf8, true),
            Field::new("age", DataType::Int64, true),
            Field::new("vip", DataType::Boolean, true),
            Field::new("items", list, true),
        ])
    }

    #[test]
    fn comparisons_with_literals_may_go_below() {
        for expr in [
            col("age").eq(lit(1i64)),
            lit(1i64).lt(col("age")),
            col("name").not_eq(lit("x")),
            col("age").between(lit(1i64), lit(9i64)),
            col("age").in_list(vec![lit(1i64), lit(2i64)], true),
            col("name").like(lit("%x_")),
            col("name").ilike(lit("x%")),
            col("name").not_like(lit("x%")),
            col("items").is_null().or(col("age").is_not_null()).not().or(col("vip")).and(col("name").is_null()),
        ] {
            let stored = !expr.column_refs().iter().any(|c| c.name == "items");
            assert_eq!(may_go_below(&expr, &schema()), stored, "{expr}");
        }
    }

    #[test]
    fn what_could_fail_or_tell_stays_above() {
        let long = "x_".repeat(200);
        for expr in [
            lit(true),
            random().gt(lit(0.5)),
            col("customer_id").eq(lit("x")),
            col("customer_id").is_null(),
            col("unknown").is_null(),
            lit(1i64).eq(lit(1i64)),
            col("age").eq(col("age")),
            col("age").eq(lit(1i32)),
            (lit(1i64) / col("age")).gt(lit(0i64)),
            (col("age") + lit(1i64)).gt(lit(0i64)),
            cast(col("name"), DataType::Int64).eq(lit(1i64)),
            try_cast(col("name"), DataType::Int64).eq(lit(1i64)),
            upper(col("name")).eq(lit("X")),
            col("name").like(col("name")),
            col("name").like(lit("x\\")),
            col("name").like(lit(long)),
            col("age").in_list(vec![lit(1i64), lit(1i64) / col("age")], false),
            col("age").between(lit(1i64), col("age")),
            col("age"),
            col("items").eq(lit("x")),
            col("people.age").eq(lit(1i64)),
            col("age").eq(lit(1i64)).and((lit(1i64) / col("age")).gt(lit(0i64))),
            col("age").eq(lit(1i64)).or(random().gt(lit(0.5))),
        ] {
            assert!(!may_go_below(&expr, &schema()), "{expr}");
        }
    }
}
