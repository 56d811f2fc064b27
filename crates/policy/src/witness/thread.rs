//! Carries witnesses from scans to the root of a plan.

use super::equalities::{Equal, column, equal_columns};
use super::functions::{witness, witnesses};
use super::gate::KGate;
use super::strand::{PREFIX, Strand, is_hidden, shown};
use super::threaded::{NotThreaded, Result, Threaded};
use crate::gate::SUBJECT_COLUMN;
use crate::labels::{Behaviour, of_aggregate};
use crate::ruling::{Ruling, Rulings};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, JoinType, NullEquality, ScalarValue};
use datafusion::logical_expr::expr::{AggregateFunction, ScalarFunction};
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{
    Aggregate, AggregateUDF, Distinct, DistinctOn, Expr, ExprSchemable, Extension, Join, LogicalPlan, Projection,
    ScalarUDF, Subquery, SubqueryAlias, Union,
};
use std::cell::Cell;
use std::sync::Arc;

/// Threads a plan as the SQL planner made it, before any analysis; `k` witnesses are kept a group.
///
/// # Errors
/// [`NotThreaded`].
pub fn thread(plan: LogicalPlan, rulings: &Rulings, k: u32) -> Result<Threaded> {
    refuse_hidden_names(&plan)?;
    let threader = Threader {
        rulings,
        k,
        witness: Arc::new(witness()),
        witnesses: Arc::new(witnesses(k)),
        picks_one_of_many: Cell::new(false),
    };
    let threaded = threader.whole(plan)?;
    Ok(Threaded { picks_one_of_many: threader.picks_one_of_many.get(), ..threaded })
}

/// Threads a plan and puts a [`KGate`] at its root, unless it is about nobody. Its scalar subqueries have their own.
///
/// # Errors
/// [`NotThreaded`].
pub fn gate_root(plan: LogicalPlan, rulings: &Rulings, k: u32) -> Result<LogicalPlan> {
    gated(thread(plan, rulings, k)?, k)
}

fn gated(threaded: Threaded, k: u32) -> Result<LogicalPlan> {
    if threaded.strands.is_empty() {
        return Ok(threaded.plan);
    }
    let gate = KGate::try_new(threaded.plan, k)?;
    Ok(LogicalPlan::Extension(Extension { node: Arc::new(gate) }))
}

/// Witnesses are found by their columns' names, which SQL must therefore not give to columns of its own.
fn refuse_hidden_names(plan: &LogicalPlan) -> Result<()> {
    let mut taken = false;
    plan.apply_with_subqueries(|node| {
        taken |= node.schema().fields().iter().any(|field| is_hidden(field.name()));
        Ok(if taken { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    if taken {
        return Err(NotThreaded::Unknown(format!("a query that names a column {PREFIX}…")));
    }
    Ok(())
}

/// How many strands a plan may have: each is a column and a comparison a row.
const MOST_STRANDS: usize = 64;

struct Threader<'r> {
    rulings: &'r Rulings,
    k: u32,
    witness: Arc<ScalarUDF>,
    witnesses: Arc<AggregateUDF>,
    /// See [`Threaded::picks_one_of_many`].
    picks_one_of_many: Cell<bool>,
}

impl Threader<'_> {
    /// A query that stands by itself.
    fn whole(&self, plan: LogicalPlan) -> Result<Threaded> {
        let threaded = self.plan(plan, &mut 0)?;
        threaded.together()?;
        Ok(threaded)
    }

    fn plan(&self, plan: LogicalPlan, number: &mut usize) -> Result<Threaded> {
        match plan {
            LogicalPlan::TableScan(_) => self.scan(plan, number),
            LogicalPlan::SubqueryAlias(alias) => self.alias(alias, number),
            LogicalPlan::Projection(projection) => self.projection(projection, number),
            LogicalPlan::Filter(ref filter) => {
                let equal = equal_columns(&filter.predicate);
                let mut threaded = self.unary(plan, number)?;
                threaded.merge(&equal, false, false);
                Ok(threaded)
            }
            LogicalPlan::Sort(_) | LogicalPlan::Limit(_) | LogicalPlan::Repartition(_) | LogicalPlan::Unnest(_) => {
                self.unary(plan, number)
            }
            LogicalPlan::Window(_) => self.unary(plan, number),
            LogicalPlan::Distinct(Distinct::All(input)) => self.distinct(input, number),
            LogicalPlan::Distinct(Distinct::On(on)) => self.distinct_on(on, number),
            LogicalPlan::Aggregate(aggregate) => self.aggregate(aggregate, number),
            LogicalPlan::Join(join) => self.join(join, number),
            LogicalPlan::Union(union) => self.union(union, number),
            LogicalPlan::EmptyRelation(_) | LogicalPlan::Values(_) => Ok(Threaded::without(plan)),
            other => Err(NotThreaded::Unknown(other.display().to_string())),
        }
    }

    fn scan(&self, plan: LogicalPlan, number: &mut usize) -> Result<Threaded> {
        let LogicalPlan::TableScan(scan) = &plan else { return Ok(Threaded::without(plan)) };
        let relation = scan.table_name.to_string();
        match self.rulings.get(&relation) {
            Some(Ruling::Gated { .. }) => {}
            Some(Ruling::WithoutSubject { .. }) => return Err(NotThreaded::WithoutSubject { relation }),
            // One that is refused or unknown is reported by the rule that puts gates.
            Some(Ruling::Open | Ruling::Limited { .. } | Ruling::Refused(_)) | None => {
                return Ok(Threaded::without(plan));
            }
        }
        let subject = Column::new(Some(scan.table_name.clone()), SUBJECT_COLUMN);
        let name = format!("{PREFIX}{number}");
        *number += 1;
        let seen = ScalarFunction::new_udf(self.witness.clone(), vec![Expr::Column(subject.clone())]);
        let mut exprs: Vec<Expr> = shown(plan.schema()).map(Expr::Column).collect();
        exprs.push(Expr::ScalarFunction(seen).alias(&name));
        let strand = Strand { name, same_as: vec![subject], or_null: Vec::new(), single: true, relation };
        let plan = LogicalPlan::Projection(Projection::try_new(exprs, Arc::new(plan))?);
        Ok(Threaded { strands: vec![strand], ..Threaded::without(plan) })
    }

    fn alias(&self, alias: SubqueryAlias, number: &mut usize) -> Result<Threaded> {
        let mut threaded = self.plan(Arc::unwrap_or_clone(alias.input), number)?;
        for strand in &mut threaded.strands {
            for column in strand.same_as.iter_mut().chain(&mut strand.or_null) {
                column.relation = Some(alias.alias.clone());
            }
        }
        let plan = SubqueryAlias::try_new(Arc::new(threaded.plan.clone()), alias.alias)?;
        Ok(threaded.over(LogicalPlan::SubqueryAlias(plan)))
    }

    /// Nodes that pass the columns of their only input on.
    fn unary(&self, plan: LogicalPlan, number: &mut usize) -> Result<Threaded> {
        let [input] = plan.inputs()[..] else {
            return Err(NotThreaded::Unknown(plan.display().to_string()));
        };
        let threaded = self.plan(input.clone(), number)?;
        let exprs = match &plan {
            // A condition decides about rows and gives no value.
            LogicalPlan::Window(_) => self.gate_subqueries(plan.expressions())?,
            _ => plan.expressions(),
        };
        let plan = plan.with_new_exprs(exprs, vec![threaded.plan.clone()])?;
        Ok(threaded.over(plan))
    }

    fn projection(&self, projection: Projection, number: &mut usize) -> Result<Threaded> {
        let mut threaded = self.plan(Arc::unwrap_or_clone(projection.input), number)?;
        let mut exprs = self.gate_subqueries(projection.expr)?;
        let of: Vec<Option<Column>> = exprs.iter().map(|e| column(e).cloned()).collect();
        exprs.extend(threaded.hidden()?);
        let plan = Projection::try_new(exprs, Arc::new(threaded.plan.clone()))?;
        let columns: Vec<Column> = plan.schema.columns();
        for strand in &mut threaded.strands {
            strand.same_as = renamed(&strand.same_as, &of, &columns);
            strand.or_null = renamed(&strand.or_null, &of, &columns);
        }
        Ok(threaded.over(LogicalPlan::Projection(plan)))
    }

    /// `DISTINCT` is a group by all columns: several rows become one.
    fn distinct(&self, input: Arc<LogicalPlan>, number: &mut usize) -> Result<Threaded> {
        let threaded = self.plan(Arc::unwrap_or_clone(input), number)?;
        let groups = shown(threaded.plan.schema()).map(Expr::Column).collect();
        self.grouped(threaded, groups, Vec::new(), number)
    }

    fn distinct_on(&self, on: DistinctOn, number: &mut usize) -> Result<Threaded> {
        let mut threaded = self.plan(Arc::unwrap_or_clone(on.input), number)?;
        let mut exprs = self.gate_subqueries(on.select_expr)?;
        let of: Vec<Option<Column>> = exprs.iter().map(|e| column(e).cloned()).collect();
        exprs.extend(threaded.hidden()?);
        let plan = DistinctOn::try_new(on.on_expr, exprs, on.sort_expr, Arc::new(threaded.plan.clone()))?;
        let columns: Vec<Column> = plan.schema.columns();
        for strand in &mut threaded.strands {
            strand.same_as = renamed(&strand.same_as, &of, &columns);
            strand.or_null = renamed(&strand.or_null, &of, &columns);
        }
        Ok(threaded.over(LogicalPlan::Distinct(Distinct::On(plan))))
    }

    fn aggregate(&self, aggregate: Aggregate, number: &mut usize) -> Result<Threaded> {
        let threaded = self.plan(Arc::unwrap_or_clone(aggregate.input), number)?;
        let groups = self.gate_subqueries(aggregate.group_expr)?;
        let aggregates = self.gate_subqueries(aggregate.aggr_expr)?;
        self.grouped(threaded, groups, aggregates, number)
    }

    /// A group has the witnesses of its rows, or, where the subject is among what it groups by, the one of all. Each
    /// aggregate has those of the rows that it takes in, too: a sum over one of many is one's.
    fn grouped(
        &self,
        mut threaded: Threaded,
        mut groups: Vec<Expr>,
        mut aggregates: Vec<Expr>,
        number: &mut usize,
    ) -> Result<Threaded> {
        // People that meet in the rows of a group may be strangers as well as those of one row.
        threaded.together()?;
        let plain = !groups.iter().any(|e| matches!(e, Expr::GroupingSet(_)));
        let of: Vec<Option<Column>> = groups.iter().map(|e| column(e).cloned()).collect();
        let visible = groups.len();
        let mut conditions: Vec<Expr> = Vec::new();
        for aggregate in &aggregates {
            let condition = takes_in(aggregate, threaded.plan.schema());
            conditions.extend(condition.filter(|c| !conditions.contains(c)));
        }
        let asked = aggregates.clone();
        let mut taken_in = Vec::new();
        for at in 0..threaded.strands.len() {
            let hidden = threaded.hidden_of(&threaded.strands[at])?;
            for condition in &conditions {
                let name = format!("{PREFIX}{number}");
                *number += 1;
                aggregates.push(self.gathered(hidden.clone(), Some(condition.clone())).alias(&name));
                let relation = threaded.strands[at].relation.clone();
                taken_in.push(Strand { name, same_as: Vec::new(), or_null: Vec::new(), single: false, relation });
            }
            let strand = &mut threaded.strands[at];
            let grouped_by = plain && of.iter().flatten().any(|c| strand.same_as.contains(c));
            if grouped_by && strand.single {
                groups.push(hidden.alias(&strand.name));
            } else {
                aggregates.push(self.gathered(hidden, None).alias(&strand.name));
                strand.single = false;
            }
        }
        if threaded.strands.iter().any(|strand| !strand.single) && asked.iter().any(picks) {
            self.picks_one_of_many.set(true);
        }
        if threaded.strands.len() + taken_in.len() > MOST_STRANDS {
            return Err(NotThreaded::Unknown("so many aggregates of aggregates".to_owned()));
        }
        let plan = Aggregate::try_new(Arc::new(threaded.plan.clone()), groups, aggregates)?;
        let columns: Vec<Column> = plan.schema.columns();
        for strand in &mut threaded.strands {
            let columns = if plain { &columns[..visible] } else { &[] };
            strand.same_as = renamed(&strand.same_as, &of, columns);
            strand.or_null = renamed(&strand.or_null, &of, columns);
        }
        threaded.strands.extend(taken_in);
        Ok(threaded.over(LogicalPlan::Aggregate(plan)))
    }

    /// The witnesses of the rows of a group of which a condition holds.
    fn gathered(&self, hidden: Expr, condition: Option<Expr>) -> Expr {
        let filter = condition.map(Box::new);
        let gathered =
            AggregateFunction::new_udf(self.witnesses.clone(), vec![hidden], false, filter, Vec::new(), None);
        Expr::AggregateFunction(gathered)
    }

    fn join(&self, join: Join, number: &mut usize) -> Result<Threaded> {
        let exprs = LogicalPlan::Join(join.clone()).expressions();
        let or_null = join.null_equality == NullEquality::NullEqualsNull;
        let on = |(left, right): &(Expr, Expr)| {
            Some(Equal { left: column(left)?.clone(), right: column(right)?.clone(), or_null })
        };
        let mut equal: Vec<Equal> = join.on.iter().filter_map(on).collect();
        equal.extend(join.filter.iter().flat_map(equal_columns));
        let left = self.plan(Arc::unwrap_or_clone(join.left.clone()), number)?;
        let right = self.plan(Arc::unwrap_or_clone(join.right.clone()), number)?;
        let inputs = vec![left.plan.clone(), right.plan.clone()];
        let plan = LogicalPlan::Join(join.clone()).with_new_exprs(exprs, inputs)?;
        let (keeps_left, keeps_right) = match join.join_type {
            JoinType::Inner => (false, false),
            JoinType::Left => (true, false),
            JoinType::Right => (false, true),
            JoinType::Full => (true, true),
            // The other side only decides which rows there are.
            JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => return Ok(left.over(plan)),
            JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => return Ok(right.over(plan)),
        };
        if keeps_left || keeps_right {
            // A condition of an outer join says nothing about rows of one side alone: those stay.
            let of = |side: &Threaded, column: &Column| side.strands.iter().any(|s| s.is_named_by(column, false));
            equal.retain(|e| {
                (of(&left, &e.left) && of(&right, &e.right)) || (of(&left, &e.right) && of(&right, &e.left))
            });
        }
        let mut apart = left.apart;
        apart.extend(right.apart);
        let single = |strands: &[Strand]| -> Vec<String> {
            strands.iter().filter(|s| s.single).map(|s| s.name.clone()).collect()
        };
        for one in single(&left.strands) {
            apart.extend(single(&right.strands).into_iter().map(|other| (one.clone(), other)));
        }
        let mut strands = left.strands;
        strands.extend(right.strands);
        let mut threaded = Threaded { strands, apart, ..Threaded::without(plan) };
        threaded.merge(&equal, keeps_left, keeps_right);
        Ok(threaded)
    }

    /// Branches have as many hidden columns as the one with the most; where one has fewer, nobody is behind it.
    fn union(&self, union: Union, number: &mut usize) -> Result<Threaded> {
        let branches = union
            .inputs
            .into_iter()
            .map(|input| self.plan(Arc::unwrap_or_clone(input), number))
            .collect::<Result<Vec<_>>>()?;
        branches.iter().try_for_each(Threaded::together)?;
        let most = branches.iter().map(|b| b.strands.len()).max().unwrap_or(0);
        let mut strands: Vec<Strand> = Vec::new();
        for at in 0..most {
            let of: Vec<&Strand> = branches.iter().filter_map(|b| b.strands.get(at)).collect();
            let name = format!("{PREFIX}{number}");
            *number += 1;
            strands.push(Strand {
                name,
                same_as: Vec::new(),
                or_null: Vec::new(),
                single: of.iter().any(|s| s.single),
                relation: of.first().map(|s| s.relation.clone()).unwrap_or_default(),
            });
        }
        let mut inputs = Vec::new();
        for branch in &branches {
            let mut exprs: Vec<Expr> = shown(branch.plan.schema()).map(Expr::Column).collect();
            for (at, strand) in strands.iter().enumerate() {
                let hidden = match branch.strands.get(at) {
                    Some(own) => branch.hidden_of(own)?,
                    None => Expr::Literal(ScalarValue::Binary(None), None),
                };
                exprs.push(hidden.alias(&strand.name));
            }
            inputs.push(Arc::new(LogicalPlan::Projection(Projection::try_new(exprs, Arc::new(branch.plan.clone()))?)));
        }
        let plan = Union::try_new_with_loose_types(inputs)?;
        let columns: Vec<Column> = plan.schema.columns();
        for (number, strand) in strands.iter_mut().enumerate() {
            let everywhere = |at: &usize| {
                branches.iter().all(|b| {
                    let column = shown(b.plan.schema()).nth(*at);
                    b.strands.get(number).zip(column).is_some_and(|(s, c)| s.same_as.contains(&c))
                })
            };
            strand.same_as = (0..columns.len()).filter(everywhere).map(|at| columns[at].clone()).collect();
        }
        Ok(Threaded { strands, ..Threaded::without(LogicalPlan::Union(plan)) })
    }

    /// A value that comes out of a scalar subquery is one row's: k people have to stand behind that one.
    fn gate_subqueries(&self, exprs: Vec<Expr>) -> Result<Vec<Expr>> {
        let mut failed = None;
        let exprs = exprs
            .into_iter()
            .map(|expr| {
                expr.transform_down(|expr| match expr {
                    Expr::ScalarSubquery(subquery) => {
                        match self.whole(subquery.subquery.as_ref().clone()).and_then(|own| gated(own, self.k)) {
                            Ok(plan) => {
                                let plan = Subquery { subquery: Arc::new(plan), ..subquery };
                                Ok(Transformed::yes(Expr::ScalarSubquery(plan)))
                            }
                            Err(error) => {
                                failed = Some(error);
                                Ok(Transformed::no(Expr::ScalarSubquery(subquery)))
                            }
                        }
                    }
                    other => Ok(Transformed::no(other)),
                })
                .map(|t| t.data)
            })
            .collect::<std::result::Result<Vec<_>, _>>()?;
        match failed {
            Some(error) => Err(error),
            None => Ok(exprs),
        }
    }
}

/// Whether an aggregate gives single rows' values away.
fn picks(aggregate: &Expr) -> bool {
    match aggregate {
        Expr::Alias(alias) => picks(&alias.expr),
        Expr::AggregateFunction(function) => of_aggregate(function.func.name()) != Some(Behaviour::Aggregates),
        _ => true,
    }
}

/// Which rows of its group an aggregate takes in: those that meet its `FILTER` and give it a value. `None`: all.
fn takes_in(aggregate: &Expr, schema: &DFSchema) -> Option<Expr> {
    let function = match aggregate {
        Expr::Alias(alias) => return takes_in(&alias.expr, schema),
        Expr::AggregateFunction(function) => function,
        _ => return None,
    };
    let mut conditions: Vec<Expr> = function.params.filter.iter().map(|f| f.as_ref().clone()).collect();
    for argument in &function.params.args {
        // Before coercion the types of some cannot be told yet: those may be null.
        if argument.nullable(schema).unwrap_or(true) {
            conditions.push(argument.clone().is_not_null());
        }
    }
    conjunction(conditions)
}

/// Where columns that hold a subject went: `of` says which column each of `to` was.
fn renamed(same_as: &[Column], of: &[Option<Column>], to: &[Column]) -> Vec<Column> {
    let kept =
        of.iter().zip(to).filter(|(of, to)| !is_hidden(&to.name) && of.as_ref().is_some_and(|of| same_as.contains(of)));
    kept.map(|(_, to)| to.clone()).collect()
}
