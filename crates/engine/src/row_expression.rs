//! An expression over the columns of a row, that is true, false or null: what a dataset demands of its rows.

use crate::complexity::{check_complexity, with_stack_for};
use crate::error::{EngineError, SqlProblem};
use crate::functions;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use datafusion::arrow::array::{AsArray, BooleanArray, RecordBatch};
use datafusion::arrow::compute::{cast, not};
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, ToDFSchema};
use datafusion::execution::SessionStateBuilder;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::{Expr, ExprSchemable, Volatility};
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::physical_plan::PhysicalExpr;
use datafusion::prelude::SessionContext;
use datafusion::sql::sqlparser::ast::{Query, Visit, Visitor};
use std::ops::ControlFlow;
use std::sync::Arc;

/// A compiled expression. It reads the row it is given and nothing else: no table, no clock, no chance.
#[derive(Debug, Clone)]
pub struct RowExpression {
    physical: Arc<dyn PhysicalExpr>,
}

impl RowExpression {
    /// Compiles an expression over the columns of a schema. `as_of()` is the instant given, `local_date()` the day in
    /// the zone.
    ///
    /// # Errors
    /// [`EngineError::Sql`] if it does not compile, is neither true nor false, or is more than an expression over one
    /// row.
    pub fn compile(schema: &SchemaRef, sql: &str, as_of: DateTime<Utc>, zone: Tz) -> Result<Self, EngineError> {
        with_stack_for(sql, || Self::compile_here(schema, sql, as_of, zone))
    }

    fn compile_here(schema: &SchemaRef, sql: &str, as_of: DateTime<Utc>, zone: Tz) -> Result<Self, EngineError> {
        let planning = |e| EngineError::planning(&e);
        let mut state = SessionStateBuilder::new().with_default_features().build();
        // Text in literals is compared with text in columns; nothing is read, so that nothing else matters here.
        state.config_mut().options_mut().sql_parser.collect_spans = true;
        let context = SessionContext::new_with_state(state);
        context.register_udf(functions::as_of(as_of.timestamp_micros()));
        context.register_udf(functions::local_date(zone));
        let state = context.state();
        let columns: DFSchema = schema.clone().to_dfschema().map_err(planning)?;
        let dialect = state.config().options().sql_parser.dialect;
        let parsed = state.sql_to_expr_with_alias(sql, &dialect).map_err(planning)?;
        check_complexity(&parsed.expr).map_err(EngineError::Sql)?;
        // Told before the planner looks for its tables, of which there are none.
        if parsed.expr.visit(&mut NoQuery).is_break() {
            return Err(no_subquery());
        }
        let expression = state.create_logical_expr_from_sql_expr(parsed, &columns).map_err(planning)?;
        refuse_more_than_a_row(&expression)?;
        let found = expression.get_type(&columns).map_err(planning)?;
        if found != DataType::Boolean {
            return Err(refused(
                format!("the expression gives {found}, and a rule is true or false"),
                "compare it with something, such as `amount >= 0`",
            ));
        }
        // Some functions, such as `coalesce`, are only names for simpler expressions.
        let context = SimplifyContext::builder()
            .with_schema(Arc::new(columns.clone()))
            .with_config_options(state.config_options().clone())
            .with_query_execution_start_time(Some(as_of))
            .build();
        let simplifier = ExprSimplifier::new(context);
        let expression = simplifier.coerce(expression, &columns).map_err(planning)?;
        let expression = simplifier.simplify(expression).map_err(planning)?;
        let physical = state.create_physical_expr(expression, &columns).map_err(planning)?;
        Ok(Self { physical })
    }

    /// Which rows of a batch it is false for; null where it is null.
    ///
    /// # Errors
    /// [`EngineError::Run`] if it cannot be computed, as after a division by zero.
    pub fn is_false(&self, rows: &RecordBatch) -> Result<BooleanArray, EngineError> {
        let failed = || EngineError::Run { what: "a rule on rows cannot be computed" };
        let value = self.physical.evaluate(rows).map_err(|_| failed())?;
        let array = value.into_array(rows.num_rows()).map_err(|_| failed())?;
        // What is null whatever the row says may have no type of its own.
        let array = cast(&array, &DataType::Boolean).map_err(|_| failed())?;
        not(array.as_boolean_opt().ok_or_else(failed)?).map_err(|_| failed())
    }
}

/// Stops at a query within the expression.
struct NoQuery;

impl Visitor for NoQuery {
    type Break = ();

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        ControlFlow::Break(())
    }
}

fn no_subquery() -> EngineError {
    refused("a rule on rows has no subquery".to_owned(), "for a key of another dataset, write `references: …`")
}

fn refused(message: String, hint: &str) -> EngineError {
    EngineError::Sql(SqlProblem { code: None, message, at: None, hint: Some(hint.to_owned()) })
}

/// Lets pass what is known to be computed from one row alone, and the same each time.
fn refuse_more_than_a_row(expression: &Expr) -> Result<(), EngineError> {
    let mut problem = None;
    let walked = expression.apply(|part| {
        problem = problem_of(part);
        Ok(if problem.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    walked.map_err(|e| EngineError::planning(&e))?;
    problem.map_or(Ok(()), |(message, hint)| Err(refused(message, hint)))
}

fn problem_of(part: &Expr) -> Option<(String, &'static str)> {
    match part {
        Expr::Alias(_)
        | Expr::Column(_)
        | Expr::Literal(..)
        | Expr::BinaryExpr(_)
        | Expr::Like(_)
        | Expr::SimilarTo(_)
        | Expr::Not(_)
        | Expr::IsNotNull(_)
        | Expr::IsNull(_)
        | Expr::IsTrue(_)
        | Expr::IsFalse(_)
        | Expr::IsUnknown(_)
        | Expr::IsNotTrue(_)
        | Expr::IsNotFalse(_)
        | Expr::IsNotUnknown(_)
        | Expr::Negative(_)
        | Expr::Between(_)
        | Expr::Case(_)
        | Expr::Cast(_)
        | Expr::TryCast(_)
        | Expr::InList(_) => None,
        Expr::ScalarFunction(call) => {
            let own = call.func.name() == "as_of";
            (!own && call.func.signature().volatility != Volatility::Immutable).then(|| {
                let message = format!("`{}` may give another result each time", call.func.name());
                (message, "use deterministic functions; the run's instant is `as_of()`")
            })
        }
        Expr::AggregateFunction(_) | Expr::WindowFunction(_) => {
            Some(("a rule on rows looks at one row".to_owned(), "test what many rows say together in a model"))
        }
        _ => Some(("this is no expression over the columns of a row".to_owned(), "write a comparison of columns")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use datafusion::arrow::array::{ArrayRef, Decimal128Array, Int64Array, StringArray, TimestampMicrosecondArray};
    use datafusion::arrow::datatypes::{Field, Schema, TimeUnit};

    fn schema() -> SchemaRef {
        let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        Arc::new(Schema::new(vec![
            Field::new("paid", DataType::Decimal128(12, 2), true),
            Field::new("quantity", DataType::Int64, true),
            Field::new("kind", DataType::Utf8, true),
            Field::new("at", instant, true),
        ]))
    }

    fn rows() -> RecordBatch {
        let paid = Decimal128Array::from(vec![Some(100), Some(-5), None]).with_precision_and_scale(12, 2).unwrap();
        let at = TimestampMicrosecondArray::from(vec![Some(0), Some(2_000_000), Some(9_000_000)]).with_timezone("UTC");
        let columns: Vec<ArrayRef> = vec![
            Arc::new(paid),
            Arc::new(Int64Array::from(vec![Some(1), Some(2), Some(0)])),
            Arc::new(StringArray::from(vec![Some("sale"), Some("return"), None])),
            Arc::new(at),
        ];
        RecordBatch::try_new(schema(), columns).unwrap()
    }

    fn compile(sql: &str) -> Result<RowExpression, EngineError> {
        RowExpression::compile(&schema(), sql, DateTime::from_timestamp(5, 0).unwrap(), chrono_tz::UTC)
    }

    /// By row: passes, fails, null.
    fn judged(sql: &str) -> String {
        let fails = compile(sql).and_then(|e| e.is_false(&rows())).unwrap_or_else(|e| panic!("{sql}: {e}"));
        fails.iter().map(|f| f.map_or('0', |fails| if fails { 'f' } else { 'p' })).collect()
    }

    #[test]
    fn an_expression_is_as_deep_as_a_query_may_be() {
        let chain = |count: usize| vec!["quantity > -1"; count].join(" AND ");
        assert_eq!(judged(&chain(300)), "ppp");
        let refused = compile(&chain(20_000)).unwrap_err().to_string();
        assert!(refused.contains("nested too deeply"), "{refused}");
    }

    #[test]
    fn a_row_is_true_false_or_null() {
        assert_eq!(judged("paid >= 0"), "pf0");
        assert_eq!(judged("(kind = 'return') = (paid < 0)"), "pp0");
        assert_eq!(judged("paid >= 0 OR kind IS NOT NULL"), "pp0");
        assert_eq!(judged("coalesce(kind, 'none') IN ('sale', 'none')"), "pfp");
        assert_eq!(judged("at <= as_of()"), "ppf");
        assert_eq!(judged("local_date(at) = DATE '1970-01-01'"), "ppp");
        assert_eq!(judged("kind LIKE 's%' AND length(kind) = 4"), "pf0");
        assert_eq!(judged("paid / nullif(quantity, 0) >= 1"), "pf0");
        assert_eq!(judged("true"), "ppp");
        assert_eq!(judged("NULL = 1"), "000");
    }

    #[test]
    fn what_cannot_be_computed_is_an_error_without_a_value() {
        let error = compile("100 / quantity > 5").unwrap().is_false(&rows()).unwrap_err();
        assert_eq!(error.to_string(), "the query failed while it ran: a rule on rows cannot be computed");
    }

    #[test]
    fn more_than_an_expression_over_a_row_is_refused() {
        for (sql, message) in [
            ("quantity", "gives int64"),
            ("random() < 1", "another result each time"),
            ("at < now()", "another result each time"),
            ("EXISTS (SELECT 1)", "no subquery"),
            ("quantity IN (SELECT 1)", "no subquery"),
            ("kind IN (SELECT kind FROM other)", "no subquery"),
            ("quantity = (SELECT 1)", "no subquery"),
            ("sum(quantity) > 1", "one row"),
            ("row_number() OVER (ORDER BY at) > 1", "one row"),
            ("amount > 1", "amount"),
            ("kind = ", "expected: an expression"),
            ("paid > 0; DROP TABLE x", "end of expression"),
            ("paid > 0 FROM x", "end of expression"),
            ("nothing_like_it(paid) > 0", "nothing_like_it"),
            ("$1 > 0", ""),
            ("", ""),
        ] {
            let error = compile(sql).expect_err(sql);
            assert!(matches!(error, EngineError::Sql(_)), "{sql}: {error}");
            assert!(error.to_string().to_lowercase().contains(message), "{sql}: {error}");
        }
    }
}
