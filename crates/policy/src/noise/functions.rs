//! `lakewarden_units(amount)`: what a person adds to a row, within bounds and in whole units of its last digit.

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Decimal128Array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Decimal128Type, Int64Type, UInt64Type};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use std::sync::Arc;

/// The type of units, before and after they are summed.
pub(super) const UNITS: DataType = DataType::Decimal128(38, 0);

/// `lakewarden_units(amount)`: takes an amount for the nearest between `low` and `high`; none is 0.
pub(super) fn units(low: i128, high: i128) -> ScalarUDF {
    ScalarUDF::new_from_impl(Units { low, high, signature: Signature::any(1, Volatility::Immutable) })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Units {
    low: i128,
    high: i128,
    signature: Signature,
}

impl ScalarUDFImpl for Units {
    fn name(&self) -> &str {
        "lakewarden_units"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(UNITS)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [amounts] = args.args.as_slice() else { return exec_err!("one amount is taken") };
        let amounts = amounts.to_array(args.number_rows)?;
        let within = |amount: Option<i128>| amount.unwrap_or(0).clamp(self.low, self.high);
        let units: Vec<i128> = whole(&amounts)?.into_iter().map(within).collect();
        Ok(ColumnarValue::Array(Arc::new(in_units(units))))
    }
}

/// Values in units as an array of [`UNITS`].
pub(super) fn in_units(values: Vec<i128>) -> Decimal128Array {
    Decimal128Array::from(values).with_data_type(UNITS)
}

/// Integers and decimals as whole numbers of their last digit.
///
/// # Errors
/// If they are of another type.
pub(super) fn whole(array: &ArrayRef) -> Result<Vec<Option<i128>>> {
    Ok(match array.data_type() {
        DataType::Decimal128(..) => array.as_primitive::<Decimal128Type>().iter().collect(),
        DataType::UInt64 => array.as_primitive::<UInt64Type>().iter().map(|v| v.map(i128::from)).collect(),
        integer if integer.is_integer() => {
            let wide = cast(array, &DataType::Int64)?;
            wide.as_primitive::<Int64Type>().iter().map(|v| v.map(i128::from)).collect()
        }
        _ => return exec_err!("an amount is neither an integer nor a decimal"),
    })
}
