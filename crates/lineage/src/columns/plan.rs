//! The walk over a plan's operators.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::common::{DFSchemaRef, TableReference};
use datafusion::logical_expr::expr::Sort as SortExpr;
use datafusion::logical_expr::logical_plan::{Aggregate, Distinct, DistinctOn, Extension, Unnest, Window};
use datafusion::logical_expr::utils::grouping_set_to_exprlist;
use datafusion::logical_expr::{Expr, LogicalPlan, UserDefinedLogicalNode};

use super::Options;
use super::model::IndirectKind;
use super::scope::{Relation, Scope, Visible};
use super::sources::{Influence, Sources};
use super::way::{Applied, AppliedKind};
use crate::LineageError;

/// The state of one walk.
pub(super) struct Walker<'o> {
    pub(super) options: &'o Options,
    /// The scopes of the queries around the current one, outermost first.
    pub(super) outers: Vec<Scope>,
    /// What a `LATERAL` relation at this place can see of its own `FROM` clause.
    pub(super) lateral: Vec<Scope>,
    /// The lambdas around the current expression, outermost first: their parameters, and what those stand for.
    pub(super) lambdas: Vec<(Vec<String>, Sources)>,
    /// What the working tables of the recursive queries around hold, by name.
    pub(super) work_tables: BTreeMap<String, Relation>,
    /// The relations scanned so far.
    pub(super) relations: BTreeSet<TableReference>,
}

impl<'o> Walker<'o> {
    pub(super) fn new(options: &'o Options) -> Self {
        Self {
            options,
            outers: Vec::new(),
            lateral: Vec::new(),
            lambdas: Vec::new(),
            work_tables: BTreeMap::new(),
            relations: BTreeSet::new(),
        }
    }

    /// The sources of what `plan` puts out.
    pub(super) fn relation(&mut self, plan: &LogicalPlan) -> Result<Relation, LineageError> {
        // Only these hand on to their inputs what a LATERAL relation among them may see.
        let hands_on = matches!(plan, LogicalPlan::SubqueryAlias(_) | LogicalPlan::Join(_) | LogicalPlan::Subquery(_));
        if hands_on || self.lateral.is_empty() {
            return self.operator(plan);
        }
        let lateral = std::mem::take(&mut self.lateral);
        let relation = self.operator(plan);
        self.lateral = lateral;
        relation
    }

    fn operator(&mut self, plan: &LogicalPlan) -> Result<Relation, LineageError> {
        match plan {
            LogicalPlan::Projection(node) => {
                let input = self.relation(&node.input)?;
                let columns = self.each(&node.expr, "Projection", &[&input.scope])?;
                Relation::new("Projection", &node.schema, columns, input.influence)
            }
            LogicalPlan::Filter(node) => {
                let mut input = self.relation(&node.input)?;
                let predicate = self.all([&node.predicate], "Filter", &[&input.scope])?;
                input.influence.merge(predicate.deciding(IndirectKind::Filter));
                Ok(input)
            }
            LogicalPlan::Sort(node) => {
                let mut input = self.relation(&node.input)?;
                let keys = self.sort_keys(&node.expr, "Sort", &[&input.scope])?;
                input.influence.merge(keys.deciding(IndirectKind::Sort));
                Ok(input)
            }
            LogicalPlan::Limit(node) => {
                let mut input = self.relation(&node.input)?;
                let bounds = [&node.skip, &node.fetch].into_iter().flatten();
                let bounds = self.all(bounds.map(AsRef::as_ref), "Limit", &[])?;
                input.influence.merge(bounds.deciding(IndirectKind::Filter));
                Ok(input)
            }
            LogicalPlan::SubqueryAlias(node) => {
                let input = self.relation(&node.input)?;
                renamed("SubqueryAlias", &node.schema, input)
            }
            LogicalPlan::Subquery(node) => self.lateral_subquery(&node.subquery),
            LogicalPlan::Repartition(node) => self.relation(&node.input),
            LogicalPlan::Union(node) => {
                let mut columns = vec![Sources::default(); node.schema.fields().len()];
                let mut influence = Influence::default();
                for input in &node.inputs {
                    let input = self.relation(input)?;
                    add_by_position("Union", &mut columns, &input)?;
                    influence.merge(input.influence);
                }
                Relation::new("Union", &node.schema, columns, influence)
            }
            LogicalPlan::Distinct(Distinct::All(input)) => {
                let mut input = self.relation(input)?;
                let row = input.row();
                input.influence.merge(row.deciding(IndirectKind::GroupBy));
                Ok(input)
            }
            LogicalPlan::Distinct(Distinct::On(node)) => self.distinct_on(node),
            LogicalPlan::Values(node) => {
                let mut columns = vec![Sources::default(); node.schema.fields().len()];
                for row in &node.values {
                    for (column, value) in columns.iter_mut().zip(row) {
                        column.merge(self.expr(value, Visible::nothing("Values"))?);
                    }
                }
                Relation::new("Values", &node.schema, columns, Influence::default())
            }
            LogicalPlan::EmptyRelation(node) => {
                let columns = vec![Sources::default(); node.schema.fields().len()];
                Relation::new("EmptyRelation", &node.schema, columns, Influence::default())
            }
            LogicalPlan::TableScan(node) => self.table_scan(node),
            LogicalPlan::Aggregate(node) => self.aggregate(node),
            LogicalPlan::Window(node) => self.window(node),
            LogicalPlan::Join(node) => self.join(node),
            LogicalPlan::Unnest(node) => self.unnest(node),
            LogicalPlan::RecursiveQuery(node) => self.recursive_query(node),
            LogicalPlan::Extension(node) => self.extension(node),
            LogicalPlan::Statement(node) => Err(not_a_query(node.name())),
            LogicalPlan::Ddl(node) => Err(not_a_query(node.name())),
            LogicalPlan::Dml(node) => Err(not_a_query(node.name())),
            LogicalPlan::Copy(_) => Err(not_a_query("Copy")),
            LogicalPlan::Explain(_) => Err(not_a_query("Explain")),
            LogicalPlan::Analyze(_) => Err(not_a_query("Explain Analyze")),
            LogicalPlan::DescribeTable(_) => Err(not_a_query("Describe")),
        }
    }

    /// Each expression for itself.
    pub(super) fn each<'e>(
        &mut self,
        exprs: impl IntoIterator<Item = &'e Expr>,
        operator: &'static str,
        scopes: &[&Scope],
    ) -> Result<Vec<Sources>, LineageError> {
        let visible = Visible { operator, scopes };
        exprs.into_iter().map(|expr| self.expr(expr, visible)).collect()
    }

    /// All expressions side by side.
    pub(super) fn all<'e>(
        &mut self,
        exprs: impl IntoIterator<Item = &'e Expr>,
        operator: &'static str,
        scopes: &[&Scope],
    ) -> Result<Sources, LineageError> {
        let mut all = Sources::default();
        for sources in self.each(exprs, operator, scopes)? {
            all.merge(sources);
        }
        Ok(all)
    }

    fn sort_keys(
        &mut self,
        keys: &[SortExpr],
        operator: &'static str,
        scopes: &[&Scope],
    ) -> Result<Sources, LineageError> {
        self.all(keys.iter().map(|key| &key.expr), operator, scopes)
    }

    fn aggregate(&mut self, node: &Aggregate) -> Result<Relation, LineageError> {
        let mut input = self.relation(&node.input)?;
        let groups = grouping_set_to_exprlist(&node.group_expr).map_err(|_| LineageError::ColumnCount {
            operator: "Aggregate",
            expected: node.schema.fields().len(),
            found: node.group_expr.len() + node.aggr_expr.len(),
        })?;
        let mut columns = self.each(groups, "Aggregate", &[&input.scope])?;
        for group in &columns {
            let group = group.clone().deciding(IndirectKind::GroupBy);
            input.influence.merge(group);
        }
        if matches!(node.group_expr.as_slice(), [Expr::GroupingSet(_)]) {
            // The internal column that says which of the grouping sets a row belongs to.
            columns.push(Sources::default());
        }
        columns.extend(self.each(&node.aggr_expr, "Aggregate", &[&input.scope])?);
        Relation::new("Aggregate", &node.schema, columns, input.influence)
    }

    fn window(&mut self, node: &Window) -> Result<Relation, LineageError> {
        let input = self.relation(&node.input)?;
        let mut columns = input.scope.columns.to_vec();
        columns.extend(self.each(&node.window_expr, "Window", &[&input.scope])?);
        Relation::new("Window", &node.schema, columns, input.influence)
    }

    fn distinct_on(&mut self, node: &DistinctOn) -> Result<Relation, LineageError> {
        let mut input = self.relation(&node.input)?;
        let on = self.all(&node.on_expr, "Distinct", &[&input.scope])?;
        input.influence.merge(on.deciding(IndirectKind::GroupBy));
        if let Some(keys) = &node.sort_expr {
            let keys = self.sort_keys(keys, "Distinct", &[&input.scope])?;
            input.influence.merge(keys.deciding(IndirectKind::Sort));
        }
        let columns = self.each(&node.select_expr, "Distinct", &[&input.scope])?;
        Relation::new("Distinct", &node.schema, columns, input.influence)
    }

    fn unnest(&mut self, node: &Unnest) -> Result<Relation, LineageError> {
        let mut input = self.relation(&node.input)?;
        let is_list = |index| node.list_type_columns.iter().any(|(list, _)| *list == index);
        let unnested = Applied::new(AppliedKind::Operator, "UNNEST");
        let mut columns = Vec::with_capacity(node.dependency_indices.len());
        for &index in &node.dependency_indices {
            let sources = input.scope.columns.get(index);
            let sources = sources.cloned().ok_or(LineageError::ColumnCount {
                operator: "Unnest",
                expected: index + 1,
                found: input.scope.columns.len(),
            })?;
            if is_list(index) {
                let list = sources.clone().deciding(IndirectKind::Join);
                input.influence.merge(list);
            }
            columns.push(if is_list(index) || node.struct_type_columns.contains(&index) {
                sources.through(&unnested, false)
            } else {
                sources
            });
        }
        Relation::new("Unnest", &node.schema, columns, input.influence)
    }

    fn extension(&mut self, node: &Extension) -> Result<Relation, LineageError> {
        let node = node.node.as_ref();
        let what = format!("extension node `{}`", node.name());
        let inputs = node.inputs().into_iter().map(|input| self.relation(input)).collect::<Result<Vec<_>, _>>()?;
        if let [input] = inputs.as_slice()
            && same_columns(node, &input.scope)
        {
            let mut input = renamed("Extension", node.schema(), input.clone())?;
            let exprs = node.expressions();
            if !exprs.is_empty() {
                // It looks at these columns; in which way, it alone knows.
                let used = self.all(&exprs, "Extension", &[&input.scope])?;
                input.influence.merge(Sources::unknown(what, &used).influence);
            }
            return Ok(input);
        }
        let mut everything = Sources::default();
        let mut influence = Influence::default();
        for input in inputs {
            everything.merge(input.row());
            influence.merge(input.influence);
        }
        let columns = vec![Sources::unknown(what, &everything); node.schema().fields().len()];
        Relation::new("Extension", node.schema(), columns, influence)
    }
}

/// The same columns under another operator's schema.
pub(super) fn renamed(operator: &'static str, schema: &DFSchemaRef, input: Relation) -> Result<Relation, LineageError> {
    Relation::new(operator, schema, input.scope.columns.to_vec(), input.influence)
}

/// Adds what an input gives, column by column.
pub(super) fn add_by_position(
    operator: &'static str,
    columns: &mut [Sources],
    input: &Relation,
) -> Result<(), LineageError> {
    if columns.len() != input.scope.columns.len() {
        return Err(LineageError::ColumnCount { operator, expected: columns.len(), found: input.scope.columns.len() });
    }
    for (column, sources) in columns.iter_mut().zip(input.scope.columns.iter()) {
        column.merge(sources.clone());
    }
    Ok(())
}

fn same_columns(node: &dyn UserDefinedLogicalNode, input: &Scope) -> bool {
    let (ours, theirs) = (node.schema(), &input.schema);
    ours.iter()
        .map(|(relation, field)| (relation, field.name(), field.data_type()))
        .eq(theirs.iter().map(|(relation, field)| (relation, field.name(), field.data_type())))
}

fn not_a_query(statement: &str) -> LineageError {
    LineageError::NotAQuery { statement: statement.to_owned() }
}
