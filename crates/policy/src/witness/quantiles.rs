//! How near to their least or greatest value a quantile over several people may be.

use super::contributions::function_of;
use super::forms::is_constant;
use super::threaded::{NotThreaded, Result};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::Expr;

/// The least fraction: a twentieth of the rows is on one side.
pub(super) const LEAST: f64 = 0.05;
/// The greatest.
pub(super) const GREATEST: f64 = 0.95;

/// Which argument of an aggregate is the fraction; `None` if it has none.
fn fraction_at(name: &str) -> Option<usize> {
    match name {
        "percentile_cont" | "quantile_cont" | "approx_percentile_cont" => Some(1),
        "approx_percentile_cont_with_weight" => Some(2),
        _ => None,
    }
}

/// Refuses an aggregate over several people that gives a quantile outside of the bounds, or at a fraction that is not
/// written as a number.
pub(super) fn check_fraction(aggregate: &Expr) -> Result<()> {
    let Some(function) = function_of(aggregate) else { return Ok(()) };
    let Some(at) = fraction_at(function.func.name()) else { return Ok(()) };
    match function.params.args.get(at).and_then(number) {
        Some(fraction) if (LEAST..=GREATEST).contains(&fraction) => Ok(()),
        Some(_) | None => Err(NotThreaded::Quantile { aggregate: function.func.name().to_owned() }),
    }
}

/// The number that an expression is, written as one.
fn number(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Alias(alias) => number(&alias.expr),
        Expr::Cast(cast) if is_constant(&cast.expr) => number(&cast.expr),
        Expr::Literal(value, _) => match value.cast_to(&DataType::Float64).ok()? {
            ScalarValue::Float64(number) => number,
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use datafusion::functions_aggregate::percentile_cont::percentile_cont_udaf;
    use datafusion::prelude::{col, lit};

    fn is_fine(fraction: Expr) -> bool {
        check_fraction(&percentile_cont_udaf().call(vec![col("amount"), fraction])).is_ok()
    }

    #[test]
    fn fractions_are_within_bounds() {
        assert!([0.05, 0.5, 0.95].into_iter().all(|fraction| is_fine(lit(fraction))));
        assert!([0.0, 0.04, 0.96, 0.99999999, 1.0, f64::NAN, -1.0].into_iter().all(|fraction| !is_fine(lit(fraction))));
        assert!(!is_fine(lit(1)) && !is_fine(col("amount")) && !is_fine(lit(0.5) + lit(0.4)));
        assert!(!is_fine(Expr::Literal(ScalarValue::Float64(None), None)));
    }
}
