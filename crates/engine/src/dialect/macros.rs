//! Functions that analysts expect and DataFusion 55.2 does not have, as SQL over functions that it has.

use super::span_start;
use crate::error::SqlProblem;
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident,
    ObjectName, ObjectNamePart, Value, ValueWithSpan, VisitMut, VisitorMut,
};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::Span;
use std::convert::Infallible;
use std::ops::ControlFlow;

/// One function that is replaced by SQL.
#[derive(Debug, Clone, Copy)]
pub struct SqlMacro {
    /// Name, in lower case.
    pub name: &'static str,
    /// Names of its arguments, as `body` uses them.
    pub parameters: &'static [&'static str],
    /// A text literal that the first argument has to be, where one function has a body for each unit.
    pub unit: Option<&'static str>,
    /// Whether it is an aggregate, which may have FILTER and OVER.
    pub aggregate: bool,
    /// The SQL expression that replaces a call.
    pub body: &'static str,
    /// What it returns.
    pub meaning: &'static str,
}

const fn scalar(
    name: &'static str,
    parameters: &'static [&'static str],
    body: &'static str,
    meaning: &'static str,
) -> SqlMacro {
    SqlMacro { name, parameters, unit: None, aggregate: false, body, meaning }
}

const fn aggregate(
    name: &'static str,
    parameters: &'static [&'static str],
    body: &'static str,
    meaning: &'static str,
) -> SqlMacro {
    SqlMacro { name, parameters, unit: None, aggregate: true, body, meaning }
}

const fn difference(unit: &'static str, body: &'static str) -> SqlMacro {
    SqlMacro {
        name: "date_diff",
        parameters: &["unit", "earlier", "later"],
        unit: Some(unit),
        aggregate: false,
        body,
        meaning: "boundaries of the unit, between two dates or timestamps (UTC); negative if `later` is earlier",
    }
}

const ARG_MAX: &str = "last_value(x ORDER BY rank ASC) FILTER (WHERE x IS NOT NULL AND rank IS NOT NULL)";
const ARG_MIN: &str = "first_value(x ORDER BY rank ASC) FILTER (WHERE x IS NOT NULL AND rank IS NOT NULL)";
const ARG_MAX_MEANING: &str = "x of the row with the greatest rank; rows where either is null are left out";
const ARG_MIN_MEANING: &str = "x of the row with the smallest rank; rows where either is null are left out";

const MACROS: &[SqlMacro] = &[
    scalar(
        "last_day",
        &["day"],
        "CAST(date_trunc('month', CAST(day AS TIMESTAMP)) + INTERVAL '1 month' - INTERVAL '1 day' AS DATE)",
        "last day of the month that a date or timestamp (UTC) is in",
    ),
    scalar(
        "width_bucket",
        &["value", "low", "high", "buckets"],
        "CASE WHEN low = high OR buckets < 1 THEN NULL \
         WHEN low < high AND value < low OR low > high AND value > low THEN 0 \
         WHEN low < high AND value >= high OR low > high AND value <= high THEN CAST(buckets AS BIGINT) + 1 \
         ELSE CAST(floor((CAST(value AS DOUBLE) - low) * buckets / NULLIF(CAST(high AS DOUBLE) - low, 0)) AS BIGINT) + 1 \
         END",
        "number of the bucket, from 1, when low to high is cut into equal buckets; 0 below, buckets + 1 from high on; \
         null if low = high or there are no buckets",
    ),
    scalar("safe_divide", &["a", "b"], "(a) / NULLIF(b, 0)", "a / b, null where b is 0"),
    scalar("iff", &["test", "a", "b"], "CASE WHEN test THEN a ELSE b END", "a where the test is true, else b"),
    difference(
        "day",
        "CAST((date_part('epoch', date_trunc('day', CAST(later AS TIMESTAMP))) - date_part('epoch', date_trunc('day', CAST(earlier AS TIMESTAMP)))) / 86400 AS BIGINT)",
    ),
    difference(
        "week",
        "CAST((date_part('epoch', date_trunc('week', CAST(later AS TIMESTAMP))) - date_part('epoch', date_trunc('week', CAST(earlier AS TIMESTAMP)))) / 604800 AS BIGINT)",
    ),
    difference(
        "month",
        "CAST((date_part('year', later) - date_part('year', earlier)) * 12 + date_part('month', later) - date_part('month', earlier) AS BIGINT)",
    ),
    difference(
        "quarter",
        "CAST((date_part('year', later) - date_part('year', earlier)) * 4 + date_part('quarter', later) - date_part('quarter', earlier) AS BIGINT)",
    ),
    difference("year", "CAST(date_part('year', later) - date_part('year', earlier) AS BIGINT)"),
    aggregate("count_if", &["test"], "count(*) FILTER (WHERE test)", "rows for which the test is true"),
    aggregate("countif", &["test"], "count(*) FILTER (WHERE test)", "rows for which the test is true"),
    aggregate("arg_max", &["x", "rank"], ARG_MAX, ARG_MAX_MEANING),
    aggregate("max_by", &["x", "rank"], ARG_MAX, ARG_MAX_MEANING),
    aggregate("arg_min", &["x", "rank"], ARG_MIN, ARG_MIN_MEANING),
    aggregate("min_by", &["x", "rank"], ARG_MIN, ARG_MIN_MEANING),
];

/// Every macro of a session's SQL.
pub fn sql_macros() -> &'static [SqlMacro] {
    MACROS
}

/// Returns what replaces a call; `None` if it is not a macro.
pub(super) fn expand_macro(call: &Function) -> Result<Option<Expr>, SqlProblem> {
    let [ObjectNamePart::Identifier(name)] = call.name.0.as_slice() else { return Ok(None) };
    let wanted = match name.value.to_lowercase().as_str() {
        "datediff" => "date_diff".to_owned(),
        other => other.to_owned(),
    };
    let mut named = MACROS.iter().filter(|m| m.name == wanted).peekable();
    let Some(first) = named.peek().copied() else { return Ok(None) };
    let problem = |message: String| SqlProblem {
        code: Some("LW3121"),
        message,
        at: span_start(name.span),
        hint: Some(format!("write {}({})", first.name, first.parameters.join(", "))),
    };
    let Some(arguments) = plain_arguments(&call.args) else {
        return Err(problem(format!("{} takes plain arguments, without names, DISTINCT or ORDER BY", first.name)));
    };
    if arguments.len() != first.parameters.len() {
        let (takes, has) = (first.parameters.len(), arguments.len());
        return Err(problem(format!("{} takes {takes} arguments and is called with {has}", first.name)));
    }
    let unsupported = call.parameters != FunctionArguments::None
        || !call.within_group.is_empty()
        || call.null_treatment.is_some()
        || (!first.aggregate && (call.filter.is_some() || call.over.is_some()));
    if unsupported {
        return Err(problem(format!("{} is called with a clause that it does not take", first.name)));
    }
    let chosen = match first.unit {
        None => first,
        Some(_) => {
            let unit = arguments.first().and_then(|a| literal_text(a)).map(|t| t.to_lowercase());
            let mut units: Vec<&str> = MACROS.iter().filter(|m| m.name == wanted).filter_map(|m| m.unit).collect();
            units.sort_unstable();
            named.find(|m| m.unit == unit.as_deref()).ok_or_else(|| {
                problem(format!("the unit of {} is a text literal, one of {}", first.name, units.join(", ")))
            })?
        }
    };
    substitute(chosen, &arguments, call, name.span)
        .map(Some)
        .ok_or_else(|| problem(format!("{} could not be expanded", first.name)))
}

fn plain_arguments(arguments: &FunctionArguments) -> Option<Vec<Expr>> {
    let FunctionArguments::List(FunctionArgumentList { duplicate_treatment: None, args, clauses }) = arguments else {
        return None;
    };
    if !clauses.is_empty() {
        return None;
    }
    args.iter()
        .map(|argument| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
            FunctionArg::Unnamed(_) | FunctionArg::Named { .. } | FunctionArg::ExprNamed { .. } => None,
        })
        .collect()
}

fn literal_text(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(text), .. }) => Some(text),
        _ => None,
    }
}

/// The macro's body with the call's arguments, FILTER and OVER, and its place in the SQL.
fn substitute(chosen: &SqlMacro, arguments: &[Expr], call: &Function, span: Span) -> Option<Expr> {
    let mut body = Parser::new(&GenericDialect {}).try_with_sql(chosen.body).ok()?.parse_expr().ok()?;
    if let (true, Expr::Function(inner)) = (chosen.aggregate, &mut body) {
        inner.over.clone_from(&call.over);
    }
    let mut placed = PlaceAt(span);
    let ControlFlow::Continue(()) = body.visit(&mut placed);
    let mut arguments = Arguments { parameters: chosen.parameters, arguments };
    let ControlFlow::Continue(()) = body.visit(&mut arguments);
    if let (true, Expr::Function(inner)) = (chosen.aggregate, &mut body)
        && let Some(own) = &call.filter
    {
        let both = match inner.filter.take() {
            None => Expr::Nested(own.clone()),
            Some(filter) => Expr::BinaryOp {
                left: Box::new(Expr::Nested(filter)),
                op: BinaryOperator::And,
                right: Box::new(Expr::Nested(own.clone())),
            },
        };
        inner.filter = Some(Box::new(both));
    }
    Some(Expr::Nested(Box::new(body)))
}

/// Puts every name of a body where the call was written.
struct PlaceAt(Span);

impl VisitorMut for PlaceAt {
    type Break = Infallible;

    fn pre_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<Infallible> {
        match expression {
            Expr::Function(Function { name: ObjectName(parts), .. }) => {
                for part in parts {
                    if let ObjectNamePart::Identifier(ident) = part {
                        ident.span = self.0;
                    }
                }
            }
            Expr::Identifier(ident) => ident.span = self.0,
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

/// Replaces parameters by the call's arguments.
struct Arguments<'a> {
    parameters: &'a [&'static str],
    arguments: &'a [Expr],
}

impl VisitorMut for Arguments<'_> {
    type Break = Infallible;

    // After its parts: an argument is not looked into for parameters.
    fn post_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<Infallible> {
        if let Expr::Identifier(Ident { value, .. }) = expression
            && let Some(at) = self.parameters.iter().position(|p| p == value)
        {
            *expression = Expr::Nested(Box::new(self.arguments[at].clone()));
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_body_parses_and_uses_only_its_parameters() {
        struct Names(Vec<String>);
        impl VisitorMut for Names {
            type Break = Infallible;
            fn pre_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<Infallible> {
                if let Expr::Identifier(ident) = expression {
                    self.0.push(ident.value.clone());
                }
                ControlFlow::Continue(())
            }
        }
        for one in MACROS {
            let mut body = Parser::new(&GenericDialect {}).try_with_sql(one.body).unwrap().parse_expr().unwrap();
            let mut names = Names(Vec::new());
            let ControlFlow::Continue(()) = body.visit(&mut names);
            for parameter in one.parameters.iter().filter(|p| **p != "unit") {
                assert!(names.0.iter().any(|n| n == parameter), "{} does not use {parameter}", one.name);
            }
            assert!(names.0.iter().all(|n| one.parameters.contains(&n.as_str())), "{}: {:?}", one.name, names.0);
            assert_eq!(one.aggregate, matches!(body, Expr::Function(_)), "{}", one.name);
        }
    }
}
