//! Carries witnesses from scans to the root of a plan.

use super::conditions::{Use, gated};
use super::contributions::contributions;
use super::equalities::{Equal, column, equal_columns};
use super::functions::{witness, witnesses};
use super::others::{OfOthers, Reader, taking};
use super::quantiles;
use super::strand::{PREFIX, Strand, UNKNOWN_COLUMN, is_hidden, shown};
use super::threaded::{NotThreaded, Result, Threaded};
use crate::gate::SUBJECT_COLUMN;
use crate::labels::{Behaviour, of_aggregate};
use crate::ruling::{Ruling, Rulings};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Column, JoinType, NullEquality};
use datafusion::logical_expr::expr::{AggregateFunction, ScalarFunction};
use datafusion::logical_expr::{
    Aggregate, AggregateUDF, Distinct, DistinctOn, Expr, Filter, Join, LogicalPlan, Projection, ScalarUDF,
    SubqueryAlias, TableScanBuilder, TableSource,
};
use std::cell::Cell;
use std::sync::Arc;

/// The source of a relation with [`UNKNOWN_COLUMN`] after its other columns. `None`: it cannot be told which of its rows
/// without a subject are about an unknown person, so that all of them count as such.
pub type MarkUnknown<'m> = &'m dyn Fn(&str) -> Option<Arc<dyn TableSource>>;

/// Threads a plan as the SQL planner made it, before any analysis; `k` witnesses are kept a group.
///
/// # Errors
/// [`NotThreaded`].
pub fn thread(plan: LogicalPlan, rulings: &Rulings, mark_unknown: MarkUnknown<'_>, k: u32) -> Result<Threaded> {
    refuse_hidden_names(&plan)?;
    let threader = Threader {
        rulings,
        mark_unknown,
        k,
        witness: Arc::new(witness()),
        witnesses: Arc::new(witnesses(k)),
        picks_one_of_many: Cell::new(false),
    };
    let threaded = threader.whole(plan)?;
    threader.refuse_other_results(&threaded)?;
    Ok(Threaded { picks_one_of_many: threader.picks_one_of_many.get(), ..threaded })
}

/// Threads a plan and puts a [`super::KGate`] at its root, unless it is about nobody. Its scalar subqueries have their own.
///
/// # Errors
/// [`NotThreaded`].
pub fn gate_root(plan: LogicalPlan, rulings: &Rulings, mark_unknown: MarkUnknown<'_>, k: u32) -> Result<LogicalPlan> {
    gated(thread(plan, rulings, mark_unknown, k)?, k)
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

pub(super) struct Threader<'r> {
    rulings: &'r Rulings,
    mark_unknown: MarkUnknown<'r>,
    pub(super) k: u32,
    witness: Arc<ScalarUDF>,
    witnesses: Arc<AggregateUDF>,
    /// See [`Threaded::picks_one_of_many`].
    pub(super) picks_one_of_many: Cell<bool>,
}

impl Threader<'_> {
    /// A query that stands by itself.
    pub(super) fn whole(&self, plan: LogicalPlan) -> Result<Threaded> {
        let threaded = self.plan(plan, &mut 0)?;
        threaded.together()?;
        Ok(threaded)
    }

    pub(super) fn plan(&self, plan: LogicalPlan, number: &mut usize) -> Result<Threaded> {
        match plan {
            LogicalPlan::TableScan(_) => self.scan(plan, number),
            LogicalPlan::SubqueryAlias(alias) => self.alias(alias, number),
            LogicalPlan::Projection(projection) => self.projection(projection, number),
            LogicalPlan::Filter(filter) => self.filter(filter, number),
            LogicalPlan::Sort(_) | LogicalPlan::Limit(_) | LogicalPlan::Repartition(_) | LogicalPlan::Unnest(_) => {
                self.unary(plan, number)
            }
            LogicalPlan::Window(_) => self.unary(plan, number),
            LogicalPlan::Distinct(Distinct::All(input)) => self.distinct(input, number),
            LogicalPlan::Distinct(Distinct::On(on)) => self.distinct_on(on, number),
            LogicalPlan::Aggregate(aggregate) => self.aggregate(aggregate, number),
            LogicalPlan::Join(join) => self.join(join, number),
            LogicalPlan::Union(union) => self.union(union, number),
            LogicalPlan::EmptyRelation(_) | LogicalPlan::Values(_) => {
                let impersonal = plan.schema().columns();
                Ok(Threaded { impersonal, ..Threaded::without(plan) })
            }
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
                let impersonal = plan.schema().columns();
                return Ok(Threaded { impersonal, ..Threaded::without(plan) });
            }
        }
        let subject = Column::new(Some(scan.table_name.clone()), SUBJECT_COLUMN);
        let name = format!("{PREFIX}{number}");
        *number += 1;
        let id = Expr::Column(subject.clone());
        let (plan, unknown) = match (self.mark_unknown)(&relation) {
            Some(source) => {
                let marked = TableScanBuilder::new(scan.table_name.clone(), source)
                    .with_filters(scan.filters.clone())
                    .with_fetch(scan.fetch)
                    .build()?;
                let unknown = Column::new(Some(scan.table_name.clone()), UNKNOWN_COLUMN);
                (LogicalPlan::TableScan(marked), Expr::Column(unknown))
            }
            None => (plan, id.clone().is_null()),
        };
        let seen = ScalarFunction::new_udf(self.witness.clone(), vec![id, unknown]);
        let mut exprs: Vec<Expr> = shown(plan.schema()).map(Expr::Column).collect();
        exprs.push(Expr::ScalarFunction(seen).alias(&name));
        let strand = Strand::of_scan(name, subject, relation);
        let plan = LogicalPlan::Projection(Projection::try_new(exprs, Arc::new(plan))?);
        Ok(Threaded { strands: vec![strand], ..Threaded::without(plan) })
    }

    fn alias(&self, alias: SubqueryAlias, number: &mut usize) -> Result<Threaded> {
        let mut threaded = self.plan(Arc::unwrap_or_clone(alias.input), number)?;
        let of_strands = threaded.strands.iter_mut().flat_map(|strand| {
            strand.same_as.iter_mut().chain(&mut strand.or_null).chain(strand.behind.iter_mut().flatten())
        });
        let of_others = threaded.of_others.iter_mut().map(|other| &mut other.column);
        for column in of_strands.chain(&mut threaded.impersonal).chain(of_others) {
            column.relation = Some(alias.alias.clone());
        }
        threaded.definitions.alias(&alias.alias);
        let plan = SubqueryAlias::try_new(Arc::new(threaded.plan.clone()), alias.alias)?;
        Ok(threaded.over(LogicalPlan::SubqueryAlias(plan)))
    }

    /// Nodes that pass the columns of their only input on.
    fn unary(&self, plan: LogicalPlan, number: &mut usize) -> Result<Threaded> {
        let [input] = plan.inputs()[..] else {
            return Err(NotThreaded::Unknown(plan.display().to_string()));
        };
        let mut threaded = self.plan(input.clone(), number)?;
        let used = match &plan {
            LogicalPlan::Window(window) => {
                let of_others = self.windows(window, &threaded)?;
                threaded.of_others.extend(of_others);
                Use::Value
            }
            _ => {
                self.refuse_others(&plan.expressions(), &threaded, Reader::Rows)?;
                Use::Condition
            }
        };
        let exprs = self.subqueries(plan.expressions(), &threaded, used)?;
        let plan = plan.with_new_exprs(exprs, vec![threaded.plan.clone()])?;
        Ok(threaded.over(plan))
    }

    fn filter(&self, filter: Filter, number: &mut usize) -> Result<Threaded> {
        let mut threaded = self.plan(filter.input.as_ref().clone(), number)?;
        threaded.merge(&equal_columns(&filter.predicate), false, false);
        threaded.tie(&filter.predicate);
        self.refuse_others([&filter.predicate], &threaded, Reader::Condition)?;
        let exprs = self.subqueries(vec![filter.predicate.clone()], &threaded, Use::Condition)?;
        let plan = LogicalPlan::Filter(filter).with_new_exprs(exprs, vec![threaded.plan.clone()])?;
        Ok(threaded.over(plan))
    }

    fn projection(&self, projection: Projection, number: &mut usize) -> Result<Threaded> {
        let mut threaded = self.plan(Arc::unwrap_or_clone(projection.input), number)?;
        projection.expr.iter().try_for_each(|expr| self.refuse_cases(expr, &threaded))?;
        let written = projection.expr.clone();
        let exprs = self.subqueries(projection.expr, &threaded, Use::Value)?;
        let all = exprs.iter().cloned().chain(threaded.hidden()?).collect();
        let plan = Projection::try_new(all, Arc::new(threaded.plan.clone()))?;
        let columns = plan.schema.columns();
        threaded.of_others = self.others_of(&written, &threaded, &columns)?;
        threaded.rename(&exprs, &columns);
        Ok(threaded.over(LogicalPlan::Projection(plan)))
    }

    /// `DISTINCT` is a group by all columns: several rows become one.
    fn distinct(&self, input: Arc<LogicalPlan>, number: &mut usize) -> Result<Threaded> {
        let threaded = self.plan(Arc::unwrap_or_clone(input), number)?;
        let groups: Vec<Expr> = shown(threaded.plan.schema()).map(Expr::Column).collect();
        self.refuse_others(&groups, &threaded, Reader::Group)?;
        self.grouped(threaded, groups, Vec::new(), number)
    }

    fn distinct_on(&self, on: DistinctOn, number: &mut usize) -> Result<Threaded> {
        let mut threaded = self.plan(Arc::unwrap_or_clone(on.input), number)?;
        let order = on.sort_expr.iter().flatten().map(|sort| &sort.expr);
        self.refuse_others(on.on_expr.iter().chain(order), &threaded, Reader::Rows)?;
        on.select_expr.iter().try_for_each(|expr| self.refuse_cases(expr, &threaded))?;
        let written = on.select_expr.clone();
        let exprs = self.subqueries(on.select_expr, &threaded, Use::Value)?;
        let all = exprs.iter().cloned().chain(threaded.hidden()?).collect();
        let plan = DistinctOn::try_new(on.on_expr, all, on.sort_expr, Arc::new(threaded.plan.clone()))?;
        let columns = plan.schema.columns();
        threaded.of_others = self.others_of(&written, &threaded, &columns)?;
        threaded.rename(&exprs, &columns);
        Ok(threaded.over(LogicalPlan::Distinct(Distinct::On(plan))))
    }

    fn aggregate(&self, aggregate: Aggregate, number: &mut usize) -> Result<Threaded> {
        let threaded = self.plan(Arc::unwrap_or_clone(aggregate.input), number)?;
        self.refuse_others(&aggregate.group_expr, &threaded, Reader::Group)?;
        self.refuse_others(&aggregate.aggr_expr, &threaded, Reader::Aggregate)?;
        let groups = self.subqueries(aggregate.group_expr, &threaded, Use::Value)?;
        let aggregates = self.subqueries(aggregate.aggr_expr, &threaded, Use::Value)?;
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
        // By condition: which aggregates it is about.
        let mut conditions: Vec<(Expr, Vec<usize>)> = Vec::new();
        for (at, aggregate) in aggregates.iter().enumerate() {
            for condition in contributions(aggregate, &threaded, self.k > 1)? {
                match conditions.iter_mut().find(|(known, _)| *known == condition) {
                    Some((_, about)) => about.push(at),
                    None => conditions.push((condition, vec![at])),
                }
            }
        }
        let exprs: Vec<Expr> = groups.iter().chain(&aggregates).cloned().collect();
        let asked = aggregates.len();
        // Parts of strands, and which aggregates of the query each is about.
        let mut parts: Vec<(Strand, &[usize])> = Vec::new();
        for at in 0..threaded.strands.len() {
            let hidden = threaded.hidden_of(&threaded.strands[at])?;
            for (condition, about) in &conditions {
                let strand = &threaded.strands[at];
                if !strand.is_whole() && !strand.is_behind(condition) {
                    continue;
                }
                let name = format!("{PREFIX}{number}");
                *number += 1;
                aggregates.push(self.gathered(hidden.clone(), Some(condition.clone())).alias(&name));
                parts.push((strand.part(name, Vec::new()), about));
            }
            let strand = &mut threaded.strands[at];
            let grouped_by = plain && of.iter().flatten().any(|c| strand.same_as.contains(c));
            if grouped_by && strand.single {
                groups.push(hidden.alias(&strand.name));
            } else {
                aggregates.push(self.gathered(hidden, None).alias(&strand.name));
                // Rows about the one person of the row around the subquery stay that person's.
                strand.single &= !strand.outer.is_empty();
            }
        }
        let of_many = threaded.strands.iter().any(|strand| strand.is_whole() && !strand.single);
        if of_many && self.k > 1 {
            exprs[visible..].iter().try_for_each(quantiles::check_fraction)?;
        }
        if of_many && exprs[visible..].iter().any(picks) {
            self.picks_one_of_many.set(true);
        }
        if threaded.strands.len() + parts.len() > MOST_STRANDS {
            return Err(NotThreaded::Unknown("so many aggregates of aggregates".to_owned()));
        }
        let plan = Aggregate::try_new(Arc::new(threaded.plan.clone()), groups, aggregates)?;
        let columns: Vec<Column> = plan.schema.columns();
        // Grouping sets have a column more, which says to which of them a row belongs.
        let first = columns.len() - plan.aggr_expr.len();
        if plain {
            let own: Vec<Column> = columns[..visible].iter().chain(&columns[first..first + asked]).cloned().collect();
            threaded.rename(&exprs, &own);
        } else {
            threaded.rename(&exprs[visible..], &columns[first..first + asked]);
        }
        // What was of others before was refused, but for quantiles, of which aggregates may be made.
        threaded.of_others.clear();
        if of_many {
            let taken = exprs[visible..].iter().zip(&columns[first..first + asked]);
            threaded.of_others.extend(taken.filter_map(|(aggregate, column)| {
                let (taking, function) = taking(aggregate)?;
                Some(OfOthers { column: column.clone(), taking, function })
            }));
        }
        let of_parts = parts.into_iter().map(|(strand, about)| {
            let behind = about.iter().filter_map(|at| columns.get(first + at).cloned()).collect();
            Strand { behind: Some(behind), ..strand }
        });
        threaded.strands.extend(of_parts.collect::<Vec<_>>());
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
        let join_type = join.join_type;
        let of_others = left.of_others.iter().chain(&right.of_others).cloned().collect();
        let sides = Threaded { of_others, ..Threaded::without(left.plan.clone()) };
        self.refuse_others(&exprs, &sides, Reader::Condition)?;
        let joined = LogicalPlan::Join(join);
        let (keeps_left, keeps_right) = match join_type {
            JoinType::Inner => (false, false),
            JoinType::Left => (true, false),
            JoinType::Right => (false, true),
            JoinType::Full => (true, true),
            // The other side only decides which rows there are.
            JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => {
                let exprs = self.subqueries(exprs, &left, Use::Condition)?;
                let tied = are_tied(&right, &left, &equal);
                let inputs = vec![left.plan.clone(), self.deciding_side(right, tied)?];
                return Ok(left.over(joined.with_new_exprs(exprs, inputs)?));
            }
            JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => {
                let exprs = self.subqueries(exprs, &right, Use::Condition)?;
                let tied = are_tied(&left, &right, &equal);
                let inputs = vec![self.deciding_side(left, tied)?, right.plan.clone()];
                return Ok(right.over(joined.with_new_exprs(exprs, inputs)?));
            }
        };
        let inputs = vec![left.plan.clone(), right.plan.clone()];
        let (mut left, mut right) = (left, right);
        left.strands.iter_mut().for_each(|strand| strand.optional |= keeps_right);
        right.strands.iter_mut().for_each(|strand| strand.optional |= keeps_left);
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
        let mut impersonal = left.impersonal;
        impersonal.extend(right.impersonal);
        let of_others = sides.of_others;
        let mut definitions = left.definitions;
        definitions.extend(right.definitions);
        let mut threaded =
            Threaded { strands, impersonal, apart, of_others, definitions, ..Threaded::without(left.plan) };
        threaded.merge(&equal, keeps_left, keeps_right);
        let exprs = self.subqueries(exprs, &threaded, Use::Condition)?;
        let plan = joined.with_new_exprs(exprs, inputs)?;
        Ok(threaded.over(plan))
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

/// Whether everyone behind one side of a join is the person of a row of the other.
fn are_tied(side: &Threaded, other: &Threaded, equal: &[Equal]) -> bool {
    let named = |of: &Threaded, column: &Column| of.strands.iter().any(|s| s.is_named_by(column, false));
    side.strands.iter().all(|strand| {
        equal.iter().any(|e| {
            [(&e.left, &e.right), (&e.right, &e.left)]
                .iter()
                .any(|(own, theirs)| !e.or_null && strand.is_named_by(own, false) && named(other, theirs))
        })
    })
}
