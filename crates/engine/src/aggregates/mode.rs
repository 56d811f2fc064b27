//! `mode(x)`: the most frequent value.

use super::{list_at, list_of};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int64Array};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Int64Type};
use datafusion::arrow::row::{OwnedRow, RowConverter, SortField};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility};
use std::collections::HashMap;
use std::sync::Arc;

/// `mode(x)`: the most frequent value that is not null; of several the smallest, so that a run can be repeated.
pub(super) fn mode() -> AggregateUDF {
    AggregateUDF::new_from_impl(Mode { signature: Signature::any(1, Volatility::Immutable) })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Mode {
    signature: Signature,
}

impl AggregateUDFImpl for Mode {
    fn name(&self) -> &str {
        "mode"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        match types {
            [one] => Ok(one.clone()),
            _ => exec_err!("a mode is of one column"),
        }
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let list = |of: &DataType| DataType::List(Arc::new(Field::new_list_field(of.clone(), true)));
        let field = |name, of| Arc::new(Field::new(format_state_name(args.name, name), list(of), true));
        Ok(vec![field("values", args.return_field.data_type()), field("counts", &DataType::Int64)])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let data_type = args.return_field.data_type().clone();
        let rows = RowConverter::new(vec![SortField::new(data_type.clone())])?;
        Ok(Box::new(Counts { data_type, rows, counts: HashMap::new(), bytes: 0, distinct: args.is_distinct }))
    }
}

/// How often each value of one group occurs.
struct Counts {
    data_type: DataType,
    rows: RowConverter,
    counts: HashMap<OwnedRow, i64>,
    bytes: usize,
    distinct: bool,
}

impl std::fmt::Debug for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Counts").field("values", &self.counts.len()).finish()
    }
}

impl Counts {
    fn add(&mut self, values: &ArrayRef, counts: impl Iterator<Item = i64>) -> Result<()> {
        let rows = self.rows.convert_columns(std::slice::from_ref(values))?;
        for (row, count) in counts.enumerate().filter(|(row, _)| values.is_valid(*row)) {
            let row = rows.row(row);
            let bytes = row.as_ref().len();
            *self.counts.entry(row.owned()).or_insert_with(|| {
                self.bytes += bytes + size_of::<(OwnedRow, i64)>();
                0
            }) += count;
        }
        Ok(())
    }
}

impl Accumulator for Counts {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        match values {
            [values] => self.add(values, std::iter::repeat_n(1, values.len())),
            _ => exec_err!("a mode is of one column"),
        }
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let [values, counts] = states else { return exec_err!("a mode has two states") };
        for row in 0..values.len() {
            if let (Some(values), Some(counts)) = (list_at(values, row)?, list_at(counts, row)?) {
                self.add(&values, counts.as_primitive::<Int64Type>().values().iter().copied())?;
            }
        }
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        match values {
            [values] => self.add(values, std::iter::repeat_n(-1, values.len())),
            _ => exec_err!("a mode is of one column"),
        }
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let often = |count: i64| if self.distinct { count.min(1) } else { count };
        let counted = self.counts.iter().filter(|(_, count)| **count > 0);
        // Rows compare as their values do, so that of equal counts the smallest value is found.
        let found = counted.max_by(|(a, n), (b, m)| often(**n).cmp(&often(**m)).then_with(|| b.cmp(a)));
        match found {
            None => ScalarValue::try_from(&self.data_type),
            Some((row, _)) => {
                let columns = self.rows.convert_rows([row.row()])?;
                ScalarValue::try_from_array(&columns[0], 0)
            }
        }
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let (rows, counts): (Vec<_>, Vec<i64>) = self.counts.iter().map(|(row, count)| (row.row(), *count)).unzip();
        let columns = self.rows.convert_rows(rows)?;
        let counts: ArrayRef = Arc::new(Int64Array::from(counts));
        let [values] = columns.as_slice() else { return exec_err!("a mode is of one column") };
        Ok(vec![ScalarValue::List(Arc::new(list_of(values.clone()))), ScalarValue::List(Arc::new(list_of(counts)))])
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.bytes + self.rows.size()
    }
}
