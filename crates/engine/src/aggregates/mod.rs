//! Aggregates that replace DataFusion's where those are inexact, or that it does not have.

mod mode;
mod percentile;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, ListArray};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::Field;
use datafusion::common::{Result, exec_datafusion_err};
use datafusion::logical_expr::AggregateUDF;
use std::sync::Arc;

/// The aggregates that a session registers over DataFusion's own.
pub(crate) fn replacing_aggregates() -> Vec<AggregateUDF> {
    vec![percentile::percentile_cont(), percentile::median(), mode::mode()]
}

/// One list of these values, as an aggregate's state of one group.
fn list_of(values: ArrayRef) -> ListArray {
    let field = Arc::new(Field::new_list_field(values.data_type().clone(), true));
    ListArray::new(field, OffsetBuffer::from_lengths([values.len()]), values, None)
}

/// The list that a row of an aggregate's state holds; `None` where it is null.
fn list_at(state: &ArrayRef, row: usize) -> Result<Option<ArrayRef>> {
    let lists = state.as_list_opt::<i32>().ok_or_else(|| exec_datafusion_err!("an aggregate's state is not a list"))?;
    Ok(lists.is_valid(row).then(|| lists.value(row)))
}
