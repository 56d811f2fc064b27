//! Which rows of a group have a part in an aggregate's value.
//!
//! A row that adds nothing to a sum hides nobody in it: `sum(CASE WHEN … THEN x ELSE 0 END)` over many people may be one
//! person's `x`. The same holds for a constant that the query itself adds, which a reader can subtract. Only people with
//! a contribution of their own are counted.

use super::threaded::{NotThreaded, Result};
use crate::labels::{Behaviour, of_aggregate};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::expr::{AggregateFunction, Case};
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, Operator, lit};

/// Aggregates to which a row contributes by being there, whatever the value is.
const COUNTS: &[&str] = &["approx_distinct", "count", "grouping", "regr_count"];

/// Functions whose result may be one of their arguments as it is, so that a constant among them is a constant result.
const CHOOSE: &[&str] = &["coalesce", "greatest", "ifnull", "least", "nullif", "nvl", "nvl2"];

/// The conditions that rows with a part in an aggregate meet: those that meet its `FILTER` and give it a value that is
/// neither null nor neutral nor a constant of the query, and, for each such constant, those that give it. The people
/// behind each are counted apart. None: every row has a part.
pub(super) fn contributions(aggregate: &Expr, schema: &DFSchema) -> Result<Vec<Expr>> {
    let Some(function) = function_of(aggregate) else { return Ok(Vec::new()) };
    let filter = function.params.filter.as_deref();
    let name = function.func.name();
    let counts = COUNTS.contains(&name) || of_aggregate(name) != Some(Behaviour::Aggregates);
    let mut own: Vec<Expr> = filter.cloned().into_iter().collect();
    let mut constants = Vec::new();
    for argument in function.params.args.iter().filter(|a| !is_constant(a)) {
        // Before coercion the types of some are not known yet: those may be null.
        let nullable = argument.nullable(schema).unwrap_or(true);
        if counts {
            own.extend(nullable.then(|| argument.clone().is_not_null()));
            continue;
        }
        let value = without_constants(argument);
        let unknown = |_| NotThreaded::Uncountable { aggregate: name.to_owned() };
        let data_type = value.get_type(schema).map_err(unknown)?;
        let Some(not_neutral) = not_neutral(&value, &data_type) else {
            own.extend(nullable.then(|| argument.clone().is_not_null()));
            continue;
        };
        own.push(not_neutral);
        // Of truth values one is neutral, and the other is what is counted.
        let results = if data_type == DataType::Boolean { Vec::new() } else { constant_results(&value) };
        for constant in results {
            own.push(value.clone().not_eq(constant.clone()));
            constants.push(value.clone().eq(constant));
        }
    }
    let with_filter = |condition: Expr| match filter {
        Some(filter) => filter.clone().and(condition),
        None => condition,
    };
    Ok(conjunction(own).into_iter().chain(constants.into_iter().map(with_filter)).collect())
}

/// The aggregate function that an output of a grouping is.
pub(super) fn function_of(aggregate: &Expr) -> Option<&AggregateFunction> {
    match aggregate {
        Expr::Alias(alias) => function_of(&alias.expr),
        Expr::AggregateFunction(function) => Some(function),
        _ => None,
    }
}

/// Whether an expression gives the same in every row.
fn is_constant(expr: &Expr) -> bool {
    let reads = |e: &Expr| {
        let subquery =
            matches!(e, Expr::ScalarSubquery(_) | Expr::Exists(_) | Expr::InSubquery(_) | Expr::SetComparison(_));
        Ok(subquery || matches!(e, Expr::Column(_) | Expr::OuterReferenceColumn(..)))
    };
    use datafusion::common::tree_node::TreeNode;
    !expr.exists(reads).unwrap_or(true)
}

/// The value without what the query adds to it, or multiplies it by, in every row alike.
fn without_constants(expr: &Expr) -> Expr {
    match expr {
        Expr::Alias(alias) => without_constants(&alias.expr),
        Expr::Negative(inner) => without_constants(inner),
        Expr::Cast(cast) => {
            let inner = without_constants(&cast.expr);
            if inner == *cast.expr { expr.clone() } else { inner }
        }
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: op @ (Operator::Plus | Operator::Minus | Operator::Multiply | Operator::Divide),
            right,
        }) => match (is_constant(left), is_constant(right), op) {
            (true, _, _) => without_constants(right),
            (false, true, _) => without_constants(left),
            (false, false, Operator::Plus | Operator::Minus) => Expr::BinaryExpr(BinaryExpr::new(
                Box::new(without_constants(left)),
                *op,
                Box::new(without_constants(right)),
            )),
            (false, false, _) => expr.clone(),
        },
        other => other.clone(),
    }
}

/// The condition under which a value of this type is not neutral; `None` if none of its values is.
fn not_neutral(value: &Expr, data_type: &DataType) -> Option<Expr> {
    match data_type {
        // Arrow tells -0.0 from 0.0.
        DataType::Float16 | DataType::Float32 | DataType::Float64 => {
            Some(value.clone().gt(lit(0.0_f64)).or(value.clone().lt(lit(-0.0_f64))))
        }
        DataType::Boolean => Some(value.clone().is_true()),
        number if number.is_numeric() => {
            Some(value.clone().not_eq(Expr::Literal(ScalarValue::new_zero(number).ok()?, None)))
        }
        DataType::Duration(_) | DataType::Interval(_) => {
            Some(value.clone().not_eq(Expr::Literal(ScalarValue::new_zero(data_type).ok()?, None)))
        }
        _ => None,
    }
}

/// The constants that a `CASE`, a `coalesce` or the like may give as its result.
fn constant_results(expr: &Expr) -> Vec<Expr> {
    let results: Vec<&Expr> = match expr {
        Expr::Alias(alias) => return constant_results(&alias.expr),
        Expr::Cast(cast) => return constant_results(&cast.expr),
        Expr::Case(Case { when_then_expr, else_expr, .. }) => {
            when_then_expr.iter().map(|(_, then)| then.as_ref()).chain(else_expr.as_deref()).collect()
        }
        Expr::ScalarFunction(function) if CHOOSE.contains(&function.func.name()) => function.args.iter().collect(),
        _ => Vec::new(),
    };
    let mut constants: Vec<Expr> = Vec::new();
    for result in results {
        let found = if is_constant(result) { vec![result.clone()] } else { constant_results(result) };
        constants.extend(found.into_iter().filter(|c| !is_zero_or_null(c)));
    }
    constants.dedup();
    constants
}

fn is_zero_or_null(expr: &Expr) -> bool {
    match expr {
        Expr::Literal(value, _) => {
            value.is_null() || ScalarValue::new_zero(&value.data_type()).is_ok_and(|zero| zero == *value)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use datafusion::arrow::datatypes::{Field, Schema};
    use datafusion::functions_aggregate::expr_fn::{avg, count, sum};
    use datafusion::prelude::{coalesce, col, when};

    fn conditions(aggregate: Expr) -> Vec<String> {
        let field = |name: &str, t: DataType| Field::new(name, t, true);
        let schema = Schema::new(vec![
            field("amount", DataType::Decimal128(10, 2)),
            field("pieces", DataType::Int64),
            field("share", DataType::Float64),
            field("name", DataType::Utf8),
        ]);
        let schema = DFSchema::try_from(schema).unwrap();
        contributions(&aggregate, &schema).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_row_has_a_part_in_a_sum_if_it_adds_to_it() {
        assert_eq!(conditions(sum(col("pieces"))), ["pieces != Int64(0)"]);
        assert_eq!(conditions(sum(col("share"))), ["share > Float64(0) OR share < Float64(-0)"]);
        assert_eq!(conditions(avg(col("pieces"))), ["pieces != Int64(0)"]);
        assert_eq!(conditions(count(col("pieces"))), ["pieces IS NOT NULL"]);
        assert_eq!(conditions(count(lit(1))), Vec::<String>::new());
    }

    #[test]
    fn what_a_query_adds_itself_hides_nobody() {
        assert_eq!(conditions(sum(col("pieces") + lit(1))), ["pieces != Int64(0)"]);
        assert_eq!(conditions(sum(lit(2) * (lit(7) - col("pieces")))), ["pieces != Int64(0)"]);
    }

    #[test]
    fn constants_that_a_value_may_be_are_counted_apart() {
        let case = when(col("name").eq(lit("x")), col("pieces")).otherwise(lit(1_i64)).unwrap();
        assert_eq!(conditions(sum(case)).len(), 2);
        assert_eq!(conditions(sum(coalesce(vec![col("pieces"), lit(1_i64)]))).len(), 2);
        let zero = when(col("name").eq(lit("x")), col("pieces")).otherwise(lit(0_i64)).unwrap();
        assert_eq!(conditions(sum(zero)).len(), 1);
    }
}
