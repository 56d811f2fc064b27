//! Values that may be one person's out of several, and where they must not be read.
//!
//! The greatest of many people's amounts is one person's amount. Published, its label says so. In a condition it gives no
//! value and tells it all the same: with a row for each threshold, the rows where `max(…) > threshold` tell the amount, and
//! everybody counts for them. A window takes in rows of other people than those of its own row.

use super::strand::{Strand, shown};
use super::thread::Threader;
use super::threaded::{NotThreaded, Result, Threaded};
use crate::labels::{Behaviour, of_aggregate};
use datafusion::common::Column;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::expr::{Case, InSubquery, WindowFunction};
use datafusion::logical_expr::{Expr, Subquery, Window};

/// Aggregates over many people whose result is one row's value all the same, or lies between two.
const QUANTILES: &[&str] = &[
    "approx_median",
    "approx_percentile_cont",
    "approx_percentile_cont_with_weight",
    "median",
    "percentile_cont",
    "quantile_cont",
];

/// How a value comes to be another person's than those who are counted for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Taking {
    /// A quantile: it may be published, and may not decide.
    Quantile,
    /// An aggregate picks one row's value.
    Picked,
    /// A window takes in other rows.
    Window,
}

/// A column with such a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OfOthers {
    pub(super) column: Column,
    pub(super) taking: Taking,
    /// The function that takes it.
    pub(super) function: String,
}

/// Where a value is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// `WHERE`, `HAVING`, `QUALIFY`, `ON`.
    Condition,
    /// The condition of a `CASE`.
    Case,
    /// `ORDER BY`, `LIMIT`, `DISTINCT ON`, `unnest`: which rows there are, and how many.
    Rows,
    /// `GROUP BY`, `DISTINCT`.
    Group,
    /// An aggregate's arguments, order or filter.
    Aggregate,
    /// Another window.
    Window,
    /// The result of the query.
    Result,
}

impl Reader {
    /// What it is called.
    pub(super) fn name(self) -> &'static str {
        match self {
            Reader::Condition => "a condition",
            Reader::Case => "the condition of a CASE",
            Reader::Rows => "the order or number of rows",
            Reader::Group => "a group key",
            Reader::Aggregate => "an aggregate",
            Reader::Window => "a window",
            Reader::Result => "the result",
        }
    }

    /// Whether it may read a value that is taken so.
    fn may_read(self, taking: Taking) -> bool {
        match (self, taking) {
            (Reader::Aggregate | Reader::Result, Taking::Quantile) => true,
            (Reader::Aggregate | Reader::Result, Taking::Picked | Taking::Window)
            | (Reader::Condition | Reader::Case | Reader::Rows | Reader::Group | Reader::Window, _) => false,
        }
    }
}

/// How an aggregate takes one value out of several people's; `None` if it does not.
pub(super) fn taking(aggregate: &Expr) -> Option<(Taking, String)> {
    let function = super::contributions::function_of(aggregate)?;
    let name = function.func.name();
    let taking = match of_aggregate(name) {
        Some(Behaviour::Aggregates) => QUANTILES.contains(&name).then_some(Taking::Quantile),
        // `grouping`, which tells of the query.
        Some(Behaviour::Hides) => None,
        Some(Behaviour::Passes) | None => Some(Taking::Picked),
    };
    taking.map(|taking| (taking, name.to_owned()))
}

impl Threaded {
    /// What an expression reads of other people, the worst first.
    fn others_in(&self, expr: &Expr) -> Option<&OfOthers> {
        let columns = expr.column_refs();
        self.of_others.iter().filter(|other| columns.contains(&other.column)).max_by_key(|other| other.taking)
    }
}

impl Threader<'_> {
    /// What an expression over rows of `input` reads of other people, in its subqueries, too.
    fn find_others(&self, expr: &Expr, input: &Threaded) -> Result<Option<OfOthers>> {
        let mut all: Vec<OfOthers> = input.others_in(expr).cloned().into_iter().collect();
        let picked = self.picks_one_of_many.get();
        let mut subqueries: Vec<Subquery> = Vec::new();
        expr.apply(|e| {
            match e {
                Expr::ScalarSubquery(subquery) => subqueries.push(subquery.clone()),
                Expr::InSubquery(InSubquery { subquery, .. }) => subqueries.push(subquery.clone()),
                Expr::SetComparison(comparison) => subqueries.push(comparison.subquery.clone()),
                Expr::Exists(exists) => subqueries.push(exists.subquery.clone()),
                _ => {}
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        for subquery in subqueries {
            for outer in &subquery.outer_ref_columns {
                let Expr::OuterReferenceColumn(_, column) = outer else { continue };
                all.extend(input.of_others.iter().filter(|other| other.column == *column).cloned());
            }
            let own = self.whole(subquery.subquery.as_ref().clone())?;
            let given: Vec<Column> = shown(own.plan.schema()).collect();
            all.extend(own.of_others.into_iter().filter(|other| given.contains(&other.column)));
        }
        self.picks_one_of_many.set(picked);
        Ok(all.into_iter().max_by_key(|other| other.taking))
    }

    /// Refuses expressions that read what they may not of other people.
    pub(super) fn refuse_others<'e>(
        &self,
        exprs: impl IntoIterator<Item = &'e Expr>,
        input: &Threaded,
        reader: Reader,
    ) -> Result<()> {
        if self.k <= 1 {
            return Ok(());
        }
        for expr in exprs {
            // Of a quantile an aggregate may be made, which a CASE within it must not decide by.
            if reader.may_read(Taking::Quantile) {
                self.refuse_cases(expr, input)?;
            }
            match self.find_others(expr, input)? {
                Some(other) if !reader.may_read(other.taking) => return Err(refused(other, reader)),
                Some(_) | None => {}
            }
        }
        Ok(())
    }

    /// Refuses expressions of which a `CASE` decides by other people's values.
    pub(super) fn refuse_cases(&self, expr: &Expr, input: &Threaded) -> Result<()> {
        if self.k <= 1 {
            return Ok(());
        }
        let mut conditions: Vec<Expr> = Vec::new();
        expr.apply(|e| {
            if let Expr::Case(Case { expr, when_then_expr, .. }) = e {
                conditions.extend(expr.as_deref().cloned());
                conditions.extend(when_then_expr.iter().map(|(when, _)| when.as_ref().clone()));
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        for condition in conditions {
            if let Some(other) = self.find_others(&condition, input)? {
                return Err(refused(other, Reader::Case));
            }
        }
        Ok(())
    }

    /// Notes which outputs of a projection are made of other people's values: `exprs` over `input` are `outputs`.
    pub(super) fn others_of(&self, exprs: &[Expr], input: &Threaded, outputs: &[Column]) -> Result<Vec<OfOthers>> {
        if self.k <= 1 {
            return Ok(Vec::new());
        }
        let mut of_others = Vec::new();
        for (expr, output) in exprs.iter().zip(outputs) {
            let found = self.find_others(expr, input)?;
            of_others.extend(found.map(|other| OfOthers { column: output.clone(), ..other }));
        }
        Ok(of_others)
    }

    /// The columns that windows add, as far as they take in rows of other people. None do if each row is about one person
    /// and each part of the window is of one person's rows.
    pub(super) fn windows(&self, window: &Window, input: &Threaded) -> Result<Vec<OfOthers>> {
        self.refuse_others(&window.window_expr, input, Reader::Window)?;
        let people: Vec<&Strand> = input.strands.iter().filter(|s| s.is_whole()).collect();
        if self.k <= 1 || people.is_empty() {
            return Ok(Vec::new());
        }
        let added = shown(&window.schema).skip(shown(window.input.schema()).count());
        let of_others = window.window_expr.iter().zip(added).filter_map(|(expr, column)| {
            let function = window_function(expr);
            let parts = function.map_or(&[][..], |f| &f.params.partition_by);
            let by_person = |s: &&Strand| s.single && parts.iter().any(|p| s.same_as.iter().any(|c| is_column(p, c)));
            let function = function.map_or_else(|| expr.to_string(), |f| f.fun.name().to_owned());
            (!people.iter().all(by_person)).then_some(OfOthers { column, taking: Taking::Window, function })
        });
        Ok(of_others.collect())
    }

    /// Refuses results that are other people's.
    pub(super) fn refuse_other_results(&self, threaded: &Threaded) -> Result<()> {
        let of_one = threaded.strands.iter().any(|s| s.is_whole() && s.single);
        if self.k <= 1 || of_one {
            // Rows about one person each are refused, or published as such.
            return Ok(());
        }
        let given: Vec<Column> = threaded.shown().collect();
        let read = threaded.of_others.iter().filter(|other| given.contains(&other.column));
        match read.max_by_key(|other| other.taking) {
            Some(other) if !Reader::Result.may_read(other.taking) => Err(refused(other.clone(), Reader::Result)),
            Some(_) | None => Ok(()),
        }
    }
}

fn refused(other: OfOthers, reader: Reader) -> NotThreaded {
    NotThreaded::OfOthers { reader, taking: other.taking, function: other.function }
}

fn is_column(expr: &Expr, column: &Column) -> bool {
    super::equalities::column(expr) == Some(column)
}

/// The window function that an output of a window is.
fn window_function(expr: &Expr) -> Option<&WindowFunction> {
    match expr {
        Expr::Alias(alias) => window_function(&alias.expr),
        Expr::WindowFunction(function) => Some(function),
        _ => None,
    }
}
