//! The walk over an expression.

use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::functions_aggregate::grouping::Grouping;
use datafusion::logical_expr::expr::{
    AggregateFunction, Case, HigherOrderFunction, ScalarFunction, WindowFunction, WindowFunctionDefinition,
};
use datafusion::logical_expr::{Expr, LogicalPlan};

use super::casts::keeps_value;
use super::functions::{choosing, gives_elements};
use super::model::IndirectKind;
use super::plan::Walker;
use super::scope::{Relation, Visible};
use super::sources::Sources;
use super::way::{Applied, AppliedKind};
use crate::LineageError;

impl Walker<'_> {
    /// The sources of the value of `expr`.
    pub(super) fn expr(&mut self, expr: &Expr, visible: Visible<'_>) -> Result<Sources, LineageError> {
        match expr {
            Expr::Column(column) => visible.resolve(column),
            Expr::OuterReferenceColumn(_, column) => {
                let outer = self.outers.iter().rev().find_map(|scope| {
                    let index = scope.schema.maybe_index_of_column(column)?;
                    Some(scope.columns[index].clone())
                });
                outer.ok_or_else(|| LineageError::UnresolvedOuterColumn { column: column.clone() })
            }
            // Constants, and what a session or a caller fills in as one.
            Expr::Literal(..) | Expr::ScalarVariable(..) | Expr::Placeholder(_) => Ok(Sources::default()),

            Expr::Alias(alias) => self.expr(&alias.expr, visible),
            Expr::Cast(cast) => self.cast("CAST", &cast.expr, &cast.field, visible),
            Expr::TryCast(cast) => self.cast("TRY_CAST", &cast.expr, &cast.field, visible),

            Expr::BinaryExpr(_) => self.binary(expr, visible),
            Expr::Not(inner) => self.operator_on("NOT", [inner.as_ref()], visible),
            Expr::IsNotNull(inner) => self.operator_on("IS NOT NULL", [inner.as_ref()], visible),
            Expr::IsNull(inner) => self.operator_on("IS NULL", [inner.as_ref()], visible),
            Expr::IsTrue(inner) => self.operator_on("IS TRUE", [inner.as_ref()], visible),
            Expr::IsFalse(inner) => self.operator_on("IS FALSE", [inner.as_ref()], visible),
            Expr::IsUnknown(inner) => self.operator_on("IS UNKNOWN", [inner.as_ref()], visible),
            Expr::IsNotTrue(inner) => self.operator_on("IS NOT TRUE", [inner.as_ref()], visible),
            Expr::IsNotFalse(inner) => self.operator_on("IS NOT FALSE", [inner.as_ref()], visible),
            Expr::IsNotUnknown(inner) => self.operator_on("IS NOT UNKNOWN", [inner.as_ref()], visible),
            Expr::Negative(inner) => self.operator_on("-", [inner.as_ref()], visible),
            Expr::Like(like) => {
                let name = if like.case_insensitive { "ILIKE" } else { "LIKE" };
                self.operator_on(name, [like.expr.as_ref(), like.pattern.as_ref()], visible)
            }
            Expr::SimilarTo(like) => {
                self.operator_on("SIMILAR TO", [like.expr.as_ref(), like.pattern.as_ref()], visible)
            }
            Expr::Between(between) => {
                let operands = [between.expr.as_ref(), between.low.as_ref(), between.high.as_ref()];
                self.operator_on("BETWEEN", operands, visible)
            }
            Expr::InList(list) => self.operator_on("IN", [list.expr.as_ref()].into_iter().chain(&list.list), visible),
            Expr::HigherOrderFunction(function) => self.higher_order_function(function, visible),
            Expr::LambdaVariable(variable) => Ok(self.elements_of(&variable.name)),
            Expr::Lambda(_) => {
                Ok(Sources::unknown("lambda outside of a higher-order function".into(), &whole_row(visible)))
            }

            Expr::Case(case) => self.case(case, visible),
            Expr::ScalarFunction(function) => self.scalar_function(function, visible),
            Expr::AggregateFunction(function) => self.aggregate_function(function, visible),
            Expr::WindowFunction(function) => self.window_function(function, visible),

            Expr::ScalarSubquery(subquery) => self.subquery_value(&subquery.subquery, visible),
            Expr::InSubquery(within) => self.comparison("IN", &within.expr, &within.subquery.subquery, visible),
            Expr::SetComparison(set) => {
                let name = format!("{} {}", set.op, set.quantifier);
                self.comparison(&name, &set.expr, &set.subquery.subquery, visible)
            }
            // Only whether there is a row; what is in it does not matter.
            Expr::Exists(exists) => {
                let relation = self.expression_subquery(&exists.subquery.subquery, visible)?;
                Ok(Sources::influenced(relation.influence))
            }

            Expr::Unnest(unnest) => {
                let list = self.expr(&unnest.expr, visible)?;
                Ok(Sources::unknown("unplanned `unnest`".into(), &list))
            }
            Expr::GroupingSet(_) => {
                Ok(Sources::unknown("grouping set outside of an aggregate".into(), &whole_row(visible)))
            }
            #[expect(deprecated)]
            Expr::Wildcard { .. } => Ok(Sources::unknown("unexpanded wildcard".into(), &whole_row(visible))),
        }
    }

    /// All side by side.
    fn side_by_side<'e>(
        &mut self,
        exprs: impl IntoIterator<Item = &'e Expr>,
        visible: Visible<'_>,
    ) -> Result<Sources, LineageError> {
        let mut all = Sources::default();
        for expr in exprs {
            all.merge(self.expr(expr, visible)?);
        }
        Ok(all)
    }

    /// What the operator `name` makes of the values of `exprs`.
    fn operator_on<'e>(
        &mut self,
        name: &str,
        exprs: impl IntoIterator<Item = &'e Expr>,
        visible: Visible<'_>,
    ) -> Result<Sources, LineageError> {
        let inputs = self.side_by_side(exprs, visible)?;
        Ok(inputs.through(&Applied::new(AppliedKind::Operator, name), false))
    }

    /// Chains of operators lean to the left and may be thousands long: no recursion there.
    fn binary(&mut self, expr: &Expr, visible: Visible<'_>) -> Result<Sources, LineageError> {
        let mut steps = Vec::new();
        let mut first = expr;
        while let Expr::BinaryExpr(binary) = first {
            steps.push((binary.op, binary.right.as_ref()));
            first = &binary.left;
        }
        let mut value = self.expr(first, visible)?;
        for (operator, right) in steps.into_iter().rev() {
            value.merge(self.expr(right, visible)?);
            value = value.through(&Applied::new(AppliedKind::Operator, &operator.to_string()), false);
        }
        Ok(value)
    }

    /// A cast that cannot change a value is no step on its way.
    fn cast(&mut self, name: &str, inner: &Expr, to: &FieldRef, visible: Visible<'_>) -> Result<Sources, LineageError> {
        let sources = self.expr(inner, visible)?;
        if type_of(inner, &visible).is_some_and(|from| keeps_value(from, to.data_type())) {
            return Ok(sources);
        }
        Ok(sources.through(&Applied::new(AppliedKind::Operator, name), false))
    }

    fn case(&mut self, case: &Case, visible: Visible<'_>) -> Result<Sources, LineageError> {
        let results = case.when_then_expr.iter().map(|(_, then)| then.as_ref());
        let results = results.chain(case.else_expr.as_deref());
        let mut value = self.side_by_side(results, visible)?;
        let conditions = case.when_then_expr.iter().map(|(when, _)| when.as_ref());
        let conditions = conditions.chain(case.expr.as_deref());
        let conditions = self.side_by_side(conditions, visible)?;
        value.influence.merge(conditions.deciding(IndirectKind::Conditional));
        Ok(value)
    }

    fn scalar_function(&mut self, function: &ScalarFunction, visible: Visible<'_>) -> Result<Sources, LineageError> {
        let name = function.func.name();
        let masking = self.is_masking(name);
        let step = Applied::new(AppliedKind::Scalar, name);
        let count = function.args.len();
        let mut value = Sources::default();
        for (index, arg) in function.args.iter().enumerate() {
            let arg = self.expr(arg, visible)?;
            let Some(role) = choosing(&function.func, index, count) else {
                value.merge(arg.through(&step, masking));
                continue;
            };
            if role.decides {
                let decision = arg.clone().deciding(IndirectKind::Conditional);
                value.influence.merge(decision);
            }
            if role.given {
                value.merge(arg);
            }
        }
        Ok(value)
    }

    /// A function with lambdas. Their parameters stand for elements of its other arguments.
    fn higher_order_function(
        &mut self,
        function: &HigherOrderFunction,
        visible: Visible<'_>,
    ) -> Result<Sources, LineageError> {
        let (lambdas, others): (Vec<_>, Vec<_>) = function.args.iter().partition(|arg| matches!(arg, Expr::Lambda(_)));
        let elements = self.side_by_side(others, visible)?;
        let mut value = elements.clone();
        for lambda in lambdas {
            let Expr::Lambda(lambda) = lambda else { continue };
            self.lambdas.push((lambda.params.clone(), elements.clone()));
            let body = self.expr(&lambda.body, visible);
            self.lambdas.pop();
            value.merge(body?);
        }
        let name = function.name();
        if !gives_elements(&function.func) {
            return Ok(Sources::unknown(format!("higher-order function `{name}`"), &value));
        }
        Ok(value.through(&Applied::new(AppliedKind::Scalar, name), self.is_masking(name)))
    }

    /// What the parameter of the innermost lambda with one of this name stands for.
    fn elements_of(&self, parameter: &str) -> Sources {
        let lambda = self.lambdas.iter().rev().find(|(parameters, _)| parameters.iter().any(|name| name == parameter));
        match lambda {
            Some((_, elements)) => elements.clone(),
            None => Sources::unknown(format!("lambda parameter `{parameter}`"), &Sources::default()),
        }
    }

    fn aggregate_function(
        &mut self,
        function: &AggregateFunction,
        visible: Visible<'_>,
    ) -> Result<Sources, LineageError> {
        if function.func.inner().is::<Grouping>() {
            // Which grouping set a row belongs to is written in the query, not in the data.
            return Ok(Sources::default());
        }
        let params = &function.params;
        let name = function.func.name();
        let step = Applied::new(AppliedKind::Aggregate, name);
        let mut value = self.side_by_side(&params.args, visible)?.through(&step, self.is_masking(name));
        let filter = self.side_by_side(params.filter.as_deref(), visible)?;
        value.influence.merge(filter.deciding(IndirectKind::Filter));
        let order = self.side_by_side(params.order_by.iter().map(|key| &key.expr), visible)?;
        value.influence.merge(order.deciding(IndirectKind::Sort));
        Ok(value)
    }

    fn window_function(&mut self, function: &WindowFunction, visible: Visible<'_>) -> Result<Sources, LineageError> {
        let params = &function.params;
        let (kind, name) = match &function.fun {
            WindowFunctionDefinition::AggregateUDF(f) => (AppliedKind::WindowAggregate, f.name()),
            WindowFunctionDefinition::WindowUDF(f) => (AppliedKind::Window, f.name()),
        };
        let step = Applied::new(kind, name);
        let mut value = self.side_by_side(&params.args, visible)?.through(&step, self.is_masking(name));
        let filter = self.side_by_side(params.filter.as_deref(), visible)?;
        value.influence.merge(filter.deciding(IndirectKind::Filter));
        let keys = params.order_by.iter().map(|key| &key.expr);
        let keys = self.side_by_side(params.partition_by.iter().chain(keys), visible)?;
        value.influence.merge(keys.deciding(IndirectKind::Window));
        Ok(value)
    }

    /// The one value of a subquery, with all that decides which value that is.
    fn subquery_value(&mut self, subquery: &LogicalPlan, visible: Visible<'_>) -> Result<Sources, LineageError> {
        let Relation { scope, influence } = self.expression_subquery(subquery, visible)?;
        let column = scope.columns.first().ok_or(LineageError::EmptySubquery)?;
        let mut value = column.clone();
        value.influence.merge(influence);
        Ok(value)
    }

    /// `expr IN (subquery)`, `expr < ANY (subquery)`.
    fn comparison(
        &mut self,
        name: &str,
        expr: &Expr,
        subquery: &LogicalPlan,
        visible: Visible<'_>,
    ) -> Result<Sources, LineageError> {
        let mut operands = self.expr(expr, visible)?;
        operands.merge(self.subquery_value(subquery, visible)?);
        Ok(operands.through(&Applied::new(AppliedKind::Operator, name), false))
    }

    fn is_masking(&self, function: &str) -> bool {
        let masking = &self.options.masking_functions;
        masking.contains(function) || masking.contains(&function.to_ascii_lowercase())
    }
}

/// The type of an expression that is a column under casts and aliases. Casts of anything else
/// are transformations already.
fn type_of<'v>(expr: &'v Expr, visible: &'v Visible<'_>) -> Option<&'v DataType> {
    match expr {
        Expr::Column(column) => visible.data_type(column),
        Expr::Alias(alias) => type_of(&alias.expr, visible),
        Expr::Cast(cast) => Some(cast.field.data_type()),
        Expr::TryCast(cast) => Some(cast.field.data_type()),
        _ => None,
    }
}

fn whole_row(visible: Visible<'_>) -> Sources {
    let mut row = Sources::default();
    for scope in visible.scopes {
        for column in scope.columns.iter() {
            row.merge(column.clone());
        }
    }
    row
}
