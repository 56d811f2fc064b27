//! Puts bounds and a noise gate in the place of a model's last aggregate.

use super::follows::{Follows, follows, refuse_chance, unaliased};
use super::functions::units;
use super::gate::{NoiseGate, Shown};
use super::mechanism::{Bounded, Mechanism, digits};
use super::refused::{NotNoised, Result};
use crate::ruling::Rulings;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, ScalarValue};
use datafusion::functions_aggregate::count::count_udaf;
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::functions_window::row_number::row_number;
use datafusion::logical_expr::expr::{AggregateFunction, ScalarFunction, Sort as SortExpr};
use datafusion::logical_expr::{
    Aggregate, Expr, ExprFunctionExt, Extension, Filter, LogicalPlan, Projection, ScalarUDF, Sort, Window, lit,
};
use lakewarden_dictionary::{Noise, NoiseBound};
use std::sync::Arc;

/// A plan with noise.
#[derive(Debug)]
pub struct Noised {
    /// The plan, whose columns are those of the one it was made of.
    pub plan: LogicalPlan,
    /// The noise.
    pub mechanism: Mechanism,
}

/// How columns between the model's own are called. SQL never sees them.
const PREFIX: &str = "__lakewarden_noise_";

/// Gives a plan, as the SQL planner made it, the noise that its table declares. `place` is the function that says in
/// which order a person's rows are chosen: it takes the subject and what is grouped by.
///
/// # Errors
/// [`NotNoised`].
pub fn noised(plan: LogicalPlan, rulings: &Rulings, noise: &Noise, place: &Arc<ScalarUDF>) -> Result<Noised> {
    refuse_chance(&plan)?;
    let last = last_aggregate(&plan)?;
    if last.group_expr.iter().any(|group| matches!(unaliased(group), Expr::GroupingSet(_))) {
        return Err(NotNoised::Grouped("sets of columns"));
    }
    let figures = figures(&plan, last, noise)?;
    let Follows::OnePerson(subject) = follows(&last.input, rulings)? else { return Err(NotNoised::Nobody) };
    let Some(subject_column) = subject.first().cloned() else { return Err(NotNoised::SubjectLost) };
    for group in &last.group_expr {
        if matches!(unaliased(group), Expr::Column(column) if subject.contains(column)) {
            return Err(NotNoised::Grouped("the data subject"));
        }
        without_subqueries(group)?;
    }
    let (mechanism, sums, shown) = bound(last, &subject, noise, &figures)?;
    let bounded = bounded_aggregate(last, subject_column, &mechanism, sums, place)?;
    let gate = NoiseGate::try_new(bounded, mechanism.clone(), shown, &last.schema)?;
    let gate = LogicalPlan::Extension(Extension { node: Arc::new(gate) });
    Ok(Noised { plan: sorted(put_in_place(&plan, gate)?)?, mechanism })
}

/// The aggregate under projections, conditions and sorts, whose expressions ask no further question.
fn last_aggregate(plan: &LogicalPlan) -> Result<&Aggregate> {
    let below = match plan {
        LogicalPlan::Aggregate(aggregate) => return Ok(aggregate),
        LogicalPlan::Projection(projection) => &projection.input,
        LogicalPlan::Filter(filter) => &filter.input,
        LogicalPlan::SubqueryAlias(alias) => &alias.input,
        LogicalPlan::Sort(sort) if sort.fetch.is_none() => &sort.input,
        LogicalPlan::TableScan(_) | LogicalPlan::EmptyRelation(_) | LogicalPlan::Values(_) => {
            return Err(NotNoised::NoAggregate);
        }
        LogicalPlan::Sort(_) | LogicalPlan::Limit(_) => return Err(NotNoised::Above("LIMIT")),
        LogicalPlan::Window(_) => return Err(NotNoised::Above("a window function")),
        LogicalPlan::Join(_) => return Err(NotNoised::Above("a join")),
        LogicalPlan::Union(_) => return Err(NotNoised::Above("UNION")),
        LogicalPlan::Distinct(_) => return Err(NotNoised::Above("DISTINCT")),
        _ => return Err(NotNoised::Above("something else than SELECT, HAVING and ORDER BY")),
    };
    plan.expressions().iter().try_for_each(without_subqueries)?;
    last_aggregate(below)
}

fn without_subqueries(expr: &Expr) -> Result<()> {
    let mut asks = false;
    expr.apply(|e| {
        asks |= matches!(e, Expr::ScalarSubquery(_) | Expr::InSubquery(_) | Expr::Exists(_) | Expr::SetComparison(_));
        Ok(TreeNodeRecursion::Continue)
    })?;
    if asks { Err(NotNoised::Above("a subquery")) } else { Ok(()) }
}

/// For each aggregate the noised column that shows it.
fn figures(plan: &LogicalPlan, last: &Aggregate, noise: &Noise) -> Result<Vec<(String, NoiseBound)>> {
    let groups = last.group_expr.len();
    let mut figures: Vec<Option<(String, NoiseBound)>> = vec![None; last.aggr_expr.len()];
    for noised in &noise.columns {
        let name = &noised.name.value;
        let no_figure = || NotNoised::NoFigure(name.clone());
        let at = plan.schema().fields().iter().position(|f| f.name() == name).ok_or_else(no_figure)?;
        let figure = origin(plan, at).and_then(|at| at.checked_sub(groups)).ok_or_else(no_figure)?;
        let slot = figures.get_mut(figure).ok_or_else(no_figure)?;
        if slot.is_some() {
            return Err(no_figure());
        }
        *slot = Some((name.clone(), noised.bound));
    }
    let unbounded = |at: usize| NotNoised::Unbounded(last.aggr_expr[at].schema_name().to_string());
    figures.into_iter().enumerate().map(|(at, figure)| figure.ok_or_else(|| unbounded(at))).collect()
}

/// The column of the last aggregate that a column of the plan shows as it is, or cast.
fn origin(plan: &LogicalPlan, at: usize) -> Option<usize> {
    match plan {
        LogicalPlan::Aggregate(_) => Some(at),
        LogicalPlan::Filter(filter) => origin(&filter.input, at),
        LogicalPlan::Sort(sort) => origin(&sort.input, at),
        LogicalPlan::SubqueryAlias(alias) => origin(&alias.input, at),
        LogicalPlan::Projection(projection) => {
            let column = shown_column(projection.expr.get(at)?)?;
            origin(&projection.input, projection.input.schema().maybe_index_of_column(column)?)
        }
        _ => None,
    }
}

fn shown_column(expr: &Expr) -> Option<&Column> {
    match expr {
        Expr::Column(column) => Some(column),
        Expr::Alias(alias) => shown_column(&alias.expr),
        Expr::Cast(cast) => shown_column(&cast.expr),
        _ => None,
    }
}

/// What a person adds to a row, before it is brought within bounds.
type Amounts = Vec<Expr>;

/// Holds the aggregates against their bounds.
fn bound(
    last: &Aggregate,
    subject: &[Column],
    noise: &Noise,
    figures: &[(String, NoiseBound)],
) -> Result<(Mechanism, Amounts, Vec<Shown>)> {
    let (mut people, mut sums, mut amounts, mut shown) = (None, Vec::new(), Vec::new(), Vec::new());
    let types = &last.schema.fields()[last.group_expr.len()..];
    for ((expr, field), (column, bound)) in last.aggr_expr.iter().zip(types).zip(figures) {
        let name = || expr.schema_name().to_string();
        let Expr::AggregateFunction(function) = unaliased(expr) else { return Err(NotNoised::Function(name())) };
        let params = &function.params;
        let known = ["count", "sum"].contains(&function.func.name());
        if !known || !params.order_by.is_empty() || params.null_treatment.is_some() {
            return Err(NotNoised::Function(name()));
        }
        let counts_people = function.func.name() == "count"
            && params.distinct
            && params.filter.is_none()
            && matches!(&params.args[..], [Expr::Column(c)] if subject.contains(c));
        match bound {
            NoiseBound::People if counts_people && people.is_none() => {
                people = Some(column.clone());
                shown.push(Shown::People);
            }
            NoiseBound::People => return Err(NotNoised::NotPeople(column.clone())),
            NoiseBound::Between { .. } if counts_people => return Err(NotNoised::NotPeople(column.clone())),
            _ if params.distinct => return Err(NotNoised::Function(name())),
            NoiseBound::Unclear => return Err(NotNoised::Bound(column.clone())),
            NoiseBound::Between { low, high } => {
                params.args.iter().chain(params.filter.as_deref()).try_for_each(without_subqueries)?;
                let digits = digits(field.data_type()).ok_or_else(|| NotNoised::Inexact(name()))?;
                shown.push(Shown::Sum(sums.len()));
                sums.push(Bounded { column: column.clone(), low: *low, high: *high, digits });
                amounts.push(expr.clone());
            }
        }
    }
    Ok((Mechanism::new(noise, people, sums)?, amounts, shown))
}

/// The aggregate by group, of what each person adds to at most so many groups, each amount within its bounds.
fn bounded_aggregate(
    last: &Aggregate,
    subject: Column,
    mechanism: &Mechanism,
    amounts: Amounts,
    place: &Arc<ScalarUDF>,
) -> Result<LogicalPlan> {
    let name = |kind: &str, at: usize| format!("{PREFIX}{kind}_{at}");
    let groups = last.group_expr.len();
    let own = |kind: &str, at: usize| Expr::Column(Column::new_unqualified(name(kind, at)));
    let (person, order) = (name("person", 0), name("place", 0));
    let person_column = || Expr::Column(Column::new_unqualified(&person));

    // By group and person. Whoever is not known cannot be bounded.
    let known = Filter::try_new(Expr::Column(subject.clone()).is_not_null(), last.input.clone())?;
    let mut by: Vec<Expr> =
        last.group_expr.iter().enumerate().map(|(at, e)| unaliased(e).clone().alias(name("group", at))).collect();
    by.push(Expr::Column(subject).alias(&person));
    let amounts: Vec<Expr> =
        amounts.iter().enumerate().map(|(at, e)| unaliased(e).clone().alias(name("amount", at))).collect();
    let by_person = Aggregate::try_new(Arc::new(LogicalPlan::Filter(known)), by, amounts)?;

    // Of each person's rows so many, as the key says.
    let mut columns: Vec<Expr> = by_person.schema.columns().into_iter().map(Expr::Column).collect();
    let mut arguments = vec![person_column()];
    arguments.extend((0..groups).map(|at| own("group", at)));
    columns.push(Expr::ScalarFunction(ScalarFunction::new_udf(place.clone(), arguments)).alias(&order));
    let placed = Projection::try_new(columns, Arc::new(LogicalPlan::Aggregate(by_person)))?;
    let number = row_number()
        .partition_by(vec![person_column()])
        .order_by(vec![SortExpr::new(Expr::Column(Column::new_unqualified(&order)), true, false)])
        .build()?;
    let numbered = Window::try_new(vec![number], Arc::new(LogicalPlan::Projection(placed)))?;
    let Some(number) = numbered.schema.columns().pop() else { return Err(NotNoised::SubjectLost) };
    let most = lit(u64::from(mechanism.rows_per_person));
    let kept = Filter::try_new(Expr::Column(number).lt_eq(most), Arc::new(LogicalPlan::Window(numbered)))?;

    // Each amount within its bounds.
    let mut columns: Vec<Expr> = (0..groups).map(|at| own("group", at)).collect();
    for (at, figure) in mechanism.sums.iter().enumerate() {
        let within = ScalarFunction::new_udf(Arc::new(units(figure.low, figure.high)), vec![own("amount", at)]);
        columns.push(Expr::ScalarFunction(within).alias(name("units", at)));
    }
    columns.push(person_column());
    let within = Projection::try_new(columns, Arc::new(LogicalPlan::Filter(kept)))?;

    // By group.
    let call = |function, argument| {
        Expr::AggregateFunction(AggregateFunction::new_udf(function, vec![argument], false, None, Vec::new(), None))
    };
    let mut figures =
        vec![call(count_udaf(), Expr::Literal(ScalarValue::Int64(Some(1)), None)).alias(name("people", 0))];
    figures.extend((0..mechanism.sums.len()).map(|at| call(sum_udaf(), own("units", at)).alias(name("sum", at))));
    let by = (0..groups).map(|at| own("group", at)).collect();
    Ok(LogicalPlan::Aggregate(Aggregate::try_new(Arc::new(LogicalPlan::Projection(within)), by, figures)?))
}

/// The plan with another node in the place of its last aggregate.
fn put_in_place(plan: &LogicalPlan, gate: LogicalPlan) -> Result<LogicalPlan> {
    if matches!(plan, LogicalPlan::Aggregate(_)) {
        return Ok(gate);
    }
    let [input] = plan.inputs()[..] else { return Err(NotNoised::NoAggregate) };
    let input = put_in_place(input, gate)?;
    Ok(plan.with_new_exprs(plan.expressions(), vec![input])?)
}

/// The rows in an order that follows from them alone: the order in which groups were met would tell of the data.
fn sorted(plan: LogicalPlan) -> Result<LogicalPlan> {
    let (mut by, input) = match plan {
        LogicalPlan::Sort(sort) => (sort.expr, sort.input),
        other => (Vec::new(), Arc::new(other)),
    };
    let all = input.schema().columns().into_iter().map(|c| SortExpr::new(Expr::Column(c), true, false));
    by.extend(all);
    Ok(LogicalPlan::Sort(Sort { expr: by, input, fetch: None }))
}
