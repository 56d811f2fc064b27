//! Values as bytes: equal values have equal bytes, and the order of bytes is that of the values.

use super::AnonymityError;
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Float64Type};
use arrow::row::{RowConverter, Rows, SortField};
use std::sync::Arc;

/// Encodes one column.
#[derive(Debug)]
pub(super) struct Encoder {
    data_type: DataType,
    converter: RowConverter,
}

impl Encoder {
    pub(super) fn new(data_type: &DataType) -> Result<Self, AnonymityError> {
        let converter = RowConverter::new(vec![SortField::new(data_type.clone())])
            .map_err(|_| AnonymityError::Type { data_type: data_type.to_string() })?;
        Ok(Self { data_type: data_type.clone(), converter })
    }

    pub(super) fn encode(&self, column: &ArrayRef) -> Result<Rows, AnonymityError> {
        if column.data_type() != &self.data_type {
            return Err(AnonymityError::Columns);
        }
        self.converter.convert_columns(&[canonical(column)]).map_err(|_| AnonymityError::Columns)
    }
}

/// Floats with one zero and one NaN. Otherwise -0 and 0 would be two sensitive values, and lift l.
fn canonical(column: &ArrayRef) -> ArrayRef {
    match column.as_primitive_opt::<Float64Type>() {
        Some(floats) => {
            Arc::new(floats.unary::<_, Float64Type>(|value| if value.is_nan() { f64::NAN } else { value + 0.0 }))
        }
        None => column.clone(),
    }
}

/// Whether values have an order in which some are nearer than others: numbers, dates, instants.
pub(super) fn is_ordered(data_type: &DataType) -> bool {
    data_type.is_numeric() || data_type.is_temporal()
}
