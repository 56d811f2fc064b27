//! Functions whose result can be much larger than their arguments, bounded.
//!
//! `repeat('a', 2000000000)` would allocate what it is asked for before any memory pool knows of it. So each such
//! function runs inside a guard of the same name, which estimates the size of the result first, computes large batches
//! in parts, and refuses what exceeds its share of the memory budget.

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::compute::kernels::length::length;
use datafusion::arrow::compute::{cast, concat};
use datafusion::arrow::datatypes::{
    DataType, FieldRef, Int64Type, IntervalMonthDayNanoType, TimeUnit, TimestampMicrosecondType,
};
use datafusion::common::{ExprSchema, Result, ScalarValue, internal_datafusion_err, resources_datafusion_err};
use datafusion::logical_expr::interval_arithmetic::Interval;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::sort_properties::{ExprProperties, SortProperties};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};
use std::sync::Arc;

/// Bytes that one call may return for one batch: a part of the budget, and never so many that 32-bit offsets overflow.
const MOST: u64 = 256 << 20;
const LEAST: u64 = 16 << 20;
const SHARE: u64 = 4;
/// Bytes of one element of a list of numbers.
const ELEMENT: u64 = 8;
const MICROS_PER_DAY: i64 = 86_400_000_000;
/// Days of the shortest month: an estimate must not be too small.
const SHORTEST_MONTH: i64 = 28;

/// The functions and how they grow.
const GROWING: [(&str, Growth); 13] = [
    ("repeat", Growth::Repeat),
    ("lpad", Growth::Pad),
    ("rpad", Growth::Pad),
    ("range", Growth::Series),
    ("generate_series", Growth::Series),
    ("array_repeat", Growth::ArrayRepeat),
    ("array_resize", Growth::ArrayResize),
    ("array_to_string", Growth::Join),
    ("replace", Growth::Replace),
    ("regexp_replace", Growth::RegexpReplace),
    ("concat", Growth::Sum),
    ("concat_ws", Growth::SumWithSeparator),
    ("array_concat", Growth::Sum),
];

/// How large a result is, by its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Growth {
    /// (text, times)
    Repeat,
    /// (text, characters, fill)
    Pad,
    /// (start, stop, step)
    Series,
    /// (element, times)
    ArrayRepeat,
    /// (list, elements, fill)
    ArrayResize,
    /// (list, separator, text for null)
    Join,
    /// (text, from, to)
    Replace,
    /// (text, pattern, replacement, flags)
    RegexpReplace,
    /// Its arguments, one after the other.
    Sum,
    /// The first argument between all others.
    SumWithSeparator,
}

/// The guards of the functions that `find` knows, for an engine with so many bytes.
pub(crate) fn guards(find: impl Fn(&str) -> Option<Arc<ScalarUDF>>, memory: u64) -> Vec<ScalarUDF> {
    let limit = (memory / SHARE).clamp(LEAST, MOST);
    let guard = |(name, growth): &(&str, Growth)| {
        let inner = find(name)?;
        Some(ScalarUDF::new_from_impl(BoundedFunction { inner, growth: *growth, limit }))
    };
    GROWING.iter().filter_map(guard).collect()
}

/// A function of the same name that refuses results beyond its limit. In everything else it is the inner one.
#[derive(Debug, PartialEq, Eq, Hash)]
struct BoundedFunction {
    inner: Arc<ScalarUDF>,
    growth: Growth,
    /// Bytes.
    limit: u64,
}

impl BoundedFunction {
    fn exhausted(&self) -> datafusion::common::DataFusionError {
        resources_datafusion_err!("the result of {} exceeds {} bytes", self.inner.name(), self.limit)
    }

    fn check_size(&self, bytes: u64) -> Result<()> {
        if bytes > self.limit { Err(self.exhausted()) } else { Ok(()) }
    }

    /// Computes so many rows at a time that no part exceeds the limit.
    fn invoke_in_parts(&self, args: &ScalarFunctionArgs, sizes: &[u64]) -> Result<ColumnarValue> {
        let mut parts: Vec<ArrayRef> = Vec::new();
        let (mut start, mut bytes) = (0, 0_u64);
        while start < args.number_rows {
            let (mut end, mut estimate) = (start, 0_u64);
            while let Some(size) = sizes.get(end).filter(|size| estimate.saturating_add(**size) <= self.limit) {
                estimate += size;
                end += 1;
            }
            if end == start {
                return Err(self.exhausted());
            }
            let slice = |value: &ColumnarValue| match value {
                ColumnarValue::Array(array) => ColumnarValue::Array(array.slice(start, end - start)),
                ColumnarValue::Scalar(scalar) => ColumnarValue::Scalar(scalar.clone()),
            };
            let part = ScalarFunctionArgs {
                args: args.args.iter().map(slice).collect(),
                arg_fields: args.arg_fields.clone(),
                number_rows: end - start,
                return_field: Arc::clone(&args.return_field),
                config_options: Arc::clone(&args.config_options),
            };
            let array = self.inner.invoke_with_args(part)?.into_array(end - start)?;
            bytes = bytes.saturating_add(array.get_array_memory_size() as u64);
            self.check_size(bytes)?;
            parts.push(array);
            start = end;
        }
        let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
        Ok(ColumnarValue::Array(concat(&parts)?))
    }
}

impl ScalarUDFImpl for BoundedFunction {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        self.inner.inner().schema_name(args)
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(types)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        self.inner.inner().return_field_from_args(args)
    }

    #[expect(deprecated, reason = "passed on")]
    fn is_nullable(&self, args: &[Expr], schema: &dyn ExprSchema) -> bool {
        self.inner.inner().is_nullable(args, schema)
    }

    fn is_strict(&self) -> bool {
        self.inner.inner().is_strict()
    }

    fn simplify(&self, args: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        self.inner.inner().simplify(args, info)
    }

    fn short_circuits(&self) -> bool {
        self.inner.inner().short_circuits()
    }

    fn evaluate_bounds(&self, input: &[&Interval]) -> Result<Interval> {
        self.inner.inner().evaluate_bounds(input)
    }

    fn propagate_constraints(&self, interval: &Interval, inputs: &[&Interval]) -> Result<Option<Vec<Interval>>> {
        self.inner.inner().propagate_constraints(interval, inputs)
    }

    fn output_ordering(&self, inputs: &[ExprProperties]) -> Result<SortProperties> {
        self.inner.inner().output_ordering(inputs)
    }

    fn preserves_lex_ordering(&self, inputs: &[ExprProperties]) -> Result<bool> {
        self.inner.inner().preserves_lex_ordering(inputs)
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.inner().coerce_types(types)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.inner().documentation()
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let scalars = args.args.iter().all(|value| matches!(value, ColumnarValue::Scalar(_)));
        let rows = if scalars { 1 } else { args.number_rows };
        let sizes = self.growth.sizes(&args.args, rows)?;
        let estimate = sizes.iter().fold(0_u64, |sum, size| sum.saturating_add(*size));
        if estimate > self.limit {
            return if scalars { Err(self.exhausted()) } else { self.invoke_in_parts(&args, &sizes) };
        }
        self.inner.invoke_with_args(args)
    }
}

impl Growth {
    /// The bytes of the result for each row, at most.
    fn sizes(self, args: &[ColumnarValue], rows: usize) -> Result<Vec<u64>> {
        let bytes = |at: usize| args.get(at).map_or_else(|| Ok(vec![0; rows]), |value| byte_lengths(value, rows));
        let number = |at: usize| args.get(at).map_or_else(|| Ok(vec![0; rows]), |value| numbers(value, rows));
        Ok(match self {
            Self::Repeat => combine(&bytes(0)?, &number(1)?, |text, times| text.saturating_mul(times)),
            // A character has at most four bytes.
            Self::Pad => combine(&bytes(0)?, &number(1)?, |text, chars| text.saturating_add(chars.saturating_mul(4))),
            Self::Series => series_sizes(args, rows)?,
            Self::ArrayRepeat => {
                combine(&bytes(0)?, &number(1)?, |element, times| element.max(ELEMENT).saturating_mul(times))
            }
            Self::ArrayResize => {
                let filled = combine(&bytes(2)?, &number(1)?, |fill, count| fill.max(ELEMENT).saturating_mul(count));
                combine(&bytes(0)?, &filled, u64::saturating_add)
            }
            // There are no more elements than bytes and separators than elements.
            Self::Join => {
                let between = combine(&bytes(1)?, &bytes(2)?, u64::saturating_add);
                combine(&bytes(0)?, &between, |list, between| list.saturating_mul(between.saturating_add(4)))
            }
            Self::Replace => {
                let times = combine(&bytes(0)?, &bytes(1)?, |text, from| (text + 1) / from.max(1) + 1);
                let inserted = combine(&times, &bytes(2)?, u64::saturating_mul);
                combine(&bytes(0)?, &inserted, u64::saturating_add)
            }
            // Between any two characters there may be a match; every reference to a group can repeat the whole text.
            Self::RegexpReplace => combine(&bytes(0)?, &bytes(2)?, |text, replacement| {
                (text + 1).saturating_mul(replacement.saturating_mul(2).saturating_add(1))
            }),
            Self::Sum => (0..args.len()).try_fold(vec![0; rows], |sum, at| {
                Ok::<_, datafusion::common::DataFusionError>(combine(&sum, &bytes(at)?, u64::saturating_add))
            })?,
            Self::SumWithSeparator => {
                let gaps = args.len().saturating_sub(1) as u64;
                let separators: Vec<u64> = bytes(0)?.into_iter().map(|size| size.saturating_mul(gaps)).collect();
                (1..args.len()).try_fold(separators, |sum, at| {
                    Ok::<_, datafusion::common::DataFusionError>(combine(&sum, &bytes(at)?, u64::saturating_add))
                })?
            }
        })
    }
}

fn combine(left: &[u64], right: &[u64], with: impl Fn(u64, u64) -> u64) -> Vec<u64> {
    left.iter().zip(right).map(|(left, right)| with(*left, *right)).collect()
}

/// The bytes of each row's value.
fn byte_lengths(value: &ColumnarValue, rows: usize) -> Result<Vec<u64>> {
    let array = to_array(value)?;
    let sizes = match array.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Binary | DataType::LargeBinary => {
            read_numbers(&length(&array)?)?
        }
        DataType::Null => vec![0; array.len()],
        // Of nested values the rows are not measured one by one: each may be as large as all together.
        kind if kind.is_nested() => vec![array.get_buffer_memory_size() as u64; array.len()],
        kind => {
            let all = array.get_buffer_memory_size();
            vec![kind.primitive_width().unwrap_or(all) as u64; array.len()]
        }
    };
    spread(sizes, value, rows)
}

/// Each row's number; zero for null and negative ones.
fn numbers(value: &ColumnarValue, rows: usize) -> Result<Vec<u64>> {
    spread(read_numbers(&to_array(value)?)?, value, rows)
}

fn read_numbers(array: &ArrayRef) -> Result<Vec<u64>> {
    let numbers = cast(array, &DataType::Int64)?;
    let numbers = numbers.as_primitive::<Int64Type>();
    Ok(numbers.iter().map(|number| u64::try_from(number.unwrap_or(0)).unwrap_or(0)).collect())
}

fn spread(sizes: Vec<u64>, value: &ColumnarValue, rows: usize) -> Result<Vec<u64>> {
    match value {
        ColumnarValue::Array(_) => Ok(sizes),
        ColumnarValue::Scalar(_) => {
            let size = sizes.first().copied().ok_or_else(|| internal_datafusion_err!("a scalar without a value"))?;
            Ok(vec![size; rows])
        }
    }
}

fn to_array(value: &ColumnarValue) -> Result<ArrayRef> {
    match value {
        ColumnarValue::Array(array) => Ok(Arc::clone(array)),
        ColumnarValue::Scalar(scalar) => scalar.to_array(),
    }
}

/// The sizes of series of numbers, days or instants, both ends included.
fn series_sizes(args: &[ColumnarValue], rows: usize) -> Result<Vec<u64>> {
    let zero = ColumnarValue::Scalar(ScalarValue::Int64(Some(0)));
    let (start, stop, step) = match args {
        [stop] => (&zero, stop, None),
        [start, stop] => (start, stop, None),
        [start, stop, step, ..] => (start, stop, Some(step)),
        [] => return Ok(vec![0; rows]),
    };
    let (start, stop) = (positions(start, rows)?, positions(stop, rows)?);
    let step = step.map_or_else(|| Ok(vec![Some(1); rows]), |step| positions(step, rows))?;
    let size = |((start, stop), step): ((&Option<i64>, &Option<i64>), &Option<i64>)| match (start, stop, step) {
        (Some(start), Some(stop), Some(step)) => {
            (stop.abs_diff(*start) / step.unsigned_abs().max(1)).saturating_add(1).saturating_mul(ELEMENT)
        }
        _ => 0,
    };
    Ok(start.iter().zip(&stop).zip(&step).map(size).collect())
}

/// Numbers as they are; days, instants and intervals in microseconds.
fn positions(value: &ColumnarValue, rows: usize) -> Result<Vec<Option<i64>>> {
    let array = to_array(value)?;
    let found: Vec<Option<i64>> = match array.data_type() {
        DataType::Date32 => {
            let days = cast(&cast(&array, &DataType::Int32)?, &DataType::Int64)?;
            days.as_primitive::<Int64Type>().iter().map(|day| day.map(|d| d.saturating_mul(MICROS_PER_DAY))).collect()
        }
        DataType::Timestamp(_, zone) => {
            let micros = cast(&array, &DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))?;
            micros.as_primitive::<TimestampMicrosecondType>().iter().collect()
        }
        DataType::Interval(_) => {
            let interval = cast(&array, &DataType::Interval(datafusion::arrow::datatypes::IntervalUnit::MonthDayNano))?;
            let micros = interval.as_primitive::<IntervalMonthDayNanoType>().iter().map(|interval| {
                interval.map(|i| {
                    let days = i64::from(i.months) * SHORTEST_MONTH + i64::from(i.days);
                    days.saturating_mul(MICROS_PER_DAY).saturating_add(i.nanoseconds / 1_000)
                })
            });
            micros.collect()
        }
        _ => cast(&array, &DataType::Int64)?.as_primitive::<Int64Type>().iter().collect(),
    };
    match value {
        ColumnarValue::Array(_) => Ok(found),
        ColumnarValue::Scalar(_) => Ok(vec![found.first().copied().flatten(); rows]),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use datafusion::arrow::array::{Int64Array, StringArray};

    fn text(values: &[&str]) -> ColumnarValue {
        ColumnarValue::Array(Arc::new(StringArray::from(values.to_vec())))
    }

    fn int(value: i64) -> ColumnarValue {
        ColumnarValue::Scalar(ScalarValue::Int64(Some(value)))
    }

    #[test]
    fn results_are_never_larger_than_estimated() {
        let each = ColumnarValue::Array(Arc::new(Int64Array::from(vec![Some(3), None, Some(-1)])));
        assert_eq!(Growth::Repeat.sizes(&[text(&["ab", "abc", "d"]), each], 3).unwrap(), [6, 0, 0]);
        assert_eq!(Growth::Repeat.sizes(&[text(&["王"]), int(i64::MAX)], 1).unwrap(), [u64::MAX]);
        assert_eq!(Growth::Pad.sizes(&[text(&["a"]), int(10)], 1).unwrap(), [41]);
        assert_eq!(Growth::Series.sizes(&[int(1), int(10)], 1).unwrap(), [80]);
        assert_eq!(Growth::Series.sizes(&[int(10), int(1), int(-3)], 1).unwrap(), [32]);
        assert_eq!(Growth::Series.sizes(&[int(5)], 1).unwrap(), [48]);
        let scalar = |value: &str| ColumnarValue::Scalar(ScalarValue::from(value));
        assert_eq!(Growth::Replace.sizes(&[text(&["aaaa"]), scalar("a"), scalar("bbb")], 1).unwrap(), [22]);
        assert_eq!(Growth::SumWithSeparator.sizes(&[scalar(", "), text(&["ab"]), text(&["c"])], 1).unwrap(), [7]);
    }

    #[test]
    fn days_and_instants_are_counted_by_their_step() {
        let day = |day| ColumnarValue::Scalar(ScalarValue::Date32(Some(day)));
        let step = ColumnarValue::Scalar(ScalarValue::new_interval_mdn(0, 1, 0));
        assert_eq!(Growth::Series.sizes(&[day(0), day(9), step], 1).unwrap(), [80]);
        let second = ColumnarValue::Scalar(ScalarValue::new_interval_mdn(0, 0, 1_000_000_000));
        assert_eq!(Growth::Series.sizes(&[day(0), day(1), second], 1).unwrap(), [86_401 * 8]);
    }
}
