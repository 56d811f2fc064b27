//! `percentile_cont` and `median`, exact.
//!
//! DataFusion 55.2 cuts the weight of the interpolation to six digits (p90 of 1.99 to 15.99 comes out as 14.589999…),
//! and the median of whole numbers to a whole number.

use super::{list_at, list_of};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::common::types::{NativeType, logical_float64};
use datafusion::common::{Result, ScalarValue, exec_err, plan_err};
use datafusion::functions_aggregate::median::median_udaf;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Coercion, Signature, TypeSignatureClass, Volatility,
};
use datafusion::physical_plan::expressions::Literal;
use std::sync::Arc;

/// `percentile_cont(p) WITHIN GROUP (ORDER BY x)`: the value at rank `p · (n − 1)` of the values in order,
/// interpolated between its neighbours (SQL:2003, 10.9). `p` is a literal from 0 to 1; the result is a double.
pub(super) fn percentile_cont() -> AggregateUDF {
    let number = |class| Coercion::new_implicit(class, vec![TypeSignatureClass::Numeric], NativeType::Float64);
    let float64 = || TypeSignatureClass::Native(logical_float64());
    let signature = Signature::coercible(vec![number(float64()), number(float64())], Volatility::Immutable);
    AggregateUDF::new_from_impl(PercentileCont { signature, aliases: vec!["quantile_cont".to_owned()] })
}

/// `median(x)`: `percentile_cont(0.5)`, a double; of decimals DataFusion's own, a decimal.
pub(super) fn median() -> AggregateUDF {
    AggregateUDF::new_from_impl(Median { inner: median_udaf() })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct PercentileCont {
    signature: Signature,
    aliases: Vec<String>,
}

impl AggregateUDFImpl for PercentileCont {
    fn name(&self) -> &str {
        "percentile_cont"
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn supports_within_group_clause(&self) -> bool {
        true
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(vec![state_field(&args)])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let descending = args.order_bys.first().is_some_and(|by| by.options.descending);
        let literal = args.exprs.get(1).and_then(|e| e.downcast_ref::<Literal>()).map(Literal::value);
        let rank = match literal {
            Some(ScalarValue::Float64(Some(rank))) if (0.0..=1.0).contains(rank) => *rank,
            _ => return plan_err!("the percentile of percentile_cont is a number literal from 0 to 1"),
        };
        Ok(Box::new(Percentile { values: Vec::new(), rank, descending, distinct: args.is_distinct }))
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Median {
    inner: Arc<AggregateUDF>,
}

impl AggregateUDFImpl for Median {
    fn name(&self) -> &str {
        "median"
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        match types {
            [decimal] if decimal.is_decimal() => self.inner.return_type(types),
            _ => Ok(DataType::Float64),
        }
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        match args.input_fields {
            [field] if field.data_type().is_decimal() => self.inner.state_fields(args),
            _ => Ok(vec![state_field(&args)]),
        }
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        match args.expr_fields {
            [field] if field.data_type().is_decimal() => self.inner.accumulator(args),
            _ => Ok(Box::new(Percentile {
                values: Vec::new(),
                rank: 0.5,
                descending: false,
                distinct: args.is_distinct,
            })),
        }
    }
}

fn state_field(args: &StateFieldsArgs) -> FieldRef {
    let list = DataType::List(Arc::new(Field::new_list_field(DataType::Float64, true)));
    Arc::new(Field::new(format_state_name(args.name, "values"), list, true))
}

/// All values of one group.
#[derive(Debug)]
struct Percentile {
    values: Vec<f64>,
    rank: f64,
    descending: bool,
    distinct: bool,
}

impl Percentile {
    fn add(&mut self, values: &ArrayRef) -> Result<()> {
        let values = cast(values, &DataType::Float64)?;
        self.values.extend(values.as_primitive::<Float64Type>().iter().flatten());
        Ok(())
    }

    /// `None` without values.
    fn percentile(&self) -> Option<f64> {
        let mut values = self.values.clone();
        if self.distinct {
            values.sort_unstable_by(f64::total_cmp);
            values.dedup_by(|a, b| a.total_cmp(b).is_eq());
        }
        let last = values.len().checked_sub(1)?;
        let at = self.rank * last as f64;
        let (below, share) = (at.floor() as usize, at - at.floor());
        let order = |a: &f64, b: &f64| if self.descending { b.total_cmp(a) } else { a.total_cmp(b) };
        let (_, lower, above) = values.select_nth_unstable_by(below, order);
        let lower = *lower;
        if share == 0.0 {
            return Some(lower);
        }
        let upper = above.iter().copied().min_by(order)?;
        // Of the two neighbours, the nearer one is the start, so that rounding is smallest.
        Some(if share < 0.5 { lower + (upper - lower) * share } else { upper - (upper - lower) * (1.0 - share) })
    }
}

impl Accumulator for Percentile {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        match values.first() {
            Some(values) => self.add(values),
            None => exec_err!("a percentile is of one column"),
        }
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let Some(state) = states.first() else { return exec_err!("a percentile has one state") };
        for row in 0..state.len() {
            if let Some(values) = list_at(state, row)? {
                self.add(&values)?;
            }
        }
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let Some(values) = values.first() else { return exec_err!("a percentile is of one column") };
        let values = cast(values, &DataType::Float64)?;
        for value in values.as_primitive::<Float64Type>().iter().flatten() {
            match self.values.iter().position(|v| v.total_cmp(&value).is_eq()) {
                Some(at) => _ = self.values.swap_remove(at),
                None => return exec_err!("a value leaves a window that it never entered"),
            }
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Float64(self.percentile()))
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let values: ArrayRef = Arc::new(Float64Array::from(std::mem::take(&mut self.values)));
        Ok(vec![ScalarValue::List(Arc::new(list_of(values)))])
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.values.capacity() * size_of::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn percentile(values: &[f64], rank: f64, descending: bool) -> Option<f64> {
        Percentile { values: values.to_vec(), rank, descending, distinct: false }.percentile()
    }

    /// numpy.percentile of the same.
    #[test]
    fn percentiles_are_those_of_numpy() {
        let values: Vec<f64> = (1..=15).map(|i| f64::from(i) + 0.99 - 1.0).collect();
        assert!((percentile(&values, 0.9, false).unwrap_or(0.0) - 13.59).abs() < 1e-12);
        assert!((percentile(&values, 0.33, false).unwrap_or(0.0) - 5.61).abs() < 1e-12);
        assert_eq!(percentile(&[1.0, 2.0], 0.5, false), Some(1.5));
        assert_eq!(percentile(&[1.0, 2.0, 4.0], 0.25, true), Some(3.0));
        assert_eq!(percentile(&[], 0.5, false), None);
    }

    proptest! {
        /// The sorted-array definition.
        #[test]
        fn selection_agrees_with_sorting(values in prop::collection::vec(-1e6f64..1e6, 1..40), rank in 0.0f64..=1.0) {
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            let at = rank * (sorted.len() - 1) as f64;
            let (low, high) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
            let expected = low + (high - low) * (at - at.floor());
            let found = percentile(&values, rank, false).unwrap_or(f64::NAN);
            prop_assert!((found - expected).abs() <= 1e-9 * (1.0 + expected.abs()));
            prop_assert!(low <= found && found <= high);
        }
    }
}
