//! Plans that no SQL text makes: extension nodes, views as leaves, statements, broken plans.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use datafusion::common::{Column, DFSchemaRef, Result};
use datafusion::logical_expr::logical_plan::{Extension, Filter, Projection, TableScan};
use datafusion::logical_expr::{
    Expr, LogicalPlan, LogicalPlanBuilder, TableScanBuilder, UserDefinedLogicalNodeCore, col, lit,
};
use datafusion::prelude::SessionContext;
use lakewarden_lineage::columns::SourceColumn;
use lakewarden_lineage::{LineageError, column_lineage};

use crate::cases::written;
use crate::tables::session;

/// A node that does something nobody knows.
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd)]
struct Opaque {
    input: LogicalPlan,
    exprs: Vec<Expr>,
    schema: Schema,
}

/// A schema that has an order, which the trait asks for and nobody uses.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Schema(DFSchemaRef);

impl PartialOrd for Schema {
    fn partial_cmp(&self, _: &Self) -> Option<std::cmp::Ordering> {
        None
    }
}

impl UserDefinedLogicalNodeCore for Opaque {
    fn name(&self) -> &str {
        "Opaque"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema.0
    }

    fn expressions(&self) -> Vec<Expr> {
        self.exprs.clone()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opaque")
    }

    fn with_exprs_and_inputs(&self, exprs: Vec<Expr>, mut inputs: Vec<LogicalPlan>) -> Result<Self> {
        Ok(Self { input: inputs.remove(0), exprs, schema: Schema(Arc::clone(&self.schema.0)) })
    }
}

pub(crate) async fn plan(session: &SessionContext, sql: &str) -> LogicalPlan {
    session.state().create_logical_plan(sql).await.unwrap()
}

fn opaque(input: LogicalPlan, schema: DFSchemaRef, exprs: Vec<Expr>) -> LogicalPlan {
    LogicalPlan::Extension(Extension { node: Arc::new(Opaque { input, exprs, schema: Schema(schema) }) })
}

#[tokio::test]
async fn an_extension_node_of_the_same_columns_is_followed() {
    let session = session(None).await;
    let input = plan(&session, "SELECT id, upper(name) AS n FROM customers WHERE city = 'x'").await;
    let schema = Arc::clone(input.schema());
    let lineage = column_lineage(&opaque(input, schema, vec![])).unwrap();
    assert_eq!(
        written(&lineage),
        "id <- customers.id identity\nn <- customers.name transformation [fn:upper]\n* ~ customers.city filter"
    );
}

#[tokio::test]
async fn what_an_extension_node_does_with_an_expression_is_unknown() {
    let session = session(None).await;
    let input = plan(&session, "SELECT id, name FROM customers").await;
    let schema = Arc::clone(input.schema());
    let lineage = column_lineage(&opaque(input, schema, vec![col("name")])).unwrap();
    assert_eq!(
        written(&lineage),
        "id <- customers.id identity\nname <- customers.name identity\n! extension node `Opaque`"
    );
    let unknown = lineage.unknown.first().unwrap();
    assert_eq!(unknown.reached, BTreeSet::from([SourceColumn::new("customers", "name")]));
}

#[tokio::test]
async fn an_extension_node_of_other_columns_is_unknown_for_each_of_them() {
    let session = session(None).await;
    let other = plan(&session, "SELECT sku, cost FROM products").await;
    let input = plan(&session, "SELECT id, name FROM customers").await;
    let plan = opaque(input, Arc::clone(other.schema()), vec![]);
    let plan = LogicalPlanBuilder::from(plan)
        .project(vec![col("products.sku").alias("a"), lit(1).alias("b")])
        .unwrap()
        .build()
        .unwrap();
    let lineage = column_lineage(&plan).unwrap();
    assert_eq!(written(&lineage), "a <- nothing\nb <- nothing\n! extension node `Opaque`");
    assert!(!lineage.is_complete());
    assert_eq!(lineage.outputs[0].unknown, lineage.unknown);
    assert!(lineage.outputs[1].unknown.is_empty());
    let reached = &lineage.unknown.first().unwrap().reached;
    assert!(reached.contains(&SourceColumn::new("customers", "id")));
    assert!(reached.contains(&SourceColumn::new("customers", "name")));
    assert_eq!(lineage.sources().len(), 2);
}

#[tokio::test]
async fn what_is_unknown_stays_unknown_when_it_filters() {
    let session = session(None).await;
    let other = plan(&session, "SELECT sku, cost FROM products").await;
    let input = plan(&session, "SELECT id, name FROM customers").await;
    let plan = opaque(input, Arc::clone(other.schema()), vec![]);
    let plan = LogicalPlanBuilder::from(plan)
        .filter(col("products.cost").gt(lit(1.0)))
        .unwrap()
        .project(vec![lit(1).alias("one")])
        .unwrap()
        .build()
        .unwrap();
    let lineage = column_lineage(&plan).unwrap();
    assert!(lineage.outputs[0].unknown.is_empty());
    assert_eq!(lineage.unknown.len(), 1);
}

#[tokio::test]
async fn a_scan_is_a_leaf_even_of_a_view() {
    let session = session(None).await;
    let provider = session.table_provider("open_orders").await.unwrap();
    let source = datafusion::datasource::provider_as_source(provider);
    let scan = TableScanBuilder::new("open_orders", source).build().unwrap();
    let lineage = column_lineage(&LogicalPlan::TableScan(scan)).unwrap();
    assert_eq!(
        written(&lineage),
        "order_id <- open_orders.order_id identity\n\
         customer_id <- open_orders.customer_id identity\n\
         price <- open_orders.price identity"
    );
}

#[tokio::test]
async fn filters_that_were_pushed_into_a_scan_count() {
    let session = session(None).await;
    let LogicalPlan::Projection(Projection { input, .. }) = plan(&session, "SELECT * FROM staff").await else {
        panic!("another plan");
    };
    let LogicalPlan::TableScan(scan) = input.as_ref() else {
        panic!("another plan");
    };
    let scan: TableScan = TableScanBuilder::new(scan.table_name.clone(), Arc::clone(&scan.source))
        .with_projection(Some(vec![2]))
        .with_filters(vec![col("staff.boss").is_null(), col("id").gt(lit(1))])
        .build()
        .unwrap();
    let lineage = column_lineage(&LogicalPlan::TableScan(scan)).unwrap();
    assert_eq!(written(&lineage), "name <- staff.name identity\n* ~ staff.boss filter, staff.id filter");
}

#[tokio::test]
async fn relations_are_named_also_where_no_column_is_used() {
    let session = session(None).await;
    let sql = "SELECT count(*) AS n FROM customers CROSS JOIN open_orders
               WHERE EXISTS (SELECT 1 FROM staff)";
    let lineage = column_lineage(&plan(&session, sql).await).unwrap();
    let relations: Vec<_> = lineage.relations.iter().map(ToString::to_string).collect();
    assert_eq!(relations, ["customers", "orders", "staff"]);
}

#[tokio::test]
async fn what_is_not_complete_can_be_refused_by_name() {
    let session = session(None).await;
    let other = plan(&session, "SELECT sku, cost FROM products").await;
    let input = plan(&session, "SELECT id, name FROM customers").await;
    assert!(column_lineage(&input).unwrap().complete().is_ok());
    let lineage = column_lineage(&opaque(input, Arc::clone(other.schema()), vec![])).unwrap();
    assert_eq!(lineage.complete().unwrap_err().to_string(), "not understood: extension node `Opaque`");
}

#[tokio::test]
async fn statements_without_columns_are_refused() {
    let session = session(None).await;
    for sql in [
        "SET datafusion.execution.batch_size = 1024",
        "DROP TABLE staff",
        "EXPLAIN SELECT id FROM staff",
        "EXPLAIN ANALYZE SELECT id FROM staff",
        "DELETE FROM staff WHERE id = 1",
    ] {
        let error = column_lineage(&plan(&session, sql).await).unwrap_err();
        assert!(matches!(error, LineageError::NotAQuery { .. }), "{sql}: {error}");
    }
}

#[tokio::test]
async fn a_plan_that_contradicts_itself_is_an_error() {
    let session = session(None).await;
    let input = Arc::new(plan(&session, "SELECT id FROM staff").await);
    let mut filter = Filter::try_new(lit(true), Arc::clone(&input)).unwrap();
    filter.predicate = Expr::Column(Column::from_name("nobody")).is_null();
    let filter = LogicalPlan::Filter(filter);
    let error = column_lineage(&filter).unwrap_err();
    assert_eq!(error.to_string(), "column `nobody` is not in the input of Filter");

    let mut projection = Projection::try_new(vec![col("id")], input).unwrap();
    projection.expr.clear();
    let projection = LogicalPlan::Projection(projection);
    let error = column_lineage(&projection).unwrap_err();
    assert!(matches!(error, LineageError::ColumnCount { expected: 1, found: 0, .. }), "{error}");
}

#[tokio::test]
async fn a_subquery_without_the_query_around_it_is_an_error() {
    let session = session(None).await;
    let sql = "SELECT (SELECT max(o.price) FROM orders o WHERE o.customer_id = c.id) FROM customers c";
    let LogicalPlan::Projection(whole) = plan(&session, sql).await else {
        panic!("another plan");
    };
    let Expr::ScalarSubquery(inner) = &whole.expr[0] else {
        panic!("another plan: {}", whole.expr[0]);
    };
    let error = column_lineage(&inner.subquery).unwrap_err();
    assert!(matches!(error, LineageError::UnresolvedOuterColumn { .. }), "{error}");
}

#[tokio::test]
async fn ten_thousand_operators_in_a_row_fit_the_stack() {
    let session = session(None).await;
    let input = plan(&session, "SELECT qty FROM orders").await;
    let sum = (0..10_000).fold(col("qty"), |sum, n| {
        Expr::BinaryExpr(datafusion::logical_expr::BinaryExpr::new(
            Box::new(sum),
            datafusion::logical_expr::Operator::Plus,
            Box::new(lit(n)),
        ))
    });
    let mut node = Projection::try_new(vec![col("qty")], Arc::new(input)).unwrap();
    node.expr = vec![sum];
    let plan = LogicalPlan::Projection(node);
    let lineage = column_lineage(&plan).unwrap();
    assert_eq!(written(&lineage), "qty <- orders.qty transformation [op:+]");
    // Dropping so deep a tree is recursive in DataFusion.
    std::mem::forget(plan);
}
