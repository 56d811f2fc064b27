//! Which rows of a group have a part in an aggregate's value.
//!
//! A row that adds nothing to a sum hides nobody in it: `sum(CASE WHEN … THEN x ELSE 0 END)` over many people may be one
//! person's `x`. The same holds for a constant that the query itself adds, which a reader can subtract. Only people with
//! a contribution of their own are counted.

use super::forms::{Unrecognised, find_constants, is_constant, is_nonzero};
use super::threaded::{NotThreaded, Result, Threaded};
use crate::labels::{Behaviour, of_aggregate};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, Operator, lit};

/// Aggregates to which a row contributes by being there, whatever the value is.
const COUNTS: &[&str] = &["approx_distinct", "count", "grouping", "regr_count"];

/// The conditions that rows with a part in an aggregate meet: those that meet its `FILTER` and give it a value that is
/// neither null nor neutral nor a constant of the query, and, for each such constant, those that give it. The people
/// behind each are counted apart. None: every row has a part. A form of which it cannot be told is refused where people are
/// `counted`.
pub(super) fn contributions(aggregate: &Expr, input: &Threaded, counted: bool) -> Result<Vec<Expr>> {
    let schema = input.plan.schema();
    let Some(function) = function_of(aggregate) else { return Ok(Vec::new()) };
    let filter = function.params.filter.as_deref();
    let name = function.func.name();
    let counts = COUNTS.contains(&name);
    let picks = of_aggregate(name) != Some(Behaviour::Aggregates);
    let uncountable = |why: Unrecognised| NotThreaded::Unrecognised { aggregate: name.to_owned(), why };
    if function.params.distinct && counted && !counts && !picks {
        return Err(uncountable(Unrecognised::Distinct));
    }
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
        let data_type = match value.get_type(schema) {
            Ok(data_type) => data_type,
            // It takes whatever is there.
            Err(_) if picks => DataType::Utf8,
            Err(_) => return Err(NotThreaded::Uncountable { aggregate: name.to_owned() }),
        };
        let Some(not_neutral) = not_neutral(&value, &data_type) else {
            own.extend(nullable.then(|| argument.clone().is_not_null()));
            continue;
        };
        own.push(not_neutral);
        // Of truth values one is neutral, and the other is what is counted.
        let results = match data_type {
            DataType::Boolean => Ok(Vec::new()),
            _ => find_constants(input.definitions.expand(&value, &input.impersonal).as_ref()),
        };
        let results = match results {
            Err(why) if counted => return Err(uncountable(why)),
            results => results.unwrap_or_default(),
        };
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
            // A factor that may be zero leaves nothing of the value.
            (true, _, Operator::Multiply) if !is_nonzero(left) => expr.clone(),
            (_, true, Operator::Multiply) if !is_nonzero(right) => expr.clone(),
            (true, _, Operator::Divide) => expr.clone(),
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use datafusion::arrow::datatypes::{Field, Schema};
    use datafusion::common::{Column, DFSchema};
    use datafusion::functions_aggregate::expr_fn::{avg, count, max, stddev, sum, sum_distinct};
    use datafusion::logical_expr::{EmptyRelation, LogicalPlan};
    use datafusion::prelude::{coalesce, col, greatest, length, nullif, when};
    use std::sync::Arc;

    fn found(aggregate: Expr) -> Result<Vec<String>> {
        let field = |name: &str, t: DataType| Field::new(name, t, true);
        let schema = Schema::new(vec![
            field("amount", DataType::Decimal128(10, 2)),
            field("pieces", DataType::Int64),
            field("share", DataType::Float64),
            field("list_price", DataType::Float64),
            field("name", DataType::Utf8),
        ]);
        let schema = DFSchema::try_from(schema).unwrap();
        let rows = LogicalPlan::EmptyRelation(EmptyRelation { produce_one_row: false, schema: Arc::new(schema) });
        let impersonal = vec![Column::from_name("list_price")];
        let input = Threaded { impersonal, ..Threaded::without(rows) };
        Ok(contributions(&aggregate, &input, true)?.iter().map(ToString::to_string).collect())
    }

    fn conditions(aggregate: Expr) -> Vec<String> {
        found(aggregate).unwrap()
    }

    fn refusal(aggregate: Expr) -> Option<Unrecognised> {
        match found(aggregate) {
            Err(NotThreaded::Unrecognised { why, .. }) => Some(why),
            Err(_) | Ok(_) => None,
        }
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

    fn case(then: Expr, otherwise: Expr) -> Expr {
        when(col("name").eq(lit("x")), then).otherwise(otherwise).unwrap()
    }

    #[test]
    fn arithmetic_on_a_case_leaves_its_constants_constants() {
        let sums = case(col("pieces"), lit(0_i64)) + case(lit(0_i64), lit(1_i64));
        assert_eq!(conditions(sum(sums)).len(), 2);
        let nothing = col("share") * lit(0_i64) + case(col("pieces"), lit(7_i64));
        assert_eq!(conditions(sum(nothing)).len(), 2);
        assert_eq!(conditions(max(case(col("pieces"), lit(1_i64)))).len(), 2);
        assert_eq!(conditions(sum(greatest(vec![nullif(col("pieces"), lit(3_i64)), lit(1_i64)]))).len(), 2);
        assert_eq!(conditions(sum(col("pieces") * lit(0_i64))), ["pieces * Int64(0) != Int64(0)"]);
    }

    #[test]
    fn what_may_be_the_same_for_everybody_is_refused() {
        use Unrecognised::*;
        for (number, why) in [
            (case(col("pieces"), col("share") / col("share")), Repeats),
            (case(col("pieces"), col("share") - col("share")), Repeats),
            (case(col("pieces"), col("list_price")), Outside),
            (col("pieces") * col("list_price") + col("list_price"), Outside),
            (case(col("pieces"), length(col("name"))), Function),
        ] {
            assert_eq!(refusal(stddev(number.clone())), Some(why), "{number}");
        }
        assert_eq!(refusal(sum_distinct(col("pieces"))), Some(Distinct));
        let mut long = col("pieces");
        for _ in 0..8 {
            long = long + case(col("share"), col("amount"));
        }
        assert!(matches!(refusal(sum(long)), Some(TooLong | Repeats)));
    }

    #[test]
    fn what_analysts_write_is_recognised() {
        for number in [
            col("pieces") * col("list_price"),
            col("amount") - coalesce(vec![col("share"), lit(0_i64)]),
            case(-col("amount"), col("amount")),
            case(col("list_price"), lit(0_i64)),
            col("pieces") * col("pieces"),
            col("list_price"),
            length(col("name")),
        ] {
            assert!(found(sum(number.clone())).is_ok(), "{number}");
        }
    }
}
