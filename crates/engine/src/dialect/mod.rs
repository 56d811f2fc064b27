//! SQL that analysts write and DataFusion 55.2 lacks or answers wrongly, rewritten before it is planned.
//!
//! Each rewrite produces ordinary SQL, so that labels, lineage, k-gates and noise treat it like text that the author
//! wrote. Rewrites that have no exact equivalent are errors.

mod macros;
mod similar_to;

use crate::complexity::{MOST_EXPANDED_PARTS, count_parts};
use crate::error::{EngineError, SqlProblem};
use datafusion::sql::sqlparser::ast::{Expr, Function, Spanned, VisitMut, VisitorMut};
use datafusion::sql::sqlparser::tokenizer::Span;
use std::ops::ControlFlow;

pub use macros::{SqlMacro, sql_macros};

/// Rewrites macros and `SIMILAR TO` in a parsed query.
///
/// # Errors
/// LW3121 for a macro with arguments that it does not take; LW3122 for a `SIMILAR TO` without an exact equivalent.
pub(crate) fn rewrite_dialect(statement: &mut impl VisitMut) -> Result<(), EngineError> {
    match statement.visit(&mut DialectRewriter { expanded: 0 }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(problem) => Err(EngineError::Sql(problem)),
    }
}

struct DialectRewriter {
    /// Parts of expressions that macros have added so far, those in their arguments included.
    expanded: usize,
}

impl DialectRewriter {
    /// What replaces a call of a macro: a few times its arguments, and so a power of that for macros in macros.
    fn expand(&mut self, call: &Function) -> Result<Option<Expr>, SqlProblem> {
        let Some(new) = macros::expand_macro(call)? else { return Ok(None) };
        let left = MOST_EXPANDED_PARTS - self.expanded;
        let Some(parts) = count_parts(&new, left) else {
            return Err(SqlProblem {
                code: None,
                message: format!(
                    "the macros of the query are more than {MOST_EXPANDED_PARTS} expressions once they are expanded: an argument is repeated for each time that {} uses it",
                    call.name
                ),
                at: span_start(call.name.span()),
                hint: Some(
                    "compute the inner call in a CTE or subquery of its own, and name its column here".to_owned(),
                ),
            });
        };
        self.expanded += parts;
        Ok(Some(new))
    }
}

impl VisitorMut for DialectRewriter {
    type Break = SqlProblem;

    fn post_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<SqlProblem> {
        let rewritten = match expression {
            Expr::Function(call) => self.expand(call),
            Expr::SimilarTo { negated, expr, pattern, escape_char } => {
                similar_to::rewrite_similar_to(*negated, expr, pattern, escape_char.as_ref()).map(Some)
            }
            _ => Ok(None),
        };
        match rewritten {
            Ok(None) => ControlFlow::Continue(()),
            Ok(Some(new)) => {
                *expression = new;
                ControlFlow::Continue(())
            }
            Err(problem) => ControlFlow::Break(problem),
        }
    }
}

/// Line and column of a span, from 1; `None` where the parser does not know it.
fn span_start(span: Span) -> Option<(u32, u32)> {
    Some((span.start.line as u32, span.start.column as u32)).filter(|at| *at != (0, 0))
}
