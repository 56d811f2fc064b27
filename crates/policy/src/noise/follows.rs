//! From whose data a plan's rows follow.
//!
//! Noise hides a person because taking that person's data away changes that person's rows and no others. A rank over
//! everybody, a comparison with the mean of all, `LIMIT`: each lets one person's data decide about others' rows, and no
//! bound on what a person adds would hold. So this is a list of what may be done, and not of what may not.

use super::refused::{NotNoised, Result};
use crate::gate::SUBJECT_COLUMN;
use crate::ruling::{Ruling, Rulings};
use crate::witness::equalities::equal_columns;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, JoinType, TableReference};
use datafusion::logical_expr::{Aggregate, Distinct, Expr, ExprSchemable, Join, LogicalPlan};
use std::collections::BTreeSet;

/// From whose data rows follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Follows {
    /// From nobody's.
    Nobody,
    /// Each from that of one person, whose id these columns hold, and from tables about nobody. Rows without an id
    /// follow from whatever there is: they are to be left out.
    OnePerson(Vec<Column>),
}

/// Aggregates whose result does not depend on the order of rows.
const OF_ONE: &[&str] = &["avg", "bit_and", "bit_or", "bool_and", "bool_or", "count", "max", "mean", "min", "sum"];

/// Says from whose data the rows of a plan follow, as the SQL planner made it.
///
/// # Errors
/// [`NotNoised::Mixes`] or [`NotNoised::Volatile`], with what it is about the plan.
pub fn follows(plan: &LogicalPlan, rulings: &Rulings) -> Result<Follows> {
    refuse_chance(plan)?;
    Walk { rulings }.plan(plan)
}

/// The relations that a plan reads, subqueries included.
///
/// # Errors
/// None of its own.
pub fn reads(plan: &LogicalPlan) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            found.insert(scan.table_name.to_string());
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(found)
}

/// Chance results would be drawn anew in every run, and noise with them: it could be averaged away.
pub(super) fn refuse_chance(plan: &LogicalPlan) -> Result<()> {
    let mut chance = false;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            chance |= expr.is_volatile();
            Ok(TreeNodeRecursion::Continue)
        })
    })?;
    if chance { Err(NotNoised::Volatile) } else { Ok(()) }
}

fn mixes<T>(what: impl Into<String>) -> Result<T> {
    Err(NotNoised::Mixes(what.into()))
}

struct Walk<'r> {
    rulings: &'r Rulings,
}

impl Walk<'_> {
    fn plan(&self, plan: &LogicalPlan) -> Result<Follows> {
        if self.is_about_nobody(plan)? {
            return Ok(Follows::Nobody);
        }
        self.no_people_in_subqueries(plan)?;
        let subject = match plan {
            LogicalPlan::TableScan(scan) => {
                match self.rulings.get(&scan.table_name.to_string()) {
                    Some(Ruling::WithoutSubject { .. }) => return mixes("rows about people without a data subject"),
                    // One that is refused or unknown is reported by the rule that puts gates.
                    Some(Ruling::Gated { .. } | Ruling::Open | Ruling::Limited { .. } | Ruling::Refused(_)) | None => {}
                }
                vec![Column::new(Some(scan.table_name.clone()), SUBJECT_COLUMN)]
            }
            LogicalPlan::SubqueryAlias(alias) => requalified(self.person(&alias.input)?, &alias.alias),
            LogicalPlan::Filter(filter) => self.person(&filter.input)?,
            LogicalPlan::Sort(sort) if sort.fetch.is_none() => self.person(&sort.input)?,
            LogicalPlan::Repartition(repartition) => self.person(&repartition.input)?,
            LogicalPlan::Projection(projection) => {
                kept(&self.person(&projection.input)?, &projection.expr, &projection.schema.columns())
            }
            LogicalPlan::Distinct(Distinct::All(input)) => {
                let subject = self.person(input)?;
                if subject.is_empty() {
                    return mixes("DISTINCT without customer_id");
                }
                subject
            }
            LogicalPlan::Aggregate(aggregate) => self.aggregate(aggregate)?,
            LogicalPlan::Join(join) => self.join(join)?,
            LogicalPlan::Union(union) => self.union(&union.inputs, &union.schema.columns())?,
            LogicalPlan::Limit(_) | LogicalPlan::Sort(_) => return mixes("LIMIT"),
            LogicalPlan::Window(_) => return mixes("a window function"),
            LogicalPlan::Distinct(Distinct::On(_)) => return mixes("DISTINCT ON"),
            LogicalPlan::Unnest(_) => return mixes("unnest"),
            other => return mixes(other.display().to_string()),
        };
        Ok(Follows::OnePerson(subject))
    }

    /// The subject's columns of a plan that is known to be about people.
    fn person(&self, plan: &LogicalPlan) -> Result<Vec<Column>> {
        match self.plan(plan)? {
            Follows::OnePerson(subject) => Ok(subject),
            Follows::Nobody => Ok(Vec::new()),
        }
    }

    fn is_about_nobody(&self, plan: &LogicalPlan) -> Result<bool> {
        Ok(reads(plan)?.iter().all(|name| self.rulings.get(name).is_some_and(Ruling::is_not_about_people)))
    }

    /// Subqueries of a node's expressions may read tables about nobody only.
    fn no_people_in_subqueries(&self, node: &LogicalPlan) -> Result<()> {
        let mut subqueries = Vec::new();
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                let subquery = match expr {
                    Expr::ScalarSubquery(subquery) => Some(subquery),
                    Expr::InSubquery(inside) => Some(&inside.subquery),
                    Expr::Exists(exists) => Some(&exists.subquery),
                    Expr::SetComparison(comparison) => Some(&comparison.subquery),
                    _ => None,
                };
                subqueries.extend(subquery.map(|s| s.subquery.clone()));
                Ok(TreeNodeRecursion::Continue)
            })
        })?;
        for subquery in subqueries {
            if !self.is_about_nobody(&subquery)? {
                return mixes("a subquery over people in an expression");
            }
        }
        Ok(())
    }

    /// Groups of one person's rows, if the person is among what they are grouped by.
    fn aggregate(&self, aggregate: &Aggregate) -> Result<Vec<Column>> {
        let subject = self.person(&aggregate.input)?;
        let groups = &aggregate.group_expr;
        let sets = groups.iter().any(|e| matches!(e, Expr::GroupingSet(_)));
        let of = kept(&subject, groups, &aggregate.schema.columns());
        if sets || of.is_empty() {
            return mixes("GROUP BY without customer_id, below another aggregate,");
        }
        for expr in &aggregate.aggr_expr {
            let function = match unaliased(expr) {
                Expr::AggregateFunction(function) => function,
                other => return mixes(other.schema_name().to_string()),
            };
            let name = function.func.name();
            let ordered = !function.params.order_by.is_empty() || !OF_ONE.contains(&name);
            // A sum of floating-point numbers depends on their order, and that on who else is there.
            let exact = function.params.args.iter().all(|arg| match arg.get_type(aggregate.input.schema()) {
                Ok(data_type) if data_type.is_decimal() => true,
                Ok(data_type) => data_type.is_integer() && name == "sum",
                Err(_) => false,
            });
            if ordered || !exact && ["avg", "mean", "sum"].contains(&name) {
                return mixes(format!("{}, whose result depends on the order of rows,", expr.schema_name()));
            }
        }
        Ok(of)
    }

    fn join(&self, join: &Join) -> Result<Vec<Column>> {
        use JoinType::{Inner, Left, LeftAnti, LeftSemi, Right, RightAnti, RightSemi};
        let (left, right) = (self.plan(&join.left)?, self.plan(&join.right)?);
        match (left, right, join.join_type) {
            (Follows::OnePerson(left), Follows::Nobody, Inner | Left | LeftSemi | LeftAnti) => Ok(left),
            (Follows::Nobody, Follows::OnePerson(right), Inner | Right | RightSemi | RightAnti) => Ok(right),
            (Follows::OnePerson(left), Follows::OnePerson(right), kind) => {
                if !asks_for_one_person(join, &left, &right) {
                    return mixes("a join of people's rows that does not ask for the same customer_id");
                }
                match kind {
                    Inner => Ok([left, right].concat()),
                    Left | LeftSemi | LeftAnti => Ok(left),
                    Right | RightSemi | RightAnti => Ok(right),
                    other => mixes(format!("a {other} join")),
                }
            }
            (_, _, kind) => mixes(format!("a {kind} join that keeps rows about nobody")),
        }
    }

    fn union(&self, inputs: &[std::sync::Arc<LogicalPlan>], columns: &[Column]) -> Result<Vec<Column>> {
        let mut everywhere: Vec<usize> = (0..columns.len()).collect();
        for input in inputs {
            let Follows::OnePerson(subject) = self.plan(input)? else {
                return mixes("UNION with rows about nobody");
            };
            let own = input.schema().columns();
            everywhere.retain(|at| own.get(*at).is_some_and(|c| subject.contains(c)));
        }
        Ok(everywhere.into_iter().map(|at| columns[at].clone()).collect())
    }
}

fn asks_for_one_person(join: &Join, left: &[Column], right: &[Column]) -> bool {
    let on = join.on.iter().map(|(l, r)| l.clone().eq(r.clone()));
    on.chain(join.filter.clone()).flat_map(|condition| equal_columns(&condition)).any(|equal| {
        left.contains(&equal.left) && right.contains(&equal.right)
            || left.contains(&equal.right) && right.contains(&equal.left)
    })
}

pub(super) fn unaliased(expr: &Expr) -> &Expr {
    match expr {
        Expr::Alias(alias) => unaliased(&alias.expr),
        other => other,
    }
}

/// Where the subject's columns went: each of `columns` is what the expression at its place gives.
fn kept(subject: &[Column], exprs: &[Expr], columns: &[Column]) -> Vec<Column> {
    let is_subject = |e: &Expr| matches!(unaliased(e), Expr::Column(c) if subject.contains(c));
    exprs.iter().zip(columns).filter(|(e, _)| is_subject(e)).map(|(_, c)| c.clone()).collect()
}

fn requalified(subject: Vec<Column>, alias: &TableReference) -> Vec<Column> {
    subject.into_iter().map(|c| Column::new(Some(alias.clone()), c.name)).collect()
}
