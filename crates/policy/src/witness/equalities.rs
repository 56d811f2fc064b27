//! Which columns a condition says are equal.

use datafusion::common::Column;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};

/// Two columns that are equal in every row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Equal {
    pub(crate) left: Column,
    pub(crate) right: Column,
    /// Whether both may be null.
    pub(crate) or_null: bool,
}

/// The pairs of columns that every row that meets `condition` has equal.
pub(crate) fn equal_columns(condition: &Expr) -> Vec<Equal> {
    split_conjunction(condition)
        .into_iter()
        .filter_map(|part| match part {
            Expr::BinaryExpr(BinaryExpr { left, op: op @ (Operator::Eq | Operator::IsNotDistinctFrom), right }) => {
                let or_null = *op == Operator::IsNotDistinctFrom;
                Some(Equal { left: column(left)?.clone(), right: column(right)?.clone(), or_null })
            }
            _ => None,
        })
        .collect()
}

/// The column that an expression is, perhaps under another name.
pub(crate) fn column(expr: &Expr) -> Option<&Column> {
    match expr {
        Expr::Column(column) => Some(column),
        Expr::Alias(alias) => column(&alias.expr),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::prelude::{col, lit};

    #[test]
    fn conjunctions_say_more_and_disjunctions_nothing() {
        let pairs = |e: Expr| equal_columns(&e).into_iter().map(|e| (e.left.name, e.right.name)).collect::<Vec<_>>();
        let (a, b) = (col("a").eq(col("b")), col("c").eq(lit(1)));
        let named = |x: &str, y: &str| vec![(x.to_owned(), y.to_owned())];
        assert_eq!(pairs(a.clone().and(b.clone())), named("a", "b"));
        assert!(pairs(a.clone().or(b)).is_empty());
        assert!(pairs(Expr::Not(Box::new(a))).is_empty());
        let null_safe = BinaryExpr::new(Box::new(col("a")), Operator::IsNotDistinctFrom, Box::new(col("b")));
        assert_eq!(pairs(Expr::BinaryExpr(null_safe)), named("a", "b"));
    }
}
