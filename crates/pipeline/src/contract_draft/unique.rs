//! Columns of a plan that together name a row.

use datafusion::common::{Column, JoinType};
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, Join, LogicalPlan, Operator};
use lakewarden_dictionary::Project;
use lakewarden_policy::gate::SUBJECT_COLUMN;
use std::collections::BTreeSet;

/// Places of columns in a plan's schema that no two rows share.
type Key = BTreeSet<usize>;

/// The names of the columns that name a row of a plan: of several sets the smallest; none if the plan does not say.
///
/// A draft: a cast may make two values one, and what is stored may have been loaded under another key. That no two rows have
/// the same is tested before each publication.
pub(super) fn grain(project: &Project, plan: &LogicalPlan) -> Vec<String> {
    let mut keys = keys(project, plan);
    keys.sort_by_key(BTreeSet::len);
    let name = |at: &usize| plan.schema().field(*at).name().clone();
    keys.first().map(|key| key.iter().map(name).collect()).unwrap_or_default()
}

fn keys(project: &Project, plan: &LogicalPlan) -> Vec<Key> {
    match plan {
        LogicalPlan::TableScan(scan) => {
            let names = declared_key(project, &scan.table_name.to_string());
            let fields = scan.projected_schema.fields();
            let place = |name: &String| fields.iter().position(|field| field.name() == name);
            let key: Option<Key> = names.iter().map(place).collect();
            key.filter(|key| !key.is_empty()).into_iter().collect()
        }
        LogicalPlan::Projection(projection) => {
            let inner = keys(project, &projection.input);
            let place_of = |column: usize| {
                projection.expr.iter().position(|expr| as_it_is(expr, &projection.input) == Some(column))
            };
            inner.iter().filter_map(|key| key.iter().map(|column| place_of(*column)).collect()).collect()
        }
        LogicalPlan::Aggregate(aggregate) => {
            // Its groups come first among its columns; grouping sets repeat them.
            let sets = aggregate.group_expr.iter().any(|expr| matches!(expr, Expr::GroupingSet(_)));
            if sets { Vec::new() } else { vec![(0..aggregate.group_expr.len()).collect()] }
        }
        LogicalPlan::Distinct(_) => vec![(0..plan.schema().fields().len()).collect()],
        LogicalPlan::Join(join) => {
            let (left, right) = (keys(project, &join.left), keys(project, &join.right));
            let width = join.left.schema().fields().len();
            let equal = equalities(join);
            let of = |side: &LogicalPlan| equal.iter().filter_map(|column| place(side, column)).collect::<Key>();
            let (on_left, on_right) = (of(&join.left), of(&join.right));
            // A row meets one row of the other side at most, if it meets it by a key of that.
            let one_right = right.iter().any(|key| key.is_subset(&on_right));
            let one_left = left.iter().any(|key| key.is_subset(&on_left));
            let shifted = |key: &Key| key.iter().map(|column| column + width).collect::<Key>();
            match join.join_type {
                JoinType::LeftSemi | JoinType::LeftAnti => left,
                JoinType::RightSemi | JoinType::RightAnti => right,
                JoinType::Inner | JoinType::Left | JoinType::Right => {
                    let mut found = Vec::new();
                    // Rows that meet none have nulls on the other side, which is no key then.
                    if one_right && join.join_type != JoinType::Right {
                        found.extend(left.iter().cloned());
                    }
                    if one_left && join.join_type != JoinType::Left {
                        found.extend(right.iter().map(shifted));
                    }
                    if found.is_empty() {
                        let both = |l: &Key| right.iter().map(shifted).map(|r| l | &r).collect::<Vec<_>>();
                        found.extend(left.iter().flat_map(both));
                    }
                    found
                }
                JoinType::Full | JoinType::LeftMark | JoinType::RightMark => Vec::new(),
            }
        }
        LogicalPlan::Filter(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::Limit(_)
        | LogicalPlan::SubqueryAlias(_)
        | LogicalPlan::Repartition(_)
        | LogicalPlan::Window(_)
        | LogicalPlan::Subquery(_) => plan.inputs().first().map(|input| keys(project, input)).unwrap_or_default(),
        // The policy's gates hold rows back and have the columns of what is below them.
        LogicalPlan::Extension(extension) => match extension.node.inputs().as_slice() {
            [input] if input.schema().fields() == extension.node.schema().fields() => keys(project, input),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// The columns of both sides that a join demands to be equal.
fn equalities(join: &Join) -> Vec<&Column> {
    let of_filter = join.filter.iter().flat_map(split_conjunction).filter_map(|condition| match condition {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => Some((left.as_ref(), right.as_ref())),
        _ => None,
    });
    let on = join.on.iter().map(|(left, right)| (left, right));
    let both = on.chain(of_filter).filter_map(|(left, right)| match (left, right) {
        // Each of one side: else it says nothing about which rows meet.
        (Expr::Column(one), Expr::Column(two)) => {
            let sides = |column| (place(&join.left, column).is_some(), place(&join.right, column).is_some());
            matches!((sides(one), sides(two)), ((true, false), (false, true)) | ((false, true), (true, false)))
                .then_some([one, two])
        }
        _ => None,
    });
    both.flatten().collect()
}

/// The key that is declared of a relation.
fn declared_key(project: &Project, relation: &str) -> Vec<String> {
    if relation == crate::relations::CUSTOMERS {
        return vec![SUBJECT_COLUMN.to_owned()];
    }
    match (project.dataset(relation), project.table(relation)) {
        (Some(dataset), _) => dataset.key.iter().map(|part| part.value.clone()).collect(),
        (None, Some(table)) => table.grain.iter().map(|part| part.value.clone()).collect(),
        (None, None) => Vec::new(),
    }
}

/// The column of the input that an expression gives, renamed or cast.
fn as_it_is(expr: &Expr, input: &LogicalPlan) -> Option<usize> {
    match expr {
        Expr::Column(column) => place(input, column),
        Expr::Alias(alias) => as_it_is(&alias.expr, input),
        Expr::Cast(cast) => as_it_is(&cast.expr, input),
        _ => None,
    }
}

fn place(plan: &LogicalPlan, column: &Column) -> Option<usize> {
    plan.schema().maybe_index_of_column(column)
}
