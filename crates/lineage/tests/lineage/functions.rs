//! Functions: what masks, how many ways there may be, and what goes on inside of lambdas.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{Result, not_impl_err};
use datafusion::logical_expr::expr::{HigherOrderFunction, Lambda, LambdaVariable};
use datafusion::logical_expr::logical_plan::Projection;
use datafusion::logical_expr::{
    ColumnarValue, Expr, HigherOrderFunctionArgs, HigherOrderReturnFieldArgs, HigherOrderSignature, HigherOrderUDF,
    HigherOrderUDFImpl, LambdaParametersProgress, LogicalPlan, ValueOrLambda, Volatility, col, create_udf,
};
use lakewarden_lineage::columns::{DirectKind, Options, SourceColumn};
use lakewarden_lineage::{LineageError, column_lineage, column_lineage_with};

use crate::cases::written;
use crate::plans::plan;
use crate::tables::session;

#[tokio::test]
async fn the_caller_says_what_masks() {
    let session = session(None).await;
    let plan = plan(&session, "SELECT upper(Reverse(email)) AS e, reverse(name) || name AS n FROM customers").await;
    let options = Options { masking_functions: BTreeSet::from(["reverse".to_owned()]) };
    // What follows a mask does not take it off; a way beside it is not masked.
    assert_eq!(
        written(&column_lineage_with(&plan, &options).unwrap()),
        "e <- customers.email transformation masking [fn:reverse fn:upper]\n\
         n <- customers.name transformation [op:||] [op:|| fn:reverse masking]"
    );
    assert_eq!(
        written(&column_lineage(&plan).unwrap()),
        "e <- customers.email transformation [fn:reverse fn:upper]\n\
         n <- customers.name transformation [op:||] [op:|| fn:reverse]"
    );
}

/// The number of ways may double with each operator.
#[tokio::test]
async fn more_ways_than_are_told_apart_are_an_error() {
    let session = session(None).await;
    let mut sql = "SELECT name AS n FROM customers".to_owned();
    for level in 1..=10 {
        let name = format!("f{level}");
        let same = Arc::new(|args: &[ColumnarValue]| Ok(args[0].clone()));
        let text = DataType::Utf8;
        session.register_udf(create_udf(&name, vec![text.clone()], text, Volatility::Immutable, same));
        sql = format!("SELECT CASE WHEN n = '' THEN {name}(n) ELSE n END AS n FROM ({sql})");
        let lineage = column_lineage(&plan(&session, &sql).await);
        if level == 10 {
            let error = lineage.unwrap_err();
            assert!(matches!(error, LineageError::TooManyWays { limit: 512, .. }), "{error}");
            continue;
        }
        let direct = &lineage.unwrap().outputs[0].direct[&SourceColumn::new("customers", "name")];
        let kind = DirectKind::Identity;
        assert_eq!((direct.kind(), direct.ways().len(), direct.through().len()), (kind, 1 << level, level));
    }
}

/// Lambdas are in SQL where the dialect has them.
#[tokio::test]
async fn what_a_lambda_does_lies_on_the_way_of_the_elements() {
    let session = session(None).await;
    session.sql("SET datafusion.sql_parser.dialect = 'DuckDB'").await.unwrap();
    for (sql, expected) in [
        (
            "SELECT array_transform(tags, t -> upper(t) || city) AS l FROM customers",
            "l <- customers.city transformation [op:|| fn:array_transform], \
             customers.tags transformation [op:|| fn:array_transform fn:upper] [fn:array_transform]",
        ),
        (
            "SELECT array_any_match(array_filter(tags, t -> reverse(t) = name), t -> t = 'x') AS b FROM customers",
            "b <- customers.name transformation [op:= fn:array_any_match fn:array_filter], \
             customers.tags transformation [op:= fn:array_any_match fn:array_filter] \
             [op:= fn:array_any_match fn:array_filter fn:reverse] [fn:array_any_match fn:array_filter]",
        ),
        // The inner lambda hides the outer one's parameter.
        (
            "SELECT array_transform([tags], t -> array_transform(t, t -> lower(t))) AS l FROM customers",
            "l <- customers.tags transformation [fn:array_transform fn:lower fn:make_array] \
             [fn:array_transform fn:make_array]",
        ),
    ] {
        assert_eq!(written(&column_lineage(&plan(&session, sql).await).unwrap()), expected, "{sql}");
    }
}

/// A function whose lambda may be given its own results.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Fold(HigherOrderSignature);

impl HigherOrderUDFImpl for Fold {
    fn name(&self) -> &str {
        "fold"
    }

    fn signature(&self) -> &HigherOrderSignature {
        &self.0
    }

    fn lambda_parameters(
        &self,
        _: usize,
        _: &[ValueOrLambda<FieldRef, Option<FieldRef>>],
    ) -> Result<LambdaParametersProgress> {
        not_impl_err!("fold is not planned")
    }

    fn return_field_from_args(&self, _: HigherOrderReturnFieldArgs) -> Result<FieldRef> {
        not_impl_err!("fold is not planned")
    }

    fn invoke_with_args(&self, _: HigherOrderFunctionArgs) -> Result<ColumnarValue> {
        not_impl_err!("fold is not run")
    }
}

#[tokio::test]
async fn a_higher_order_function_that_nobody_knows_is_not_understood() {
    let session = session(None).await;
    let input = Arc::new(plan(&session, "SELECT tags, city FROM customers").await);
    let parameter = || Expr::LambdaVariable(LambdaVariable::new("t".to_owned(), None));
    let lineage_of = |expr: Expr| {
        let mut node = Projection::try_new(vec![col("tags")], Arc::clone(&input)).unwrap();
        node.expr = vec![expr];
        column_lineage(&LogicalPlan::Projection(node)).unwrap()
    };

    let fold = HigherOrderUDF::new_from_impl(Fold(HigherOrderSignature::any(2, Volatility::Immutable)));
    let lambda = Expr::Lambda(Lambda::new(vec!["t".to_owned()], parameter().eq(col("city"))));
    let lineage =
        lineage_of(Expr::HigherOrderFunction(HigherOrderFunction::new(Arc::new(fold), vec![col("tags"), lambda])));
    assert_eq!(written(&lineage), "tags <- nothing\n! higher-order function `fold`");
    let reached = &lineage.unknown.first().unwrap().reached;
    assert_eq!(reached.iter().map(ToString::to_string).collect::<Vec<_>>(), ["customers.city", "customers.tags"]);

    assert_eq!(written(&lineage_of(parameter())), "tags <- nothing\n! lambda parameter `t`");
    let lambda = Expr::Lambda(Lambda::new(vec!["t".to_owned()], col("city")));
    assert_eq!(written(&lineage_of(lambda)), "tags <- nothing\n! lambda outside of a higher-order function");
}
