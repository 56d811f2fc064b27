//! Column lineage of a DataFusion [`LogicalPlan`]: for each output column the source columns its
//! values are made of, and the source columns that decide about them.
//!
//! The plan may be as the SQL planner made it, analysed, or optimised. A view that the planner put
//! in line (as `SessionContext` does) is followed into its query; a table scan is a leaf, whatever
//! its source is.
//!
//! # Words
//! *Direct* and *indirect*, and their kinds, are those of OpenLineage's `columnLineage` facet
//! 1-2-0. An indirect source decides either about all outputs ([`Lineage::indirect`]: `WHERE`,
//! joins, `GROUP BY`, `ORDER BY`) or about one ([`OutputColumn::indirect`]: conditions of `CASE`,
//! windows, `FILTER (WHERE …)` of an aggregate, and everything inside a scalar subquery).
//!
//! # Ways
//! A value may get from one source into one output on several ways side by side. Each [`Way`] says what
//! lies on it: operators, scalar, aggregate and window functions, and which aggregate was the last.
//! What is true of one way need not be true of another: ask all of [`Direct::ways`].
//!
//! # What is not understood
//! is never guessed: it appears as an [`Unknown`] at each output that it touches, with the source
//! columns that went in. That is so for extension nodes, unless their schema is the schema of
//! their only input (then columns pass by position), for wildcards that nobody expanded, and for
//! higher-order functions other than DataFusion's own. [`Lineage::complete`] makes an error of it.
//!
//! # What is not lineage here
//! That a relation has a row at all is not a column's doing: `count(*)` has no direct source, and
//! `CROSS JOIN` and `EXISTS (SELECT 1 FROM t)` name none; [`Lineage::relations`] has the relation.

mod casts;
mod expr;
mod functions;
mod join;
mod model;
mod plan;
mod scan;
mod scope;
mod sources;
mod way;

use std::collections::BTreeSet;

use datafusion::logical_expr::{DdlStatement, LogicalPlan, WriteOp};

pub use model::{Indirect, IndirectKind, Lineage, OutputColumn, Unknown};
pub use way::{Applied, AppliedKind, Direct, DirectKind, SourceColumn, Way};

use crate::LineageError;
use plan::Walker;

/// What the caller knows and a plan does not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Names of scalar, aggregate and window functions out of which the values that go in cannot
    /// be had back, in lower case: [`Way::masking`] is set behind them. By default the
    /// counts and the unkeyed hashes of DataFusion, as OpenLineage's own integrations do;
    /// whether that is enough for a given purpose is for the caller to judge.
    pub masking_functions: BTreeSet<String>,
}

impl Default for Options {
    fn default() -> Self {
        let masking = ["approx_distinct", "count", "digest", "md5", "sha224", "sha256", "sha384", "sha512"];
        Self { masking_functions: masking.map(String::from).into() }
    }
}

/// Follows each output column of `plan` back to the columns of the relations it scans.
///
/// `INSERT INTO … SELECT`, `CREATE TABLE … AS`, `CREATE VIEW` and `COPY … TO` are followed as
/// their query.
///
/// # Errors
/// [`LineageError::NotAQuery`] for a statement without output columns, else an error that means
/// that the plan contradicts itself.
pub fn column_lineage(plan: &LogicalPlan) -> Result<Lineage, LineageError> {
    column_lineage_with(plan, &Options::default())
}

/// As [`column_lineage`], with [`Options`].
///
/// # Errors
/// As [`column_lineage`].
pub fn column_lineage_with(plan: &LogicalPlan, options: &Options) -> Result<Lineage, LineageError> {
    let query = query_of(plan);
    let mut walker = Walker::new(options);
    let relation = walker.relation(query)?;
    let mut unknown = relation.influence.unknown;
    let outputs = query
        .schema()
        .fields()
        .iter()
        .zip(relation.scope.columns.iter())
        .map(|(field, sources)| {
            unknown.extend(sources.influence.unknown.iter().cloned());
            OutputColumn {
                name: field.name().clone(),
                direct: sources.direct.clone(),
                indirect: sources.influence.columns.clone(),
                unknown: sources.influence.unknown.clone(),
            }
        })
        .collect();
    Ok(Lineage { outputs, indirect: relation.influence.columns, unknown, relations: walker.relations })
}

/// The query inside a statement that writes its rows somewhere.
fn query_of(plan: &LogicalPlan) -> &LogicalPlan {
    match plan {
        LogicalPlan::Copy(copy) => &copy.input,
        LogicalPlan::Dml(dml) if matches!(dml.op, WriteOp::Insert(_) | WriteOp::Ctas) => &dml.input,
        LogicalPlan::Ddl(DdlStatement::CreateMemoryTable(create)) => &create.input,
        LogicalPlan::Ddl(DdlStatement::CreateView(create)) => &create.input,
        query => query,
    }
}
