//! Where the columns of a query come from: `cargo run --example columns [SQL]`.
//!
//! Nothing but DataFusion is needed: the session below has two tables and a view, the plan is DataFusion's own.
#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "a program for a terminal, with its own tables")]

use datafusion::prelude::SessionContext;
use lakewarden_lineage::column_lineage;
use lakewarden_lineage::openlineage::{ColumnLineage, DatasetId};

const TABLES: [&str; 3] = [
    "CREATE TABLE customers (id BIGINT, name VARCHAR, email VARCHAR, city VARCHAR)",
    "CREATE TABLE orders (order_id BIGINT, customer_id BIGINT, paid DOUBLE, state VARCHAR)",
    "CREATE VIEW done AS SELECT * FROM orders WHERE state = 'done'",
];

const QUERY: &str = "
WITH spending AS (
  SELECT customer_id, sum(paid) AS spend, count(order_id) AS orders FROM done GROUP BY customer_id)
SELECT lower(c.email) AS mail,
       CASE WHEN s.orders > 3 THEN c.name ELSE left(c.name, 1) END AS name,
       s.spend / s.orders AS basket,
       rank() OVER (PARTITION BY c.city ORDER BY s.spend DESC) AS place
FROM customers c JOIN spending s ON s.customer_id = c.id";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let session = SessionContext::new();
    for table in TABLES {
        session.sql(table).await?;
    }
    let query = std::env::args().nth(1).unwrap_or_else(|| QUERY.to_owned());
    let plan = session.state().create_logical_plan(&query).await?;

    // An error names each part of the plan that is not understood: this lineage has no gaps.
    let lineage = column_lineage(&plan)?.complete()?;

    for output in &lineage.outputs {
        println!("{}", output.name);
        for (column, direct) in &output.direct {
            println!("  made of {column}: {:?}{}", direct.kind(), if direct.masking() { ", masked" } else { "" });
            for way in direct.ways() {
                let steps: Vec<_> = way.through().iter().map(ToString::to_string).collect();
                println!("    through {}", if steps.is_empty() { "nothing".to_owned() } else { steps.join(", ") });
            }
        }
        for (column, kinds) in &output.indirect {
            println!("  decided by {column}: {kinds:?}");
        }
    }
    println!("all of it");
    for (column, kinds) in &lineage.indirect {
        println!("  decided by {column}: {kinds:?}");
    }

    // The same for OpenLineage, where a relation is a dataset with a namespace.
    let facet = ColumnLineage::new(&lineage, |relation| DatasetId::new("file", format!("/lake/{}", relation.table())));
    println!("\n{}", serde_json::to_string_pretty(&facet)?);
    Ok(())
}
