//! How deep and how large a query may be: what is planned recursively must not exhaust the stack, and what is written
//! once and expanded many times must not exhaust memory.

use crate::error::SqlProblem;
use datafusion::sql::sqlparser::ast::{Expr, Query, Select, SetExpr, Spanned, TableFactor, Visit, Visitor};
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Levels of expressions, set operations, joins and CTEs above each other. A chain `a AND b AND c` has one a word.
pub(crate) const MOST_LEVELS: usize = 400;

/// Tables that are read once CTEs are put where they are named.
const MOST_TABLES: usize = 1_000;

/// Parts of expressions that macros may add to a query.
pub(crate) const MOST_EXPANDED_PARTS: usize = 20_000;

/// Bytes of stack for each byte of SQL: parsing, visiting and dropping take less for each level, and a level is a byte
/// at least.
const STACK_PER_BYTE: usize = 1 << 10;

/// Bytes of stack that planning may take: of the deepest query that is permitted, with all checks, in a debug build.
const PLANNING_STACK: usize = 64 << 20;
/// Of these at least so many must be left where planning begins.
const LEAST_PLANNING_STACK: usize = 48 << 20;

/// Runs what recurses over the plan of a query that was parsed here, on a stack that suffices, whatever the thread's is.
pub fn on_planning_stack<T>(plan: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(LEAST_PLANNING_STACK, PLANNING_STACK, plan)
}

/// A future that is polled on such a stack.
pub(crate) struct OnPlanningStack<F>(Pin<Box<F>>);

impl<F> OnPlanningStack<F> {
    /// Polls a future on a stack that suffices for planning.
    pub(crate) fn new(future: F) -> Self {
        Self(Box::pin(future))
    }
}

impl<F: Future> Future for OnPlanningStack<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        on_planning_stack(|| self.0.as_mut().poll(context))
    }
}

/// Runs what reads SQL of a length, whatever its depth, on a stack that suffices.
pub(crate) fn with_stack_for<T>(sql: &str, read: impl FnOnce() -> T) -> T {
    stacker::grow(PLANNING_STACK.saturating_add(sql.len().saturating_mul(STACK_PER_BYTE)), read)
}

/// Whether a statement or expression is no deeper and no larger than planning can take.
///
/// # Errors
/// A problem without a code, at the place where it is too deep.
pub(crate) fn check_complexity(parsed: &impl Visit) -> Result<(), SqlProblem> {
    match parsed.visit(&mut Measure::default()) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(problem) => Err(problem),
    }
}

/// Counts the parts of an expression, up to `most`; `None` if it has more.
pub(crate) fn count_parts(expression: &Expr, most: usize) -> Option<usize> {
    struct Parts(usize, usize);
    impl Visitor for Parts {
        type Break = ();

        fn pre_visit_expr(&mut self, _: &Expr) -> ControlFlow<()> {
            self.0 += 1;
            if self.0 > self.1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
    }
    let mut parts = Parts(0, most);
    match expression.visit(&mut parts) {
        ControlFlow::Continue(()) => Some(parts.0),
        ControlFlow::Break(()) => None,
    }
}

/// What putting a query where it is named adds.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    tables: usize,
    levels: usize,
}

/// A query that is being visited.
#[derive(Default)]
struct Frame {
    size: Size,
    /// Levels of its set operations and pipes.
    own: usize,
    /// The CTE whose body it is.
    cte: Option<String>,
}

#[derive(Default)]
struct Measure {
    levels: usize,
    frames: Vec<Frame>,
    /// CTEs by name; one that hides another of its name counts instead of it.
    ctes: HashMap<String, Size>,
    /// The bodies of CTEs that are yet to be visited.
    bodies: HashMap<*const Query, String>,
}

impl Measure {
    fn deeper(&mut self, by: usize, at: impl FnOnce() -> Option<(u32, u32)>) -> ControlFlow<SqlProblem> {
        self.levels = self.levels.saturating_add(by);
        let below = self.frames.last().map_or(0, |frame| frame.size.levels);
        if self.levels.saturating_add(below) > MOST_LEVELS {
            ControlFlow::Break(too_deep(at()))
        } else {
            ControlFlow::Continue(())
        }
    }
}

impl Visitor for Measure {
    type Break = SqlProblem;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<SqlProblem> {
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            self.bodies.insert(std::ptr::from_ref(cte.query.as_ref()), cte.alias.name.value.to_lowercase());
        }
        let cte = self.bodies.remove(&std::ptr::from_ref(query));
        let own = set_levels(&query.body).saturating_add(query.pipe_operators.len()).saturating_add(1);
        self.frames.push(Frame { own, cte, size: Size::default() });
        self.deeper(own, || None)
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<SqlProblem> {
        let Some(Frame { size, own, cte }) = self.frames.pop() else { return ControlFlow::Continue(()) };
        self.levels = self.levels.saturating_sub(own);
        let size = Size { levels: size.levels.saturating_add(own), ..size };
        match (cte, self.frames.last_mut()) {
            (Some(name), _) => drop(self.ctes.insert(name, size)),
            (None, Some(outer)) => {
                outer.size.tables = outer.size.tables.saturating_add(size.tables);
                outer.size.levels = outer.size.levels.max(size.levels);
            }
            (None, None) => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<SqlProblem> {
        // Joins stand above each other in a plan, side by side in the SQL.
        let joined = select.from.iter().map(|table| table.joins.len() + 1).sum::<usize>();
        if joined > MOST_LEVELS { ControlFlow::Break(too_deep(None)) } else { ControlFlow::Continue(()) }
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<SqlProblem> {
        let TableFactor::Table { name, .. } = factor else { return ControlFlow::Continue(()) };
        let one = Size { tables: 1, levels: 0 };
        let named = name.to_string().trim_matches('"').to_lowercase();
        let size = self.ctes.get(&named).copied().unwrap_or(one);
        let start = name.span().start;
        let at = Some((start.line as u32, start.column as u32)).filter(|at| *at != (0, 0));
        if let Some(frame) = self.frames.last_mut() {
            frame.size.tables = frame.size.tables.saturating_add(size.tables);
            frame.size.levels = frame.size.levels.max(size.levels);
            if frame.size.tables > MOST_TABLES {
                let message = format!(
                    "the query reads more than {MOST_TABLES} tables, once its CTEs are put where they are named"
                );
                let hint = Some("make a table of what is used several times, by a model of its own".to_owned());
                return ControlFlow::Break(SqlProblem { code: None, message, at, hint });
            }
        }
        self.deeper(0, || at)
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<SqlProblem> {
        self.deeper(1, || place(expression))
    }

    fn post_visit_expr(&mut self, _: &Expr) -> ControlFlow<SqlProblem> {
        self.levels = self.levels.saturating_sub(1);
        ControlFlow::Continue(())
    }
}

fn too_deep(at: Option<(u32, u32)>) -> SqlProblem {
    SqlProblem {
        code: None,
        message: format!(
            "the query is nested too deeply: more than {MOST_LEVELS} levels of expressions, joins, set operations or CTEs"
        ),
        at,
        hint: Some("write `x IN (…)` for many ORs, join with a table of the values, or split the model".to_owned()),
    }
}

/// Where the right side of an operator was written: the left side may be of any depth.
fn place(expression: &Expr) -> Option<(u32, u32)> {
    let Expr::BinaryOp { right, .. } = expression else { return None };
    let start = right.span().start;
    Some((start.line as u32, start.column as u32)).filter(|at| *at != (0, 0))
}

/// Set operations above each other. Without recursion: the parser makes a list of any length one side's depth.
fn set_levels(body: &SetExpr) -> usize {
    let (mut deepest, mut open) = (0, vec![(body, 0)]);
    while let Some((body, level)) = open.pop() {
        deepest = deepest.max(level);
        if let SetExpr::SetOperation { left, right, .. } = body {
            open.extend([(left.as_ref(), level + 1), (right.as_ref(), level + 1)]);
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]
    use crate::error::{EngineError, SqlProblem};
    use crate::sql::references;

    fn problem(sql: &str) -> Option<String> {
        references(sql).err().map(|error| match error {
            EngineError::Sql(SqlProblem { message, at, .. }) => format!("{at:?} {message}"),
            other => panic!("{other}"),
        })
    }

    fn chain(part: &str, joined: &str, count: usize) -> String {
        vec![part; count].join(joined)
    }

    #[test]
    fn chains_of_any_length_are_refused_and_not_a_crash() {
        for (part, joined) in [
            ("a", " AND "),
            ("a", " OR "),
            ("1", "+"),
            ("a", "||"),
            ("SELECT 1", " UNION ALL SELECT 1 EXCEPT "),
            ("a IS NULL", " AND "),
            ("t", " JOIN "),
        ] {
            let sql = match part {
                "SELECT 1" => chain(part, joined, 20_000),
                "t" => format!("SELECT 1 FROM {}", chain(part, joined, 20_000)),
                _ => format!("SELECT {} FROM t", chain(part, joined, 50_000)),
            };
            let found = problem(&sql).unwrap_or_default();
            assert!(found.contains("nested too deeply"), "{part} {joined}: {}", &found[..found.len().min(200)]);
        }
        for sql in [
            format!("SELECT a{} FROM t", " IS NULL".repeat(20_000)),
            format!("SELECT a{} FROM t", "::bigint".repeat(20_000)),
            format!("SELECT 1 FROM t {}", "|> WHERE a ".repeat(20_000)),
            format!(
                "WITH c0 AS (SELECT 1 AS a){} SELECT * FROM c999",
                (1..1000).map(|n| format!(", c{n} AS (SELECT * FROM c{})", n - 1)).collect::<String>()
            ),
        ] {
            assert!(problem(&sql).is_some_and(|found| found.contains("nested too deeply")), "{}", &sql[..60]);
        }
    }

    #[test]
    fn the_place_of_a_chain_is_known() {
        let sql = format!("SELECT 1\nFROM t\nWHERE {}", chain("a", " AND ", 500));
        // At the operand that is one too many, seen from the right.
        assert!(problem(&sql).is_some_and(|found| found.contains("(3, ")), "{:?}", problem(&sql));
    }

    #[test]
    fn what_people_write_is_no_chain() {
        for sql in [
            format!("SELECT a FROM t WHERE a IN ({})", chain("1", ",", 20_000)),
            format!("SELECT a FROM t WHERE {}", chain("a = 1", " OR ", 300)),
            chain("SELECT a FROM t", " UNION ALL ", 300),
            format!("SELECT {} FROM t", chain("a + 1", ", ", 2_000)),
        ] {
            assert_eq!(problem(&sql), None);
        }
    }

    #[test]
    fn ctes_that_double_are_refused() {
        let sql = (1..40).fold("WITH c0 AS (SELECT a FROM t)".to_owned(), |sql, n| {
            format!("{sql}, c{n} AS (SELECT l.a FROM c{0} l JOIN c{0} r ON l.a = r.a)", n - 1)
        });
        let found = problem(&format!("{sql} SELECT * FROM c39")).unwrap_or_default();
        assert!(found.contains("more than 1000 tables"), "{found}");
    }

    #[test]
    fn macros_in_macros_are_refused_before_they_fill_memory() {
        for (name, rest) in [("width_bucket", ",0,1,2"), ("safe_divide", ",2"), ("last_day", "")] {
            let nested = |levels: usize| (0..levels).fold("a".to_owned(), |inner, _| format!("{name}({inner}{rest})"));
            assert_eq!(problem(&format!("SELECT {} FROM t", nested(3))), None, "{name}");
        }
        let nested = (0..24).fold("a".to_owned(), |inner, _| format!("width_bucket({inner},0,1,2)"));
        let found = problem(&format!("SELECT\n  {nested} FROM t")).unwrap_or_default();
        assert!(found.contains("macros") && found.contains("Some((2, "), "{found}");
        let side_by_side = vec!["width_bucket(width_bucket(width_bucket(a,0,1,2),0,1,2),0,1,2)"; 200].join(", ");
        let found = problem(&format!("SELECT {side_by_side} FROM t")).unwrap_or_default();
        assert!(found.contains("macros"), "{found}");
    }
}
