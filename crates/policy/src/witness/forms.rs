//! What a number that is aggregated may be: somebody's values, or a constant of the query.
//!
//! `sum(CASE WHEN order_no = '1' THEN amount ELSE 7 END)` is one person's amount and a number that everybody knows. Adding
//! `amount * 0` to the 7 makes it no less known. So each way through `CASE`, `coalesce` and the like is a form of its own, with
//! the people's columns that it is made of, and what it is where those are zero.

use super::functions_of_numbers::{Kind, kind_of};
use super::threaded::Threaded;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, ScalarValue, TableReference};
use datafusion::logical_expr::expr::{Case, Cast, ScalarFunction};
use datafusion::logical_expr::{BinaryExpr, Expr, Operator, lit};
use std::fmt;

/// More forms than anyone writes.
const MOST_FORMS: usize = 64;
/// More parts of an expression than are looked at.
const MOST_PARTS: usize = 1000;
/// How the relation of a column begins in whose values no person's data has a part.
const OUTSIDE: char = '\u{0}';

/// Why it cannot be told who has a part in a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unrecognised {
    /// One column twice, as in `a / a` and `a - a`.
    Repeats,
    /// Values of people on one way, and of data about no person on another.
    Outside,
    /// Values on one way, and on another what a function makes of them, which may be the same for everybody.
    Function,
    /// Different values only, of which several people's may be one.
    Distinct,
    /// Too many ways.
    TooLong,
}

impl fmt::Display for Unrecognised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Repeats => "it computes with one column twice",
            Self::Outside => "it is people's data in some rows and other data in others",
            Self::Function => "it is a value in some rows and the result of a function in others",
            Self::Distinct => "DISTINCT takes the values of several people for one",
            Self::TooLong => "it is too long",
        })
    }
}

type Result<T> = std::result::Result<T, Unrecognised>;

/// One way through an expression.
#[derive(Debug, Clone, PartialEq)]
struct Form {
    /// People's values that it is made of.
    of: Vec<Expr>,
    /// What it is where they are all zero.
    constant: Expr,
    /// Whether data about no person is added to it.
    outside: bool,
    /// Whether people's values are multiplied by something that may be zero.
    scaled: bool,
    /// Whether it is made by functions that do not give different values for different people.
    blurred: bool,
}

impl Form {
    fn constant(constant: Expr) -> Self {
        Self { of: Vec::new(), constant, outside: false, scaled: false, blurred: false }
    }

    fn of(values: Vec<Expr>) -> Self {
        Self { of: values, ..Self::constant(zero()) }
    }

    fn is_zero(&self) -> bool {
        self.of.is_empty() && !self.outside && is_zero(&self.constant)
    }
}

/// The constants besides zero that a number may be, or may be made of; `None` as a definition is one that is too long.
///
/// # Errors
/// If it cannot be told.
pub(super) fn find_constants(expr: Option<&Expr>) -> Result<Vec<Expr>> {
    let forms = forms(expr.ok_or(Unrecognised::TooLong)?)?;
    let given: Vec<&Form> = forms.iter().filter(|form| !form.is_zero()).collect();
    let mixed = given.len() > 1;
    if given.iter().any(|f| f.outside && (f.of.is_empty() && mixed || !f.of.is_empty() && f.scaled)) {
        return Err(Unrecognised::Outside);
    }
    let differ = given.windows(2).any(|pair| pair[0].of != pair[1].of);
    if differ && given.iter().any(|f| f.blurred) {
        return Err(Unrecognised::Function);
    }
    let mut constants: Vec<Expr> = Vec::new();
    for form in forms {
        if !is_zero(&form.constant) && !constants.contains(&form.constant) {
            constants.push(form.constant);
        }
    }
    Ok(constants)
}

fn forms(expr: &Expr) -> Result<Vec<Form>> {
    let found = match expr {
        Expr::Alias(alias) => forms(&alias.expr)?,
        Expr::Literal(value, _) if value.is_null() => Vec::new(),
        Expr::Literal(..) => vec![Form::constant(expr.clone())],
        Expr::Column(column) if is_outside(column) => vec![Form { outside: true, ..Form::constant(zero()) }],
        Expr::Column(_) => vec![Form::of(vec![expr.clone()])],
        Expr::OuterReferenceColumn(..) | Expr::ScalarSubquery(_) => {
            vec![Form { outside: true, ..Form::constant(zero()) }]
        }
        Expr::Cast(cast) => {
            let again = |constant| Expr::Cast(Cast { expr: Box::new(constant), field: cast.field.clone() });
            mapped(forms(&cast.expr)?, again)
        }
        Expr::Negative(inner) => mapped(forms(inner)?, |constant| Expr::Negative(Box::new(constant))),
        Expr::Case(Case { when_then_expr, else_expr, .. }) => {
            let results = when_then_expr.iter().map(|(_, then)| then.as_ref()).chain(else_expr.as_deref());
            either(results)?
        }
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: op @ (Operator::Plus | Operator::Minus | Operator::Multiply | Operator::Divide | Operator::Modulo),
            right,
        }) => {
            let (left, right) = (forms(left)?, forms(right)?);
            if left.len() * right.len() > MOST_FORMS {
                return Err(Unrecognised::TooLong);
            }
            let pairs = left.iter().flat_map(|l| right.iter().map(move |r| (l, r)));
            pairs.map(|(l, r)| computed(l, *op, r)).collect::<Result<_>>()?
        }
        Expr::ScalarFunction(function) => of_function(function)?,
        Expr::AggregateFunction(function) => {
            // Most people have done one thing once.
            let blurred = function.func.name() == "count";
            vec![Form { blurred, ..Form::of(vec![expr.clone()]) }]
        }
        other => vec![opaque(other)],
    };
    let mut different: Vec<Form> = Vec::new();
    for form in found {
        if !different.contains(&form) {
            different.push(form);
        }
    }
    if different.len() > MOST_FORMS {
        return Err(Unrecognised::TooLong);
    }
    Ok(different)
}

fn either<'e>(results: impl Iterator<Item = &'e Expr>) -> Result<Vec<Form>> {
    let mut all = Vec::new();
    for result in results {
        all.extend(forms(result)?);
    }
    Ok(all)
}

fn of_function(function: &ScalarFunction) -> Result<Vec<Form>> {
    let args = &function.args;
    match (kind_of(function.func.name()), &args[..]) {
        (Kind::Chooses, _) => either(args.iter()),
        (Kind::ChoosesFirst, [first, ..]) => forms(first),
        (Kind::ChoosesByFirst, [_, results @ ..]) => either(results.iter()),
        (Kind::Follows, [first, rest @ ..]) if rest.iter().all(is_constant) => {
            let again = |constant| {
                let args = std::iter::once(constant).chain(rest.iter().cloned()).collect();
                Expr::ScalarFunction(ScalarFunction { func: function.func.clone(), args })
            };
            Ok(mapped(forms(first)?, again))
        }
        (Kind::ChoosesFirst | Kind::ChoosesByFirst | Kind::Follows | Kind::Unknown, _) => {
            Ok(vec![opaque(&Expr::ScalarFunction(function.clone()))])
        }
    }
}

/// What nothing is known of but the columns it reads.
fn opaque(expr: &Expr) -> Form {
    let columns = expr.column_refs();
    let of: Vec<Expr> = columns.iter().filter(|c| !is_outside(c)).map(|c| Expr::Column((*c).clone())).collect();
    match (of.is_empty(), is_constant(expr)) {
        (true, true) => Form::constant(expr.clone()),
        (true, false) => Form { outside: true, ..Form::constant(zero()) },
        (false, _) => {
            let mut of = of;
            of.sort_by_key(ToString::to_string);
            Form { blurred: true, ..Form::of(of) }
        }
    }
}

fn mapped(forms: Vec<Form>, again: impl Fn(Expr) -> Expr) -> Vec<Form> {
    let one = |form: Form| match is_zero(&form.constant) && matches!(form.constant, Expr::Literal(..)) {
        // Of zero most functions make zero again; where not, the result is a constant.
        true if form.of.is_empty() && form.outside => form,
        _ => Form { constant: simplified(again(form.constant.clone())), ..form },
    };
    forms.into_iter().map(one).collect()
}

/// Casts and signs change no zero.
fn simplified(expr: Expr) -> Expr {
    match &expr {
        Expr::Cast(cast) if is_zero(&cast.expr) => zero(),
        Expr::Negative(inner) if is_zero(inner) => zero(),
        _ => expr,
    }
}

fn computed(left: &Form, op: Operator, right: &Form) -> Result<Form> {
    let shared = left.of.iter().any(|value| right.of.contains(value));
    let divides = matches!(op, Operator::Divide | Operator::Modulo);
    if shared && op != Operator::Multiply {
        return Err(Unrecognised::Repeats);
    }
    // Of a ratio of two figures of one person, such as a sum over a mean, most may be 1.
    if divides && columns_of(left).iter().any(|c| columns_of(right).contains(c)) {
        return Err(Unrecognised::Repeats);
    }
    let mut of = left.of.clone();
    of.extend(right.of.iter().filter(|value| !left.of.contains(value)).cloned());
    of.sort_by_key(ToString::to_string);
    // What is there where people's values are zero.
    let has_rest = |form: &Form| form.outside || !is_zero(&form.constant);
    let outside = (left.outside || right.outside)
        && match op {
            Operator::Multiply => has_rest(left) && has_rest(right),
            Operator::Divide | Operator::Modulo => has_rest(left) && right.of.is_empty(),
            _ => true,
        };
    let blurred = left.blurred || right.blurred;
    let by = |form: &Form| form.of.is_empty() && (form.outside || !is_nonzero(&form.constant));
    let scales = op == Operator::Multiply && (by(left) || by(right));
    let constant = match (op, right.of.is_empty() && !right.outside) {
        (Operator::Multiply, _) if is_zero(&left.constant) || is_zero(&right.constant) => zero(),
        (Operator::Plus, _) if is_zero(&left.constant) => right.constant.clone(),
        (Operator::Plus | Operator::Minus, _) if is_zero(&right.constant) => left.constant.clone(),
        (Operator::Divide | Operator::Modulo, _) if is_zero(&left.constant) => zero(),
        // What a constant is divided by is somebody's.
        (Operator::Divide | Operator::Modulo, false) => zero(),
        _ => Expr::BinaryExpr(BinaryExpr::new(Box::new(left.constant.clone()), op, Box::new(right.constant.clone()))),
    };
    Ok(Form { of, constant, outside, scaled: left.scaled || right.scaled || scales, blurred })
}

fn columns_of(form: &Form) -> Vec<Column> {
    form.of.iter().flat_map(|value| value.column_refs().into_iter().cloned()).collect()
}

fn zero() -> Expr {
    lit(0_i64)
}

/// The literal that an expression is, perhaps cast.
fn literal(expr: &Expr) -> Option<&ScalarValue> {
    match expr {
        Expr::Alias(alias) => literal(&alias.expr),
        Expr::Cast(cast) => literal(&cast.expr),
        Expr::Negative(inner) => literal(inner),
        Expr::Literal(value, _) => Some(value),
        _ => None,
    }
}

/// Whether an expression is the number zero, written as such.
pub(super) fn is_zero(expr: &Expr) -> bool {
    literal(expr).is_some_and(|v| ScalarValue::new_zero(&v.data_type()).is_ok_and(|zero| zero == *v))
}

/// Whether an expression is a number other than zero, written as such. A cast may round.
pub(super) fn is_nonzero(expr: &Expr) -> bool {
    let number = literal(expr).filter(|v| !v.is_null() && v.data_type().is_numeric());
    number.is_some() && !is_zero(expr) && !matches!(expr, Expr::Cast(cast) if cast.field.data_type().is_integer())
}

/// Whether an expression gives the same in every row.
pub(super) fn is_constant(expr: &Expr) -> bool {
    let reads = |e: &Expr| {
        let subquery =
            matches!(e, Expr::ScalarSubquery(_) | Expr::Exists(_) | Expr::InSubquery(_) | Expr::SetComparison(_));
        Ok(subquery || matches!(e, Expr::Column(_) | Expr::OuterReferenceColumn(..)))
    };
    !expr.exists(reads).unwrap_or(true)
}

fn is_outside(column: &Column) -> bool {
    column.relation.as_ref().is_some_and(|relation| relation.table().starts_with(OUTSIDE))
}

/// What columns of a plan are computed from, as far as its last scans, unions and aggregates; `None`: it is too long.
#[derive(Debug, Clone, Default)]
pub(super) struct Definitions(Vec<(Column, Option<Expr>)>);

impl Definitions {
    /// An expression over the columns of which these are the definitions, made of what they are computed from.
    pub(super) fn expand(&self, expr: &Expr, impersonal: &[Column]) -> Option<Expr> {
        let (mut parts, mut lost) = (0, false);
        let instead = |e: Expr| {
            let Expr::Column(column) = &e else { return Ok(Transformed::no(e)) };
            match self.0.iter().find(|(known, _)| known == column) {
                Some((_, Some(definition))) => {
                    parts += count_parts(definition);
                    lost |= parts > MOST_PARTS;
                    if lost { Ok(Transformed::no(e)) } else { Ok(Transformed::yes(definition.clone())) }
                }
                Some((_, None)) => {
                    lost = true;
                    Ok(Transformed::no(e))
                }
                None if impersonal.contains(column) => {
                    let relation = TableReference::bare(format!("{OUTSIDE}{}", column.flat_name()));
                    Ok(Transformed::yes(Expr::Column(Column::new(Some(relation), column.name.clone()))))
                }
                None => Ok(Transformed::no(e)),
            }
        };
        let expanded = expr.clone().transform_up(instead).ok()?.data;
        (!lost && count_parts(&expanded) <= MOST_PARTS).then_some(expanded)
    }

    /// The definitions of outputs, each of which is one of these expressions over columns of which `self` are the
    /// definitions.
    pub(super) fn of_outputs(&self, exprs: &[Expr], outputs: &[Column], impersonal: &[Column]) -> Self {
        let each = exprs.iter().zip(outputs);
        Self(each.map(|(expr, output)| (output.clone(), self.expand(expr, impersonal))).collect())
    }

    /// The same columns under another relation's name. What they are computed from is told apart by it, for there may be
    /// another row of the same relation beside.
    pub(super) fn alias(&mut self, alias: &TableReference) {
        for (column, definition) in &mut self.0 {
            column.relation = Some(alias.clone());
            let renamed = |e: Expr| {
                let Expr::Column(Column { relation, name, .. }) = &e else { return Ok(Transformed::no(e)) };
                let old = relation.as_ref().map(ToString::to_string).unwrap_or_default();
                let old = old.trim_matches('"');
                let new = match old.strip_prefix(OUTSIDE) {
                    Some(rest) => format!("{OUTSIDE}{alias}/{rest}"),
                    None => format!("{alias}/{old}"),
                };
                Ok(Transformed::yes(Expr::Column(Column::new(Some(TableReference::bare(new)), name.clone()))))
            };
            *definition = definition.take().and_then(|d| d.transform_up(renamed).ok()).map(|t| t.data);
        }
    }

    /// Adds those of the other side of a join.
    pub(super) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Those of a union: each column is that of one of the branches.
    pub(super) fn of_union<'t>(
        columns: &[Column],
        branches: impl Iterator<Item = (&'t Threaded, &'t Vec<Column>)> + Clone,
    ) -> Self {
        let definition = |at: usize| {
            let way = |(number, (branch, own)): (usize, (&Threaded, &Vec<Column>))| {
                let column = Expr::Column(own.get(at)?.clone());
                let own = branch.definitions.expand(&column, &branch.impersonal)?;
                Some((Box::new(lit(number as u64)), Box::new(own)))
            };
            let when_then_expr = branches.clone().enumerate().map(way).collect::<Option<Vec<_>>>()?;
            Some(Expr::Case(Case { expr: None, when_then_expr, else_expr: None }))
        };
        Self(columns.iter().enumerate().map(|(at, column)| (column.clone(), definition(at))).collect())
    }
}

fn count_parts(expr: &Expr) -> usize {
    let mut parts = 0;
    let counted = expr.apply(|_| {
        parts += 1;
        Ok(datafusion::common::tree_node::TreeNodeRecursion::Continue)
    });
    if counted.is_ok() { parts } else { usize::MAX / 2 }
}
